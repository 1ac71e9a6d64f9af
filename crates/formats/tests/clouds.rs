//! Audit logs of clouds and services that nobody here wrote: every record is a valid OCSF event, and no value of it is dropped.

use std::{collections::BTreeMap, fs};

use event::Event;
use serde_json::Value;

use crate::shared;

/// Records of a format, one a line. `time`: the member that is added where a test of a rule left the time out (a path of at most two keys).
struct Corpus {
    format: &'static str,
    time: &'static str,
    lines: Vec<String>,
}

/// Tests of rules by others: each line holds a record, some fields of which are the collection's own (`p_…`) or renamed (`at_sign_…`).
fn panther(name: &str, keep: impl Fn(&Value) -> bool) -> Vec<Value> {
    let Some(data) = shared::folder("data") else { return Vec::new() };
    let text = fs::read_to_string(data.join("rules/panther-tests").join(format!("{name}.ndjson"))).unwrap();
    let records = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["log"].take());
    records.map(clean).filter(keep).collect()
}

fn clean(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(k, _)| !k.starts_with("p_"))
            .map(|(k, v)| (k.strip_prefix("at_sign_").map_or_else(|| k.clone(), |rest| format!("@{rest}")), clean(v)))
            .collect(),
        other => other,
    }
}

/// JSON documents below a folder or file, one or several a file.
fn documents(part: &str) -> Vec<Value> {
    let Some(data) = shared::folder("data") else { return Vec::new() };
    let path = data.join(part);
    let files = if path.is_dir() { shared::files(&path) } else { vec![path] };
    let text = files.iter().filter(|f| !f.to_string_lossy().ends_with(".yaml")).map(|f| fs::read_to_string(f).unwrap());
    text.flat_map(|t| serde_json::Deserializer::from_str(&t).into_iter::<Value>().map(Result::unwrap).collect::<Vec<_>>()).collect()
}

/// Wazuh's tests: `log N pass = TEXT` lines; the record lies below a key of its own.
fn wazuh(name: &str, key: &str) -> Vec<Value> {
    let Some(data) = shared::folder("data") else { return Vec::new() };
    let text = fs::read_to_string(data.join("cloud/wazuh-ruleset").join(format!("{name}.ini"))).unwrap();
    let logs = text.lines().filter_map(|l| l.strip_prefix("log ").and_then(|l| l.split_once("= ")).map(|(_, log)| log.trim()));
    logs.filter_map(|l| serde_json::from_str::<Value>(l).ok()).map(|mut v| v[key].take()).filter(Value::is_object).collect()
}

/// StreamAlert's tests: a list of records, each in `data`.
fn streamalert(part: &str) -> Vec<Value> {
    documents(part).into_iter().flat_map(|tests| tests.as_array().cloned().unwrap_or_default()).map(|mut t| t["data"].take()).filter(Value::is_object).collect()
}

fn corpus(format: &'static str, time: &'static str, values: Vec<Value>) -> Corpus {
    let dated = values.into_iter().map(|mut v| {
        let (outer, inner) = time.split_once('.').unwrap_or((time, ""));
        let place = if inner.is_empty() { &mut v } else { v.as_object_mut().unwrap().entry(outer).or_insert_with(|| serde_json::json!({})) };
        let key = if inner.is_empty() { outer } else { inner };
        place.as_object_mut().unwrap().entry(key).or_insert_with(|| "2026-03-01T10:00:00Z".into());
        format!("{v}\n")
    });
    Corpus { format, time, lines: dated.collect() }
}

