//! Cases as records in the store: opened by a question, appended to by every act, folded into what they are now.

pub mod chain;

use anyhow::Context as _;
use event::{Entity, Time};
use respond::{Case, Record, case::What};
use sha2::{Digest as _, Sha256};

pub use chain::{Proof, check, proofs};

use crate::{
    clock,
    store::{Cases, Store},
};

/// A case with its record.
pub struct Open {
    /// Its id: `c-20260304-1`.
    pub id: String,
    /// Its records.
    pub records: Vec<Record>,
    cases: Cases,
    store: Store,
}

/// Who acts: the name that was given, else the one that the system has for the one who is logged in. Nobody, if neither is known.
pub fn who(given: Option<&str>) -> Option<String> {
    let named = given.map(str::to_owned).filter(|n| !n.trim().is_empty());
    named.or_else(|| ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|v| std::env::var(v).ok().filter(|n| !n.trim().is_empty())))
}

impl Open {
    /// Opens a case by id.
    pub fn by_id(store: &Store, id: &str) -> anyhow::Result<Open> {
        let cases = store.cases()?;
        let records = read(&cases, id)?;
        anyhow::ensure!(!records.is_empty(), "no case `{id}`; `muster case list` shows them");
        Ok(Open { id: id.to_owned(), records, cases, store: store.clone() })
    }

    /// The newest case that is not closed, if there is one.
    pub fn newest(store: &Store) -> anyhow::Result<Option<Open>> {
        let cases = store.cases()?;
        for id in cases.ids()?.into_iter().rev() {
            let records = read(&cases, &id)?;
            if Case::fold(&records).closed.is_none() {
                return Ok(Some(Open { id, records, cases, store: store.clone() }));
            }
        }
        Ok(None)
    }

    /// The open case that starts from these indicators, or from something that their scope reached: then it is the same incident, and they
    /// are added to it. A new one if there is none. Asking is when the team became aware, as far as muster knows; the fact can be corrected.
    pub fn on(store: &Store, asked: &str, indicators: &[Entity], scope: &[Entity], by: &str) -> anyhow::Result<Open> {
        let cases = store.cases()?;
        // Two who ask at once get one case.
        let (id, records) = cases.alone(|| {
            for id in cases.ids()?.into_iter().rev() {
                let case = Case::fold(&read(&cases, &id)?);
                let same = case.indicators == indicators || case.indicators.iter().any(|i| scope.contains(i));
                if case.closed.is_none() && same {
                    for entity in indicators.iter().filter(|i| !case.indicators.contains(i)) {
                        put(&cases, &id, What::Indicator { entity: entity.clone(), note: None }, clock::now(), by)?;
                    }
                    let records = read(&cases, &id)?;
                    return Ok((id, records));
                }
            }
            begin(&cases, asked, indicators, by)
        })?;
        let open = Open { id, records, cases, store: store.clone() };
        open.seal()?;
        Ok(open)
    }

    /// Appends a record, after those that others have appended meanwhile. What it is may depend on what the case then is.
    pub fn append(&mut self, what: impl FnOnce(&Case) -> anyhow::Result<What>, at: Time, by: &str) -> anyhow::Result<()> {
        self.records = self.cases.alone(|| {
            let what = what(&Case::fold(&read(&self.cases, &self.id)?))?;
            put(&self.cases, &self.id, what, at, by)
        })?;
        self.seal()
    }

    /// Chains the new records of all cases into the ledger. Where another program holds the store they wait for the next act, and
    /// that is said.
    fn seal(&self) -> anyhow::Result<()> {
        if !chain::seal(&self.store, &self.cases)? {
            eprintln!(
                "muster: another program writes to the store; the record is kept, and comes into the ledger in a moment if that program follows logs, else with the next record"
            );
        }
        Ok(())
    }

    /// The texts of the records, as they were written.
    pub fn texts(&self) -> anyhow::Result<Vec<String>> {
        self.cases.records(&self.id)
    }

    /// Appends that muster answered, and keeps the answer as it was given.
    pub fn answered(&mut self, question: String, answer: &[u8], completeness: String, at: Time, by: &str) -> anyhow::Result<()> {
        let hash = ledger::hex(&Sha256::digest(answer));
        self.records = self.cases.alone(|| {
            self.cases.keep_answer(&hash, answer)?;
            put(&self.cases, &self.id, What::Answered { question, hash: hash.clone(), completeness }, at, by)
        })?;
        self.seal()
    }

    /// An answer of this case, byte for byte, by the start of its hash.
    pub fn answer(&self, hash: &str) -> anyhow::Result<Vec<u8>> {
        let given = self.fold().answers;
        let mut fitting: Vec<&str> = given.iter().map(|(_, _, h, _)| h.as_str()).filter(|h| h.starts_with(hash)).collect();
        fitting.dedup();
        anyhow::ensure!(fitting.len() == 1, "{} answers of case {} begin with `{hash}`; `muster case show` lists them", fitting.len(), self.id);
        let kept = fitting.first().map(|h| self.cases.answer(h)).transpose()?.flatten();
        kept.with_context(|| format!("the text of answer `{hash}` was not kept"))
    }

    /// What the case is now.
    pub fn fold(&self) -> Case {
        Case::fold(&self.records)
    }
}

/// The first records of a new case.
fn begin(cases: &Cases, asked: &str, indicators: &[Entity], by: &str) -> anyhow::Result<(String, Vec<Record>)> {
    let now = clock::now();
    let day = now.day().replace('-', "");
    let today = cases.ids()?.iter().filter(|id| id.starts_with(&format!("c-{day}-"))).count();
    let id = format!("c-{day}-{}", today + 1);
    let note = "the first question to muster; correct it with `muster case fact awareness --happened TIME`";
    let awareness = What::Fact { name: "awareness".into(), happened: now, learned: None, note: Some(note.into()), events: Vec::new() };
    let named = indicators.iter().map(|entity| What::Indicator { entity: entity.clone(), note: None });
    for what in std::iter::once(What::Opened { title: asked.to_owned() }).chain(named).chain([awareness]) {
        put(cases, &id, what, now, by)?;
    }
    let records = read(cases, &id)?;
    Ok((id, records))
}

/// Appends a record to those that are there, and gives them all.
fn put(cases: &Cases, id: &str, what: What, at: Time, by: &str) -> anyhow::Result<Vec<Record>> {
    let mut records = read(cases, id)?;
    let record = Record { seq: records.len() as u64 + 1, at, by: by.to_owned(), what };
    cases.append(id, &serde_json::to_string(&record)?)?;
    records.push(record);
    Ok(records)
}

fn read(cases: &Cases, id: &str) -> anyhow::Result<Vec<Record>> {
    cases.records(id)?.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}
