//! Forward from the entry: what the intruder came to hold, saw, changed and reached. The rules are in the table of `scope`.

use std::collections::{BTreeMap, BTreeSet};

use event::{Kind, Relation, Time};

use super::{
    Level, Rule, Status,
    affected::{Things, counts},
    back::{Start, begin},
    bridge,
    exfil::outside,
    graph::{Graph, Id, Row},
    habit::{Known, host_in},
};

/// Which acts of an entity are the intruder's.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Hold {
    /// All of them from the time it was reached.
    Free,
    /// Those from these addresses.
    From(BTreeSet<Id>),
    /// A user of a machine that an intruder's session is logged in as: what it did while that session was open, where no log says the session.
    During(Vec<(Time, Time)>),
    /// None: it is an end.
    Nothing,
}

/// How a node was reached.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub since: Time,
    pub level: Level,
    pub status: Status,
    /// All that the incident is to it, the status among them.
    pub also: BTreeSet<Status>,
    pub hold: Hold,
    /// The one before it, and the event of the hop; `None` for a start.
    pub before: Option<(Id, String)>,
}

/// One hop taken.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub from: Id,
    pub to: Id,
    pub relation: Relation,
    pub rule: Rule,
    pub time: Time,
    pub event: String,
    pub level: Level,
}

/// What going forward found.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub nodes: BTreeMap<Id, Node>,
    pub hops: Vec<Hop>,
    /// Starts that no earlier start reaches, in order of time.
    pub entries: Vec<Id>,
    /// The limit on nodes was reached.
    pub cut: bool,
    /// Things that were seen or changed, counted.
    pub things: Things,
}

/// A way to a node, not yet taken.
struct Way {
    to: Id,
    status: Status,
    hold: Hold,
    hop: Hop,
    /// The last time that its link says.
    last: Time,
}

/// Goes forward from the starts, the earliest first, to at most so many nodes.
pub(super) fn reach(known: &Known<'_>, roots: &BTreeSet<Start>, nodes_max: usize) -> Reached {
    let mut timed: Vec<(Time, Start)> = roots.iter().map(|s| (begin(known, *s), *s)).filter(|(t, _)| *t < Time(i64::MAX)).collect();
    timed.sort();
    let mut reached = Reached::default();
    for (time, start) in timed {
        let reached_before = reached.nodes.get(&start.who).map(|n| (n.status, n.level));
        if reached_before.is_none() {
            reached.entries.push(start.who);
        }
        let (status, level) = reached_before.unwrap_or((Status::Entry, Level::Shown));
        let hold = start.tie.map_or(Hold::Free, |t| Hold::From(BTreeSet::from([t])));
        let node = Node { since: time, level, status, also: BTreeSet::from([status]), hold, before: None };
        settle(known, &mut reached, start.who, node, nodes_max);
    }
    reached
}

/// Takes a node in and everything that follows from it: the surest ways first, of those the earliest.
fn settle(known: &Known<'_>, reached: &mut Reached, id: Id, node: Node, nodes_max: usize) {
    let mut open: BTreeMap<(Level, Time, u64), (Id, Node)> = BTreeMap::from([((node.level, node.since, 0), (id, node))]);
    let mut taken: BTreeSet<(Id, Relation, Id, String)> = reached.hops.iter().map(|h| (h.from, h.relation, h.to, h.event.clone())).collect();
    let mut count = 0u64;
    while let Some((_, (id, node))) = open.pop_first() {
        if reached.nodes.len() >= nodes_max && !reached.nodes.contains_key(&id) {
            reached.cut = true;
            continue;
        }
        let Some(now) = merge(reached, id, node) else { continue };
        let closed = now.hold == Hold::Nothing || matches!(known.kind(id), Kind::Host | Kind::Account | Kind::Resource);
        if closed || !known.need(id) {
            continue;
        }
        for way in ways(known, id, &now, &reached.nodes) {
            // What is only seen or changed ends the way; of many alike the first are named, and all are counted.
            if counts(known.kind(way.to), way.hop.relation) && !reached.things.count(known.graph, &way.hop, way.last) && ends(known, &way) {
                continue;
            }
            count += 1;
            let before = Some((id, way.hop.event.clone()));
            let next = Node { since: way.hop.time, level: way.hop.level, status: way.status, also: BTreeSet::from([way.status]), hold: way.hold, before };
            open.insert((next.level, next.since, count), (way.to, next));
            if taken.insert((way.hop.from, way.hop.relation, way.hop.to, way.hop.event.clone())) {
                reached.hops.push(way.hop);
            }
        }
    }
}

/// Whether nothing follows from it.
fn ends(known: &Known<'_>, way: &Way) -> bool {
    way.hold == Hold::Nothing || known.kind(way.to) == Kind::Resource
}

