//! Row 37: what is no file is reported and not opened; and the names and the order of what is read.

use std::{
    os::unix::{fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
};

use intake::{Options, Why, plan};

use crate::{Bench, counts};

fn names(paths: &[PathBuf]) -> Vec<(String, Option<String>)> {
    plan(paths, &Options::default()).0.into_iter().map(|i| (i.source, i.host)).collect()
}

#[test]
fn row_37_special_files_are_named_and_never_opened() {
    let bench = Bench::new();
    bench.write("web-1/auth.log", "x\n");
    symlink("web-1/auth.log", bench.path("link.log")).unwrap();
    symlink("..", bench.path("web-1/loop")).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(bench.path("pipe")).status();
    let _socket = UnixListener::bind(bench.path("socket")).unwrap();
    let (inputs, skipped) = plan(&[bench.dir.path().to_owned(), "/dev/null".into(), "/proc/self/status".into(), "/sys/kernel".into()], &Options::default());
    assert_eq!(inputs.len(), 1, "{inputs:?}");
    let why = |end: &str| skipped.iter().find(|s| s.path.ends_with(end)).map(|s| &s.why);
    assert!(matches!(why("link.log"), Some(Why::Symlink)));
    assert!(matches!(why("web-1/loop"), Some(Why::Symlink)));
    assert!(matches!(why("socket"), Some(Why::Socket)));
    assert!(matches!(why("/dev/null"), Some(Why::Device)));
    assert!(matches!(why("/proc/self/status"), Some(Why::Kernel)));
    assert!(matches!(why("/sys/kernel"), Some(Why::Kernel)));
    if fifo.is_ok_and(|s| s.success()) {
        assert!(matches!(why("pipe"), Some(Why::Fifo)));
    }
}

#[test]
fn row_37_a_file_that_became_something_else_is_not_opened() {
    let mut bench = Bench::new();
    let path = bench.write("a.log", "x\n");
    let (inputs, _) = plan(std::slice::from_ref(&path), &Options::default());
    std::fs::remove_file(&path).unwrap();
    symlink("/etc/passwd", &path).unwrap();
    assert_eq!(counts(&bench.pump(&inputs[0])), [0; 4]);
    std::fs::remove_file(&path).unwrap();
    if std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|s| s.success()) {
        let report = bench.pump(&inputs[0]);
        assert!(report.incomplete(), "and it does not wait for somebody to write");
    }
    assert!(bench.kept.batches.is_empty());
}

#[test]
fn a_link_that_is_named_is_followed() {
    let bench = Bench::new();
    bench.write("web-1/auth.log", "x\n");
    symlink("web-1", bench.path("here")).unwrap();
    assert_eq!(names(&[bench.path("here")]), [("auth.log".to_owned(), None)]);
}

#[test]
fn sources_hosts_and_order() {
    let bench = Bench::new();
    for name in ["web-2/auth.log", "web-1/auth.log", "web-1/auth.log.1", "web-1/auth.log.2.gz", "web-1/var/log/audit/audit.log", "logs/x.log"] {
        bench.write(name, "x\n");
    }
    let trail = "123456789012_CloudTrail_eu-west-1_20260301T0000Z_A.json";
    bench.write(&format!("cloud/{trail}"), "{}");
    let (inputs, _) = plan(&[bench.dir.path().to_owned()], &Options::default());
    let shown = inputs.iter().map(|i| (i.path.strip_prefix(bench.dir.path()).unwrap().to_str().unwrap(), i.source.as_str(), i.host.as_deref()));
    let trail = format!("cloud/{trail}");
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            (trail.as_str(), "cloudtrail/123456789012/eu-west-1", None),
            ("logs/x.log", "logs/x.log", None),
            ("web-1/auth.log.2.gz", "web-1/auth.log", Some("web-1")),
            ("web-1/auth.log.1", "web-1/auth.log", Some("web-1")),
            ("web-1/auth.log", "web-1/auth.log", Some("web-1")),
            ("web-1/var/log/audit/audit.log", "web-1/var/log/audit/audit.log", Some("web-1")),
            ("web-2/auth.log", "web-2/auth.log", Some("web-2")),
        ]
    );
}

#[test]
fn paths_given_one_by_one_keep_their_folders_apart() {
    let bench = Bench::new();
    for name in ["web-1/auth.log", "web-2/auth.log"] {
        bench.write(name, "x\n");
    }
    assert_eq!(names(&[bench.path("web-1"), bench.path("web-2")]).iter().map(|n| n.0.as_str()).collect::<Vec<_>>(), ["web-1/auth.log", "web-2/auth.log"]);
    let files = names(&[bench.path("web-2/auth.log"), bench.path("web-1/auth.log")]);
    assert_eq!(files, [("web-1/auth.log".into(), Some("web-1".into())), ("web-2/auth.log".into(), Some("web-2".into()))]);
    assert_eq!(names(&[bench.path("web-1/auth.log"), bench.path("web-1/auth.log")]).len(), 1, "a file that is named twice is read once");
}

#[test]
fn what_the_caller_says_counts() {
    let bench = Bench::new();
    bench.write("web-1/auth.log", "x\n");
    bench.write("store/journal/1.seg", "x\n");
    let options = Options { source: Some("s".into()), host: Some("h".into()), except: vec![bench.path("store")], ..Options::default() };
    let (inputs, skipped) = plan(&[bench.dir.path().to_owned()], &options);
    assert_eq!(inputs.iter().map(|i| (i.source.as_str(), i.host.as_deref())).collect::<Vec<_>>(), [("s", Some("h"))]);
    assert!(matches!(skipped.as_slice(), [s] if matches!(s.why, Why::Store)));
}

#[test]
fn a_path_that_is_not_there_is_said() {
    let (inputs, skipped) = plan(&[Path::new("/no/such/place").to_owned()], &Options::default());
    assert!(inputs.is_empty() && skipped[0].why.incomplete());
}

#[test]
fn a_format_that_is_named_is_used_and_one_that_is_not_there_is_said() {
    let mut bench = Bench::new();
    bench.write("a", "{\"eventID\":\"1\"}");
    bench.options.format = Some("aws_cloudtrail".into());
    assert_eq!(bench.read("a").source.unwrap().format, "aws_cloudtrail");
    bench.options.format = Some("nonsense".into());
    let report = bench.read("a");
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    assert!(crate::faults(&report).contains("formats list"));
}
