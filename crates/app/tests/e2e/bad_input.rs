//! Bad input through the real program, by row of the list of bad inputs. What each crate does with a row is tested there.

use super::Muster;

const LINE: &str = "Mar  4 10:00:00 web-1 sshd[7]: Failed password for root from 203.0.113.9 port 2200 ssh2\n";

fn books(m: &Muster, code: i32, path: &str) -> Vec<[u64; 5]> {
    let done = m.json(code, &["ingest", path]);
    let book = |b: &serde_json::Value| ["received", "stored", "quarantined", "duplicate", "refused"].map(|k| b[k].as_u64().unwrap());
    let books: Vec<_> = done["sources"].as_array().unwrap().iter().map(book).collect();
    books.iter().for_each(|b| assert_eq!(b[0], b[1..].iter().sum::<u64>()));
    books
}

#[test]
fn row_14_a_bad_line_among_good_ones_is_quarantined_with_its_place() {
    let m = Muster::new();
    let record = |n: u32| {
        format!(
            "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"Root\"}},\"eventTime\":\"2026-03-04T09:00:00Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListBuckets\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"203.0.113.9\",\"eventID\":\"e{n}\",\"recipientAccountId\":\"111122223333\"}}\n"
        )
    };
    std::fs::write(m.path("trail.json"), format!("{}{{\"eventVersion\": oops\n{}", record(1), record(2))).unwrap();
    assert_eq!(books(&m, 0, "trail.json"), [[3, 2, 1, 0, 0]]);
    let rows = m.json(0, &["sql", "select seq, reason, \"offset\" from quarantine"]);
    assert_eq!(rows[0]["offset"].as_u64().unwrap(), record(1).len() as u64, "{rows}");
}

/// The order within a source is the order of its records; how far a clock was off can be read from `time` beside `received`.
#[test]
fn row_21_a_clock_that_steps_keeps_the_order_of_the_source() {
    let m = Muster::new();
    let ahead = format!("{}", jiff::Timestamp::now() + jiff::SignedDuration::from_hours(10));
    let line = |at: &str, port: u16| format!("{at} web-1 sshd[7]: Failed password for root from 203.0.113.9 port {port} ssh2\n");
    std::fs::write(m.path("auth.log"), ["2026-03-04T10:00:00Z", "2026-03-04T09:00:00Z", &ahead].iter().zip(1..).map(|(at, n)| line(at, n)).collect::<String>())
        .unwrap();
    assert_eq!(books(&m, 0, "auth.log"), [[3, 3, 0, 0, 0]]);
    let rows = m.json(0, &["sql", "select src_port, marks, time > received as ahead from events order by seq"]);
    let ports: Vec<u64> = rows.as_array().unwrap().iter().map(|r| r["src_port"].as_u64().unwrap()).collect();
    assert_eq!(ports, [1, 2, 3]);
    assert_eq!((&rows[1]["ahead"], &rows[2]["ahead"]), (&false.into(), &true.into()));
    assert!(rows[2]["marks"].as_str().unwrap().contains("time_future"), "{rows}");
}

#[test]
fn row_24_a_truncated_file_gives_its_good_part_and_exit_code_1() {
    let m = Muster::new();
    std::fs::write(m.path("auth.log"), LINE.repeat(5_000)).unwrap();
    let packed = std::process::Command::new("gzip").arg("-k").arg(m.path("auth.log")).status().unwrap();
    assert!(packed.success());
    let whole = std::fs::read(m.path("auth.log.gz")).unwrap();
    std::fs::create_dir(m.path("cut")).unwrap();
    std::fs::write(m.path("cut/auth.log.gz"), &whole[..whole.len() / 2]).unwrap();
    let books = books(&m, 1, "cut");
    assert!(books[0][1] > 100 && books[0][2] > 0, "{books:?}");
}

#[test]
fn row_37_what_is_no_file_is_reported_not_opened() {
    let m = Muster::new();
    std::fs::create_dir(m.path("logs")).unwrap();
    std::fs::write(m.path("logs/auth.log"), LINE).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", m.path("logs/link")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(m.path("logs/pipe")).status().unwrap().success());
    let said = m.expect(0, &["ingest", "logs"]);
    assert!(said.contains("logs/link: a symbolic link") && said.contains("logs/pipe: "), "{said}");
    assert_eq!(m.count("select count(*) from events"), 1);
}

#[test]
fn row_43_the_same_records_again_are_duplicates_and_equal_lines_stay_two() {
    let m = Muster::new();
    std::fs::create_dir(m.path("a")).unwrap();
    std::fs::write(m.path("a/auth.log"), LINE.repeat(3)).unwrap();
    assert_eq!(books(&m, 0, "a"), [[3, 3, 0, 0, 0]]);
    assert_eq!(books(&m, 0, "a"), [[3, 0, 0, 3, 0]]);
    std::fs::rename(m.path("a/auth.log"), m.path("a/auth.log.1")).unwrap();
    assert!(std::process::Command::new("gzip").arg(m.path("a/auth.log.1")).status().unwrap().success());
    assert_eq!(books(&m, 0, "a"), [[3, 0, 0, 3, 0]]);
    assert_eq!(m.count("select count(*) from events"), 3);
}

