//! Readiness: a clean registry and whole logs give nothing; each seeded fault is found, and only it.

use serde_json::Value;

use super::Muster;

fn days_ago(days: i64) -> String {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(days * 24);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A registry without a fault: a system with a host, its owner, a vendor.
fn registry() -> String {
    let (day, year) = (&days_ago(10)[..10], &days_ago(100)[..10]);
    format!(
        "apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {{name: team-web}}
spec:
  type: team
  children: []
  muster:
    contacts:
      - {{role: primary, name: Alice, channel: phone, value: \"+1 202 555 0100\", last_reached: {day}}}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {{name: shop}}
spec:
  owner: team-web
  muster: {{service_model: IaaS, provider: hoster, facets: [system]}}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {{name: web-1}}
spec:
  type: host
  owner: team-web
  system: shop
  muster: {{hosts: [web-1]}}
---
apiVersion: muster/v1
kind: Vendor
metadata: {{name: hoster}}
spec:
  owner: team-web
  last_review: {year}
  contacts:
    - {{role: primary, name: Desk, channel: phone, value: \"+1 202 555 0101\", last_reached: {day}}}
"
    )
}

fn logs(newest: i64) -> String {
    let line = |days: i64| format!("{} web-1 sshd[7]: Failed password for root from 203.0.113.9 port 2200 ssh2\n", days_ago(days));
    line(100) + &line(newest)
}

fn made(registry: &str, logs: &[(&str, String)]) -> Muster {
    let m = Muster::new();
    std::fs::create_dir(m.path("registry")).unwrap();
    std::fs::write(m.path("registry/team.yaml"), registry).unwrap();
    for (name, text) in logs {
        let path = m.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        m.run(&["ingest", name]);
    }
    m
}

fn kinds(found: &Value) -> Vec<String> {
    found["findings"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_clean_registry_and_whole_logs_give_nothing() {
    let m = made(&registry(), &[("web-1/auth.log", logs(0))]);
    let found = m.json(0, &["ready"]);
    assert_eq!((found["score"].as_u64(), kinds(&found).len(), found["unchecked"].as_array().unwrap().len()), (Some(100), 0, 0), "{found}");
    let row = &found["matrix"][0];
    assert_eq!((row["system"].as_str(), row["name"].as_str(), row["owner"].as_str()), (Some("shop"), Some("web-1"), Some("team-web")));
    let system = row["cells"].as_array().unwrap().iter().find(|c| c["facet"] == "system").unwrap();
    assert_eq!((system["state"].as_str(), system["events"].as_u64()), (Some("seen"), Some(2)));
}

#[test]
fn each_seeded_fault_is_found_and_only_it() {
    let clean = registry;
    let day = days_ago(10)[..10].to_owned();
    let log = |text: String| vec![("web-1/auth.log", text)];
    let audit = |days: i64, kind: &str, n: i64| {
        let at = jiff::Timestamp::now().as_second() - days * 86_400;
        format!("node=web-1 type={kind} msg=audit({at}.000:{n}): op=x auid=0 pid=1 res=success\n")
    };
    let stopped = audit(3, "USER_ACCT", 1) + &audit(2, "DAEMON_END", 2) + &audit(0, "DAEMON_START", 3);
    for (kind, registry, logs) in [
        (
            "no_owner",
            clean().replace("  owner: team-web\n  system: shop\n", "  system: shop\n").replace("  owner: team-web\n  muster: {service", "  muster: {service"),
            log(logs(0)),
        ),
        ("no_owner", clean().replace("  owner: team-web\n  system", "  owner: team-nobody\n  system"), log(logs(0))),
        ("no_contact", clean().replace("  muster:\n    contacts:", "  other:\n    contacts:"), log(logs(0))),
        ("contact", clean().replacen(&day, &days_ago(91)[..10], 1), log(logs(0))),
        ("contact", clean().replacen(&format!(", last_reached: {day}"), "", 1), log(logs(0))),
        ("vendor", clean().replace(&days_ago(100)[..10], &days_ago(366)[..10]), log(logs(0))),
        ("vendor", clean().replace("  last_review:", "  next_review: 2026-01-01\n  last_review:"), log(logs(0))),
        ("never_logged", clean().replace("facets: [system]", "facets: [system, runtime]"), log(logs(0))),
        ("unregistered", clean(), vec![("web-1/auth.log", logs(0)), ("db-9/auth.log", logs(0).replace("web-1", "db-9"))]),
        ("silent", clean().replace("hosts: [web-1]", "hosts: [web-1, web-2]"), vec![("web-1/auth.log", logs(9))]),
        ("retention", clean(), log(logs(0).lines().last().unwrap().to_owned() + "\n")),
        ("gap", clean(), vec![("web-1/auth.log", logs(0)), ("web-1/audit.log", stopped)]),
        ("unread", clean(), vec![("web-1/auth.log", logs(0)), ("web-1/audit.log", audit(0, "USER_ACCT", 1).repeat(9) + "what is this\n")]),
    ] {
        let m = made(&registry, &logs);
        let out = m.run(&["ready", "--json"]);
        let found: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(out.status.code(), Some(1), "{kind}: {found}");
        let kinds = kinds(&found);
        // A name that is in no registry is a fault of the file as well.
        assert!(!kinds.is_empty() && kinds.iter().all(|k| k == kind || k == "registry"), "{kind}: {found}");
        assert!(kinds.iter().any(|k| k == kind), "{kind}: {found}");
        assert!(!found["next"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_call_in_a_case_counts_as_reached() {
    let stale = registry().replacen(&days_ago(10)[..10], &days_ago(200)[..10], 1);
    let m = made(&stale, &[("web-1/auth.log", logs(0))]);
    assert_eq!(kinds(&m.json(1, &["ready"])), ["contact"]);
    m.expect(0, &["respond", "203.0.113.9"]);
    m.expect(0, &["case", "contact", "alice", "--not-reached"]);
    assert_eq!(kinds(&m.json(1, &["ready"])), ["contact"]);
    m.expect(0, &["case", "contact", "alice", "--reached"]);
    assert!(kinds(&m.json(0, &["ready"])).is_empty());
}

#[test]
fn what_could_not_be_checked_is_never_called_ready() {
    let m = Muster::new();
    let found = m.json(3, &["ready"]);
    assert_eq!((found["unchecked"].as_array().unwrap().len(), &found["score"]), (2, &Value::Null), "{found}");
    let m = made(&registry(), &[]);
    let found = m.json(3, &["ready"]);
    assert!(found["unchecked"][0].as_str().unwrap().starts_with("logs"), "{found}");
    assert_eq!(m.run(&["ready", "--profile", "none"]).status.code(), Some(2));
    assert_eq!(m.run(&["ready", "--registry", "nowhere"]).status.code(), Some(3));
}

#[test]
fn profiles_differ_in_what_they_want() {
    let m = made(&registry(), &[("web-1/auth.log", logs(0))]);
    assert!(kinds(&m.json(0, &["ready", "--profile", "pci-dss"])).is_empty());
    assert_eq!(kinds(&m.json(1, &["ready", "--profile", "cert-in"])), ["retention"]);
}

#[test]
fn row_7_and_17_hostile_names_do_nothing_in_text_html_and_json() {
    let evil = "=1+1\u{1b}[2J\u{9b}\u{202e}<script>alert(1)</script>\"'onload=x";
    let host = "we\u{202e}b<img>";
    let name = evil.replace('\\', "").replace('"', "\\\"").replace('\u{1b}', "\\e").replace('\u{9b}', "\\u009b");
    let registry = registry().replace("name: Alice", &format!("name: \"{name}\"")).replacen(&days_ago(10)[..10], &days_ago(200)[..10], 1);
    let m = made(&registry, &[("web-1/auth.log", logs(0)), ("x/auth.log", logs(0).replace("web-1", host))]);
    for args in [&["ready"][..], &["ready", "--json"], &["ready", "--format", "html"]] {
        let said = m.expect(1, args);
        assert!(!said.chars().any(|c| c != '\n' && event::text::is_hidden(c)), "{args:?} {said:?}");
        if args.contains(&"html") {
            assert!(!said.contains("<script") && !said.contains("<img") && said.contains("&lt;script&gt;"), "{said}");
            assert!(!said.contains("http://") && !said.contains("src="), "the page needs nothing else");
        } else if args.len() == 1 {
            assert!(said.lines().all(|l| l.chars().count() <= 100), "{said}");
        }
    }
    m.expect(1, &["ready", "--format", "html", "--out", "ready.html"]);
    assert!(std::fs::metadata(m.path("ready.html")).unwrap().len() < 1_000_000);
}
