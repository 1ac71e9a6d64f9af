//! A small store, made from a seed: three sources, five batches, two books entries.

use ledger::bundle::{Bundle, Extent, Part, Range, write};
use ledger::entry::{BatchEntry, Books, Counts, Entry};
use ledger::{Log, SigningKey, leaf, merkle};

/// SplitMix64: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let a = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        b ^ (b >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

pub const AUTH: &str = "web-1/auth.log";
pub const TRAIL: &str = "cloudtrail/123456789012/eu-west-1";
/// A file name that an attacker chose.
pub const HOSTILE: &str = "web-1/a\nroot AAAA\\ \"é\u{7f}";

pub struct Batch {
    pub index: u64,
    pub entry: BatchEntry,
    pub key: [u8; 32],
    pub pieces: Vec<Vec<u8>>,
}

pub struct Store {
    pub key: SigningKey,
    pub log: Log,
    pub batches: Vec<Batch>,
    pub books: (u64, Books),
}

impl Store {
    pub fn new(name: &str, seed: u8) -> Store {
        let mut store =
            Store { key: SigningKey::from_seed(name, &[seed; 32]).unwrap(), log: Log::new(), batches: Vec::new(), books: (0, Books::new(0, 0, vec![])) };
        let mut random = Random(7);
        for (source, first_seq, count) in [(AUTH, 0, 20), (TRAIL, 0, 33), (AUTH, 20, 7)] {
            store.take(source, first_seq, count, &mut random);
        }
        let counts = |source: &str, n| Counts { source: source.into(), received: n, stored: n - 2, quarantined: 1, duplicate: 1, ..Counts::default() };
        let books = Books::new(1_772_359_300_000_000, 3, vec![counts(AUTH, 27), counts(TRAIL, 33)]);
        store.books = (store.log.append(&Entry::Books(books.clone())), books);
        store.take(HOSTILE, 0, 1, &mut random);
        store.take(AUTH, 27, 64, &mut random);
        store
    }

    /// Takes a batch as the journal would.
    pub fn take(&mut self, source: &str, first_seq: u64, count: u64, random: &mut Random) {
        let key = std::array::from_fn(|_| random.next() as u8);
        let text = |seq: u64, random: &mut Random| match random.below(6) {
            0 => b"\n".to_vec(),
            1 => random.next().to_be_bytes().to_vec(),
            _ => format!(
                "Mar  1 10:00:{:02} web-1 sshd[{}]: Accepted publickey for alice from 203.0.113.{} port {}\n",
                seq % 60,
                random.below(9999),
                random.below(255),
                random.below(65536)
            )
            .into_bytes(),
        };
        let pieces: Vec<Vec<u8>> = (first_seq..first_seq + count).map(|seq| text(seq, random)).collect();
        let number = self.batches.len() as u64 + 1;
        let received_us = 1_772_359_200_000_000 + number;
        let root = merkle::root(&leaf::hashes(source, first_seq, received_us, &key, pieces.iter().map(Vec::as_slice)));
        let entry = BatchEntry { number, source: source.into(), first_seq, count, received_us, root };
        let index = self.log.append(&Entry::Batch(entry.clone()));
        self.batches.push(Batch { index, entry, key, pieces });
    }

    /// The pieces that are wanted, batch by batch.
    pub fn parts(&self, wanted: impl Fn(&str, u64) -> bool) -> Vec<Part> {
        let part = |batch: &Batch| {
            let pieces: Vec<&[u8]> = batch.pieces.iter().map(Vec::as_slice).collect();
            Part::new(batch.index, batch.entry.clone(), &batch.key, &pieces, |seq| wanted(&batch.entry.source, seq)).unwrap()
        };
        self.batches.iter().map(part).filter(|part| !part.items.is_empty()).collect()
    }

    pub fn bundle(&self, extent: Extent, wanted: impl Fn(&str, u64) -> bool) -> Bundle {
        Bundle {
            asked: "203.0.113.7 \"since\" -7d".into(),
            extent,
            parts: self.parts(wanted),
            books: None,
            events: None,
            checkpoint: self.log.checkpoint(&self.key).unwrap(),
        }
    }

    /// Two complete ranges over four batches, with books and events.
    pub fn range(&self) -> Bundle {
        let ranges = [(TRAIL, 0, 32), (AUTH, 5, 40)].map(|(source, first_seq, last_seq)| Range { source: source.into(), first_seq, last_seq });
        let wanted = |source: &str, seq| source == TRAIL || source == AUTH && (5..=40).contains(&seq);
        let events = Some(b"{\"class_uid\":3002}\n{\"class_uid\":6003}\n".to_vec());
        Bundle { books: Some(self.books.clone()), events, ..self.bundle(Extent::Range(ranges.to_vec()), wanted) }
    }

    /// A few pieces of all sources, without books.
    pub fn selection(&self) -> Bundle {
        self.bundle(Extent::Selection, |source, seq| source == HOSTILE || seq % 9 == 3)
    }

    pub fn write(&self, bundle: &Bundle) -> Vec<u8> {
        write(bundle, &self.log, &self.key).unwrap()
    }
}
