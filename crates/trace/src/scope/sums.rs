//! What links do not say: how much went out, and what a machine did in the seconds around a request. Asked for at the end as sums over
//! events, which the caller fetches; added to the answer as they come.

use std::collections::{BTreeMap, BTreeSet};

use event::{Column, Entity, Facet, Filter, Kind, Relation, Time, Window, class, time::DAY, time::SECOND};

use super::{
    Answer, Blind, Channel, HABIT_DAYS, How, Level, Scope, Status, Verdict, WayOut, affected::EVENTS_LISTED_MAX, blind, entry, exfil, exfil::outside,
    habit::host_in,
};
use crate::{container, links};

/// How far a flow's record may lie from what it tells of: records are of an interval (seconds).
const FLOW_S: i64 = 60;
/// What is less than this in answers to the intruder's own connections is what a terminal or a page shows (bytes).
pub const ANSWERS_BYTES: u64 = 1_000_000;
/// Addresses told of that a controlled machine had not sent to before; those that got most.
const NEW_PLACES_MAX: usize = 10;
/// How long after a request a server asks for its credentials, or starts a process for it (seconds).
const ACTS_WITHIN_S: i64 = 30;
/// Where machines in a cloud are handed their credentials.
const METADATA: [&str; 3] = ["169.254.169.254", "169.254.170.2", "100.100.100.200"];

