//! Framing: nothing lost, nothing held without limit, the same pieces however the bytes arrive.

use event::{PieceKind, Reason};
use proptest::prelude::*;

use super::{Encoding, Framer, Framing, Identity, JsonShape, Limits};

const JSON: Framing = Framing::JsonRecords { id: Some("eventID") };
const SHAPED: Framing = Framing::Json(JsonShape { envelopes: &["items", "value"], ids: &["id", "detail.eventID"] });

type Pieces = Vec<(Vec<u8>, PieceKind, Option<Identity>)>;

fn frame_in(chunks: &[&[u8]], framing: Framing, limits: Limits) -> Pieces {
    let mut pieces = Pieces::new();
    let mut framer = Framer::new(framing, limits);
    let mut take = |b: &[u8], k, id| pieces.push((b.to_vec(), k, id));
    for chunk in chunks {
        framer.push(chunk, &mut take);
    }
    framer.finish(&mut take);
    pieces
}

fn frame(bytes: &[u8], framing: Framing) -> Pieces {
    let pieces = frame_in(&[bytes], framing, Limits::default());
    assert_eq!(pieces.iter().flat_map(|p| &p.0).copied().collect::<Vec<_>>(), bytes);
    pieces
}

/// Pieces as text: records plain, bytes around as `~…`, rejected as `!reason …`.
fn shown(text: &str, framing: Framing) -> Vec<String> {
    let show = |(b, k, _): (Vec<u8>, PieceKind, Option<Identity>)| {
        let text = String::from_utf8_lossy(&b).into_owned();
        match k {
            PieceKind::Record => text,
            PieceKind::Around => format!("~{text}"),
            PieceKind::Rejected(r) => format!("!{} {text}", r.code()),
        }
    };
    frame(text.as_bytes(), framing).into_iter().map(show).collect()
}

#[test]
fn lines() {
    assert_eq!(shown("a\r\nb\n\n \nc", Framing::Lines), ["a\r\n", "b\n", "~\n \n", "c"]);
    assert!(shown("", Framing::Lines).is_empty(), "row 8");
    assert_eq!(shown("\n\n", Framing::Lines), ["~\n\n"]);
}

#[test]
fn row_3_a_byte_order_mark_is_no_part_of_the_first_record() {
    assert_eq!(shown("\u{feff}a=1\n", Framing::Lines), ["~\u{feff}", "a=1\n"]);
    assert_eq!(shown("\u{feff}{\"a\":1}\n", JSON), ["~\u{feff}", "{\"a\":1}\n"]);
}

#[test]
fn row_4_utf_16_is_kept_and_not_read() {
    let utf16: Vec<u8> = "\u{feff}hello\nyou\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Encoding::of(&utf16), Encoding::Utf16Le);
    assert_eq!(Encoding::of(&[0, b'a', 0, b'b', 0, b'c', 0, b'd']), Encoding::Utf16Be);
    let pieces = frame(&utf16, Framing::Lines);
    assert_eq!(pieces.iter().map(|p| p.1).collect::<Vec<_>>(), [PieceKind::Rejected(Reason::Encoding)]);
}

#[test]
fn rows_2_5_6_only_line_ends_end_lines() {
    assert_eq!(shown("a\0b\u{85}c\u{2028}d\x0b\x0ce\nf\n", Framing::Lines), ["a\0b\u{85}c\u{2028}d\x0b\x0ce\n", "f\n"]);
    assert_eq!(shown("a\rb\rc", Framing::Lines), ["a\r", "b\r", "c"]);
    assert_eq!(shown("a\rforged\nb\n", Framing::Lines), ["a\rforged\n", "b\n"], "a CR inside a line of an LF log forges no line");
}

#[test]
fn envelope_array_and_documents() {
    assert_eq!(shown("{\"Records\":[{\"a\":1},{\"b\":[2]}]}\n", JSON), ["~{\"Records\":[", "{\"a\":1},", "{\"b\":[2]}", "~]}\n"]);
    assert_eq!(shown("[\n {\"a\":1},\n {\"b\":2}\n]\n", JSON), ["~[\n ", "{\"a\":1},\n", "~ ", "{\"b\":2}\n", "~]\n"]);
    assert_eq!(shown("{\"a\":1}\n\n{\"b\":2}{\"c\":3}", JSON), ["{\"a\":1}\n", "~\n", "{\"b\":2}", "{\"c\":3}"]);
    assert_eq!(shown("{\n \"a\": [\n{\"x\":1},\n{\"y\":2}\n ]\n}\n", JSON), ["{\n \"a\": [\n{\"x\":1},\n{\"y\":2}\n ]\n}\n"]);
    assert_eq!(shown("{\"v\":1,\"Records\":[{\"a\":1}],\"w\":{\"x\":\"}\"}}", JSON), ["~{\"v\":1,\"Records\":[", "{\"a\":1}", "~],\"w\":{\"x\":\"}\"}}"]);
    assert_eq!(shown("{\"Records\":[]}", JSON), ["~{\"Records\":[", "~]}"]);
}

