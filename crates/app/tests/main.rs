//! The real program, end to end: one test binary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // tests: to stop is how they speak

mod e2e;
