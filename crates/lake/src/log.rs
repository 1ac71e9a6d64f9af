//! The Delta log as files: which commit is the newest whole one, which number a table has reached, and what has to be
//! set aside after a power cut before the library may read it.
//!
//! A commit is written by `commit.rs` through `durable.rs`, so a torn one should not happen; disks that lie about
//! syncing make it happen all the same. Setting the newest commit aside is safe as long as the journal still holds what
//! was in it; `Position` tells the number that the table then has, and the caller replays.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Result, Table,
    durable::{make_dir, replace, sync_dir},
};

/// The name under which commit numbers stand in the Delta log (`txn.appId`).
pub(crate) const APP: &str = "muster";
/// Key of a commit's note in its `commitInfo`.
pub(crate) const NOTE: &str = "note";
/// Key of a commit's number in its `commitInfo`; where it stands, a `txn` action must follow.
pub(crate) const NUMBER: &str = "number";
/// Most commits that are read backwards to find the newest one of muster's own.
const BACKWARD_MAX: usize = 100_000;

/// Which commit each table has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Each table.
    pub tables: Vec<TablePosition>,
}

/// Which commit one table has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePosition {
    /// The table.
    pub table: Table,
    /// The number of its last commit; 0 before the first one.
    pub number: u64,
    /// The note of that commit.
    pub note: Option<String>,
    /// Version of the Delta table.
    pub version: u64,
}

impl TablePosition {
    pub(crate) fn before_the_first(table: Table) -> TablePosition {
        TablePosition { table, number: 0, note: None, version: 0 }
    }
}

impl Position {
    /// The number that every table has reached: replay what comes after it.
    pub fn min(&self) -> u64 {
        self.tables.iter().map(|t| t.number).min().unwrap_or(0)
    }

    /// The number that some table has reached. If it is more than `min`, the next commit must have exactly this one.
    pub fn max(&self) -> u64 {
        self.tables.iter().map(|t| t.number).max().unwrap_or(0)
    }

    /// The note of commit `max`, the newest that any table has; nothing before the first one. The note of a table that is
    /// behind stands in `tables`.
    pub fn note(&self) -> Option<&str> {
        let max = self.max();
        self.tables.iter().find(|t| t.number == max).and_then(|t| t.note.as_deref())
    }
}

/// Why a commit is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The file is empty, cut or overwritten; the text says where.
    Torn(String),
    /// The file is not there although the head says that it was made durable.
    Missing,
}

/// A newest commit that was found unusable on opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The table.
    pub table: Table,
    /// The version in the Delta log.
    pub version: u64,
    /// What was wrong.
    pub why: Why,
    /// Whether the head says that it had been made durable: then the disk lost what it had promised to keep, and the
    /// journal may no longer hold the batches.
    pub was_durable: bool,
    /// Where the file now lies, if there was one and the lake was not opened only to read.
    pub moved_to: Option<PathBuf>,
}

/// The last version of each table that is known to be durable. In `head.json` of the lake's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub versions: BTreeMap<String, u64>,
}

impl Head {
    pub fn load(dir: &Path) -> Result<Head> {
        let path = dir.join("head.json");
        match fs::read(&path) {
            // An unreadable head only means that less is known; it is written anew with the next commit.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Head::default()),
            Err(e) => Err(Error::io("reading", &path)(e)),
        }
    }

    pub fn save(&self, dir: &Path) -> Result<()> {
        let path = dir.join("head.json");
        let bytes = serde_json::to_vec(self).map_err(|e| Error::io("writing", &path)(e.into()))?;
        replace(&path, &bytes).map_err(Error::io("writing", &path))
    }
}

/// A whole commit, as far as it matters here.
#[derive(Debug, Default)]
struct Commit {
    number: Option<u64>,
    note: Option<String>,
}

