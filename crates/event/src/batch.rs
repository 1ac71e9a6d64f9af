//! Events as columns: the Arrow schema, the builders that parsers fill without allocating per event, and rows read back.

use std::sync::{Arc, LazyLock};

use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    builder::{BinaryBuilder, Int64Builder, ListBuilder, StringBuilder, StringDictionaryBuilder, TimestampMicrosecondBuilder},
    cast::AsArray,
    types::Int32Type,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::{Attr, Class, Column, Fields, Mark, Shape, Sink, Time, event::filed_time, event::join_marks, sink::Origin};

/// Rows that a batch should have before it is taken: large enough to pay for itself, small enough to stay in the cache.
pub const BATCH_ROWS: usize = 16_384;

/// Name of the column with the numbers of an event's records.
pub const RECORDS: &str = "records";
/// Name of the column with their exact bytes.
pub const RAW: &str = "raw";

/// The schema of a batch: every `Column`, then `records` and `raw` (lists of equal length).
pub static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields: Vec<Field> = Column::ALL.iter().map(|&c| Field::new(c.name(), arrow_type(c.shape()), c != Column::Time)).collect();
    fields.push(Field::new(RECORDS, DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true))), false));
    fields.push(Field::new(RAW, DataType::List(Arc::new(Field::new_list_field(DataType::Binary, true))), false));
    Arc::new(Schema::new(fields))
});

