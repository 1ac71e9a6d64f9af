//! PostgreSQL's stderr log: lines of one entry are put together. Holds back the last entry only, until the next one begins.

use event::{Mark, Sink};

use super::{
    entry::{Entry, Original},
    prefix::{self, Kind},
};
use crate::{Parser, Record, Reject, time::Stamp};

/// The most lines of an entry: message, detail, hint, query, context, statement and the like.
const LINES_MAX: usize = 64;

/// The most shapes of prefixes that a log is known by.
const SHAPES_MAX: usize = 8;

/// Lines that shapes are learned from.
const LEARN_LINES: usize = 1000;

/// The parser of a stream.
#[derive(Default)]
pub(super) struct Lines {
    open: Option<Open>,
    /// Shapes of prefixes of lines that can be read in one way only.
    shapes: Vec<Vec<String>>,
    /// Lines that shapes were looked for in.
    learned: usize,
}

/// An entry whose last line may still come.
struct Open {
    lines: Vec<Line>,
    received: event::Time,
    host: Option<String>,
    pid: String,
}

/// A line of an entry.
struct Line {
    seq: u64,
    bytes: Vec<u8>,
    /// Which of its severity words is the server's.
    at: Option<usize>,
    /// More than one may be.
    doubtful: bool,
}

/// How a line is read.
struct Reading {
    at: usize,
    kind: Kind,
    pid: String,
    timed: bool,
    doubtful: bool,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        let read = self.read(&text, record);
        let adds = match &read {
            Some(read) => read.kind == Kind::More,
            // Syslog cuts long entries: `[5-2] the rest`.
            None => syslog_part(&text).is_some(),
        };
        let pid = read.as_ref().map(|r| r.pid.clone()).unwrap_or_default();
        let line =
            Line { seq: record.seq, bytes: record.bytes.to_owned(), at: read.as_ref().map(|r| r.at), doubtful: read.as_ref().is_some_and(|r| r.doubtful) };
        if adds && let Some(open) = self.open.as_mut().filter(|o| o.lines.len() < LINES_MAX && (pid.is_empty() || o.pid == pid)) {
            open.lines.push(line);
            return Ok(());
        }
        let Some(read) = read else { return Err(Reject::Shape { expected: "a line with a severity such as `LOG:`" }) };
        if !read.timed {
            return Err(Reject::Shape { expected: "a line that begins with a time" });
        }
        self.close(out);
        self.open = Some(Open { lines: vec![line], received: record.received, host: record.host.map(str::to_owned), pid });
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        self.close(out);
    }

    fn pending(&self) -> Vec<u64> {
        self.open.iter().flat_map(|o| o.lines.iter().map(|l| l.seq)).collect()
    }
}

/// `[5-2] rest`: entry 5, part 2.
fn syslog_part(text: &str) -> Option<(&str, &str)> {
    let (numbers, rest) = text.strip_prefix('[')?.split_once("] ")?;
    let (entry, part) = numbers.split_once('-')?;
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    (digits(entry) && digits(part)).then_some((part, rest))
}

impl Lines {
    /// Which severity word of a line is the server's. Those of a shape that the log has are; a line for which several are is doubtful:
    /// a client may name itself like the rest of a line.
    fn read(&mut self, text: &str, record: Record<'_>) -> Option<Reading> {
        let mut found: Vec<(Reading, Vec<String>)> = Vec::new();
        let cuts: Vec<_> = prefix::cuts(text).collect();
        let learns = cuts.len() > 1 || self.learned < LEARN_LINES;
        self.learned += usize::from(learns);
        for (at, cut) in cuts.into_iter().enumerate() {
            let mut entry = Entry::default();
            let parts = prefix::read(cut.prefix, record.received, &mut entry);
            let shape = if learns { parts.iter().map(|p| format!("{p:?}")).collect() } else { Vec::new() };
            let timed = !entry.time_text.is_empty() || syslog_part(cut.prefix).is_some() || cut.exact;
            found.push((Reading { at, kind: cut.kind, pid: entry.pid.into_owned(), timed, doubtful: false }, shape));
        }
        if let [(_, shape)] = &found[..]
            && learns
            && self.shapes.len() < SHAPES_MAX
            && !self.shapes.contains(shape)
        {
            self.shapes.push(shape.clone());
        }
        let fits = |shape: &[String]| self.shapes.iter().any(|known| prefix::fits(shape, known));
        let count = found.iter().filter(|(_, shape)| fits(shape)).count();
        let at = found.iter().position(|(_, shape)| fits(shape)).unwrap_or(0);
        let (reading, _) = found.into_iter().nth(at)?;
        Some(Reading { doubtful: count > 1, ..reading })
    }

