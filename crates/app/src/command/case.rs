//! `muster case …`: the record of what was known, decided and done. It can only grow.

use clap::Subcommand;
use event::Time;
use respond::{Case, case::What};
use serde::Serialize;

use crate::{
    cli::{Exit, Global, WrongUse},
    clock,
    flow::casework::Open,
    show,
    store::Store,
};

/// The append-only record of a case: list, show, answer, note, fact, done, close
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  muster case list\n  muster case note 'called the bank, they froze the account'\n  muster case fact awareness --happened 2026-03-04T09:30:00Z\n  muster case close 'contained, report sent'"
)]
pub struct Args {
    /// The case; the newest open one by default
    #[arg(long, global = true, value_name = "ID")]
    case: Option<String>,
    #[command(subcommand)]
    what: Do,
}

#[derive(Subcommand)]
enum Do {
    /// List the cases
    List,
    /// Show a case as it is now
    Show,
    /// Print an answer again, byte for byte as it was given
    Answer {
        /// Its SHA-256, or the start of it
        hash: String,
    },
    /// Write a note into the record
    Note {
        /// The words
        text: String,
    },
    /// Record a fact, or correct it: the older value stays in the record
    Fact {
        /// `awareness`, `classification`, `notified:RULE`…
        name: String,
        /// When it happened; now by default
        #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = time)]
        happened: Option<Time>,
        /// In words
        #[arg(long)]
        note: Option<String>,
    },
    /// Record that a step of `muster next` was done
    Done {
        /// The step's key
        step: String,
        /// What came of it
        #[arg(long)]
        outcome: Option<String>,
    },
    /// Close the case
    Close {
        /// The result
        text: String,
    },
}

fn time(text: &str) -> Result<Time, String> {
    clock::parse_time(text, clock::now())
}

#[derive(Serialize)]
struct Shown {
    id: String,
    #[serde(flatten)]
    case: Case,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let store = Store::open(&g.store)?;
        if let Do::List = self.what {
            return list(g, &store);
        }
        let mut open = match &self.case {
            Some(id) => Open::by_id(&store, id)?,
            None => Open::newest(&store)?.ok_or_else(|| anyhow::anyhow!("no open case; `muster respond INDICATOR` opens one"))?,
        };
        let now = clock::now();
        match &self.what {
            Do::Note { text } | Do::Close { text } if text.trim().is_empty() => {
                return Err(WrongUse("no words; the record keeps what it is given for ever".into()).into());
            }
            Do::Fact { happened: Some(t), .. } if *t > now => return Err(WrongUse(format!("{t} has not come yet; a fact is what has happened")).into()),
            _ => {}
        }
        match self.what {
            Do::Answer { hash } => {
                show::out(&open.answer(&hash)?)?;
                return Ok(Exit::Done);
            }
            Do::List | Do::Show => {}
            Do::Note { text } => open.append(What::Note { text }, now)?,
            Do::Fact { name, happened, note } => open.append(What::Fact { name, happened: happened.unwrap_or(now), note, events: Vec::new() }, now)?,
            Do::Done { step, outcome } => open.append(What::TaskDone { step, outcome }, now)?,
            Do::Close { text } => open.append(What::Closed { text }, now)?,
        }
        let shown = Shown { id: open.id.clone(), case: open.fold() };
        if g.json {
            show::json(&shown)?
        } else {
            show::out(text(&shown).as_bytes())?
        }
        Ok(Exit::Done)
    }
}

fn list(g: &Global, store: &Store) -> anyhow::Result<Exit> {
    let ids = store.cases()?.ids()?;
    let cases = ids.into_iter().map(|id| Open::by_id(store, &id).map(|o| Shown { id, case: o.fold() })).collect::<anyhow::Result<Vec<_>>>()?;
    if g.json {
        show::json(&cases)?;
        return Ok(Exit::Done);
    }
    let opened = |c: &Case| c.opened.map(respond::report::time::utc).unwrap_or_default();
    let rows: Vec<Vec<String>> = cases
        .iter()
        .map(|s| vec![s.id.clone(), opened(&s.case), if s.case.closed.is_some() { "closed" } else { "open" }.into(), show::harmless(&s.case.title)])
        .collect();
    show::out(show::table(&["CASE", "OPENED (UTC)", "STATE", "TITLE"], &rows, 100).as_bytes())?;
    Ok(Exit::Done)
}

fn text(s: &Shown) -> String {
    let utc = respond::report::time::utc;
    let mut lines = vec![format!("case {}: {}", s.id, show::harmless(&s.case.title))];
    lines.extend(s.case.opened.map(|t| format!("  opened     {} UTC", utc(t))));
    lines.extend(s.case.indicators.iter().map(|e| format!("  indicator  {}", show::harmless(&e.to_string()))));
    lines.extend(s.case.facts.iter().map(|f| {
        format!(
            "  fact       {} happened {}, learned {} ({}, corrected {} times)",
            show::harmless(&f.name),
            utc(f.happened),
            utc(f.learned),
            show::harmless(&f.by),
            f.history.len()
        )
    }));
    lines.extend(s.case.notes.iter().map(|(t, by, text)| format!("  note       {} {}: {}", utc(*t), show::harmless(by), show::harmless(text))));
    lines.extend(s.case.done.iter().map(|d| format!("  done       {}", show::harmless(d))));
    lines.extend(
        s.case
            .answers
            .iter()
            .map(|(t, q, hash, c)| format!("  answered   {} {} ({}; sha256 {})", utc(*t), show::harmless(q), c, hash.get(..16).unwrap_or(hash))),
    );
    lines.extend(s.case.closed.iter().map(|(t, r)| format!("  closed     {} {}", utc(*t), show::harmless(r))));
    lines.extend(s.case.oddities.iter().map(|o| format!("  odd        {}", show::harmless(o))));
    lines.join("\n") + "\n"
}
