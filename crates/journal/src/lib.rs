//! The journal: what was received and acknowledged, on disk before anybody is told so.
//!
//! Owns: segments (`journal/0000000001.seg` …, at most 64 MiB), their frames and checksums, group commit, recovery.
//! Never looks into a record, never knows tables, cases or the clock; keys come from the caller.
//!
//! Acknowledged means durable: when [`Journal::append`] returns, the file was synced, and its folder if the file is new.
//! Opening needs no hand: torn ends are left behind, damaged pieces come out as such, and the rest is used.
//!
//! The way of a batch: [`batch`] (the values) → `frame` (bytes with checksums) → `commit` (one thread that writes, syncs
//! and answers) → `segment` (the files) → `scan` (what is whole in a file) → [`recovery`] (what is known after opening).

pub mod batch;
mod bytes;
mod commit;
pub mod disk;
mod error;
mod frame;
mod index;
mod read;
pub mod recovery;
mod scan;
mod segment;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

pub use batch::{BatchNote, Entry, Prefix, Skip, StoredBatch};
pub use error::{Error, Result};
pub use read::Batches;
pub use recovery::{Damage, Recovery, What};

use commit::{Committer, Request, Start};
use disk::{Disk, LocalDisk};
use event::Records;
use index::SharedIndex;

/// How many batches may wait for the committer before `append` waits for room.
const QUEUE_MAX: usize = 64;

/// The journal of a store, open for reading and writing. One program at a time; many threads.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    index: SharedIndex,
    queue: Option<SyncSender<Request>>,
    committer: Option<JoinHandle<()>>,
    /// Held locked until the journal is dropped.
    lock: File,
}

impl Journal {
    /// Opens the journal in `dir`, making it if it is missing, and says what was found there.
    pub fn open(dir: &Path) -> Result<(Journal, Recovery)> {
        Journal::open_after(dir, 0)
    }

    /// Like `open`; new batches get numbers above `number` even if the journal's files were lost, so that a number that
    /// the tables already have never comes twice.
    pub fn open_after(dir: &Path, number: u64) -> Result<(Journal, Recovery)> {
        Journal::open_on(Box::new(LocalDisk), dir, number)
    }

    /// Like `open_after`, on another disk: tests put faults there.
    pub fn open_on(disk: Box<dyn Disk>, dir: &Path, number: u64) -> Result<(Journal, Recovery)> {
        let failed = |act| move |e| Error::io(act, dir, e);
        std::fs::create_dir_all(dir).map_err(failed("making"))?;
        let lock = lock(dir)?;
        if let Some(above) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
            disk.sync_folder(above).map_err(failed("syncing the folder of"))?;
        }
        let recovered = recovery::recover(dir, disk.as_ref())?;
        let index = SharedIndex::new(recovered.index);
        let start = Start { last_number: recovered.start.last_number.max(number), ..recovered.start };
        let committer = Committer::new(disk, dir, index.clone(), start);
        let (queue, requests) = sync_channel(QUEUE_MAX);
        let run = std::thread::Builder::new().name("journal".into()).spawn(move || committer.run(&requests));
        let committer = run.map_err(failed("starting the committer of"))?;
        Ok((Journal { dir: dir.to_owned(), index, queue: Some(queue), committer: Some(committer), lock }, recovered.report))
    }

    /// Takes a batch, and returns once it is durable. An error means that it was not taken; what was acknowledged before is safe.
    pub fn append(&self, records: &Records, note: &BatchNote) -> Result<Entry> {
        self.submit(records, note)?.wait()
    }

    /// Hands a batch over without waiting for the disk. It is not acknowledged until the receipt says so.
    /// Batches that one thread submits get numbers in that order.
    pub fn submit(&self, records: &Records, note: &BatchNote) -> Result<Receipt> {
        let frame = frame::encode(records, note)?;
        let (answer, entry) = sync_channel(1);
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue.send(Request { frame: frame.bytes, root: frame.root, key: note.key, answer }).map_err(|_| Error::Closed)?;
        Ok(Receipt { entry })
    }

    /// The batches from `number` on that are here, in order, up to the newest at the time of each step.
    pub fn read_from(&self, number: u64) -> Batches {
        Batches::new(&self.dir, self.index.clone(), number)
    }

    /// One batch.
    pub fn read(&self, number: u64) -> Result<StoredBatch> {
        match self.read_from(number).next() {
            Some(Ok(batch)) if batch.number != number => Err(Error::Missing { number }),
            Some(found) => found,
            None => Err(Error::Missing { number }),
        }
    }

    /// Number of the oldest batch that is here; `None` if there is none.
    pub fn first_number(&self) -> Option<u64> {
        self.index.read(|i| i.first())
    }

    /// Number of the newest batch that was ever acknowledged; 0 before the first.
    pub fn last_number(&self) -> u64 {
        self.index.read(|i| i.last_number)
    }

    /// Deletes the segments whose batches are all below `number`; the newest segment stays. Gives the bytes freed.
    pub fn release(&self, below: u64) -> Result<u64> {
        let mut freed = 0;
        while let Some(segment) = self.index.write(|i| i.take_below(below)) {
            let path = segment::path(&self.dir, segment);
            freed += std::fs::metadata(&path).map_or(0, |m| m.len());
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("deleting", &path, e)),
                _ => {}
            }
        }
        Ok(freed)
    }
}

impl Drop for Journal {
    /// Waits until all that was submitted is written or refused.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(committer) = self.committer.take() {
            let _ = committer.join();
        }
        // Closing the file would not do while a child process that was just forked still has it.
        let _ = self.lock.unlock();
    }
}

/// The promise of an answer for a batch that was submitted.
#[derive(Debug)]
#[must_use = "a batch is not acknowledged until its receipt was waited for"]
pub struct Receipt {
    entry: Receiver<Result<Entry>>,
}

impl Receipt {
    /// Waits until the batch is durable, or refused.
    pub fn wait(self) -> Result<Entry> {
        self.entry.recv().unwrap_or(Err(Error::Closed))
    }
}

/// Takes the journal's own lock, so that two programs never write to the same segments, whatever they think of the store.
fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|e| Error::io("opening", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: dir.to_owned() }),
        Err(TryLockError::Error(e)) => Err(Error::io("locking", &path, e)),
    }
}
