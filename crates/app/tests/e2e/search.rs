//! Search: what fits is found, the answer says what it looked at and what it could not see, and hostile text does nothing.

use serde_json::Value;

use super::Muster;

const LINE: &str = "Mar  4 10:00:00 web-1 sshd[7]: Failed password for root from 203.0.113.9 port 2200 ssh2\n";

/// Two days of a machine and an account: logins, cron, sudo, a key that is made, and a trail that is stopped for a while.
fn small() -> Muster {
    let m = Muster::new();
    let day = |d: u32| {
        let at = |time: &str, rest: &str| format!("2026-03-{d:02}T{time}Z web-1 {rest}\n");
        let failed =
            |n: u32| at(&format!("09:{n:02}:00"), &format!("sshd[90{n}]: Failed password for invalid user test from 198.51.100.{} port 40{n:02} ssh2", n % 3));
        let mut text: String = (10..16).map(failed).collect();
        text += &at("09:17:01", "CRON[77]: (root) CMD (cd / && run-parts --report /etc/cron.hourly)");
        text += &at("09:30:00", "sshd[81]: Accepted publickey for alice from 10.20.1.10 port 51000 ssh2: ED25519 SHA256:ab+c/d");
        text += &at("09:31:00", "sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/curl -s http://203.0.113.66/x");
        text += &at("09:40:00", "sshd[82]: Failed password for root from 203.0.113.66 port 51002 ssh2");
        text
    };
    ingested(&m, "web-1/auth.log", day(3) + &day(4));
    let call = |n: usize, time: &str, name: &str, service: &str, more: &str| {
        format!(
            "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/ci-deploy\",\"accessKeyId\":\"AKIAEXAMPLECIDEPLOY1\",\"userName\":\"ci-deploy\"}},\"eventTime\":\"2026-03-04T{time}Z\",\"eventSource\":\"{service}.amazonaws.com\",\"eventName\":\"{name}\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"203.0.113.66\",\"eventID\":\"e{n}\",\"recipientAccountId\":\"111122223333\"{more}}}\n"
        )
    };
    let made = ",\"requestParameters\":{\"userName\":\"backup-svc\"},\"responseElements\":{\"accessKey\":{\"accessKeyId\":\"AKIAEXAMPLEBACKUPSV2\",\"userName\":\"backup-svc\"}}";
    let calls = [
        call(1, "09:41:15", "CreateAccessKey", "iam", made),
        call(2, "10:02:00", "StopLogging", "cloudtrail", ",\"requestParameters\":{\"name\":\"main\"}"),
        call(3, "10:42:00", "StartLogging", "cloudtrail", ",\"requestParameters\":{\"name\":\"main\"}"),
    ];
    ingested(&m, "trail.json", calls.concat());
    assert_eq!((m.count("select count(*) from events"), m.count("select count(*) from quarantine")), (23, 0));
    m
}

fn ingested(m: &Muster, name: &str, text: impl AsRef<[u8]>) {
    let path = m.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    m.run(&["ingest", name]);
}

fn found(m: &Muster, query: &str) -> u64 {
    m.json(0, &["search", query, "--limit", "0"])["found"].as_u64().unwrap()
}

/// What a test cannot know beforehand: when the logs were taken in.
fn settled(mut answer: Value) -> String {
    for e in answer["events"].as_array_mut().into_iter().flatten() {
        e.as_object_mut().unwrap().remove("received");
    }
    serde_json::to_string_pretty(&answer).unwrap() + "\n"
}

#[test]
fn the_json_shapes_are_stable() {
    let m = small();
    let key = settled(m.json(0, &["search", "operation:CreateAccessKey user:*ci-deploy", "--since", "2026-03-04"]));
    let nothing = settled(m.json(0, &["search", "user:alcie \"no such words\" src:10.0.0.0/8", "--until", "2026-03-04"]));
    let by = settled(m.json(0, &["search", "outcome:failure", "--by", "src", "--limit", "2"]));
    let per = settled(m.json(0, &["search", "ip:203.0.113.66", "--per", "hour"]));
    insta::assert_snapshot!([key, nothing, by, per].concat());
}

