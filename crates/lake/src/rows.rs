//! Links, quarantined records and bytes around records: as values, as rows to write, as rows read back.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, cast::AsArray};
use arrow_schema::ArrowError;
use event::{Entity, Facet, Kind, Link, Reason, Relation, SourceInfo, Time};

use crate::{Error, Result, Table};

/// A record that did not become an event. A row of `quarantine`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// Its source.
    pub source: SourceInfo,
    /// Its number in the source.
    pub seq: u64,
    /// When it was received.
    pub received: Time,
    /// Where it stands in its (decompressed) stream, in bytes.
    pub offset: u64,
    /// Why it is not an event.
    pub reason: Reason,
    /// The same for a person, in a sentence.
    pub detail: String,
    /// Version of the parser that gave up on it.
    pub parser: String,
    /// Its exact bytes.
    pub raw: Vec<u8>,
}

/// Bytes around records (an array's envelope, blank lines). A row of `envelopes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Around {
    /// Its source.
    pub source: String,
    /// Its number in the source.
    pub seq: u64,
    /// When it was received.
    pub received: Time,
    /// Where it stands in its (decompressed) stream, in bytes.
    pub offset: u64,
    /// The exact bytes.
    pub raw: Vec<u8>,
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn ints(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.map(|n| n as i64)))
}

fn times(values: impl Iterator<Item = Time>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values.map(|t| t.0)).with_timezone("UTC"))
}

pub(crate) fn links(rows: &[Link]) -> std::result::Result<RecordBatch, ArrowError> {
    let (from, to): (Vec<_>, Vec<_>) = rows.iter().map(|l| (l.from.to_string(), l.to.to_string())).unzip();
    let via: StringArray = rows.iter().map(|l| l.via.as_ref().map(Entity::to_string)).collect();
    RecordBatch::try_new(
        Table::Links.file_schema(),
        vec![
            texts(from.iter().map(String::as_str)),
            texts(rows.iter().map(|l| l.relation.name())),
            texts(to.iter().map(String::as_str)),
            Arc::new(via),
            times(rows.iter().map(|l| l.first)),
            times(rows.iter().map(|l| l.last)),
            ints(rows.iter().map(|l| l.count)),
            texts(rows.iter().map(|l| l.event.as_str())),
        ],
    )
}

pub(crate) fn quarantine(rows: &[Quarantined]) -> std::result::Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(
        Table::Quarantine.file_schema(),
        vec![
            texts(rows.iter().map(|q| q.source.name.as_str())),
            ints(rows.iter().map(|q| q.seq)),
            texts(rows.iter().map(|q| q.source.format.as_str())),
            texts(rows.iter().map(|q| q.source.facet.name())),
            times(rows.iter().map(|q| q.received)),
            ints(rows.iter().map(|q| q.offset)),
            texts(rows.iter().map(|q| q.reason.code())),
            texts(rows.iter().map(|q| q.detail.as_str())),
            texts(rows.iter().map(|q| q.parser.as_str())),
            Arc::new(BinaryArray::from_iter_values(rows.iter().map(|q| &q.raw))),
        ],
    )
}

pub(crate) fn envelopes(rows: &[Around]) -> std::result::Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(
        Table::Envelopes.file_schema(),
        vec![
            texts(rows.iter().map(|a| a.source.as_str())),
            ints(rows.iter().map(|a| a.seq)),
            times(rows.iter().map(|a| a.received)),
            ints(rows.iter().map(|a| a.offset)),
            Arc::new(BinaryArray::from_iter_values(rows.iter().map(|a| &a.raw))),
        ],
    )
}

/// Cells of a row by column name; text must be plain (see `query::plain`).
pub(crate) struct Cells<'a>(pub &'a RecordBatch);

impl<'a> Cells<'a> {
    pub fn text(&self, name: &str, row: usize) -> Option<&'a str> {
        let a = self.0.column_by_name(name)?.as_string_opt::<i32>()?;
        (row < a.len() && a.is_valid(row)).then(|| a.value(row))
    }

    pub fn int(&self, name: &str, row: usize) -> Option<i64> {
        let column = self.0.column_by_name(name)?.as_any();
        if let Some(a) = column.downcast_ref::<Int64Array>() {
            return (row < a.len() && a.is_valid(row)).then(|| a.value(row));
        }
        let a = column.downcast_ref::<TimestampMicrosecondArray>()?;
        (row < a.len() && a.is_valid(row)).then(|| a.value(row))
    }

    pub fn bytes(&self, name: &str, row: usize) -> Option<&'a [u8]> {
        let a = self.0.column_by_name(name)?.as_binary_opt::<i32>()?;
        (row < a.len() && a.is_valid(row)).then(|| a.value(row))
    }
}

/// Reads quarantined records back. A row whose facet or reason this version of muster does not know is an error: it must not be lost.
pub(crate) fn read_quarantine(batch: &RecordBatch) -> Result<Vec<Quarantined>> {
    let cells = Cells(batch);
    let text = |name, row| cells.text(name, row).unwrap_or_default().to_owned();
    let read = |row| {
        let unknown = || {
            Error::Invalid(format!(
                "a row of quarantine is of facet `{}` and reason `{}`, which this version does not know",
                text("facet", row),
                text("reason", row)
            ))
        };
        let facet = Facet::parse(&text("facet", row)).ok_or_else(unknown)?;
        Ok(Quarantined {
            source: SourceInfo { name: text("source", row), format: text("format", row), facet, host: None },
            seq: cells.int("seq", row).unwrap_or_default() as u64,
            received: Time(cells.int("received", row).unwrap_or_default()),
            offset: cells.int("offset", row).unwrap_or_default() as u64,
            reason: Reason::parse(&text("reason", row)).ok_or_else(unknown)?,
            detail: text("detail", row),
            parser: text("parser", row),
            raw: cells.bytes("raw", row).unwrap_or_default().to_owned(),
        })
    };
    (0..batch.num_rows()).map(read).collect()
}

/// Reads links back; rows whose kinds or relation this version of muster does not know are left out.
pub(crate) fn read_links(batch: &RecordBatch) -> Vec<Link> {
    let cells = Cells(batch);
    let entity = |name, row| {
        let (kind, value) = cells.text(name, row)?.split_once(':')?;
        Some(Entity { kind: Kind::ALL.into_iter().find(|k| k.name() == kind)?, value: value.to_owned() })
    };
    let read = |row| {
        Some(Link {
            from: entity("from_entity", row)?,
            relation: Relation::parse(cells.text("relation", row)?)?,
            to: entity("to_entity", row)?,
            via: entity("via_entity", row),
            first: Time(cells.int("first_time", row)?),
            last: Time(cells.int("last_time", row)?),
            count: cells.int("count", row)? as u64,
            event: cells.text("event", row)?.to_owned(),
        })
    };
    (0..batch.num_rows()).filter_map(read).collect()
}
