//! Commits: tables, then ledger and signature, then the state. The journal keeps its batches until all of them are durable,
//! so that a restart at any point does again what is missing and nothing twice.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context as _, bail, ensure};
use event::Book;
use journal::Journal;
use lake::{Lake, Replaced, Replacement};
use ledger::{BatchEntry, Books, entry::Counts};
use serde::{Deserialize, Serialize};

use super::{
    casework::chain,
    drain::{Drain, root},
};
use crate::{
    clock,
    store::{BatchKey, LedgerFolder, Pending, State, Store},
};

/// Originals held before they are committed, in bytes.
pub const COMMIT_BYTES: usize = 96 << 20;

/// What the tables keep with a commit, so that it can be done again just as it was.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Number of the last batch in it.
    position: u64,
    /// Records up to there that were in open events.
    pending: Vec<Pending>,
    /// Not a commit of new batches: records were read again, and these are the books of their sources since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reparsed: Vec<Book>,
}

/// The parts of a store that a writer has open.
pub struct Writer {
    store: Store,
    /// The tables.
    pub lake: Lake,
    /// The ledger.
    pub ledger: LedgerFolder,
    /// How far it is.
    pub state: State,
    /// Originals held before they are committed, in bytes.
    pub commit_bytes: usize,
    _lock: std::fs::File,
}

impl Writer {
    /// Locks the store and opens its parts.
    pub fn open(store: Store) -> anyhow::Result<Writer> {
        let lock = store.lock()?;
        let (lake, ledger, state) = (store.lake_to_write()?, store.ledger()?, store.state()?);
        Ok(Writer { store, lake, ledger, state, commit_bytes: COMMIT_BYTES, _lock: lock })
    }

    /// Drains what the journal has and the tables or the ledger do not have yet: what a run before could not finish.
    pub fn catch_up(&mut self, journal: &Journal) -> anyhow::Result<Drain> {
        let mut drain = Drain::new(self.state.position, &self.store);
        let mut waiting: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for pending in &self.state.pending {
            waiting.entry(pending.batch).or_default().push(pending.seq);
        }
        for (batch, seqs) in waiting {
            let stored = journal.read(batch).with_context(|| format!("reading batch {batch} again, whose records wait for the rest of their events"))?;
            drain.resume(&stored, &seqs)?;
        }
        self.finish_commit(&mut drain, journal)?;
        for stored in journal.read_from(drain.position + 1) {
            drain.take(&stored.context("reading the journal")?)?;
            if drain.ready.bytes >= self.commit_bytes {
                self.commit(&mut drain, journal)?;
            }
        }
        Ok(drain)
    }

    /// Does a commit again that some tables have and the state has not: with the same batches, and with the same streams ended,
    /// so that the tables that lack it get just the rows that belong to it.
    fn finish_commit(&mut self, drain: &mut Drain, journal: &Journal) -> anyhow::Result<()> {
        let (tables, saved) = (self.lake.position()?, self.state.commit);
        ensure!(
            tables.min() >= saved,
            "a table is at commit {}, and commit {saved} was durable: the disk lost it; restore the store from a copy",
            tables.min()
        );
        if tables.max() == saved {
            return Ok(());
        }
        ensure!(tables.max() == saved + 1, "a table is at commit {}, {saved} was the last; this is a fault of muster, nothing was written", tables.max());
        let note: Note = serde_json::from_str(tables.note().unwrap_or_default()).with_context(|| format!("reading the note of commit {}", tables.max()))?;
        if !note.reparsed.is_empty() {
            return self.settle(note.reparsed);
        }
        for stored in journal.read_from(self.state.position + 1) {
            let stored = stored.context("reading the journal")?;
            if stored.number > note.position {
                break;
            }
            drain.take(&stored)?;
        }
        ensure!(
            drain.position == note.position,
            "the journal ends at batch {}, commit {} goes to {}; restore the store from a copy",
            drain.position,
            tables.max(),
            note.position
        );
        drain.end_all_but(&note.pending)?;
        self.commit(drain, journal)
    }

