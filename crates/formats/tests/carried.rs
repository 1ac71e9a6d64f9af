//! Docker's and Kubernetes' logs that others wrote: recognised, every line an event, and what independent readers found is kept.

use std::path::Path;

use event::{Event, Fields};
use formats::Reading;

use crate::{
    hub,
    oracle::{Map, Tally},
    shared,
};

fn read(path: &Path) -> Reading {
    let name = path.file_name().unwrap().to_str().unwrap();
    formats::read(&std::fs::read(path).unwrap(), name, &shared::context(name))
}

fn checked(reading: &Reading) {
    if let Some((good, said)) = shared::ocsf_check(&reading.events) {
        assert!(good, "{said}");
    }
}

#[test]
fn logs_of_containers() {
    let Some(data) = shared::folder("data") else { return };
    let map = Map::read("carried.tsv");
    let mut tally = Tally::default();
    for (test, parser, format) in [("docker-logs", "crowdsecurity/docker-logs", "docker"), ("cri-logs", "crowdsecurity/cri-logs", "cri")] {
        let folder = data.join("application/crowdsec-hub").join(test);
        let reading = read(&folder.join(format!("{test}.log")));
        assert_eq!((reading.format, reading.rejected.len()), (format, 0));
        checked(&reading);
        for fact in hub::facts(&folder).iter().filter(|f| f.parser == parser || f.parser.ends_with("dateparse-enrich")) {
            let with = |e: &&Event| e.records.contains(&(fact.at as u64));
            let Some(event) = reading.events.iter().find(with) else { return tally.miss("event", &fact.value) };
            tally.fact(&map, "crowdsec", "", &fact.field, &fact.value, event);
        }
    }
    for found in shared::files(&data.join("system/plaso")).iter().filter(|p| p.to_string_lossy().ends_with("container-json.log") || p.ends_with("cri.log")) {
        let reading = read(found);
        assert!(matches!(reading.format, "docker" | "cri") && reading.rejected.is_empty(), "{}: {} {:?}", found.display(), reading.format, reading.rejected);
        assert_eq!(reading.events.iter().map(|e| e.records.len() as u64).sum::<u64>(), reading.records);
        checked(&reading);
        if reading.format == "cri" {
            let first = reading.events.iter().find(|e| e.records.contains(&0)).unwrap();
            for (field, value) in [("stream", "stdout"), ("message_body", "log content 1"), ("written_time", "2016-10-06T00:17:09.669794202Z")] {
                tally.fact(&map, "plaso", "", field, value, first);
            }
            assert_eq!(first.time().millis(), 1_475_713_029_669);
        }
    }
    tally.verdict("containers", 20);
}
