//! `muster ready`: whether we could respond, before anything happens.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use event::{Entity, Facet, Kind, Time};
use lake::{Lake, SqlLimits};
use respond::{
    Registry,
    ready::{self, Hole, Input, Logged, PROFILES},
};
use serde::Deserialize;

use crate::{
    ask,
    cli::{Exit, Global, WrongUse},
    clock,
    flow::{casework::Open, scope},
    show,
    store::Store,
};

/// Hosts and accounts by facet that are looked at.
const ROWS_MAX: usize = 1_000_000;

/// Are we ready: what logs, what should and does not, who owns it, whom nobody has reached, what is not reviewed
#[derive(clap::Args)]
#[command(
    after_help = "Held against each other are the registry (--registry) and what the store's logs say. Exit code 1 if anything is found, 3 if it\ncould not be checked whole.\n\nExamples:\n  muster ready\n  muster ready --profile pci-dss --json\n  muster ready --format html --out ready.html\n  muster case contact alice --reached        # counts as reached"
)]
pub struct Args {
    /// The duty that retention is held against: default, m-26-14, m-21-31, pci-dss, cert-in, hipaa
    #[arg(long, default_value = "default", value_name = "NAME")]
    profile: String,
    /// How it is laid out
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write it to a file instead
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a browser and paper: one file
    Html,
    /// For programs
    Json,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let Some(profile) = ready::profile(&self.profile) else {
            let names: Vec<&str> = PROFILES.iter().map(|p| p.id).collect();
            return Err(WrongUse(format!("no profile `{}`; there are {}", self.profile, names.join(", "))).into());
        };
        let (registry, problems) = Registry::load(&ask::registry_files(g)?);
        let facts = Facts::of(g)?;
        let found = ready::ready(&Input {
            now: clock::now(),
            registry: &registry,
            problems: &problems,
            logged: facts.logged.as_deref(),
            gaps: &facts.gaps,
            unread: &facts.unread,
            reached: &facts.reached,
            profile,
        });
        let text = match if g.json { Format::Json } else { self.format } {
            Format::Text => ready::text(&found),
            Format::Html => ready::html(&found),
            Format::Json => show::pretty(&found)? + "\n",
        };
        match &self.out {
            Some(path) => std::fs::write(path, &text).with_context(|| format!("writing {}", path.display()))?,
            None => show::out(text.as_bytes())?,
        }
        Ok(match (found.findings.is_empty(), found.unchecked.is_empty()) {
            (false, _) => Exit::Found,
            (true, false) => Exit::Failed,
            (true, true) => Exit::Done,
        })
    }
}

/// What a store says of what logs, and of whom was reached.
#[derive(Default)]
struct Facts {
    logged: Option<Vec<Logged>>,
    gaps: Vec<Hole>,
    unread: Vec<String>,
    reached: Vec<(String, Time)>,
}

#[derive(Deserialize)]
struct Line {
    facet: String,
    host: Option<String>,
    account: Option<String>,
    first: Time,
    last: Time,
    events: u64,
}

impl Facts {
    /// Of the store, if there is one; that there is none is for the answer to say. One that cannot be read is an error.
    fn of(g: &Global) -> anyhow::Result<Facts> {
        if !g.store.join("store.json").exists() {
            return Ok(Facts::default());
        }
        let store = Store::open(&g.store)?;
        let lake = store.lake()?;
        let (gaps, cut) = scope::all_gaps(&lake)?;
        let gaps = gaps.into_iter().map(|gap| Hole { text: gap.text(), to: gap.to, event: gap.event }).collect();
        let state = store.state()?;
        let refused = state.unread.iter().map(|(path, why)| format!("{path}: {why}"));
        let rejected = state.books.values().filter(|b| b.quarantined > 0);
        let rejected = rejected.map(|b| format!("{}: {} of {} records could not be read as events", b.source, b.quarantined, b.received));
        Ok(Facts { logged: Some(logged(&lake)?), gaps, unread: refused.chain(rejected).chain(cut).collect(), reached: reached(&store)? })
    }
}

/// Hosts and accounts with their facets. What names a host is of the host, else of the account.
fn logged(lake: &Lake) -> anyhow::Result<Vec<Logged>> {
    let limits = SqlLimits { rows: ROWS_MAX, seconds: 3_600, mib: 4_096 };
    let rows = lake.sql(
        "select facet, host, case when host is null then account end as account, min(time) as first, max(time) as last, count(*) as events \
         from events group by facet, host, case when host is null then account end",
        limits,
    )?;
    anyhow::ensure!(!rows.cut(), "more than {ROWS_MAX} hosts and accounts; muster ready cannot look at so many");
    let rows: Vec<Line> = serde_json::from_value(rows.json_rows()?).context("reading what the logs cover")?;
    let one = |l: Line| {
        let (kind, value) = l.host.map(|h| (Kind::Host, h)).or(l.account.map(|a| (Kind::Account, a)))?;
        Some(Logged { entity: Entity { kind, value }, facet: Facet::parse(&l.facet)?, first: l.first, last: l.last, events: l.events })
    };
    Ok(rows.into_iter().filter_map(one).collect())
}

/// Who was reached in any case.
fn reached(store: &Store) -> anyhow::Result<Vec<(String, Time)>> {
    let mut found = Vec::new();
    for id in store.cases()?.ids()? {
        let case = Open::by_id(store, &id)?.fold();
        found.extend(case.contacts.into_iter().filter(|c| c.reached).map(|c| (c.who, c.at)));
    }
    Ok(found)
}
