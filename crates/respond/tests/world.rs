//! The demo's intrusion as values: what `trace` would hand over. Names are those of demo/README.md.

use event::{Book, Entity, Facet, Gap, Kind, Time, Window};
use respond::{
    Plan, Registry,
    case::CaseFact,
    plan,
    report::{Blind, BriefInput, Proof},
    scope::{Act, Exfiltration, Level, Reached, Reason, Row, Status, Verdict},
};

use crate::{files, lines, repo, whole};

pub const CLOUD: &str = "cloudtrail/111122223333/eu-central-1";

pub fn entity(text: &str) -> Entity {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Time {
    Time::parse(&format!("2026-03-04T{text}Z")).unwrap()
}

pub fn registry() -> Registry {
    let (registry, problems) = Registry::load(&files(&repo(), "demo/registry"));
    assert_eq!(lines(&problems), "");
    registry
}

pub fn plan() -> Plan {
    let mut all = files(&repo(), "demo/plan");
    all.extend(plan::builtin());
    let (plan, problems) = Plan::load(&all);
    assert_eq!(lines(&problems), "");
    plan
}

pub fn reached(text: &str, status: Status, level: Level, at: &str, event: &str) -> Reached {
    Reached {
        entity: entity(text),
        status,
        also: Vec::new(),
        level,
        since: Some(time(at)),
        made: false,
        holder: None,
        path: vec![format!("{CLOUD}#12"), event.to_owned()],
    }
}

fn held(mut r: Reached, holder: &str) -> Reached {
    r.holder = Some(entity(holder));
    r
}

fn made(mut r: Reached) -> Reached {
    r.made = true;
    r
}

pub fn scope() -> Vec<Reached> {
    use {Level as L, Status as S};
    let key = "user:arn:aws:iam::111122223333:user/ci-deploy";
    let backup = "user:arn:aws:iam::111122223333:user/backup-svc";
    vec![
        reached("ip:203.0.113.66", S::Entry, L::Shown, "09:12:04", &format!("{CLOUD}#12")),
        held(reached("credential:AKIAEXAMPLECIDEPLOY1", S::Controlled, L::Shown, "09:12:04", &format!("{CLOUD}#12")), key),
        reached(key, S::Controlled, L::Shown, "09:12:04", &format!("{CLOUD}#12")),
        reached("resource:arn:aws:s3:::customer-exports/2026/02/all.csv", S::Exposed, L::Shown, "09:20:00", &format!("{CLOUD}#31")),
        reached("resource:arn:aws:s3:::customer-exports/2026/03/all.csv", S::Exposed, L::Shown, "09:21:00", &format!("{CLOUD}#32")),
        reached("resource:arn:aws:s3:::ops-secrets/bastion/deploy_ed25519", S::Exposed, L::Shown, "09:30:00", &format!("{CLOUD}#40")),
        made(held(reached("credential:AKIAEXAMPLEBACKUPSV2", S::Controlled, L::Shown, "09:41:00", &format!("{CLOUD}#44")), backup)),
        reached("credential:SHA256:Zx7kC2dExample", S::Controlled, L::Likely, "10:08:10", "bastion-1/auth.log#201"),
        reached("session:bastion-1/sshd:4211", S::Controlled, L::Shown, "10:08:10", "bastion-1/auth.log#201"),
        reached("user:deploy@bastion-1", S::Controlled, L::Shown, "10:08:10", "bastion-1/auth.log#201"),
        reached("host:bastion-1", S::Controlled, L::Shown, "10:08:10", "bastion-1/auth.log#201"),
        reached("host:db-1", S::Controlled, L::Shown, "10:15:22", "db-1/auth.log#77"),
        reached("user:root@db-1", S::Controlled, L::Shown, "10:17:00", "db-1/auth.log#80"),
        made(reached("user:support2@db-1", S::Controlled, L::Shown, "10:19:00", "db-1/auth.log#85")),
        reached("host:web-1", S::Reached, L::Shown, "10:30:00", "web-1/auth.log#9"),
    ]
}

pub fn row(at: &str, event: &str, operation: &str, actor: &str, target: &str, text: &str) -> Row {
    Row {
        time: time(at),
        event: event.into(),
        operation: operation.into(),
        outcome: Some("success".into()),
        actor: Some(entity(actor)),
        target: Some(entity(target)),
        text: text.into(),
        host: event.split_once('/').map(|(h, _)| h.to_owned()).filter(|h| h != "cloudtrail"),
        act: act(operation),
        says: if operation == "sudo" { 4 } else { 0 },
        facet: Some(if event.starts_with(CLOUD) { Facet::Cloud } else { Facet::System }),
        user: entity(actor).kind.eq(&Kind::User).then(|| entity(actor)),
        ..Row::default()
    }
}

/// What trace's table and the classes of these operations make of them.
fn act(operation: &str) -> Act {
    match operation {
        "ssh_login" | "USER_LOGIN" | "USER_START" | "ssh_connection" => Act::Login,
        "sudo" => Act::Switch,
        "useradd" | "CreateAccessKey" => Act::Make,
        "GetObject" | "GetSecretValue" => Act::Read,
        "StopLogging" => Act::Delete,
        "execve" => Act::Run,
        o if o.starts_with("Get") || o.starts_with("Describe") => Act::Look,
        _ => Act::Other,
    }
}

pub fn rows() -> Vec<Row> {
    let key = "credential:AKIAEXAMPLECIDEPLOY1";
    let id = |n: u32| format!("{CLOUD}#{n}");
    let mut rows = vec![row("09:12:04", &id(12), "GetCallerIdentity", key, "account:111122223333", "ci-deploy asked who it is, from 203.0.113.66")];
    for n in 0..12 {
        let target = format!("resource:arn:aws:s3:::customer-exports/2026/02/part-{n}.csv");
        rows.push(row(&format!("09:20:{n:02}"), &id(20 + n), "GetObject", key, &target, "ci-deploy read customer-exports, from 203.0.113.66"));
    }
    rows.push(row(
        "09:30:00",
        &id(40),
        "GetObject",
        key,
        "resource:arn:aws:s3:::ops-secrets/bastion/deploy_ed25519",
        "ci-deploy read ops-secrets/bastion/deploy_ed25519",
    ));
    rows.push(row(
        "09:41:00",
        &id(44),
        "CreateAccessKey",
        key,
        "credential:AKIAEXAMPLEBACKUPSV2",
        "ci-deploy made access key AKIAEXAMPLEBACKUPSV2 for backup-svc",
    ));
    rows.push(row(
        "10:02:00",
        &id(50),
        "StopLogging",
        "credential:AKIAEXAMPLEBACKUPSV2",
        "resource:arn:aws:cloudtrail:eu-central-1:111122223333:trail/org-trail",
        "backup-svc stopped trail org-trail",
    ));
    rows.push(row(
        "10:08:10",
        "bastion-1/auth.log#201",
        "ssh_login",
        "ip:198.51.100.77",
        "user:deploy@bastion-1",
        "login as deploy by SSH key SHA256:Zx7kC2dExample, from 198.51.100.77",
    ));
    rows.push(row("10:15:22", "db-1/auth.log#77", "ssh_login", "ip:10.20.1.10", "user:deploy@db-1", "login as deploy, from bastion-1"));
    rows.push(row("10:17:00", "db-1/auth.log#80", "sudo", "user:deploy@db-1", "user:root@db-1", "sudo to root: /bin/bash"));
    rows.push(row("10:19:00", "db-1/auth.log#85", "useradd", "user:root@db-1", "user:support2@db-1", "new user support2"));
    let mut failed = row("10:30:00", "web-1/auth.log#9", "ssh_login", "ip:10.20.1.10", "user:deploy@web-1", "login as deploy refused, from bastion-1");
    (failed.outcome, failed.act) = (Some("failure".into()), Act::Failed);
    rows.push(failed);
    rows
}

fn book(source: &str, format: &str, facet: Facet, records: u64) -> Book {
    let mut book = Book::new(source, format, facet);
    (book.received, book.stored, book.bytes) = (records, records, records * 200);
    book.saw(time("00:00:10"));
    book.saw(time("23:59:50"));
    book
}

pub fn input() -> BriefInput {
    let mut cloud = book(CLOUD, "aws_cloudtrail", Facet::Cloud, 1_204);
    cloud.gaps.push(Gap { source: CLOUD.into(), kind: "stopped".into(), from: Some(time("10:02:00")), to: Some(time("10:42:00")), count: None });
    let mut bastion = book("bastion-1/auth.log", "syslog", Facet::System, 933);
    (bastion.stored, bastion.quarantined) = (931, 2);
    BriefInput {
        now: time("12:00:00"),
        case: Some("2026-001".into()),
        indicators: vec![entity("ip:203.0.113.66")],
        named: 30,
        unknown: Vec::new(),
        window: Window::default(),
        books: vec![
            cloud,
            bastion,
            book("db-1/auth.log", "syslog", Facet::System, 410),
            book("db-1/audit.log", "linux_audit", Facet::Runtime, 6_120),
            book("web-1/auth.log", "syslog", Facet::System, 388),
        ],
        entries: whole::entries(),
        reached: scope(),
        hops: whole::hops(),
        affected: whole::affected(),
        reach: whole::reach(),
        sessions: whole::sessions(),
        limits: Vec::new(),
        rows: rows(),
        exfiltration: Some(Exfiltration {
            verdict: Verdict::CouldNotHaveBeenSeen,
            reasons: vec![Reason {
                text: "objects were read from outside, but no network log shows volumes from db-1".into(),
                events: vec![format!("{CLOUD}#31")],
            }],
            ways: Vec::new(),
        }),
        hints: Default::default(),
        facts: vec![CaseFact {
            name: "awareness".into(),
            happened: time("11:05:00"),
            learned: time("11:06:00"),
            recorded: time("11:06:00"),
            by: "dana".into(),
            note: Some("the first question to muster".into()),
            events: Vec::new(),
            history: Vec::new(),
        }],
        done: Vec::new(),
        proof: Some(Proof {
            size: 42,
            root: "q0xkYw3k1m0Zr9k9l3mY1m3oW0n8r3s5t7v9x1z3A5c=".into(),
            export: "muster evidence export ip:203.0.113.66 --out evidence.zip".into(),
        }),
        not_visible: vec![Blind { text: "ci-1 sends no logs".into(), source: None, from: None, to: None, events: Vec::new() }],
    }
}
