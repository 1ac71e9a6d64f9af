//! How far it went: the entities that an intruder held, saw, changed and reached, from one indicator.
//!
//! The scope asks and never fetches: `questions` says whose links it must know next, `absorb` takes them in and says what became new,
//! `finish` gives the answer. All inference is a pure function of the links known so far (`back`, then `forward`), so the order of
//! answers does not matter.
//!
//! # How sure a hop is
//!
//! A node has the weakest level of the hops on its surest chain.
//!
//! | rule | level | what it rests on |
//! |---|---|---|
//! | `same_id` | shown | the act carries the session, credential or process id itself |
//! | `same_login` | shown | sshd's process and the audit session that sshd opened in that process |
//! | `same_address` | shown | an address that is not shared used a credential or opened a session |
//! | `came_from` | shown | a session that is the intruder's was opened from an address that is not shared |
//! | `made_by_intruder` | shown | what the intruder made or was handed is used |
//! | `proved_by` | shown | the key that proved an intruder's login |
//! | `passed_on` | likely | a connection of the session to a host, and a login there from here within 30 s |
//! | `same_user` | likely | a log line without session, of the session's user, while the session was open |
//! | `stolen_elsewhere` | likely | a stolen key used from a further address that it was never used from |
//! | `called_home` | likely | an address that the intruder's session connected to then acted itself |
//! | `passed_on_among` | possible | as `passed_on`, where logins of several users fit |
//! | `knocked` | possible | a connection to a host without a login seen there |
//! | `ran_written` | possible | somebody ran a file that the intruder wrote |
//!
//! Shared hubs (see `habit`) are crossed by session, never by address.

mod affected;
mod answer;
mod back;
mod blind;
mod bridge;
mod coverage;
mod entry;
mod exfil;
mod forward;
mod graph;
mod habit;
mod reach;
mod sums;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use event::{Entity, Link, Time, Window, time::DAY};
use serde::{Deserialize, Serialize};

pub use affected::{Affected, THINGS_NAMED_MAX};
pub use answer::{Acts, Answer, Completeness, Edge, ScopeNode};
pub use blind::Blind;
pub use bridge::{ACCEPT_WITHIN_S, CLOCKS_APART_S};
pub use coverage::{
    Coverage, GapSpan, Neighbours, OBJECT_READS, PLACE_SQL, SourceRow, SourceSpan, connection_sql, login_sql, missing_before, place, reads_object_sql,
};
pub use entry::{EntryPoint, How};
pub use exfil::{Channel, Exfiltration, Reason, Verdict, WayOut};
pub use habit::{HUB_IDENTITIES, host_in};
pub use reach::{Means, REACH_MAX, Reach};
pub use sums::{ANSWERS_BYTES, Sum, SumRow, add, cut, sums};

use forward::Reached;
use graph::{Graph, Id};
use habit::Known;

/// How much a scope takes in at most. What lies beyond is never left out silently: the answer names the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rounds of questions.
    pub rounds: u32,
    /// Entities reached.
    pub nodes: usize,
    /// Links held.
    pub links: usize,
    /// Entities in one question; the rest is asked next, so this one cuts nothing.
    pub question_entities: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { rounds: 64, nodes: 5_000, links: 2_000_000, question_entities: 2_000 }
    }
}

/// Days before the suspicion that are looked at for habits.
pub const HABIT_DAYS: i64 = 35;

/// How sure it is that a node is part of the incident; the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The logs say it by an id.
    Shown,
    /// Time, place and name fit.
    Likely,
    /// It could be.
    Possible,
}

/// What the incident is to a node; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Where it began, as far as the logs show.
    Entry,
    /// A further place that the intruder acted from.
    Origin,
    /// The intruder could act as it.
    Controlled,
    /// The intruder made, changed, stopped or removed it.
    Changed,
    /// The intruder could see it.
    Exposed,
    /// The intruder got to it, or tried.
    Reached,
    /// Named by the responder; nothing out of habit is tied to it.
    Named,
}

