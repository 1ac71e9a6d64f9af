//! What goes in comes out, whatever it is; of a journal that was cut off, a first part of the batches comes out.

use std::path::Path;

use event::{Facet, PieceKind, Reason, Records, SourceInfo, Time};
use journal::{BatchNote, Journal, Prefix, Skip, What};
use proptest::prelude::*;

use crate::{fill, note, records, segment, stored};

fn kind() -> impl Strategy<Value = PieceKind> {
    let rejected = proptest::sample::select(Reason::ALL.to_vec()).prop_map(PieceKind::Rejected);
    prop_oneof![4 => Just(PieceKind::Record), 1 => Just(PieceKind::Around), 1 => rejected]
}

prop_compose! {
    fn batch()(
        pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..60), kind(), any::<u128>()), 1..20),
        name in "[a-z0-9/ü\n-]{1,20}",
        host in prop::option::of("[a-z]{1,5}"),
        facet in proptest::sample::select(Facet::ALL.to_vec()),
        (stream, first_seq, offset, received) in (any::<u64>(), 0..u64::MAX / 2, any::<u64>(), 0..i64::MAX),
        (first, hash, key) in (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>()),
        with_ids in any::<bool>(),
        skips in prop::collection::vec((any::<u32>(), any::<u64>()), 0..3),
    ) -> (Records, BatchNote) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for (piece, kind, _) in &pieces {
            bytes.extend_from_slice(piece);
            ends.push((bytes.len() as u32, *kind));
        }
        let source = SourceInfo { name, format: "text".into(), facet, host };
        let identities = if with_ids { pieces.iter().map(|p| p.2).collect() } else { Vec::new() };
        let skips = skips.into_iter().map(|(before, bytes)| Skip { before, bytes }).collect();
        let prefix = Prefix { first, bytes: offset, hash };
        (Records { source, stream, first_seq, offset, received: Time(received), bytes, ends }, BatchNote { identities, skips, prefix, key })
    }
}

fn same(journal: &Journal, batches: &[(Records, BatchNote)]) {
    let out = stored(journal);
    assert_eq!(out.len(), batches.len());
    for (got, (number, (records, note))) in out.iter().zip((1..).zip(batches)) {
        assert_eq!((got.number, &got.records, &got.note), (number, records, note));
        assert!(got.damaged.is_empty() && !got.identities_lost);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_come_out_as_they_went_in(batches in prop::collection::vec(batch(), 1..8), cut in any::<prop::sample::Index>(), zeros in 0usize..5000) {
        let dir = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(dir.path()).unwrap();
        let mut ends = vec![0];
        for (records, note) in &batches {
            let entry = journal.append(records, note).unwrap();
            let received = u64::try_from(records.received.0).unwrap();
            let leaves = ledger::leaf::hashes(&records.source.name, records.first_seq, received, &note.key, records.pieces().map(|p| p.bytes));
            assert_eq!(entry.root, ledger::merkle::root(&leaves));
            ends.push(std::fs::metadata(segment(dir.path(), 1)).unwrap().len());
        }
        same(&journal, &batches);
        drop(journal);
        let (journal, recovery) = Journal::open(dir.path()).unwrap();
        assert_eq!((recovery.batches, recovery.torn_bytes, recovery.damaged.len()), (batches.len() as u64, 0, 0));
        same(&journal, &batches);
        drop(journal);

        // Cut anywhere, and zeros put in place of what was cut.
        let bytes = std::fs::read(segment(dir.path(), 1)).unwrap();
        let cut = cut.index(bytes.len() + 1);
        let harmed = [&bytes[..cut], &vec![0; zeros]].concat();
        std::fs::write(segment(dir.path(), 1), &harmed).unwrap();
        // A batch is whole if all but its end mark (the last four bytes) is as it was.
        let whole = ends[1..].iter().take_while(|end| harmed.len() >= **end as usize && harmed.starts_with(&bytes[..**end as usize - 4])).count();
        let (journal, recovery) = Journal::open(dir.path()).unwrap();
        assert_eq!(recovery.batches as usize, whole, "{recovery:?}");
        assert!(recovery.damaged.iter().all(|d| d.what == What::Torn || d.what == What::Header), "{recovery:?}");
        same(&journal, &batches[..whole]);
        // And it goes on behind the cut.
        let more = records("more", 0, 3);
        assert_eq!(journal.append(&more, &note(&more)).unwrap().number, whole as u64 + 1);
        drop(journal);
        let (journal, recovery) = Journal::open(dir.path()).unwrap();
        assert_eq!(recovery.batches as usize, whole + 1, "{recovery:?}");
        assert_eq!(stored(&journal).last().unwrap().records, more);
    }
}

#[test]
fn batches_that_do_not_hold_together_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    let good = records("s", 0, 3);
    let refused = |r: &Records, n: &BatchNote| journal.append(r, n).unwrap_err().to_string();
    assert!(refused(&Records { ends: vec![], bytes: vec![], ..good.clone() }, &note(&good)).contains("no pieces"));
    assert!(refused(&Records { bytes: vec![], ..good.clone() }, &note(&good)).contains("do not cover"));
    assert!(refused(&good, &BatchNote { identities: vec![1], ..note(&good) }).contains("one a piece"));
    assert!(refused(&Records { received: Time(-1), ..good.clone() }, &note(&good)).contains("1970"));
    let big = Records { bytes: vec![0; 65 << 20], ends: vec![(65 << 20, PieceKind::Record)], ..good.clone() };
    assert!(refused(&big, &BatchNote { identities: vec![], ..note(&big) }).contains("more than"));
    assert_eq!((journal.last_number(), stored(&journal).len()), (0, 0));
}

#[test]
fn segments_are_full_at_64_mib_and_are_released_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(dir.path()).unwrap();
    let big = Records { bytes: vec![b'x'; 20 << 20], ends: vec![(20 << 20, PieceKind::Record)], ..records("s", 0, 1) };
    for _ in 0..7 {
        journal.append(&big, &BatchNote { identities: vec![], ..note(&big) }).unwrap();
    }
    let sizes = |dir: &Path| (1..=4).map(|n| std::fs::metadata(segment(dir, n)).map_or(0, |m| m.len() >> 20)).collect::<Vec<_>>();
    assert_eq!(sizes(dir.path()), [60, 60, 20, 0]);
    assert_eq!(journal.release(3).unwrap(), 0, "segment 1 still has batch 3");
    assert!(journal.release(6).unwrap() > 60 << 20);
    assert_eq!(sizes(dir.path()), [0, 60, 20, 0]);
    assert_eq!((journal.first_number(), journal.read(4).unwrap().number), (Some(4), 4));
    assert!(matches!(journal.read(3), Err(journal::Error::Missing { number: 3 })));
    // The newest segment stays, and with it the numbers.
    journal.release(u64::MAX).unwrap();
    assert_eq!(sizes(dir.path()), [0, 0, 20, 0]);
    drop(journal);
    let (journal, recovery) = Journal::open(dir.path()).unwrap();
    assert_eq!((recovery.batches, recovery.damaged.len(), journal.last_number()), (1, 0, 7));
    assert_eq!(fill(&journal, 1).len(), 1);
    assert_eq!(journal.last_number(), 8);
}

#[test]
fn numbers_go_on_above_what_the_tables_have() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open_after(dir.path(), 41).unwrap();
    fill(&journal, 1);
    assert_eq!((journal.first_number(), journal.last_number()), (Some(42), 42));
}
