//! What was taken before: identities of records, starts of streams, and how far each source is numbered.
//!
//! A record with an id of its own is known by its identity. A stream is known by its start: the SHA-256 of its first
//! bytes at the end of each batch that was taken. So a file that is read again, has grown, was renamed, copied or
//! compressed, is known as far as it was taken, while equal lines at two places stay two records.

use std::collections::{HashMap, HashSet};

use journal::{Prefix, StoredBatch};

/// What was taken before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    pub(crate) identities: HashSet<u128>,
    pub(crate) sources: HashMap<String, u64>,
    /// By the hash of the stream up to the end of its first record.
    pub(crate) streams: HashMap<[u8; 32], Vec<Stream>>,
    /// Streams of which a batch is damaged or lost: they are not known beyond it, so that reading the file again heals.
    pub(crate) broken: HashSet<u64>,
    pub(crate) last_stream: u64,
    pub(crate) through: u64,
}

/// A stream that was taken, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) id: u64,
    pub(crate) source: String,
    /// Lengths up to which it was taken, ascending, with the SHA-256 of so many bytes.
    pub(crate) marks: Vec<(u64, [u8; 32])>,
}

impl Known {
    /// Number of the last batch of the journal that is in here. What is not in here is at most in later ones.
    pub fn through(&self) -> u64 {
        self.through
    }

    /// Whether a stream of a source that was taken begins with bytes of this SHA-256, up to the end of its first record.
    pub fn begins(&self, source: &str, first: &[u8; 32]) -> bool {
        self.streams.get(first).is_some_and(|streams| streams.iter().any(|s| s.source == source))
    }

    /// Notes that all batches up to this number were given to the journal from here, and confirmed.
    pub fn confirm(&mut self, number: u64) {
        self.through = self.through.max(number);
    }

    /// Takes in a batch that is in the journal. Taking it twice changes nothing.
    pub fn absorb(&mut self, batch: &StoredBatch) {
        let records = &batch.records;
        self.through = self.through.max(batch.number);
        self.identities.extend(batch.identities());
        let numbered = self.sources.get(&records.source.name).copied();
        let lost = numbered.is_some_and(|next| records.first_seq > next);
        if lost || !batch.damaged.is_empty() {
            self.broken.insert(records.stream);
        }
        self.learn(&records.source.name, records.stream, records.next_seq(), &batch.note.prefix);
    }

    /// Notes that a source and a stream were taken so far.
    pub(crate) fn learn(&mut self, source: &str, stream: u64, next_seq: u64, prefix: &Prefix) {
        match self.sources.get_mut(source) {
            Some(next) => *next = (*next).max(next_seq),
            None => drop(self.sources.insert(source.to_owned(), next_seq)),
        }
        self.last_stream = self.last_stream.max(stream);
        if self.broken.contains(&stream) {
            return;
        }
        let same_start = self.streams.entry(prefix.first).or_default();
        let at = same_start.iter().position(|s| s.id == stream).unwrap_or_else(|| {
            same_start.push(Stream { id: stream, source: source.to_owned(), marks: Vec::new() });
            same_start.len() - 1
        });
        if let Some(known) = same_start.get_mut(at)
            && known.marks.last().is_none_or(|(bytes, _)| *bytes < prefix.bytes)
        {
            known.marks.push((prefix.bytes, prefix.hash));
        }
    }

    /// Records with these identities were not taken after all.
    pub(crate) fn forget(&mut self, identities: &[u128]) {
        for id in identities {
            self.identities.remove(id);
        }
    }

    /// The number that the next piece of a source gets.
    pub(crate) fn next_seq(&self, source: &str) -> u64 {
        self.sources.get(source).copied().unwrap_or(0)
    }

    /// A number for a stream that was not seen before.
    pub(crate) fn new_stream(&mut self) -> u64 {
        self.last_stream += 1;
        self.last_stream
    }

    /// Lengths at which a stream that starts so is known, ascending.
    pub(crate) fn marks(&self, first: &[u8; 32]) -> Vec<(u64, [u8; 32])> {
        let mut marks = self.streams.get(first).into_iter().flatten().flat_map(|s| s.marks.iter().copied()).collect::<Vec<_>>();
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    /// The stream of a source that ends exactly at this mark, and so goes on there.
    pub(crate) fn ending_at(&self, first: &[u8; 32], source: &str, mark: &(u64, [u8; 32])) -> Option<u64> {
        let mut streams = self.streams.get(first)?.iter();
        streams.find(|s| s.source == source && s.marks.last() == Some(mark) && !self.broken.contains(&s.id)).map(|s| s.id)
    }
}
