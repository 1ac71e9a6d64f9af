//! Techniques of attack against a cloud account, run by others and logged by the provider, among an account's honest work: what the scope finds
//! of each from the attacker's principal, what it misses, and what it takes for the attacker's that is not. The table is `docs/truth.md`;
//! `BLESS=1` writes it. Skipped where the data are not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use event::{Column, Entity, Event, Fields, Kind, Time};
use trace::{Scope, scope::Status};

use crate::{
    invictus::TECHNIQUES,
    logs::{Store, Texts, events, root, texts},
};

const DEMO_ACCOUNT: &str = "111122223333";
/// The demo's last clean day, which becomes the day of the technique.
const DEMO_DAY: &str = "2026-03-03";
/// The principal that ran everything in the data of `invictus-aws`, and what it made or took, as their README tells.
const INVICTUS: &str = "user:arn:aws:iam::123837392027:user/bert-jan";
const INVICTUS_OWN: [&str; 4] = ["bert-jan", "stratus-red-team", "malicious", "AWSServiceRole"];

/// One line of the table.
#[derive(Debug, Default)]
struct Row {
    technique: String,
    principal: String,
    acts: usize,
    found: usize,
    missed: BTreeSet<String>,
    wrong: BTreeSet<String>,
}

fn shared(path: &str) -> Option<PathBuf> {
    let dir = root().join("../shared/data").join(path);
    if !dir.exists() {
        println!("skipped: {} is not there", dir.display());
        return None;
    }
    Some(dir)
}

fn account(e: &Event) -> String {
    e.text(Column::Account).unwrap_or_default().to_owned()
}

/// The demo's honest days at its provider, as if they were of another account and ended on another day.
fn honest_work(account: &str, day: &str) -> Texts {
    let noon = |d: &str| Time::parse(&format!("{d}T12:00:00Z")).unwrap().0;
    let days = (noon(day) - noon(DEMO_DAY)) / event::time::DAY;
    let date = regex::Regex::new(r"2026-0[23]-\d\d").unwrap();
    let moved = |text: &str| {
        let text = date.replace_all(text, |c: &regex::Captures<'_>| {
            let t = Time::parse(&format!("{}T12:00:00Z", &c[0])).unwrap();
            Time(t.0 + days * event::time::DAY).to_string()[..10].to_owned()
        });
        text.replace(DEMO_ACCOUNT, account).into_bytes()
    };
    let all = texts(&root().join("demo/logs/cloudtrail"));
    let clean = |stream: &&Vec<u8>| !String::from_utf8_lossy(stream).contains("\"eventTime\":\"2026-03-04");
    let of = |streams: &[Vec<u8>]| streams.iter().filter(clean).map(|s| moved(std::str::from_utf8(s).unwrap())).collect();
    all.iter().map(|(source, streams)| (format!("honest/{}", source.replace(DEMO_ACCOUNT, account)), of(streams))).collect()
}

/// A technique's own records among the account's other work.
fn technique(path: &std::path::Path) -> Row {
    let own_text = Texts::from([("attack/technique.json".to_owned(), vec![std::fs::read(path).unwrap()])]);
    let own = events(&own_text, "2026-12-01T00:00:00Z");
    let (first, who) = (&own[0], account(&own[0]));
    let day = own.iter().map(Fields::time).min().unwrap().day();
    let mut all = own_text;
    all.extend(honest_work(&who, &day));
    let store = Store::new(events(&all, "2026-12-01T00:00:00Z"));
    // Who began: of the users the one that is no role's session.
    let users: BTreeSet<&str> = own.iter().filter_map(|e| e.text(Column::User)).collect();
    let principal = users.iter().find(|u| u.contains(":user/")).or(users.iter().next()).copied().unwrap_or_default();
    let answer = store.scope(Scope::new(&[Entity::new(Kind::User, principal)], None));
    let acts = answer.acts();
    let mut row = Row {
        technique: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        principal: principal.rsplit(':').next().unwrap_or_default().to_owned(),
        acts: own.len(),
        ..Row::default()
    };
    for e in &store.events {
        let word = e.text(Column::Operation).unwrap_or_default().to_owned();
        let is_own = e.text(Column::Source) == first.text(Column::Source);
        match (is_own, acts.has(e)) {
            (true, true) => row.found += 1,
            (true, false) => _ = row.missed.insert(word),
            (false, true) => _ = row.wrong.insert(word),
            (false, false) => {}
        }
    }
    let honest: BTreeSet<&str> =
        store.events.iter().filter(|e| e.text(Column::Source) != first.text(Column::Source)).filter_map(|e| e.text(Column::User)).collect();
    let held = answer.nodes.iter().filter(|n| matches!(n.status, Status::Controlled | Status::Entry | Status::Origin));
    row.wrong.extend(held.filter(|n| n.entity.kind == Kind::User && honest.contains(n.entity.value.as_str())).map(|n| n.entity.to_string()));
    row
}

