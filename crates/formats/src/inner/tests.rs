//! Carried lines: what comes out lists the outer records, whatever the inner format holds back.

use event::{Column, Event, EventSink, Fields, Time, sink::Origin};

use super::*;

const AT: &str = "2026-03-01T10:00:00Z";

fn sink() -> EventSink {
    let received = Time::parse("2026-03-10T00:00:00Z").unwrap();
    EventSink::new(Origin { source: "s".into(), format: "docker".into(), facet: event::Facet::Application, received, host: None })
}

/// Feeds lines (key, text, partial) and gives the events, and what was pending after each line.
fn carried(lines: &[(&str, &str, bool)]) -> (Vec<Event>, Vec<Vec<u64>>) {
    let (mut carrier, mut out, mut pending) = (Carrier::new(&Within::default()), sink(), Vec::new());
    let time = Time::parse(AT).unwrap();
    for (seq, (key, text, partial)) in lines.iter().enumerate() {
        let outer = format!("outer {seq}\n");
        let record = Record { seq: seq as u64, bytes: outer.as_bytes(), received: time, host: None };
        let n = seq.to_string();
        let facts = [Fact::Other("n", &n), Fact::Key(Column::Host, "box")];
        assert!(carrier.line(record, Line { key, hint: "", text: text.as_bytes(), time, partial: *partial, facts: &facts }, &mut out));
        pending.push(carrier.pending());
    }
    carrier.finish(&mut out);
    assert!(carrier.pending().is_empty());
    (out.events, pending)
}

#[test]
fn parts_are_put_together_stream_by_stream() {
    let (events, pending) = carried(&[
        ("out", "Mar  1 10:00:00 web-1 sshd[5]: Accepted password for a", true),
        ("err", "x", false),
        ("out", "lice from 203.0.113.7 port 5 ssh2", false),
    ]);
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].records, [0, 2]);
    assert_eq!(events[1].raw, [b"outer 0\n", b"outer 2\n"]);
    assert_eq!((events[1].text(Column::User), events[1].text(Column::Host)), (Some("alice@web-1"), Some("web-1")));
    assert_eq!(events[1].object["unmapped"]["carried"], "syslog");
    assert_eq!((events[0].text(Column::Host), events[0].time().to_string().as_str()), (Some("box"), AT));
    assert_eq!(pending, [vec![0], vec![0], vec![]]);
}

#[test]
fn what_the_inner_format_holds_back_is_pending_with_its_outer_records() {
    let line =
        |n: u32, kind: &str| format!("type={kind} msg=audit(1772359200.1{n}:{n}): arch=c000003e syscall=59 success=yes exit=0 pid={n} uid=0 exe=\"/bin/ls\"");
    let (a, b) = (line(1, "SYSCALL"), "type=EOE msg=audit(1772359200.11:1): ".to_owned());
    let (events, pending) = carried(&[("out", &a, false), ("out", "not audit", false), ("out", &b, false)]);
    let audit = events.iter().find(|e| e.records.len() == 2).expect("one event of two records");
    assert_eq!((audit.records.as_slice(), audit.raw[1].as_slice()), (&[0, 2][..], b"outer 2\n".as_slice()));
    assert_eq!(pending[0], [0]);
    assert_eq!(audit.object["unmapped"]["n"], "0");
}

#[test]
fn a_line_without_an_end_is_closed_at_the_end_and_a_long_one_before() {
    let (events, _) = carried(&[("out", "abc", true)]);
    assert_eq!((events[0].text(Column::Marks), events[0].text(Column::Message)), (Some("incomplete"), Some("abc")));
    let part = "x".repeat(LINE_BYTES_MAX / 2);
    let (events, _) = carried(&[("out", &part, true), ("out", &part, true), ("out", "y", true), ("out", "z", false)]);
    assert_eq!(events.iter().map(|e| e.records.len()).collect::<Vec<_>>(), [2, 2]);
    let many: Vec<(&str, &str, bool)> = vec![("out", "x", true); PARTS_MAX + 1];
    assert_eq!(carried(&many).0.len(), 2);
}

#[test]
fn formats_lie_in_one_another_only_so_deep() {
    let mut line = "Mar  1 10:00:00 web-1 su: x".to_owned();
    for _ in 0..6 {
        line = format!("{{\"log\":{}, \"stream\":\"stdout\",\"time\":\"{AT}\"}}", serde_json::Value::from(format!("{line}\n")));
    }
    let (events, _) = carried(&[("out", &line, false)]);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].object["unmapped"]["carried"].as_array().map(Vec::len), Some(usize::from(DEPTH_MAX)));
}

#[test]
fn very_many_streams_share_one() {
    let names: Vec<String> = (0..=STREAMS_MAX + 5).map(|n| n.to_string()).collect();
    let lines: Vec<(&str, &str, bool)> = names.iter().map(|n| (n.as_str(), "x", false)).collect();
    assert_eq!(carried(&lines).0.len(), names.len());
}

/// Thousands of open audit events of one second: comparing all of them for every line would take minutes.
#[test]
fn thousands_of_open_events_cost_no_more_a_line_than_few() {
    const LINES: usize = 12_000;
    let (mut carrier, mut out) = (Carrier::new(&Within::default()), sink());
    let time = Time::parse(AT).unwrap();
    let give = |carrier: &mut Carrier, out: &mut EventSink, seq: usize, text: &str| {
        let outer = format!("outer {seq}\n");
        let record = Record { seq: seq as u64, bytes: outer.as_bytes(), received: time, host: None };
        let n = seq.to_string();
        let facts = [Fact::Other("n", &n)];
        assert!(carrier.line(record, Line { key: "out", hint: "", text: text.as_bytes(), time, partial: false, facts: &facts }, out));
    };
    let started = std::time::Instant::now();
    for n in 0..LINES {
        let text = format!("type=SYSCALL msg=audit(1772359200.100:{n}): arch=c000003e syscall=59 success=yes exit=0 pid={n} uid=0 exe=\"/bin/ls\"");
        give(&mut carrier, &mut out, n, &text);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    let held = |c: &Carrier| c.streams["out"].held.len();
    let open = carrier.pending();
    assert!(open.len() >= 4096 && open.len() + out.events.len() == LINES && held(&carrier) <= 2 * open.len() + SPARE_MAX);
    assert!(open.is_sorted() && open.last() == Some(&(LINES as u64 - 1)));
    for n in (LINES - open.len())..LINES {
        give(&mut carrier, &mut out, LINES + n, &format!("type=EOE msg=audit(1772359200.100:{n}): "));
    }
    assert_eq!((carrier.pending(), out.events.len()), (vec![], LINES));
    for (n, event) in out.events.iter().enumerate() {
        assert_eq!((event.records[0], &event.object["unmapped"]["n"]), (n as u64, &n.to_string().into()), "each with what carried it");
    }
}
