//! The record of a case: who did what and when, corrected and never overwritten, and proven by the ledger.

use rusqlite::Connection;
use serde_json::Value;

use super::Muster;

const LINE: &str = "Mar  4 10:00:00 web-1 sshd[7]: Failed password for root from 203.0.113.9 port 2200 ssh2\n";

/// A store with one case.
fn opened() -> Muster {
    let m = Muster::new();
    std::fs::write(m.path("auth.log"), LINE).unwrap();
    m.expect(0, &["ingest", "auth.log"]);
    m.expect(0, &["respond", "203.0.113.9"]);
    m
}

fn verify(m: &Muster, code: i32) -> Value {
    m.json(code, &["case", "verify"])
}

/// The record as SQLite has it, without the triggers that keep it.
fn behind(m: &Muster, sql: &str) {
    let db = Connection::open(m.path("muster-store/cases.sqlite")).unwrap();
    db.execute_batch("drop trigger record_no_update; drop trigger record_no_delete; drop trigger answer_no_update; drop trigger answer_no_delete;").unwrap();
    assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn every_act_is_in_the_record_with_its_name_and_in_the_ledger() {
    let m = opened();
    for act in [
        &["case", "note", "the bank froze the account"][..],
        &["case", "contact", "alice", "--reached", "--channel", "phone", "--by", "dana"],
        &["case", "contact", "acme", "--not-reached"],
        &["case", "task", "ask the hoster", "--owner", "bob", "--due", "2026-03-04 18:00"],
        &["case", "task", "ask the hoster for its logs", "--key", "t1", "--owner", "bob"],
        &["case", "done", "t1", "--outcome", "by mail"],
        &["case", "undone", "t1", "--why", "only half"],
        &["case", "fact", "awareness", "--happened", "2026-03-04T09:30:00Z", "--learned", "2026-03-04T10:15:00Z", "--event", "auth.log#0"],
        &["case", "close", "contained"],
    ] {
        m.expect(0, act);
    }
    let id = m.json(0, &["case", "list"])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(m.run(&["case", "note", "x"]).status.code(), Some(3), "no case is open");
    m.expect(0, &["case", "--case", &id, "reopen", "used again"]);
    let case = m.json(0, &["case", "show"]);
    let records = case["records"].as_array().unwrap();
    let kinds: Vec<&str> = records.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    let expected = "opened indicator fact answered note contact contact task task task_done task_undone fact closed reopened";
    assert_eq!(kinds.join(" "), expected);
    let by = |n: usize| records[n]["by"].as_str().unwrap();
    assert_eq!((by(0), by(4), by(5)), ("tester", "tester", "dana"));
    // Two times of a fact, and the older value beside the newer.
    let aware = &case["facts"][0];
    assert_eq!((&aware["happened"], &aware["learned"]), (&"2026-03-04T09:30:00Z".into(), &"2026-03-04T10:15:00Z".into()));
    assert_eq!(aware["history"].as_array().unwrap().len(), 1);
    assert_eq!(case["tasks"][0]["title"], "ask the hoster for its logs");
    let done = verify(&m, 0);
    assert_eq!((done["records"].as_u64(), done["answers"].as_u64()), (Some(records.len() as u64), Some(1)), "{done}");
    assert_eq!((done["waiting"].as_array().unwrap().len(), done["faults"].as_array().unwrap().len()), (0, 0));
    // Evidence goes on to be proven beside the record's entries.
    m.expect(0, &["evidence", "export", "203.0.113.9", "--out", "e.zip"]);
    m.expect(0, &["evidence", "verify", "e.zip"]);
    let python = std::process::Command::new("python3").arg(super::root().join("tools/verify.py")).arg(m.path("e.zip")).output().unwrap();
    assert_eq!(python.status.code(), Some(0), "{}", String::from_utf8_lossy(&python.stdout));
}

#[test]
fn the_story_reads_in_order_and_fits() {
    let m = opened();
    m.expect(0, &["case", "note", "a long note that has to be folded because it says more than one line of a terminal can hold, and goes on for a while"]);
    m.expect(0, &["case", "task", "call the bank", "--due", "2026-03-04 18:00"]);
    let said = m.expect(0, &["case", "fact", "awareness", "--happened", "2026-03-04T09:30:00Z"]);
    assert!(said.lines().all(|l| l.chars().count() <= 100), "{said}");
    let at = |what: &str| said.find(what).unwrap_or_else(|| panic!("no `{what}` in {said}"));
    assert!(at("opened the case") < at("it starts from ip:203.0.113.9") && at("a long note") < at("corrected: awareness happened 2026-03-04 09:30:00"));
    assert!(said.contains("[ ] t1") && said.contains("nobody named, due 2026-03-04 18:00:00 UTC") && said.contains("late"), "{said}");
}

#[test]
fn what_was_changed_behind_musters_back_is_noticed() {
    for (sql, said) in [
        ("update record set body = replace(body, 'tester', 'nobody') where json_extract(body, '$.seq') = 2", "record 2 of case"),
        ("delete from record where json_extract(body, '$.seq') = 3", "taken away"),
        ("delete from record", "no record of it is there"),
        ("update answer set body = x'00'", "not as it was given"),
        ("delete from answer", "was taken away"),
    ] {
        let m = opened();
        m.expect(0, &["case", "note", "a note"]);
        verify(&m, 0);
        behind(&m, sql);
        let done = verify(&m, 1);
        assert!(done["faults"].as_array().unwrap().iter().any(|f| f.as_str().unwrap().contains(said)), "{sql}: {done}");
        // Another act does not paint it over.
        m.run(&["case", "note", "another"]);
        verify(&m, 1);
    }
    // The ledger without its last entries is not the one that was signed.
    let m = opened();
    let path = m.path("muster-store/ledger/entries");
    let whole = std::fs::read(&path).unwrap();
    let at = whole.windows(13).rposition(|w| w == b"muster/case/1").unwrap();
    std::fs::write(&path, &whole[..at - 4]).unwrap();
    assert_eq!(m.run(&["case", "verify"]).status.code(), Some(3));
}

#[test]
fn a_record_waits_for_a_program_that_writes_and_is_chained_later() {
    let m = opened();
    let lock = std::fs::File::options().write(true).open(m.path("muster-store/lock")).unwrap();
    lock.lock().unwrap();
    let out = m.run(&["case", "note", "while it is taken"]);
    assert!(out.status.success() && String::from_utf8_lossy(&out.stderr).contains("comes into the ledger"));
    assert_eq!(verify(&m, 0)["waiting"].as_array().unwrap().len(), 1);
    drop(lock);
    m.expect(0, &["case", "note", "free again"]);
    let done = verify(&m, 0);
    assert_eq!((done["waiting"].as_array().unwrap().len(), done["records"].as_u64()), (0, Some(6)), "{done}");
}

#[test]
fn nobody_acts_without_a_name_and_wrong_acts_leave_nothing() {
    let m = opened();
    let nameless = |args: &[&str]| {
        let mut command = m.command(args);
        command.env_remove("USER").env_remove("LOGNAME").env_remove("SUDO_USER").output().unwrap()
    };
    let before = m.json(0, &["case", "show"])["records"].as_array().unwrap().len();
    let out = nameless(&["case", "note", "x"]);
    assert!(out.status.code() == Some(2) && String::from_utf8_lossy(&out.stderr).contains("--by NAME"));
    for wrong in [
        &["case", "note", " "][..],
        &["case", "contact", "alice"],
        &["case", "task", "x", "--key", "t9"],
        &["case", "undone", "t9"],
        &["case", "reopen", "it is open"],
        &["case", "fact", "x", "--happened", "2999-01-01"],
        &["case", "fact", "x", "--happened", "2026-03-04", "--learned", "2026-03-03"],
    ] {
        assert_eq!(m.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(m.json(0, &["case", "show"])["records"].as_array().unwrap().len(), before);
    // An answer does not wait for a name: it says what is known of who asked.
    assert_eq!(nameless(&["respond", "203.0.113.9"]).status.code(), Some(0));
    let records = m.json(0, &["case", "show"]);
    assert!(records["records"].as_array().unwrap().last().unwrap()["by"].as_str().unwrap().starts_with("uid "), "{records}");
}

#[test]
fn row_7_and_17_a_record_moves_no_terminal() {
    let m = opened();
    let evil = "=1+1\u{1b}[2J\u{9b}31m\u{202e}<script>\n$(id)";
    m.expect(0, &["case", "note", evil, "--by", evil]);
    m.expect(0, &["case", "contact", evil, "--reached", "--note", evil]);
    m.expect(0, &["case", "task", evil, "--owner", evil]);
    m.expect(0, &["case", "fact", evil, "--note", evil]);
    for args in [&["case", "show"][..], &["case", "list"], &["--json", "case", "show"], &["case", "close", evil]] {
        let said = m.expect(0, args);
        assert!(!said.chars().any(|c| c != '\n' && event::text::is_hidden(c)), "{args:?} {said:?}");
    }
    let case = m.json(0, &["case", "--case", m.json(0, &["case", "list"])[0]["id"].as_str().unwrap(), "show"]);
    assert_eq!(case["notes"][0][2], evil, "the record keeps it as it was given");
}

/// What is exported is proven by its own hashes, up to the signed root.
#[test]
fn an_exported_record_is_proven_to_its_signed_root() {
    let m = opened();
    m.expect(0, &["case", "note", "one"]);
    m.expect(0, &["case", "export", "--out", "case.json"]);
    let exported: Value = serde_json::from_str(&std::fs::read_to_string(m.path("case.json")).unwrap()).unwrap();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let key = ledger::VerifyingKey::parse(&text(&exported["key"])).unwrap();
    let signed = ledger::Checkpoint::open(&text(&exported["checkpoint"]), &key).unwrap();
    let records = exported["records"].as_array().unwrap();
    assert_eq!(records.len(), 5);
    let mut previous = [0; 32];
    for (seq, r) in (1..).zip(records) {
        let entry = ledger::CaseEntry::parse(&text(&r["entry"])).unwrap();
        assert_eq!((entry.seq, entry.record, entry.previous), (seq, ledger::merkle::sha256(text(&r["text"]).as_bytes()), previous));
        let path: Vec<ledger::Hash> = r["path"].as_array().unwrap().iter().map(|h| ledger::decode_hash(h.as_str().unwrap()).unwrap()).collect();
        assert!(ledger::merkle::verify_inclusion(&ledger::Entry::Case(entry.clone()).hash(), r["index"].as_u64().unwrap(), signed.size, &path, &signed.root));
        previous = entry.record;
    }
}
