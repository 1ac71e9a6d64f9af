//! Tar and zip: each file inside is read like a file, whatever the archive does.

use std::io::Write as _;

use intake::Outcome;

use crate::{Bench, bz2, counts, faults, gz, lines, xz, zst};

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for (path, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        out.append_data(&mut header, path, *bytes).unwrap();
    }
    out.into_inner().unwrap()
}

/// A zip whose members are deflated.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (path, bytes) in members {
        let (mut entry, config) = archive.new_file(path).compression_method(rawzip::CompressionMethod::DEFLATE).start().unwrap();
        let packer = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(packer);
        writer.write_all(bytes).unwrap();
        let (packer, descriptor) = writer.finish().unwrap();
        packer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

fn sources(outcomes: &[Outcome]) -> Vec<(String, Option<String>)> {
    outcomes.iter().flat_map(|o| &o.reports).map(|r| (r.name.clone(), r.source.as_ref().and_then(|s| s.host.clone()))).collect()
}

#[test]
fn the_files_of_an_archive_are_logs_of_their_own_however_it_is_packed() {
    let (one, two) = (lines(0, 100), lines(100, 250));
    let packed = gz(two.as_bytes());
    let members: &[(&str, &[u8])] = &[("var/log/auth.log", one.as_bytes()), ("var/log/app.log.2.gz", &packed)];
    let plain = tar(members);
    for (name, bytes) in [
        ("web-1.tar", plain.clone()),
        ("web-1.tar.gz", gz(&plain)),
        ("web-1.tgz", gz(&plain)),
        ("web-1.tar.zst", zst(&plain)),
        ("web-1.tar.xz", xz(&plain)),
        ("web-1.tar.bz2", bz2(&plain)),
        ("web-1.zip", zip(members)),
    ] {
        let mut bench = Bench::new();
        bench.write(name, &bytes);
        let outcomes = bench.open_all();
        let host = Some("web-1".to_owned());
        assert_eq!(sources(&outcomes), [("web-1/var/log/auth.log".into(), host.clone()), ("web-1/var/log/app.log".into(), host)], "{name}");
        assert_eq!(outcomes[0].reports.iter().map(counts).collect::<Vec<_>>(), [[100, 100, 0, 0], [150, 150, 0, 0]], "{name}");
        assert_eq!(bench.kept.bytes(), [one.as_bytes(), two.as_bytes()].concat(), "{name}");
        let again = bench.open_all();
        assert_eq!(again[0].reports.iter().map(counts).collect::<Vec<_>>(), [[100, 0, 100, 0], [150, 0, 150, 0]], "{name}: known when it comes again");
    }
}

#[test]
fn a_machine_is_named_by_the_folder_before_the_archive() {
    let text = lines(0, 3);
    let mut bench = Bench::new();
    bench.write("evidence-7.zip", zip(&[("db-2/var/log/syslog", text.as_bytes()), ("../../etc/x.log", lines(3, 6).as_bytes())]));
    let outcomes = bench.open_all();
    let names = sources(&outcomes);
    assert_eq!(names[0], ("evidence-7/db-2/var/log/syslog".into(), Some("db-2".into())));
    assert!(!names[1].0.contains(".."), "{names:?}");
}

#[test]
fn an_archive_inside_an_archive_is_opened_to_a_limit() {
    let mut bytes = tar(&[("a.log", lines(0, 10).as_bytes())]);
    let mut bench = Bench::new();
    bench.write("outer.tar", tar(&[("inner.tar.gz", &gz(&bytes))]));
    assert_eq!(counts(&bench.open_all()[0].reports[0]), [10, 10, 0, 0]);
    for _ in 0..6 {
        bytes = tar(&[("deeper.tar", &bytes)]);
    }
    let mut bench = Bench::new();
    bench.write("deep.tar", bytes);
    let report = &bench.open_all()[0].reports[0];
    assert_eq!(counts(report), [1, 0, 0, 1]);
    assert!(faults(report).contains("too many archives"), "{}", faults(report));
}

#[test]
fn what_is_no_file_is_named_and_not_followed() {
    let mut out = tar::Builder::new(Vec::new());
    let mut link = tar::Header::new_ustar();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    out.append_link(&mut link, "var/log/auth.log", "/etc/shadow").unwrap();
    let mut bench = Bench::new();
    bench.write("a.tar", out.into_inner().unwrap());
    let outcomes = bench.open_all();
    assert!(outcomes[0].reports.is_empty());
    assert_eq!(outcomes[0].skipped.len(), 1);
    assert!(outcomes[0].skipped[0].path.ends_with("a.tar/var/log/auth.log") && outcomes[0].skipped[0].why.to_string().contains("symbolic link"));
}

