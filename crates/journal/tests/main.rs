//! Tests of the journal; modules named after rows of the bad inputs they are about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod faults;
mod group_commit;
mod kill;
mod recover;
mod round_trip;
mod row_44_disk_full;
mod row_49_two_programs;
mod trace;

use event::{Facet, PieceKind, Records, SourceInfo, Time};
use journal::{BatchNote, Journal, Prefix, StoredBatch};

/// A batch of `pieces` records of a source, with bytes that name it.
fn records(source: &str, first_seq: u64, pieces: u32) -> Records {
    let mut bytes = Vec::new();
    let ends = (0..pieces).map(|i| {
        bytes.extend_from_slice(format!("{source} record {} {}\n", first_seq + u64::from(i), "x".repeat(i as usize % 50)).as_bytes());
        (bytes.len() as u32, PieceKind::Record)
    });
    let ends = ends.collect();
    let source = SourceInfo { name: source.into(), format: "text".into(), facet: Facet::System, host: Some("web-1".into()) };
    Records { source, stream: 1, first_seq, offset: 7, received: Time(1_700_000_000_000_000), bytes, ends }
}

fn note(records: &Records) -> BatchNote {
    let identities = (0..records.ends.len() as u128).map(|i| i * 3).collect();
    let prefix = Prefix { first: [1; 32], bytes: records.bytes.len() as u64, hash: [2; 32] };
    BatchNote { identities, skips: Vec::new(), prefix, key: [3; 32] }
}

/// Appends so many batches of ten records, and gives them.
fn fill(journal: &Journal, batches: u64) -> Vec<Records> {
    let all = (0..batches).map(|n| records("web-1/a.log", n * 10, 10)).collect::<Vec<_>>();
    for batch in &all {
        journal.append(batch, &note(batch)).unwrap();
    }
    all
}

fn stored(journal: &Journal) -> Vec<StoredBatch> {
    journal.read_from(0).collect::<Result<_, _>>().unwrap()
}

/// The only segment of a journal.
fn segment(dir: &std::path::Path, number: u64) -> std::path::PathBuf {
    dir.join(format!("{number:010}.seg"))
}
