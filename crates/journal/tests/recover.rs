//! Row 48: a torn end, zeros, flipped bits, files that are gone.

use event::{PieceKind, Reason};
use journal::{Journal, What};

use crate::{fill, segment, stored};

/// A journal of three batches in one segment, changed by `harm`, and opened again.
fn harmed(harm: impl FnOnce(&mut Vec<u8>)) -> (tempfile::TempDir, Journal, journal::Recovery) {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    fill(&journal, 3);
    drop(journal);
    let path = segment(dir.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    harm(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    (dir, journal, recovery)
}

fn find(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|w| w == text.as_bytes()).unwrap()
}

fn numbers(journal: &Journal) -> Vec<u64> {
    stored(journal).iter().map(|b| b.number).collect()
}

#[test]
fn a_flipped_bit_costs_one_record_which_is_kept_as_it_is() {
    let (_dir, journal, recovery) = harmed(|bytes| {
        let at = find(bytes, "record 13 ");
        bytes[at] ^= 4;
    });
    let damage = &recovery.damaged[0];
    assert_eq!((recovery.batches, recovery.damaged.len(), damage.what), (3, 1, What::Piece { number: 2, seq: 13 }));
    let batch = journal.read(2).unwrap();
    let kinds = batch.records.pieces().map(|p| p.kind).collect::<Vec<_>>();
    assert_eq!(kinds.iter().filter(|k| **k == PieceKind::Record).count(), 9);
    assert_eq!(kinds[3], PieceKind::Rejected(Reason::Damaged));
    assert_eq!(batch.records.pieces().nth(3).unwrap().bytes, b"web-1/a.log vecord 13 xxx\n");
    assert_eq!(batch.damaged, [13]);
    assert_eq!(batch.identities().collect::<Vec<_>>(), [3, 6, 12, 15, 18, 21, 24, 27], "the damaged piece has none, 0 is none");
}

#[test]
fn a_flipped_bit_in_the_last_batch_is_damage_too() {
    let (_dir, _journal, recovery) = harmed(|bytes| {
        let at = find(bytes, "record 29 ");
        bytes[at] ^= 4;
    });
    assert_eq!((recovery.batches, recovery.torn_bytes), (3, 0));
    assert_eq!(recovery.damaged[0].what, What::Piece { number: 3, seq: 29 });
}

#[test]
fn a_damaged_head_costs_its_batch_and_the_bytes_can_be_read() {
    let (_dir, journal, recovery) = harmed(|bytes| {
        let at = find(bytes, "record 10 ") - 300;
        bytes[at] ^= 1;
    });
    assert_eq!(numbers(&journal), [1, 3]);
    let [run, missing] = recovery.damaged.as_slice() else { panic!("{recovery:?}") };
    let mut both = [run.what, missing.what];
    both.sort_by_key(|w| *w == What::Run);
    assert_eq!(both, [What::Missing { first: 2, last: 2 }, What::Run]);
    let run = recovery.damaged.iter().find(|d| d.what == What::Run).unwrap();
    let bytes = run.read().unwrap();
    assert!(bytes.len() as u64 == run.bytes && find(&bytes, "record 19 ") > 0, "the run holds the batch");
    assert!(matches!(journal.read(2), Err(journal::Error::Missing { number: 2 })));
}

#[test]
fn damaged_identities_cost_no_record() {
    let (_dir, journal, recovery) = harmed(|bytes| {
        let at = find(bytes, "web-1/a.log record 10 ") - 5;
        bytes[at] ^= 1;
    });
    assert_eq!(recovery.damaged[0].what, What::Identities { number: 2 });
    let batch = journal.read(2).unwrap();
    assert!(batch.identities_lost && batch.identities().next().is_none() && batch.damaged.is_empty());
}

#[test]
fn a_damaged_segment_header_costs_nothing() {
    let (_dir, journal, recovery) = harmed(|bytes| bytes[9] ^= 1);
    assert_eq!((numbers(&journal), recovery.batches), (vec![1, 2, 3], 3));
    assert_eq!(recovery.damaged.iter().map(|d| d.what).collect::<Vec<_>>(), [What::Header]);
    fill(&journal, 1);
    assert_eq!(numbers(&journal), [1, 2, 3, 4]);
}

#[test]
fn torn_and_zero_filled_ends_are_left_behind() {
    for zeros in [0, 1, 100_000] {
        let (dir, journal, recovery) = harmed(|bytes| {
            let at = find(bytes, "record 25 ");
            bytes.truncate(at);
            bytes.extend(std::iter::repeat_n(0, zeros));
        });
        assert_eq!((recovery.batches, numbers(&journal)), (2, vec![1, 2]), "{zeros} zeros: {recovery:?}");
        assert!(recovery.torn_bytes > 0 && recovery.damaged.iter().all(|d| d.what == What::Torn));
        fill(&journal, 2);
        assert_eq!(numbers(&journal), [1, 2, 3, 4]);
        drop(journal);
        let (journal, recovery) = Journal::open(dir.path()).unwrap();
        assert_eq!((numbers(&journal), recovery.torn_bytes, recovery.damaged.len()), (vec![1, 2, 3, 4], 0, 0), "the end was cut off for good");
    }
}

#[test]
fn zeros_that_fill_a_frame_to_its_length_are_a_torn_end() {
    let (_dir, journal, recovery) = harmed(|bytes| {
        let at = find(bytes, "record 25 ");
        bytes[at..].fill(0);
    });
    assert_eq!((numbers(&journal), recovery.batches), (vec![1, 2], 2));
    assert!(recovery.torn_bytes > 0);
}

#[test]
fn bytes_in_a_record_that_look_like_a_frame_are_not_one() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    fill(&journal, 1);
    drop(journal);
    // Somebody who has read one journal writes a piece of it into a log that goes into another one.
    let frame = std::fs::read(segment(dir.path(), 1)).unwrap()[60..].to_vec();
    let other = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(other.path()).unwrap();
    let mut records = crate::records("s", 0, 1);
    records.bytes = frame;
    records.ends = vec![(records.bytes.len() as u32, PieceKind::Record)];
    let note = journal::BatchNote { key: [9; 32], ..crate::note(&records) };
    journal.append(&records, &note).unwrap();
    fill(&journal, 1);
    drop(journal);
    let path = segment(other.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60 + 48 + 3] ^= 1; // the head of the batch that carries it
    std::fs::write(&path, bytes).unwrap();
    let (journal, _) = Journal::open(other.path()).unwrap();
    assert_eq!(numbers(&journal), [2]);
}

#[test]
fn a_segment_that_is_gone_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let (journal, _) = Journal::open(dir.path()).unwrap();
        fill(&journal, 2);
    }
    std::fs::remove_file(segment(dir.path(), 2)).unwrap();
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    assert_eq!(numbers(&journal), [1, 2, 5, 6]);
    let damage = recovery.damaged.iter().map(|d| (d.what, d.path.clone())).collect::<Vec<_>>();
    assert_eq!(damage, [(What::MissingFile, segment(dir.path(), 2)), (What::Missing { first: 3, last: 4 }, segment(dir.path(), 3))]);
}

#[test]
fn a_segment_full_of_noise_is_reported_and_passed_by() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let (journal, _) = Journal::open(dir.path()).unwrap();
        fill(&journal, 2);
    }
    let noise = (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>();
    std::fs::write(segment(dir.path(), 2), noise).unwrap();
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    assert_eq!(numbers(&journal), [1, 2, 5, 6]);
    assert_eq!(recovery.damaged.iter().map(|d| d.what).collect::<Vec<_>>(), [What::Header, What::Run, What::Missing { first: 3, last: 4 }]);
}