/// The techniques that ran one after another in one account beside other people's work.
fn together(dir: &std::path::Path) -> (Vec<Row>, BTreeSet<String>, usize) {
    let store = Store::new(events(&texts(dir), "2023-07-11T00:00:00Z"));
    let answer = store.scope(Scope::new(&[INVICTUS.parse().unwrap()], None));
    let acts = answer.acts();
    let principal = INVICTUS.trim_start_matches("user:");
    // Some techniques act by a role that the tool takes first.
    let own = |e: &&Event| e.text(Column::User).is_some_and(|u| u == principal || u.contains("stratus-red-team"));
    let row = |(technique, call): &(&str, &str)| {
        let mut row = Row { technique: (*technique).to_owned(), principal: "user/bert-jan".into(), ..Row::default() };
        for e in store.events.iter().filter(own).filter(|e| e.text(Column::Operation) == Some(call)) {
            row.acts += 1;
            row.found += usize::from(acts.has(e));
            row.missed.extend((!acts.has(e)).then(|| (*call).to_owned()));
        }
        row
    };
    let others = |e: &&Event| {
        let user = e.text(Column::User).or(e.text(Column::Session)).unwrap_or_default();
        !INVICTUS_OWN.iter().any(|o| user.contains(o))
    };
    let wrong = store.events.iter().filter(others).filter(|e| acts.has(*e));
    let wrong = wrong.map(|e| format!("{} by {}", e.text(Column::Operation).unwrap_or_default(), e.text(Column::User).unwrap_or("nobody"))).collect();
    let of_others = store.events.iter().filter(others).count();
    (TECHNIQUES.iter().map(row).collect(), wrong, of_others)
}

fn table(rows: &[Row]) -> String {
    let list = |words: &BTreeSet<String>| if words.is_empty() { "–".to_owned() } else { words.iter().cloned().collect::<Vec<_>>().join(", ") };
    let mut out = String::from("| technique | asked about | acts | found | missed | false |\n|---|---|---:|---:|---|---|\n");
    for r in rows {
        _ = writeln!(out, "| {} | `{}` | {} | {} | {} | {} |", r.technique, r.principal, r.acts, r.found, list(&r.missed), list(&r.wrong));
    }
    out
}

#[test]
fn the_attackers_acts_are_found_and_nobody_elses() {
    let (Some(alone), Some(invictus)) = (shared("cloud/stratus-red-team/detonation-logs"), shared("cloud/invictus-aws/CloudTrail")) else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(alone).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let each: Vec<Row> = files.iter().map(|f| technique(f)).collect();
    let (rows, wrong, of_others) = together(&invictus);
    let sums = |rows: &[Row]| {
        rows.iter().fold(BTreeMap::new(), |mut sums: BTreeMap<&str, usize>, r| {
            *sums.entry("acts").or_default() += r.acts;
            *sums.entry("found").or_default() += r.found;
            *sums.entry("wrong").or_default() += r.wrong.len();
            sums
        })
    };
    let (a, b) = (sums(&each), sums(&rows));
    let wrong_text = if wrong.is_empty() { "none".to_owned() } else { wrong.iter().cloned().collect::<Vec<_>>().join("; ") };
    let text = format!(
        "# What the scope finds of techniques that others ran\n\n\
         From the principal of the attacker alone (`muster respond user:ARN`), with no day named. `acts`: events of the technique in the log; `found`: those that the\n\
         answer counts as the intruder's; `missed`: calls that it does not; `false`: calls of others that it counts, and others' identities that it calls compromised.\n\
         Written by `BLESS=1 cargo test -p trace techniques`, which fails where this page no longer holds.\n\n\
         ## Each technique among an account's honest work\n\n\
         Stratus Red Team's own logs of each technique (DataDog/stratus-red-team, `detonation-logs`), each put into the cloud work of the demo's fourteen clean days: engineers,\n\
         CI, backups, a vendor, an instance's role, moved to the technique's account and day. {} of {} acts found, {} false.\n\n{}\n\
         ## Techniques one after another in one account\n\n\
         The logs of invictus-ir/aws_dataset: one person ran Stratus Red Team in an account where others worked too ({of_others} events of others). {} of {} acts found.\n\
         Acts of others that are counted: {wrong_text}.\n\n{}",
        a["found"],
        a["acts"],
        a["wrong"],
        table(&each),
        b["found"],
        b["acts"],
        table(&rows)
    );
    let page = root().join("docs/truth.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&page, &text).unwrap();
    }
    println!("{text}");
    assert_eq!(std::fs::read_to_string(&page).unwrap_or_default(), text, "docs/truth.md no longer holds; BLESS=1 writes it");
}
