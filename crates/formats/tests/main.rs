//! What the formats must show: the golden samples, the list of formats, and real logs that others wrote.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod app_logs;
mod audit_oracles;
mod bad_inputs;
mod carried;
mod cloud_oracles;
mod clouds;
mod cloudtrail;
mod corpus;
mod databases;
mod golden;
mod history_oracles;
mod hub;
mod journald_oracles;
mod oracle;
mod sensor_json;
mod sensor_oracles;
mod shared;
mod syslog_oracles;
mod utmp_oracles;
mod web_oracles;
mod zeek;
