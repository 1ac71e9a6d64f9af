//! Bundles from writing to verdict, in Rust alone.

use ledger::bundle::{Extent, Item, KeyFrom, Part, Range, Step, verify, write};
use ledger::{Error, SigningKey};

use crate::fixture::{AUTH, HOSTILE, Random, Store, TRAIL};

fn store() -> Store {
    Store::new("muster.example/store-1", 1)
}

#[test]
fn a_range_is_proven_whole() {
    let store = store();
    let zip = store.write(&store.range());
    let verdict = verify(&zip, Some(&store.key.verifying_key())).unwrap();
    assert_eq!((verdict.kind, verdict.pieces, verdict.batches, verdict.key_from), ("range", 69, 4, KeyFrom::Given));
    assert_eq!((verdict.log_size, verdict.origin.as_str(), verdict.events), (6, "muster.example/store-1", true));
    assert_eq!(verdict.books, Some(store.books.1.clone()));
    let sources: Vec<_> = verdict.sources.iter().map(|s| (s.source.as_str(), s.first_seq, s.last_seq, s.pieces)).collect();
    assert_eq!(sources, [(TRAIL, 0, 32, 33), (AUTH, 5, 40, 36)]);
    assert_eq!(zip, store.write(&store.range()), "the same parts give the same bytes");
}

#[test]
fn a_selection_says_that_it_is_one_and_whose_key_was_used() {
    let store = store();
    let verdict = verify(&store.write(&store.selection()), None).unwrap();
    assert_eq!((verdict.kind, verdict.key_from, verdict.books.is_none()), ("selection", KeyFrom::Bundle, true));
    let text = verdict.to_string();
    assert!(text.contains("a selection: it says nothing of pieces that are not here"), "{text}");
    assert!(text.contains("taken from the bundle itself"), "{text}");
    assert!(!text.contains("\nroot AAAA"), "a hostile name adds no line:\n{text}");
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!((&json["key_from"], &json["kind"]), (&"bundle".into(), &"selection".into()));
}

#[test]
fn a_checkpoint_with_a_witness_is_taken() {
    let store = store();
    let mut bundle = store.selection();
    bundle.checkpoint.cosign(&SigningKey::from_seed("witness", &[9; 32]).unwrap()).unwrap();
    assert!(verify(&store.write(&bundle), None).is_ok());
}

#[test]
fn an_earlier_checkpoint_is_enough_for_what_is_under_it() {
    let store = store();
    let log: ledger::Log = store.batches[..2].iter().map(|batch| batch.entry.hash()).collect();
    let checkpoint = log.checkpoint(&store.key).unwrap();
    let mut bundle = store.bundle(Extent::Selection, |source, _| source == TRAIL);
    bundle.checkpoint = checkpoint.clone();
    assert_eq!(verify(&store.write(&bundle), None).unwrap().log_size, 2);
    let mut later = store.bundle(Extent::Selection, |source, _| source == HOSTILE);
    later.checkpoint = checkpoint;
    assert!(matches!(write(&later, &store.log, &store.key), Err(Error::Bundle(_))));
}

#[test]
fn another_key_is_a_fault_that_names_it() {
    let (store, other) = (store(), Store::new("muster.example/store-1", 2));
    let zip = store.write(&store.selection());
    let steps: Vec<Step> = verify(&zip, Some(&other.key.verifying_key())).unwrap_err().iter().map(|fault| fault.step).collect();
    assert_eq!(steps, [Step::Key, Step::Seal, Step::Checkpoint]);
    let forged = other.write(&other.selection());
    assert!(verify(&forged, Some(&store.key.verifying_key())).is_err(), "another's whole store under the same name");
    assert_eq!(verify(&forged, None).unwrap().key_from, KeyFrom::Bundle, "without a key only the bundle's own word");
}

