//! Rows into Parquet files: which file a row goes to, in which order, encoded how.
//!
//! One file for each partition of a commit (two for a large one, so that both cores work), sorted by time, source and
//! seq. Files are synced before this module returns their `Add`; what was never committed is overwritten or swept.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
    sync::Mutex,
};

use arrow_array::{Array, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray, cast::AsArray, types::Int64Type};
use arrow_schema::SchemaRef;
use arrow_select::interleave::interleave_record_batch;
use deltalake_core::kernel::Add;
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::{Compression, Encoding, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
    schema::types::ColumnPath,
};
use serde_json::{Map, Value, json};

use crate::{
    Error, Result, Table,
    durable::{make_dir, sync_dir},
};

/// Rows of a row group: the unit that a Bloom filter stands for and that is read at once.
const GROUP_ROWS: usize = 131_072;
/// Rows put together and encoded at once.
const CHUNK_ROWS: usize = 8_192;
/// Bytes of originals put together at once (Arrow's 32-bit offsets end at 2 GiB).
const CHUNK_BYTES: usize = 32 << 20;
/// A partition with more rows than this is written as two files, by two threads.
const SPLIT_ROWS: usize = 32_768;
/// Threads that encode.
const THREADS: usize = 2;

/// Rows of one partition: `(batch, row)` in the order in which they are written.
pub(crate) struct Part {
    /// Partition columns and values, in the order of the folders.
    pub partition: Vec<(&'static str, String)>,
    /// The rows.
    pub order: Vec<(u32, u32)>,
}

/// Batches of one table and how they are spread over files. Batches have the columns of `Table::file_schema`; text may be
/// a dictionary.
pub(crate) struct Load {
    pub table: Table,
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    pub parts: Vec<Part>,
}

struct Job<'a> {
    load: &'a Load,
    part: &'a Part,
    rows: &'a [(u32, u32)],
    path: String,
}

/// Writes all files of a commit. Returns what the Delta log needs to know of them, by table.
pub(crate) fn write(dir: &Path, number: u64, loads: &[Load]) -> Result<HashMap<Table, Vec<Add>>> {
    let jobs = jobs(number, loads);
    for job in &jobs {
        let folder = file_path(dir, job).parent().map(Path::to_owned).unwrap_or_default();
        make_dir(&folder).map_err(Error::io("making", &folder))?;
    }
    let threads = THREADS.min(jobs.len());
    let queue = Mutex::new(jobs.into_iter());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // A poisoned lock means that the other thread panicked; its file is then missing from `done`, below.
                while let Some(job) = queue.lock().ok().and_then(|mut q| q.next()) {
                    let written = write_file(dir, &job).map(|add| (job.load.table, add));
                    let failed = written.is_err();
                    if let Ok(mut done) = done.lock() {
                        done.push(written);
                    }
                    if failed {
                        break;
                    }
                }
            });
        }
    });
    let mut adds: HashMap<Table, Vec<Add>> = HashMap::new();
    for written in done.into_inner().unwrap_or_default() {
        let (table, add) = written?;
        adds.entry(table).or_default().push(add);
    }
    Ok(adds)
}

fn jobs(number: u64, loads: &[Load]) -> Vec<Job<'_>> {
    let mut jobs = Vec::new();
    for load in loads {
        for part in load.parts.iter().filter(|p| !p.order.is_empty()) {
            let size = if part.order.len() > SPLIT_ROWS { part.order.len().div_ceil(THREADS) } else { part.order.len() };
            for (n, rows) in part.order.chunks(size).enumerate() {
                let folders: String = part.partition.iter().map(|(k, v)| format!("{k}={v}/")).collect();
                jobs.push(Job { load, part, rows, path: format!("{folders}{}", file_name(number, n)) });
            }
        }
    }
    // The largest first, so that the threads end at about the same time.
    jobs.sort_by_key(|j| std::cmp::Reverse(j.rows.len()));
    jobs
}

/// The name says the number of the commit, so that files of a commit that never came to be are known by it.
fn file_name(number: u64, n: usize) -> String {
    format!("part-{number:012}-{n}.zstd.parquet")
}

fn file_path(dir: &Path, job: &Job<'_>) -> PathBuf {
    dir.join(job.load.table.name()).join(&job.path)
}

/// Removes files of commits after `committed`, and files that were being written when the power went.
pub(crate) fn sweep(table_dir: &Path, committed: u64) -> Result<()> {
    let mut folders = vec![table_dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io("reading folder", &folder))? {
            let entry = entry.map_err(Error::io("reading folder", &folder))?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let number = name.strip_prefix("part-").and_then(|n| n.get(..12)).and_then(|n| n.parse::<u64>().ok());
            let staged = name.rsplit_once('#').is_some_and(|(_, n)| n.bytes().all(|b| b.is_ascii_digit()));
            if path.is_dir() {
                folders.push(path);
            } else if staged || (name.ends_with(".zstd.parquet") && number.is_some_and(|n| n > committed)) {
                fs::remove_file(&path).map_err(Error::io("removing", &path))?;
            }
        }
    }
    Ok(())
}

