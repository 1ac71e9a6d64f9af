//! Who or what else could be reached from here, as the logs show: never said to be reached, only what the way would be.
//!
//! Reads links of what is controlled, those of the days before too: a right that was used once is there.

use std::collections::{BTreeMap, BTreeSet};

use event::{Entity, Kind, Relation, Time};
use serde::{Deserialize, Serialize};

use super::{
    Level, Scope, ScopeNode, Status,
    graph::{Id, Row},
    habit::host_in,
};

/// What could be reached that is listed; the surest and newest first. The answer says so where there is more.
pub const REACH_MAX: usize = 200;

/// By what means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A controlled identity took this role before.
    RoleTaken,
    /// A controlled user became this user before: sudo, su.
    Sudo,
    /// This machine accepted a controlled SSH key before.
    KeyAccepted,
    /// This credential was used on a controlled machine.
    KeyOnHost,
    /// This user logs in to a controlled machine.
    UserOnHost,
    /// A controlled machine logs in to this machine.
    LoginFromHost,
    /// An agent that runs commands for others was used on a controlled machine.
    Agent,
}

/// One thing that could be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// What.
    pub entity: Entity,
    /// From which controlled thing.
    pub from: Entity,
    /// By what means.
    pub means: Means,
    /// In a sentence.
    pub text: String,
    /// When that way was last used.
    pub last: Time,
    /// How often it was used.
    pub count: u64,
    /// Always `possible`: the logs show the way, not that it was taken.
    pub confidence: Level,
    /// Events that show it.
    pub events: Vec<String>,
}

/// All that could be reached, and how many more there are than listed.
pub(super) fn reach(scope: &Scope, nodes: &[ScopeNode]) -> (Vec<Reach>, usize) {
    let mut finder = Finder { scope, inside: nodes.iter().map(|n| &n.entity).collect(), found: BTreeMap::new() };
    for n in nodes.iter().filter(|n| matches!(n.status, Status::Entry | Status::Origin | Status::Controlled)) {
        let Some(id) = scope.graph.find(&n.entity) else { continue };
        match n.entity.kind {
            Kind::Host => finder.host(&n.entity, id),
            Kind::User | Kind::Credential | Kind::Session => finder.identity(&n.entity, id),
            _ => {}
        }
    }
    let mut found: Vec<Reach> = finder.found.into_values().collect();
    found.sort_by(|a, b| (a.means, std::cmp::Reverse(a.last), &a.entity, &a.from).cmp(&(b.means, std::cmp::Reverse(b.last), &b.entity, &b.from)));
    let more = found.len().saturating_sub(REACH_MAX);
    found.truncate(REACH_MAX);
    (found, more)
}

struct Finder<'a> {
    scope: &'a Scope,
    inside: BTreeSet<&'a Entity>,
    found: BTreeMap<(Entity, Means), Reach>,
}

impl Finder<'_> {
    fn name(&self, id: Id) -> &Entity {
        self.scope.graph.name(id)
    }

    fn rows(&self, id: Id, relation: Relation) -> Vec<Row> {
        self.scope.graph.starting(id).filter(|r| r.relation == relation).cloned().collect()
    }

    fn add(&mut self, entity: Entity, from: &Entity, means: Means, r: &Row) {
        if self.inside.contains(&entity) || entity == *from {
            return;
        }
        let text = sentence(&entity, from, means);
        let new = Reach { entity: entity.clone(), from: from.clone(), means, text, last: r.last, count: 0, confidence: Level::Possible, events: Vec::new() };
        let reach = self.found.entry((entity, means)).or_insert(new);
        reach.count += r.count;
        if r.last >= reach.last || reach.events.is_empty() {
            reach.last = r.last.max(reach.last);
            reach.events = vec![r.event.clone()];
        }
    }

    /// What a controlled identity or SSH key did on other days, or from other addresses.
    fn identity(&mut self, entity: &Entity, id: Id) {
        for r in self.rows(id, Relation::Assumed) {
            let to = self.name(r.to).clone();
            if to.kind == Kind::User {
                self.add(to, entity, Means::RoleTaken, &r);
            }
        }
        for r in self.rows(id, Relation::Became) {
            let to = self.name(r.to).clone();
            self.add(to, entity, Means::Sudo, &r);
        }
        let fingerprint = entity.kind == Kind::Credential && entity.value.contains(':');
        for r in self.rows(id, Relation::LoggedIn).into_iter().filter(|_| fingerprint) {
            if let Some(host) = host_in(self.name(r.to)).map(|h| Entity { kind: Kind::Host, value: h.to_owned() }) {
                self.add(host, entity, Means::KeyAccepted, &r);
            }
        }
    }

    /// What a controlled machine holds: keys used from its addresses, logins to others from there, those who log in to it.
    fn host(&mut self, entity: &Entity, id: Id) {
        for address in self.addresses(entity, id) {
            for r in self.rows(address, Relation::Used) {
                let to = self.name(r.to).clone();
                if to.kind == Kind::Credential {
                    self.add(to, entity, Means::KeyOnHost, &r);
                }
            }
            for r in self.rows(address, Relation::LoggedIn) {
                let to = self.name(r.to);
                let other = host_in(to).filter(|h| *h != entity.value).map(|h| Entity { kind: Kind::Host, value: h.to_owned() });
                if let (Kind::Session, Some(host)) = (to.kind, other) {
                    self.add(host, entity, Means::LoginFromHost, &r);
                }
            }
        }
        let users: Vec<Row> = self.scope.graph.ending(id).filter(|r| r.relation == Relation::On && self.name(r.from).kind == Kind::User).cloned().collect();
        for r in users {
            let user = self.name(r.from).clone();
            self.add(user, entity, Means::UserOnHost, &r);
        }
    }

    fn addresses(&self, host: &Entity, id: Id) -> BTreeSet<Id> {
        let listed = self.scope.addresses.iter().filter(|(_, h)| **h == host.value).filter_map(|(a, _)| self.scope.graph.find(&Entity::new(Kind::Ip, a)));
        let own = self.scope.graph.starting(id).filter(|r| r.relation == Relation::On && self.name(r.to).kind == Kind::Ip).map(|r| r.to);
        listed.chain(own).collect()
    }
}

fn sentence(entity: &Entity, from: &Entity, means: Means) -> String {
    let (to, from) = (&entity.value, &from.value);
    match means {
        Means::RoleTaken => format!("{from} has taken the role {to}"),
        Means::Sudo => format!("{from} has become {to}"),
        Means::KeyAccepted => format!("{to} has accepted the key {from}"),
        Means::KeyOnHost => format!("{to} is used on {from}"),
        Means::UserOnHost => format!("{to} logs in there, and its keys and agent may lie there"),
        Means::LoginFromHost => format!("{from} logs in to {to}"),
        Means::Agent => format!("{to} runs on {from}"),
    }
}
