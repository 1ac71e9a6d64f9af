//! One meaning, two evaluators: `Filter::matches` in memory and the lake's query agree on every event.

use std::collections::BTreeSet;

use event::{Column, EventSink, Facet, Fields, Filter, Pattern, Window, Words, filter::Place};
use lake::{Error, Lake, Want};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use crate::made::{self, Made, NOON};

const TEXTS: [&str; 28] = [
    "",
    "a",
    "A",
    "alice",
    "Alice",
    "ALICE@web-1",
    "ali",
    "ice",
    "%",
    "_",
    "a%b",
    "a_b",
    "\\",
    "'",
    "\"",
    "straße",
    "STRASSE",
    "İ",
    "i",
    "\u{212a}",
    "k",
    "é",
    "e\u{301}",
    "a\u{0}b",
    " ",
    "10.0.0.1",
    "line\nbreak",
    "💥",
];
const ADDRESSES: [&str; 12] = [
    "10.0.0.1",
    "10.0.0.255",
    "10.0.1.0",
    "::ffff:10.0.0.1",
    "2001:db8::1",
    "2001:DB8::1",
    "2001:db9::",
    "not an address",
    "10.0.0.1 ",
    "010.0.0.1",
    "0.0.0.0",
    "",
];
const NETS: [&str; 6] = ["10.0.0.0/24", "10.0.0.1/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "::ffff:0:0/96"];
/// Parts of original records, as `made::bytes_of` makes them, and what is not in them.
const WORDS: [&str; 10] = ["", "record", "RECORD", "record 1", " of alice", "of web-1/AUTH.log ", "\u{fffd}", "\u{0}\r\n", "\n", "nothing"];
const GLOBS: [&str; 6] = ["a*e", "*", "A*@*1", "\\*", "a\\\\*", "*i*"];
const NUMBERS: [i64; 7] = [i64::MIN, -1, 0, 1, 22, 443, i64::MAX];

fn text_columns() -> impl Strategy<Value = Column> {
    prop::sample::select(vec![Column::User, Column::Host, Column::Command, Column::Message, Column::Uid, Column::Facet, Column::Source, Column::Resource])
}

fn number_columns() -> impl Strategy<Value = Column> {
    prop::sample::select(vec![Column::Pid, Column::SrcPort, Column::BytesOut, Column::Seq, Column::Time, Column::Received, Column::SeverityId])
}

fn columns() -> impl Strategy<Value = Column> {
    prop::sample::select(Column::ALL.to_vec())
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(TEXTS.to_vec()).prop_map(String::from), 1 => "\\PC{0,4}", 1 => prop::sample::select(ADDRESSES.to_vec()).prop_map(String::from)]
}

fn events() -> impl Strategy<Value = Vec<Made>> {
    let cells = vec((prop::sample::select(vec![Column::User, Column::Host, Column::Command, Column::Message, Column::Uid, Column::Resource]), texts()), 0..5);
    let address = prop::option::of(prop::sample::select(ADDRESSES.to_vec()));
    let numbers = vec((prop::sample::select(vec![Column::Pid, Column::SrcPort, Column::BytesOut]), prop::sample::select(NUMBERS.to_vec())), 0..3);
    let one = (0i64..50, cells, address, numbers);
    vec(one, 60..61).prop_map(|all| {
        let made = |(seq, (at, mut cells, address, numbers)): (usize, (i64, Vec<(Column, String)>, Option<&str>, Vec<(Column, i64)>))| {
            cells.extend(address.map(|a| (Column::SrcIp, a.to_owned())));
            Made { time: NOON.plus(at - 25), seqs: vec![seq as u64], cells, numbers }
        };
        all.into_iter().enumerate().map(made).collect()
    })
}

fn place() -> impl Strategy<Value = Place> {
    prop::sample::select(vec![Place::Whole, Place::Start, Place::End, Place::Anywhere, Place::Glob])
}

