//! The links that were answered so far, with entities as numbers. Decides nothing.

use std::collections::{BTreeMap, HashMap};

use event::{Entity, Link, Relation, Time, time::DAY};

/// Number of an entity in a graph.
pub(super) type Id = u32;

/// A link with numbers for entities.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub from: Id,
    pub relation: Relation,
    pub to: Id,
    pub via: Option<Id>,
    pub first: Time,
    pub last: Time,
    pub count: u64,
    pub event: String,
}

impl Row {
    /// The first time at or after `since`; `None` if it was over by then. Of a folded row only the first and the last time are known:
    /// if there were more between, it is taken to have gone on at once, so that nothing that followed is missed.
    pub fn since(&self, since: Time) -> Option<Time> {
        match (self.first >= since, self.last >= since) {
            (true, _) => Some(self.first),
            (false, true) => Some(if self.count > 2 { since } else { self.last }),
            (false, false) => None,
        }
    }

    /// Whether it happened (or may have, for a folded row) between two times, both included.
    pub fn within(&self, from: Time, to: Time) -> Option<Time> {
        let ends = [self.first, self.last].into_iter().find(|t| (from..=to).contains(t));
        ends.or_else(|| (self.count > 2 && self.first < from && self.last > to).then_some(from))
    }
}

type Key = (Id, Relation, Id, Option<Id>, i64);

/// All links known, found by either end.
#[derive(Debug, Default)]
pub(super) struct Graph {
    names: Vec<Entity>,
    ids: HashMap<Entity, Id>,
    rows: Vec<Row>,
    place: BTreeMap<Key, usize>,
    out: HashMap<Id, Vec<usize>>,
    into: HashMap<Id, Vec<usize>>,
}

impl Graph {
    /// The entity's number, given anew if it has none.
    pub fn id(&mut self, entity: &Entity) -> Id {
        if let Some(&id) = self.ids.get(entity) {
            return id;
        }
        let id = self.names.len() as Id;
        self.names.push(entity.clone());
        self.ids.insert(entity.clone(), id);
        id
    }

    /// The entity's number, if it has one.
    pub fn find(&self, entity: &Entity) -> Option<Id> {
        self.ids.get(entity).copied()
    }

    /// The entity of a number.
    pub fn name(&self, id: Id) -> &Entity {
        static NOBODY: Entity = Entity { kind: event::Kind::Url, value: String::new() };
        self.names.get(id as usize).unwrap_or(&NOBODY)
    }

    /// Adds a link. The same link answered twice is one.
    pub fn add(&mut self, link: &Link) {
        let (from, to, via) = (self.id(&link.from), self.id(&link.to), link.via.as_ref().map(|v| self.id(v)));
        let key = (from, link.relation, to, via, link.first.0.div_euclid(DAY));
        if let Some(row) = self.place.get(&key).and_then(|&at| self.rows.get_mut(at)) {
            if link.first < row.first {
                row.first = link.first;
                row.event.clone_from(&link.event);
            }
            row.last = row.last.max(link.last);
            row.count = row.count.max(link.count);
            return;
        }
        let at = self.rows.len();
        self.place.insert(key, at);
        self.out.entry(from).or_default().push(at);
        self.into.entry(to).or_default().push(at);
        self.rows.push(Row { from, relation: link.relation, to, via, first: link.first, last: link.last, count: link.count, event: link.event.clone() });
    }

    /// Links that start at an entity.
    pub fn starting(&self, id: Id) -> impl Iterator<Item = &Row> {
        self.out.get(&id).into_iter().flatten().filter_map(|&at| self.rows.get(at))
    }

    /// Links that end at an entity.
    pub fn ending(&self, id: Id) -> impl Iterator<Item = &Row> {
        self.into.get(&id).into_iter().flatten().filter_map(|&at| self.rows.get(at))
    }

    /// Links known.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}
