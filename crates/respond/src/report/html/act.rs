//! What to do: the next steps with what to type, and the deadlines.

use super::{Html, evidence::Refs, more, statement, statements};
use crate::{
    plan::{NOT_LEGAL_ADVICE, Step},
    report::{brief::Brief, say},
    words::{safe, safe_to},
};

/// Steps that are shown.
const STEPS_MAX: usize = 50;
/// Steps that are open from the start.
const FIRST: usize = 8;
/// Characters of a command.
const COMMAND_MAX: usize = 2_000;

/// The steps in their order.
pub(super) fn next(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    if brief.next.is_empty() {
        h.leaf("p", &[], "No playbook has a step for this.");
        return;
    }
    let first = brief.next.len().min(FIRST);
    let (now, later) = brief.next.split_at_checked(first).unwrap_or_default();
    h.el("ol", &[("class", "steps")], |h| now.iter().for_each(|s| step(h, s, refs)));
    if !later.is_empty() {
        h.el("details", &[], |h| {
            h.leaf("summary", &[], &format!("{} steps more", later.len()));
            let start = (FIRST + 1).to_string();
            h.el("ol", &[("class", "steps"), ("start", &start)], |h| later.iter().take(STEPS_MAX - FIRST).for_each(|s| step(h, s, refs)));
        });
    }
    more(h, brief.next.len().saturating_sub(STEPS_MAX));
}

fn step(h: &mut Html, s: &Step, refs: &Refs<'_>) {
    h.el("li", &[], |h| {
        h.leaf("div", &[("class", "title")], &safe(&s.title));
        h.leaf("div", &[("class", "soft")], &format!("{} · {}", s.phase.name(), say::step_note(s)));
        if let Some(instead) = &s.instead {
            h.leaf("p", &[], &format!("instead: {}", safe(instead)));
        }
        if !s.act.is_empty() || !s.before.is_empty() || !s.undo.is_empty() {
            h.el("details", &[], |h| {
                h.leaf("summary", &[], "what to type, and how to take it back");
                for (what, list) in [("save first", &s.before), ("do", &s.act), ("to take it back", &s.undo)] {
                    if !list.is_empty() {
                        h.leaf("div", &[("class", "soft")], what);
                        list.iter().for_each(|a| h.leaf("pre", &[], &safe_to(a, COMMAND_MAX)));
                    }
                }
            });
        }
        refs.evidence(h, say::last(&s.why));
    });
}

/// Deadlines that run.
pub(super) fn clocks(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    statements(h, refs, brief.clocks.iter().map(say::clock), "no rule applies to what is known");
    statement(h, refs, &say::Statement::new(NOT_LEGAL_ADVICE));
}
