//! The lake as one value: a folder, four tables, a runtime of its own. All acts are synchronous.
//!
//! Must not be used from inside another async runtime. One program at a time may commit: the caller holds the store's lock.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::RecordBatch;
use datafusion::{catalog::TableProvider, prelude::SessionContext};
use deltalake_core::DeltaTable;
use event::Link;
use tokio::runtime::Runtime;

use crate::{
    Error, Result, Table, arrange, commit,
    log::{self, Head, Position, SetAside, TablePosition},
    query,
    replace::{Plan, Turn},
    rows::{Around, Quarantined},
    write::{self, Load},
};

/// Threads of the runtime, and partitions that a query is spread over.
pub(crate) const THREADS: usize = 2;

/// Stack of a thread of the runtime: the planner of DataFusion goes down a wide question recursively.
const STACK_BYTES: usize = 32 << 20;

/// The tables of a store.
pub struct Lake {
    dir: PathBuf,
    tables: HashMap<Table, DeltaTable>,
    /// The tables as of the last commit, ready to be asked.
    pub(crate) providers: HashMap<Table, Arc<dyn TableProvider>>,
    pub(crate) session: SessionContext,
    positions: Position,
    head: Head,
    recovered: Vec<SetAside>,
    reads_only: bool,
    swept: bool,
    // Last, so that it ends after everything that runs on it.
    pub(crate) runtime: Threads,
}

impl Lake {
    /// Opens the lake in a folder, to commit; makes the folder and the tables that are not there.
    ///
    /// A newest commit that a power cut left torn is set aside (see `recovered`); the table has then reached
    /// less and the caller replays the journal.
    pub fn open(dir: &Path) -> Result<Lake> {
        crate::durable::make_dir(dir).map_err(Error::io("making", dir))?;
        let mut lake = Lake::without_tables(dir)?;
        for table in Table::ALL {
            lake.recovered.extend(log::recover(dir, table, &lake.head)?);
            let t = lake.runtime.block_on(commit::open(dir, table))?;
            lake.tables.insert(table, t);
        }
        lake.positions = positions(dir)?;
        lake.refresh()?;
        lake.finish_replacing()?;
        Ok(lake)
    }

    /// Opens the lake in a folder as it is now, to read; needs no lock, and writes nothing, so that the folder may be a
    /// read-only copy. Later commits are not seen.
    ///
    /// A table that is not there yet has no rows. A torn newest commit is left out and named by `recovered`.
    /// `commit` gives `ReadOnly`.
    pub fn open_to_read(dir: &Path) -> Result<Lake> {
        let mut lake = Lake::without_tables(dir)?;
        lake.reads_only = true;
        // Against the order of commits: with an event that is seen, its links are seen, also while another program commits.
        for table in Table::ALL.into_iter().rev() {
            let end = log::end(dir, table, &lake.head)?;
            lake.recovered.extend(end.unusable);
            lake.positions.tables.push(match end.whole {
                Some(version) => {
                    let t = lake.runtime.block_on(commit::open_at(dir, table, version))?;
                    lake.tables.insert(table, t);
                    log::position_at(dir, table, version)?
                }
                None => {
                    lake.providers.insert(table, query::empty(table));
                    TablePosition::before_the_first(table)
                }
            });
        }
        lake.refresh()?;
        Ok(lake)
    }