macro_rules! rules {
    ($($rule:ident $name:literal $level:ident $doc:literal;)*) => {
        /// Why a hop was taken. The module's table explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule { $(#[doc = $doc] $rule),* }

        impl Rule {
            /// All rules.
            pub const ALL: &[Rule] = &[$(Rule::$rule),*];
            /// The name in JSON and in the table.
            pub const fn name(self) -> &'static str { match self { $(Rule::$rule => $name),* } }
            /// The level that a hop by this rule has at best.
            pub const fn level(self) -> Level { match self { $(Rule::$rule => Level::$level),* } }
            /// What it rests on, in a sentence for people.
            pub const fn doc(self) -> &'static str { match self { $(Rule::$rule => $doc),* } }
        }
    };
}

rules! {
    SameId "same_id" Shown "The act carries the session, credential or process id itself.";
    SameLogin "same_login" Shown "sshd's process and the audit session that sshd opened in that process.";
    SameAddress "same_address" Shown "An address that is not shared used a credential or opened a session.";
    CameFrom "came_from" Shown "A session that is the intruder's was opened from an address that is not shared.";
    MadeByIntruder "made_by_intruder" Shown "What the intruder made or was handed is used.";
    ProvedBy "proved_by" Shown "The key that proved an intruder's login.";
    PassedOn "passed_on" Likely "A connection of the session to a host, and a login there from here within 30 seconds.";
    SameUser "same_user" Likely "A log line without session, of the session's user, while the session was open.";
    StolenElsewhere "stolen_elsewhere" Likely "A stolen key used from a further address that it was never used from.";
    CalledHome "called_home" Likely "An address that the intruder's session connected to then acted itself.";
    PassedOnAmong "passed_on_among" Possible "A connection of the session to a host; logins of several users there fit.";
    Knocked "knocked" Possible "A connection to a host without a login seen there.";
    RanWritten "ran_written" Possible "Somebody ran a file that the intruder wrote.";
}

/// Whose links the scope must know next.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Links that touch any of these (as from, to or via).
    pub entities: Vec<Entity>,
    /// In this time.
    pub window: Window,
}

/// A scope while it grows.
#[derive(Debug)]
pub struct Scope {
    indicators: Vec<Entity>,
    at: Option<Time>,
    addresses: BTreeMap<String, String>,
    logs_begin: Option<Time>,
    limits: Limits,
    graph: Graph,
    ids: Vec<Id>,
    asked: HashSet<Id>,
    wanted: BTreeSet<Id>,
    rounds: u32,
    cut: BTreeSet<&'static str>,
    reached: Reached,
}

impl Scope {
    /// A scope from indicators. `at` is the earliest time that is suspected: what was seen on days before it counts as habit. Without
    /// it, the scope finds the day on which the indicators first had to do with somebody new (see `habit`).
    pub fn new(indicators: &[Entity], at: Option<Time>) -> Scope {
        let mut graph = Graph::default();
        let ids: Vec<Id> = indicators.iter().map(|e| graph.id(e)).collect();
        let wanted = ids.iter().copied().collect();
        Scope {
            indicators: indicators.to_vec(),
            at,
            addresses: BTreeMap::new(),
            logs_begin: None,
            limits: Limits::default(),
            graph,
            ids,
            asked: HashSet::new(),
            wanted,
            rounds: 0,
            cut: BTreeSet::new(),
            reached: Reached::default(),
        }
    }

    /// The same with other limits.
    pub fn with_limits(self, limits: Limits) -> Scope {
        Scope { limits, ..self }
    }

    /// Tells which host has an address, as a registry knows it. Without, addresses are learned from the hosts' own logs.
    pub fn know_address(&mut self, address: &str, host: &str) {
        let (address, host) = (Entity::new(event::Kind::Ip, address), Entity::new(event::Kind::Host, host));
        self.graph.id(&address);
        self.graph.id(&host);
        self.addresses.insert(address.value, host.value);
    }

    /// Tells when the logs begin, so that what is new can be told from what was always there.
    pub fn know_begin(&mut self, first_event: Time) {
        self.logs_begin = Some(first_event);
    }

    /// The indicators that it started from.
    pub fn indicators(&self) -> &[Entity] {
        &self.indicators
    }

    /// The start of the suspected time: the day of `at`, or the day found; `None` before the first answer.
    pub fn suspected_since(&self) -> Option<Time> {
        let day = |t: Time| Time(t.0.div_euclid(DAY).saturating_mul(DAY));
        self.at.map(day).or_else(|| habit::suspected(&self.graph, &self.ids, self.logs_begin))
    }

