//! Many threads, few syncs.

use std::sync::atomic::Ordering::SeqCst;

use journal::Journal;

use crate::{faults::Faulty, note, records, stored};

const THREADS: u64 = 16;
const BATCHES: u64 = 40;

#[test]
fn threads_share_syncs_and_nothing_is_acknowledged_before_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Faulty::default();
    let (journal, _) = Journal::open_on(Box::new(disk.clone()), dir.path(), 0).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (journal, disk) = (&journal, &disk);
            scope.spawn(move || {
                for n in 0..BATCHES {
                    let batch = records(&format!("source-{thread}"), n * 5, 5);
                    let before = disk.0.syncs.load(SeqCst);
                    let entry = journal.append(&batch, &note(&batch)).unwrap();
                    assert!(disk.0.syncs.load(SeqCst) > before, "a sync began after the batch was handed over");
                    assert!(journal.last_number() >= entry.number);
                }
            });
        }
    });
    let (appends, syncs) = (THREADS * BATCHES, disk.0.syncs.load(SeqCst));
    println!("{appends} appends by {THREADS} threads, {syncs} syncs");
    assert!(syncs < appends / 2, "{syncs} syncs for {appends} appends");
    let all = stored(&journal);
    assert_eq!(all.iter().map(|b| b.number).collect::<Vec<_>>(), (1..=appends).collect::<Vec<_>>());
    for thread in 0..THREADS {
        let name = format!("source-{thread}");
        let seqs = all.iter().filter(|b| b.records.source.name == name).map(|b| b.records.first_seq).collect::<Vec<_>>();
        assert_eq!(seqs, (0..BATCHES).map(|n| n * 5).collect::<Vec<_>>(), "the batches of one thread are in order");
    }
}

#[test]
fn batches_that_were_submitted_are_written_even_if_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    let receipts = (0..200).map(|n| records("s", n * 2, 2)).map(|r| journal.submit(&r, &note(&r)).unwrap()).collect::<Vec<_>>();
    let numbers = receipts.into_iter().skip(100).map(|r| r.wait().unwrap().number).collect::<Vec<_>>();
    assert_eq!(numbers, (101..=200).collect::<Vec<_>>());
    drop(journal);
    assert_eq!(stored(&Journal::open(dir.path()).unwrap().0).len(), 200);
}
