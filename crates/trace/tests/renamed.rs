//! The same intrusion with all new names, addresses, ids and times: the scope must not hang on any of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use event::Time;
use regex::{Captures, Regex};

use crate::{
    demo::{Truth, difference, lines, scope, true_lines},
    logs::{Store, Texts, events, root, texts},
};

/// A one-to-one map of names, chosen by a key, and a shift of whole days.
struct Rename {
    names: BTreeMap<String, String>,
    any: Regex,
    numbers: Regex,
    dates: Regex,
    epoch: Regex,
    pid_shift: u64,
    ses_shift: u64,
}

const HOSTS: [&str; 4] = ["bastion-1", "db-1", "web-1", "ci-1"];
const USERS: [&str; 6] = ["alice", "bob", "carol", "backup-svc", "support2", "deploy"];
const WORDS: [&str; 7] = ["customer-exports", "ops-secrets", "app-artifacts", "db-backups", "vendor-acme-read", "ci-runner", "org-trail"];
const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const OLD: [&str; 3] = ["2026-03-03", "2026-03-04", "2026-03-05"];
const NEW: [&str; 3] = ["2027-11-17", "2027-11-18", "2027-11-19"];

impl Rename {
    fn new(key: u64, all: &str) -> Rename {
        let number = |name: &str| {
            let mut h = DefaultHasher::new();
            (key, name).hash(&mut h);
            h.finish()
        };
        let letters = |name: &str, n: usize| {
            format!("{:016x}{:016x}{:016x}", number(name), number(&format!("{name}2")), number(&format!("{name}3"))).chars().take(n).collect::<String>()
        };
        let mut names = BTreeMap::new();
        for (list, head) in [(&HOSTS[..], "m"), (&USERS[..], "p"), (&WORDS[..], "w")] {
            names.extend(list.iter().map(|n| ((*n).to_owned(), format!("{head}{}", letters(n, 8)))));
        }
        names.extend(ACCOUNTS.iter().map(|n| ((*n).to_owned(), format!("{:012}", number(n) % 1_000_000_000_000))));
        for found in Regex::new(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b").unwrap().find_iter(all) {
            names.insert(found.as_str().to_owned(), format!("{}{}", &found.as_str()[..4], letters(found.as_str(), 16).to_uppercase()));
        }
        for found in Regex::new(r"SHA256:([A-Za-z0-9+/]{43})").unwrap().captures_iter(all) {
            names.insert(found[1].to_owned(), letters(&found[1], 43));
        }
        for found in Regex::new(r"\b(?:10\.20|192\.0\.2|203\.0\.113|198\.51\.100)[0-9.]*[0-9]\b").unwrap().find_iter(all) {
            let (old, n) = (found.as_str(), number(found.as_str()));
            let (head, a, b) = (if old.starts_with("10.") { "10" } else { "198.18" }, n % 199 + 20, (n >> 16) % 199 + 20);
            let new = if head == "10" { format!("10.{}.{a}.{b}", (n >> 32) % 199 + 20) } else { format!("198.{}.{a}.{b}", 18 + n % 2) };
            names.insert(hex(old), hex(&new));
            names.insert(old.to_owned(), new);
        }
        let distinct: BTreeSet<&String> = names.values().collect();
        assert_eq!(distinct.len(), names.len(), "the map is not one-to-one");
        let mut longest: Vec<&String> = names.keys().collect();
        longest.sort_by_key(|n| std::cmp::Reverse(n.len()));
        let any = longest
            .iter()
            .map(|n| if n.contains('.') || n.chars().all(|c| c.is_ascii_digit()) { format!(r"\b{}\b", regex::escape(n)) } else { regex::escape(n) });
        let any = Regex::new(&any.collect::<Vec<_>>().join("|")).unwrap();
        Rename {
            any,
            names,
            numbers: Regex::new(r"((?:\b|p)pid=|[a-z]\[|sshd:|(?:sshd|CRON|sudo|systemd-logind) |\bses=|[Ss]ession |session:[a-z0-9-]+/)(\d+)\b").unwrap(),
            dates: Regex::new(r"2026-03-0[345]|Mar  [345]\b").unwrap(),
            epoch: Regex::new(r"audit\((\d+)\.").unwrap(),
            pid_shift: 10_000 + key,
            ses_shift: 700 + key,
        }
    }

    fn apply(&self, text: &str) -> String {
        let text = self.numbers.replace_all(text, |c: &Captures<'_>| {
            let n: u64 = c[2].parse().unwrap();
            let session = c[1].starts_with("ses") || c[1].starts_with("Ses");
            let n = if n == 4_294_967_295 || n == 1 { n } else { n + if session { self.ses_shift } else { self.pid_shift } };
            format!("{}{n}", &c[1])
        });
        let text = self.any.replace_all(&text, |c: &Captures<'_>| self.names[&c[0]].clone());
        let text = self.dates.replace_all(&text, |c: &Captures<'_>| match c[0].strip_prefix("Mar  ") {
            Some(day) => format!("Nov {}", day.parse::<u32>().unwrap() + 14),
            None => NEW[OLD.iter().position(|o| *o == &c[0]).unwrap()].to_owned(),
        });
        let noon = |day: &str| Time::parse(&format!("{day}T12:00:00Z")).unwrap().0 / 1_000_000;
        let shift = noon(NEW[0]) - noon(OLD[0]);
        self.epoch.replace_all(&text, |c: &Captures<'_>| format!("audit({}.", c[1].parse::<i64>().unwrap() + shift)).into_owned()
    }

    fn texts(&self, texts: &Texts) -> Texts {
        let each = |stream: &Vec<u8>| self.apply(std::str::from_utf8(stream).unwrap()).into_bytes();
        texts.iter().map(|(source, streams)| (self.apply(source), streams.iter().map(each).collect())).collect()
    }
}

/// An address as SOCKADDR writes it.
fn hex(ip: &str) -> String {
    ip.split('.').map(|p| format!("{:02X}", p.parse::<u8>().unwrap())).collect()
}

#[test]
fn scope_equals_the_truth_under_new_names_and_times() {
    let logs = texts(&root().join("demo/logs"));
    let truth_text = std::fs::read_to_string(root().join("demo/truth.yaml")).unwrap();
    let all: String = logs.values().flatten().map(|s| String::from_utf8_lossy(s).into_owned()).collect();
    for key in 1..=3 {
        let rename = Rename::new(key, &format!("{all}{truth_text}"));
        let (texts, truth_text) = (rename.texts(&logs), rename.apply(&truth_text));
        let left = ["bastion-1", "AKIAEXAMPLE", "203.0.113.66", "2026-03-04", "111122223333", "alice"];
        assert!(left.iter().all(|l| !truth_text.contains(l) && texts.values().flatten().all(|s| !String::from_utf8_lossy(s).contains(l))));
        let truth: Truth = serde_saphyr::from_str(&truth_text).unwrap();
        let store = Store::new(events(&texts, "2027-11-19T06:00:00Z"));
        for node in truth.nodes.iter().step_by(3) {
            let answer = store.scope(scope(&truth, &node.entity, None));
            assert_eq!(difference(&true_lines(&truth), &lines(&answer)), "", "key {key}, from {}", node.entity);
            assert_eq!(answer.entry, std::slice::from_ref(&truth.entry));
        }
    }
}
