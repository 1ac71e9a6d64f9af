//! Framing: a stream of bytes to pieces. All bytes come out again, in order, whatever they are; memory is bounded.

use event::PieceKind;

/// How the records of a format are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A record is a line, ended by LF, CRLF, or the end of input. Blank lines are pieces around records.
    Lines,
    /// A record is a JSON object: an element of `{"Records":[…]}`, of a top-level array, or one of several documents end to end.
    /// Envelope and blank lines are pieces around records. The text names the member whose value identifies a record
    /// (`eventID`), if the format has one.
    JsonRecords {
        /// The identifying member, at depth 1 of the record.
        id: Option<&'static str>,
    },
    /// Like `Lines`, and each line carries its own identity (Linux audit: node, time, serial and the record itself).
    AuditLines,
}

/// The limits of framing. Attackers write logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest record, in bytes; a longer one comes out in pieces of at most this size, as `Rejected(Oversize)`.
    pub record_bytes_max: usize,
    /// The deepest nesting of JSON.
    pub depth_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { record_bytes_max: 16 << 20, depth_max: 128 }
    }
}

/// What makes a record the same one when it is read again: a hash of the format, the source's own id and the record's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub u128);

/// Takes each whole piece: its bytes, what it is, and its identity if the log gives one.
pub type OnPiece<'a> = dyn FnMut(&[u8], PieceKind, Option<Identity>) + 'a;