/// Reads a commit; `Err` says what is wrong with it.
fn parse(bytes: &[u8]) -> Result<Commit, String> {
    let mut commit = Commit::default();
    let (mut info_number, mut lines, mut creates) = (false, 0, false);
    for (n, line) in bytes.split(|&b| b == b'\n').enumerate().filter(|(_, l)| !l.is_empty()) {
        let action: Value = serde_json::from_slice(line).map_err(|_| format!("line {} is not JSON", n + 1))?;
        lines += 1;
        creates |= action.get("metaData").is_some();
        if let Some(info) = action.get("commitInfo") {
            info_number = info.get(NUMBER).is_some();
            commit.note = info.get(NOTE).and_then(Value::as_str).map(str::to_owned);
        }
        if let Some(txn) = action.get("txn").filter(|t| t.get("appId").and_then(Value::as_str) == Some(APP)) {
            commit.number = txn.get("version").and_then(Value::as_u64);
        }
    }
    match (lines, info_number && commit.number.is_none()) {
        (0, _) => Err("it is empty".into()),
        // `txn` is the last line of a commit of ours: without it, the file was cut at the end of a line.
        (_, true) => Err("its last lines are missing".into()),
        (1, _) if !creates && commit.number.is_none() => Err("it has one line only".into()),
        _ => Ok(commit),
    }
}

fn log_dir(dir: &Path, table: Table) -> PathBuf {
    dir.join(table.name()).join("_delta_log")
}

