//! Gaps that logs tell of themselves, and limits, are named by the answer of a store.

use serde_json::Value;

use super::{Muster, root};

/// A store with the recorded intrusion and one more log.
fn with(name: &str, text: &str) -> Muster {
    let m = Muster::new();
    std::fs::write(m.path(name), text).unwrap();
    m.json(0, &["ingest", root().join("demo/logs").to_str().unwrap()]);
    m.json(0, &["ingest", m.path(name).to_str().unwrap(), "--source", &format!("central/{name}")]);
    m
}

fn spots(m: &Muster) -> Vec<Value> {
    let registry = root().join("demo/registry");
    let scope = m.json(0, &["scope", "203.0.113.66", "--registry", registry.to_str().unwrap()]);
    scope["not_visible"].as_array().unwrap().clone()
}

#[test]
fn gaps_in_a_log_of_many_hosts_are_of_the_host_that_fell_silent() {
    let line = |host: &str, kind: &str, ms: i64, rest: &str| format!("node={host} type={kind} msg=audit({}.{:03}:{ms}): {rest}\n", ms / 1000, ms % 1000);
    let six = 1_772_604_000_000; // 2026-03-04T06:00:00Z
    let hour = 3_600_000;
    let done = "op=x auid=0 pid=1 res=success";
    let text = [
        line("db-1", "USER_ACCT", six - 30 * hour, done),
        line("db-1", "DAEMON_END", six, done),
        line("web-1", "USER_ACCT", six + 1, done),
        line("db-1", "DAEMON_START", six + 6 * hour, done),
        line("web-1", "USER_ACCT", six + 7 * hour - 1, done),
        line("db-1", "CONFIG_CHANGE", six + 7 * hour, "op=set lost=0 old=27 auid=0 ses=1 res=1"),
        line("db-1", "DAEMON_END", six + 8 * hour, done),
        line("web-1", "USER_ACCT", six + 9 * hour, done),
        line("db-1", "DAEMON_START", six + 32 * hour, done),
    ];
    let m = with("audit.log", &text.concat());
    let found: Vec<[Value; 3]> =
        spots(&m).iter().filter(|b| b["source"] == "central/audit.log").map(|b| ["from", "to", "entity"].map(|k| b[k].clone())).collect();
    let spot = |from: &str, to: &str| [from.into(), to.into(), Value::from("host:db-1")];
    let expected = [
        spot("2026-03-04T06:00:00Z", "2026-03-04T12:00:00Z"),
        spot("2026-03-04T12:00:00Z", "2026-03-04T13:00:00Z"),
        spot("2026-03-04T14:00:00Z", "2026-03-05T14:00:00Z"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(expected.iter().all(|e| found.contains(e)), "{found:#?}");
    // The books tell of the same lines; the brief says each once.
    let registry = root().join("demo/registry");
    let brief = m.json(0, &["respond", "203.0.113.66", "--registry", registry.to_str().unwrap()]);
    let texts = brief["not_visible"].as_array().unwrap().iter().map(|b| b["text"].as_str().unwrap());
    let lost: Vec<&str> = texts.filter(|t| t.contains("27 records")).collect();
    assert!(lost.len() == 1 && lost[0].starts_with("central/audit.log (host:db-1) lost from"), "{lost:?}");
}

#[test]
fn more_gaps_than_are_looked_at_are_a_blind_spot() {
    let lost = |i: u32| format!("Mar  4 {:02}:{:02}:{:02} db-1 kernel: audit: audit_lost={i} audit_rate_limit=0\n", 10 + i / 3600, i / 60 % 60, i % 60);
    let named = |n: u32| {
        let m = with("kern.log", &(1..=n).map(lost).collect::<String>());
        let spots = spots(&m);
        let gaps = spots.iter().filter(|b| b["what"] == "gap" && b["source"] == "central/kern.log").count();
        (gaps, spots.iter().any(|b| b["what"] == "limit" && b["text"].as_str().unwrap().contains("first 1000 gaps")))
    };
    // The stopped trail and the stopped configuration of the recorded intrusion are gaps too.
    let (gaps, cut) = named(900);
    assert!(gaps == 900 && !cut, "{gaps}");
    let (gaps, cut) = named(1_001);
    assert!(cut && gaps < 1_001, "{gaps}");
}

#[test]
fn a_scope_ends_where_it_is_told_to() {
    let m = Muster::new();
    m.json(0, &["ingest", root().join("demo/logs").to_str().unwrap()]);
    let until = "2026-03-04T10:00:00Z";
    let scope = m.json(0, &["scope", "203.0.113.66", "--until", until]);
    let nodes = scope["nodes"].as_array().unwrap();
    assert!(nodes.len() > 3, "{nodes:#?}");
    assert!(nodes.iter().all(|n| n["since"].as_str().is_none_or(|t| t < until)), "{nodes:#?}");
}
