//! `muster session`: logins joined to their processes, on the demo and on logs that nobody here wrote.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Muster, root, shared};

fn list(m: &Muster, args: &[&str]) -> Vec<Value> {
    m.json(0, &[&["session", "list"], args].concat())["sessions"].as_array().unwrap().clone()
}

#[test]
fn the_intruders_session_is_one_tree_and_replays_in_order() {
    let m = Muster::new();
    m.expect(0, &["ingest", root().join("demo/logs").to_str().unwrap()]);
    let own = list(&m, &["--user", "root@db-1", "--since", "2026-03-04T10:00:00Z", "--until", "2026-03-04T11:00:00Z"]);
    assert_eq!(own.len(), 1, "{own:?}");
    let (id, from) = (own[0]["id"].as_str().unwrap(), own[0]["from"].as_str().unwrap());
    assert!(from.starts_with("ip:10.") && own[0]["sources"].as_array().unwrap().len() >= 2, "{own:?}");
    let whole = m.json(0, &["session", id]);
    let s = &whole["sessions"][0];
    assert_eq!((whole["sessions"].as_array().unwrap().len(), &s["how"]), (1, &Value::from("terminal")));
    // By its other name it is the same session.
    for other in s["names"].as_array().unwrap() {
        assert_eq!(&m.json(0, &["session", other.as_str().unwrap()])["sessions"][0], s);
    }
    let procs = s["procs"].as_array().unwrap();
    let curl = procs.iter().find(|p| p["command"].as_str().is_some_and(|c| c.contains("curl"))).unwrap();
    assert!(curl["cwd"].is_string() && curl["tty"].is_string() && curl["effective"] == "user:root@db-1", "{curl}");
    let mut up = vec![curl["pid"].as_i64().unwrap()];
    let mut at = curl;
    while let Some(parent) = at["parent"].as_u64() {
        at = &procs[parent as usize];
        up.push(at["pid"].as_i64().unwrap());
    }
    assert!(up.len() >= 5, "curl, root's shell, sudo, the shell, sshd: {up:?}");
    let times: Vec<_> = s["replay"].as_array().unwrap().iter().map(|step| event::Time::parse(step["time"].as_str().unwrap()).unwrap()).collect();
    assert!(times.len() > 10 && times.windows(2).all(|w| w[0] <= w[1]), "{times:?}");
    let text = m.expect(0, &["session", id]);
    for said in ["└─", "useradd", "terminal pts/0", "told by", "replay (UTC)"] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    let bare = id.trim_start_matches("session:");
    let near = m.run(&["session", &format!("{bare}99")]);
    assert_eq!(near.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&near.stderr).contains("nearest in the logs: session:db-1/"), "{near:?}");
}

#[test]
fn jobs_and_services_are_listed_when_asked_for() {
    let m = Muster::new();
    m.expect(0, &["ingest", root().join("demo/logs").to_str().unwrap()]);
    let how = |rows: &[Value]| {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        rows.iter().for_each(|r| *found.entry(r["how"].as_str().unwrap().to_owned()).or_default() += 1);
        found
    };
    let (few, all) = (how(&list(&m, &["--limit", "9999"])), how(&list(&m, &["--all", "--limit", "9999"])));
    assert!(!few.contains_key("cron") && all["cron"] > 20, "{few:?} {all:?}");
}

#[test]
fn a_real_audit_log_has_its_login_once_with_its_acts() {
    let Some(log) = shared("data/runtime/go-libaudit/auparse/testdata/audit-rhel7.log") else { return };
    let m = Muster::new();
    m.run(&["ingest", log.to_str().unwrap(), "--source", "web-7/audit.log"]);
    let own: Vec<Value> = list(&m, &[]).into_iter().filter(|s| s["user"].as_str().is_some_and(|u| u.contains("andrew_kroh"))).collect();
    assert_eq!(own.len(), 1, "{own:#?}");
    assert_eq!((own[0]["from"].as_str(), own[0]["service"].as_str()), (Some("ip:96.241.146.97"), Some("sshd")));
    assert!(own[0]["end"].is_string() && own[0]["acts"].as_u64().unwrap() > 0, "{own:#?}");
}

#[test]
fn every_accepted_login_of_a_real_auth_log_is_one_session() {
    let Some(log) = shared("data/system/plaso/syslog/syslog_ssh.log") else { return };
    let m = Muster::new();
    m.run(&["ingest", log.to_str().unwrap()]);
    let accepted = m.count("select count(*) from events where operation = 'ssh_login' and outcome = 'success' and activity_id = 1");
    let sshd = list(&m, &["--limit", "9999"]).iter().filter(|s| s["service"] == "sshd").count();
    assert!(accepted > 0);
    assert_eq!(sshd as u64, accepted);
}

#[test]
fn a_login_that_two_logs_tell_of_is_one_line_of_the_time_line() {
    let m = Muster::new();
    m.expect(0, &["ingest", root().join("demo/logs").to_str().unwrap()]);
    let own = list(&m, &["--user", "root@db-1", "--since", "2026-03-04T10:00:00Z", "--until", "2026-03-04T11:00:00Z"]);
    let id = own[0]["id"].as_str().unwrap();
    let line = m.json(0, &["timeline", id]);
    let names: Vec<&str> = own[0]["names"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    let both = m.json(0, &[&["timeline"], &names[..]].concat());
    // Its end is told by two logs as well.
    let logins = |e: &&Value| !e["also"].as_array().unwrap().is_empty() && e["operation"] == "ssh_login";
    let told: Vec<&Value> = both["events"].as_array().unwrap().iter().filter(logins).collect();
    assert_eq!(told.len(), 1, "{both}");
    assert!(told[0]["sources"].as_array().unwrap().len() >= 2, "{told:?}");
    assert!(line["events"].as_array().unwrap().len() <= both["events"].as_array().unwrap().len());
}

/// Working folders are asked for by process number, of 500 at the most: that is said.
#[test]
fn what_is_not_looked_at_is_said() {
    let m = Muster::new();
    let run = |n: usize| {
        let stamp = format!("node=web-1 type=SYSCALL msg=audit(1772618{:03}.000:{}): ", 400 + n / 10, 100 + n);
        let ids = "auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=7";
        let call = format!("arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=1 a2=1 a3=1 items=0 ppid=900 pid={} {ids}", 1000 + n);
        let exec = stamp.replace("SYSCALL", "EXECVE");
        format!("{stamp}{call} comm=\"id\" exe=\"/usr/bin/id\" key=(null)\n{exec}argc=2 a0=\"id\" a1=\"{n}\"\n")
    };
    std::fs::write(m.path("audit.log"), (0..501).map(run).collect::<String>()).unwrap();
    m.run(&["ingest", "audit.log"]);
    let whole = m.json(0, &["session", "web-1/7"]);
    let procs = whole["sessions"][0]["procs"].as_array().unwrap().len();
    assert!(procs > 500 && whole["cut"].to_string().contains("only the first 500 processes"), "{procs} {}", whole["cut"]);
}
