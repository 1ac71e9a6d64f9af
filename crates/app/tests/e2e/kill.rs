//! BAD-INPUTS row 47: killed at any moment, nothing acknowledged is lost, nothing is there twice, and a restart needs no hand.

use std::{fmt::Write as _, process::Stdio, time::Duration};

use super::Muster;

const KILLS: u64 = 20;
const RECORDS: u64 = 4_000;

/// Logs of the three framings, enough of them that a kill falls into the middle.
pub fn write_logs(m: &Muster) {
    let logs = m.path("logs/web-1");
    std::fs::create_dir_all(&logs).unwrap();
    let mut syslog = String::new();
    let mut audit = String::new();
    let mut trail = String::from("{\"Records\":[");
    for n in 0..RECORDS {
        let (minute, second) = ((n / 60) % 60, n % 60);
        writeln!(
            syslog,
            "Mar  4 09:{minute:02}:{second:02} web-1 sshd[{}]: Failed password for root from 203.0.113.{} port {} ssh2",
            1000 + n,
            n % 250,
            1024 + n
        )
        .unwrap();
        let serial = 100_000 + n;
        let at = 1_772_614_800 + n / 10;
        writeln!(audit, "node=web-1 type=SYSCALL msg=audit({at}.{:03}:{serial}): arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=1 ppid=1 pid={n} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=3 comm=\"id\" exe=\"/usr/bin/id\" key=(null)", n % 1000).unwrap();
        writeln!(audit, "node=web-1 type=EXECVE msg=audit({at}.{:03}:{serial}): argc=1 a0=\"id\"", n % 1000).unwrap();
        if n > 0 {
            trail.push(',');
        }
        write!(trail, r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ci","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"ci"}},"eventTime":"2026-03-04T09:{minute:02}:{second:02}Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-central-1","sourceIPAddress":"203.0.113.66","requestParameters":{{"bucketName":"b","key":"k{n}"}},"responseElements":null,"eventID":"00000000-0000-4000-8000-{n:012}","eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#).unwrap();
    }
    trail.push_str("]}\n");
    std::fs::write(logs.join("auth.log"), syslog).unwrap();
    std::fs::write(logs.join("audit.log"), audit).unwrap();
    std::fs::write(m.path("logs/111122223333_CloudTrail_eu-central-1_20260304T0900Z_abcdefgh.json"), trail).unwrap();
}

/// What a store holds, in numbers that a lost or doubled record changes.
pub fn holdings(m: &Muster) -> Vec<u64> {
    [
        "select count(*) from events where format = 'syslog'",
        "select count(*) from events where format = 'linux_audit'",
        "select count(*) from events where format = 'aws_cloudtrail'",
        "select count(distinct source || '#' || seq) from events",
        "select count(distinct uid) from events where format = 'aws_cloudtrail'",
        "select sum(cardinality(records)) from events",
        "select count(*) from quarantine",
        "select sum(\"count\") from links",
        "select count(distinct from_entity || relation || to_entity) from links",
    ]
    .map(|select| m.count(select))
    .to_vec()
}

#[test]
fn row_47_twenty_kills_lose_nothing_and_double_nothing() {
    let m = Muster::new();
    write_logs(&m);
    // A fixed sequence of moments, spread over the time that an ingest takes; small commits, so that many fall between two of them.
    let ingest = ["--json", "ingest", "logs", "--commit-bytes", "200000"];
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    for _ in 0..KILLS {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut child = m.command(&ingest).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(10 + seed % 900));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = m.json(0, &ingest[1..]);
    for book in last["sources"].as_array().unwrap() {
        let n = |k: &str| book[k].as_u64().unwrap();
        assert_eq!(n("received"), n("stored") + n("quarantined") + n("duplicate") + n("refused"), "{book}");
    }
    let never_killed = Muster::new();
    write_logs(&never_killed);
    never_killed.json(0, &["ingest", "logs"]);
    assert_eq!(holdings(&m), holdings(&never_killed));
    assert_eq!(holdings(&m)[..3], [RECORDS; 3]);
    for source in ["web-1/auth.log", "web-1/audit.log", "cloudtrail/111122223333/eu-central-1"] {
        m.expect(0, &["evidence", "export", "--source", source, "--out", "all.zip"]);
        m.expect(0, &["evidence", "verify", "all.zip"]);
    }
    let again = m.json(0, &["ingest", "logs"]);
    for book in again["sources"].as_array().unwrap() {
        assert_eq!(book["received"], book["duplicate"], "{book}");
    }
}
