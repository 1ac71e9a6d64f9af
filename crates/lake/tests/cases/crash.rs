//! Power cuts, played by changing files to what a disk may hold afterwards.

use std::{fs, path::Path};

use event::Filter;
use lake::{Error, Lake, Table, Why};

use crate::made;

fn lake_at(dir: &Path, number: u64) -> Lake {
    let mut lake = Lake::open(dir).unwrap();
    (1..=number).for_each(|p| made::commit(&mut lake, p).unwrap());
    lake
}

fn newest(dir: &Path, table: Table) -> std::path::PathBuf {
    let log = dir.join(table.name()).join("_delta_log");
    let commits = fs::read_dir(log).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "json"));
    commits.max().unwrap()
}

/// As if the power went after the commits of some tables and before the others, whose files were written already.
pub fn undo(dir: &Path, table: Table, head: &[u8]) {
    fs::remove_file(newest(dir, table)).unwrap();
    fs::write(dir.join("head.json"), head).unwrap();
}

#[test]
fn a_cut_between_tables_is_made_whole_by_the_replay() {
    for reached in 0..Table::ALL.len() {
        let dir = tempfile::tempdir().unwrap();
        drop(lake_at(dir.path(), 1));
        let head = fs::read(dir.path().join("head.json")).unwrap();
        let mut lake = Lake::open(dir.path()).unwrap();
        made::commit(&mut lake, 2).unwrap();
        drop(lake);
        Table::ALL[reached..].iter().for_each(|&t| undo(dir.path(), t, &head));
        let mut lake = Lake::open(dir.path()).unwrap();
        let position = lake.position().unwrap();
        assert_eq!((position.min(), position.max()), (1, if reached == 0 { 1 } else { 2 }));
        assert_eq!(position.note(), Some(if reached == 0 { "[10]" } else { "[20]" }));
        assert!(position.tables.iter().all(|t| t.note.as_deref() == Some(if t.number == 1 { "[10]" } else { "[20]" })));
        assert!(lake.recovered().is_empty());
        if reached > 0 {
            let skipping = made::commit(&mut lake, 3);
            assert!(matches!(skipping, Err(Error::Uneven { min: 1, max: 2, asked: 3 })), "{skipping:?}");
        }
        made::commit(&mut lake, 2).unwrap();
        made::commit(&mut lake, 3).unwrap();
        assert_eq!(lake.originals("cloudtrail/1", 0, 1_000).unwrap(), made::pieces([1, 2, 3]));
        assert_eq!(lake.count(&Filter::All).unwrap(), 6);
    }
}

#[test]
fn a_torn_newest_commit_is_set_aside() {
    type Tear = fn(Vec<u8>) -> Vec<u8>;
    let tears: [(&str, Tear); 4] = [
        ("emptied", |_| Vec::new()),
        ("cut in the middle", |b| b[..b.len() / 2].to_vec()),
        ("cut after a line", |b| b[..b.iter().rposition(|&c| c == b'\n').unwrap()].to_vec()),
        ("zeroed", |b| vec![0; b.len()]),
    ];
    for (name, tear) in tears {
        for table in [Table::Events, Table::Links] {
            let dir = tempfile::tempdir().unwrap();
            drop(lake_at(dir.path(), 2));
            let path = newest(dir.path(), table);
            fs::write(&path, tear(fs::read(&path).unwrap())).unwrap();
            let mut lake = Lake::open(dir.path()).unwrap();
            let aside = lake.recovered();
            assert_eq!(aside.len(), 1, "{name}");
            assert!(matches!(aside[0].why, Why::Torn(_)) && aside[0].was_durable && aside[0].table == table);
            assert!(aside[0].moved_to.as_ref().unwrap().exists());
            assert_eq!((lake.position().unwrap().min(), lake.position().unwrap().max()), (1, 2));
            made::commit(&mut lake, 2).unwrap();
            assert_eq!(lake.originals("cloudtrail/1", 0, 1_000).unwrap(), made::pieces([1, 2]), "{name}");
            assert_eq!(lake.count(&Filter::All).unwrap(), 4);
            drop(lake);
            let again = Lake::open(dir.path()).unwrap();
            assert!(again.recovered().is_empty());
            assert_eq!(again.position().unwrap().min(), 2);
        }
    }
}

#[test]
fn a_torn_first_commit_makes_the_table_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(Lake::open(dir.path()).unwrap());
    for table in Table::ALL {
        fs::write(newest(dir.path(), table), b"").unwrap();
    }
    let mut lake = Lake::open(dir.path()).unwrap();
    assert_eq!(lake.recovered().len(), Table::ALL.len());
    made::commit(&mut lake, 1).unwrap();
    assert_eq!(lake.count(&Filter::All).unwrap(), 2);
}

#[test]
fn a_lost_newest_commit_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(lake_at(dir.path(), 2));
    fs::remove_file(newest(dir.path(), Table::Events)).unwrap();
    let lake = Lake::open(dir.path()).unwrap();
    assert!(matches!(lake.recovered(), [aside] if aside.why == Why::Missing && aside.was_durable));
    assert_eq!(lake.position().unwrap().min(), 1);
}

#[test]
fn damage_before_the_newest_commit_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    drop(lake_at(dir.path(), 3));
    let newest = newest(dir.path(), Table::Events);
    let before = newest.with_file_name(format!("{:020}.json", 2));
    fs::write(&newest, b"").unwrap();
    fs::write(&before, b"{").unwrap();
    let error = Lake::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("00000000000000000002.json") && error.contains("not JSON"), "{error}");
}

#[test]
fn files_of_commits_that_never_came_to_be_are_swept() {
    let dir = tempfile::tempdir().unwrap();
    drop(lake_at(dir.path(), 1));
    let folder = dir.path().join("events/facet=cloud/period=2026-03-01");
    let orphan = folder.join("part-000000000007-0.zstd.parquet");
    let staged = dir.path().join("events/_delta_log/00000000000000000002.json#123");
    let strange = folder.join("part-of-somebody-else.parquet");
    for path in [&orphan, &staged, &strange] {
        fs::write(path, b"x").unwrap();
    }
    let mut lake = Lake::open(dir.path()).unwrap();
    assert!(orphan.exists(), "opening alone removes nothing");
    made::commit(&mut lake, 2).unwrap();
    assert_eq!((orphan.exists(), staged.exists(), strange.exists()), (false, false, true));
    assert_eq!(lake.count(&Filter::All).unwrap(), 4);
}

#[test]
fn a_checkpoint_of_a_commit_that_is_gone_does_not_bring_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    for number in 1..=49 {
        lake.commit(number, "", vec![], vec![], vec![made::quarantined("s", number)], vec![]).unwrap();
    }
    drop(lake);
    let log = dir.path().join("quarantine/_delta_log");
    let checkpoint = log.join(format!("{:020}.checkpoint.parquet", 49));
    assert!(checkpoint.exists() && log.join("_last_checkpoint").exists());
    fs::write(newest(dir.path(), Table::Quarantine), b"").unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    assert!(!checkpoint.exists());
    assert_eq!(lake.position().unwrap().min(), 48);
    lake.commit(49, "", vec![], vec![], vec![made::quarantined("s", 49)], vec![]).unwrap();
    assert_eq!(lake.originals("s", 0, 100).unwrap().len(), 49);
}
