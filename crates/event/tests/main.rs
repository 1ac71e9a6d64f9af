//! The vocabulary holds together: both sinks make the same columns, filters are two-valued, books balance.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // tests: to stop is how they speak

mod cases;

use event::{
    Batch, Column, Columns, Entity, EventSink, Facet, Fields, Filter, Kind, Mark, Origin, Pattern, Shape, Sink, Time, Window, attr, class, filter::Place,
};
use proptest::prelude::*;

fn origin() -> Origin {
    Origin {
        source: "web-1/auth.log".into(),
        format: "syslog".into(),
        facet: Facet::System,
        received: Time::parse("2026-03-04T12:00:00Z").unwrap(),
        host: Some("web-1".into()),
    }
}

/// One call of a parser to a sink.
#[derive(Clone, Debug)]
enum Say {
    Text(usize, String),
    Int(usize, i64),
    Key(usize, String),
    KeyInt(usize, i64),
    Mark(bool),
}

fn says() -> impl Strategy<Value = Vec<Say>> {
    let attrs = 0..attr::ALL.len();
    let columns = 0..Column::COUNT;
    let one = prop_oneof![
        (attrs.clone(), ".{0,12}").prop_map(|(a, t)| Say::Text(a, t)),
        (attrs, any::<i64>()).prop_map(|(a, n)| Say::Int(a, n)),
        (columns.clone(), ".{0,12}").prop_map(|(c, t)| Say::Key(c, t)),
        (columns, any::<i64>()).prop_map(|(c, n)| Say::KeyInt(c, n)),
        any::<bool>().prop_map(Say::Mark),
    ];
    prop::collection::vec(one, 0..20)
}

fn feed(sink: &mut dyn Sink, time: Time, says: &[Say]) {
    sink.begin(class::AUTHENTICATION, 1, time);
    sink.record(7, b"one\n");
    sink.record(9, b"two\n");
    for say in says {
        match say {
            Say::Text(a, t) => sink.text(attr::ALL[*a], t),
            Say::Int(a, n) => sink.int(attr::ALL[*a], *n),
            Say::Key(c, t) => sink.key(Column::ALL[*c], t),
            Say::KeyInt(c, n) => sink.key_int(Column::ALL[*c], *n),
            Say::Mark(true) => sink.mark(Mark::NotUtf8),
            Say::Mark(false) => sink.mark(Mark::YearAssumed),
        }
    }
    sink.end();
}

proptest! {
    #[test]
    fn both_sinks_make_the_same_columns(time in any::<i64>(), said in prop::collection::vec(says(), 1..4)) {
        let (mut batch, mut owned) = (Batch::new(origin()), EventSink::new(origin()));
        for s in &said {
            feed(&mut batch, Time(time), s);
            feed(&mut owned, Time(time), s);
        }
        let arrow = batch.take().unwrap();
        let columns = Columns::of(&arrow);
        prop_assert_eq!(columns.rows().count(), owned.events.len());
        for (row, event) in columns.rows().zip(&owned.events) {
            for &c in Column::ALL {
                prop_assert_eq!(row.text(c), event.text(c), "{}", c.name());
                prop_assert_eq!(row.int(c), event.int(c), "{}", c.name());
            }
            prop_assert_eq!(row.originals(), event.records.iter().copied().zip(event.raw.iter().cloned()).collect::<Vec<_>>());
            prop_assert_eq!(row.entities(), event.entities());
        }
    }

    #[test]
    fn an_entity_reads_back_as_it_was_written(kind in 0..Kind::ALL.len(), value in "[a-zA-Z0-9:/@._-]{1,20}") {
        let e = Entity::new(Kind::ALL[kind], &value);
        prop_assert_eq!(e.to_string().parse::<Entity>().unwrap(), e);
    }

    #[test]
    fn not_is_the_other_half(text in "[a-c]{0,3}", part in "[A-C]{0,2}", any_case in any::<bool>()) {
        let mut sink = EventSink::new(origin());
        feed(&mut sink, Time(0), &[Say::Key(Column::Message as usize, text)]);
        let like = Filter::Like(Column::Message, Pattern { text: part, place: Place::Anywhere, any_case });
        let event = &sink.events[0];
        prop_assert_ne!(like.matches(event), Filter::Not(Box::new(like.clone())).matches(event));
    }
}

