//! Rows 24 to 29: compressed files that end early, explode, go on, or are not what their name says.

use event::{PieceKind, Reason};

use crate::{Bench, bz2, counts, faults, gz, lines, xz, zst};

fn rejected(bench: &Bench, reason: Reason) -> usize {
    bench.kept.pieces().iter().filter(|p| p.0 == PieceKind::Rejected(reason)).count()
}

#[test]
fn row_24_a_truncated_file_gives_its_good_part() {
    let text = lines(0, 40_000);
    for (name, bytes) in [("a.gz", gz(text.as_bytes())), ("a.zst", zst(text.as_bytes())), ("a.xz", xz(text.as_bytes())), ("a.bz2", bz2(text.as_bytes()))] {
        let mut bench = Bench::new();
        bench.write(name, &bytes[..bytes.len() * 3 / 4]);
        let report = bench.read(name);
        assert!(report.incomplete() && faults(&report).contains("not whole"), "{name}: {}", faults(&report));
        let records = bench.kept.records();
        assert!(records.len() > 1000 && text.starts_with(&records.concat()), "{name}: a good first part");
        assert!(rejected(&bench, Reason::Truncated) <= 1, "the line that was cut off");
        assert!(text.as_bytes().starts_with(&bench.kept.bytes()), "nothing was made up");
        // The whole file comes later: what was taken is known.
        bench.write(name, &bytes);
        let report = bench.read(name);
        assert_eq!((report.received, report.incomplete()), (40_000, false));
        assert!(report.duplicate as usize >= records.len() && report.taken as usize <= 40_000 - records.len(), "{report:?}");
        assert_eq!(bench.kept.records().concat().len(), text.len(), "{name}: each line once");
    }
}

#[test]
fn row_24_a_damaged_middle_is_said_and_what_cannot_be_read_is_kept_as_it_is() {
    let text = lines(0, 40_000);
    let mut checked = zstd::Encoder::new(Vec::new(), 3).unwrap();
    checked.include_checksum(true).unwrap();
    std::io::Write::write_all(&mut checked, text.as_bytes()).unwrap();
    for (name, mut bytes) in [("a.gz", gz(text.as_bytes())), ("a.zst", checked.finish().unwrap())] {
        let mut bench = Bench::new();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].fill(0xFF);
        bench.write(name, &bytes);
        let report = bench.read(name);
        assert!(report.incomplete() && faults(&report).contains("damaged"), "{name}: {}", faults(&report));
        let good = bench.kept.bytes().iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
        assert!(good > text.len() / 3, "{name}: {good} good bytes of {}", text.len());
        // A checksum is found wrong only when all was read.
        if !faults(&report).contains("checksum") {
            assert!(rejected(&bench, Reason::Truncated) >= 1 && bench.kept.bytes().ends_with(&bytes[bytes.len() - 1000..]), "{name}: {report:?}");
        }
    }
}

#[test]
fn row_25_a_bomb_is_stopped() {
    for (name, bytes) in [
        ("bomb.gz", gz(&vec![b'\n'; 40 << 20])),
        ("bomb.zst", zst(&vec![0; 40 << 20])),
        ("bomb.xz", xz(&vec![0; 40 << 20])),
        ("bomb.bz2", bz2(&vec![0; 40 << 20])),
    ] {
        let mut bench = Bench::new();
        bench.options.limits.free_bytes = 1 << 20;
        bench.options.limits.ratio_max = 500;
        bench.write(name, &bytes);
        let report = bench.read(name);
        assert!(report.bytes < 30 << 20, "{name} gave {} bytes of 40 MiB", report.bytes);
        assert!(faults(&report).contains("decompresses to more than"), "{}", faults(&report));
        assert!(rejected(&bench, Reason::Bomb) >= 1, "{name}");
    }
}

#[test]
fn row_25_what_is_small_may_be_as_dense_as_it_likes() {
    let mut bench = Bench::new();
    bench.write("dense.zst", zst("the same line\n".repeat(400_000).as_bytes()));
    let report = bench.read("dense.zst");
    assert_eq!((report.taken, report.incomplete()), (400_000, false));
}

