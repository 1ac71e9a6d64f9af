//! What can go wrong in the lake, worded for the person who has to act on it.

use std::path::Path;

use datafusion::error::DataFusionError;
use deltalake_core::DeltaTableError;

/// The result of an act on the lake.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the lake could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{act} {path}")]
    Io {
        /// What was tried, as `writing`.
        act: &'static str,
        /// On which file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The Delta log of a table could not be read or extended.
    #[error("{act} table `{table}`")]
    Delta {
        /// What was tried.
        act: &'static str,
        /// The table.
        table: &'static str,
        /// What Delta said.
        source: Box<DeltaTableError>,
    },
    /// Columns could not be put together.
    #[error("arranging columns of table `{table}`")]
    Arrow {
        /// The table.
        table: &'static str,
        /// What Arrow said.
        source: arrow_schema::ArrowError,
    },
    /// A Parquet file could not be written.
    #[error("writing Parquet file {path}")]
    Parquet {
        /// The file.
        path: String,
        /// What the writer said.
        source: parquet::errors::ParquetError,
    },
    /// A question could not be answered.
    #[error("asking the tables")]
    Query(#[source] Box<DataFusionError>),
    /// A commit that is not the newest one is damaged; the table cannot be read past it.
    #[error(
        "table `{table}`: commit file {path} is damaged ({fault}) and newer ones follow it; restore the file from a copy, or move the lake folder away and ingest again"
    )]
    Damaged {
        /// The table.
        table: &'static str,
        /// The commit file.
        path: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The tables have reached different commits and this one would skip what some of them still lack.
    #[error("tables have reached different commits ({min} to {max}): replay what came after {min} as commit {max} before commit {asked}")]
    Uneven {
        /// What the table that is behind has reached.
        min: u64,
        /// What the table that is ahead has reached.
        max: u64,
        /// The number asked for.
        asked: u64,
    },
    /// Rows came with a commit number that is behind what the tables have, so that they would be lost.
    #[error("commit {asked} comes with rows, but the tables have reached {max}: give new rows number {next}, or the rows of {max} again", next = max + 1)]
    Past {
        /// The number asked for.
        asked: u64,
        /// What the foremost table has reached.
        max: u64,
    },
    /// The lake was opened with `Lake::open_to_read`.
    #[error("not committed: the tables were opened to read")]
    ReadOnly,
    /// More links than are held in memory at once.
    #[error("more than {limit} links touch these entities; narrow the time window, or ask about fewer entities")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// A filter is nested deeper than the limit.
    #[error("the question is nested deeper than {max} levels; write it flatter")]
    Depth {
        /// The limit.
        max: usize,
    },
    /// The text given to `muster sql` is not something that it runs.
    #[error("not run: {0}")]
    Refused(String),
    /// The query does not parse or names something that is not there.
    #[error("the query is not valid: {0}")]
    Invalid(String),
    /// The query needed more memory than it may have.
    #[error("stopped: the query needs more than {mib} MiB of memory; narrow it (a time window, fewer columns, no `raw`) or raise the limit")]
    Memory {
        /// The limit.
        mib: u64,
    },
    /// The query ran longer than it may.
    #[error("stopped: the query ran longer than {seconds} s; narrow it (a time window, a LIMIT) or raise the limit")]
    Time {
        /// The limit.
        seconds: u64,
    },
}

impl Error {
    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.display().to_string();
        move |source| Error::Io { act, path, source }
    }

    pub(crate) fn delta(act: &'static str, table: crate::Table) -> impl FnOnce(DeltaTableError) -> Error {
        move |source| Error::Delta { act, table: table.name(), source: Box::new(source) }
    }

    pub(crate) fn arrow(table: crate::Table) -> impl FnOnce(arrow_schema::ArrowError) -> Error {
        move |source| Error::Arrow { table: table.name(), source }
    }

    pub(crate) fn parquet(path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> Error {
        let path = path.display().to_string();
        move |source| Error::Parquet { path, source }
    }
}

impl From<DataFusionError> for Error {
    fn from(e: DataFusionError) -> Error {
        Error::Query(Box::new(e))
    }
}
