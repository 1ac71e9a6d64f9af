//! What reading again changed: old rows against new ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event::{Column, Columns, Event, Fields, RecordBatch, Shape};
use lake::Quarantined;
use serde::Serialize;

/// Changes that are shown one by one, a source.
const EXAMPLES_MAX: usize = 5;
/// Characters of a value in an example.
const VALUE_MAX: usize = 120;

/// What changed in a source.
#[derive(Debug, Default, Serialize)]
pub struct Changes {
    /// The source.
    pub source: String,
    /// Why.
    pub why: String,
    /// Events that were read again.
    pub events: u64,
    /// Events whose id there was not before.
    pub gained: u64,
    /// Events whose id there is no more.
    pub lost: u64,
    /// Events that say something else.
    pub changed: u64,
    /// In how many of these each column differs.
    pub columns: BTreeMap<&'static str, u64>,
    /// Events that have another format than before, by `old → new`.
    pub formats: BTreeMap<String, u64>,
    /// Records that are no longer in quarantine.
    pub out_of_quarantine: u64,
    /// Records that were in events and are in quarantine now.
    pub into_quarantine: u64,
    /// Records that stay in quarantine for another reason.
    pub other_reason: u64,
    /// Some of the changes.
    pub examples: Vec<Example>,
    /// Files that are no longer part of the tables.
    pub files_removed: usize,
    /// Files that took their place.
    pub files_added: usize,
}

/// One value that changed.
#[derive(Debug, Serialize)]
pub struct Example {
    /// The event.
    pub event: String,
    /// The column.
    pub column: &'static str,
    /// What it said.
    pub before: Option<String>,
    /// What it says.
    pub after: Option<String>,
}

impl Changes {
    /// Nothing seen yet.
    pub fn new(source: &str) -> Changes {
        Changes { source: source.to_owned(), ..Changes::default() }
    }

    /// How much differs.
    pub fn total(&self) -> u64 {
        self.gained + self.lost + self.changed + self.out_of_quarantine + self.into_quarantine + self.other_reason
    }

    /// Compares a run of records.
    pub fn compare(&mut self, old: &[Event], new: &[RecordBatch], old_q: &[Quarantined], new_q: &[Quarantined]) {
        let mut before: HashMap<i64, &Event> = old.iter().filter_map(|e| Some((e.int(Column::Seq)?, e))).collect();
        for batch in new {
            for row in Columns::of(batch).rows() {
                self.events += 1;
                match row.int(Column::Seq).and_then(|seq| before.remove(&seq)) {
                    Some(old) => {
                        let same_records = old.records.iter().copied().eq(row.originals().into_iter().map(|(seq, _)| seq));
                        self.event(old, &row, same_records);
                    }
                    None => self.gained += 1,
                }
            }
        }
        self.lost += before.len() as u64;
        let reasons = |q: &[Quarantined]| q.iter().map(|q| (q.seq, (q.reason, q.detail.clone(), q.source.format.clone()))).collect::<BTreeMap<_, _>>();
        let (was, is) = (reasons(old_q), reasons(new_q));
        let (had, has): (BTreeSet<_>, BTreeSet<_>) = (was.keys().collect(), is.keys().collect());
        self.out_of_quarantine += had.difference(&has).count() as u64;
        self.into_quarantine += has.difference(&had).count() as u64;
        self.other_reason += had.intersection(&has).filter(|seq| was.get(*seq) != is.get(*seq)).count() as u64;
    }

    /// One event, before and after. When it was received is not a matter of parsing.
    fn event(&mut self, old: &Event, new: &impl Fields, same_records: bool) {
        let differs = |c: &&Column| **c != Column::Received && value(old, **c) != value(new, **c);
        let columns: Vec<Column> = Column::ALL.iter().filter(differs).copied().collect();
        if columns.is_empty() && same_records {
            return;
        }
        self.changed += 1;
        if !same_records {
            *self.columns.entry(event::batch::RECORDS).or_default() += 1;
        }
        for c in columns {
            *self.columns.entry(c.name()).or_default() += 1;
            let (before, after) = (value(old, c), value(new, c));
            if c == Column::Format {
                let name = |f: &Option<String>| f.clone().unwrap_or_default();
                *self.formats.entry(format!("{} → {}", name(&before), name(&after))).or_default() += 1;
            }
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push(Example { event: old.id(), column: c.name(), before: before.map(cut), after: after.map(cut) });
            }
        }
    }
}

fn value(of: &impl Fields, c: Column) -> Option<String> {
    match c.shape() {
        Shape::Word | Shape::Text => of.text(c).map(str::to_owned),
        Shape::Int => of.int(c).map(|n| n.to_string()),
        Shape::Time => of.int(c).map(|n| event::Time(n).to_string()),
    }
}

fn cut(text: String) -> String {
    if text.chars().count() > VALUE_MAX { text.chars().take(VALUE_MAX).chain(['…']).collect() } else { text }
}
