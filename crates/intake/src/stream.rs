//! One stream on its way to batches: what is known is left out, the rest is put together.

use event::{PieceKind, Records, SourceInfo, Time};
use formats::Identity;
use journal::{BatchNote, Prefix, Skip};
use sha2::{Digest as _, Sha256};

use crate::{Batch, BoxError, Known, StreamReport, Taker};

/// A batch is given out once it has so many bytes …
const BATCH_BYTES: usize = 1 << 20;
/// … or so many pieces.
const BATCH_PIECES: usize = 8192;

/// SHA-256 of a start of the stream, and its length.
pub(crate) type StartMark = (u64, [u8; 32]);

/// The state of one stream: what lasts from one reading to the next while a file grows.
pub(crate) struct State {
    source: SourceInfo,
    /// What tells records of this host from equal ones of another, if they do not name it and it is known.
    host: Option<u128>,
    received: Time,
    /// The number of the stream, once something of it was taken.
    number: Option<u64>,
    /// Bytes of the stream that have gone by.
    at: u64,
    /// Over `at` bytes, but for those of the batch from `hashed` on.
    hash: Sha256,
    hashed: usize,
    first: Option<[u8; 32]>,
    /// The start that was taken before.
    start: Option<StartMark>,
    batch: Batch,
    /// The taker did not accept a batch: all that follows is refused.
    pub(crate) refused: Option<BoxError>,
    /// The file is not what it was when its start was compared: all must be read again.
    pub(crate) deceived: bool,
}

impl State {
    /// Nothing of the stream has gone by.
    pub(crate) fn new(source: SourceInfo, received: Time) -> State {
        let batch = empty(&source, received);
        let (hash, first, start) = (Sha256::new(), None, None);
        let host = source.host.as_deref().map(|host| Identity::of("host", host.as_bytes(), b"").0);
        State { source, host, received, number: None, at: 0, hash, hashed: 0, first, start, batch, refused: None, deceived: false }
    }

    /// Whether a record has gone by: until then nothing tells the stream from others that begin alike.
    pub(crate) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// The number of the stream, once something of it was taken, now or before.
    pub(crate) fn number(&self) -> Option<u64> {
        self.number
    }

    /// What follows is received at another time.
    pub(crate) fn received_at(&mut self, received: Time) {
        self.received = received;
        self.batch.records.received = received;
    }
}

/// A stream, what is known, and who takes what is new.
pub(crate) struct Stream<'a> {
    pub(crate) known: &'a mut Known,
    pub(crate) taker: &'a mut dyn Taker,
    pub(crate) report: &'a mut StreamReport,
    /// Finds the longest known start of the stream, given what is known of streams with this first record.
    pub(crate) longest: &'a mut dyn FnMut(Vec<StartMark>) -> Option<StartMark>,
    pub(crate) state: &'a mut State,
}

