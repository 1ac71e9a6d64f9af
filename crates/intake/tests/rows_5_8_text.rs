//! Rows 5 to 8, and 4: line ends, control characters, empty files, UTF-16.

use event::{PieceKind, Reason};

use crate::{Bench, counts, gz, zst};

#[test]
fn row_5_crlf_and_lf_are_lines_alike() {
    let mut bench = Bench::new();
    bench.write("lf", "one\ntwo\n");
    bench.write("crlf", "one\r\ntwo\r\nthree");
    assert_eq!(counts(&bench.read("lf")), [2, 2, 0, 0]);
    assert_eq!(counts(&bench.read("crlf")), [3, 3, 0, 0]);
    assert_eq!(bench.kept.records(), ["one\n", "two\n", "one\r\n", "two\r\n", "three"]);
}

#[test]
fn rows_6_7_no_other_character_splits_a_record_or_is_changed() {
    let mut bench = Bench::new();
    let text = "a\u{85}b\u{2028}c\u{1b}[31md\u{202e}e\u{0}f\n\u{1b}]0;x\u{7}\n";
    bench.write("controls", text);
    assert_eq!(counts(&bench.read("controls")), [2, 2, 0, 0]);
    assert_eq!(bench.kept.bytes(), text.as_bytes());
}

#[test]
fn row_8_empty_files_count_nothing_and_are_whole() {
    let mut bench = Bench::new();
    bench.write("empty", "");
    bench.write("empty.gz", gz(b""));
    bench.write("empty.zst", zst(b""));
    bench.write("blank", "\n\n");
    for name in ["empty", "empty.gz", "empty.zst", "blank"] {
        let report = bench.read(name);
        assert_eq!((counts(&report), report.incomplete()), ([0; 4], false), "{name}");
    }
    assert_eq!(bench.kept.pieces(), [(PieceKind::Around, "\n\n".into())]);
}

#[test]
fn row_4_utf_16_is_lines_with_a_mark_and_rejected_without_one() {
    let units = |mark: Option<u16>| mark.into_iter().chain("hello\nworld\n".encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for (name, bytes, counted, rejected) in [("marked", units(Some(0xFEFF)), [2, 2, 0, 0], 0), ("bare", units(None), [1, 1, 0, 0], 1)] {
        let mut bench = Bench::new();
        bench.write(name, &bytes);
        assert_eq!(counts(&bench.read(name)), counted, "{name}");
        let pieces = bench.kept.pieces();
        assert_eq!(pieces.iter().filter(|p| p.0 == PieceKind::Rejected(Reason::Encoding)).count(), rejected, "{name}");
        assert_eq!(bench.kept.bytes(), bytes, "{name}: as it lay");
    }
}
