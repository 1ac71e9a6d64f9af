//! `muster respond INDICATOR…`: the answer to the six questions.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use event::Entity;
use lake::Lake;
use respond::report::{self, Brief, Style};
use trace::scope::{Answer, Status};

use crate::{
    ask::{self, Found},
    cli::{Exit, Global, WrongUse},
    clock,
    flow::{
        answer,
        casework::{self, Open},
        ingest,
        originals::add_originals,
    },
    show,
    store::Store,
};

/// Answer from one indicator: who owns it, what we may do, what happened, how far, next step, proof
#[derive(clap::Args)]
#[command(
    after_help = "With --logs and no store, the logs are taken into a new store, which is named.\n\nExamples:\n  muster respond 203.0.113.66 --logs ./logs\n  muster respond AKIAIOSFODNN7EXAMPLE --registry ./registry --plan ./plan\n  muster respond alice@db-1 --since 2026-03-04 --json\n  muster respond user:root@web-1 --out brief.html"
)]
pub struct Args {
    /// Addresses, users, hosts, credentials, resources; `kind:value` where it could be several things
    #[arg(required = true, value_name = "INDICATOR")]
    indicators: Vec<String>,
    /// Take these logs in first
    #[arg(long, value_name = "PATH")]
    logs: Vec<PathBuf>,
    /// How the brief is laid out; without it, as the ending of --out says (.md, .html, .json), else text
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Who asks, for the case's record; the user who is logged in by default
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Write the brief to a file instead
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal: two screens
    Text,
    /// For a ticket or a wiki
    Md,
    /// For a browser, a phone and paper: one file with pictures and original lines
    Html,
    /// For programs: everything, in a stable shape
    Json,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let mut exit = Exit::Done;
        if !self.logs.is_empty() {
            ingest::must_be_there(&self.logs)?;
            let mut store = Store::open_or_make(&g.store, clock::now())?;
            store.adopt(&g.format_dirs())?;
            let done = ingest::ingest(&store, &self.logs, ingest::options(None, None, None), &ingest::Run::once(ingest::Bar::auto(g.json)))?;
            eprintln!("muster: took {} records of {} sources into {}", done.books.iter().map(|b| b.stored).sum::<u64>(), done.books.len(), g.store.display());
            done.complaints().iter().for_each(|c| eprintln!("muster: {c}"));
            if done.incomplete() {
                exit = Exit::Found;
            }
        }
        let store = Store::open(&g.store)?;
        let lake = store.lake()?;
        let found = self.indicators.iter().map(|i| ask::find(&lake, i)).collect::<anyhow::Result<Vec<Found>>>()?;
        if found.iter().all(|f| f.searched.is_empty()) {
            return Err(WrongUse("no indicator".into()).into());
        }
        let team = ask::team(g)?;
        let asked = answer::Asked { store: &store, lake: &lake, team: &team, found: &found, window: g.window() };
        let doing = show::Doing::new(g.json);
        doing.now("following what was reached");
        let (indicators, scope) = (asked.indicators(), asked.scope()?);
        let by = casework::who(self.by.as_deref()).unwrap_or_else(nameless);
        // An indicator that no log knows opens no case: there is nothing yet to respond to.
        let mut open = if indicators.is_empty() { None } else { Some(Open::on(&store, &self.indicators.join(" "), &indicators, &reached(&scope), &by)?) };
        let case = open.as_ref().map(Open::fold);
        let id = open.as_ref().map(|o| o.id.clone());
        doing.now("telling what happened");
        let mut brief = answer::brief(&asked, &scope, id.as_deref().zip(case.as_ref()))?;
        let text = self.laid_out(&lake, &mut brief, g)?;
        drop(doing);
        match &self.out {
            Some(path) => std::fs::write(path, &text).with_context(|| format!("writing {}", path.display()))?,
            None => show::out(text.as_bytes())?,
        }
        if let Some(open) = &mut open {
            let completeness = format!("{} things could not be seen", brief.not_visible.len());
            open.answered(self.indicators.join(" "), text.as_bytes(), completeness, clock::now(), &by)?;
        }
        Ok(exit)
    }
}

impl Args {
    fn format(&self) -> Format {
        let ending = self.out.as_ref().and_then(|p| p.extension()).and_then(|e| e.to_str());
        self.format.unwrap_or(match ending {
            Some("md") => Format::Md,
            Some("html" | "htm") => Format::Html,
            Some("json") => Format::Json,
            _ => Format::Text,
        })
    }

    /// The brief in the format that was asked for. Only those that show original lines fetch them.
    fn laid_out(&self, lake: &Lake, brief: &mut Brief, g: &Global) -> anyhow::Result<String> {
        let format = if g.json { Format::Json } else { self.format() };
        if matches!(format, Format::Json | Format::Html) {
            add_originals(lake, brief)?;
        }
        Ok(match format {
            Format::Text => report::text(brief, Style { colour: show::colours() && self.out.is_none(), ..Style::default() }),
            Format::Md => report::markdown(brief),
            Format::Html => report::html(brief),
            Format::Json => show::pretty(brief)? + "\n",
        })
    }
}

/// Who asks where the system has no name: an answer must not wait for one. The acts of a responder ask for it.
fn nameless() -> String {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").map_or_else(|_| "someone without a name".into(), |m| format!("uid {}", m.uid()))
}

/// What the scope reached; what was only named belongs to no incident yet.
fn reached(scope: &Answer) -> Vec<Entity> {
    scope.nodes.iter().filter(|n| n.status != Status::Named).map(|n| n.entity.clone()).collect()
}
