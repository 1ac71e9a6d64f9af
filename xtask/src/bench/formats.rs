//! `cargo xtask bench-formats`: how fast each format goes from bytes to column batches on one core, beside peers where one is installed.
//!
//! Owns: which files a format is measured on (all of `../shared/data` that are recognised as it, else our own samples), and the table.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use ::formats::{self as formats, Context, Format, Framer, Limits, Record};
use anyhow::{Context as _, Result};
use event::{Batch, PieceKind, Sink as _, Time, batch::BATCH_ROWS};

use super::child;

/// What follows `bench-formats`.
pub const ARGUMENTS: &str = "[--write] [FORMAT…]";

const DATA: &str = "../shared/data";
/// Folders of it that hold logs; the others are rules and what oracles said.
const FACETS: &[&str] = &["runtime", "cloud", "network", "system", "application"];
const SAMPLES: &str = "crates/formats/samples";
/// A format is measured for so many seconds at least.
const FOR_S: f64 = 2.0;
/// A stream has at least so many bytes: a file again and again, so that opening it counts for nothing.
const STREAM_BYTES: usize = 1 << 20;
/// Peers get at least so many bytes: starting them should count for little.
const PEER_BYTES: usize = 32 << 20;
/// Bytes given to the framer at once, as intake does.
const CHUNK_BYTES: usize = 256 << 10;

/// The files of a format.
#[derive(Default)]
struct Corpus {
    files: Vec<(String, Vec<u8>)>,
    ours: bool,
}

/// What a format came to.
struct Rate {
    format: &'static dyn Format,
    /// Bytes of the files.
    corpus_bytes: usize,
    /// Bytes read in all.
    bytes: usize,
    files: usize,
    ours: bool,
    seconds: f64,
    events: usize,
    rejected: usize,
    peers: Vec<(String, f64)>,
}

/// Runs the command.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let wanted: Vec<&String> = args.iter().filter(|a| !a.starts_with("--")).collect();
    let mut corpora = real()?;
    let mut rates = Vec::new();
    for format in formats::all() {
        if !(wanted.is_empty() || wanted.iter().any(|w| *w == format.name())) {
            continue;
        }
        let corpus = match corpora.remove(format.name()) {
            Some(corpus) => corpus,
            None => ours(format.name())?,
        };
        if corpus.files.is_empty() {
            continue;
        }
        let rate = measure(*format, &corpus)?;
        eprintln!("{:<24} {:>7.0} MB/s", format.name(), rate.mb_s());
        rates.push(rate);
    }
    let page = markdown(&rates);
    println!("{page}");
    if args.iter().any(|a| a == "--write") {
        fs::write("docs/bench-formats.md", page).context("write docs/bench-formats.md")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of `../shared/data` by the format that they are recognised as.
fn real() -> Result<BTreeMap<&'static str, Corpus>> {
    let mut corpora: BTreeMap<&'static str, Corpus> = BTreeMap::new();
    for facet in FACETS {
        let folder = Path::new(DATA).join(facet);
        if folder.exists() {
            walk(&folder, &mut |name, bytes| {
                let head = bytes.get(..formats::read::HEAD_BYTES_MAX).unwrap_or(&bytes);
                let format = formats::recognise(head, &name).name();
                corpora.entry(format).or_default().files.push((name, bytes));
            })?;
        }
    }
    Ok(corpora)
}

fn ours(format: &str) -> Result<Corpus> {
    let mut corpus = Corpus { ours: true, ..Corpus::default() };
    let folder = Path::new(SAMPLES).join(format);
    if folder.exists() {
        walk(&folder, &mut |name, bytes| {
            if !name.ends_with(".events.jsonl") && !name.ends_with(".rows.txt") {
                corpus.files.push((name, bytes));
            }
        })?;
    }
    Ok(corpus)
}

fn walk(folder: &Path, each: &mut dyn FnMut(String, Vec<u8>)) -> Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, each)?;
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            each(name, fs::read(&path).with_context(|| format!("read {}", path.display()))?);
        }
    }
    Ok(())
}

fn measure(format: &'static dyn Format, corpus: &Corpus) -> Result<Rate> {
    let ended = |bytes: &[u8]| if bytes.ends_with(b"\n") { bytes.to_vec() } else { [bytes, b"\n"].concat() };
    let streams: Vec<Vec<u8>> = corpus.files.iter().map(|(_, bytes)| ended(bytes).repeat(STREAM_BYTES.div_ceil(bytes.len().max(1)))).collect();
    let mut rate = Rate {
        format,
        corpus_bytes: corpus.files.iter().map(|(_, b)| b.len()).sum(),
        files: corpus.files.len(),
        ours: corpus.ours,
        bytes: 0,
        seconds: 0.0,
        events: 0,
        rejected: 0,
        peers: Vec::new(),
    };
    // Time of the processor, not of the wall: what else the machine does is not counted.
    let cpu = || child::cpu(std::process::id()).context("read the time of the processor");
    let begin = cpu()?;
    while rate.seconds < FOR_S {
        for bytes in &streams {
            let (events, rejected) = read(format, bytes)?;
            rate.events += events;
            rate.rejected += rejected;
            rate.bytes += bytes.len();
        }
        rate.seconds = cpu()? - begin;
    }
    rate.peers = peers(format.name(), corpus)?;
    Ok(rate)
}

