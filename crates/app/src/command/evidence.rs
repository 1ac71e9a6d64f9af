//! `muster evidence export|verify`: original records with proofs, and the verdict on such a bundle.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use event::{Column, Entity, Event, Filter};
use lake::Want;
use ledger::VerifyingKey;

use crate::{
    ask,
    cli::{Exit, Global, WrongUse},
    flow::proof::{self, Proofs, Wanted},
    show,
    store::Store,
};

/// Export original records with proofs, or verify such a bundle offline
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  muster evidence export 203.0.113.66 --out case-7.zip\n  muster evidence export web-1/auth.log#17 --out line.zip\n  muster evidence export --source web-1/auth.log --out whole-log.zip\n  muster evidence verify case-7.zip --key 'muster/1a2b3c4d+…'\n  python3 tools/verify.py case-7.zip      # the independent verifier"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write a bundle: records of entities or events, or a whole source
    Export {
        /// Entities (203.0.113.66, user:alice@web-1) or ids of events, records and other pieces (SOURCE#SEQ)
        #[arg(required_unless_present = "source", value_name = "ENTITY|EVENT")]
        what: Vec<String>,
        /// A whole source instead: every piece, proven complete
        #[arg(long, conflicts_with = "what")]
        source: Option<String>,
        /// Where to write the bundle
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check a bundle: every byte, every proof, the signature
    Verify {
        /// The bundle
        bundle: PathBuf,
        /// The key to check against, as `muster evidence key` prints it, or a file with it; without it the bundle's own key is used and said so
        #[arg(long, value_name = "KEY|FILE")]
        key: Option<String>,
    },
    /// Print the key that this store signs with, to be given to verifiers by another way
    Key,
}

/// Events exported at the most; a larger question wants a narrower window.
const EVENTS_MAX: usize = 200_000;

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        match self.what {
            What::Export { what, source, out } => export(g, &what, source.as_deref(), &out),
            What::Verify { bundle, key } => verify(g, &bundle, key.as_deref()),
            What::Key => {
                let key = Store::open(&g.store)?.ledger()?.verifying_key()?.to_string();
                if g.json {
                    show::json(&serde_json::json!({ "key": key }))?
                } else {
                    show::line(&key)?
                }
                Ok(Exit::Done)
            }
        }
    }
}

fn export(g: &Global, what: &[String], source: Option<&str>, out: &PathBuf) -> anyhow::Result<Exit> {
    let store = Store::open(&g.store)?;
    let proofs = Proofs::open(&store)?;
    let bundle = match source {
        Some(source) => proofs.range(&format!("all of {source}"), source)?,
        None => {
            let (wanted, events) = choose(&proofs, g, what)?;
            proofs.selection(&what.join(" "), &wanted, &events)?
        }
    };
    let ledger = &proofs.ledger;
    let (pieces, batches) = (bundle.parts.iter().map(|p| p.items.len()).sum::<usize>(), bundle.parts.len());
    let zip = ledger::bundle::write(&bundle, &ledger.log, &ledger.signing_key()?)?;
    std::fs::write(out, &zip).with_context(|| format!("writing {}", out.display()))?;
    let key = ledger.verifying_key()?.to_string();
    if g.json {
        show::json(&serde_json::json!({ "bundle": out, "pieces": pieces, "batches": batches, "bytes": zip.len(), "key": key }))?;
    } else {
        show::line(&format!("{}: {pieces} records of {batches} batches, {}", out.display(), show::size(zip.len() as u64)))?;
        show::line(&format!("key: {key}"))?;
        show::line(&format!("check it anywhere: muster evidence verify {0} --key '{key}'", out.display()))?;
    }
    Ok(Exit::Done)
}

/// The events of entities and ids, once each, and all pieces that are wanted. An id is that of any piece: an event's first
/// record, a later one, a record in quarantine, bytes around records.
fn choose(proofs: &Proofs, g: &Global, what: &[String]) -> anyhow::Result<(Wanted, Vec<Event>)> {
    let (mut any, mut ids) = (Vec::new(), Vec::new());
    for asked in what {
        match asked.rsplit_once('#').and_then(|(source, seq)| Some((source, seq.parse::<u64>().ok()?))) {
            Some((source, seq)) => {
                any.push(Filter::is(Column::Source, source).and(Filter::equals(Column::Seq, i64::try_from(seq)?)));
                ids.push((source, seq));
            }
            None => {
                let found = ask::find(&proofs.lake, asked)?;
                if found.entities.is_empty() {
                    return Err(WrongUse(ask::unknown(&found)).into());
                }
                any.push(Filter::touching(&found.entities).and(Filter::During(g.window())));
            }
        }
    }
    let mut events = proofs.lake.events(&Filter::Or(any), Some(EVENTS_MAX + 1), Want::ALL)?;
    if events.len() > EVENTS_MAX {
        anyhow::bail!("more than {EVENTS_MAX} events; narrow it with --since and --until, or export a whole source with --source");
    }
    let newer = proofs.leave_newer(&mut events);
    if newer > 0 {
        eprintln!("muster: {newer} events are being taken in just now and are left out; export again to have them");
    }
    let mut wanted = proof::wanted(&events);
    for (source, seq) in ids {
        ensure!(proofs.has(source, seq), "the ledger has no `{source}#{seq}`; nothing was written");
        wanted.entry(source.to_owned()).or_default().insert(seq);
    }
    if wanted.is_empty() {
        let named: Vec<String> = what.iter().map(|w| Entity::guess(w).first().map_or_else(|| w.clone(), Entity::to_string)).collect();
        anyhow::bail!("no events of {} in that window; nothing was written", named.join(", "));
    }
    Ok((wanted, events))
}

fn verify(g: &Global, bundle: &PathBuf, key: Option<&str>) -> anyhow::Result<Exit> {
    let zip = std::fs::read(bundle).with_context(|| format!("reading {}", bundle.display()))?;
    let key = key.map(read_key).transpose()?;
    match ledger::bundle::verify(&zip, key.as_ref()) {
        Ok(verdict) => {
            if g.json {
                show::json(&serde_json::json!({ "valid": true, "verdict": verdict }))?
            } else {
                verdict.to_string().lines().try_for_each(|l| show::line(&event::text::harmless(l)))?
            }
            Ok(Exit::Done)
        }
        Err(faults) => {
            if g.json {
                show::json(&serde_json::json!({ "valid": false, "faults": faults }))?;
            } else {
                show::line(&format!("NOT valid: {}", bundle.display()))?;
                for f in &faults {
                    show::line(&format!("  {}", show::harmless(&f.to_string())))?;
                }
            }
            Ok(if faults.iter().all(ledger::bundle::Fault::is_unchecked) { Exit::Failed } else { Exit::Found })
        }
    }
}

fn read_key(text: &str) -> anyhow::Result<VerifyingKey> {
    let path = std::path::Path::new(text);
    let held = if path.is_file() { std::fs::read_to_string(path).with_context(|| format!("reading {text}"))? } else { text.to_owned() };
    VerifyingKey::parse(held.trim()).with_context(|| format!("reading the key `{}`", show::harmless(held.trim())))
}
