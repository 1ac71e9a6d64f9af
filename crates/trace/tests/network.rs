//! Flows and requests: the way in by a web application, and bytes that went out.

use event::{Column, Entity, Event, EventSink, Facet, Fields, Sink, Time, class, event::Cell, sink::Origin};
use trace::{
    Scope,
    scope::{Answer, Channel, How, Level, Verdict},
};

use crate::logs::Store;

fn at(text: &str) -> Time {
    Time::parse(&format!("2026-03-04T{text}Z")).unwrap()
}

/// Events of one source while they are made.
struct Log {
    sink: EventSink,
    seq: u64,
}

impl Log {
    fn new(source: &str, facet: Facet) -> Log {
        let received = at("23:00:00");
        Log { sink: EventSink::new(Origin { source: source.into(), format: "f".into(), facet, received, host: None }), seq: 0 }
    }

    fn event(&mut self, class: event::Class, activity: u8, time: Time, texts: &[(Column, &str)], numbers: &[(Column, i64)]) {
        self.sink.begin(class, activity, time);
        self.sink.record(self.seq, b"x");
        self.seq += 1;
        texts.iter().for_each(|(c, v)| self.sink.key(*c, v));
        numbers.iter().for_each(|(c, v)| self.sink.key_int(*c, *v));
        self.sink.end();
    }
}

const INTRUDER: &str = "203.0.113.9";
const ROLE: &str = "arn:aws:iam::111122223333:role/web-app";

fn flow(log: &mut Log, time: Time, from: (&str, i64), to: (&str, i64), bytes: i64) {
    use Column::{BytesOut, DstIp, DstPort, Outcome, SrcIp, SrcPort};
    let (texts, numbers) = ([(SrcIp, from.0), (DstIp, to.0), (Outcome, "success")], [(SrcPort, from.1), (DstPort, to.1), (BytesOut, bytes)]);
    log.event(class::NETWORK_ACTIVITY, 6, time, &texts, &numbers);
}

