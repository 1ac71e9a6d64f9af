use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{Layout, scale};

const COPIES: u32 = 3;

fn shared(path: &str) -> Option<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path);
    if !full.exists() {
        println!("skipped: shared/{path} is not there");
        return None;
    }
    Some(full)
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// How often each value of a field occurs, wherever in the record it stands.
fn count(records: &[Value], field: &str) -> BTreeMap<String, usize> {
    fn walk(v: &Value, field: &str, found: &mut BTreeMap<String, usize>) {
        match v {
            Value::Object(o) => o.iter().for_each(|(k, v)| match v {
                Value::String(s) if k == field => *found.entry(s.clone()).or_default() += 1,
                _ => walk(v, field, found),
            }),
            Value::Array(a) => a.iter().for_each(|v| walk(v, field, found)),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    records.iter().for_each(|r| walk(r, field, &mut found));
    found
}

fn addresses(records: &[Value]) -> BTreeSet<String> {
    count(records, "sourceIPAddress").into_keys().filter(|a| a.parse::<std::net::IpAddr>().is_ok()).collect()
}

fn times(records: &[Value]) -> Vec<i64> {
    records.iter().map(|r| r["eventTime"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()).collect()
}

/// All that is checked of a scaled corpus by reading it anew, without the code that made it.
fn check(scaled: &[Value], real: &[Value]) {
    let k = COPIES as usize;
    assert_eq!(scaled.len(), k * real.len());
    for field in ["eventName", "eventSource", "errorCode", "userAgent", "awsRegion", "type"] {
        let expected: BTreeMap<String, usize> = count(real, field).into_iter().map(|(v, n)| (v, n * k)).collect();
        assert_eq!(count(scaled, field), expected, "{field}: the ratios stay");
    }
    for field in
        ["eventID", "accessKeyId", "accountId", "recipientAccountId", "userName", "bucketName", "principalId", "requestID", "x-amz-id-2", "sessionToken"]
    {
        let (of_scaled, of_real) = (count(scaled, field), count(real, field));
        let renamed = |m: &BTreeMap<String, usize>| m.keys().filter(|v| !v.is_empty() && !v.contains("AWSServiceRole") && !v.contains('.')).count();
        assert_eq!(renamed(&of_scaled), k * renamed(&of_real), "{field}: new values in each copy");
    }
    assert_eq!(addresses(scaled).len(), k * addresses(real).len());
}

#[test]
fn copies_hold_the_real_corpus_k_times() {
    let Some(corpus) = shared("data/cloud/invictus-aws/CloudTrail") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (one, more) = (folder.path().join("1.jsonl"), folder.path().join("k.jsonl"));
    scale(std::slice::from_ref(&corpus), 1, Layout::Lines, &one).unwrap();
    let told = scale(&[corpus], COPIES, Layout::Lines, &more).unwrap();
    let (real, scaled) = (lines(&one), lines(&more));
    check(&scaled, &real);
    assert_eq!((told.records(), told.real, told.bytes), (scaled.len() as u64, real.len() as u64, fs::metadata(&more).unwrap().len()));

    // Gaps and bursts stay: every copy is the first one, moved on by the same whole number of seconds.
    let (first, all) = (times(&real), times(&scaled));
    let step = first.iter().max().unwrap() - first.iter().min().unwrap() + 1;
    for (copy, moved) in all.chunks(first.len()).enumerate() {
        assert!(moved.iter().zip(&first).all(|(m, f)| m - f == step * copy as i64), "copy {copy}");
    }
    // An address stays in its class, and a name inside an ARN is the name beside it.
    assert_eq!(addresses(&scaled).iter().filter(|a| a.starts_with("10.")).count(), 3 * addresses(&real).iter().filter(|a| a.starts_with("10.")).count());
    for r in &scaled {
        let who = &r["userIdentity"];
        if let (Some(name), Some(arn)) = (who["userName"].as_str(), who["arn"].as_str()) {
            assert!(arn.ends_with(&format!("/{name}")), "{arn} {name}");
        }
    }
}

#[test]
fn an_independent_scaler_gives_the_same_counts() {
    let (Some(corpus), Some(amplify)) = (shared("data/cloud/invictus-aws/CloudTrail"), shared("tools/amplify.py")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    scale(std::slice::from_ref(&corpus), COPIES, Layout::Lines, &ours).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(corpus).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let done = Command::new("python3").arg(amplify).args(["cloudtrail", &COPIES.to_string()]).arg(&theirs).args(&files).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (ours, theirs) = (lines(&ours), lines(&theirs));
    assert_eq!(ours.len(), theirs.len());
    for field in ["eventName", "eventSource", "errorCode", "awsRegion"] {
        assert_eq!(count(&ours, field), count(&theirs, field), "{field}");
    }
    for field in ["eventID", "accessKeyId", "accountId"] {
        assert_eq!(count(&ours, field).len(), count(&theirs, field).len(), "{field}");
    }
    assert_eq!(addresses(&ours).len(), addresses(&theirs).len());
}

#[test]
fn delivery_files_hold_the_same_records() {
    let Some(corpus) = shared("data/cloud/invictus-aws/CloudTrail") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (flat, tree) = (folder.path().join("flat"), folder.path().join("tree"));
    let flat_told = scale(std::slice::from_ref(&corpus), 2, Layout::Lines, &flat).unwrap();
    let tree_told = scale(&[corpus], 2, Layout::Files, &tree).unwrap();
    assert_eq!(flat_told.records(), tree_told.records());
    // Read back as a corpus of their own, in order of their names, they are the same records.
    let again = folder.path().join("again");
    scale(&[tree], 1, Layout::Lines, &again).unwrap();
    let sorted = |p: &Path| fs::read_to_string(p).unwrap().lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&flat), sorted(&again));
}