fn write_file(dir: &Path, job: &Job<'_>) -> Result<Add> {
    let path = file_path(dir, job);
    let file = File::create(&path).map_err(Error::io("creating", &path))?;
    let options = ArrowWriterOptions::new().with_properties(properties(job)).with_skip_arrow_metadata(true);
    let out = BufWriter::with_capacity(1 << 20, file.try_clone().map_err(Error::io("creating", &path))?);
    let mut writer = ArrowWriter::try_new_with_options(out, job.load.schema.clone(), options).map_err(Error::parquet(&path))?;
    let mut stats = Stats::new(job.load.table.skipping());
    let batches: Vec<&RecordBatch> = job.load.batches.iter().collect();
    for rows in chunks(&batches, job.rows) {
        let chunk = gather(&job.load.schema, &batches, rows).map_err(Error::arrow(job.load.table))?;
        stats.see(&chunk);
        writer.write(&chunk).map_err(Error::parquet(&path))?;
    }
    let out = writer.into_inner().map_err(Error::parquet(&path))?;
    drop(out.into_inner().map_err(|e| Error::io("writing", &path)(e.into_error()))?);
    file.sync_all().map_err(Error::io("syncing", &path))?;
    if let Some(folder) = path.parent() {
        sync_dir(folder).map_err(Error::io("syncing", folder))?;
    }
    let meta = file.metadata().map_err(Error::io("reading", &path))?;
    let modified = meta.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |d| d.as_millis() as i64);
    Ok(Add {
        path: job.path.clone(),
        partition_values: job.part.partition.iter().map(|(k, v)| ((*k).to_owned(), Some(v.clone()))).collect(),
        size: meta.len() as i64,
        modification_time: modified,
        data_change: true,
        stats: Some(stats.to_json()),
        ..Default::default()
    })
}

/// Cuts rows into runs of at most `CHUNK_ROWS` and about `CHUNK_BYTES` of originals.
fn chunks<'a>(batches: &[&RecordBatch], mut rows: &'a [(u32, u32)]) -> Vec<&'a [(u32, u32)]> {
    let raws: Vec<Option<&dyn Array>> = batches.iter().map(|b| b.column_by_name("raw").map(|c| c.as_ref())).collect();
    let mut cut = Vec::new();
    while !rows.is_empty() {
        let mut bytes = 0;
        let weigh = |&&(b, r): &&(u32, u32)| {
            bytes += raws.get(b as usize).copied().flatten().map_or(0, |raw| raw_bytes(raw, r as usize));
            bytes <= CHUNK_BYTES
        };
        let n = rows.iter().take(CHUNK_ROWS).take_while(weigh).count().max(1);
        let (chunk, rest) = rows.split_at(n);
        cut.push(chunk);
        rows = rest;
    }
    cut
}

/// Bytes of originals in a row of a `raw` column, which is binary or a list of binary.
fn raw_bytes(raw: &dyn Array, row: usize) -> usize {
    let span = |offsets: &[i32], from: usize, to: usize| match (offsets.get(from), offsets.get(to)) {
        (Some(a), Some(b)) => (b - a) as usize,
        _ => 0,
    };
    if let Some(a) = raw.as_binary_opt::<i32>() {
        return span(a.value_offsets(), row, row + 1);
    }
    let Some(list) = raw.as_list_opt::<i32>() else { return 0 };
    let (Some(&from), Some(&to)) = (list.value_offsets().get(row), list.value_offsets().get(row + 1)) else { return 0 };
    list.values().as_binary_opt::<i32>().map_or(0, |b| span(b.value_offsets(), from as usize, to as usize))
}

/// The rows of one chunk, put together. Only the batches that the chunk needs are looked at.
fn gather(schema: &SchemaRef, batches: &[&RecordBatch], rows: &[(u32, u32)]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let mut used: Vec<u32> = rows.iter().map(|r| r.0).collect();
    used.sort_unstable();
    used.dedup();
    let picked: Vec<&RecordBatch> = used.iter().filter_map(|&b| batches.get(b as usize).copied()).collect();
    let indices: Vec<(usize, usize)> = rows.iter().map(|&(b, r)| (used.binary_search(&b).unwrap_or(0), r as usize)).collect();
    let chunk = interleave_record_batch(&picked, &indices)?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(schema.clone(), chunk.columns().to_vec(), &options)
}

