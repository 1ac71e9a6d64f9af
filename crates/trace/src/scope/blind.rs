//! What could not be seen: sources that are missing for what was reached, gaps in those that are there, limits of the scope itself.

use std::collections::BTreeMap;

use event::{Column, Entity, Facet, Fields, Kind, Time, time::SECOND};
use serde::{Deserialize, Serialize};

use super::{Completeness, ScopeNode, Status, exfil::outside, habit::host_in};

/// How long a source may be silent at either end of the incident before that is named (seconds).
pub const SILENT_S: i64 = 3 * 3600;

/// What one source was seen to cover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceSpan {
    /// Its name.
    pub source: String,
    /// Its facet.
    pub facet: Facet,
    /// Hosts in it.
    pub hosts: Vec<String>,
    /// Cloud accounts in it.
    pub accounts: Vec<String>,
    /// Cloud regions in it.
    pub regions: Vec<String>,
    /// First event.
    pub first: Time,
    /// Last event.
    pub last: Time,
}

/// A gap that a log tells of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapSpan {
    /// Source whose event tells of it.
    pub source: String,
    /// `stopped`, `lost`, `disabled`.
    pub kind: String,
    /// Host or account that the log is of.
    pub of: Option<Entity>,
    /// From.
    pub from: Time,
    /// To: the next event of that source, if any.
    pub to: Option<Time>,
    /// Records missing, if known.
    pub count: Option<i64>,
    /// The event that tells of it.
    pub event: String,
}

/// What the logs that were asked cover. Made from events, or filled in by who knows the store's books.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Sources.
    pub sources: Vec<SourceSpan>,
    /// Gaps.
    pub gaps: Vec<GapSpan>,
    /// Whether any event tells of reading or listing single objects of a cloud account (S3 data events and the like).
    pub data_events: bool,
}

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

impl Coverage {
    /// What a run of events covers.
    pub fn of<'a, F: Fields + 'a>(events: impl Iterator<Item = &'a F> + Clone) -> Coverage {
        let mut spans: BTreeMap<String, SourceSpan> = BTreeMap::new();
        let mut coverage = Coverage::default();
        for e in events.clone() {
            let Some(source) = e.text(Column::Source) else { continue };
            let (time, facet) = (e.time(), e.text(Column::Facet).and_then(Facet::parse).unwrap_or(Facet::Application));
            let span = spans.entry(source.to_owned()).or_insert_with(|| SourceSpan {
                source: source.to_owned(),
                facet,
                hosts: Vec::new(),
                accounts: Vec::new(),
                regions: Vec::new(),
                first: time,
                last: time,
            });
            (span.first, span.last) = (span.first.min(time), span.last.max(time));
            for (list, column) in [(&mut span.hosts, Column::Host), (&mut span.accounts, Column::Account), (&mut span.regions, Column::Region)] {
                if let Some(value) = e.text(column).filter(|v| !list.iter().any(|l| l == v)) {
                    list.push(value.to_owned());
                }
            }
            coverage.data_events |= is_data_event(e);
            coverage.gaps.extend(gap(e, source));
        }
        coverage.sources = spans.into_values().collect();
        for g in &mut coverage.gaps {
            let next = events.clone().filter(|e| e.text(Column::Source) == Some(&g.source)).map(|e| e.time()).filter(|t| *t > g.from);
            g.to = next.min();
        }
        coverage
    }

    /// Whether any source has a facet, of a host if one is named.
    pub fn has(&self, facet: Facet, host: Option<&str>) -> bool {
        self.sources.iter().any(|s| s.facet == facet && host.is_none_or(|h| s.hosts.iter().any(|x| x == h)))
    }
}

/// Reading or listing of single objects, as providers log it only where they are told to.
fn is_data_event(e: &impl Fields) -> bool {
    let object = e.text(Column::Resource).is_some_and(|r| r.starts_with("arn:aws:s3:::") && r.contains('/'));
    object && e.text(Column::Operation).is_some_and(|o| o == "GetObject" || o == "PutObject" || o == "HeadObject")
}

fn gap(e: &impl Fields, source: &str) -> Option<GapSpan> {
    let kind = e.text(Column::Gap)?;
    let of = match (e.text(Column::Account), e.text(Column::Host)) {
        (Some(a), _) => Some(Entity::new(Kind::Account, a)),
        (None, Some(h)) => Some(Entity::new(Kind::Host, h)),
        (None, None) => None,
    };
    Some(GapSpan { source: source.to_owned(), kind: kind.to_owned(), of, from: e.time(), to: None, count: e.int(Column::GapCount), event: e.id() })
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
    for facet in [Facet::Cloud, Facet::Network, Facet::Runtime, Facet::System] {
        if !coverage.has(facet, None) {
            found.push(missing(None, facet, format!("no {} log at all", facet.name())));
        }
    }
    found.extend(coverage.gaps.iter().filter(|g| concerns(g, nodes, window)).map(told));
    for limit in &completeness.limits {
        let text = format!("the scope stopped at its limit on {limit}; what lies beyond is not in it");
        found.push(Blind { what: "limit".into(), text, ..nothing() });
    }
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
    if !own.is_empty() && !coverage.data_events {
        found.push(missing(Some(e.clone()), Facet::Cloud, format!("no data events of account {}: reading of single objects is not logged", e.value)));
    }
}

/// A gap concerns the scope if it is of a host or account in it and not over before it began.
fn concerns(g: &GapSpan, nodes: &[ScopeNode], window: Option<(Time, Time)>) -> bool {
    let reached = g.of.as_ref().is_none_or(|of| nodes.iter().any(|n| n.entity == *of || (of.kind == Kind::Host && host_in(&n.entity) == Some(&of.value))));
    reached && window.is_none_or(|(from, _)| g.to.is_none_or(|t| t >= from))
}

fn told(g: &GapSpan) -> Blind {
    let until = g.to.map_or_else(|| "the end of the log".to_owned(), |t| t.to_string());
    let count = g.count.map_or_else(String::new, |n| format!(", {n} records"));
    let text = format!("{} {} from {} to {until}{count}", g.source, g.kind, g.from);
    Blind {
        what: "gap".into(),
        entity: g.of.clone(),
        facet: None,
        source: Some(g.source.clone()),
        from: Some(g.from),
        to: g.to,
        text,
        event: Some(g.event.clone()),
    }
}
