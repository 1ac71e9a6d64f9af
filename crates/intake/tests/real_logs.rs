//! Logs that nobody here wrote: every file is read to its end, the books balance, and a second reading finds nothing new.

use std::path::Path;

use event::PieceKind;

use crate::{Bench, data};

fn twice(folder: &Path) {
    let mut bench = Bench::new();
    let (inputs, _) = intake::plan(&[folder.to_owned()], &bench.options);
    assert!(!inputs.is_empty());
    let mut received = 0;
    for input in &inputs {
        let before = bench.kept.batches.len();
        let report = bench.pump(input);
        received += report.received;
        let new = bench.kept.batches.split_off(before);
        let pieces = new.iter().map(|b| b.records.ends.iter().filter(|(_, k)| *k != PieceKind::Around).count() as u64).sum::<u64>();
        assert_eq!(pieces, report.taken, "{}", input.path.display());
        bench.kept.batches.extend(new);
    }
    let batches = bench.kept.batches.len();
    for input in &inputs {
        let report = bench.pump(input);
        assert_eq!((report.taken, report.duplicate + report.refused), (0, report.received), "{}", input.path.display());
    }
    assert_eq!(bench.kept.batches.len(), batches);
    println!("{}: {} files, {received} records, {batches} batches", folder.display(), inputs.len());
}

#[test]
fn cloudtrail_of_an_attack() {
    if let Some(folder) = data("cloud/invictus-aws/CloudTrail") {
        twice(&folder);
    }
}

#[test]
fn audit_and_syslog() {
    for below in ["runtime/go-libaudit", "runtime/laurel", "system/fail2ban", "system/plaso"] {
        if let Some(folder) = data(below) {
            twice(&folder);
        }
    }
}
