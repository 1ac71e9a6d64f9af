//! How fast a commit is, on real CloudTrail records copied to a size. Not run by default:
//! `cargo test -p lake speed -- --ignored --nocapture` (`MUSTER_SPEED_MB` sets the size, 128 by default).

use std::{io::Read, path::Path, time::Instant};

use arrow_array::RecordBatch;
use event::{Batch, Column, Facet, Filter, Sink, Time, batch::BATCH_ROWS, class};
use lake::{Lake, Want};
use serde_json::Value;

use crate::made;

fn records() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cloud/invictus-aws");
    let mut folders = vec![root];
    let mut records = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "json") {
                let mut text = String::new();
                std::fs::File::open(&path).unwrap().read_to_string(&mut text).unwrap();
                if let Some(Value::Array(list)) = serde_json::from_str::<Value>(&text).unwrap().get_mut("Records").map(Value::take) {
                    records.extend(list);
                }
            }
        }
    }
    records
}

/// New ids for a copy, so that copies do not compress to nothing: event, request and key ids in record and columns.
fn renew(raw: &mut [u8], record: &mut Value, seq: u64) {
    for (path, from) in [("/eventID", 0), ("/requestID", 0), ("/userIdentity/accessKeyId", 4)] {
        let Some(Value::String(old)) = record.pointer_mut(path) else { continue };
        let (mut state, mut new) = (seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ path.len() as u64, old.clone().into_bytes());
        for byte in new.iter_mut().skip(from).filter(|b| b.is_ascii_alphanumeric()) {
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(23);
            *byte = b"0123456789abcdef"[(state >> 60) as usize];
        }
        if let Some(at) = raw.windows(old.len().max(1)).position(|w| w == old.as_bytes()) {
            raw[at..at + new.len()].copy_from_slice(&new);
        }
        *old = String::from_utf8(new).unwrap();
    }
}

fn add(batch: &mut Batch, record: &Value, raw: &[u8], seq: u64, copy: u64) {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let time = Time::parse(text("/eventTime")).unwrap().plus(copy as i64 * 3 * event::time::DAY);
    batch.begin(class::API_ACTIVITY, 1, time);
    for (column, path) in [
        (Column::Operation, "/eventName"),
        (Column::Service, "/eventSource"),
        (Column::User, "/userIdentity/arn"),
        (Column::Credential, "/userIdentity/accessKeyId"),
        (Column::SrcIp, "/sourceIPAddress"),
        (Column::Account, "/recipientAccountId"),
        (Column::Region, "/awsRegion"),
        (Column::UserAgent, "/userAgent"),
        (Column::Error, "/errorCode"),
        (Column::Uid, "/eventID"),
        (Column::Resource, "/resources/0/ARN"),
    ] {
        batch.key(column, text(path));
    }
    batch.key(Column::Outcome, if text("/errorCode").is_empty() { "success" } else { "failure" });
    batch.key(Column::Message, &format!("{} by {}", text("/eventName"), text("/userIdentity/arn")));
    batch.record(seq, raw);
    batch.end();
}

#[test]
#[ignore = "measures, does not test"]
fn speed_of_a_commit() {
    let records: Vec<(Value, Vec<u8>)> = records().into_iter().map(|r| (r.clone(), (r.to_string() + ",\n").into_bytes())).collect();
    if records.is_empty() {
        println!("skipped: no ../shared/data/cloud/invictus-aws");
        return;
    }
    let size = std::env::var("MUSTER_SPEED_MB").ok().and_then(|n| n.parse().ok()).unwrap_or(128) * 1_000_000;
    let mut batch = Batch::new(made::origin("cloudtrail/1/eu", Facet::Cloud));
    let (mut batches, mut bytes, mut rows): (Vec<RecordBatch>, usize, u64) = (Vec::new(), 0, 0);
    let begun = Instant::now();
    while bytes < size {
        let (mut record, mut raw) = records[rows as usize % records.len()].clone();
        renew(&mut raw, &mut record, rows);
        add(&mut batch, &record, &raw, rows, rows / records.len() as u64);
        (bytes, rows) = (bytes + raw.len(), rows + 1);
        if batch.rows() == BATCH_ROWS {
            batches.push(batch.take().unwrap());
        }
    }
    batches.push(batch.take().unwrap());
    let mb = bytes as f64 / 1e6;
    let rate = |what: &str, begun: Instant| {
        let s = begun.elapsed().as_secs_f64();
        println!("{what}: {s:.2} s, {:.0} rows/s, {:.1} MB/s of originals", rows as f64 / s, mb / s);
    };
    rate(&format!("{rows} rows = copies of {} records, {mb:.0} MB; made and put into columns", records.len()), begun);
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    let begun = Instant::now();
    lake.commit(1, "", batches, vec![], vec![], vec![]).unwrap();
    rate("commit", begun);
    let (mut stored, mut files, mut folders) = (0, 0, vec![dir.path().join("events")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() { folders.push(entry.path()) } else { (stored, files) = (stored + entry.metadata().unwrap().len(), files + 1) }
        }
    }
    println!("stored: {:.1} MB in {files} files", stored as f64 / 1e6);
    let begun = Instant::now();
    let all = lake.count(&Filter::is(Column::Operation, "AssumeRole")).unwrap();
    rate(&format!("count of one operation ({all})"), begun);
    let entity = |t: &str| made::entity(t);
    let begun = Instant::now();
    let touching = lake.count(&Filter::touching(&[entity("ip:203.0.113.7"), entity("credential:AKIAX")])).unwrap();
    rate(&format!("count touching two entities ({touching})"), begun);
    let begun = Instant::now();
    let some = lake.events(&Filter::is(Column::Operation, "AssumeRole"), Some(1_000), Want::ALL).unwrap();
    rate(&format!("{} events with originals", some.len()), begun);
    let begun = Instant::now();
    let part = lake.originals("cloudtrail/1/eu", 5_000, 5_100).unwrap();
    rate(&format!("{} originals of a range", part.len()), begun);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("no VmHWM"));
}
