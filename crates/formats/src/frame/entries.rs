//! Records of several lines: a line with the indented lines after it, or a line of CSV whose quoted fields hold line ends.

use event::PieceKind;
use memchr::{memchr, memchr2};

use super::{Limits, OnPiece, pending::Pending};

/// How an entry goes on over a line's end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// While lines begin with white space.
    Indented,
    /// While a quote is open.
    Quoted,
}

/// Cuts between entries.
#[derive(Debug)]
pub(super) struct Entries {
    kind: Kind,
    entry: Pending,
    /// All bytes of the entry so far are white space.
    blank: bool,
    /// The last byte was a line's end.
    fresh: bool,
    /// In a quoted field.
    quoted: bool,
    /// Quotes count: a line that begins with a digit was seen. A stream that was cut in the middle of an entry
    /// would else be read inside out.
    sure: bool,
}

impl Entries {
    pub(super) fn new(kind: Kind, limits: Limits) -> Entries {
        Entries { kind, entry: Pending::new(limits.record_bytes_max), blank: true, fresh: true, quoted: false, sure: false }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut OnPiece<'_>) {
        if let Some(first) = bytes.first() {
            if self.fresh && self.ends_before(*first) {
                self.close(&[], out);
            }
            if self.fresh {
                self.start_line(*first);
            }
            self.fresh = false;
        }
        let mut at = 0;
        while let Some(end) = self.line_end(bytes, at) {
            let next = bytes.get(end).copied();
            self.fresh = next.is_none();
            match next {
                Some(next) if self.ends_after(bytes, end, next) => {
                    let (entry, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
                    self.close(entry, out);
                    (bytes, at) = (rest, 0);
                    self.start_line(next);
                }
                Some(next) => {
                    self.start_line(next);
                    at = end;
                }
                None => break,
            }
        }
        self.hold(bytes, out);
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        self.close(&[], out);
    }

    /// After the next line end that may end an entry.
    fn line_end(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        if self.kind == Kind::Indented || !self.sure {
            return memchr(b'\n', bytes.get(at..)?).map(|n| at + n + 1);
        }
        loop {
            let n = at + memchr2(b'\n', b'"', bytes.get(at..)?)?;
            match bytes.get(n) {
                Some(b'"') => self.quoted = !self.quoted,
                _ if !self.quoted => return Some(n + 1),
                _ => {}
            }
            at = n + 1;
        }
    }

    fn start_line(&mut self, first: u8) {
        self.sure |= first.is_ascii_digit();
    }

    /// Whether what is held ends where a line begins with this byte.
    fn ends_before(&self, next: u8) -> bool {
        (!self.entry.bytes().is_empty() || self.entry.too_long(0)) && self.ends(self.blank, next)
    }

    fn ends_after(&self, bytes: &[u8], end: usize, next: u8) -> bool {
        let blank = self.blank && bytes.get(..end).is_some_and(|b| b.iter().all(u8::is_ascii_whitespace));
        self.ends(blank, next)
    }

    fn ends(&self, blank: bool, next: u8) -> bool {
        match self.kind {
            Kind::Indented => !next.is_ascii_whitespace(),
            // Blank lines between entries are one piece.
            Kind::Quoted => !(self.quoted || blank && next.is_ascii_whitespace()),
        }
    }

    fn hold(&mut self, bytes: &[u8], out: &mut OnPiece<'_>) {
        self.blank = self.blank && bytes.iter().all(u8::is_ascii_whitespace);
        self.entry.hold(bytes, PieceKind::Record, out);
    }

    fn close(&mut self, last: &[u8], out: &mut OnPiece<'_>) {
        let blank = self.blank && last.iter().all(u8::is_ascii_whitespace);
        self.entry.close(last, if blank { PieceKind::Around } else { PieceKind::Record }, |_| None, out);
        (self.blank, self.quoted) = (true, false);
    }
}
