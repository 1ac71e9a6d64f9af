//! Backward from the indicators, along relations that hand over control, to where it began.
//!
//! What is habit is not followed: an engineer who reads the bucket each day is no cause of today's theft. An identity that a person
//! named, of which nothing is out of habit, is followed whole: the responder said that it is bad.

use std::collections::{BTreeMap, BTreeSet};

use event::{Kind, Relation, Time};

use super::{
    bridge,
    graph::{Id, Row},
    habit::{Known, lasting},
};

/// An actor, and the address that ties its acts to the intruder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Start {
    pub who: Id,
    pub tie: Option<Id>,
}

/// Walks back from the indicators. Gives everything that led to them and had no cause of its own; of actors that led only to each
/// other (a user whose key made the session whose address used the key) the earliest.
pub(super) fn causes(known: &Known<'_>, indicators: &[Id]) -> BTreeSet<Start> {
    let mut effects: BTreeMap<Start, Vec<Start>> = BTreeMap::new();
    let mut roots = BTreeSet::new();
    let mut open: Vec<Start> = indicators.iter().flat_map(|i| starts(known, *i)).collect();
    let mut seen = BTreeSet::new();
    while let Some(start) = open.pop() {
        if !seen.insert(start) {
            continue;
        }
        let before = if known.need(start.who) { of(known, start) } else { Vec::new() };
        if before.is_empty() {
            roots.insert(start);
        }
        before.iter().for_each(|b| effects.entry(*b).or_default().push(start));
        open.extend(before);
    }
    let mut left = seen;
    roots.iter().for_each(|r| take_effects(*r, &effects, &mut left));
    while let Some(first) = left.iter().copied().min_by_key(|s| (begin(known, *s), known.kind(s.who) != Kind::Ip)) {
        roots.insert(first);
        take_effects(first, &effects, &mut left);
    }
    roots
}

/// Takes out everything that a start led to, itself too.
fn take_effects(start: Start, effects: &BTreeMap<Start, Vec<Start>>, left: &mut BTreeSet<Start>) {
    let mut open = vec![start];
    while let Some(s) = open.pop() {
        if left.remove(&s) {
            open.extend(effects.get(&s).into_iter().flatten());
        }
    }
}

/// The first act of a start on or after the suspected day; far away if none is known.
pub(super) fn begin(known: &Known<'_>, start: Start) -> Time {
    let own = |r: &&Row| start.tie.is_none() || r.via == start.tie || Some(r.from) == start.tie;
    let rows = known.graph.starting(start.who).chain(known.graph.ending(start.who)).filter(own);
    rows.filter(|r| r.relation != Relation::Failed).filter_map(|r| r.since(known.since)).min().unwrap_or(Time(i64::MAX))
}

/// What an indicator stands for: actors stand for themselves, things for those who did something unusual to them.
fn starts(known: &Known<'_>, id: Id) -> Vec<Start> {
    if !known.need(id) {
        return Vec::new();
    }
    match known.kind(id) {
        Kind::Ip if (known.hub(id) || bridge::inside(known, id)) && known.compares => unusual_from(known, id),
        Kind::Ip if known.hub(id) || bridge::inside(known, id) => Vec::new(),
        Kind::Ip => vec![Start { who: id, tie: None }],
        Kind::Session if known.on_host(id) => vec![Start { who: id, tie: None }],
        Kind::Process => vec![Start { who: known.session_of(id).unwrap_or(id), tie: None }],
        Kind::Credential | Kind::Session | Kind::User => identity(known, id),
        // Of those who had to do with a thing, only comparing tells who should not have.
        _ if !known.compares => Vec::new(),
        Kind::Host => {
            let addresses = known.addresses_of(&known.graph.name(id).value).into_iter().filter(|a| known.need(*a));
            std::iter::once(id).chain(addresses).flat_map(|thing| doers(known, thing)).collect()
        }
        _ => doers(known, id),
    }
}

/// Those who did something unusual to a thing.
fn doers(known: &Known<'_>, thing: Id) -> Vec<Start> {
    known.graph.ending(thing).filter(|r| recent(known, r)).filter_map(|r| doer(known, r)).collect()
}

/// Those of a shared address who had not come from it before.
fn unusual_from(known: &Known<'_>, address: Id) -> Vec<Start> {
    let new = |r: &&Row| matches!(r.relation, Relation::Used | Relation::LoggedIn) && recent(known, r) && known.kind(r.to) != Kind::User;
    let rows = known.graph.starting(address).filter(new);
    rows.filter(|r| known.usual(r.to, Some(address)) == Some(false)).map(|r| Start { who: r.to, tie: tie_of(known, r.to, address) }).collect()
}

fn tie_of(known: &Known<'_>, who: Id, address: Id) -> Option<Id> {
    (!(known.kind(who) == Kind::Session && known.on_host(who))).then_some(address)
}