#[test]
fn row_24_a_truncated_archive_gives_its_good_part_and_says_so() {
    let members: &[(&str, &[u8])] =
        &[("a.log", lines(0, 20_000).as_bytes()), ("b.log", lines(20_000, 40_000).as_bytes())].map(|(n, b)| (n, b.to_owned().leak() as &[u8]));
    for (name, whole) in [("x.tar", tar(members)), ("x.tar.gz", gz(&tar(members)))] {
        let mut bench = Bench::new();
        bench.write(name, &whole[..whole.len() * 3 / 4]);
        let outcomes = bench.open_all();
        let reports = &outcomes[0].reports;
        assert_eq!(counts(&reports[0]), [20_000, 20_000, 0, 0], "{name}");
        assert!(reports[1].taken > 5_000 && reports[1].incomplete(), "{name}: {:?}", reports[1]);
    }
    let whole = zip(members);
    let mut bench = Bench::new();
    bench.write("x.zip", &whole[..whole.len() * 3 / 4]);
    let report = &bench.open_all()[0].reports[0];
    assert!(report.incomplete() && report.refused == 1 && faults(report).contains("directory"), "{}", faults(report));
}

#[test]
fn a_damaged_member_of_a_zip_is_said() {
    let text = lines(0, 40_000);
    let mut whole = zip(&[("a.log", text.as_bytes()), ("b.log", b"fine\n")]);
    let middle = whole.len() / 2;
    whole[middle..middle + 32].fill(0x55);
    let mut bench = Bench::new();
    bench.write("x.zip", &whole);
    let outcomes = bench.open_all();
    let reports = &outcomes[0].reports;
    assert!(reports[0].incomplete(), "{reports:?}");
    assert_eq!(counts(&reports[1]), [1, 1, 0, 0], "the next one is read");
}

#[test]
fn row_25_a_zip_that_explodes_is_stopped() {
    let mut bench = Bench::new();
    bench.options.limits.free_bytes = 1 << 20;
    bench.options.limits.ratio_max = 100;
    bench.write("bomb.zip", zip(&[("a.log", &vec![b'\n'; 40 << 20])]));
    let outcomes = bench.open_all();
    let report = &outcomes[0].reports[0];
    assert!(report.bytes < 20 << 20, "{} bytes of 40 MiB", report.bytes);
    assert!(faults(report).contains("decompresses to more than"), "{}", faults(report));
}

#[test]
fn a_line_that_says_ustar_is_no_archive() {
    let mut line = format!("10.0.0.1 - - [04/Mar/2026:02:10:11 +0000] \"GET /{} HTTP/1.1\" 200 1 \"-\" \"x\"\n", "a".repeat(400)).into_bytes();
    line[257..262].copy_from_slice(b"ustar");
    let mut bench = Bench::new();
    bench.write("access.log", [line.as_slice(), lines(0, 5).as_bytes()].concat());
    assert_eq!(counts(&bench.open_all()[0].reports[0]), [6, 6, 0, 0]);
}

#[test]
fn row_25_a_tar_that_explodes_is_stopped_however_it_is_nested() {
    let zeros = vec![b'\n'; 4 << 20];
    let inner = gz(&tar(&[("a.log", &zeros), ("b.log", &zeros)]));
    let outer = tar(&[("1.tar.gz", &inner), ("2.tar.gz", &inner), ("3.tar.gz", &inner), ("4.tar.gz", &inner)]);
    let mut bench = Bench::new();
    bench.options.limits.free_bytes = 10 << 20;
    bench.options.limits.ratio_max = 10;
    bench.write("bomb.tar.gz", gz(&outer));
    let outcomes = bench.open_all();
    let read: u64 = outcomes[0].reports.iter().map(|r| r.bytes).sum();
    assert!(read < 14 << 20, "{read} bytes of 32 MiB");
    assert!(outcomes[0].reports.iter().any(|r| faults(r).contains("decompresses to more than")));
}

#[test]
fn long_names_are_read_and_their_length_is_bounded() {
    let deep = format!("{}/auth.log", vec!["folder"; 30].join("/"));
    let mut bench = Bench::new();
    bench.write("a.tar", tar(&[(&deep, lines(0, 3).as_bytes())]));
    let outcomes = bench.open_all();
    assert!(outcomes[0].reports[0].name.ends_with("folder/auth.log"), "{}", outcomes[0].reports[0].name);

    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(64 << 20);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(512 + (64 << 20), b'a');
    bytes.extend(tar(&[("b.log", lines(0, 2).as_bytes())]));
    let mut bench = Bench::new();
    bench.write("long.tar", &bytes);
    let outcomes = bench.open_all();
    let name = &outcomes[0].reports[0].name;
    assert!(name.len() < 100 << 10 && outcomes[0].reports[0].taken == 2, "{}", name.len());
}

#[test]
fn a_sparse_member_is_named_and_not_filled_with_zeros() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_path("huge.log").unwrap();
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.set_real_size(1 << 40);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(tar(&[("b.log", lines(0, 2).as_bytes())]));
    let mut bench = Bench::new();
    bench.write("sparse.tar", &bytes);
    let outcomes = bench.open_all();
    assert_eq!((outcomes[0].skipped.len(), outcomes[0].reports[0].taken), (1, 2));
}
