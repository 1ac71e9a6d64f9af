use respond::{
    Plan, Registry, init_files, plan,
    plan::{ClockState, Condition, check, clocks, facts, next_steps},
    registry::Can,
    scope::Verdict,
};

use crate::{crate_dir, files, lines, world};

#[test]
fn demo_plan_and_registry_fit_together() {
    assert_eq!(lines(&check(&world::registry(), &world::plan())), "");
}

#[test]
fn what_init_writes_loads_without_problems() {
    let of = |folder: &str| -> Vec<(String, String)> {
        init_files().iter().filter(|(p, _)| p.starts_with(folder)).map(|(p, t)| (p.to_string(), t.to_string())).collect()
    };
    let (registry, problems) = Registry::load(&of("registry/"));
    assert_eq!(lines(&problems), "");
    let mut all = of("plan/");
    all.extend(plan::builtin());
    let (plan, problems) = Plan::load(&all);
    assert_eq!(lines(&problems), "");
    assert_eq!(lines(&check(&registry, &plan)), "");
    assert_eq!(plan.playbooks[0].steps.len(), 10);
}

#[test]
fn every_condition_is_used_by_some_playbook_of_ours() {
    let (plan, _) = Plan::load(&plan::builtin());
    let used: Vec<Condition> =
        plan.playbooks.iter().flat_map(|p| &p.steps).flat_map(|s| s.when.clone()).chain(plan.rules.iter().flat_map(|r| r.when.clone())).collect();
    let unused: Vec<&str> = Condition::ALL.iter().filter(|c| !used.contains(c)).map(|c| c.name()).collect();
    assert_eq!(unused, ["cloud_role_controlled", "data_exposed", "data_left", "data_may_have_left"]);
}

#[test]
fn next_steps_of_the_demo() {
    let registry = world::registry();
    let facts = facts(&world::scope(), &world::rows(), Some(Verdict::CouldNotHaveBeenSeen), &registry);
    let steps = next_steps(&world::plan(), &facts, &registry, &[]);
    let shown: Vec<String> = steps
        .iter()
        .map(|s| {
            let who = s.who.as_ref().map_or("nobody".into(), |p| format!("{} ({} {})", p.name, p.channel, p.value));
            let mut out = format!(
                "{:?} {}\n  {}\n  who {}: {who}\n  why {}: {}\n  can {:?}: {}",
                s.phase,
                s.key,
                s.title,
                s.role,
                s.because,
                s.why.join(" "),
                s.can,
                s.note
            );
            for (name, list) in [("before", &s.before), ("do", &s.act), ("undo", &s.undo), ("waits for", &s.waits_for)] {
                out += &list.iter().map(|l| format!("\n  {name}: {l}")).collect::<String>();
            }
            out + &s.instead.as_ref().map(|i| format!("\n  instead: {i}")).unwrap_or_default()
        })
        .collect();
    insta::assert_snapshot!(lines(&shown));
}

#[test]
fn a_log_that_runs_again_is_checked_and_one_that_is_gone_is_made_again() {
    let trail = "resource:arn:aws:cloudtrail:eu-central-1:111122223333:trail/t";
    let row = |at: &str, n: u32, op: &str, on: &str| world::row(at, &format!("{}#{n}", world::CLOUD), op, "credential:AKIAEXAMPLEBACKUPSV2", on, op);
    let conditions = |rows: &[respond::scope::Row]| -> Vec<&str> {
        let all = facts(&[], rows, None, &world::registry());
        all.iter().map(|f| f.condition.name()).filter(|n| n.starts_with("trail")).collect()
    };
    let stop = row("10:00:00", 1, "StopLogging", trail);
    let start = |at| row(at, 2, "StartLogging", "resource:t");
    assert_eq!(conditions(std::slice::from_ref(&stop)), ["trail_stopped"]);
    assert_eq!(conditions(&[stop.clone(), start("10:40:00")]), ["trail_was_stopped"]);
    assert_eq!(conditions(&[start("09:00:00"), stop.clone()]), ["trail_stopped"]);
    assert_eq!(conditions(&[stop, row("10:01:00", 3, "DeleteTrail", trail)]), ["trail_deleted"]);
    let mut flow = row("10:00:00", 4, "DeleteFlowLogs", trail);
    flow.target = None;
    let steps = next_steps(&world::plan(), &facts(&world::scope(), &[flow], None, &world::registry()), &world::registry(), &[]);
    let step = steps.iter().find(|s| s.key.contains("recreate-log")).unwrap();
    assert_eq!(step.title, "Create the log (not named in the logs) again, which DeleteFlowLogs deleted");
    for text in steps.iter().flat_map(|s| s.act.iter().chain(&s.before).chain(&s.undo).chain([&s.title])) {
        assert!(!text.contains('<'), "{text}");
    }
}

#[test]
fn a_session_is_ended_once_and_not_when_it_is_over() {
    use respond::scope::{Level, Status};
    let pair = [("session:db-1/sshd:99", 1), ("session:db-1/7", 2)];
    let reached: Vec<_> = pair.iter().map(|(s, n)| world::reached(s, Status::Controlled, Level::Shown, "10:15:22", &format!("db-1/auth.log#{n}"))).collect();
    let steps = |rows: &[respond::scope::Row], of: &[respond::scope::Reached]| -> Vec<(String, Vec<String>)> {
        let all = next_steps(&world::plan(), &facts(of, rows, None, &world::registry()), &world::registry(), &[]);
        all.into_iter().filter(|s| s.key.contains("session@")).map(|s| (s.title, s.act)).collect()
    };
    let of = |list: &[(String, Vec<String>)]| -> Vec<String> { list.iter().flat_map(|(t, a)| std::iter::once(t.clone()).chain(a.clone())).collect() };
    assert_eq!(of(&steps(&[], &reached)), ["End the intruder's session db-1/sshd:99", "ssh db-1 sudo kill -TERM 99"]);
    assert_eq!(of(&steps(&[], &reached[1..])), ["End the intruder's session db-1/7", "ssh db-1 sudo loginctl terminate-session 7"]);
    let out = world::row("10:31:10", "db-1/auth.log#9", "ssh_logout", "session:db-1/sshd:99", "host:db-1", "Disconnected");
    let over = steps(&[out], &reached);
    assert_eq!(over[0].0, "Look for what session db-1/sshd:99 left running (ended 2026-03-04T10:31:10Z)");
    assert!(!of(&over).iter().any(|l| l.contains("kill")));
}