/// Puts a node in. Gives it back as it now stands if that lets something new follow, `None` if nothing changed.
fn merge(reached: &mut Reached, id: Id, node: Node) -> Option<Node> {
    let Some(old) = reached.nodes.get_mut(&id) else {
        reached.nodes.insert(id, node.clone());
        return Some(node);
    };
    let hold = widen(&old.hold, &node.hold);
    let changed = hold != old.hold || (node.since < old.since && node.level <= old.level);
    if node.level < old.level || (node.level == old.level && node.since < old.since) {
        (old.level, old.before) = (node.level, node.before);
    }
    old.since = old.since.min(node.since);
    old.status = old.status.min(node.status);
    old.also.extend(node.also);
    old.hold = hold;
    changed.then(|| old.clone())
}

fn widen(a: &Hold, b: &Hold) -> Hold {
    match (a, b) {
        (Hold::Free, _) | (_, Hold::Free) => Hold::Free,
        (Hold::Nothing, other) | (other, Hold::Nothing) => other.clone(),
        (Hold::From(x), Hold::From(y)) => Hold::From(x.union(y).copied().collect()),
        (Hold::During(x), Hold::During(y)) => {
            let mut spans: Vec<(Time, Time)> = x.iter().chain(y).copied().collect();
            spans.sort_unstable();
            spans.dedup();
            Hold::During(spans)
        }
        (Hold::From(_), Hold::During(x)) | (Hold::During(x), Hold::From(_)) => Hold::During(x.clone()),
    }
}

/// Everything that follows from a node.
fn ways(known: &Known<'_>, id: Id, node: &Node, nodes: &BTreeMap<Id, Node>) -> Vec<Way> {
    let from = From { known, id, node };
    let mut found = match known.kind(id) {
        Kind::Ip => from.address(),
        Kind::Session if known.on_host(id) => from.login(),
        Kind::Process => from.acts(|_| true),
        Kind::User if known.on_host(id) => from.machine_user(nodes),
        Kind::Credential | Kind::User | Kind::Session => from.identity(),
        Kind::File => from.file(),
        _ => Vec::new(),
    };
    found.retain(|w| w.to != id);
    found
}

struct From<'a> {
    known: &'a Known<'a>,
    id: Id,
    node: &'a Node,
}

