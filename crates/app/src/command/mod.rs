//! One file a command: its arguments, its help with examples, its `run`.

pub mod case;
pub mod check;
pub mod clocks;
pub mod completions;
pub mod detect;
pub mod evidence;
pub mod formats;
pub mod ingest;
pub mod init;
pub mod next;
pub mod parse;
pub mod ready;
pub mod reparse;
pub mod respond;
pub mod scope;
pub mod search;
pub mod session;
pub mod sql;
pub mod timeline;
pub mod who;
