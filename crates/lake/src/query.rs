//! Questions of the program itself: events by filter, counts, originals, distinct values, groups.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use datafusion::{
    arrow::compute::cast,
    catalog::{TableProvider, empty::EmptyTable},
    execution::{SessionStateBuilder, runtime_env::RuntimeEnvBuilder},
    functions_aggregate::expr_fn::count,
    logical_expr::{Expr, SortExpr, cast as cast_expr, ident, lit},
    prelude::{DataFrame, SessionConfig, SessionContext},
};
use deltalake_core::DeltaTable;
use event::{Column, Columns, Event, Filter, Shape, Time, Words, batch};

use crate::{
    Error, Lake, Result, Table, filter, functions,
    rows::{self, Cells, Quarantined},
    tables::LAST_SEQ,
};

/// Which parts of an event are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// The records' exact bytes. Without them, `Event::raw` and `Event::records` are empty and reading is many times faster.
    pub originals: bool,
}

impl Want {
    /// Columns and originals.
    pub const ALL: Want = Want { originals: true };
    /// Columns only.
    pub const COLUMNS: Want = Want { originals: false };
}

/// A session that can read the tables.
pub(crate) fn session() -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new().build_arc()?;
    let state = SessionStateBuilder::new().with_default_features().with_config(config()).with_runtime_env(runtime).build();
    let session = SessionContext::new_with_state(state);
    functions::all().into_iter().for_each(|f| session.register_udf(f));
    Ok(session)
}

pub(crate) fn config() -> SessionConfig {
    let mut config = SessionConfig::new().with_target_partitions(crate::lake::THREADS).with_information_schema(false);
    let parquet = &mut config.options_mut().execution.parquet;
    parquet.pushdown_filters = true;
    parquet.reorder_filters = true;
    parquet.bloom_filter_on_read = true;
    // Plain text columns are what `event::Columns` reads.
    parquet.schema_force_view_types = false;
    config
}

/// A table as of its last commit. No folder is listed: the files come from the Delta log.
pub(crate) async fn provider(session: &SessionContext, t: &DeltaTable) -> Result<Arc<dyn TableProvider>> {
    let state = session.state();
    t.update_datafusion_session(&state).map_err(|e| Error::Query(Box::new(e.into())))?;
    Ok(t.table_provider().with_session(Arc::new(state)).await?)
}

/// A table that is not there yet, as one without rows.
pub(crate) fn empty(table: Table) -> Arc<dyn TableProvider> {
    Arc::new(EmptyTable::new(table.query_schema()))
}

impl Lake {
    pub(crate) fn frame(&self, table: Table) -> Result<DataFrame> {
        let provider = self.providers.get(&table).ok_or_else(|| Error::Invalid(format!("no table `{}`", table.name())))?;
        Ok(self.session.read_table(provider.clone())?)
    }

    pub(crate) fn collect(&self, frame: DataFrame) -> Result<Vec<RecordBatch>> {
        let batches = self.ask(frame.collect())?;
        batches.iter().map(plain).collect()
    }

    /// The events that a filter is true of, by time, source and seq; the first `limit` of them.
    pub fn events(&self, filter: &Filter, limit: Option<usize>, want: Want) -> Result<Vec<Event>> {
        self.events_by(filter, limit, want, event_order(true))
    }

    /// The last `limit` events that a filter is true of, by time, source and seq.
    pub fn newest(&self, filter: &Filter, limit: usize, want: Want) -> Result<Vec<Event>> {
        let mut events = self.events_by(filter, Some(limit), want, event_order(false))?;
        events.reverse();
        Ok(events)
    }

