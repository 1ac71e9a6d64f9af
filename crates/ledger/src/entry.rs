//! Entries of the log: canonical texts, one `key value` a line. A batch entry names a batch and its root; a books entry signs the counts;
//! a case entry holds a record of a case by its hash.
//!
//! The text is the leaf data. Reading accepts what writing gives and nothing else. A source name on a line has ASCII
//! control characters and the backslash as `\xNN`, so that a hostile file name cannot add lines.

use serde::Serialize;

use crate::merkle::{leaf_hash, sha256};
use crate::text::{Lines, encode, escape};
use crate::{Error, Hash, Result};

const BATCH: &str = "muster/batch/1";
const BOOKS: &str = "muster/books/1";
const CASE: &str = "muster/case/1";

/// Something that the log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A batch of pieces.
    Batch(BatchEntry),
    /// The books at a moment.
    Books(Books),
    /// A record of a case.
    Case(CaseEntry),
}

/// A record of a case, by its hash, chained to the one before it. What it says stays with the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseEntry {
    /// Name of the case.
    pub case: String,
    /// Number of the record in the case, from 1.
    pub seq: u64,
    /// When it was written, microseconds since 1970 UTC.
    pub at_us: u64,
    /// Hash of the record before it in the case; zeros for the first.
    pub previous: Hash,
    /// SHA-256 of the record's text.
    pub record: Hash,
}

/// A batch: consecutive pieces of one source, received together, and the root over their leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchEntry {
    /// Number of the batch in the store, from 1.
    pub number: u64,
    /// Source name.
    pub source: String,
    /// `seq` of the first piece.
    pub first_seq: u64,
    /// How many pieces.
    pub count: u64,
    /// When they were received, microseconds since 1970 UTC.
    pub received_us: u64,
    /// Root over the leaf hashes.
    pub root: Hash,
}

/// Counts of every source at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Books {
    /// When the counts were taken, microseconds since 1970 UTC.
    pub at_us: u64,
    /// Number of the last batch that is counted.
    pub batches: u64,
    /// Counts by source, ascending by source name, each source once.
    pub sources: Vec<Counts>,
}

/// Counts of records of one source. Balanced: `received = stored + quarantined + duplicate + refused`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Source name.
    pub source: String,
    /// Records read.
    pub received: u64,
    /// Records that are, or were until deleted, in `events`.
    pub stored: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Records that were there already.
    pub duplicate: u64,
    /// Records that were not acknowledged.
    pub refused: u64,
    /// Of the stored and quarantined ones, those deleted since.
    pub deleted: u64,
}

impl Counts {
    /// Whether every record is accounted for.
    pub fn balanced(&self) -> bool {
        let parts = [self.stored, self.quarantined, self.duplicate, self.refused];
        let kept = self.stored.saturating_add(self.quarantined);
        parts.into_iter().try_fold(0u64, u64::checked_add) == Some(self.received) && self.deleted <= kept
    }
}

impl Entry {
    /// The canonical text; the data of the log's leaf.
    pub fn text(&self) -> String {
        match self {
            Entry::Batch(batch) => batch.text(),
            Entry::Books(books) => books.text(),
            Entry::Case(case) => case.text(),
        }
    }

    /// The leaf hash in the log.
    pub fn hash(&self) -> Hash {
        leaf_hash(self.text().as_bytes())
    }

    /// Reads a canonical text.
    pub fn parse(text: &str) -> Result<Entry> {
        match text.split_once('\n') {
            Some((BATCH, _)) => BatchEntry::parse(text).map(Entry::Batch),
            Some((BOOKS, _)) => Books::parse(text).map(Entry::Books),
            Some((CASE, _)) => CaseEntry::parse(text).map(Entry::Case),
            _ => Err(Error::EntryKind),
        }
    }
}

impl BatchEntry {
    /// The canonical text.
    pub fn text(&self) -> String {
        let BatchEntry { number, source, first_seq, count, received_us, root } = self;
        let (source, root) = (escape(source), encode(root));
        format!("{BATCH}\nnumber {number}\nsource {source}\nfirst_seq {first_seq}\ncount {count}\nreceived {received_us}\nroot {root}\n")
    }

