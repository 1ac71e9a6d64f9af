//! Sigma rules to questions over events, and what they find as OCSF Detection Findings.
//!
//! Owns: which Sigma is understood (`compile`), what a Sigma field means here (`field`), which events a log source names (`route`),
//! the rules of our own (`ours`), the finding (`finding`). Never fetches events and never guesses: what it does not understand
//! it refuses by name, and the rule's neighbours run on.

mod compile;
mod field;
mod finding;
mod ours;
mod route;
mod rule;
mod value;

pub use compile::compile;
pub use finding::finding;
pub use ours::{OURS, ours};
pub use rule::{Level, Reason, Refusal, Rule};
