//! Logs of database servers: the three forms of PostgreSQL that one run of the server wrote say the same, and so do strangers' readers.

use std::{path::Path, process::Command};

use event::{Column, Event, Fields};

use crate::{
    hub,
    oracle::{Map, Tally},
    shared,
};

fn sample(path: &str) -> Vec<Event> {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(path)).unwrap();
    formats::read(&bytes, path.rsplit('/').next().unwrap(), &shared::context("db")).events
}

/// A client put a whole line into the name that it logged in with; the stderr form cannot tell it from the server's own (its
/// manual says so), the other forms can.
fn honest(events: Vec<Event>) -> Vec<Event> {
    let forged = |e: &Event| e.text(Column::Message).is_some_and(|m| m.contains("forged") || m == "x");
    events.into_iter().filter(|e| !forged(e)).collect()
}

#[test]
fn three_forms_of_one_log_say_the_same() {
    for (run, seconds) in [("main", false), ("timed", true)] {
        let json = honest(sample(&format!("postgresql_json/{run}.json")));
        assert!(json.len() > 100);
        for (form, path) in [("csv", format!("postgresql_csv/{run}.csv")), ("stderr", format!("postgresql/{run}.log"))] {
            let other = honest(sample(&path));
            assert_eq!(other.len(), json.len(), "{path}");
            for (a, b) in other.iter().zip(&json) {
                for &c in Column::ALL {
                    // The prefix of the run has no port, and no client or no milliseconds.
                    let unsaid = form == "stderr" && a.text(c).is_none() && a.int(c).is_none() && matches!(c, Column::SrcIp | Column::SrcPort | Column::Error);
                    let rough = form == "stderr" && seconds && c == Column::Time;
                    if rough {
                        // Each form takes the time for itself.
                        assert!((a.time().0 / 1_000_000 - b.time().0 / 1_000_000).abs() <= 1);
                    } else if !unsaid && !matches!(c, Column::Seq | Column::Source | Column::Format) {
                        assert_eq!((a.text(c), a.int(c)), (b.text(c), b.int(c)), "{path}: {} of {:?}", c.name(), a.text(Column::Message));
                    }
                }
            }
        }
    }
}

#[test]
fn what_crowdsec_finds_in_logs_of_databases() {
    let Some(data) = shared::folder("data/application/crowdsec-hub") else { return };
    let (map, mut tally) = (Map::read("databases.tsv"), Tally::default());
    for (test, parser) in [
        ("pgsql-logs", "crowdsecurity/pgsql-logs"),
        ("pgsql-user-enum", "crowdsecurity/pgsql-logs"),
        ("supabase-docker-pgsql-logs", "crowdsecurity/pgsql-logs"),
        ("mysql-logs", "crowdsecurity/mysql-logs"),
        ("mariadb-logs", "crowdsecurity/mariadb-logs"),
    ] {
        let log = data.join(test).join(format!("{test}.log"));
        let reading = formats::read(&std::fs::read(&log).unwrap(), &format!("{test}.log"), &shared::context(test));
        assert!(matches!(reading.format, "postgresql" | "mysql") && reading.rejected.is_empty(), "{test}: {} {:?}", reading.format, reading.rejected);
        assert!(shared::ocsf_check(&reading.events).is_none_or(|(good, said)| good || panic!("{said}")));
        for fact in hub::facts(&data.join(test)).iter().filter(|f| f.parser == parser) {
            let Some(event) = reading.events.iter().find(|e| e.records.contains(&(fact.at as u64))) else {
                tally.miss("event", &fact.value);
                continue;
            };
            tally.fact(&map, "crowdsec", "", &fact.field, &fact.value, event);
        }
        for event in &reading.events {
            match event.text(Column::Outcome) {
                Some("failure") => tally.keep(),
                other => tally.fault("outcome", format!("{test}: {other:?}")),
            }
        }
    }
    tally.verdict("databases", FLOOR);
}

/// Facts kept when this was written; fewer is a step back.
const FLOOR: u64 = 138;

/// Files of the corpus, and how many events they are of. Compressed ones are opened by the system's programs.
#[test]
fn logs_of_postgresql_that_others_wrote() {
    let Some(data) = shared::folder("data") else { return };
    for (path, format, program) in [
        ("application/pgbadger/t/fixtures/anonymize.log", "postgresql_csv", ""),
        ("application/pgbadger/t/fixtures/weeknumber.log", "postgresql_csv", ""),
        ("application/pgbadger/t/fixtures/begin_end.log", "postgresql", ""),
        ("application/pgbadger/t/fixtures/pg-timezones.log", "postgresql", ""),
        ("application/pgbadger/t/fixtures/stmt_type.log", "postgresql", ""),
        ("application/pgbadger/t/fixtures/queryid.log.gz", "postgresql", "gzip"),
        ("application/pgbadger/t/fixtures/tempfile_only.log.gz", "postgresql", "gzip"),
        ("application/pgbadger/t/fixtures/light.postgres.log.bz2", "postgresql", "bzip2"),
        ("application/plaso/postgresql.log", "postgresql", ""),
        ("system/lnav/logfile_postgres.0", "postgresql", ""),
        ("system/lnav/logfile_postgres.1", "postgresql", ""),
        ("system/lnav/logfile_postgres.2", "postgresql", ""),
    ] {
        let file = data.join(path);
        let bytes = match program {
            "" => std::fs::read(&file).unwrap(),
            program => match Command::new(program).arg("-dc").arg(&file).output() {
                Ok(output) => output.stdout,
                Err(_) => {
                    println!("skipped: {program} is not there");
                    continue;
                }
            },
        };
        let reading = formats::read(&bytes, file.file_name().unwrap().to_str().unwrap(), &shared::context(path));
        assert_eq!(reading.format, format, "{path}");
        let rejected: Vec<_> = reading.rejected.iter().map(|r| String::from_utf8_lossy(&r.bytes).into_owned()).take(3).collect();
        assert!(reading.rejected.len() * 100 <= reading.events.len(), "{path}: {} rejected: {rejected:?}", reading.rejected.len());
        assert!(shared::ocsf_check(&reading.events).is_none_or(|(good, said)| good || panic!("{path}: {said}")));
        println!("{path}: {} records, {} events, {} rejected", reading.records, reading.events.len(), reading.rejected.len());
    }
}
