use event::{Facet, Time, time::DAY};
use respond::{
    Registry,
    ready::{self, Hole, Input, Logged},
};

use crate::world::entity;

const REGISTRY: &str = r#"apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-web}
spec:
  type: team
  children: []
  muster:
    contacts:
      - {role: primary, name: Alice <b>, channel: phone, value: "1", last_reached: 2026-02-20}
      - {role: deputy, name: Bob, channel: phone, value: "2", last_reached: 2025-11-01}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop}
spec:
  owner: team-web
  muster: {facets: [system, runtime, cloud], accounts: ["111122223333"]}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: web-1}
spec: {type: host, owner: team-web, system: shop, muster: {hosts: [web-1]}}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: db-1}
spec: {type: host, owner: team-none, system: shop, muster: {hosts: [db-1]}}
---
apiVersion: muster/v1
kind: Vendor
metadata: {name: hoster}
spec: {owner: team-web, last_review: 2024-01-01}
"#;

fn now() -> Time {
    Time::parse("2026-03-08T12:00:00Z").unwrap()
}

fn log(what: &str, facet: Facet, first: i64, last: i64) -> Logged {
    Logged { entity: entity(what), facet, first: now().plus(-first * DAY), last: now().plus(-last * DAY), events: 10 }
}

#[test]
fn the_shapes_of_readiness_are_stable() {
    let (registry, problems) = Registry::load(&[("registry/team.yaml".into(), REGISTRY.into())]);
    let logged = [
        log("host:web-1", Facet::System, 40, 0),
        log("host:web-1", Facet::Runtime, 40, 5),
        log("host:db-1", Facet::System, 40, 0),
        log("host:db-1", Facet::Application, 4, 0),
        log("account:111122223333", Facet::Cloud, 30, 0),
        log("host:ghost", Facet::System, 3, 0),
    ];
    let gaps = [
        Hole { text: "web-1/audit.log stopped from a to b".into(), to: Some(now().plus(-DAY)), event: "web-1/audit.log#7".into() },
        Hole { text: "an old gap".into(), to: Some(now().plus(-50 * DAY)), event: "x#1".into() },
    ];
    let found = ready::ready(&Input {
        now: now(),
        registry: &registry,
        problems: &problems,
        logged: Some(&logged),
        gaps: &gaps,
        unread: &["logs/old.log.xz: cut off".into()],
        reached: &[("bob".into(), now().plus(-100 * DAY))],
        profile: ready::profile("default").unwrap(),
    });
    insta::assert_snapshot!("ready_as_text", ready::text(&found));
    insta::assert_snapshot!("ready_as_json", serde_json::to_string_pretty(&found).unwrap());
    insta::assert_snapshot!("ready_as_html", ready::html(&found).split_once("</head>").unwrap().1);
}

#[test]
fn profiles_have_names_of_their_own() {
    let mut ids: Vec<&str> = ready::PROFILES.iter().map(|p| p.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ready::PROFILES.len());
    assert!(ready::PROFILES.iter().all(|p| p.at_hand_days <= p.kept_days));
}

#[test]
fn what_could_not_be_checked_lowers_the_score() {
    let (none, _) = Registry::load(&[]);
    let logged = [log("host:web-1", Facet::System, 100, 0)];
    let input = Input {
        now: now(),
        registry: &none,
        problems: &[],
        logged: Some(&logged),
        gaps: &[],
        unread: &[],
        reached: &[],
        profile: ready::profile("default").unwrap(),
    };
    let found = ready::ready(&input);
    assert_eq!((found.score, found.findings.len(), found.unchecked.len()), (Some(66), 0, 1));
    let old = [log("host:web-1", Facet::System, 100, 8)];
    let found = ready::ready(&Input { logged: Some(&old), ..input });
    assert_eq!((found.score, found.findings.len()), (Some(33), 1));
}
