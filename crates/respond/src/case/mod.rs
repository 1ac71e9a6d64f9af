//! A case: what is left when its append-only records are read in order. Owns the records' JSON and the fold.
//! Never stores them, never changes one: a correction is a new record, and the old value stays in the history.

mod story;

pub use story::Told;

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
        /// When it happened.
        happened: Time,
        /// When it was learned, if not when the record was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        learned: Option<Time>,
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
    /// Somebody was called, or tried to be.
    Contact {
        /// Whom: a person, group or vendor of the registry, or a name.
        who: String,
        /// Whether somebody answered.
        reached: bool,
        /// By which way: `phone`, `signal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Something to do that no plan has. The same key again corrects it.
    Task {
        /// Its key: `t1`.
        task: String,
        /// What is to be done.
        title: String,
        /// Who does it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Time>,
    },
    /// A step of the plan, or a task, was done.
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
    /// A closed case goes on.
    Reopened {
        /// Why.
        why: String,
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
    /// When it was written into the record.
    pub recorded: Time,
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

/// Something to do that no plan has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseTask {
    /// Its key.
    pub task: String,
    /// What is to be done.
    pub title: String,
    /// Who does it.
    pub owner: Option<String>,
    /// Until when.
    pub due: Option<Time>,
    /// When it was set.
    pub set: Time,
    /// When it was done, by whom, and what came of it.
    pub done: Option<(Time, String, Option<String>)>,
}

/// A call, or the attempt of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseContact {
    /// When.
    pub at: Time,
    /// Whom.
    pub who: String,
    /// Whether somebody answered.
    pub reached: bool,
    /// By which way.
    pub channel: Option<String>,
    /// What came of it.
    pub note: Option<String>,
    /// Who called.
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
    /// Keys of the steps and tasks that are done.
    pub done: Vec<String>,
    /// Tasks, in the order in which they were set.
    pub tasks: Vec<CaseTask>,
    /// Calls and attempts, in order.
    pub contacts: Vec<CaseContact>,
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
            What::Fact { name, happened, learned, note, events } => self.take_fact(record, name, (*happened, *learned), note.as_ref(), events),
            What::Note { text } => self.notes.push((record.at, record.by.clone(), text.clone())),
            What::Contact { who, reached, channel, note } => self.contacts.push(CaseContact {
                at: record.at,
                who: who.clone(),
                reached: *reached,
                channel: channel.clone(),
                note: note.clone(),
                by: record.by.clone(),
            }),
            What::Task { task, title, owner, due } => self.take_task(record, task, title, owner.as_ref(), *due),
            What::TaskDone { step, .. } if self.done.contains(step) => {}
            What::TaskDone { step, outcome } => {
                self.done.push(step.clone());
                if let Some(task) = self.tasks.iter_mut().find(|t| t.task == *step) {
                    task.done = Some((record.at, record.by.clone(), outcome.clone()));
                }
            }
            What::TaskUndone { step, .. } => {
                self.done.retain(|d| d != step);
                self.tasks.iter_mut().filter(|t| t.task == *step).for_each(|t| t.done = None);
            }
            What::Answered { question, hash, completeness } => self.answers.push((record.at, question.clone(), hash.clone(), completeness.clone())),
            What::Closed { text } => self.closed = Some((record.at, text.clone())),
            What::Reopened { .. } => self.closed = None,
            What::Unknown => self.oddities.push(format!("record {} has a kind that this program does not know", record.seq)),
        }
    }

    /// The key of the next task: `t1`, `t2`.
    pub fn next_task(&self) -> String {
        format!("t{}", self.tasks.len() + 1)
    }

    fn take_task(&mut self, record: &Record, key: &str, title: &str, owner: Option<&String>, due: Option<Time>) {
        let new = CaseTask { task: key.to_owned(), title: title.to_owned(), owner: owner.cloned(), due, set: record.at, done: None };
        match self.tasks.iter_mut().find(|t| t.task == key) {
            None => self.tasks.push(new),
            Some(old) => *old = CaseTask { set: old.set, done: old.done.take(), ..new },
        }
    }

    fn take_fact(&mut self, record: &Record, name: &str, (happened, learned): (Time, Option<Time>), note: Option<&String>, events: &[String]) {
        let new = CaseFact {
            name: name.to_owned(),
            happened,
            learned: learned.unwrap_or(record.at),
            recorded: record.at,
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
