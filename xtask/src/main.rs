//! `cargo xtask`: what people who work on muster run. One file (or folder) a command, and one line in `COMMANDS`.
//!
//! Never part of the program: nothing here is linked into `muster`.

mod bench;
mod bless;
mod fuzz;
mod scale;
mod tidy;

use std::process::ExitCode;

/// A command: its name, what follows the name, what it does, and how it is run with the arguments after the name.
struct Command {
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    run: fn(&[String]) -> anyhow::Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command { name: "scale", arguments: scale::ARGUMENTS, does: "scale a real corpus up honestly", run: scale::run },
    Command { name: "tidy", arguments: tidy::ARGUMENTS, does: "check the rules of this house that no compiler checks", run: tidy::run },
    Command { name: "bless", arguments: bless::ARGUMENTS, does: "write the golden files anew", run: bless::run },
    Command { name: "fuzz", arguments: fuzz::ARGUMENTS, does: "coverage-guided fuzzing of every framing and format", run: fuzz::run },
    Command { name: "bench-formats", arguments: bench::formats::ARGUMENTS, does: "measure every format on one core", run: bench::formats::run },
    Command { name: "bench", arguments: bench::ARGUMENTS, does: "measure an ingest beside DuckDB", run: bench::run },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = args.split_first() else { return usage() };
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else { return usage() };
    match (command.run)(rest) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("xtask {name}: {e:#}");
            ExitCode::from(3)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: cargo xtask COMMAND");
    for c in COMMANDS {
        eprintln!("  {} {}\n      {}", c.name, c.arguments, c.does);
    }
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::COMMANDS;

    #[test]
    fn every_command_has_its_own_name() {
        let mut names: Vec<&str> = COMMANDS.iter().map(|c| c.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
