//! Zeek's two ways of writing a log say the same; every log of the corpus is recognised, read, and valid OCSF.

use std::{fs, io::Read as _, path::Path};

use event::Event;
use serde_json::Value;

use crate::{oracle, shared};

/// Lines of a file that are read; one has 200,000.
const LINES_MAX: usize = 2_000;
/// Events of a file that are held against the schema.
const CHECKED_MAX: usize = 60;

/// The bytes of a file, decompressed by `gzip` where it is compressed.
fn content(path: &Path) -> Vec<u8> {
    if path.extension().is_none_or(|e| e != "gz") {
        return fs::read(path).unwrap();
    }
    let mut child = std::process::Command::new("gzip").arg("-dc").arg(path).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut bytes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert!(child.wait().unwrap().success());
    bytes
}

fn events(path: &Path) -> (String, Vec<Event>, usize) {
    let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".gz").to_owned();
    let mut bytes = content(path);
    let end = memchr::memchr_iter(b'\n', &bytes).nth(LINES_MAX).unwrap_or(bytes.len());
    bytes.truncate(end);
    let reading = formats::read(&bytes, &name, &shared::context(&name));
    (reading.format.to_owned(), reading.events, reading.rejected.len())
}

#[test]
fn tab_separated_and_json_say_the_same() {
    let Some(data) = oracle::data() else { return };
    let folder = data.join("network/zed-sample-data");
    let (mut pairs, mut facts, mut faults) = (0, 0, Vec::new());
    for tsv in shared::files(&folder.join("zeek-default")) {
        let name = tsv.file_name().unwrap().to_str().unwrap().replace(".log.gz", "");
        let json = folder.join("zeek-json").join(format!("{name}.json.gz"));
        let ((_, tsv, tsv_rejected), (_, json, json_rejected)) = (events(&tsv), events(&json));
        assert_eq!((tsv_rejected, json_rejected), (0, 0), "{name}");
        // The head of the one counts as lines, too.
        assert!(!tsv.is_empty() && tsv.len().abs_diff(json.len()) <= 8, "{name}");
        for (t, j) in tsv.iter().zip(&json) {
            pairs += 1;
            let (mut t, mut j) = (Value::Object(t.object.clone()), Value::Object(j.object.clone()));
            for side in [&mut t, &mut j] {
                side["metadata"].as_object_mut().unwrap().remove("original_time");
            }
            facts += compare(&name, "", &t, &j, &mut faults);
        }
    }
    println!("Zeek TSV = JSON: {pairs} pairs of lines, {facts} facts, {} different", faults.len());
    faults.truncate(40);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(pairs > 5_000 && facts > 100_000, "{pairs} {facts}");
}

/// Counts equal leaves; numbers may differ in how many digits were written.
fn compare(name: &str, path: &str, a: &Value, b: &Value, faults: &mut Vec<String>) -> u64 {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            let none = Value::Null;
            keys.into_iter().map(|k| compare(name, &format!("{path}.{k}"), x.get(k).unwrap_or(&none), y.get(k).unwrap_or(&none), faults)).sum()
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => x.iter().zip(y).map(|(x, y)| compare(name, path, x, y, faults)).sum(),
        (Value::Number(x), Value::Number(y)) if (x.as_f64().unwrap() - y.as_f64().unwrap()).abs() <= 1e-6 * x.as_f64().unwrap().abs().max(1.0) => 1,
        _ if a == b => 1,
        // The digits that one of them leaves out can round a millisecond.
        (Value::Number(x), Value::Number(y)) if path == ".duration" && x.as_i64().unwrap().abs_diff(y.as_i64().unwrap()) == 1 => 1,
        (Value::String(x), Value::String(y)) if y.parse().is_ok_and(|y| close(x, y)) => 1,
        // Zeek writes a set of one empty text, and an empty set, alike: `(empty)`.
        (Value::Array(x), Value::Array(y)) if x.is_empty() && y.len() == 1 && y[0] == "" => 1,
        (Value::String(tsv), Value::String(json)) if instant(tsv, json) => 1,
        (Value::String(text), Value::Number(number)) | (Value::Number(number), Value::String(text)) if close(text, number.as_f64().unwrap()) => 1,
        _ => {
            faults.push(format!("{name}{path}: TSV {a}, JSON {b}"));
            0
        }
    }
}

/// A time as a count and as RFC 3339.
fn instant(tsv: &str, json: &str) -> bool {
    let json = event::Time::parse(json).map(|t| t.0);
    json.is_some() && tsv.parse::<f64>().ok().map(|s| (s * 1e6).round() as i64) == json
}

/// A number with more digits than the other way of writing keeps.
fn close(text: &str, number: f64) -> bool {
    text.parse::<f64>().is_ok_and(|t| (t - number).abs() <= 1e-6 * number.abs().max(1.0))
}

#[test]
fn every_zeek_log_of_the_corpus() {
    let Some(data) = oracle::data() else { return };
    let (mut files, mut lines, mut not, mut rejected) = (0, 0, Vec::new(), 0);
    let mut all = Vec::new();
    for folder in ["network/otrf-zeek", "network/zed-sample-data", "network/zeek-btest-baseline"] {
        for path in shared::files(&data.join(folder)) {
            let bytes = content(&path);
            let head = bytes.get(..4096).unwrap_or(&bytes);
            let head = String::from_utf8_lossy(head);
            let is_log = head.contains("#fields\t") && head.contains("#separator") && head.contains("\n#types")
                || head.starts_with("{\"_path\"")
                || head.starts_with("{\"@stream\"");
            if !is_log {
                continue;
            }
            files += 1;
            let (format, events, bad) = events(&path);
            if format != "zeek" {
                not.push(path.display().to_string());
            }
            (lines, rejected) = (lines + events.len(), rejected + bad);
            all.extend(events.into_iter().take(CHECKED_MAX));
        }
    }
    println!("{files} files, {lines} lines, {rejected} rejected; of the first {CHECKED_MAX} of each: {}", oracle::ocsf_check(&all));
    assert!(not.is_empty(), "not recognised: {}", not.join("\n"));
    assert_eq!(rejected, 0);
    assert!(files > 500 && lines > 20_000, "{files} {lines}");
}