/// `with_request`: whether the web server's log is there.
fn events(with_request: bool, with_flows: bool) -> Vec<Event> {
    use Column::{Account, BytesOut, Credential, DstIp, Exe, Host, Operation, Outcome, Pid, Resource, Session, SrcIp, TargetSession, Url, User};
    let mut cloud = Log::new("cloud", Facet::Cloud);
    let day_before = at("00:00:00").plus(-3_600_000_000);
    let act = |log: &mut Log, time, from: &str, key: &str, operation: &str, bucket: &str, bytes| {
        let session = "arn:aws:sts::111122223333:assumed-role/web-app/i-1";
        let who = [(User, ROLE), (Session, session), (Credential, key), (SrcIp, from), (Account, "111122223333"), (Outcome, "success")];
        let texts = [&who[..], &[(Operation, operation), (Resource, bucket)]].concat();
        log.event(class::API_ACTIVITY, 2, time, &texts, &[(BytesOut, bytes)]);
    };
    act(&mut cloud, day_before, "192.0.2.10", "ASIAOLD", "ListBuckets", "arn:aws:s3:::app", 10);
    for n in 0..700 {
        act(&mut cloud, at("09:12:00").plus(n), INTRUDER, "ASIANEW", "GetObject", &format!("arn:aws:s3:::exports/{n}"), 1_000);
    }
    let mut web = Log::new("web", Facet::Application);
    let url = "/preview?url=http://169.254.169.254/latest/meta-data/iam/security-credentials/web-app";
    for (time, from, url) in [("08:00:00", "198.51.100.5", "/about"), ("09:06:02", INTRUDER, url), ("09:30:00", INTRUDER, "/about")] {
        web.event(class::HTTP_ACTIVITY, 3, at(time), &[(Host, "web-1"), (SrcIp, from), (Url, url), (Outcome, "success")], &[]);
    }
    let mut audit = Log::new("audit", Facet::Runtime);
    let fetch = [(Host, "web-1"), (DstIp, "169.254.169.254"), (Exe, "/usr/bin/app")];
    audit.event(class::NETWORK_ACTIVITY, 1, at("09:06:03"), &fetch, &[(Pid, 77)]);
    audit.event(
        class::AUTHENTICATION,
        1,
        at("10:00:00"),
        &[(Host, "db-1"), (User, "deploy@db-1"), (TargetSession, "db-1/5"), (SrcIp, INTRUDER), (Outcome, "success")],
        &[],
    );
    audit.event(class::SSH_ACTIVITY, 1, at("10:00:00"), &[(Host, "db-1"), (DstIp, "10.0.0.5")], &[]);
    audit.event(class::NETWORK_ACTIVITY, 1, at("10:05:00"), &[(Host, "db-1"), (Session, "db-1/5"), (DstIp, "198.51.100.77")], &[(Pid, 9)]);
    let mut flows = Log::new("flows", Facet::Network);
    flow(&mut flows, day_before, ("10.0.0.5", 40_000), ("192.0.2.200", 443), 5_000);
    flow(&mut flows, at("10:05:10"), ("10.0.0.5", 40_001), ("198.51.100.77", 443), 24_000_000);
    flow(&mut flows, at("10:06:10"), ("10.0.0.5", 40_001), ("198.51.100.77", 443), 1_000_000);
    flow(&mut flows, at("10:06:20"), ("10.0.0.5", 22), (INTRUDER, 50_000), 70_000);
    flow(&mut flows, at("10:07:00"), ("10.0.0.5", 40_002), ("192.0.2.200", 443), 9_000_000);
    flow(&mut flows, at("10:08:00"), ("10.0.0.5", 40_003), ("192.0.2.250", 443), 7_000);
    flow(&mut flows, at("10:05:11"), ("198.51.100.77", 443), ("10.0.0.5", 40_001), 900);
    let mut all = cloud.sink.events;
    all.extend(if with_request { web.sink.events } else { Vec::new() });
    all.extend(audit.sink.events);
    all.extend(if with_flows { flows.sink.events } else { Vec::new() });
    all
}

fn answer(events: Vec<Event>) -> Answer {
    let mut scope = Scope::new(&[Entity::new(event::Kind::Ip, INTRUDER)], None);
    scope.know_address("10.0.0.5", "db-1");
    Store::new(events).scope(scope)
}

#[test]
fn a_request_that_made_the_server_ask_for_its_credentials_is_the_way_in() {
    let told = answer(events(true, true));
    let entry = &told.entries[0];
    assert_eq!((told.entries.len(), entry.how, entry.confidence), (1, How::WebRequest, Level::Likely));
    assert_eq!(entry.time, Some(at("09:06:02")));
    assert_eq!(entry.to.as_ref().unwrap().to_string(), "host:web-1");
    assert_eq!(entry.credential.as_ref().unwrap().value, "ASIANEW");
    assert_eq!(entry.events, ["web#1", "audit#0", "cloud#1"]);
    assert!(entry.why.contains("app of that machine asked") && entry.unseen.is_some(), "{entry:?}");
    assert!(entry.text.contains(" made it ask") && !entry.text.contains("may have"), "{}", entry.text);
    // Where no log shows the server asking, the request only may have made it.
    let asked = |e: &Event| e.text(Column::DstIp) == Some("169.254.169.254");
    let less = answer(events(true, true).into_iter().filter(|e| !asked(e)).collect());
    assert!(less.entries[0].how == How::WebRequest && less.entries[0].text.contains("may have made it ask"), "{}", less.entries[0].text);
    // Without the web server's log the use of the credentials is what is seen, and the answer says that no more is.
    let less = answer(events(false, true));
    assert_eq!((less.entries[0].how, less.entries[0].time), (How::RoleCredentials, Some(at("09:12:00"))));
    assert!(less.entries[0].unseen.is_some());
}