fn arrow_type(shape: Shape) -> DataType {
    match shape {
        Shape::Word => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        Shape::Text => DataType::Utf8,
        Shape::Int => DataType::Int64,
        Shape::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

enum Builder {
    Word(StringDictionaryBuilder<Int32Type>),
    Text(StringBuilder),
    Int(Int64Builder),
    Time(TimestampMicrosecondBuilder),
}

/// Where the value of the event being made lies: a range of the arena, or a number.
#[derive(Clone, Copy, Debug)]
enum Staged {
    Nothing,
    Text(usize, usize),
    Int(i64),
}

/// A sink that appends to reused Arrow builders.
pub struct Batch {
    origin: Arc<Origin>,
    builders: Vec<Builder>,
    records: ListBuilder<Int64Builder>,
    raw: ListBuilder<BinaryBuilder>,
    staged: Vec<Staged>,
    arena: String,
    now_records: Vec<(u64, usize, usize)>,
    now_raw: Vec<u8>,
    marks: Vec<Mark>,
    open: bool,
    rows: usize,
    bytes: usize,
}

impl Batch {
    /// An empty batch for records of one origin.
    pub fn new(origin: Origin) -> Batch {
        let builder = |c: &Column| match c.shape() {
            Shape::Word => Builder::Word(StringDictionaryBuilder::new()),
            Shape::Text => Builder::Text(StringBuilder::new()),
            Shape::Int => Builder::Int(Int64Builder::new()),
            Shape::Time => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        };
        Batch {
            origin: Arc::new(origin),
            builders: Column::ALL.iter().map(builder).collect(),
            records: ListBuilder::new(Int64Builder::new()),
            raw: ListBuilder::new(BinaryBuilder::new()),
            staged: vec![Staged::Nothing; Column::COUNT],
            arena: String::new(),
            now_records: Vec::new(),
            now_raw: Vec::new(),
            marks: Vec::new(),
            open: false,
            rows: 0,
            bytes: 0,
        }
    }

    /// Changes the origin for the events that follow.
    pub fn set_origin(&mut self, origin: Origin) {
        self.origin = Arc::new(origin);
    }

    /// Events ended so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of originals held so far.
    pub fn raw_bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the rows out as one Arrow batch of `SCHEMA` and starts anew, keeping the buffers' types.
    pub fn take(&mut self) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(Column::COUNT + 2);
        for b in &mut self.builders {
            arrays.push(match b {
                Builder::Word(b) => Arc::new(b.finish()),
                Builder::Text(b) => Arc::new(b.finish()),
                Builder::Int(b) => Arc::new(b.finish()),
                Builder::Time(b) => Arc::new(b.finish()),
            });
        }
        arrays.push(Arc::new(self.records.finish()));
        arrays.push(Arc::new(self.raw.finish()));
        self.rows = 0;
        self.bytes = 0;
        RecordBatch::try_new(SCHEMA.clone(), arrays)
    }

    fn stage(&mut self, column: Column, staged: Staged) {
        if let Some(slot) = self.staged.get_mut(column as usize) {
            *slot = staged;
        }
    }

    fn clear(&mut self) {
        self.staged.fill(Staged::Nothing);
        self.arena.clear();
        self.now_records.clear();
        self.now_raw.clear();
        self.marks.clear();
        self.open = false;
    }

    fn flush_row(&mut self) {
        for (builder, staged) in self.builders.iter_mut().zip(&self.staged) {
            let text = match staged {
                Staged::Text(from, to) => self.arena.get(*from..*to),
                _ => None,
            };
            let int = if let Staged::Int(n) = staged { Some(*n) } else { None };
            match builder {
                Builder::Word(b) => b.append_option(text),
                Builder::Text(b) => b.append_option(text),
                Builder::Int(b) => b.append_option(int),
                Builder::Time(b) => b.append_option(int),
            }
        }
        for &(seq, from, to) in &self.now_records {
            self.records.values().append_value(seq as i64);
            self.raw.values().append_value(self.now_raw.get(from..to).unwrap_or_default());
        }
        self.records.append(true);
        self.raw.append(true);
    }
}

impl Sink for Batch {
    fn begin(&mut self, class: Class, activity: u8, time: Time) {
        self.clear();
        self.open = true;
        let (filed, mark) = filed_time(time, self.origin.received);
        self.marks.extend(mark);
        let origin = Arc::clone(&self.origin);
        self.key(Column::Source, &origin.source);
        self.key(Column::Format, &origin.format);
        self.key(Column::Facet, origin.facet.name());
        if let Some(host) = &origin.host {
            self.key(Column::Host, host);
        }
        self.stage(Column::Time, Staged::Int(filed.0));
        self.stage(Column::Received, Staged::Int(self.origin.received.0));
        self.stage(Column::ClassUid, Staged::Int(class.uid.into()));
        self.stage(Column::ActivityId, Staged::Int(activity.into()));
        self.stage(Column::SeverityId, Staged::Int(1));
    }

    fn text(&mut self, attr: Attr, value: &str) {
        if let (Some(c), false) = (attr.column, value.is_empty()) {
            self.key(c, value);
        }
    }

    fn int(&mut self, attr: Attr, value: i64) {
        if let Some(c) = attr.column {
            self.key_int(c, value);
        }
    }

    fn flag(&mut self, _: Attr, _: bool) {}

    fn item(&mut self, _: Attr) {}

    fn key(&mut self, column: Column, value: &str) {
        match column.shape() {
            Shape::Word | Shape::Text if value.is_empty() => self.stage(column, Staged::Nothing),
            Shape::Word | Shape::Text => {
                let from = self.arena.len();
                self.arena.push_str(value);
                self.stage(column, Staged::Text(from, self.arena.len()));
            }
            Shape::Int | Shape::Time => {}
        }
    }

    fn key_int(&mut self, column: Column, value: i64) {
        if matches!(column.shape(), Shape::Int | Shape::Time) {
            self.stage(column, Staged::Int(value));
        }
    }

    fn other(&mut self, _: &str, _: &str) {}

    fn other_json(&mut self, _: &str, _: &str) {}

    fn mark(&mut self, mark: Mark) {
        if !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
    }

    fn record(&mut self, seq: u64, bytes: &[u8]) {
        let from = self.now_raw.len();
        self.now_raw.extend_from_slice(bytes);
        self.now_records.push((seq, from, self.now_raw.len()));
    }

    fn end(&mut self) {
        if !self.open {
            return;
        }
        if let Some(&(seq, ..)) = self.now_records.first() {
            self.stage(Column::Seq, Staged::Int(seq as i64));
        }
        if !self.marks.is_empty() {
            let joined = join_marks(&self.marks);
            self.key(Column::Marks, &joined);
        }
        self.flush_row();
        self.rows += 1;
        self.bytes += self.now_raw.len();
        self.clear();
    }

    fn abandon(&mut self) {
        self.clear();
    }

    fn wants_object(&self) -> bool {
        false
    }
}

/// How many records the events of a batch were made from.
pub fn record_count(batch: &RecordBatch) -> usize {
    batch.column_by_name(RECORDS).and_then(|a| a.as_list_opt::<i32>()).map_or(0, |l| l.values().len())
}

/// A row of an Arrow batch that has (some of) the columns of `SCHEMA`; text may be plain or a dictionary.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    columns: &'a Columns<'a>,
    row: usize,
}

