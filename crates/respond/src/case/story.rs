//! A case told in the order of its records. Owns the words; never cuts and never escapes, that is for whoever shows them.

use event::Time;

use super::{Case, Record, What};
use crate::report::time::utc;

/// One thing that was done, said or learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When it was written.
    pub at: Time,
    /// Who wrote it.
    pub by: String,
    /// What, in words.
    pub text: String,
}

impl Case {
    /// The case as a story: every record in a sentence, corrections with what stood there before.
    pub fn story(records: &[Record]) -> Vec<Told> {
        let mut before: Vec<&Record> = Vec::new();
        let mut told = Vec::new();
        for record in records {
            told.push(Told { at: record.at, by: record.by.clone(), text: sentence(record, &before) });
            before.push(record);
        }
        told
    }
}

fn sentence(record: &Record, before: &[&Record]) -> String {
    let with = |note: &Option<String>| note.as_ref().map(|n| format!(": {n}")).unwrap_or_default();
    match &record.what {
        What::Opened { title } => format!("opened the case: {title}"),
        What::Indicator { entity, note } => format!("it starts from {entity}{}", with(note)),
        What::Fact { name, happened, learned, note, events } => {
            let old = before.iter().rev().find_map(|r| match &r.what {
                What::Fact { name: n, happened, .. } if n == name => Some(*happened),
                _ => None,
            });
            let head = old.map_or_else(
                || format!("fact: {name} happened {}", utc(*happened)),
                |old| format!("corrected: {name} happened {}, not {}", utc(*happened), utc(old)),
            );
            let learned = learned.map(|t| format!(", learned {}", utc(t))).unwrap_or_default();
            let shown = if events.is_empty() { String::new() } else { format!(" [{}]", events.join(", ")) };
            format!("{head}{learned}{}{shown}", with(note))
        }
        What::Note { text } => text.clone(),
        What::Contact { who, reached, channel, note } => {
            let way = channel.as_ref().map(|c| format!(" by {c}")).unwrap_or_default();
            format!("{} {who}{way}{}", if *reached { "reached" } else { "did not reach" }, with(note))
        }
        What::Task { task, title, owner, due } => {
            let again = before.iter().any(|r| matches!(&r.what, What::Task { task: t, .. } if t == task));
            let owner = owner.as_ref().map(|o| format!(", {o}")).unwrap_or_default();
            let due = due.map(|t| format!(", until {}", utc(t))).unwrap_or_default();
            format!("{} {task}: {title}{owner}{due}", if again { "changed task" } else { "task" })
        }
        What::TaskDone { step, outcome } => format!("done: {step}{}", with(outcome)),
        What::TaskUndone { step, why } => format!("taken back, open again: {step}{}", with(why)),
        What::Answered { question, hash, completeness } => {
            format!("muster answered `{question}` ({completeness}; answer {})", hash.get(..12).unwrap_or(hash))
        }
        What::Closed { text } => format!("closed the case: {text}"),
        What::Reopened { why } => format!("opened the case again: {why}"),
        What::Unknown => "something that a newer program wrote".into(),
    }
}
