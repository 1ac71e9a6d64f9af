//! `muster reparse`: the records of a store read again by today's parsers, source by source, run by run; what differs replaces what
//! was there, in one commit. Bytes, numbers, times received and the ledger's leaves stay as they are.
//!
//! `again` (stored records to rows) → `changes` (old rows against new ones) → `links` (of the days that changed) → `keep`.

mod again;
mod changes;
mod links;

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use event::{Book, Column, Event, Fields, Filter, RecordBatch};
use formats::Catalogue;
use intake::Known;
use journal::Journal;
use lake::{Lake, Quarantined, Replacement};
use ledger::BatchEntry;

use self::again::{Again, Run};
pub use self::changes::Changes;
use super::{drain::gap, keep::Writer};
use crate::{
    cli::WrongUse,
    show::Doing,
    store::{State, Store},
};

/// Bytes of originals that a run of records has, about: all its rows are held at once, old and new.
const RUN_BYTES: u64 = 32 << 20;
/// Records of a run, at least and at most.
const RUN_RECORDS: (u64, u64) = (1_000, 100_000);

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// This source only.
    pub source: Option<String>,
    /// The format to read its records as.
    pub format: Option<String>,
    /// Write nothing.
    pub dry_run: bool,
    /// Records of a run, instead of as many as have `RUN_BYTES`.
    pub run_records: Option<u64>,
}

/// What became of the sources.
#[derive(Debug, Default, serde::Serialize)]
pub struct Done {
    /// Sources that were read again.
    pub sources: Vec<Changes>,
    /// Sources that could not be, or not to their end, with the reason.
    pub failed: BTreeMap<String, String>,
}

/// Reads the records of a store again.
pub fn reparse(store: &Store, ask: &Ask, doing: &Doing) -> anyhow::Result<Done> {
    if let Some(format) = &ask.format
        && store.catalogue.by_name(format).is_none()
    {
        return Err(WrongUse(format!("no format `{format}`; `muster formats list` names them")).into());
    }
    let mut place = if ask.dry_run { Place::look(store)? } else { Place::take(store)? };
    let mut batches: BTreeMap<String, Vec<BatchEntry>> = BTreeMap::new();
    for (_, batch) in place.ledger_batches() {
        batches.entry(batch.source.clone()).or_default().push(batch.clone());
    }
    if let Some(source) = &ask.source {
        batches.retain(|name, _| name == source);
        if batches.is_empty() {
            return Err(WrongUse(format!("the store has nothing of a source `{source}`; `muster sql 'select distinct source from events'` lists them")).into());
        }
    }
    let mut done = Done::default();
    let all = batches.len();
    for (n, (source, batches)) in batches.into_iter().enumerate() {
        doing.now(&format!("reading {} again ({} of {all})", crate::show::harmless(&source), n + 1));
        let mut changes = Changes::new(&source);
        if let Err(e) = of_source(&mut place, &store.catalogue, ask, &batches, &mut changes) {
            done.failed.insert(source, format!("{e:#}"));
        }
        done.sources.push(changes);
    }
    Ok(done)
}

/// The store, to be read or to be written.
enum Place {
    Read { lake: Box<Lake>, known: Known, state: State, batches: Vec<(u64, BatchEntry)> },
    Write { writer: Box<Writer>, known: Known },
}

impl Place {
    fn look(store: &Store) -> anyhow::Result<Place> {
        let batches = store.ledger()?.batches;
        let lake = Box::new(store.lake()?);
        Ok(Place::Read { lake, known: Known::load(&store.known_path()).context("reading what was seen before")?, state: store.state()?, batches })
    }

    /// Takes the lock, and puts into the tables what a run before left in the journal.
    fn take(store: &Store) -> anyhow::Result<Place> {
        let mut writer = Box::new(Writer::open(store.clone())?);
        let last = writer.state.position.max(writer.ledger.last_batch());
        let (journal, _) = Journal::open_after(&store.journal_dir(), last).context("opening the journal")?;
        let mut drain = writer.catch_up(&journal)?;
        let known = Known::open(&store.known_path(), &journal).context("reading what was seen before")?;
        drain.end_all()?;
        writer.commit(&mut drain, &journal)?;
        Ok(Place::Write { writer, known })
    }

    fn lake(&self) -> &Lake {
        match self {
            Place::Read { lake, .. } => lake,
            Place::Write { writer, .. } => &writer.lake,
        }
    }

    fn known(&self) -> &Known {
        match self {
            Place::Read { known, .. } | Place::Write { known, .. } => known,
        }
    }

    fn state(&self) -> &State {
        match self {
            Place::Read { state, .. } => state,
            Place::Write { writer, .. } => &writer.state,
        }
    }

    fn ledger_batches(&self) -> &[(u64, BatchEntry)] {
        match self {
            Place::Read { batches, .. } => batches,
            Place::Write { writer, .. } => &writer.ledger.batches,
        }
    }
}

