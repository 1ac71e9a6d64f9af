//! `muster sql`: one SELECT over the tables of the lake, and nothing else, within limits.
//!
//! Refused are: more than one statement, anything that is not a query (INSERT, COPY, CREATE, SET, EXPLAIN …), tables that
//! are not the lake's, functions that make tables, functions that can make values of any size out of nothing.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use arrow_array::RecordBatch;
use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    error::DataFusionError,
    execution::{
        FunctionRegistry, SessionState, SessionStateBuilder,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::GreedyMemoryPool,
        runtime_env::RuntimeEnvBuilder,
    },
    physical_plan::{ExecutionPlan, coop::CooperativeExec, execute_stream},
    prelude::{DataFrame, SQLOptions, SessionContext},
    sql::{
        parser::{DFParser, Statement},
        sqlparser::ast::{self, Visit, Visitor},
    },
};
use futures::StreamExt;

use crate::{Error, Lake, Result, Table, functions, query, render};

/// Bytes that the text of a query may have.
const TEXT_MAX: usize = 256 * 1024;
/// Rows that any limit may allow; the planner counts in 64 bits with a sign.
const ROWS_MAX: usize = 1 << 40;
/// Scalar functions whose result can be of any size whatever they are given; the memory limit does not see them.
const MAKERS: [&str; 14] = [
    "repeat",
    "lpad",
    "rpad",
    "space",
    "range",
    "generate_series",
    "gen_series",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "uuid",
    "random",
    "version",
];

/// What a query may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlLimits {
    /// Rows that are given back; what is beyond is cut off.
    pub rows: usize,
    /// Seconds that it may run.
    pub seconds: u64,
    /// MiB of memory that its operators may hold, and that its answer may have.
    pub mib: u64,
}

impl Default for SqlLimits {
    fn default() -> SqlLimits {
        SqlLimits { rows: 10_000, seconds: 60, mib: 512 }
    }
}

/// The rows that a query gave.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The rows, in order. There is always one batch at least, so that the columns are known.
    pub batches: Vec<RecordBatch>,
    cut: bool,
}

impl Answer {
    /// Whether there were more rows than the limit.
    pub fn cut(&self) -> bool {
        self.cut
    }

    /// Rows given.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows as JSON objects, columns in order. Times are RFC 3339 in UTC, bytes are text (U+FFFD where not UTF-8).
    pub fn json_rows(&self) -> Result<serde_json::Value> {
        let rows = self.batches.iter().map(render::json_rows).collect::<Result<Vec<_>>>()?;
        Ok(serde_json::Value::Array(rows.into_iter().flatten().collect()))
    }

    /// The rows as a table of text, columns lined up, control characters escaped.
    pub fn table(&self) -> Result<String> {
        render::table(&self.batches)
    }
}

impl Lake {
    /// Runs one SELECT (or WITH … SELECT) over `events`, `links`, `quarantine` and `envelopes`.
    ///
    /// Errors: `Refused` (not such a query), `Invalid` (does not parse, unknown column), `Memory`, `Time`.
    pub fn sql(&self, select: &str, limits: SqlLimits) -> Result<Answer> {
        let statement = only_query(select)?;
        let session = self.sql_session(limits)?;
        let state = session.state();
        refuse_other_tables(&state, &statement)?;
        let (send, receive) = std::sync::mpsc::channel();
        let task = self.runtime.spawn(async move {
            let answer = run(session, state, statement, limits).await;
            let _ = send.send(answer); // nobody waits any more after the time limit
        });
        match receive.recv_timeout(Duration::from_secs(limits.seconds)) {
            Ok(answer) => answer,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                task.abort();
                Err(Error::Time { seconds: limits.seconds })
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(Error::Invalid("the query broke the query engine; please report it".into())),
        }
    }

    /// A session of its own for each query: only the lake's tables, no functions that make tables, limited memory, no spilling.
    fn sql_session(&self, limits: SqlLimits) -> Result<SessionContext> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(bytes(limits))))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()?;
        let mut state = SessionStateBuilder::new().with_default_features().with_config(query::config()).with_runtime_env(runtime).build();
        let made: Vec<String> = state.table_functions().keys().cloned().collect();
        for name in made {
            state.deregister_udtf(&name)?;
        }
        for name in MAKERS {
            state.deregister_udf(name)?;
        }
        let session = SessionContext::new_with_state(state);
        functions::all().into_iter().for_each(|f| session.register_udf(f));
        for (table, provider) in &self.providers {
            session.register_table(table.name(), provider.clone())?;
        }
        Ok(session)
    }
}

fn bytes(limits: SqlLimits) -> usize {
    usize::try_from(limits.mib.saturating_mul(1 << 20)).unwrap_or(usize::MAX)
}

