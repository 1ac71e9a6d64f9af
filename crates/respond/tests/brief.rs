use event::{Book, Entity, Facet, Kind};
use respond::{
    Plan, Registry, plan,
    registry::{Hint, HintKind},
    report::{BriefInput, Style, brief, text},
    scope::{Level, Row, Status},
};

use crate::world;

fn fits(text: &str, style: Style) {
    assert!(text.lines().count() <= style.lines, "{} lines", text.lines().count());
    for line in text.lines() {
        assert!(line.chars().count() <= style.width, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn the_demos_brief_fits_two_screens() {
    let made = brief(&world::input(), &world::registry(), &world::plan());
    let shown = text(&made, Style::default());
    insta::assert_snapshot!(shown);
    fits(&shown, Style::default());
    let last = shown.rfind("WHAT COULD NOT BE SEEN").unwrap();
    assert!(shown[last..].contains("no network log was given"), "blind spots stand last");
}

#[test]
fn the_json_shape_is_stable() {
    let mut input = world::input();
    input.reached.truncate(4);
    input.rows.truncate(3);
    input.books.truncate(1);
    let json = serde_json::to_value(brief(&input, &world::registry(), &world::plan())).unwrap();
    insta::assert_json_snapshot!(keys(&json));
}

/// The shape of a value: each key with the type below it, one item of each list.
fn keys(v: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as V;
    match v {
        V::Object(m) => V::Object(m.iter().map(|(k, v)| (k.clone(), keys(v))).collect()),
        V::Array(l) => V::Array(l.iter().take(1).map(keys).collect()),
        V::String(_) => "text".into(),
        V::Number(_) => "number".into(),
        V::Bool(_) => "flag".into(),
        V::Null => V::Null,
    }
}

#[test]
fn without_registry_and_plan_the_answer_is_still_one() {
    let (plan, _) = Plan::load(&plan::builtin());
    let mut input = world::input();
    input.proof = None;
    let hint = Hint { kind: HintKind::LogsIn, who: world::entity("user:bob@bastion-1"), count: 214, last: None, event: "bastion-1/auth.log#7".into() };
    input.hints.insert(Entity::new(Kind::Host, "bastion-1"), vec![hint]);
    let shown = text(&brief(&input, &Registry::default(), &plan), Style::default());
    insta::assert_snapshot!(shown);
    fits(&shown, Style::default());
}

#[test]
fn the_intruder_is_nobodys_owner() {
    let mut input = world::input();
    let by = |kind, who: &str| Hint { kind, who: world::entity(who), count: 9, last: None, event: "db-1/auth.log#85".into() };
    let hints = vec![by(HintKind::Created, "user:root@db-1"), by(HintKind::LogsIn, "user:deploy@bastion-1")];
    input.reached.iter().for_each(|r| drop(input.hints.insert(r.entity.clone(), hints.clone())));
    let made = brief(&input, &Registry::default(), &Plan::default());
    let owners: Vec<_> = made.owners.iter().filter_map(|o| o.owner.clone()).collect();
    assert_eq!(owners, Vec::<String>::new());
    input.hints.insert(Entity::new(Kind::Host, "db-1"), vec![by(HintKind::LogsIn, "user:bob@db-1")]);
    let made = brief(&input, &Registry::default(), &Plan::default());
    let owners: Vec<_> = made.owners.iter().filter_map(|o| o.owner.clone()).collect();
    assert_eq!(owners, ["bob@db-1"]);
}

#[test]
fn the_lines_of_one_login_are_one_and_commands_are_told_apart() {
    let mut input = world::input();
    let row = |at: &str, n: u32, op: &str, text: &str| Row {
        says: if op == "ssh_login" { 4 } else { 0 },
        ..world::row(at, &format!("db-1/x.log#{n}"), op, "session:db-1/7", "user:root@db-1", text)
    };
    input.rows = vec![
        row("10:00:00", 1, "ssh_connection", "Connection from 10.20.1.10"),
        row("10:00:01", 2, "ssh_login", "login as deploy"),
        row("10:00:01", 3, "USER_START", "PAM:session_open"),
        row("10:00:02", 4, "USER_LOGIN", "login"),
        row("10:00:40", 5, "USER_LOGIN", "another login"),
        row("10:01:00", 6, "execve", "root ran useradd support2"),
        row("10:01:01", 7, "execve", "root ran tar czf /tmp/1 /srv"),
        row("10:01:02", 8, "execve", "root ran tar czf /tmp/2 /srv"),
        row("10:01:03", 9, "execve", "root ran tar czf /tmp/2 /srv"),
    ];
    let made = brief(&input, &world::registry(), &world::plan());
    let told: Vec<(&str, usize)> = made.happened.iter().map(|h| (h.text.as_str(), h.count)).collect();
    let one = |text| (text, 1);
    let commands = [one("root ran useradd support2"), one("root ran tar czf /tmp/1 /srv"), ("root ran tar czf /tmp/2 /srv", 2)];
    assert_eq!(told[..2], [one("login as deploy"), one("another login")]);
    assert_eq!(told[2..], commands);
    assert_eq!(made.happened[0].events.len(), 4, "the lines that were folded are named");
}

#[test]
fn sshds_child_is_no_second_login_and_two_logins_at_once_are_two() {
    let mut input = world::input();
    let row = |n: u32, session: &str, says| Row {
        says,
        user: Some(world::entity("user:deploy@db-1")),
        ..world::row("10:00:00", &format!("db-1/x.log#{n}"), "ssh_login", &format!("session:db-1/sshd:{session}"), "host:db-1", "login")
    };
    input.rows = vec![row(1, "11", 7), row(2, "12", 2), row(3, "13", 7)];
    let told: Vec<usize> = brief(&input, &world::registry(), &world::plan()).happened.iter().map(|h| h.events.len()).collect();
    assert_eq!(told, [2, 1]);
}

#[test]
fn sixty_reads_of_secrets_and_a_look_around_are_a_row_each() {
    let mut input = world::input();
    let key = "credential:AKIAEXAMPLECIDEPLOY1";
    let of = |n: u32| format!("resource:arn:aws:secretsmanager:eu-central-1:111122223333:secret:app/{n}");
    input.rows = (0..60)
        .map(|n| world::row(&format!("10:00:{n:02}"), &format!("{}#{n}", world::CLOUD), "GetSecretValue", key, &of(n), &format!("read secret app/{n}")))
        .collect();
    let looks = ["GetCallerIdentity", "DescribeInstances", "DescribeTrails", "GetAccountSummary"];
    input.rows.extend(
        (0..40).map(|n| world::row("11:00:00", &format!("{}#{}", world::CLOUD, 100 + n), looks[n % 4], key, &format!("account:{n}"), &format!("called {n}"))),
    );
    let told: Vec<_> = brief(&input, &world::registry(), &world::plan()).happened.into_iter().map(|h| (h.count, h.on_count, h.text)).collect();
    assert_eq!(
        told,
        [
            (60, 60, "AKIAEXAMPLECIDEPLOY1 read 60 secrets: 0, 1, 2 and 57 more".to_owned()),
            (40, 40, "AKIAEXAMPLECIDEPLOY1 looked around: GetCallerIdentity, DescribeInstances, DescribeTrails and 1 more".to_owned())
        ]
    );
}

#[test]
fn the_gravest_acts_are_shown_however_many_others_there_are() {
    let mut input = world::input();
    let other =
        |n: u32| world::row("09:50:00", &format!("web-1/auth.log#{}", 100 + n), &format!("Act{n}"), "user:x@web-1", "host:web-1", &format!("other act {n}"));
    input.rows.splice(5..5, (0..500).map(other));
    let shown = text(&brief(&input, &world::registry(), &world::plan()), Style::default());
    for grave in [
        "asked who it is",
        "AKIAEXAMPLECIDEPLOY1 read 12 objects",
        "made access key",
        "stopped trail",
        "login as deploy by SSH key",
        "sudo to root",
        "new user support2",
    ] {
        assert!(shown.contains(grave), "{grave}:\n{shown}");
    }
    fits(&shown, Style::default());
}

#[test]
fn what_was_not_followed_or_not_examined_is_said() {
    let mut input = world::input();
    input.reached.clear();
    input.rows.clear();
    let shown = text(&brief(&input, &world::registry(), &world::plan()), Style::default());
    assert!(shown.contains("30 events name it"), "{shown}");
    assert!(shown.contains("not examined") && !shown.contains("could not be seen:") && !shown.contains("taking "), "{shown}");
    input = world::input();
    input.rows[0].marks = vec!["year_assumed".into(), "zone_assumed".into()];
    input.rows[0].time = event::Time::parse("2023-07-10T11:54:00Z").unwrap();
    let shown = text(&brief(&input, &world::registry(), &world::plan()), Style::default());
    assert!(shown.contains("2023-07-10 11:54:00 ci-deploy"), "{shown}");
    assert!(shown.contains("names no year") && shown.contains("names no zone"), "{shown}");
}

#[test]
fn row_53_nothing_found_says_what_was_searched_and_what_is_near() {
    let mut input = BriefInput { now: world::time("12:00:00"), indicators: vec![Entity::new(Kind::Host, "bastion-11")], ..BriefInput::default() };
    input.unknown = vec![("bastion-11".into(), vec!["host:bastion-1".into()])];
    input.books = world::input().books;
    let shown = text(&brief(&input, &world::registry(), &world::plan()), Style::default());
    insta::assert_snapshot!(shown);
}

#[test]
fn row_53_without_any_log_the_brief_says_so() {
    let input = BriefInput { now: world::time("12:00:00"), indicators: vec![Entity::new(Kind::Ip, "192.0.2.1")], ..BriefInput::default() };
    let shown = text(&brief(&input, &Registry::default(), &Plan::default()), Style::default());
    assert!(shown.contains("no log was looked at"), "{shown}");
    assert!(shown.contains("nothing was reached"));
}

#[test]
fn row_07_nothing_from_a_log_can_steer_the_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\r\nOVERDUE\u{85}\u{2028}";
    let mut input = world::input();
    input.rows[0].text = evil.into();
    input.rows[0].event = format!("a{evil}#1");
    input.reached[0].entity = Entity::new(Kind::User, &format!("x{evil}@h"));
    input.reached[0].path = vec![evil.into()];
    input.unknown = vec![(evil.into(), vec![evil.into()])];
    input.books.push(Book::new(evil, "text", Facet::Application));
    input.case = Some(evil.into());
    let shown = text(&brief(&input, &world::registry(), &world::plan()), Style::default());
    fits(&shown, Style::default());
    let bad: Vec<char> =
        shown.chars().filter(|c| (c.is_control() && *c != '\n') || ('\u{2028}'..='\u{202e}').contains(c) || ('\u{2066}'..='\u{2069}').contains(c)).collect();
    assert_eq!(bad, Vec::<char>::new());
    assert!(shown.contains("\\u{1b}[2J"), "the text is still shown, escaped");
}

#[test]
fn row_17_templates_and_shell_text_stay_text() {
    let mut input = world::input();
    input.reached = vec![world::reached("user:{title}$(reboot)`id`;x@web-1", Status::Controlled, Level::Shown, "10:00:00", "web-1/auth.log#1")];
    let made = brief(&input, &world::registry(), &world::plan());
    let step = made.next.iter().find(|s| s.key.contains("reset-host-user")).unwrap();
    assert!(!step.act.iter().any(|a| a.contains("reboot")), "a second shell would run it: {:?}", step.act);
    let shown = text(&made, Style::default());
    assert!(shown.contains("{title}$(reboot)`id`;x"));
}

#[test]
fn exposed_things_of_one_kind_and_owner_are_counted() {
    let mut input = world::input();
    for n in 0..40 {
        let secret = format!("resource:arn:aws:secretsmanager:us-east-1:999922223333:secret:s-{n}");
        input.reached.push(world::reached(&secret, Status::Exposed, Level::Shown, "09:30:00", &format!("{}#{}", world::CLOUD, 300 + n)));
    }
    input.reached.push(world::reached("resource:vpc-1", Status::Exposed, Level::Shown, "09:31:00", &format!("{}#400", world::CLOUD)));
    input.rows.push(world::row("09:31:00", &format!("{}#400", world::CLOUD), "DescribeVpcs", "credential:AKIAEXAMPLECIDEPLOY1", "resource:vpc-1", "described"));
    let made = brief(&input, &world::registry(), &world::plan());
    assert!(!made.data.iter().any(|d| d.place.value == "vpc-1"), "reading settings exposes no data");
    let shown = text(&made, Style { lines: 200, ..Style::default() });
    assert!(shown.contains("exposed 40 secrets (owner unknown)"), "{shown}");
}

#[test]
fn a_key_with_honest_users_is_not_taken_away_silently() {
    let mut input = world::input();
    let used = |who: &str, count| Hint { kind: HintKind::Uses, who: world::entity(who), count, last: None, event: format!("{}#1", world::CLOUD) };
    let key = world::entity("credential:AKIAEXAMPLECIDEPLOY1");
    input.hints.insert(key.clone(), vec![used("ip:10.20.3.30", 40), used("ip:10.20.3.30", 2), used("ip:203.0.113.66", 900)]);
    let made = brief(&input, &world::registry(), &world::plan());
    let titles: Vec<&str> = made.next.iter().filter(|s| s.key.contains("disable-key")).map(|s| s.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Disable access key AKIAEXAMPLECIDEPLOY1 of ci-deploy; this also stops its use from 10.20.3.30 (42 times)",
            "Disable access key AKIAEXAMPLEBACKUPSV2 of backup-svc"
        ]
    );
}

#[test]
fn a_scope_of_thousands_still_fits_and_counts_what_it_cuts() {
    let mut input = world::input();
    for n in 0..3_000 {
        input.reached.push(world::reached(
            &format!("user:u{n}@{}", "h".repeat(n % 90 + 1)),
            Status::Controlled,
            Level::Possible,
            "11:00:00",
            &format!("{}#{n}", "long/".repeat(n % 40)),
        ));
    }
    let made = brief(&input, &world::registry(), &world::plan());
    for style in [Style::default(), Style { width: 80, ..Style::default() }, Style { lines: 99, width: 60, colour: false }] {
        let shown = text(&made, style);
        fits(&shown, style);
        assert!(shown.contains("more: muster scope ip:203.0.113.66"));
    }
}

#[test]
fn colour_carries_nothing_that_words_do_not() {
    let made = brief(&world::input(), &world::registry(), &world::plan());
    let plain = text(&made, Style::default());
    let coloured = text(&made, Style { colour: true, ..Style::default() });
    assert_eq!(coloured.replace("\u{1b}[1;36m", "").replace("\u{1b}[0m", ""), plain);
}
