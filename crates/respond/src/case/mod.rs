//! A case: what is left when its append-only records are read in order. Owns the records' JSON and the fold.
//! Never stores them, never changes one: a correction is a new record, and the old value stays in the history.

use event::{Entity, Time};
use serde::{Deserialize, Serialize};

/// One line of a case's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Number in the case, from 1 without a gap.
    pub seq: u64,
    /// When it was written.
    pub at: Time,
    /// Who wrote it.
    pub by: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// The case begins.
    Opened {
        /// Title.
        title: String,
    },
    /// Something to start from.
    Indicator {
        /// The thing.
        entity: Entity,
        /// Where it came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A fact that plan and clocks rest on. The same name again corrects it.
    Fact {
        /// `awareness`, `classification`, `notified:gdpr-33`…
        name: String,
        /// When it happened; `at` of the record is when it was learned.
        happened: Time,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// Events that show it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        events: Vec<String>,
    },
    /// Free words.
    Note {
        /// The words.
        text: String,
    },
    /// A step was done.
    TaskDone {
        /// Key of the step.
        step: String,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// A step was taken back and is open again.
    TaskUndone {
        /// Key of the step.
        step: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// muster answered.
    Answered {
        /// What was asked.
        question: String,
        /// SHA-256 of the answer, lower-case hex.
        hash: String,
        /// What it could not see, in a line.
        completeness: String,
    },
    /// The case ends.
    Closed {
        /// Result.
        text: String,
    },
    /// A kind that a newer program wrote.
    #[serde(other)]
    Unknown,
}

/// A fact as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFact {
    /// Name.
    pub name: String,
    /// When it happened.
    pub happened: Time,
    /// When it was learned.
    pub learned: Time,
    /// Who recorded it.
    pub by: String,
    /// In words.
    pub note: Option<String>,
    /// Events that show it.
    pub events: Vec<String>,
    /// What was recorded before, the oldest first.
    pub history: Vec<FactVersion>,
}

/// An older value of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactVersion {
    /// When it was said to have happened.
    pub happened: Time,
    /// When that was learned.
    pub learned: Time,
    /// Who recorded it.
    pub by: String,
}

/// A case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Case {
    /// Title; empty where the record does not say.
    pub title: String,
    /// When it was opened.
    pub opened: Option<Time>,
    /// When and with what result it was closed.
    pub closed: Option<(Time, String)>,
    /// What it starts from.
    pub indicators: Vec<Entity>,
    /// Facts, in the order in which they were first recorded.
    pub facts: Vec<CaseFact>,
    /// Notes: when, who, what.
    pub notes: Vec<(Time, String, String)>,
    /// Keys of the steps that are done.
    pub done: Vec<String>,
    /// Answers given: when, question, hash, completeness.
    pub answers: Vec<(Time, String, String, String)>,
    /// What is odd in the record itself: gaps in its numbers, unknown kinds.
    pub oddities: Vec<String>,
}

impl Case {
    /// Reads the records in order. Every record is used as far as it goes; what is odd is named.
    pub fn fold(records: &[Record]) -> Case {
        let mut case = Case::default();
        let mut expected = 1;
        for record in records {
            if record.seq != expected {
                case.oddities.push(format!("record {} where {expected} was expected", record.seq));
            }
            expected = record.seq.saturating_add(1);
            case.take(record);
        }
        if case.opened.is_none() && !records.is_empty() {
            case.oddities.push("no record opens the case".into());
        }
        case
    }

    fn take(&mut self, record: &Record) {
        match &record.what {
            What::Opened { title } => {
                self.title.clone_from(title);
                self.opened = self.opened.or(Some(record.at));
                self.closed = None;
            }
            What::Indicator { entity, .. } if self.indicators.contains(entity) => {}
            What::Indicator { entity, .. } => self.indicators.push(entity.clone()),
            What::Fact { name, happened, note, events } => self.take_fact(record, name, *happened, note.as_ref(), events),
            What::Note { text } => self.notes.push((record.at, record.by.clone(), text.clone())),
            What::TaskDone { step, .. } if self.done.contains(step) => {}
            What::TaskDone { step, .. } => self.done.push(step.clone()),
            What::TaskUndone { step, .. } => self.done.retain(|d| d != step),
            What::Answered { question, hash, completeness } => self.answers.push((record.at, question.clone(), hash.clone(), completeness.clone())),
            What::Closed { text } => self.closed = Some((record.at, text.clone())),
            What::Unknown => self.oddities.push(format!("record {} has a kind that this program does not know", record.seq)),
        }
    }

    fn take_fact(&mut self, record: &Record, name: &str, happened: Time, note: Option<&String>, events: &[String]) {
        let new = CaseFact {
            name: name.to_owned(),
            happened,
            learned: record.at,
            by: record.by.clone(),
            note: note.cloned(),
            events: events.to_vec(),
            history: Vec::new(),
        };
        match self.facts.iter_mut().find(|f| f.name == name) {
            None => self.facts.push(new),
            Some(old) => {
                let mut history = std::mem::take(&mut old.history);
                history.push(FactVersion { happened: old.happened, learned: old.learned, by: old.by.clone() });
                *old = CaseFact { history, ..new };
            }
        }
    }
}
