//! Sessions of the recorded intrusion, and logins told by many: each is one, and no two are made one.

use std::collections::BTreeSet;

use event::{Column, Event, EventSink, Facet, Fields, Sink, Time, attr, class, sink::Origin};
use proptest::prelude::*;
use trace::session::{Detail, How, Login, Session, StepKind, logins, sessions};

use crate::demo::store;

/// The one session in which the intruder made a user.
fn intruders(all: &[Session]) -> Session {
    let makes = |s: &&Session| s.procs.iter().any(|p| p.command.as_deref().is_some_and(|c| c.contains("useradd") && c.contains("support2")));
    let found: Vec<&Session> = all.iter().filter(makes).collect();
    assert_eq!(found.len(), 1, "{:?}", found.iter().map(|s| &s.id).collect::<Vec<_>>());
    found[0].clone()
}

#[test]
fn the_intruders_login_has_its_whole_tree() {
    let all = sessions(&store().events, Detail::of);
    let s = intruders(&all);
    assert_eq!((s.how, s.service.as_deref()), (How::Terminal, Some("sshd")));
    assert!(s.tty.as_deref().is_some_and(|t| t.starts_with("pts/")));
    let value = |e: &Option<event::Entity>| e.as_ref().map(|e| e.value.clone()).unwrap_or_default();
    assert_eq!((value(&s.user), value(&s.from)), ("deploy@db-1".into(), "10.20.1.10".into()));
    assert!(value(&s.credential).starts_with("SHA256:") && s.end.is_some());
    // Auditing's session and sshd's process are two names of it, and no other session has either.
    assert_eq!(s.names.len(), 2, "{:?}", s.names);
    assert!(all.iter().filter(|o| o.names.iter().any(|n| s.names.contains(n))).count() == 1 && !s.id.value.contains("sshd"));
    assert_eq!(s.sources.iter().filter(|n| n.contains("audit.log") || n.contains("auth.log")).count(), 2);
    let line = |name: &str| {
        let mut at = s.procs.iter().find(|p| p.command.as_deref().is_some_and(|c| c.contains(name))).unwrap();
        let mut up = Vec::new();
        loop {
            up.push(at.exe.as_deref().unwrap_or_default().rsplit('/').next().unwrap().to_owned());
            match at.parent {
                Some(parent) => at = &s.procs[parent],
                None => return up,
            }
        }
    };
    for program in ["useradd", "tee /etc/sudoers.d/support2", "tar czf", "curl"] {
        let up = line(program);
        assert_eq!(up[1..4], ["bash", "sudo", "bash"], "{up:?}");
        assert_eq!(up.last().map(String::as_str), Some("sshd"), "{up:?}");
    }
    let curl = s.procs.iter().find(|p| p.command.as_deref().is_some_and(|c| c.contains("curl"))).unwrap();
    assert_eq!((value(&curl.effective).as_str(), curl.cwd.as_deref()), ("root@db-1", Some("/home/deploy")));
    let changes: Vec<(String, String, String)> = s.changes.iter().map(|c| (value(&c.from), c.to.value.clone(), c.by.clone())).collect();
    assert!(changes.contains(&("deploy@db-1".into(), "root@db-1".into(), "sudo".into())), "{changes:?}");
    assert!(s.connections.iter().any(|c| c.what.value == "198.51.100.77" && c.port == Some(443)), "{:?}", s.connections);
    assert!(s.files.iter().any(|f| f.what.value == "db-1:/etc/sudoers.d/support2"), "{:?}", s.files);
    assert!(s.replay.windows(2).all(|w| w[0].time <= w[1].time));
    let kinds = |k| s.replay.iter().filter(|step| step.kind == k).count();
    assert_eq!((kinds(StepKind::Login), kinds(StepKind::Logout), kinds(StepKind::Connection)), (1, 1, 1));
    assert!(kinds(StepKind::Exec) >= 7 && s.replay.iter().all(|step| !step.events.is_empty()));
}