/// The versions that have a commit file, ascending.
fn versions(log: &Path) -> Result<Vec<u64>> {
    let entries = match fs::read_dir(log) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("reading folder", log)(e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::io("reading folder", log))?.file_name();
        found.extend(name.to_str().and_then(|n| n.strip_suffix(".json")).filter(|n| n.len() == 20).and_then(|n| n.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

fn commit_path(log: &Path, version: u64) -> PathBuf {
    log.join(format!("{version:020}.json"))
}

/// What the end of a table's log is like.
pub(crate) struct End {
    /// The newest version that can be read; nothing if the table is not there.
    pub whole: Option<u64>,
    /// What was found instead of a newer one; not moved.
    pub unusable: Option<SetAside>,
}

/// Looks at the end of a table's log before the library does. Changes nothing.
pub(crate) fn end(dir: &Path, table: Table, head: &Head) -> Result<End> {
    let log = log_dir(dir, table);
    let durable = head.versions.get(table.name()).copied();
    let mut found = versions(&log)?;
    let Some(&newest) = found.last() else { return Ok(End { whole: None, unusable: missing(table, durable) }) };
    let Err(fault) = check(&log, newest)? else {
        return Ok(End { whole: Some(newest), unusable: missing(table, durable.filter(|&d| newest < d)) });
    };
    found.pop();
    if let Some(&before) = found.last()
        && let Err(fault) = check(&log, before)?
    {
        return Err(Error::Damaged { table: table.name(), path: commit_path(&log, before).display().to_string(), fault });
    }
    let was_durable = durable.is_some_and(|d| newest <= d);
    let torn = SetAside { table, version: newest, why: Why::Torn(fault), was_durable, moved_to: None };
    Ok(End { whole: found.last().copied(), unusable: Some(torn) })
}

/// A version that the head names and the log does not have.
fn missing(table: Table, version: Option<u64>) -> Option<SetAside> {
    version.map(|version| SetAside { table, version, why: Why::Missing, was_durable: true, moved_to: None })
}

/// Makes the end of a table's log readable: sets a torn newest commit aside, and what was made of it.
pub(crate) fn recover(dir: &Path, table: Table, head: &Head) -> Result<Option<SetAside>> {
    let End { whole, unusable: Some(mut aside) } = end(dir, table, head)? else { return Ok(None) };
    if let Why::Torn(_) = aside.why {
        aside.moved_to = Some(set_aside(dir, table, aside.version)?);
    }
    drop_checkpoints_after(&log_dir(dir, table), whole)?;
    Ok(Some(aside))
}

fn check(log: &Path, version: u64) -> Result<Result<Commit, String>> {
    let path = commit_path(log, version);
    Ok(parse(&fs::read(&path).map_err(Error::io("reading", &path))?))
}

/// Moves a commit file out of the log, to `_set_aside/` beside the tables, durably.
fn set_aside(dir: &Path, table: Table, version: u64) -> Result<PathBuf> {
    let log = log_dir(dir, table);
    let (from, aside) = (commit_path(&log, version), dir.join("_set_aside"));
    make_dir(&aside).map_err(Error::io("making", &aside))?;
    let free = |n: &u32| !aside.join(format!("{}-{version:020}-{n}.json", table.name())).exists();
    let n = (0..u32::MAX).find(free).unwrap_or_default();
    let to = aside.join(format!("{}-{version:020}-{n}.json", table.name()));
    fs::rename(&from, &to).map_err(Error::io("setting aside", &from))?;
    sync_dir(&aside).and_then(|()| sync_dir(&log)).map_err(Error::io("syncing", &log))?;
    Ok(to)
}

/// A checkpoint of a version that is gone would bring the gone commit back.
fn drop_checkpoints_after(log: &Path, newest: Option<u64>) -> Result<()> {
    if !log.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(log).map_err(Error::io("reading folder", log))? {
        let path = entry.map_err(Error::io("reading folder", log))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let of_version = name.contains(".checkpoint").then(|| name.get(..20).and_then(|n| n.parse::<u64>().ok())).flatten();
        let last = (name == "_last_checkpoint").then(|| last_checkpoint(&path)).flatten();
        if of_version.or(last).is_some_and(|v| newest.is_none_or(|n| v > n)) {
            fs::remove_file(&path).map_err(Error::io("removing", &path))?;
        }
    }
    Ok(())
}

fn last_checkpoint(path: &Path) -> Option<u64> {
    let value: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    value.get("version").and_then(Value::as_u64)
}

/// Whether a table has been made.
pub(crate) fn exists(dir: &Path, table: Table) -> Result<bool> {
    Ok(!versions(&log_dir(dir, table))?.is_empty())
}

/// Which commit a table has reached.
pub(crate) fn position(dir: &Path, table: Table) -> Result<TablePosition> {
    position_at(dir, table, u64::MAX)
}

/// Which commit a table had reached at a version: the newest one of muster's own up to there.
pub(crate) fn position_at(dir: &Path, table: Table, version: u64) -> Result<TablePosition> {
    let log = log_dir(dir, table);
    let mut found = versions(&log)?;
    found.retain(|&v| v <= version);
    let version = found.last().copied().unwrap_or(0);
    for &v in found.iter().rev().take(BACKWARD_MAX) {
        let path = commit_path(&log, v);
        let commit = check(&log, v)?.map_err(|fault| Error::Damaged { table: table.name(), path: path.display().to_string(), fault })?;
        if let Some(number) = commit.number {
            return Ok(TablePosition { table, number, note: commit.note, version });
        }
    }
    Ok(TablePosition { version, ..TablePosition::before_the_first(table) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = concat!(
        r#"{"commitInfo":{"operation":"WRITE","number":7,"note":"[1]"}}"#,
        "\n",
        r#"{"add":{"path":"a"}}"#,
        "\n",
        r#"{"txn":{"appId":"muster","version":7}}"#
    );

    #[test]
    fn a_whole_commit_tells_its_number() {
        let commit = parse(WHOLE.as_bytes()).unwrap();
        assert_eq!((commit.number, commit.note.as_deref()), (Some(7), Some("[1]")));
    }

    #[test]
    fn every_cut_of_a_commit_is_seen() {
        for end in 0..WHOLE.len() {
            assert!(parse(&WHOLE.as_bytes()[..end]).is_err(), "cut at {end}");
        }
        let mut zeroed = WHOLE.as_bytes().to_vec();
        zeroed[80..90].fill(0);
        assert!(parse(&zeroed).is_err());
    }

    #[test]
    fn a_commit_of_another_program_has_no_number() {
        let other = "{\"commitInfo\":{\"operation\":\"OPTIMIZE\"}}\n{\"remove\":{\"path\":\"a\"}}";
        assert_eq!(parse(other.as_bytes()).unwrap().number, None);
    }
}
