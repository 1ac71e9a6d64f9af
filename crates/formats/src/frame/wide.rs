//! Records that are lines of UTF-16.

use event::PieceKind;

use super::{Limits, OnPiece, head::Encoding, pending::Pending};

/// Cuts after each line feed of two bytes.
#[derive(Debug)]
pub(super) struct Wide {
    /// A line feed, as the stream writes it.
    newline: [u8; 2],
    /// The first byte of a unit whose second has not come.
    half: Option<u8>,
    /// All units of the line so far are white space.
    blank: bool,
    line: Pending,
}

impl Wide {
    pub(super) fn new(encoding: Encoding, limits: Limits) -> Wide {
        let newline = if encoding == Encoding::Utf16Be { [0, b'\n'] } else { [b'\n', 0] };
        Wide { newline, half: None, blank: true, line: Pending::new(limits.record_bytes_max) }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut OnPiece<'_>) {
        let mut rest = bytes;
        for (at, byte) in bytes.iter().enumerate() {
            let Some(first) = self.half.take() else {
                self.half = Some(*byte);
                continue;
            };
            self.blank &= matches!([first, *byte], [0, b] | [b, 0] if b.is_ascii_whitespace());
            if [first, *byte] == self.newline {
                let end = at + 1 - (bytes.len() - rest.len());
                let (line, later) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                self.close(line, out);
                rest = later;
            }
        }
        self.line.hold(rest, PieceKind::Record, out);
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        self.blank &= self.half.is_none();
        self.close(&[], out);
    }

    fn close(&mut self, last: &[u8], out: &mut OnPiece<'_>) {
        let kind = if self.blank { PieceKind::Around } else { PieceKind::Record };
        self.line.close(last, kind, |_| None, out);
        self.blank = true;
    }
}