impl From<'_> {
    fn graph(&self) -> &Graph {
        self.known.graph
    }

    fn way(&self, to: Id, r: &Row, rule: Rule, status: Status, hold: Hold) -> Option<Way> {
        let time = r.since(self.node.since)?;
        let level = self.node.level.max(rule.level());
        let hop = Hop { from: self.id, to, relation: r.relation, rule, time, event: r.event.clone(), level };
        Some(Way { to, status, hold, hop, last: r.last })
    }

    /// What an address that the intruder acts from logged in to, and used. A shared address hands nothing on.
    fn address(&self) -> Vec<Way> {
        if self.known.hub(self.id) || bridge::inside(self.known, self.id) {
            return Vec::new();
        }
        // An address is the intruder's or it is not: what it did earlier on the suspected days counts too.
        let rule = if self.node.status == Status::Reached { Rule::CalledHome } else { Rule::SameAddress };
        let from = From { node: &Node { since: self.known.since, ..self.node.clone() }, ..*self };
        let tie = || Hold::From(BTreeSet::from([self.id]));
        let rows = self.graph().starting(self.id).filter(|r| matches!(r.relation, Relation::Used | Relation::LoggedIn));
        let rows = rows.filter(|r| !(self.known.on_host(r.to) && self.known.kind(r.to) == Kind::User));
        let held = rows.filter_map(|r| {
            let free = self.known.kind(r.to) == Kind::Session && self.known.on_host(r.to);
            from.way(r.to, r, rule, Status::Controlled, if free { Hold::Free } else { tie() })
        });
        // Machines that it asked something of, as their own servers tell.
        let asked = self.graph().starting(self.id).filter(|r| r.relation == Relation::Connected && self.known.kind(r.to) == Kind::Host);
        held.chain(asked.filter_map(|r| from.way(r.to, r, rule, Status::Reached, Hold::Nothing))).collect()
    }

    /// What was done in a login on a machine.
    fn login(&self) -> Vec<Way> {
        let mut found = self.acts(|_| true);
        for r in self.graph().ending(self.id).filter(|r| r.relation == Relation::LoggedIn) {
            let way = match self.known.kind(r.from) {
                Kind::Session if self.known.on_host(r.from) => self.way(r.from, r, Rule::SameLogin, Status::Controlled, Hold::Free),
                Kind::Credential => self.way(r.from, r, Rule::ProvedBy, Status::Controlled, r.via.map_or(Hold::Nothing, |v| Hold::From(BTreeSet::from([v])))),
                Kind::Ip if self.known.need(r.from) && !self.known.hub(r.from) && !bridge::inside(self.known, r.from) => {
                    self.way(r.from, r, Rule::CameFrom, Status::Origin, Hold::Free)
                }
                _ => None,
            };
            found.extend(way);
        }
        found
    }

    /// Acts that carry the node's own id.
    fn acts(&self, tied: impl Fn(&Row) -> bool) -> Vec<Way> {
        let mut found = Vec::new();
        for r in self.graph().starting(self.id).filter(|r| tied(r)) {
            match r.relation {
                Relation::Connected => found.extend(self.connected(r)),
                Relation::LoggedIn => found.extend(self.logged_in(r)),
                _ => found.extend(self.act(r)),
            }
        }
        found
    }

    fn logged_in(&self, r: &Row) -> Option<Way> {
        let machine = self.known.on_host(r.to);
        let hold = match self.known.kind(r.to) {
            Kind::Session if machine => Hold::Free,
            Kind::User if machine => Hold::During(vec![self.span()]),
            // A role's or user's acts name the credential; only what names no credential is tied by the address.
            _ => r.via.map_or(Hold::Nothing, |v| Hold::From(BTreeSet::from([v]))),
        };
        let rule = if self.known.kind(r.to) == Kind::Session && machine { Rule::SameLogin } else { Rule::SameId };
        self.way(r.to, r, rule, Status::Controlled, hold)
    }

    /// From the time reached to the last that is known of the session.
    fn span(&self) -> (Time, Time) {
        let last = self.known.twins(self.id).into_iter().flat_map(|s| self.graph().starting(s)).map(|r| r.last).max();
        (self.node.since, last.unwrap_or(self.node.since))
    }

    fn act(&self, r: &Row) -> Option<Way> {
        let kind = self.known.kind(r.to);
        let identity = matches!(kind, Kind::User | Kind::Credential | Kind::Session);
        let (status, hold) = match r.relation {
            Relation::Became => (Status::Controlled, Hold::Nothing),
            Relation::Started => (Status::Controlled, Hold::Free),
            Relation::Assumed if kind == Kind::Credential => (Status::Controlled, Hold::Free),
            Relation::Assumed if kind == Kind::Session && !self.handed_out(r) => (Status::Controlled, Hold::Free),
            Relation::Assumed => (Status::Controlled, Hold::Nothing),
            Relation::Created if identity => (Status::Controlled, Hold::Free),
            Relation::Granted if identity => (Status::Controlled, Hold::Nothing),
            Relation::Created | Relation::Granted | Relation::Wrote => (Status::Changed, Hold::Free),
            Relation::Deleted => (Status::Changed, Hold::Nothing),
            Relation::Read | Relation::Listed | Relation::Copied => (Status::Exposed, Hold::Nothing),
            Relation::On => (Status::Reached, Hold::Nothing),
            _ => return None,
        };
        self.way(r.to, r, Rule::SameId, status, hold)
    }

    /// Whether the same act handed out a credential, so that the session's own acts are told by it.
    fn handed_out(&self, r: &Row) -> bool {
        self.graph().starting(self.id).any(|o| o.relation == Relation::Assumed && self.known.kind(o.to) == Kind::Credential && o.event == r.event)
    }

    /// An outgoing connection: to a login on another machine if one fits, else to the machine or address.
    fn connected(&self, r: &Row) -> Vec<Way> {
        if !self.known.need(r.to) || r.since(self.node.since).is_none() {
            return Vec::new();
        }
        let Some(host) = self.known.host_of(r.to) else {
            let usual = self.graph().ending(r.to).any(|o| o.relation == Relation::Connected && o.first < self.known.since);
            // Machines inside are worth a name even if others connect to them daily; a mirror or API outside is not.
            let usual = usual && outside(&self.graph().name(r.to).value);
            let open = if self.known.hub(r.to) { Hold::Nothing } else { Hold::Free };
            return if usual { Vec::new() } else { self.way(r.to, r, Rule::SameId, Status::Reached, open).into_iter().collect() };
        };
        let hops = bridge::ahead(self.known, self.id, r, self.node.since);
        if hops.is_empty() {
            let to = bridge::host_id(self.known, &host).filter(|_| host_in(self.graph().name(self.id)) != Some(&host));
            let Some(to) = to else { return Vec::new() };
            let knock = self.way(to, r, Rule::Knocked, Status::Reached, Hold::Nothing);
            return knock.into_iter().chain(self.refused(to, r)).collect();
        }
        let ways = hops.into_iter().map(|h| {
            let rule = if h.ambiguous { Rule::PassedOnAmong } else { Rule::PassedOn };
            let hop = Hop {
                from: self.id,
                to: h.session,
                relation: Relation::LoggedIn,
                rule,
                time: h.time,
                event: h.event,
                level: self.node.level.max(rule.level()),
            };
            Way { to: h.session, status: Status::Controlled, hold: Hold::Free, last: hop.time, hop }
        });
        ways.collect()
    }

    /// A login that the machine refused to the connection, as that machine's own log tells.
    fn refused(&self, host: Id, connection: &Row) -> Option<Way> {
        let r = bridge::refused(self.known, self.id, host, connection).filter(|r| r.first >= self.node.since)?;
        let level = self.node.level.max(Rule::Knocked.level());
        let hop = Hop { from: self.id, to: host, relation: r.relation, rule: Rule::Knocked, time: r.first, event: r.event.clone(), level };
        Some(Way { to: host, status: Status::Reached, hold: Hold::Nothing, last: r.first, hop })
    }

    /// A user of a machine: what its log lines without a session say, while the intruder's session was open; every login, if the intruder made it.
    fn machine_user(&self, nodes: &BTreeMap<Id, Node>) -> Vec<Way> {
        let mut found = Vec::new();
        for r in self.graph().starting(self.id).filter(|r| r.relation == Relation::Became) {
            let by_process = r.via.is_some_and(|v| nodes.contains_key(&v));
            let open = match &self.node.hold {
                Hold::During(spans) => spans.iter().any(|(from, to)| r.within(*from, *to).is_some()),
                hold => *hold == Hold::Free,
            };
            if open || by_process {
                let rule = if by_process { Rule::SameId } else { Rule::SameUser };
                found.extend(self.way(r.to, r, rule, Status::Controlled, Hold::Nothing));
            }
        }
        if self.node.hold == Hold::Free {
            let logins = self.graph().ending(self.id).filter(|r| r.relation == Relation::LoggedIn && self.known.kind(r.from) == Kind::Session);
            found.extend(logins.filter_map(|r| self.way(r.from, r, Rule::MadeByIntruder, Status::Controlled, Hold::Free)));
        }
        found
    }

    /// An identity or key of a provider, or an SSH key.
    fn identity(&self) -> Vec<Way> {
        match &self.node.hold {
            Hold::From(ties) => {
                let mut found = self.acts(|r| r.via.is_some_and(|v| ties.contains(&v)));
                found.extend(self.elsewhere(ties));
                found
            }
            Hold::Free => {
                let mut found = self.acts(|_| true);
                found.extend(self.users_of_made());
                found
            }
            _ => Vec::new(),
        }
    }

    /// Whoever uses what the intruder made (or was handed) is the intruder.
    fn users_of_made(&self) -> Vec<Way> {
        let mut found = Vec::new();
        for r in self.graph().ending(self.id).filter(|r| matches!(r.relation, Relation::Used | Relation::LoggedIn)) {
            let way = match self.known.kind(r.from) {
                Kind::Ip if self.known.need(r.from) && !self.known.hub(r.from) && !bridge::inside(self.known, r.from) => {
                    self.way(r.from, r, Rule::MadeByIntruder, Status::Origin, Hold::Free)
                }
                Kind::Credential if self.known.kind(self.id) == Kind::User => self.way(r.from, r, Rule::MadeByIntruder, Status::Controlled, Hold::Free),
                _ => None,
            };
            found.extend(way);
        }
        found
    }

    /// A stolen key that is used from further addresses that it was never used from before.
    fn elsewhere(&self, ties: &BTreeSet<Id>) -> Vec<Way> {
        let uses = || self.graph().ending(self.id).filter(|r| r.relation == Relation::Used);
        let baseline = uses().any(|r| r.first < self.known.since);
        if self.known.kind(self.id) != Kind::Credential || !baseline {
            return Vec::new();
        }
        let new = uses().filter(|r| !ties.contains(&r.from) && !self.known.pair(r.from, self.id) && self.known.need(r.from));
        new.filter(|r| !self.known.hub(r.from) && !bridge::inside(self.known, r.from))
            .filter_map(|r| self.way(r.from, r, Rule::StolenElsewhere, Status::Origin, Hold::Free))
            .collect()
    }

    /// A file that the intruder wrote and that somebody ran afterwards.
    fn file(&self) -> Vec<Way> {
        if self.node.status != Status::Changed {
            return Vec::new();
        }
        let ran = self.graph().starting(self.id).filter(|r| r.relation == Relation::Executed);
        ran.filter_map(|r| self.way(r.to, r, Rule::RanWritten, Status::Controlled, Hold::Free)).collect()
    }
}
