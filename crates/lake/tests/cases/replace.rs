//! Rows replaced: whole, once, for readers the old ones or the new ones, also after a cut between the tables.

use std::{collections::BTreeSet, fs, path::Path};

use event::{Column, Facet, Filter, Relation, time::DAY};
use lake::{Error, Lake, Replacement, Table, Want};

use crate::made::{self, NOON};

const SOURCE: &str = "cloudtrail/1";

/// A lake with two commits of `SOURCE` (records 10–14 and 20–24) and one of another source in the same partitions.
fn lake_at(dir: &Path) -> Lake {
    let mut lake = Lake::open(dir).unwrap();
    (1..=2).for_each(|n| made::commit(&mut lake, n).unwrap());
    let other = made::batch("other", Facet::Cloud, &[made::event(NOON.plus(7), &[0], &[(Column::User, "eve")])]);
    let links = vec![made::link("user:eve", Relation::Used, "credential:K", NOON.plus(7), "other#0")];
    let mine = made::batch(SOURCE, Facet::Cloud, &[made::event(NOON.plus(3_000_000), &[30], &[(Column::User, "bob")])]);
    lake.commit(3, "[3]", vec![other, mine], links, vec![made::quarantined("other", 1)], vec![]).unwrap();
    lake
}

/// What was two events and a quarantined record of the first commit is three events, one of them of another facet.
fn replacement() -> Replacement {
    let events = vec![
        made::batch(SOURCE, Facet::Cloud, &[made::event(NOON, &[10, 12], &[(Column::User, "alice.b")]), made::event(NOON, &[13], &[(Column::User, "bob")])]),
        made::batch(SOURCE, Facet::System, &[made::event(NOON.plus(DAY), &[11], &[(Column::User, "carol")])]),
    ];
    Replacement {
        source: SOURCE.into(),
        first_seq: 10,
        next_seq: 15,
        events,
        quarantine: Vec::new(),
        days: BTreeSet::from([NOON.0.div_euclid(DAY)]),
        links: vec![made::link("user:alice.b", Relation::Used, "credential:AKIA1", NOON, "cloudtrail/1#10")],
    }
}

fn users(lake: &Lake) -> Vec<(String, String)> {
    let text = |e: &event::Event, c| event::Fields::text(e, c).unwrap_or_default().to_owned();
    lake.events(&Filter::All, None, Want::COLUMNS).unwrap().iter().map(|e| (event::Fields::id(e), text(e, Column::User))).collect()
}

fn count(lake: &Lake, table: &str) -> u64 {
    lake.sql(&format!("select count(*) n from {table}"), Default::default()).unwrap().json_rows().unwrap()[0]["n"].as_u64().unwrap()
}

fn check_new(lake: &Lake) {
    let users = users(lake);
    let expected = [
        ("cloudtrail/1#10", "alice.b"),
        ("cloudtrail/1#13", "bob"),
        ("other#0", "eve"),
        ("cloudtrail/1#20", "alice"),
        ("cloudtrail/1#23", "bob"),
        ("cloudtrail/1#30", "bob"),
        ("cloudtrail/1#11", "carol"),
    ];
    assert_eq!(users, expected.map(|(id, user)| (id.to_owned(), user.to_owned())));
    assert_eq!((count(lake, "quarantine"), count(lake, "links"), count(lake, "envelopes")), (2, 1, 2));
    let mut pieces = made::pieces([1, 2]);
    pieces.push((30, made::bytes_of(SOURCE, 30)));
    assert_eq!(lake.originals(SOURCE, 0, 1_000).unwrap(), pieces, "bytes and numbers stay");
    let carried = lake.events(&Filter::is(Column::Source, "other"), None, Want::ALL).unwrap();
    assert_eq!((&carried[0].raw, event::Fields::text(&carried[0], Column::Facet)), (&vec![made::bytes_of("other", 0)], Some("cloud")));
    assert_eq!(carried[0].records, [0]);
}

#[test]
fn a_run_is_replaced_and_what_lies_beside_it_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = lake_at(dir.path());
    let before = Lake::open_to_read(dir.path()).unwrap();
    let old = users(&before);
    assert!(matches!(lake.replace(3, "", replacement()), Err(Error::Past { .. })));
    assert!(matches!(lake.replace(5, "", replacement()), Err(Error::Uneven { .. })));
    let done = lake.replace(4, "[4]", replacement()).unwrap();
    assert_eq!(done.removed, 1 + 1 + 3, "one file of events, one of quarantine, three of links");
    check_new(&lake);
    check_new(&Lake::open_to_read(dir.path()).unwrap());
    assert_eq!(users(&before), old, "who was reading reads on");
    drop(lake);
    let mut lake = Lake::open(dir.path()).unwrap();
    assert_eq!((lake.position().unwrap().min(), lake.position().unwrap().note().map(str::to_owned)), (4, Some("[4]".into())));
    check_new(&lake);
    lake.commit(5, "[5]", vec![], vec![], vec![], vec![made::around("other", 9)]).unwrap();
    assert_eq!(count(&lake, "envelopes"), 3);
}

#[test]
fn a_cut_between_tables_is_finished_on_opening_and_one_before_them_is_forgotten() {
    for reached in 0..Table::ALL.len() {
        let dir = tempfile::tempdir().unwrap();
        drop(lake_at(dir.path()));
        let head = fs::read(dir.path().join("head.json")).unwrap();
        let mut lake = Lake::open(dir.path()).unwrap();
        let old = users(&lake);
        lake.replace(4, "[4]", replacement()).unwrap();
        drop(lake);
        Table::ALL[reached..].iter().for_each(|&t| crate::crash::undo(dir.path(), t, &head));
        let reader = Lake::open_to_read(dir.path()).unwrap();
        assert_eq!(users(&reader), old, "the events are the last table");
        let mut lake = Lake::open(dir.path()).unwrap();
        if reached == 0 {
            assert_eq!((lake.position().unwrap().min(), lake.position().unwrap().max()), (3, 3));
            assert!(!dir.path().join("replacing.json").exists());
            assert_eq!(users(&lake), old);
            lake.replace(4, "[4]", replacement()).unwrap();
        }
        assert_eq!((lake.position().unwrap().min(), lake.position().unwrap().max()), (4, 4));
        check_new(&lake);
        lake.commit(5, "[5]", vec![], vec![], vec![], vec![made::around("other", 9)]).unwrap();
        assert!(!dir.path().join("replacing.json").exists(), "a later commit has no use for the plan");
    }
}

#[test]
fn rows_are_not_replaced_by_who_only_reads() {
    let dir = tempfile::tempdir().unwrap();
    drop(lake_at(dir.path()));
    let mut reader = Lake::open_to_read(dir.path()).unwrap();
    assert!(matches!(reader.replace(4, "", replacement()), Err(Error::ReadOnly)));
}
