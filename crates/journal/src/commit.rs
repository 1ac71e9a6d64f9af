//! The committer: one thread that writes what all others hand over, syncs once for all of them, and answers each.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender},
};

use crate::{
    Entry, Error, Result,
    disk::{Disk, SegmentFile},
    frame,
    index::SharedIndex,
    segment::{self, HEADER_BYTES, Header, Mark, SEGMENT_BYTES_MAX, Tail},
};

/// Most bytes that are written before a sync; what waits longer goes into the next one.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// A batch that waits to become durable.
pub(crate) struct Request {
    pub(crate) frame: Vec<u8>,
    pub(crate) root: [u8; 32],
    /// The batch's key; the first one of a segment makes the segment's mark.
    pub(crate) key: [u8; 32],
    pub(crate) answer: SyncSender<Result<Entry>>,
}

/// Where a committer goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The newest segment that has something that counts, and how much of it does.
    pub(crate) tail: Tail,
    /// The highest number of a segment that is there.
    pub(crate) newest_segment: u64,
    /// The highest number that a batch had.
    pub(crate) last_number: u64,
}

pub(crate) struct Committer {
    disk: Box<dyn Disk>,
    dir: PathBuf,
    index: SharedIndex,
    active: Option<Active>,
    /// The newest segment that has durable batches, and how much of it counts. What later segments hold does not.
    tail: Tail,
    newest_segment: u64,
    /// Number of the last durable batch.
    last_number: u64,
    /// Batches that are written and not yet synced.
    waiting: Vec<Waiting>,
}

/// The segment that is written to.
struct Active {
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    mark: Mark,
    /// Where the next frame goes.
    end: usize,
    /// Its entry in the folder is not durable yet.
    fresh: bool,
}

struct Waiting {
    number: u64,
    at: usize,
    bytes: usize,
    root: [u8; 32],
    key: [u8; 32],
    answer: SyncSender<Result<Entry>>,
}

impl Committer {
    pub(crate) fn new(disk: Box<dyn Disk>, dir: &Path, index: SharedIndex, start: Start) -> Committer {
        let Start { tail, newest_segment, last_number } = start;
        Committer { disk, dir: dir.to_owned(), index, active: None, tail, newest_segment, last_number, waiting: Vec::new() }
    }

    /// Works until the journal is dropped.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut bytes = first.frame.len();
            self.take(first);
            while bytes < GROUP_BYTES_MAX
                && let Ok(next) = requests.try_recv()
            {
                bytes += next.frame.len();
                self.take(next);
            }
            self.settle();
        }
    }

    /// Writes a batch, or refuses it at once.
    fn take(&mut self, request: Request) {
        if self.active.as_ref().is_some_and(|a| a.end + request.frame.len() > SEGMENT_BYTES_MAX) {
            self.settle();
            self.active = None;
        }
        match self.write(request.frame, &request.key) {
            Ok((number, at, bytes)) => {
                self.waiting.push(Waiting { number, at, bytes, root: request.root, key: request.key, answer: request.answer });
            }
            // Whoever asked may be gone; that changes nothing.
            Err(e) => drop(request.answer.send(Err(e))),
        }
    }

    fn write(&mut self, mut frame: Vec<u8>, key: &[u8; 32]) -> Result<(u64, usize, usize)> {
        let number = self.last_number + self.waiting.len() as u64 + 1;
        let active = match self.active.take() {
            Some(active) => active,
            None => self.create(key)?,
        };
        let active = self.active.insert(active);
        frame::seal(&mut frame, &active.mark, number);
        let at = active.end;
        if let Err(e) = active.file.write_at(&frame, at as u64) {
            // What is half there is overwritten by the next batch, or left behind as torn.
            let _ = active.file.cut(at as u64);
            return Err(Error::io("writing", &active.path, e));
        }
        active.end += frame.len();
        Ok((number, at, frame.len()))
    }

    /// Makes the next segment. Its header is synced with its first batch.
    fn create(&mut self, key: &[u8; 32]) -> Result<Active> {
        let segment = self.newest_segment + 1;
        let path = segment::path(&self.dir, segment);
        let failed = |e| Error::io("making", &path, e);
        let header = Header { segment, first: self.last_number + 1, before: self.tail, mark: segment::mark(key, segment) };
        let mut file = self.disk.create(&path).map_err(failed)?;
        self.newest_segment = segment;
        if let Err(e) = file.write_at(&header.encode(), 0) {
            let _ = self.disk.remove(&path);
            return Err(failed(e));
        }
        self.index.write(|i| i.open(segment, header.mark));
        Ok(Active { file, path, mark: header.mark, end: HEADER_BYTES, fresh: true })
    }

    /// Syncs what was written, and answers all that wait for it.
    fn settle(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let (Some(active), Some(last)) = (&mut self.active, waiting.last()) else { return };
        if let Err(e) = sync(self.disk.as_ref(), &self.dir, active) {
            let error = Error::not_durable(&active.path, e);
            self.seal(&last.key);
            return waiting.into_iter().for_each(|w| drop(w.answer.send(Err(error.clone()))));
        }
        self.last_number = last.number;
        self.tail = Tail { segment: self.newest_segment, bytes: active.end as u64 };
        let segment = self.newest_segment;
        self.index.write(|i| waiting.iter().for_each(|w| i.push(segment, w.number, w.at as u64, u32::try_from(w.bytes).unwrap_or(u32::MAX))));
        for Waiting { number, root, answer, .. } in waiting {
            drop(answer.send(Ok(Entry { number, root })));
        }
    }

    /// After a failed sync nothing is known of what is down (the kernel may have dropped the pages and forgotten it), so
    /// the segment is left as it is, and a new one says at once how much of it counts. If that fails too, the next batch tries again.
    fn seal(&mut self, key: &[u8; 32]) {
        self.active = None;
        let Ok(mut active) = self.create(key) else { return };
        match sync(self.disk.as_ref(), &self.dir, &mut active) {
            Ok(()) => self.active = Some(active),
            Err(_) => drop(self.disk.remove(&active.path)),
        }
    }
}

/// Makes a segment's content, and its entry in the folder, durable.
fn sync(disk: &dyn Disk, dir: &Path, active: &mut Active) -> std::io::Result<()> {
    active.file.sync()?;
    if active.fresh {
        disk.sync_folder(dir)?;
        active.fresh = false;
    }
    Ok(())
}