/// An identity: the unusual ones of its uses; all of them, if none is unusual.
fn identity(known: &Known<'_>, id: Id) -> Vec<Start> {
    let mut found: Vec<Start> = Vec::new();
    for r in known.graph.ending(id).filter(|r| recent(known, r)) {
        match r.relation {
            Relation::Used | Relation::LoggedIn if known.kind(r.from) == Kind::Ip && known.kind(id) == Kind::User && known.on_host(id) => {}
            Relation::Used | Relation::LoggedIn if known.kind(r.from) == Kind::Ip => {
                // What is handed out anew each time was never used from anywhere before: of it only its user can tell.
                let new_place = lasting(known.graph, id) && known.need(r.from) && !known.pair(r.from, id);
                if known.usual(id, Some(r.from)) == Some(false) || new_place {
                    found.push(Start { who: id, tie: Some(r.from) });
                }
            }
            _ => found.extend(doer(known, r)),
        }
    }
    if known.kind(id) == Kind::Credential && known.on_host(id) {
        let logins = known.graph.starting(id).filter(|r| r.relation == Relation::LoggedIn && recent(known, r));
        found.extend(logins.filter(|r| known.usual(r.to, None) == Some(false)).map(|r| Start { who: r.to, tie: None }));
    }
    if found.is_empty() { vec![Start { who: id, tie: None }] } else { found }
}

/// Who did what a link says, if that was out of habit.
fn doer(known: &Known<'_>, r: &Row) -> Option<Start> {
    let acts = !matches!(r.relation, Relation::Failed | Relation::Touched | Relation::Executed);
    let user_at_host = r.relation == Relation::On && known.kind(r.from) == Kind::User;
    if !acts || user_at_host || known.kind(r.from) == Kind::Ip || known.usual(r.from, r.via) != Some(false) {
        return None;
    }
    let who = if known.kind(r.from) == Kind::Process { known.session_of(r.from)? } else { r.from };
    Some(Start { who, tie: r.via.filter(|v| known.kind(*v) == Kind::Ip).and_then(|v| tie_of(known, who, v)) })
}

fn recent(known: &Known<'_>, r: &Row) -> bool {
    r.last >= known.since
}

/// What handed control to an actor.
fn of(known: &Known<'_>, start: Start) -> Vec<Start> {
    match known.kind(start.who) {
        Kind::Ip => of_address(known, start.who),
        Kind::Session if known.on_host(start.who) => of_login(known, start.who),
        Kind::Process => of_process(known, start.who),
        _ => of_identity(known, start),
    }
}

/// An address has no cause in itself; but the keys that it used have makers, and machines connected to it.
fn of_address(known: &Known<'_>, address: Id) -> Vec<Start> {
    if known.hub(address) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for r in known.graph.starting(address).filter(|r| matches!(r.relation, Relation::Used | Relation::LoggedIn) && recent(known, r)) {
        if known.need(r.to) {
            found.extend(makers(known, r.to, Some(r.last)));
        }
    }
    let connected = known.graph.ending(address).filter(|r| r.relation == Relation::Connected && recent(known, r));
    found.extend(connected.filter_map(|r| doer(known, r)));
    found
}

/// Who made an identity or key, or handed it out, not later than it was used.
fn makers(known: &Known<'_>, who: Id, used: Option<Time>) -> Vec<Start> {
    let made = |r: &&Row| matches!(r.relation, Relation::Created | Relation::Assumed) && recent(known, r) && used.is_none_or(|u| r.first <= u);
    let lasting = |r: &&Row| !(r.relation == Relation::Assumed && known.kind(who) == Kind::User);
    let rows = known.graph.ending(who).filter(made).filter(lasting);
    rows.filter(|r| known.usual(r.from, r.via) != Some(true)).map(|r| Start { who: r.from, tie: r.via.and_then(|v| tie_of(known, r.from, v)) }).collect()
}

fn of_login(known: &Known<'_>, session: Id) -> Vec<Start> {
    let mut found = Vec::new();
    for r in known.twins(session).into_iter().flat_map(|s| known.graph.ending(s)) {
        let from = known.kind(r.from) == Kind::Ip && r.relation == Relation::LoggedIn && known.need(r.from);
        if from && !known.hub(r.from) && !bridge::inside(known, r.from) {
            found.push(Start { who: r.from, tie: None });
        }
    }
    for twin in known.twins(session) {
        found.extend(bridge::behind(known, twin).into_iter().map(|(who, _)| Start { who, tie: None }));
    }
    found
}

fn of_process(known: &Known<'_>, process: Id) -> Vec<Start> {
    if let Some(session) = known.session_of(process) {
        return vec![Start { who: session, tie: None }];
    }
    let parents = known.graph.ending(process).filter(|r| r.relation == Relation::Started && recent(known, r));
    parents.map(|r| Start { who: r.from, tie: None }).collect()
}

fn of_identity(known: &Known<'_>, start: Start) -> Vec<Start> {
    let mut found = makers(known, start.who, None);
    let own = |r: &&Row| recent(known, r) && r.relation == Relation::LoggedIn && r.via == start.tie && known.kind(r.from) != Kind::Ip;
    if start.tie.is_some() {
        found.extend(known.graph.ending(start.who).filter(own).map(|r| Start { who: r.from, tie: start.tie }));
    } else if known.on_host(start.who) && known.kind(start.who) == Kind::User {
        let rows = known.graph.ending(start.who).filter(|r| recent(known, r) && matches!(r.relation, Relation::LoggedIn | Relation::Became));
        found.extend(rows.filter(|r| known.usual(r.from, r.via) == Some(false)).map(|r| Start { who: r.from, tie: None }));
    }
    let address = start.tie.filter(|a| known.need(*a) && !known.hub(*a) && !bridge::inside(known, *a));
    found.extend(address.map(|who| Start { who, tie: None }));
    found
}