/// What people type at a terminal, what CI sends, and what it copies, told apart.
#[test]
fn logins_are_told_apart_by_how_they_were_begun() {
    let all = sessions(&store().events, Detail::of);
    let how = |user: &str, from: &str| {
        all.iter()
            .filter(|s| s.user.as_ref().is_some_and(|u| u.value == user) && s.from.as_ref().is_some_and(|f| f.value == from))
            .map(|s| s.how)
            .collect::<Vec<_>>()
    };
    assert!(how("alice@bastion-1", "192.0.2.20").iter().all(|h| *h == How::Terminal));
    let by_ci = how("deploy@web-1", "10.20.3.30");
    let count = |h| by_ci.iter().filter(|x| **x == h).count();
    assert_eq!((count(How::FileTransfer), count(How::RemoteCommand)), (by_ci.len() / 2, by_ci.len() / 2), "{by_ci:?}");
}

#[test]
fn jobs_are_jobs_and_failed_attempts_are_no_sessions() {
    let all = sessions(&store().events, Detail::of);
    assert!(all.iter().filter(|s| s.service.as_deref() == Some("cron")).all(|s| s.how == How::Cron));
    assert!(all.iter().any(|s| s.how == How::Cron));
    // Every accepted login of the auth logs is one session, and nothing else is a session of sshd.
    let accepted: BTreeSet<String> = store()
        .events
        .iter()
        .filter(|e| e.text(Column::Operation) == Some("ssh_login") && e.succeeded() == Some(true) && e.int(Column::ActivityId) == Some(1))
        .filter_map(|e| e.text(Column::TargetSession).map(str::to_owned))
        .collect();
    let names: Vec<String> = all.iter().flat_map(|s| &s.names).map(|n| n.value.clone()).filter(|n| n.contains("/sshd:")).collect();
    assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), accepted);
    assert_eq!(names.len(), accepted.len());
}

#[test]
fn the_order_of_the_events_does_not_matter() {
    let mut events = store().events.clone();
    let forward = sessions(&events, Detail::of);
    events.reverse();
    assert_eq!(sessions(&events, Detail::of), forward);
}

fn process(sink: &mut EventSink, seq: u64, second: i64, pid: i64, ppid: i64, activity: u8, command: &str) {
    sink.begin(class::PROCESS_ACTIVITY, activity, at(second));
    sink.record(seq, b"x");
    sink.int(attr::PROCESS_PID, pid);
    sink.key_int(Column::Ppid, ppid);
    for (c, v) in [(Column::Host, "h"), (Column::Session, "h/7"), (Column::User, "al@h"), (Column::Exe, command), (Column::Command, command)] {
        sink.key(c, v);
    }
    sink.end();
}

fn at(second: i64) -> Time {
    Time::parse("2026-03-04T10:00:00Z").unwrap().plus(second * 1_000_000)
}

fn origin(source: &str) -> Origin {
    Origin { source: source.into(), format: "f".into(), facet: Facet::Runtime, received: at(86_400), host: None }
}

#[test]
fn a_process_id_used_again_is_another_process() {
    let mut sink = EventSink::new(origin("s"));
    process(&mut sink, 0, 0, 10, 5, 1, "/bin/sh");
    process(&mut sink, 1, 1, 11, 10, 1, "/bin/one");
    process(&mut sink, 2, 2, 11, 10, 2, "");
    process(&mut sink, 3, 3, 12, 11, 1, "/bin/late"); // its parent is over
    process(&mut sink, 4, 4, 11, 10, 1, "/bin/two");
    process(&mut sink, 5, 5, 13, 11, 1, "/bin/child-of-two");
    process(&mut sink, 6, 6, 13, 11, 1, "/bin/instead"); // the same process runs another program
    let all = sessions(&sink.events, |_| Detail::default());
    assert_eq!(all.len(), 1);
    let told: Vec<(&str, Option<&str>)> =
        all[0].procs.iter().map(|p| (p.exe.as_deref().unwrap(), p.parent.map(|at| all[0].procs[at].exe.as_deref().unwrap()))).collect();
    let want = [("/bin/sh", None), ("/bin/one", Some("/bin/sh")), ("/bin/late", None), ("/bin/two", Some("/bin/sh"))];
    assert_eq!(told, [&want[..], &[("/bin/child-of-two", Some("/bin/two")), ("/bin/instead", Some("/bin/child-of-two"))]].concat());
}

