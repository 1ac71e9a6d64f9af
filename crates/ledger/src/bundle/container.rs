//! The zip around a bundle, in one layout only: fixed names in ascending order, fixed metadata, no gaps, no comments.
//!
//! Reading derives every header from the few fields that may differ and compares it byte for byte; nothing in the file
//! is left unread. Ordinary zip programs open it (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{CONTENT_BYTES_MAX, Fault, Step};

/// The members that a bundle may have, in the order in which they stand.
pub(super) const NAMES: [&str; 8] = [BOOKS, CHECKPOINT, EVENTS, KEY, MANIFEST, PROOFS, RECORDS, SEAL];
/// The text of a books entry.
pub(super) const BOOKS: &str = "books";
/// The signed checkpoint.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// The pieces as events.
pub(super) const EVENTS: &str = "events.jsonl";
/// The store's key.
pub(super) const KEY: &str = "key";
/// What the bundle holds.
pub(super) const MANIFEST: &str = "manifest.json";
/// Nodes of the covers.
pub(super) const PROOFS: &str = "proofs.bin";
/// The pieces end to end.
pub(super) const RECORDS: &str = "records.bin";
/// The signature over all bytes before it.
pub(super) const SEAL: &str = "seal";
/// The zip as a whole, where a fault is in no member.
pub(super) const ZIP: &str = "zip";

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Bytes of a local header before the name.
const LOCAL_BYTES: usize = 30;
/// 1980-01-01, the zero of zip's dates.
const DATE: u16 = 0x21;
/// The most that deflate can expand, rounded up: 258 bytes from 2 bits.
const RATIO_MAX: u64 = 1032;

/// What differs between the headers of members.
#[derive(Clone, Copy)]
struct Header {
    name: &'static str,
    crc: u32,
    packed: u32,
    size: u32,
}

impl Header {
    /// 0 stored (the seal, so that the bytes that sign are the bytes that stand), 8 deflated.
    fn method(&self) -> u16 {
        if self.name == SEAL { 0 } else { 8 }
    }

    /// The part that local and central headers share.
    fn common(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(26);
        for half in [20, 0, self.method(), 0, DATE] {
            out.extend(half.to_le_bytes());
        }
        for word in [self.crc, self.packed, self.size] {
            out.extend(word.to_le_bytes());
        }
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend([0; 2]);
        out
    }

    fn local(&self) -> Vec<u8> {
        [&LOCAL.to_le_bytes(), self.common().as_slice(), self.name.as_bytes()].concat()
    }

    fn central(&self, offset: u32) -> Vec<u8> {
        [&CENTRAL.to_le_bytes(), [20, 0].as_slice(), &self.common(), &[0; 10], &offset.to_le_bytes(), self.name.as_bytes()].concat()
    }
}

/// The directory that follows from the members: all bytes of the zip after the last one.
#[derive(Default)]
struct Directory {
    bytes: Vec<u8>,
    count: u16,
}

impl Directory {
    fn add(&mut self, header: &Header, offset: usize) {
        self.bytes.extend(header.central(offset as u32));
        self.count += 1;
    }

    fn finish(mut self, offset: usize) -> Vec<u8> {
        let len = self.bytes.len() as u32;
        let count = self.count.to_le_bytes();
        let end = [&END.to_le_bytes(), [0; 4].as_slice(), &count, &count, &len.to_le_bytes(), &(offset as u32).to_le_bytes(), &[0; 2]];
        self.bytes.extend(end.concat());
        self.bytes
    }
}

/// Writes a zip. The caller adds members in the order of [`NAMES`] and no more than [`CONTENT_BYTES_MAX`] together.
#[derive(Default)]
pub(super) struct Packer {
    out: Vec<u8>,
    directory: Directory,
}

impl Packer {
    pub(super) fn add(&mut self, name: &'static str, content: &[u8]) {
        let packed = if name == SEAL { content.to_vec() } else { deflate(content) };
        let header = Header { name, crc: crc32fast::hash(content), packed: packed.len() as u32, size: content.len() as u32 };
        self.directory.add(&header, self.out.len());
        self.out.extend(header.local());
        self.out.extend(packed);
    }

    /// What stands so far: what the seal signs.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.out
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let tail = self.directory.finish(self.out.len());
        self.out.extend(tail);
        self.out
    }
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut packer = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(content.len() / 4 + 64);
    loop {
        let rest = content.get(packer.total_in() as usize..).unwrap_or_default();
        match packer.compress_vec(rest, &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) | Err(_) => return out,
            Ok(Status::Ok | Status::BufError) => out.reserve(out.len().max(64)),
        }
    }
}

/// A member as it stands in the zip.
pub(super) struct Member<'a> {
    pub(super) name: &'static str,
    /// Where its local header begins.
    pub(super) offset: usize,
    header: Header,
    packed: &'a [u8],
}

