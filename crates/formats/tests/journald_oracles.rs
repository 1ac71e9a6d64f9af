//! The journal against `journalctl` of systemd: every field that it prints, in both of its forms.

use event::{Column, Event, Fields};
use serde_json::Value;

use crate::{
    oracle::{Map, Tally, data, ocsf_check},
    shared,
};

const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0", "local1",
    "local2", "local3", "local4", "local5", "local6", "local7",
];

/// How an event spells a field of journalctl.
fn spelled(field: &str, value: &str) -> String {
    let word = |list: &[&str]| value.parse::<usize>().ok().and_then(|n| list.get(n)).map_or_else(|| value.to_owned(), |w| (*w).to_owned());
    match field {
        "PRIORITY" => word(&LEVELS),
        "SYSLOG_FACILITY" => word(&FACILITIES),
        "_HOSTNAME" => value.to_ascii_lowercase(),
        // Of a path, the program is the last part.
        "SYSLOG_IDENTIFIER" => value.rsplit('/').next().unwrap().to_owned(),
        _ => value.to_owned(),
    }
}

#[test]
fn every_field_that_journalctl_prints() {
    let Some(data) = data() else { return };
    let map = Map::read("journald.tsv");
    let mut tally = Tally::default();
    let mut all = Vec::new();
    for name in ["systemd-sample", "elastic", "derived-loghub-openssh"] {
        let read = |end: &str| {
            let bytes = std::fs::read(data.join(format!("oracles/journalctl/{name}.{end}"))).unwrap();
            (formats::read(&bytes, name, &shared::context(name)), bytes)
        };
        let ((json, text), (export, _)) = (read("json"), read("export"));
        assert_eq!((json.format, export.format), ("journald", "journald_export"), "{name}");
        assert_eq!((json.rejected.len(), export.rejected.len(), json.events.len()), (0, 0, export.events.len()), "{name}");
        for (a, b) in json.events.iter().zip(&export.events) {
            let columns = |e: &Event| {
                Column::ALL.iter().filter(|c| !matches!(c, Column::Format)).map(|c| (c.name(), e.text(*c).map(str::to_owned), e.int(*c))).collect::<Vec<_>>()
            };
            assert_eq!(columns(a), columns(b), "{name}");
        }
        for (line, event) in String::from_utf8(text).unwrap().lines().zip(&json.events) {
            let fields: Value = serde_json::from_str(line).unwrap();
            // A message that another format reads: what the journal says of it stands beside, as the journal spells it.
            let carried = event.object.get("unmapped").is_some_and(|u| u.get("PRIORITY").is_some());
            for (field, value) in fields.as_object().unwrap() {
                if let Some(value) = value.as_str().filter(|v| !v.is_empty()) {
                    let plain = carried || fields["PRIORITY"].is_null();
                    let value = if plain && field != "SYSLOG_IDENTIFIER" && field != "_HOSTNAME" { value.to_owned() } else { spelled(field, value) };
                    tally.fact(&map, if carried { "carried" } else { "journalctl" }, "", field, &value, event);
                }
            }
        }
        all.extend(json.events);
    }
    println!("{}", ocsf_check(&all));
    tally.verdict("journalctl", JOURNALCTL);
}

/// Facts kept when this was written; fewer is a step back.
const JOURNALCTL: u64 = 32_280;
