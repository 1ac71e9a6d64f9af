//! What the intruder saw and changed, counted: different things by what holds them. The count is whole, however many things are named.

use std::collections::{BTreeMap, BTreeSet};

use event::{Entity, Kind, Relation, Time};
use serde::{Deserialize, Serialize};

use super::{
    Level,
    forward::Hop,
    graph::{Graph, Id},
};
use crate::container;

/// Things of one holder that become nodes of their own, by relation; beyond it they are counted and not named.
pub const THINGS_NAMED_MAX: usize = 500;
/// Events that a count lists.
pub const EVENTS_LISTED_MAX: usize = 8;

/// Things of one holder to which the intruder did one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    /// What holds them: bucket, dataset, folder; the thing itself where nothing does.
    pub container: Entity,
    /// What was done: read, listed, copied, wrote, deleted, granted, created.
    pub relation: Relation,
    /// Different things, all of them.
    pub objects: u64,
    /// How many of them are nodes of the answer.
    pub named: u64,
    /// Bytes that went out to the one who asked; nothing where no log says.
    pub bytes: Option<u64>,
    /// Who did it: credentials, sessions, users.
    pub by: Vec<Entity>,
    /// First time.
    pub first: Time,
    /// Last time.
    pub last: Time,
    /// How sure it is that it was the intruder: the surest.
    pub confidence: Level,
    /// Events that show it; at most `EVENTS_LISTED_MAX`.
    pub events: Vec<String>,
}

/// Things while they are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Things(BTreeMap<(Entity, Relation), Tally>);

#[derive(Clone, Debug)]
struct Tally {
    seen: BTreeSet<Id>,
    named: BTreeSet<Id>,
    by: BTreeSet<Id>,
    first: Time,
    last: Time,
    level: Level,
    events: BTreeSet<(Time, String)>,
}

/// Whether an act on it is counted: data and files, not identities, hosts or accounts.
pub(super) fn counts(kind: Kind, relation: Relation) -> bool {
    let done =
        matches!(relation, Relation::Read | Relation::Listed | Relation::Copied | Relation::Wrote | Relation::Deleted | Relation::Granted | Relation::Created);
    done && matches!(kind, Kind::Resource | Kind::File)
}

impl Things {
    /// Counts the end of a hop, whose link lasted until `last`. Says whether it is to be a node of its own.
    pub fn count(&mut self, graph: &Graph, hop: &Hop, last: Time) -> bool {
        let holder = container(graph.name(hop.to));
        let tally = self.0.entry((holder, hop.relation)).or_insert_with(|| Tally {
            seen: BTreeSet::new(),
            named: BTreeSet::new(),
            by: BTreeSet::new(),
            first: hop.time,
            last,
            level: hop.level,
            events: BTreeSet::new(),
        });
        tally.seen.insert(hop.to);
        tally.by.insert(hop.from);
        (tally.first, tally.last, tally.level) = (tally.first.min(hop.time), tally.last.max(last), tally.level.min(hop.level));
        tally.events.insert((hop.time, hop.event.clone()));
        if tally.events.len() > EVENTS_LISTED_MAX {
            // The first ones and the last one stay.
            let middle = tally.events.iter().nth(EVENTS_LISTED_MAX - 1).cloned();
            middle.map(|m| tally.events.remove(&m));
        }
        let room = tally.named.len() < THINGS_NAMED_MAX;
        if room {
            tally.named.insert(hop.to);
        }
        tally.named.contains(&hop.to)
    }

    /// The counts, in order of time. `stands_for` gives whom a process belongs to.
    pub fn told(&self, graph: &Graph, stands_for: impl Fn(Id) -> Id) -> Vec<Affected> {
        let mut told: Vec<Affected> = self.0.iter().map(|((holder, relation), t)| t.told(graph, holder, *relation, &stands_for)).collect();
        told.sort_by(|a, b| (a.first, &a.container, a.relation).cmp(&(b.first, &b.container, b.relation)));
        told
    }
}

impl Tally {
    fn told(&self, graph: &Graph, holder: &Entity, relation: Relation, stands_for: &impl Fn(Id) -> Id) -> Affected {
        let by: BTreeSet<Entity> = self.by.iter().map(|id| graph.name(stands_for(*id)).clone()).collect();
        Affected {
            container: holder.clone(),
            relation,
            objects: self.seen.len() as u64,
            named: self.named.len() as u64,
            bytes: None,
            by: by.into_iter().collect(),
            first: self.first,
            last: self.last,
            confidence: self.level,
            events: self.events.iter().map(|(_, e)| e.clone()).collect(),
        }
    }
}
