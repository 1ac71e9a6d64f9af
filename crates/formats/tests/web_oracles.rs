//! What CrowdSec's parsers found in logs of web servers, proxies, AWS's edge and Suricata, fact by fact (`fidelity/web.tsv`).

use event::{Event, Fields as _, Time};

use crate::{
    hub::{self, Fact},
    oracle::{Map, Tally, data, events},
};

/// Their parsers, and the formats that read the same lines: the first for JSON, the second for text.
const PARSERS: &[(&str, &str, &str)] = &[
    ("crowdsecurity/nginx-logs", "web_access", "web_access"),
    ("crowdsecurity/apache2-logs", "web_access", "web_error"),
    ("crowdsecurity/haproxy-logs", "haproxy", "haproxy"),
    ("crowdsecurity/caddy-logs", "caddy", "caddy"),
    ("crowdsecurity/traefik-logs", "traefik", "web_access"),
    ("crowdsecurity/aws-alb", "aws_lb", "aws_lb"),
    ("crowdsecurity/aws-cloudfront", "cloudfront", "cloudfront"),
    ("crowdsecurity/suricata-evelogs", "suricata", "suricata"),
];

/// Whether a test was kept unseen while the formats were built: a third of them, by their names.
fn held_out(name: &str) -> bool {
    name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)).is_multiple_of(3)
}

#[test]
fn crowdsec_web_facts() {
    let Some(data) = data() else { return };
    let map = Map::read("web.tsv");
    let (mut seen, mut unseen) = (Tally::default(), Tally::default());
    let mut tests: Vec<_> = std::fs::read_dir(data.join("application/crowdsec-hub")).unwrap().map(|e| e.unwrap().path()).collect();
    tests.sort();
    let (mut counts, mut lines) = ([0, 0], 0);
    for test in tests.iter().filter(|t| t.join("parser.assert").is_file()) {
        let name = test.file_name().unwrap().to_str().unwrap();
        let facts: Vec<Fact> = hub::facts(test).into_iter().filter(|f| PARSERS.iter().any(|(p, ..)| *p == f.parser)).collect();
        let log = std::fs::read_dir(test).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "log"));
        let (Some(log), false) = (log, facts.is_empty()) else { continue };
        let text = String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned();
        let all: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        let unseen_test = held_out(name);
        counts[usize::from(unseen_test)] += 1;
        let tally = if unseen_test { &mut unseen } else { &mut seen };
        for (at, line) in all.iter().enumerate() {
            let about: Vec<&Fact> = facts.iter().filter(|f| f.at == at).collect();
            let Some(first) = about.first() else { continue };
            lines += 1;
            match one(&first.parser, line) {
                Some(event) => about.iter().filter(|f| !f.value.is_empty() && f.value != "-").for_each(|f| compare(&map, tally, f, &event)),
                None => tally.miss(&format!("{name} event"), line),
            }
        }
    }
    println!("{lines} lines of {} tests, {} of them held out", counts[0] + counts[1], counts[1]);
    seen.verdict("CrowdSec web", SEEN);
    unseen.verdict("CrowdSec web, held out", HELD_OUT);
}

fn one(parser: &str, line: &str) -> Option<Event> {
    let (_, json, text) = PARSERS.iter().find(|(p, ..)| *p == parser)?;
    let format = if line.starts_with('{') { json } else { text };
    let received = "2026-11-24T00:00:00Z";
    let syslog = line.starts_with('<').then(|| events("syslog", line.as_bytes(), received).0.pop()).flatten();
    events(format, format!("{line}\n").as_bytes(), received).0.pop().or(syslog)
}

fn compare(map: &Map, tally: &mut Tally, fact: &Fact, event: &Event) {
    // A time of JSON is not kept as text beside the instant.
    let instant = ["time", "time_local", "timestamp"].contains(&fact.field.as_str())
        && [String::new(), "Z".into()]
            .iter()
            .any(|z| Time::parse(&format!("{}{z}", fact.value)).is_some_and(|t| t.0 / 1_000_000 == event.time().0 / 1_000_000));
    if instant {
        return tally.keep();
    }
    tally.fact(map, "crowdsec", &fact.parser, &fact.field, &unescaped(&fact.value), event);
}

/// `\xHH` as the bytes that it stands for: our fields hold what was sent, theirs what was written.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&b, after)) = rest.split_first() {
        let hex = (b == b'\\' && after.first() == Some(&b'x'))
            .then(|| after.get(1..3).and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok()))
            .flatten();
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(b);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Facts kept when this was written; fewer is a step back.
const SEEN: u64 = 1725;
const HELD_OUT: u64 = 211;
