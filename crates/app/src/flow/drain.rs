//! From acknowledged records to columns: parses, aggregates links, keeps the books, and holds it all until it is committed.
//!
//! Live batches and batches that a restart finds in the journal go the same way.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use event::{Batch, Book, Column, Columns, Fields, Gap, Origin, PieceKind, Reason, RecordBatch, Records, SourceInfo, Time, batch::BATCH_ROWS};
use formats::{Catalogue, Framing, Parser, Record, Within};
use journal::StoredBatch;
use lake::{Around, Quarantined};
use ledger::BatchEntry;
use trace::scope::missing_before;

use super::heading;
use crate::store::{BatchKey, Pending, Store};

/// Version of the parsers, written beside what they gave up on.
pub const PARSER: &str = concat!("muster ", env!("CARGO_PKG_VERSION"));

/// What waits for the next commit.
pub struct Drain {
    /// Where headings of streams that go on are found, and the formats that there are.
    store: Store,
    batch: Batch,
    streams: HashMap<(String, u64), Stream>,
    links: trace::links::Aggregate,
    /// What is ready.
    pub ready: Ready,
    /// The books of what was drained since the last commit.
    pub books: BTreeMap<String, Book>,
    /// The hosts that wrote the sources drained since the last commit, where that is known from outside the logs.
    pub hosts: BTreeMap<String, Option<String>>,
    /// The books of the whole run, as far as it is committed.
    pub run: BTreeMap<String, Book>,
    /// Number of the last batch drained.
    pub position: u64,
    /// Time spent.
    pub spent: Spent,
    received: u64,
    /// Records that waited and were then rejected, since the last commit.
    turned_away: u64,
}

/// Rows ready to be committed, and the ledger's entries of their batches.
#[derive(Default)]
pub struct Ready {
    /// Events.
    pub events: Vec<RecordBatch>,
    /// Records that did not become events.
    pub quarantine: Vec<Quarantined>,
    /// Bytes around records.
    pub around: Vec<Around>,
    /// Batches.
    pub entries: Vec<(BatchEntry, BatchKey)>,
    /// Bytes of originals held.
    pub bytes: usize,
}

impl Ready {
    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.quarantine.is_empty() && self.around.is_empty()
    }
}

/// Time spent by stage.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    /// Parsing, appending to columns included.
    pub parse: Duration,
    /// Finishing columns, and links.
    pub columns: Duration,
    /// Writing and committing tables.
    pub write: Duration,
}

struct Stream {
    parser: Box<dyn Parser>,
    origin: Origin,
    /// First `seq` and number of the batches that may have pending records, ascending.
    batches: Vec<(u64, u64)>,
}

impl Stream {
    fn new(info: &SourceInfo, received: Time, catalogue: &Catalogue) -> anyhow::Result<Stream> {
        let format = catalogue.by_name(&info.format).with_context(|| {
            format!(
                "the journal names the format `{}`, which is not among those built in or in the store's folder `formats`; use the program that took it",
                info.format
            )
        })?;
        let origin = Origin { source: info.name.clone(), format: info.format.clone(), facet: info.facet, received, host: info.host.clone() };
        Ok(Stream { parser: format.parser_in(&Within::new(catalogue, &info.name)), origin, batches: Vec::new() })
    }
}

impl Drain {
    /// Nothing drained yet after batch `position`.
    pub fn new(position: u64, store: &Store) -> Drain {
        let nowhere = Origin { source: String::new(), format: String::new(), facet: event::Facet::System, received: Time(0), host: None };
        Drain {
            store: store.clone(),
            batch: Batch::new(nowhere),
            streams: HashMap::new(),
            links: trace::links::Aggregate::default(),
            ready: Ready::default(),
            books: BTreeMap::new(),
            hosts: BTreeMap::new(),
            run: BTreeMap::new(),
            position,
            spent: Spent::default(),
            received: 0,
            turned_away: 0,
        }
    }

    /// Takes a batch.
    pub fn take(&mut self, stored: &StoredBatch) -> anyhow::Result<()> {
        let records = &stored.records;
        let mut stream = self.open(stored)?;
        let mut book = Book::new(&records.source.name, &records.source.format, records.source.facet);
        book.received = records.records();
        let started = Instant::now();
        for (piece, offset) in records.pieces().zip(stored.offsets()) {
            match piece.kind {
                PieceKind::Around => {
                    stream.parser.heading(piece.bytes);
                    let (source, received, raw) = (records.source.name.clone(), records.received, piece.bytes.to_vec());
                    self.ready.around.push(Around { source, seq: piece.seq, received, offset, raw });
                }
                PieceKind::Rejected(reason) => {
                    book.quarantined += 1;
                    self.give_up(records, piece.seq, offset, reason, framing_says(reason), piece.bytes);
                }
                PieceKind::Record => match parse_at(offset, &mut stream, &mut self.batch, records, piece.seq, piece.bytes) {
                    Ok(()) => book.stored += 1,
                    Err(reject) => {
                        book.quarantined += 1;
                        self.give_up(records, piece.seq, offset, reject.reason(), reject.to_string(), piece.bytes);
                    }
                },
            }
            if self.batch.rows() >= BATCH_ROWS {
                self.spent.parse += started.elapsed();
                self.seal()?;
                self.spent.parse = self.spent.parse.saturating_sub(started.elapsed());
            }
        }
        self.spent.parse += started.elapsed();
        self.close(records, stream);
        self.enter(&book);
        if self.hosts.get(&book.source) != Some(&records.source.host) {
            self.hosts.insert(book.source.clone(), records.source.host.clone());
        }
        self.ready.bytes += records.bytes.len();
        self.ready.entries.push((entry(stored), stored.note.key));
        self.position = stored.number;
        self.received = self.received.max(u64::try_from(records.received.0).unwrap_or_default());
        Ok(())
    }