impl Stream<'_> {
    /// Whether nothing that follows can be taken.
    pub(crate) fn is_over(&self) -> bool {
        self.state.refused.is_some() || self.state.deceived
    }

    /// Takes the next piece of the stream.
    pub(crate) fn piece(&mut self, bytes: &[u8], kind: PieceKind, identity: Option<u128>) {
        let record = u64::from(kind != PieceKind::Around);
        self.report.received += record;
        self.report.bytes += bytes.len() as u64;
        if self.is_over() {
            self.report.refused += record;
            return;
        }
        if self.state.first.is_none() && record > 0 {
            self.compare_start(bytes);
        }
        let identity = identity.and_then(|id| self.among_hosts(id, bytes));
        let known = self.pass_start(bytes) || identity.is_some_and(|id| !self.known.identities.insert(id));
        if known {
            self.report.duplicate += record;
            self.leave_out(bytes);
        } else {
            self.put(bytes, kind, identity.unwrap_or(0));
        }
    }

    /// The identity of a record among those of all hosts. A line of audit has a time and a number that only its host gives
    /// once, and without `node=` it does not say which that is: two hosts can write equal lines. Where nobody knows the host,
    /// the line has no identity, and copies are found by the start of their stream.
    fn among_hosts(&self, identity: u128, record: &[u8]) -> Option<u128> {
        if self.state.source.format != "linux_audit" || record.trim_ascii_start().starts_with(b"node=") {
            return Some(identity);
        }
        self.state.host.map(|host| identity ^ host)
    }

    /// The first record is here: has a stream that starts like this been taken before, and how much of it?
    fn compare_start(&mut self, record: &[u8]) {
        self.catch_up();
        // Two machines can write the same lines, and both did: where hosts are known, only one's own log is known again.
        let host = self.state.host.map(u128::to_be_bytes).unwrap_or_default();
        let first: [u8; 32] = self.state.hash.clone().chain_update(record).chain_update(host).finalize().into();
        self.state.first = Some(first);
        let marks = self.known.marks(&first);
        if !marks.is_empty() {
            self.state.start = (self.longest)(marks);
        }
        if let Some(start) = self.state.start {
            self.state.number = self.known.ending_at(&first, &self.state.source.name, &start);
            // What stands before the first record was taken with it.
            self.clear();
        }
    }

    /// Whether a piece lies within the start that was taken before. Where that ends, it is compared once more, since the file was
    /// opened twice. A piece that begins in it and ends beyond it is new: a line that had no end when it was taken.
    fn pass_start(&mut self, bytes: &[u8]) -> bool {
        let Some((end, hash)) = self.state.start else { return false };
        let next = self.state.at + bytes.len() as u64;
        if next >= end
            && self.state.at < end
            && let Some(within) = usize::try_from(end - self.state.at).ok().and_then(|n| bytes.get(..n))
        {
            let found: [u8; 32] = self.state.hash.clone().chain_update(within).finalize().into();
            self.state.deceived = found != hash;
        }
        next <= end
    }

    /// A piece that is not taken.
    fn leave_out(&mut self, bytes: &[u8]) {
        self.catch_up();
        self.state.hash.update(bytes);
        self.state.at += bytes.len() as u64;
        let records = &self.state.batch.records;
        if records.ends.is_empty() {
            return;
        }
        let before = u32::try_from(records.ends.len()).unwrap_or(u32::MAX);
        match self.state.batch.note.skips.last_mut() {
            Some(skip) if skip.before == before => skip.bytes += bytes.len() as u64,
            _ => self.state.batch.note.skips.push(Skip { before, bytes: bytes.len() as u64 }),
        }
    }

    /// A piece that is taken.
    fn put(&mut self, bytes: &[u8], kind: PieceKind, identity: u128) {
        let records = &mut self.state.batch.records;
        if records.ends.is_empty() {
            records.offset = self.state.at;
        }
        records.bytes.extend_from_slice(bytes);
        // A piece has at most `record_bytes_max` bytes, and a batch that is full is given out: far below 4 GiB.
        records.ends.push((u32::try_from(records.bytes.len()).unwrap_or(u32::MAX), kind));
        self.state.batch.note.identities.push(identity);
        self.state.at += bytes.len() as u64;
        if records.bytes.len() >= BATCH_BYTES || records.ends.len() >= BATCH_PIECES {
            self.flush();
        }
    }

    /// Brings the hash up to the last piece.
    fn catch_up(&mut self) {
        self.state.hash.update(self.state.batch.records.bytes.get(self.state.hashed..).unwrap_or_default());
        self.state.hashed = self.state.batch.records.bytes.len();
    }

    fn clear(&mut self) {
        self.state.batch.records.bytes.clear();
        self.state.batch.records.ends.clear();
        self.state.batch.note.identities.clear();
        self.state.batch.note.skips.clear();
        self.state.hashed = 0;
    }

    /// Gives the batch to the taker.
    pub(crate) fn flush(&mut self) {
        self.catch_up();
        if self.state.first.is_none() && !self.state.batch.records.ends.is_empty() {
            // More blank lines than a batch holds, and no record yet: they are the start of the stream.
            self.compare_start(&[]);
        }
        let records = self.state.batch.records.records();
        // The envelope of records that are all there already is left out with them.
        let only_envelope = records == 0 && self.report.taken == 0 && self.report.duplicate > 0;
        if self.state.batch.records.ends.is_empty() || only_envelope || self.is_over() {
            if self.is_over() {
                self.report.refused += records;
                self.known.forget(&self.state.batch.note.identities);
            }
            return self.clear();
        }
        let hash: [u8; 32] = self.state.hash.clone().finalize().into();
        let prefix = Prefix { first: self.state.first.unwrap_or(hash), bytes: self.state.at, hash };
        let stream = *self.state.number.get_or_insert_with(|| self.known.new_stream());
        self.report.stream = Some(stream);
        self.state.batch.note.prefix = prefix;
        self.state.batch.records.stream = stream;
        self.state.batch.records.first_seq = self.known.next_seq(&self.state.source.name);
        if let Err(e) = self.give(prefix) {
            self.report.refused += records;
            self.state.refused = Some(e);
        } else {
            self.report.taken += records;
        }
        self.state.hashed = 0;
    }

    fn give(&mut self, prefix: Prefix) -> Result<(), BoxError> {
        let mut batch = std::mem::replace(&mut self.state.batch, empty(&self.state.source, self.state.received));
        let (stream, next_seq) = (batch.records.stream, batch.records.next_seq());
        let identities = batch.note.identities.clone();
        if identities.iter().all(|id| *id == 0) {
            batch.note.identities.clear();
        }
        let given = self.taker.key().and_then(|key| {
            batch.note.key = key;
            self.taker.take(batch)
        });
        match &given {
            Ok(()) => self.known.learn(&self.state.source.name, stream, next_seq, &prefix),
            Err(_) => self.known.forget(&identities),
        }
        given
    }
}

fn empty(source: &SourceInfo, received: Time) -> Batch {
    let bytes = Vec::with_capacity(BATCH_BYTES + (64 << 10));
    let records = Records { source: source.clone(), stream: 0, first_seq: 0, offset: 0, received, bytes, ends: Vec::new() };
    let prefix = Prefix { first: [0; 32], bytes: 0, hash: [0; 32] };
    Batch { records, note: BatchNote { identities: Vec::new(), skips: Vec::new(), prefix, key: [0; 32] } }
}
