//! The system calls themselves: before each acknowledgement the file was synced, and its folder if the file is new.

use std::{collections::HashMap, path::Path, process::Command};

use journal::Journal;

use crate::{note, records};

const DIR: &str = "JOURNAL_TRACE_DIR";
const BATCHES: u64 = 5;

/// What the child does: appends, and marks each acknowledgement by a write that the trace shows.
#[test]
#[ignore = "only as a child of the test below"]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (journal, _) = Journal::open(Path::new(&dir)).unwrap();
    for n in 0..BATCHES {
        let batch = records("s", n * 3, 3);
        journal.append(&batch, &note(&batch)).unwrap();
        std::fs::write(Path::new(&dir).join("acknowledged"), n.to_string()).unwrap();
    }
}

#[test]
fn file_and_folder_are_synced_before_each_acknowledgement() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("trace");
    let journal_dir = dir.path().join("journal");
    std::fs::create_dir(&journal_dir).unwrap();
    let traced = Command::new("strace")
        .args(["-f", "-y", "-s", "8", "-e", "trace=openat,pwrite64,write,fdatasync,fsync", "-o"])
        .arg(&out)
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "trace::child"])
        .env(DIR, &journal_dir)
        .output();
    if !traced.is_ok_and(|o| o.status.success()) {
        println!("skipped: no strace here (apt-get install strace)");
        return;
    }
    let text = std::fs::read_to_string(&out).unwrap();
    let segment = format!("<{}/0000000001.seg>", journal_dir.display());
    let folder = format!("<{}>", journal_dir.display());
    let mark = format!("<{}/acknowledged>", journal_dir.display());
    let (mut written, mut synced, mut folder_synced, mut acknowledged) = (0, 0, false, 0);
    let mut open = HashMap::new();
    for line in text.lines() {
        // A call that another thread interrupts is in two lines; it counts when it is done.
        let thread = line.split(' ').next().unwrap();
        let line = if line.ends_with("<unfinished ...>") {
            open.insert(thread, line);
            continue;
        } else if line.contains(" resumed>") {
            open.remove(thread).unwrap()
        } else {
            line
        };
        let call = |name: &str, file: &str| line.contains(&format!("{name}(")) && line.contains(file);
        if call("pwrite64", &segment) {
            written += 1;
        } else if call("fdatasync", &segment) {
            synced = written;
        } else if call("fsync", &folder) && written > 0 {
            folder_synced = true;
        } else if call("write", &mark) {
            acknowledged += 1;
            assert!(written > acknowledged, "the header and each batch are written first:\n{text}");
            assert_eq!(synced, written, "the file was synced after its last write:\n{text}");
            assert!(folder_synced, "the folder was synced:\n{text}");
        }
    }
    assert_eq!((acknowledged, written), (BATCHES, BATCHES + 1), "{text}");
}