    /// Whether there are days before `since` to compare with, or the responder named the day.
    fn compares(&self, since: Time) -> bool {
        let earlier = |id: &Id| self.graph.starting(*id).chain(self.graph.ending(*id)).any(|r| r.first < since);
        self.at.is_some() || self.logs_begin.is_some_and(|b| b < since) || self.ids.iter().any(earlier)
    }

    /// The addresses of a machine: the registry's word, and what its own logs said.
    fn addresses_of(&self, host: &Entity) -> BTreeSet<String> {
        let listed = self.addresses.iter().filter(|(_, h)| **h == host.value).map(|(a, _)| a.clone());
        let own = self.graph.find(host).into_iter().flat_map(|id| self.graph.starting(id)).filter(|r| r.relation == event::Relation::On);
        let own = own.map(|r| self.graph.name(r.to)).filter(|e| e.kind == event::Kind::Ip).map(|e| e.value.clone());
        listed.chain(own).collect()
    }

    /// The entities reached so far.
    pub fn entities(&self) -> Vec<Entity> {
        self.reached.nodes.keys().map(|id| self.graph.name(*id).clone()).collect()
    }
}

/// What the scope must know next; `None` when it is whole (or at a limit, which the answer names).
pub fn questions(scope: &Scope) -> Option<Question> {
    if scope.wanted.is_empty() || scope.rounds >= scope.limits.rounds {
        return None;
    }
    let entities = scope.wanted.iter().take(scope.limits.question_entities).map(|id| scope.graph.name(*id).clone()).collect();
    let since = scope.suspected_since().map(|s| s.plus(-HABIT_DAYS * DAY));
    Some(Question { entities, window: Window { since, until: None } })
}

/// Takes the answer to the last question in, and says which entities became new.
pub fn absorb(scope: &mut Scope, links: &[Link]) -> Vec<Entity> {
    let answered: Vec<Id> = scope.wanted.iter().take(scope.limits.question_entities).copied().collect();
    scope.asked.extend(answered);
    scope.rounds += 1;
    for link in links {
        if scope.graph.len() >= scope.limits.links {
            scope.cut.insert("links");
            break;
        }
        scope.graph.add(link);
    }
    let before: BTreeSet<Id> = scope.reached.nodes.keys().copied().collect();
    infer(scope);
    if scope.rounds >= scope.limits.rounds && !scope.wanted.is_empty() {
        scope.cut.insert("rounds");
    }
    let new = scope.reached.nodes.keys().filter(|id| !before.contains(id));
    new.map(|id| scope.graph.name(*id).clone()).collect()
}

/// Everything that follows from what is known, and what would have to be known to go on.
fn infer(scope: &mut Scope) {
    let Some(since) = scope.suspected_since() else {
        // No link touches any indicator.
        scope.wanted.retain(|id| !scope.asked.contains(id));
        return;
    };
    let (baseline, compares) = (scope.logs_begin.is_some_and(|b| b < since), scope.compares(since));
    let known = Known {
        graph: &scope.graph,
        asked: &scope.asked,
        since,
        baseline,
        compares,
        addresses: &scope.addresses,
        wanted: Default::default(),
        told: Default::default(),
    };
    let roots = back::causes(&known, &scope.ids);
    let reached = forward::reach(&known, &roots, scope.limits.nodes);
    if reached.cut {
        scope.cut.insert("nodes");
    }
    scope.wanted = if reached.cut { BTreeSet::new() } else { known.wanted.into_inner() };
    scope.wanted.extend(scope.ids.iter().filter(|id| !scope.asked.contains(id)));
    scope.reached = reached;
}

/// The answer, with what could not be seen.
pub fn finish(scope: &Scope, coverage: &Coverage) -> Answer {
    answer::of(scope, coverage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_rules_says_what_the_rules_are() {
        let table: Vec<&str> = include_str!("mod.rs").lines().filter(|l| l.starts_with("//! | `")).collect();
        assert_eq!(table.len(), Rule::ALL.len());
        for (line, rule) in table.iter().zip(Rule::ALL) {
            let level = format!("{:?}", rule.level()).to_lowercase();
            assert!(line.starts_with(&format!("//! | `{}` | {level} |", rule.name())), "{line}");
        }
    }
}
