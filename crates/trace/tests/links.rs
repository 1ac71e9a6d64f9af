//! Links from columns: rows of an Arrow batch and owned events give the same, folding loses nothing, limits are reached and named.

use std::collections::BTreeMap;

use event::{Batch, Column, Columns, Entity, Event, EventSink, Facet, Fields, Link, Relation, Sink, Time, attr, class, sink::Origin};
use proptest::prelude::*;
use trace::{
    Aggregate, Coverage, Scope, links,
    scope::{Limits, absorb, finish, questions},
    timeline,
};

fn origin(source: &str, facet: Facet) -> Origin {
    Origin { source: source.into(), format: "f".into(), facet, received: time("2026-03-05T00:00:00Z"), host: None }
}

fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn entity(text: &str) -> Entity {
    text.parse().unwrap()
}

const FEW: [Column; 17] = [
    Column::Host,
    Column::User,
    Column::TargetUser,
    Column::Credential,
    Column::TargetCredential,
    Column::Session,
    Column::TargetSession,
    Column::SrcIp,
    Column::DstIp,
    Column::Account,
    Column::Resource,
    Column::File,
    Column::Exe,
    Column::Service,
    Column::Operation,
    Column::Outcome,
    Column::Uid,
];

/// An event: class, activity, seconds, pid, and some texts.
type Made = (usize, u8, i64, i64, Vec<(usize, usize)>);

fn made() -> impl Strategy<Value = Made> {
    let texts = prop::collection::vec((0..FEW.len(), 0..3usize), 0..12);
    (0..class::ALL.len(), 0..9u8, 0..200_000i64, 0..3i64, texts)
}

fn feed(sink: &mut dyn Sink, seq: u64, (class, activity, seconds, pid, texts): &Made) {
    sink.begin(class::ALL[*class], *activity, time("2026-03-03T00:00:00Z").plus(seconds * 1_000_000));
    sink.record(seq, b"x");
    if *pid > 0 {
        sink.int(attr::PROCESS_PID, *pid);
        sink.key_int(Column::Ppid, pid + 1);
    }
    for (column, value) in texts {
        let words: [&str; 3] = match FEW[*column] {
            Column::Service => ["sshd", "sudo", "s3.amazonaws.com"],
            Column::Operation => ["GetObject", "CreateAccessKey", "StopLogging"],
            Column::Outcome => ["success", "failure", "success"],
            Column::SrcIp | Column::DstIp => ["192.0.2.1", "10.0.0.1", "10.0.0.2"],
            _ => ["a", "b", "c"],
        };
        sink.key(FEW[*column], words[*value]);
    }
    sink.end();
}

fn key(l: &Link) -> String {
    format!("{} {:?} {} {:?} {}", l.from, l.relation, l.to, l.via, l.first.day())
}

proptest! {
    #[test]
    fn rows_and_events_give_the_same_and_folding_loses_nothing(events in prop::collection::vec(made(), 1..60), host in any::<bool>()) {
        let facet = if host { Facet::System } else { Facet::Cloud };
        let (mut batch, mut owned) = (Batch::new(origin("s", facet)), EventSink::new(origin("s", facet)));
        for (seq, e) in events.iter().enumerate() {
            feed(&mut batch, seq as u64, e);
            feed(&mut owned, seq as u64, e);
        }
        let arrow = batch.take().unwrap();
        let columns = Columns::of(&arrow);
        let (mut by_row, mut by_event) = (Aggregate::default(), Aggregate::default());
        let mut naive: BTreeMap<String, (Time, Time, u64)> = BTreeMap::new();
        for (row, event) in columns.rows().zip(&owned.events) {
            prop_assert_eq!(links(&row), links(event));
            by_row.add(&row);
            by_event.add(event);
            for l in links(event) {
                let at = naive.entry(key(&l)).or_insert((l.first, l.last, 0));
                *at = (at.0.min(l.first), at.1.max(l.last), at.2 + 1);
            }
        }
        let folded = by_row.take();
        prop_assert_eq!(&folded, &by_event.take());
        let got: BTreeMap<String, (Time, Time, u64)> = folded.iter().map(|l| (key(l), (l.first, l.last, l.count))).collect();
        prop_assert_eq!(got, naive);
        let mut again = Aggregate::default();
        folded.iter().rev().for_each(|l| again.add_link(l.clone()));
        prop_assert_eq!(again.take(), folded);
    }
}

fn link(from: &str, relation: Relation, to: &str, at: &str) -> Link {
    Link { from: entity(from), relation, to: entity(to), via: None, first: time(at), last: time(at), count: 1, event: format!("e#{to}") }
}

