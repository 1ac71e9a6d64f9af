//! Opening the journal after whatever happened: what is whole is used, what is not is reported with its place.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result,
    commit::Start as Resume,
    disk::Disk,
    index::Index,
    scan::{self, Found, Run},
    segment::{self, HEADER_BYTES, Header, SEGMENT_BYTES_MAX, Start, Tail},
};

/// What was found at opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Batches that can be used.
    pub batches: u64,
    /// Bytes at the end that were being written when the program or the machine stopped; never acknowledged.
    pub torn_bytes: u64,
    /// What is not as it was written.
    pub damaged: Vec<Damage>,
}

/// A place that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Offset in it.
    pub offset: u64,
    /// How many bytes from there.
    pub bytes: u64,
    /// What it is.
    pub what: What,
}

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The header of a segment. Its batches may still be used.
    Header,
    /// Bytes in which no batch can be found. `Damage::read` gives them, for quarantine.
    Run,
    /// The unfinished end of the newest segment; never acknowledged.
    Torn,
    /// One piece of a batch that is otherwise whole; it comes out as `Rejected(Damaged)`.
    Piece {
        /// The batch.
        number: u64,
        /// The piece.
        seq: u64,
    },
    /// The identities of a batch; its records are whole, but will not be known again by their ids.
    Identities {
        /// The batch.
        number: u64,
    },
    /// A batch whose number was there before; the older one counts.
    Repeated {
        /// The number.
        number: u64,
    },
    /// Batches that are not in any file.
    Missing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// A segment that its successor names and that is not there.
    MissingFile,
}

impl Damage {
    /// The bytes in question, as they are now.
    pub fn read(&self) -> Result<Vec<u8>> {
        let failed = |e| Error::io("reading", &self.path, e);
        let mut bytes = vec![0; usize::try_from(self.bytes).unwrap_or(SEGMENT_BYTES_MAX).min(SEGMENT_BYTES_MAX)];
        File::open(&self.path).and_then(|f| f.read_exact_at(&mut bytes, self.offset)).map_err(failed)?;
        Ok(bytes)
    }
}

/// What the committer and the readers start from.
pub(crate) struct Recovered {
    pub(crate) report: Recovery,
    pub(crate) index: Index,
    pub(crate) start: Resume,
}

/// Reads all segments.
pub(crate) fn recover(dir: &Path, disk: &dyn Disk) -> Result<Recovered> {
    let segments = segment::list(dir).map_err(|e| Error::io("reading", dir, e))?;
    let newest_segment = segments.last().copied().unwrap_or(0);
    if newest_segment > 0 {
        // What an earlier run wrote and did not sync must be down before anybody relies on it.
        let path = segment::path(dir, newest_segment);
        disk.sync_old(&path).and_then(|()| disk.sync_folder(dir)).map_err(|e| Error::io("syncing", &path, e))?;
    }
    let mut walk = Walk { dir, out: Recovery::default(), index: Index::default(), expected: None, tail: Tail::default() };
    let headers = segments.iter().map(|s| header(&segment::path(dir, *s))).collect::<Result<Vec<_>>>()?;
    for (i, (segment, header)) in segments.iter().zip(&headers).enumerate() {
        let later = headers.get(i + 1..).unwrap_or_default();
        // The next segment says how much of this one counts: nothing, if it goes on from an older one.
        let next = later.iter().flatten().find(|h| h.before.segment <= *segment);
        let cut = next.map(|h| if h.before.segment == *segment { h.before.bytes } else { 0 });
        if let Some(before) = header.map(|h| h.before.segment).filter(|b| i > 0 && *b > 0 && segments.binary_search(b).is_err()) {
            walk.out.damaged.push(Damage { path: segment::path(dir, before), offset: 0, bytes: 0, what: What::MissingFile });
        }
        walk.segment(*segment, header.as_ref(), cut, later.is_empty())?;
    }
    let last_number = walk.expected.map_or(0, |n| n.saturating_sub(1));
    walk.index.last_number = last_number;
    Ok(Recovered { report: walk.out, index: walk.index, start: Resume { tail: walk.tail, newest_segment, last_number } })
}

