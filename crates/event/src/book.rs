//! The books of a source: nothing that came in may be missing from them.

use serde::{Deserialize, Serialize};

use crate::{Facet, Time};

/// Gaps that a book names one by one; attackers can make a log tell of as many as they like.
pub const GAPS_MAX: usize = 1_000;

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
        other.gaps.iter().cloned().for_each(|g| self.add_gap(g));
    }

    /// The gaps in which something may be missing. What ends at the first record is none: a log that begins with the start of its
    /// daemon lacks nothing that was ever in it.
    pub fn missing(&self) -> impl Iterator<Item = &Gap> {
        let begin = self.first;
        self.gaps.iter().filter(move |g| g.from.is_some() || g.to.is_none_or(|to| begin.is_some_and(|b| b < to)))
    }

    /// Adds a gap. Beyond [`GAPS_MAX`] those of a kind are folded into the last one of it: its end moves, its count grows.
    pub fn add_gap(&mut self, gap: Gap) {
        let full = self.gaps.len() >= GAPS_MAX;
        match self.gaps.iter_mut().rev().find(|g| full && g.kind == gap.kind) {
            Some(last) => {
                last.to = last.to.max(gap.to).max(gap.from);
                last.count = last.count.zip(gap.count).map(|(a, b)| a.saturating_add(b));
            }
            None => self.gaps.push(gap),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_begins_with_its_daemons_start_lacks_nothing() {
        let start = |t: i64| Gap { source: "h/syslog".into(), kind: "stopped".into(), from: None, to: Some(Time(t)), count: None };
        let mut book = Book::new("h/syslog", "syslog", Facet::System);
        [10, 50].map(Time).into_iter().for_each(|t| book.saw(t));
        book.add_gap(start(10));
        assert_eq!(book.missing().count(), 0);
        book.add_gap(start(30));
        book.add_gap(Gap { from: Some(Time(50)), to: None, ..start(0) });
        assert_eq!(book.missing().map(|g| (g.from, g.to)).collect::<Vec<_>>(), [(None, Some(Time(30))), (Some(Time(50)), None)]);
        // Records that come later and are older make it a gap.
        book.saw(Time(5));
        assert_eq!(book.missing().count(), 3);
    }
}
