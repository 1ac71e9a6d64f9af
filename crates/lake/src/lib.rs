//! The lake: events, links, quarantine and envelopes as Delta tables of Parquet, and every question that is asked of them.
//!
//! Owns: the four tables and their schemas, the Parquet files, the Delta commits and their durability, `event::Filter`
//! as a query, `muster sql`. Nobody else names DataFusion or Delta.
//! Never parses a log, never reads the clock or the network, never decides what a case is.

mod arrange;
mod commit;
mod durable;
mod error;
mod filter;
mod functions;
mod lake;
mod links;
mod log;
mod query;
mod render;
mod replace;
mod rows;
mod sql;
mod sums;
mod tables;
mod write;

pub use error::{Error, Result};
pub use lake::Lake;
pub use log::{Position, SetAside, TablePosition, Why};
pub use query::Want;
pub use replace::{Replaced, Replacement};
pub use rows::{Around, Quarantined};
pub use sql::{Answer, SqlLimits};
pub use sums::Sum;
pub use tables::Table;
