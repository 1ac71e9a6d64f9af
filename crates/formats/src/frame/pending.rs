//! The one unfinished piece of a stream, never longer than the largest record.

use event::{PieceKind, Reason};

use super::{Identity, OnPiece};

/// Bytes of a piece that has not ended yet.
#[derive(Debug)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    max: usize,
    /// A part of the piece is out already.
    split: bool,
}

impl Pending {
    pub(super) fn new(max: usize) -> Pending {
        Pending { bytes: Vec::new(), max: max.max(1), split: false }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes out what is held from a place on.
    pub(super) fn split_off(&mut self, at: usize) -> Vec<u8> {
        self.bytes.split_off(at.min(self.bytes.len()))
    }

    /// Whether a piece has begun and not ended; all of it may be out already.
    pub(super) fn is_open(&self) -> bool {
        self.split || !self.bytes.is_empty()
    }

    /// Whether the piece, with so many more bytes, is longer than the largest record.
    pub(super) fn too_long(&self, more: usize) -> bool {
        self.split || self.bytes.len() + more > self.max
    }

    /// Adds bytes of a piece that goes on. What is too long for a record comes out as oversize; bytes around records, and
    /// bytes already rejected for their encoding, keep their kind.
    pub(super) fn hold(&mut self, mut more: &[u8], kind: PieceKind, out: &mut OnPiece<'_>) {
        while self.bytes.len() + more.len() > self.max {
            let (now, later) = more.split_at_checked(self.max.saturating_sub(self.bytes.len())).unwrap_or((more, &[]));
            self.bytes.extend_from_slice(now);
            out(&self.bytes, split_kind(kind), None);
            self.bytes.clear();
            self.split = true;
            more = later;
        }
        self.bytes.extend_from_slice(more);
    }

    /// Ends the piece with its last bytes and gives it out; straight from `last` if nothing was held.
    pub(super) fn close(&mut self, last: &[u8], kind: PieceKind, identify: impl FnOnce(&[u8]) -> Option<Identity>, out: &mut OnPiece<'_>) {
        if !self.too_long(last.len()) && self.bytes.is_empty() {
            if !last.is_empty() {
                out(last, kind, identify(last));
            }
            return;
        }
        self.hold(last, kind, out);
        if !self.bytes.is_empty() {
            if self.split {
                out(&self.bytes, split_kind(kind), None);
            } else {
                out(&self.bytes, kind, identify(&self.bytes));
            }
        }
        self.bytes.clear();
        self.split = false;
    }
}

fn split_kind(kind: PieceKind) -> PieceKind {
    match kind {
        PieceKind::Around | PieceKind::Rejected(Reason::Encoding) => kind,
        PieceKind::Record | PieceKind::Rejected(_) => PieceKind::Rejected(Reason::Oversize),
    }
}