#[test]
fn row_14_good_records_around_bad_ones() {
    let good = "{\"a\":1}\n";
    for bad in ["{\"a\":\n", "{\"a\":\"x\n", "{\"a\":1]\n", "hello {\"a\":1}\n", "{\"a\":{\"b\":1}\n", "{{{{\n", "{\"a\":[1,2}\n", "]\n", "\"\n", "{\"a\\\n"] {
        assert_eq!(shown(&format!("{good}{bad}{good}"), JSON), [good, &format!("!syntax {bad}"), good], "{bad}");
    }
    assert_eq!(shown("{\"a\":1} garbage\n{\"b\":1}\n", JSON), ["{\"a\":1} ", "!trailing garbage\n", "{\"b\":1}\n"]);
    assert_eq!(shown("{\"Records\":[{\"a\":1}]}\ngarbage", JSON), ["~{\"Records\":[", "{\"a\":1}", "~]}\n", "!trailing garbage"]);
    assert_eq!(shown("[{\"a\":1},nul,\"{\",{\"b\":2}]", JSON), ["~[", "{\"a\":1},", "!syntax nul,\"{\",", "{\"b\":2}", "~]"]);
    assert_eq!(shown("{\"a\":1}\n{\"a\":", JSON), ["{\"a\":1}\n", "!truncated {\"a\":"]);
}

#[test]
fn row_10_deep_nesting_is_rejected_and_ends_at_its_line() {
    let deep = format!("{{\"a\":{}{}}}\n", "[".repeat(100_000), "]".repeat(100_000));
    let open = format!("{{\"a\":{}\n", "{\"a\":".repeat(100_000));
    let pieces = frame(format!("{deep}{open}{{\"b\":1}}\n").as_bytes(), JSON);
    let kinds: Vec<_> = pieces.iter().map(|p| p.1).collect();
    assert_eq!(kinds, [PieceKind::Rejected(Reason::Depth), PieceKind::Rejected(Reason::Depth), PieceKind::Record]);
}

#[test]
fn row_9_an_oversize_record_comes_in_parts_and_a_long_envelope_does_not() {
    let limits = Limits { record_bytes_max: 100, depth_max: 128 };
    let long = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}\n", "x".repeat(250));
    let kinds: Vec<_> = frame_in(&[long.as_bytes()], JSON, limits).iter().map(|p| (p.0.len() <= 100, p.1)).collect();
    let over = (true, PieceKind::Rejected(Reason::Oversize));
    assert_eq!(kinds, [over, over, over, (true, PieceKind::Around), (true, PieceKind::Record)]);
    let many = format!("{{\"Records\":[{}]}}", vec!["{\"a\":1}"; 10_000].join(","));
    let records = frame_in(&[many.as_bytes()], JSON, limits).iter().filter(|p| p.1 == PieceKind::Record).count();
    assert_eq!(records, 10_000);
    let line = vec![b'x'; 1000];
    assert!(frame_in(&[&line], Framing::Lines, limits).iter().all(|p| p.0.len() == 100 && p.1 == over.1));
}

#[test]
fn identity_is_the_id_and_the_bytes() {
    let ids = |text: &str| frame(text.as_bytes(), JSON).into_iter().filter(|p| p.1 == PieceKind::Record).map(|p| p.2).collect::<Vec<_>>();
    let [alone] = ids("{\"eventID\":\"x\",\"a\":1}")[..] else { panic!() };
    assert!(alone.is_some());
    assert_eq!(ids("{\"Records\":[{\"eventID\":\"x\",\"a\":1},\n{\"eventID\":\"x\",\"a\":2}]}")[0], alone, "wherever it lies");
    assert_ne!(ids("{\"Records\":[{\"eventID\":\"x\",\"a\":1},\n{\"eventID\":\"x\",\"a\":2}]}")[1], alone, "other bytes");
    assert_eq!(ids("{\"a\":{\"eventID\":\"x\"},\"b\":\"eventID\",\"c\":\"x\"}"), [None], "not at depth 1, or not a key");
    assert_eq!(ids("{\"eventID\":5}"), [None], "not a text");
    let audit = |text: &str| frame(text.as_bytes(), Framing::AuditLines).into_iter().map(|p| p.2).collect::<Vec<_>>();
    let [a, b, c, d] = audit("type=A msg=audit(1.2:3): x\ntype=A msg=audit(1.2:3): y\ntype=A msg=audit(1.2:3): x\r\nother\n")[..] else { panic!() };
    assert!(a.is_some() && a != b && a == c && d.is_none());
}

