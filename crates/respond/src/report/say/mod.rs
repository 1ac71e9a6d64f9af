//! The sentences of the brief, the same in every format. Text from logs and files is made harmless here (`words::safe`); what a format
//! must escape beyond that is its own.

mod asked;
mod left;
mod scope;
mod steps;
mod who;

pub(super) use asked::{asked, blind, source_span};
pub(super) use left::{data, left, people, providers, vendor};
pub(super) use scope::{Group, Row, entry, happened, level, nothing_happened, reach, scope_rows, status_word, verdict_word};
pub(super) use steps::{clock, clock_state, step_note, step_title};
pub(super) use who::{may, owner_line, person};

/// One thing that the brief says, with the events that show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statement {
    /// The sentence.
    pub text: String,
    /// What belongs under it.
    pub notes: Vec<String>,
    /// Events that show it.
    pub events: Vec<String>,
    /// What it weighs where room is short; the heaviest are shown first.
    pub weight: u8,
}

impl Statement {
    /// A sentence of the usual weight.
    pub fn new(text: impl Into<String>) -> Statement {
        Statement { text: text.into(), weight: 1, ..Statement::default() }
    }

    /// With the events that show it.
    pub fn shown_by(self, events: &[String]) -> Statement {
        Statement { events: events.to_vec(), ..self }
    }

    /// With a weight.
    pub fn weighing(self, weight: u8) -> Statement {
        Statement { weight, ..self }
    }

    /// With something under it.
    pub fn with(mut self, note: Option<String>) -> Statement {
        self.notes.extend(note);
        self
    }
}

/// The last of a chain of events: the one that reached it.
pub(super) fn last(path: &[String]) -> &[String] {
    path.get(path.len().saturating_sub(1)..).unwrap_or_default()
}
