//! What is habit: pairs of address and identity seen before the day of suspicion, and addresses that many share.
//! Habitual acts are not followed backward, and shared addresses are not crossed; only sessions are.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use event::{Entity, Kind, Relation, Time, time::DAY};

use super::graph::{Graph, Id, Row};

/// An address from which so many identities of their own act is taken as shared (a NAT, a proxy) where no days before tell: a new
/// address that many identities come from all at once is no NAT but a theft of many.
pub const HUB_IDENTITIES: usize = 5;

/// What inference works on. It notes what it would have to know next.
pub(super) struct Known<'a> {
    pub graph: &'a Graph,
    pub asked: &'a HashSet<Id>,
    /// Acts before this are habit.
    pub since: Time,
    /// Whether the logs reach back before the suspected days.
    pub baseline: bool,
    /// Whether there are days before to compare with, or the responder named the day.
    pub compares: bool,
    /// Addresses that the registry knows: address to host.
    pub addresses: &'a BTreeMap<String, String>,
    pub wanted: RefCell<BTreeSet<Id>>,
    /// Answers that are asked for again and again of addresses with many links.
    pub told: Told,
}

/// What was worked out of addresses so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    hubs: RefCell<HashMap<Id, bool>>,
    hosts: RefCell<HashMap<Id, Option<String>>>,
}

impl Known<'_> {
    /// Whether the links of an entity are known; if not, they are asked for next.
    pub fn need(&self, id: Id) -> bool {
        let known = self.asked.contains(&id);
        if !known {
            self.wanted.borrow_mut().insert(id);
        }
        known
    }

    /// The kind of an entity.
    pub fn kind(&self, id: Id) -> Kind {
        self.graph.name(id).kind
    }

    /// Whether it is an identity of a machine, not of a provider. An address of e-mail is written like a machine's user whose machine
    /// has a long name; it is one only where such a machine is known.
    pub fn on_host(&self, id: Id) -> bool {
        let name = self.graph.name(id);
        match name.kind {
            Kind::User => match name.value.rsplit_once('@') {
                Some((_, host)) if !name.value.starts_with("arn:") => !host.contains('.') || self.graph.find(&Entity::new(Kind::Host, host)).is_some(),
                _ => false,
            },
            Kind::Session => !name.value.starts_with("arn:") && name.value.contains('/'),
            Kind::Credential => name.value.starts_with("SHA256:") || name.value.starts_with("MD5:"),
            _ => false,
        }
    }

    /// Whether it is a service of the provider, which acts for everybody: nothing is followed through it.
    pub fn service(&self, id: Id) -> bool {
        let name = self.graph.name(id);
        name.kind == Kind::User && !name.value.contains(['@', ':', '/']) && name.value.ends_with(".amazonaws.com")
    }

    /// Whether an address is shared: it was in use before the suspected days, or, if the logs do not reach back, by many.
    pub fn hub(&self, address: Id) -> bool {
        if let Some(&told) = self.told.hubs.borrow().get(&address) {
            return told;
        }
        let hub = self.shared(address);
        self.told.hubs.borrow_mut().insert(address, hub);
        hub
    }

    fn shared(&self, address: Id) -> bool {
        let used = || self.graph.starting(address).filter(|r| matches!(r.relation, Relation::Used | Relation::LoggedIn));
        if used().any(|r| r.first < self.since) {
            return true;
        }
        if self.baseline {
            return false;
        }
        let own = |r: &&Row| {
            self.kind(r.to) == Kind::User
                && !self.graph.ending(r.to).any(|m| matches!(m.relation, Relation::Assumed | Relation::Created) && m.first >= self.since)
        };
        used().filter(own).map(|r| r.to).collect::<BTreeSet<Id>>().len() >= HUB_IDENTITIES
    }

    /// Whether an identity was seen from an address before the suspected days. (An identity has few addresses, an address many identities.)
    pub fn pair(&self, address: Id, who: Id) -> bool {
        self.graph.ending(who).any(|r| r.from == address && matches!(r.relation, Relation::Used | Relation::LoggedIn) && r.first < self.since)
    }

    /// Whether what `actor` did, tied by `via`, is habit. `None`: it cannot be told (no address known, or not asked yet).
    pub fn usual(&self, actor: Id, via: Option<Id>) -> Option<bool> {
        if self.service(actor) {
            return Some(true);
        }
        match self.kind(actor) {
            Kind::Session if self.on_host(actor) => self.usual_login(actor),
            Kind::Process => self.session_of(actor).and_then(|s| self.usual_login(s)),
            Kind::User if self.on_host(actor) => self.usual_user(actor),
            Kind::Credential | Kind::Session | Kind::User => {
                let address = via.filter(|v| self.kind(*v) == Kind::Ip)?;
                self.need(address).then(|| {
                    let users = self.graph.starting(actor).filter(|r| r.relation == Relation::LoggedIn && r.via == via);
                    self.pair(address, actor) || users.into_iter().any(|r| self.pair(address, r.to))
                })
            }
            _ => None,
        }
    }

    /// A login is habit if its user came from its address before.
    fn usual_login(&self, session: Id) -> Option<bool> {
        if !self.need(session) {
            return None;
        }
        let twins: Vec<Id> = self.twins(session);
        let mut told = None;
        for r in twins.iter().flat_map(|s| self.graph.ending(*s)).filter(|r| r.relation == Relation::LoggedIn && self.kind(r.from) == Kind::Ip) {
            if !self.need(r.from) {
                return None;
            }
            let users = twins.iter().flat_map(|s| self.graph.starting(*s)).filter(|u| u.relation == Relation::LoggedIn && self.kind(u.to) == Kind::User);
            told = Some(told.unwrap_or(false) || users.into_iter().any(|u| self.pair(r.from, u.to)));
        }
        told
    }

    /// A user is habit if all addresses that it came from on the suspected days are.
    fn usual_user(&self, user: Id) -> Option<bool> {
        if !self.need(user) {
            return None;
        }
        let from: Vec<Id> = self.graph.ending(user).filter(|r| r.relation == Relation::Used && r.last >= self.since).map(|r| r.from).collect();
        (!from.is_empty()).then(|| from.iter().all(|a| self.pair(*a, user)))
    }

    /// The session and the other names of the same login (sshd's and audit's).
    pub fn twins(&self, session: Id) -> Vec<Id> {
        let same = |r: &Row| r.relation == Relation::LoggedIn && self.kind(r.from) == Kind::Session && self.kind(r.to) == Kind::Session && self.on_host(r.to);
        let to = self.graph.starting(session).filter(|r| same(r)).map(|r| r.to);
        let from = self.graph.ending(session).filter(|r| same(r) && self.on_host(r.from)).map(|r| r.from);
        let mut twins: Vec<Id> = std::iter::once(session).chain(to).chain(from).collect();
        twins.sort_unstable();
        twins.dedup();
        twins
    }

    /// The session that a process belongs to.
    pub fn session_of(&self, process: Id) -> Option<Id> {
        self.graph.ending(process).find(|r| r.relation == Relation::Started && self.kind(r.from) == Kind::Session).map(|r| r.from)
    }

    /// The host that an address belongs to: the registry's word, else what the host's own log said.
    pub fn host_of(&self, address: Id) -> Option<String> {
        if let Some(told) = self.told.hosts.borrow().get(&address) {
            return told.clone();
        }
        let on = |r: &&Row| r.relation == Relation::On && self.kind(r.from) == Kind::Host;
        let learned = || self.graph.ending(address).find(on).map(|r| self.graph.name(r.from).value.clone());
        let host = self.addresses.get(&self.graph.name(address).value).cloned().or_else(learned);
        self.told.hosts.borrow_mut().insert(address, host.clone());
        host
    }

    /// The addresses of a host. Asks for the host's links where the registry does not know one.
    pub fn addresses_of(&self, host: &str) -> Vec<Id> {
        let listed: Vec<Id> = self.addresses.iter().filter(|(_, h)| *h == host).filter_map(|(a, _)| self.graph.find(&Entity::new(Kind::Ip, a))).collect();
        if !listed.is_empty() || self.addresses.values().any(|h| h == host) {
            return listed;
        }
        let Some(id) = self.graph.find(&Entity::new(Kind::Host, host)) else { return Vec::new() };
        self.need(id);
        self.graph.starting(id).filter(|r| r.relation == Relation::On && self.kind(r.to) == Kind::Ip).map(|r| r.to).collect()
    }
}

