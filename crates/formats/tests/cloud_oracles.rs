//! Audit logs of clouds and services against plaso, and against what Panther's parsers found in the same records.

use event::{Event, Fields, Time};
use serde_json::Value;

use crate::oracle::{Map, Tally, data, events};

const RECEIVED: &str = "2026-11-24T00:00:00Z";

/// Formats by the name of plaso's parser.
const PLASO: [(&str, &str); 3] = [("gcp_log", "gcp_audit"), ("azure_activity_log", "azure"), ("microsoft365_audit_log", "microsoft365")];

fn facts(tally: &mut Tally, map: &Map, oracle: &str, field: &str, value: &Value, event: &Event) {
    match value {
        Value::Null => {}
        Value::Array(list) => list.iter().for_each(|v| facts(tally, map, oracle, field, v, event)),
        Value::String(text) => tally.fact(map, oracle, "", field, text, event),
        other => tally.fact(map, oracle, "", field, &other.to_string(), event),
    }
}

/// A time that an oracle wrote, to the millisecond.
fn time(tally: &mut Tally, oracle: &str, expected: &str, event: &Event) {
    let want = formats::time::of(expected, Time(0)).time;
    if want.millis() == event.time().millis() { tally.keep() } else { tally.fault(&format!("{oracle} time"), format!("{expected}, found {}", event.time())) }
}

#[test]
fn plaso_expectations_of_clouds() {
    let Some(data) = data() else { return };
    let (map, mut tally) = (Map::read("cloud.tsv"), Tally::default());
    let oracle = std::fs::read_to_string(data.join("oracles/plaso/expected.jsonl")).unwrap();
    for test in oracle.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        let Some((parser, format)) = PLASO.iter().find(|(p, _)| test["parser"] == *p) else { continue };
        let (ours, rejected) = events(format, &std::fs::read(data.join("cloud/plaso").join(test["input"].as_str().unwrap())).unwrap(), RECEIVED);
        assert!(rejected.is_empty(), "{parser}: {rejected:?}");
        for expected in test["events"].as_array().unwrap() {
            let event = &ours[expected["index"].as_u64().unwrap() as usize];
            for (field, value) in expected["expected"].as_object().unwrap() {
                match field.as_str() {
                    "recorded_time" => time(&mut tally, parser, value.as_str().unwrap(), event),
                    "data_type" => tally.skip(),
                    _ => facts(&mut tally, &map, parser, field, value, event),
                }
            }
        }
    }
    tally.verdict("plaso, clouds", KEPT_PLASO);
}

/// Formats by the name of Panther's log type.
const PANTHER: [(&str, &str); 5] = [
    ("Amazon.EKS.Audit", "kubernetes_audit"),
    ("GCP.AuditLog", "gcp_audit"),
    ("Okta.SystemLog", "okta"),
    ("GitHub.Audit", "github_audit"),
    ("GSuite.ActivityEvent", "google_workspace"),
];

#[test]
fn indicators_that_panther_found() {
    let Some(data) = data() else { return };
    let (map, mut tally) = (Map::read("cloud.tsv"), Tally::default());
    for (name, format) in PANTHER {
        let text = std::fs::read_to_string(data.join("rules/panther-tests").join(format!("{name}.ndjson"))).unwrap();
        for mut log in text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["log"].take()) {
            let found = log.as_object().unwrap().iter().filter(|(k, _)| k.starts_with("p_any")).map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>();
            // Indicators that the authors of a test wrote by hand are not in its record; they say nothing of it.
            log.as_object_mut().unwrap().retain(|k, _| !k.starts_with("p_"));
            let line = log.to_string();
            let (ours, _) = events(if log.get("protoPayload").is_some() { "gcp_audit" } else { format }, line.as_bytes(), RECEIVED);
            let Some(event) = ours.first() else { continue };
            for (field, value) in &found {
                let listed = value.as_array().cloned().unwrap_or_default();
                for one in listed.iter().filter(|v| v.as_str().is_some_and(|v| line.contains(v))) {
                    facts(&mut tally, &map, "panther", field, one, event);
                }
            }
        }
    }
    tally.verdict("Panther's indicators", KEPT_PANTHER);
}

/// Facts kept when this was written; fewer is a step back.
const KEPT_PLASO: u64 = 76;
const KEPT_PANTHER: u64 = 110;
