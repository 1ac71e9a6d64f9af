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
    Fault, Input, Known, Options, StreamReport,
    content::{Content, Got},
    raw::Raw,
    stream::{StartMark, Stream},
    unread::unread,
};

/// Bytes that are framed at once.
const CHUNK_BYTES: usize = 256 << 10;
/// How much of a stream is looked at to recognise its format.
const HEAD_BYTES: usize = 64 << 10;
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
    /// Its size.
    pub total: u64,
}

/// Reads a file to its end and gives what is new to the taker, in order. All faults are in the report; what was read before one is kept.
pub fn pump(input: &Input, known: &mut Known, received: Time, options: &Options, taker: &mut dyn Taker) -> StreamReport {
    let mut attempt = 0;
    loop {
        let mut report = StreamReport::new(input.path.clone());
        let compare = attempt < DECEIVED_MAX;
        let once = Pump { input, options, received, compare };
        match once.run(known, taker, &mut report) {
            // Nothing was given out yet: all so far was taken for known.
            Ok(Ended::Deceived) if compare => attempt += 1,
            Ok(_) => return report,
            Err(e) => {
                report.faults.push(Fault::Io(e));
                return report;
            }
        }
    }
}

enum Ended {
    Done,
    Deceived,
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
        let mut content = self.open()?;
        let before = content.metadata()?;
        let mut buffer = vec![0; CHUNK_BYTES];
        let (head_bytes, mut got) = fill(&mut content, &mut buffer, HEAD_BYTES)?;
        let head = buffer.get(..head_bytes).unwrap_or_default();
        let format = match self.format(head) {
            Ok(format) => format,
            Err(fault) => {
                refuse(report, fault);
                return Ok(Ended::Done);
            }
        };
        if let (Some(Got::Refused(why)), true) = (&got, head.is_empty()) {
            refuse(report, Fault::Unread(why.clone()));
            return Ok(Ended::Done);
        }
        let source = SourceInfo { name: self.input.source.clone(), format: format.name().into(), facet: format.facet(), host: self.input.host.clone() };
        report.source = Some(source.clone());
        let mut longest = |marks: Vec<StartMark>| if self.compare { self.longest(&marks) } else { None };
        let mut stream = Stream::new((known, taker, report), source, self.received, &mut longest);
        let mut framer = Framer::new(format.framing(), self.options.limits.framing);
        let mut filled = head_bytes;
        let last = loop {
            framer.push(buffer.get(..filled).unwrap_or_default(), &mut |b, kind, id| stream.piece(b, kind, id.map(|i| i.0)));
            stream.taker.progress(Progress { path: &self.input.path, read: content.consumed(), total: self.input.bytes });
            if stream.is_over() {
                break Got::End;
            }
            if content.is_bomb() {
                break Got::Broken(Reason::Bomb, String::new());
            }
            match got.take().map_or_else(|| content.read(&mut buffer), Ok) {
                Ok(Got::Bytes(n)) => filled = n,
                Ok(end) => break end,
                // The file itself failed: what was read of it is kept.
                Err(e) => {
                    stream.report.faults.push(Fault::Io(e));
                    break Got::Broken(Reason::Truncated, String::new());
                }
            }
        };
        self.end(&mut stream, &mut framer, &mut content, last, &mut buffer);
        stream.report.hole_bytes = content.hole_bytes();
        let fault = content.metadata().map_or_else(|e| Some(Fault::Io(e)), |after| changed(&before, &after, content.consumed()));
        stream.report.faults.extend(fault);
        Ok(if stream.deceived { Ended::Deceived } else { Ended::Done })
    }

    /// Ends the stream as its content ended.
    fn end(&self, stream: &mut Stream<'_>, framer: &mut Framer, content: &mut Content, last: Got, buffer: &mut [u8]) {
        let (reason, why) = match last {
            Got::Broken(reason, why) => (Some(reason), why),
            // A frame behind the first asks for what is not allowed; what came before it is kept.
            Got::Refused(why) => (Some(Reason::Truncated), why),
            Got::Bytes(_) | Got::End => (None, String::new()),
        };
        // A record that the break cut off is none; after trailing bytes the last record is whole.
        let cut = reason.filter(|r| *r != Reason::Trailing);
        framer.finish(&mut |b, kind, id| match (cut, kind) {
            (Some(reason), PieceKind::Record | PieceKind::Rejected(_)) => stream.piece(b, PieceKind::Rejected(reason), None),
            _ => stream.piece(b, kind, id.map(|i| i.0)),
        });
        let Some(reason) = reason else { return self.close(stream) };
        let bytes = stream.report.bytes;
        // A fault of the file itself is in the report already, and there is nothing more to read.
        let file_failed = reason == Reason::Truncated && why.is_empty();
        while !file_failed && !stream.is_over() {
            match content.rest(buffer) {
                Ok(0) => break,
                Ok(n) => stream.piece(buffer.get(..n).unwrap_or_default(), PieceKind::Rejected(reason), None),
                Err(e) => {
                    stream.report.faults.push(Fault::Io(e));
                    break;
                }
            }
        }
        stream.report.faults.extend(match reason {
            Reason::Trailing => Some(Fault::Trailing(why)),
            Reason::Bomb => Some(Fault::Bomb { bytes, ratio_max: self.options.limits.ratio_max }),
            _ if file_failed => None,
            _ => Some(Fault::Truncated(why)),
        });
        self.close(stream);
    }

    fn close(&self, stream: &mut Stream<'_>) {
        stream.flush();
        if let Some(e) = stream.refused.take() {
            stream.report.faults.push(Fault::NotTaken(e));
        }
    }

    /// Opens the file, if it is still one: no link is followed, and nothing is waited for.
    fn open(&self) -> io::Result<Content> {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
        let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(&self.input.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no longer a file"));
        }
        Content::new(Raw::new(file)?, self.options.limits)
    }

    fn format(&self, head: &[u8]) -> Result<&'static dyn Format, Fault> {
        if let Some(what) = unread(head) {
            return Err(Fault::Unread(what.into()));
        }
        let file_name = self.input.path.file_name().map(|f| f.to_string_lossy()).unwrap_or_default();
        match &self.options.format {
            Some(name) => formats::by_name(name).ok_or_else(|| Fault::NoFormat(name.clone())),
            None => Ok(formats::recognise(head, &file_name)),
        }
    }

    /// The longest of some known starts that this file has too. `marks` are ascending.
    fn longest(&self, marks: &[StartMark]) -> Option<StartMark> {
        let mut content = self.open().ok()?;
        let (mut hash, mut at, mut found) = (Sha256::new(), 0u64, None);
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut marks = marks.iter().peekable();
        let mut broken = false;
        while marks.peek().is_some() {
            let n = match content.read(&mut buffer) {
                Ok(Got::Bytes(n)) if !broken && !content.is_bomb() => n,
                Ok(Got::End | Got::Refused(_)) if !broken => break,
                Ok(_) if !broken => {
                    broken = true;
                    continue;
                }
                Ok(_) => content.rest(&mut buffer).ok().filter(|n| *n > 0)?,
                Err(_) => break,
            };
            let mut bytes = buffer.get(..n)?;
            while let Some(mark) = marks.peek().filter(|m| m.0 <= at + bytes.len() as u64) {
                let (now, later) = bytes.split_at_checked(usize::try_from(mark.0 - at).ok()?)?;
                hash.update(now);
                at = mark.0;
                bytes = later;
                let here: [u8; 32] = hash.clone().finalize().into();
                found = marks.next().filter(|m| m.1 == here).copied().or(found);
            }
            hash.update(bytes);
            at += bytes.len() as u64;
        }
        found
    }
}

fn refuse(report: &mut StreamReport, fault: Fault) {
    report.received += 1;
    report.refused += 1;
    report.faults.push(fault);
}

/// Reads until the buffer has `enough` bytes or the content ends; then also how it ended.
fn fill(content: &mut Content, buffer: &mut [u8], enough: usize) -> io::Result<(usize, Option<Got>)> {
    let mut filled = 0;
    while filled < enough {
        match content.read(buffer.get_mut(filled..enough).unwrap_or_default())? {
            Got::Bytes(n) => filled += n,
            end => return Ok((filled, Some(end))),
        }
    }
    Ok((filled, None))
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
