//! The search language: what people type means what they mean, faults are pointed at, printing and reading are each other's
//! opposite, and no text makes the reader stop.

use event::{
    Column, Event, EventSink, Filter, Pattern, Sink, Time, Window, Words, class,
    filter::Place,
    query::{self, Query, print},
};
use proptest::{collection::vec, prelude::*};

fn now() -> Time {
    Time::parse("2026-03-08T12:00:00Z").unwrap()
}

fn parse(text: &str) -> Filter {
    Query::parse(text, now()).unwrap_or_else(|e| panic!("{text}: {}", e.pointed())).filter
}

fn made(cells: &[(Column, &str)], numbers: &[(Column, i64)], raw: &[u8]) -> Event {
    let mut sink = EventSink::new(crate::origin());
    sink.begin(class::AUTHENTICATION, 1, Time::parse("2026-03-04T11:00:00Z").unwrap());
    cells.iter().for_each(|(c, t)| sink.key(*c, t));
    numbers.iter().for_each(|(c, n)| sink.key_int(*c, *n));
    sink.record(7, raw);
    sink.end();
    sink.events.pop().unwrap()
}

fn login() -> Event {
    made(
        &[
            (Column::User, "root@web-1"),
            (Column::SrcIp, "10.2.3.4"),
            (Column::DstIp, "2001:db8::1"),
            (Column::Service, "sshd"),
            (Column::Operation, "PasswordLogin"),
            (Column::Outcome, "failure"),
            (Column::Host, "web-1.example"),
            (Column::Resource, "arn:aws:s3:::customer-exports"),
            (Column::File, "/etc/passwd"),
            (Column::Command, "sh -c \"CURL -s http://x\""),
            (Column::Message, "Failed password for root"),
        ],
        &[(Column::SrcPort, 2200), (Column::BytesOut, 5_000_000)],
        b"Mar  4 11:00:00 web-1 sshd[7]: Failed password \xff for ROOT\n",
    )
}

/// What is typed, and whether it is true of `login`.
const TYPED: &[(&str, bool)] = &[
    ("", true),
    ("*", true),
    ("-*", false),
    ("user:root", true),
    ("user:roo", false),
    ("user:ROOT", false),
    ("user:root@web-1", true),
    ("user~ROOT@web-1", true),
    ("user=root", false),
    ("user:roo*", true),
    ("user:*WEB*", true),
    ("user:r*@w*1", true),
    ("user=R*@w*1", false),
    ("user:\"r*\"", false),
    ("who:root", true),
    ("target_user:root", false),
    ("host:web-1", true),
    ("host:WEB-1.example.", true),
    ("host:web", false),
    ("src:10.0.0.0/8", true),
    ("src:10.2.3.4", true),
    ("src:11.0.0.0/8", false),
    ("dst:[2001:DB8::0:1]", true),
    ("ip:2001:db8::/32", true),
    ("ip:(10.9.9.9, 10.2.3.4)", true),
    ("entity:10.2.3.4", true),
    ("entity:root@web-1", true),
    ("entity:10.2.3.5", false),
    ("service:SSHD", true),
    ("-service:cron", true),
    ("service:(cron, sshd)", true),
    ("operation:passwordlogin", true),
    ("resource:customer-exports", true),
    ("resource:exports", false),
    ("file:passwd", true),
    ("file:/etc/passwd", true),
    ("command:\"curl -s\"", true),
    ("cmd:curl", true),
    ("cmd:wget", false),
    ("port:2200", true),
    ("port:1..1024", false),
    ("port:1024..", true),
    ("port:<=2200", true),
    ("port:>2200", false),
    ("bytes_out:>1000000", true),
    ("bytes:>=5M", true),
    ("bytes:<5M", false),
    ("pid:*", false),
    ("has:src_port", true),
    ("has:port", true),
    ("has:pid", false),
    ("-has:pid", true),
    ("time:2026-03-04", true),
    ("time:2026-03-04T11:00", true),
    ("time:2026-03-03..2026-03-04", false),
    ("time:2026-03-04..2026-03-05", true),
    ("time:>=2026-03-05", false),
    ("received:<2026-03-05", true),
    ("since:-7d", true),
    ("since:-1d", false),
    ("until:2026-03-04", false),
    ("id:web-1/auth.log#7", true),
    ("id:web-1/auth.log#8", false),
    ("log:auth.log", true),
    ("raw:sshd[7]", true),
    ("raw:SSHD[7]", true),
    ("raw=SSHD[7]", false),
    ("\"for root\"", true),
    ("\"curl -S\"", true),
    ("http://x", true),
    ("arn:aws:s3", false),
    ("SHA256:abc", false),
    ("10.2.3.4", false),
    ("failed password", true),
    ("failed and nothing", false),
    ("nothing OR failed", true),
    ("user:root (nothing or failed) not cron", true),
    ("user:root nothing or failed", true),
    ("user:root (nothing or more)", false),
    ("not (nothing or failed)", false),
    ("-(-failed)", true),
    ("user:root src:10.0.0.0/8 -service:cron \"curl \" since:-7d", true),
    ("severity:1 class:3002", true),
    ("-", true),
    ("- nothing", false),
];

