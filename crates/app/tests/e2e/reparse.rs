//! Records read again: better parsers reach what came in before them, and nothing is lost on the way.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio, time::Duration};

use serde_json::Value;

use super::{Muster, kill};

const AUTH: &str = "Mar  4 09:00:01 web-1 sshd[411]: Failed password for root from 203.0.113.66 port 4711 ssh2\n\
Mar  4 09:00:02 web-1 sshd[411]: Accepted password for alice from 203.0.113.66 port 4712 ssh2\n\
\n\
Mar  4 09:00:09 web-1 sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id\n";

/// A store of a folder with an auth log, and a file of another source that shares its days.
fn store(ingest: &[&str]) -> Muster {
    let m = Muster::new();
    fs::create_dir_all(m.path("logs/web-1")).unwrap();
    fs::create_dir_all(m.path("other/web-2")).unwrap();
    fs::write(m.path("logs/web-1/auth.log"), AUTH).unwrap();
    fs::write(m.path("other/web-2/auth.log"), AUTH.replace("web-1", "web-2")).unwrap();
    m.json(0, &[&["ingest", "logs"], ingest].concat());
    m.json(0, &["ingest", "other"]);
    m
}

/// All events and links as a query gives them, but for the times of receiving.
fn rows(m: &Muster) -> Vec<Value> {
    let columns = "time, facet, source, seq, format, class_uid, activity_id, outcome, operation, \"user\", target_user, session, host, src_ip, src_port, command, message, marks, records";
    let links = "select from_entity, relation, to_entity, via_entity, min(first_time) f, max(last_time) l, sum(\"count\") n from links group by 1, 2, 3, 4 order by 1, 2, 3, 4";
    let quarantine = "select source, seq, format, facet, reason, detail from quarantine order by 1, 2";
    vec![m.json(0, &["sql", &format!("select {columns} from events order by source, seq")]), m.json(0, &["sql", links]), m.json(0, &["sql", quarantine])]
}

