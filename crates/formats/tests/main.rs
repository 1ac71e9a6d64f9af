//! What the formats must show: the golden samples, the list of formats, and real logs that others wrote.

mod bad_inputs;
mod cloudtrail;
mod golden;
mod shared;
