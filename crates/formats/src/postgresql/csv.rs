//! PostgreSQL's csvlog: the 23 to 26 columns that its versions 9 to 17 write, in their order.

use std::borrow::Cow;

use event::{Mark, Sink};

use super::{entry::Entry, zone};
use crate::{Parser, Record, Reject};

/// The columns of version 14 and later; older ones leave out the last ones.
const COLUMNS: [&str; 26] = [
    "log_time",
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
    "error_severity",
    "sql_state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
];
/// Columns that every version since 9.0 has.
const COLUMNS_MIN: usize = 22;

/// The parser of a stream.
pub(super) struct Rows;

impl Parser for Rows {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        let fields = fields(text.trim_end_matches(['\r', '\n'])).ok_or(Reject::Shape { expected: "CSV" })?;
        let entry = entry(fields, record)?;
        let marks: &[Mark] = if matches!(text, Cow::Owned(_)) { &[Mark::NotUtf8] } else { &[] };
        entry.say(record, &[(record.seq, record.bytes)], marks, &|_| {}, out);
        Ok(())
    }
}

fn entry<'a>(fields: Vec<Cow<'a, str>>, record: Record<'_>) -> Result<Entry<'a>, Reject> {
    if fields.len() < COLUMNS_MIN || fields.len() > COLUMNS.len() {
        return Err(Reject::Shape { expected: "the 22 to 26 columns of csvlog" });
    }
    let mut e = Entry::default();
    for (name, value) in COLUMNS.iter().zip(fields).filter(|(_, v)| !v.is_empty()) {
        match *name {
            "log_time" => {
                let bad = || Reject::Bad { field: "log_time", expected: "a time with a zone", found: Reject::found(&value) };
                e.when = zone::at_start(&value, record.received).ok_or_else(bad)?.0;
                e.time_text = value;
            }
            "user_name" => e.user = value,
            "database_name" => e.database = value,
            "process_id" => e.pid = value,
            "connection_from" => {
                let (host, port) = value.rsplit_once(':').map_or((value.to_string(), ""), |(host, port)| (host.to_owned(), port));
                (e.port, e.host) = (port.to_owned().into(), host.into());
            }
            "session_id" => e.session = value,
            "session_line_num" => e.line = value,
            "error_severity" => e.severity = value,
            "sql_state_code" => e.code = value,
            "message" => e.message = value,
            "detail" => e.detail = value,
            "hint" => e.hint = value,
            "context" => e.context = value,
            "query" => e.statement = value,
            "application_name" => e.app = value,
            "backend_type" => e.backend = value,
            other => e.other.push((other.into(), value)),
        }
    }
    if e.time_text.is_empty() { Err(Reject::NoTime { field: "log_time" }) } else { Ok(e) }
}

/// The fields of one record of CSV; `None` where a quote is wrong.
pub(super) fn fields(mut text: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut found = Vec::with_capacity(COLUMNS.len());
    loop {
        let rest;
        if let Some(quoted) = text.strip_prefix('"') {
            let end = closing(quoted)?;
            let inside = quoted.get(..end)?;
            found.push(if inside.contains('"') { inside.replace("\"\"", "\"").into() } else { inside.into() });
            rest = quoted.get(end + 1..)?;
        } else {
            let end = text.find(',').unwrap_or(text.len());
            found.push(text.get(..end)?.into());
            rest = text.get(end..)?;
        }
        match rest.strip_prefix(',') {
            Some(more) if found.len() <= COLUMNS.len() => text = more,
            None if rest.is_empty() => return Some(found),
            _ => return None,
        }
    }
}

/// Where a quoted field ends.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Whether a line begins like csvlog: a time with zone, then user and database quoted or empty, then a process id.
pub(super) fn looks_like(line: &str) -> bool {
    let Some((_, _, rest)) = zone::at_start(line, event::Time(0)) else { return false };
    let Some(rest) = rest.strip_prefix(',') else { return false };
    // A name with a line end in it is cut here.
    let mut parts = rest.splitn(4, ',');
    let name = |p: Option<&str>| p.is_some_and(|p| p.is_empty() || p.starts_with('"'));
    name(parts.next()) && name(parts.next()) && parts.next().is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_at_commas_outside_of_quotes() {
        assert_eq!(fields("a,,\"b,\"\"c\n\",d").unwrap(), ["a", "", "b,\"c\n", "d"]);
        assert_eq!(fields("").unwrap(), [""]);
        for bad in ["\"a", "\"a\"b,c", &",".repeat(100)] {
            assert_eq!(fields(bad), None, "{bad}");
        }
        assert!(looks_like("2026-11-24 14:37:40.456 UTC,,,30282,,6b05a134.764a,1,,2026"));
        assert!(looks_like("2026-11-24 14:37:40.456 UTC,\"a\",\"b\",30282,\"x\""));
        assert!(!looks_like("2026-11-24 14:37:40.456 UTC,a,b,c"));
    }
}
