//! Files to batches: one after another, and the files inside an archive one by one.

use std::{cell::Cell, io, path::Path};

use event::{Records, Time};
use journal::{BatchNote, Entry, StoredBatch};

use crate::{
    Fault, Input, Known, Options, Skipped, StreamReport,
    archive::{self, Kind, Member, Unpacker},
    chunks::Chunks,
    file::{Content, Opened, open_file},
};

/// How often a file is read again because it was replaced while its start was compared.
const DECEIVED_MAX: usize = 2;

/// An error of whoever takes the batches.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Records of one stream of one source, ready for the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The records.
    pub records: Records,
    /// What the journal keeps with them.
    pub note: BatchNote,
}

impl Batch {
    /// The batch as the journal gives it back.
    pub fn acknowledged(self, entry: Entry) -> StoredBatch {
        let Entry { number, root } = entry;
        StoredBatch { number, root, records: self.records, note: self.note, damaged: Vec::new(), identities_lost: false }
    }
}

/// Takes batches.
pub trait Taker {
    /// 32 random bytes for a batch.
    fn key(&mut self) -> Result<[u8; 32], BoxError>;
    /// Takes a batch. After an error the rest of the file is counted as refused. A taker that answers before the journal
    /// does must not save what is known until the journal has confirmed.
    fn take(&mut self, batch: Batch) -> Result<(), BoxError>;
    /// Hears how far the file is read.
    fn progress(&mut self, progress: Progress<'_>) {
        let _ = progress;
    }
}

/// How far a file is read.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file.
    pub path: &'a Path,
    /// Bytes of it that were read, as they lie on disk.
    pub read: u64,
    /// Its size; grows with a file that grows.
    pub total: u64,
}

/// What became of a file, or of the files inside an archive.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One for a file, one for each member of an archive, and one for the archive itself if it is not whole.
    pub reports: Vec<StreamReport>,
    /// Members that were not read.
    pub skipped: Vec<Skipped>,
}

/// Reads a file to its end and gives what is new to the taker, in order; the files inside an archive one by one.
/// All faults are in the reports; what was read before one is kept.
pub fn pump(input: &Input, known: &mut Known, received: Time, options: &Options, taker: &mut dyn Taker) -> Outcome {
    let mut outcome = Outcome::default();
    let room = Cell::new(options.limits.free_bytes.max(input.bytes.saturating_mul(options.limits.ratio_max)));
    Archives { received, options, outcome: &mut outcome, room: &room }.read(input, known, taker, 0);
    outcome
}

/// Reads files, and files inside files.
struct Archives<'a> {
    received: Time,
    options: &'a Options,
    outcome: &'a mut Outcome,
    /// Bytes that may still be unpacked, however deep.
    room: &'a Cell<u64>,
}

impl Archives<'_> {
    fn read(&mut self, input: &Input, known: &mut Known, taker: &mut dyn Taker, depth: usize) {
        let mut report = StreamReport::new(input.path.clone(), input.source.clone());
        match self.one(input, known, taker, &mut report) {
            Ok(Some(_)) if depth >= archive::DEPTH_MAX => unread_file(&mut report, "an archive inside too many archives; unpack it first"),
            Ok(Some((kind, chunks))) => {
                let fault = self.members(input, (kind, chunks), known, taker, depth);
                match fault {
                    Some(Fault::Io(e)) => report.faults.push(Fault::Io(e)),
                    Some(fault) => refuse(&mut report, fault),
                    None => return,
                }
            }
            Ok(None) => {}
            Err(e) => report.faults.push(Fault::Io(e)),
        }
        self.outcome.reports.push(report);
    }

    /// Reads one file, unless it is an archive.
    fn one(&self, input: &Input, known: &mut Known, taker: &mut dyn Taker, report: &mut StreamReport) -> io::Result<Option<(Kind, Chunks)>> {
        for attempt in 0.. {
            let mut file = match Opened::open(input, self.options, self.received)? {
                Content::Log(file) => file,
                Content::Archive(kind, chunks) => return Ok(Some((kind, *chunks))),
                Content::Unread(fault) => {
                    refuse(report, fault);
                    break;
                }
            };
            file.compare = attempt < DECEIVED_MAX;
            file.read_on(known, taker, report);
            file.end(known, taker, report);
            // Nothing was given out yet: all so far was taken for known.
            if !file.deceived() {
                break;
            }
            *report = StreamReport::new(input.path.clone(), input.source.clone());
        }
        Ok(None)
    }

    fn members(&mut self, input: &Input, (kind, mut chunks): (Kind, Chunks), known: &mut Known, taker: &mut dyn Taker, depth: usize) -> Option<Fault> {
        let scratch = self.options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let ratio_max = self.options.limits.ratio_max;
        let room = self.room;
        let mut each = |member: Result<Member, Skipped>| match member {
            Ok(member) => {
                let inner = input.member(&member.parts, member.file.path(), self.options);
                self.read(&inner, known, taker, depth + 1);
                if let (Some(fault), Some(report)) = (member.fault, self.outcome.reports.last_mut()) {
                    refuse(report, fault);
                }
            }
            Err(skipped) => self.outcome.skipped.push(skipped),
        };
        let mut unpacker = Unpacker { shown: &input.path, scratch: &scratch, room, ratio_max, each: &mut each };
        match kind {
            Kind::Tar => unpacker.tar(&mut chunks),
            Kind::Zip if !chunks.content.is_plain() => Some(Fault::Unread("a zip archive that is compressed once more; unpack it first".into())),
            Kind::Zip => match open_file(input) {
                Ok(file) => unpacker.zip(file),
                Err(e) => Some(Fault::Io(e)),
            },
        }
    }
}

/// A thing that should hold records and cannot be read counts as one that was refused.
pub(crate) fn refuse(report: &mut StreamReport, fault: Fault) {
    report.received += 1;
    report.refused += 1;
    report.faults.push(fault);
}

fn unread_file(report: &mut StreamReport, why: &str) {
    refuse(report, Fault::Unread(why.into()));
}
