//! Row 43: the same bytes again, in whatever file; and equal lines that are two records.

use event::PieceKind;
use proptest::prelude::*;

use crate::{Bench, counts, gz, lines, zst};

#[test]
fn the_same_file_again_is_known() {
    let mut bench = Bench::new();
    bench.write("a.log", lines(0, 100));
    assert_eq!(counts(&bench.read("a.log")), [100, 100, 0, 0]);
    assert_eq!(counts(&bench.read("a.log")), [100, 0, 100, 0]);
    assert_eq!(bench.kept.batches.len(), 1);
}

#[test]
fn renamed_copied_and_compressed_files_are_known() {
    let mut bench = Bench::new();
    bench.write("a.log", lines(0, 20_000));
    bench.read("a.log");
    bench.write("copy/b.log", lines(0, 20_000));
    bench.write("a.log.1.gz", gz(lines(0, 20_000).as_bytes()));
    bench.write("a.log.2.zst", zst(lines(0, 20_000).as_bytes()));
    for name in ["copy/b.log", "a.log.1.gz", "a.log.2.zst"] {
        assert_eq!(counts(&bench.read(name)), [20_000, 0, 20_000, 0], "{name}");
    }
}

#[test]
fn a_grown_file_gives_what_is_new_and_goes_on_as_the_same_stream() {
    let mut bench = Bench::new();
    bench.write("a.log", lines(0, 20_000));
    let first = bench.read("a.log");
    bench.write("a.log", lines(0, 20_010));
    let second = bench.read("a.log");
    assert_eq!(counts(&second), [20_010, 10, 20_000, 0]);
    assert_eq!(first.stream, second.stream);
    let last = &bench.kept.batches.last().unwrap().records;
    assert_eq!((last.first_seq, last.offset), (20_000, lines(0, 20_000).len() as u64));
    assert_eq!(bench.kept.bytes(), lines(0, 20_010).as_bytes());
}

#[test]
fn rotation_between_two_readings_loses_and_doubles_nothing() {
    let mut bench = Bench::new();
    bench.write("log/app.log", lines(0, 50));
    bench.read_all();
    // The log goes on, is rotated, and a new one begins.
    bench.write("log/app.log.1", lines(0, 70));
    bench.write("log/app.log", lines(70, 90));
    let reports = bench.read_all();
    assert_eq!(reports.iter().map(counts).collect::<Vec<_>>(), [[70, 20, 50, 0], [20, 20, 0, 0]]);
    assert_eq!(bench.kept.bytes(), lines(0, 90).as_bytes());
    assert!(bench.kept.batches.iter().all(|b| b.records.source.name == "log/app.log"));
    let seqs = bench.kept.batches.iter().map(|b| (b.records.first_seq, b.records.next_seq())).collect::<Vec<_>>();
    assert_eq!(seqs, [(0, 50), (50, 70), (70, 90)]);
}

#[test]
fn two_equal_lines_at_two_places_are_two_records() {
    let mut bench = Bench::new();
    bench.write("a.log", "same\nsame\nother\nsame\n");
    assert_eq!(counts(&bench.read("a.log")), [4, 4, 0, 0]);
    bench.write("b.log", "same\nother\n");
    assert_eq!(counts(&bench.read("b.log")), [2, 2, 0, 0], "no copy of a.log, though each line of it is there");
}

#[test]
fn a_file_that_parts_from_a_known_one_is_a_stream_of_its_own() {
    let mut bench = Bench::new();
    bench.write("a.log", lines(0, 50));
    bench.read("a.log");
    bench.write("a.log", lines(0, 60));
    let on = bench.read("a.log");
    bench.write("a.log", lines(0, 50) + "another end\n");
    let fork = bench.read("a.log");
    assert_eq!(counts(&fork), [51, 1, 50, 0]);
    assert_ne!(on.stream, fork.stream);
}

#[test]
fn a_line_that_had_no_end_is_new_when_it_has_one() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\ntwo\nthr");
    assert_eq!(counts(&bench.read("a.log")), [3, 3, 0, 0]);
    bench.write("a.log", "one\ntwo\nthree\nfour\n");
    assert_eq!(counts(&bench.read("a.log")), [4, 2, 2, 0]);
    assert_eq!(bench.kept.records(), ["one\n", "two\n", "thr", "three\n", "four\n"]);
    assert_eq!(counts(&bench.read("a.log")), [4, 0, 4, 0]);
}

#[test]
fn blank_lines_before_the_first_record_are_known_with_it() {
    let mut bench = Bench::new();
    for blank in [3, 3 << 20] {
        let text = "\n".repeat(blank) + &lines(0, 5);
        bench.write("blank.log", &text);
        assert_eq!(counts(&bench.read("blank.log")), [5, 5, 0, 0], "{blank}");
        let batches = bench.kept.batches.len();
        assert_eq!(counts(&bench.read("blank.log")), [5, 0, 5, 0], "{blank}");
        assert_eq!(bench.kept.batches.len(), batches);
    }
}

#[test]
fn a_refused_batch_is_counted_and_not_known() {
    let mut bench = Bench::new();
    bench.write("a.log", lines(0, 20_000));
    bench.kept.room = Some(1);
    let report = bench.read("a.log");
    assert_eq!((report.taken, report.duplicate, report.incomplete()), (8192, 0, true));
    assert!(report.refused > 0);
    bench.kept.room = None;
    assert_eq!(counts(&bench.read("a.log")), [20_000, 20_000 - 8192, 8192, 0], "it goes on where it was refused");
    assert_eq!(bench.kept.bytes(), lines(0, 20_000).as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a log grows between readings, every line of it is taken exactly once.
    #[test]
    fn any_growth_is_taken_once(texts in prop::collection::vec("([ab\n]{1,12}\n){0,6}", 1..6), packed in any::<bool>()) {
        let mut bench = Bench::new();
        let mut whole = String::new();
        for text in texts {
            whole += &text;
            bench.write("a.log", if packed { gz(whole.as_bytes()) } else { whole.clone().into_bytes() });
            let report = bench.read("a.log");
            prop_assert_eq!(report.refused, 0);
        }
        let taken = bench.kept.records().concat();
        let want = whole.split_inclusive('\n').filter(|l| !l.trim().is_empty()).collect::<String>();
        prop_assert_eq!(taken, want);
        prop_assert!(bench.kept.pieces().iter().all(|p| matches!(p.0, PieceKind::Record | PieceKind::Around)));
    }
}
