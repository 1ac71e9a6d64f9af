//! What was asked, what was looked at for it, and what could not be seen.

use event::{Book, Entity, Time};

use super::Statement;
use crate::{
    report::{
        brief::{Blind, Brief},
        time::{near_minute, number, utc},
    },
    words::safe,
};

/// What was asked and which logs were looked at, without the list of the logs.
pub(in crate::report) fn asked(brief: &Brief) -> Vec<Statement> {
    let a = &brief.asked;
    let list = |of: &[Entity]| of.iter().map(|e| safe(&e.to_string())).collect::<Vec<_>>().join(", ");
    let end = |t: Option<Time>, open: &str| t.map_or(open.to_owned(), utc);
    let span = format!("from {} to {}", end(a.window.since, "the first record"), end(a.window.until, "the last"));
    let mut out = Vec::new();
    if !a.indicators.is_empty() {
        out.push(Statement::new(format!("{}; {span}", list(&a.indicators))));
    }
    if !a.assumed.is_empty() {
        out.push(Statement::new(format!("taking {} to be the intruder's: all below follows from that", list(&a.assumed))));
    }
    for unknown in &a.unknown {
        let near = match unknown.nearest.as_slice() {
            [] => "nothing is spelled like it".to_owned(),
            near => format!("nearest: {}", near.iter().map(|n| safe(n)).collect::<Vec<_>>().join(", ")),
        };
        out.push(Statement::new(format!("`{}` is in none of these logs; {near}", safe(&unknown.text))));
    }
    let sum = |f: fn(&Book) -> u64| a.sources.iter().map(f).fold(0, u64::saturating_add);
    let counts = [sum(|b| b.received), sum(|b| b.stored), sum(|b| b.quarantined), sum(|b| b.duplicate), sum(|b| b.refused)].map(number);
    let [received, stored, quarantined, duplicate, refused] = counts;
    let books = format!("{received} records = {stored} stored + {quarantined} quarantined + {duplicate} duplicate + {refused} refused");
    out.push(Statement::new(format!("{} logs: {books}", a.sources.len())));
    out.into_iter().map(|s| s.weighing(3)).collect()
}

/// From its first event to its last.
pub(in crate::report) fn source_span(book: &Book, made: Time) -> String {
    let at = |t| near_minute(t, made);
    book.first.zip(book.last).map_or_else(|| "no event".into(), |(f, t)| format!("{} to {}", at(f), at(t)))
}

/// One blind spot.
pub(in crate::report) fn blind(b: &Blind) -> Statement {
    let source = b.source.as_ref().filter(|s| !b.text.contains(s.as_str())).map(|s| format!("{}: ", safe(s))).unwrap_or_default();
    let span = match (b.from, b.to) {
        (Some(f), _) if b.text.contains(&f.to_string()) => String::new(),
        (None, Some(t)) if b.text.contains(&t.to_string()) => String::new(),
        (Some(f), Some(t)) => format!(", {} to {}", utc(f), utc(t)),
        (Some(f), None) => format!(", from {}", utc(f)),
        (None, Some(t)) => format!(", until {}", utc(t)),
        (None, None) => String::new(),
    };
    Statement::new(format!("{source}{}{span}", safe(&b.text))).shown_by(&b.events)
}