/// The columns of a batch, found once.
#[derive(Debug)]
pub struct Columns<'a> {
    cells: Vec<Held<'a>>,
    records: Option<&'a ListArray>,
    raw: Option<&'a ListArray>,
    rows: usize,
}

#[derive(Debug)]
enum Held<'a> {
    Nothing,
    Text(&'a StringArray),
    Word(&'a DictionaryArray<Int32Type>, &'a StringArray),
    Int(&'a Int64Array),
    Time(&'a TimestampMicrosecondArray),
}

impl<'a> Columns<'a> {
    /// Finds the columns of a batch by name. Columns that are missing or of another type read as empty.
    pub fn of(batch: &'a RecordBatch) -> Columns<'a> {
        let list = |name| batch.column_by_name(name).and_then(|a| a.as_list_opt::<i32>());
        Columns {
            cells: Column::ALL.iter().map(|c| batch.column_by_name(c.name()).map_or(Held::Nothing, held)).collect(),
            records: list(RECORDS),
            raw: list(RAW),
            rows: batch.num_rows(),
        }
    }

    /// The rows in order.
    pub fn rows(&'a self) -> impl Iterator<Item = RowView<'a>> {
        (0..self.rows).map(move |row| RowView { columns: self, row })
    }
}

fn held(array: &ArrayRef) -> Held<'_> {
    if let Some(a) = array.as_string_opt::<i32>() {
        Held::Text(a)
    } else if let Some(d) = array.as_dictionary_opt::<Int32Type>() {
        d.values().as_string_opt::<i32>().map_or(Held::Nothing, |v| Held::Word(d, v))
    } else if let Some(a) = array.as_any().downcast_ref() {
        Held::Int(a)
    } else {
        array.as_any().downcast_ref().map_or(Held::Nothing, Held::Time)
    }
}

impl RowView<'_> {
    /// The records' numbers and bytes, if the batch has them.
    pub fn originals(&self) -> Vec<(u64, Vec<u8>)> {
        let at = |list: Option<&ListArray>| list.map(|l| l.value(self.row));
        let (Some(seqs), Some(raws)) = (at(self.columns.records), at(self.columns.raw)) else { return Vec::new() };
        let seqs = seqs.as_any().downcast_ref::<Int64Array>().map(|a| a.iter().flatten().collect::<Vec<_>>()).unwrap_or_default();
        let raws: Vec<Vec<u8>> = raws.as_binary_opt::<i32>().map(|a| a.iter().map(|b| b.unwrap_or_default().to_owned()).collect()).unwrap_or_default();
        seqs.into_iter().map(|s| s as u64).zip(raws).collect()
    }

    /// An owned event with the row's columns and originals, and no OCSF object.
    pub fn to_event(&self) -> crate::Event {
        use crate::event::Cell;
        let mut event = crate::Event::empty();
        for &c in Column::ALL {
            if let Some(t) = self.text(c) {
                event.set(c, Cell::Text(t.to_owned()));
            } else if let Some(n) = self.int(c) {
                event.set(c, Cell::Int(n));
            }
        }
        (event.records, event.raw) = self.originals().into_iter().unzip();
        event
    }
}

impl Fields for RowView<'_> {
    fn text(&self, column: Column) -> Option<&str> {
        match self.columns.cells.get(column as usize)? {
            Held::Text(a) => a.is_valid(self.row).then(|| a.value(self.row)),
            Held::Word(d, values) => d.key(self.row).map(|k| values.value(k)),
            _ => None,
        }
        .filter(|t| !t.is_empty())
    }
    fn any_original(&self, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let Some(list) = self.columns.raw.filter(|l| l.is_valid(self.row)) else { return false };
        let held = list.value(self.row);
        held.as_binary_opt::<i32>().is_some_and(|a| a.iter().flatten().any(&mut *test))
    }
    fn int(&self, column: Column) -> Option<i64> {
        match self.columns.cells.get(column as usize)? {
            Held::Int(a) => a.is_valid(self.row).then(|| a.value(self.row)),
            Held::Time(a) => a.is_valid(self.row).then(|| a.value(self.row)),
            _ => None,
        }
    }
}