#[test]
fn row_49_two_programs_and_another_layout_are_told_clearly() {
    let m = Muster::new();
    std::fs::write(m.path("auth.log"), LINE).unwrap();
    books(&m, 0, "auth.log");
    let lock = std::fs::File::options().write(true).open(m.path("muster-store/lock")).unwrap();
    lock.lock().unwrap();
    let out = m.run(&["ingest", "auth.log"]);
    assert_eq!(out.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&out.stderr).contains("another muster program is writing"));
    drop(lock);
    let header = std::fs::read_to_string(m.path("muster-store/store.json")).unwrap();
    std::fs::write(m.path("muster-store/store.json"), header.replace("\"version\": 1", "\"version\": 9")).unwrap();
    let out = m.run(&["ingest", "auth.log"]);
    assert_eq!(out.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&out.stderr).contains("layout 9"));
}

#[test]
fn row_50_a_faulty_registry_is_named_by_file_and_line_and_the_rest_is_used() {
    let m = Muster::new();
    std::fs::create_dir(m.path("registry")).unwrap();
    std::fs::write(
        m.path("registry/team.yaml"),
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-a\nspec:\n  type: team\n  children: []\n  parent: team-b\n",
    )
    .unwrap();
    let said = m.expect(1, &["check"]);
    assert!(said.contains("registry/team.yaml:8"), "{said}");
}

#[test]
fn row_52_sql_only_reads_the_tables() {
    let m = Muster::new();
    std::fs::write(m.path("auth.log"), LINE).unwrap();
    books(&m, 0, "auth.log");
    for refused in [
        "drop table events",
        "insert into events values (1)",
        "copy events to '/tmp/x'",
        "select * from '/etc/passwd'",
        "create external table t stored as csv location '/etc/passwd'",
        "select 1; select 2",
    ] {
        assert_eq!(m.run(&["sql", refused]).status.code(), Some(3), "{refused}");
    }
    assert_eq!(m.count("select count(*) from events"), 1);
}

#[test]
fn row_53_an_unknown_indicator_says_what_was_searched_and_what_is_near() {
    let m = Muster::new();
    std::fs::write(m.path("auth.log"), LINE).unwrap();
    books(&m, 0, "auth.log");
    let out = m.run(&["scope", "203.0.113.8"]);
    assert_eq!(out.status.code(), Some(2));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("ip:203.0.113.8") && said.contains("ip:203.0.113.9"), "{said}");
    assert_eq!(m.run(&["scope", " "]).status.code(), Some(2));
    let brief = m.json(0, &["respond", "203.0.113.8"]);
    assert_eq!(brief["asked"]["unknown"][0]["text"], "203.0.113.8");
    assert!(m.json(0, &["case", "list"]).as_array().unwrap().is_empty());
}

/// What was not read is named in every answer, not only by the run that met it.
#[test]
fn a_file_that_was_not_read_is_named_in_the_brief() {
    let m = Muster::new();
    std::fs::create_dir(m.path("logs")).unwrap();
    std::fs::write(m.path("logs/auth.log"), LINE).unwrap();
    std::fs::write(m.path("logs/old.log.7z"), b"7z\xbc\xaf\x27\x1c\0\x04 and more").unwrap();
    let read = books(&m, 1, "logs");
    assert_eq!(read.iter().map(|b| b[4]).sum::<u64>(), 1, "{read:?}");
    let brief = m.json(0, &["respond", "203.0.113.9"]);
    let blind: Vec<&str> = brief["not_visible"].as_array().unwrap().iter().filter_map(|b| b["text"].as_str()).collect();
    assert!(blind.iter().any(|t| t.contains("old.log.7z")), "{blind:?}");
}

#[test]
fn wrong_use_is_told_before_anything_is_made() {
    let m = Muster::new();
    for args in [
        &["ingest", "nope"][..],
        &["parse", "nope"],
        &["respond", "203.0.113.9", "--logs", "nope"],
        &["timeline", "x", "--since", "2026-03-05", "--until", "2026-03-04"],
    ] {
        assert_eq!(m.run(args).status.code(), Some(2), "{args:?}");
    }
    assert!(!m.path("muster-store").exists());
    std::fs::write(m.path("auth.log"), LINE.repeat(2) + &LINE.replace("Mar  4", "Mar  5")).unwrap();
    books(&m, 0, "auth.log");
    assert_eq!(m.run(&["sql", "select 1", "--since", "-1d"]).status.code(), Some(2));
    m.expect(0, &["respond", "203.0.113.9"]);
    assert_eq!(m.run(&["case", "note", " "]).status.code(), Some(2));
    assert_eq!(m.run(&["case", "fact", "awareness", "--happened", "2999-01-01"]).status.code(), Some(2));
}
