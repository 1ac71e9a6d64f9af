//! Whether data went out: seen, no sign, or it could not have been seen.

use event::{Entity, Facet, Kind, Relation};
use serde::{Deserialize, Serialize};

use super::{Coverage, Edge, ScopeNode, Status, habit::host_in};

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

/// The verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exfiltration {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

pub(super) fn verdict(nodes: &[ScopeNode], edges: &[Edge], coverage: &Coverage) -> Exfiltration {
    let mut reasons: Vec<Reason> = reads(edges).into_iter().chain(connections(edges, coverage)).collect();
    let seen = !reasons.is_empty();
    let missing = missing(nodes, coverage);
    let verdict = match (seen, missing.is_empty()) {
        (true, _) => Verdict::Seen,
        (false, false) => Verdict::CouldNotHaveBeenSeen,
        (false, true) => Verdict::NoSign,
    };
    reasons.extend(missing);
    Exfiltration { verdict, reasons }
}

/// Data that a provider handed to one who asked from outside: reading it there is its going out.
fn reads(edges: &[Edge]) -> Option<Reason> {
    let out = |e: &&Edge| matches!(e.relation, Relation::Read | Relation::Copied) && e.to.kind == Kind::Resource;
    let events: Vec<String> = edges.iter().filter(out).map(|e| e.event.clone()).collect();
    let mut objects: Vec<&Entity> = edges.iter().filter(out).map(|e| &e.to).collect();
    objects.sort();
    objects.dedup();
    (!events.is_empty()).then(|| Reason { text: format!("{} objects were read through the provider's API", objects.len()), events })
}

/// Connections from an intruder's session to an address outside; how much went over them, these logs do not say.
fn connections(edges: &[Edge], coverage: &Coverage) -> Vec<Reason> {
    let out = edges.iter().filter(|e| e.relation == Relation::Connected && e.to.kind == Kind::Ip && outside(&e.to.value));
    let amount = if coverage.has(Facet::Network, None) { "" } else { "; no network log says how much went over it" };
    out.map(|e| Reason { text: format!("{} connected to {}{amount}", e.from, e.to), events: vec![e.event.clone()] }).collect()
}

/// Logs that would show data going out, and are not there.
fn missing(nodes: &[ScopeNode], coverage: &Coverage) -> Vec<Reason> {
    let mut found = Vec::new();
    for n in nodes.iter().filter(|n| matches!(n.status, Status::Controlled | Status::Exposed | Status::Reached)) {
        let text = match n.entity.kind {
            Kind::Account if !coverage.object_reads.contains(&n.entity.value) => {
                format!("no data events of {} are there: reading of objects is not logged", n.entity)
            }
            Kind::Host if !coverage.has(Facet::Runtime, host_in(&n.entity)) && !coverage.has(Facet::Network, None) => {
                format!("{} sends neither a runtime nor a network log: connections are not logged", n.entity)
            }
            _ => continue,
        };
        found.push(Reason { text, events: Vec::new() });
    }
    found
}

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
    use crate::scope::{Level, Rule};

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
        assert_eq!(verdict(&[account("2")], &[], &coverage).verdict, Verdict::NoSign);
        let both = verdict(&[account("1"), account("2")], &[], &coverage);
        assert_eq!(both.verdict, Verdict::CouldNotHaveBeenSeen);
        assert_eq!(both.reasons.len(), 1, "{both:?}");
    }

    #[test]
    fn what_was_seen_comes_first_and_only_it_names_events() {
        let edge = |relation, to: &str, event: &str| Edge {
            from: Entity::new(Kind::Credential, "K"),
            to: Entity::new(Kind::Resource, to),
            relation,
            time: event::Time(0),
            event: event.into(),
            rule: Rule::SameId,
            confidence: Level::Shown,
        };
        let edges = [edge(Relation::Listed, "arn:aws:s3:::b", "t#1"), edge(Relation::Read, "arn:aws:s3:::b/k", "t#2")];
        let told = verdict(&[account("1")], &edges, &Coverage::default());
        assert_eq!(told.verdict, Verdict::Seen);
        let events: Vec<&[String]> = told.reasons.iter().map(|r| r.events.as_slice()).collect();
        assert_eq!(events, [&["t#2".to_owned()][..], &[]]);
    }
}