    /// The leaf hash in the log.
    pub fn hash(&self) -> Hash {
        leaf_hash(self.text().as_bytes())
    }

    /// Reads a canonical text.
    pub fn parse(text: &str) -> Result<BatchEntry> {
        let mut lines = Lines::new(text);
        head(&mut lines, BATCH)?;
        let entry = BatchEntry {
            number: lines.number("number")?,
            source: lines.name("source")?,
            first_seq: lines.number("first_seq")?,
            count: lines.number("count")?,
            received_us: lines.number("received")?,
            root: lines.hash("root")?,
        };
        lines.end()?;
        Ok(entry)
    }

    /// `seq` after the last piece; none if it would pass 2^64.
    pub fn next_seq(&self) -> Option<u64> {
        self.first_seq.checked_add(self.count)
    }
}

impl Books {
    /// Books with their sources in order.
    pub fn new(at_us: u64, batches: u64, mut sources: Vec<Counts>) -> Books {
        sources.sort_by(|a, b| a.source.cmp(&b.source));
        Books { at_us, batches, sources }
    }

    /// The canonical text.
    pub fn text(&self) -> String {
        let mut out = format!("{BOOKS}\nat {}\nbatches {}\nsources {}\n", self.at_us, self.batches, self.sources.len());
        for Counts { source, received, stored, quarantined, duplicate, refused, deleted } in &self.sources {
            let source = escape(source);
            out += &format!("source {source}\nreceived {received}\nstored {stored}\nquarantined {quarantined}\n");
            out += &format!("duplicate {duplicate}\nrefused {refused}\ndeleted {deleted}\n");
        }
        out
    }

    /// The leaf hash in the log.
    pub fn hash(&self) -> Hash {
        leaf_hash(self.text().as_bytes())
    }

    /// Reads a canonical text. Whether the counts are balanced is another question; see [`Counts::balanced`].
    pub fn parse(text: &str) -> Result<Books> {
        let mut lines = Lines::new(text);
        head(&mut lines, BOOKS)?;
        let (at_us, batches, count) = (lines.number("at")?, lines.number("batches")?, lines.number("sources")?);
        let mut sources: Vec<Counts> = Vec::new();
        for _ in 0..count {
            let source = lines.name("source")?;
            if sources.last().is_some_and(|last| last.source >= source) {
                return Err(lines.wrong("sources in ascending order, each once"));
            }
            sources.push(Counts {
                source,
                received: lines.number("received")?,
                stored: lines.number("stored")?,
                quarantined: lines.number("quarantined")?,
                duplicate: lines.number("duplicate")?,
                refused: lines.number("refused")?,
                deleted: lines.number("deleted")?,
            });
        }
        lines.end()?;
        Ok(Books { at_us, batches, sources })
    }
}

impl CaseEntry {
    /// The entry of a record: `previous` is the hash of the one before it.
    pub fn of(case: &str, seq: u64, at_us: u64, previous: Hash, record: &str) -> CaseEntry {
        CaseEntry { case: case.to_owned(), seq, at_us, previous, record: sha256(record.as_bytes()) }
    }

    /// The canonical text.
    pub fn text(&self) -> String {
        let CaseEntry { case, seq, at_us, previous, record } = self;
        let (case, previous, record) = (escape(case), encode(previous), encode(record));
        format!("{CASE}\ncase {case}\nseq {seq}\nat {at_us}\nprevious {previous}\nrecord {record}\n")
    }

    /// Reads a canonical text.
    pub fn parse(text: &str) -> Result<CaseEntry> {
        let mut lines = Lines::new(text);
        head(&mut lines, CASE)?;
        let entry = CaseEntry {
            case: lines.name("case")?,
            seq: lines.number("seq")?,
            at_us: lines.number("at")?,
            previous: lines.hash("previous")?,
            record: lines.hash("record")?,
        };
        lines.end()?;
        Ok(entry)
    }
}

fn head(lines: &mut Lines<'_>, kind: &'static str) -> Result<()> {
    if lines.next(kind)? == kind { Ok(()) } else { Err(lines.wrong(kind)) }
}
