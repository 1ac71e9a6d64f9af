//! Histories of packages and shells against what plaso expects of the same files.

use event::{Column, Event, Fields, Time};
use serde_json::Value;

use crate::{
    oracle::{Map, Tally, data, ocsf_check},
    shared,
};

/// White space as plaso tells it: each run of it is one blank.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn plaso_histories() {
    let Some(data) = data() else { return };
    let map = Map::read("history.tsv");
    let (mut tally, mut all) = (Tally::default(), Vec::new());
    let tests = std::fs::read_to_string(data.join("oracles/plaso/expected.jsonl")).unwrap();
    for test in tests.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        let format = match test["parser"].as_str().unwrap() {
            "bash_history" | "zsh_extended_history" => "shell_history",
            format @ ("dpkg" | "apt_history") => format,
            _ => continue,
        };
        let name = test["input"].as_str().unwrap();
        let bytes = std::fs::read(data.join("system/plaso").join(name)).unwrap();
        let reading = formats::read(&bytes, name, &shared::context(name));
        assert_eq!((reading.format, reading.rejected.len()), (format, 0), "{name}");
        assert_eq!(reading.events.len() as u64, test["counts"]["event_data"].as_u64().unwrap(), "{name}: events");
        for expected in test["events"].as_array().unwrap() {
            let event = &reading.events[expected["index"].as_u64().unwrap() as usize];
            for (field, value) in expected["expected"].as_object().unwrap() {
                fact(&map, &mut tally, field, value, event);
            }
        }
        all.extend(reading.events);
    }
    println!("{}", ocsf_check(&all));
    tally.verdict("plaso histories", HISTORIES);
}

fn fact(map: &Map, tally: &mut Tally, field: &str, value: &Value, event: &Event) {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if value == "null" {
        return;
    }
    if matches!(field, "added_time" | "written_time" | "last_written_time" | "start_time") {
        let time = Time::parse(&format!("{}Z", value.trim_end_matches("+00:00"))).unwrap();
        return if time == event.time() { tally.keep() } else { tally.fault(field, format!("{time} is {}", event.time())) };
    }
    // plaso joins the lines of a command with blanks.
    if field == "command" && event.text(Column::Operation) == Some("shell_command") {
        let kept = squeezed(event.text(Column::Command).unwrap_or_default()) == squeezed(&value);
        return if kept { tally.keep() } else { tally.fault(field, format!("{value}: {:?}", event.text(Column::Command))) };
    }
    tally.fact(map, "plaso", "", field, &value, event);
}

/// Facts kept when this was written; fewer is a step back.
const HISTORIES: u64 = 16;
