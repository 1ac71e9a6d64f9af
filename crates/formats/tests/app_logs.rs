//! Logs of applications that others wrote: which format they are taken for, and what CrowdSec's parsers find in the CEF among them.

use event::{Column, Fields};

use crate::{
    hub,
    oracle::{Map, Tally},
    shared,
};

#[test]
fn logs_of_applications_are_recognised() {
    let Some(data) = shared::folder("data") else { return };
    for (path, format) in [
        ("system/lnav/logfile_pino.0", "json_lines"),
        ("system/lnav/logfile_bunyan.0", "json_lines"),
        ("system/lnav/logfile_ecs_log.json", "json_lines"),
        ("system/lnav/logfile_rust_tracing.0", "json_lines"),
        ("system/lnav/logfile_logfmt.0", "logfmt"),
        ("application/crowdsec-hub/cef-logs/cef-logs.log", "cef"),
        ("application/crowdsec-hub/unifi-cef/cef-logs.log", "cef"),
    ] {
        let file = data.join(path);
        let reading = formats::read(&std::fs::read(&file).unwrap(), path.rsplit('/').next().unwrap(), &shared::context(path));
        assert_eq!(reading.format, format, "{path}");
        assert!(shared::ocsf_check(&reading.events).is_none_or(|(good, said)| good || panic!("{path}: {said}")));
        println!("{path}: {} records, {} events, {} rejected", reading.records, reading.events.len(), reading.rejected.len());
        assert!(reading.rejected.len() <= reading.events.len(), "{path}");
    }
}

#[test]
fn what_crowdsec_finds_in_cef() {
    let Some(data) = shared::folder("data/application/crowdsec-hub") else { return };
    let (map, mut tally) = (Map::read("application.tsv"), Tally::default());
    for (test, parser) in [("cef-logs", "crowdsecurity/cef-logs"), ("unifi-cef", "crowdsecurity/unifi-cef")] {
        let bytes = std::fs::read(data.join(test).join("cef-logs.log")).unwrap();
        let reading = formats::read(&bytes, "cef-logs.log", &shared::context(test));
        assert!(reading.rejected.is_empty(), "{:?}", reading.rejected);
        for fact in hub::facts(&data.join(test)).iter().filter(|f| f.parser == parser && !f.value.is_empty()) {
            match reading.events.iter().find(|e| e.records.contains(&(fact.at as u64))) {
                Some(event) => tally.fact(&map, "crowdsec", "", &fact.field, &fact.value, event),
                None => tally.miss("event", &fact.value),
            }
        }
        assert!(reading.events.iter().all(|e| e.text(Column::SrcIp).is_some()));
    }
    tally.verdict("CEF", 116);
}

#[test]
fn events_of_a_format_of_ones_own_follow_the_schema() {
    let own = formats::own::load(formats::own::EXAMPLE).unwrap();
    let log = "2026-03-01 10:00:00 login user=alice from=203.0.113.7 result=denied\n2026-03-01 10:00:05 refund user=alice order=17\n2026-03-01 10:00:06 logout user=a from=not-an-ip result=ok\n";
    for class in ["API Activity", "Base Event", "Datastore Activity", "Account Change", "Network Activity", "Authentication", "HTTP Activity"] {
        let text = formats::own::EXAMPLE.replace("class = \"API Activity\"", &format!("class = \"{class}\""));
        let own = if class == "API Activity" { own } else { formats::own::load(&text).unwrap() };
        let events = formats::read_as(own, log.as_bytes(), &shared::context("own")).events;
        assert_eq!(events.len(), 3);
        if class != "HTTP Activity" {
            assert!(shared::ocsf_check(&events).is_none_or(|(good, said)| good || panic!("{class}: {said}")));
        }
        assert_eq!(events[1].text(Column::User), Some("alice"), "{class}");
    }
}
