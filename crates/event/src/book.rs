//! The books of a source: nothing that came in may be missing from them.

use serde::{Deserialize, Serialize};

use crate::{Facet, Time};

/// Counts of one source. Always `received = stored + quarantined + duplicate + refused`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// Source name.
    pub source: String,
    /// Format name.
    pub format: String,
    /// Facet.
    pub facet: Facet,
    /// Records read.
    pub received: u64,
    /// Records that are in `events`.
    pub stored: u64,
    /// Records that are in `quarantine`.
    pub quarantined: u64,
    /// Records that were there already.
    pub duplicate: u64,
    /// Records that were not acknowledged.
    pub refused: u64,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Time of the first event.
    pub first: Option<Time>,
    /// Time of the last event.
    pub last: Option<Time>,
    /// What is known to be missing.
    pub gaps: Vec<Gap>,
}

impl Book {
    /// Empty books.
    pub fn new(source: &str, format: &str, facet: Facet) -> Book {
        Book {
            source: source.into(),
            format: format.into(),
            facet,
            received: 0,
            stored: 0,
            quarantined: 0,
            duplicate: 0,
            refused: 0,
            bytes: 0,
            first: None,
            last: None,
            gaps: Vec::new(),
        }
    }

    /// Whether every record is accounted for.
    pub fn balanced(&self) -> bool {
        self.received == self.stored + self.quarantined + self.duplicate + self.refused
    }

    /// Widens the span of event times.
    pub fn saw(&mut self, t: Time) {
        self.first = Some(self.first.map_or(t, |f| f.min(t)));
        self.last = Some(self.last.map_or(t, |l| l.max(t)));
    }

    /// Adds another book of the same source.
    pub fn add(&mut self, other: &Book) {
        self.received += other.received;
        self.stored += other.stored;
        self.quarantined += other.quarantined;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
        self.bytes += other.bytes;
        other.first.into_iter().chain(other.last).for_each(|t| self.saw(t));
        self.gaps.extend(other.gaps.iter().cloned());
    }
}

/// A span of time or a count of records that a source is known to lack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Source name.
    pub source: String,
    /// What happened: `lost`, `stopped`, `disabled`, `truncated`, `silent`.
    pub kind: String,
    /// From, if known.
    pub from: Option<Time>,
    /// To, if known.
    pub to: Option<Time>,
    /// Records missing, if known.
    pub count: Option<u64>,
}