fn run(mut scope: Scope, all: &[Link]) -> trace::scope::Answer {
    while let Some(q) = questions(&scope) {
        let found: Vec<Link> = all.iter().filter(|l| q.entities.iter().any(|e| *e == l.from || *e == l.to)).cloned().collect();
        absorb(&mut scope, &found);
    }
    finish(&scope, &Coverage::default())
}

#[test]
fn limits_are_named_when_they_are_reached() {
    let chain: Vec<Link> =
        (0..20).map(|i| link(&format!("credential:K{i}"), Relation::Created, &format!("credential:K{}", i + 1), "2026-03-04T10:00:00Z")).collect();
    let start = || Scope::new(&[entity("credential:K0")], None);
    let whole = run(start(), &chain);
    assert!(whole.completeness.whole && whole.nodes.len() == 21, "{}", whole.nodes.len());
    for (limits, name, most) in [
        (Limits { rounds: 5, ..Limits::default() }, "rounds", 7),
        (Limits { nodes: 5, ..Limits::default() }, "nodes", 5),
        (Limits { links: 5, ..Limits::default() }, "links", 6),
    ] {
        let cut = run(start().with_limits(limits), &chain);
        assert_eq!(cut.completeness.limits, [name]);
        assert!(!cut.completeness.whole && cut.nodes.len() <= most && cut.nodes.len() > 2, "{name}: {}", cut.nodes.len());
        assert!(cut.not_visible.iter().any(|b| b.what == "limit" && b.text.contains(name)));
    }
    let wide: Vec<Link> = (0..50).map(|i| link("credential:K0", Relation::Created, &format!("credential:W{i}"), "2026-03-04T10:00:00Z")).collect();
    let small = Limits { question_entities: 7, ..Limits::default() };
    let answer = run(start().with_limits(small), &wide);
    assert!(answer.completeness.whole && answer.nodes.len() == 51);
}

#[test]
fn what_came_before_is_not_reached_and_shared_addresses_are_not_crossed() {
    let links = [
        link("ip:192.0.2.9", Relation::Used, "credential:OWN", "2026-03-01T10:00:00Z"),
        link("ip:192.0.2.9", Relation::Used, "credential:OWN", "2026-03-04T10:00:00Z"),
        link("ip:192.0.2.9", Relation::Used, "credential:OTHER", "2026-03-04T10:00:00Z"),
        link("ip:203.0.113.9", Relation::Used, "credential:OTHER", "2026-03-04T11:00:00Z"),
        Link { via: Some(entity("ip:203.0.113.9")), ..link("credential:OTHER", Relation::Created, "credential:NEW", "2026-03-04T12:00:00Z") },
        link("credential:NEW", Relation::Created, "credential:EARLIER", "2026-03-04T09:00:00Z"),
    ];
    let answer = run(Scope::new(&[entity("ip:203.0.113.9")], None), &links);
    let names: Vec<String> = answer.nodes.iter().map(|n| n.entity.to_string()).collect();
    assert_eq!(names, ["ip:203.0.113.9", "credential:OTHER", "credential:NEW"]);
}

#[test]
fn an_address_of_many_is_shared_unless_the_logs_show_that_it_is_new() {
    let links: Vec<Link> = (0..6).map(|i| link("ip:203.0.113.9", Relation::Used, &format!("user:u{i}"), "2026-03-04T10:00:00Z")).collect();
    let count = |scope: Scope| run(scope, &links).nodes.len();
    assert_eq!(count(Scope::new(&[entity("user:u0")], None)), 1, "its one act");
    let mut scope = Scope::new(&[entity("user:u0")], None);
    scope.know_begin(time("2026-03-01T00:00:00Z"));
    assert_eq!(count(scope), 7, "all that the address stole");
}

