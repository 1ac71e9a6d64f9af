//! Deadlines and the next steps.

use super::Statement;
use crate::{
    plan::{Clock, ClockState, Step},
    registry::Can,
    report::time::{hours, utc},
    words::safe,
};

/// How a clock stands.
pub(in crate::report) fn clock_state(c: &Clock) -> String {
    let left = c.left_us.map(hours).unwrap_or_default();
    match c.state {
        ClockState::NotStarted => format!("starts when `{}` is recorded", safe(&c.anchor)),
        ClockState::Running => format!("{left} left"),
        ClockState::DueSoon => format!("DUE SOON, {left} left"),
        ClockState::Overdue => format!("OVERDUE by {left}"),
        ClockState::Met => "notice given in time".into(),
        ClockState::MetLate => "notice given late".into(),
    }
}

/// A deadline.
pub(in crate::report) fn clock(c: &Clock) -> Statement {
    let due = c.due.map(|d| format!("due {}, ", utc(d))).unwrap_or_default();
    let to = c.recipient.as_ref().map(|r| format!(" to {}", safe(r))).unwrap_or_default();
    let sure = c.status.as_deref().filter(|s| *s != "in force").map(|s| format!(" ({})", safe(s))).unwrap_or_default();
    let corrected = if c.corrected > 0 { format!("; start corrected {} times", c.corrected) } else { String::new() };
    let assumed = if c.assumed { "; start assumed: the first question; correct with `muster case fact awareness --happened TIME`" } else { "" };
    let state = clock_state(c);
    Statement::new(format!("{}{sure}{to}: {due}{state}{corrected}{assumed}; because: {}", safe(&c.regime), safe(&c.because))).shown_by(&c.why)
}

/// A step, who does it, and whether it is ours to do.
pub(in crate::report) fn step_title(s: &Step) -> String {
    format!("{} ({})", safe(&s.title), step_note(s))
}

/// Who does it, and whether it is ours to do.
pub(in crate::report) fn step_note(s: &Step) -> String {
    let who =
        s.who.as_ref().map_or_else(|| format!("{}: nobody named", safe(&s.role)), |p| format!("{}, {} {}", safe(&p.name), safe(&p.channel), safe(&p.value)));
    let can = match s.can {
        Can::Yes => "",
        Can::No => ", NOT OURS TO DO",
        Can::Unknown => ", ours to do? not registered",
    };
    let wait = if s.waits_for.is_empty() { "" } else { ", after an earlier step" };
    format!("{who}{can}{wait}")
}
