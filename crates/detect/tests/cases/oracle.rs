//! SigmaHQ's rules against what two independent engines found in the same logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use detect::{Rule, compile};
use event::{Event, EventSink, Time};
use formats::{Context, Record};
use serde_json::Value;

use crate::shared;

fn rows(file: &Path) -> Vec<Vec<String>> {
    fs::read_to_string(file).unwrap().lines().skip(1).map(|l| l.split('\t').map(str::to_owned).collect()).collect()
}

/// The records of an input as the engines counted them: elements of a list or of `Records`, lines (their `log`, where they wrap one), or the one object.
fn records(text: &str) -> Vec<String> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(list)) => list.iter().map(Value::to_string).collect(),
        Ok(Value::Object(o)) => match o.get("Records") {
            Some(Value::Array(list)) => list.iter().map(Value::to_string).collect(),
            _ => vec![text.to_owned()],
        },
        _ => text
            .lines()
            .filter(|l| !l.trim().is_empty())
            .map(|l| serde_json::from_str::<Value>(l).ok().and_then(|v| Some(v.get("log")?.to_string())).unwrap_or_else(|| l.to_owned()))
            .collect(),
    }
}

/// The event of one CloudTrail record, if it is one.
fn event(record: &str) -> Option<Event> {
    let format = formats::by_name("aws_cloudtrail").unwrap();
    let context = Context { source: "s".to_owned(), received: Time::parse("2026-11-24T00:00:00Z").unwrap(), host: None };
    let mut sink = EventSink::new(context.origin(format));
    let mut parser = format.parser();
    parser.record(Record { seq: 0, bytes: record.as_bytes(), received: context.received, host: None }, &mut sink).ok()?;
    parser.finish(&mut sink);
    sink.events.pop()
}

#[test]
fn cloudtrail_rules_find_what_independent_engines_found() {
    let (Some(data), Some(oracle)) = (shared("data"), shared("data/oracles/sigma")) else { return };
    let (mut rules, mut refused): (Vec<(String, Rule)>, BTreeMap<&str, usize>) = Default::default();
    let listed = rows(&oracle.join("aws_cloudtrail.rules.tsv"));
    for row in &listed {
        let (id, path) = (&row[0], &row[1]);
        for outcome in compile(&fs::read_to_string(data.join(path)).unwrap(), path) {
            match outcome {
                Ok(rule) => rules.push((id.clone(), rule)),
                Err(refusal) => *refused.entry(refusal.reason.kind()).or_default() += 1,
            }
        }
    }
    let (mut read, mut missing, mut no_event) = (0, 0, 0);
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    let mut looked_at: BTreeSet<String> = BTreeSet::new();
    for row in rows(&oracle.join("aws_cloudtrail.inputs.tsv")) {
        let Ok(text) = fs::read_to_string(data.join(&row[0])) else {
            missing += 1;
            continue;
        };
        let records = records(&text);
        if records.len().to_string() != row[1] {
            println!("skipped: {}: {} records, the engines saw {}: another version of it", row[0], records.len(), row[1]);
            continue;
        }
        for (n, record) in records.iter().enumerate() {
            let place = format!("{}#{n}", row[0]);
            let Some(event) = event(record) else {
                no_event += 1;
                continue;
            };
            read += 1;
            found.extend(rules.iter().filter(|(_, r)| r.filter.matches(&event)).map(|(id, _)| (id.clone(), place.clone())));
            looked_at.insert(place);
        }
    }
    let compiled: BTreeSet<&String> = rules.iter().map(|(id, _)| id).collect();
    let expected: BTreeSet<(String, String)> = rows(&oracle.join("aws_cloudtrail.matches.tsv"))
        .into_iter()
        .filter(|r| compiled.contains(&r[0]) && looked_at.contains(&r[2]) && r[3] == "y")
        .map(|r| (r[0].clone(), r[2].clone()))
        .collect();
    let differ: BTreeSet<&String> = found.symmetric_difference(&expected).map(|(id, _)| id).collect();
    let fired: BTreeSet<&String> = expected.iter().map(|(id, _)| id).collect();
    println!("{} CloudTrail rules of SigmaHQ: {} compile, {} refused {refused:?}", listed.len(), compiled.len(), listed.len() - compiled.len());
    println!(
        "{read} records read, {no_event} are no event, {missing} inputs are not there; {} matches expected, {} found; {} rules agree ({} find something), {} differ",
        expected.len(),
        found.len(),
        compiled.len() - differ.len(),
        fired.len(),
        differ.len()
    );
    assert_eq!(found, expected);
    assert!(compiled.len() >= 39 && expected.len() >= 30, "too little was compared");
}