#[test]
fn the_text_fits_a_hundred_columns_and_says_what_was_searched() {
    let m = small();
    let mut all = String::new();
    for args in [
        &["search", "failed or user:alice since:2026-03-04", "--limit", "5"][..],
        &["search", "ip:203.0.113.66", "--newest", "--limit", "4"],
        &["search", "operation:CreateAccessKey", "--fields", "time,user,target_user,key,src"],
        &["search", "user:alcie"],
        &["search", "ip:203.0.113.66", "--per", "hour"],
        &["search", "outcome:failure", "--by", "user", "--limit", "3"],
    ] {
        let said = m.expect(0, args);
        assert!(said.lines().all(|l| l.chars().count() <= 100), "{args:?}\n{said}");
        all += &format!("$ muster {}\n{said}\n", args.join(" "));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_query_finds_what_a_select_finds() {
    let m = small();
    for (query, select) in [
        ("", "true"),
        ("user:root", "\"user\" like 'root@%' or \"user\" = 'root'"),
        ("ip:203.0.113.66", "src_ip = '203.0.113.66' or dst_ip = '203.0.113.66'"),
        ("src:198.51.100.0/24 outcome:failure", "in_net(src_ip, '198.51.100.0/24') and outcome = 'failure'"),
        ("-service:sshd host:web-1", "host = 'web-1' and (service is null or service <> 'sshd')"),
        ("port:1024..65535", "src_port between 1024 and 65535 or dst_port between 1024 and 65535"),
        ("command:\"run-parts\"", "command like '%run-parts%'"),
        ("time:2026-03-04T09..2026-03-04T10", "time >= '2026-03-04T09:00:00Z' and time < '2026-03-04T10:00:00Z'"),
        ("has:credential (operation:CreateAccessKey or operation:S*)", "credential is not null and (operation = 'CreateAccessKey' or operation ilike 's%')"),
        ("raw:\"invalid user\"", "raw_has(raw, 'invalid user', true)"),
    ] {
        let rows = m.count(&format!("select count(*) from events where {select}"));
        assert!(rows > 0, "{select}");
        assert_eq!(found(&m, query), rows, "{query}");
    }
}

/// Words stand in the original line though no column has them.
#[test]
fn words_are_looked_for_in_the_original_line() {
    let m = Muster::new();
    ingested(&m, "auth.log", LINE.replace("ssh2", "ssh2 [preauth] Gr\u{fc}\u{df}e \u{7f}"));
    assert_eq!([found(&m, "PREAUTH"), found(&m, "\"ssh2 [\""), found(&m, "Gr\u{fc}\u{df}e"), found(&m, "grusse")], [1, 1, 1, 0]);
    let lines = m.expect(0, &["search", "preauth", "--raw"]);
    assert_eq!(lines, LINE.replace("ssh2", "ssh2 [preauth] Gr\u{fc}\u{df}e \\u{7f}"));
}

#[test]
fn an_empty_answer_says_where_nothing_could_be_and_what_is_near() {
    let m = small();
    let said = m.expect(0, &["search", "user:alcie"]);
    assert!(said.starts_with("nothing fits among 23 events of 2 logs\n") && said.contains("spelled alike: alice@web-1 ("), "{said}");
    // The trail was stopped from 10:02 to 10:42, and web-1 logs nothing then.
    let blind = m.json(0, &["search", "operation:CreateUser", "--since", "2026-03-04T10:10:00Z", "--until", "2026-03-04T10:20:00Z"]);
    let what = |w: &str| blind["not_visible"].as_array().unwrap().iter().filter(|u| u["what"] == w).count();
    assert!(what("gap") == 1 && what("silent") > 0, "{blind}");
    let before = m.json(0, &["search", "operation:CreateUser", "--until", "2026-03-04T10:00:00Z"]);
    assert!(before["not_visible"].as_array().unwrap().iter().all(|u| u["what"] != "gap"), "{before}");
    // What lies outside of the window, and terms that hold alone and not together.
    let outside = m.json(0, &["search", "ip:203.0.113.66", "--until", "2026-03-03"]);
    assert_eq!((outside["found"].as_u64(), outside["outside"].as_u64()), (Some(0), Some(5)));
    let apart = m.json(0, &["search", "host:web-1 operation:CreateAccessKey"]);
    assert!(apart["terms"].as_array().unwrap().iter().all(|t| t["found"].as_u64().unwrap() > 0), "{apart}");
}

#[test]
fn wrong_queries_are_pointed_at() {
    let m = Muster::new();
    ingested(&m, "auth.log", LINE);
    for (args, said) in [
        (&["search", "usr:root"][..], "usr:root\n  ^^^"),
        (&["search", "(user:root"], "not closed"),
        (&["search", "user:root", "--by", "usr"], "nearest is `user`"),
        (&["search", "user:root", "--fields", "time,wo"], "not a column"),
        (&["search", "user:root", "--raw", "--csv"], "cannot be used with"),
    ] {
        let out = m.run(args);
        let err = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(2) && err.contains(said), "{args:?} {err}");
    }
    // A query that begins with a minus is no option, and options stand behind it.
    assert_eq!(m.json(0, &["search", "-service:cron", "--limit", "1"])["found"], 1);
}

#[test]
fn the_limit_is_told_and_the_newest_can_be_had() {
    let m = Muster::new();
    ingested(&m, "auth.log", (0..30).map(|n| LINE.replace("10:00:00", &format!("10:00:{n:02}"))).collect::<String>());
    let times = |args: &[&str]| {
        let answer = m.json(0, args);
        assert_eq!(answer["found"], 30);
        answer["events"].as_array().unwrap().iter().map(|e| e["time"].as_str().unwrap()[17..19].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(times(&["search", "failed", "--limit", "2"]), ["00", "01"]);
    assert_eq!(times(&["search", "failed", "--limit", "2", "--newest"]), ["28", "29"]);
    assert!(m.expect(0, &["search", "failed", "--limit", "2"]).starts_with("30 of 30 events of 1 logs; the oldest 2 are shown"));
}

#[test]
fn row_4_words_in_utf16_lines_are_found_in_quarantine() {
    let m = Muster::new();
    let le: Vec<u8> = LINE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = LINE.encode_utf16().flat_map(u16::to_be_bytes).collect();
    ingested(&m, "le.log", &le);
    ingested(&m, "be.log", &be);
    let quarantined = m.count("select count(*) from quarantine");
    if quarantined == 0 {
        assert_eq!(found(&m, "\"failed password\""), 2, "decoded, then");
        return;
    }
    let answer = m.json(0, &["search", "\"failed password\""]);
    assert_eq!((answer["found"].as_u64(), answer["in_quarantine"].as_array().unwrap().len() as u64), (Some(0), quarantined), "{answer}");
    assert!(m.json(0, &["search", "nothing"])["in_quarantine"].as_array().unwrap().is_empty());
    assert!(m.expect(0, &["search", "nothing"]).contains("records could not be read as events"));
}

/// Control sequences, overrides and markup in every field of a line.
fn hostile() -> String {
    let user = "=cmd|'/C'!A1\u{1b}[2J\u{9b}31m\u{202e}<script>alert(1)</script>$(id)`id`";
    LINE.replace("root", user).replace("web-1", "@we\u{202e}b").replace("ssh2", "ssh2\t=1+1 \u{1b}]0;x\u{7}")
}

#[test]
fn row_7_and_17_nothing_hostile_leaves_the_program() {
    let m = Muster::new();
    ingested(&m, "auth.log", hostile());
    ingested(&m, "=evil\u{1b}[31m.log", hostile().replace("10:00:00", "10:00:01"));
    let arn = r#""type":"IAMUser","arn":"=cmd|'/C'!A1\u001b[2J\u009b\u202e<script>","userName":"@x\n\t=1""#;
    ingested(&m, "trail.json", trail(1, "{}").replace("\"type\":\"Root\"", arn));
    for args in [
        &["search", "*"][..],
        &["search", "*", "--raw"],
        &["search", "*", "--csv"],
        &["search", "*", "--fields", "user,host,message,source"],
        &["search", "*", "--by", "user"],
        &["search", "*", "--by", "host"],
        &["search", "*", "--per", "hour"],
        &["search", "\u{1b}[2J nothing"],
        &["search", "user:\u{1b}[2J"],
        &["search", "usr:\u{1b}[2J\u{202e}"],
        &["--json", "search", "*"],
    ] {
        let out = m.run(args);
        for bytes in [&out.stdout, &out.stderr] {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let moves = |c: char| event::text::is_hidden(c) && !matches!(c, '\n') && !(c == '\r' && args.contains(&"--csv"));
            assert!(!text.chars().any(moves), "{args:?}\n{text:?}");
        }
    }
    let csv = m.expect(0, &["search", "*", "--csv", "--fields", "user,host,message,source"]);
    for line in csv.split("\r\n").filter(|l| !l.is_empty()) {
        let cells = line.split(',').map(|c| c.trim_start_matches('"'));
        assert!(cells.clone().all(|c| !c.starts_with(['=', '+', '-', '@', '\t'])), "{line}");
    }
    assert!(csv.contains("'@we"), "{csv}");
    assert_eq!(m.count("select count(*) from events where \"user\" like '=cmd%'"), 1, "the user is read as it stands");
    // SQL, shell and template text in a query and in a value are text.
    for query in ["user:\"' or 1=1 --\"", "\"'; drop table events; --\"", "user:$(id)", "user:{{7*7}}", "message:%"] {
        assert_eq!(found(&m, query), 0, "{query}");
    }
    assert_eq!(m.count("select count(*) from events"), 3);
}

fn trail(n: usize, parameters: &str) -> String {
    format!(
        "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"Root\"}},\"eventTime\":\"2026-03-04T09:00:00Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutObject\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"203.0.113.9\",\"eventID\":\"e{n}\",\"recipientAccountId\":\"111122223333\",\"requestParameters\":{parameters}}}\n"
    )
}

#[test]
fn row_11_and_16_fields_without_end_and_of_changing_type_are_found_by_their_words() {
    let m = Muster::new();
    let many: String = (0..20_000).map(|n| format!("\"k{n}\":\"v{n}\",")).collect();
    let lines =
        [trail(1, &format!("{{{many}\"last\":\"needle-one\"}}")), trail(2, "\"needle-two as text\""), trail(3, "{\"needle\":{\"deep\":[\"needle-three\"]}}")];
    let columns = |m: &Muster| m.json(0, &["sql", "select * from events limit 1"])[0].as_object().map(|o| o.len());
    ingested(&m, "a.json", trail(0, "{}"));
    let before = columns(&m);
    ingested(&m, "b.json", lines.concat());
    assert_eq!(columns(&m), before);
    assert_eq!(["needle-one", "needle-two", "needle-three", "\"\\\"k19999\\\"\"", "k20000"].map(|w| found(&m, w)), [1, 1, 1, 1, 0]);
    assert_eq!(found(&m, "needle operation:PutObject"), 3);
    assert_eq!(m.run(&["search", "k19999:v19999"]).status.code(), Some(2), "no field is made of a log's own names");
}

#[test]
fn row_23_one_window_finds_one_moment_in_every_unit() {
    let m = Muster::new();
    let line = |ts: &str| {
        format!(
            "{{\"level\":\"info\",\"ts\":{ts},\"logger\":\"http.log.access\",\"msg\":\"handled request\",\"request\":{{\"remote_ip\":\"203.0.113.9\",\"remote_port\":\"1\",\"client_ip\":\"203.0.113.9\",\"proto\":\"HTTP/1.1\",\"method\":\"GET\",\"host\":\"shop.example\",\"uri\":\"/x\",\"headers\":{{}}}},\"bytes_read\":0,\"user_id\":\"\",\"duration\":0.1,\"size\":12,\"status\":200,\"resp_headers\":{{}}}}\n"
        )
    };
    let times = ["1772618400", "1772618400000", "1772618400000000", "1772618400000000000", "1772618401"];
    ingested(&m, "web/access.json", times.map(line).concat());
    assert_eq!(found(&m, "time:\"2026-03-04 10:00:00\""), 4);
    assert_eq!(found(&m, "time:2026-03-04T10:00 marks:unit_assumed"), 3);
}
