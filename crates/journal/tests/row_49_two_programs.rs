//! Row 49: two programs on one journal, and a journal of another version.

use journal::{Error, Journal};

use crate::{fill, segment};

#[test]
fn a_second_one_is_told_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (first, _) = Journal::open(dir.path()).unwrap();
    fill(&first, 1);
    let before = std::fs::read(segment(dir.path(), 1)).unwrap();
    let error = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }) && error.to_string().contains("nothing was written"), "{error}");
    assert_eq!(std::fs::read(segment(dir.path(), 1)).unwrap(), before);
    drop(first);
    assert_eq!(Journal::open(dir.path()).unwrap().1.batches, 1);
}

#[test]
fn a_newer_layout_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    fill(&journal, 1);
    drop(journal);
    let path = segment(dir.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[7] = b'2';
    let crc = crc32fast::hash(&bytes[..56]).to_le_bytes();
    bytes[56..60].copy_from_slice(&crc);
    std::fs::write(&path, &bytes).unwrap();
    let error = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(error, Error::Version { .. }) && error.to_string().contains("does not read"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}
