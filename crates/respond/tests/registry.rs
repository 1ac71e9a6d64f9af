use event::{Entity, Time};
use respond::{
    Registry,
    registry::{Can, Hint, HintKind},
};

use crate::{crate_dir, files, lines, repo};

fn demo() -> Registry {
    let (registry, problems) = Registry::load(&files(&repo(), "demo/registry"));
    assert_eq!(lines(&problems), "");
    registry
}

fn entity(text: &str) -> Entity {
    text.parse().unwrap()
}

fn noon() -> Option<Time> {
    Time::parse("2026-03-04T12:00:00Z")
}

#[test]
fn a_stock_backstage_catalog_loads_without_problems() {
    let (registry, problems) = Registry::load(&files(&crate_dir(), "tests/data/backstage"));
    assert_eq!(lines(&problems), "");
    assert_eq!(registry.entries().len(), 12);
    let who = registry.resolve(&entity("resource:arn:aws:rds:eu-central-1:222233334444:db:basket"), None, &[]);
    assert_eq!((who.system.as_deref(), who.owner.as_deref()), (Some("checkout"), Some("storefront")));
    assert_eq!(who.contacts[0].value, "storefront@example.com");
    let who = registry.resolve(&entity("account:222233334444"), None, &[]);
    assert_eq!(who.on_call.as_deref(), Some("pagerduty P0BASKET"));
    assert_eq!(who.capabilities["disk_snapshot"].can, Can::Unknown);
}

/// Rows of problems: file, line, what was expected, what was found, what may have been meant.
#[test]
fn row_50_faults_are_named_with_file_and_line() {
    let (registry, problems) = Registry::load(&files(&crate_dir(), "tests/data/bad"));
    insta::assert_snapshot!(lines(&problems));
    assert!(registry.get("system", "default", "last-one-is-read").is_some());
    assert_eq!(registry.resolve(&entity("host:last-one-is-read"), None, &[]).owner.as_deref(), Some("team-b"));
}

#[test]
fn row_50_anchor_bomb_depth_and_size_end_at_their_limits() {
    let mut bomb = String::from("apiVersion: a\nkind: System\na: &a [x, x, x, x, x, x, x, x, x]\n");
    for (from, to) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        bomb += &format!("{to}: &{to} [*{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}]\n");
    }
    let deep = format!("a: {}", "[".repeat(200));
    let deep_block: String = (0..3000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let itself = "a: &a [*a]\n".to_owned();
    let long = format!("a: {}", "x".repeat(9 << 20));
    let many = "- a\n".repeat(300_000);
    let good = "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: ok}\nspec: {owner: user:x}\n---\napiVersion: b/v1\nkind: User\nmetadata: {name: x}\n".to_owned();
    let names = ["bomb", "deep", "deep_block", "itself", "long", "many", "good"];
    let texts = [bomb, deep, deep_block, itself, long, many, good];
    let files: Vec<_> = names.into_iter().map(String::from).zip(texts).collect();
    let (registry, problems) = Registry::load(&files);
    insta::assert_snapshot!(lines(&problems));
    assert_eq!(registry.entries().len(), 2);
}

#[test]
fn garbage_is_a_problem_and_never_a_panic() {
    for text in
        ["\0", "---\n---\n", "a: b: c", "\u{feff}", "[]", "- ", "%YAML 9.9\n---\nx", "? [a]\n: b", "<<: *x", "!!binary aGk=", "'", "{", "...\n...", "--- |\n x"]
    {
        Registry::load(&[("f".into(), text.into())]);
    }
}

#[test]
fn who_as_json() {
    let registry = demo();
    let who = registry.resolve(&entity("resource:arn:aws:s3:::customer-exports/2026/02/all.csv"), noon(), &[]);
    insta::assert_json_snapshot!(who);
}

#[test]
fn things_are_found_by_id_place_range_and_account() {
    let registry = demo();
    let found: Vec<String> = [
        "host:db-1",
        "user:root@db-1",
        "session:bastion-1/sshd:4211",
        "process:web-1/99",
        "file:db-1:/etc/passwd",
        "ip:10.20.3.30",
        "ip:10.20.9.9",
        "account:111122223333",
        "user:arn:aws:iam::111122223333:user/ci-deploy",
        "user:ci-deploy",
        "user:arn:aws:iam::111122223333:user/somebody-new",
        "session:arn:aws:sts::111122223333:assumed-role/ci-runner/build-7",
        "session:arn:aws:sts::111122223333:assumed-role/vendor-acme-read/nightly",
        "resource:arn:aws:s3:::customer-exports",
        "resource:arn:aws:s3:::customer-exports-old/a",
        "resource:arn:aws:cloudtrail:eu-central-1:111122223333:trail/org-trail",
        "ip:192.0.2.130",
        "host:acme-analytics",
        "ip:203.0.113.66",
    ]
    .into_iter()
    .map(|text| {
        let who = registry.resolve(&entity(text), noon(), &[]);
        let vendors: Vec<String> = who.vendors.iter().map(|v| format!("{} ({})", v.name, v.part)).collect();
        let (system, owner) = (who.system.unwrap_or("-".into()), who.owner.unwrap_or("-".into()));
        format!("{text}: {system}, {owner}; {}\n    {}", vendors.join(", "), who.reasons.join("\n    "))
    })
    .collect();
    insta::assert_snapshot!(lines(&found));
}

