//! How they got in, what happened, how far it went, and who else could be reached.

use std::collections::HashMap;

use event::{Entity, Kind, Time};
use trace::scope::{EntryPoint, Reach};

use super::{Statement, last};
use crate::{
    registry::pattern::short_name,
    report::{
        brief::{Brief, Happened, ScopeNode},
        label::short,
        time::{near, near_minute, number, utc},
    },
    scope::{Level, Status, Verdict},
    words::{safe, safe_to},
};

/// The sentence on the way in, in characters.
const ENTRY_MAX: usize = 600;

/// The way in, why it is taken to be it, and what of it is not seen.
pub(in crate::report) fn entry(e: &EntryPoint, now: Time) -> Statement {
    let at = e.time.map(|t| format!("{} ", near(t, now))).unwrap_or_default();
    let why = Some(&e.why).filter(|w| !w.is_empty()).map(|w| format!("because: {}", safe(w)));
    let unseen = e.unseen.as_ref().map(|u| format!("not seen: {}", safe(u)));
    Statement::new(format!("{at}{} ({})", safe_to(&e.text, ENTRY_MAX), level(e.confidence))).shown_by(&e.events).with(why).with(unseen).weighing(3)
}

/// One row of the time line, without its time.
pub(in crate::report) fn happened(row: &Happened) -> String {
    let failed = row.outcome.as_deref() == Some("failure") && !row.text.to_lowercase().contains("fail");
    let outcome = if failed { "FAILED " } else { "" };
    // A sentence of several things has their count; the same act on one thing again and again has it here.
    let again = match row.count {
        1 => String::new(),
        n if n == row.on_count => format!("until {}: ", until(row)),
        n => format!("×{n} until {}: ", until(row)),
    };
    format!("{again}{outcome}{}", safe(&row.text))
}

/// The last time; without the day where it is that of the first.
pub(in crate::report) fn until(row: &Happened) -> String {
    let (first, last) = (utc(row.time), utc(row.last));
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((a, _)), Some((b, clock))) if a == b => clock.to_owned(),
        _ => last,
    }
}

/// Why nothing is told.
pub(in crate::report) fn nothing_happened(brief: &Brief) -> String {
    match brief.asked.named {
        0 => "nothing in these logs touches what was asked about".to_owned(),
        n => format!(
            "{} events name it; they are not told here because nothing in them ties an identity, session or credential to it alone: an address that many share, or one of every day, is not followed; `muster timeline` shows them",
            number(n)
        ),
    }
}

/// What the incident is to a thing, in the word that JSON has.
pub(in crate::report) fn status_word(s: Status) -> &'static str {
    match s {
        Status::Entry => "entry",
        Status::Origin => "origin",
        Status::Controlled => "controlled",
        Status::Changed => "changed",
        Status::Exposed => "exposed",
        Status::Reached => "reached",
        Status::Named => "named",
    }
}

/// How sure.
pub(in crate::report) fn level(l: Level) -> &'static str {
    match l {
        Level::Shown => "shown",
        Level::Likely => "likely",
        Level::Possible => "possible",
    }
}

/// The verdict on data leaving.
pub(in crate::report) fn verdict_word(v: Verdict) -> &'static str {
    match v {
        Verdict::Seen => "Data was seen leaving",
        Verdict::NoSign => "No sign that data left",
        Verdict::CouldNotHaveBeenSeen => "Whether data left could not have been seen",
    }
}

/// Nodes in the order of the brief; objects of one bucket and files of one folder, of one status and level, in one row.
pub(in crate::report) fn scope_rows(brief: &Brief) -> Vec<Row<'_>> {
    let mut out: Vec<Row<'_>> = Vec::new();
    let mut at: HashMap<(Status, Level, Entity), usize> = HashMap::new();
    for node in &brief.scope {
        let place = trace::container(&node.entity);
        let key = (node.status, node.confidence, place.clone());
        match at.get(&key).and_then(|i| out.get_mut(*i)) {
            Some(row) => row.count += 1,
            None => {
                at.insert(key, out.len());
                out.push(Row { node, place, count: 1 });
            }
        }
    }
    out
}