/// Encodings by what a column is like: see docs/decisions/011-lake-tables.md.
fn properties(job: &Job<'_>) -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let rows = job.rows.len().min(GROUP_ROWS) as u64;
    let mut p = WriterProperties::builder()
        .set_created_by(format!("muster {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_write_page_header_statistics(false);
    for name in ["time", "seq", "last_seq", "first_time", "last_time", "offset", "gap_count", "bytes_out"] {
        p = p.set_column_dictionary_enabled(name.into(), false).set_column_encoding(name.into(), Encoding::DELTA_BINARY_PACKED);
    }
    let numbers = ColumnPath::new(["records", "list", "element"].map(String::from).to_vec());
    p = p.set_column_dictionary_enabled(numbers.clone(), false).set_column_encoding(numbers, Encoding::DELTA_BINARY_PACKED);
    let bytes = ColumnPath::new(["raw", "list", "element"].map(String::from).to_vec());
    for path in [bytes, "raw".into(), "uid".into(), "message".into(), "event".into(), "detail".into()] {
        p = p.set_column_dictionary_enabled(path.clone(), false).set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    for name in job.load.table.skipping() {
        p = p.set_column_statistics_enabled((*name).into(), EnabledStatistics::Page);
    }
    for name in job.load.table.blooms() {
        p = p
            .set_column_bloom_filter_enabled(name.into(), true)
            .set_column_bloom_filter_max_ndv(name.into(), rows)
            .set_column_bloom_filter_fpp(name.into(), 0.01);
    }
    p.build()
}

/// Smallest and largest values of the columns that files are skipped by, as the `stats` of an `Add`
/// (Delta protocol, "Per-file statistics"). Times there have milliseconds: the smallest is rounded down, the largest up.
struct Stats {
    rows: usize,
    ranges: Vec<(&'static str, Option<Span>, usize)>,
}

/// Smallest and largest value.
type Span = (Cell, Cell);

#[derive(Clone, PartialEq, PartialOrd)]
enum Cell {
    Int(i64),
    Time(i64),
    Text(String),
}

impl Stats {
    fn new(columns: &[&'static str]) -> Stats {
        Stats { rows: 0, ranges: columns.iter().map(|c| (*c, None, 0)).collect() }
    }

    fn see(&mut self, chunk: &RecordBatch) {
        self.rows += chunk.num_rows();
        for (name, range, nulls) in &mut self.ranges {
            let Some(column) = chunk.column_by_name(name) else { continue };
            *nulls += column.logical_null_count();
            if let Some((low, high)) = ends(column) {
                *range = Some(match range.take() {
                    None => (low, high),
                    Some((l, h)) => (if low < l { low } else { l }, if high > h { high } else { h }),
                });
            }
        }
    }

    fn to_json(&self) -> String {
        let (mut min, mut max, mut nulls) = (Map::new(), Map::new(), Map::new());
        for (name, range, null_count) in &self.ranges {
            nulls.insert((*name).into(), json!(null_count));
            if let Some((low, high)) = range {
                min.insert((*name).into(), low.to_stat(false));
                max.insert((*name).into(), high.to_stat(true));
            }
        }
        json!({ "numRecords": self.rows, "minValues": min, "maxValues": max, "nullCount": nulls }).to_string()
    }
}

impl Cell {
    fn to_stat(&self, up: bool) -> Value {
        match self {
            Cell::Int(n) => json!(n),
            Cell::Text(t) => json!(t),
            Cell::Time(t) => {
                let millis = t.div_euclid(1000) + i64::from(up && t.rem_euclid(1000) != 0);
                let whole = event::Time::from_millis(millis.div_euclid(1000) * 1000).to_string();
                json!(format!("{}.{:03}Z", whole.trim_end_matches('Z'), millis.rem_euclid(1000)))
            }
        }
    }
}

/// The smallest and largest value of a chunk's column; nothing if it has none.
fn ends(column: &dyn Array) -> Option<Span> {
    if let Some(a) = column.as_primitive_opt::<Int64Type>() {
        let present = || a.iter().flatten();
        return Some((Cell::Int(present().min()?), Cell::Int(present().max()?)));
    }
    if let Some(a) = column.as_any().downcast_ref::<TimestampMicrosecondArray>() {
        let present = || a.iter().flatten();
        return Some((Cell::Time(present().min()?), Cell::Time(present().max()?)));
    }
    let texts: Vec<&str> = if let Some(a) = column.as_string_opt::<i32>() {
        a.iter().flatten().collect()
    } else {
        let d = column.as_dictionary_opt::<arrow_array::types::Int32Type>()?;
        let mut used: Vec<i32> = d.keys().iter().flatten().collect();
        used.sort_unstable();
        used.dedup();
        let values = d.values().as_string_opt::<i32>()?;
        used.into_iter().map(|k| values.value(k as usize)).collect()
    };
    Some((Cell::Text(texts.iter().min()?.to_string()), Cell::Text(texts.iter().max()?.to_string())))
}