/// Parses the text and takes it only if it is one query.
fn only_query(text: &str) -> Result<Statement> {
    if text.len() > TEXT_MAX {
        return Err(Error::Refused(format!("the query has {} bytes; at most {TEXT_MAX} are read", text.len())));
    }
    let mut statements = DFParser::parse_sql(text).map_err(invalid)?;
    let (Some(statement), None) = (statements.pop_front(), statements.pop_front()) else {
        return Err(Error::Refused("write exactly one SELECT".into()));
    };
    match statement {
        Statement::Statement(mut s) if matches!(s.as_ref(), ast::Statement::Query(_)) => {
            let _ = ast::visit_expressions_mut(&mut s, name_the_user);
            Ok(Statement::Statement(s))
        }
        other => Err(Error::Refused(format!("`{}` is not a SELECT; `muster sql` only reads", first_word(&other.to_string())))),
    }
}

/// `user` without quotes is a function in the standard, the name of who is logged in. Here it is the column.
fn name_the_user(e: &mut ast::Expr) -> ControlFlow<()> {
    let is_user = matches!(e, ast::Expr::Function(f) if f.to_string().eq_ignore_ascii_case("user"));
    if is_user {
        *e = ast::Expr::Identifier(ast::Ident::new("user"));
    }
    ControlFlow::Continue(())
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(20).collect()
}

/// Finds a function that makes a table, wherever it stands in the query.
struct TableFunctions(Option<String>);

impl Visitor for TableFunctions {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &ast::TableFactor) -> ControlFlow<()> {
        match factor {
            ast::TableFactor::Table { args: None, .. } | ast::TableFactor::Derived { .. } | ast::TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            other => {
                self.0 = Some(other.to_string().chars().take(60).collect());
                ControlFlow::Break(())
            }
        }
    }
}

fn refuse_other_tables(state: &SessionState, statement: &Statement) -> Result<()> {
    if let Statement::Statement(s) = statement {
        let mut found = TableFunctions(None);
        let _ = s.visit(&mut found);
        if let Some(what) = found.0 {
            return Err(Error::Refused(format!("`{what}` is not a table of the lake; {}", there_are())));
        }
    }
    for table in state.resolve_table_references(statement).map_err(invalid)? {
        let known = table.schema().is_none() && Table::parse(table.table()).is_some();
        if !known {
            return Err(Error::Refused(format!("`{table}` is not a table of the lake; {}", there_are())));
        }
    }
    Ok(())
}

fn there_are() -> &'static str {
    "there are events, links, quarantine and envelopes"
}

async fn run(session: SessionContext, state: SessionState, statement: Statement, limits: SqlLimits) -> Result<Answer> {
    let plan = state.statement_to_plan(statement).await.map_err(invalid)?;
    let reads_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reads_only.verify_plan(&plan).map_err(|_| Error::Refused("the query would change something; `muster sql` only reads".into()))?;
    let fault = |e| stopped(e, limits);
    let frame = DataFrame::new(session.state(), plan);
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let frame = frame.limit(0, Some(limits.rows.min(ROWS_MAX) + 1)).map_err(fault)?;
    let task = Arc::new(frame.task_ctx());
    let plan = stoppable(frame.create_physical_plan().await.map_err(fault)?).map_err(fault)?;
    let mut stream = execute_stream(plan, task).map_err(fault)?;
    let mut answer = Answer { batches: Vec::new(), cut: false };
    let (mut rows, mut held) = (0, 0);
    while let Some(batch) = stream.next().await {
        let batch = query::plain(&batch.map_err(fault)?)?;
        let fits = batch.num_rows().min(limits.rows.min(ROWS_MAX) - rows);
        answer.cut |= fits < batch.num_rows();
        held += batch.get_array_memory_size();
        if held > bytes(limits) {
            return Err(Error::Memory { mib: limits.mib });
        }
        rows += fits;
        answer.batches.push(batch.slice(0, fits));
    }
    if answer.batches.is_empty() {
        answer.batches.push(query::plain(&RecordBatch::new_empty(schema))?);
    }
    Ok(answer)
}

/// Makes joins give way to other tasks after some batches. DataFusion makes only the leaves do so; a cross join that has
/// read its inputs would run on after the time limit, because nothing in it ever waits.
fn stoppable(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let wrap = |node: Arc<dyn ExecutionPlan>| {
        Ok(if node.children().len() > 1 { Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>) } else { Transformed::no(node) })
    };
    Ok(plan.transform_up(wrap)?.data)
}

fn invalid(e: DataFusionError) -> Error {
    Error::Invalid(first_line(&e.strip_backtrace()))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// What stopped a query, in words that say what to do.
fn stopped(e: DataFusionError, limits: SqlLimits) -> Error {
    match e.find_root() {
        DataFusionError::ResourcesExhausted(_) => Error::Memory { mib: limits.mib },
        DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Execution(_)
        | DataFusionError::ArrowError(..)
        | DataFusionError::NotImplemented(_) => invalid(e),
        _ => Error::from(e),
    }
}
