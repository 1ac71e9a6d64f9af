//! Links folded: one row for each day, from, relation, to and via.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use event::{Fields, Link, Time, time::DAY};

use super::{Act, Scratch, Seen, visit};

/// Folds the links of many events. Adding an event whose links are all known allocates nothing.
#[derive(Debug, Default)]
pub struct Aggregate {
    scratch: Scratch,
    hasher: RandomState,
    /// Hash of a link's key to the newest row with it; rows with the same hash form a chain.
    newest: HashMap<u64, usize>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    day: i64,
    link: Link,
    older: Option<usize>,
}

impl Aggregate {
    /// Adds the links of an event.
    pub fn add(&mut self, row: &impl Fields) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let time = row.time();
        visit(row, &mut scratch, |act| self.put(time, act, || row.id()));
        self.scratch = scratch;
    }

    /// Adds a link that was folded before, as from another batch.
    pub fn add_link(&mut self, link: Link) {
        let act = Act { from: seen(&link.from), relation: link.relation, to: seen(&link.to), via: link.via.as_ref().map(seen) };
        let (day, hash) = self.key(link.first, &act);
        match self.find(day, hash, &act) {
            Some(at) => self.rows.get_mut(at).into_iter().for_each(|row| merge(&mut row.link, &link)),
            None => self.insert(day, hash, link),
        }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes the rows out, ordered by from, relation, to, via and day, and starts anew.
    pub fn take(&mut self) -> Vec<Link> {
        self.newest.clear();
        let mut links: Vec<Link> = self.rows.drain(..).map(|r| r.link).collect();
        links.sort_unstable_by(|a, b| (&a.from, a.relation, &a.to, &a.via, a.first).cmp(&(&b.from, b.relation, &b.to, &b.via, b.first)));
        links
    }

    fn key(&self, time: Time, act: &Act<'_>) -> (i64, u64) {
        let day = time.0.div_euclid(DAY);
        let mut h = self.hasher.build_hasher();
        h.write_i64(day);
        h.write_u8(act.relation as u8);
        for part in [Some(act.from), Some(act.to), act.via].into_iter().flatten() {
            h.write_u8(part.kind as u8);
            h.write(part.value.as_bytes());
            h.write_u8(0xff);
        }
        (day, h.finish())
    }

    fn find(&self, day: i64, hash: u64, act: &Act<'_>) -> Option<usize> {
        let mut at = self.newest.get(&hash).copied();
        while let Some(row) = at.and_then(|i| self.rows.get(i)) {
            if row.day == day && same(&row.link, act) {
                return at;
            }
            at = row.older;
        }
        None
    }

    fn put(&mut self, time: Time, act: Act<'_>, id: impl Fn() -> String) {
        let (day, hash) = self.key(time, &act);
        if let Some(row) = self.find(day, hash, &act).and_then(|at| self.rows.get_mut(at)) {
            row.link.count += 1;
            row.link.last = row.link.last.max(time);
            if time < row.link.first {
                row.link.first = time;
                row.link.event = id();
            }
            return;
        }
        let via = act.via.map(Seen::to_entity);
        let link = Link { from: act.from.to_entity(), relation: act.relation, to: act.to.to_entity(), via, first: time, last: time, count: 1, event: id() };
        self.insert(day, hash, link);
    }

    fn insert(&mut self, day: i64, hash: u64, link: Link) {
        let older = self.newest.insert(hash, self.rows.len());
        self.rows.push(Row { day, link, older });
    }
}

/// Folds one row of the same day and key into another.
fn merge(into: &mut Link, other: &Link) {
    into.count += other.count;
    into.last = into.last.max(other.last);
    if other.first < into.first {
        into.first = other.first;
        into.event.clone_from(&other.event);
    }
}

fn seen(e: &event::Entity) -> Seen<'_> {
    Seen { kind: e.kind, value: &e.value }
}

fn same(link: &Link, act: &Act<'_>) -> bool {
    link.relation == act.relation && seen(&link.from) == act.from && seen(&link.to) == act.to && link.via.as_ref().map(seen) == act.via
}
