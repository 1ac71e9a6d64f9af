//! Segment files: their names, and the header by which each knows its predecessor.
//!
//! A header says how much of the segment before it counts: what lies behind was never acknowledged (a torn end, a batch
//! whose sync failed). So nothing is ever written to an older segment, and nothing is cut off by hand.

use std::path::{Path, PathBuf};

use crate::bytes::{Put as _, Take};

/// Most bytes of a segment.
pub(crate) const SEGMENT_BYTES_MAX: usize = 64 << 20;
/// Bytes of a segment's header.
pub(crate) const HEADER_BYTES: usize = 60;
/// Bytes of the mark before each frame of a segment.
pub(crate) const MARK_BYTES: usize = 16;

const MAGIC: &[u8; 8] = b"MUSTERJ1";
/// What every version's magic starts with.
const FAMILY: &[u8] = b"MUSTERJ";

/// The mark before each frame, another one in each segment. It derives from a secret key, so that nobody can write a
/// log line which looks like a frame.
pub(crate) type Mark = [u8; MARK_BYTES];

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Number of the segment, as in its name.
    pub(crate) segment: u64,
    /// Number that its first batch gets.
    pub(crate) first: u64,
    /// The segment before it, 0 if there was none, and how many of its bytes count.
    pub(crate) before: Tail,
    pub(crate) mark: Mark,
}

/// How many bytes of a segment count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) segment: u64,
    pub(crate) bytes: u64,
}

/// What the start of a segment says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Header(Header),
    /// Another version's.
    Other,
    Damaged,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        [self.segment, self.first, self.before.segment, self.before.bytes].into_iter().for_each(|n| out.put_u64(n));
        out.put(&self.mark);
        out.put_u32(crc32fast::hash(&out));
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Start {
        match decode(bytes) {
            Some(header) => Start::Header(header),
            None if bytes.len() >= HEADER_BYTES && bytes.starts_with(FAMILY) && is_whole(bytes) => Start::Other,
            None => Start::Damaged,
        }
    }
}

fn decode(bytes: &[u8]) -> Option<Header> {
    let mut take = Take(bytes.get(..HEADER_BYTES)?);
    let magic: [u8; 8] = take.array()?;
    let [segment, first, before, before_bytes] = [take.u64()?, take.u64()?, take.u64()?, take.u64()?];
    let header = Header { segment, first, before: Tail { segment: before, bytes: before_bytes }, mark: take.array()? };
    (magic == *MAGIC && is_whole(bytes)).then_some(header)
}

fn is_whole(bytes: &[u8]) -> bool {
    let sum = bytes.get(..HEADER_BYTES).and_then(|b| b.split_last_chunk::<4>());
    sum.is_some_and(|(body, crc)| crc32fast::hash(body) == u32::from_le_bytes(*crc))
}

/// The mark of a segment, from the key of its first batch.
pub(crate) fn mark(key: &[u8; 32], segment: u64) -> Mark {
    let digest = ledger::merkle::sha256(&[b"muster/segment/1\n".as_slice(), key, &segment.to_be_bytes()].concat());
    digest.first_chunk().copied().unwrap_or_default()
}

/// The path of a segment.
pub(crate) fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:010}.seg"))
}

/// The segments of a folder, ascending.
pub(crate) fn list(dir: &Path) -> std::io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(dir)? {
        let name = item?.file_name();
        let number = name.to_str().and_then(|n| n.strip_suffix(".seg")).filter(|n| n.len() >= 10);
        found.extend(number.and_then(|n| n.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_and_other_versions_are_told_from_damage() {
        let header = Header { segment: 7, first: 100, before: Tail { segment: 5, bytes: 4096 }, mark: mark(&[1; 32], 7) };
        let bytes = header.encode();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::decode(&bytes), Start::Header(header));
        let mut torn = bytes.clone();
        torn[20] ^= 1;
        assert_eq!(Header::decode(&torn), Start::Damaged);
        let mut newer = bytes[..HEADER_BYTES - 4].to_vec();
        newer[7] = b'2';
        newer.put_u32(crc32fast::hash(&newer));
        assert_eq!(Header::decode(&newer), Start::Other);
    }
}
