//! Every file of the shared corpus: recognised as what it is, put together again byte for byte, every event true to the schema.

use std::collections::{BTreeMap, BTreeSet};

use event::PieceKind;
use formats::{Framer, Limits, Record};

use crate::shared::{context, files, folder, ocsf_check};

/// The longest start of a file that is looked at: a part of each of them, not all of a few.
const LOOK_BYTES: usize = 256 << 10;
/// Events of a file that are checked against the schema.
const EVENTS_MAX: usize = 200;

/// Folder or file, and the formats that its files may be recognised as; the last line that fits counts.
const EXPECTED: &str = include_str!("../fidelity/recognised.tsv");

fn expected(path: &str) -> Option<BTreeSet<&'static str>> {
    let rows = EXPECTED.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    let mut fits = rows.filter_map(|l| l.split_once('\t')).filter(|(place, _)| if place.ends_with('/') { path.starts_with(place) } else { path == *place });
    fits.next_back().map(|(_, formats)| formats.split(',').collect())
}

#[test]
fn every_file_is_recognised_put_together_again_and_true_to_the_schema() {
    let Some(data) = folder("data") else { return };
    let mut wrong = Vec::new();
    let mut events = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for facet in ["runtime", "cloud", "network", "system", "application"] {
        for path in files(&data.join(facet)) {
            let name = path.strip_prefix(&data).unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            // Intake unpacks; a format never sees these.
            if [&b"\x1F\x8B"[..], b"BZh", b"\xFD7zXZ", b"PK\x03\x04", b"LPKSHHRH"].iter().any(|magic| bytes.starts_with(magic)) {
                continue;
            }
            let bytes = &bytes[..bytes.len().min(LOOK_BYTES)];
            let format = formats::recognise(&bytes[..bytes.len().min(formats::read::HEAD_BYTES_MAX)], &name);
            *counts.entry(format.name()).or_default() += 1;
            match expected(&name) {
                Some(may) if may.contains(format.name()) => {}
                Some(may) => wrong.push(format!("{name}: {} and not {may:?}", format.name())),
                None => wrong.push(format!("{name}: {}, and fidelity/recognised.tsv says nothing of it", format.name())),
            }
            events.extend(read(format, bytes, &name));
        }
    }
    println!("recognised: {counts:?}");
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
    if let Some((good, said)) = ocsf_check(&events) {
        println!("{} events: {}", events.len(), said.lines().last().unwrap_or_default());
        assert!(good, "{said}");
    }
}

/// The first events of a file; fails if its pieces are not the file.
fn read(format: &'static dyn formats::Format, bytes: &[u8], name: &str) -> Vec<event::Event> {
    let context = context(name);
    let mut framer = Framer::new(format.framing(), Limits::default());
    let mut parser = format.parser_in(&formats::Within::new(&formats::Catalogue::default(), name));
    let mut sink = event::EventSink::new(context.origin(format));
    let (mut again, mut seq) = (Vec::new(), 0);
    let mut piece = |b: &[u8], kind: PieceKind| {
        again.extend_from_slice(b);
        if sink.events.len() < EVENTS_MAX {
            match kind {
                PieceKind::Around => parser.heading(b),
                PieceKind::Record => {
                    let record = Record { seq, bytes: b, received: context.received, host: None };
                    if parser.record(record, &mut sink).is_err() {
                        event::Sink::abandon(&mut sink);
                    }
                }
                PieceKind::Rejected(_) => {}
            }
        }
        seq += 1;
    };
    for part in bytes.chunks(4099) {
        framer.push(part, &mut |b, kind, _| piece(b, kind));
    }
    framer.finish(&mut |b, kind, _| piece(b, kind));
    parser.finish(&mut sink);
    assert!(again == bytes, "{name}: the pieces are not the file");
    sink.events
}
