//! One file: opened, decompressed, recognised, framed; what is known is left out. It can be read on after its end, while it grows.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
};

use event::{PieceKind, Reason, SourceInfo, Time};
use formats::{Format, Framer};
use sha2::{Digest as _, Sha256};

use crate::{
    Fault, Input, Known, Limits, Options, Progress, StreamReport, Taker,
    archive::{self, Kind},
    chunks::{Chunks, End},
    raw::Raw,
    stream::{StartMark, State, Stream},
    unread::unread,
};

/// What a file turned out to be.
pub(crate) enum Content {
    /// A log.
    Log(Box<Opened>),
    /// An archive.
    Archive(Kind, Box<Chunks>),
    /// Nothing that is read.
    Unread(Fault),
}

/// A log that is being read.
pub(crate) struct Opened {
    pub(crate) input: Input,
    limits: Limits,
    chunks: Chunks,
    before: Metadata,
    source: SourceInfo,
    framer: Framer,
    state: State,
    /// Whether known starts are looked for.
    pub(crate) compare: bool,
    /// The bytes read last, up to `LAST_BYTES`, by which a file that was written over is told.
    last: Vec<u8>,
}

/// Bytes that are compared before a file is read on.
const LAST_BYTES: usize = 1024;

/// Opens a file, if it is still one: no link is followed, and nothing is waited for.
pub(crate) fn open_file(input: &Input) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(input.place())?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no longer a file")) }
}

fn chunks(input: &Input, limits: Limits) -> io::Result<Chunks> {
    Chunks::new(Raw::new(open_file(input)?)?, limits)
}

impl Opened {
    /// Opens a file and recognises it.
    pub(crate) fn open(input: &Input, options: &Options, received: Time) -> io::Result<Content> {
        let chunks = chunks(input, options.limits)?;
        let before = chunks.content.metadata()?;
        if let Some(kind) = archive::kind(chunks.head()) {
            return Ok(Content::Archive(kind, Box::new(chunks)));
        }
        let format = match format(input, options, &chunks) {
            Ok(format) => format,
            Err(fault) => return Ok(Content::Unread(fault)),
        };
        let source = SourceInfo { name: input.source.clone(), format: format.name().into(), facet: format.facet(), host: input.host.clone() };
        let state = State::new(source.clone(), received);
        let framer = Framer::new(format.framing(), options.limits.framing);
        Ok(Content::Log(Box::new(Opened {
            input: input.clone(),
            limits: options.limits,
            chunks,
            before,
            source,
            framer,
            state,
            compare: true,
            last: Vec::new(),
        })))
    }

    /// Whether the file is not what it was when its start was compared.
    pub(crate) fn deceived(&self) -> bool {
        self.state.deceived && self.compare
    }

    /// Reads on to the present end of the file. A record that has no end there stays open.
    pub(crate) fn read_on(&mut self, known: &mut Known, taker: &mut dyn Taker, report: &mut StreamReport) {
        report.source = Some(self.source.clone());
        let Opened { input, limits, chunks, framer, state, compare, last, .. } = self;
        let mut longest = |marks: Vec<StartMark>| if *compare { longest(input, *limits, &marks) } else { None };
        let mut stream = Stream { known, taker, report, longest: &mut longest, state };
        while !stream.is_over()
            && let Some(bytes) = chunks.next()
        {
            keep_last(last, bytes);
            framer.push(bytes, &mut |b, kind, id| stream.piece(b, kind, id.map(|i| i.0)));
            // How far an archive is read is not told by one of its members.
            let read = if input.laid.is_none() { chunks.content.consumed() } else { 0 };
            stream.taker.progress(Progress { path: &input.path, read, total: input.bytes.max(read) });
        }
    }

    /// What was read is given out; the file will be read on.
    pub(crate) fn pause(&mut self, known: &mut Known, taker: &mut dyn Taker, report: &mut StreamReport) {
        let mut longest = |_: Vec<StartMark>| None;
        let mut stream = Stream { known, taker, report, longest: &mut longest, state: &mut self.state };
        // A heading without a record waits for one: a stream is known again by its first record.
        if stream.state.has_begun() {
            stream.flush();
        }
        if let Some(e) = stream.state.refused.take() {
            stream.report.faults.push(Fault::NotTaken(e));
        }
        if let Some(End::Failed(e)) = self.chunks.end() {
            report.faults.push(Fault::Io(io::Error::other(e.to_string())));
        }
        self.before = self.chunks.content.metadata().unwrap_or_else(|_| self.before.clone());
    }

