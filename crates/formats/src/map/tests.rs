//! Every kind of value, and the bad inputs that concern JSON.

use event::{Column, Event, EventSink, Facet, Fields, Time, class, sink::Origin};

use crate::{Record, Reject, map::*, time::Stamp};

crate::table! { FIELDS;
    ID     "id"               => Text(METADATA_UID);
    USER   "actor.user.name"  => Text(ACTOR_USER_NAME);
           "actor.ip"         => Ip(SRC_IP);
           "actor.port"       => Int(SRC_PORT);
           "actor.mfa"        => Flag(ACTOR_SESSION_IS_MFA);
           "actor.since"      => Ms(ACTOR_SESSION_CREATED_TIME);
           "request"          => Json(API_REQUEST_DATA);
    VERB   "request.verb"     => Hold;
           "tags"             => List(METADATA_LABELS);
           "who"              => Key(User);
    LOOK   "look"             => Look;
    DOTTED r"notes.a\.b/c"    => Text(API_VERSION);
}

fn read(text: &str) -> Result<Event, Reject> {
    let mut reader = Reader::new(Map::new(FIELDS));
    let record = Record { seq: 3, bytes: text.as_bytes(), received: Time::parse("2026-03-10T00:00:00Z").unwrap(), host: None };
    let origin = Origin { source: "s".into(), format: "f".into(), facet: Facet::Cloud, received: record.received, host: None };
    let mut sink = EventSink::new(origin);
    let doc = reader.read(text, record, true)?;
    doc.begin(class::API_ACTIVITY, 1, Stamp::exact(Time::parse("2026-03-01T10:00:00Z").unwrap()), &mut sink);
    doc.end("m", &mut sink);
    Ok(sink.events.remove(0))
}

fn unmapped(text: &str) -> serde_json::Value {
    read(text).unwrap().object.remove("unmapped").unwrap_or_default()
}

