//! Tests of the ledger from outside: the RFCs' vectors, round trips, and bundles that two verifiers must judge alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a test that cannot go on should panic

mod bundle;
mod fixture;
mod merkle;
mod mutate;
mod mutations;
mod notes;
mod python;