fn all() -> Vec<Corpus> {
    let kubernetes = [
        documents("cloud/falco-k8s-audit/trace_files"),
        documents("application/crowdsec-hub/k8s-audit-priv-pod-file/k8s-audit-priv-pod-file.log"),
        panther("Amazon.EKS.Audit", |r| r.get("protoPayload").is_none() && (r.get("verb").is_some() || r.get("objectRef").is_some())),
    ];
    // One of them is no event at all: `{"kind":0}`.
    let kubernetes = kubernetes.concat().into_iter().filter(|r| r["kind"] != 0).collect();
    let gcp = [
        panther("GCP.AuditLog", |_| true),
        panther("Amazon.EKS.Audit", |r| r.get("protoPayload").is_some()),
        documents("cloud/plaso/jsonl/gcp_logging.jsonl"),
        documents("cloud/gcp-csa-fixtures").into_iter().filter(|r| r.get("protoPayload").is_some()).collect(),
        wazuh("gcp", "gcp").into_iter().filter(|r| r.get("protoPayload").is_some()).collect(),
    ];
    let azure = [
        panther("Azure.MonitorActivity", |_| true),
        panther("Azure.Audit", |_| true),
        documents("cloud/plaso/jsonl/azure_activity_log.jsonl"),
        documents("scenarios/otrf/compound/GoldenSAMLADFSMailAccess/AADAuditEvents.json"),
        documents("oracles/rsigma/rsigma-eval/tests/fixtures/schema-classification/azure_activitylogs/test_event.json"),
        documents("oracles/rsigma/rsigma-eval/tests/fixtures/schema-classification/azure_signinlogs/test_event.json"),
        documents("oracles/rsigma/rsigma-eval/tests/fixtures/schema-classification/azure_auditlogs/test_event.json"),
    ];
    let okta = [panther("Okta.SystemLog", |_| true), streamalert("cloud/streamalert/community/okta")];
    let github = [panther("GitHub.Audit", |_| true), wazuh("github", "github").into_iter().filter(|r| r.get("action").is_some()).collect()];
    let m365 = [
        panther("Microsoft365.Audit.Exchange", |_| true),
        panther("Microsoft365.Audit.SharePoint", |_| true),
        panther("Microsoft365.Audit.AzureActiveDirectory", |_| true),
        documents("cloud/plaso/jsonl/microsoft_audit_log.jsonl"),
        documents("scenarios/otrf/compound/GoldenSAMLADFSMailAccess/OfficeActivityEvents.json"),
        documents("oracles/rsigma/rsigma-eval/tests/fixtures/schema-classification/microsoft365_audit/test_event.json"),
        wazuh("office365", "office365").into_iter().filter(|r| r.get("Operation").is_some()).collect(),
    ];
    // Findings that a test of classification left empty are none.
    let found = streamalert("cloud/streamalert/community/guardduty").into_iter().filter(|r| r["detail"] != serde_json::json!({})).collect();
    let guardduty = [panther("AWS.GuardDuty", |r| r.get("type").is_some()), found];
    let workspace = [panther("GSuite.ActivityEvent", |_| true), streamalert("cloud/streamalert/classifier/gsuite")];
    vec![
        corpus("kubernetes_audit", "requestReceivedTimestamp", kubernetes),
        corpus("gcp_audit", "timestamp", gcp.concat()),
        corpus("azure", "time", azure.concat()),
        corpus("okta", "published", okta.concat()),
        corpus("github_audit", "created_at", github.concat()),
        corpus("microsoft365", "CreationTime", m365.concat()),
        corpus("guardduty", "updatedAt", guardduty.concat()),
        corpus("google_workspace", "id.time", workspace.concat()),
    ]
}

fn read(corpus: &Corpus) -> Vec<Event> {
    let reading = formats::read_as(formats::by_name(corpus.format).unwrap(), corpus.lines.concat().as_bytes(), &shared::context(corpus.format));
    let why: Vec<_> = reading.rejected.iter().map(|r| (&r.detail, String::from_utf8_lossy(&r.bytes).into_owned())).collect();
    assert!(why.is_empty(), "{}: {} rejected: {:?}", corpus.format, why.len(), &why[..why.len().min(3)]);
    reading.events
}

#[test]
fn every_record_is_a_valid_event() {
    for corpus in all().iter().filter(|c| !c.lines.is_empty()) {
        let events = read(corpus);
        let records: usize = events.iter().map(|e| e.records.len()).sum();
        assert_eq!(records, corpus.lines.len(), "{}", corpus.format);
        if let Some((good, said)) = shared::ocsf_check(&events) {
            println!("{}: {} records, {said}", corpus.format, corpus.lines.len());
            assert!(good, "{}: {said}", corpus.format);
        }
    }
}

#[test]
fn every_file_of_them_is_recognised() {
    for corpus in all().iter().filter(|c| !c.lines.is_empty()) {
        let is = formats::recognise(corpus.lines.concat().as_bytes(), "x.json").name();
        assert_eq!(is, corpus.format);
    }
}

/// Every value of a record is somewhere in its OCSF object. Times become numbers, so that values of digits only are not looked for.
#[test]
fn every_value_is_kept() {
    for corpus in all() {
        let mut lost: BTreeMap<String, (usize, String)> = BTreeMap::new();
        let mut values = 0;
        for event in read(&corpus) {
            let object = event.to_json_line().to_lowercase();
            for raw in &event.raw {
                let record: Value = serde_json::from_slice(raw.trim_ascii().strip_suffix(b",").unwrap_or(raw.trim_ascii())).unwrap();
                leaves("", &record, &mut |path, value| {
                    values += 1;
                    let quoted = Value::from(value.to_lowercase()).to_string();
                    let (once, twice) = (quoted.trim_matches('"'), Value::from(quoted.trim_matches('"')).to_string());
                    let kept = object.contains(once)
                        || object.contains(twice.trim_matches('"'))
                        || event::entity::canonical_ip(value).is_some_and(|ip| object.contains(&ip));
                    if !kept {
                        lost.entry(path.to_owned()).or_insert((0, value.to_owned())).0 += 1;
                    }
                });
            }
        }
        let is_time = |v: &str| formats::time::of(v, event::Time(0)).is_known();
        // Of the earlier stages of a request only the name of the stage is their own.
        lost.retain(|path, (_, value)| path != corpus.time && path != "stage" && value.parse::<f64>().is_err() && !is_time(value));
        println!("{}: {values} values", corpus.format);
        assert!(lost.is_empty(), "{}: {lost:#?}", corpus.format);
    }
}

