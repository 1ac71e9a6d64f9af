//! Completeness: that no piece is there twice, and that a range has every piece from its first to its last.

use std::collections::BTreeMap;

use super::container::MANIFEST;
use super::manifest::{Batch, Range};
use super::{Fault, SourceProof, Step};

/// What is there of each source. A piece that is there twice is a fault.
pub(super) fn by_source(batches: &[Batch]) -> (Vec<SourceProof>, Vec<Fault>) {
    let mut seqs: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for batch in batches {
        seqs.entry(&batch.source).or_default().extend(batch.items.iter().map(|item| item.seq));
    }
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for (source, mut seqs) in seqs {
        seqs.sort_unstable();
        if let Some([twice, _]) = seqs.array_windows().find(|[a, b]| a == b) {
            faults.push(Fault { seq: Some(*twice), ..Fault::new(Step::Items, MANIFEST, format!("twice in source {source:?}")) });
        }
        if let (Some(&first_seq), Some(&last_seq)) = (seqs.first(), seqs.last()) {
            sources.push(SourceProof { source: source.to_owned(), first_seq, last_seq, pieces: seqs.len() as u64 });
        }
    }
    (sources, faults)
}

/// Whether the pieces (none twice) are exactly those of the ranges.
pub(super) fn complete(ranges: &[Range], sources: &[SourceProof]) -> Result<(), String> {
    if ranges.is_empty() {
        return Err("a range bundle without ranges".into());
    }
    if ranges.len() != sources.len() {
        return Err(format!("{} ranges, but pieces of {} sources", ranges.len(), sources.len()));
    }
    for (range, found) in ranges.iter().zip(sources) {
        let name = &range.source;
        if *name != found.source {
            return Err(format!("the range of source {name:?} is out of order, or has no pieces"));
        }
        if (range.first_seq, range.last_seq) != (found.first_seq, found.last_seq) {
            let Range { first_seq, last_seq, .. } = range;
            return Err(format!("source {name:?}: {first_seq} to {last_seq} is promised, {} to {} is there", found.first_seq, found.last_seq));
        }
        if found.last_seq - found.first_seq != found.pieces - 1 {
            return Err(format!("source {name:?}: pieces are missing between {} and {}", found.first_seq, found.last_seq));
        }
    }
    Ok(())
}
