//! Care with what others give and take: names that move a terminal, readers that go away, two who ask at once, and an answer
//! that is kept as it was given.

use std::{
    collections::BTreeSet,
    io::Read as _,
    process::{Child, Stdio},
};

use super::{Muster, root};

const LINE: &str = "Mar  4 10:00:00 web-1 sshd[7]: Failed password for root from 203.0.113.9 port 2200 ssh2\n";

fn audit(serial: u32, record: &str) -> String {
    format!("type={record} msg=audit(1772618400.100:{serial}): {}\n", if record == "SYSCALL" { SYSCALL } else { "" })
}

const SYSCALL: &str = "arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=812 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 comm=\"id\" exe=\"/usr/bin/id\"";

fn ingested(m: &Muster, name: &str, text: &str) {
    let path = m.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    m.expect(0, &["ingest", name]);
}

/// Runs with an output that nobody reads: the reader is gone before the first word.
fn unread(m: &Muster, args: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let out = m.command(args).stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn equal_lines_of_two_hosts_are_both_kept() {
    let m = Muster::new();
    for (host, records) in [("host-a", ["SYSCALL", "EOE"]), ("host-b", ["SYSCALL", "EOE"])] {
        std::fs::create_dir_all(m.path("logs").join(host)).unwrap();
        let text: String = records.iter().map(|r| audit(7, r)).collect();
        std::fs::write(m.path("logs").join(host).join("audit.log"), text.replace("pid=812", &format!("pid=812 note={host}"))).unwrap();
    }
    let sums = |m: &Muster| {
        let done = m.json(0, &["ingest", "logs"]);
        let sum = |k: &str| done["sources"].as_array().unwrap().iter().map(|b| b[k].as_u64().unwrap()).sum::<u64>();
        (sum("stored"), sum("duplicate"))
    };
    assert_eq!(sums(&m), (4, 0));
    assert_eq!(sums(&m), (0, 4));
    assert_eq!(m.count("select count(*) from events where host like 'host-%'"), 2);
}

#[test]
fn an_error_moves_no_terminal() {
    let m = Muster::new();
    std::fs::write(m.path("auth.log"), LINE).unwrap();
    m.expect(0, &["ingest", "auth.log"]);
    let out = m.run(&["case", "--case", "c\u{1b}[2J\u{202e}", "show"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3));
    assert!(said.contains("c\\u{1b}[2J\\u{202e}") && !said.contains('\u{1b}') && !said.contains('\u{202e}'), "{said}");
}

/// The name of a host is what its log says, and stands in the reasons why data may have left.
#[test]
fn a_scope_moves_no_terminal() {
    let m = Muster::new();
    ingested(&m, "auth.log", &LINE.replace("web-1", "we\u{202e}b").replace("Failed", "Accepted"));
    let said = m.expect(0, &["scope", "203.0.113.9"]);
    let reasons = said.lines().find(|l| l.starts_with("exfiltration: ")).unwrap();
    assert!(reasons.contains("host:we\\u{202e}b"), "the host does not stand in the reasons: {said}");
    assert!(!said.contains('\u{202e}'), "{said:?}");
}

#[test]
fn a_verdict_is_the_same_if_nobody_reads_it() {
    let m = Muster::new();
    ingested(&m, "auth.log", LINE);
    m.expect(0, &["evidence", "export", "203.0.113.9", "--out", "good.zip"]);
    let mut bytes = std::fs::read(m.path("good.zip")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(m.path("bad.zip"), bytes).unwrap();
    assert_eq!(unread(&m, &["evidence", "verify", "good.zip"]).0, Some(0));
    let (code, said) = unread(&m, &["evidence", "verify", "bad.zip"]);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    std::fs::write(m.path("bad.yml"), "title: no rule\n").unwrap();
    assert_eq!(unread(&m, &["detect", "--rules", "bad.yml"]).0, Some(1));
}

#[test]
fn parse_ends_quietly_when_nobody_reads_on() {
    let m = Muster::new();
    for n in 0..5 {
        std::fs::create_dir_all(m.path("logs")).unwrap();
        std::fs::write(m.path("logs").join(format!("auth-{n}.log")), LINE.repeat(20_000)).unwrap();
    }
    let (code, said) = unread(&m, &["parse", "logs"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    // Also after a first line that was read.
    let mut child = m.command(&["parse", "logs"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!((first, out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()), (*b"{", Some(0), ""));
}

/// Not only an event's first record: a later one of it, and one that became no event.
#[test]
fn any_piece_is_exported_by_its_id() {
    let m = Muster::new();
    let events: String = (7..17).map(|serial| audit(serial, "SYSCALL") + &audit(serial, "EOE")).collect();
    ingested(&m, "web-1/audit.log", &format!("{events}what is this\n"));
    let rejected = m.json(0, &["sql", "select source, seq from quarantine order by seq"]);
    let source = rejected[0]["source"].as_str().unwrap();
    assert_eq!(m.count("select count(*) from events where seq = 0"), 1);
    assert_eq!(m.count("select count(*) from events where seq = 1"), 0, "the second record is no event of its own");
    for seq in [1, rejected[0]["seq"].as_u64().unwrap()] {
        let id = format!("{source}#{seq}");
        let made = m.json(0, &["evidence", "export", &id, "--out", "one.zip"]);
        assert_eq!(made["pieces"], 1, "{id}");
        let verdict = m.json(0, &["evidence", "verify", "one.zip", "--key", made["key"].as_str().unwrap()]);
        assert_eq!(verdict["verdict"]["sources"][0]["first_seq"], seq, "{verdict}");
        let python = std::process::Command::new("python3").arg(root().join("tools/verify.py")).arg(m.path("one.zip")).output().unwrap();
        assert_eq!(python.status.code(), Some(0), "{}", String::from_utf8_lossy(&python.stdout));
    }
    // Beside an entity, and an id that is not there.
    let made = m.json(0, &["evidence", "export", &format!("{source}#0"), &format!("{source}#3"), "--out", "more.zip"]);
    assert_eq!(made["pieces"], 3, "an event's id is all its records: {made}");
    assert_eq!(m.run(&["evidence", "export", &format!("{source}#99"), "--out", "none.zip"]).status.code(), Some(3));
    assert!(!m.path("none.zip").exists());
}

#[test]
fn two_who_ask_at_once_have_cases_of_their_own_and_one_who_asks_twice_has_one() {
    let m = Muster::new();
    let lines: String = (0..6).map(|n| LINE.replace("203.0.113.9", &format!("203.0.113.1{n}"))).collect();
    ingested(&m, "auth.log", &lines);
    let ask = |n: usize| m.command(&["respond", &format!("203.0.113.1{}", n % 6)]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let asked: Vec<Child> = (0..12).map(ask).collect();
    for child in asked {
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    }
    let cases = m.json(0, &["case", "list"]);
    let ids: BTreeSet<&str> = cases.as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), cases.as_array().unwrap().len()), (6, 6), "{cases}");
    for case in cases.as_array().unwrap() {
        assert_eq!(case["answers"].as_array().unwrap().len(), 2, "{case}");
        assert!(case["oddities"].as_array().unwrap().is_empty(), "{case}");
    }
}

#[test]
fn an_answer_is_kept_as_it_was_given() {
    let m = Muster::new();
    ingested(&m, "auth.log", LINE);
    let given = [m.expect(0, &["respond", "203.0.113.9"]), m.expect(0, &["--json", "respond", "203.0.113.9"])];
    m.expect(0, &["respond", "203.0.113.9", "--out", "brief.txt"]);
    let written = std::fs::read_to_string(m.path("brief.txt")).unwrap();
    let answers = m.json(0, &["case", "show"])["answers"].as_array().unwrap().clone();
    for (answer, given) in answers.iter().zip(given.iter().chain([&written])) {
        let hash = answer[2].as_str().unwrap();
        assert_eq!(&m.expect(0, &["case", "answer", hash]), given);
        assert_eq!(&m.expect(0, &["case", "answer", &hash[..16]]), given);
        std::fs::write(m.path("given"), given).unwrap();
        let sum = std::process::Command::new("sha256sum").arg(m.path("given")).output().unwrap();
        assert!(String::from_utf8_lossy(&sum.stdout).starts_with(hash));
    }
    assert_eq!(answers.len(), 3);
    // An answer that could not be written was not given.
    assert_eq!(m.run(&["respond", "203.0.113.9", "--out", "no/such/folder/brief.txt"]).status.code(), Some(3));
    assert_eq!(m.json(0, &["case", "show"])["answers"].as_array().unwrap().len(), 3);
    m.expect(3, &["case", "answer", "none"]);
}
