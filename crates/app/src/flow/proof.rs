//! Evidence out of a store: the pieces asked for, in their batches, each batch checked against the root that the log has.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use event::{Column, Event, EventSink, Facet, Fields, Origin, Time};
use formats::{Catalogue, Record, Within};
use lake::Lake;
use ledger::{
    BatchEntry,
    bundle::{Bundle, Extent, Part, Range},
};

use super::heading;
use crate::store::{LedgerFolder, Pending, Store};

/// Pieces wanted: numbers by source.
pub type Wanted = BTreeMap<String, BTreeSet<u64>>;

/// The records of events.
pub fn wanted(events: &[Event]) -> Wanted {
    let mut wanted = Wanted::new();
    for e in events {
        wanted.entry(e.text(Column::Source).unwrap_or_default().to_owned()).or_default().extend(&e.records);
    }
    wanted
}

/// What evidence is made from.
pub struct Proofs {
    /// The ledger.
    pub ledger: LedgerFolder,
    /// The tables; they have the rows of every batch that the ledger has.
    pub lake: Lake,
    /// But for the records that wait for the rest of their event.
    pub waiting: Vec<Pending>,
    catalogue: Catalogue,
}

impl Proofs {
    /// Opens a store for evidence, also while a program writes to it: rows are written before the ledger's entries of them, so
    /// the ledger is opened first.
    pub fn open(store: &Store) -> anyhow::Result<Proofs> {
        let ledger = store.ledger()?;
        let lake = store.lake()?;
        Ok(Proofs { ledger, lake, waiting: store.state()?.pending, catalogue: store.catalogue.clone() })
    }

    /// Leaves out the events that came in after the ledger was opened, and says how many.
    pub fn leave_newer(&self, events: &mut Vec<Event>) -> usize {
        let mut next: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, batch) in &self.ledger.batches {
            next.insert(&batch.source, batch.first_seq + batch.count);
        }
        let before = events.len();
        events.retain(|e| e.text(Column::Source).and_then(|s| next.get(s)).is_some_and(|next| e.records.iter().all(|seq| seq < next)));
        before - events.len()
    }

    /// Whether the ledger has a piece.
    pub fn has(&self, source: &str, seq: u64) -> bool {
        self.ledger.batches.iter().any(|(_, b)| b.source == source && (b.first_seq..b.first_seq + b.count).contains(&seq))
    }

    /// A bundle of some pieces, with their events as a readable view.
    pub fn selection(&self, asked: &str, wanted: &Wanted, events: &[Event]) -> anyhow::Result<Bundle> {
        let mut parts = Vec::new();
        for (source, seqs) in wanted {
            let (Some(&first), Some(&last)) = (seqs.first(), seqs.last()) else { continue };
            parts.extend(self.parts_of(source, first, last, |seq| seqs.contains(&seq))?);
        }
        let lines = events.iter().map(|e| Ok(reading(&self.catalogue, &self.lake, e)? + "\n")).collect::<anyhow::Result<String>>()?;
        self.bundle(asked, Extent::Selection, parts, (!lines.is_empty()).then(|| lines.into_bytes()))
    }

    /// A bundle of everything that one source has given, from its first piece to its last.
    pub fn range(&self, asked: &str, source: &str) -> anyhow::Result<Bundle> {
        let mine = || self.ledger.batches.iter().filter(|(_, b)| b.source == source);
        let first = mine().map(|(_, b)| b.first_seq).min();
        let last = mine().filter_map(|(_, b)| b.next_seq()).max();
        let (first, last) = first
            .zip(last)
            .with_context(|| format!("the ledger has nothing of a source `{source}`; `muster sql 'select distinct source from events'` lists them"))?;
        let last = last.saturating_sub(1);
        let parts = self.parts_of(source, first, last, |_| true)?;
        let extent = Extent::Range(vec![Range { source: source.to_owned(), first_seq: first, last_seq: last }]);
        self.bundle(asked, extent, parts, None)
    }

    fn bundle(&self, asked: &str, extent: Extent, parts: Vec<Part>, events: Option<Vec<u8>>) -> anyhow::Result<Bundle> {
        ensure!(!parts.is_empty(), "nothing to export: no record of `{asked}` is in the ledger");
        Ok(Bundle { asked: asked.to_owned(), extent, parts, books: self.ledger.books.clone(), events, checkpoint: self.ledger.note()? })
    }

    fn parts_of(&self, source: &str, first: u64, last: u64, want: impl Fn(u64) -> bool) -> anyhow::Result<Vec<Part>> {
        let mut parts = Vec::new();
        for (index, batch) in self.ledger.batches.iter().filter(|(_, b)| b.source == source) {
            let next = batch.first_seq + batch.count;
            if next <= first || batch.first_seq > last || !(batch.first_seq..next).any(&want) {
                continue;
            }
            let pieces = self.lake.originals(source, batch.first_seq, next)?;
            self.check_whole(batch, &pieces)?;
            let bytes: Vec<&[u8]> = pieces.iter().map(|(_, b)| b.as_slice()).collect();
            parts.push(Part::new(*index, batch.clone(), &self.ledger.batch_key(batch.number)?, &bytes, &want)?);
        }
        Ok(parts)
    }

    /// The root of a batch is over all its pieces: one that is missing makes all the others unprovable.
    fn check_whole(&self, batch: &BatchEntry, pieces: &[(u64, Vec<u8>)]) -> anyhow::Result<()> {
        let have: BTreeSet<u64> = pieces.iter().map(|(seq, _)| *seq).collect();
        let all = batch.first_seq..batch.first_seq + batch.count;
        let (number, source) = (batch.number, &batch.source);
        let mut missing = all.filter(|seq| !have.contains(seq)).peekable();
        let Some(&seq) = missing.peek() else { return Ok(()) };
        if missing.all(|seq| self.waiting.contains(&Pending { batch: number, seq })) {
            bail!(
                "record {seq} of {source} waits for the rest of its event, and its batch is proven as a whole; export when the ingest has ended, nothing was written"
            );
        }
        bail!("batch {number} of {source} has {} of its {} pieces in the tables; this is damage, nothing was exported", have.len(), batch.count)
    }
}