/// The host in the name of a session, process, file or user of a machine.
pub fn host_in(e: &Entity) -> Option<&str> {
    match e.kind {
        Kind::Session | Kind::Process if !e.value.starts_with("arn:") => e.value.rsplit_once('/').map(|(h, _)| h),
        Kind::User if !e.value.starts_with("arn:") => e.value.rsplit_once('@').map(|(_, h)| h),
        Kind::File => e.value.split_once(':').map(|(h, _)| h),
        Kind::Host => Some(&e.value),
        _ => None,
    }
}

/// The start of the day on which the suspicion falls, where nobody named it: the earliest over the indicators.
///
/// For an address, its first day. For others, the first day on which it had to do with somebody whom it did not know on its own first
/// day. If there was no such day: for an identity, its first day; for a thing, its first day if the logs begin earlier (then it is new
/// itself), else its last.
pub(super) fn suspected(graph: &Graph, indicators: &[Id], logs_begin: Option<Time>) -> Option<Time> {
    let days = indicators.iter().filter_map(|id| suspected_day(graph, *id, logs_begin.map(day)));
    days.min().map(|d| Time(d.saturating_mul(DAY)))
}

fn suspected_day(graph: &Graph, id: Id, logs_begin: Option<i64>) -> Option<i64> {
    // Whom a machine was asked by changes by the hour: visitors tell nothing.
    let visit = |r: &&Row| r.relation == Relation::Connected && graph.name(r.from).kind == Kind::Ip;
    let rows = || graph.starting(id).map(|r| (r, r.to)).chain(graph.ending(id).filter(|r| !visit(r)).map(|r| (r, r.from)));
    let first = rows().map(|(r, _)| day(r.first)).min()?;
    let last = rows().map(|(r, _)| day(r.last)).max()?;
    let mut met: BTreeMap<Id, i64> = BTreeMap::new();
    for (r, other) in rows().filter(|(r, _)| r.relation != Relation::Failed) {
        for other in [Some(other), r.via].into_iter().flatten().filter(|o| lasting(graph, *o)) {
            let known = met.entry(other).or_insert(i64::MAX);
            *known = (*known).min(day(r.first));
        }
    }
    let news = met.into_values().filter(|d| *d > first).min();
    let new_itself = logs_begin.is_some_and(|b| b < first);
    Some(match graph.name(id).kind {
        Kind::Ip => first,
        Kind::User | Kind::Credential | Kind::Session | Kind::Process => news.unwrap_or(first),
        _ if new_itself => first,
        _ => news.unwrap_or(last),
    })
}

fn day(t: Time) -> i64 {
    t.0.div_euclid(DAY)
}

/// Sessions, processes and handed-out keys are new every day; addresses, users and lasting keys are not.
pub(super) fn lasting(graph: &Graph, id: Id) -> bool {
    let name = graph.name(id);
    match name.kind {
        Kind::Ip | Kind::User => true,
        Kind::Credential => !name.value.starts_with("ASIA"),
        _ => false,
    }
}
