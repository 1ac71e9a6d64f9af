//! The command line: what is the same in every command, and which command runs.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use event::Window;

use crate::{clock, command};

const EXAMPLES: &str = "\
Examples:
  muster respond 203.0.113.66 --logs ./logs     one answer from a folder of logs, no server, no registry needed
  muster ingest ./logs                          take logs into the store
  muster who db-1                               who owns it, and whom to call
  muster timeline AKIAIOSFODNN7EXAMPLE          what happened around a credential
  muster search 'user:root src:10.0.0.0/8 since:-7d'  look through all logs
  muster evidence export alice@db-1 --out b.zip original records with proofs, verifiable offline
  muster sql 'select operation, count(*) from events group by 1'

Exit codes: 0 done, and the output names its own gaps; 1 a check found something, or input was not read whole;
2 wrong use; 3 could not do or could not check.";

#[derive(Parser)]
#[command(name = "muster", version, about = "Cloud incident response: from one indicator to an answer with owners, allowed acts, time line, scope, next step and proof", after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The store: a folder
    #[arg(long, global = true, env = "MUSTER_STORE", default_value = "muster-store", value_name = "DIR")]
    pub store: PathBuf,
    /// The registry: a folder of YAML files (systems, owners, vendors); default ./registry if it is there
    #[arg(long, global = true, env = "MUSTER_REGISTRY", value_name = "DIR")]
    pub registry: Option<PathBuf>,
    /// The plan: a folder of playbooks; default ./plan if it is there
    #[arg(long, global = true, env = "MUSTER_PLAN", value_name = "DIR")]
    pub plan: Option<PathBuf>,
    /// The team's own formats: a folder of TOML files; default `formats` in the registry's folder. Ingest keeps them in the store
    #[arg(long, global = true, env = "MUSTER_FORMATS", value_name = "DIR")]
    pub formats: Option<PathBuf>,
    /// Print JSON of a stable shape
    #[arg(long, global = true)]
    pub json: bool,
    /// Only what happened at or after this time: RFC 3339, a date, or -7d
    #[arg(long, global = true, allow_hyphen_values = true, value_name = "TIME", value_parser = time)]
    pub since: Option<event::Time>,
    /// Only what happened before this time
    #[arg(long, global = true, allow_hyphen_values = true, value_name = "TIME", value_parser = time)]
    pub until: Option<event::Time>,
}

impl Global {
    /// The folders of the team's own formats.
    pub fn format_dirs(&self) -> Vec<PathBuf> {
        let registry = || self.registry.clone().unwrap_or_else(|| PathBuf::from("registry")).join("formats");
        vec![self.formats.clone().unwrap_or_else(registry)]
    }

    /// The window of `--since` and `--until`.
    pub fn window(&self) -> Window {
        Window { since: self.since, until: self.until }
    }
}

fn time(text: &str) -> Result<event::Time, String> {
    clock::parse_time(text, clock::now())
}

/// One line a command: its arguments and its `run` are in the file of the same name under `command/`.
#[derive(Subcommand)]
enum Command {
    Init(command::init::Args),
    Parse(command::parse::Args),
    Ingest(command::ingest::Args),
    Reparse(command::reparse::Args),
    Respond(command::respond::Args),
    Who(command::who::Args),
    Timeline(command::timeline::Args),
    Scope(command::scope::Args),
    Session(command::session::Args),
    Search(command::search::Args),
    Sql(command::sql::Args),
    Detect(command::detect::Args),
    Next(command::next::Args),
    Clocks(command::clocks::Args),
    Case(command::case::Args),
    Ready(command::ready::Args),
    Check(command::check::Args),
    Evidence(command::evidence::Args),
    Formats(command::formats::Args),
    Completions(command::completions::Args),
}

/// Runs the command that was asked for, and says what went wrong where people look.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
    };
    let g = &cli.global;
    if let (Some(since), Some(until)) = (g.since, g.until)
        && since >= until
    {
        eprintln!("muster: --since {since} is not before --until {until}: nothing lies between");
        return Exit::WrongUse.into();
    }
    let done = match cli.command {
        Command::Init(a) => a.run(g),
        Command::Parse(a) => a.run(g),
        Command::Ingest(a) => a.run(g),
        Command::Reparse(a) => a.run(g),
        Command::Respond(a) => a.run(g),
        Command::Who(a) => a.run(g),
        Command::Timeline(a) => a.run(g),
        Command::Scope(a) => a.run(g),
        Command::Session(a) => a.run(g),
        Command::Search(a) => a.run(g),
        Command::Sql(a) => a.run(g),
        Command::Detect(a) => a.run(g),
        Command::Next(a) => a.run(g),
        Command::Clocks(a) => a.run(g),
        Command::Case(a) => a.run(g),
        Command::Ready(a) => a.run(g),
        Command::Check(a) => a.run(g),
        Command::Evidence(a) => a.run(g),
        Command::Formats(a) => a.run(g),
        Command::Completions(a) => a.run::<Cli>(),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(e) => {
            // An error may quote a log, a file or a bundle.
            eprintln!("muster: {}", event::text::harmless(&format!("{e:#}")));
            if e.is::<WrongUse>() { Exit::WrongUse.into() } else { Exit::Failed.into() }
        }
    }
}

/// How a command ended; see the exit codes in `EXAMPLES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// A check found something, or input was not read whole.
    Found,
    /// Wrong use.
    WrongUse,
    /// Could not do, or could not check.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(e: Exit) -> ExitCode {
        ExitCode::from(e as u8)
    }
}

/// The user asked for something that cannot be meant; exit code 2.
#[derive(Debug)]
pub struct WrongUse(pub String);

impl std::fmt::Display for WrongUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}
