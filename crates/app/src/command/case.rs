//! `muster case …`: the record of what was known, decided and done. It can only grow.

mod text;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use event::Time;
use respond::{Case, Record, case::What};
use serde::Serialize;

use crate::{
    cli::{Exit, Global, WrongUse},
    clock,
    flow::casework::{self, Open},
    show,
    store::Store,
};

/// The append-only record of a case: what was known, decided, asked, answered and done
#[derive(clap::Args)]
#[command(
    after_help = "Nothing is ever overwritten: a fact or task that is recorded again corrects the old one, which stays in the record. Each\nrecord is chained into the ledger; `muster case verify` finds what was changed behind muster's back.\n\nExamples:\n  muster case list\n  muster case show\n  muster case note 'called the bank, they froze the account'\n  muster case contact alice --channel phone --reached --note 'is on her way'\n  muster case task 'ask the hoster for its logs' --owner bob --due '2026-03-04 18:00'\n  muster case done t1 --outcome 'they come by mail'\n  muster case fact awareness --happened 2026-03-04T09:30:00Z --learned 2026-03-04T10:15:00Z\n  muster case close 'contained, report sent'\n  muster case reopen 'the key was used again'\n  muster case export --out case.json"
)]
pub struct Args {
    /// The case; the newest open one by default
    #[arg(long, global = true, value_name = "ID")]
    case: Option<String>,
    /// Who acts; the user who is logged in by default
    #[arg(long, global = true, env = "MUSTER_BY", value_name = "NAME")]
    by: Option<String>,
    #[command(subcommand)]
    what: Do,
}

