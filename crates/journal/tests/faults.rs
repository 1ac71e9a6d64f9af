//! Row 45: a sync that fails once; and other refusals of the disk, made to order.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use journal::{
    Error, Journal,
    disk::{Disk, LocalDisk, SegmentFile},
};

use crate::{fill, note, records, segment, stored};

/// Counts of what was done, and which of it fails.
#[derive(Default)]
pub struct Plan {
    pub syncs: AtomicU64,
    pub folder_syncs: AtomicU64,
    pub writes: AtomicU64,
    /// So many syncs from now on fail.
    pub fail_syncs: AtomicU64,
    /// So many writes from now on stop half way, with no room left.
    pub fail_writes: AtomicU64,
    /// A segment whose sync failed was synced again.
    pub synced_again: AtomicU64,
}

/// The local disk, with faults.
#[derive(Clone, Default)]
pub struct Faulty(pub Arc<Plan>);

struct FaultyFile {
    file: Box<dyn SegmentFile>,
    plan: Arc<Plan>,
    failed: bool,
}

fn due(counter: &AtomicU64) -> bool {
    counter.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok()
}

impl Disk for Faulty {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(FaultyFile { file: LocalDisk.create(path)?, plan: self.0.clone(), failed: false }))
    }

    fn sync_folder(&self, dir: &Path) -> io::Result<()> {
        self.0.folder_syncs.fetch_add(1, SeqCst);
        LocalDisk.sync_folder(dir)
    }

    fn sync_old(&self, path: &Path) -> io::Result<()> {
        LocalDisk.sync_old(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        LocalDisk.remove(path)
    }
}

impl SegmentFile for FaultyFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.plan.writes.fetch_add(1, SeqCst);
        if due(&self.plan.fail_writes) {
            self.file.write_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.file.write_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.plan.syncs.fetch_add(1, SeqCst);
        self.plan.synced_again.fetch_add(u64::from(self.failed), SeqCst);
        if due(&self.plan.fail_syncs) {
            self.failed = true;
            return Err(io::Error::from_raw_os_error(5));
        }
        self.file.sync()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.file.cut(bytes)
    }
}

#[test]
fn a_failed_sync_refuses_its_batch_and_seals_its_segment() {
    for failures in 1..4 {
        let dir = tempfile::tempdir().unwrap();
        let disk = Faulty::default();
        let (journal, _) = Journal::open_on(Box::new(disk.clone()), dir.path(), 0).unwrap();
        let mut taken = fill(&journal, 2);
        disk.0.fail_syncs.store(failures, SeqCst);
        let lost = records("lost", 0, 4);
        for _ in 0..failures {
            match journal.append(&lost, &note(&lost)) {
                Err(Error::NotDurable { .. }) => {}
                Ok(_) => taken.push(lost.clone()), // the replacement's own sync was the one that failed
                other => panic!("{other:?}"),
            }
        }
        disk.0.fail_syncs.store(0, SeqCst);
        let after = records("after", 0, 4);
        let entry = journal.append(&after, &note(&after)).unwrap();
        taken.push(after);
        assert_eq!(entry.number, taken.len() as u64, "numbers have no holes");
        assert_eq!(disk.0.synced_again.load(SeqCst), 0, "a sealed segment is never synced again");
        assert!(segment(dir.path(), 2).exists() || segment(dir.path(), 3).exists());
        let read = |j: &Journal| stored(j).into_iter().map(|b| b.records).collect::<Vec<_>>();
        assert_eq!(read(&journal), taken);
        drop(journal);
        // The bytes of the refused batch are on the disk, and do not count.
        let (journal, recovery) = Journal::open(dir.path()).unwrap();
        assert_eq!(read(&journal), taken);
        assert!(recovery.damaged.is_empty(), "{recovery:?}");
    }
}

#[test]
fn a_segment_whose_first_sync_fails_counts_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (journal, _) = Journal::open_on(Box::new(disk.clone()), dir.path(), 0).unwrap();
    disk.0.fail_syncs.store(1, SeqCst);
    let lost = records("lost", 0, 4);
    journal.append(&lost, &note(&lost)).unwrap_err();
    let kept = fill(&journal, 2);
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    assert_eq!(stored(&journal).into_iter().map(|b| b.records).collect::<Vec<_>>(), kept);
    assert!(recovery.damaged.is_empty(), "{recovery:?}");
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (journal, _) = Journal::open_on(Box::new(disk.clone()), dir.path(), 0).unwrap();
    let mut taken = fill(&journal, 2);
    disk.0.fail_writes.store(2, SeqCst);
    let refused = records("refused", 0, 400);
    for _ in 0..2 {
        let error = journal.append(&refused, &note(&refused)).unwrap_err();
        assert!(matches!(error, Error::Full { .. }) && error.to_string().contains("no room left"), "{error:?}");
    }
    taken.extend(fill(&journal, 1));
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    assert_eq!(stored(&journal).into_iter().map(|b| b.records).collect::<Vec<_>>(), taken);
    assert_eq!((recovery.batches, recovery.damaged.len(), recovery.torn_bytes), (3, 0, 0));
}

#[test]
fn no_room_for_a_new_segment_is_a_refusal_too() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (journal, _) = Journal::open_on(Box::new(disk.clone()), dir.path(), 0).unwrap();
    disk.0.fail_writes.store(1, SeqCst);
    let refused = records("refused", 0, 4);
    assert!(matches!(journal.append(&refused, &note(&refused)), Err(Error::Full { .. })));
    fill(&journal, 1);
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    assert_eq!((stored(&journal).len(), recovery.damaged.len()), (1, 0));
}
