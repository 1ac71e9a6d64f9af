//! Commits: tables, then ledger and signature, then the state. The journal keeps its batches until all of them are durable,
//! so that a restart at any point does again what is missing and nothing twice.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use event::Book;
use journal::Journal;
use lake::Lake;
use ledger::{Books, entry::Counts};

use super::drain::Drain;
use crate::store::{LedgerFolder, State, Store};

/// Originals held before they are committed, in bytes.
pub const COMMIT_BYTES: usize = 96 << 20;

/// The parts of a store that a writer has open.
pub struct Writer {
    store: Store,
    /// The tables.
    pub lake: Lake,
    /// The ledger.
    pub ledger: LedgerFolder,
    /// How far it is.
    pub state: State,
    _lock: std::fs::File,
}

impl Writer {
    /// Locks the store and opens its parts.
    pub fn open(store: Store) -> anyhow::Result<Writer> {
        let lock = store.lock()?;
        let (lake, ledger, state) = (store.lake()?, store.ledger()?, store.state()?);
        Ok(Writer { store, lake, ledger, state, _lock: lock })
    }

    /// Drains what the journal has and the tables or the ledger do not have yet: what a run before could not finish.
    pub fn catch_up(&mut self, journal: &Journal) -> anyhow::Result<Drain> {
        let mut drain = Drain::new(self.state.position);
        for pending in &self.state.pending {
            let stored = journal.read(pending.batch).with_context(|| format!("reading record {} again, which waits for the rest of its event", pending.seq))?;
            drain.resume(&stored, &[pending.seq])?;
        }
        drain.position = self.state.position;
        let reached = self.lake.position()?.max();
        for stored in journal.read_from(self.state.position + 1) {
            let stored = stored.context("reading the journal")?;
            drain.take(&stored)?;
            let uneven = stored.number < reached;
            if stored.number == reached || (!uneven && drain.ready.bytes >= COMMIT_BYTES) {
                self.commit(&mut drain, journal)?;
            }
        }
        Ok(drain)
    }

    /// Commits what was drained.
    pub fn commit(&mut self, drain: &mut Drain, journal: &Journal) -> anyhow::Result<()> {
        drain.seal()?;
        if drain.position == self.state.position && drain.ready.events.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let pending = drain.pending()?;
        drain.check_balance(pending.len(), self.state.pending.len())?;
        let ready = std::mem::take(&mut drain.ready);
        let links = drain.take_links();
        self.lake.commit(drain.position, &serde_json::to_string(&pending)?, ready.events, links, ready.quarantine, ready.around)?;
        for book in std::mem::take(&mut drain.books).into_values() {
            self.state.enter(&book);
            drain.run.entry(book.source.clone()).and_modify(|b| b.add(&book)).or_insert(book);
        }
        self.check_roots(journal, drain.position)?;
        let received = ready.entries.iter().map(|(b, _)| b.received_us).max().unwrap_or_default();
        let books = Books::new(received, drain.position, self.state.books.values().map(counts).collect());
        self.ledger.append(ready.entries, books)?;
        self.state.position = drain.position;
        self.state.pending = pending;
        self.store.save_state(&self.state)?;
        drain.spent.write += started.elapsed();
        Ok(())
    }

    /// Recomputes the roots of the batches to be signed from the bytes that are on disk, before they are signed.
    fn check_roots(&self, journal: &Journal, position: u64) -> anyhow::Result<()> {
        for stored in journal.read_from(self.ledger.last_batch() + 1) {
            let stored = stored.context("reading the journal")?;
            if stored.number > position {
                break;
            }
            let records = &stored.records;
            let received = u64::try_from(records.received.0).unwrap_or_default();
            let leaves = ledger::leaf::hashes(&records.source.name, records.first_seq, received, &stored.note.key, records.pieces().map(|p| p.bytes));
            // A damaged piece is a leaf as it is now; the journal gave the batch its root when it was whole.
            ensure!(
                ledger::merkle::root(&leaves) == stored.root || !stored.damaged.is_empty(),
                "batch {} of {} does not give the root it was acknowledged with; nothing was signed, see the journal",
                stored.number,
                records.source.name
            );
        }
        Ok(())
    }

    /// Enters what a run counted that never reached the journal: duplicates and refused records.
    pub fn enter(&mut self, books: &[Book]) -> anyhow::Result<()> {
        books.iter().for_each(|b| self.state.enter(b));
        self.store.save_state(&self.state)
    }

    /// Lets the journal delete the segments that nothing waits for.
    pub fn release(&self, journal: &Journal) -> anyhow::Result<()> {
        let oldest = self.state.pending.iter().map(|p| p.batch).min().unwrap_or(u64::MAX);
        journal.release(oldest.min(self.state.position + 1)).context("freeing the journal")?;
        Ok(())
    }
}

fn counts(book: &Book) -> Counts {
    Counts {
        source: book.source.clone(),
        received: book.received,
        stored: book.stored,
        quarantined: book.quarantined,
        duplicate: book.duplicate,
        refused: book.refused,
        deleted: 0,
    }
}
