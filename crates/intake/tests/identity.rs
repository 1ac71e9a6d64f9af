//! Records with ids of their own: known wherever they come from; the same id with other bytes is another record.

use event::PieceKind;

use crate::{Bench, counts};

pub fn trail(ids: std::ops::Range<u32>) -> String {
    let record = |i| {
        format!(
            r#"{{"eventVersion":"1.08","eventTime":"2026-03-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","userIdentity":{{"type":"IAMUser"}},"eventID":"id-{i}"}}"#
        )
    };
    format!("{{\"Records\":[{}]}}", ids.map(record).collect::<Vec<_>>().join(","))
}

fn audit(serials: std::ops::Range<u32>) -> String {
    serials
        .map(|s| format!("type=SYSCALL msg=audit(1700000000.123:{s}): arch=c000003e syscall=59 success=yes exit=0 pid=1 auid=0 uid=0 comm=\"x\" exe=\"/x\"\n"))
        .collect()
}

#[test]
fn a_delivery_that_overlaps_gives_what_is_new() {
    let mut bench = Bench::new();
    bench.write("one.json", trail(0..10));
    bench.write("two.json", trail(5..15));
    assert_eq!(counts(&bench.read("one.json")), [10, 10, 0, 0]);
    assert_eq!(counts(&bench.read("two.json")), [10, 5, 5, 0]);
    assert_eq!(bench.kept.records().len(), 15);
}

#[test]
fn a_delivery_that_is_all_known_leaves_nothing_behind() {
    let mut bench = Bench::new();
    bench.write("one.json", trail(0..10));
    bench.write("part.json", trail(3..6));
    bench.read("one.json");
    let batches = bench.kept.batches.len();
    assert_eq!(counts(&bench.read("one.json")), [10, 0, 10, 0]);
    assert_eq!(counts(&bench.read("part.json")), [3, 0, 3, 0]);
    assert_eq!(bench.kept.batches.len(), batches, "not even an envelope");
}

#[test]
fn the_pieces_of_a_stream_are_the_stream() {
    let mut bench = Bench::new();
    bench.write("one.json", trail(0..10));
    bench.read("one.json");
    assert_eq!(bench.kept.bytes(), trail(0..10).as_bytes());
    assert!(bench.kept.pieces().iter().any(|p| p.0 == PieceKind::Around));
}

#[test]
fn lines_that_a_forwarder_doubled_are_taken_once_and_their_places_are_kept() {
    let mut bench = Bench::new();
    let doubled = audit(0..100).lines().map(|l| format!("{l}\n{l}\n")).collect::<String>();
    bench.write("audit.log", &doubled);
    bench.options.host = Some("web-1".into());
    assert_eq!(counts(&bench.read_all()[0]), [200, 100, 100, 0]);
    assert_eq!(bench.kept.bytes(), audit(0..100).as_bytes());
    assert_eq!(bench.kept.batches.len(), 1);
    let stored = bench.kept.batches[0].clone().acknowledged(journal::Entry { number: 1, root: [0; 32] });
    for (offset, piece) in stored.offsets().zip(stored.records.pieces()) {
        assert!(doubled.as_bytes()[offset as usize..].starts_with(piece.bytes), "piece {} lies at {offset}", piece.seq);
    }
}

#[test]
fn an_id_with_other_bytes_is_another_record() {
    let mut bench = Bench::new();
    bench.write("one.json", trail(0..2));
    bench.write("two.json", trail(0..2).replace("IAMUser", "Root"));
    bench.read("one.json");
    assert_eq!(counts(&bench.read("two.json")), [2, 2, 0, 0]);
}

#[test]
fn records_of_a_refused_batch_can_come_again() {
    let mut bench = Bench::new();
    bench.write("one.json", trail(0..10));
    bench.kept.room = Some(0);
    assert_eq!(counts(&bench.read("one.json")), [10, 0, 0, 10]);
    bench.kept.room = None;
    assert_eq!(counts(&bench.read("one.json")), [10, 10, 0, 0]);
}

/// An `EOE` says nothing but the time and the number of its event, and two hosts can have both in common.
#[test]
fn equal_lines_of_two_hosts_are_two_records() {
    let mut bench = Bench::new();
    let end = "type=EOE msg=audit(1700000000.123:7): \n";
    bench.write("host-a/audit.log", format!("{}{end}", audit(7..8)));
    bench.write("host-b/audit.log", end);
    assert_eq!(bench.read_all().iter().map(counts).collect::<Vec<_>>(), [[2, 2, 0, 0], [1, 1, 0, 0]]);
    assert_eq!(bench.read_all().iter().map(counts).collect::<Vec<_>>(), [[2, 0, 2, 0], [1, 0, 1, 0]]);
    // A line that names its host is the same one wherever it comes from.
    bench.write("host-a/central.log", format!("node=web-1 {end}"));
    bench.write("host-b/central.log", format!("node=web-1 {end}node=web-2 {end}"));
    let taken: u64 = bench.read_all().iter().map(|r| r.taken).sum();
    assert_eq!(taken, 2);
}

/// Where nobody knows the host, copies are found by the start of their stream, and lines that name theirs by themselves.
#[test]
fn lines_of_no_known_host_are_known_by_the_start_of_their_stream() {
    let mut bench = Bench::new();
    let named = |serials| audit(serials).replace("type=", "node=web-1 type=");
    bench.write("one.log", format!("{}{}", audit(0..3), named(3..6)));
    assert_eq!(counts(&bench.read("one.log")), [6, 6, 0, 0]);
    bench.write("copy.log", format!("{}{}{}", audit(0..3), named(3..6), audit(6..8)));
    assert_eq!(counts(&bench.read("copy.log")), [8, 2, 6, 0]);
    bench.write("other.log", format!("{}{}", audit(2..3), named(5..7)));
    assert_eq!(counts(&bench.read("other.log")), [3, 2, 1, 0], "an equal line may be another host's; a named one is known");
}
