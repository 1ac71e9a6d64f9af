//! Opening to read: nothing is written, whatever the folder is like.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, time::SystemTime};

use event::{Column, Filter, Window};
use lake::{Error, Lake, Table, Want, Why};

use crate::made;

/// Every file and folder below, with its size and when it was changed.
fn listing(dir: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let about = fs::metadata(&folder).unwrap();
        found.insert(folder.display().to_string(), (about.len(), about.modified().unwrap()));
        if about.is_dir() {
            folders.extend(fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()));
        }
    }
    found
}

/// Takes away (or gives back) the right to write. Says nothing to root, for whom `listing` stands.
fn writable(dir: &Path, yes: bool) {
    for path in listing(dir).keys() {
        let is_dir = Path::new(path).is_dir();
        let mode = if is_dir { 0o555 } else { 0o444 } | if yes { 0o200 } else { 0 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Opens to read, asks everything, and holds the folder against what it was. Gives the lake.
fn read(dir: &Path, pieces: &[(u64, Vec<u8>)]) -> Lake {
    writable(dir, false);
    let before = listing(dir);
    let mut lake = Lake::open_to_read(dir).unwrap();
    assert_eq!(lake.originals("cloudtrail/1", 0, 1_000).unwrap(), pieces);
    let events = lake.events(&Filter::All, None, Want::ALL).unwrap();
    assert_eq!(lake.count(&Filter::All).unwrap(), events.len() as u64);
    assert_eq!(lake.distinct(Column::User, 10).unwrap().is_empty(), events.is_empty());
    assert_eq!(lake.links(&[made::entity("user:alice")], Window::default()).unwrap().is_empty(), pieces.is_empty());
    assert!(matches!(made::commit(&mut lake, 9), Err(Error::ReadOnly)));
    assert_eq!(listing(dir), before);
    writable(dir, true);
    lake
}

#[test]
fn a_read_only_folder_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    let found = read(dir.path(), &made::pieces([1, 2])).position().unwrap();
    assert_eq!((found.min(), found.max(), found.note()), (2, 2, Some("[20]")));
    assert!(found.tables.iter().all(|t| t.version == 2));
}

#[test]
fn tables_that_are_not_there_have_no_rows() {
    let dir = tempfile::tempdir().unwrap();
    let none = dir.path().join("lake");
    let lake = Lake::open_to_read(&none).unwrap();
    assert!(!none.exists());
    let lakes = [lake, read(dir.path(), &[]), Lake::open(dir.path()).unwrap()];
    for table in Table::ALL {
        let columns = lakes.each_ref().map(|lake| lake.sql(&format!("select * from {}", table.name()), Default::default()).unwrap().batches[0].schema());
        assert!(columns.iter().all(|c| c == &columns[2]), "{columns:?}");
    }
    assert_eq!((lakes[0].position().unwrap().max(), lakes[0].position().unwrap().note()), (0, None));
}

#[test]
fn some_tables_that_are_there_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    fs::remove_dir_all(dir.path().join("events")).unwrap();
    let lake = Lake::open_to_read(dir.path()).unwrap();
    assert_eq!((lake.count(&Filter::All).unwrap(), lake.position().unwrap().min(), lake.position().unwrap().max()), (0, 0, 1));
    assert_eq!(lake.links(&[made::entity("user:alice")], Window::default()).unwrap().len(), 1);
    assert!(matches!(lake.recovered(), [aside] if aside.table == Table::Events && aside.why == Why::Missing));
}

#[test]
fn a_torn_newest_commit_is_left_out_and_left_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    for table in Table::ALL {
        fs::write(dir.path().join(format!("{}/_delta_log/{:020}.json", table.name(), 2)), b"{").unwrap();
    }
    let lake = read(dir.path(), &made::pieces([1]));
    assert_eq!((lake.position().unwrap().min(), lake.position().unwrap().max()), (1, 1));
    assert_eq!(lake.recovered().len(), Table::ALL.len());
    assert!(lake.recovered().iter().all(|aside| matches!(aside.why, Why::Torn(_)) && aside.moved_to.is_none()));
}

#[test]
fn a_torn_first_commit_is_a_table_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    drop(Lake::open(dir.path()).unwrap());
    for table in Table::ALL {
        fs::write(dir.path().join(format!("{}/_delta_log/{:020}.json", table.name(), 0)), b"").unwrap();
    }
    read(dir.path(), &[]);
}

#[test]
fn a_checkpoint_of_a_torn_commit_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    for number in 1..=49 {
        lake.commit(number, "", vec![], vec![], vec![made::quarantined("s", number)], vec![]).unwrap();
    }
    let log = dir.path().join("quarantine/_delta_log");
    assert!(log.join(format!("{:020}.checkpoint.parquet", 49)).exists());
    fs::write(log.join(format!("{:020}.json", 49)), b"").unwrap();
    let lake = Lake::open_to_read(dir.path()).unwrap();
    assert_eq!(lake.position().unwrap().min(), 48);
    assert_eq!(lake.originals("s", 0, 100).unwrap().len(), 48);
}

#[test]
fn events_are_counted_by_value_and_by_time_and_what_was_rejected_can_be_searched() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    let hour = 3_600_000_000;
    let rows: Vec<made::Made> = (0..9u64)
        .map(|n| {
            let mut m = made::event(made::NOON.plus(n as i64 * hour / 4), &[n * 2], &[(Column::User, if n < 3 { "alice" } else { "bob" })]);
            m.numbers.push((Column::DstPort, if n % 2 == 0 { 22 } else { 443 }));
            m
        })
        .collect();
    let rejected = [made::quarantined("s", 1), made::quarantined("t", 3)];
    lake.commit(1, "", vec![made::batch("s", event::Facet::Cloud, &rows)], vec![], rejected.to_vec(), vec![]).unwrap();
    assert_eq!(lake.groups(&Filter::All, Column::User, 9).unwrap(), [("bob".into(), 6), ("alice".into(), 3)]);
    assert_eq!(lake.groups(&Filter::is(Column::User, "bob"), Column::DstPort, 1).unwrap(), [("22".into(), 3)]);
    assert_eq!(lake.groups(&Filter::All, Column::Time, 1).unwrap(), [("2026-03-01T10:00:00Z".into(), 1)]);
    assert_eq!(lake.spans(&Filter::All, hour, 9).unwrap(), [(made::NOON, 4), (made::NOON.plus(hour), 4), (made::NOON.plus(2 * hour), 1)]);
    let words = |text: &str, any_case| event::Words { text: text.into(), any_case };
    assert_eq!(lake.quarantined(&[], 9).unwrap(), ["s#1", "t#3"]);
    assert_eq!(lake.quarantined(&[words("RECORD", true), words("of t", false)], 9).unwrap(), ["t#3"]);
    assert!(lake.quarantined(&[words("RECORD", false)], 9).unwrap().is_empty());
}
