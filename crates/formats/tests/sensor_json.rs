//! Sensors that write JSON: Laurel beside the raw audit that it read, and others' examples, recognised, whole and by the schema.

use event::{Column, Event, Fields};

use crate::{
    oracle::{data, ocsf_check},
    shared,
};

/// Columns of an event, without those that say where it was stored.
fn columns(event: &Event) -> Vec<(&'static str, String)> {
    let own = [Column::Received, Column::Source, Column::Format, Column::Marks, Column::Seq];
    let shown = |c: &Column| event.text(*c).map(str::to_owned).or_else(|| event.int(*c).map(|n| n.to_string())).map(|v| (c.name(), v));
    Column::ALL.iter().filter(|c| !own.contains(c)).filter_map(shown).collect()
}

fn audit_id(event: &Event) -> &str {
    event.object["metadata"]["uid"].as_str().unwrap_or_default()
}

#[test]
fn laurel_says_what_raw_audit_says() {
    let Some(data) = data() else { return };
    let (mut pairs, mut all, mut faults) = (0, Vec::new(), Vec::new());
    for json in shared::files(&data.join("runtime/laurel")).into_iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let read = |path: &std::path::Path| formats::read(&std::fs::read(path).unwrap(), "x.log", &shared::context("laurel"));
        let (ours, raw) = (read(&json), read(&json.with_extension("txt")));
        assert_eq!((ours.format, raw.format), ("laurel", "linux_audit"), "{}", json.display());
        assert!(ours.rejected.is_empty(), "{}", json.display());
        for event in ours.events {
            let same = raw.events.iter().find(|e| audit_id(e) == audit_id(&event)).expect("a pair");
            if columns(&event) != columns(same) {
                faults.push(format!("{}\nlaurel {:?}\nraw    {:?}", json.display(), columns(&event), columns(same)));
            }
            pairs += 1;
            all.push(event);
        }
    }
    assert!(pairs >= 15, "{pairs} pairs");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{pairs} pairs: {}", ocsf_check(&all));
}

#[test]
fn laurel_logs_of_the_hub() {
    let Some(data) = data() else { return };
    let (mut all, mut lines) = (Vec::new(), 0);
    for test in ["laurel-logs", "laurel-suid-crash", "laurel-base64-exec"] {
        let folder = data.join("application/crowdsec-hub").join(test);
        let bytes = std::fs::read(folder.join(format!("{test}.log"))).unwrap();
        let reading = formats::read(&bytes, "audit.log", &shared::context(test));
        assert_eq!(reading.format, "laurel", "{test}");
        lines += bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).count();
        assert!(reading.rejected.is_empty());
        all.extend(reading.events);
    }
    assert_eq!(all.len(), lines);
    let nft = &all[0];
    assert_eq!(nft.text(Column::Command), Some("/usr/sbin/nft -j list set ip crowdsec crowdsec-blacklists"));
    assert_eq!(nft.object["process"]["parent_process"]["path"], "/usr/bin/crowdsec-firewall-bouncer");
    println!("{lines} lines: {}", ocsf_check(&all));
}

/// Reads documents one by one; gives the events, of which there must be one each, and the formats that were recognised.
fn one_each(documents: &[serde_json::Value]) -> (Vec<Event>, Vec<&'static str>) {
    let readings = documents.iter().map(|d| (d, formats::read(format!("{d}\n").as_bytes(), "events.json", &shared::context("sensor"))));
    readings
        .map(|(d, mut reading)| {
            assert_eq!(reading.events.len(), 1, "{d}\n{:?}", reading.rejected);
            (reading.events.remove(0), reading.format)
        })
        .unzip()
}

/// The `log` or `data` of documents that others keep their tests in.
fn wrapped(path: &std::path::Path, key: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let list = serde_json::from_str::<Vec<serde_json::Value>>(&text);
    let list = list.unwrap_or_else(|_| text.lines().map(|l| serde_json::from_str(l).unwrap()).collect());
    list.into_iter().map(|d| d[key].clone()).collect()
}

#[test]
fn osquery_results_of_others() {
    let Some(data) = data() else { return };
    let mut documents = Vec::new();
    for file in ["community/osquery/ssh_login_activity.json", "community/fleet/fleet_bad_action.json", "classifier/osquery/osquery_snapshot.json"] {
        documents.extend(wrapped(&data.join("cloud/streamalert").join(file), "data"));
    }
    documents.extend(wrapped(&data.join("rules/panther-tests/Osquery.Differential.ndjson"), "log").into_iter().filter(|d| d.get("unixTime").is_some()));
    assert!(documents.len() > 10, "{}", documents.len());
    let (events, formats) = one_each(&documents);
    assert!(formats.iter().all(|f| *f == "osquery"), "{formats:?}");
    let login = &events[0];
    assert_eq!((login.text(Column::User), login.text(Column::SrcIp), login.int(Column::ClassUid)), (Some("vagrant@..."), Some("10.0.2.2"), Some(3002)));
    assert_eq!(login.time().to_string(), "2020-02-12T21:22:20Z");
    assert_eq!(events[2].int(Column::ActivityId), Some(2));
    println!("{}", ocsf_check(&events));
}

#[test]
fn tracee_events_of_others() {
    let Some(data) = data() else { return };
    let documents = wrapped(&data.join("runtime/tracee-docs/events.ndjson"), "event");
    let (mut events, formats) = one_each(&documents);
    assert!(formats.iter().all(|f| *f == "tracee"), "{formats:?}");
    let packed = data.join("network/tracee-dns/dns_events_test.gz");
    let text = std::process::Command::new("gzip").arg("-dc").arg(packed).output().unwrap().stdout;
    let lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').take(2000).collect();
    let reading = formats::read(&lines.concat(), "dns_events_test", &shared::context("dns"));
    assert_eq!((reading.format, reading.events.len()), ("tracee", lines.len()));
    let named = |e: &Event| e.int(Column::ClassUid) == Some(4003) && e.text(Column::Domain).is_some() && e.text(Column::DstIp).is_some();
    // Some of the packets ask for the root, whose name is empty.
    assert!(reading.events.iter().filter(|e| named(e)).count() > 1950);
    events.extend(reading.events);
    println!("{}", ocsf_check(&events));
}
