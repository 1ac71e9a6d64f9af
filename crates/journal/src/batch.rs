//! What goes into the journal with a batch, and what comes out.

use event::Records;

/// What the caller knows of a batch beyond its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchNote {
    /// Empty, or one a piece: its identity, 0 where it has none.
    pub identities: Vec<u128>,
    /// Stretches of the stream that are not in the batch because they were there already; ascending.
    pub skips: Vec<Skip>,
    /// How far the stream was read when the batch ended.
    pub prefix: Prefix,
    /// 32 random bytes, from which the salts of the batch's leaves derive. Secret as long as the records are.
    pub key: [u8; 32],
}

/// A stretch of the stream that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Index of the piece that comes after it.
    pub before: u32,
    /// Its length.
    pub bytes: u64,
}

/// The start of a stream, by which it is known again in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// SHA-256 of the stream up to the end of its first record.
    pub first: [u8; 32],
    /// Bytes of the stream up to the end of the batch.
    pub bytes: u64,
    /// SHA-256 of those.
    pub hash: [u8; 32],
}

/// The acknowledgement of a batch: it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the batch, from 1, without holes.
    pub number: u64,
    /// Merkle root (RFC 6962) over the leaves of its pieces, as `ledger::leaf` makes them.
    pub root: [u8; 32],
}

/// A batch read back.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredBatch {
    /// Its number.
    pub number: u64,
    /// The records. A piece whose checksum does not fit is `Rejected(Damaged)`, with the bytes as they are now.
    pub records: Records,
    /// What was noted with them. Identities are empty if theirs were damaged.
    pub note: BatchNote,
    /// The root that was acknowledged.
    pub root: [u8; 32],
    /// `seq` of the pieces whose checksum does not fit.
    pub damaged: Vec<u64>,
    /// The list of identities did not fit its checksum.
    pub identities_lost: bool,
}

impl StoredBatch {
    /// Where each piece begins in the stream, in order.
    pub fn offsets(&self) -> impl Iterator<Item = u64> {
        let mut at = self.records.offset;
        let mut skips = self.note.skips.iter().peekable();
        self.records.pieces().enumerate().map(move |(i, piece)| {
            while let Some(skip) = skips.next_if(|s| s.before as usize <= i) {
                at += skip.bytes;
            }
            let here = at;
            at += piece.bytes.len() as u64;
            here
        })
    }

    /// The identity of each piece that has one, in order. Damaged pieces have none: their bytes are not what was identified.
    pub fn identities(&self) -> impl Iterator<Item = u128> {
        (self.records.first_seq..).zip(&self.note.identities).filter(|(seq, id)| **id != 0 && !self.damaged.contains(seq)).map(|(_, id)| *id)
    }
}