#[test]
fn row_26_all_members_are_read() {
    let (one, two) = (lines(0, 500), lines(500, 1000));
    for (name, parts) in [
        ("m.gz", [gz(one.as_bytes()), gz(two.as_bytes())]),
        ("m.zst", [zst(one.as_bytes()), zst(two.as_bytes())]),
        ("m.xz", [xz(one.as_bytes()), xz(two.as_bytes())]),
        ("m.bz2", [bz2(one.as_bytes()), bz2(two.as_bytes())]),
    ] {
        let mut bench = Bench::new();
        bench.write(name, parts.concat());
        let report = bench.read(name);
        assert_eq!((counts(&report), report.incomplete()), ([1000, 1000, 0, 0], false), "{name}");
        assert_eq!(bench.kept.bytes(), [one.as_bytes(), two.as_bytes()].concat());
    }
}

#[test]
fn row_27_bytes_behind_the_end_go_to_quarantine() {
    for (name, packed) in [("t.gz", gz(lines(0, 10).as_bytes())), ("t.zst", zst(lines(0, 10).as_bytes()))] {
        let mut bench = Bench::new();
        bench.write(name, [packed.as_slice(), b"MALWARE\0\0"].concat());
        let report = bench.read(name);
        assert_eq!(counts(&report), [11, 11, 0, 0], "{name}");
        assert!(faults(&report).contains("bytes after the last"), "{}", faults(&report));
        assert_eq!(bench.kept.pieces().last().unwrap(), &(PieceKind::Rejected(Reason::Trailing), "MALWARE\0\0".into()));
        assert_eq!(counts(&bench.read(name)), [11, 0, 11, 0], "{name}: and is known when it comes again");
    }
}

#[test]
fn row_28_windows_too_large_and_dictionaries_are_refused() {
    let mut bench = Bench::new();
    bench.options.limits.window_log_max = 20;
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(24).unwrap();
    std::io::Write::write_all(&mut encoder, &vec![b'a'; 20 << 20]).unwrap();
    bench.write("wide.zst", encoder.finish().unwrap());
    let report = bench.read("wide.zst");
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    assert!(faults(&report).contains("window"), "{}", faults(&report));

    // A frame that names dictionary 7 (RFC 8878, 3.1.1.1: descriptor 0x21 is a single segment with one byte of dictionary id).
    bench.write("dictionary.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 4, 0x21, 0, 0, b'a', b'b', b'c', b'd']);
    let report = bench.read("dictionary.zst");
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    assert!(faults(&report).contains("dictionary"), "{}", faults(&report));
    assert!(bench.kept.batches.is_empty());
}

#[test]
fn row_29_content_decides_not_the_name() {
    let text = lines(0, 100);
    let mut bench = Bench::new();
    bench.write("plain.gz", &text);
    bench.write("packed.log", gz(lines(100, 200).as_bytes()));
    bench.write("other.gz", zst(lines(200, 300).as_bytes()));
    bench.write("third", xz(lines(300, 400).as_bytes()));
    bench.write("fourth.zip", bz2(lines(400, 500).as_bytes()));
    for name in ["plain.gz", "packed.log", "other.gz", "third", "fourth.zip"] {
        assert_eq!(counts(&bench.read(name)), [100, 100, 0, 0], "{name}");
    }
    assert_eq!(bench.kept.bytes(), lines(0, 500).as_bytes());
}

#[test]
fn what_is_no_log_is_named_and_not_read() {
    let mut bench = Bench::new();
    for (name, bytes) in [("a.7z", b"7z\xBC\xAF\x27\x1C\0\0".to_vec()), ("b.gz.gz", gz(&gz(b"x"))), ("system.journal", b"LPKSHHRH\0\0".to_vec())] {
        bench.write(name, bytes);
        let report = bench.read(name);
        assert_eq!(counts(&report), [1, 0, 0, 1], "{name}");
        assert!(faults(&report).starts_with("not read: "), "{}", faults(&report));
    }
}
