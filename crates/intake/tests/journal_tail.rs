//! What is known, saved and brought up to date from the journal; and what damage in the journal does to it.

use intake::{Batch, BoxError, Input, Known, KnownError, Options, StreamReport, Taker};
use journal::Journal;

use crate::{Bench, counts, gz, identity::trail, lines};

struct IntoJournal<'a>(&'a Journal);

impl Taker for IntoJournal<'_> {
    fn key(&mut self) -> Result<[u8; 32], BoxError> {
        Ok([7; 32])
    }

    fn take(&mut self, batch: Batch) -> Result<(), BoxError> {
        self.0.append(&batch.records, &batch.note)?;
        Ok(())
    }
}

fn read(bench: &Bench, name: &str, known: &mut Known, journal: &Journal) -> StreamReport {
    let path = bench.path(name);
    let input = Input::new(path, name.into(), None);
    intake::pump(&input, known, event::Time(5), &Options::default(), &mut IntoJournal(journal)).reports.remove(0)
}

#[test]
fn what_was_taken_is_known_after_a_restart() {
    let bench = Bench::new();
    bench.write("a.log", lines(0, 20_000));
    bench.write("t.json", trail(0..2));
    let (journal, _) = Journal::open(&bench.path("journal")).unwrap();
    let file = bench.path("known");
    let mut known = Known::open(&file, &journal).unwrap();
    read(&bench, "a.log", &mut known, &journal);
    known.confirm(journal.last_number());
    known.save(&file).unwrap();
    assert_eq!(Known::load(&file).unwrap(), known, "saved and read back");
    read(&bench, "t.json", &mut known, &journal);
    let after = known.clone();
    drop((known, journal));

    // One part is in the file, the other in the journal.
    let (journal, _) = Journal::open(&bench.path("journal")).unwrap();
    let mut known = Known::open(&file, &journal).unwrap();
    known.confirm(0);
    let mut expected = after;
    expected.confirm(journal.last_number());
    assert_eq!(known, expected);
    assert_eq!(counts(&read(&bench, "a.log", &mut known, &journal)), [20_000, 0, 20_000, 0]);
    assert_eq!(counts(&read(&bench, "t.json", &mut known, &journal)), [2, 0, 2, 0]);
    bench.write("b.log", gz(lines(0, 20_001).as_bytes()));
    assert_eq!(counts(&read(&bench, "b.log", &mut known, &journal)), [20_001, 1, 20_000, 0]);
    // All of it without the file, from the journal alone.
    std::fs::remove_file(&file).unwrap();
    let mut rebuilt = Known::open(&file, &journal).unwrap();
    known.confirm(journal.last_number());
    assert_eq!(rebuilt, known);
    assert_eq!(counts(&read(&bench, "b.log", &mut rebuilt, &journal)), [20_001, 0, 20_001, 0]);
}

#[test]
fn a_damaged_file_is_said_and_not_used() {
    let bench = Bench::new();
    let file = bench.path("known");
    Known::default().save(&file).unwrap();
    for at in 0..std::fs::read(&file).unwrap().len() {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[at] ^= 1;
        let damaged = bench.write("damaged", bytes);
        assert!(matches!(Known::load(&damaged), Err(KnownError::Damaged { .. })));
    }
}

#[test]
fn reading_a_file_again_heals_what_the_journal_lost() {
    let bench = Bench::new();
    bench.write("a.log", lines(0, 100));
    let (journal, _) = Journal::open(&bench.path("journal")).unwrap();
    read(&bench, "a.log", &mut Known::default(), &journal);
    drop(journal);
    let segment = bench.path("journal/0000000001.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(8).position(|w| w == b"line 50 ").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (journal, recovery) = Journal::open(&bench.path("journal")).unwrap();
    assert_eq!(recovery.damaged.len(), 1);
    let mut known = Known::open(&bench.path("known"), &journal).unwrap();
    let report = read(&bench, "a.log", &mut known, &journal);
    assert_eq!(report.taken, 100, "the stream is not taken for known, since a record of it is not whole");
    assert_eq!(counts(&read(&bench, "a.log", &mut known, &journal)), [100, 0, 100, 0]);
}
