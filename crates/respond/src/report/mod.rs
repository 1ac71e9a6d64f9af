//! The brief.
pub mod time;