fn leaves(path: &str, value: &Value, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(&if path.is_empty() { k.clone() } else { format!("{path}.{k}") }, v, each)),
        Value::Array(list) => list.iter().for_each(|v| leaves(path, v, each)),
        Value::Null => {}
        Value::String(s) => match serde_json::from_str::<Value>(s) {
            Ok(inner @ Value::Object(_)) => leaves(path, &inner, each),
            _ => each(path, s),
        },
        other => each(path, &other.to_string()),
    }
}

/// Row 16: every value of a record, one at a time, replaced by one of each other type. What comes of it is a valid event that keeps
/// the new value, or a record that is rejected.
#[test]
fn row_16_every_field_may_change_its_type() {
    for corpus in all().iter().filter(|c| !c.lines.is_empty()) {
        let format = formats::by_name(corpus.format).unwrap();
        let mut events = Vec::new();
        let mut rejected = 0;
        for line in corpus.lines.iter().step_by(corpus.lines.len().div_ceil(6)) {
            let record: Value = serde_json::from_str(line).unwrap();
            let mut places = Vec::new();
            pointers("", &record, &mut places);
            for place in places.iter().take(80) {
                for other in ["7", "\"odd \\u001b[0m\"", "[1,{\"a\":[]}]", "{\"a\":{\"b\":null}}", "true", "null", "-1e400"] {
                    let mut changed = record.clone();
                    // A number beyond what a value can hold is put in as text.
                    *changed.pointer_mut(place).unwrap() = serde_json::from_str(other).unwrap_or_else(|_| "#number#".into());
                    let text = changed.to_string().replace("\"#number#\"", other);
                    let reading = formats::read_as(format, text.as_bytes(), &shared::context(corpus.format));
                    assert_eq!(reading.events.len() + reading.rejected.len(), 1, "{text}");
                    rejected += reading.rejected.len();
                    events.extend(reading.events);
                }
            }
        }
        println!("{}: {} events, {rejected} rejected", corpus.format, events.len());
        if let Some((good, said)) = shared::ocsf_check(&events) {
            assert!(good, "{}: {said}", corpus.format);
        }
    }
}

fn pointers(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| {
            let place = format!("{at}/{}", k.replace('~', "~0").replace('/', "~1"));
            found.push(place.clone());
            pointers(&place, v, found);
        }),
        Value::Array(list) => list.iter().take(2).enumerate().for_each(|(n, v)| pointers(&format!("{at}/{n}"), v, found)),
        _ => {}
    }
}

/// No file of another kind is taken for one of these. Collections of tests by others hold records inside records of their own, and are left out.
#[test]
fn no_other_file_is_taken_for_one_of_them() {
    let Some(data) = shared::folder("data") else { return };
    let ours: Vec<&str> = all().iter().map(|c| c.format).chain(["cloudtrail_digest", "cloudwatch_logs"]).collect();
    let mut taken: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for part in ["application", "cloud", "network", "runtime", "scenarios", "system"] {
        for file in shared::files(&data.join(part)) {
            let mut head = Vec::new();
            let read = fs::File::open(&file).map(|f| std::io::Read::read_to_end(&mut std::io::Read::take(f, 64 << 10), &mut head));
            if !matches!(read, Ok(Ok(_))) {
                continue;
            }
            let is = formats::recognise(&head, file.file_name().unwrap().to_str().unwrap()).name();
            if ours.contains(&is) {
                let parts: Vec<&str> = file.strip_prefix(&data).unwrap().to_str().unwrap().split('/').take(3).collect();
                *taken.entry((parts.join("/"), is)).or_default() += 1;
            }
        }
    }
    let theirs =
        ["application/crowdsec-hub/k8s-audit", "cloud/falco-k8s-audit/", "cloud/gcp-csa-fixtures/", "cloud/plaso/", "cloud/streamalert/", "scenarios/"];
    taken.retain(|(path, _), _| !theirs.iter().any(|t| path.starts_with(t)));
    assert!(taken.is_empty(), "{taken:#?}");
}
