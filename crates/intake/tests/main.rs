//! Tests of intake; modules named after rows of the bad inputs they are about.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod archives;
mod follow;
mod identity;
mod journal_tail;
mod plan;
mod real_logs;
mod row_39_42_files;
mod row_43_again;
mod rows_24_29_compression;
mod rows_5_8_text;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use event::{PieceKind, Time};
use intake::{Batch, BoxError, Input, Known, Options, Outcome, Progress, StreamReport, Taker};

/// Takes batches into memory; can refuse, and can act while a file is read.
#[derive(Default)]
struct Kept {
    batches: Vec<Batch>,
    /// Takes so many more batches.
    room: Option<usize>,
    meddle: Option<Box<dyn FnMut(u64)>>,
    keys: u8,
}

impl Taker for Kept {
    fn key(&mut self) -> Result<[u8; 32], BoxError> {
        self.keys += 1;
        Ok([self.keys; 32])
    }

    fn take(&mut self, batch: Batch) -> Result<(), BoxError> {
        if self.room.is_some_and(|room| self.batches.len() >= room) {
            return Err("no room".into());
        }
        assert!(batch.note.identities.is_empty() || batch.note.identities.len() == batch.records.ends.len());
        self.batches.push(batch);
        Ok(())
    }

    fn progress(&mut self, progress: Progress<'_>) {
        assert!(progress.read <= progress.total);
        if let Some(meddle) = &mut self.meddle {
            meddle(progress.read);
        }
    }
}

impl Kept {
    /// The pieces of all batches, as text.
    fn pieces(&self) -> Vec<(PieceKind, String)> {
        self.batches.iter().flat_map(|b| b.records.pieces().map(|p| (p.kind, String::from_utf8_lossy(p.bytes).into_owned())).collect::<Vec<_>>()).collect()
    }

    fn records(&self) -> Vec<String> {
        self.pieces().into_iter().filter(|p| p.0 == PieceKind::Record).map(|p| p.1).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        self.batches.iter().flat_map(|b| b.records.bytes.clone()).collect()
    }
}

/// A folder of logs, and what is known of it.
struct Bench {
    dir: tempfile::TempDir,
    known: Known,
    kept: Kept,
    options: Options,
}

impl Bench {
    fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap(), known: Known::default(), kept: Kept::default(), options: Options::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Reads one file, named below the folder.
    fn read(&mut self, name: &str) -> StreamReport {
        let path = self.path(name);
        self.pump(&Input::new(path, name.into(), None))
    }

    /// Reads a file that is no archive.
    fn pump(&mut self, input: &Input) -> StreamReport {
        let mut outcome = self.open(input);
        assert_eq!((outcome.reports.len(), outcome.skipped.len()), (1, 0), "{outcome:?}");
        outcome.reports.remove(0)
    }

    fn open(&mut self, input: &Input) -> Outcome {
        let outcome = intake::pump(input, &mut self.known, Time(1_700_000_000_000_000), &self.options, &mut self.kept);
        assert!(outcome.reports.iter().all(StreamReport::balanced), "{outcome:?}");
        outcome
    }

    /// Reads all that a plan of the folder names, archives too.
    fn open_all(&mut self) -> Vec<Outcome> {
        let (inputs, _) = intake::plan(&[self.dir.path().to_owned()], &self.options);
        inputs.iter().map(|i| self.open(i)).collect()
    }

    /// Reads all that a plan of the folder names.
    fn read_all(&mut self) -> Vec<StreamReport> {
        let (inputs, _) = intake::plan(&[self.dir.path().to_owned()], &self.options);
        inputs.iter().map(|i| self.pump(i)).collect()
    }
}

/// Counts of a report: received, taken, duplicate, refused.
fn counts(report: &StreamReport) -> [u64; 4] {
    [report.received, report.taken, report.duplicate, report.refused]
}

fn faults(report: &StreamReport) -> String {
    report.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// So many different lines.
fn lines(from: usize, to: usize) -> String {
    (from..to).map(|i| format!("Mar  1 10:00:00 web-1 app[7]: line {i} of a log that grows\n")).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = liblzma::write::XzEncoder::new(Vec::new(), 6);
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// The samples beside the checkout, if they are here.
fn data(below: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(below);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not here", path.display());
    None
}
