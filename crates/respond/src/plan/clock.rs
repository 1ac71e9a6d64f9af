//! Deadlines that facts of a case start. A rule is data; a clock is a rule with its fact. Never legal advice, and says so.

use event::Time;
use serde::{Deserialize, Serialize};

use super::{Condition, Fact, Plan};
use crate::case::CaseFact;

/// Stands beside every clock.
pub const NOT_LEGAL_ADVICE: &str = "Deadlines are computed from the rules in the plan; this is not legal advice.";

/// How the note of a fact begins that muster recorded by itself, when it was asked for the first time.
pub const FIRST_QUESTION: &str = "the first question";

/// Hours before the end from which a clock is shown as due soon.
const SOON_H: i64 = 12;
const HOUR: i64 = 3_600 * event::time::SECOND;

/// A notification duty.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Id (`gdpr-33`).
    pub id: String,
    /// Law or contract.
    pub regime: String,
    /// Name of the case fact that starts it (`awareness`).
    pub anchor: String,
    /// How long.
    pub amount: u64,
    /// In what.
    pub unit: Unit,
    /// Who is told.
    pub recipient: Option<String>,
    /// Whom it binds, in words.
    pub who: Option<String>,
    /// Conditions of the scope under which it applies (any); none: always.
    pub when: Vec<Condition>,
    /// Where it is written.
    pub source: Option<String>,
    /// `in force`, `proposed`, `unverified`.
    pub status: Option<String>,
    /// When somebody last read the source.
    pub reviewed: Option<Time>,
}

/// Unit of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Running hours, weekends included.
    Hours,
    /// Days of 24 hours.
    CalendarDays,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Its fact is not recorded.
    NotStarted,
    /// Runs.
    Running,
    /// Less than twelve hours are left.
    DueSoon,
    /// Over, and no notice recorded.
    Overdue,
    /// The notice is recorded in time.
    Met,
    /// The notice is recorded, too late.
    MetLate,
}

/// A running deadline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clock {
    /// Rule id.
    pub rule: String,
    /// Law or contract.
    pub regime: String,
    /// Who is told.
    pub recipient: Option<String>,
    /// Where it is written, and how sure that is.
    pub source: Option<String>,
    /// `in force`, `proposed`, `unverified`.
    pub status: Option<String>,
    /// The fact that starts it.
    pub anchor: String,
    /// When that fact happened, by the record as it stands.
    pub started: Option<Time>,
    /// When it was learned.
    pub learned: Option<Time>,
    /// Whether the start is only assumed: the time of the first question, which nobody has confirmed or corrected.
    pub assumed: bool,
    /// How often the fact was corrected; the older values are in the case record.
    pub corrected: usize,
    /// The end.
    pub due: Option<Time>,
    /// How it stands.
    pub state: ClockState,
    /// Microseconds left; negative when over; nothing where it does not run.
    pub left_us: Option<i64>,
    /// Whether the plan says that the rule binds the team; nothing where the plan is silent.
    pub binds: Option<bool>,
    /// Why the rule applies: the condition in words and its events.
    pub because: String,
    /// Events that show it.
    pub why: Vec<String>,
}

/// The clocks of a case at `now`. A rule applies if one of its conditions holds and the plan does not leave it out.
/// A notice is met by a case fact `notified:RULE`.
pub fn clocks(plan: &Plan, facts: &[Fact], case: &[CaseFact], now: Time) -> Vec<Clock> {
    let mut out = Vec::new();
    for rule in &plan.rules {
        let binds = plan.binds.as_ref().map(|b| b.contains(&rule.id));
        let holds = facts.iter().find(|f| rule.when.contains(&f.condition));
        if binds == Some(false) || (holds.is_none() && !rule.when.is_empty()) {
            continue;
        }
        out.push(clock(rule, holds, case, now, binds));
    }
    out.sort_by_key(|c| (c.due.is_none(), c.due));
    out
}

fn clock(rule: &Rule, holds: Option<&Fact>, case: &[CaseFact], now: Time, binds: Option<bool>) -> Clock {
    let anchor = case.iter().find(|f| f.name == rule.anchor);
    let hours = match rule.unit {
        Unit::Hours => rule.amount,
        Unit::CalendarDays => rule.amount.saturating_mul(24),
    };
    let span = i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(HOUR);
    let due = anchor.map(|f| f.happened.plus(span));
    let told = case.iter().find(|f| f.name == format!("notified:{}", rule.id)).map(|f| f.happened);
    let state = match (due, told) {
        (None, _) => ClockState::NotStarted,
        (Some(d), Some(t)) if t <= d => ClockState::Met,
        (Some(_), Some(_)) => ClockState::MetLate,
        (Some(d), None) if now > d => ClockState::Overdue,
        (Some(d), None) if now.plus(SOON_H * HOUR) > d => ClockState::DueSoon,
        (Some(_), None) => ClockState::Running,
    };
    Clock {
        rule: rule.id.clone(),
        regime: rule.regime.clone(),
        recipient: rule.recipient.clone(),
        source: rule.source.clone(),
        status: rule.status.clone(),
        anchor: rule.anchor.clone(),
        started: anchor.map(|f| f.happened),
        learned: anchor.map(|f| f.learned),
        assumed: anchor.is_some_and(|f| f.history.is_empty() && f.note.as_deref().is_some_and(|n| n.starts_with(FIRST_QUESTION))),
        corrected: anchor.map_or(0, |f| f.history.len()),
        due,
        state,
        left_us: due.filter(|_| told.is_none()).map(|d| d.0.saturating_sub(now.0)),
        binds,
        because: holds.map_or_else(|| "every case".into(), |f| f.condition.words().into()),
        why: holds.map(|f| f.events.clone()).unwrap_or_default(),
    }
}
