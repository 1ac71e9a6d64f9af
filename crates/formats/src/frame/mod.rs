//! Framing: a stream of bytes to pieces. All bytes come out again, in order, whatever they are; memory is bounded.
//!
//! Owns: where a record begins and ends, and its identity. Never looks at what a record means.

mod blocks;
mod entries;
pub(crate) mod export;
mod fixed;
mod head;
mod identity;
mod json;
mod lines;
mod pending;
mod scan;
#[cfg(test)]
mod tests;
mod wide;

use event::{PieceKind, Reason};

pub use blocks::Block;
pub use fixed::{Fixed, Layout};
pub use head::Encoding;
pub use identity::Identity;

use entries::{Entries, Kind};
use head::{Head, Start};
use json::Json;
use lines::Lines;
use pending::Pending;
use wide::Wide;

/// How the records of a format are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A record is a line, ended by LF, CRLF, or the end of input. Blank lines are pieces around records.
    /// A lone CR ends a line only in a stream whose first 64 KiB have no LF, so that it cannot be used to forge lines.
    Lines,
    /// A record is a JSON object: an element of `{"Records":[…]}`, of a top-level array, or one of several documents end to end.
    /// Envelope and blank lines are pieces around records. The text names the member whose value identifies a record
    /// (`eventID`), if the format has one.
    JsonRecords {
        /// The identifying member, at depth 1 of the record.
        id: Option<&'static str>,
    },
    /// The same, where the format has envelopes of its own, or identities deeper in the record.
    Json(JsonShape),
    /// A record is a line with the lines after it that begin with white space (a statement in PostgreSQL's log, a stack trace).
    Indented,
    /// A record is a line of CSV; quoted fields may hold line ends, and a quote in a field is doubled.
    Csv,
    /// A record is a line of UTF-16, ended by its line feed; the byte order mark is a piece of its own. Without one, all is rejected.
    Utf16Lines,
    /// Like `Lines`, and each line carries its own identity (Linux audit: node, time, serial and the record itself).
    AuditLines,
    /// Like `Lines`, and some lines are no records but say how those after them are read: pieces around records, which parsers
    /// get by `Parser::heading`.
    HeadedLines(Heading),
    /// Records of one size, which the first of them tell; empty ones are pieces around records. Bytes that lie between are rejected.
    Fixed(Fixed),
    /// Entries of the journal's export format; each is identified by its cursor.
    JournalExport,
    /// A record begins with a line of a known shape and reaches to the next such line.
    Blocks(Block),
}

/// What tells the lines that are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// They begin with `#` (Zeek, W3C extended logs).
    Hash,
    /// They are names of fields, without any digit, of which one is among these (flow logs).
    Names(&'static [&'static str]),
}

/// The longest heading, in bytes; a longer line is a record, whatever it begins with.
const HEADING_BYTES_MAX: usize = 64 << 10;

impl Heading {
    /// Whether a line is no record.
    pub fn is(self, line: &[u8]) -> bool {
        line.len() <= HEADING_BYTES_MAX
            && match self {
                Heading::Hash => line.starts_with(b"#"),
                Heading::Names(names) => {
                    let mut words = line.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'"'));
                    !line.iter().any(u8::is_ascii_digit) && words.any(|w| names.iter().any(|n| w == n.as_bytes()))
                }
            }
    }
}

/// What framing must know of a format's JSON. At most 16 names in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonShape {
    /// Members of a document whose array holds the records: `items`, `value`. A record may itself have a member of that name only where it is no array.
    pub envelopes: &'static [&'static str],
    /// Members that identify a record, at depth 1 (`eventID`) or 2 (`detail.eventID`). If there are several, the last one in the record counts.
    pub ids: &'static [&'static str],
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

/// Takes each whole piece: its bytes, what it is, and its identity if the log gives one.
pub type OnPiece<'a> = dyn FnMut(&[u8], PieceKind, Option<Identity>) + 'a;

/// Cuts one stream into pieces, however the bytes arrive. Holds at most one unfinished piece.
#[derive(Debug)]
pub struct Framer {
    framing: Framing,
    limits: Limits,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(Head),
    Lines(Lines),
    Entries(Entries),
    Json(Box<Json>),
    Wide(Wide),
    Fixed(fixed::Records),
    Export(export::Export),
    Blocks(blocks::Blocks),
    /// UTF-16 or UTF-32: kept, not read.
    Foreign(Pending),
}

