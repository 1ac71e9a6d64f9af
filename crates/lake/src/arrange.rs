//! Batches of events into the shape of the files: one dictionary a column for the whole commit, the order of the rows,
//! the partition of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use event::{Column, Link, Shape, Time, batch, time::DAY};

use crate::{
    Table,
    rows::{self, Around, Quarantined},
    tables::{PERIOD, list_of},
    write::{Load, Part},
};

/// An event that is further than this from the time it was received is filed under its month, not its day, so that a
/// backfill of years makes dozens of files and not thousands.
const FRESH: i64 = 2 * DAY;

/// Arranges the events of a commit. The batches must have `event::batch::SCHEMA`.
pub(crate) fn events(batches: Vec<RecordBatch>) -> Result<Load, ArrowError> {
    let keys = sort_keys(&batches)?;
    let (facets, parts) = spread(&batches, keys)?;
    let schema = writer_schema();
    let mut columns: Vec<Vec<ArrayRef>> = batches.iter().map(|_| Vec::with_capacity(schema.fields().len())).collect();
    for &c in Column::ALL.iter().filter(|&&c| c != Column::Facet) {
        let held = column(&batches, c.name())?;
        let arranged = if c.shape() == Shape::Word { one_dictionary(&held)? } else { held };
        push(&mut columns, arranged);
    }
    push(&mut columns, batches.iter().map(last_seq).collect::<Result<_, _>>()?);
    for name in [batch::RECORDS, batch::RAW] {
        push(&mut columns, column(&batches, name)?.iter().map(|a| named_element(a)).collect::<Result<_, _>>()?);
    }
    drop(batches);
    let batches = columns.into_iter().map(|c| RecordBatch::try_new(schema.clone(), c)).collect::<Result<_, _>>()?;
    let parts = parts
        .into_iter()
        .map(|((facet, period), order)| {
            let facet = facets.get(facet as usize).cloned().unwrap_or_default();
            Part { partition: vec![(Column::Facet.name(), facet), (PERIOD, period)], order }
        })
        .collect();
    Ok(Load { table: Table::Events, schema, batches, parts })
}

/// The file schema with words as dictionaries: what the writer is given. The files say plain text.
fn writer_schema() -> SchemaRef {
    let word = |f: &Field| Column::parse(f.name()).is_some_and(|c| c.shape() == Shape::Word);
    let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields: Vec<Field> = Table::Events
        .file_schema()
        .fields()
        .iter()
        .map(|f| if word(f) { f.as_ref().clone().with_data_type(dictionary()) } else { f.as_ref().clone() })
        .collect();
    Arc::new(Schema::new(fields))
}

fn push(columns: &mut [Vec<ArrayRef>], arrays: Vec<ArrayRef>) {
    columns.iter_mut().zip(arrays).for_each(|(c, a)| c.push(a));
}

fn missing(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("the batch has no column `{name}` of the type in event::batch::SCHEMA"))
}

fn column(batches: &[RecordBatch], name: &str) -> Result<Vec<ArrayRef>, ArrowError> {
    batches.iter().map(|b| b.column_by_name(name).cloned().ok_or_else(|| missing(name))).collect()
}

/// Distinct texts of a column over all batches, each once, and each row's place among them. Empty text becomes null.
struct Words<'a> {
    values: Vec<&'a str>,
    keys: Vec<Int32Array>,
}

fn words<'a>(arrays: &'a [ArrayRef]) -> Result<Words<'a>, ArrowError> {
    let mut seen: HashMap<&str, i32> = HashMap::new();
    let mut out = Words { values: Vec::new(), keys: Vec::with_capacity(arrays.len()) };
    for array in arrays {
        let d = array.as_dictionary_opt::<Int32Type>().ok_or_else(|| missing("(word)"))?;
        let texts = d.values().as_string_opt::<i32>().ok_or_else(|| missing("(word)"))?;
        let mut place = |text: &'a str| {
            *seen.entry(text).or_insert_with(|| {
                out.values.push(text);
                out.values.len() as i32 - 1
            })
        };
        let map: Vec<Option<i32>> = texts.iter().map(|t| t.filter(|t| !t.is_empty()).map(&mut place)).collect();
        out.keys.push(d.keys().iter().map(|k| k.and_then(|k| map.get(k as usize).copied().flatten())).collect());
    }
    Ok(out)
}