#[test]
fn capabilities_follow_the_model_and_its_overrides() {
    let registry = demo();
    let db = registry.resolve(&entity("host:db-1"), noon(), &[]);
    assert_eq!((db.capabilities["disk_snapshot"].can, db.capabilities["host_isolate"].can), (Can::Yes, Can::No));
    assert!(db.capabilities["host_isolate"].note.contains("security group"));
    let bucket = registry.resolve(&entity("resource:arn:aws:s3:::customer-exports/x"), noon(), &[]);
    assert_eq!(bucket.capabilities["disk_snapshot"].can, Can::No);
}

#[test]
fn an_address_belongs_to_who_had_it_then() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: a}\nspec: {type: t, children: []}\n---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: old}\nspec: {type: host, owner: a, muster: {addresses: [{value: 10.0.0.1, until: 2026-02-01}]}}\n---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: new}\nspec: {type: host, owner: a, muster: {addresses: [{value: 10.0.0.1, since: 2026-02-01}]}}\n";
    let (registry, problems) = Registry::load(&[("r.yml".into(), text.into())]);
    assert_eq!(lines(&problems), "");
    let why = |at: &str| registry.resolve(&entity("ip:10.0.0.1"), Time::parse(at), &[]).reasons[0].clone();
    assert!(why("2026-01-15T00:00:00Z").contains("resource old"));
    assert!(why("2026-02-15T00:00:00Z").contains("resource new"));
}

#[test]
fn where_the_registry_is_silent_the_logs_hint_and_say_so() {
    let hint = |kind, who: &str, count| Hint { kind, who: entity(who), count, last: noon(), event: "cloudtrail/1#7".into() };
    let hints = [hint(HintKind::LogsIn, "user:bob@x-1", 40), hint(HintKind::Created, "user:arn:aws:iam::111122223333:user/ci-deploy", 1)];
    let guess = demo().resolve(&entity("host:x-1"), noon(), &hints);
    assert!(guess.inferred);
    assert_eq!(guess.owner.as_deref(), Some("team-platform"));
    insta::assert_snapshot!(lines(&guess.reasons));
    let alone = Registry::default().resolve(&entity("host:x-1"), noon(), &hints);
    assert_eq!((alone.inferred, alone.owner.as_deref()), (true, Some("arn:aws:iam::111122223333:user/ci-deploy")));
    for nobody in [
        hint(HintKind::Created, "credential:AKIAEXAMPLEINTRUDER1", 1),
        hint(HintKind::LogsIn, "ip:203.0.113.66", 90),
        hint(HintKind::LogsIn, "user:mallory@x-1", 1),
        hint(HintKind::Uses, "user:mallory@x-1", 90),
        hint(HintKind::LogsIn, "user:root@x-1", 90),
        hint(HintKind::LogsIn, "user:rds.amazonaws.com", 90),
        hint(HintKind::BelongsTo, "session:x-1/sshd:7", 1),
    ] {
        let none = Registry::default().resolve(&entity("host:x-1"), noon(), std::slice::from_ref(&nobody));
        assert_eq!((none.inferred, none.owner), (false, None), "{nobody:?}");
    }
    let key = [hint(HintKind::BelongsTo, "user:arn:aws:iam::111122223333:user/ci-deploy", 9)];
    let holder = demo().resolve(&entity("credential:AKIAEXAMPLECIDEPLOY1"), noon(), &key);
    assert_eq!((holder.inferred, holder.owner.as_deref(), holder.entity.kind.name()), (false, Some("team-platform"), "credential"));
}

#[test]
fn row_53_an_unknown_thing_gets_its_nearest_matches() {
    let who = demo().resolve(&entity("host:bastion-11"), noon(), &[]);
    assert_eq!((who.owner, who.inferred), (None, false));
    assert_eq!(who.nearest, ["bastion-1"]);
    assert_eq!(who.reasons, ["the registry has nothing that fits"]);
    let who = Registry::default().resolve(&entity("host:bastion-11"), noon(), &[]);
    assert_eq!(who.reasons, ["no registry: owner unknown; add one with `muster init`"]);
}

#[test]
fn row_53_a_text_of_two_kinds_is_answered_for_each() {
    let registry = demo();
    let kinds: Vec<bool> = Entity::guess("db-1").iter().map(|e| registry.resolve(e, noon(), &[]).owner.is_some()).collect();
    assert_eq!(kinds.len(), 4);
    assert!(kinds[0]);
}
