//! What a verifier says: what was proven, or where it fails.

use std::fmt;

use serde::Serialize;

use super::Range;
use crate::Books;

/// What was proven of a bundle. Only made when nothing failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `range`: all pieces of the ranges are here; `selection`: says nothing of what is not here.
    pub kind: &'static str,
    /// What was asked, as the store wrote it.
    pub asked: String,
    /// The complete ranges.
    pub ranges: Vec<Range>,
    /// Pieces proven: records and the bytes around them.
    pub pieces: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Batches that they came in.
    pub batches: u64,
    /// By source, ascending.
    pub sources: Vec<SourceProof>,
    /// Name of the log.
    pub origin: String,
    /// Entries in the log at the checkpoint.
    pub log_size: u64,
    /// Root of the log at the checkpoint, base64.
    pub log_root: String,
    /// The signed books, if they are in the bundle.
    pub books: Option<Books>,
    /// Whether the pieces are there as events too. Sealed by the store, but a reading, not a proof.
    pub events: bool,
    /// The key that all was checked against, `name+hash+base64`.
    pub key: String,
    /// Where the key is from. A key from the bundle proves that the bundle is whole, not whose it is.
    pub key_from: KeyFrom,
}

/// Where the verifier's key is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFrom {
    /// The caller knew it.
    Given,
    /// The bundle itself.
    Bundle,
}

/// What was proven of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceProof {
    /// Source name.
    pub source: String,
    /// `seq` of the first piece here.
    pub first_seq: u64,
    /// `seq` of the last piece here.
    pub last_seq: u64,
    /// Pieces here.
    pub pieces: u64,
}

/// The step of verification that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The zip's layout: members, order, headers, coverage of every byte.
    Container,
    /// A member's content does not come out of the zip.
    Content,
    /// The key.
    Key,
    /// The signature over all bytes.
    Seal,
    /// The manifest's form.
    Manifest,
    /// A member against its digest in the manifest.
    Digest,
    /// The signed checkpoint.
    Checkpoint,
    /// Order, uniqueness and place of pieces and batches.
    Items,
    /// Pieces against the root of their batch.
    Batch,
    /// Entries against the checkpoint's root.
    Log,
    /// Completeness of a range.
    Range,
    /// The books entry.
    Books,
    /// Not a fault: this verifier cannot check such a bundle (newer version, over a limit).
    Unchecked,
}

impl Step {
    /// The stable name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Container => "container",
            Step::Content => "content",
            Step::Key => "key",
            Step::Seal => "seal",
            Step::Manifest => "manifest",
            Step::Digest => "digest",
            Step::Checkpoint => "checkpoint",
            Step::Items => "items",
            Step::Batch => "batch",
            Step::Log => "log",
            Step::Range => "range",
            Step::Books => "books",
            Step::Unchecked => "unchecked",
        }
    }
}

/// One thing that is wrong with a bundle, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The member of the zip, or `zip`.
    pub member: &'static str,
    /// Number of the batch.
    pub batch: Option<u64>,
    /// The piece.
    pub seq: Option<u64>,
    /// The step that failed.
    pub step: Step,
    /// What was expected and found.
    pub detail: String,
}

impl Fault {
    pub(super) fn new(step: Step, member: &'static str, detail: impl Into<String>) -> Fault {
        Fault { member, batch: None, seq: None, step, detail: detail.into() }
    }

    pub(super) fn unchecked(member: &'static str, detail: impl Into<String>) -> Fault {
        Fault::new(Step::Unchecked, member, detail)
    }

    pub(super) fn at(mut self, batch: u64, seq: Option<u64>) -> Fault {
        (self.batch, self.seq) = (Some(batch), seq);
        self
    }

    /// Whether it says that the bundle could not be checked, rather than that it is wrong (exit 3 rather than 1).
    pub fn is_unchecked(&self) -> bool {
        self.step == Step::Unchecked
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.member)?;
        if let Some(batch) = self.batch {
            write!(f, "batch {batch}: ")?;
        }
        if let Some(seq) = self.seq {
            write!(f, "piece {seq}: ")?;
        }
        write!(f, "{}: {}", self.step.name(), self.detail)
    }
}

impl fmt::Display for Verdict {
    /// For people, one fact a line. Names that a log's writer may have chosen are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "valid: {} pieces, {} bytes, unchanged since the log took them, in {} batches", self.pieces, self.bytes, self.batches)?;
        for SourceProof { source, first_seq, last_seq, pieces } in &self.sources {
            writeln!(f, "source {}: {pieces} pieces from {first_seq} to {last_seq}", source.escape_debug())?;
        }
        match self.kind {
            "range" => writeln!(f, "complete: every piece from the first to the last of each source is here")?,
            _ => writeln!(f, "a selection: it says nothing of pieces that are not here")?,
        }
        writeln!(f, "log {}: {} entries, root {}", self.origin, self.log_size, self.log_root)?;
        if let Some(books) = &self.books {
            writeln!(f, "books: counts of {} sources up to batch {}, in the log", books.sources.len(), books.batches)?;
        }
        if self.events {
            writeln!(f, "events.jsonl is the store's reading of the pieces: sealed, not proven")?;
        }
        match self.key_from {
            KeyFrom::Given => writeln!(f, "key {} (as given)", self.key),
            KeyFrom::Bundle => writeln!(f, "key {} (taken from the bundle itself: compare it with the one you know)", self.key),
        }
    }
}
