//! `muster reparse`: the records of the store read again by today's parsers.

use crate::{
    cli::{Exit, Global},
    flow::reparse::{Ask, Changes, Done, reparse},
    show::{self, Doing},
    store::Store,
    team_formats,
};

/// Read the records of the store again, with today's parsers: what they read otherwise replaces what was there
#[derive(clap::Args)]
#[command(
    after_help = "Original bytes, their numbers, the times at which they were received and the ledger stay as they are; the books are signed again.\nText that no format knew is recognised again from its first records.\nExit code 1 if a source could not be read again.\n\nExamples:\n  muster reparse --dry-run\n  muster reparse --source web-1/auth.log\n  muster reparse --source app.log --format our_app"
)]
pub struct Args {
    /// This source only; all by default
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Read the records of the source as this format
    #[arg(long, value_name = "F", requires = "source")]
    format: Option<String>,
    /// Say what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace so many records at once, about: more take more memory
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run_records: Option<u64>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let mut store = Store::open(&g.store)?;
        if self.dry_run {
            // The team's formats of today, without taking them in.
            let mut dirs = g.format_dirs();
            dirs.push(store.dir.join("formats"));
            store.catalogue = team_formats::catalogue(&dirs)?;
        } else {
            store.adopt(&g.format_dirs())?;
        }
        let ask = Ask { source: self.source, format: self.format, dry_run: self.dry_run, run_records: self.run_records };
        let done = reparse(&store, &ask, &Doing::new(g.json))?;
        if g.json {
            show::json(&done)?;
        } else {
            show::out(text(&done, self.dry_run).as_bytes())?;
        }
        Ok(if done.failed.is_empty() { Exit::Done } else { Exit::Found })
    }
}

fn text(done: &Done, dry_run: bool) -> String {
    let changed: Vec<&Changes> = done.sources.iter().filter(|c| c.total() > 0).collect();
    let row = |c: &&Changes| {
        let counts = [c.events, c.gained, c.lost, c.changed, c.out_of_quarantine, c.into_quarantine].map(|n| n.to_string());
        std::iter::once(show::harmless(&c.source)).chain(counts).collect()
    };
    let mut text = String::new();
    if !changed.is_empty() {
        let rows: Vec<Vec<String>> = changed.iter().map(row).collect();
        text = show::table(&["SOURCE", "EVENTS", "GAINED", "LOST", "CHANGED", "OUT OF QUARANTINE", "INTO IT"], &rows, 120);
    }
    for c in &changed {
        text.push_str(&format!("{}: {}\n", show::harmless(&c.source), show::harmless(&c.why)));
        let of = |counts: Vec<(&str, &u64)>| counts.into_iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ");
        if !c.formats.is_empty() {
            text.push_str(&format!("  formats: {}\n", of(c.formats.iter().map(|(k, n)| (k.as_str(), n)).collect())));
        }
        if !c.columns.is_empty() {
            text.push_str(&format!("  columns: {}\n", of(c.columns.iter().map(|(k, n)| (*k, n)).collect())));
        }
        for e in &c.examples {
            let shown = |v: &Option<String>| v.as_ref().map_or_else(|| "nothing".into(), |v| format!("`{}`", show::harmless(v)));
            text.push_str(&format!("  {} {}: {} before, {} now\n", show::harmless(&e.event), e.column, shown(&e.before), shown(&e.after)));
        }
    }
    for (source, why) in &done.failed {
        text.push_str(&format!("not read again, or not to its end: {}: {}\n", show::harmless(source), show::harmless(why)));
    }
    let files: usize = done.sources.iter().map(|c| c.files_added).sum();
    let same = done.sources.len() - changed.len();
    text.push_str(&match (changed.is_empty(), dry_run) {
        (true, _) => format!("{} sources read again, nothing changed\n", done.sources.len()),
        (_, true) => format!("{} sources would change, {same} would not; nothing was written\n", changed.len()),
        (_, false) => format!("{} sources changed, {same} did not; {files} files were written anew\n", changed.len()),
    });
    text
}
