//! Sensors of what runs: Tetragon's and Falco's own examples, every value of them; Sysmon against the wazuh engine's events.

use event::Event;
use serde_json::Value;

use crate::{
    oracle::{Map, Tally, data, ocsf_check},
    shared,
};

/// Every value in a JSON document with its path.
fn leaves(path: &str, value: &Value, each: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(&format!("{path}.{k}"), v, each)),
        Value::Array(list) => list.iter().for_each(|v| leaves(path, v, each)),
        Value::Null => {}
        Value::String(text) => each(path, text.clone()),
        other => each(path, other.to_string()),
    }
}

/// What every value of a document became: it is somewhere in the event, whole or as a part (a command line is binary and arguments).
fn values(tally: &mut Tally, name: &str, document: &Value, event: &Event) {
    let mut said = Vec::new();
    leaves("", &Value::Object(event.object.clone()), &mut |_, v| said.push(v.to_ascii_lowercase()));
    leaves("", document, &mut |path, value| {
        let value = value.to_ascii_lowercase();
        let time = path.ends_with(".time") || path.ends_with("_time");
        let unset = value.is_empty() || value == "0" || value == "4294967295" || value == "<na>";
        match unset || time || said.iter().any(|s| s == &value || (!value.chars().all(char::is_alphanumeric) || value.len() > 1) && s.contains(&value)) {
            true => tally.keep(),
            false => tally.miss(&format!("{name} {path}"), &value),
        }
    });
}

#[test]
fn every_value_of_tetragon_and_falco() {
    let Some(data) = data() else { return };
    let (mut tally, mut all) = (Tally::default(), Vec::new());
    let mut documents: Vec<(&str, Value)> = Vec::new();
    for file in shared::files(&data.join("runtime/tetragon")) {
        documents.push(("tetragon", serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap()));
    }
    for (format, file) in [("tetragon", "tetragon-docs"), ("falco", "falco-plugins-docs")] {
        let text = std::fs::read_to_string(data.join("runtime").join(file).join("events.ndjson")).unwrap();
        documents.extend(text.lines().map(|l| (format, serde_json::from_str::<Value>(l).unwrap()["event"].clone())));
    }
    for (format, document) in &documents {
        let line = format!("{document}\n");
        let reading = formats::read(line.as_bytes(), "events.json", &shared::context("sensor"));
        if reading.events.len() != 1 {
            tally.miss(&format!("{format} event"), &line);
            continue;
        }
        if reading.format != *format && document.get("process_throttle").is_none() {
            tally.fault("format", format!("{} for {line}", reading.format));
        }
        values(&mut tally, format, document, &reading.events[0]);
        all.extend(reading.events);
    }
    println!("{} documents: {}", documents.len(), ocsf_check(&all));
    tally.verdict("sensors", SENSORS);
}

#[test]
fn sysmon_as_the_wazuh_engine_reads_it() {
    let Some(data) = data() else { return };
    let map = Map::read("sensors.tsv");
    let (mut tally, mut all) = (Tally::default(), Vec::new());
    for n in [1, 4, 5, 9, 16] {
        let folder = data.join("runtime/wazuh-engine-sysmon-linux/sysmon-linux");
        let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join(format!("eventID_{n}_expected.json"))).unwrap()).unwrap();
        for expected in expected {
            let original = expected["event"]["original"].as_str().unwrap();
            let reading = formats::read(format!("{original}\n").as_bytes(), "kern.log", &shared::context("sysmon"));
            let [event] = &reading.events[..] else { panic!("{original}") };
            for field in map.fields("wazuh") {
                let value = field.split('.').try_fold(&expected, |v, k| v.get(k));
                if let Some(value) = value {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    tally.fact(&map, "wazuh", "", &field, &value, event);
                }
            }
            all.extend(reading.events);
        }
    }
    println!("{}", ocsf_check(&all));
    tally.verdict("sysmon", SYSMON);
}

/// Facts kept when this was written; fewer is a step back.
const SENSORS: u64 = 3843;
const SYSMON: u64 = 95;