/// The same rows, all with one dictionary: gathering rows of several batches then copies keys, not texts.
fn one_dictionary(arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
    let words = words(arrays)?;
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(words.values));
    words.keys.into_iter().map(|keys| Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values.clone())?) as ArrayRef)).collect()
}

fn named_element(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let list = array.as_list_opt::<i32>().ok_or_else(|| missing("(list)"))?;
    let DataType::List(element) = list_of(list.value_type()) else { return Err(missing("(list)")) };
    Ok(Arc::new(ListArray::try_new(element, list.offsets().clone(), list.values().clone(), list.nulls().cloned())?))
}

/// The largest number in each row's `records`.
fn last_seq(batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
    let list = batch.column_by_name(batch::RECORDS).and_then(|a| a.as_list_opt::<i32>()).ok_or_else(|| missing(batch::RECORDS))?;
    let numbers = list.values().as_primitive_opt::<Int64Type>().ok_or_else(|| missing(batch::RECORDS))?.values();
    let ends = list.value_offsets().windows(2);
    let last = |w: &[i32]| match w {
        [from, to] => numbers.get(*from as usize..*to as usize).and_then(|n| n.iter().max().copied()),
        _ => None,
    };
    Ok(Arc::new(ends.map(last).collect::<Int64Array>()))
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    time: i64,
    source: u32,
    seq: i64,
    batch: u32,
    row: u32,
}

/// All rows by time, source, seq.
fn sort_keys(batches: &[RecordBatch]) -> Result<Vec<Key>, ArrowError> {
    let sources = column(batches, Column::Source.name())?;
    let words = words(&sources)?;
    let mut by_text: Vec<usize> = (0..words.values.len()).collect();
    by_text.sort_unstable_by_key(|&i| words.values.get(i));
    let mut rank = vec![0u32; by_text.len()];
    for (r, &i) in by_text.iter().enumerate() {
        if let Some(slot) = rank.get_mut(i) {
            *slot = r as u32 + 1;
        }
    }
    let mut keys = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (n, (batch, source)) in batches.iter().zip(&words.keys).enumerate() {
        let time = times(batch, Column::Time)?;
        let seq = batch.column_by_name(Column::Seq.name()).and_then(|a| a.as_primitive_opt::<Int64Type>()).ok_or_else(|| missing("seq"))?;
        keys.extend(time.values().iter().zip(seq.iter()).zip(source.iter()).enumerate().map(|(row, ((&time, seq), source))| Key {
            time,
            source: source.and_then(|k| rank.get(k as usize).copied()).unwrap_or(0),
            seq: seq.unwrap_or(-1),
            batch: n as u32,
            row: row as u32,
        }));
    }
    keys.sort_unstable();
    Ok(keys)
}

fn times(batch: &RecordBatch, c: Column) -> Result<&TimestampMicrosecondArray, ArrowError> {
    batch.column_by_name(c.name()).and_then(|a| a.as_any().downcast_ref()).ok_or_else(|| missing(c.name()))
}

/// Rows by partition: (place of the facet in the list, period).
type Spread = BTreeMap<(i32, String), Vec<(u32, u32)>>;

/// Sorted rows spread over facets and periods.
fn spread(batches: &[RecordBatch], keys: Vec<Key>) -> Result<(Vec<String>, Spread), ArrowError> {
    let arrays = column(batches, Column::Facet.name())?;
    let facets = words(&arrays)?;
    let received: Vec<&TimestampMicrosecondArray> = batches.iter().map(|b| times(b, Column::Received)).collect::<Result<_, _>>()?;
    let mut parts: HashMap<(i32, i64, bool), Vec<(u32, u32)>> = HashMap::new();
    for k in keys {
        let facet = facets.keys.get(k.batch as usize).filter(|f| f.is_valid(k.row as usize)).map_or(-1, |f| f.value(k.row as usize));
        let came = received.get(k.batch as usize).filter(|r| r.is_valid(k.row as usize)).map_or(k.time, |r| r.value(k.row as usize));
        let fresh = k.time.abs_diff(came) <= FRESH as u64;
        parts.entry((facet, k.time.div_euclid(DAY), fresh)).or_default().push((k.batch, k.row));
    }
    // Days of one month come together again; they are ascending, so the rows stay sorted.
    let mut days: Vec<_> = parts.into_iter().collect();
    days.sort_unstable_by_key(|(k, _)| *k);
    let mut spread = Spread::new();
    for ((facet, day, fresh), rows) in days {
        spread.entry((facet, period(Time(day.saturating_mul(DAY)), fresh))).or_default().extend(rows);
    }
    Ok((facets.values.into_iter().map(str::to_owned).collect(), spread))
}