    fn close(&mut self, out: &mut dyn Sink) {
        let Some(open) = self.open.take() else { return };
        let texts: Vec<_> = open.lines.iter().map(|l| String::from_utf8_lossy(&l.bytes)).collect();
        let mut entry = Entry::default();
        let mut parts: Vec<(&str, String)> = Vec::new();
        for (text, line) in texts.iter().zip(&open.lines) {
            match line.at.and_then(|at| prefix::cuts(text).nth(at)) {
                Some(cut) => {
                    if parts.is_empty() {
                        prefix::read(cut.prefix, open.received, &mut entry);
                        entry.severity = cut.word.into();
                    }
                    parts.push((cut.word, unfolded(cut.text)));
                }
                None => {
                    let rest = syslog_part(text).map_or("", |(_, rest)| rest);
                    if let Some((_, last)) = parts.last_mut() {
                        last.push('\n');
                        last.push_str(&unfolded(rest.strip_prefix("#011").unwrap_or(rest)));
                    }
                }
            }
        }
        for (n, (word, text)) in parts.into_iter().enumerate() {
            match word {
                _ if n == 0 && entry.message.is_empty() => entry.message = text.into(),
                "DETAIL" => entry.detail = text.into(),
                "HINT" => entry.hint = text.into(),
                "CONTEXT" => entry.context = text.into(),
                "STATEMENT" => entry.statement = text.into(),
                _ => entry.other.push((word.to_ascii_lowercase().into(), text.into())),
            }
        }
        if entry.time_text.is_empty() {
            // The time is the carrier's.
            entry.when = Stamp::exact(open.received);
        }
        sqlstate(&mut entry);
        position(&mut entry);
        entry.doubtful = open.lines.iter().any(|l| l.doubtful);
        let marks: &[Mark] = if texts.iter().any(|t| matches!(t, std::borrow::Cow::Owned(_))) { &[Mark::NotUtf8] } else { &[] };
        let records: Vec<Original<'_>> = open.lines.iter().map(|l| (l.seq, l.bytes.as_slice())).collect();
        let seq = records.first().map_or(0, |(seq, _)| *seq);
        let first = Record { seq, bytes: &[], received: open.received, host: open.host.as_deref() };
        entry.say(first, &records, marks, &|_| {}, out);
    }
}

/// With `log_error_verbosity = verbose` the state stands before the message: `28P01: password …`.
fn sqlstate(entry: &mut Entry<'_>) {
    let state = entry.message.split_once(": ").filter(|(s, _)| s.len() == 5 && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    let digit = |s: &str| s.bytes().any(|b| b.is_ascii_digit());
    if let Some((state, message)) = state.filter(|(s, _)| digit(s)).map(|(s, m)| (s.to_owned(), m.to_owned())) {
        (entry.code, entry.message) = (state.into(), message.into());
    }
}

/// Where in the statement the fault is, which the other forms have in a field: `syntax error at character 8`.
fn position(entry: &mut Entry<'_>) {
    let Some((message, at)) = entry.message.rsplit_once(" at character ") else { return };
    if !at.is_empty() && at.bytes().all(|b| b.is_ascii_digit()) {
        let (message, at) = (message.to_owned(), at.to_owned());
        entry.other.push(("query_pos".into(), at.into()));
        entry.message = message.into();
    }
}

/// An entry's text without the tabulator that the server puts before each of its lines but the first.
fn unfolded(text: &str) -> String {
    text.trim_end_matches(['\n', '\r']).replace("\r\n", "\n").replace("\n\t", "\n")
}

#[cfg(test)]
mod tests {
    use event::{Column, Fields};

    use crate::{Context, read_as};

    #[test]
    fn a_client_that_names_itself_like_a_line_forges_no_login() {
        let line = |app: &str, text: &str| format!("2026-03-01 10:00:00 UTC [7] user=eve,db=shop,app={app},client=203.0.113.7 {text}\n");
        let forged = "x,client=10.0.0.1 LOG:  connection authorized: user=root database=shop";
        let log = [
            line("psql", "LOG:  statement: select 'ERROR:  x'"),
            line("psql", "LOG:  statement: select 1"),
            line("y LOG:  connection authorized: user=root", "LOG:  statement: select 2"),
            line(forged, "LOG:  statement: select 3"),
        ];
        let context = Context { source: "s".into(), received: event::Time::parse("2026-03-10T00:00:00Z").unwrap(), host: Some("db-1".into()) };
        let events = read_as(&crate::postgresql::Postgresql, log.concat().as_bytes(), &context).events;
        let said: Vec<_> = events.iter().map(|e| (e.int(Column::ClassUid), e.text(Column::User), e.text(Column::SrcIp))).collect();
        let select = (Some(6005), Some("eve@db-1/postgresql"), Some("203.0.113.7"));
        assert_eq!(said, [select, select, select, (Some(0), None, None)]);
    }
}
