//! `cargo xtask bench`: an ingest of a scaled-up real corpus, beside DuckDB doing the nearest thing to it on the same machine in the same run.
//!
//! Owns: the corpus under `target/bench`, the runs, the table. Never writes a figure that this run did not measure.

mod child;
pub mod formats;
mod table;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::child::Ended;
use crate::scale::{self, Layout, Scaled};

/// What follows `bench`.
pub const ARGUMENTS: &str = "[--copies N] [--runs N] [--write]";

const FOLDER: &str = "target/bench";
const CORPUS: &str = "../shared/data/cloud/invictus-aws/CloudTrail";
/// 500 MB is what a figure must rest on; the corpus is 3.66 MB.
const COPIES: u32 = 140;
const RUNS: u32 = 3;
/// The attacking principal of the corpus; the first copy keeps its name.
const PRINCIPAL: &str = "arn:aws:iam::123837392027:user/bert-jan";

/// What one run of one program came to.
#[derive(Debug)]
pub struct Run {
    /// Program and version.
    pub who: String,
    /// Wall-clock seconds of the best run, and of the others.
    pub seconds: Vec<f64>,
    /// Seconds of processor time of the best run.
    pub cpu_seconds: f64,
    /// Peak memory of the worst run in bytes.
    pub peak_bytes: u64,
    /// Bytes on disk after it.
    pub stored_bytes: u64,
}