    /// When the newest record was received, in microseconds since 1970.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Feeds records again that were waiting for the rest of their event when the store was last written. They are counted already.
    pub fn resume(&mut self, stored: &StoredBatch, wanted: &[u64]) -> anyhow::Result<()> {
        let mut stream = self.open(stored)?;
        for (piece, offset) in stored.records.pieces().zip(stored.offsets()).filter(|(p, _)| wanted.contains(&p.seq)) {
            if let Err(reject) = parse_at(offset, &mut stream, &mut self.batch, &stored.records, piece.seq, piece.bytes) {
                // An earlier parser took it, this one does not: it is kept in quarantine, and the books call it stored.
                self.turned_away += 1;
                self.give_up(&stored.records, piece.seq, offset, reject.reason(), reject.to_string(), piece.bytes);
            }
        }
        self.close(&stored.records, stream);
        Ok(())
    }

    /// Takes the stream of a batch out, making it if it is new.
    fn open(&mut self, stored: &StoredBatch) -> anyhow::Result<Stream> {
        let records = &stored.records;
        let mut stream = match self.streams.remove(&(records.source.name.clone(), records.stream)) {
            Some(stream) => stream,
            None => self.begin(records)?,
        };
        stream.origin.received = records.received;
        stream.batches.push((records.first_seq, stored.number));
        self.batch.set_origin(stream.origin.clone());
        Ok(stream)
    }

    /// A stream that is new here. If it begins in its middle, its heading is in the tables.
    fn begin(&self, records: &Records) -> anyhow::Result<Stream> {
        let catalogue = &self.store.catalogue;
        let mut stream = Stream::new(&records.source, records.received, catalogue)?;
        let headed = catalogue.by_name(&records.source.format).filter(|f| records.offset > 0 && matches!(f.framing(), Framing::HeadedLines(_)));
        if let Some(format) = headed {
            heading::tell(&self.store.lake()?, format, &records.source.name, records.first_seq, stream.parser.as_mut())?;
        }
        Ok(stream)
    }

    fn close(&mut self, records: &Records, stream: Stream) {
        self.streams.insert((records.source.name.clone(), records.stream), stream);
    }

    fn give_up(&mut self, records: &Records, seq: u64, offset: u64, reason: Reason, detail: String, bytes: &[u8]) {
        self.ready.quarantine.push(Quarantined {
            source: records.source.clone(),
            seq,
            received: records.received,
            offset,
            reason,
            detail,
            parser: PARSER.into(),
            raw: bytes.to_vec(),
        });
    }

    /// A stream has ended: its open events are closed.
    pub fn end_stream(&mut self, source: &str, stream: u64) -> anyhow::Result<()> {
        if let Some(mut ended) = self.streams.remove(&(source.to_owned(), stream)) {
            self.batch.set_origin(ended.origin.clone());
            ended.parser.finish(&mut self.batch);
        }
        if self.batch.rows() >= BATCH_ROWS { self.seal() } else { Ok(()) }
    }

    /// All streams have ended.
    pub fn end_all(&mut self) -> anyhow::Result<()> {
        self.end_all_but(&[])
    }

    /// All streams have ended but those that have one of these records open.
    pub fn end_all_but(&mut self, open: &[Pending]) -> anyhow::Result<()> {
        let seqs: HashSet<u64> = open.iter().map(|p| p.seq).collect();
        let batches: HashSet<u64> = open.iter().map(|p| p.batch).collect();
        let goes_on = |s: &Stream| s.parser.pending().iter().any(|seq| seqs.contains(seq)) && s.batches.iter().any(|(_, b)| batches.contains(b));
        let ended: Vec<_> = self.streams.iter().filter(|(_, s)| !goes_on(s)).map(|(id, _)| id.clone()).collect();
        ended.into_iter().try_for_each(|(source, stream)| self.end_stream(&source, stream))
    }

