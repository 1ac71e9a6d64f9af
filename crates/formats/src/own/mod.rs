//! Formats that a team describes itself, a small TOML file each: how a line is taken apart, and what its parts are in OCSF.
//!
//! Owns: reading such a file with the line of every fault in it, its parser, and the tests inside it. Never reads a disk: the file's text is given.
//!
//! A format is made once and lives as long as the program (it is leaked on purpose), like those built in.

mod file;
mod parse;
mod places;
mod test;

use std::sync::Arc;

use event::Facet;
use regex::Regex;

use crate::{Format, Framing, Parser, map};
pub use test::Outcome;

/// An example that explains every key; what `muster formats new` prints.
pub const EXAMPLE: &str = include_str!("example.toml");

/// A fault in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, what was expected, and the nearest right name.
    pub message: String,
}

/// A format of a team's own.
#[derive(Debug)]
pub struct Own {
    name: &'static str,
    title: &'static str,
    spec: Arc<Spec>,
    tests: Vec<test::Test>,
}

/// What a file says of records.
#[derive(Debug)]
struct Spec {
    /// The name for people.
    title: String,
    facet: Facet,
    shape: Shape,
    /// A name that files have, with `*`.
    file: Option<String>,
    time: Time,
    defaults: Saying,
    cases: Vec<Case>,
    fields: Vec<Field>,
    outcome: Option<Results>,
}

/// How a record is taken apart.
#[derive(Debug)]
enum Shape {
    /// Regular expressions, the first that fits counts; whether a record goes on in indented lines.
    Patterns(Vec<Regex>, bool),
    /// JSON, and keys that a record has.
    Json(Vec<String>),
}

/// Which part is the time.
#[derive(Debug)]
struct Time {
    field: Option<String>,
    /// A format of `strptime`; any of the usual shapes without one.
    format: Option<String>,
}

/// What an event is.
#[derive(Clone, Debug)]
struct Saying {
    class: event::Class,
    activity: u8,
    severity: u8,
    operation: Option<String>,
}

/// What an event is when a part has one of these values.
#[derive(Debug)]
struct Case {
    field: String,
    is: Vec<String>,
    says: Saying,
}

/// A part of the record, and where it goes.
#[derive(Debug)]
struct Field {
    path: String,
    to: Vec<Target>,
}

/// Where a part goes.
#[derive(Clone, Copy, Debug)]
enum Target {
    Text(event::Attr),
    Int(event::Attr),
    Ip(event::Attr),
    Column(event::Column),
    Message,
}

/// Which values are success and which failure.
#[derive(Debug)]
struct Results {
    field: String,
    success: Vec<String>,
    failure: Vec<String>,
}

/// Reads a file. All its faults, if it has any.
pub fn load(text: &str) -> Result<&'static Own, Vec<Fault>> {
    file::read(text).map(|own| &*Box::leak(Box::new(own)))
}

impl Own {
    /// Runs the tests inside the file.
    pub fn test(&'static self) -> Vec<Outcome> {
        self.tests.iter().map(|t| test::run(self, t)).collect()
    }
}

impl Spec {
    /// Every part that the file names.
    fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.fields.iter().map(|f| f.path.as_str()).chain(self.time.field.as_deref()).collect();
        paths.extend(self.cases.iter().map(|c| c.field.as_str()).chain(self.outcome.as_ref().map(|o| o.field.as_str())));
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    fn fits(&self, line: &str) -> bool {
        match &self.shape {
            Shape::Patterns(patterns, _) => patterns.iter().any(|p| p.is_match(line)),
            Shape::Json(keys) => {
                let mut found = 0;
                let read = crate::json::members(line, |key, _| found += usize::from(keys.iter().any(|k| k == key)));
                read.is_ok() && found >= keys.len()
            }
        }
    }
}

/// Lines looked at to recognise a log.
const SNIFF_LINES: usize = 20;

impl Format for Own {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        self.title
    }
    fn facet(&self) -> Facet {
        self.spec.facet
    }
    fn framing(&self) -> Framing {
        match &self.spec.shape {
            Shape::Patterns(_, false) => Framing::Lines,
            Shape::Patterns(_, true) => Framing::Indented,
            Shape::Json(_) => Framing::JsonRecords { id: None },
        }
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        if self.spec.file.as_ref().is_some_and(|pattern| !glob(pattern, file_name)) {
            return 0;
        }
        let (mut all, mut fit) = (0u32, 0u32);
        for line in head.split(|b| *b == b'\n').filter(|l| l.first().is_some_and(|b| !b.is_ascii_whitespace())).take(SNIFF_LINES) {
            all += 1;
            fit += u32::from(self.spec.fits(&map::text_of(line)));
        }
        // What a team says of its own log goes before what is built in.
        if all == 0 || fit * 10 < all * 7 { 0 } else { 98 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(parse::Records::new(Arc::clone(&self.spec)))
    }
}

/// `*` for any text.
fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| (0..=name.len()).filter_map(|at| name.get(at..)).any(|n| glob(rest, n))),
    }
}
