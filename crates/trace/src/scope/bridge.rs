//! From machine to machine: a session that connects to a host, and the login that the host then accepts from there.
//!
//! Logs of the two ends share no session id, so the tie is address and time; hence `likely`, and `possible` where logins of several
//! users fit. Rule `passed_on`.

use std::collections::BTreeSet;

use event::{Entity, Kind, Relation, Time, time::SECOND};

use super::{
    graph::{Id, Row},
    habit::{Known, host_in},
};

/// How long after the connection the login may be accepted (a person may have to type a passphrase; sshd's own limit is 120 s).
pub const ACCEPT_WITHIN_S: i64 = 30;
/// How far two hosts' clocks may disagree.
pub const CLOCKS_APART_S: i64 = 2;

/// A login that a connection led to.
#[derive(Debug)]
pub(super) struct Hop {
    pub session: Id,
    pub time: Time,
    pub event: String,
    /// Logins of other users fit as well.
    pub ambiguous: bool,
}

/// Logins that a connection from `actor` to the address of a host led to.
pub(super) fn ahead(known: &Known<'_>, actor: Id, connection: &Row, since: Time) -> Vec<Hop> {
    let Some(to) = known.host_of(connection.to) else { return Vec::new() };
    let Some(from) = host_in(known.graph.name(actor)) else { return Vec::new() };
    let addresses = known.addresses_of(from);
    let mut found: Vec<(Hop, Id)> = Vec::new();
    for &address in addresses.iter().filter(|a| known.need(**a)) {
        for login in logins(known, address).filter(|r| host_in(known.graph.name(r.to)) == Some(&to)) {
            if login.first >= since && connection.within(back(login.first), login.first.plus(CLOCKS_APART_S * SECOND)).is_some() {
                known.need(login.to);
                found.push((Hop { session: login.to, time: login.first, event: login.event.clone(), ambiguous: false }, login.to));
            }
        }
    }
    let users: BTreeSet<Id> = found.iter().flat_map(|(_, s)| users(known, *s)).collect();
    let ambiguous = users.len() > 1;
    found.into_iter().map(|(hop, _)| Hop { ambiguous, ..hop }).collect()
}

/// The failed login at a host that a connection from `actor` led to.
pub(super) fn refused<'a>(known: &'a Known<'_>, actor: Id, host: Id, connection: &Row) -> Option<&'a Row> {
    let from = host_in(known.graph.name(actor))?;
    let addresses: Vec<Id> = known.addresses_of(from).into_iter().filter(|a| known.need(*a)).collect();
    let failed = addresses.into_iter().flat_map(|a| known.graph.starting(a)).filter(|r| r.relation == Relation::Failed && r.to == host);
    failed.filter(|r| connection.within(back(r.first), r.first.plus(CLOCKS_APART_S * SECOND)).is_some()).min_by_key(|r| r.first)
}

/// Sessions (or processes) on other machines whose connection led to this login.
pub(super) fn behind(known: &Known<'_>, session: Id) -> Vec<(Id, Time)> {
    let Some(here) = host_in(known.graph.name(session)).map(str::to_owned) else { return Vec::new() };
    let mut found = Vec::new();
    for login in known.graph.ending(session).filter(|r| r.relation == Relation::LoggedIn && known.kind(r.from) == Kind::Ip) {
        let from = known.host_of(login.from);
        for address in known.addresses_of(&here).into_iter().filter(|a| known.need(*a)) {
            let connected = known.graph.ending(address).filter(|r| r.relation == Relation::Connected && known.kind(r.from) != Kind::Ip);
            for c in connected.filter(|c| c.within(back(login.first), login.first.plus(CLOCKS_APART_S * SECOND)).is_some()) {
                let place = host_in(known.graph.name(c.from));
                if place != Some(&here) && (from.is_none() || from.as_deref() == place) {
                    found.push((c.from, c.first));
                }
            }
        }
    }
    found
}

/// Whether the address belongs to a host that sends logs, or that the registry knows.
pub(super) fn inside(known: &Known<'_>, address: Id) -> bool {
    known.host_of(address).is_some()
}

/// The number of a host's entity, if any link named it.
pub(super) fn host_id(known: &Known<'_>, host: &str) -> Option<Id> {
    known.graph.find(&Entity::new(Kind::Host, host))
}

fn back(t: Time) -> Time {
    t.plus(-ACCEPT_WITHIN_S * SECOND)
}

fn logins<'a>(known: &'a Known<'_>, address: Id) -> impl Iterator<Item = &'a Row> {
    known.graph.starting(address).filter(|r| r.relation == Relation::LoggedIn && known.kind(r.to) == Kind::Session)
}

fn users<'a>(known: &'a Known<'_>, session: Id) -> impl Iterator<Item = Id> + 'a {
    known.graph.starting(session).filter(|r| r.relation == Relation::LoggedIn && known.kind(r.to) == Kind::User).map(|r| r.to)
}
