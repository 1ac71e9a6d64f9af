//! Row 44: a disk that is really full (a small tmpfs; needs root).

use std::process::Command;

use journal::{Error, Journal};

use crate::{note, records, stored};

#[test]
fn what_was_acknowledged_is_there_and_it_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(dir.path()).output();
    if !mounted.is_ok_and(|o| o.status.success()) {
        println!("skipped: no tmpfs can be mounted here");
        return;
    }
    let _unmount = Unmount(dir.path().to_owned());
    let (journal, _) = Journal::open(&dir.path().join("journal")).unwrap();
    let filler = dir.path().join("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).unwrap();
    let mut taken = Vec::new();
    let error = loop {
        let batch = records("s", taken.len() as u64 * 3000, 3000);
        match journal.append(&batch, &note(&batch)) {
            Ok(_) => taken.push(batch),
            Err(e) => break e,
        }
    };
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(!taken.is_empty());
    std::fs::remove_file(filler).unwrap();
    let batch = records("s", 1_000_000, 3000);
    journal.append(&batch, &note(&batch)).unwrap();
    taken.push(batch);
    let read = |j: &Journal| stored(j).into_iter().map(|b| b.records).collect::<Vec<_>>();
    assert_eq!(read(&journal), taken);
    drop(journal);
    let (journal, recovery) = Journal::open(&dir.path().join("journal")).unwrap();
    assert_eq!(read(&journal), taken);
    assert!(recovery.damaged.is_empty(), "{recovery:?}");
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