#[test]
fn a_request_that_failed_or_was_long_before_made_nothing() {
    let lure = |e: &Event| e.text(Column::Url).is_some_and(|u| u.contains("169.254"));
    let change = |column: Column, cell: Cell| {
        let mut all = events(true, true);
        all.iter_mut().filter(|e| lure(e)).for_each(|e| e.set(column, cell.clone()));
        answer(all).entries[0].how
    };
    assert_eq!(change(Column::Outcome, Cell::Text("success".into())), How::WebRequest);
    assert_eq!(change(Column::Outcome, Cell::Text("failure".into())), How::RoleCredentials);
    let long_before = at("09:12:00").plus(-20 * 3_600_000_000);
    assert_eq!(change(Column::Time, Cell::Int(long_before.0)), How::RoleCredentials);
}

#[test]
fn all_objects_are_counted_with_their_bytes_though_few_are_named() {
    let told = answer(events(true, true));
    let read = told.affected.iter().find(|a| a.relation == event::Relation::Read).unwrap();
    assert_eq!((read.container.value.as_str(), read.objects, read.bytes), ("arn:aws:s3:::exports", 700, Some(700_000)));
    let named = told.nodes.iter().filter(|n| n.entity.value.starts_with("arn:aws:s3:::exports/")).count();
    assert!(named as u64 == read.named && named < 700, "{named}");
    let way = told.exfiltration.ways.iter().find(|w| w.channel == Channel::Read && w.objects.is_some()).unwrap();
    assert_eq!((way.objects, way.bytes, way.verdict), (Some(700), Some(700_000), Verdict::Seen));
}

#[test]
fn flows_give_connections_their_bytes_and_daily_traffic_is_left_out() {
    let told = answer(events(true, true));
    let ways: Vec<(String, Option<u64>, Verdict, Level)> =
        told.exfiltration.ways.iter().filter(|w| w.channel == Channel::Flow).map(|w| (w.to[0].value.clone(), w.bytes, w.verdict, w.confidence)).collect();
    let (sent, answered) = (("198.51.100.77".to_owned(), Some(25_000_000)), (INTRUDER.to_owned(), Some(70_000)));
    let (new, usual) = (("192.0.2.250".to_owned(), Some(7_000)), "192.0.2.200");
    let has = |to: &(String, Option<u64>), v, l| ways.contains(&(to.0.clone(), to.1, v, l));
    assert!(has(&sent, Verdict::Seen, Level::Shown), "{ways:?}");
    assert!(has(&answered, Verdict::NoSign, Level::Shown), "{ways:?}");
    assert!(has(&new, Verdict::Seen, Level::Possible), "{ways:?}");
    assert!(ways.iter().all(|w| w.0 != usual), "{ways:?}");
    let sent = told.exfiltration.ways.iter().find(|w| w.bytes == Some(25_000_000)).unwrap();
    assert!(sent.events.iter().any(|e| e.starts_with("audit#")) && sent.events.iter().any(|e| e.starts_with("flows#")), "{sent:?}");
    // Without flows the connection is still seen, and how much went is not known.
    let less = answer(events(true, false));
    let way = less.exfiltration.ways.iter().find(|w| w.to.iter().any(|t| t.value == "198.51.100.77")).unwrap();
    assert_eq!((way.channel, way.bytes, way.verdict), (Channel::Connection, None, Verdict::Seen));
    assert!(way.text.contains("no network log"), "{}", way.text);
}

#[test]
fn flows_alone_reach_nothing() {
    // A shared address, a scanner and a mirror speak with machines all day: no hop is taken by an address alone.
    let told = answer(events(true, true));
    let names: Vec<String> = told.nodes.iter().map(|n| n.entity.to_string()).collect();
    for not in ["ip:192.0.2.200", "ip:192.0.2.250", "ip:198.51.100.5", "ip:192.0.2.10", "ip:10.0.0.5"] {
        assert!(!names.iter().any(|n| n == not), "{not} in {names:?}");
    }
    let replies = trace::links(events(false, true).last().unwrap());
    assert!(replies.is_empty(), "what is answered is no connection: {replies:?}");
}

