//! Rows replaced: those of a run of one source's records by what a later parser makes of them, all tables under one commit number.
//!
//! Owns the plan of a replacement: new files first, then the plan (`replacing.json`), then one Delta commit a table. Once the plan is
//! durable and one table has the number, whoever opens the lake to write next does the rest of it; while no table has it, it is forgotten.
//! Never makes rows: it gets them, and carries over those of others that lie in the same files.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, File},
    io,
    path::Path,
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, new_null_array};
use arrow_schema::{ArrowError, Field, SchemaRef};
use datafusion::arrow::compute::{cast, filter_record_batch};
use deltalake_core::{DeltaTable, kernel::Add, kernel::Remove};
use event::{Column, Link, batch, time::DAY};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Lake, Result, Table, arrange,
    durable::{replace, sync_dir},
    rows::{Cells, Quarantined},
    write::{self, Load},
};

/// The file of the plan, in the lake's folder.
const PLAN: &str = "replacing.json";

/// New rows for a run of records of one source.
#[derive(Debug, Default)]
pub struct Replacement {
    /// The source.
    pub source: String,
    /// Number of the first record of the run.
    pub first_seq: u64,
    /// Number after its last record.
    pub next_seq: u64,
    /// The events that the run now gives; those it gave are removed.
    pub events: Vec<RecordBatch>,
    /// The records of the run that are now in quarantine; those that were are removed.
    pub quarantine: Vec<Quarantined>,
    /// Days (since 1970, UTC) whose links are replaced, those of all sources.
    pub days: BTreeSet<i64>,
    /// All links of these days.
    pub links: Vec<Link>,
}

/// What a replacement did to the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Files that are no longer part of the tables.
    pub removed: usize,
    /// Files that took their place.
    pub added: usize,
}

/// What one table's commit does.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub adds: Vec<Add>,
    pub removes: Vec<Remove>,
}

/// A replacement that is ready to be committed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub number: u64,
    pub note: String,
    pub turns: BTreeMap<String, Turn>,
}

impl Plan {
    pub fn load(dir: &Path) -> Result<Option<Plan>> {
        let path = dir.join(PLAN);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("reading", &path)(e)),
        };
        let invalid = |e: serde_json::Error| Error::io("reading", &path)(e.into());
        serde_json::from_slice(&bytes).map(Some).map_err(invalid)
    }

    pub fn save(&self, dir: &Path) -> Result<()> {
        let path = dir.join(PLAN);
        let bytes = serde_json::to_vec(self).map_err(|e| Error::io("writing", &path)(e.into()))?;
        replace(&path, &bytes).map_err(Error::io("writing", &path))
    }

    /// Removes the plan, if there is one.
    pub fn forget(dir: &Path) -> Result<()> {
        let path = dir.join(PLAN);
        match fs::remove_file(&path) {
            Ok(()) => sync_dir(dir).map_err(Error::io("syncing", dir)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(Error::io("removing", &path)(e)),
        }
    }

    pub fn turn(&mut self, table: Table) -> Turn {
        self.turns.remove(table.name()).unwrap_or_default()
    }
}

impl Lake {
    /// Replaces the rows of a run of one source's records, durably, as commit `number`: the one after the newest. Readers see, a table,
    /// the old rows or the new ones. Every event that has a record in the run must have all of them in it.
    ///
    /// Files that hold rows of the run are written anew with the rows of others that lie in them, which are held in memory with them.
    /// Errors: as `commit`.
    pub fn replace(&mut self, number: u64, note: &str, rows: Replacement) -> Result<Replaced> {
        self.may_replace(number)?;
        let Replacement { source, first_seq, next_seq, events, quarantine, days, links } = rows;
        let of_run = |b: &RecordBatch| of_run(b, &source, first_seq, next_seq);
        let held = self.held(Table::Events, |view| may_hold(view, &source, first_seq, next_seq), of_run)?;
        let given_up = self.held(Table::Quarantine, |view| may_hold(view, &source, first_seq, next_seq), of_run)?;
        let linked = match days.is_empty() {
            true => Held::default(),
            false => self.held(Table::Links, |_| true, |b| of_days(b, &days))?,
        };
        let mut removes: HashMap<Table, Vec<Remove>> = HashMap::new();
        let mut loads: Vec<Load> = Vec::new();
        let fault = Error::arrow;
        if !quarantine.is_empty() || !given_up.removes.is_empty() {
            loads.push(arrange::quarantine_beside(quarantine, given_up.carried).map_err(fault(Table::Quarantine))?);
            removes.insert(Table::Quarantine, given_up.removes);
        }
        if !days.is_empty() {
            loads.push(arrange::links_beside(links, linked.carried).map_err(fault(Table::Links))?);
            removes.insert(Table::Links, linked.removes);
        }
        let mut batches = events;
        for (carried, partition) in &held.carried {
            batches.push(as_event_batch(carried, partition).map_err(fault(Table::Events))?);
        }
        removes.insert(Table::Events, held.removes);
        drop(held.carried);
        loads.push(arrange::events(batches).map_err(fault(Table::Events))?);
        let mut adds = write::write(self.dir(), number, &loads)?;
        drop(loads);
        let turn = |t: Table| Turn { adds: adds.remove(&t).unwrap_or_default(), removes: removes.remove(&t).unwrap_or_default() };
        let turns: BTreeMap<String, Turn> = Table::ALL.into_iter().map(turn_of(turn)).collect();
        let done = Replaced { removed: turns.values().map(|t| t.removes.len()).sum(), added: turns.values().map(|t| t.adds.len()).sum() };
        let plan = Plan { number, note: note.to_owned(), turns };
        plan.save(self.dir())?;
        self.carry_out(plan)?;
        Ok(done)
    }

