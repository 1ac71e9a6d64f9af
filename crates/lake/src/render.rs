//! Rows of an answer as JSON and as text.

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type},
};
use arrow_schema::DataType;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use event::{Time, text::harmless};
use serde_json::{Map, Value};

use crate::{Error, Result, query};

/// Characters of a cell that are shown in a table of text.
const CELL_MAX: usize = 120;

/// The rows of a batch as JSON objects, columns in order.
pub fn json_rows(batch: &RecordBatch) -> Result<Vec<Value>> {
    let batch = query::plain(batch)?;
    let schema = batch.schema();
    let row = |row| {
        let cells = schema.fields().iter().zip(batch.columns()).map(|(f, c)| Ok((f.name().clone(), json_value(c, row)?)));
        Ok(Value::Object(cells.collect::<Result<Map<_, _>>>()?))
    };
    (0..batch.num_rows()).map(row).collect()
}

fn json_value(column: &ArrayRef, row: usize) -> Result<Value> {
    if row >= column.len() || column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Binary => String::from_utf8_lossy(column.as_binary::<i32>().value(row)).into(),
        DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, _) => Time(column.as_primitive::<TimestampMicrosecondType>().value(row)).to_string().into(),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            Value::Array((0..items.len()).map(|i| json_value(&items, i)).collect::<Result<_>>()?)
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => {
            display(column, row)?.parse::<i64>().map_or(Value::Null, Value::from)
        }
        _ => display(column, row)?.into(),
    })
}

fn display(column: &ArrayRef, row: usize) -> Result<String> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).map_err(|e| Error::Query(Box::new(e.into())))?;
    Ok(formatter.value(row).to_string())
}

/// The rows of a batch as text, a cell each; null is empty, what would move the cursor is escaped.
pub fn cells(batch: &RecordBatch) -> Result<Vec<Vec<String>>> {
    let text = |v: Value| match v {
        Value::Null => String::new(),
        Value::String(t) => t,
        other => other.to_string(),
    };
    let rows = json_rows(batch)?;
    Ok(rows
        .into_iter()
        .map(|row| match row {
            Value::Object(map) => map.into_iter().map(|(_, v)| harmless(&text(v))).collect(),
            _ => Vec::new(),
        })
        .collect())
}

/// Batches of one schema as a table: names, a rule, rows; columns two spaces apart, long cells cut.
pub fn table(batches: &[RecordBatch]) -> Result<String> {
    let Some(first) = batches.first() else { return Ok(String::new()) };
    let names: Vec<String> = first.schema().fields().iter().map(|f| f.name().clone()).collect();
    let mut rows = vec![names.clone(), Vec::new()];
    for batch in batches {
        rows.extend(cells(batch)?.into_iter().map(|row| row.into_iter().map(cut).collect()));
    }
    let width = |n: usize| rows.iter().filter_map(|r: &Vec<String>| r.get(n)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    if let Some(rule) = rows.get_mut(1) {
        *rule = widths.iter().map(|w| "-".repeat(*w)).collect();
    }
    let lines = rows.iter().map(|row| {
        let padded: Vec<String> = row.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        padded.join("  ").trim_end().to_owned()
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn cut(cell: String) -> String {
    if cell.chars().count() <= CELL_MAX { cell } else { cell.chars().take(CELL_MAX - 1).chain(['…']).collect() }
}