    /// Commits what was drained: rows under the next number, then the ledger's entries, the books and their signature, then the state.
    pub fn commit(&mut self, drain: &mut Drain, journal: &Journal) -> anyhow::Result<()> {
        drain.seal()?;
        if drain.position == self.state.position && drain.ready.is_empty() && drain.books.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let pending = drain.pending()?;
        drain.check_balance(pending.len(), self.state.pending.len())?;
        let (ready, links) = (std::mem::take(&mut drain.ready), drain.take_links());
        if !ready.is_empty() {
            let note = serde_json::to_string(&Note { position: drain.position, pending: pending.clone(), reparsed: Vec::new() })?;
            self.lake.commit(self.state.commit + 1, &note, ready.events, links, ready.quarantine, ready.around)?;
            self.state.commit += 1;
        }
        self.state.hosts.append(&mut drain.hosts);
        for book in std::mem::take(&mut drain.books).into_values() {
            self.state.enter(&book);
            drain.run.entry(book.source.clone()).and_modify(|b| b.add(&book)).or_insert(book);
        }
        self.check_roots(journal, &ready.entries)?;
        let books = Books::new(drain.received(), drain.position, self.state.books.values().map(counts).collect());
        self.ledger.append(ready.entries, books)?;
        self.state.position = drain.position;
        self.state.pending = pending;
        self.store.save_state(&self.state)?;
        drain.spent.write += started.elapsed();
        Ok(())
    }

    /// Puts new rows in the place of those of a run of records, as a commit of its own, with the book that the source has since.
    pub fn replace(&mut self, rows: Replacement, book: Book) -> anyhow::Result<Replaced> {
        let (position, pending) = (self.state.position, self.state.pending.clone());
        let note = serde_json::to_string(&Note { position, pending, reparsed: vec![book.clone()] })?;
        let done = self.lake.replace(self.state.commit + 1, &note, rows)?;
        self.settle(vec![book])?;
        Ok(done)
    }

    /// Signs and saves the books of sources that were read again, once the tables have their rows.
    fn settle(&mut self, books: Vec<Book>) -> anyhow::Result<()> {
        self.state.commit += 1;
        self.state.books.extend(books.into_iter().map(|b| (b.source.clone(), b)));
        let at = u64::try_from(clock::now().0).unwrap_or_default();
        self.ledger.append(Vec::new(), Books::new(at, self.state.position, self.state.books.values().map(counts).collect()))?;
        self.store.save_state(&self.state)
    }

    /// Recomputes the roots of the batches to be signed from the bytes that are on disk, before they are signed.
    fn check_roots(&self, journal: &Journal, entries: &[(BatchEntry, BatchKey)]) -> anyhow::Result<()> {
        let mut unchecked = entries.iter().map(|(b, _)| b).filter(|b| b.number > self.ledger.last_batch());
        let Some(mut entry) = unchecked.next() else { return Ok(()) };
        for stored in journal.read_from(entry.number) {
            let stored = stored.context("reading the journal")?;
            ensure!(stored.number == entry.number, "batch {} is no longer in the journal; nothing was signed", entry.number);
            ensure!(
                root(&stored) == entry.root,
                "batch {} of {} does not give the root it was acknowledged with; nothing was signed",
                entry.number,
                entry.source
            );
            match unchecked.next() {
                Some(next) => entry = next,
                None => return Ok(()),
            }
        }
        bail!("batch {} is no longer in the journal; nothing was signed", entry.number)
    }

    /// Takes into the ledger what others wrote into the record of cases while this program held the store.
    pub fn seal_cases(&mut self) -> anyhow::Result<()> {
        if self.store.has_cases() { chain::seal_into(&mut self.ledger, &self.store.cases()?) } else { Ok(()) }
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
