//! One file to batches: opened, decompressed, recognised, framed; what is known is left out.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use event::{PieceKind, Reason, Records, SourceInfo, Time};
use formats::{Format, Framer};
use journal::{BatchNote, Entry, StoredBatch};
use sha2::{Digest as _, Sha256};

use crate::{
    Fault, Input, Known, Options, Skipped, StreamReport,
    archive::{self, Kind, Member, Unpacker},
    chunks::{Chunks, End},
    raw::Raw,
    stream::{StartMark, Stream},
    unread::unread,
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
    Archives { received, options, outcome: &mut outcome }.read(input, known, taker, 0);
    outcome
}

/// Reads files, and files inside files.
struct Archives<'a> {
    received: Time,
    options: &'a Options,
    outcome: &'a mut Outcome,
}

impl Archives<'_> {
    fn read(&mut self, input: &Input, known: &mut Known, taker: &mut dyn Taker, depth: usize) {
        let mut report = StreamReport::new(input.path.clone(), input.source.clone());
        match one(input, known, self.received, self.options, taker, &mut report) {
            Ok(Ended::Archive(..)) if depth >= archive::DEPTH_MAX => unread_file(&mut report, "an archive inside too many archives; unpack it first"),
            Ok(Ended::Archive(kind, chunks)) => {
                let fault = self.members(input, (kind, *chunks), known, taker, depth);
                match fault {
                    Some(Fault::Io(e)) => report.faults.push(Fault::Io(e)),
                    Some(fault) => refuse(&mut report, fault),
                    None => return,
                }
            }
            Ok(_) => {}
            Err(e) => report.faults.push(Fault::Io(e)),
        }
        self.outcome.reports.push(report);
    }

    fn members(&mut self, input: &Input, (kind, mut chunks): (Kind, Chunks), known: &mut Known, taker: &mut dyn Taker, depth: usize) -> Option<Fault> {
        let scratch = self.options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let limits = self.options.limits;
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
        let mut unpacker = Unpacker { shown: &input.path, scratch: &scratch, limits, each: &mut each };
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
fn refuse(report: &mut StreamReport, fault: Fault) {
    report.received += 1;
    report.refused += 1;
    report.faults.push(fault);
}

fn unread_file(report: &mut StreamReport, why: &str) {
    refuse(report, Fault::Unread(why.into()));
}

/// Reads one file that is no archive.
fn one(input: &Input, known: &mut Known, received: Time, options: &Options, taker: &mut dyn Taker, report: &mut StreamReport) -> io::Result<Ended> {
    let mut attempt = 0;
    loop {
        let compare = attempt < DECEIVED_MAX;
        let ended = Pump { input, options, received, compare }.run(known, taker, report)?;
        // Nothing was given out yet: all so far was taken for known.
        if !matches!(ended, Ended::Deceived) || !compare {
            return Ok(ended);
        }
        *report = StreamReport::new(input.path.clone(), input.source.clone());
        attempt += 1;
    }
}

enum Ended {
    Done,
    Deceived,
    Archive(Kind, Box<Chunks>),
}

/// Opens the file, if it is still one: no link is followed, and nothing is waited for.
fn open_file(input: &Input) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(input.place())?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no longer a file")) }
}

struct Pump<'a> {
    input: &'a Input,
    options: &'a Options,
    received: Time,
    /// Whether known starts are looked for.
    compare: bool,
}

