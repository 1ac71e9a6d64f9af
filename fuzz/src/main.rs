//! What the fuzzer calls. `MUSTER_FUZZ` names the target: `frame-N` for the Nth framing, or a format, whose framing and parser
//! are then run from bytes to events. Owns what must hold for any input; `cargo xtask fuzz` builds it, runs it and keeps the finds.
#![no_main]

use std::sync::LazyLock;

use event::{PieceKind, Time};
use formats::{Context, Format, Framer, Framing, Limits};
use libfuzzer_sys::fuzz_target;

/// What is fuzzed.
enum Target {
    Frame(Framing),
    Format(&'static dyn Format),
}

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("MUSTER_FUZZ").expect("MUSTER_FUZZ names the target");
    match name.strip_prefix("frame-") {
        Some(of) => Target::Frame(formats::by_name(of).expect("a format").framing()),
        None => Target::Format(formats::by_name(&name).expect("a format")),
    }
});

fuzz_target!(|data: &[u8]| match &*TARGET {
    Target::Frame(framing) => frame(*framing, data),
    Target::Format(format) => parse(*format, data),
});

/// All bytes come out again, in order, however they arrive; and no piece is longer than the limit.
fn frame(framing: Framing, data: &[u8]) {
    let limits = Limits { record_bytes_max: 4096, depth_max: 64 };
    let (first, data) = data.split_first().map_or((1, data), |(f, rest)| (usize::from(*f), rest));
    let whole = pieces(framing, limits, &[data]);
    assert_eq!(whole.iter().flat_map(|(b, _)| b.iter().copied()).collect::<Vec<u8>>(), data, "bytes were lost or made up");
    assert!(whole.iter().all(|(b, _)| b.len() <= limits.record_bytes_max.max(64 << 10)), "a piece is longer than the limit");
    let parts: Vec<&[u8]> = data.chunks(first.max(1)).collect();
    let again = pieces(framing, limits, &parts);
    assert_eq!(again.iter().flat_map(|(b, _)| b.iter().copied()).collect::<Vec<u8>>(), data, "bytes were lost or made up");
    let oversize = |all: &[(Vec<u8>, PieceKind)]| all.iter().any(|p| p.1 == PieceKind::Rejected(event::Reason::Oversize));
    if !oversize(&again) && !oversize(&whole) {
        assert_eq!(again, whole, "pieces depend on how the bytes came");
    }
}

fn pieces(framing: Framing, limits: Limits, parts: &[&[u8]]) -> Vec<(Vec<u8>, PieceKind)> {
    let mut framer = Framer::new(framing, limits);
    let mut out = Vec::new();
    for part in parts {
        framer.push(part, &mut |b, kind, _| out.push((b.to_vec(), kind)));
    }
    framer.finish(&mut |b, kind, _| out.push((b.to_vec(), kind)));
    out
}

/// Every record is in an event or rejected, none twice; and every event's object is JSON that reads back.
fn parse(format: &'static dyn Format, data: &[u8]) {
    let context = Context { source: "web-1/fuzz.log".into(), received: Time::from_secs(1_772_614_800), host: Some("web-1".into()) };
    let reading = formats::read_as(format, data, &context);
    let in_events: usize = reading.events.iter().map(|e| e.records.len()).sum();
    assert_eq!(in_events + reading.rejected.len(), usize::try_from(reading.records).unwrap(), "the books do not balance");
    for event in &reading.events {
        let line = event.to_json_line();
        assert!(!line.contains('\n') && serde_json::from_str::<serde_json::Value>(&line).is_ok(), "not a line of JSON: {line}");
    }
}