impl Run {
    /// Wall-clock seconds of the best run.
    pub fn best(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn take(&mut self, ended: &Ended, seconds: f64, stored_bytes: u64) {
        if seconds < self.best() {
            self.cpu_seconds = ended.cpu_seconds;
        }
        self.seconds.push(seconds);
        self.peak_bytes = self.peak_bytes.max(ended.peak_bytes);
        self.stored_bytes = stored_bytes;
    }
}

/// All that one bench came to.
#[derive(Debug)]
pub struct Figures {
    /// The corpus.
    pub corpus: Scaled,
    /// muster's ingest.
    pub muster: Run,
    /// DuckDB's JSON to sorted Parquet.
    pub duckdb: Run,
    /// Seconds by stage, as the best ingest told them.
    pub stages: Vec<(String, f64)>,
    /// What the store is made of: top folder and bytes.
    pub parts: Vec<(String, u64)>,
    /// `muster respond` on the store: seconds, peak bytes.
    pub respond: (f64, u64),
}

/// Runs the command.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let number = |name: &str, default: u32| match args.iter().position(|a| a == name).and_then(|at| args.get(at + 1)) {
        Some(n) => n.parse().with_context(|| format!("{name} takes a number, not {n}")),
        None => Ok(default),
    };
    let (copies, runs) = (number("--copies", COPIES)?, number("--runs", RUNS)?.max(1));
    if !Path::new(CORPUS).exists() {
        bail!("{CORPUS} is not there: nothing to scale up");
    }
    let figures = measure(copies, runs)?;
    let table = table::markdown(&figures);
    println!("{table}");
    if args.iter().any(|a| a == "--write") {
        fs::write("docs/bench.md", table).context("write docs/bench.md")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(copies: u32, runs: u32) -> Result<Figures> {
    fs::create_dir_all(FOLDER).with_context(|| format!("create {FOLDER}"))?;
    let lines = PathBuf::from(FOLDER).join(format!("cloudtrail-{copies}.jsonl"));
    let corpus = scale::scale(&[PathBuf::from(CORPUS)], copies, Layout::Lines, &lines)?;
    eprintln!("{corpus}");
    let python = python()?;
    let begun = |who: &str| Run { who: who.to_owned(), seconds: Vec::new(), cpu_seconds: 0.0, peak_bytes: 0, stored_bytes: 0 };
    let (mut muster, mut duckdb, mut stages) = (begun("muster ingest"), begun("DuckDB"), Vec::new());
    let store = PathBuf::from(FOLDER).join("store");
    // In turns, so that a slow minute of the machine meets both.
    for run in 1..=runs {
        eprintln!("run {run} of {runs}: muster");
        let ended = ingest(&lines, &store)?;
        if ended.seconds < muster.best() {
            stages = stages_in(&ended);
        }
        muster.take(&ended, ended.seconds, size(&store)?);
        check_rows(&store, corpus.records())?;
        eprintln!("run {run} of {runs}: DuckDB");
        duck(&python, &lines, corpus.records(), &mut duckdb)?;
    }
    let respond = best_respond(&store, runs)?;
    Ok(Figures { corpus, muster, duckdb, stages, parts: parts(&store)?, respond })
}

/// The program built beside this one.
fn muster() -> Result<Command> {
    let beside = env::current_exe()?.with_file_name("muster");
    if !beside.exists() {
        bail!("{} is not there: run `make bench`, which builds it", beside.display());
    }
    Ok(Command::new(beside))
}

fn ingest(corpus: &Path, store: &Path) -> Result<Ended> {
    if store.exists() {
        fs::remove_dir_all(store).with_context(|| format!("remove {}", store.display()))?;
    }
    child::run(muster()?.arg("ingest").arg(corpus).arg("--timings").arg("--store").arg(store), &[0])
}

/// A fast ingest that lost a record does not count.
fn check_rows(store: &Path, expected: u64) -> Result<()> {
    let asked = child::run(muster()?.args(["sql", "select count(*) as n from events", "--json", "--store"]).arg(store), &[0])?;
    let found: String = asked.stdout.chars().filter(char::is_ascii_digit).collect();
    if found != expected.to_string() {
        bail!("the store has {found} events of {expected} records; such a run does not count");
    }
    Ok(())
}

fn duck(python: &Path, corpus: &Path, expected: u64, run: &mut Run) -> Result<()> {
    let (script, out) = (PathBuf::from(FOLDER).join("beside.py"), PathBuf::from(FOLDER).join("duckdb.parquet"));
    fs::write(&script, include_str!("beside.py"))?;
    let ended = child::run(Command::new(python).args([&script, corpus, &out]), &[0])?;
    let told: Value = serde_json::from_str(&ended.stdout).context("read what beside.py printed")?;
    let number = |key: &str| told.get(key).and_then(Value::as_f64).with_context(|| format!("beside.py told no {key}"));
    if number("rows")? != expected as f64 {
        bail!("DuckDB wrote {} rows of {expected} records; such a run does not count", number("rows")?);
    }
    run.who = format!("DuckDB {}, JSON to sorted Parquet", told.get("version").and_then(Value::as_str).unwrap_or_default());
    // Its own clock: starting Python is not DuckDB's work.
    run.take(&ended, number("seconds")?, fs::metadata(&out)?.len());
    Ok(())
}

fn best_respond(store: &Path, runs: u32) -> Result<(f64, u64)> {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..runs {
        let ended = child::run(muster()?.args(["respond", PRINCIPAL, "--json", "--store"]).arg(store), &[0])?;
        if ended.seconds < best.0 {
            best = (ended.seconds, ended.peak_bytes);
        }
    }
    Ok(best)
}

/// The strangers' readers, installed once (tools/python.sh).
fn python() -> Result<PathBuf> {
    let ended = child::run(Command::new("bash").arg("tools/python.sh"), &[0])?;
    ended.stdout.lines().last().map(PathBuf::from).context("tools/python.sh named no interpreter")
}

/// The line of JSON, on either stream, that has seconds by stage: `parse_s` and its like (alone, or under `timings`).
fn stages_in(ended: &Ended) -> Vec<(String, f64)> {
    let whole = [ended.stdout.as_str(), ended.stderr.as_str()];
    let values = whole.into_iter().chain(ended.stdout.lines()).chain(ended.stderr.lines()).filter_map(|t| serde_json::from_str::<Value>(t).ok());
    let timed = values.filter_map(|v| v.get("timings").cloned().or(Some(v))).find(|v| v.get("parse_s").is_some_and(Value::is_number));
    let Some(Value::Object(stages)) = timed else { return Vec::new() };
    stages.into_iter().filter_map(|(name, v)| Some((name.trim_end_matches("_s").to_owned(), v.as_f64()?))).collect()
}

fn size(path: &Path) -> Result<u64> {
    let about = fs::symlink_metadata(path).with_context(|| format!("look at {}", path.display()))?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    fs::read_dir(path)?.map(|e| size(&e?.path())).sum()
}

fn parts(store: &Path) -> Result<Vec<(String, u64)>> {
    let mut found: Vec<(String, u64)> = fs::read_dir(store)?
        .map(|e| e.map_err(Into::into).and_then(|e| Ok((e.file_name().to_string_lossy().into_owned(), size(&e.path())?))))
        .collect::<Result<_>>()?;
    found.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(found)
}