#[test]
fn what_people_type_means_what_they_mean() {
    let event = login();
    for &(text, is) in TYPED {
        assert_eq!(parse(text).matches(&event), is, "{text}");
        assert_eq!(parse(&print(&parse(text))).matches(&event), is, "{text} as {}", print(&parse(text)));
    }
}

#[test]
fn faults_are_pointed_at() {
    let faults: String = [
        "usr:root src:10.0.0.0/8",
        "user:root frobnicate:1",
        "user: root",
        "port:http",
        "port:9..1",
        "bytes_out:>",
        "time:yesterday",
        "time:2026-03-02..2026-03-01",
        "since:x",
        "id:web-1",
        "\"curl",
        "(user:root",
        "user:root)",
        "user:(a b)",
        "user:(a,",
        "user:()",
        "user:root or",
        "or user:root",
        "not",
        "(  )",
        "a*b",
        "\"\"",
        "entity=root",
        "has:usr",
        "raw:a*b",
        "root\u{1b}[2J usr:x\u{202e}",
    ]
    .map(|q| format!("{}\n\n", Query::parse(q, now()).expect_err(q).pointed()))
    .concat();
    insta::assert_snapshot!(faults);
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Query::parse(&deep(query::DEPTH_MAX), now()).is_ok());
    for (text, said) in [(deep(query::DEPTH_MAX + 1), "nest"), ("a ".repeat(query::TERMS_MAX + 1), "terms"), ("a".repeat(query::CHARS_MAX + 1), "characters")] {
        let fault = Query::parse(&text, now()).unwrap_err();
        assert!(fault.to_string().contains(said) && fault.pointed().len() < 1_000, "{fault}");
    }
}

#[test]
fn terms_say_what_they_ask_alone() {
    let query = Query::parse("user:(root, alice) -src:10.0.0.0/8 \"curl \" port:22 since:-1d", now()).unwrap();
    let terms: Vec<_> = query.terms.iter().map(|t| (t.text.as_str(), t.value.as_str(), t.columns.len(), t.negated)).collect();
    assert_eq!(
        terms,
        [
            ("root", "root", 1, false),
            ("alice", "alice", 1, false),
            ("src:10.0.0.0/8", "10.0.0.0/8", 1, true),
            ("\"curl \"", "curl ", 0, false),
            ("port:22", "22", 0, false),
            ("since:-1d", "-1d", 0, false)
        ]
    );
    assert_eq!(query.window(), Window { since: Some(now().plus(-event::time::DAY)), until: None });
    let both = Query::parse("time:2026-03-01..2026-03-05 since:2026-03-02 until:2026-03-03", now()).unwrap().window();
    assert_eq!((both.since, both.until), (Time::parse("2026-03-02T00:00:00Z"), Time::parse("2026-03-03T00:00:00Z")));
}

const TEXTS: [&str; 14] = ["", "a", "A", "ab", "b*", "*", "\\", "\"", "a b", "a\u{0}b", "(", "10.0.0.1", "10.0.0.0/8", "é💥"];

fn texts() -> impl Strategy<Value = String> {
    prop::sample::select(TEXTS.to_vec()).prop_map(String::from)
}

fn columns() -> impl Strategy<Value = Column> {
    prop_oneof![
        4 => prop::sample::select(vec![Column::User, Column::Message, Column::Command, Column::SrcIp, Column::Pid, Column::Time]),
        1 => prop::sample::select(Column::ALL.to_vec())
    ]
}

