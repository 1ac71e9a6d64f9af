//! Keys, notes, checkpoints and entries: vectors of RFC 8032 and of Go's `sumdb/note`, round trips, and what is refused.

use ledger::entry::{BatchEntry, Books, CaseEntry, Counts, Entry};
use ledger::merkle::leaf_hash;
use ledger::{Checkpoint, Error, Log, Note, SigningKey, VerifyingKey};
use proptest::prelude::*;

use crate::merkle::hex;

/// The example of golang.org/x/mod/sumdb/note.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str, fill: u8) -> SigningKey {
    SigningKey::from_seed(name, &[fill; 32]).unwrap()
}

#[test]
fn a_note_that_go_signed_is_read_and_verified() {
    let key = VerifyingKey::parse(GO_KEY).unwrap();
    assert_eq!(key.to_string(), GO_KEY);
    let note = Note::parse(GO_NOTE).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    assert!(note.verify(&key).unwrap().starts_with("If you think"));
}

#[test]
fn keys_are_those_of_rfc_8032() {
    let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let key = SigningKey::from_seed("k", &seed.try_into().unwrap()).unwrap().verifying_key();
    let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").try_into().unwrap();
    assert_eq!(key, VerifyingKey::from_bytes("k", &public).unwrap());
}

#[test]
fn debug_does_not_show_the_seed() {
    let shown = format!("{:?}", SigningKey::from_seed("k", &[0xab; 32]).unwrap());
    assert_eq!(shown, "SigningKey { name: \"k\", .. }");
}

#[test]
fn keys_of_other_forms_are_refused() {
    let good = key("store.example/1", 1).verifying_key().to_string();
    assert_eq!(VerifyingKey::parse(&good).unwrap().to_string(), good);
    let upper = good.replacen(&good[16..24], &good[16..24].to_uppercase(), 1);
    let small = VerifyingKey::from_bytes("k", &[0; 32]);
    assert!(matches!(small, Err(Error::Key(_))), "a point of small order");
    for wrong in ["", "a", "a+b", "+00000000+AA==", "a+00000000+AQ==", &format!("{good}\n"), &format!("{good}="), &good.replacen("store", "strove", 1), &upper]
    {
        if wrong != good {
            assert!(matches!(VerifyingKey::parse(wrong), Err(Error::Key(_))), "{wrong}");
        }
    }
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", &"x".repeat(256)] {
        assert!(matches!(SigningKey::from_seed(name, &[1; 32]), Err(Error::Key(_))), "{name:?}");
    }
}

#[test]
fn several_may_sign_and_strangers_do_not_matter() {
    let (store, witness, stranger) = (key("store", 1), key("witness", 2), key("store", 3));
    let mut note = Note::sign("text\n", &store).unwrap();
    note.cosign(&witness).unwrap();
    let note = Note::parse(&note.to_string()).unwrap();
    assert_eq!(note.verify(&store.verifying_key()).unwrap(), "text\n");
    assert_eq!(note.verify(&witness.verifying_key()).unwrap(), "text\n");
    assert!(matches!(note.verify(&stranger.verifying_key()), Err(Error::Unsigned(_))), "same name, another key");
    let forged = note.to_string().replacen("text", "next", 1);
    assert!(matches!(Note::parse(&forged).unwrap().verify(&store.verifying_key()), Err(Error::Signature(_))));
}

#[test]
fn notes_of_other_forms_are_refused() {
    let good = Note::sign("a\n\nb\n", &key("k", 1)).unwrap().to_string();
    assert_eq!(Note::parse(&good).unwrap().text(), "a\n\nb\n");
    let line = good.split_once("b\n\n").unwrap().1;
    let tab = good.replacen('a', "\t", 1);
    let many = format!("a\n\n{}", line.repeat(101));
    for wrong in ["", "a\n", "a\n\n", "— k AAAAAAA=\n", good.trim_end(), &format!("{good}\n"), &good.replace("— ", "- "), &tab, &many, &good.replace('=', "")]
    {
        assert!(Note::parse(wrong).is_err(), "{wrong:?}");
    }
    assert!(Note::parse(&format!("a\n\n{}", line.repeat(100))).is_ok());
    assert!(Note::parse(&format!("{}\n\n{line}", "a".repeat(1 << 20))).is_err());
    assert!(Note::sign("no newline", &key("k", 1)).is_err());
}