/// The verdict on connections of db-1, where its auditing logs no connection and the network's log is of an address.
fn unseen_or_no_sign(flows_of: &str, at_time: &str, own: bool) -> Verdict {
    use Column::{DstIp, Host, Outcome, Session, SrcIp, TargetSession, User};
    let mut audit = Log::new("audit", Facet::Runtime);
    let login = [(Host, "db-1"), (User, "deploy@db-1"), (TargetSession, "db-1/5"), (SrcIp, INTRUDER), (Outcome, "success")];
    audit.event(class::AUTHENTICATION, 1, at("10:00:00"), &login, &[]);
    audit.event(class::PROCESS_ACTIVITY, 1, at("10:01:00"), &[(Host, "db-1"), (Session, "db-1/5")], &[(Column::Pid, 9)]);
    if own {
        audit.event(class::NETWORK_ACTIVITY, 1, at("10:02:00"), &[(Host, "db-1"), (DstIp, "10.0.0.53")], &[(Column::Pid, 3)]);
    }
    let mut flows = Log::new("flows", Facet::Network);
    flow(&mut flows, at(at_time), (flows_of, 40_000), ("10.0.0.53", 53), 100);
    let told = answer([audit.sink.events, flows.sink.events].concat());
    let way = told.exfiltration.ways.iter().find(|w| w.channel == Channel::Connection && w.what.value == "db-1").unwrap();
    way.verdict
}

#[test]
fn only_a_log_that_tells_of_the_machines_connections_can_show_no_sign() {
    assert_eq!(unseen_or_no_sign("10.0.0.5", "10:03:00", false), Verdict::NoSign);
    assert_eq!(unseen_or_no_sign("10.9.9.9", "10:03:00", true), Verdict::NoSign);
    // Auditing without a rule for connections, and flows of another network, or of before.
    assert_eq!(unseen_or_no_sign("10.9.9.9", "10:03:00", false), Verdict::CouldNotHaveBeenSeen);
    assert_eq!(unseen_or_no_sign("10.0.0.5", "08:03:00", false), Verdict::CouldNotHaveBeenSeen);
}

#[test]
fn flows_of_unclear_direction_are_summed_and_what_is_not_named_is_counted() {
    let mut flows = Log::new("odd", Facet::Network);
    flow(&mut flows, at("10:09:00"), ("10.0.0.5", 40_009), ("198.51.100.91", 44_444), 5_000_000);
    flow(&mut flows, at("10:09:10"), ("10.0.0.5", 53), ("198.51.100.92", 443), 6_000_000);
    flow(&mut flows, at("10:09:20"), ("10.0.0.5", 443), ("198.51.100.93", 50_000), 500);
    for n in 0..12 {
        flow(&mut flows, at("10:10:00"), ("10.0.0.5", 40_010), (&format!("198.51.100.{}", 100 + n), 443), 8_000 + n);
    }
    let told = answer([events(true, true), flows.sink.events].concat());
    let to = |ip: &str| told.exfiltration.ways.iter().find(|w| w.channel == Channel::Flow && w.to[0].value == ip);
    for (ip, bytes) in [("198.51.100.91", 5_000_000), ("198.51.100.92", 6_000_000)] {
        let way = to(ip).unwrap();
        assert_eq!((way.bytes, way.confidence), (Some(bytes), Level::Possible));
        assert!(way.text.contains("ports do not tell"), "{}", way.text);
    }
    assert!(to("198.51.100.93").is_none() && to("198.51.100.111").is_some() && to("198.51.100.100").is_none());
    let limits: Vec<&str> = told.not_visible.iter().filter(|b| b.what == "limit").map(|b| b.text.as_str()).collect();
    assert!(limits.iter().any(|t| t.starts_with("3 more addresses") && !t.contains("ports")), "{limits:?}");
    assert!(limits.iter().any(|t| t.starts_with("1 more addresses") && t.contains("ports do not tell")), "{limits:?}");
}
