use event::{Column, Facet, Fields, Filter, Relation, Time, Window, time::DAY};
use lake::{Error, Lake, Table, Want};

use crate::made::{self, NOON, YEAR};

#[test]
fn what_goes_in_comes_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    assert_eq!((lake.position().unwrap().min(), lake.position().unwrap().max()), (0, 0));
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    for lake in [lake, Lake::open(dir.path()).unwrap()] {
        let events = lake.events(&Filter::All, None, Want::ALL).unwrap();
        let ids: Vec<String> = events.iter().map(|e| e.id()).collect();
        assert_eq!(ids, ["cloudtrail/1#10", "cloudtrail/1#13", "cloudtrail/1#20", "cloudtrail/1#23"], "by time");
        let first = &events[0];
        assert_eq!(first.records, [10, 12]);
        assert_eq!(first.raw, [made::bytes_of("cloudtrail/1", 10), made::bytes_of("cloudtrail/1", 12)]);
        assert_eq!((first.text(Column::User), first.text(Column::Facet)), (Some("alice"), Some("cloud")));
        assert_eq!(first.int(Column::Received), Some(NOON.0));
        let bare = lake.events(&Filter::is(Column::User, "bob"), Some(1), Want::COLUMNS).unwrap();
        assert_eq!((bare.len(), bare[0].raw.len(), bare[0].int(Column::Seq)), (1, 0, Some(13)));
        assert_eq!(lake.count(&Filter::is(Column::User, "alice")).unwrap(), 2);
        assert_eq!(lake.originals("cloudtrail/1", 0, u64::MAX >> 1).unwrap(), made::pieces([1, 2]));
        let part = lake.originals("cloudtrail/1", 12, 21).unwrap();
        assert_eq!(part.iter().map(|p| p.0).collect::<Vec<_>>(), [12, 13, 14, 20]);
        assert!(lake.originals("cloudtrail/2", 0, 100).unwrap().is_empty());
        let position = lake.position().unwrap();
        assert_eq!((position.min(), position.max(), position.note()), (2, 2, Some("[20]")));
        assert_eq!(position.tables.len(), Table::ALL.len());
    }
}

#[test]
fn the_same_commit_twice_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    for number in [1, 1, 2, 2] {
        made::commit(&mut lake, number).unwrap();
    }
    assert_eq!(lake.count(&Filter::All).unwrap(), 4);
    assert_eq!(lake.sql("select count(*) n from quarantine", Default::default()).unwrap().json_rows().unwrap()[0]["n"], 2);
}

#[test]
fn rows_with_a_number_that_is_behind_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    assert!(matches!(made::commit(&mut lake, 0), Err(Error::Past { asked: 0, max: 0 })), "numbers begin with 1");
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    let told = made::commit(&mut lake, 1).unwrap_err();
    assert_eq!(told.to_string(), "commit 1 comes with rows, but the tables have reached 2: give new rows number 3, or the rows of 2 again");
    for (links, quarantine, around) in [
        (vec![made::link("user:a", Relation::Used, "credential:b", NOON, "e#1")], vec![], vec![]),
        (vec![], vec![made::quarantined("s", 1)], vec![]),
        (vec![], vec![], vec![made::around("s", 1)]),
    ] {
        assert!(matches!(lake.commit(1, "", vec![], links, quarantine, around), Err(Error::Past { .. })));
    }
    let no_rows = made::batch("s", Facet::Cloud, &[]);
    lake.commit(1, "", vec![no_rows], vec![], vec![], vec![]).unwrap();
    assert_eq!((lake.count(&Filter::All).unwrap(), lake.position().unwrap().note()), (4, Some("[20]")));
}