/// A segment's header; `None` if it is damaged.
fn header(path: &Path) -> Result<Option<Header>> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    File::open(path).and_then(|f| f.take(HEADER_BYTES as u64).read_to_end(&mut bytes)).map_err(|e| Error::io("reading", path, e))?;
    match Header::decode(&bytes) {
        Start::Header(header) => Ok(Some(header)),
        Start::Other => Err(Error::Version { path: path.to_owned() }),
        Start::Damaged => Ok(None),
    }
}

struct Walk<'a> {
    dir: &'a Path,
    out: Recovery,
    index: Index,
    /// The number that the next batch should have, once one is known.
    expected: Option<u64>,
    tail: Tail,
}

impl Walk<'_> {
    fn segment(&mut self, segment: u64, header: Option<&Header>, cut: Option<u64>, last: bool) -> Result<()> {
        let path = segment::path(self.dir, segment);
        let bytes = read(&path, cut).map_err(|e| Error::io("reading", &path, e))?;
        let note = |offset: usize, bytes: usize, what| Damage { path: path.clone(), offset: offset as u64, bytes: bytes as u64, what };
        let mark = header.map(|h| h.mark).or_else(|| scan::guess_mark(&bytes));
        self.index.open(segment, mark.unwrap_or_default());
        if cut == Some(0) || header.is_none() && bytes.len() <= HEADER_BYTES {
            // Its first sync failed, or it was being made when the machine stopped: nothing in it was acknowledged.
            self.lost(note(0, bytes.len(), What::Torn));
            return Ok(());
        }
        if let Some(header) = header {
            self.reach(header.first, &note(0, 0, What::Header));
        } else {
            self.out.damaged.push(note(0, HEADER_BYTES, What::Header));
        }
        let unfinished = if last { What::Torn } else { What::Run };
        let Some(mark) = mark else {
            self.tail = Tail { segment, bytes: bytes.len() as u64 };
            self.lost(note(HEADER_BYTES, bytes.len() - HEADER_BYTES, unfinished));
            return Ok(());
        };
        let found = scan::scan(&bytes, &mark, last, &mut |found| self.frame(segment, &found, &note));
        self.tail = Tail { segment, bytes: found.end as u64 };
        for Run { at, bytes } in found.runs {
            self.lost(note(at, bytes, What::Run));
        }
        if let Some(Run { at, bytes }) = found.rest {
            self.lost(note(at, bytes, unfinished));
        }
        Ok(())
    }

    fn frame(&mut self, segment: u64, found: &Found, note: &dyn Fn(usize, usize, What) -> Damage) {
        let number = found.batch.number;
        if self.expected.is_some_and(|n| number < n) {
            return self.out.damaged.push(note(found.at, found.bytes, What::Repeated { number }));
        }
        self.reach(number, &note(found.at, 0, What::Run));
        self.expected = Some(number.saturating_add(1));
        self.out.batches += 1;
        let pieces = found.batch.damaged.iter().map(|seq| What::Piece { number, seq: *seq });
        let identities = found.batch.identities_lost.then_some(What::Identities { number });
        self.out.damaged.extend(pieces.chain(identities).map(|what| note(found.at, found.bytes, what)));
        self.index.push(segment, number, found.at as u64, u32::try_from(found.bytes).unwrap_or(u32::MAX));
    }

    /// All batches below `number` should have come by now.
    fn reach(&mut self, number: u64, here: &Damage) {
        if let Some(first) = self.expected.filter(|n| *n < number) {
            self.out.damaged.push(Damage { bytes: 0, what: What::Missing { first, last: number - 1 }, ..here.clone() });
        }
        self.expected = self.expected.max(Some(number));
    }

    fn lost(&mut self, damage: Damage) {
        if damage.what == What::Torn {
            self.out.torn_bytes += damage.bytes;
        }
        if damage.bytes > 0 {
            self.out.damaged.push(damage);
        }
    }
}

/// A segment's bytes, up to where they count. A file that is longer than a segment can be is not read further.
fn read(path: &Path, cut: Option<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = cut.unwrap_or(u64::MAX).min(SEGMENT_BYTES_MAX as u64);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