/// One file from bytes to column batches: events, and records that became none.
fn read(format: &'static dyn Format, bytes: &[u8]) -> Result<(usize, usize)> {
    let context = Context { source: "bench/log".into(), received: Time::from_secs(1_772_614_800), host: Some("bench".into()) };
    let mut batch = Batch::new(context.origin(format));
    let mut parser = format.parser();
    let mut framer = Framer::new(format.framing(), Limits::default());
    let (mut seq, mut events, mut rejected) = (0, 0, 0);
    let mut failed = None;
    let mut piece = |bytes: &[u8], kind: PieceKind| {
        match kind {
            PieceKind::Around => parser.heading(bytes),
            PieceKind::Rejected(_) => rejected += 1,
            PieceKind::Record => {
                let record = Record { seq, bytes, received: context.received, host: context.host.as_deref() };
                if parser.record(record, &mut batch).is_err() {
                    batch.abandon();
                    rejected += 1;
                }
            }
        }
        seq += 1;
        if batch.rows() >= BATCH_ROWS {
            events += batch.rows();
            failed = batch.take().err();
        }
    };
    for chunk in bytes.chunks(CHUNK_BYTES) {
        framer.push(chunk, &mut |b, kind, _| piece(b, kind));
    }
    framer.finish(&mut |b, kind, _| piece(b, kind));
    parser.finish(&mut batch);
    events += batch.rows();
    batch.take().context("make columns")?;
    failed.map_or(Ok((events, rejected)), |e| Err(e).context("make columns"))
}

/// What others do with the same bytes on one core, where they are installed: name and seconds a megabyte.
fn peers(format: &str, corpus: &Corpus) -> Result<Vec<(String, f64)>> {
    let mut found = Vec::new();
    let file = PathBuf::from("target/bench").join(format!("{format}.log"));
    fs::create_dir_all("target/bench")?;
    let once: usize = corpus.files.iter().map(|(_, b)| b.len()).sum();
    let repeats = PEER_BYTES.div_ceil(once.max(1));
    let command = |program: &str, args: &[&str]| {
        let mut c = Command::new("taskset");
        c.args(["-c", "0", program]).args(args).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        c
    };
    let mut time = |name: &str, mut c: Command| {
        let begin = Instant::now();
        if c.status().is_ok_and(|s| s.success()) {
            found.push((name.to_owned(), begin.elapsed().as_secs_f64() / (once * repeats) as f64 * 1e6));
        }
    };
    let path = file.to_string_lossy().into_owned();
    match format {
        "linux_audit" => {
            fs::write(&file, lines(corpus, repeats))?;
            time("ausearch --format csv", command("ausearch", &["--format", "csv", "-if", &path]));
        }
        "aws_cloudtrail" | "zeek" => {
            let python = Path::new("target/python/bin/python");
            fs::write(&file, lines(corpus, repeats))?;
            let script = format!(
                "import duckdb; duckdb.sql(\"set threads=1\"); duckdb.sql(\"select count(*), sum(hash(columns(*))) from read_json('{path}', format='newline_delimited', ignore_errors=true, maximum_object_size=67108864)\").fetchall()"
            );
            time("DuckDB read_json", command(&python.to_string_lossy(), &["-c", &script]));
        }
        _ => {}
    }
    Ok(found)
}

fn lines(corpus: &Corpus, repeats: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for _ in 0..repeats {
        for (_, bytes) in &corpus.files {
            all.extend_from_slice(bytes);
            if !bytes.ends_with(b"\n") {
                all.push(b'\n');
            }
        }
    }
    all
}

impl Rate {
    fn mb_s(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.seconds
    }
}

fn markdown(rates: &[Rate]) -> String {
    let mut page = String::from(
        "# Rates of the formats\n\nPrinted by `make bench-formats`: bytes to column batches (framing, parsing, columns) on one core, by the\nprocessor's time. Files: of `../shared/data`\nwhere there are any of the format (`real`), else our own samples.\n\n",
    );
    page.push_str("| format | MB/s | events/s | on | KB | not read | beside it, MB/s (ratio) |\n|---|---:|---:|---|---:|---:|---|\n");
    for r in rates {
        let beside: Vec<String> = r
            .peers
            .iter()
            .map(|(name, seconds)| {
                let theirs = 1.0 / seconds;
                format!("{name} {theirs:.1} ({:.1} x)", r.mb_s() / theirs)
            })
            .collect();
        let _ = writeln!(
            page,
            "| `{}` | {:.0} | {:.0} | {} {} | {:.0} | {:.1} % | {} |",
            r.format.name(),
            r.mb_s(),
            r.events as f64 / r.seconds,
            r.files,
            if r.ours { "samples" } else { "real" },
            r.corpus_bytes as f64 / 1e3,
            100.0 * r.rejected as f64 / (r.events + r.rejected).max(1) as f64,
            beside.join(", ")
        );
    }
    page
}