fn tests() -> impl Strategy<Value = Filter> {
    let moment = || prop::option::of((-26i64..26).prop_map(|n| NOON.plus(n)));
    let number = || prop_oneof![prop::sample::select(NUMBERS.to_vec()), 0i64..60, (-26i64..26).prop_map(|n| NOON.plus(n).0)];
    let pattern = (texts(), place(), any::<bool>()).prop_map(|(text, place, any_case)| Pattern { text, place, any_case });
    let process = (texts(), prop::sample::select(NUMBERS.to_vec()))
        .prop_map(|(host, pid)| Filter::And(vec![Filter::is(Column::Host, host), Filter::equals(Column::Pid, pid)]));
    prop_oneof![
        1 => Just(Filter::All),
        4 => (text_columns(), vec(texts(), 0..6)).prop_map(|(c, v)| Filter::Is(c, v)),
        6 => (text_columns(), pattern).prop_map(|(c, p)| Filter::Like(c, p)),
        3 => (number_columns(), number(), number()).prop_map(|(c, a, b)| Filter::Within(c, a, b)),
        2 => (number_columns(), number()).prop_map(|(c, n)| Filter::equals(c, n)),
        3 => (prop_oneof![Just(Column::SrcIp), text_columns()], prop::sample::select(NETS.to_vec())).prop_map(|(c, n)| Filter::InNet(c, n.parse().unwrap())),
        3 => columns().prop_map(Filter::Has),
        2 => (moment(), moment()).prop_map(|(since, until)| Filter::During(Window { since, until })),
        3 => (prop::sample::select(WORDS.to_vec()), any::<bool>()).prop_map(|(text, any_case)| Filter::Original(Words { text: text.into(), any_case })),
        2 => (text_columns(), prop::sample::select(GLOBS.to_vec()), any::<bool>())
            .prop_map(|(c, text, any_case)| Filter::Like(c, Pattern { text: text.into(), place: Place::Glob, any_case })),
        1 => process,
        // Tests on a column of the wrong shape are false, whatever the column holds.
        1 => (columns(), texts()).prop_map(|(c, t)| Filter::is(c, t)),
        1 => (columns(), number()).prop_map(|(c, n)| Filter::equals(c, n)),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    tests().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            vec(inner.clone(), 0..5).prop_map(Filter::And),
            vec(inner, 0..5).prop_map(Filter::Or),
        ]
    })
}

#[test]
fn both_evaluators_agree() {
    let mut runner = TestRunner::deterministic();
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    let mut known = Vec::new();
    for (n, (source, facet)) in [("web-1/auth.log", Facet::System), ("alice", Facet::Cloud)].into_iter().enumerate() {
        let made = events().new_tree(&mut runner).unwrap().current();
        let mut sink = EventSink::new(made::origin(source, facet));
        made::fill(&mut sink, source, &made);
        known.extend(sink.events);
        lake.commit(n as u64 + 1, "", vec![made::batch(source, facet, &made)], vec![], vec![], vec![]).unwrap();
    }
    let mut runner = TestRunner::new_with_rng(Config { cases: 200, failure_persistence: None, ..Config::default() }, runner.new_rng());
    runner
        .run(&filters(), |filter| {
            let expected: BTreeSet<String> = known.iter().filter(|e| filter.matches(*e)).map(|e| e.id()).collect();
            let found: BTreeSet<String> = lake.events(&filter, None, Want::COLUMNS).unwrap().iter().map(|e| e.id()).collect();
            prop_assert_eq!(expected, found);
            Ok(())
        })
        .unwrap();
}

#[test]
fn thousands_of_entities_are_one_question() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    let rows: Vec<Made> = (0..50u64)
        .map(|n| {
            let mut m = made::event(NOON, &[n], &[(Column::Host, "web-1"), (Column::User, "alice@web-1")]);
            m.numbers.push((Column::Pid, n as i64 * 100));
            m
        })
        .collect();
    lake.commit(1, "", vec![made::batch("s", Facet::Runtime, &rows)], vec![], vec![], vec![]).unwrap();
    let entities: Vec<_> = (0..3_000).map(|n| made::entity(&format!("process:web-1/{}", n * 2))).chain([made::entity("ip:10.0.0.1")]).collect();
    assert_eq!(lake.count(&Filter::touching(&entities)).unwrap(), 50);
    let links_of = lake.links(&entities, Window::default()).unwrap();
    assert!(links_of.is_empty());
    // The same, in a shape that cannot be put together.
    let wide = |n: i64| Filter::Or((0..n).map(|n| Filter::And(vec![Filter::equals(Column::Pid, n * 2), Filter::Has(Column::User)])).collect());
    assert_eq!(lake.count(&wide(3_000)).unwrap(), 50);
}

#[test]
fn nesting_has_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    let nest = |levels: usize| (0..levels).fold(Filter::All, |f, _| Filter::Not(Box::new(f)));
    assert_eq!(lake.count(&nest(100)).unwrap(), 0);
    assert!(matches!(lake.count(&nest(101)), Err(Error::Depth { max: 100 })));
}
