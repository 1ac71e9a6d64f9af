//! Logs that are followed: read on as they grow, through rotation, truncation and removal. A last line without an end waits.
//!
//! Files are told apart by device and inode, and by the bytes read last, since an inode is reused and a file written over.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
};

use event::{Gap, Time, time::SECOND};

use crate::{
    Fault, Input, Known, Options, Outcome, StreamReport, Taker,
    file::{Content, Opened},
    plan, pump,
};

/// A file that begins without the end of a line is looked at again for so long before it is recognised (seconds).
const FIRST_LINE_S: i64 = 5;

/// A file on a device.
type Id = (u64, u64);

/// Files and folders that are followed.
pub struct Follow {
    paths: Vec<PathBuf>,
    options: Options,
    tails: HashMap<Id, Tail>,
    /// Files that are read whole and only again when they change: archives, compressed ones, what is no log.
    whole: HashMap<Id, Version>,
    /// Files that are no log: said once, however often they change.
    unread: HashSet<Id>,
    /// Formats by source, so that the next file of a log is not guessed from its first line.
    formats: HashMap<String, String>,
    told: HashSet<PathBuf>,
}

/// A log that is read on.
struct Tail {
    file: Opened,
    /// When it was last read.
    read: Time,
}

/// What changes when a file does.
type Version = (u64, i64, i64);

fn id(about: &Metadata) -> Id {
    (about.dev(), about.ino())
}

fn version(about: &Metadata) -> Version {
    (about.len(), about.mtime(), about.mtime_nsec())
}

impl Follow {
    /// Follows files and folders; nothing is read yet.
    pub fn new(paths: Vec<PathBuf>, options: Options) -> Follow {
        Follow { paths, options, tails: HashMap::new(), whole: HashMap::new(), unread: HashSet::new(), formats: HashMap::new(), told: HashSet::new() }
    }

    /// Reads what came since the last time. Reports are those of files that gave something.
    pub fn poll(&mut self, known: &mut Known, received: Time, taker: &mut dyn Taker) -> Outcome {
        let (inputs, skipped) = plan(&self.paths, &self.options);
        let mut poll = Poll { outcome: Outcome::default(), known, received, taker };
        poll.outcome.skipped = skipped.into_iter().filter(|s| self.told.insert(s.path.clone())).collect();
        let found: Vec<(Input, Metadata)> = inputs.into_iter().filter_map(|i| fs::symlink_metadata(&i.path).ok().map(|about| (i, about))).collect();
        let present: HashSet<Id> = found.iter().map(|(_, about)| id(about)).collect();
        let gone: Vec<Id> = self.tails.keys().filter(|id| !present.contains(*id)).copied().collect();
        // What was deleted or moved away was written before what is there now.
        for id in gone {
            if let Some(tail) = self.tails.remove(&id) {
                poll.end(tail);
            }
        }
        self.whole.retain(|id, _| present.contains(id));
        self.unread.retain(|id| present.contains(id));
        for (input, about) in found {
            self.look(input, &about, &mut poll);
        }
        poll.outcome
    }

    fn look(&mut self, input: Input, about: &Metadata, poll: &mut Poll<'_>) {
        let id = id(about);
        if let Some(mut tail) = self.tails.remove(&id) {
            if !tail.file.goes_on(about) {
                let source = tail.file.input.source.clone();
                poll.close(tail, vec![Gap { source, kind: "truncated".into(), from: None, to: Some(poll.received), count: None }]);
                return self.open(input, about, poll);
            }
            tail.file.input.path = input.path;
            if about.len() > tail.file.consumed() {
                poll.read(&mut tail);
            }
            self.tails.insert(id, tail);
        } else if self.whole.get(&id) != Some(&version(about)) && about.len() > 0 && !self.unread.contains(&id) {
            self.open(input, about, poll);
        }
    }

    fn open(&mut self, input: Input, about: &Metadata, poll: &mut Poll<'_>) {
        let fresh = poll.received.0 - about.mtime().saturating_mul(SECOND) < FIRST_LINE_S * SECOND;
        let mut opened = Opened::open(&input, &self.options, poll.received);
        let known_format = self.formats.get(&input.source).filter(|_| self.options.format.is_none());
        if let (Ok(Content::Log(file)), Some(format)) = (&opened, known_format)
            && file.format() == "text"
            && file.format() != format
        {
            let options = Options { format: Some(format.clone()), ..self.options.clone() };
            opened = Opened::open(&input, &options, poll.received);
        }
        match opened {
            // Its first line is being written.
            Ok(Content::Log(file)) if file.can_go_on() && fresh && !file.has_a_line() => {}
            Ok(Content::Log(file)) if file.can_go_on() => {
                self.formats.insert(input.source.clone(), file.format().to_owned());
                let mut tail = Tail { file: *file, read: poll.received };
                poll.read(&mut tail);
                // If it was replaced while its start was compared, the next look opens it anew.
                if !tail.file.deceived() {
                    self.tails.insert(id(about), tail);
                }
            }
            // It is being written; what is compressed or packed is read when it is whole.
            Ok(Content::Log(_) | Content::Archive(..)) if fresh => {}
            _ => {
                if matches!(opened, Ok(Content::Unread(_))) {
                    self.unread.insert(id(about));
                }
                self.whole.insert(id(about), version(about));
                let outcome = pump(&input, poll.known, poll.received, &self.options, poll.taker);
                poll.outcome.reports.extend(outcome.reports);
                poll.outcome.skipped.extend(outcome.skipped);
            }
        }
    }
}

/// One look at all that is followed.
struct Poll<'a> {
    outcome: Outcome,
    known: &'a mut Known,
    received: Time,
    taker: &'a mut dyn Taker,
}

impl Poll<'_> {
    /// Reads a log on to its present end.
    fn read(&mut self, tail: &mut Tail) {
        let mut report = StreamReport::new(tail.file.input.path.clone(), tail.file.input.source.clone());
        tail.read = self.received;
        tail.file.resume(self.received);
        tail.file.read_on(self.known, self.taker, &mut report);
        tail.file.pause(self.known, self.taker, &mut report);
        self.keep(report);
    }

    /// Reads a log to its end, which has come.
    fn end(&mut self, mut tail: Tail) {
        self.read(&mut tail);
        self.close(tail, Vec::new());
    }

    /// Closes a log where it was read to.
    fn close(&mut self, mut tail: Tail, gaps: Vec<Gap>) {
        let mut report = StreamReport::new(tail.file.input.path.clone(), tail.file.input.source.clone());
        tail.file.end(self.known, self.taker, &mut report);
        // A log that is deleted, cut or written over while it is followed is rotated; what is known to be missing is a gap.
        report.faults.retain(|f| !matches!(f, Fault::Deleted | Fault::Shrunk | Fault::Changed));
        report.gaps = gaps.into_iter().map(|gap| Gap { from: Some(tail.read), ..gap }).collect();
        self.keep(report);
    }

    fn keep(&mut self, report: StreamReport) {
        if report.received > 0 || report.bytes > 0 || report.ended || !report.faults.is_empty() || !report.gaps.is_empty() {
            self.outcome.reports.push(report);
        }
    }
}
