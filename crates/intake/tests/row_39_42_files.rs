//! Rows 39 to 42: files that are emptied, have no last newline, have holes, or change while they are read.

use std::{
    fs::File,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    process::Command,
};

use intake::Fault;

use crate::{Bench, counts, lines};

#[test]
fn row_39_a_log_that_was_emptied_and_grew_again_is_a_new_stream() {
    let mut bench = Bench::new();
    bench.write("a.log", lines(0, 100));
    let before = bench.read("a.log");
    bench.write("a.log", lines(500, 520));
    let after = bench.read("a.log");
    assert_eq!(counts(&after), [20, 20, 0, 0]);
    assert_ne!(before.stream, after.stream);
    let records = &bench.kept.batches.last().unwrap().records;
    assert_eq!((records.first_seq, records.offset), (100, 0), "numbers of the source go on, the stream is new");
}

#[test]
fn row_40_a_last_line_without_newline_is_a_record() {
    let mut bench = Bench::new();
    bench.write("a.log", "one\ntwo");
    assert_eq!(counts(&bench.read("a.log")), [2, 2, 0, 0]);
    assert_eq!(bench.kept.records(), ["one\n", "two"]);
}

#[test]
fn row_41_large_holes_are_left_out_and_counted() {
    let mut bench = Bench::new();
    let path = bench.path("sparse.log");
    let file = File::create(&path).unwrap();
    file.write_all_at(b"before\n", 0).unwrap();
    file.write_all_at(b"after\n", 64 << 20).unwrap();
    file.set_len(128 << 20).unwrap();
    drop(file);
    if std::fs::metadata(&path).unwrap().blocks() * 512 > 1 << 20 {
        println!("skipped: this file system makes no holes");
        return;
    }
    let report = bench.read("sparse.log");
    assert!(report.hole_bytes > 120 << 20 && report.bytes < 1 << 20, "{report:?}");
    let records = bench.kept.records();
    assert!(records[0].starts_with("before") && records.iter().any(|r| r.ends_with("after\n")), "{records:?}");
    assert!(!report.incomplete());
}

/// Reads a file while something happens to it after the first chunk.
fn meddled(happens: impl Fn(&std::path::Path) + 'static) -> (crate::StreamReport, usize) {
    let mut bench = Bench::new();
    let path = bench.write("a.log", lines(0, 40_000));
    let mut done = false;
    bench.kept.meddle = Some(Box::new(move |_| {
        if !std::mem::replace(&mut done, true) {
            happens(&path);
        }
    }));
    let report = bench.read("a.log");
    let records = bench.kept.records();
    assert!(lines(0, 50_000).starts_with(&records.concat()));
    (report, records.len())
}

#[test]
fn row_42_a_file_deleted_while_it_is_read_is_read_to_its_end() {
    let (report, records) = meddled(|path| std::fs::remove_file(path).unwrap());
    assert!(matches!(report.faults.as_slice(), [Fault::Deleted]), "{report:?}");
    assert_eq!(records, 40_000);
}

#[test]
fn row_42_a_file_cut_while_it_is_read_gives_what_was_read() {
    let (report, records) = meddled(|path| File::options().write(true).open(path).unwrap().set_len(1000).unwrap());
    assert!(matches!(report.faults.as_slice(), [Fault::Shrunk]), "{report:?}");
    assert!(records > 100);
}

#[test]
fn row_42_a_log_that_grows_while_it_is_read_is_whole() {
    let (report, records) = meddled(|path| {
        use std::io::Write as _;
        File::options().append(true).open(path).unwrap().write_all(lines(40_000, 40_100).as_bytes()).unwrap();
    });
    assert!(!report.incomplete(), "{report:?}");
    assert_eq!(records, 40_100);
}

#[test]
fn row_42_a_file_written_over_while_its_start_is_compared_is_read_again() {
    let mut bench = Bench::new();
    let path = bench.write("a.log", lines(0, 40_000));
    bench.read("a.log");
    bench.kept.batches.clear();
    // Once its start is known, another content of the same first chunk comes into its place.
    let other = lines(0, 20_000) + &lines(60_000, 80_000);
    let mut done = false;
    let written = other.clone();
    bench.kept.meddle = Some(Box::new(move |_| {
        if !std::mem::replace(&mut done, true) {
            std::fs::write(&path, &written).unwrap();
        }
    }));
    let report = bench.read("a.log");
    let new = bench.kept.records();
    assert!(new.contains(&lines(60_000, 60_001)) && new.contains(&lines(79_999, 80_000)), "what is new is not taken for known");
    assert_eq!(report.received, 40_000);
}

#[test]
fn row_42_what_is_gone_or_not_allowed_is_said() {
    let mut bench = Bench::new();
    let report = bench.read("never.log");
    assert!(matches!(report.faults.as_slice(), [Fault::Io(_)]) && report.source.is_none());
    assert_eq!(counts(&report), [0; 4]);
}

const FORBIDDEN: &str = "INTAKE_FORBIDDEN";

/// As somebody who may not read the file; the child of the test below.
#[test]
#[ignore = "only as a child of the test below"]
fn child() {
    let Some(path) = std::env::var_os(FORBIDDEN) else { return };
    let mut bench = Bench::new();
    let report = bench.read(path.to_str().unwrap());
    let [Fault::Io(error)] = report.faults.as_slice() else { panic!("{report:?}") };
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    println!("permission was denied and said");
}

#[test]
fn row_42_a_file_that_may_not_be_read_is_said() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let bench = Bench::new();
    std::fs::set_permissions(bench.dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = bench.write("secret.log", "x\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // A copy that the other user may execute, wherever the build lies.
    let program = bench.path("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let run =
        Command::new(&program).args(["--ignored", "--exact", "row_39_42_files::child", "--nocapture"]).env(FORBIDDEN, &path).uid(65_534).gid(65_534).output();
    match run {
        Ok(out) => assert!(String::from_utf8_lossy(&out.stdout).contains("permission was denied and said"), "{out:?}"),
        Err(e) => println!("skipped: no test as another user ({e})"),
    }
}