#[test]
fn what_would_not_verify_is_not_written() {
    let store = store();
    let range = |first_seq, last_seq| Extent::Range(vec![Range { source: AUTH.into(), first_seq, last_seq }]);
    let auth = |seqs: std::ops::Range<u64>| move |source: &str, seq: u64| source == AUTH && seqs.contains(&seq);
    let refused = |bundle| matches!(write(&bundle, &store.log, &store.key), Err(Error::Bundle(_)));
    assert!(!refused(store.bundle(range(3, 30), auth(3..31))));
    assert!(refused(store.bundle(range(3, 30), auth(3..30))), "the last is missing");
    assert!(refused(store.bundle(range(3, 30), auth(3..32))), "one too many");
    assert!(refused(store.bundle(range(3, 30), |s, seq| s == AUTH && (3..=30).contains(&seq) && seq != 21)), "a gap");
    assert!(refused(store.bundle(range(0, 90), |_, _| true)), "another source");
    assert!(refused(store.bundle(Extent::Range(vec![]), auth(0..1))), "no ranges");
    assert!(refused(store.bundle(Extent::Selection, |_, _| false)), "nothing");
    let alter = |change: fn(&mut Vec<Part>)| {
        let mut bundle = store.selection();
        change(&mut bundle.parts);
        refused(bundle)
    };
    assert!(!alter(|parts| parts.reverse()), "the order of parts does not matter");
    assert!(alter(|parts| parts[0].items[0].bytes.push(b'x')));
    assert!(alter(|parts| parts[0].items[0].salt[0] ^= 1));
    assert!(alter(|parts| parts[0].items[0].seq += 1));
    assert!(alter(|parts| parts[0].entry.count += 1));
    assert!(alter(|parts| parts[0].index += 1));
    assert!(alter(|parts| parts.push(parts[0].clone())));
    assert!(alter(|parts| parts[0].items.push(Item { seq: 1 << 40, salt: [0; 16], bytes: vec![] })));
}

#[test]
fn a_batch_that_is_not_what_the_log_has_is_not_taken() {
    let store = store();
    let batch = &store.batches[0];
    let mut pieces: Vec<&[u8]> = batch.pieces.iter().map(Vec::as_slice).collect();
    let part = |pieces: &[&[u8]]| Part::new(batch.index, batch.entry.clone(), &batch.key, pieces, |_| true);
    assert_eq!(part(&pieces).unwrap().items.len(), 20);
    pieces[4] = b"other\n";
    assert!(matches!(part(&pieces), Err(Error::Bundle(_))));
}

#[test]
fn every_byte_counts() {
    let mut store = Store::new("s", 1);
    store.take("x", 0, 9, &mut Random(3));
    let mut zip = store.write(&store.bundle(Extent::Selection, |source, seq| source == "x" && seq == 4));
    let key = store.key.verifying_key();
    for at in 0..zip.len() {
        zip[at] ^= 1 << (at % 8);
        assert!(verify(&zip, Some(&key)).is_err(), "byte {at}");
        assert!(verify(&zip, None).is_err(), "byte {at}, own key");
        zip[at] ^= 1 << (at % 8);
        assert!(verify(&zip[..at], Some(&key)).is_err(), "cut at {at}");
    }
    assert!(verify(&zip, Some(&key)).is_ok());
}

#[test]
fn thousands_of_pieces_stay_small() {
    let mut store = store();
    store.take("big", 0, 4_000, &mut Random(5));
    let extent = Extent::Range(vec![Range { source: "big".into(), first_seq: 0, last_seq: 3_999 }]);
    let whole = store.write(&store.bundle(extent, |source, _| source == "big"));
    let sparse = store.write(&store.bundle(Extent::Selection, |source, seq| source == "big" && seq % 100 == 0));
    let bytes: usize = store.batches.last().unwrap().pieces.iter().map(Vec::len).sum();
    println!("4,000 pieces of {bytes} bytes: {} bytes; 40 of them: {} bytes", whole.len(), sparse.len());
    assert!(whole.len() < bytes / 2 + 4_000 * 32, "{}", whole.len());
    assert!(sparse.len() < 40 * 400, "{}", sparse.len());
}
