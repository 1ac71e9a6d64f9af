//! The whole line: logs in, an answer out. What each step does is in the crate that it names.
//!
//! `ingest` (files to acknowledged records) → `drain` (records to columns and links) → `keep` (tables, ledger, state);
//! `scope` (indicator to entities) → `answer` (scope, registry and plan to a brief) → `casework` (the record of it), `proof`;
//! `reparse` (stored originals to columns again, by today's parsers) → `keep`;
//! `search` (a query to events, and what could not be seen).

pub mod answer;
pub mod casework;
pub mod drain;
pub mod heading;
pub mod ingest;
pub mod keep;
pub mod originals;
pub mod proof;
pub mod reparse;
pub mod scope;
pub mod search;
pub mod session;
