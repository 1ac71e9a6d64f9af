//! A commit: files first, then one Delta commit a table, then the head. Each step is durable before the next one.

use std::{path::Path, sync::Arc};

use deltalake_core::{
    DeltaTable, DeltaTableBuilder, ensure_table_uri,
    kernel::{
        Action, Transaction,
        transaction::{CommitBuilder, CommitProperties},
    },
    operations::create::CreateBuilder,
    protocol::{DeltaOperation, SaveMode},
};
use serde_json::{Value, json};

use crate::{
    Error, Result, Table,
    durable::{Durable, make_dir},
    log::{APP, NOTE, NUMBER},
    replace::Turn,
};

/// A checkpoint is made after so many commits; opening reads at most so many log files.
const CHECKPOINT_COMMITS: &str = "50";

/// Opens a table of the lake, and makes it if it is not there.
pub(crate) async fn open(dir: &Path, table: Table) -> Result<DeltaTable> {
    let folder = dir.join(table.name());
    make_dir(&folder).map_err(Error::io("making", &folder))?;
    let builder = builder(&folder, table)?;
    if crate::log::exists(dir, table)? {
        return builder.load().await.map_err(Error::delta("opening", table));
    }
    let empty = builder.build().map_err(Error::delta("opening", table))?;
    create(&empty, table).await.map_err(Error::delta("making", table))
}

/// Opens a table that is there, as it was at a version. Writes nothing.
pub(crate) async fn open_at(dir: &Path, table: Table, version: u64) -> Result<DeltaTable> {
    builder(&dir.join(table.name()), table)?.with_version(version).load().await.map_err(Error::delta("opening", table))
}

fn builder(folder: &Path, table: Table) -> Result<DeltaTableBuilder> {
    let folder = folder.canonicalize().map_err(Error::io("opening", folder))?;
    let url = ensure_table_uri(folder.to_string_lossy()).map_err(Error::delta("opening", table))?;
    let builder = DeltaTableBuilder::from_url(url.clone()).map_err(Error::delta("opening", table))?;
    Ok(builder.with_storage_backend(Arc::new(Durable::new()), url))
}

async fn create(empty: &DeltaTable, table: Table) -> Result<DeltaTable, deltalake_core::DeltaTableError> {
    let settings = [
        ("delta.dataSkippingStatsColumns", table.skipping().join(",")),
        ("delta.checkpointInterval", CHECKPOINT_COMMITS.to_owned()),
        // The log is the record of what was committed when; cleaning it is a decision of retention, not of a commit.
        ("delta.enableExpiredLogCleanup", "false".to_owned()),
    ];
    CreateBuilder::new()
        .with_log_store(empty.log_store())
        .with_table_name(table.name())
        .with_columns(table.delta_schema())
        .with_partition_columns(table.partitions().iter().copied())
        .with_configuration(settings.map(|(k, v)| (k, Some(v))))
        .await
}

/// Changes the files of a table and moves it to a commit number, in one Delta commit.
pub(crate) async fn commit(t: &mut DeltaTable, table: Table, number: u64, note: &str, turn: Turn) -> Result<()> {
    let fault = || Error::delta("committing to", table);
    let marks = [(NUMBER.to_owned(), json!(number)), (NOTE.to_owned(), Value::from(note))];
    let properties = CommitProperties::default()
        .with_metadata(marks)
        .with_application_transaction(Transaction::new(APP, number as i64))
        .with_cleanup_expired_logs(Some(false));
    let appends =
        DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(table.partitions().iter().map(|p| (*p).to_owned()).collect()), predicate: None };
    let operation = if turn.removes.is_empty() { appends } else { DeltaOperation::Update { predicate: None } };
    let actions = turn.removes.into_iter().map(Action::Remove).chain(turn.adds.into_iter().map(Action::Add)).collect();
    let snapshot = t.snapshot().map_err(fault())?;
    let done = CommitBuilder::from(properties).with_actions(actions).build(Some(snapshot), t.log_store(), operation).await;
    let refreshed = t.update_state().await; // also after a failure: the commit itself may have been made
    done.map_err(fault())?;
    refreshed.map_err(fault())
}
