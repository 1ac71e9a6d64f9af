//! The start of a stream: its encoding and how its lines end.

use memchr::memchr;

use super::Framing;

/// How far a stream is looked at to find out how its lines end, in bytes.
const LOOK_BYTES_MAX: usize = 64 << 10;

/// What the first bytes of a stream say of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or another superset of ASCII (Latin-1, Shift-JIS), or not known.
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Bom,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

impl Encoding {
    /// Tells the encoding from the first bytes of a stream: its byte order mark, or ASCII text with a NUL in each unit.
    pub fn of(head: &[u8]) -> Encoding {
        match head {
            [0xEF, 0xBB, 0xBF, ..] => Encoding::Utf8Bom,
            [0xFF, 0xFE, ..] => Encoding::Utf16Le,
            [0xFE, 0xFF, ..] => Encoding::Utf16Be,
            [a, 0, b, 0, c, 0, d, 0, ..] if ![a, b, c, d].iter().any(|x| **x == 0) => Encoding::Utf16Le,
            [0, a, 0, b, 0, c, 0, d, ..] if ![a, b, c, d].iter().any(|x| **x == 0) => Encoding::Utf16Be,
            _ => Encoding::Utf8,
        }
    }

    /// Length of the mark that is no part of the text, in bytes, where the text is read.
    pub const fn bom_bytes(self) -> usize {
        if matches!(self, Encoding::Utf8Bom) { 3 } else { 0 }
    }
}

impl Encoding {
    /// Length of the mark before text in UTF-16; 0 where there is none.
    pub(super) fn mark_bytes(self, head: &[u8]) -> usize {
        let marked = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
        if marked { 2 } else { self.bom_bytes() }
    }
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF; a CR before it is part of the ending, a CR elsewhere is content.
    Lf,
    /// CR or LF: a stream that has no LF where one would be due.
    Cr,
}

/// What is known once the head was seen.
pub(super) type Start = (Encoding, LineEnd);

/// The first bytes, until they say enough.
#[derive(Debug)]
pub(super) struct Head {
    held: Vec<u8>,
    lines: bool,
}

impl Head {
    pub(super) fn new(framing: Framing) -> Head {
        Head { held: Vec::new(), lines: !matches!(framing, Framing::JsonRecords { .. }) }
    }

    /// Takes the next bytes. Once they say enough: encoding, line ending, and all bytes so far if some were held before these.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<(Start, Option<Vec<u8>>)> {
        if self.held.is_empty()
            && let Some(start) = self.settle(bytes, false)
        {
            return Some((start, None));
        }
        self.held.extend_from_slice(bytes);
        let start = self.settle(&self.held, false)?;
        Some((start, Some(std::mem::take(&mut self.held))))
    }

    /// The stream has ended: what is known of it, and its bytes.
    pub(super) fn finish(&mut self) -> (Start, Vec<u8>) {
        let start = self.settle(&self.held, true).unwrap_or((Encoding::Utf8, LineEnd::Lf));
        (start, std::mem::take(&mut self.held))
    }

    /// Encoding and line ending of a stream that starts with `bytes`; `None` if more must be seen.
    fn settle(&self, bytes: &[u8], last: bool) -> Option<Start> {
        if bytes.len() < 8 && !last {
            return None;
        }
        let encoding = Encoding::of(bytes);
        let looked = bytes.get(..LOOK_BYTES_MAX).unwrap_or(bytes);
        if !self.lines || memchr(b'\n', looked).is_some() {
            return Some((encoding, LineEnd::Lf));
        }
        let enough = last || bytes.len() >= LOOK_BYTES_MAX;
        enough.then(|| (encoding, if memchr(b'\r', looked).is_some() { LineEnd::Cr } else { LineEnd::Lf }))
    }
}