/// A fingerprint by its first signs, an ARN by its last part.
fn brief_name(e: &Entity) -> String {
    const PRINT: usize = 24;
    match e.kind {
        Kind::Credential => safe_to(&e.value, PRINT),
        Kind::User | Kind::Account | Kind::Ip | Kind::Host => safe(short_name(&e.value)),
        Kind::Resource if trace::container(e) != *e => safe(e.value.strip_prefix("arn:aws:s3:::").unwrap_or(&e.value)),
        _ => short(e),
    }
}

/// Groups of a scope in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Group {
    /// Machines.
    Host,
    /// Users and roles.
    Identity,
    /// Keys and other credentials.
    Key,
    /// What was read or changed.
    Data,
    /// Addresses.
    Address,
    /// Sessions, changed files, accounts.
    Other,
}

impl Group {
    /// In a column of eight.
    pub fn name(self) -> &'static str {
        match self {
            Group::Host => "host",
            Group::Identity => "identity",
            Group::Key => "key",
            Group::Data => "data",
            Group::Address => "address",
            Group::Other => "more",
        }
    }

    /// What it weighs where room is short.
    pub fn weight(self) -> u8 {
        match self {
            Group::Host | Group::Key => 4,
            Group::Identity => 3,
            Group::Data => 2,
            Group::Address | Group::Other => 1,
        }
    }
}

/// One node, or several of one holder.
pub(in crate::report) struct Row<'a> {
    /// The first of them.
    pub node: &'a ScopeNode,
    /// What holds them.
    pub place: Entity,
    /// How many.
    pub count: usize,
}

impl Row<'_> {
    /// A single thing is named itself; of several, their holder.
    pub fn name(&self) -> String {
        if self.count > 1 { format!("{}, {} things", safe(&self.place.to_string()), self.count) } else { safe(&self.node.entity.to_string()) }
    }

    /// Who owns it.
    pub fn owner(&self) -> String {
        self.node.owner.as_ref().map_or_else(|| "owner unknown".to_owned(), |o| safe(o))
    }

    /// Which of the questions it answers: where, as whom, with what, what of ours.
    pub fn group(&self) -> Group {
        match self.node.entity.kind {
            Kind::Host => Group::Host,
            Kind::User => Group::Identity,
            Kind::Credential => Group::Key,
            Kind::Resource => Group::Data,
            Kind::File if matches!(self.node.status, Status::Exposed) => Group::Data,
            Kind::Ip => Group::Address,
            _ => Group::Other,
        }
    }

    /// Whether the intruder has something of it.
    pub fn is_lost(&self) -> bool {
        let of = |s: &Status| !matches!(s, Status::Named);
        of(&self.node.status)
    }

    /// Time, group, short name, status, level, with the event that reached it.
    pub fn said_short(&self, group: Group, now: Time) -> Statement {
        let since = self.node.since.map(|t| near_minute(t, now)).unwrap_or_default();
        let made = if self.node.made { ", made by the intruder" } else { "" };
        let name = if self.count > 1 { format!("{}, {} things", short(&self.place), self.count) } else { brief_name(&self.node.entity) };
        let (what, sure) = (status_word(self.node.status), level(self.node.confidence));
        Statement::new(format!("{:<8} {since} {name}: {what}{made}, {sure} ({})", group.name(), self.owner())).shown_by(last(&self.node.path))
    }
}

/// One thing that could be reached.
pub(in crate::report) fn reach(r: &Reach, now: Time) -> Statement {
    let times = if r.count == 1 { "once".to_owned() } else { format!("{} times", number(r.count)) };
    Statement::new(format!("{}: {}; {times}, last {}", safe(&r.entity.to_string()), safe(&r.text), near_minute(r.last, now))).shown_by(&r.events)
}
