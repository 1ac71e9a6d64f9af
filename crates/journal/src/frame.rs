//! A batch as bytes: a fixed part with mark, number, lengths and checksums; the head; the identities; the pieces' bytes; an end mark.
//!
//! Each piece has its own CRC-32, so that one flipped bit costs one piece. The end mark tells a frame that was written
//! to its end from one that a power cut left half there.

use event::{PieceKind, Reason, Records, Time};

use crate::{
    BatchNote, Error, Prefix, Result, Skip, StoredBatch,
    bytes::{Put as _, Take},
    segment::{HEADER_BYTES, MARK_BYTES, Mark, SEGMENT_BYTES_MAX},
};

/// Bytes of the fixed part: mark, number, four lengths and sums, and their own sum.
pub(crate) const FIXED_BYTES: usize = MARK_BYTES + 8 + 5 * 4 + 4;
const END_BYTES: usize = 4;
/// Most bytes of a frame: what fits in a segment of its own.
const FRAME_BYTES_MAX: usize = SEGMENT_BYTES_MAX - HEADER_BYTES;

/// A batch ready to be written, but for its mark and number.
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) root: [u8; 32],
}

/// Lays out a batch; mark and number are filled in by `seal`.
pub(crate) fn encode(records: &Records, note: &BatchNote) -> Result<Frame> {
    check(records, note)?;
    let invalid = |what| move |_| Error::Invalid { what };
    let received_us = u64::try_from(records.received.0).map_err(invalid("it was received before 1970"))?;
    let pieces = records.pieces().map(|p| p.bytes);
    let leaves = ledger::leaf::hashes(&records.source.name, records.first_seq, received_us, &note.key, pieces);
    let root = ledger::merkle::root(&leaves);

    let mut bytes = vec![0; FIXED_BYTES];
    bytes.reserve(records.bytes.len() + note.identities.len() * 16 + records.ends.len() * 9 + 1024);
    put_head(&mut bytes, records, note, &root)?;
    let head_bytes = bytes.len() - FIXED_BYTES;
    let head_crc = crc32fast::hash(bytes.get(FIXED_BYTES..).unwrap_or_default());
    note.identities.iter().for_each(|id| bytes.put(&id.to_le_bytes()));
    let identities_bytes = bytes.len() - FIXED_BYTES - head_bytes;
    let identities_crc = crc32fast::hash(bytes.get(FIXED_BYTES + head_bytes..).unwrap_or_default());
    bytes.put(&records.bytes);
    bytes.put(&[0; END_BYTES]);
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(Error::TooLarge { bytes: bytes.len(), max: FRAME_BYTES_MAX });
    }
    // All lengths are below 64 MiB from here on.
    let fixed = Fixed {
        number: 0,
        head_bytes: head_bytes as u32,
        identities_bytes: identities_bytes as u32,
        pieces_bytes: records.bytes.len() as u32,
        head_crc,
        identities_crc,
    };
    fixed.write(&[0; MARK_BYTES], &mut bytes);
    Ok(Frame { bytes, root })
}

/// Fills in the mark and the number, and thereby makes the frame valid.
pub(crate) fn seal(bytes: &mut [u8], mark: &Mark, number: u64) {
    if let Some(fixed) = Fixed::read(bytes) {
        Fixed { number, ..fixed }.write(mark, bytes);
    }
}

/// The fixed part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) number: u64,
    head_bytes: u32,
    identities_bytes: u32,
    pieces_bytes: u32,
    head_crc: u32,
    identities_crc: u32,
}

impl Fixed {
    /// Bytes of the whole frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        FIXED_BYTES + END_BYTES + [self.head_bytes, self.identities_bytes, self.pieces_bytes].iter().map(|n| *n as usize).sum::<usize>()
    }

    /// The fixed part at the start of `bytes`, if it has this mark and is whole.
    pub(crate) fn find(bytes: &[u8], mark: &Mark) -> Option<Fixed> {
        let (body, crc) = bytes.get(..FIXED_BYTES)?.split_last_chunk::<4>()?;
        let whole = body.starts_with(mark) && crc32fast::hash(body) == u32::from_le_bytes(*crc);
        whole.then(|| Fixed::read(bytes))?
    }

    fn read(bytes: &[u8]) -> Option<Fixed> {
        let mut take = Take(bytes.get(MARK_BYTES..)?);
        Some(Fixed {
            number: take.u64()?,
            head_bytes: take.u32()?,
            identities_bytes: take.u32()?,
            pieces_bytes: take.u32()?,
            head_crc: take.u32()?,
            identities_crc: take.u32()?,
        })
    }

    /// Writes the fixed part over the start of a frame, and its sum over the end.
    fn write(&self, mark: &Mark, frame: &mut [u8]) {
        let mut out = mark.to_vec();
        out.put_u64(self.number);
        [self.head_bytes, self.identities_bytes, self.pieces_bytes, self.head_crc, self.identities_crc].into_iter().for_each(|n| out.put_u32(n));
        let crc = crc32fast::hash(&out).to_le_bytes();
        out.put(&crc);
        if let Some(start) = frame.get_mut(..FIXED_BYTES) {
            start.copy_from_slice(&out);
        }
        if let Some(end) = frame.last_chunk_mut::<END_BYTES>() {
            *end = crc;
        }
    }
}

/// A frame read back.
pub(crate) struct Decoded {
    pub(crate) batch: StoredBatch,
    /// The end mark is there: the frame was written to its end.
    pub(crate) ended: bool,
}

