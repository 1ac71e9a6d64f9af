//! The whole line: logs in, an answer out. What each step does is in the crate that it names.

pub mod drain;
pub mod keep;
pub mod proof;
