//! What is whole in the bytes of one segment.

use memchr::memmem;

use crate::{
    StoredBatch, frame,
    segment::{HEADER_BYTES, MARK_BYTES, Mark},
};

/// A frame that can be used.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) at: usize,
    pub(crate) bytes: usize,
    pub(crate) batch: StoredBatch,
}

/// A run of bytes that belong to no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) at: usize,
    pub(crate) bytes: usize,
}

/// The frames of a segment, and what lies between and behind them.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Bytes before and between frames.
    pub(crate) runs: Vec<Run>,
    /// Bytes after the last frame.
    pub(crate) rest: Option<Run>,
    /// Where the last frame ends.
    pub(crate) end: usize,
}

/// The mark of a segment whose header is damaged: the one before its first frame, if a frame is there.
pub(crate) fn guess_mark(segment: &[u8]) -> Option<Mark> {
    let first = segment.get(HEADER_BYTES..)?;
    let mark = *first.first_chunk::<MARK_BYTES>()?;
    frame::Fixed::find(first, &mark).map(|_| mark)
}

/// Gives each usable frame to `each`, in order. `last`: nothing was written after this segment, so a frame at its end
/// that lacks its end mark and is not whole was torn, and never acknowledged.
pub(crate) fn scan(segment: &[u8], mark: &Mark, last: bool, each: &mut dyn FnMut(Found)) -> Scan {
    let finder = memmem::Finder::new(mark);
    let mut out = Scan { end: HEADER_BYTES.min(segment.len()), ..Scan::default() };
    let mut from = out.end;
    while let Some(at) = segment.get(from..).and_then(|s| finder.find(s)).map(|i| from + i) {
        from = at + 1;
        let Some((found, ended)) = frame_at(segment, at, mark) else { continue };
        let end = at + found.bytes;
        let harmed = found.batch.identities_lost || !found.batch.damaged.is_empty();
        let torn = last && !ended && harmed && segment.get(end..).and_then(|s| finder.find(s)).is_none();
        if torn {
            break;
        }
        if at > out.end {
            out.runs.push(Run { at: out.end, bytes: at - out.end });
        }
        out.end = end;
        from = end;
        each(found);
    }
    out.rest = (segment.len() > out.end).then(|| Run { at: out.end, bytes: segment.len() - out.end });
    out
}

fn frame_at(segment: &[u8], at: usize, mark: &Mark) -> Option<(Found, bool)> {
    let bytes = segment.get(at..)?;
    let frame = frame::Fixed::find(bytes, mark)?.frame_bytes();
    let decoded = frame::decode(bytes, mark)?;
    Some((Found { at, bytes: frame, batch: decoded.batch }, decoded.ended))
}
