//! BAD-INPUTS row 52: SQL that writes, reads a file or URL, or runs away.

use lake::{Error, Lake, SqlLimits};

use crate::made;

fn lake() -> (tempfile::TempDir, Lake) {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    (dir, lake)
}

fn fault(lake: &Lake, sql: &str) -> String {
    lake.sql(sql, SqlLimits { seconds: 20, ..Default::default() }).map(|a| format!("ran: {a:?}")).unwrap_or_else(|e| e.to_string())
}

#[test]
fn row_52_reading_works() {
    let (_dir, lake) = lake();
    let json = |sql: &str| lake.sql(sql, Default::default()).unwrap().json_rows().unwrap().to_string();
    assert_eq!(
        json("select seq, \"user\", facet, time from events order by time limit 1"),
        r#"[{"seq":10,"user":"alice","facet":"cloud","time":"2026-03-01T10:00:01Z"}]"#
    );
    assert_eq!(json("SELECT operation, count(*) AS n FROM events GROUP BY operation HAVING operation IS NOT NULL;"), r#"[{"operation":"GetObject","n":2}]"#);
    assert_eq!(json("with e as (select source s from events) select distinct e.s from e join links on true"), r#"[{"s":"cloudtrail/1"}]"#);
    assert_eq!(json("select count(*) n from events where in_net(src_ip, '203.0.113.0/24')"), r#"[{"n":2}]"#);
    assert_eq!(json("(select 1 as one) union all (select 2)  order by one"), r#"[{"one":1},{"one":2}]"#);
    assert_eq!(
        json("select raw[1] as r, records from events where seq = 10"),
        r#"[{"r":"record 10 of cloudtrail/1 �\ufffd\u0000\r\n","records":[10,12]}]"#.replace("\\ufffd", "\u{fffd}")
    );
    assert_eq!(json("select from_entity, \"count\" from links where event = 'cloudtrail/1#10'"), r#"[{"from_entity":"user:alice","count":2}]"#);
    assert_eq!(json("select source, seq, reason from quarantine where seq < 20"), r#"[{"source":"cloudtrail/1","seq":11,"reason":"syntax"}]"#);
    let none = lake.sql("select time, raw from events where false", Default::default()).unwrap();
    assert_eq!((none.rows(), none.table().unwrap().lines().next()), (0, Some("time  raw")));
}

#[test]
fn every_column_has_a_name_that_needs_no_quotes() {
    let (_dir, lake) = lake();
    for table in lake::Table::ALL {
        let all = lake.sql(&format!("select * from {} limit 1", table.name()), Default::default()).unwrap();
        for field in all.batches[0].schema().fields() {
            let (c, t) = (field.name(), table.name());
            let sql = format!("select {c}, max({c}) from {t} where {c} is not null and {t}.{c} is not null group by {c} order by {c}");
            let answer = lake.sql(&sql, Default::default());
            if c != "raw" && c != "records" {
                assert_eq!(answer.unwrap().batches[0].schema().field(0).name(), c);
            }
        }
    }
    let answer = lake.sql("select e.user, upper(user) u from events e where user = 'bob' and user like 'b%' limit 1", Default::default()).unwrap();
    assert_eq!(answer.json_rows().unwrap().to_string(), r#"[{"user":"bob","u":"BOB"}]"#);
}

#[test]
fn row_52_what_is_not_one_select_is_refused() {
    let (dir, lake) = lake();
    let file = dir.path().join("stolen.csv");
    std::fs::write(&file, "a\nsecret\n").unwrap();
    let file = file.display();
    let refused = [
        "insert into events select * from events".to_owned(),
        "delete from events".into(),
        "update events set source = 'x'".into(),
        "drop table events".into(),
        "create table t as select * from events".into(),
        "create view v as select 1".into(),
        format!("create external table t stored as csv location '{file}'"),
        format!("copy (select * from events) to '{file}.out'"),
        format!("copy events to '{file}.out' stored as csv"),
        "explain select * from events".into(),
        "explain analyze select * from events".into(),
        "set datafusion.execution.batch_size = 1".into(),
        "reset datafusion.execution.batch_size".into(),
        "show tables".into(),
        "show all".into(),
        "describe events".into(),
        "select 1; select 2".into(),
        "select 1; drop table events".into(),
        "prepare p as select 1".into(),
        "execute p".into(),
        "begin".into(),
        "".into(),
        ";".into(),
        "-- nothing".into(),
        "select * into copied from events".into(),
        "with x as (insert into events select 1) select * from x".into(),
    ];
    for sql in refused {
        let said = fault(&lake, &sql);
        assert!(said.starts_with("not run: ") || said.starts_with("the query is not valid: "), "{sql}: {said}");
    }
    assert!(!std::path::Path::new(&format!("{file}.out")).exists());
    assert_eq!(fault(&lake, "delete from events"), "not run: `DELETE` is not a SELECT; `muster sql` only reads");
    assert_eq!(lake.count(&event::Filter::All).unwrap(), 4);
}

#[test]
fn row_52_other_tables_files_and_urls_are_refused() {
    let (dir, lake) = lake();
    let file = dir.path().join("stolen.csv");
    std::fs::write(&file, "a\nsecret\n").unwrap();
    let file = file.display();
    for from in [
        format!("'{file}'"),
        format!("\"{file}\""),
        "'https://example.org/x.parquet'".into(),
        format!("read_csv('{file}')"),
        "generate_series(1, 10)".into(),
        "range(1, 10)".into(),
        format!("parquet_metadata('{file}')"),
        "table(generate_series(1, 10))".into(),
        "unnest([1, 2])".into(),
        "information_schema.tables".into(),
        "information_schema.df_settings".into(),
        "other".into(),
        "public.events".into(),
        "(select * from other) t".into(),
        "events join other on true".into(),
    ] {
        let said = fault(&lake, &format!("select * from {from}"));
        assert!(said.starts_with("not run: ") && said.ends_with("there are events, links, quarantine and envelopes"), "{from}: {said}");
    }
    assert_eq!(
        fault(&lake, "select * from events where exists (select 1 from other)"),
        "not run: `other` is not a table of the lake; there are events, links, quarantine and envelopes"
    );
    for makes in ["repeat('x', 1000000000)", "range(1, 1000000000)", "array_repeat(1, 1000000000)", "lpad('x', 1000000000)"] {
        let said = fault(&lake, &format!("select {makes}"));
        assert!(said.starts_with("the query is not valid: "), "{makes}: {said}");
    }
    assert!(fault(&lake, "select nothing from events").contains("nothing"));
}

#[test]
fn row_52_a_query_that_runs_away_is_stopped_by_time() {
    let (_dir, lake) = lake();
    let limits = SqlLimits { seconds: 1, ..Default::default() };
    let many = |n: usize| (0..n).map(|i| format!("events e{i}")).collect::<Vec<_>>().join(", ");
    for runs in [
        "with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t".to_owned(),
        format!("select count(*) from {} where e0.seq + e15.seq + e7.seq > 1000", many(16)),
        format!("select max(sha256(e0.user || e1.message || e2.seq || e3.seq || e4.seq)) from {}", many(16)),
    ] {
        let runs = runs.as_str();
        let begun = std::time::Instant::now();
        let said = lake.sql(runs, limits).unwrap_err();
        assert!(matches!(said, Error::Time { seconds: 1 }), "{runs}: {said}");
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
        assert!(said.to_string().contains("longer than 1 s"));
    }
    // The lake answers on.
    assert_eq!(lake.count(&event::Filter::All).unwrap(), 4);
}

#[test]
fn row_52_memory_and_rows_are_limited() {
    let (_dir, lake) = lake();
    let big = "with recursive t as (select 1 as n union all select n + 1 from t where n < 400) select a.n, b.n m, c.n o from t a, t b, t c order by a.n + b.n + c.n, m desc";
    let said = lake.sql(big, SqlLimits { seconds: 60, mib: 1, rows: usize::MAX >> 1 }).unwrap_err();
    assert!(matches!(said, Error::Memory { mib: 1 }), "{said}");
    assert!(said.to_string().contains("more than 1 MiB"));
    let few = SqlLimits { rows: 3, ..Default::default() };
    let answer = lake.sql("select seq from events", few).unwrap();
    assert_eq!((answer.rows(), answer.cut()), (3, true));
    let answer = lake.sql("select seq from events limit 3", few).unwrap();
    assert_eq!((answer.rows(), answer.cut()), (3, false));
    let long = format!("select '{}'", "x".repeat(300_000));
    assert!(fault(&lake, &long).contains("at most 262144"));
    let deep = format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(fault(&lake, &deep).starts_with("the query is not valid: "));
}

#[test]
fn tables_of_text_escape_what_moves_the_cursor() {
    let (_dir, lake) = lake();
    let answer = lake
        .sql("select chr(27) || '[2J' as a, chr(8203) || chr(65279) || chr(1564) || chr(917569) as b union all select null, null", Default::default())
        .unwrap();
    let table = answer.table().unwrap();
    assert!(table.contains("\\u{1b}[2J") && !table.contains('\u{1b}'), "{table}");
    assert!(table.contains("\\u{200b}\\u{feff}\\u{61c}\\u{e0041}"), "{table}");
}
