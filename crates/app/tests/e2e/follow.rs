//! `muster ingest --follow`: logs are read on while others write, rotate and empty them, and what was read is never lost.

use std::{
    fs,
    io::Write as _,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use super::Muster;

fn lines(from: usize, to: usize) -> String {
    (from..to)
        .map(|i| {
            format!("Mar  4 02:{:02}:{:02} db-1 sshd[{}]: Failed password for root from 203.0.113.{} port 40001 ssh2\n", i / 60 % 60, i % 60, 9000 + i, i % 250)
        })
        .collect()
}

fn append(m: &Muster, name: &str, text: &str) {
    fs::File::options().create(true).append(true).open(m.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
}

fn follow(m: &Muster) -> Child {
    m.command(&["--json", "ingest", "logs", "--follow", "--every-ms", "50"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Ends the follower as an administrator would; gives its books.
fn end(child: Child) -> serde_json::Value {
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stdout)))
}

/// Bytes in the journal, which is where what was acknowledged is before it is in the tables.
fn journaled(m: &Muster) -> u64 {
    let segments = fs::read_dir(m.path("muster-store/journal")).into_iter().flatten().flatten();
    segments.filter_map(|f| fs::read(f.path()).ok()).map(|b| failed_logins(&b)).sum()
}

fn failed_logins(bytes: &[u8]) -> u64 {
    bytes.windows(7).filter(|w| w == b"Failed ").count() as u64
}

fn until(what: impl Fn() -> bool) {
    let begin = Instant::now();
    while !what() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_written_rotated_and_emptied_is_stored_once() {
    let m = Muster::new();
    fs::create_dir_all(m.path("logs/db-1")).unwrap();
    append(&m, "logs/db-1/auth.log", &lines(0, 20));
    let child = follow(&m);
    until(|| journaled(&m) == 20);
    append(&m, "logs/db-1/auth.log", &lines(20, 30));
    fs::rename(m.path("logs/db-1/auth.log"), m.path("logs/db-1/auth.log.1")).unwrap();
    append(&m, "logs/db-1/auth.log", &lines(30, 45));
    until(|| journaled(&m) == 45);
    fs::copy(m.path("logs/db-1/auth.log"), m.path("logs/db-1/auth.log.0")).unwrap();
    fs::write(m.path("logs/db-1/auth.log"), lines(45, 50)).unwrap();
    until(|| journaled(&m) == 50);
    let books = end(child);
    let book = &books["sources"][0];
    assert_eq!((book["source"].as_str(), book["stored"].as_u64()), (Some("db-1/auth.log"), Some(50)), "{books}");
    assert_eq!(book["gaps"][0]["kind"], "truncated", "{books}");
    assert_eq!(m.count("select count(*) from events"), 50);
    assert_eq!(m.count("select count(distinct pid) from events"), 50, "each once");
    let brief = m.json(0, &["respond", "203.0.113.7"]);
    assert!(brief["not_visible"].as_array().unwrap().iter().any(|b| b["text"].as_str().unwrap().contains("truncated")), "a gap is told");
}

#[test]
fn a_follower_that_is_killed_goes_on_without_loss() {
    let m = Muster::new();
    fs::create_dir_all(m.path("logs/db-1")).unwrap();
    let mut written = 0;
    for _ in 0..5 {
        let mut child = follow(&m);
        append(&m, "logs/db-1/auth.log", &lines(written, written + 40));
        written += 40;
        std::thread::sleep(Duration::from_millis(400));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    m.run(&["ingest", "logs"]);
    assert_eq!(m.count("select count(*) from events"), 200);
    assert_eq!(m.count("select count(distinct pid) from events"), 200, "each once");
}

#[test]
fn two_may_not_write_and_others_may_ask_meanwhile() {
    let m = Muster::new();
    fs::create_dir_all(m.path("logs/db-1")).unwrap();
    append(&m, "logs/db-1/auth.log", &lines(0, 5));
    let child = follow(&m);
    until(|| journaled(&m) == 5);
    assert_eq!(m.run(&["ingest", "logs"]).status.code(), Some(3), "the store is locked");
    end(child);
    assert_eq!(m.count("select count(*) from events"), 5);
}

#[test]
fn a_log_with_a_heading_that_grows_is_read_on_by_it() {
    let m = Muster::new();
    let heading = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\n";
    let line = |n: u32| format!("17726148{n:02}.5\tC{n}\t10.0.0.5\t40{n:03}\t203.0.113.9\t443\ttcp\t{}\n", 100 + n);
    fs::create_dir_all(m.path("logs/zeek")).unwrap();
    append(&m, "logs/zeek/conn.log", &format!("{heading}{}", line(1)));
    m.expect(0, &["ingest", "logs"]);
    append(&m, "logs/zeek/conn.log", &line(2));
    m.expect(0, &["ingest", "logs"]);
    assert_eq!(m.count("select count(*) from quarantine"), 0);
    assert_eq!(m.count("select count(*) from events where dst_ip = '203.0.113.9' and dst_port = 443"), 2);
    m.expect(0, &["evidence", "export", "203.0.113.9", "--out", "e.zip"]);
    let program = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nprint(''.join(z.read(n).decode() for n in z.namelist() if n.endswith('.jsonl')))";
    let out = std::process::Command::new("python3").args(["-c", program]).arg(m.path("e.zip")).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(said.contains("\"C1\"") && said.contains("\"C2\""), "the readable view knows the fields by their heading: {said} {out:?}");
}