/// The period that a time is filed under: `YYYY-MM-DD` if fresh, else `YYYY-MM`.
pub(crate) fn period(time: Time, fresh: bool) -> String {
    let day = time.day();
    if fresh { day } else { day.rsplit_once('-').map_or(day.clone(), |(month, _)| month.to_owned()) }
}

/// Arranges links: sorted by who acted, then by time, in files of a month.
pub(crate) fn links(mut rows: Vec<Link>) -> Result<Load, ArrowError> {
    rows.sort_by(|a, b| (&a.from, a.first, &a.to, a.relation).cmp(&(&b.from, b.first, &b.to, b.relation)));
    let periods: Vec<String> = rows.iter().map(|l| period(l.first, false)).collect();
    Ok(by_period(Table::Links, rows::links(&rows)?, &periods))
}

/// Arranges quarantined records: sorted by source and seq, in files of the month in which they were received.
pub(crate) fn quarantine(mut rows: Vec<Quarantined>) -> Result<Load, ArrowError> {
    rows.sort_by(|a, b| (&a.source.name, a.seq).cmp(&(&b.source.name, b.seq)));
    let periods: Vec<String> = rows.iter().map(|q| period(q.received, false)).collect();
    Ok(by_period(Table::Quarantine, rows::quarantine(&rows)?, &periods))
}

/// Rows of files that stay as they are, with the partition values of their file.
pub(crate) type Carried = Vec<(RecordBatch, HashMap<String, String>)>;

/// Arranges quarantined records beside rows that are carried over.
pub(crate) fn quarantine_beside(rows: Vec<Quarantined>, carried: Carried) -> Result<Load, ArrowError> {
    Ok(beside(quarantine(rows)?, carried))
}

/// Arranges links beside rows that are carried over.
pub(crate) fn links_beside(rows: Vec<Link>, carried: Carried) -> Result<Load, ArrowError> {
    Ok(beside(links(rows)?, carried))
}

/// The same load with more rows, which come after those of their period: each run stays sorted, the file as a whole is not.
fn beside(mut load: Load, carried: Carried) -> Load {
    for (batch, partition) in carried {
        let period = partition.get(PERIOD).cloned().unwrap_or_default();
        let number = load.batches.len() as u32;
        let order = (0..batch.num_rows() as u32).map(|row| (number, row));
        match load.parts.iter_mut().find(|p| p.partition.iter().any(|(_, v)| *v == period)) {
            Some(part) => part.order.extend(order),
            None => load.parts.push(Part { partition: vec![(PERIOD, period)], order: order.collect() }),
        }
        load.batches.push(batch);
    }
    load
}

/// Arranges bytes around records in the same way.
pub(crate) fn envelopes(mut rows: Vec<Around>) -> Result<Load, ArrowError> {
    rows.sort_by(|a, b| (&a.source, a.seq).cmp(&(&b.source, b.seq)));
    let periods: Vec<String> = rows.iter().map(|a| period(a.received, false)).collect();
    Ok(by_period(Table::Envelopes, rows::envelopes(&rows)?, &periods))
}

/// One batch with the period as its only partition; the order of the rows stays.
fn by_period(table: Table, batch: RecordBatch, periods: &[String]) -> Load {
    let mut parts: BTreeMap<&str, Vec<(u32, u32)>> = BTreeMap::new();
    for (row, period) in periods.iter().enumerate() {
        parts.entry(period).or_default().push((0, row as u32));
    }
    let parts = parts.into_iter().map(|(p, order)| Part { partition: vec![(PERIOD, p.to_owned())], order }).collect();
    Load { table, schema: table.file_schema(), batches: vec![batch], parts }
}