/// Who tells of a login.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Voice {
    Sshd,
    Pam,
    Logind,
    Audit,
    Wtmp,
}

const VOICES: [Voice; 5] = [Voice::Sshd, Voice::Pam, Voice::Logind, Voice::Audit, Voice::Wtmp];

/// A login: who, from where, when (in tenths of seconds), and how late each of its five tellings is.
type Made = (usize, usize, i64, Vec<i64>);

/// Logins, and which logs are there: a log that is there tells of all of them.
fn made() -> impl Strategy<Value = (Vec<Made>, Vec<bool>)> {
    let logins = prop::collection::vec((0..2usize, 0..3usize, 0..400i64, prop::collection::vec(0..15i64, 5)), 1..8);
    (logins, prop::collection::vec(any::<bool>(), 5))
}

/// The number of the login is its process id, session and port; wtmp says the terminal alone.
fn tell(sink: &mut EventSink, seq: u64, n: usize, login: &Made, voice: Voice, late: i64) {
    let (user, from, tenths, _) = login;
    let text = |c: Column, sink: &mut EventSink, v: String| sink.key(c, &v);
    let step = voice == Voice::Pam;
    sink.begin(class::AUTHENTICATION, if step { 99 } else { 1 }, Time(at(0).0 + (tenths + late) * 100_000));
    sink.record(seq, b"x");
    text(Column::Host, sink, "h".into());
    text(Column::User, sink, format!("u{user}@h"));
    text(Column::Outcome, sink, "success".into());
    text(Column::Operation, sink, format!("{voice:?}"));
    let sshd = format!("h/sshd:{}", 100 + n);
    match voice {
        Voice::Sshd => {
            text(Column::Service, sink, "sshd".into());
            text(Column::TargetSession, sink, sshd);
            text(Column::SrcIp, sink, format!("192.0.2.{from}"));
            sink.key_int(Column::SrcPort, 5000 + n as i64);
        }
        Voice::Pam => {
            text(Column::Service, sink, "sshd".into());
            text(Column::Session, sink, sshd);
        }
        Voice::Logind => {
            text(Column::Service, sink, "systemd-logind".into());
            text(Column::TargetSession, sink, format!("h/{}", 20 + n));
            sink.int(attr::ACTOR_PROCESS_PID, 1);
        }
        Voice::Audit => {
            text(Column::Exe, sink, "/usr/sbin/sshd".into());
            text(Column::TargetSession, sink, format!("h/{}", 20 + n));
            text(Column::SrcIp, sink, format!("192.0.2.{from}"));
        }
        Voice::Wtmp => {
            text(Column::Service, sink, "login".into());
            text(Column::SrcIp, sink, format!("192.0.2.{from}"));
            sink.int(attr::ACTOR_PROCESS_PID, 900_000 + n as i64);
        }
    }
    if matches!(voice, Voice::Sshd | Voice::Pam | Voice::Audit) {
        sink.int(attr::ACTOR_PROCESS_PID, 100 + n as i64);
    }
    sink.end();
}

fn told(logins_made: &[Made], there: &[bool]) -> (Vec<Event>, Vec<usize>) {
    let (mut events, mut whose) = (Vec::new(), Vec::new());
    for (v, voice) in VOICES.into_iter().enumerate().filter(|(v, _)| there[*v]) {
        let mut sink = EventSink::new(origin(&format!("{voice:?}")));
        for (n, login) in logins_made.iter().enumerate() {
            tell(&mut sink, n as u64, n, login, voice, login.3[v]);
            whose.push(n);
        }
        events.extend(sink.events);
    }
    (events, whose)
}