/// A NAT of many: 20,000 sessions through one address must not cost the square of their number.
#[test]
fn a_large_hub_is_looked_at_once() {
    let mut links = vec![
        link("ip:203.0.113.9", Relation::LoggedIn, "session:h/1", "2026-03-04T10:00:00Z"),
        link("session:h/1", Relation::On, "host:h", "2026-03-04T10:00:00Z"),
    ];
    for i in 0..20_000 {
        let (user, day) = (format!("user:u{}@h", i / 2 % 50), if i % 2 == 0 { "2026-03-01T10:00:00Z" } else { "2026-03-04T11:00:00Z" });
        let session = format!("session:h/{}", i + 2);
        links.push(link("ip:192.0.2.9", Relation::LoggedIn, &session, day));
        links.push(link("ip:192.0.2.9", Relation::Used, &user, day));
        links.push(link(&session, Relation::LoggedIn, &user, day));
        links.push(link(&session, Relation::On, "host:h", day));
    }
    let started = std::time::Instant::now();
    let mut scope = Scope::new(&[entity("host:h")], Time::parse("2026-03-04T00:00:00Z"));
    while let Some(q) = questions(&scope) {
        let asked: std::collections::HashSet<&Entity> = q.entities.iter().collect();
        let found: Vec<Link> = links.iter().filter(|l| asked.contains(&l.from) || asked.contains(&l.to)).cloned().collect();
        absorb(&mut scope, &found);
    }
    let answer = finish(&scope, &Coverage::default());
    println!("{} links, {} rounds in {:?}", links.len(), answer.completeness.rounds, started.elapsed());
    assert!(answer.entry == [entity("ip:203.0.113.9")] && answer.completeness.whole, "{} entries", answer.entry.len());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn an_indicator_without_links_is_named_and_nothing_else() {
    let answer = run(Scope::new(&[entity("ip:203.0.113.9")], None), &[]);
    assert!(answer.completeness.whole && answer.edges.is_empty() && answer.nodes.len() == 1);
}

fn act(sink: &mut EventSink, seq: u64, at: &str, session: &str, opens: &str, operation: &str, file: &str) {
    sink.begin(if opens.is_empty() { class::FILE_ACTIVITY } else { class::AUTHENTICATION }, 1, time(at));
    sink.record(seq, b"x");
    for (c, v) in [(Column::Host, "h"), (Column::Session, session), (Column::TargetSession, opens), (Column::Operation, operation), (Column::File, file)] {
        sink.key(c, v);
    }
    sink.end();
}

#[test]
fn the_time_line_puts_causes_first_and_folds_what_repeats() {
    let mut sink = EventSink::new(origin("s", Facet::System));
    act(&mut sink, 0, "2026-03-04T10:00:00.4Z", "h/1", "", "open", "/srv/a");
    act(&mut sink, 1, "2026-03-04T10:00:00.9Z", "", "h/1", "login", "");
    for n in 2..12 {
        act(&mut sink, n, &format!("2026-03-04T10:01:{n:02}Z"), "h/1", "", "open", &format!("/srv/{n}"));
    }
    act(&mut sink, 12, "2026-03-04T10:30:00Z", "h/1", "", "open", "/srv/late");
    let line = timeline::<Event>(&sink.events);
    let told: Vec<(String, u64, u64, usize)> = line.iter().map(|m| (m.operation.clone(), m.count, m.on_count, m.events.len())).collect();
    assert_eq!(told, [("login".into(), 1, 1, 1), ("open".into(), 11, 11, 8), ("open".into(), 1, 1, 1)]);
    assert_eq!((line[1].events[0].as_str(), line[1].events[7].as_str()), ("s#0", "s#11"));
    assert_eq!((line[1].time, line[1].last), (sink.events[0].time(), sink.events[11].time()));
}

/// A login as any log with the machine's name tells of it.
fn login(facet: Facet) -> Event {
    let mut sink = EventSink::new(origin("s", facet));
    sink.begin(class::AUTHENTICATION, 1, time("2026-03-04T10:00:00Z"));
    sink.record(0, b"x");
    for (c, v) in
        [(Column::Host, "h"), (Column::User, "alice"), (Column::SrcIp, "203.0.113.9"), (Column::TargetSession, "h/app:7"), (Column::Outcome, "success")]
    {
        sink.key(c, v);
    }
    sink.end();
    sink.events.remove(0)
}

#[test]
fn a_login_to_a_program_is_none_to_its_machine() {
    let told = |facet| links(&login(facet)).iter().map(|l| format!("{} {:?} {}", l.from, l.relation, l.to)).collect::<Vec<_>>();
    for facet in [Facet::System, Facet::Runtime] {
        assert!(told(facet).contains(&"user:alice On host:h".to_owned()), "{:?}", told(facet));
        assert_eq!(trace::session::logins(&[login(facet)]).len(), 1);
    }
    let want = ["ip:203.0.113.9 Connected host:h", "ip:203.0.113.9 LoggedIn session:h/app:7", "ip:203.0.113.9 Used user:alice"];
    for facet in [Facet::Application, Facet::Network] {
        assert_eq!(told(facet), want);
        assert!(trace::session::logins(&[login(facet)]).is_empty());
    }
    let mut query = login(Facet::Application);
    query.set(Column::ClassUid, event::event::Cell::Int(class::DATASTORE_ACTIVITY.uid.into()));
    query.set(Column::Session, event::event::Cell::Text("h/app:7".into()));
    assert!(trace::session::sessions(&[login(Facet::Application), query], |_| Default::default()).is_empty());
}