#[test]
fn links_of_a_day_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    let other_day = made::link("user:alice", Relation::Used, "credential:AKIA1", NOON.plus(DAY), "e#9");
    let spaced = made::link("file:web-1:/a: b ", Relation::Executed, "process:web-1/7", NOON, "e#8");
    lake.commit(3, "", vec![], vec![other_day.clone(), spaced.clone()], vec![], vec![]).unwrap();
    let touching = [made::entity("credential:AKIA1")];
    let links = lake.links(&touching, Window::default()).unwrap();
    assert_eq!(links.len(), 2);
    assert_eq!((links[0].count, links[0].event.as_str()), (4, "cloudtrail/1#10"));
    assert_eq!(links[0].first, NOON.plus(1_000_000));
    assert_eq!(links[0].last, NOON.plus(62_000_000));
    assert_eq!(links[1], other_day);
    let late = Window { since: Some(NOON.plus(DAY)), until: None };
    assert_eq!(lake.links(&touching, late).unwrap().len(), 1);
    assert_eq!(lake.links(&[made::entity("process:web-1/7")], Window::default()).unwrap(), [spaced]);
    assert!(lake.links(&[], Window::default()).unwrap().is_empty());
}

#[test]
fn distinct_values_and_groups() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    assert_eq!(lake.distinct(Column::User, 10).unwrap(), ["alice", "bob"]);
    assert_eq!(lake.distinct(Column::User, 1).unwrap(), ["alice"]);
    assert!(lake.distinct(Column::Domain, 10).unwrap().is_empty());
    assert_eq!(lake.groups(&Filter::All, Column::Facet, 10).unwrap(), [("cloud".to_owned(), 4)]);
    assert_eq!(lake.groups(&Filter::is(Column::User, "bob"), Column::Operation, 10).unwrap(), [("GetObject".to_owned(), 2)]);
}

#[test]
fn a_backfill_of_years_makes_few_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    let days: Vec<_> = (0..730u64).map(|d| made::event(NOON.plus(-(d as i64) * DAY), &[d], &[(Column::User, "u")])).collect();
    let ahead = made::event(NOON.plus(60 * YEAR), &[9_999], &[]);
    lake.commit(1, "", vec![made::batch("old", Facet::System, &days), made::batch("odd", Facet::System, &[ahead])], vec![], vec![], vec![]).unwrap();
    let mut files = Vec::new();
    for period in std::fs::read_dir(dir.path().join("events/facet=system")).unwrap() {
        files.extend(std::fs::read_dir(period.unwrap().path()).unwrap().map(|f| f.unwrap().path()));
    }
    assert!((26..=32).contains(&files.len()), "{} files", files.len());
    assert_eq!(lake.count(&Filter::All).unwrap(), 731);
    let week = Window { since: Some(NOON.plus(-400 * DAY)), until: Some(NOON.plus(-393 * DAY)) };
    assert_eq!(lake.count(&Filter::During(week)).unwrap(), 7);
    let all = lake.events(&Filter::All, None, Want::COLUMNS).unwrap();
    assert!(all.windows(2).all(|w| w[0].time() <= w[1].time()));
    assert_eq!(all.last().map(|e| e.time()), Some(NOON.plus(60 * YEAR)));
}

#[test]
fn a_large_commit_is_two_files_and_stays_sorted() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    // Times go round in each batch, so that every file gathers rows of every batch.
    let batches: Vec<_> = (0..4u64)
        .map(|b| {
            let rows: Vec<_> =
                (0..10_000u64).map(|r| made::event(Time(NOON.0 + (r * 7_919 % 10_000) as i64), &[b * 10_000 + r], &[(Column::User, "u")])).collect();
            made::batch("big", Facet::Runtime, &rows)
        })
        .collect();
    lake.commit(1, "", batches, vec![], vec![], vec![]).unwrap();
    let folder = dir.path().join("events/facet=runtime/period=2026-03-01");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2);
    let events = lake.events(&Filter::All, None, Want::ALL).unwrap();
    assert_eq!(events.len(), 40_000);
    assert!(events.windows(2).all(|w| (w[0].time(), w[0].int(Column::Seq)) < (w[1].time(), w[1].int(Column::Seq))));
    assert!(events.iter().all(|e| e.raw == [made::bytes_of("big", e.records[0])]));
}