#[test]
fn done_steps_are_gone_and_release_those_that_wait() {
    let (registry, plan) = (world::registry(), world::plan());
    let facts = facts(&world::scope(), &world::rows(), None, &registry);
    let keys = |done: &[String]| next_steps(&plan, &facts, &registry, done);
    let isolate = |steps: &[respond::Step]| steps.iter().find(|s| s.key == "stolen-credential/isolate-host@host:db-1").unwrap().waits_for.len();
    assert_eq!(isolate(&keys(&[])), 1);
    assert_eq!(isolate(&keys(&["stolen-credential/capture-host@host:bastion-1".into()])), 1);
    assert_eq!(isolate(&keys(&["stolen-credential/capture-host@host:db-1".into()])), 0);
    let done = keys(&["stolen-credential/capture-host".into(), "stolen-credential/declare".into()]);
    assert_eq!(isolate(&done), 0);
    assert!(!done.iter().any(|s| s.key.starts_with("stolen-credential/declare")));
}

#[test]
fn a_step_that_cannot_be_done_says_what_instead() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: g}\nspec: {type: t, children: []}\n---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: s}\nspec: {owner: g, muster: {service_model: SaaS, hosts: [db-1], provider: v}}\n---\napiVersion: muster/v1\nkind: Vendor\nmetadata: {name: v}\nspec: {owner: g, contacts: [{channel: phone, value: \"1\"}]}\n";
    let (registry, problems) = Registry::load(&[("r.yml".into(), text.into())]);
    assert_eq!(lines(&problems), "");
    let facts = facts(&world::scope(), &[], None, &registry);
    let (plan, _) = Plan::load(&[(
        "p.yml".into(),
        "playbook: p\nsteps:\n  - {id: a, title: 'Copy {host}', phase: containment, when: host_controlled, needs: memory_capture, do: [x]}\n".into(),
    )]);
    let steps = next_steps(&plan, &facts, &registry, &[]);
    let db = steps.iter().find(|s| s.key.ends_with("db-1")).unwrap();
    assert_eq!((db.can, db.act.len()), (Can::No, 0));
    assert_eq!(
        db.instead.as_deref(),
        Some("ask v (phone 1): host:db-1 since 2026-03-04T10:15:22Z, events cloudtrail/111122223333/eu-central-1#12, db-1/auth.log#77")
    );
    let other = steps.iter().find(|s| s.key.ends_with("bastion-1")).unwrap();
    assert_eq!(other.can, Can::Unknown);
}

#[test]
fn the_72_hours_run_from_awareness_and_move_with_its_correction() {
    let (registry, plan) = (world::registry(), world::plan());
    let facts = facts(&world::scope(), &[], None, &registry);
    let mut case = world::input().facts;
    let one = |case: &[respond::case::CaseFact], now: &str| clocks(&plan, &facts, case, event::Time::parse(now).unwrap()).remove(0);
    assert_eq!(one(&[], "2026-03-04T12:00:00Z").state, ClockState::NotStarted);
    let clock = one(&case, "2026-03-04T12:05:00Z");
    assert_eq!((clock.due.unwrap().to_string().as_str(), clock.state), ("2026-03-07T11:05:00Z", ClockState::Running));
    assert_eq!(clock.left_us, Some(71 * 3_600_000_000));
    assert_eq!(one(&case, "2026-03-07T00:00:00Z").state, ClockState::DueSoon);
    assert_eq!(one(&case, "2026-03-07T11:05:01Z").state, ClockState::Overdue);
    let notice = |at: &str| respond::case::CaseFact { name: "notified:gdpr-33".into(), happened: event::Time::parse(at).unwrap(), ..case[0].clone() };
    let (early, late) = (notice("2026-03-06T00:00:00Z"), notice("2026-03-08T00:00:00Z"));
    assert_eq!(one(&[case[0].clone(), early], "2026-03-09T00:00:00Z").state, ClockState::Met);
    assert_eq!(one(&[case[0].clone(), late], "2026-03-09T00:00:00Z").state, ClockState::MetLate);
    case[0].happened = event::Time::parse("2026-03-04T09:00:00Z").unwrap();
    assert_eq!(one(&case, "2026-03-04T12:00:00Z").due.unwrap().to_string(), "2026-03-07T09:00:00Z");
    let without = facts.into_iter().filter(|f| f.condition != Condition::PersonalDataExposed).collect::<Vec<_>>();
    assert!(clocks(&plan, &without, &case, world::time("12:00:00")).is_empty());
}

#[test]
fn row_50_faults_of_playbooks_and_plans_are_named() {
    let mut all = files(&crate_dir(), "tests/data/bad-plan");
    all.extend(plan::builtin());
    let (plan, mut problems) = Plan::load(&all);
    problems.extend(check(&world::registry(), &plan));
    insta::assert_snapshot!(lines(&problems));
    assert!(plan.playbooks.iter().any(|p| p.id == "half" && p.steps.len() == 2), "the rest loads");
}
