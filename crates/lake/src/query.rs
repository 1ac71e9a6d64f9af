//! Questions of the program itself: events by filter, counts, links, originals, sources, distinct values, a histogram.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use datafusion::{
    arrow::compute::cast,
    catalog::TableProvider,
    execution::{SessionStateBuilder, runtime_env::RuntimeEnvBuilder},
    functions_aggregate::expr_fn::{count, max, min, sum},
    logical_expr::{Expr, SortExpr, ident, lit},
    prelude::{DataFrame, SessionConfig, SessionContext},
};
use deltalake_core::DeltaTable;
use event::{Column, Columns, Entity, Event, Facet, Filter, Link, Shape, Time, Window, batch};

use crate::{
    Error, Lake, Result, Table, filter, functions,
    rows::{self, Cells},
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

/// What the tables hold of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSeen {
    /// Source name.
    pub source: String,
    /// Format name.
    pub format: String,
    /// Facet; `None` for a name that this version of muster does not know.
    pub facet: Option<Facet>,
    /// Events.
    pub events: u64,
    /// Records that are in quarantine.
    pub quarantined: u64,
    /// Time of the first event.
    pub first: Option<Time>,
    /// Time of the last event.
    pub last: Option<Time>,
    /// When the last event was received.
    pub received: Option<Time>,
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

impl Lake {
    pub(crate) fn frame(&self, table: Table) -> Result<DataFrame> {
        let provider = self.providers.get(&table).ok_or_else(|| Error::Invalid(format!("no table `{}`", table.name())))?;
        Ok(self.session.read_table(provider.clone())?)
    }

    fn collect(&self, frame: DataFrame) -> Result<Vec<RecordBatch>> {
        let batches = self.ask(frame.collect())?;
        batches.iter().map(plain).collect()
    }

    /// The events that a filter is true of, by time, source and seq; the first `limit` of them.
    pub fn events(&self, filter: &Filter, limit: Option<usize>, want: Want) -> Result<Vec<Event>> {
        let mut columns: Vec<Expr> = Column::ALL.iter().map(|&c| filter::column(c)).collect();
        if want.originals {
            columns.extend([ident(batch::RECORDS), ident(batch::RAW)]);
        }
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?)?.select(columns)?.sort(event_order())?.limit(0, limit)?;
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

    /// The links that have one of these entities at either end or between, and whose days reach into the window.
    /// Links of one day that came in several commits are one. By first time.
    pub fn links(&self, touching: &[Entity], window: Window) -> Result<Vec<Link>> {
        if touching.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<Expr> = touching.iter().map(|e| lit(e.to_string())).collect();
        let any = ["from_entity", "to_entity", "via_entity"].map(|c| ident(c).in_list(texts.clone(), false));
        let any = any.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false));
        let since = window.since.map_or(lit(true), |t| ident("last_time").gt_eq(Expr::Literal(filter::time_value(t.0), None)));
        let until = window.until.map_or(lit(true), |t| ident("first_time").lt(Expr::Literal(filter::time_value(t.0), None)));
        let frame = self.frame(Table::Links)?.filter(any.and(since).and(until))?;
        Ok(one_a_day(self.collect(frame)?.iter().flat_map(rows::read_links)))
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

    /// Every source that the tables know, by name.
    pub fn sources(&self) -> Result<Vec<SourceSeen>> {
        let keys = || vec![ident("source"), ident("format"), ident("facet")];
        let mut seen: BTreeMap<String, SourceSeen> = BTreeMap::new();
        let measures =
            vec![count(lit(1)).alias("n"), min(ident("time")).alias("first"), max(ident("time")).alias("last"), max(ident("received")).alias("came")];
        let frame = self.frame(Table::Events)?.aggregate(keys(), measures)?;
        self.add_sources(frame, &mut seen, |s, n| s.events += n)?;
        let frame = self.frame(Table::Quarantine)?.aggregate(keys(), vec![count(lit(1)).alias("n")])?;
        self.add_sources(frame, &mut seen, |s, n| s.quarantined += n)?;
        Ok(seen.into_values().collect())
    }

    fn add_sources(&self, frame: DataFrame, seen: &mut BTreeMap<String, SourceSeen>, add: fn(&mut SourceSeen, u64)) -> Result<()> {
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            for row in 0..batch.num_rows() {
                let text = |name| cells.text(name, row).unwrap_or_default().to_owned();
                let time = |name| cells.int(name, row).map(Time);
                let s = seen.entry(text("source")).or_insert_with(|| SourceSeen {
                    source: text("source"),
                    format: text("format"),
                    facet: Facet::parse(&text("facet")),
                    events: 0,
                    quarantined: 0,
                    first: None,
                    last: None,
                    received: None,
                });
                add(s, cells.int("n", row).unwrap_or(0) as u64);
                s.first = s.first.into_iter().chain(time("first")).min();
                s.last = s.last.into_iter().chain(time("last")).max();
                s.received = s.received.into_iter().chain(time("came")).max();
            }
        }
        Ok(())
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

    /// How many events that a filter is true of have each value of a text column, most first; the first `limit` values.
    pub fn groups(&self, filter: &Filter, column: Column, limit: usize) -> Result<Vec<(String, u64)>> {
        if !matches!(column.shape(), Shape::Word | Shape::Text) {
            return Ok(Vec::new());
        }
        let c = || filter::column(column);
        let order = vec![ident("n").sort(false, false), c().sort(true, true)];
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?.and(c().is_not_null()))?;
        let frame = frame.aggregate(vec![c()], vec![count(lit(1)).alias("n")])?.sort(order)?.limit(0, Some(limit))?;
        let mut groups = Vec::new();
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            groups.extend((0..batch.num_rows()).filter_map(|row| Some((cells.text(column.name(), row)?.to_owned(), cells.int("n", row)? as u64))));
        }
        Ok(groups)
    }

    /// How many events that a filter is true of fall into each span of `step_us` microseconds, by the start of the span.
    /// Spans without events are left out. `step_us` below 1 counts as 1.
    pub fn histogram(&self, filter: &Filter, step_us: i64) -> Result<Vec<(Time, u64)>> {
        let step = step_us.max(1);
        let micros = datafusion::logical_expr::cast(filter::column(Column::Time), DataType::Int64);
        // Times before 1970 are filed under the time received (event::Time::plausible), so division rounds down.
        let slot = (micros / lit(step)).alias("slot");
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?)?.select(vec![slot])?;
        let frame = frame.aggregate(vec![ident("slot")], vec![count(lit(1)).alias("n")])?.sort(vec![ident("slot").sort(true, true)])?;
        let mut spans = Vec::new();
        for batch in self.collect(frame)? {
            let cells = Cells(&batch);
            spans.extend((0..batch.num_rows()).filter_map(|row| Some((Time(cells.int("slot", row)?.saturating_mul(step)), cells.int("n", row)? as u64))));
        }
        Ok(spans)
    }

    /// How many bytes went out in the events that a filter is true of, as far as the logs say.
    pub fn bytes_out(&self, filter: &Filter) -> Result<u64> {
        let frame = self.frame(Table::Events)?.filter(filter::to_expr(filter)?)?;
        let frame = frame.aggregate(vec![], vec![sum(filter::column(Column::BytesOut)).alias("n")])?;
        Ok(self.collect(frame)?.first().and_then(|b| Cells(b).int("n", 0)).unwrap_or(0) as u64)
    }
}

fn event_order() -> Vec<SortExpr> {
    [Column::Time, Column::Source, Column::Seq].map(|c| filter::column(c).sort(true, true)).to_vec()
}

/// Links of the same ends, relation and tie on the same day become one.
fn one_a_day(links: impl Iterator<Item = Link>) -> Vec<Link> {
    let mut merged: BTreeMap<(Entity, event::Relation, Entity, Option<Entity>, String), Link> = BTreeMap::new();
    for link in links {
        let key = (link.from.clone(), link.relation, link.to.clone(), link.via.clone(), link.first.day());
        match merged.get_mut(&key) {
            None => drop(merged.insert(key, link)),
            Some(have) => {
                if (link.first, &link.event) < (have.first, &have.event) {
                    (have.first, have.event) = (link.first, link.event);
                }
                have.last = have.last.max(link.last);
                have.count += link.count;
            }
        }
    }
    let mut links: Vec<Link> = merged.into_values().collect();
    links.sort_by(|a, b| (a.first, &a.event).cmp(&(b.first, &b.event)));
    links
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