#[derive(Subcommand)]
enum Do {
    /// List the cases
    List,
    /// Tell a case as it went, and what is open now
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
    /// Record a call, or the attempt of one
    Contact {
        /// Whom: a person, group or vendor of the registry, or a name
        who: String,
        /// Somebody answered
        #[arg(long, conflicts_with = "not_reached", required_unless_present = "not_reached")]
        reached: bool,
        /// Nobody answered
        #[arg(long)]
        not_reached: bool,
        /// phone, signal, mail
        #[arg(long)]
        channel: Option<String>,
        /// What came of it
        #[arg(long)]
        note: Option<String>,
    },
    /// Set a task, or correct one
    Task {
        /// What is to be done
        title: String,
        /// Who does it
        #[arg(long)]
        owner: Option<String>,
        /// Until when
        #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = time)]
        due: Option<Time>,
        /// Correct this task instead of setting a new one
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Record a fact, or correct it: the older value stays in the record
    Fact {
        /// `awareness`, `classification`, `notified:RULE`…
        name: String,
        /// When it happened; now by default
        #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = time)]
        happened: Option<Time>,
        /// When it was learned; now by default
        #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = time)]
        learned: Option<Time>,
        /// In words
        #[arg(long)]
        note: Option<String>,
        /// Events that show it
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
    },
    /// Record that a task, or a step of `muster next`, was done
    Done {
        /// The task's or step's key
        step: String,
        /// What came of it
        #[arg(long)]
        outcome: Option<String>,
    },
    /// Take back that it was done
    Undone {
        /// The task's or step's key
        step: String,
        /// Why
        #[arg(long)]
        why: Option<String>,
    },
    /// Close the case
    Close {
        /// The result
        text: String,
    },
    /// Open a closed case again
    Reopen {
        /// Why
        why: String,
    },
    /// Hold the record and the answers of all cases against the ledger; exit code 1 if anything is not as it was
    Verify,
    /// Write the record with a proof for each entry
    Export {
        /// Where to
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    records: Vec<Record>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let store = Store::open(&g.store)?;
        match self.what {
            Do::List => return list(g, &store),
            Do::Verify => return verify(g, &store),
            _ => {}
        }
        let mut open = match &self.case {
            Some(id) => Open::by_id(&store, id)?,
            None => Open::newest(&store)?.ok_or_else(|| anyhow::anyhow!("no open case; `muster respond INDICATOR` opens one, --case names a closed one"))?,
        };
        match &self.what {
            Do::Answer { hash } => return show::out(&open.answer(hash)?).map(|()| Exit::Done),
            Do::Export { out } => return export(g, &store, &open, out),
            Do::Show | Do::List | Do::Verify => {}
            _ => act(self.what, self.by.as_deref(), &mut open)?,
        }
        let shown = Shown { id: open.id.clone(), case: open.fold(), records: open.records };
        if g.json {
            show::json(&shown)?
        } else {
            show::out(text::story(&shown.id, &shown.case, &shown.records, clock::now()).as_bytes())?
        }
        Ok(Exit::Done)
    }
}

/// Appends what a responder did, under the name of who did it.
fn act(what: Do, by: Option<&str>, open: &mut Open) -> anyhow::Result<()> {
    let now = clock::now();
    let by = casework::who(by).ok_or_else(|| WrongUse("nobody knows who acts here; name yourself with --by NAME, the record keeps it".into()))?;
    let wrong = |text: String| Err(WrongUse(text).into());
    match &what {
        Do::Note { text: t } | Do::Close { text: t } | Do::Reopen { why: t } | Do::Task { title: t, .. } | Do::Contact { who: t, .. }
            if t.trim().is_empty() =>
        {
            return wrong("no words; the record keeps what it is given for ever".into());
        }
        Do::Fact { happened: Some(t), .. } | Do::Fact { learned: Some(t), .. } if *t > now => {
            return wrong(format!("{t} has not come yet; a fact is what has happened"));
        }
        Do::Fact { happened: Some(h), learned: Some(l), .. } if l < h => return wrong(format!("learned at {l}, and it happened at {h} only")),
        _ => {}
    }
    open.append(|case| record(what, case, now), now, &by)
}

/// The record of an act, on a case as it is then.
fn record(what: Do, case: &Case, now: Time) -> anyhow::Result<What> {
    let known = |key: &str| case.tasks.iter().any(|t| t.task == key);
    Ok(match what {
        Do::Note { text } => What::Note { text },
        Do::Contact { who, reached, channel, note, .. } => What::Contact { who, reached, channel, note },
        Do::Task { title, owner, due, key } => {
            if let Some(key) = key.as_deref().filter(|k| !known(k)) {
                return Err(WrongUse(format!("the case has no task `{key}`; `muster case show` lists them")).into());
            }
            What::Task { task: key.unwrap_or_else(|| case.next_task()), title, owner, due }
        }
        Do::Fact { name, happened, learned, note, event } => {
            What::Fact { name, happened: happened.unwrap_or(learned.unwrap_or(now)), learned, note, events: event }
        }
        Do::Done { step, outcome } => What::TaskDone { step, outcome },
        Do::Undone { step, why } => {
            if !case.done.contains(&step) {
                return Err(WrongUse(format!("`{step}` is not done; `muster case show` lists what is")).into());
            }
            What::TaskUndone { step, why }
        }
        Do::Close { text } => {
            if case.closed.is_some() {
                return Err(WrongUse("the case is closed already; `muster case reopen WHY` opens it again".into()).into());
            }
            What::Closed { text }
        }
        Do::Reopen { why } => {
            if case.closed.is_none() {
                return Err(WrongUse("the case is open".into()).into());
            }
            What::Reopened { why }
        }
        Do::List | Do::Show | Do::Answer { .. } | Do::Verify | Do::Export { .. } => anyhow::bail!("this reads only"),
    })
}

fn list(g: &Global, store: &Store) -> anyhow::Result<Exit> {
    let ids = store.cases()?.ids()?;
    let one = |id: String| Open::by_id(store, &id).map(|o| Shown { id, case: o.fold(), records: Vec::new() });
    let cases = ids.into_iter().map(one).collect::<anyhow::Result<Vec<_>>>()?;
    if g.json {
        show::json(&cases)?;
        return Ok(Exit::Done);
    }
    show::out(text::list(cases.iter().map(|s| (s.id.as_str(), &s.case))).as_bytes())?;
    Ok(Exit::Done)
}

fn verify(g: &Global, store: &Store) -> anyhow::Result<Exit> {
    let done = casework::check(store)?;
    if g.json {
        show::json(&done)?;
    } else {
        for fault in &done.faults {
            show::line(&format!("NOT as it was: {}", show::harmless(fault)))?;
        }
        for waiting in &done.waiting {
            show::line(&format!("not in the ledger yet: {}", show::harmless(waiting)))?;
        }
        show::line(&format!(
            "{} cases: {} records and {} answers are as the ledger has them ({} entries signed); {} wait, {} faults",
            done.cases,
            done.records,
            done.answers,
            done.signed,
            done.waiting.len(),
            done.faults.len()
        ))?;
    }
    Ok(if done.faults.is_empty() { Exit::Done } else { Exit::Found })
}

#[derive(Serialize)]
struct Exported<'a> {
    case: &'a str,
    records: Vec<casework::Proof>,
    checkpoint: String,
    key: String,
}

fn export(g: &Global, store: &Store, open: &Open, out: &PathBuf) -> anyhow::Result<Exit> {
    let texts = open.texts()?;
    let (records, checkpoint) = casework::proofs(store, &open.id, &texts)?;
    ensure!(records.len() == texts.len(), "{} of {} records are in the signed ledger; record something, or export again later", records.len(), texts.len());
    let exported = Exported { case: &open.id, records, checkpoint, key: store.ledger()?.verifying_key()?.to_string() };
    std::fs::write(out, serde_json::to_string_pretty(&exported)? + "\n").with_context(|| format!("writing {}", out.display()))?;
    let done = serde_json::json!({ "case": open.id, "records": exported.records.len(), "out": out, "key": exported.key });
    if g.json {
        show::json(&done)?
    } else {
        show::line(&format!("{} records of case {} with their proofs are in {}", exported.records.len(), open.id, out.display()))?
    }
    Ok(Exit::Done)
}