    fn without_tables(dir: &Path) -> Result<Lake> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.thread_stack_size(STACK_BYTES);
        let runtime = builder.worker_threads(THREADS).enable_all().thread_name("lake").build().map_err(Error::io("starting threads for", dir))?;
        Ok(Lake {
            dir: dir.to_owned(),
            tables: HashMap::new(),
            providers: HashMap::new(),
            session: query::session()?,
            positions: Position { tables: Vec::new() },
            head: Head::load(dir)?,
            recovered: Vec::new(),
            reads_only: false,
            swept: false,
            runtime: Threads { handle: runtime.handle().clone(), runtime: Some(runtime) },
        })
    }

    /// Which commit each table has reached.
    pub fn position(&self) -> Result<Position> {
        Ok(self.positions.clone())
    }

    /// Commits that were found torn or missing on opening.
    pub fn recovered(&self) -> &[SetAside] {
        &self.recovered
    }

    /// Adds rows to the tables, durably, as commit `number`. Numbers begin with 1 and ascend by 1.
    ///
    /// `note` comes back by `Position::note`: what the caller must know to go on from there. Doing the newest commit again
    /// changes nothing: a table that has reached the number is left as it is. While the tables have reached different
    /// numbers, the only commit taken is the foremost one's, with everything that came after the hindmost.
    ///
    /// Errors: `ReadOnly` (opened to read), `Past` (rows with a number that is behind), `Uneven` (a new number while a table lacks an earlier one).
    ///
    /// Batches have `event::batch::SCHEMA`. All rows are held in memory at once: commit about every 128 to 256 MiB of originals.
    pub fn commit(
        &mut self,
        number: u64,
        note: &str,
        mut events: Vec<RecordBatch>,
        mut links: Vec<Link>,
        mut quarantine: Vec<Quarantined>,
        mut around: Vec<Around>,
    ) -> Result<()> {
        if self.reads_only {
            return Err(Error::ReadOnly);
        }
        let (min, max) = (self.positions.min(), self.positions.max());
        if number < max.max(1) {
            let rows = events.iter().any(|b| b.num_rows() > 0) || !links.is_empty() || !quarantine.is_empty() || !around.is_empty();
            return if rows { Err(Error::Past { asked: number, max }) } else { Ok(()) };
        }
        if min < max && number > max {
            return Err(Error::Uneven { min, max, asked: number });
        }
        if !self.swept {
            self.sweep()?;
        }
        let behind: Vec<Table> = self.positions.tables.iter().filter(|t| t.number < number).map(|t| t.table).collect();
        if behind.is_empty() {
            return Ok(());
        }
        let mut loads: Vec<Load> = Vec::new();
        for &table in &behind {
            // Taken out of the variables, so that rows do not stay in memory beside their arranged form.
            loads.push(
                match table {
                    Table::Events => arrange::events(std::mem::take(&mut events)),
                    Table::Links => arrange::links(std::mem::take(&mut links)),
                    Table::Quarantine => arrange::quarantine(std::mem::take(&mut quarantine)),
                    Table::Envelopes => arrange::envelopes(std::mem::take(&mut around)),
                }
                .map_err(Error::arrow(table))?,
            );
        }
        let mut adds = write::write(&self.dir, number, &loads)?;
        drop(loads);
        Plan::forget(&self.dir)?;
        self.commit_tables(&behind, number, note, |t| Turn { adds: adds.remove(&t).unwrap_or_default(), removes: Vec::new() })
    }

    /// Takes tables to a number, each in one commit.
    fn commit_tables(&mut self, behind: &[Table], number: u64, note: &str, mut turn: impl FnMut(Table) -> Turn) -> Result<()> {
        let committed = behind.iter().try_for_each(|&table| match self.tables.get_mut(&table) {
            Some(t) => self.runtime.block_on(commit::commit(t, table, number, note, turn(table))),
            None => Ok(()),
        });
        // Numbers are read again from the disk, also after a failure: some tables may have been reached.
        self.positions = positions(&self.dir)?;
        self.refresh()?;
        committed?;
        self.head.versions = self.positions.tables.iter().map(|t| (t.table.name().to_owned(), t.version)).collect();
        self.head.save(&self.dir)
    }

    /// Whether rows may be replaced as this commit: the lake is open to write, all tables are even, and the number is the next.
    pub(crate) fn may_replace(&mut self, number: u64) -> Result<()> {
        if self.reads_only {
            return Err(Error::ReadOnly);
        }
        let (min, max) = (self.positions.min(), self.positions.max());
        if min < max || number > max + 1 {
            return Err(Error::Uneven { min, max, asked: number });
        }
        if number <= max {
            return Err(Error::Past { asked: number, max });
        }
        if self.swept { Ok(()) } else { self.sweep() }
    }

    /// Commits a replacement to the tables that lack it.
    pub(crate) fn carry_out(&mut self, mut plan: Plan) -> Result<()> {
        let behind: Vec<Table> = self.positions.tables.iter().filter(|t| t.number < plan.number).map(|t| t.table).collect();
        let (number, note) = (plan.number, std::mem::take(&mut plan.note));
        self.commit_tables(&behind, number, &note, |t| plan.turn(t))
    }

    /// Finishes a replacement that a program before was killed over; forgets it if no table has it.
    fn finish_replacing(&mut self) -> Result<()> {
        match Plan::load(&self.dir)? {
            Some(plan) if plan.number > self.positions.max() => Plan::forget(&self.dir),
            Some(plan) if plan.number == self.positions.max() && plan.number > self.positions.min() => self.carry_out(plan),
            _ => Ok(()),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn table(&self, table: Table) -> Option<&DeltaTable> {
        self.tables.get(&table)
    }

    /// Removes files of commits that never came to be.
    fn sweep(&mut self) -> Result<()> {
        for t in &self.positions.tables {
            write::sweep(&self.dir.join(t.table.name()), t.number)?;
        }
        self.swept = true;
        Ok(())
    }

    /// Makes the tables as they now are known to queries.
    fn refresh(&mut self) -> Result<()> {
        for (&table, t) in &self.tables {
            let provider = self.runtime.block_on(query::provider(&self.session, t))?;
            self.providers.insert(table, provider);
        }
        Ok(())
    }
}

impl Lake {
    /// Runs a question on a thread of the runtime, whose stack is large, and waits for it.
    pub(crate) fn ask<T, E>(&self, question: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        E: Into<Error> + Send + 'static,
    {
        match self.runtime.block_on(self.runtime.spawn(question)) {
            Ok(answer) => answer.map_err(Into::into),
            Err(_) => Err(Error::Invalid("the question broke the query engine; please report it".into())),
        }
    }
}

/// The runtime. When it is dropped it does not wait for a query that was given up; commits are always waited for.
pub(crate) struct Threads {
    handle: tokio::runtime::Handle,
    runtime: Option<Runtime>,
}

impl std::ops::Deref for Threads {
    type Target = tokio::runtime::Handle;

    fn deref(&self) -> &tokio::runtime::Handle {
        &self.handle
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake").field("dir", &self.dir).field("positions", &self.positions).finish_non_exhaustive()
    }
}

fn positions(dir: &Path) -> Result<Position> {
    Ok(Position { tables: Table::ALL.into_iter().map(|t| log::position(dir, t)).collect::<Result<_>>()? })
}