impl Pump<'_> {
    fn run(&self, known: &mut Known, taker: &mut dyn Taker, report: &mut StreamReport) -> io::Result<Ended> {
        let mut chunks = self.open()?;
        let before = chunks.content.metadata()?;
        if let Some(kind) = archive::kind(chunks.head()) {
            return Ok(Ended::Archive(kind, Box::new(chunks)));
        }
        let format = match self.format(&chunks) {
            Ok(format) => format,
            Err(fault) => {
                refuse(report, fault);
                return Ok(Ended::Done);
            }
        };
        let source = SourceInfo { name: self.input.source.clone(), format: format.name().into(), facet: format.facet(), host: self.input.host.clone() };
        report.source = Some(source.clone());
        let mut longest = |marks: Vec<StartMark>| if self.compare { self.longest(&marks) } else { None };
        let mut stream = Stream::new((known, taker, report), source, self.received, &mut longest);
        let mut framer = Framer::new(format.framing(), self.options.limits.framing);
        while !stream.is_over()
            && let Some(bytes) = chunks.next()
        {
            framer.push(bytes, &mut |b, kind, id| stream.piece(b, kind, id.map(|i| i.0)));
            // How far an archive is read is not told by one of its members.
            let read = if self.input.laid.is_none() { chunks.content.consumed() } else { 0 };
            stream.taker.progress(Progress { path: &self.input.path, read, total: self.input.bytes.max(read) });
        }
        let fault = self.end(&mut stream, &mut framer, &mut chunks);
        stream.report.faults.extend(fault);
        stream.flush();
        if let Some(e) = stream.refused.take() {
            stream.report.faults.push(Fault::NotTaken(e));
        }
        stream.report.hole_bytes = chunks.content.hole_bytes();
        let fault = chunks.content.metadata().map_or_else(|e| Some(Fault::Io(e)), |after| changed(&before, &after, chunks.content.consumed()));
        stream.report.faults.extend(fault);
        Ok(if stream.deceived { Ended::Deceived } else { Ended::Done })
    }

    /// Ends the stream as its content ended.
    fn end(&self, stream: &mut Stream<'_>, framer: &mut Framer, chunks: &mut Chunks) -> Option<Fault> {
        let end = chunks.take_end();
        // A record that a break cut off is none; before trailing bytes the last record is whole.
        let cut = match &end {
            End::Whole | End::Broken(Reason::Trailing, _) => None,
            End::Broken(reason, _) => Some(*reason),
            End::Refused(_) | End::Failed(_) => Some(Reason::Truncated),
        };
        framer.finish(&mut |b, kind, id| match (cut, kind) {
            (Some(reason), PieceKind::Record | PieceKind::Rejected(_)) => stream.piece(b, PieceKind::Rejected(reason), None),
            _ => stream.piece(b, kind, id.map(|i| i.0)),
        });
        let bytes = stream.report.bytes;
        let (reason, fault) = match end {
            End::Whole => return None,
            End::Failed(e) => return Some(Fault::Io(e)),
            End::Refused(why) => (Reason::Truncated, Fault::Truncated(why)),
            End::Broken(Reason::Trailing, why) => (Reason::Trailing, Fault::Trailing(why)),
            End::Broken(Reason::Bomb, _) => (Reason::Bomb, Fault::Bomb { bytes, ratio_max: self.options.limits.ratio_max }),
            End::Broken(reason, why) => (reason, Fault::Truncated(why)),
        };
        while !stream.is_over() {
            match chunks.rest() {
                Ok([]) => break,
                Ok(bytes) => stream.piece(bytes, PieceKind::Rejected(reason), None),
                Err(e) => {
                    stream.report.faults.push(Fault::Io(e));
                    break;
                }
            }
        }
        Some(fault)
    }

    fn open(&self) -> io::Result<Chunks> {
        Chunks::new(Raw::new(open_file(self.input)?)?, self.options.limits)
    }

    fn format(&self, chunks: &Chunks) -> Result<&'static dyn Format, Fault> {
        let head = chunks.head();
        if let Some(End::Refused(why)) = chunks.end().filter(|_| head.is_empty()) {
            return Err(Fault::Unread(why.clone()));
        }
        if let Some(what) = unread(head) {
            return Err(Fault::Unread(what.into()));
        }
        let file_name = self.input.path.file_name().map(|f| f.to_string_lossy()).unwrap_or_default();
        match &self.options.format {
            Some(name) => formats::by_name(name).ok_or_else(|| Fault::NoFormat(name.clone())),
            None => Ok(formats::recognise(head, &file_name)),
        }
    }

    /// The longest of some known starts that this file has too. `marks` are ascending. A file that cannot be read a second time
    /// has none; its first reading says why.
    fn longest(&self, marks: &[StartMark]) -> Option<StartMark> {
        let mut chunks = self.open().ok()?;
        let mut start = Start { hash: Sha256::new(), at: 0, marks, longest: None };
        while !start.marks.is_empty()
            && let Some(bytes) = chunks.next()
        {
            start.take(bytes);
        }
        while !start.marks.is_empty() && matches!(chunks.end(), Some(End::Broken(..) | End::Refused(_))) {
            match chunks.rest() {
                Ok(bytes) if !bytes.is_empty() => start.take(bytes),
                _ => break,
            }
        }
        start.longest
    }
}

/// Compares the start of a stream with known ones as it goes by.
struct Start<'a> {
    hash: Sha256,
    at: u64,
    /// Those that were not reached yet.
    marks: &'a [StartMark],
    longest: Option<StartMark>,
}

impl Start<'_> {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some((mark, later)) = self.marks.split_first()
            && let Some((now, rest)) = usize::try_from(mark.0 - self.at).ok().and_then(|n| bytes.split_at_checked(n))
        {
            self.hash.update(now);
            (self.at, self.marks, bytes) = (mark.0, later, rest);
            let here: [u8; 32] = self.hash.clone().finalize().into();
            if here == mark.1 {
                self.longest = Some(*mark);
            }
        }
        self.hash.update(bytes);
        self.at += bytes.len() as u64;
    }
}

/// What happened to a file while it was read. That a log has grown is no fault.
fn changed(before: &Metadata, after: &Metadata, read: u64) -> Option<Fault> {
    if after.nlink() == 0 {
        Some(Fault::Deleted)
    } else if after.len() < read || after.len() < before.len() {
        Some(Fault::Shrunk)
    } else if after.len() == before.len() && after.modified().ok() != before.modified().ok() {
        Some(Fault::Changed)
    } else {
        None
    }
}
