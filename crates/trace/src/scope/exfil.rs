//! Whether data went out: seen, no sign, or it could not have been seen; for each thing that holds data, and for each way out.

use std::collections::{BTreeMap, BTreeSet};

use event::{Entity, Kind, Relation, Time};
use serde::{Deserialize, Serialize};

use super::{Affected, Coverage, Edge, Level, ScopeNode, Status, affected::EVENTS_LISTED_MAX, habit::host_in};

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Logs say so.
    Seen,
    /// Logs that would have shown it are there, and do not.
    NoSign,
    /// Logs that would have shown it are not there.
    CouldNotHaveBeenSeen,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// In a sentence.
    pub text: String,
    /// Ids of the events that say so; none for what is missing.
    pub events: Vec<String>,
}

/// A way by which data leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Read at a provider by the intruder's key or session: reading it there is its going out.
    Read,
    /// Copied or shared to a place elsewhere.
    Copied,
    /// Bytes that a network log counts from a controlled machine to an address outside.
    Flow,
    /// A connection from the intruder's session or a controlled machine to an address outside, whose bytes no log counts.
    Connection,
}

/// What is known of one thing that holds data and one way out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WayOut {
    /// Bucket, dataset, machine, account.
    pub what: Entity,
    /// The way.
    pub channel: Channel,
    /// Whether it was taken.
    pub verdict: Verdict,
    /// To which addresses; of many the first.
    pub to: Vec<Entity>,
    /// Different things that went, all of them.
    pub objects: Option<u64>,
    /// Bytes that went, where a log counts them.
    pub bytes: Option<u64>,
    /// First time.
    pub first: Option<Time>,
    /// Last time.
    pub last: Option<Time>,
    /// How sure it is that it was the intruder.
    pub confidence: Level,
    /// In a sentence.
    pub text: String,
    /// Events that show it; none for what is missing. Of many the first.
    pub events: Vec<String>,
}

/// The verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exfiltration {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
    /// Each thing and way: what was seen, then what could not have been seen, then what shows no sign.
    pub ways: Vec<WayOut>,
}

pub(super) fn verdict(nodes: &[ScopeNode], edges: &[Edge], affected: &[Affected], coverage: &Coverage) -> Exfiltration {
    let mut ways: Vec<WayOut> = taken(affected, edges);
    ways.extend(connections(edges));
    ways.extend(not_taken(nodes, &ways, coverage));
    told(ways)
}

/// The whole from its parts.
pub(super) fn told(mut ways: Vec<WayOut>) -> Exfiltration {
    let order = |v: Verdict| match v {
        Verdict::Seen => 0,
        Verdict::CouldNotHaveBeenSeen => 1,
        Verdict::NoSign => 2,
    };
    ways.sort_by(|a, b| (order(a.verdict), a.channel, a.first, &a.what, &a.to).cmp(&(order(b.verdict), b.channel, b.first, &b.what, &b.to)));
    // What only may have been the intruder's is told, and is no verdict.
    let sure = |w: &&WayOut| w.verdict != Verdict::Seen || w.confidence < Level::Possible;
    let verdict = ways.iter().find(sure).map_or(Verdict::NoSign, |w| w.verdict);
    let told = ways.iter().filter(|w| w.verdict != Verdict::NoSign);
    let reasons = told.map(|w| Reason { text: w.text.clone(), events: w.events.clone() }).collect();
    Exfiltration { verdict, reasons, ways }
}

/// Data that a provider handed to one who asked from outside, or that was copied away.
fn taken(affected: &[Affected], edges: &[Edge]) -> Vec<WayOut> {
    let origins = origins(edges);
    let data = affected.iter().filter(|a| matches!(a.relation, Relation::Read | Relation::Copied) && a.container.kind == Kind::Resource);
    let way = |a: &Affected| {
        let copied = a.relation == Relation::Copied;
        let to = a.by.iter().flat_map(|by| origins.get(by).into_iter().flatten()).map(|e| (*e).clone()).collect::<BTreeSet<_>>();
        WayOut {
            what: a.container.clone(),
            channel: if copied { Channel::Copied } else { Channel::Read },
            verdict: Verdict::Seen,
            to: to.into_iter().take(EVENTS_LISTED_MAX).collect(),
            objects: Some(a.objects),
            bytes: a.bytes,
            first: Some(a.first),
            last: Some(a.last),
            confidence: a.confidence,
            text: taken_text(a),
            events: a.events.clone(),
        }
    };
    data.map(way).collect()
}

/// A sentence on what was taken of one holder.
pub(super) fn taken_text(a: &Affected) -> String {
    let objects = if a.objects == 1 { "1 object was".to_owned() } else { format!("{} objects were", a.objects) };
    let how = if a.relation == Relation::Copied { "copied from" } else { "read through the provider's API from" };
    let bytes = a.bytes.map_or_else(String::new, |n| format!(" ({n} bytes)"));
    format!("{objects} {how} {}{bytes}", a.container.value)
}

/// The addresses that used a credential, session or user of the scope.
fn origins(edges: &[Edge]) -> BTreeMap<&Entity, BTreeSet<&Entity>> {
    let mut found: BTreeMap<&Entity, BTreeSet<&Entity>> = BTreeMap::new();
    for e in edges.iter().filter(|e| e.from.kind == Kind::Ip && matches!(e.relation, Relation::Used | Relation::LoggedIn)) {
        found.entry(&e.to).or_default().insert(&e.from);
    }
    found
}