fn check(found: &[Login], whose: &[usize]) {
    for login in found {
        let of: BTreeSet<usize> = login.told.iter().map(|at| whose[*at]).collect();
        assert!(of.len() == 1, "two logins made one: {of:?}");
    }
}

proptest! {
    #[test]
    fn two_logins_are_never_made_one((made, there) in made()) {
        let (events, whose) = told(&made, &there);
        check(&logins(&events), &whose);
        // Nor by the order in which logs are read.
        let (mut back, mut back_whose) = (events.clone(), whose.clone());
        back.reverse();
        back_whose.reverse();
        check(&logins(&back), &back_whose);
    }

    #[test]
    fn a_login_alone_is_one_whoever_tells_of_it((login, mut there) in made().prop_map(|(mut l, t)| (l.remove(0), t)), gap in 20..1000i64) {
        there[0] = true; // sshd's own word ties the others
        let later = (login.0, login.1, login.2 + gap * 10, login.3.clone());
        let (events, whose) = told(&[login, later], &there);
        let found = logins(&events);
        check(&found, &whose);
        prop_assert_eq!(found.len(), 2, "{:?}", found);
        prop_assert_eq!(found.iter().map(|l| l.told.len()).sum::<usize>(), events.len());
    }
}

#[test]
fn a_job_and_a_login_of_the_same_user_and_second_are_two() {
    let mut sink = EventSink::new(origin("auth.log"));
    for (seq, service, pid, session) in [(0, "cron", 7, ""), (1, "sshd", 8, "h/sshd:8"), (2, "systemd-logind", 1, "h/c3")] {
        sink.begin(class::AUTHENTICATION, 1, at(seq));
        sink.record(seq as u64, b"x");
        for (c, v) in
            [(Column::Host, "h"), (Column::User, "root@h"), (Column::Service, service), (Column::Operation, service), (Column::TargetSession, session)]
        {
            sink.key(c, v);
        }
        sink.int(attr::ACTOR_PROCESS_PID, pid);
        sink.end();
    }
    let found = logins(&sink.events);
    // logind fits sshd alone, for it registers no jobs without saying so elsewhere.
    let sizes: Vec<usize> = found.iter().map(|l| l.told.len()).collect();
    assert_eq!(sizes, [1, 2], "{found:?}");
}

