//! Evidence: each event that is named has a number and, as far as there is room, its original lines; every statement opens them.

use std::collections::HashMap;

use event::Book;

use super::{Html, absent, more, statements};
use crate::{
    report::{
        brief::{Brief, Original},
        make::cited,
        say,
        time::{number, utc},
    },
    words::{safe, safe_to},
};

/// Events that a statement shows.
const SHOWN: usize = 5;
/// Characters of an event under a statement; the whole of it is in the list at the end.
const INLINE_MAX: usize = 420;
/// Bytes of the page up to which lines are repeated under statements.
const INLINE_UP_TO: usize = 450_000;
/// Bytes of the page up to which events are listed.
const LIST_UP_TO: usize = 940_000;
/// Logs that are listed.
const LOGS_MAX: usize = 150;
/// A command.
const COMMAND_MAX: usize = 2_000;

/// The numbers of the events.
pub(super) struct Refs<'a> {
    order: Vec<String>,
    numbers: HashMap<String, usize>,
    lines: HashMap<&'a str, &'a Original>,
}

impl<'a> Refs<'a> {
    pub fn of(brief: &'a Brief) -> Refs<'a> {
        let order = cited(brief);
        let numbers = order.iter().enumerate().map(|(i, e)| (e.clone(), i + 1)).collect();
        Refs { order, numbers, lines: brief.evidence.events.iter().map(|o| (o.event.as_str(), o)).collect() }
    }

    fn label(&self, event: &str) -> String {
        self.numbers.get(event).map_or_else(|| safe(event), |n| format!("E{n}"))
    }

    /// The events of a statement, to be opened.
    pub fn evidence(&self, h: &mut Html, events: &[String]) {
        if events.is_empty() {
            return;
        }
        let labels: Vec<String> = events.iter().take(SHOWN).map(|e| self.label(e)).collect();
        let rest = events.len().saturating_sub(SHOWN);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        h.el("details", &[("class", "ev")], |h| {
            h.leaf("summary", &[], &format!("evidence {}{rest}", labels.join(", ")));
            for event in events.iter().take(SHOWN) {
                self.one(h, event);
            }
        });
    }

    fn one(&self, h: &mut Html, event: &str) {
        let known = self.lines.get(event);
        h.el("div", &[("class", "refs")], |h| {
            match (known, self.numbers.get(event)) {
                (Some(_), Some(n)) => h.leaf("a", &[("href", &format!("#e{n}"))], &format!("E{n}")),
                _ => h.text(&self.label(event)),
            }
            h.text(" ");
            h.leaf("span", &[("class", "id")], &safe(event));
        });
        if let Some(o) = known.filter(|_| h.len() < INLINE_UP_TO) {
            let cut = safe_to(&o.lines.join(" ⏎ "), INLINE_MAX);
            h.leaf("pre", &[], &cut);
        }
    }
}

/// What was asked, and the logs that were looked at.
pub(super) fn asked(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    statements(h, refs, say::asked(brief).into_iter(), "nothing");
    if brief.asked.sources.is_empty() {
        return;
    }
    h.el("details", &[], |h| {
        h.leaf("summary", &[], &format!("the {} logs", brief.asked.sources.len()));
        h.el("table", &[], |h| {
            h.el("thead", &[], |h| {
                h.el("tr", &[], |h| ["log", "facet", "records", "events from, to"].iter().for_each(|t| h.leaf("th", &[("scope", "col")], t)));
            });
            h.el("tbody", &[], |h| brief.asked.sources.iter().take(LOGS_MAX).for_each(|b| log(h, b, brief)));
        });
        more(h, brief.asked.sources.len().saturating_sub(LOGS_MAX));
    });
}

fn log(h: &mut Html, b: &Book, brief: &Brief) {
    h.el("tr", &[], |h| {
        h.leaf("td", &[("class", "thing")], &safe(&b.source));
        h.leaf("td", &[], b.facet.name());
        h.leaf("td", &[("data-th", "records")], &number(b.received));
        h.leaf("td", &[], &say::source_span(b, brief.made));
    });
}

/// What proves the brief, and every event that it names with its original lines.
pub(super) fn evidence(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    match &brief.proof {
        Some(p) => {
            h.leaf(
                "p",
                &[],
                &format!(
                    "Signed log of {} entries, root {}. To prove this brief, with originals and proofs that anybody can check offline:",
                    p.size,
                    safe(&p.root)
                ),
            );
            h.leaf("pre", &[], &safe_to(&p.export, COMMAND_MAX));
        }
        None => h.leaf("p", &[], absent(brief, "proof")),
    }
    if refs.order.is_empty() {
        h.leaf("p", &[], "No event is named.");
        return;
    }
    h.leaf("h3", &[], "Original lines of the events named above");
    let mut shown = 0;
    for (i, event) in refs.order.iter().enumerate() {
        let Some(o) = refs.lines.get(event.as_str()).filter(|_| h.len() < LIST_UP_TO) else { continue };
        original(h, i + 1, o);
        shown += 1;
    }
    let rest = refs.order.len() - shown;
    if rest > 0 {
        let how = brief.evidence.rest.as_ref().or(brief.proof.as_ref().map(|p| &p.export));
        h.leaf(
            "p",
            &[],
            &format!("The lines of {} more events are not in this page{}", number(rest as u64), if how.is_some() { "; they come with:" } else { "." }),
        );
        how.iter().for_each(|c| h.leaf("pre", &[], &safe_to(c, COMMAND_MAX)));
    }
}

fn original(h: &mut Html, n: usize, o: &Original) {
    h.el("div", &[("class", "orig"), ("id", &format!("e{n}"))], |h| {
        h.leaf("b", &[], &format!("E{n}"));
        h.text(&format!(" {} ", utc(o.time)));
        h.leaf("span", &[("class", "id")], &safe(&o.event));
        h.el("pre", &[], |h| {
            for (i, line) in o.lines.iter().enumerate() {
                h.el("code", &[], |h| h.text(line));
                if i + 1 < o.lines.len() {
                    h.void("br", &[]);
                }
            }
        });
        if o.cut > 0 {
            h.leaf("p", &[("class", "soft")], &format!("{} characters more are in the store", number(o.cut as u64)));
        }
    });
}
