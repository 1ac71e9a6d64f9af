//! CloudTrail records that nobody here wrote: every one is a valid OCSF event, and its facts are kept.

use std::{collections::BTreeMap, fs};

use event::{Column, Event, Fields};
use serde_json::Value;

use crate::shared;

/// Streams of the corpus with CloudTrail records. Test collections wrap each record in an object of their own; it is taken out.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(data) = shared::folder("data") else { return Vec::new() };
    let mut streams = Vec::new();
    for part in [
        "cloud/invictus-aws/CloudTrail",
        "cloud/stratus-red-team/detonation-logs",
        "cloud/plaso/jsonl/aws_cloudtrail.jsonl",
        "application/crowdsec-hub/aws-cloudtrail-postexploit/aws-cloudtrail-postexploit.log",
    ] {
        let path = data.join(part);
        let files = if path.is_dir() { shared::files(&path) } else { vec![path] };
        streams.extend(files.into_iter().map(|f| (f.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&f).unwrap())));
    }
    let panther = fs::read_to_string(data.join("rules/panther-tests/AWS.CloudTrail.ndjson")).unwrap();
    let logs: Vec<Value> = panther.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["log"].take()).collect();
    // A few of these tests of rules are records of other logs, or not a record at all.
    streams.push((
        "panther".into(),
        logs.iter().filter(|l| l.get("eventTime").is_some() && l.get("eventSource").is_some()).map(|l| format!("{l}\n")).collect::<String>().into_bytes(),
    ));
    for part in ["cloud/streamalert/classifier/cloudtrail", "cloud/streamalert/community/cloudwatch_events", "cloud/streamalert/community/cloudtrail"] {
        for file in shared::files(&data.join(part)) {
            let tests: Vec<Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            for test in tests {
                streams.push((file.file_name().unwrap().to_str().unwrap().to_owned(), test["data"].to_string().into_bytes()));
            }
        }
    }
    streams
}

#[test]
fn every_record_of_the_corpus_is_a_valid_event() {
    let (mut events, mut records) = (Vec::new(), 0);
    for (name, bytes) in corpus() {
        let reading = formats::read(&bytes, &name, &shared::context(&name));
        assert_eq!(reading.format, "aws_cloudtrail", "{name}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]));
        assert!(reading.rejected.is_empty(), "{name}: {:?}", reading.rejected.iter().map(|r| (&r.detail, String::from_utf8_lossy(&r.bytes))).next());
        records += reading.records;
        events.extend(reading.events);
    }
    if events.is_empty() {
        return;
    }
    assert_eq!(events.len() as u64, records);
    let Some((good, said)) = shared::ocsf_check(&events) else { return };
    println!("{said}");
    assert!(good, "{said}");
}

/// Nothing is dropped: every value of a record is somewhere in its OCSF object.
#[test]
fn every_value_of_the_corpus_is_kept() {
    let mut lost: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut values = 0;
    for (name, bytes) in corpus() {
        for event in formats::read(&bytes, &name, &shared::context(&name)).events {
            let object = event.to_json_line();
            let Ok(record) = serde_json::from_slice::<Value>(trim(&event.raw[0])) else { panic!("{name}") };
            leaves("", &record, &mut |path, value| {
                values += 1;
                // Texts inside `api.request.data` are escaped once more.
                let quoted = Value::from(value).to_string();
                let (once, twice) = (quoted.trim_matches('"'), Value::from(quoted.trim_matches('"')).to_string());
                if !object.contains(once) && !object.contains(twice.trim_matches('"')) {
                    lost.entry(path.to_owned()).or_insert((0, value.to_owned())).0 += 1;
                }
            });
        }
    }
    // A time becomes a number. Digits and escapes inside the request stay as they are written, which this test does not see through.
    lost.retain(|path, (_, value)| !path.ends_with("attributes.creationDate") && !value.contains('<') && value.parse::<f64>().is_err());
    println!("{values} values");
    assert!(lost.is_empty(), "{lost:#?}");
}

fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii();
    bytes.strip_suffix(b",").unwrap_or(bytes)
}

fn leaves(path: &str, value: &Value, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(&if path.is_empty() { k.clone() } else { format!("{path}.{k}") }, v, each)),
        Value::Array(list) => list.iter().for_each(|v| leaves(path, v, each)),
        Value::Null => {}
        Value::String(s) => match serde_json::from_str::<Value>(s) {
            Ok(inner @ Value::Object(_)) => leaves(path, &inner, each),
            _ => each(path, s),
        },
        other => each(path, &other.to_string()),
    }
}

/// plaso's names of facts, and where muster has them.
fn fact(event: &Event, name: &str) -> Option<String> {
    let text = |c| event.text(c).map(str::to_owned);
    match name {
        "access_key" => text(Column::Credential),
        "event_name" => text(Column::Operation),
        "event_source" => text(Column::Service),
        "source_ip" => text(Column::SrcIp),
        "user_identity_arn" => text(Column::Session).or_else(|| text(Column::User)),
        "username" => event.object["actor"]["user"]["name"].as_str().map(str::to_owned),
        "recorded_time" => Some(event.time().to_string()),
        _ => None,
    }
}

#[test]
fn facts_that_plaso_expects() {
    let Some(data) = shared::folder("data") else { return };
    let oracle = fs::read_to_string(data.join("oracles/plaso/expected.jsonl")).unwrap();
    let test: Value = oracle.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).find(|t| t["parser"] == "aws_cloudtrail_log").unwrap();
    let bytes = fs::read(data.join("cloud/plaso").join(test["input"].as_str().unwrap())).unwrap();
    let reading = formats::read(&bytes, "aws_cloudtrail.jsonl", &shared::context("plaso"));
    let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).count();
    assert_eq!((reading.events.len(), reading.rejected.len()), (lines, 0));
    let (mut kept, mut missing, mut wrong) = (0, Vec::new(), Vec::new());
    for expected in test["events"].as_array().unwrap() {
        let event = &reading.events[expected["index"].as_u64().unwrap() as usize];
        for (name, want) in expected["expected"].as_object().unwrap() {
            let mut want = want.as_str().unwrap().to_owned();
            if name == "data_type" {
                continue; // plaso's own word for the format
            }
            if name == "recorded_time" {
                want = event::Time::parse(&want).unwrap().to_string();
            }
            match fact(event, name) {
                Some(is) if is == want => kept += 1,
                Some(is) => wrong.push(format!("{name}: {is}, plaso has {want}")),
                None => missing.push(name.clone()),
            }
        }
    }
    println!("plaso, CloudTrail: kept {kept}, missing {}, wrong {}: {missing:?} {wrong:?}", missing.len(), wrong.len());
    assert!(missing.is_empty() && wrong.is_empty());
}