fn tests() -> impl Strategy<Value = Filter> {
    let numbers = || prop_oneof![Just(i64::MIN), Just(i64::MAX), -3i64..3];
    let times = || prop::option::of(prop_oneof![any::<i64>(), (-3i64..3).prop_map(|n| now().0 + n)].prop_map(Time));
    let place = prop::sample::select(vec![Place::Whole, Place::Start, Place::End, Place::Anywhere, Place::Glob]);
    let pattern = (texts(), place, any::<bool>()).prop_map(|(text, place, any_case)| Pattern { text, place, any_case });
    prop_oneof![
        Just(Filter::All),
        (columns(), vec(texts(), 0..4)).prop_map(|(c, v)| Filter::Is(c, v)),
        (columns(), pattern).prop_map(|(c, p)| Filter::Like(c, p)),
        (columns(), numbers(), numbers()).prop_map(|(c, a, b)| Filter::Within(c, a, b)),
        (columns(), prop::sample::select(vec!["10.0.0.0/8", "::/0"])).prop_map(|(c, n)| Filter::InNet(c, n.parse().unwrap())),
        columns().prop_map(Filter::Has),
        (times(), times()).prop_map(|(since, until)| Filter::During(Window { since, until })),
        (texts(), any::<bool>()).prop_map(|(text, any_case)| Filter::Original(Words { text, any_case })),
        prop::sample::select(vec!["\"curl \"", "a", "user:root", "ip:10.0.0.1", "since:-7d"]).prop_map(parse),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    tests().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner, 0..4).prop_map(Filter::Or),
        ]
    })
}

type Parts = (Vec<(Column, String)>, Vec<(Column, i64)>, String);

fn events() -> impl Strategy<Value = Vec<Event>> {
    let cells = vec((prop::sample::select(vec![Column::User, Column::Message, Column::Command, Column::SrcIp]), texts()), 0..4);
    let numbers = vec((prop::sample::select(vec![Column::Pid, Column::SrcPort]), prop_oneof![Just(i64::MIN), Just(i64::MAX), -3i64..3]), 0..2);
    vec((cells, numbers, texts()), 1..8).prop_map(|all| {
        let one = |(cells, numbers, raw): Parts| made(&cells.iter().map(|(c, t)| (*c, t.as_str())).collect::<Vec<_>>(), &numbers, raw.as_bytes());
        all.into_iter().map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_as_the_same_question(filter in filters(), events in events()) {
        let text = print(&filter);
        let read = Query::parse(&text, now()).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?.filter;
        for e in events.iter().chain([&login()]) {
            prop_assert_eq!(filter.matches(e), read.matches(e), "{}", text);
        }
        // And what was read is printed and read as itself.
        prop_assert_eq!(Query::parse(&print(&read), now()).unwrap().filter, read, "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_stop(text in "\\PC{0,40}", soup in vec(prop::sample::select(vec!["user", ":", "=", "~", "(", ")", ",", "\"", "*", "-", " ", "or", "and", "not", "..", ">", "5", "\\", "since", "é"]), 0..30)) {
        for text in [text, soup.concat()] {
            match Query::parse(&text, now()) {
                Ok(query) => {
                    let again = Query::parse(&print(&query.filter), now());
                    prop_assert!(again.is_ok(), "{text} as {}: {again:?}", print(&query.filter));
                    prop_assert_eq!(again.unwrap().filter.matches(&login()), query.filter.matches(&login()), "{}", text);
                }
                Err(fault) => prop_assert!(fault.pointed().contains('^'), "{text}"),
            }
        }
    }

    #[test]
    fn a_glob_is_what_a_slow_one_says(glob in "[ab*]{0,6}", text in "[ab]{0,8}") {
        fn slow(glob: &[u8], text: &[u8]) -> bool {
            match glob.split_first() {
                None => text.is_empty(),
                Some((b'*', rest)) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
                Some((c, rest)) => text.first() == Some(c) && slow(rest, &text[1..]),
            }
        }
        prop_assert_eq!(event::filter::glob(&text, &glob), slow(glob.as_bytes(), text.as_bytes()));
    }
}
