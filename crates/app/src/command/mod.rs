//! One file a command: its arguments, its help with examples, its `run`.

pub mod completions;
pub mod evidence;
pub mod formats;
pub mod sql;
pub mod who;
