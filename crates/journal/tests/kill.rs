//! Row 47: killed with -9 at any moment. The test binary itself is the program that is killed.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use journal::Journal;

use crate::{note, records, stored};

const DIR: &str = "JOURNAL_KILL_DIR";
const THREADS: u64 = 3;

/// What the child does: appends for ever, and says each acknowledgement.
#[test]
#[ignore = "only as a child of the test below"]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (journal, _) = Journal::open(Path::new(&dir)).unwrap();
    let start = journal.last_number() * 1000;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let journal = &journal;
            scope.spawn(move || {
                for n in 0.. {
                    let batch = records(&format!("source-{thread}"), start + n * 7, 1 + (n % 7) as u32 * 40);
                    let entry = journal.append(&batch, &note(&batch)).unwrap();
                    let said = format!("ack {} {thread} {} {}\n", entry.number, batch.first_seq, batch.ends.len());
                    std::io::stderr().write_all(said.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_by_twenty_kills() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..20u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "kill::child", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).filter(|l| l.starts_with("ack ")).collect::<Vec<_>>());
        // At moments that no schedule of the journal knows.
        let jitter = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos() % 60_000;
        std::thread::sleep(Duration::from_micros(30_000 + u64::from(jitter) + round * 4_000));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());

        let (journal, recovery) = Journal::open(dir.path()).unwrap();
        assert!(recovery.damaged.iter().all(|d| d.what == journal::What::Torn), "{recovery:?}");
        let stored = stored(&journal);
        let numbers = stored.iter().map(|b| b.number).collect::<Vec<_>>();
        assert_eq!(numbers, (1..=stored.len() as u64).collect::<Vec<_>>(), "nothing twice, no holes");
        for line in &acknowledged {
            let [number, thread, seq, pieces] = line[4..].split(' ').map(|n| n.parse::<u64>().unwrap()).collect::<Vec<_>>()[..] else { panic!("{line}") };
            let batch = &stored[number as usize - 1];
            assert_eq!(batch.records, records(&format!("source-{thread}"), seq, pieces as u32));
        }
    }
    println!("{} batches acknowledged over 20 kills, all there", acknowledged.len());
    assert!(acknowledged.len() > 20);
}