impl Framer {
    /// A framer at the start of a stream.
    pub fn new(framing: Framing, limits: Limits) -> Framer {
        let state = match framing {
            // Binary: has no encoding.
            Framing::Fixed(fixed) => State::Fixed(fixed::Records::new(fixed)),
            Framing::JournalExport => State::Export(export::Export::new(limits)),
            _ => State::Head(Head::new(framing)),
        };
        Framer { framing, limits, state }
    }

    /// Takes the next bytes, and gives out each piece that they complete. The pieces do not depend on how the stream was cut
    /// into pushes, but for the parts of what is longer than the largest record: they are given out before its end is known.
    pub fn push(&mut self, bytes: &[u8], piece: &mut OnPiece<'_>) {
        match &mut self.state {
            State::Head(head) => {
                if let Some((start, held)) = head.push(bytes) {
                    self.start(start, held.as_deref().unwrap_or(bytes), piece);
                }
            }
            State::Lines(lines) => lines.push(bytes, piece),
            State::Entries(entries) => entries.push(bytes, piece),
            State::Json(json) => json.push(bytes, piece),
            State::Wide(wide) => wide.push(bytes, piece),
            State::Fixed(records) => records.push(bytes, piece),
            State::Export(entries) => entries.push(bytes, piece),
            State::Blocks(blocks) => blocks.push(bytes, piece),
            State::Foreign(pending) => pending.hold(bytes, PieceKind::Rejected(Reason::Encoding), piece),
        }
    }

    /// Ends the stream: gives out what is left.
    pub fn finish(&mut self, piece: &mut OnPiece<'_>) {
        if let State::Head(head) = &mut self.state {
            let (start, held) = head.finish();
            self.start(start, &held, piece);
        }
        match &mut self.state {
            State::Head(_) => {}
            State::Lines(lines) => lines.finish(piece),
            State::Entries(entries) => entries.finish(piece),
            State::Json(json) => json.finish(piece),
            State::Wide(wide) => wide.finish(piece),
            State::Fixed(records) => records.finish(piece),
            State::Export(entries) => entries.finish(piece),
            State::Blocks(blocks) => blocks.finish(piece),
            State::Foreign(pending) => pending.close(&[], PieceKind::Rejected(Reason::Encoding), |_| None, piece),
        }
    }

    /// The encoding is known: a byte order mark comes out as a piece of its own, the rest goes to its framing.
    fn start(&mut self, (encoding, end): Start, bytes: &[u8], piece: &mut OnPiece<'_>) {
        let mark = if self.framing == Framing::Utf16Lines { encoding.mark_bytes(bytes) } else { encoding.bom_bytes() };
        let (bom, rest) = bytes.split_at_checked(mark).unwrap_or((&[], bytes));
        self.state = match (encoding, self.framing) {
            (Encoding::Utf16Le | Encoding::Utf16Be, Framing::Utf16Lines) if !bom.is_empty() => State::Wide(Wide::new(encoding, self.limits)),
            (Encoding::Utf16Le | Encoding::Utf16Be, _) => {
                self.state = State::Foreign(Pending::new(self.limits.record_bytes_max));
                return self.push(bytes, piece);
            }
            (_, Framing::JsonRecords { id }) => State::Json(Box::new(Json::new(&["Records"], id.as_slice(), self.limits))),
            (_, Framing::Json(shape)) => State::Json(Box::new(Json::new(shape.envelopes, shape.ids, self.limits))),
            (_, Framing::Blocks(block)) => State::Blocks(blocks::Blocks::new(block, self.limits)),
            (_, Framing::Fixed(fixed)) => State::Fixed(fixed::Records::new(fixed)),
            (_, Framing::JournalExport) => State::Export(export::Export::new(self.limits)),
            (_, Framing::Indented) => State::Entries(Entries::new(Kind::Indented, self.limits)),
            (_, Framing::Csv) => State::Entries(Entries::new(Kind::Quoted, self.limits)),
            (_, kind) => State::Lines(Lines::new(end, kind, self.limits)),
        };
        if !bom.is_empty() {
            piece(bom, PieceKind::Around, None);
        }
        self.push(rest, piece);
    }
}