    /// The end of the file may have moved.
    pub(crate) fn resume(&mut self, received: Time) {
        self.state.received_at(received);
        self.chunks.resume();
    }

    /// Whether the file can be read on when it grows: what is compressed is written at once.
    pub(crate) fn can_go_on(&self) -> bool {
        self.chunks.content.is_plain()
    }

    /// Whether a line has ended in what was seen of it, or more was seen than a line has.
    pub(crate) fn has_a_line(&self) -> bool {
        let head = self.chunks.head();
        head.contains(&b'\n') || head.len() >= formats::read::HEAD_BYTES_MAX
    }

    /// The format that it was recognised as.
    pub(crate) fn format(&self) -> &str {
        &self.source.format
    }

    /// How far the file was read.
    pub(crate) fn consumed(&self) -> u64 {
        self.chunks.content.consumed()
    }

    /// Whether the file that is there now is this one, as far as it was read.
    pub(crate) fn goes_on(&self, now: &Metadata) -> bool {
        let read = self.consumed();
        let holes = self.chunks.content.hole_bytes() > 0;
        now.len() >= read && (holes || self.chunks.content.bytes_before(read, self.last.len()).is_ok_and(|found| found == self.last))
    }

    /// The file has ended: what is open is closed, and what happened to the file is said.
    pub(crate) fn end(&mut self, known: &mut Known, taker: &mut dyn Taker, report: &mut StreamReport) {
        let Opened { input, limits, chunks, framer, state, compare, .. } = self;
        let mut longest = |marks: Vec<StartMark>| if *compare { longest(input, *limits, &marks) } else { None };
        let mut stream = Stream { known, taker, report, longest: &mut longest, state };
        let fault = end(&mut stream, framer, chunks, limits.ratio_max);
        stream.report.faults.extend(fault);
        stream.flush();
        if let Some(e) = stream.state.refused.take() {
            stream.report.faults.push(Fault::NotTaken(e));
        }
        stream.report.stream = stream.state.number();
        stream.report.ended = true;
        stream.report.hole_bytes = chunks.content.hole_bytes();
        let fault = chunks.content.metadata().map_or_else(|e| Some(Fault::Io(e)), |after| changed(&self.before, &after, chunks.content.consumed()));
        stream.report.faults.extend(fault);
    }
}

/// Keeps the last bytes of what went by.
fn keep_last(last: &mut Vec<u8>, bytes: &[u8]) {
    let from = bytes.len().saturating_sub(LAST_BYTES);
    last.extend_from_slice(bytes.get(from..).unwrap_or_default());
    last.drain(..last.len().saturating_sub(LAST_BYTES));
}

/// Ends the stream as its content ended.
fn end(stream: &mut Stream<'_>, framer: &mut Framer, chunks: &mut Chunks, ratio_max: u64) -> Option<Fault> {
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
        End::Broken(Reason::Bomb, _) => (Reason::Bomb, Fault::Bomb { bytes, ratio_max }),
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

fn format(input: &Input, options: &Options, chunks: &Chunks) -> Result<&'static dyn Format, Fault> {
    let head = chunks.head();
    if let Some(End::Refused(why)) = chunks.end().filter(|_| head.is_empty()) {
        return Err(Fault::Unread(why.clone()));
    }
    if let Some(what) = unread(head) {
        return Err(Fault::Unread(what.into()));
    }
    let file_name = input.path.file_name().map(|f| f.to_string_lossy()).unwrap_or_default();
    match &options.format {
        Some(name) => options.catalogue.by_name(name).ok_or_else(|| Fault::NoFormat(name.clone())),
        None => Ok(options.catalogue.recognise(head, &file_name)),
    }
}

/// The longest of some known starts that this file has too. `marks` are ascending. A file that cannot be read a second time
/// has none; its first reading says why.
fn longest(input: &Input, limits: Limits, marks: &[StartMark]) -> Option<StartMark> {
    let mut chunks = chunks(input, limits).ok()?;
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