    /// Makes an Arrow batch of the rows so far, and counts what they show.
    pub fn seal(&mut self) -> anyhow::Result<()> {
        if self.batch.rows() == 0 {
            return Ok(());
        }
        let started = Instant::now();
        let rows = self.batch.take().context("making columns")?;
        let mut book = Book::new("", "", event::Facet::System);
        for row in Columns::of(&rows).rows() {
            self.links.add(&row);
            let source = row.text(Column::Source).unwrap_or_default();
            if source != book.source {
                let next = Book::new(
                    source,
                    row.text(Column::Format).unwrap_or_default(),
                    row.text(Column::Facet).and_then(event::Facet::parse).unwrap_or(event::Facet::System),
                );
                let done = std::mem::replace(&mut book, next);
                self.enter(&done);
            }
            book.saw(row.time());
            gap(&row).into_iter().for_each(|gap| book.add_gap(gap));
        }
        self.enter(&book);
        self.ready.events.push(rows);
        self.spent.columns += started.elapsed();
        Ok(())
    }

    /// Enters counts into the books of what was drained.
    pub fn enter(&mut self, book: &Book) {
        if !book.source.is_empty() {
            self.books.entry(book.source.clone()).or_insert_with(|| Book::new(&book.source, &book.format, book.facet)).add(book);
        }
    }

    /// The links since the last commit.
    pub fn take_links(&mut self) -> Vec<event::Link> {
        self.turned_away = 0;
        self.links.take()
    }

    /// Records that are in open events now, and forgets the batches that have none.
    pub fn pending(&mut self) -> anyhow::Result<Vec<Pending>> {
        let mut all = Vec::new();
        for ((source, _), stream) in &mut self.streams {
            let seqs = stream.parser.pending();
            let from = seqs.first().copied().unwrap_or(u64::MAX);
            let keep = stream.batches.partition_point(|(first, _)| *first <= from).saturating_sub(1);
            stream.batches.drain(..keep);
            for seq in seqs {
                let at = stream.batches.partition_point(|(first, _)| *first <= seq);
                let batch = at.checked_sub(1).and_then(|i| stream.batches.get(i));
                let (_, batch) = batch.with_context(|| format!("record {seq} of {source} waits in no batch; this is a fault of muster"))?;
                all.push(Pending { batch: *batch, seq });
            }
        }
        Ok(all)
    }

    /// Fails if a parser kept records back and never gave them out: then the events would not hold what the books say.
    pub fn check_balance(&self, pending: usize, pending_before: usize) -> anyhow::Result<()> {
        let in_events: usize = self.ready.events.iter().map(event::batch::record_count).sum();
        let stored: u64 = self.books.values().map(|b| b.stored).sum();
        ensure!(
            in_events as u64 + self.turned_away + pending as u64 == stored + pending_before as u64,
            "the books do not balance: {stored} records parsed and {pending_before} open before, {in_events} in events and {pending} open now; this is a fault of muster, nothing was committed and the journal has everything"
        );
        Ok(())
    }
}

fn parse_at(offset: u64, stream: &mut Stream, batch: &mut Batch, records: &Records, seq: u64, bytes: &[u8]) -> Result<(), formats::Reject> {
    let record = Record { seq, bytes, received: records.received, host: records.source.host.as_deref() };
    stream.parser.at(offset);
    let parsed = stream.parser.record(record, batch);
    if parsed.is_err() {
        event::Sink::abandon(batch);
    }
    parsed
}

/// The gap that an event tells of.
pub fn gap(row: &impl Fields) -> Option<Gap> {
    let (source, kind) = (row.text(Column::Source).unwrap_or_default(), row.text(Column::Gap)?);
    let count = row.int(Column::GapCount).and_then(|n| u64::try_from(n).ok());
    let (from, to) = if missing_before(row) { (None, Some(row.time())) } else { (Some(row.time()), None) };
    Some(Gap { source: source.into(), kind: kind.into(), from, to, count })
}

/// What framing says of a record that it gave up on, in a sentence.
pub fn framing_says(reason: Reason) -> String {
    match reason {
        Reason::Oversize => "longer than the largest record that is read whole",
        Reason::Depth => "nested deeper than the limit",
        Reason::Encoding => "not in an encoding that is read",
        Reason::Truncated => "the compressed stream breaks here",
        Reason::Trailing => "bytes after the end",
        Reason::Damaged => "the journal's checksum does not fit these bytes",
        Reason::Bomb => "decompresses to more than the limit allows",
        Reason::Syntax | Reason::NoTime => "not of the shape that the format has",
    }
    .into()
}

fn entry(stored: &StoredBatch) -> BatchEntry {
    let records = &stored.records;
    BatchEntry {
        number: stored.number,
        source: records.source.name.clone(),
        first_seq: records.first_seq,
        count: records.ends.len() as u64,
        received_us: u64::try_from(records.received.0).unwrap_or_default(),
        root: if stored.damaged.is_empty() { stored.root } else { root(stored) },
    }
}

/// The root of a batch's pieces as they are now. A damaged piece is a leaf too, with the bytes that are left.
pub fn root(stored: &StoredBatch) -> ledger::Hash {
    let records = &stored.records;
    let received = u64::try_from(records.received.0).unwrap_or_default();
    ledger::merkle::root(&ledger::leaf::hashes(&records.source.name, records.first_seq, received, &stored.note.key, records.pieces().map(|p| p.bytes)))
}
