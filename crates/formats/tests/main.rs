//! What the formats must show: the golden samples, the list of formats, and real logs that others wrote.

mod audit_oracles;
mod bad_inputs;
mod cloudtrail;
mod golden;
mod oracle;
mod shared;
mod syslog_oracles;