#[test]
fn a_missing_column_makes_a_test_false_and_its_opposite_true() {
    let mut sink = EventSink::new(origin());
    feed(&mut sink, Time::parse("2026-03-04T11:00:00Z").unwrap(), &[]);
    let event = &sink.events[0];
    let is = Filter::is(Column::User, "root@web-1");
    assert!(!is.matches(event));
    assert!(Filter::Not(Box::new(is)).matches(event));
    assert!(Filter::And(vec![]).matches(event) && !Filter::Or(vec![]).matches(event));
    assert!(Filter::During(Window { since: Time::parse("2026-03-04T11:00:00Z"), until: None }).matches(event));
}

#[test]
fn touching_a_process_or_a_file_means_on_that_host() {
    let mut sink = EventSink::new(origin());
    sink.begin(class::PROCESS_ACTIVITY, 1, Time::parse("2026-03-04T11:00:00Z").unwrap());
    sink.record(1, b"x");
    sink.int(attr::PROCESS_PID, 42);
    sink.key(Column::File, "/etc/passwd");
    sink.end();
    let event = &sink.events[0];
    for (entity, touches) in
        [("process:web-1/42", true), ("process:db-1/42", false), ("file:web-1:/etc/passwd", true), ("file:/etc/passwd", true), ("process:web-1/x", false)]
    {
        assert_eq!(Filter::touching(&[entity.parse().unwrap()]).matches(event), touches, "{entity}");
    }
    assert_eq!(event.id(), "web-1/auth.log#1");
}

/// BAD-INPUTS rows 18 and 22: what cannot be is filed under the time received and marked; what is late or early is kept.
#[test]
fn row_18_and_22_odd_times() {
    for (time, filed, marks) in [
        ("1970-01-01T00:00:00Z", "2026-03-04T12:00:00Z", Some("time_implausible")),
        ("1600-01-01T00:00:00Z", "2026-03-04T12:00:00Z", Some("time_implausible")),
        ("9998-01-01T00:00:00Z", "2026-03-04T12:00:00Z", Some("time_implausible")),
        ("2026-03-05T12:00:00Z", "2026-03-05T12:00:00Z", Some("time_future")),
        ("2024-03-05T12:00:00Z", "2024-03-05T12:00:00Z", None),
    ] {
        let mut sink = EventSink::new(origin());
        feed(&mut sink, Time::parse(time).unwrap(), &[]);
        assert_eq!(sink.events[0].time().to_string(), filed, "{time}");
        assert_eq!(sink.events[0].text(Column::Marks), marks, "{time}");
    }
}

/// BAD-INPUTS row 15: hostile names do not collide, and nothing said under one name is lost.
#[test]
fn row_15_hostile_names_stay_apart() {
    let mut sink = EventSink::new(origin());
    sink.begin(class::BASE_EVENT, 1, Time(0));
    sink.record(1, b"x");
    sink.other("__proto__", "1");
    sink.other("a.b", "2");
    sink.other_json("a", r#"{"b":3}"#);
    sink.other("a.b", "4");
    sink.other_json("big", "18446744073709551616000");
    sink.other_json("pretty", r#"{ "n": 1, "t": "1e999" }"#);
    sink.end();
    let unmapped = &sink.events[0].object["unmapped"];
    assert_eq!(unmapped.to_string(), r#"{"__proto__":"1","a.b":["2","4"],"a":{"b":3},"big":"18446744073709551616000","pretty":{"n":1,"t":"1e999"}}"#);
}

#[test]
fn columns_have_unique_names_and_attributes_fit_their_columns() {
    let mut names: Vec<_> = Column::ALL.iter().map(|c| c.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Column::COUNT);
    for a in attr::ALL {
        let number = a.path.ends_with("_id") || a.path.ends_with("port") || a.path.ends_with("pid") || a.path.ends_with("bytes_out");
        if let Some(c) = a.column {
            assert_eq!(number, c.shape() == Shape::Int, "{} fills {}", a.path, c.name());
        }
    }
}

/// A log that tells of more gaps than a book names does not make the book grow; the counts stay right.
#[test]
fn gaps_beyond_the_limit_are_folded() {
    let mut book = event::Book::new("s", "linux_audit", Facet::Runtime);
    let most = event::book::GAPS_MAX as i64;
    for n in 0..most + 50 {
        book.add_gap(event::Gap { source: "s".into(), kind: "lost".into(), from: None, to: Some(Time(n)), count: Some(2) });
    }
    assert_eq!(book.gaps.len() as i64, most);
    assert_eq!(book.gaps.iter().filter_map(|g| g.count).sum::<u64>(), 2 * (most as u64 + 50));
    assert_eq!(book.gaps.last().unwrap().to, Some(Time(most + 49)));
}