/// Reads the frame at the start of `bytes`; `None` if its head is not whole.
pub(crate) fn decode(bytes: &[u8], mark: &Mark) -> Option<Decoded> {
    let fixed = Fixed::find(bytes, mark)?;
    let mut take = Take(bytes.get(FIXED_BYTES..fixed.frame_bytes())?);
    let head = take.bytes(fixed.head_bytes as usize)?;
    let identities = take.bytes(fixed.identities_bytes as usize)?;
    let pieces = take.bytes(fixed.pieces_bytes as usize)?;
    let end = take.array::<END_BYTES>()?;
    if crc32fast::hash(head) != fixed.head_crc {
        return None;
    }
    let mut batch = take_head(head, fixed.number, pieces)?;
    batch.identities_lost = crc32fast::hash(identities) != fixed.identities_crc;
    if !batch.identities_lost {
        batch.note.identities = identities.as_chunks::<16>().0.iter().map(|id| u128::from_le_bytes(*id)).collect();
    }
    let ended = bytes.get(FIXED_BYTES - 4..FIXED_BYTES) == Some(end.as_slice());
    Some(Decoded { batch, ended })
}

/// Refuses a batch that does not hold together, before anything is written.
fn check(records: &Records, note: &BatchNote) -> Result<()> {
    let ends = || records.ends.iter().map(|(end, _)| *end as usize);
    let what = if records.ends.is_empty() {
        "it has no pieces"
    } else if !ends().is_sorted() || ends().next_back() != Some(records.bytes.len()) {
        "its pieces do not cover its bytes"
    } else if !note.identities.is_empty() && note.identities.len() != records.ends.len() {
        "its identities are not one a piece"
    } else if records.first_seq.checked_add(records.ends.len() as u64).is_none() {
        "its numbers are beyond all numbers"
    } else {
        return Ok(());
    };
    Err(Error::Invalid { what })
}

fn put_head(out: &mut Vec<u8>, records: &Records, note: &BatchNote, root: &[u8; 32]) -> Result<()> {
    let source = serde_json::to_vec(&records.source).map_err(|_| Error::Invalid { what: "its source cannot be written" })?;
    out.put(root);
    out.put(&note.key);
    out.put(&note.prefix.first);
    out.put(&note.prefix.hash);
    [note.prefix.bytes, records.stream, records.first_seq, records.offset, records.received.0.cast_unsigned()].into_iter().for_each(|n| out.put_u64(n));
    [source.len(), note.skips.len(), records.ends.len()].into_iter().for_each(|n| out.put_u32(u32::try_from(n).unwrap_or(u32::MAX)));
    out.put(&source);
    for skip in &note.skips {
        out.put_u32(skip.before);
        out.put_u64(skip.bytes);
    }
    for (piece, (end, kind)) in records.pieces().zip(&records.ends) {
        out.put_u32(*end);
        out.put(&[kind_byte(*kind)]);
        out.put_u32(crc32fast::hash(piece.bytes));
    }
    Ok(())
}

fn take_head(head: &[u8], number: u64, pieces: &[u8]) -> Option<StoredBatch> {
    let mut take = Take(head);
    let [root, key, first, hash] = [take.array()?, take.array()?, take.array()?, take.array()?];
    let [prefix_bytes, stream, first_seq, offset, received] = [take.u64()?, take.u64()?, take.u64()?, take.u64()?, take.u64()?];
    let [source, skips, ends] = [take.u32()? as usize, take.u32()? as usize, take.u32()? as usize];
    let source = serde_json::from_slice(take.bytes(source)?).ok()?;
    let skips = (0..skips).map(|_| Some(Skip { before: take.u32()?, bytes: take.u64()? })).collect::<Option<Vec<_>>>()?;
    let table = (0..ends).map(|_| Some((take.u32()?, take.u8()?, take.u32()?))).collect::<Option<Vec<_>>>()?;

    let (mut ends, mut damaged, mut start) = (Vec::with_capacity(table.len()), Vec::new(), 0);
    for (&(end, kind, crc), seq) in table.iter().zip(first_seq..) {
        let bytes = pieces.get(start..end as usize)?;
        let whole = crc32fast::hash(bytes) == crc;
        damaged.extend((!whole).then_some(seq));
        ends.push((end, if whole { byte_kind(kind)? } else { PieceKind::Rejected(Reason::Damaged) }));
        start = end as usize;
    }
    let records = Records { source, stream, first_seq, offset, received: Time(received.cast_signed()), bytes: pieces.to_vec(), ends };
    let note = BatchNote { identities: Vec::new(), skips, prefix: Prefix { first, bytes: prefix_bytes, hash }, key };
    Some(StoredBatch { number, records, note, root, damaged, identities_lost: false })
}

/// The stable byte of a kind. What is written once is read for ever: numbers are never given anew.
const fn kind_byte(kind: PieceKind) -> u8 {
    match kind {
        PieceKind::Record => 0,
        PieceKind::Around => 1,
        PieceKind::Rejected(reason) => match reason {
            Reason::Oversize => 16,
            Reason::Depth => 17,
            Reason::Encoding => 18,
            Reason::Truncated => 19,
            Reason::Trailing => 20,
            Reason::Syntax => 21,
            Reason::NoTime => 22,
            Reason::Damaged => 23,
            Reason::Bomb => 24,
        },
    }
}

fn byte_kind(byte: u8) -> Option<PieceKind> {
    let rejected = Reason::ALL.into_iter().map(PieceKind::Rejected);
    [PieceKind::Record, PieceKind::Around].into_iter().chain(rejected).find(|k| kind_byte(*k) == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_byte_of_its_own() {
        for kind in Reason::ALL.into_iter().map(PieceKind::Rejected).chain([PieceKind::Record, PieceKind::Around]) {
            assert_eq!(byte_kind(kind_byte(kind)), Some(kind));
        }
    }
}