/// The OCSF object of a stored event, made again from its original records by today's parser.
fn reading(catalogue: &Catalogue, lake: &Lake, e: &Event) -> anyhow::Result<String> {
    Ok(parsed(catalogue, lake, e)?.map_or_else(|| "{}".into(), |e| e.to_json_line()))
}

/// A stored event, made again from its original records by today's parser, with its OCSF object.
pub fn parsed(catalogue: &Catalogue, lake: &Lake, e: &Event) -> anyhow::Result<Option<Event>> {
    let received = Time(e.int(Column::Received).unwrap_or_default());
    let host = e.text(Column::Host).map(str::to_owned);
    let facet = e.text(Column::Facet).and_then(Facet::parse).unwrap_or(Facet::System);
    let source = e.text(Column::Source).unwrap_or_default().to_owned();
    let format = e.text(Column::Format).unwrap_or_default();
    let Some(found) = catalogue.by_name(format) else { return Ok(None) };
    let mut parser = found.parser_in(&Within::new(catalogue, &source));
    heading::tell(lake, found, &source, e.records.first().copied().unwrap_or_default(), parser.as_mut())?;
    let mut sink = EventSink::new(Origin { source, format: format.to_owned(), facet, received, host: None });
    for (&seq, bytes) in e.records.iter().zip(&e.raw) {
        let _ = parser.record(Record { seq, bytes, received, host: host.as_deref() }, &mut sink);
    }
    parser.finish(&mut sink);
    Ok(sink.events.into_iter().next())
}

#[cfg(test)]
mod tests {
    use ledger::Books;

    use super::*;

    /// A program was stopped, or still runs: a batch is in the ledger, and one of its records is in no table yet.
    #[test]
    fn a_record_that_waits_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_or_make(&dir.path().join("store"), Time(0)).unwrap();
        drop(store.lake_to_write().unwrap());
        let batch = BatchEntry { number: 1, source: "web-1/audit.log".into(), first_seq: 0, count: 2, received_us: 0, root: [0; 32] };
        store.ledger().unwrap().append(vec![(batch, [0; 32])], Books::new(0, 1, Vec::new())).unwrap();
        let mut proofs = Proofs::open(&store).unwrap();
        let said = |p: &Proofs| p.range("all", "web-1/audit.log").unwrap_err().to_string();
        assert!(said(&proofs).contains("damage"), "{}", said(&proofs));
        proofs.waiting = [0, 1].map(|seq| Pending { batch: 1, seq }).to_vec();
        assert!(said(&proofs).starts_with("record 0 of web-1/audit.log waits for the rest of its event"), "{}", said(&proofs));
        proofs.waiting.pop();
        assert!(said(&proofs).contains("damage"), "one of two that are missing waits: {}", said(&proofs));
    }
}
