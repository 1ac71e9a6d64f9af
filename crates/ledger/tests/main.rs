//! Tests of the ledger from outside: the RFCs' vectors, round trips, and bundles that two verifiers must judge alike.

mod bundle;
mod fixture;
mod merkle;
mod mutate;
mod mutations;
mod notes;
mod python;
