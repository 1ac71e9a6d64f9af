//! `muster ingest PATH…`: logs into the store.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use anyhow::Context as _;
use event::{Book, Gap};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{
    cli::{Exit, Global},
    clock,
    flow::ingest::{self, Bar, Done, Run, Until},
    show,
    store::Store,
};

/// Take logs into the store: files and folders, archives and compressed files too; what was taken before is counted as duplicate
#[derive(clap::Args)]
#[command(
    after_help = "The books balance: received = stored + quarantined + duplicate + refused, by source.\nExit code 1 if some input was not read whole.\n\nExamples:\n  muster ingest ./logs\n  muster ingest /evidence/web-1/var/log --host web-1\n  muster ingest /var/log --follow\n  muster ingest trail.json.gz --format aws_cloudtrail --source cloudtrail/prod --json"
)]
pub struct Args {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Name of the source; found from the path otherwise
    #[arg(long)]
    source: Option<String>,
    /// Format; found from the content otherwise (`muster formats list`)
    #[arg(long)]
    format: Option<String>,
    /// The host that wrote the logs, where they do not say
    #[arg(long)]
    host: Option<String>,
    /// Read on as the logs grow, through rotation, until Ctrl-C or SIGTERM
    #[arg(long)]
    follow: bool,
    /// With --follow: look for more each so many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000, requires = "follow", value_parser = clap::value_parser!(u64).range(50..=3_600_000))]
    every_ms: u64,
    /// Commit after so many bytes of logs: fewer take less memory and make more files
    #[arg(long, value_name = "BYTES")]
    commit_bytes: Option<usize>,
    /// Print the time spent by stage as JSON to standard error
    #[arg(long)]
    timings: bool,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        ingest::must_be_there(&self.paths)?;
        let mut store = Store::open_or_make(&g.store, clock::now())?;
        store.adopt(&g.format_dirs())?;
        let stop = Arc::new(AtomicBool::new(false));
        let until = if self.follow { Until::Stopped(stopped(&stop)?, Duration::from_millis(self.every_ms)) } else { Until::End };
        let options = ingest::options(self.source, self.format, self.host);
        let done = ingest::ingest(&store, &self.paths, options, &Run { bar: Bar::auto(g.json), commit_bytes: self.commit_bytes, until })?;
        if g.json {
            show::json(&json!({ "sources": done.books, "incomplete": done.complaints() }))?;
        } else {
            show::out(text(&done).as_bytes())?;
        }
        if self.timings {
            eprintln!("{}", timings(&done));
        }
        Ok(if done.incomplete() { Exit::Found } else { Exit::Done })
    }
}

/// Set by the first Ctrl-C or SIGTERM; a second one ends the program at once, which loses nothing that was acknowledged.
fn stopped(stop: &Arc<AtomicBool>) -> anyhow::Result<&AtomicBool> {
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(stop)).context("waiting for signals")?;
        signal_hook::flag::register(signal, Arc::clone(stop)).context("waiting for signals")?;
    }
    Ok(stop)
}

fn text(done: &Done) -> String {
    let when = |t: Option<event::Time>| t.map(respond::report::time::utc).unwrap_or_default();
    let cells = |b: &Book| {
        let counts = [b.received, b.stored, b.quarantined, b.duplicate, b.refused].map(|n| n.to_string());
        let head = [show::harmless(&b.source), b.format.clone()];
        head.into_iter().chain(counts).chain([show::size(b.bytes), when(b.first), when(b.last)]).collect()
    };
    let rows: Vec<Vec<String>> = done.books.iter().map(cells).collect();
    let mut text =
        show::table(&["SOURCE", "FORMAT", "RECEIVED", "STORED", "QUARANTINED", "DUPLICATE", "REFUSED", "BYTES", "FIRST (UTC)", "LAST (UTC)"], &rows, 180);
    for book in done.books.iter().filter(|b| !b.balanced()) {
        text.push_str(&format!("the books of {} do not balance; this is a fault of muster\n", show::harmless(&book.source)));
    }
    for gap in done.books.iter().flat_map(Book::missing) {
        text.push_str(&format!("gap: {}\n", gap_text(gap)));
    }
    for line in done.complaints() {
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// A gap in words: what is missing from when on, or until when.
fn gap_text(gap: &Gap) -> String {
    let at = respond::report::time::utc;
    let span = match (gap.from, gap.to) {
        (Some(from), Some(to)) => format!(" from {} to {}", at(from), at(to)),
        (Some(from), None) => format!(" from {} on", at(from)),
        (None, Some(to)) => format!(" before {}, since when no record says", at(to)),
        (None, None) => String::new(),
    };
    let count = gap.count.map(|n| format!(", {n} records")).unwrap_or_default();
    format!("{} {}{span}{count}", show::harmless(&gap.source), show::harmless(&gap.kind))
}

fn timings(done: &Done) -> serde_json::Value {
    let (t, d) = (&done.times, &done.times.drain);
    json!({
        "frame_s": t.frame.as_secs_f64(), "journal_s": t.journal.as_secs_f64(), "parse_s": d.parse.as_secs_f64(),
        "columns_s": d.columns.as_secs_f64(), "write_s": d.write.as_secs_f64(), "all_s": t.all.as_secs_f64(),
    })
}
