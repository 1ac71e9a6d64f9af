//! PostgreSQL's log in its three forms: stderr with any `log_line_prefix`, csvlog, jsonlog.
//!
//! Source: PostgreSQL's manual, "Error Reporting and Logging"; the sentences are the server's own (`words`). One entry of the log is one event, with
//! its detail, hint, context and statement; in the stderr form these are lines of their own, and the event lists their records.

mod csv;
mod entry;
mod json;
mod prefix;
mod stderr;
mod words;
mod zone;

use event::Facet;

use crate::{Format, Framing, Parser, map};

/// Lines looked at to recognise a log.
const SNIFF_LINES: usize = 20;

/// The stderr form.
pub struct Postgresql;

impl Format for Postgresql {
    fn name(&self) -> &'static str {
        "postgresql"
    }
    fn title(&self) -> &'static str {
        "PostgreSQL (stderr, any log_line_prefix)"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Indented
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').filter(|l| l.first().is_some_and(|b| !b.is_ascii_whitespace())).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            fit += u32::from(looks_like(&String::from_utf8_lossy(line), file_name.contains("postgres")));
        }
        if all == 0 || fit * 10 < all * 7 { 0 } else { 88 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(stderr::Lines::default())
    }
}

/// Whether a line is one that the server writes: a time and a process id before a severity with two blanks after it.
fn looks_like(line: &str, named: bool) -> bool {
    let Some(cut) = prefix::cut(line) else { return false };
    let mut entry = entry::Entry::default();
    prefix::read(cut.prefix, event::Time(0), &mut entry);
    let numbered = cut.prefix.starts_with('[') && !entry.line.is_empty() && cut.exact;
    let own = matches!(cut.word, "LOG" | "PANIC" | "STATEMENT" | "DETAIL" | "HINT" | "CONTEXT");
    let timed = !entry.time_text.is_empty() && (cut.exact || cut.prefix.ends_with("]:"));
    numbered || timed && (named || own || !entry.pid.is_empty())
}

/// The csvlog form.
pub struct PostgresqlCsv;

impl Format for PostgresqlCsv {
    fn name(&self) -> &'static str {
        "postgresql_csv"
    }
    fn title(&self) -> &'static str {
        "PostgreSQL csvlog"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Csv
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let first = head.split(|b| *b == b'\n').find(|l| l.first().is_some_and(u8::is_ascii_digit)).unwrap_or_default();
        if csv::looks_like(&String::from_utf8_lossy(first)) { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(csv::Rows)
    }
}

/// The jsonlog form.
pub struct PostgresqlJson;

impl Format for PostgresqlJson {
    fn name(&self) -> &'static str {
        "postgresql_json"
    }
    fn title(&self) -> &'static str {
        "PostgreSQL jsonlog"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if map::keys(head, &["timestamp", "error_severity", "line_num", "session_id", "backend_type"]) == 5 { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(json::TABLE, json::say)
    }
}