/// Connections from an intruder's session to an address outside; how much went over them, these logs do not say.
fn connections(edges: &[Edge]) -> Vec<WayOut> {
    let out = edges.iter().filter(|e| e.relation == Relation::Connected && e.from.kind != Kind::Ip && e.to.kind == Kind::Ip && outside(&e.to.value));
    let way = |e: &Edge| WayOut {
        what: host_in(&e.from).map_or_else(|| e.from.clone(), |h| Entity { kind: Kind::Host, value: h.to_owned() }),
        channel: Channel::Connection,
        verdict: Verdict::Seen,
        to: vec![e.to.clone()],
        objects: None,
        bytes: None,
        first: Some(e.time),
        last: Some(e.time),
        confidence: e.confidence,
        text: format!("{} connected to {}{UNCOUNTED}", e.from, e.to),
        events: vec![e.event.clone()],
    };
    out.map(way).collect()
}

/// For each account, bucket and machine in the scope of which nothing was seen going out: whether it could have been.
fn not_taken(nodes: &[ScopeNode], seen: &[WayOut], coverage: &Coverage) -> Vec<WayOut> {
    let mut found = Vec::new();
    for n in nodes.iter().filter(|n| matches!(n.status, Status::Controlled | Status::Exposed | Status::Reached)) {
        let taken = |channels: &[Channel]| seen.iter().any(|w| w.what == n.entity && channels.contains(&w.channel));
        let (channel, blind) = match n.entity.kind {
            Kind::Account => (Channel::Read, !coverage.object_reads.contains(&n.entity.value)),
            Kind::Host if !taken(&[Channel::Flow, Channel::Connection]) => (Channel::Connection, !connections_logged(n, coverage)),
            _ => continue,
        };
        let text = match (n.entity.kind, blind) {
            (Kind::Account, true) => format!("no data events of {} are there: reading of objects is not logged", n.entity),
            (Kind::Account, false) => format!("reading of objects in {} is logged; what it shows is told of each bucket", n.entity),
            (_, true) => format!("neither {}'s own log nor a network log tells of its connections: they are not logged", n.entity),
            (_, false) => format!("no connection of the intruder from {} to an address outside is in its logs", n.entity),
        };
        let verdict = if blind { Verdict::CouldNotHaveBeenSeen } else { Verdict::NoSign };
        found.push(WayOut {
            what: n.entity.clone(),
            channel,
            verdict,
            to: Vec::new(),
            objects: None,
            bytes: None,
            first: None,
            last: None,
            confidence: n.confidence,
            text,
            events: Vec::new(),
        });
    }
    found
}

/// Whether a machine's connections are logged under its name, up to when it became part of this. Network logs that know addresses alone
/// are asked for with the sums (`covered`).
fn connections_logged(host: &ScopeNode, coverage: &Coverage) -> bool {
    coverage.connections.get(&host.entity.value).is_some_and(|last| host.since.is_none_or(|since| *last >= since))
}

/// A network log tells of a machine's addresses: what it does not show was not there.
pub(super) fn covered(way: &mut WayOut) {
    way.verdict = Verdict::NoSign;
    way.text = format!("no connection of the intruder from {} to an address outside is in the network's log, which tells of its addresses", way.what);
}

/// What is said of a connection until a network log counts it.
pub(super) const UNCOUNTED: &str = "; no network log says how much went over it";

/// Whether an address is outside: not private, loopback or link-local (RFC 1918, RFC 4193, RFC 3927).
pub(super) fn outside(text: &str) -> bool {
    match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || ip.is_multicast()),
        Ok(std::net::IpAddr::V6(ip)) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast()),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn account(id: &str) -> ScopeNode {
        let entity = Entity::new(Kind::Account, id);
        ScopeNode {
            kind: entity.kind.name().into(),
            entity,
            status: Status::Reached,
            also: Vec::new(),
            since: None,
            confidence: Level::Shown,
            system: None,
            owner: None,
            tied_to: Vec::new(),
            path: Vec::new(),
        }
    }

    #[test]
    fn reads_logged_in_one_account_say_nothing_of_another() {
        let coverage = Coverage { object_reads: BTreeSet::from(["2".to_owned()]), ..Coverage::default() };
        assert_eq!(verdict(&[account("2")], &[], &[], &coverage).verdict, Verdict::NoSign);
        let both = verdict(&[account("1"), account("2")], &[], &[], &coverage);
        assert_eq!(both.verdict, Verdict::CouldNotHaveBeenSeen);
        assert_eq!(both.reasons.len(), 1, "{both:?}");
    }

    #[test]
    fn what_was_seen_comes_first_and_only_it_names_events() {
        let count = |relation, holder: &str, event: &str| Affected {
            container: Entity::new(Kind::Resource, holder),
            relation,
            objects: 1,
            named: 1,
            bytes: None,
            by: vec![Entity::new(Kind::Credential, "K")],
            first: event::Time(0),
            last: event::Time(0),
            confidence: Level::Shown,
            events: vec![event.into()],
        };
        let counts = [count(Relation::Listed, "arn:aws:s3:::b", "t#1"), count(Relation::Read, "arn:aws:s3:::b", "t#2")];
        let told = verdict(&[account("1")], &[], &counts, &Coverage::default());
        assert_eq!(told.verdict, Verdict::Seen);
        let events: Vec<&[String]> = told.reasons.iter().map(|r| r.events.as_slice()).collect();
        assert_eq!(events, [&["t#2".to_owned()][..], &[]]);
    }
}
