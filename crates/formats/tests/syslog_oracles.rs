//! syslog against fail2ban's marked lines, plaso's expectations, the wazuh engine's events, and against the schema.

use std::path::Path;

use event::{Column, Event, Fields, Time};
use serde_json::Value;

use crate::oracle::{Map, Tally, data, events, ocsf_check};

/// fail2ban's tests run on 14 August 2005; its lines without a year are of the year before that.
const FAIL2BAN_NOW: &str = "2005-08-14T11:59:59Z";

fn lines(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).into_owned()
}

fn one(line: &str, received: &str) -> Option<Event> {
    events("syslog", format!("{line}\n").as_bytes(), received).0.pop()
}

#[test]
fn every_sshd_sudo_and_su_file_follows_the_schema() {
    let Some(data) = data() else { return };
    let mut files: Vec<String> = ["sshd", "pam-generic", "dropbear"].iter().map(|f| format!("system/fail2ban/{f}")).collect();
    for folder in ["system/plaso/syslog", "system/wazuh-engine-syslog-auth/system/test/sysmon-auth", "system/wazuh-engine-syslog-auth/syslog/test"] {
        let names = std::fs::read_dir(data.join(folder)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        files.extend(names.filter(|n| !n.ends_with(".json")).map(|n| format!("{folder}/{n}")));
    }
    let hub = std::fs::read_dir(data.join("application/crowdsec-hub")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    for test in hub.filter(|n| ["ssh", "pam-logs", "opnsense-sshd", "syslog-logs"].iter().any(|p| n.starts_with(p))) {
        let folder = data.join("application/crowdsec-hub").join(&test);
        let logs = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        files.extend(logs.filter(|n| n.ends_with(".log")).map(|n| format!("application/crowdsec-hub/{test}/{n}")));
    }
    let mut all = Vec::new();
    for file in files.iter().filter(|f| data.join(f).is_file()) {
        all.extend(events("syslog", lines(&data.join(file)).as_bytes(), FAIL2BAN_NOW).0);
    }
    for wazuh in ["sshd", "su", "sudo", "pam", "syslog", "systemd", "dropbear"] {
        let text = lines(&data.join(format!("system/wazuh-ruleset/{wazuh}.ini")));
        let said = text.lines().filter(|l| l.starts_with("log ")).filter_map(|l| l.split_once(" = ")).filter_map(|(_, l)| one(l, FAIL2BAN_NOW));
        all.extend(said);
    }
    assert!(files.len() > 25 && all.len() > 600, "{} files, {} events", files.len(), all.len());
    println!("{} files: {}", files.len(), ocsf_check(&all));
}

/// A marked line: what fail2ban says of it, and the line.
fn marked(text: &str) -> Vec<(Value, &str)> {
    let mut found = Vec::new();
    let mut mark = None;
    for line in text.lines() {
        if let Some(json) = line.strip_prefix("# failJSON:") {
            mark = serde_json::from_str::<Value>(json.trim()).ok();
        } else if !line.starts_with('#')
            && !line.trim().is_empty()
            && let Some(mark) = mark.take()
        {
            found.push((mark, line));
        }
    }
    found
}

#[test]
fn fail2ban_lines() {
    let Some(data) = data() else { return };
    let mut tally = Tally::default();
    let map = Map::read("syslog.tsv");
    for file in ["sshd", "pam-generic"] {
        for (mark, line) in marked(&lines(&data.join("system/fail2ban").join(file))) {
            fail2ban(&map, &mut tally, &mark, line, FAIL2BAN_NOW);
        }
    }
    for (mark, line) in marked(&lines(&data.join("system/fail2ban/selinux-ssh"))) {
        let event = events("linux_audit", format!("{line}\n").as_bytes(), "2026-11-24T00:00:00Z").0.pop();
        let Some(event) = event else {
            tally.miss("fail2ban selinux-ssh event", line);
            continue;
        };
        // Their clock is Zurich's, summer or winter; they check the times of lines that match, and of no others.
        let at = |offset: &str| Time::parse(&format!("{}{offset}", mark["time"].as_str().unwrap())).unwrap().0 / 1_000_000 == event.time().0 / 1_000_000;
        match mark["match"] == true {
            true if at("+02:00") || at("+01:00") => tally.keep(),
            true => tally.fault("selinux-ssh time", line.to_owned()),
            false => tally.skip(),
        }
        tally.fact(&map, "fail2ban", "", "host", mark["host"].as_str().unwrap_or_default(), &event);
        if event.text(Column::Outcome) == Some("failure") { tally.keep() } else { tally.fault("selinux-ssh outcome", line.to_owned()) }
    }
    // The journal's form has no time; it is read with one in front.
    for (mark, line) in marked(&lines(&data.join("system/fail2ban/sshd-journal"))) {
        let mut mark = mark;
        mark["time"] = "2005-06-21T16:47:48".into();
        fail2ban(&map, &mut tally, &mark, &format!("Jun 21 16:47:48 {line}"), FAIL2BAN_NOW);
    }
    tally.verdict("fail2ban", FAIL2BAN);
}

fn fail2ban(map: &Map, tally: &mut Tally, mark: &Value, line: &str, now: &str) {
    if mark["match"] != true {
        return;
    }
    let Some(event) = one(line, now) else { return tally.miss("fail2ban event", line) };
    let reason = map.reason("fail2ban", &event);
    if let Some(time) = mark["time"].as_str() {
        // Their clock is Zurich's in summer, where the line names its zone.
        let zone = if line.starts_with(['2', '<']) { "+02:00" } else { "Z" };
        let expected = Time::parse(&format!("{time}{zone}")).unwrap();
        let kept = event.time().0 / 1_000_000 == expected.0 / 1_000_000;
        if kept { tally.keep() } else { tally.fault("fail2ban time", format!("expected {expected}, found {}: {line}", event.time())) }
    }
    if reason {
        return tally.skip();
    }
    for field in ["host", "user"] {
        if let Some(expected) = mark[field].as_str().filter(|e| !e.is_empty()) {
            // fail2ban takes the address from an earlier line of the same process; our events share the session.
            let record = if field == "host" && !line.contains(expected) { "earlier line" } else { "" };
            tally.fact(map, "fail2ban", record, field, expected, &event);
        }
    }
    match event.text(Column::Outcome) {
        Some("success") if !line.contains("Accepted ") && !line.contains("session ") => tally.fault("fail2ban outcome", line.to_owned()),
        _ => tally.keep(),
    }
}

#[test]
fn plaso_expectations() {
    let Some(data) = data() else { return };
    let map = Map::read("syslog.tsv");
    let mut tally = Tally::default();
    for test in lines(&data.join("oracles/plaso/expected.jsonl")).lines().map(|l| serde_json::from_str::<Value>(l).unwrap()) {
        let (parser, input) = (test["parser"].as_str().unwrap(), test["input"].as_str().unwrap());
        let (format, path) = match parser {
            "syslog" => ("syslog", data.join("system/plaso").join(input)),
            "selinux" => ("linux_audit", data.join("runtime/plaso").join(input)),
            _ => continue,
        };
        // Their lines without a year are given the year 0 or 1; ours the year before the tests' own 2013.
        let ours = events(format, lines(&path).as_bytes(), "2013-12-31T00:00:00Z").0;
        for expected in test["events"].as_array().unwrap() {
            plaso(&map, &mut tally, expected, &ours);
        }
    }
    tally.verdict("plaso", PLASO);
}

fn plaso(map: &Map, tally: &mut Tally, expected: &Value, ours: &[Event]) {
    let Some(fields) = expected["expected"].as_object() else { return };
    let no_time = Value::Null;
    let written = fields.get("last_written_time").unwrap_or(&no_time).as_str().unwrap_or_default();
    let body = fields.get("message_body").and_then(Value::as_str).unwrap_or_default();
    let serial = fields.get("audit_serial").map(|s| format!(":{s}"));
    let by_serial = |e: &&Event| serial.as_ref().is_some_and(|s| e.text(Column::Uid).is_some_and(|u| u.ends_with(s)));
    let fits = |e: &&Event| at(e, written) && (body.is_empty() || told(e, body));
    let index = expected["index"].as_u64().unwrap_or_default() as usize;
    let Some(event) = ours.iter().find(by_serial).or_else(|| ours.get(index).filter(fits)).or_else(|| ours.iter().find(fits)) else {
        return tally.miss("plaso event", &expected.to_string());
    };
    tally.keep();
    for (field, value) in fields.iter().filter(|(_, v)| !v.is_null()) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        tally.fact(map, "plaso", "", field, &value, event);
    }
}

/// Whether an event is of a time; of one of year 0 or 1 only month, day and clock count.
fn at(event: &Event, written: &str) -> bool {
    if written.starts_with("000") {
        return event.time().to_string().get(5..19) == written.get(5..19);
    }
    Time::parse(written).is_some_and(|t| t.0 / 1000 == event.time().0 / 1000)
}

fn told(event: &Event, body: &str) -> bool {
    event.raw.iter().any(|r| String::from_utf8_lossy(r).contains(body))
}

#[test]
fn wazuh_engine_events() {
    let Some(data) = data() else { return };
    let map = Map::read("syslog.tsv");
    let mut tally = Tally::default();
    let folder = data.join("system/wazuh-engine-syslog-auth/system/test/sysmon-auth");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    for file in files {
        for expected in serde_json::from_str::<Vec<Value>>(&lines(&file)).unwrap() {
            let Some(original) = expected["event"]["original"].as_str() else { continue };
            let Some(event) = one(original, "2024-12-31T00:00:00Z") else {
                tally.miss("wazuh event", original);
                continue;
            };
            for (field, value) in [
                ("user.name", &expected["user"]["name"]),
                ("source.ip", &expected["source"]["ip"]),
                ("source.port", &expected["source"]["port"]),
                ("event.outcome", &expected["event"]["outcome"]),
                ("host.hostname", &expected["host"]["hostname"]),
                ("process.name", &expected["process"]["name"]),
                ("process.pid", &expected["process"]["pid"]),
                ("group.name", &expected["group"]["name"]),
                ("message", &expected["message"]),
            ] {
                if field == "event.outcome" && map.reason("wazuh", &event) {
                    tally.skip();
                } else if !value.is_null() {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    tally.fact(&map, "wazuh", event.text(Column::Operation).unwrap_or_default(), field, &value, &event);
                }
            }
        }
    }
    tally.verdict("wazuh engine", WAZUH);
}

/// Facts kept when this was written; fewer is a step back.
const FAIL2BAN: u64 = 635;
const PLASO: u64 = 81;
const WAZUH: u64 = 808;
