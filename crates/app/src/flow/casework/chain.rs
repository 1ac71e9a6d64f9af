//! The record of cases in the ledger: each record by its hash, chained to the one before it, under the ledger's signature. So that
//! a record that was changed, taken away or put in behind muster's back is noticed.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use ledger::{CaseEntry, Entry, Hash, merkle::sha256};
use respond::{Record, case::What};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::store::{Cases, LedgerFolder, Store};

/// How long an act waits for a program that writes to the store.
const WAIT: Duration = Duration::from_millis(500);

/// Appends what the ledger does not have yet. `false` if another program holds the store.
pub fn seal(store: &Store, cases: &Cases) -> anyhow::Result<bool> {
    let Some(_lock) = store.lock_within(WAIT)? else { return Ok(false) };
    seal_into(&mut store.ledger()?, cases)?;
    Ok(true)
}

/// Appends what this ledger does not have yet; for a program that holds the store.
pub fn seal_into(ledger: &mut LedgerFolder, cases: &Cases) -> anyhow::Result<()> {
    let known = by_case(ledger);
    let mut new = Vec::new();
    for id in cases.ids()? {
        let (mut previous, had) = known.get(id.as_str()).and_then(|all| all.last()).map_or(([0; 32], 0), |(_, e)| (e.record, e.seq));
        for text in cases.records(&id)? {
            let record: Record = serde_json::from_str(&text).with_context(|| format!("reading the record of case {id}"))?;
            if record.seq <= had {
                continue;
            }
            let entry = CaseEntry::of(&id, record.seq, u64::try_from(record.at.0).unwrap_or(0), previous, &text);
            previous = entry.record;
            new.push(entry);
        }
    }
    ledger.append_cases(new)
}

fn by_case(ledger: &LedgerFolder) -> BTreeMap<&str, Vec<(u64, &CaseEntry)>> {
    let mut found: BTreeMap<&str, Vec<(u64, &CaseEntry)>> = BTreeMap::new();
    for (index, entry) in &ledger.cases {
        found.entry(&entry.case).or_default().push((*index, entry));
    }
    found
}

/// What a check of the record found.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Cases looked at.
    pub cases: usize,
    /// Records that are as the ledger has them.
    pub records: u64,
    /// Answers that are as they were given.
    pub answers: u64,
    /// Records that the ledger does not have yet.
    pub waiting: Vec<String>,
    /// What is not as it was.
    pub faults: Vec<String>,
    /// Entries that the signed checkpoint is over.
    pub signed: u64,
}

/// Holds the record of all cases, and the answers kept, against the ledger.
pub fn check(store: &Store) -> anyhow::Result<Checked> {
    // The record first: a program that writes meanwhile has its entries in the ledger that is opened after it.
    let cases = store.cases()?;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in cases.ids()? {
        texts.insert(id.clone(), cases.records(&id)?);
    }
    let ledger = store.ledger()?;
    let known = by_case(&ledger);
    let mut done = Checked { cases: texts.len(), records: 0, answers: 0, waiting: Vec::new(), faults: Vec::new(), signed: ledger.log.len() };
    for id in known.keys().filter(|id| !texts.contains_key(**id)) {
        done.faults.push(format!("case {id} is in the ledger, and no record of it is there"));
    }
    for (id, texts) in &texts {
        check_case(id, texts, known.get(id.as_str()).map(Vec::as_slice).unwrap_or_default(), &cases, &mut done)?;
    }
    Ok(done)
}

fn check_case(id: &str, texts: &[String], entries: &[(u64, &CaseEntry)], cases: &Cases, done: &mut Checked) -> anyhow::Result<()> {
    let mut here: BTreeMap<u64, &String> = BTreeMap::new();
    for text in texts {
        match serde_json::from_str::<Record>(text) {
            Ok(record) => {
                if here.insert(record.seq, text).is_some() {
                    done.faults.push(format!("case {id} has two records {}", record.seq));
                }
                check_answer(id, &record, cases, done)?;
            }
            Err(e) => done.faults.push(format!("a record of case {id} cannot be read: {e}")),
        }
    }
    let mut previous: Hash = [0; 32];
    for (_, entry) in entries {
        let seq = entry.seq;
        match here.remove(&seq) {
            None => done.faults.push(format!("record {seq} of case {id} is in the ledger and was taken away")),
            Some(text) if sha256(text.as_bytes()) != entry.record => done.faults.push(format!("record {seq} of case {id} is not as it was written")),
            Some(_) if entry.previous != previous => done.faults.push(format!("record {seq} of case {id} does not follow the one before it in the ledger")),
            Some(_) => done.records += 1,
        }
        previous = entry.record;
    }
    let last = entries.last().map_or(0, |(_, e)| e.seq);
    for seq in here.keys() {
        if *seq <= last {
            done.faults.push(format!("record {seq} of case {id} was put in behind the ledger's back"));
        } else {
            done.waiting.push(format!("record {seq} of case {id}"));
        }
    }
    Ok(())
}

fn check_answer(id: &str, record: &Record, cases: &Cases, done: &mut Checked) -> anyhow::Result<()> {
    let What::Answered { hash, .. } = &record.what else { return Ok(()) };
    match cases.answer(hash)? {
        None => done.faults.push(format!("the answer of record {} of case {id} was taken away", record.seq)),
        Some(text) if ledger::hex(&Sha256::digest(&text)) != *hash => {
            done.faults.push(format!("the answer of record {} of case {id} is not as it was given", record.seq))
        }
        Some(_) => done.answers += 1,
    }
    Ok(())
}

/// A record with what proves it: its text hashes to `record` in the entry, and the entry is leaf `index` of the signed log (RFC 6962).
#[derive(Debug, Serialize)]
pub struct Proof {
    /// The record, as it was written.
    pub text: String,
    /// The ledger's entry of it.
    pub entry: String,
    /// Its place in the log.
    pub index: u64,
    /// Hashes from the entry up to the root, base64.
    pub path: Vec<String>,
}

/// The records of a case that the signed log has, each with its proof; and the signed checkpoint.
pub fn proofs(store: &Store, id: &str, texts: &[String]) -> anyhow::Result<(Vec<Proof>, String)> {
    let ledger = store.ledger()?;
    let checkpoint = ledger.checkpoint()?.context("the ledger has no checkpoint yet")?;
    let size = ledger::Checkpoint::open(&checkpoint, &ledger.verifying_key()?)?.size;
    let of_case = ledger.cases.iter().filter(|(index, e)| e.case == id && *index < size);
    let one = |(index, entry): &(u64, CaseEntry)| {
        let text = texts
            .iter()
            .find(|t| sha256(t.as_bytes()) == entry.record)
            .with_context(|| format!("record {} is not as it was written; `muster case verify` says more", entry.seq))?;
        let path = ledger.log.inclusion(*index, size).context("the ledger has no proof of it")?;
        Ok(Proof { text: text.clone(), entry: Entry::Case(entry.clone()).text(), index: *index, path: path.iter().map(ledger::base64).collect() })
    };
    Ok((of_case.map(one).collect::<anyhow::Result<_>>()?, checkpoint))
}
