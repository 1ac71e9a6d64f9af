//! Every sample reads as expected: `samples/FORMAT/NAME` is compared with two files beside it, `NAME.events.jsonl` (the
//! OCSF events, a line each) and `NAME.rows.txt` (their columns, then what was rejected and why). `BLESS=1` rewrites both; the diff is the review.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use event::{Batch, Column, Columns, Fields, PieceKind};
use formats::{Catalogue, Framer, Limits, Reading, Record, Within};

use crate::shared;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn is_golden(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".events.jsonl") || name.ends_with(".rows.txt")
}

#[test]
fn every_sample_reads_as_expected() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut faults = Vec::new();
    let mut wanted = BTreeSet::new();
    let all = shared::files(&samples());
    for sample in all.iter().filter(|p| !is_golden(p)) {
        let (bytes, name) = (fs::read(sample).unwrap(), sample.file_name().unwrap().to_str().unwrap());
        let folder = sample.strip_prefix(samples()).unwrap().iter().next().unwrap().to_str().unwrap();
        let reading = formats::read(&bytes, name, &shared::context(name));
        if reading.format != folder {
            faults.push(format!("{}: recognised as {}", sample.display(), reading.format));
        }
        let lines: String = reading.events.iter().map(|e| e.to_json_line() + "\n").collect();
        for (golden, is) in [("events.jsonl", lines), ("rows.txt", rows(&reading))] {
            let path = sample.with_file_name(format!("{name}.{golden}"));
            if bless {
                fs::write(&path, &is).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != is {
                faults.push(format!("{} is not what is read:\n{is}", path.display()));
            }
            wanted.insert(path);
        }
        if let Some((false, said)) = shared::ocsf_check(&reading.events).filter(|_| !reading.events.is_empty()) {
            faults.push(format!("{}: OCSF: {said}", sample.display()));
        }
    }
    faults.extend(all.iter().filter(|p| is_golden(p) && !wanted.contains(*p)).map(|p| format!("{} has no sample", p.display())));
    assert!(faults.is_empty(), "{}\nBLESS=1 cargo test -p formats rewrites them", faults.join("\n"));
}

/// Columns of the events, one a line, and the rejected records. Columns that the sink or the test sets for all are left out.
fn rows(reading: &Reading) -> String {
    const SAME_FOR_ALL: [Column; 4] = [Column::Received, Column::Source, Column::Format, Column::Facet];
    let mut out = String::new();
    for event in &reading.events {
        writeln!(out, "records: {:?}", event.records).unwrap();
        for &c in Column::ALL.iter().filter(|c| !SAME_FOR_ALL.contains(c)) {
            match (c, event.text(c), event.int(c)) {
                (Column::Time, ..) => writeln!(out, "time: {}", event.time()).unwrap(),
                (_, Some(t), _) => writeln!(out, "{}: {}", c.name(), t.escape_debug()).unwrap(),
                (_, None, Some(n)) => writeln!(out, "{}: {n}", c.name()).unwrap(),
                _ => {}
            }
        }
        out.push('\n');
    }
    for r in &reading.rejected {
        let start: String = String::from_utf8_lossy(&r.bytes).chars().take(80).flat_map(char::escape_debug).collect();
        writeln!(out, "rejected: [{}] {}: {}: {start}", r.seq, r.reason.code(), r.detail).unwrap();
    }
    out
}

/// The fast path (columns) and the careful one (objects) are fed by the same parser, and say the same.
#[test]
fn both_sinks_hold_the_same_columns() {
    for sample in shared::files(&samples()).iter().filter(|p| !is_golden(p)) {
        let (bytes, name) = (fs::read(sample).unwrap(), sample.file_name().unwrap().to_str().unwrap());
        let (format, context) = (formats::recognise(&bytes, name), shared::context(name));
        let (mut batch, mut parser, mut seq) = (Batch::new(context.origin(format)), format.parser_in(&Within::new(&Catalogue::default(), name)), 0);
        let mut framer = Framer::new(format.framing(), Limits::default());
        let mut offset = 0;
        let mut take = |bytes: &[u8], kind, _| {
            parser.at(offset);
            offset += bytes.len() as u64;
            match kind {
                PieceKind::Around => parser.heading(bytes),
                PieceKind::Record => drop(parser.record(Record { seq, bytes, received: context.received, host: None }, &mut batch)),
                PieceKind::Rejected(_) => {}
            }
            seq += 1;
        };
        framer.push(&bytes, &mut take);
        framer.finish(&mut take);
        parser.finish(&mut batch);
        let rows = batch.take().unwrap();
        let columns = Columns::of(&rows);
        let events = formats::read(&bytes, name, &context).events;
        assert_eq!(columns.rows().count(), events.len(), "{}", sample.display());
        for (row, event) in columns.rows().zip(&events) {
            for &c in Column::ALL {
                assert_eq!((row.text(c), row.int(c)), (event.text(c), event.int(c)), "{} {}", sample.display(), c.name());
            }
            assert_eq!(row.originals(), event.records.iter().copied().zip(event.raw.clone()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn the_list_of_formats_is_in_order() {
    let names: Vec<&str> = formats::all().iter().map(|f| f.name()).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len(), "two formats with one name: {names:?}");
    let titles: BTreeSet<&str> = formats::all().iter().map(|f| f.title()).collect();
    assert_eq!(titles.len(), names.len(), "two formats with one title");
    let folders: BTreeSet<String> = fs::read_dir(samples()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, unique.iter().map(|n| (*n).to_owned()).collect(), "a folder of samples for each format, and no other");
    for name in &names {
        let some = shared::files(&samples().join(name)).iter().any(|p| !is_golden(p));
        assert!(some, "{name} has no sample");
        assert_eq!(formats::by_name(name).map(|f| f.name()), Some(*name));
    }
    assert!(formats::by_name("nonsense").is_none());
}

#[test]
fn every_sample_is_put_together_again_from_its_pieces() {
    for sample in shared::files(&samples()).iter().filter(|p| !is_golden(p)) {
        let bytes = fs::read(sample).unwrap();
        for format in formats::all() {
            for size in [1, 7, 4096] {
                let mut again = Vec::new();
                let mut framer = Framer::new(format.framing(), Limits::default());
                let mut take = |b: &[u8], _, _| again.extend_from_slice(b);
                bytes.chunks(size).for_each(|c| framer.push(c, &mut take));
                framer.finish(&mut take);
                assert!(again == bytes, "{} as {} by {size}", sample.display(), format.name());
            }
        }
    }
}
