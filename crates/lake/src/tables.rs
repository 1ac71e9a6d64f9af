//! The four tables: names, columns, partitions. What is in the Parquet files and what is in the Delta schema.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{ArrayType, DataType as DeltaType, StructField};
use event::{Column, Shape, batch};

/// Partition column of every table: `YYYY-MM-DD` or `YYYY-MM`, UTC.
pub(crate) const PERIOD: &str = "period";
/// Number of an event's last record in its source; beside `seq` it bounds the range that an event was made from.
pub(crate) const LAST_SEQ: &str = "last_seq";

/// A table of the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Every event: one row each.
    Events,
    /// What acted on what: one row a day, session and relation.
    Links,
    /// Records that did not become events, with their bytes.
    Quarantine,
    /// Bytes around records, so that streams can be put together again.
    Envelopes,
}

impl Table {
    /// All tables, in the order in which a commit reaches them.
    pub const ALL: [Table; 4] = [Table::Envelopes, Table::Quarantine, Table::Links, Table::Events];

    /// The name in SQL, and of the folder.
    pub const fn name(self) -> &'static str {
        match self {
            Table::Events => "events",
            Table::Links => "links",
            Table::Quarantine => "quarantine",
            Table::Envelopes => "envelopes",
        }
    }

    /// Finds a table by name.
    pub fn parse(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|t| t.name() == name)
    }

    pub(crate) const fn partitions(self) -> &'static [&'static str] {
        match self {
            Table::Events => &["facet", PERIOD],
            _ => &[PERIOD],
        }
    }

    /// The columns in the Parquet files (partition columns are in the folder names only).
    pub(crate) fn file_schema(self) -> SchemaRef {
        match self {
            Table::Events => EVENTS.clone(),
            Table::Links => LINKS.clone(),
            Table::Quarantine => QUARANTINE.clone(),
            Table::Envelopes => ENVELOPES.clone(),
        }
    }

    /// The columns as a query sees them: those of the files, then the partition columns.
    pub(crate) fn query_schema(self) -> SchemaRef {
        let files = self.file_schema();
        let text = DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8)); // as Delta gives partition values
        let partitions = self.partitions().iter().map(|p| Arc::new(Field::new(*p, text.clone(), true)));
        Arc::new(Schema::new(files.fields().iter().cloned().chain(partitions).collect::<Vec<_>>()))
    }

    /// The columns that files are skipped by: the `Add` actions carry their smallest and largest values.
    pub(crate) const fn skipping(self) -> &'static [&'static str] {
        match self {
            Table::Events => &["time", "source", "seq", LAST_SEQ],
            Table::Links => &["first_time", "last_time"],
            Table::Quarantine | Table::Envelopes => &["source", "seq"],
        }
    }

    /// The columns of the Delta schema.
    pub(crate) fn delta_schema(self) -> Vec<StructField> {
        let files = self.file_schema();
        let mut fields: Vec<StructField> = files.fields().iter().map(|f| StructField::new(f.name(), delta_type(f.data_type()), f.is_nullable())).collect();
        fields.extend(self.partitions().iter().map(|p| StructField::new(*p, DeltaType::STRING, true)));
        fields
    }

    /// The columns with a Bloom filter a row group: those that an entity is looked for in.
    pub(crate) fn blooms(self) -> Vec<&'static str> {
        match self {
            Table::Events => {
                let also = [Column::File, Column::Uid];
                Column::ALL.iter().filter(|c| c.kind().is_some() || also.contains(c)).map(|c| c.name()).collect()
            }
            Table::Links => vec!["from_entity", "to_entity", "via_entity"],
            Table::Quarantine | Table::Envelopes => Vec::new(),
        }
    }
}

pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Parquet's own name for the member of a list; other names confuse readers.
pub(crate) fn list_of(inner: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", inner, true)))
}

static EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let typed = |c: Column| match c.shape() {
        Shape::Word | Shape::Text => DataType::Utf8,
        Shape::Int => DataType::Int64,
        Shape::Time => time_type(),
    };
    let mut fields: Vec<Field> = Column::ALL.iter().filter(|&&c| c != Column::Facet).map(|&c| Field::new(c.name(), typed(c), c != Column::Time)).collect();
    fields.push(Field::new(LAST_SEQ, DataType::Int64, true));
    fields.push(Field::new(batch::RECORDS, list_of(DataType::Int64), true));
    fields.push(Field::new(batch::RAW, list_of(DataType::Binary), true));
    Arc::new(Schema::new(fields))
});

static LINKS: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema(&[
        ("from_entity", DataType::Utf8),
        ("relation", DataType::Utf8),
        ("to_entity", DataType::Utf8),
        ("via_entity", DataType::Utf8),
        ("first_time", time_type()),
        ("last_time", time_type()),
        ("count", DataType::Int64),
        ("event", DataType::Utf8),
    ])
});

static QUARANTINE: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema(&[
        ("source", DataType::Utf8),
        ("seq", DataType::Int64),
        ("format", DataType::Utf8),
        ("facet", DataType::Utf8),
        ("received", time_type()),
        ("offset", DataType::Int64),
        ("reason", DataType::Utf8),
        ("detail", DataType::Utf8),
        ("parser", DataType::Utf8),
        ("raw", DataType::Binary),
    ])
});

static ENVELOPES: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema(&[("source", DataType::Utf8), ("seq", DataType::Int64), ("received", time_type()), ("offset", DataType::Int64), ("raw", DataType::Binary)])
});

fn schema(fields: &[(&str, DataType)]) -> SchemaRef {
    Arc::new(Schema::new(fields.iter().map(|(name, t)| Field::new(*name, t.clone(), true)).collect::<Vec<_>>()))
}

fn delta_type(t: &DataType) -> DeltaType {
    match t {
        DataType::Int64 => DeltaType::LONG,
        DataType::Binary => DeltaType::BINARY,
        DataType::Timestamp(..) => DeltaType::TIMESTAMP,
        DataType::List(inner) => ArrayType::new(delta_type(inner.data_type()), inner.is_nullable()).into(),
        _ => DeltaType::STRING,
    }
}
