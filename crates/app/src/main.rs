//! The `muster` program: the command line over the whole line from logs to an answer.
//!
//! Owns: arguments, the terminal, exit codes. `flow.rs` is the way of the data, `store/` the folder that a team keeps,
//! `command/` one file a command. Never parses a log, decides a scope or signs a proof itself.

mod ask;
mod cli;
mod clock;
mod command;
mod flow;
mod show;
mod store;
mod team_formats;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
