//! Scope equals the truth: on the recorded intrusion, renamed and moved in time, with sources taken away, and on logs nobody here wrote.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod allocations;
mod demo;
mod invictus;
mod links;
mod logs;
mod network;
mod renamed;
mod sessions;
mod techniques;
