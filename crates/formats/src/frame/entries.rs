//! Records of several lines: a line with the indented lines after it, or a line of CSV whose quoted fields hold line ends.
//!
//! A row of CSV that was torn in a quoted field (the server crashed) would swallow the rows after it. It ends before a line that
//! cannot lie in a quoted field: one that begins with a log's time, and whose first quotes come after a comma, are odd in number,
//! and have neither a comma nor a line's end after them. In a quoted field a quote is doubled, and the one that closes it has one
//! of those two after it. So a whole row is never cut, whatever its statement says.

use event::{PieceKind, Reason};
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

/// How a log's time begins; 0 is any digit.
const TIME: &[u8] = b"0000-00-00 00:00:00";

/// What is known of a line that begins within quotes, and where it begins, counted from what is held on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Line {
    /// Nothing that matters any more, or it began outside of quotes.
    Plain,
    /// No quote came yet.
    Begun(usize),
    /// In its first quotes.
    Quotes(usize),
}

/// Where the search in an entry stops.
enum Stop {
    /// After a line's end that may end it.
    End(usize),
    /// Within a line that does not belong to it: where the line begins, and how far it was looked through.
    Torn { line: usize, at: usize },
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
    line: Line,
}

impl Entries {
    pub(super) fn new(kind: Kind, limits: Limits) -> Entries {
        Entries { kind, entry: Pending::new(limits.record_bytes_max), blank: true, fresh: true, quoted: false, sure: false, line: Line::Plain }
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
        while let Some(stop) = self.stop(bytes, at) {
            let end = match stop {
                Stop::End(end) => end,
                Stop::Torn { line, at: looked } => {
                    (bytes, at) = self.tear(bytes, line, looked, out);
                    continue;
                }
            };
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

    /// After the next line end that may end an entry, or in the next line that shows that the entry was torn.
    fn stop(&mut self, bytes: &[u8], mut at: usize) -> Option<Stop> {
        if self.kind == Kind::Indented || !self.sure {
            return memchr(b'\n', bytes.get(at..)?).map(|n| Stop::End(at + n + 1));
        }
        loop {
            if let Line::Quotes(line) = self.line {
                let next = *bytes.get(at)?;
                if next == b'"' {
                    self.quoted = !self.quoted;
                    at += 1;
                    continue;
                }
                self.line = Line::Plain;
                if !self.quoted && !matches!(next, b',' | b'\r' | b'\n') && self.begins_with_time(line, bytes) {
                    return Some(Stop::Torn { line, at });
                }
            }
            let n = at + memchr2(b'\n', b'"', bytes.get(at..)?)?;
            at = n + 1;
            match bytes.get(n) {
                Some(b'"') => self.quote(n.checked_sub(1).and_then(|before| bytes.get(before))),
                _ if !self.quoted => return Some(Stop::End(at)),
                _ => self.line = Line::Begun(self.entry.bytes().len() + at),
            }
        }
    }

    /// A quote, and the byte before it if that is at hand.
    fn quote(&mut self, before: Option<&u8>) {
        self.quoted = !self.quoted;
        if let Line::Begun(line) = self.line {
            let comma = before.or(self.entry.bytes().last()) == Some(&b',');
            self.line = if comma { Line::Quotes(line) } else { Line::Plain };
        }
    }

    /// Whether a line of what is held and of the bytes after it begins like a log's.
    fn begins_with_time(&self, line: usize, bytes: &[u8]) -> bool {
        let held = self.entry.bytes();
        let at = |n: usize| held.get(n).or_else(|| bytes.get(n.checked_sub(held.len())?));
        (line..).zip(TIME).all(|(n, want)| at(n).is_some_and(|b| if *want == b'0' { b.is_ascii_digit() } else { b == want }))
    }

    /// Ends an entry before a line that is not its own. Gives the bytes of the next one, and how far they were looked through.
    fn tear<'a>(&mut self, bytes: &'a [u8], line: usize, at: usize, out: &mut OnPiece<'_>) -> (&'a [u8], usize) {
        let torn = PieceKind::Rejected(Reason::Truncated);
        let rest = match line.checked_sub(self.entry.bytes().len()) {
            Some(n) => {
                let (last, rest) = bytes.split_at_checked(n).unwrap_or((bytes, &[]));
                self.entry.close(last, torn, |_| None, out);
                (rest, at.saturating_sub(n))
            }
            None => {
                let own = self.entry.split_off(line);
                self.entry.close(&[], torn, |_| None, out);
                self.hold(&own, out);
                (bytes, at)
            }
        };
        // The line begins with a time, and its first quotes have opened a field.
        (self.blank, self.quoted, self.line) = (false, true, Line::Plain);
        rest
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
        let whole = self.entry.bytes().len() + bytes.len();
        self.entry.hold(bytes, PieceKind::Record, out);
        if self.entry.bytes().len() != whole {
            // Part of it is out: where its line begins is not known any more.
            self.line = Line::Plain;
        }
    }

    fn close(&mut self, last: &[u8], out: &mut OnPiece<'_>) {
        let blank = self.blank && last.iter().all(u8::is_ascii_whitespace);
        self.entry.close(last, if blank { PieceKind::Around } else { PieceKind::Record }, |_| None, out);
        (self.blank, self.quoted, self.line) = (true, false, Line::Plain);
    }
}
