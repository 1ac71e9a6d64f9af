//! The recorded intrusion through the real program: the answer holds the truth, and its proof is accepted by both verifiers.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use super::{Muster, root};

fn demo() -> Muster {
    let m = Muster::new();
    let logs = root().join("demo/logs");
    let done = m.json(0, &["ingest", logs.to_str().unwrap()]);
    for book in done["sources"].as_array().unwrap() {
        let n = |k: &str| book[k].as_u64().unwrap();
        assert_eq!(n("received"), n("stored") + n("quarantined") + n("duplicate") + n("refused"), "{book}");
        assert_eq!(n("quarantined") + n("refused"), 0, "{book}");
    }
    m
}

/// Entities and levels of the truth: `- {entity: "…", status: …, level: …}`.
fn truth() -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(root().join("demo/truth.yaml")).unwrap();
    let nodes = text.lines().filter_map(|l| l.strip_prefix("  - {entity: \"")).filter(|l| l.contains("status: "));
    let of = |l: &str| {
        let (entity, rest) = l.split_once('"').unwrap();
        let level = rest.split("level: ").nth(1).unwrap().trim_end_matches('}');
        (entity.to_owned(), level.to_owned())
    };
    nodes.map(of).collect()
}

fn nodes(scope: &Value) -> BTreeSet<(String, String)> {
    let node = |n: &Value| (n["entity"].as_str().unwrap().to_owned(), n["confidence"].as_str().unwrap().to_owned());
    scope["nodes"].as_array().unwrap().iter().map(node).collect()
}

#[test]
fn the_scope_on_a_store_equals_the_truth_from_several_ends() {
    let m = demo();
    let registry = root().join("demo/registry");
    for indicator in ["203.0.113.66", "support2@db-1", "credential:AKIAEXAMPLEBACKUPSV2", "host:db-1"] {
        let scope = m.json(0, &["scope", indicator, "--registry", registry.to_str().unwrap()]);
        assert_eq!(nodes(&scope), truth(), "from {indicator}");
    }
}

#[test]
fn the_brief_answers_the_six_questions_on_two_screens() {
    let m = demo();
    let (registry, plan) = (root().join("demo/registry"), root().join("demo/plan"));
    let team = ["--registry", registry.to_str().unwrap(), "--plan", plan.to_str().unwrap()];
    let args = ["respond", "203.0.113.66"];
    let text = m.expect(0, &[&args[..], &team[..]].concat());
    assert!(text.lines().count() <= 110, "{} lines", text.lines().count());
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    for said in ["team-platform", "customer-exports", "acme-analytics", "WHAT COULD NOT BE SEEN", "GDPR", "org-trail"] {
        assert!(text.contains(said), "the brief does not say `{said}`:\n{text}");
    }
    let brief = m.json(0, &[&args[..], &team[..]].concat());
    assert_eq!(brief["exfiltration"]["verdict"], "seen");
    for list in ["owners", "happened", "scope", "data", "vendors", "clocks", "next", "not_visible"] {
        assert!(!brief[list].as_array().unwrap().is_empty(), "{list} is empty");
    }
    assert!(brief["happened"].as_array().unwrap().iter().all(|h| !h["events"].as_array().unwrap().is_empty()), "a row without its events");
    // Asking twice is one case, and both answers are in its record.
    let cases = m.json(0, &["case", "list"]);
    assert_eq!(cases.as_array().unwrap().len(), 1);
    assert_eq!(cases[0]["answers"].as_array().unwrap().len(), 2);
    // A step that is done is no longer next; a corrected fact moves the clock and keeps the old value.
    let steps = m.json(0, &[&["next"], &team[..]].concat());
    let key = steps[0]["key"].as_str().unwrap();
    m.expect(0, &["case", "done", key]);
    let after = m.json(0, &[&["next"], &team[..]].concat());
    assert!(after.as_array().unwrap().iter().all(|s| s["key"] != key));
    m.expect(0, &["case", "fact", "awareness", "--happened", "2026-03-04T11:00:00Z"]);
    let clocks = m.json(0, &[&["clocks"], &team[..]].concat());
    assert!(clocks.as_array().unwrap().iter().any(|c| c["due"] == "2026-03-07T11:00:00Z"), "{clocks}");
    assert_eq!(m.json(0, &["case", "show"])["facts"][0]["history"].as_array().unwrap().len(), 1);
}

/// Another sign of the same intrusion is the same case, with one deadline; an honest colleague is not.
#[test]
fn another_indicator_of_the_incident_joins_its_case() {
    let m = demo();
    let case = |indicator: &str| m.json(0, &["respond", indicator])["case"].as_str().unwrap().to_owned();
    let first = case("203.0.113.66");
    assert_eq!(case("support2@db-1"), first);
    assert_eq!(case("credential:AKIAEXAMPLEBACKUPSV2"), first);
    assert_ne!(case("alice@bastion-1"), first);
    let cases = m.json(0, &["case", "list"]);
    assert_eq!(cases[0]["indicators"].as_array().unwrap().len(), 3, "{cases}");
}

#[test]
fn without_registry_and_plan_it_answers_from_logs_alone_and_names_its_store() {
    let m = Muster::new();
    let logs = root().join("demo/logs");
    let out = m.run(&["respond", "203.0.113.66", "--logs", logs.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stderr).contains("muster-store"));
    assert!(String::from_utf8_lossy(&out.stdout).contains("deploy became root on db-1"), "{}", String::from_utf8_lossy(&out.stdout));
}

#[test]
fn a_clean_day_names_nothing_and_says_what_was_searched() {
    let m = demo();
    let brief = m.json(0, &["respond", "203.0.113.66", "--until", "2026-03-04T00:00:00Z"]);
    let held = brief["scope"].as_array().unwrap().iter().filter(|n| n["status"] != "named").count();
    assert_eq!(held, 0, "{}", brief["scope"]);
}

#[test]
fn both_verifiers_accept_a_bundle_and_reject_a_changed_one() {
    let m = demo();
    for (what, out) in [(vec!["198.51.100.77"], "some.zip"), (vec!["--source", "db-1/auth.log"], "all.zip")] {
        let mut args = vec!["evidence", "export"];
        args.extend(&what);
        args.extend(["--out", out]);
        let made = m.json(0, &args);
        let key = made["key"].as_str().unwrap();
        let verdict = m.json(0, &["evidence", "verify", out, "--key", key]);
        assert_eq!(verdict["valid"], true);
        let python = |file: &str| Command::new("python3").arg(root().join("tools/verify.py")).arg(m.path(file)).args(["--key", key]).output().unwrap();
        let said = python(out);
        assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stdout));
        let mut bytes = std::fs::read(m.path(out)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(m.path("changed.zip"), bytes).unwrap();
        m.expect(1, &["evidence", "verify", "changed.zip", "--key", key]);
        assert_eq!(python("changed.zip").status.code(), Some(1));
    }
}

/// Our rules find the intrusion's loudest acts, the gravest first, and the findings are valid OCSF.
#[test]
fn rules_find_the_loudest_acts() {
    let m = demo();
    let said = m.expect(0, &["detect", "--since", "2026-03-04"]);
    let first = said.lines().nth(1).unwrap();
    assert!(first.starts_with("high") && first.contains("Cloud logging disabled"), "{said}");
    let findings = m.expect(0, &["--json", "detect", "--since", "2026-03-04"]);
    assert_eq!(findings.lines().count(), 4, "{findings}");
    assert!(m.expect(0, &["detect", "--until", "2026-03-04"]).contains("0 findings by 0 of 9 rules"), "the clean day has findings");
}