/// Sums that the answer needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Over these events.
    pub filter: Filter,
    /// For each combination of these columns; the source is the first.
    pub by: Vec<Column>,
    what: What,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Reads,
    Flows {
        hosts: Hosts,
        kind: Flow,
    },
    Fetch {
        entry: usize,
    },
    Visits {
        entry: usize,
    },
    /// Network logs that tell of addresses of machines whose own logs tell of no connection; the machine, and since when it matters.
    Covers {
        hosts: BTreeMap<String, (Entity, Time)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flow {
    /// A machine sent to an address of the intruder's.
    Sent,
    /// A machine answered an address of the intruder's.
    Answered,
    /// A machine sent elsewhere.
    Elsewhere,
    /// A machine sent elsewhere, and the ports, which whoever began chooses, do not tell whether it asked or answered.
    Unclear,
}

/// Addresses of machines: the machine, since when it is in the scope, and how surely.
type Hosts = BTreeMap<String, (Entity, Time, Level)>;

/// One combination, summed.
#[derive(Clone, Debug, PartialEq)]
pub struct SumRow {
    /// The values of the columns.
    pub by: Vec<Option<String>>,
    /// How many events.
    pub events: u64,
    /// Bytes that went out.
    pub bytes_out: Option<i64>,
    /// When first.
    pub first: Time,
    /// When last.
    pub last: Time,
    /// The id of the first in its source.
    pub event: String,
}

/// What must be summed for an answer.
pub fn sums(scope: &Scope, answer: &Answer) -> Vec<Sum> {
    let mut found: Vec<Sum> = reads(answer).into_iter().collect();
    found.extend(flows(scope, answer));
    found.extend(covers(scope, answer));
    for (entry, point) in answer.entries.iter().enumerate() {
        let (Some(time), Some(host)) = (point.time, point.to.as_ref().filter(|t| t.kind == Kind::Host)) else { continue };
        let here = Filter::is(Column::Host, host.value.as_str());
        let during = |before: i64, after: i64| Filter::During(Window { since: Some(time.plus(-before * SECOND)), until: Some(time.plus(after * SECOND)) });
        match point.how {
            How::WebRequest => {
                let asked = Filter::Is(Column::DstIp, METADATA.map(str::to_owned).to_vec());
                let filter = here.and(asked).and(during(2, ACTS_WITHIN_S));
                found.push(Sum { filter, by: vec![Column::Source, Column::Exe], what: What::Fetch { entry } });
            }
            How::Process => {
                let filter = here.and(Filter::equals(Column::ClassUid, class::HTTP_ACTIVITY.uid.into())).and(during(ACTS_WITHIN_S, 1));
                found.push(Sum { filter, by: vec![Column::Source, Column::SrcIp], what: What::Visits { entry } });
            }
            _ => {}
        }
    }
    found
}

/// Bytes that a provider handed out to keys and sessions that are the intruder's.
fn reads(answer: &Answer) -> Option<Sum> {
    let held = answer.nodes.iter().filter(|n| matches!(n.status, Status::Entry | Status::Origin | Status::Controlled));
    let by = |n: &super::ScopeNode| {
        let column = match n.entity.kind {
            Kind::Credential => Column::Credential,
            Kind::Session => Column::Session,
            Kind::User if !n.tied_to.is_empty() => Column::User,
            _ => return None,
        };
        let since = n.since.map(|s| s.plus(-SECOND));
        let own = Filter::is(column, n.entity.value.as_str()).and(Filter::During(Window { since, until: None }));
        let tied = (!n.tied_to.is_empty()).then(|| Filter::Is(Column::SrcIp, n.tied_to.iter().map(|t| t.value.clone()).collect()));
        Some(tied.map_or(own.clone(), |t| own.and(t)))
    };
    let any: Vec<Filter> = held.filter_map(by).collect();
    let read = answer.affected.iter().any(|a| a.relation == Relation::Read && a.container.kind == Kind::Resource);
    let failed = Filter::Not(Box::new(Filter::is(Column::Outcome, "failure")));
    let filter = Filter::Or(any).and(Filter::Has(Column::Resource)).and(Filter::Has(Column::BytesOut)).and(failed);
    read.then(|| Sum { filter, by: vec![Column::Source, Column::Resource, Column::Operation], what: What::Reads })
}

fn flows(scope: &Scope, answer: &Answer) -> Vec<Sum> {
    let hosts = hosts(scope, answer);
    let Some(since) = hosts.values().map(|(_, since, _)| *since).min() else { return Vec::new() };
    let intruder = |n: &&super::ScopeNode| n.entity.kind == Kind::Ip && n.status != Status::Named && outside(&n.entity.value);
    let ours: Vec<String> = answer.nodes.iter().filter(intruder).map(|n| n.entity.value.clone()).collect();
    let network = Filter::is(Column::Facet, Facet::Network.name()).and(Filter::Not(Box::new(Filter::is(Column::Outcome, "failure"))));
    let from = network.and(Filter::Is(Column::SrcIp, hosts.keys().cloned().collect()));
    let to = Filter::Is(Column::DstIp, ours);
    let asks = Filter::Within(Column::SrcPort, 1024, 65_535).and(Filter::Within(Column::DstPort, 0, 32_767));
    let after = |since: Time| Filter::During(Window { since: Some(since.plus(-FLOW_S * SECOND)), until: None });
    let not = |f: &Filter| Filter::Not(Box::new(f.clone()));
    let sum = |filter: Filter, kind| Sum { filter, by: vec![Column::Source, Column::SrcIp, Column::DstIp], what: What::Flows { hosts: hosts.clone(), kind } };
    let ways = [
        (to.clone().and(asks.clone()).and(after(since)), Flow::Sent),
        (to.clone().and(not(&asks)).and(after(since)), Flow::Answered),
        (not(&to).and(asks.clone()).and(after(since.plus(-HABIT_DAYS * DAY))), Flow::Elsewhere),
        (not(&to).and(not(&asks)).and(after(since.plus(-HABIT_DAYS * DAY))), Flow::Unclear),
    ];
    ways.into_iter().map(|(filter, kind)| sum(from.clone().and(filter), kind)).collect()
}

/// Whether network logs tell of the machines of which no own log tells of connections.
fn covers(scope: &Scope, answer: &Answer) -> Vec<Sum> {
    let blind = |w: &&WayOut| w.verdict == Verdict::CouldNotHaveBeenSeen && w.channel == Channel::Connection && w.what.kind == Kind::Host;
    let mut hosts = BTreeMap::new();
    for way in answer.exfiltration.ways.iter().filter(blind) {
        let since = answer.nodes.iter().find(|n| n.entity == way.what).and_then(|n| n.since).unwrap_or(Time(i64::MIN));
        hosts.extend(scope.addresses_of(&way.what).into_iter().map(|address| (address, (way.what.clone(), since))));
    }
    let Some(since) = hosts.values().map(|(_, since)| *since).min() else { return Vec::new() };
    let flows = Filter::is(Column::Facet, Facet::Network.name()).and(Filter::equals(Column::ClassUid, class::NETWORK_ACTIVITY.uid.into()));
    let flows = flows.and(Filter::During(Window { since: Some(since), until: None }));
    let by = |column| {
        let filter = flows.clone().and(Filter::Is(column, hosts.keys().cloned().collect()));
        Sum { filter, by: vec![Column::Source, column], what: What::Covers { hosts: hosts.clone() } }
    };
    [Column::SrcIp, Column::DstIp].map(by).into()
}

/// The addresses of machines that the intruder holds something on.
fn hosts(scope: &Scope, answer: &Answer) -> Hosts {
    let mut found: BTreeMap<String, (Time, Level)> = BTreeMap::new();
    for n in answer.nodes.iter().filter(|n| matches!(n.status, Status::Entry | Status::Origin | Status::Controlled)) {
        let session = matches!(n.entity.kind, Kind::Session | Kind::Process | Kind::Host);
        if let (Some(host), Some(since)) = (host_in(&n.entity).filter(|_| session), n.since) {
            let at = found.entry(host.to_owned()).or_insert((since, n.confidence));
            *at = (at.0.min(since), at.1.min(n.confidence));
        }
    }
    let mut hosts = Hosts::new();
    for (host, (since, level)) in found {
        let entity = Entity { kind: Kind::Host, value: host };
        for address in scope.addresses_of(&entity) {
            hosts.insert(address, (entity.clone(), since, level));
        }
    }
    hosts
}

/// Adds what was summed.
pub fn add(answer: &mut Answer, sum: &Sum, rows: &[SumRow]) {
    match &sum.what {
        What::Reads => add_reads(answer, rows),
        What::Flows { hosts, kind } => add_flows(answer, hosts, *kind, rows),
        What::Fetch { entry } => {
            if let (Some(point), Some(row)) = (answer.entries.get_mut(*entry), rows.first()) {
                entry::fetched(point, row.by.get(1).and_then(Option::as_deref), row.first, &row.event);
            }
        }
        What::Covers { hosts } => {
            let known = |r: &SumRow| hosts.get(r.by.get(1)?.as_deref()?).filter(|(_, since)| r.last >= *since).map(|(host, _)| host);
            let told: BTreeSet<&Entity> = rows.iter().filter_map(known).collect();
            let blind = |w: &&mut WayOut| w.verdict == Verdict::CouldNotHaveBeenSeen && w.channel == Channel::Connection && told.contains(&w.what);
            answer.exfiltration.ways.iter_mut().filter(blind).for_each(exfil::covered);
        }
        What::Visits { entry } => {
            let from: BTreeSet<&str> = rows.iter().filter_map(|r| r.by.get(1)?.as_deref()).collect();
            let known: BTreeSet<&str> = answer.nodes.iter().filter(|n| n.entity.kind == Kind::Ip).map(|n| n.entity.value.as_str()).collect();
            let of_intruder = from.iter().find(|a| known.contains(**a)).map(|a| (*a).to_owned());
            let events: Vec<String> = rows.iter().map(|r| r.event.clone()).take(EVENTS_LISTED_MAX).collect();
            if let (Some(point), false) = (answer.entries.get_mut(*entry), from.is_empty()) {
                entry::asked(point, &from.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>(), of_intruder.as_deref(), events);
            }
        }
    }
    let ways = std::mem::take(&mut answer.exfiltration.ways);
    answer.exfiltration = exfil::told(ways);
}

fn add_reads(answer: &mut Answer, rows: &[SumRow]) {
    let mut bytes: BTreeMap<Entity, u64> = BTreeMap::new();
    for row in rows {
        let (Some(Some(thing)), Some(Some(operation)), Some(n)) = (row.by.get(1), row.by.get(2), row.bytes_out) else { continue };
        if links::reads(operation) {
            let holder = container(&Entity { kind: Kind::Resource, value: thing.clone() });
            *bytes.entry(holder).or_default() += n.max(0) as u64;
        }
    }
    for a in answer.affected.iter_mut().filter(|a| a.relation == Relation::Read) {
        a.bytes = bytes.get(&a.container).copied();
    }
    for a in &answer.affected {
        let way = answer.exfiltration.ways.iter_mut().find(|w| w.channel == Channel::Read && w.what == a.container && w.objects.is_some());
        if let Some(way) = way.filter(|_| a.relation == Relation::Read) {
            (way.bytes, way.text) = (a.bytes, exfil::taken_text(a));
        }
    }
}

fn add_flows(answer: &mut Answer, hosts: &Hosts, kind: Flow, rows: &[SumRow]) {
    let mut found: BTreeMap<(Entity, String), WayOut> = BTreeMap::new();
    for row in rows {
        let (Some(Some(from)), Some(Some(to)), Some(bytes)) = (row.by.get(1), row.by.get(2), row.bytes_out) else { continue };
        let Some((host, _, level)) = hosts.get(from).filter(|_| outside(to)) else { continue };
        let way = found.entry((host.clone(), to.clone())).or_insert_with(|| WayOut {
            what: host.clone(),
            channel: Channel::Flow,
            verdict: Verdict::Seen,
            to: vec![Entity::new(Kind::Ip, to)],
            objects: None,
            bytes: Some(0),
            first: Some(row.first),
            last: Some(row.last),
            confidence: *level,
            text: String::new(),
            events: Vec::new(),
        });
        way.bytes = way.bytes.map(|n| n.saturating_add(bytes.max(0) as u64));
        (way.first, way.last) = (way.first.min(Some(row.first)), way.last.max(Some(row.last)));
        way.events.push(row.event.clone());
        way.events.truncate(EVENTS_LISTED_MAX);
    }
    let mut ways: Vec<WayOut> = found.into_values().collect();
    if matches!(kind, Flow::Elsewhere | Flow::Unclear) {
        let since = |w: &WayOut| hosts.values().find(|(h, ..)| *h == w.what).map(|(_, since, _)| since.plus(-FLOW_S * SECOND));
        ways.retain(|w| w.first >= since(w));
        ways.sort_by_key(|w| std::cmp::Reverse(w.bytes));
        // Whoever asks a server gets an answer: of flows that may be answers only those that are more than a page are named.
        let named = |w: &WayOut| kind == Flow::Elsewhere || w.bytes >= Some(ANSWERS_BYTES);
        let left: Vec<WayOut> = ways.extract_if(.., |w| !named(w)).collect();
        let left: Vec<WayOut> = ways.split_off(NEW_PLACES_MAX.min(ways.len())).into_iter().chain(left).collect();
        answer.not_visible.extend(left_out(kind, &left));
    }
    for way in ways {
        put_flow(answer, kind, way);
    }
}

/// That places which machines sent to are not named.
fn left_out(kind: Flow, left: &[WayOut]) -> Option<Blind> {
    let bytes: u64 = left.iter().filter_map(|w| w.bytes).fold(0, u64::saturating_add);
    let of = if kind == Flow::Unclear { ", in flows whose ports do not tell which side asked (they are no links either)" } else { "" };
    let text = format!("{} more addresses that controlled machines had not sent to before are not named; {bytes} bytes went to them{of}", left.len());
    (!left.is_empty()).then(|| blind::limit(text))
}

/// Says of an answer that rows of a sum were left out, those with fewest bytes.
pub fn cut(answer: &mut Answer, max: usize) {
    answer
        .not_visible
        .push(blind::limit(format!("only the {max} combinations with most bytes of a sum over events were looked at; smaller ones are in no sum")));
}

/// Puts a flow beside what is known; a connection that a session made to there gets its bytes.
fn put_flow(answer: &mut Answer, kind: Flow, mut way: WayOut) {
    let (bytes, to) = (way.bytes.unwrap_or_default(), way.to.first().map(|e| e.value.clone()).unwrap_or_default());
    let same = |w: &&mut WayOut| w.channel == Channel::Connection && w.what == way.what && w.to == way.to && w.verdict == Verdict::Seen;
    match kind {
        Flow::Sent => {
            way.text = format!("{bytes} bytes went from {} to {to}, by the network's log", way.what.value);
            if let Some(known) = answer.exfiltration.ways.iter_mut().find(same) {
                known.text = format!("{}; {}", known.text.trim_end_matches(exfil::UNCOUNTED), way.text);
                (known.channel, known.bytes) = (Channel::Flow, way.bytes);
                known.events.extend(way.events);
                known.last = known.last.max(way.last);
                return;
            }
        }
        Flow::Answered => {
            let much = bytes >= ANSWERS_BYTES;
            way.verdict = if much { Verdict::Seen } else { Verdict::NoSign };
            let what = if much { "more than a terminal or a page shows" } else { "not more than a terminal or a page shows" };
            way.text = format!("{bytes} bytes went from {} to {to} in answers to the intruder's own connections: {what}", way.what.value);
        }
        Flow::Unclear => {
            way.confidence = Level::Possible;
            way.text = format!(
                "{bytes} bytes went from {} to {to}, to which it had not sent before; the ports do not tell whether it asked or answered, and nothing ties that to the intruder",
                way.what.value
            );
        }
        Flow::Elsewhere => {
            way.confidence = Level::Possible;
            way.text = format!("{bytes} bytes went from {} to {to}, to which it had not sent before; nothing ties that to the intruder", way.what.value);
        }
    }
    // What network logs show takes the place of that nothing was seen of the machine, or could not be.
    let unseen = |w: &WayOut| w.channel == Channel::Connection && w.verdict == Verdict::CouldNotHaveBeenSeen;
    answer
        .exfiltration
        .ways
        .retain(|w| !(way.verdict == Verdict::Seen && way.confidence < Level::Possible && w.what == way.what && (w.verdict == Verdict::NoSign || unseen(w))));
    answer.exfiltration.ways.push(way);
}