/// Takes a zip apart. All bytes of it are accounted for: what is not a member's content is as it must be.
pub(super) fn read(zip: &[u8]) -> Result<Vec<Member<'_>>, Fault> {
    let fault = |offset: usize, what: &str| Fault::new(Step::Container, ZIP, format!("byte {offset}: {what}"));
    let (mut members, mut directory, mut names, mut at) = (Vec::new(), Directory::default(), NAMES.iter(), 0);
    while let Some(header) = zip.get(at..).and_then(|rest| rest.first_chunk::<LOCAL_BYTES>()).filter(|h| h.starts_with(&LOCAL.to_le_bytes())) {
        let name = zip.get(at + LOCAL_BYTES..at + LOCAL_BYTES + usize::from(half(header, 26))).unwrap_or_default();
        let Some(&name) = names.by_ref().find(|known| known.as_bytes() == name) else {
            return Err(fault(at, "a member that does not belong here: unknown, twice, or out of order"));
        };
        let header = Header { name, crc: word(header, 14), packed: word(header, 18), size: word(header, 22) };
        let start = at + header.local().len();
        if zip.get(at..start) != Some(header.local().as_slice()) {
            return Err(fault(at, "the header is not in the one form that it may have"));
        }
        let end = start.saturating_add(header.packed as usize);
        let packed = zip.get(start..end).ok_or_else(|| fault(at, "the zip ends inside this member"))?;
        directory.add(&header, at);
        members.push(Member { name, offset: at, header, packed });
        at = end;
    }
    if zip.get(at..) != Some(directory.finish(at).as_slice()) {
        return Err(fault(at, "what follows the last member is not its directory, or is more, or less"));
    }
    let total: u64 = members.iter().map(|m| u64::from(m.header.size)).sum();
    if total > CONTENT_BYTES_MAX {
        return Err(Fault::unchecked(ZIP, format!("{total} bytes of content; this verifier takes {CONTENT_BYTES_MAX}")));
    }
    let needed = NAMES.iter().filter(|name| ![BOOKS, EVENTS].contains(*name));
    match needed.into_iter().find(|name| !members.iter().any(|m| m.name == **name)) {
        Some(name) => Err(Fault::new(Step::Container, name, "the member is missing")),
        None => Ok(members),
    }
}

fn half(header: &[u8; LOCAL_BYTES], at: usize) -> u16 {
    u16::from_le_bytes(std::array::from_fn(|i| header.get(at + i).copied().unwrap_or_default()))
}

fn word(header: &[u8; LOCAL_BYTES], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| header.get(at + i).copied().unwrap_or_default()))
}

impl Member<'_> {
    /// The content: exactly the size that the header says, whose checksum fits, with nothing after the deflate stream.
    pub(super) fn content(&self) -> Result<Vec<u8>, Fault> {
        let fault = |what: &str| Fault::new(Step::Content, self.name, what);
        let content = if self.header.method() == 0 {
            (self.packed.len() == self.header.size as usize).then(|| self.packed.to_vec())
        } else {
            inflate(self.packed, self.header.size)
        };
        let content = content.ok_or_else(|| fault("the content is not of the size that the header says"))?;
        if crc32fast::hash(&content) == self.header.crc { Ok(content) } else { Err(fault("the checksum does not fit")) }
    }
}

/// Decompresses exactly `size` bytes from exactly `packed`; holds no more than `size` bytes and believes no impossible size.
fn inflate(packed: &[u8], size: u32) -> Option<Vec<u8>> {
    if u64::from(size) > (packed.len() as u64).saturating_mul(RATIO_MAX) {
        return None;
    }
    let mut unpacker = Decompress::new(false);
    let mut out = Vec::with_capacity(size as usize + 1);
    let status = unpacker.decompress_vec(packed, &mut out, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && out.len() == size as usize && unpacker.total_in() == packed.len() as u64).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(contents: &[(&'static str, &[u8])]) -> Vec<u8> {
        let mut packer = Packer::default();
        contents.iter().for_each(|(name, content)| packer.add(name, content));
        packer.finish()
    }

    fn full() -> Vec<u8> {
        zip(&[(CHECKPOINT, b"c"), (KEY, b""), (MANIFEST, &[7; 100_000]), (PROOFS, b"p"), (RECORDS, b"r"), (SEAL, b"s")])
    }

    #[test]
    fn what_is_packed_comes_out() {
        let zip = full();
        let got: Vec<_> = read(&zip).unwrap().iter().map(|m| (m.name, m.content().unwrap().len())).collect();
        assert_eq!(got, [(CHECKPOINT, 1), (KEY, 0), (MANIFEST, 100_000), (PROOFS, 1), (RECORDS, 1), (SEAL, 1)]);
    }

    #[test]
    fn members_unknown_twice_out_of_order_or_missing_are_faults() {
        for wrong in [
            vec![("other", b"".as_slice())],
            vec![(KEY, b"".as_slice()), (KEY, b"")],
            vec![(KEY, b"".as_slice()), (CHECKPOINT, b"")],
            vec![(KEY, b"".as_slice())],
            vec![],
        ] {
            assert_eq!(read(&zip(&wrong)).err().map(|f| f.step), Some(Step::Container), "{wrong:?}");
        }
    }

    #[test]
    fn a_size_that_cannot_be_is_refused_without_memory() {
        assert_eq!(inflate(&deflate(b"abc"), u32::MAX), None);
        assert_eq!(inflate(&deflate(b"abc"), 2), None, "more comes out than the header says");
        assert_eq!(inflate(&deflate(b"abc"), 4), None);
        assert_eq!(inflate(&[deflate(b"abc"), vec![0]].concat(), 3), None, "bytes after the stream");
        assert_eq!(inflate(&deflate(&[0; 1 << 20]), 1 << 20).map(|c| c.len()), Some(1 << 20));
    }

    #[test]
    fn content_over_the_limit_is_not_checked() {
        let mut packer = Packer::default();
        for name in [CHECKPOINT, KEY, MANIFEST, PROOFS, RECORDS, SEAL] {
            let header = Header { name, crc: 0, packed: 0, size: (CONTENT_BYTES_MAX / 6 + 1) as u32 };
            packer.directory.add(&header, packer.out.len());
            packer.out.extend(header.local());
        }
        let fault = read(&packer.finish()).err().unwrap();
        assert!(fault.is_unchecked(), "{fault}");
    }
}
