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
const WORDS: [&str; 7] = ["customer-exports", "ops-secrets", "app-artifacts", "db-backups", "vendor-acme-read", "web-app", "org-trail"];
const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
/// Days by which everything is moved: 2026-03-04 becomes 2027-11-18.
const DAYS: i64 = 624;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

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
        for found in Regex::new(r"\b(?:10\.20\.\d{1,3}|192\.0\.2|203\.0\.113|198\.51\.100)\.\d{1,3}\b").unwrap().find_iter(all) {
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
            dates: Regex::new(r"(?m)\b(2026)-(0[23])-(\d\d)|\b(\d\d)/(Feb|Mar)/(2026):|^(Feb|Mar) ([ \d]\d) |^(2026)/(0[23])/(\d\d) ").unwrap(),
            epoch: Regex::new(r"\b177[12]\d{6}\b").unwrap(),
            pid_shift: 10_000 + key,
            ses_shift: 700 + key,
        }
    }

    fn apply(&self, text: &str) -> String {
        let text = self.numbers.replace_all(text, |c: &Captures<'_>| {
            let Ok(n) = c[2].parse::<u64>() else { return c[0].to_owned() };
            let session = c[1].starts_with("ses") || c[1].starts_with("Ses");
            let n = if n == 4_294_967_295 || n == 1 { n } else { n + if session { self.ses_shift } else { self.pid_shift } };
            format!("{}{n}", &c[1])
        });
        let text = self.any.replace_all(&text, |c: &Captures<'_>| self.names[&c[0]].clone());
        let text = self.dates.replace_all(&text, |c: &Captures<'_>| {
            let part = |n: usize| c.get(n).map(|m| m.as_str().trim());
            let month = |m: &str| m.parse().ok().or_else(|| MONTHS.iter().position(|x| *x == m).map(|at| at + 1)).unwrap();
            let day = [(2, 3), (5, 4), (7, 8), (10, 11)].into_iter().find_map(|(m, d)| Some((month(part(m)?), part(d)?.parse::<u32>().unwrap())));
            let (m, d) = day.unwrap();
            let (y, m, d) = moved(m, d);
            let name = MONTHS[m as usize - 1];
            match (part(1), part(4), part(7)) {
                (Some(_), ..) => format!("{y}-{m:02}-{d:02}"),
                (_, Some(_), _) => format!("{d:02}/{name}/{y}:"),
                (.., Some(_)) => format!("{name} {d:2} "),
                _ => format!("{y}/{m:02}/{d:02} "),
            }
        });
        self.epoch.replace_all(&text, |c: &Captures<'_>| (c[0].parse::<i64>().unwrap() + DAYS * 86_400).to_string()).into_owned()
    }

    fn texts(&self, texts: &Texts) -> Texts {
        let each = |stream: &Vec<u8>| self.apply(std::str::from_utf8(stream).unwrap()).into_bytes();
        texts.iter().map(|(source, streams)| (self.apply(source), streams.iter().map(each).collect())).collect()
    }
}

/// A day of 2026, moved.
fn moved(month: usize, day: u32) -> (i64, u32, u32) {
    let noon = Time::parse(&format!("2026-{month:02}-{day:02}T12:00:00Z")).unwrap();
    let text = noon.plus(DAYS * event::time::DAY).to_string();
    let mut parts = text[..10].split('-').map(|p| p.parse::<i64>().unwrap());
    (parts.next().unwrap(), parts.next().unwrap() as u32, parts.next().unwrap() as u32)
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
        for left in ["bastion-1", "AKIAEXAMPLE", "203.0.113.66", "2026-03-04", "111122223333", "alice", "04/Mar/2026", "17726"] {
            let holds = |text: &str| text.lines().find(|l| l.contains(left) && !l.contains("proctitle=")).map(str::to_owned);
            let found = texts.values().flatten().find_map(|s| holds(&String::from_utf8_lossy(s))).or_else(|| holds(&truth_text));
            assert_eq!(found, None, "{left} is left");
        }
        let truth: Truth = serde_saphyr::from_str(&truth_text).unwrap();
        let store = Store::new(events(&texts, "2027-11-19T06:00:00Z"));
        for node in truth.nodes.iter().step_by(3) {
            let answer = store.scope(scope(&truth, &node.entity, None));
            assert_eq!(difference(&true_lines(&truth), &lines(&answer)), "", "key {key}, from {}", node.entity);
            assert_eq!(answer.entry, std::slice::from_ref(&truth.entry));
        }
    }
}
