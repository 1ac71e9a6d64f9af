//! The recorded intrusion and its truth.

use std::collections::{BTreeMap, BTreeSet};

use event::{Entity, Facet, Time};
use serde::Deserialize;
use trace::{
    Scope,
    scope::{Answer, Level, Status, Verdict},
};

use crate::logs::{Store, events, host, root, texts};

pub const RECEIVED: &str = "2026-03-05T06:00:00Z";

#[derive(Clone, Debug, Deserialize)]
pub struct Truth {
    pub indicator: Entity,
    pub entry: Entity,
    pub addresses: BTreeMap<String, String>,
    pub nodes: Vec<TrueNode>,
    pub hops: Vec<TrueHop>,
    pub blind_spots: Vec<TrueSpot>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct TrueNode {
    pub entity: Entity,
    pub status: Status,
    pub level: Level,
}

#[derive(Clone, Debug, Deserialize)]
pub struct TrueHop {
    pub from: Entity,
    pub relation: String,
    pub to: Entity,
    pub at: Time,
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct TrueSpot {
    pub what: String,
    pub source: Option<String>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub host: Option<String>,
    pub facet: Option<Facet>,
}

pub fn truth() -> Truth {
    serde_saphyr::from_str(&std::fs::read_to_string(root().join("demo/truth.yaml")).unwrap()).unwrap()
}

/// The demo's logs, read once for all tests.
pub fn store() -> &'static Store {
    static STORE: std::sync::LazyLock<Store> = std::sync::LazyLock::new(|| Store::new(events(&texts(&root().join("demo/logs")), RECEIVED)));
    &STORE
}

/// The events of db-1's audit log as an Arrow batch.
pub fn arrow() -> arrow_array::RecordBatch {
    let all = texts(&root().join("demo/logs"));
    let source = "db-1/audit/audit.log";
    let format = formats::by_name("linux_audit").unwrap();
    let received = Time::parse(RECEIVED).unwrap();
    let origin = event::Origin { source: source.into(), format: "linux_audit".into(), facet: Facet::Runtime, received, host: host(source) };
    let (mut batch, mut parser, mut framer) = (event::Batch::new(origin), format.parser(), formats::Framer::new(format.framing(), formats::Limits::default()));
    let mut seq = 0;
    let mut piece = |bytes: &[u8], _, _| {
        parser.record(formats::Record { seq, bytes, received, host: Some("db-1") }, &mut batch).unwrap();
        seq += 1;
    };
    all[source].iter().for_each(|stream| framer.push(stream, &mut piece));
    framer.finish(&mut piece);
    parser.finish(&mut batch);
    batch.take().unwrap()
}

pub fn scope(truth: &Truth, indicator: &Entity, at: Option<Time>) -> Scope {
    let mut scope = Scope::new(std::slice::from_ref(indicator), at);
    truth.addresses.iter().for_each(|(address, host)| scope.know_address(address, host));
    scope
}

/// Entity, status and level of every node, as lines.
pub fn lines(answer: &Answer) -> BTreeSet<String> {
    answer.nodes.iter().map(|n| line(&n.entity, n.status, n.confidence)).collect()
}

fn line(e: &Entity, status: Status, level: Level) -> String {
    format!("{e} {status:?} {level:?}")
}

pub fn true_lines(truth: &Truth) -> BTreeSet<String> {
    truth.nodes.iter().map(|n| line(&n.entity, n.status, n.level)).collect()
}

pub fn difference(want: &BTreeSet<String>, got: &BTreeSet<String>) -> String {
    let missing = want.difference(got).map(|l| format!("- {l}\n"));
    let extra = got.difference(want).map(|l| format!("+ {l}\n"));
    missing.chain(extra).collect()
}

#[test]
fn scope_equals_the_truth_from_every_true_node() {
    let (truth, store) = (truth(), store());
    let mut faults = String::new();
    for node in &truth.nodes {
        let answer = store.scope(scope(&truth, &node.entity, None));
        let off = difference(&true_lines(&truth), &lines(&answer));
        if !off.is_empty() || answer.entry != [truth.entry.clone()] || !answer.completeness.whole {
            faults.push_str(&format!("from {}: entry {:?}\n{off}", node.entity, answer.entry));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn the_day_of_suspicion_may_be_named() {
    let (truth, store) = (truth(), store());
    let answer = store.scope(scope(&truth, &truth.indicator, Time::parse("2026-03-04T17:00:00Z")));
    assert_eq!(difference(&true_lines(&truth), &lines(&answer)), "");
}

#[test]
fn every_node_has_a_chain_of_events_in_order_of_time() {
    let (truth, store) = (truth(), store());
    let answer = store.scope(scope(&truth, &truth.indicator, None));
    let times: BTreeMap<String, Time> = store.events.iter().map(|e| (event::Fields::id(e), event::Fields::time(e))).collect();
    for n in answer.nodes.iter().filter(|n| n.status != Status::Entry) {
        assert!(!n.path.is_empty(), "{} has no chain", n.entity);
        let chain: Vec<Time> = n.path.iter().map(|id| times[id]).collect();
        assert!(chain.windows(2).all(|w| w[0].plus(-2_000_000) <= w[1]), "{} {chain:?}", n.entity);
    }
    for hop in &truth.hops {
        let near = |t: Time| (t.0 - hop.at.0).abs() <= 2_000_000;
        let found = answer
            .edges
            .iter()
            .any(|e| e.to == hop.to && near(e.time) || e.from == hop.to && hop.relation == "proved_by" || e.from == hop.from && e.to == hop.to);
        assert!(found, "{hop:?}");
    }
}

#[test]
fn exfiltration_is_seen_and_the_blind_spots_are_named() {
    let (truth, store) = (truth(), store());
    let answer = store.scope(scope(&truth, &truth.indicator, None));
    assert_eq!(answer.exfiltration.verdict, Verdict::Seen);
    assert!(answer.exfiltration.reasons.iter().any(|r| r.text.contains("198.51.100.77")), "{:?}", answer.exfiltration);
    for spot in &truth.blind_spots {
        let found = answer.not_visible.iter().any(|b| match (&spot.host, spot.facet, &spot.source) {
            (Some(host), facet, _) => b.entity == Some(Entity::new(event::Kind::Host, host)) && b.facet == facet,
            (None, Some(facet), _) => b.facet == Some(facet) && b.entity.is_none(),
            // A gap may be wider than what was lost: it ends at the records around it.
            (_, _, source) => b.source == *source && b.from <= spot.from && b.to >= spot.to,
        });
        assert!(found, "{}: {:#?}", spot.what, answer.not_visible);
    }
}

#[test]
fn addresses_of_hosts_are_learned_from_the_logs_themselves() {
    let (truth, store) = (truth(), store());
    let answer = store.scope(Scope::new(std::slice::from_ref(&truth.indicator), None));
    let learned = store.links.iter().any(|l| l.relation == event::Relation::On && l.to.kind == event::Kind::Ip);
    if !learned {
        // Nothing tells which host 10.20.2.20 is: the hop is not taken, and the answer says so.
        let named = answer.not_visible.iter().any(|b| b.what == "unknown_host" && b.text.contains("10.20.2.20"));
        assert!(named && answer.nodes.iter().all(|n| !n.entity.value.contains("db-1/sshd")), "{:?}", answer.not_visible);
        return;
    }
    assert_eq!(difference(&true_lines(&truth), &lines(&answer)), "");
}

/// What the logs tell from one time to another.
fn between(from: &str, to: &str) -> Store {
    let (from, to) = (Time::parse(from).unwrap(), Time::parse(to).unwrap());
    Store::new(store().events.iter().filter(|e| (from..to).contains(&event::Fields::time(*e))).cloned().collect())
}

const MIDNIGHT: &str = "2026-03-04T00:00:00Z";

#[test]
fn the_clean_days_know_nothing_of_it() {
    let (truth, clean) = (truth(), between("2026-02-18T00:00:00Z", MIDNIGHT));
    for entity in
        [&truth.indicator, &"ip:198.51.100.77".parse().unwrap(), &"credential:AKIAEXAMPLEBACKUPSV2".parse().unwrap(), &"user:support2@db-1".parse().unwrap()]
    {
        let answer = clean.scope(scope(&truth, entity, None));
        assert!(answer.edges.is_empty() && answer.entry.is_empty(), "{entity}: {:?}", answer.nodes);
        assert_eq!(answer.nodes.len(), 1);
    }
    for node in truth.nodes.iter().filter(|n| is_thing(n)) {
        for at in [Time::parse("2026-03-03T00:00:00Z"), None] {
            let answer = clean.scope(scope(&truth, &node.entity, at));
            assert!(answer.entry.is_empty() && answer.nodes.len() == 1, "{} at {at:?}: {:?}", node.entity, answer.entry);
        }
    }
}

/// With no earlier day to tell habit from news, an answer on a thing says so.
#[test]
fn a_first_day_has_no_baseline() {
    let (truth, first) = (truth(), between("2026-02-18T00:00:00Z", "2026-02-19T00:00:00Z"));
    for node in truth.nodes.iter().filter(|n| is_thing(n)) {
        let answer = first.scope(scope(&truth, &node.entity, None));
        assert!(answer.entry.is_empty() && answer.nodes.len() == 1, "{}: {:?}", node.entity, answer.entry);
        let touched = first.links.iter().any(|l| l.from == node.entity || l.to == node.entity);
        assert_eq!(answer.not_visible.iter().any(|b| b.what == "no_baseline"), touched, "{}", node.entity);
    }
}

fn is_thing(n: &TrueNode) -> bool {
    matches!(n.entity.kind, event::Kind::Host | event::Kind::Resource | event::Kind::Account | event::Kind::File)
}

#[test]
fn an_engineer_reaches_only_what_is_hers() {
    let (truth, store) = (truth(), store());
    let session = store.links.iter().find(|l| {
        l.relation == event::Relation::LoggedIn && l.to.to_string() == "user:alice@bastion-1" && l.first.day() == "2026-03-04" && l.from.value.contains("sshd")
    });
    let session = session.unwrap().from.clone();
    let answer = store.scope(scope(&truth, &session, None));
    let theirs: BTreeSet<&Entity> =
        truth.nodes.iter().filter(|n| !matches!(n.entity.kind, event::Kind::Host)).map(|n| &n.entity).filter(|e| e.value != "root@db-1").collect();
    assert!(answer.nodes.len() > 4, "{:?}", lines(&answer));
    for n in &answer.nodes {
        assert!(!theirs.contains(&n.entity), "{}", n.entity);
        assert!(!n.entity.value.starts_with("bob@") && !n.entity.value.starts_with("deploy@"), "{}", n.entity);
        let session_of_others = n.entity.kind == event::Kind::Session
            && store
                .links
                .iter()
                .any(|l| l.from == n.entity && l.relation == event::Relation::LoggedIn && l.to.kind == event::Kind::User && !l.to.value.starts_with("alice@"));
        assert!(!session_of_others, "{}", n.entity);
    }
}

/// The nodes that the truth's hops still reach from the entry without a source, and the source's own node where it lost all.
fn without(truth: &Truth, source: &str) -> BTreeSet<Entity> {
    let kept: Vec<&TrueHop> = truth.hops.iter().filter(|h| !h.source.split('+').any(|s| s == source)).collect();
    let mut reached = BTreeSet::from([truth.entry.clone()]);
    loop {
        let before = reached.len();
        for h in &kept {
            let made = h.relation == "used" && reached.contains(&h.to) && kept.iter().any(|c| c.relation == "created" && c.to == h.to);
            if reached.contains(&h.from) {
                reached.insert(h.to.clone());
            } else if made || (h.from.kind == h.to.kind && h.relation == "logged_in" && reached.contains(&h.to)) {
                reached.insert(h.from.clone());
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

/// Where a source is missed, and in which facet; `None` where others tell the same.
fn missed(source: &str) -> Option<(&str, Facet)> {
    match source.split('/').collect::<Vec<_>>()[..] {
        ["cloudtrail", _, "eu-central-1"] => Some(("any region but", Facet::Cloud)),
        ["cloudtrail", _, region] => Some((region, Facet::Cloud)),
        ["vpcflow", ..] => Some(("no network log", Facet::Network)),
        [host, "audit", _] => Some((host, Facet::Runtime)),
        [host, "auth.log"] => Some((host, Facet::System)),
        _ => None,
    }
}

#[test]
fn without_a_source_exactly_its_nodes_are_lost_and_the_blind_spot_is_named() {
    let (truth, store) = (truth(), store());
    let sources: BTreeSet<&str> = store.coverage.sources.iter().map(|s| s.source.as_str()).collect();
    assert_eq!(sources.len(), 14);
    for source in sources {
        let less = store.without(source);
        let answer = less.scope(scope(&truth, &truth.indicator, None));
        let want: BTreeSet<String> = without(&truth, source).iter().map(Entity::to_string).collect();
        let got: BTreeSet<String> = answer.nodes.iter().map(|n| n.entity.to_string()).collect();
        assert_eq!(difference(&want, &got), "", "without {source}");
        if let Some((place, facet)) = missed(source) {
            let named = answer.not_visible.iter().any(|b| b.facet == Some(facet) && b.text.contains(place));
            assert!(named, "without {source}: {:#?}", answer.not_visible);
        }
    }
    let no_web = store.without("web-1/nginx/access.log").without("web-1/nginx/error.log").scope(scope(&truth, &truth.indicator, None));
    assert!(no_web.not_visible.iter().any(|b| b.facet == Some(Facet::Application)), "{:#?}", no_web.not_visible);
}

#[test]
fn a_daemon_stopped_on_a_reached_host_is_a_blind_spot_though_others_in_the_log_go_on() {
    let truth = truth();
    let mut all = texts(&root().join("demo/logs"));
    let line = |host: &str, kind: &str, at: &str, serial: u32| {
        let ms = Time::parse(at).unwrap().millis();
        format!("node={host} type={kind} msg=audit({}.{:03}:{serial}): op=x auid=0 pid=1 res=success\n", ms / 1000, ms % 1000)
    };
    let central = [
        line("db-1", "DAEMON_END", "2026-03-04T06:00:00Z", 1),
        line("web-1", "USER_ACCT", "2026-03-04T06:00:00.001Z", 2),
        line("db-1", "DAEMON_START", "2026-03-04T23:00:00Z", 3),
    ];
    all.insert("central/audit.log".into(), vec![central.concat().into_bytes()]);
    let answer = Store::new(events(&all, RECEIVED)).scope(scope(&truth, &truth.indicator, None));
    let spots: Vec<_> = answer.not_visible.iter().filter(|b| b.source.as_deref() == Some("central/audit.log")).collect();
    assert_eq!(spots.len(), 1, "{spots:#?}");
    assert_eq!((spots[0].from, spots[0].to), (Time::parse("2026-03-04T06:00:00Z"), Time::parse("2026-03-04T23:00:00Z")));
    assert!(spots[0].text.contains("db-1"), "{}", spots[0].text);
}
