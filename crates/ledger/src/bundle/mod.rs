//! The evidence bundle: original records with everything that is needed to prove, offline, that the store had them.
//!
//! Owns: what a bundle holds, its bytes, and the verifier. `tools/verify.py` is a second verifier that shares no code;
//! `docs/decisions/010-evidence-bundle.md` has the layout and the reasons.
//!
//! Two layers hold it. The *seal* is the store's signature over every byte before it, and the bytes after it follow from
//! those before, so no byte can change. The *proofs* tie each record to the signed checkpoint, so that even the holder of
//! the key cannot put in what the log does not have.

mod container;
mod manifest;
mod range;
mod verdict;
mod verify;
mod write;

pub use manifest::Range;
pub use verdict::{Fault, KeyFrom, SourceProof, Step, Verdict};
pub use verify::verify;
pub use write::write;

use crate::leaf::{BatchKey, Salt, salt};
use crate::{BatchEntry, Books, Error, Hash, Leaf, Note, Result, leaf, merkle};

/// The most bytes that the members of a bundle may have together before compression.
pub const CONTENT_BYTES_MAX: u64 = 1 << 30;
/// The most faults that a verifier lists.
pub const FAULTS_MAX: usize = 100;

/// What the bundle says of its completeness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All pieces of these ranges, and nothing else. Ascending by source, one range a source.
    Range(Vec<Range>),
    /// Some pieces. What is not in it may still be in the store.
    Selection,
}

/// What goes into a bundle; see [`write`].
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What was asked, in the words of the one who asked.
    pub asked: String,
    /// Complete ranges, or a selection.
    pub extent: Extent,
    /// The batches with their pieces, in any order.
    pub parts: Vec<Part>,
    /// A books entry with its index in the log.
    pub books: Option<(u64, Books)>,
    /// The pieces as events, JSON lines, for people. Sealed, but proven by nothing.
    pub events: Option<Vec<u8>>,
    /// The signed checkpoint that the proofs lead to.
    pub checkpoint: Note,
}

/// Pieces of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the batch entry in the log.
    pub index: u64,
    /// The batch entry.
    pub entry: BatchEntry,
    /// The hashes of all leaves of the batch.
    pub leaves: Vec<Hash>,
    /// The pieces to hand over.
    pub items: Vec<Item>,
}

/// A piece: a record, or the bytes around records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Number in its source.
    pub seq: u64,
    /// Salt of its leaf.
    pub salt: Salt,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
}

impl Part {
    /// Takes from a whole batch (`pieces` in order, as the journal had them) those whose `seq` is wanted.
    /// Fails if the pieces are not the ones that the entry's root was made of.
    pub fn new(index: u64, entry: BatchEntry, key: &BatchKey, pieces: &[&[u8]], wanted: impl Fn(u64) -> bool) -> Result<Part> {
        let leaves = leaf::hashes(&entry.source, entry.first_seq, entry.received_us, key, pieces.iter().copied());
        if leaves.len() as u64 != entry.count || merkle::root(&leaves) != entry.root {
            return Err(Error::Bundle(format!("batch {}: the pieces do not give the root that the log has", entry.number)));
        }
        let item = |(seq, bytes): (u64, &&[u8])| Item { seq, salt: salt(key, seq), bytes: bytes.to_vec() };
        let items = (entry.first_seq..).zip(pieces).filter(|(seq, _)| wanted(*seq)).map(item).collect();
        Ok(Part { index, entry, leaves, items })
    }
}

/// The leaf of an item.
fn leaf_of<'a>(entry: &'a BatchEntry, seq: u64, salt: Salt, bytes: &'a [u8]) -> Leaf<'a> {
    Leaf { source: &entry.source, seq, received_us: entry.received_us, salt, bytes }
}
