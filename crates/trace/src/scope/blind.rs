//! What could not be seen: sources that are missing for what was reached, gaps in those that are there, limits of the scope itself.

use event::{Entity, Facet, Kind, Time, time::SECOND};
use serde::{Deserialize, Serialize};

use super::{Completeness, Coverage, GapSpan, ScopeNode, SourceSpan, Status, exfil::outside, habit::host_in};

/// How long a source may be silent at either end of the incident before that is named (seconds).
pub const SILENT_S: i64 = 3 * 3600;

/// One thing that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blind {
    /// `no_source`, `gap`, `silent`, `no_baseline`, `unknown_host`, `limit`.
    pub what: String,
    /// The host, account or source concerned.
    pub entity: Option<Entity>,
    /// The facet that is missing.
    pub facet: Option<Facet>,
    /// The source, where it is a gap of one.
    pub source: Option<String>,
    /// From.
    pub from: Option<Time>,
    /// To.
    pub to: Option<Time>,
    /// In a sentence.
    pub text: String,
    /// Event that tells of it.
    pub event: Option<String>,
}

/// What could not be seen of a scope.
pub(super) fn spots(nodes: &[ScopeNode], completeness: &Completeness, coverage: &Coverage) -> Vec<Blind> {
    let mut found: Vec<Blind> = Vec::new();
    let window = span(nodes);
    for n in nodes.iter().filter(|n| n.status != Status::Named || n.entity.kind == Kind::Host) {
        match n.entity.kind {
            Kind::Host => host(&n.entity, coverage, window, &mut found),
            Kind::Account => account(&n.entity, coverage, &mut found),
            Kind::Ip if n.status == Status::Reached && !outside(&n.entity.value) => {
                let text = format!("{} was connected to, and neither log nor registry says which host it is; logins there are not followed", n.entity.value);
                found.push(Blind { what: "unknown_host".into(), entity: Some(n.entity.clone()), text, ..nothing() });
            }
            _ => {}
        }
    }
    for facet in [Facet::Cloud, Facet::Network, Facet::Runtime, Facet::System, Facet::Application] {
        if !coverage.has(facet, None) {
            found.push(missing(None, facet, format!("no {} log at all", facet.name())));
        }
    }
    found.extend(coverage.gaps.iter().filter(|g| concerns(g, nodes, window)).map(told));
    let stopped = completeness.limits.iter().map(|l| format!("the scope stopped at its limit on {l}; what lies beyond is not in it"));
    found.extend(stopped.chain(coverage.cut.iter().cloned()).map(limit));
    found.sort();
    found.dedup();
    found
}

/// A thing that many had to do with, and no earlier day by which to tell who should not have.
pub(super) fn no_baseline(e: &Entity, scope: &super::Scope) -> Option<Blind> {
    let id = scope.graph.find(e)?;
    let touched = scope.graph.ending(id).count() + scope.graph.starting(id).count();
    let text =
        format!("{touched} acts touch {e}, and no earlier day is there to tell habit from news; name the suspected day, or a user, key, session or address");
    (touched > 0).then(|| Blind { what: "no_baseline".into(), entity: Some(e.clone()), text, ..nothing() })
}

/// A limit at which something stopped.
pub(super) fn limit(text: String) -> Blind {
    Blind { what: "limit".into(), text, ..nothing() }
}

fn nothing() -> Blind {
    Blind { what: String::new(), entity: None, facet: None, source: None, from: None, to: None, text: String::new(), event: None }
}

fn missing(entity: Option<Entity>, facet: Facet, text: String) -> Blind {
    Blind { what: "no_source".into(), entity, facet: Some(facet), text, ..nothing() }
}

/// From the first node to the last.
fn span(nodes: &[ScopeNode]) -> Option<(Time, Time)> {
    let times = || nodes.iter().filter_map(|n| n.since);
    Some((times().min()?, times().max()?))
}

fn host(e: &Entity, coverage: &Coverage, window: Option<(Time, Time)>, found: &mut Vec<Blind>) {
    for facet in [Facet::Runtime, Facet::System] {
        let own: Vec<&SourceSpan> = coverage.sources.iter().filter(|s| s.facet == facet && s.hosts.contains(&e.value)).collect();
        if own.is_empty() {
            found.push(missing(Some(e.clone()), facet, format!("{} sends no {} log", e.value, facet.name())));
            continue;
        }
        if facet == Facet::System && !coverage.logins.contains(&e.value) {
            found.push(missing(Some(e.clone()), facet, format!("{}'s system logs tell of no login", e.value)));
        }
        let (Some(first), Some(last), Some((from, to))) = (own.iter().map(|s| s.first).min(), own.iter().map(|s| s.last).max(), window) else { continue };
        let slack = SILENT_S * SECOND;
        for (silent, a, b) in [(first > from.plus(slack), from, first), (last < to.plus(-slack), last, to)] {
            if silent {
                let text = format!("{}'s {} log is silent from {a} to {b}", e.value, facet.name());
                found.push(Blind { what: "silent".into(), entity: Some(e.clone()), facet: Some(facet), from: Some(a), to: Some(b), text, ..nothing() });
            }
        }
    }
}

/// AWS logs IAM and other services without a region in us-east-1 (CloudTrail user guide, "global service events").
const GLOBAL_REGION: &str = "us-east-1";

fn account(e: &Entity, coverage: &Coverage, found: &mut Vec<Blind>) {
    let own: Vec<&SourceSpan> = coverage.sources.iter().filter(|s| s.accounts.contains(&e.value)).collect();
    let aws = e.value.len() == 12 && e.value.bytes().all(|b| b.is_ascii_digit());
    if aws && !own.is_empty() && !own.iter().any(|s| s.regions.iter().any(|r| r == GLOBAL_REGION)) {
        let text = format!("no log of account {} from {GLOBAL_REGION}, where IAM and other global services are logged", e.value);
        found.push(missing(Some(e.clone()), Facet::Cloud, text));
    }
    let others = own.iter().flat_map(|s| &s.regions).any(|r| r != GLOBAL_REGION);
    if aws && !own.is_empty() && !others {
        found.push(missing(Some(e.clone()), Facet::Cloud, format!("no log of account {} from any region but {GLOBAL_REGION}", e.value)));
    }
    if !own.is_empty() && !coverage.object_reads.contains(&e.value) {
        found.push(missing(Some(e.clone()), Facet::Cloud, format!("no data events of account {}: reading of single objects is not logged", e.value)));
    }
}

/// A gap concerns the scope if it is of a host or account in it and not over before it began.
fn concerns(g: &GapSpan, nodes: &[ScopeNode], window: Option<(Time, Time)>) -> bool {
    let reached = g.of.as_ref().is_none_or(|of| nodes.iter().any(|n| n.entity == *of || (of.kind == Kind::Host && host_in(&n.entity) == Some(&of.value))));
    reached && window.is_none_or(|(from, _)| g.to.is_none_or(|t| t >= from))
}

fn told(g: &GapSpan) -> Blind {
    Blind {
        what: "gap".into(),
        entity: g.of.clone(),
        facet: None,
        source: Some(g.source.clone()),
        from: g.from,
        to: g.to,
        text: g.text(),
        event: Some(g.event.clone()),
    }
}
