//! Cases as records in the store: opened by a question, appended to by every act, folded into what they are now.

use event::{Entity, Time};
use respond::{Case, Record, case::What};

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
}

impl Open {
    /// Opens a case by id.
    pub fn by_id(store: &Store, id: &str) -> anyhow::Result<Open> {
        let cases = store.cases()?;
        let records = read(&cases, id)?;
        anyhow::ensure!(!records.is_empty(), "no case `{id}`; `muster case list` shows them");
        Ok(Open { id: id.to_owned(), records, cases })
    }

    /// The newest case that is not closed, if there is one.
    pub fn newest(store: &Store) -> anyhow::Result<Option<Open>> {
        let cases = store.cases()?;
        for id in cases.ids()?.into_iter().rev() {
            let records = read(&cases, &id)?;
            if Case::fold(&records).closed.is_none() {
                return Ok(Some(Open { id, records, cases }));
            }
        }
        Ok(None)
    }

    /// The open case that starts from just these indicators; a new one if there is none. Asking is when the team became aware,
    /// as far as muster knows; the fact can be corrected.
    pub fn on(store: &Store, asked: &str, indicators: &[Entity]) -> anyhow::Result<Open> {
        let (cases, now) = (store.cases()?, clock::now());
        for id in cases.ids()?.into_iter().rev() {
            let records = read(&cases, &id)?;
            let case = Case::fold(&records);
            if case.closed.is_none() && case.indicators == indicators {
                return Ok(Open { id, records, cases });
            }
        }
        let day = now.day().replace('-', "");
        let today = cases.ids()?.iter().filter(|id| id.starts_with(&format!("c-{day}-"))).count();
        let mut open = Open { id: format!("c-{day}-{}", today + 1), records: Vec::new(), cases };
        open.append(What::Opened { title: asked.to_owned() }, now)?;
        for entity in indicators {
            open.append(What::Indicator { entity: entity.clone(), note: None }, now)?;
        }
        let note = "the first question to muster; correct it with `muster case fact awareness --happened TIME`";
        open.append(What::Fact { name: "awareness".into(), happened: now, note: Some(note.into()), events: Vec::new() }, now)?;
        Ok(open)
    }

    /// Appends a record.
    pub fn append(&mut self, what: What, at: Time) -> anyhow::Result<()> {
        let by = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|v| std::env::var(v).ok()).unwrap_or_else(|| "unknown".into());
        let record = Record { seq: self.records.len() as u64 + 1, at, by, what };
        self.cases.append(&self.id, &serde_json::to_string(&record)?)?;
        self.records.push(record);
        Ok(())
    }

    /// What the case is now.
    pub fn fold(&self) -> Case {
        Case::fold(&self.records)
    }
}

fn read(cases: &Cases, id: &str) -> anyhow::Result<Vec<Record>> {
    cases.records(id)?.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}