    /// The rows of a table's files that hold some that go, without these, and the files.
    fn held(&self, table: Table, may: impl Fn(&Value) -> bool, goes: impl Fn(&RecordBatch) -> BooleanArray) -> Result<Held> {
        let mut held = Held::default();
        let Some(t) = self.table(table) else { return Ok(held) };
        for (path, remove, stats) in files(t, table)? {
            if !may(&stats) {
                continue;
            }
            let partition: HashMap<String, String> = remove.partition_values.iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.clone()?))).collect();
            let (mut any, mut kept) = (false, Vec::new());
            for batch in read(&self.dir().join(table.name()).join(path))? {
                let goes = goes(&batch);
                any |= goes.true_count() > 0;
                let stays: BooleanArray = goes.iter().map(|g| Some(g != Some(true))).collect();
                kept.push((filter_record_batch(&batch, &stays).map_err(Error::arrow(table))?, partition.clone()));
            }
            if any {
                held.carried.extend(kept.into_iter().filter(|(b, _)| b.num_rows() > 0));
                held.removes.push(remove);
            }
        }
        Ok(held)
    }
}

fn turn_of(mut turn: impl FnMut(Table) -> Turn) -> impl FnMut(Table) -> (String, Turn) {
    move |t| (t.name().to_owned(), turn(t))
}

#[derive(Default)]
struct Held {
    carried: arrange::Carried,
    removes: Vec<Remove>,
}

/// Path, action that removes it, and statistics of each file of a table.
fn files(t: &DeltaTable, table: Table) -> Result<Vec<(String, Remove, Value)>> {
    let snapshot = t.snapshot().map_err(Error::delta("reading", table))?;
    let one = |view: deltalake_core::kernel::LogicalFileView| {
        let stats = view.stats().and_then(|s| serde_json::from_str(&s).ok()).unwrap_or(Value::Null);
        (view.path().into_owned(), view.remove_action(true), stats)
    };
    Ok(snapshot.log_data().iter().map(one).collect())
}

fn read(path: &Path) -> Result<Vec<RecordBatch>> {
    let file = File::open(path).map_err(Error::io("reading", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build()).map_err(Error::parquet(path))?;
    reader.collect::<Result<_, ArrowError>>().map_err(|e| Error::parquet(path)(e.into()))
}

/// Whether a file may have rows of the run, by its smallest and largest values; without them it may.
fn may_hold(stats: &Value, source: &str, first: u64, next: u64) -> bool {
    let text = |end: &str| stats.get(end).and_then(|v| v.get("source")).and_then(Value::as_str);
    let number = |end: &str| stats.get(end).and_then(|v| v.get("seq")).and_then(Value::as_i64);
    text("minValues").is_none_or(|t| t <= source)
        && text("maxValues").is_none_or(|t| t >= source)
        && number("minValues").is_none_or(|n| n < next as i64)
        && number("maxValues").is_none_or(|n| n >= first as i64)
}

fn of_run(batch: &RecordBatch, source: &str, first: u64, next: u64) -> BooleanArray {
    let cells = Cells(batch);
    let mine = |row| cells.text("source", row) == Some(source) && cells.int("seq", row).is_some_and(|n| (first as i64..next as i64).contains(&n));
    (0..batch.num_rows()).map(|row| Some(mine(row))).collect()
}

fn of_days(batch: &RecordBatch, days: &BTreeSet<i64>) -> BooleanArray {
    let cells = Cells(batch);
    let mine = |row| cells.int("first_time", row).is_some_and(|t| days.contains(&t.div_euclid(DAY)));
    (0..batch.num_rows()).map(|row| Some(mine(row))).collect()
}

/// Rows of a file of events in the shape of `event::batch::SCHEMA`, from which they were made.
fn as_event_batch(rows: &RecordBatch, partition: &HashMap<String, String>) -> Result<RecordBatch, ArrowError> {
    let schema: SchemaRef = batch::SCHEMA.clone();
    let facet = partition.get(Column::Facet.name()).cloned().unwrap_or_default();
    let column = |f: &Arc<Field>| -> Result<ArrayRef, ArrowError> {
        if f.name() == Column::Facet.name() {
            let same: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&facet, rows.num_rows())));
            return cast(&same, f.data_type());
        }
        match rows.column_by_name(f.name()) {
            Some(held) if held.data_type() == f.data_type() => Ok(held.clone()),
            Some(held) => cast(held, f.data_type()),
            None => Ok(new_null_array(f.data_type(), rows.num_rows())),
        }
    };
    RecordBatch::try_new(schema.clone(), schema.fields().iter().map(column).collect::<Result<_, _>>()?)
}
