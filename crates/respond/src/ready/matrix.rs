//! Systems and hosts by facets: what each logs, beside what it should.

use std::collections::BTreeMap;

use event::{Entity, Facet, Time, time::SECOND};
use serde::Serialize;

use super::{Input, Logged, SILENT_HOURS};
use crate::{Registry, registry::Entry};

/// How it stands with one facet of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It logs.
    Seen,
    /// It logs, though nobody expects it.
    Extra,
    /// It did, and has not for long.
    Silent,
    /// It should, and never did.
    Never,
    /// Nobody expects it, and it does not.
    None,
}

/// A cell of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The facet.
    pub facet: Facet,
    /// How it stands.
    pub state: State,
    /// First event.
    pub first: Option<Time>,
    /// Last event.
    pub last: Option<Time>,
    /// Events.
    pub events: u64,
}

/// A row of the matrix: an entry of the registry that logs can be of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The system, if it is part of one.
    pub system: Option<String>,
    /// Its name.
    pub name: String,
    /// The owner, as written.
    pub owner: Option<String>,
    /// `registry/systems.yaml:12`.
    pub place: String,
    /// A cell a facet.
    pub cells: Vec<Cell>,
}

/// Makes the rows, by system and name.
pub(super) fn matrix(input: &Input<'_>) -> Vec<Row> {
    let logged = input.logged.unwrap_or_default();
    let newest = logged.iter().map(|l| l.last).max().unwrap_or_default();
    let mut of: BTreeMap<(String, usize), Vec<&Logged>> = BTreeMap::new();
    for l in logged {
        if let Some(entry) = input.registry.entry_of(&l.entity, None) {
            of.entry(id(entry)).or_default().push(l);
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for entry in input.registry.entries() {
        let own = of.get(&id(entry)).map(Vec::as_slice).unwrap_or_default();
        let expected = expected(input.registry, entry);
        if own.is_empty() && expected.is_empty() {
            continue;
        }
        let cells = Facet::ALL.into_iter().map(|f| cell(f, own, expected.contains(&f), newest, input.logged.is_some())).collect();
        let system = if entry.is("system") { Some(entry) } else { system_of(input.registry, entry) };
        rows.push(Row {
            system: system.map(|s| s.name.clone()),
            name: entry.name.clone(),
            owner: entry.owner.as_ref().or(system.and_then(|s| s.owner.as_ref())).map(|r| r.text.clone()),
            place: format!("{}:{}", entry.file, entry.line),
            cells,
        });
    }
    rows.sort_by(|a, b| (&a.system, &a.name).cmp(&(&b.system, &b.name)));
    rows
}

fn id(entry: &Entry) -> (String, usize) {
    (entry.file.clone(), entry.line)
}

pub(super) fn system_of<'a>(registry: &'a Registry, entry: &Entry) -> Option<&'a Entry> {
    entry.system.as_ref().and_then(|r| registry.find(r, entry))
}

/// The facets that an entry should log: those it names; else those of its system that such a thing can log; else what any machine or
/// account does.
fn expected(registry: &Registry, entry: &Entry) -> Vec<Facet> {
    let (host, account) = (!entry.facts.hosts.is_empty(), !entry.facts.accounts.is_empty());
    if !["system", "component", "resource"].iter().any(|k| entry.is(k)) {
        return Vec::new();
    }
    let can = |f: &Facet| (host && *f != Facet::Cloud) || (account && matches!(f, Facet::Cloud | Facet::Network));
    let own = &entry.facts.facets;
    if !own.is_empty() {
        // A system that has parts speaks for them; itself it logs what its accounts do.
        let has_parts = entry.is("system") && registry.entries().iter().any(|e| system_of(registry, e).is_some_and(|s| std::ptr::eq(s, entry)));
        return own.iter().copied().filter(|f| !has_parts || can(f)).collect();
    }
    let system = system_of(registry, entry).map(|s| s.facts.facets.as_slice()).unwrap_or_default();
    if !system.is_empty() {
        return system.iter().copied().filter(can).collect();
    }
    let usual = [Facet::Runtime, Facet::Cloud, Facet::System];
    usual.into_iter().filter(can).collect()
}

fn cell(facet: Facet, logged: &[&Logged], expected: bool, newest: Time, known: bool) -> Cell {
    let own = || logged.iter().filter(|l| l.facet == facet);
    let (first, last) = (own().map(|l| l.first).min(), own().map(|l| l.last).max());
    let state = match last {
        Some(last) if last < newest.plus(-SILENT_HOURS * 3_600 * SECOND) => State::Silent,
        Some(_) if expected => State::Seen,
        Some(_) => State::Extra,
        None if expected && known => State::Never,
        None => State::None,
    };
    Cell { facet, state, first, last, events: own().map(|l| l.events).sum() }
}

/// Whether the registry has the host or account.
pub(super) fn registered(registry: &Registry, entity: &Entity) -> bool {
    registry.entry_of(entity, None).is_some()
}
