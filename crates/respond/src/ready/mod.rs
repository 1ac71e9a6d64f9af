//! Are we ready? What logs say against what the registry expects: facets that a system has never logged, things without owner, contacts
//! that nobody has reached, vendors that nobody has reviewed, gaps, retention. Values in, values and text out; never asks a log itself.

mod find;
mod html;
mod matrix;
mod profile;
mod text;

use event::{Entity, Facet, Time};
use serde::Serialize;

pub use html::html;
pub use matrix::{Cell, Row, State};
pub use profile::{PROFILES, Profile, profile};
pub use text::text;

use crate::{Problem, Registry};

/// Days after which a contact that nobody has reached is stale.
pub const CONTACT_DAYS: i64 = 90;
/// Days after which a vendor must be reviewed again.
pub const REVIEW_DAYS: i64 = 365;
/// Hours that a log may be behind the newest of all before it is called silent.
pub const SILENT_HOURS: i64 = 24;
/// Days for which gaps are looked at, before the newest event.
pub const GAP_DAYS: i64 = 30;
/// Days after which the newest event of a store is old.
pub const STALE_DAYS: i64 = 7;

/// What one log tells of one host or account.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// The host or account.
    pub entity: Entity,
    /// The facet.
    pub facet: Facet,
    /// First event.
    pub first: Time,
    /// Last event.
    pub last: Time,
    /// Events.
    pub events: u64,
}

/// A gap that a log tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// In a sentence.
    pub text: String,
    /// To, if it is over.
    pub to: Option<Time>,
    /// The event that tells of it.
    pub event: String,
}

/// What readiness is told from.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Now.
    pub now: Time,
    /// Who and what there is.
    pub registry: &'a Registry,
    /// Faults of its files.
    pub problems: &'a [Problem],
    /// What the logs have. Nothing, if there are none to look at.
    pub logged: Option<&'a [Logged]>,
    /// Gaps that the logs tell of.
    pub gaps: &'a [Hole],
    /// What was given to be read and was not, or did not become an event, in sentences.
    pub unread: &'a [String],
    /// Who was reached in cases, and when.
    pub reached: &'a [(String, Time)],
    /// The duty that retention is held against.
    pub profile: Profile,
}

/// The kinds of findings, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No owner, or one that the registry does not know.
    NoOwner,
    /// A facet that should be logged and never was.
    NeverLogged,
    /// A host or account that logs and is in no registry.
    Unregistered,
    /// An owner whom nobody can call.
    NoContact,
    /// A contact that nobody has reached for long.
    Contact,
    /// A log that fell silent.
    Silent,
    /// A gap in a log.
    Gap,
    /// What was given to be read and was not.
    Unread,
    /// A vendor that nobody has reviewed for long.
    Vendor,
    /// Logs do not reach back as far as they must.
    Retention,
    /// Faults in the registry's files.
    Registry,
}

impl Kind {
    /// The kind in words.
    pub const fn words(self) -> &'static str {
        match self {
            Kind::NoOwner => "no owner",
            Kind::NeverLogged => "never logged",
            Kind::Unregistered => "in no registry",
            Kind::NoContact => "nobody to call",
            Kind::Contact => "not reached",
            Kind::Silent => "silent",
            Kind::Gap => "gap",
            Kind::Unread => "not read",
            Kind::Vendor => "not reviewed",
            Kind::Retention => "retention",
            Kind::Registry => "registry",
        }
    }
}

/// Something that is not ready.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Which kind.
    pub kind: Kind,
    /// What it is about: an entry, a host, a contact.
    pub about: String,
    /// In a sentence.
    pub text: String,
    /// What to do.
    pub act: String,
    /// File and line, or event, that shows it.
    pub shown_by: Option<String>,
}

/// A part of the score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What is counted.
    pub name: &'static str,
    /// How many are ready.
    pub ready: u64,
    /// Of how many.
    pub of: u64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ready {
    /// When it was made.
    pub made: Time,
    /// Out of 100: the mean of the parts, what could not be checked counting as none; nothing where nothing could be checked.
    pub score: Option<u64>,
    /// The parts.
    pub parts: Vec<Part>,
    /// Systems and hosts by facets.
    pub matrix: Vec<Row>,
    /// What is not ready, the gravest first.
    pub findings: Vec<Finding>,
    /// The three things to do first.
    pub next: Vec<String>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
    /// The duty that retention was held against.
    pub profile: Profile,
    /// The oldest event.
    pub oldest: Option<Time>,
    /// The newest.
    pub newest: Option<Time>,
}

/// Holds the logs against the registry.
pub fn ready(input: &Input<'_>) -> Ready {
    let matrix = matrix::matrix(input);
    let mut found = find::find(input, &matrix);
    found.findings.sort_by(|a, b| (a.kind, &a.about, &a.text).cmp(&(b.kind, &b.about, &b.text)));
    found.findings.dedup();
    let checked: Vec<&Part> = found.parts.iter().filter(|p| p.of > 0).collect();
    // What could not be checked is not ready.
    let of = if checked.is_empty() { 0 } else { checked.len() + found.unchecked.len() };
    let score = checked.iter().map(|p| p.ready * 100 / p.of).sum::<u64>().checked_div(of as u64);
    Ready {
        made: input.now,
        score,
        next: next(&found.findings),
        parts: found.parts,
        matrix,
        findings: found.findings,
        unchecked: found.unchecked,
        profile: input.profile,
        oldest: input.logged.and_then(|l| l.iter().map(|l| l.first).min()),
        newest: input.logged.and_then(|l| l.iter().map(|l| l.last).max()),
    }
}

/// The gravest of each kind first, so that three acts are three different ones.
fn next(findings: &[Finding]) -> Vec<String> {
    const NEXT: usize = 3;
    let mut kinds: Vec<Kind> = Vec::new();
    let mut acts: Vec<String> = Vec::new();
    let mut take = |f: &Finding, kinds: &mut Vec<Kind>| {
        if acts.len() < NEXT && !acts.contains(&f.act) {
            acts.push(f.act.clone());
            kinds.push(f.kind);
        }
    };
    for f in findings {
        if !kinds.contains(&f.kind) {
            take(f, &mut kinds);
        }
    }
    findings.iter().for_each(|f| take(f, &mut kinds));
    acts
}
