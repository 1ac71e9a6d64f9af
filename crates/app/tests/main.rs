//! The real program, end to end: one test binary.

mod e2e;