#[test]
fn a_checkpoint_comes_back_and_is_bound_to_its_key() {
    let (store, log) = (key("store.example/1", 1), (0u8..5).map(|i| leaf_hash(&[i])).collect::<Log>());
    let note = log.checkpoint(&store).unwrap().to_string();
    let checkpoint = Checkpoint::open(&note, &store.verifying_key()).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root, checkpoint.origin.as_str()), (5, log.root(), "store.example/1"));
    assert_eq!(Checkpoint::parse(&checkpoint.text()).unwrap(), checkpoint);
    let other = Note::sign(&Checkpoint { origin: "other".into(), ..checkpoint }.text(), &store).unwrap().to_string();
    assert!(matches!(Checkpoint::open(&other, &store.verifying_key()), Err(Error::Checkpoint(_))));
    for wrong in ["", "o\n5\n", "o\n05\nAA==\n", "\n5\nx\n", "o\n5\nAA==\n"] {
        assert!(Checkpoint::parse(wrong).is_err(), "{wrong:?}");
    }
}

fn batch() -> BatchEntry {
    BatchEntry { number: 7, source: "web-1/auth.log".into(), first_seq: 0, count: 3, received_us: 1_772_359_200_000_000, root: [255; 32] }
}

#[test]
fn entries_are_spelled_as_the_decision_says() {
    let text =
        "muster/batch/1\nnumber 7\nsource web-1/auth.log\nfirst_seq 0\ncount 3\nreceived 1772359200000000\nroot //////////////////////////////////////////8=\n";
    assert_eq!(batch().text(), text);
    assert_eq!(Entry::parse(text).unwrap(), Entry::Batch(batch()));
    let counts = Counts { source: "a\nb".into(), received: 10, stored: 6, quarantined: 1, duplicate: 2, refused: 1, deleted: 4 };
    let books = Books::new(5, 7, vec![counts]);
    let text = "muster/books/1\nat 5\nbatches 7\nsources 1\nsource a\\x0ab\nreceived 10\nstored 6\nquarantined 1\nduplicate 2\nrefused 1\ndeleted 4\n";
    assert_eq!(books.text(), text);
    assert!(books.sources[0].balanced());
    assert_eq!(Entry::parse(text).unwrap(), Entry::Books(books));
    // SHA-256 of "abc" (FIPS 180-4, example).
    let case = CaseEntry::of("c-20260304-1", 2, 9, [255; 32], "abc");
    let text = "muster/case/1\ncase c-20260304-1\nseq 2\nat 9\nprevious //////////////////////////////////////////8=\nrecord ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n";
    assert_eq!(case.text(), text);
    assert_eq!(Entry::parse(text).unwrap(), Entry::Case(case));
}

#[test]
fn entries_of_other_forms_are_refused() {
    let good = batch().text();
    for (from, to) in [
        ("number 7", "number 07"),
        ("number 7", "number  7"),
        ("number 7\n", ""),
        ("count 3", "count -3"),
        ("count 3", "count 18446744073709551616"),
        ("root /", "root"),
        ("8=\n", "9=\n"),
        ("8=\n", "8=\n\n"),
        ("8=\n", "8="),
        ("count", "Count"),
        ("source web", "source \\x77eb"),
    ] {
        assert!(matches!(Entry::parse(&good.replacen(from, to, 1)), Err(Error::Entry { .. })), "{from} -> {to}");
    }
    assert!(matches!(Entry::parse("muster/other/1\n"), Err(Error::EntryKind)));
    let twice = Books { at_us: 0, batches: 0, sources: vec![Counts::default(), Counts::default()] };
    assert!(Books::parse(&twice.text()).is_err(), "a source twice");
}

#[test]
fn unbalanced_counts_are_seen() {
    let counts = |received, stored, refused, deleted| Counts { received, stored, refused, deleted, ..Counts::default() };
    assert!(counts(3, 2, 1, 2).balanced());
    for wrong in [counts(3, 3, 1, 0), counts(4, 2, 1, 0), counts(2, 2, 0, 3), counts(0, u64::MAX, 1, 0)] {
        assert!(!wrong.balanced(), "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entries_come_back(source in any::<String>(), number in any::<u64>(), first_seq in any::<u64>(), root in any::<[u8; 32]>()) {
        let entry = Entry::Batch(BatchEntry { source: source.clone(), number, first_seq, root, ..batch() });
        prop_assert_eq!(Entry::parse(&entry.text()).unwrap(), entry);
        let (name, counts) = (source.clone(), Counts { source, received: number, ..Counts::default() });
        let books = Entry::Books(Books::new(first_seq, 1, vec![counts]));
        prop_assert_eq!(Entry::parse(&books.text()).unwrap(), books);
        let case = Entry::Case(CaseEntry { case: name, seq: number, at_us: first_seq, previous: root, record: root });
        prop_assert_eq!(Entry::parse(&case.text()).unwrap(), case);
    }

    #[test]
    fn whatever_is_read_is_written_the_same(text in "(muster/(batch|books|case)/1\n)?([a-z_]{2,9} [0-9a-zA-Z+/=\\\\]{0,44}\n){0,8}") {
        if let Ok(entry) = Entry::parse(&text) {
            prop_assert_eq!(entry.text(), text);
        }
    }
}
