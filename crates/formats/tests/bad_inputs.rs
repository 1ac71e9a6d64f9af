//! Bad input that reaches a parser, by row of the list of bad inputs; framing's rows are with framing.

use event::{Column, Event, Fields, Reason};
use formats::Reading;

use crate::shared;

const GOOD: &str = r#""eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/a","userName":"a"},"eventTime":"2026-03-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","eventID":"e1""#;

fn with(more: &str) -> Reading {
    read(format!("{{{GOOD},{more}}}\n").as_bytes())
}

fn read(bytes: &[u8]) -> Reading {
    formats::read_as(formats::by_name("aws_cloudtrail").unwrap(), bytes, &shared::context("bad"))
}

fn one(reading: &Reading) -> &Event {
    assert!(reading.rejected.is_empty(), "{:?}", reading.rejected);
    let [event] = &reading.events[..] else { panic!("{} events", reading.events.len()) };
    event
}

fn marks(event: &Event) -> &str {
    event.text(Column::Marks).unwrap_or_default()
}

#[test]
fn row_1_bytes_that_are_not_utf_8() {
    let line = [b"{".as_slice(), GOOD.as_bytes(), b",\"userAgent\":\"caf\xe9 \xed\xa0\x80 \xc0\xaf\"}\n"].concat();
    let reading = read(&line);
    assert_eq!(marks(one(&reading)), "not_utf8");
    assert!(one(&reading).text(Column::UserAgent).unwrap().starts_with("caf\u{fffd} "));
    assert_eq!(one(&reading).raw, [line]);
    let text = formats::read(b"caf\xe9\n", "x.txt", &shared::context("text"));
    assert_eq!((text.format, marks(&text.events[0]), text.events[0].text(Column::Message)), ("text", "not_utf8", Some("caf\u{fffd}")));
}

#[test]
fn row_4_utf_16_is_quarantined() {
    let plain: Vec<u8> = "some text\nmore\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let reading = formats::read(&plain, "x.txt", &shared::context("text"));
    assert!(reading.events.is_empty() && reading.rejected.iter().all(|r| r.reason == Reason::Encoding), "{:?}", reading.rejected);
}

#[test]
fn row_8_nothing() {
    assert_eq!(formats::read(b"", "", &shared::context("x")), Reading { format: "text", ..Reading::default() });
    assert_eq!(read(b"\n\n").pieces, 1);
}

#[test]
fn row_11_a_million_keys() {
    let members = (0..1_000_000).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
    let event = &with(&members).events[0];
    assert_eq!(event.object["unmapped"].as_object().unwrap().len(), 1_000_000);
    assert_eq!(event.object["unmapped"]["999999"], 1);
}

#[test]
fn row_12_keys_that_appear_twice() {
    for more in [r#""userAgent":"a","userAgent":"b""#, r#""userAgent":"b","requestParameters":{"x":1,"x":2}"#, r#""userAgent":"b","zz":1,"zz":2"#] {
        let reading = with(more);
        assert_eq!((marks(one(&reading)), one(&reading).text(Column::UserAgent)), ("duplicate_key", Some("b")), "{more}");
    }
    assert_eq!(marks(one(&with(r#""userAgent":"a""#))), "");
}

#[test]
fn row_13_numbers_are_exact() {
    for number in ["NaN", "Infinity", "-Infinity", "1e400", "9007199254740993", "18446744073709551617", "0.10"] {
        let reading = with(&format!("\"odd\":{number}"));
        let line = one(&reading).to_json_line();
        assert!(line.contains(&format!("\"odd\":\"{number}\"")) || line.contains(&format!("\"odd\":{number}}}")), "{line}");
    }
}

#[test]
fn row_14_a_bad_line_among_good_ones() {
    let reading = read(format!("{{{GOOD}}}\n{{{GOOD},\"x\":tru}}\n{{\"eventTime\":}}\n{{\"a\":1}}\n{{{GOOD}}}\n").as_bytes());
    assert_eq!(reading.events.len(), 2);
    let why: Vec<_> = reading.rejected.iter().map(|r| (r.seq, r.reason)).collect();
    assert_eq!(why, [(1, Reason::Syntax), (2, Reason::Syntax), (3, Reason::NoTime)]);
}

#[test]
fn row_15_names_that_mean_something_to_others() {
    let reading = with(r#""__proto__":{"x":1},"a.b":1,"a":{"b":2},"constructor":"c","unmapped":"u""#);
    let unmapped = &one(&reading).object["unmapped"];
    assert_eq!((&unmapped["__proto__"]["x"], &unmapped["a.b"], &unmapped["a"]["b"], &unmapped["unmapped"]), (&1.into(), &1.into(), &2.into(), &"u".into()));
}

#[test]
fn row_16_fields_that_change_their_type() {
    for more in [
        r#""requestParameters":"text""#,
        r#""requestParameters":[1]"#,
        r#""resources":{"ARN":"x"}"#,
        r#""resources":[1,"x",null]"#,
        r#""additionalEventData":"x""#,
        r#""userAgent":{"a":1}"#,
        r#""errorCode":5"#,
        r#""responseElements":true"#,
        r#""sourceIPAddress":["10.0.0.1"]"#,
        r#""sessionContext":1"#,
    ] {
        one(&with(more));
    }
    for identity in [
        "null",
        "5",
        "\"x\"",
        "[]",
        "{}",
        r#"{"type":5,"sessionContext":"x"}"#,
        r#"{"type":"AssumedRole","sessionContext":{"sessionIssuer":"x","attributes":[1]}}"#,
    ] {
        let line = format!("{{{},\"userIdentity\":{identity}}}", GOOD.split_once("},").unwrap().1);
        one(&read(line.as_bytes()));
    }
}

#[test]
fn rows_18_22_times_that_cannot_be_or_are_far() {
    let at = |time: &str| read(format!("{{{}}}", GOOD.replace("\"2026-03-01T10:00:00Z\"", time)).as_bytes());
    for (time, mark) in [
        ("\"1970-01-01T00:00:00Z\"", "time_implausible"),
        ("\"1600-01-01T00:00:00Z\"", "time_implausible"),
        ("\"9999-12-31T23:59:59Z\"", "time_implausible"),
        ("\"soon\"", "time_implausible"),
        ("0", "time_implausible,unit_assumed"),
        ("1772366400000", "unit_assumed"),
        ("\"2027-03-01T10:00:00Z\"", "time_future"),
        ("\"2024-03-01T10:00:00Z\"", ""),
        ("\"2016-12-31T23:59:60Z\"", "leap_second"),
    ] {
        let reading = at(time);
        assert_eq!(marks(one(&reading)), mark, "{time}");
        if mark.contains("implausible") {
            assert_eq!(one(&reading).time(), shared::context("").received, "{time}");
        }
    }
}