#[test]
fn values_of_every_kind() {
    let e = read(
        r#" {"id":"x","actor":{"user":{"name":"b\u0041"},"ip":"::ffff:10.0.0.1","port":"80","mfa":"true","since":"2026-03-01T00:00:00Z"},
            "request":{"verb":"get","x":[1]},"tags":["a","b"],"who":"w","look":1,"notes":{"a.b/c":2},"zero":0,"none":null} "#,
    )
    .unwrap();
    let o = &e.object;
    assert_eq!((&o["metadata"]["uid"], &o["actor"]["user"]["name"], &o["src_endpoint"]["port"]), (&"x".into(), &"bA".into(), &80.into()));
    assert_eq!((e.text(Column::SrcIp), e.text(Column::User), e.text(Column::Message)), (Some("10.0.0.1"), Some("w"), Some("m")));
    assert_eq!((&o["actor"]["session"]["is_mfa"], &o["actor"]["session"]["created_time"]), (&true.into(), &1_772_323_200_000_i64.into()));
    assert_eq!((&o["api"]["request"]["data"], &o["api"]["version"]), (&r#"{"verb":"get","x":[1]}"#.into(), &"2".into()));
    assert_eq!(o["metadata"]["labels"], serde_json::json!(["a", "b"]));
    assert_eq!(o["unmapped"], serde_json::json!({"look": 1, "zero": 0}), "null is nothing");
    assert_eq!((e.records, e.raw.len()), (vec![3], 1));
}

#[test]
fn row_16_what_changes_its_type_is_kept() {
    for (text, want) in [
        (r#"{"id":{"a":1}}"#, r#"{"id":{"a":1}}"#),
        (r#"{"actor":"root"}"#, r#"{"actor":"root"}"#),
        (r#"{"actor":["x"]}"#, r#"{"actor":["x"]}"#),
        (r#"{"actor":{"user":5}}"#, r#"{"actor.user":5}"#),
        (r#"{"actor":{"ip":"host","port":"http","mfa":2,"since":"x"}}"#, r#"{"actor.ip":"host","actor.port":"http","actor.mfa":2,"actor.since":"x"}"#),
        (r#"{"tags":{"a":1}}"#, r#"{"tags":{"a":1}}"#),
        (r#"{"tags":[1,{"a":1}]}"#, r#"{"tags":[1,{"a":1}]}"#),
        (r#"{"who":[1]}"#, r#"{"who":[1]}"#),
        (r#"{"request":"text"}"#, "null"),
    ] {
        assert_eq!(unmapped(text), serde_json::from_str::<serde_json::Value>(want).unwrap(), "{text}");
    }
}

#[test]
fn the_first_of_several_rows_fills_an_attribute_and_none_is_lost() {
    crate::table! { TWO;
        "new" => Text(METADATA_UID);
        "old" => Text(METADATA_UID);
    }
    let uid = |text: &str| {
        let mut reader = Reader::new(Map::new(TWO));
        let record = Record { seq: 0, bytes: b"", received: Time(0), host: None };
        let mut sink = EventSink::new(Origin { source: "s".into(), format: "f".into(), facet: Facet::Cloud, received: Time(0), host: None });
        let doc = reader.read(text, record, true).unwrap();
        doc.begin(class::API_ACTIVITY, 1, Stamp::exact(Time(0)), &mut sink);
        doc.end("", &mut sink);
        let event = sink.events.remove(0);
        (event.text(Column::Uid).map(str::to_owned), event.object.get("unmapped").cloned())
    };
    assert_eq!(uid(r#"{"old":"o","new":"n"}"#), (Some("n".into()), Some(serde_json::json!({"old": "o"}))));
    assert_eq!(uid(r#"{"old":"o"}"#), (Some("o".into()), None));
    assert_eq!(uid(r#"{"old":"o","new":""}"#), (Some("o".into()), None));
}

#[test]
fn row_15_no_two_names_are_one() {
    let all = unmapped(r#"{"__proto__":{"x":1},"actor.ip":"1","actor":{"x.y":1,"z":2,"user.name":"n"},"a.b":1,"a":{"b":2}}"#);
    let want =
        serde_json::json!({"__proto__": {"x": 1}, "\"actor.ip\"": "1", "actor.x.y": 1, "actor.z": 2, "actor.\"user.name\"": "n", "a.b": 1, "a": {"b": 2}});
    assert_eq!(all, want);
}

#[test]
fn row_12_keys_that_appear_twice() {
    let marks = |text: &str| read(text).unwrap().text(Column::Marks).map(str::to_owned);
    for twice in [
        r#"{"id":"a","id":"b"}"#,
        r#"{"id":"b","z":1,"z":1}"#,
        r#"{"id":"b","actor":{"q":1,"user":{"name":"x"},"q":2}}"#,
        r#"{"actor":{"q":1,"user":{"name":"x"}},"actor":{"z":2},"id":"b"}"#,
        r#"{"i\u0064":"a","id":"b"}"#,
    ] {
        assert_eq!((marks(twice).as_deref(), read(twice).unwrap().text(Column::Uid)), (Some("duplicate_key"), Some("b")), "{twice}");
    }
    let last = read(r#"{"actor":{"q":1,"user":{"name":"x"}},"actor":{"z":2}}"#).unwrap();
    assert_eq!((&last.object["unmapped"], last.object.get("actor")), (&serde_json::json!({"actor.z": 2}), None), "the last one counts");
    assert_eq!(marks(r#"{"id":"a","actor":{"id":"a"},"notes":{"id":1},"x":{"id":1}}"#), None);
    for n in [31, 32, 33, 500] {
        let keys = (0..n).map(|k| format!("\"k{k}\":1")).collect::<Vec<_>>().join(",");
        assert_eq!(marks(&format!("{{{keys}}}")), None, "{n}");
        assert!(marks(&format!("{{{keys},\"k0\":2}}")).is_some() && marks(&format!("{{{keys},\"k{}\":2}}", n - 1)).is_some(), "{n}");
    }
}

/// A pass over the unnamed keys for every repeated one would take minutes.
#[test]
fn keys_that_are_repeated_through_a_large_record_cost_no_more_than_others() {
    const MANY: usize = 100_000;
    let unnamed: String = (0..MANY).map(|n| format!("\"k{n}\":1,")).collect();
    let within: String = (0..MANY).map(|n| format!(",\"q{n}\":1")).collect();
    for again in ["\"id\":\"a\",", "\"actor\":{},", "\"actor\":{\"q\":1},"] {
        let text = format!("{{\"actor\":{{\"q\":1{within}}},{unnamed}{}\"actor\":{{\"z\":2}},\"id\":\"b\"}}", again.repeat(MANY));
        let mut reader = Reader::new(Map::new(FIELDS));
        let started = std::time::Instant::now();
        let doc = reader.read(&text, Record { seq: 0, bytes: b"", received: Time(0), host: None }, true).unwrap();
        assert!(started.elapsed().as_secs() < 10, "{again}: {:?}", started.elapsed());
        assert_eq!((&*doc.text(ID), doc.twice), ("b", true));
    }
    let within = |member: &str| unmapped(&format!("{{\"actor\":{{\"user\":{{\"x\":1}},\"user\":{member}}},\"k\":1,\"actor\":{{\"user\":{member}}}}}"));
    assert_eq!(within("{\"y\":2}"), serde_json::json!({"k": 1, "actor.user.y": 2}), "forgotten with what holds it, twice");
}

#[test]
fn row_13_numbers_keep_their_digits() {
    let e = read(r#"{"id":18446744073709551617,"x":1e400,"y":0.10,"z":NaN}"#).unwrap();
    assert_eq!(e.text(Column::Uid), Some("18446744073709551617"));
    assert_eq!(e.object["unmapped"], serde_json::json!({"x": "1e400", "y": "0.10", "z": "NaN"}));
}

#[test]
fn row_10_depth_costs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"actor\":", "}")] {
        let deep = format!("{{\"id\":\"x\",\"actor\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(read(&deep).unwrap().text(Column::Uid), Some("x"));
    }
}

#[test]
fn row_11_a_million_keys() {
    let keys = (0..1_000_000).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
    assert_eq!(unmapped(&format!("{{{keys}}}")).as_object().unwrap().len(), 1_000_000);
}

#[test]
fn what_is_no_json_is_told_where() {
    for (bad, at) in [("", 0), ("[]", 0), ("{\"id\":\"x\"", 9), ("{\"actor\":{\"ip\":}}", 15), ("{\"id\":\"x\"} y", 11), ("{\"actor\":{\"ip\":\"1\"}", 19)] {
        assert_eq!(read(bad).unwrap_err(), Reject::NotJson { at }, "{bad}");
    }
}

#[test]
fn names_of_rows_are_their_places() {
    let mut reader = Reader::new(Map::new(FIELDS));
    let text = r#"{"id":"x","request":{"verb":"get"},"look":[1,"b"],"actor":{"user":{"name":"N"}},"notes":{"a.b/c":"d"}}"#;
    let doc = reader.read(text, Record { seq: 0, bytes: b"", received: Time(0), host: None }, true).unwrap();
    assert_eq!((doc.text(ID), doc.text(VERB), doc.lower(USER), doc.text(DOTTED)), ("x".into(), "get".into(), "n".into(), "d".into()));
    assert_eq!(doc.first(&[Slot(99), VERB]), "get");
    let mut elements = Vec::new();
    doc.each(LOOK, |e| elements.push(e));
    assert_eq!(elements, ["1", "\"b\""]);
    assert_eq!(doc.time(Slot(1)).unwrap().time, Time(0));
    assert_eq!(doc.time(Slot(9)).unwrap_err(), Reject::NoTime { field: "who" });
}

#[test]
fn a_loose_table_takes_any_spelling_once() {
    let mut reader = Reader::new(Map::loose(FIELDS));
    let text = r#"{"ID":"x","Actor":{"USER_":{"na_me":"n"}},"id":"y","Look":1,"LOOK":2}"#;
    let doc = reader.read(text, Record { seq: 0, bytes: b"", received: Time(0), host: None }, true).unwrap();
    assert_eq!((doc.text(ID), doc.text(USER), doc.text(LOOK)), ("x".into(), "n".into(), "1".into()));
    assert_eq!(doc.others.len(), 2, "another spelling of a key is another key");
}

#[test]
fn keys_are_told_from_values() {
    let head = br#"{"a":1,"b" : {"c":"d"},"e":"\"f\":"}"#;
    assert_eq!(keys(head, &["a", "b", "c", "d", "e"]), 4);
    assert_eq!(keys(b"x=\"a\":1", &["a"]), 0);
}
