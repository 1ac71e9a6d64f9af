//! Records that are JSON objects: elements of an envelope's `Records` or of a top-level array, or documents end to end.
//!
//! One pass over the bytes that knows strings, escapes and nesting, and nothing else of JSON's grammar: whether a record is
//! good JSON is for the parser to say. Here a record must only end.

use event::{PieceKind, Reason};
use memchr::memchr;

use super::{
    Identity, Limits, OnPiece,
    pending::Pending,
    scan::{Scan, Stop},
};

/// White space and comma after a record that still count as its separator, in bytes.
const SEPARATOR_BYTES_MAX: usize = 64;

/// Cuts at the ends of objects.
#[derive(Debug)]
pub(super) struct Json {
    pending: Pending,
    scan: Scan,
    mode: Mode,
    /// What the records lie in.
    inside: Inside,
    /// Records before were lines of their own, so one that goes on after a line's end is suspect.
    line_by_line: bool,
    /// A document has ended on this line.
    ended: bool,
    /// An envelope or array has ended.
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// Before a record: envelope, white space, commas.
    Gap,
    /// In an object. `tail`: in the envelope, after its records.
    Object { tail: bool },
    /// After an object: so many bytes of separator so far; whether a comma was among them; what the record is; its own length.
    Separator { bytes: usize, comma: bool, kind: PieceKind, body: usize },
    /// In an array, something that is no object.
    Stray { quoted: bool, escaped: bool },
    /// Up to the end of the line.
    Skip(Reason),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Inside {
    Nothing,
    Array,
    Envelope,
}

impl Json {
    /// The envelopes' members that hold records, and the members that identify one.
    pub(super) fn new(envelopes: &[&'static str], ids: &[&'static str], limits: Limits) -> Json {
        Json {
            pending: Pending::new(limits.record_bytes_max),
            scan: Scan::new(envelopes, ids, limits.depth_max),
            mode: Mode::Gap,
            inside: Inside::Nothing,
            line_by_line: false,
            ended: false,
            closed: false,
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut OnPiece<'_>) {
        let mut at = 0;
        while at < bytes.len() {
            let (cut, next) = match self.mode {
                Mode::Gap => self.gap(bytes, at),
                Mode::Object { tail } => self.object(bytes, at, tail),
                Mode::Separator { bytes: so_far, comma, kind, body } => self.separator(bytes, at, so_far, comma, kind, body),
                Mode::Stray { quoted, escaped } => self.stray(bytes, at, quoted, escaped),
                Mode::Skip(reason) => self.skip(bytes, at, reason),
            };
            at = next;
            if let Some((kind, body)) = cut {
                let (piece, rest) = bytes.split_at_checked(next).unwrap_or((bytes, &[]));
                self.close(piece, kind, body, out);
                (bytes, at) = (rest, 0);
            }
        }
        self.pending.hold(bytes, self.kind_so_far(), out);
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        let (kind, body) = match self.mode {
            Mode::Gap => (PieceKind::Around, 0),
            Mode::Object { .. } => (PieceKind::Rejected(Reason::Truncated), 0),
            Mode::Separator { kind, body, .. } => (kind, body),
            Mode::Stray { .. } => (PieceKind::Rejected(Reason::Syntax), 0),
            Mode::Skip(reason) => (PieceKind::Rejected(reason), 0),
        };
        self.close(&[], kind, body, out);
    }

    fn close(&mut self, last: &[u8], kind: PieceKind, body: usize, out: &mut OnPiece<'_>) {
        let scan = &self.scan;
        let identify = |piece: &[u8]| {
            let (name, value) = scan.id().filter(|_| kind == PieceKind::Record)?;
            Some(Identity::of(name, piece.get(value)?, piece.get(..body)?))
        };
        self.pending.close(last, kind, identify, out);
    }

    /// What the unfinished piece is as far as one can tell.
    fn kind_so_far(&self) -> PieceKind {
        match self.mode {
            Mode::Gap => PieceKind::Around,
            _ => PieceKind::Record,
        }
    }

    /// `None`: the piece goes on.
    fn gap(&mut self, bytes: &[u8], mut at: usize) -> Step {
        while let Some(&b) = bytes.get(at) {
            match (b, self.inside) {
                (b'\n', Inside::Nothing) => self.ended = false,
                (b' ' | b'\t' | b'\r' | b'\n', _) | (b',', Inside::Array | Inside::Envelope) => {}
                (b'[', Inside::Nothing) => self.enter(Inside::Array),
                (b']', Inside::Array) => self.leave(),
                (b']', Inside::Envelope) => {
                    if at > 0 || self.pending.is_open() {
                        return (Some((PieceKind::Around, 0)), at);
                    }
                    self.inside = Inside::Nothing;
                    self.scan.start_inside_object();
                    self.mode = Mode::Object { tail: true };
                    return (None, at + 1);
                }
                _ => return self.begin(b, bytes, at),
            }
            at += 1;
        }
        (None, at)
    }

    /// Something other than white space: what went before is a piece.
    fn begin(&mut self, b: u8, bytes: &[u8], at: usize) -> Step {
        let before = at > 0 || self.pending.is_open();
        if before {
            return (Some((PieceKind::Around, 0)), at);
        }
        self.mode = match (b, self.inside) {
            (b'{', _) => {
                self.scan.start();
                Mode::Object { tail: false }
            }
            (_, Inside::Nothing) => return self.skip(bytes, at, if self.ended || self.closed { Reason::Trailing } else { Reason::Syntax }),
            _ => Mode::Stray { quoted: false, escaped: false },
        };
        (None, at)
    }

    fn enter(&mut self, inside: Inside) {
        self.inside = inside;
        self.line_by_line = false;
    }

    fn leave(&mut self) {
        self.enter(Inside::Nothing);
        self.closed = true;
    }

    fn object(&mut self, bytes: &[u8], at: usize, tail: bool) -> Step {
        let suspect = self.line_by_line && !tail;
        let top = self.inside == Inside::Nothing;
        let before = self.pending.bytes().len();
        let (next, stop) = self.scan.run(bytes, at, before, suspect, top);
        let Some(stop) = stop else { return (None, next) };
        match stop {
            Stop::End { deep: false } if tail => {
                self.leave();
                self.around(next)
            }
            Stop::End { deep } => {
                let kind = if deep { PieceKind::Rejected(Reason::Depth) } else { PieceKind::Record };
                self.mode = Mode::Separator { bytes: 0, comma: false, kind, body: before + next };
                (None, next)
            }
            Stop::Records => {
                self.enter(Inside::Envelope);
                self.around(next)
            }
            Stop::BrokenLine { deep } | Stop::NextRecord { deep } => {
                self.mode = Mode::Gap;
                (Some((PieceKind::Rejected(if deep { Reason::Depth } else { Reason::Syntax }), 0)), next)
            }
            Stop::Mismatch => {
                self.mode = Mode::Skip(Reason::Syntax);
                (None, next)
            }
        }
    }

    /// What was read is envelope: the beginning of a gap, unless it is too long for that.
    fn around(&mut self, next: usize) -> Step {
        self.mode = Mode::Gap;
        let long = self.pending.too_long(next);
        (long.then_some((PieceKind::Rejected(Reason::Oversize), 0)), next)
    }

    fn separator(&mut self, bytes: &[u8], mut at: usize, mut so_far: usize, mut comma: bool, kind: PieceKind, body: usize) -> Step {
        let open = self.inside != Inside::Nothing;
        while let Some(&b) = bytes.get(at) {
            let fits = so_far < SEPARATOR_BYTES_MAX && !self.pending.too_long(at + 1);
            match b {
                b' ' | b'\t' | b'\r' if fits => {}
                b',' if fits && open && !comma => comma = true,
                b'\n' if fits => {
                    self.mode = Mode::Gap;
                    self.line_by_line = !self.scan.spans_lines();
                    return (Some((kind, body)), at + 1);
                }
                _ => {
                    self.mode = Mode::Gap;
                    self.ended = !open;
                    return (Some((kind, body)), at);
                }
            }
            so_far += 1;
            at += 1;
        }
        self.mode = Mode::Separator { bytes: so_far, comma, kind, body };
        (None, at)
    }

    /// Goes on to the next object, the array's end or the line's end.
    fn stray(&mut self, bytes: &[u8], mut at: usize, mut quoted: bool, mut escaped: bool) -> Step {
        let cut = Some((PieceKind::Rejected(Reason::Syntax), 0));
        while let Some(&b) = bytes.get(at) {
            match b {
                b'\n' => {
                    self.mode = Mode::Gap;
                    return (cut, at + 1);
                }
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b']' if !quoted => {
                    self.mode = Mode::Gap;
                    return (cut, at);
                }
                _ => {}
            }
            at += 1;
        }
        self.mode = Mode::Stray { quoted, escaped };
        (None, at)
    }

    fn skip(&mut self, bytes: &[u8], at: usize, reason: Reason) -> Step {
        let end = bytes.get(at..).and_then(|rest| memchr(b'\n', rest));
        self.mode = if end.is_some() { Mode::Gap } else { Mode::Skip(reason) };
        self.ended = false;
        match end {
            Some(n) => (Some((PieceKind::Rejected(reason), 0)), at + n + 1),
            None => (None, bytes.len()),
        }
    }
}

/// What ends here, if anything: its kind and the length of the record proper; and where to go on.
type Step = (Option<(PieceKind, usize)>, usize);