/// One source, a run of its records after the other.
fn of_source(place: &mut Place, catalogue: &Catalogue, ask: &Ask, batches: &[BatchEntry], changes: &mut Changes) -> anyhow::Result<()> {
    let source = changes.source.clone();
    let book = place.state().books.get(&source).cloned().with_context(|| format!("the books have no source `{source}`"))?;
    let records = ask.run_records.unwrap_or_else(|| run_records(&book));
    let host = place.state().hosts.get(&source).cloned();
    let mut again = Again::new(catalogue, &source, host, ask.format.as_deref());
    let mut rest = batches;
    while !rest.is_empty() {
        let mut run = Run::default();
        loop {
            let (now, later) = rest.split_at(reach(rest, records));
            let (Some(first), Some(last)) = (now.first(), now.last()) else { break };
            run.load(place.lake(), &source, first.first_seq, last.first_seq + last.count)?;
            again.decide(&run)?;
            now.iter().try_for_each(|batch| again.batch(&mut run, batch, place.known()))?;
            rest = later;
            if rest.is_empty() {
                again.end();
            }
            if rest.is_empty() || (again.nothing_open() && run.is_closed()) {
                break;
            }
        }
        run.take(&mut again)?;
        finish(place, &source, run, again.format(), changes)?;
    }
    changes.why = again.why();
    Ok(())
}

/// How many records make a run, from what those of the source weigh.
fn run_records(book: &Book) -> u64 {
    let each = (book.bytes / book.received.max(1)).max(1);
    (RUN_BYTES / each).clamp(RUN_RECORDS.0, RUN_RECORDS.1)
}

/// How many batches are read at once: those up to so many pieces, one at least.
fn reach(batches: &[BatchEntry], records: u64) -> usize {
    let mut pieces = 0;
    let fits = |b: &&BatchEntry| {
        pieces += b.count;
        pieces <= records
    };
    batches.iter().take_while(fits).count().max(1)
}

/// Compares a run with what was there, and replaces that if it differs.
fn finish(place: &mut Place, source: &str, run: Run, format: Option<&str>, changes: &mut Changes) -> anyhow::Result<()> {
    let Run { first_seq, next_seq, events: old, quarantine: old_quarantine, new, new_quarantine, .. } = run;
    let before = changes.total();
    changes.compare(&old, &new, &old_quarantine, &new_quarantine);
    if changes.total() == before {
        return Ok(());
    }
    let in_old: usize = old.iter().map(|e| e.records.len()).sum();
    let in_new: usize = new.iter().map(event::batch::record_count).sum();
    ensure!(
        in_old + old_quarantine.len() == in_new + new_quarantine.len(),
        "the books would not balance: {in_old} records in events and {} in quarantine before, {in_new} and {} after; this is a fault of muster, these records were left as they were",
        old_quarantine.len(),
        new_quarantine.len()
    );
    let Place::Write { writer, .. } = place else { return Ok(()) };
    let (days, links) = links::of_changed_days(&writer.lake, source, (first_seq, next_seq), &old, &new)?;
    let book = book_after(&writer.lake, &writer.state, source, (first_seq, next_seq), (&old, &old_quarantine), (&new, &new_quarantine), format)?;
    drop(old);
    let done = writer.replace(Replacement { source: source.to_owned(), first_seq, next_seq, events: new, quarantine: new_quarantine, days, links }, book)?;
    changes.files_removed += done.removed;
    changes.files_added += done.added;
    Ok(())
}

/// The book of a source after a run of its records was read again. What came in stays; what became of it changes.
fn book_after(
    lake: &Lake,
    state: &State,
    source: &str,
    (first, next): (u64, u64),
    old: (&[Event], &[Quarantined]),
    new: (&[RecordBatch], &[Quarantined]),
    format: Option<&str>,
) -> anyhow::Result<Book> {
    let mut book = state.books.get(source).cloned().with_context(|| format!("the books have no source `{source}`"))?;
    book.quarantined = (book.quarantined + new.1.len() as u64).saturating_sub(old.1.len() as u64);
    book.stored = (book.stored + old.1.len() as u64).saturating_sub(new.1.len() as u64);
    for gone in old.0.iter().filter_map(gap) {
        if let Some(at) = book.gaps.iter().position(|g| *g == gone) {
            book.gaps.remove(at);
        }
    }
    let outside = Filter::Or(vec![Filter::Within(Column::Seq, 0, first as i64 - 1), Filter::Within(Column::Seq, next as i64, i64::MAX)]);
    let others = lake.sums(&Filter::is(Column::Source, source).and(outside), &[Column::Source], 1)?;
    (book.first, book.last) = (others.first().map(|s| s.first), others.first().map(|s| s.last));
    for batch in new.0 {
        for row in event::Columns::of(batch).rows() {
            book.saw(row.time());
            gap(&row).into_iter().for_each(|gap| book.add_gap(gap));
            if let Some(facet) = row.text(Column::Facet).and_then(event::Facet::parse) {
                book.facet = facet;
            }
        }
    }
    if let Some(format) = format {
        format.clone_into(&mut book.format);
    }
    Ok(book)
}
