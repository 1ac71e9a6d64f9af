//! Records: the unit of everything that is counted and proven, on their way from a source to the lake.

use crate::{Facet, Time};

/// What is known of a log before its first record is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct SourceInfo {
    /// The log's name, stable over rotation: `web-1/auth.log`, `cloudtrail/123456789012/eu-west-1`.
    pub name: String,
    /// Name of the format that reads it, as in `muster formats list`.
    pub format: String,
    /// The facet of its events.
    pub facet: Facet,
    /// The host that wrote it, where the log itself does not say (folder name, `--host`).
    pub host: Option<String>,
}

/// What a piece of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PieceKind {
    /// A record: counted in the books, and one leaf.
    Record,
    /// Bytes around records (an array's envelope, blank lines): a leaf, but not counted.
    Around,
    /// A record that framing already had to give up on; goes to quarantine with its bytes.
    Rejected(Reason),
}

/// Why a record is in quarantine. The code is stable; it is what `quarantine.reason` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Longer than the largest record that is held in memory.
    Oversize,
    /// Nested deeper than the limit.
    Depth,
    /// Not in a text encoding that muster reads.
    Encoding,
    /// The compressed stream ends or breaks here, or a document ends in its middle.
    Truncated,
    /// Bytes after the end of a document or of the last compressed member.
    Trailing,
    /// Not of the shape that the format has.
    Syntax,
    /// Has no time that events need.
    NoTime,
    /// The journal's checksum does not fit the bytes.
    Damaged,
    /// Decompresses to more than the limit allows.
    Bomb,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 9] =
        [Reason::Oversize, Reason::Depth, Reason::Encoding, Reason::Truncated, Reason::Trailing, Reason::Syntax, Reason::NoTime, Reason::Damaged, Reason::Bomb];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::Oversize => "oversize",
            Reason::Depth => "depth",
            Reason::Encoding => "encoding",
            Reason::Truncated => "truncated",
            Reason::Trailing => "trailing",
            Reason::Syntax => "syntax",
            Reason::NoTime => "no_time",
            Reason::Damaged => "damaged",
            Reason::Bomb => "bomb",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|r| r.code() == code)
    }
}

/// One piece with its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Number in the source, counted from 0 over all pieces, records and others.
    pub seq: u64,
    /// What it is.
    pub kind: PieceKind,
    /// The exact bytes, separators after it included: the pieces of a stream put end to end are the stream.
    pub bytes: &'a [u8],
}

/// A run of pieces of one stream of one source: what the journal takes at once, and what one batch root covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// The source.
    pub source: SourceInfo,
    /// The physical stream (one content of a file) that they were read from; chosen by intake.
    pub stream: u64,
    /// `seq` of the first piece.
    pub first_seq: u64,
    /// Offset of the first piece in the (decompressed) stream.
    pub offset: u64,
    /// When they were received.
    pub received: Time,
    /// All bytes, end to end.
    pub bytes: Vec<u8>,
    /// Where each piece ends in `bytes`, ascending, and what it is.
    pub ends: Vec<(u32, PieceKind)>,
}

impl Records {
    /// The pieces in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut start = 0usize;
        self.ends.iter().zip(self.first_seq..).map(move |(&(end, kind), seq)| {
            let bytes = self.bytes.get(start..end as usize).unwrap_or_default();
            start = end as usize;
            Piece { seq, kind, bytes }
        })
    }

    /// How many pieces are records (whole or rejected).
    pub fn records(&self) -> u64 {
        self.ends.iter().filter(|(_, k)| *k != PieceKind::Around).count() as u64
    }

    /// `seq` after the last piece.
    pub fn next_seq(&self) -> u64 {
        self.first_seq + self.ends.len() as u64
    }
}