fn files(m: &Muster) -> BTreeSet<std::path::PathBuf> {
    fn walk(dir: &Path, found: &mut BTreeSet<std::path::PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else {
                found.insert(entry);
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&m.path("muster-store/lake"), &mut found);
    found
}

fn check_proofs(m: &Muster, source: &str) {
    m.expect(0, &["evidence", "export", "--source", source, "--out", "all.zip"]);
    m.expect(0, &["evidence", "verify", "all.zip"]);
    fs::remove_file(m.path("all.zip")).unwrap();
}

#[test]
fn text_becomes_what_it_is_and_equals_a_store_that_knew_it_from_the_start() {
    let m = store(&["--format", "text"]);
    check_proofs(&m, "web-1/auth.log");
    let before = (rows(&m), files(&m));
    let would = m.json(0, &["reparse", "--dry-run"]);
    assert_eq!((would["sources"][0]["changed"].as_u64(), would["sources"][0]["formats"]["text → syslog"].as_u64()), (Some(3), Some(3)), "{would}");
    assert_eq!((rows(&m), files(&m)), before, "a dry run writes nothing");
    let done = m.json(0, &["reparse"]);
    let of = |source: &str| done["sources"].as_array().unwrap().iter().find(|s| s["source"] == source).unwrap();
    let (mine, other) = (of("web-1/auth.log"), of("web-2/auth.log"));
    assert_eq!((mine["events"].as_u64(), mine["changed"].as_u64(), mine["lost"].as_u64()), (Some(3), Some(3), Some(0)), "{done}");
    assert_eq!(mine["why"], "the first records are recognised as syslog");
    assert_eq!((other["changed"].as_u64(), other["files_added"].as_u64()), (Some(0), Some(0)), "{done}");
    assert_eq!(rows(&m), rows(&store(&[])));
    check_proofs(&m, "web-1/auth.log");
    check_proofs(&m, "web-2/auth.log");
    // Once is enough.
    let files_now = files(&m);
    let again = m.json(0, &["reparse"]);
    assert!(again["sources"].as_array().unwrap().iter().all(|s| s["changed"] == 0 && s["files_added"] == 0), "{again}");
    assert_eq!(files(&m), files_now);
    assert!(m.expect(0, &["reparse"]).contains("2 sources read again, nothing changed"));
    // What was taken is still known, and what comes later is read as before.
    let later = m.json(0, &["ingest", "logs"]);
    assert_eq!(later["sources"][0]["received"], later["sources"][0]["duplicate"], "{later}");
}

#[test]
fn quarantined_records_become_events_and_the_books_say_so() {
    let m = store(&["--format", "linux_audit"]);
    assert_eq!((m.count("select count(*) from quarantine"), m.count("select count(*) from events")), (3, 3));
    let state = |m: &Muster| -> Value { serde_json::from_slice(&fs::read(m.path("muster-store/state.json")).unwrap()).unwrap() };
    let book = |m: &Muster| state(m)["books"]["web-1/auth.log"].clone();
    assert_eq!((book(&m)["stored"].as_u64(), book(&m)["quarantined"].as_u64()), (Some(0), Some(3)));
    let done = m.json(0, &["reparse", "--source", "web-1/auth.log", "--format", "syslog"]);
    assert_eq!((done["sources"][0]["out_of_quarantine"].as_u64(), done["sources"][0]["gained"].as_u64()), (Some(3), Some(3)), "{done}");
    let b = book(&m);
    assert_eq!((b["received"].as_u64(), b["stored"].as_u64(), b["quarantined"].as_u64(), b["format"].as_str()), (Some(3), Some(3), Some(0), Some("syslog")));
    assert_eq!(rows(&m), rows(&store(&[])));
    check_proofs(&m, "web-1/auth.log");
    // And back: what a format does not read is in quarantine again, none of it lost.
    let back = m.json(0, &["reparse", "--source", "web-1/auth.log", "--format", "linux_audit"]);
    assert_eq!((back["sources"][0]["into_quarantine"].as_u64(), back["sources"][0]["lost"].as_u64()), (Some(3), Some(3)), "{back}");
    assert_eq!((book(&m)["stored"].as_u64(), book(&m)["quarantined"].as_u64()), (Some(0), Some(3)));
    assert_eq!(rows(&m), rows(&store(&["--format", "linux_audit"])));
    check_proofs(&m, "web-1/auth.log");
}

#[test]
fn what_cannot_be_read_so_is_left_and_said() {
    let m = store(&[]);
    let before = rows(&m);
    let done = m.json(1, &["reparse", "--source", "web-1/auth.log", "--format", "utmp"]);
    assert!(done["failed"]["web-1/auth.log"].as_str().unwrap().contains("cut otherwise"), "{done}");
    assert_eq!(rows(&m), before);
    m.expect(2, &["reparse", "--source", "web-1/auth.log", "--format", "no_such"]);
    m.expect(2, &["reparse", "--source", "no/such"]);
    m.expect(2, &["reparse", "--format", "syslog"]);
}

/// Killed again and again, it ends as it would have without.
#[test]
fn kills_leave_what_was_or_what_will_be() {
    let m = Muster::new();
    kill::write_logs(&m);
    let trail = "logs/111122223333_CloudTrail_eu-central-1_20260304T0900Z_abcdefgh.json";
    fs::rename(m.path(trail), m.path("trail")).unwrap();
    m.json(0, &["ingest", "logs", "--format", "text", "--commit-bytes", "200000"]);
    fs::rename(m.path("trail"), m.path(trail)).unwrap();
    m.json(0, &["ingest", "logs"]);
    let reparse = ["--json", "reparse", "--run-records", "700"];
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let commits = |m: &Muster| -> u64 {
        let state: Value = serde_json::from_slice(&fs::read(m.path("muster-store/state.json")).unwrap()).unwrap();
        state["commit"].as_u64().unwrap()
    };
    let at_first = commits(&m);
    for _ in 0..5 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut child = m.command(&reparse).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300 + seed % 1_500));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    m.expect(0, &reparse);
    assert!(commits(&m) > at_first, "runs were replaced");
    let never_killed = Muster::new();
    kill::write_logs(&never_killed);
    never_killed.json(0, &["ingest", "logs"]);
    assert_eq!(kill::holdings(&m), kill::holdings(&never_killed));
    for source in ["web-1/auth.log", "web-1/audit.log", "cloudtrail/111122223333/eu-central-1"] {
        check_proofs(&m, source);
    }
    let again = m.json(0, &["reparse"]);
    assert!(again["sources"].as_array().unwrap().iter().all(|s| s["files_added"] == 0 && s["changed"] == 0), "{again}");
}
