//! Login records against util-linux's `utmpdump`, field by field.

use event::{Fields, Time};

use crate::{
    oracle::{Map, Tally, data, ocsf_check},
    shared,
};

/// utmpdump's cells: `[7] [17058] [ts/1] [al] [pts/1] [:0] [0.0.0.0] [2013-01-16T23:44:09,000000+00:00]`.
fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_start_matches('[').trim_end_matches(']').split("] [").map(str::trim).collect()
}

const KINDS: [&str; 10] =
    ["EMPTY", "RUN_LVL", "BOOT_TIME", "NEW_TIME", "OLD_TIME", "INIT_PROCESS", "LOGIN_PROCESS", "USER_PROCESS", "DEAD_PROCESS", "ACCOUNTING"];

#[test]
fn utmpdump_rows() {
    let Some(data) = data() else { return };
    let map = Map::read("utmp.tsv");
    let mut tally = Tally::default();
    let mut all = Vec::new();
    for name in ["wtmp-a.LE", "wtmp-b.LE", "wtmp-ipv6.LE"] {
        let bytes = std::fs::read(data.join("system/util-linux-utmp/tests/ts/utmp").join(name)).unwrap();
        let dump = std::fs::read_to_string(data.join(format!("oracles/utmp/system_util-linux-utmp_tests_ts_utmp_{name}.utmpdump"))).unwrap();
        let reading = formats::read(&bytes, name, &shared::context(name));
        assert_eq!((reading.format, &reading.rejected[..]), ("utmp", &[][..]), "{name}");
        let rows: Vec<_> = dump.lines().map(cells).filter(|c| c.len() == 8).collect();
        assert_eq!(rows.len(), reading.events.len(), "{name}");
        for (row, event) in rows.iter().zip(&reading.events) {
            let kind: usize = row[0].parse().unwrap();
            tally.fact(&map, "utmpdump", "", "type", KINDS[kind], event);
            for (field, value) in [("pid", row[1]), ("id", row[2]), ("user", row[3]), ("line", row[4]), ("host", row[5]), ("addr", row[6])] {
                let unset = value.is_empty()
                    || (field == "addr" && matches!(value, "0.0.0.0" | "::"))
                    || (field == "pid" && (kind == 1 || value.trim_start_matches('0').is_empty()));
                if !unset {
                    tally.fact(&map, "utmpdump", "", field, value.trim_start_matches(|c| field == "pid" && c == '0'), event);
                }
            }
            let time = Time::parse(&row[7].replace(',', ".")).unwrap();
            // 1970 is filed under the time received, and marked.
            if time == event.time() || (time == Time(0) && event.text(event::Column::Marks).is_some_and(|m| m.contains("time_implausible"))) {
                tally.keep()
            } else {
                tally.fault("time", format!("{time} is {}", event.time()))
            }
        }
        all.extend(reading.events);
    }
    println!("{}", ocsf_check(&all));
    tally.verdict("utmpdump", UTMPDUMP);
}

/// Facts kept when this was written; fewer is a step back.
const UTMPDUMP: u64 = 214;
