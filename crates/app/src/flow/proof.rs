//! Evidence out of a store: the pieces asked for, in their batches, each batch checked against the root that the log has.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use event::{Column, Event, EventSink, Facet, Fields, Origin, Time};
use formats::Record;
use lake::Lake;
use ledger::bundle::{Bundle, Extent, Part, Range};

use crate::store::LedgerFolder;

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

/// A bundle of some pieces, with their events as a readable view.
pub fn selection(asked: &str, wanted: &Wanted, events: &[Event], lake: &Lake, ledger: &LedgerFolder) -> anyhow::Result<Bundle> {
    let mut parts = Vec::new();
    for (source, seqs) in wanted {
        let (Some(&first), Some(&last)) = (seqs.first(), seqs.last()) else { continue };
        parts.extend(parts_of(source, first, last, |seq| seqs.contains(&seq), lake, ledger)?);
    }
    let lines: String = events.iter().map(|e| reading(e) + "\n").collect();
    bundle(asked, Extent::Selection, parts, Some(lines.into_bytes()), ledger)
}

/// A bundle of everything that one source has given, from its first piece to its last.
pub fn range(asked: &str, source: &str, lake: &Lake, ledger: &LedgerFolder) -> anyhow::Result<Bundle> {
    let mine = || ledger.batches.iter().filter(|(_, b)| b.source == source);
    let first = mine().map(|(_, b)| b.first_seq).min();
    let last = mine().filter_map(|(_, b)| b.next_seq()).max();
    let (first, last) = first
        .zip(last)
        .with_context(|| format!("the ledger has nothing of a source `{source}`; `muster sql 'select distinct source from events'` lists them"))?;
    let last = last.saturating_sub(1);
    let parts = parts_of(source, first, last, |_| true, lake, ledger)?;
    let extent = Extent::Range(vec![Range { source: source.to_owned(), first_seq: first, last_seq: last }]);
    bundle(asked, extent, parts, None, ledger)
}

fn bundle(asked: &str, extent: Extent, parts: Vec<Part>, events: Option<Vec<u8>>, ledger: &LedgerFolder) -> anyhow::Result<Bundle> {
    ensure!(!parts.is_empty(), "nothing to export: no record of `{asked}` is in the ledger");
    Ok(Bundle { asked: asked.to_owned(), extent, parts, books: ledger.books.clone(), events, checkpoint: ledger.note()? })
}

fn parts_of(source: &str, first: u64, last: u64, want: impl Fn(u64) -> bool, lake: &Lake, ledger: &LedgerFolder) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for (index, batch) in ledger.batches.iter().filter(|(_, b)| b.source == source) {
        let next = batch.first_seq + batch.count;
        if next <= first || batch.first_seq > last || !(batch.first_seq..next).any(&want) {
            continue;
        }
        let pieces = lake.originals(source, batch.first_seq, next)?;
        let whole = pieces.len() as u64 == batch.count && pieces.iter().map(|(seq, _)| *seq).eq(batch.first_seq..next);
        ensure!(
            whole,
            "batch {} of {source} has {} of its {} pieces in the tables; this is damage, nothing was exported",
            batch.number,
            pieces.len(),
            batch.count
        );
        let bytes: Vec<&[u8]> = pieces.iter().map(|(_, b)| b.as_slice()).collect();
        parts.push(Part::new(*index, batch.clone(), &ledger.batch_key(batch.number)?, &bytes, &want)?);
    }
    Ok(parts)
}

/// The OCSF object of a stored event, made again from its original records by today's parser.
pub fn reading(e: &Event) -> String {
    let received = Time(e.int(Column::Received).unwrap_or_default());
    let host = e.text(Column::Host).map(str::to_owned);
    let facet = e.text(Column::Facet).and_then(Facet::parse).unwrap_or(Facet::System);
    let source = e.text(Column::Source).unwrap_or_default().to_owned();
    let format = e.text(Column::Format).unwrap_or_default();
    let Some(found) = formats::by_name(format) else { return "{}".into() };
    let mut sink = EventSink::new(Origin { source, format: format.to_owned(), facet, received, host: None });
    let mut parser = found.parser();
    for (&seq, bytes) in e.records.iter().zip(&e.raw) {
        let _ = parser.record(Record { seq, bytes, received, host: host.as_deref() }, &mut sink);
    }
    parser.finish(&mut sink);
    sink.events.first().map_or_else(|| "{}".into(), Event::to_json_line)
}