    fn events_by(&self, filter: &Filter, limit: Option<usize>, want: Want, order: Vec<SortExpr>) -> Result<Vec<Event>> {
        let mut columns: Vec<Expr> = Column::ALL.iter().map(|&c| filter::column(c)).collect();
        if want.originals {
            columns.extend([ident(batch::RECORDS), ident(batch::RAW)]);
        }
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?)?.select(columns)?.sort(order)?.limit(0, limit)?;
        let mut events = Vec::new();
        for batch in self.collect(frame)? {
            events.extend(Columns::of(&batch).rows().map(|row| row.to_event()));
        }
        Ok(events)
    }

    /// How many events a filter is true of.
    pub fn count(&self, filter: &Filter) -> Result<u64> {
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?)?;
        Ok(self.ask(frame.count())? as u64)
    }

    /// The pieces of a source whose numbers are in `first_seq..next_seq`, by number, with their exact bytes: from events,
    /// quarantine and envelopes. A number that is missing was a duplicate, or is not there.
    pub fn originals(&self, source: &str, first_seq: u64, next_seq: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let (first, next) = (lit(first_seq as i64), lit(next_seq as i64));
        let inside = |seq: &u64| (first_seq..next_seq).contains(seq);
        let of_source = || ident("source").eq(lit(source));
        let reached = of_source().and(ident("seq").lt(next.clone())).and(ident(LAST_SEQ).gt_eq(first.clone()));
        let frame = self.frame(Table::Events)?.filter(reached)?.select(vec![ident(batch::RECORDS), ident(batch::RAW)])?;
        let mut found: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        for batch in self.collect(frame)? {
            found.extend(Columns::of(&batch).rows().flat_map(|row| row.originals()).filter(|(seq, _)| inside(seq)));
        }
        for table in [Table::Quarantine, Table::Envelopes] {
            let range = of_source().and(ident("seq").gt_eq(first.clone())).and(ident("seq").lt(next.clone()));
            let frame = self.frame(table)?.filter(range)?.select(vec![ident("seq"), ident("raw")])?;
            for batch in self.collect(frame)? {
                let cells = Cells(&batch);
                let read = |row| Some((cells.int("seq", row)? as u64, cells.bytes("raw", row)?.to_owned()));
                found.extend((0..batch.num_rows()).filter_map(read));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The last `limit` pieces around records that a source gave before a number, in order.
    pub fn around_before(&self, source: &str, seq: u64, limit: usize) -> Result<Vec<Vec<u8>>> {
        let before = ident("source").eq(lit(source)).and(ident("seq").lt(lit(seq as i64)));
        let frame = self.frame(Table::Envelopes)?.filter(before)?.sort(vec![ident("seq").sort(false, false)])?.limit(0, Some(limit))?;
        let mut found = Vec::new();
        for batch in self.collect(frame.select(vec![ident("raw")])?)? {
            let cells = Cells(&batch);
            found.extend((0..batch.num_rows()).filter_map(|row| cells.bytes("raw", row)).map(<[u8]>::to_vec));
        }
        found.reverse();
        Ok(found)
    }

    /// The quarantined records of a source whose numbers are in `first_seq..next_seq`, by number. The host is not kept with them.
    pub fn quarantined_of(&self, source: &str, first_seq: u64, next_seq: u64) -> Result<Vec<Quarantined>> {
        let mut found = Vec::new();
        for batch in self.collect(self.range(Table::Quarantine, source, first_seq, next_seq)?)? {
            found.extend(rows::read_quarantine(&batch)?);
        }
        Ok(found)
    }

    /// The bytes around records of a source whose numbers are in `first_seq..next_seq`, by number.
    pub fn around_of(&self, source: &str, first_seq: u64, next_seq: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut found = Vec::new();
        for batch in self.collect(self.range(Table::Envelopes, source, first_seq, next_seq)?)? {
            let cells = Cells(&batch);
            found.extend((0..batch.num_rows()).filter_map(|row| Some((cells.int("seq", row)? as u64, cells.bytes("raw", row)?.to_owned()))));
        }
        Ok(found)
    }

    /// Rows of a table with one record each, of a run of a source, by number.
    fn range(&self, table: Table, source: &str, first: u64, next: u64) -> Result<DataFrame> {
        let run = ident("source").eq(lit(source)).and(ident("seq").gt_eq(lit(first as i64))).and(ident("seq").lt(lit(next as i64)));
        Ok(self.frame(table)?.filter(run)?.sort(vec![ident("seq").sort(true, true)])?)
    }

    /// The distinct values of a text column, sorted; the first `limit` of them.
    pub fn distinct(&self, column: Column, limit: usize) -> Result<Vec<String>> {
        if !matches!(column.shape(), Shape::Word | Shape::Text) {
            return Ok(Vec::new());
        }
        let c = || filter::column(column);
        let frame =
            self.frame(Table::Events)?.filter(c().is_not_null())?.aggregate(vec![c()], vec![])?.sort(vec![c().sort(true, true)])?.limit(0, Some(limit))?;
        let batches = self.collect(frame)?;
        Ok(batches.iter().flat_map(|b| (0..b.num_rows()).filter_map(|row| Cells(b).text(column.name(), row))).map(str::to_owned).collect())
    }

    /// How many events that a filter is true of have each value of a column, most first; the first `limit` values. Numbers and times
    /// come as text.
    pub fn groups(&self, filter: &Filter, column: Column, limit: usize) -> Result<Vec<(String, u64)>> {
        let c = || filter::column(column);
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?.and(c().is_not_null()))?;
        let order = vec![ident("n").sort(false, false), c().sort(true, true)];
        let frame = frame.aggregate(vec![c()], vec![count(lit(1)).alias("n")])?.sort(order)?.limit(0, Some(limit))?;
        let mut groups = Vec::new();
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            let value = |row| match column.shape() {
                Shape::Word | Shape::Text => cells.text(column.name(), row).map(str::to_owned),
                Shape::Int => cells.int(column.name(), row).map(|n| n.to_string()),
                Shape::Time => cells.int(column.name(), row).map(|n| Time(n).to_string()),
            };
            groups.extend((0..batch.num_rows()).filter_map(|row| Some((value(row)?, cells.int("n", row)? as u64))));
        }
        Ok(groups)
    }

    /// How many events that a filter is true of happened in each span of `step` microseconds, by time; spans without any are left out.
    /// The first `limit` spans.
    pub fn spans(&self, filter: &Filter, step: i64, limit: usize) -> Result<Vec<(Time, u64)>> {
        let micros = cast_expr(filter::column(Column::Time), DataType::Int64);
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?)?.select(vec![(micros / lit(step.max(1))).alias("span")])?;
        let frame = frame.aggregate(vec![ident("span")], vec![count(lit(1)).alias("n")])?.sort(vec![ident("span").sort(true, true)])?.limit(0, Some(limit))?;
        let mut spans = Vec::new();
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            let one = |row| Some((Time(cells.int("span", row)?.saturating_mul(step.max(1))), cells.int("n", row)? as u64));
            spans.extend((0..batch.num_rows()).filter_map(one));
        }
        Ok(spans)
    }

    /// The quarantined records that hold all of these words, as `source#seq`, in order; the first `limit` of them.
    pub fn quarantined(&self, words: &[Words], limit: usize) -> Result<Vec<String>> {
        let holds = words.iter().map(|w| filter::original("raw", w)).reduce(Expr::and).unwrap_or_else(|| lit(true));
        let order = ["source", "seq"].map(|c| ident(c).sort(true, true)).to_vec();
        let frame = self.frame(Table::Quarantine)?.filter(holds)?.select(vec![ident("source"), ident("seq")])?.sort(order)?.limit(0, Some(limit))?;
        let mut found = Vec::new();
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            let id = |row| Some(format!("{}#{}", cells.text("source", row)?, cells.int("seq", row)?));
            found.extend((0..batch.num_rows()).filter_map(id));
        }
        Ok(found)
    }
}

fn event_order(oldest_first: bool) -> Vec<SortExpr> {
    [Column::Time, Column::Source, Column::Seq].map(|c| filter::column(c).sort(oldest_first, oldest_first)).to_vec()
}

/// The same rows with text as plain `Utf8` and bytes as plain `Binary`, whatever the plan made of them.
pub(crate) fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let to = plain_type(column.data_type());
        columns.push(if &to == column.data_type() { column.clone() } else { cast(column, &to).map_err(|e| Error::Query(Box::new(e.into())))? });
        fields.push(Field::new(field.name(), to, true));
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).map_err(|e| Error::Query(Box::new(e.into())))
}

fn plain_type(t: &DataType) -> DataType {
    match t {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, values) => plain_type(values),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_the_same_columns_before_and_after_it_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let lake = Lake::open(dir.path()).unwrap();
        for table in Table::ALL {
            let (before, after) = (empty(table).schema(), lake.providers[&table].schema());
            let types = |s: &Schema| s.fields().iter().map(|f| (f.name().clone(), f.data_type().clone(), f.is_nullable())).collect::<Vec<_>>();
            assert_eq!(types(&before), types(&after), "{}", table.name());
        }
    }
}
