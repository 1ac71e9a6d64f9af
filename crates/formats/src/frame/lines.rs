//! Records that are lines.

use event::PieceKind;
use memchr::{memchr, memchr2};

use super::{Framing, Identity, Limits, OnPiece, head::LineEnd, pending::Pending};

/// Blank lines are put together to pieces of at most this size, in bytes.
const BLANK_BYTES_MAX: usize = 64 << 10;

/// Cuts at line ends.
#[derive(Debug)]
pub(super) struct Lines {
    end: LineEnd,
    kind: Framing,
    line: Pending,
    blank: Pending,
}

impl Lines {
    pub(super) fn new(end: LineEnd, kind: Framing, limits: Limits) -> Lines {
        let max = limits.record_bytes_max;
        Lines { end, kind, line: Pending::new(max), blank: Pending::new(max.min(BLANK_BYTES_MAX)) }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut OnPiece<'_>) {
        let end = self.end;
        let find = |b: &[u8]| match end {
            LineEnd::Lf => memchr(b'\n', b),
            LineEnd::Cr => memchr2(b'\n', b'\r', b),
        };
        while let Some((line, rest)) = find(bytes).and_then(|at| bytes.split_at_checked(at + 1)) {
            self.whole(line, out);
            bytes = rest;
        }
        if self.line.too_long(bytes.len()) {
            self.blank.close(&[], PieceKind::Around, |_| None, out);
        }
        self.line.hold(bytes, PieceKind::Record, out);
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        self.whole(&[], out);
        self.blank.close(&[], PieceKind::Around, |_| None, out);
    }

    /// Takes the last bytes of a line.
    fn whole(&mut self, last: &[u8], out: &mut OnPiece<'_>) {
        let blank = |b: &[u8]| b.iter().all(u8::is_ascii_whitespace);
        let audit = self.kind == Framing::AuditLines;
        if !self.line.too_long(last.len()) && blank(self.line.bytes()) && blank(last) {
            self.line.close(last, PieceKind::Around, |_| None, &mut |b, kind, _| self.blank.hold(b, kind, out));
        } else {
            self.blank.close(&[], PieceKind::Around, |_| None, out);
            let kind = if self.is_heading(last) { PieceKind::Around } else { PieceKind::Record };
            self.line.close(last, kind, |b| if audit { Identity::of_audit(b) } else { None }, out);
        }
    }

    /// Whether the line that ends with `last` is no record but says how records are read.
    fn is_heading(&mut self, last: &[u8]) -> bool {
        let Framing::HeadedLines(heading) = self.kind else { return false };
        match self.line.bytes() {
            _ if self.line.too_long(last.len()) => false,
            [] => heading.is(last),
            held => heading.is(&[held, last].concat()),
        }
    }
}