#[test]
fn envelopes_of_other_names() {
    assert_eq!(
        shown("{\"kind\":\"List\",\"items\":[{\"a\":1},{\"b\":2}],\"next\":\"x\"}", SHAPED),
        ["~{\"kind\":\"List\",\"items\":[", "{\"a\":1},", "{\"b\":2}", "~],\"next\":\"x\"}"]
    );
    assert_eq!(
        shown("{\"value\":[{\"value\":[{\"a\":1}]}]}", SHAPED),
        ["~{\"value\":[", "{\"value\":[{\"a\":1}]}", "~]}"],
        "inside of records it is a member like others"
    );
    assert_eq!(shown("{\"Records\":[{\"a\":1}]}", SHAPED), ["{\"Records\":[{\"a\":1}]}"]);
    assert_eq!(shown("{\"value\":\"x\",\"ite\":[1],\"items2\":[2]}", SHAPED), ["{\"value\":\"x\",\"ite\":[1],\"items2\":[2]}"]);
}

#[test]
fn identity_deeper_in_the_record() {
    let ids = |text: &str| frame(text.as_bytes(), SHAPED).into_iter().map(|p| p.2).collect::<Vec<_>>();
    let of = |name: &str, id: &str, text: &str| Some(Identity::of(name, id.as_bytes(), text.as_bytes()));
    for (text, name, id) in [
        (r#"{"detail":{"x":1,"eventID":"e"},"b":2}"#, "detail.eventID", "e"),
        (r#"{"id":"i","detail":{"eventID":"e"}}"#, "detail.eventID", "e"),
        (r#"{"detail":{"eventID":"e"},"id":"i"}"#, "id", "i"),
    ] {
        assert_eq!(ids(text), [of(name, id, text)], "{text}");
    }
    for none in [
        r#"{"other":{"eventID":"e"}}"#,
        r#"{"detail":{"x":{"eventID":"e"}}}"#,
        r#"{"detail":[{"eventID":"e"}]}"#,
        r#"{"detail":1,"x":{"eventID":"e"}}"#,
        r#"{"eventID":"e"}"#,
    ] {
        assert_eq!(ids(none), [None], "{none}");
    }
}

#[test]
fn entries_of_several_lines() {
    assert_eq!(shown("\n\na\n\tb\n\n  c\nd\n", Framing::Indented), ["~\n\n", "a\n\tb\n\n  c\n", "d\n"]);
    assert_eq!(shown("  a\nb", Framing::Indented), ["  a\n", "b"]);
    assert_eq!(shown("1,\"a\nb\"\"\n\",2\r\n\n1,x\n", Framing::Csv), ["1,\"a\nb\"\"\n\",2\r\n", "~\n", "1,x\n"]);
    assert_eq!(shown("rest of a field\",x\n1,\"y\n2\"\n", Framing::Csv), ["rest of a field\",x\n", "1,\"y\n2\"\n"], "cut in the middle");
    assert_eq!(shown("1,\"never closed\n2,x\n", Framing::Csv), ["1,\"never closed\n2,x\n"]);
}

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        6 => prop::sample::select(vec![&b"{"[..], b"}", b"[", b"]", b"\"", b"\\", b"\n", b",", b":", b" ", b"\r", b"x"]).prop_map(<[u8]>::to_vec),
        2 => prop::sample::select(vec![&b"{\"Records\":["[..], b"{\"eventID\":\"e\"}", b"{\"a\":1}\n", b"{\"a\":[{\"b\":2}]},\n", b"]}\n", b"type=A msg=audit(1:2): \n"]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(part, 0..60).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn pieces_are_the_input_and_do_not_depend_on_chunks(bytes in soup(), cuts in prop::collection::vec(0usize..64, 0..40), max in 1usize..60, depth_max in 1usize..6) {
        let limits = Limits { record_bytes_max: max, depth_max };
        for framing in [Framing::Lines, Framing::AuditLines, Framing::Utf16Lines, Framing::Indented, Framing::Csv, JSON, SHAPED] {
            let whole = frame_in(&[&bytes], framing, limits);
            prop_assert_eq!(&whole.iter().flat_map(|p| p.0.clone()).collect::<Vec<_>>(), &bytes);
            prop_assert!(whole.iter().all(|p| !p.0.is_empty()));
            if Encoding::of(&bytes) == Encoding::Utf8 {
                prop_assert!(whole.iter().all(|p| p.0.len() <= max));
            }
            let (mut chunks, mut rest) = (Vec::new(), bytes.as_slice());
            for cut in &cuts {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                chunks.push(now);
                rest = later;
            }
            chunks.push(rest);
            let parts = frame_in(&chunks, framing, limits);
            prop_assert_eq!(&parts.iter().flat_map(|p| p.0.clone()).collect::<Vec<_>>(), &bytes);
            // Where a piece is longer than the limit, its parts are given out before its end is known.
            if ![&whole, &parts].iter().any(|all| all.iter().any(|p| p.1 == PieceKind::Rejected(Reason::Oversize))) {
                prop_assert_eq!(&parts, &whole);
            }
        }
    }
}

/// A row as csvlog writes it, with a statement.
fn csv_row(n: usize, statement: &str) -> String {
    let statement = statement.replace('"', "\"\"");
    format!("2026-03-01 10:00:{:02}.123 UTC,\"alice\",\"shop\",{n},,65f1.{n},1,,,,0,LOG,00000,\"statement: {statement}\",,,,,,,,,\"psql\"\n", n % 60)
}

#[test]
fn a_torn_row_of_csv_does_not_swallow_those_after_it() {
    let row = |n| csv_row(n, "SELECT 1,\n2");
    let torn = "2026-03-01 10:00:00.123 UTC,\"alice\",\"shop\",5,,65f1.5,1,,,,0,LOG,00000,\"statement: SEL";
    for end in ["", "\n", "\n \n", "ECT\n1,\n"] {
        let all = shown(&format!("{}{torn}{end}{}{}{}", row(1), row(2), row(3), row(4)), Framing::Csv);
        assert_eq!((&all[0], &all[all.len() - 2..]), (&row(1), [row(3), row(4)].as_slice()), "{end:?}");
        assert_eq!(all.contains(&row(2)), !end.is_empty(), "what is on the torn row's own line goes with it");
        assert_eq!(all.contains(&format!("!truncated {torn}{end}")), !end.is_empty());
    }
    let long = format!("{torn}\n{}", (0..2000).map(row).collect::<String>());
    let limits = Limits { record_bytes_max: 4096, ..Limits::default() };
    let pieces = frame_in(&[long.as_bytes()], Framing::Csv, limits);
    assert_eq!(pieces.iter().filter(|p| p.1 == PieceKind::Record).count(), 2000);
}

proptest! {
    #[test]
    fn whole_rows_of_csv_stay_whole_and_those_after_a_torn_one_too(
        statements in proptest::collection::vec(proptest::collection::vec(0usize..12, 0..12), 1..6),
        tear in 1usize..200, cuts in proptest::collection::vec(1usize..90, 0..12),
    ) {
        const WORDS: [&str; 12] = ["\"", "\"\"", ",", "\n", "\n", "\r\n", "2026-03-01 10:00:00.123 UTC,", "\"alice\",\"shop\",1,", "\n2026-03-01 10:00:00.123 UTC,\"alice\",\"shop\",1,", "x", "0,LOG,00000,\"m\"", "\n2026-03-01 10:00:00"];
        let rows: Vec<String> = statements.iter().enumerate().map(|(n, words)| csv_row(n, &words.iter().map(|w| WORDS[*w]).collect::<String>())).collect();
        let in_chunks = |text: &str| {
            let (mut chunks, mut rest) = (Vec::new(), text.as_bytes());
            for cut in &cuts {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                chunks.push(now);
                rest = later;
            }
            chunks.push(rest);
            frame_in(&chunks, Framing::Csv, Limits::default())
        };
        let good = rows.concat();
        let records: Vec<(Vec<u8>, PieceKind, Option<Identity>)> = rows.iter().map(|r| (r.clone().into_bytes(), PieceKind::Record, None)).collect();
        prop_assert_eq!(&in_chunks(&good), &records);
        // A torn row, its end of line, and the rows again: all of them are there, whatever comes before.
        let first = &rows[0];
        let torn = format!("{}\n{good}", &first[..tear.min(first.len() - 1)]);
        let pieces = in_chunks(&torn);
        prop_assert_eq!(&pieces, &frame(torn.as_bytes(), Framing::Csv));
        prop_assert!(pieces.ends_with(&records), "{:?}", pieces);
    }
}