#[test]
fn in_a_crowd_nothing_is_fitted_and_it_is_quick() {
    let many: Vec<Made> = (0..3_000).map(|n| (0, 0, n % 40, vec![0; 5])).collect();
    let (events, whose) = told(&many, &[true, false, true, false, true]);
    let started = std::time::Instant::now();
    let found = logins(&events);
    check(&found, &whose);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn one_login_told_by_five_is_one_moment_with_its_sources() {
    let (events, _) = told(&[(0, 0, 0, vec![0, 1, 5, 3, 8])], &[true; 5]);
    let line = trace::timeline(&events);
    assert_eq!(line.len(), 1, "{line:#?}");
    let mut sources = line[0].sources.clone();
    sources.sort();
    assert_eq!(sources, ["Audit", "Logind", "Pam", "Sshd", "Wtmp"]);
    assert_eq!((line[0].count, line[0].operation.as_str(), line[0].events.len()), (1, "Sshd", 5));
    // Two logins a minute apart are two moments.
    let (events, _) = told(&[(0, 0, 0, vec![0, 1, 5, 3, 8]), (0, 0, 600, vec![0, 1, 5, 3, 8])], &[true; 5]);
    assert_eq!(trace::timeline(&events).len(), 2);
}

/// A machine's events as runtime sensors tell them, without a session's name: second, operation, class, activity, pid and parent.
fn bare(told: &[(i64, &str, class::Class, u8, i64, i64)]) -> Vec<Event> {
    let mut sink = EventSink::new(origin("sensor.log"));
    for (seq, &(second, operation, class, activity, pid, ppid)) in told.iter().enumerate() {
        sink.begin(class, activity, at(second));
        sink.record(seq as u64, b"x");
        sink.key(Column::Host, "h");
        sink.key(Column::Operation, operation);
        if class == class::AUTHENTICATION {
            for (c, v) in [(Column::User, "al@h"), (Column::Service, "sshd"), (Column::Outcome, "success")] {
                sink.key(c, v);
            }
            sink.key(if activity == 2 { Column::Session } else { Column::TargetSession }, "h/sshd:700");
        }
        if class == class::PROCESS_ACTIVITY {
            sink.key(Column::Command, operation);
            sink.key(Column::Exe, operation);
            sink.int(attr::PROCESS_PID, pid);
            sink.key_int(Column::Ppid, ppid);
        } else if pid > 0 {
            sink.int(attr::ACTOR_PROCESS_PID, pid);
        }
        sink.end();
    }
    sink.events
}

/// The commands of each session, by its first name.
fn commands(events: &[Event]) -> Vec<(String, Vec<String>)> {
    let of = |s: &Session| (s.id.value.clone(), s.procs.iter().filter_map(|p| p.command.clone()).collect());
    sessions(events, Detail::of).iter().map(of).collect()
}

#[test]
fn a_process_id_used_again_is_not_the_ended_sessions() {
    let (login, run) = (class::AUTHENTICATION, class::PROCESS_ACTIVITY);
    let there = |events: &[Event]| commands(events).into_iter().map(|(id, c)| (id, c.join(" "))).collect::<Vec<_>>();
    let begun = [(0, "ssh_login", login, 1, 700, 0), (1, "bash", run, 1, 701, 700), (2, "id", run, 1, 702, 701)];
    let ended = (10, "session_closed", login, 2, 700, 0);
    let owned = |rest: &str| ("h/sshd:700".to_owned(), rest.to_owned());
    // A daemon of the first process, and its child, have a shell's number; a session that is over has no children either.
    let late = [ended, (900, "daemon", run, 1, 701, 1), (901, "worker", run, 1, 950, 701), (902, "stray", run, 1, 960, 702)];
    let told = bare(&[&begun[..], &late].concat());
    assert_eq!(there(&told), [owned("bash id"), ("h/701".into(), "daemon worker".into()), ("h/702".into(), "stray".into())]);
    // Of a session whose end no log tells of, the first process's children are not either.
    let told = bare(&[&begun[..], &[(900, "daemon", run, 1, 701, 1), (901, "worker", run, 1, 950, 701)]].concat());
    assert_eq!(there(&told), [owned("bash id"), ("h/701".into(), "daemon worker".into())]);
    // What goes on right after the end is the session's, and a daemon whose program makes way for another is one.
    let told = bare(&[&begun[..], &[ended, (12, "sync", run, 1, 703, 701), (900, "helper", run, 1, 30, 1), (901, "daemon", run, 1, 30, 1)]].concat());
    assert_eq!(there(&told), [owned("bash id sync"), ("h/30".into(), "helper daemon".into())]);
}

#[test]
fn at_a_boot_all_process_ids_are_free_again() {
    let (login, run) = (class::AUTHENTICATION, class::PROCESS_ACTIVITY);
    for word in ["boot", "SYSTEM_BOOT"] {
        // The power went: no log tells of the session's end.
        let told = bare(&[
            (0, "ssh_login", login, 1, 700, 0),
            (1, "bash", run, 1, 701, 700),
            (100, word, class::BASE_EVENT, 99, 0, 0),
            (103, "daemon", run, 1, 30, 1),
            (105, "boot", class::BASE_EVENT, 99, 0, 0),
            (110, "worker", run, 1, 31, 30),
            (120, "child", run, 1, 702, 701),
        ]);
        let of = commands(&told);
        assert_eq!(of.iter().map(|(_, c)| c.join(" ")).collect::<Vec<_>>(), ["bash", "daemon worker", "child"], "{word} {of:?}");
    }
}
