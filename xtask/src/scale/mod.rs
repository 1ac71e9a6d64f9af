//! `cargo xtask scale`: K copies of a real corpus, time shifted by its span, identities renamed one to one.
//!
//! Owns: the command, its output shapes, the figures it prints. `corpus` reads, `template` finds what has to change,
//! `rename` gives every copy its own identities. Never invents a record: N records = K copies of M real ones.

mod corpus;
mod rename;
mod template;

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};

use self::{
    corpus::Corpus,
    rename::Renamer,
    template::{Kind, Template},
};

/// What follows `scale`.
pub const ARGUMENTS: &str = "cloudtrail COPIES --out PATH [--as lines|files] FILE…";

/// How the copies are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One file, a record a line.
    Lines,
    /// `{"Records":[…]}` files, as many a copy as the corpus has, in AWS's own folders.
    Files,
}

/// What came out.
#[derive(Debug, PartialEq)]
pub struct Scaled {
    /// Records of the corpus (M).
    pub real: u64,
    /// Copies (K).
    pub copies: u32,
    /// Bytes written, envelopes and separators included.
    pub bytes: u64,
    /// Distinct values of the result, by what they are.
    pub distinct: Vec<(&'static str, u64)>,
}

impl Scaled {
    /// Records written (N = K x M).
    pub fn records(&self) -> u64 {
        self.real * u64::from(self.copies)
    }
}

impl std::fmt::Display for Scaled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records = {} copies of {} real records, {} bytes", self.records(), self.copies, self.real, self.bytes)
    }
}

/// Runs the command.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let (mut out, mut layout, mut plain) = (None, Layout::Lines, Vec::new());
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--out" => out = rest.next().map(PathBuf::from),
            "--as" => layout = parse_layout(rest.next())?,
            _ => plain.push(arg.as_str()),
        }
    }
    let (Some(out), ["cloudtrail", copies, files @ ..]) = (out, plain.as_slice()) else { bail!("usage: scale {ARGUMENTS}") };
    let copies = copies.parse().with_context(|| format!("COPIES is not a number: {copies}"))?;
    let begin = std::time::Instant::now();
    let scaled = scale(&files.iter().map(PathBuf::from).collect::<Vec<_>>(), copies, layout, &out)?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{scaled}");
    for (what, n) in &scaled.distinct {
        println!("{n:>12} distinct {what}");
    }
    println!("{seconds:>12.2} seconds, {:.0} MB/s", scaled.bytes as f64 / 1e6 / seconds);
    Ok(ExitCode::SUCCESS)
}

fn parse_layout(word: Option<&String>) -> Result<Layout> {
    match word.map(String::as_str) {
        Some("lines") => Ok(Layout::Lines),
        Some("files") => Ok(Layout::Files),
        other => bail!("--as takes lines or files, not {other:?}"),
    }
}

/// Scales a CloudTrail corpus. Folders among `paths` are read whole, in the order of their names; the first copy keeps all names and times.
pub fn scale(paths: &[PathBuf], copies: u32, layout: Layout, out: &Path) -> Result<Scaled> {
    let corpus = Corpus::read(paths)?;
    let template = Template::of(&corpus)?;
    let mut renamer = Renamer::new(&template);
    let mut bytes = 0;
    match layout {
        Layout::Lines => {
            let file = File::create(out).with_context(|| format!("create {}", out.display()))?;
            let mut w = BufWriter::with_capacity(1 << 20, file);
            for copy in 0..copies {
                renamer.start_copy(copy)?;
                for file in &template.files {
                    for record in &file.records {
                        bytes += renamer.write(record, &mut w)? + 1;
                        w.write_all(b"\n")?;
                    }
                }
            }
            w.flush()?;
        }
        Layout::Files => {
            for copy in 0..copies {
                renamer.start_copy(copy)?;
                for file in &template.files {
                    bytes += write_delivery(&renamer, file, copy, out)?;
                }
            }
        }
    }
    Ok(Scaled { real: corpus.records(), copies, bytes, distinct: distinct(&corpus, &template, copies) })
}

/// Writes one delivery file of a copy where AWS would: `AWSLogs/ACCOUNT/CloudTrail/REGION/Y/M/D/NAME`.
fn write_delivery(renamer: &Renamer<'_>, file: &template::File, copy: u32, out: &Path) -> Result<u64> {
    let path = out.join(renamer.delivery_path(&file.name, copy));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let mut w = BufWriter::new(File::create(&path).with_context(|| format!("create {}", path.display()))?);
    let mut bytes = b"{\"Records\":[]}".len() as u64;
    w.write_all(b"{\"Records\":[")?;
    for (i, record) in file.records.iter().enumerate() {
        if i > 0 {
            w.write_all(b",")?;
            bytes += 1;
        }
        bytes += renamer.write(record, &mut w)?;
    }
    w.write_all(b"]}")?;
    w.flush()?;
    Ok(bytes)
}

fn distinct(corpus: &Corpus, template: &Template, copies: u32) -> Vec<(&'static str, u64)> {
    let renamed = Kind::ALL.iter().filter(|k| k.renamed()).map(|&k| (k.name(), template.distinct(k) * u64::from(copies)));
    let kept = [("operations", "eventName"), ("user agents", "userAgent"), ("error codes", "errorCode")];
    renamed.chain(kept.map(|(what, field)| (what, corpus.distinct(field)))).filter(|(_, n)| *n > 0).collect()
}

#[cfg(test)]
mod tests;
