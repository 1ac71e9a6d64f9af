//! The head of a syslog line: RFC 5424, RFC 3164 and its dialects. Never looks into the text of a program.

use crate::time::{self, When};

/// A line, taken apart. The texts borrow from the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header<'a> {
    /// Facility * 8 + severity.
    pub priority: Option<u16>,
    /// When, as the line says it; `None` where what carries it (a journal) has a clock of its own.
    pub when: Option<When>,
    /// The time's own text.
    pub time_text: &'a str,
    /// The machine as the line says it.
    pub host: Option<&'a str>,
    /// The program, without path or process id; empty where the line names none.
    pub program: &'a str,
    /// The process id, as text (RFC 5424 allows any).
    pub pid: Option<&'a str>,
    /// RFC 5424's message id.
    pub message_id: Option<&'a str>,
    /// RFC 5424's structured data, brackets included.
    pub structured: Option<&'a str>,
    /// A severity word between time and program (ChromeOS, macOS).
    pub level: Option<&'a str>,
    /// What the program said.
    pub text: &'a str,
}

/// Reads a line's head.
pub fn read(line: &str) -> Option<Header<'_>> {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let (priority, rest) = priority(line);
    if let Some(header) = rest.strip_prefix("1 ").and_then(|r| rfc5424(priority, r)) {
        return Some(header);
    }
    let (when, time_text, rest) = time::at_start(rest.trim_start_matches(' '))?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    Some(tagged(priority, when, time_text, rest.trim_start_matches(' ')))
}

/// `<34>`; at most 191.
fn priority(line: &str) -> (Option<u16>, &str) {
    let read = || {
        let (digits, rest) = line.strip_prefix('<')?.split_once('>')?;
        let n: u16 = digits.parse().ok().filter(|n| *n <= 191 && digits.len() <= 3)?;
        Some((n, rest))
    };
    read().map_or((None, line), |(n, rest)| (Some(n), rest))
}

fn rfc5424(priority: Option<u16>, rest: &str) -> Option<Header<'_>> {
    let (when, time_text, rest) = time::at_start(rest)?;
    let rest = rest.strip_prefix(' ')?;
    let mut words = rest.splitn(5, ' ');
    let mut word = || words.next().map(|w| (w != "-").then_some(w));
    let (host, program, pid, message_id) = (word()?, word()?, word()?, word()?);
    let (structured, text) = structured(words.next().unwrap_or("-"))?;
    // rsyslog keeps the blank after a tag as part of the message, so that there are two.
    let text = text.trim_start_matches(' ');
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Some(Header { priority, when: Some(when), time_text, host, program: program.unwrap_or_default(), pid, message_id, structured, level: None, text })
}

/// `-`, or one or more `[…]` in which `\]` and quoted brackets do not end an element.
fn structured(text: &str) -> Option<(Option<&str>, &str)> {
    if let Some(rest) = text.strip_prefix('-') {
        return Some((None, rest));
    }
    let (mut quoted, mut escaped, mut open) = (false, false, false);
    for (at, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if open => quoted = !quoted,
            b'[' if !quoted => open = true,
            b']' if !quoted => open = false,
            _ if !open => return text.split_at_checked(at).filter(|_| at > 0).map(|(s, rest)| (Some(s), rest)),
            _ => {}
        }
    }
    (!open && !text.is_empty()).then_some((Some(text), ""))
}

/// The parameters of structured data: element id, name, value without its escapes.
pub fn parameters(structured: &str) -> Vec<(&str, &str, String)> {
    let mut found = Vec::new();
    let mut rest = structured;
    while let Some(body) = rest.strip_prefix('[') {
        let end = body.find([' ', ']']).unwrap_or(body.len());
        let (id, mut after) = body.split_at_checked(end).unwrap_or((body, ""));
        while let Some((name, value)) = after.strip_prefix(' ').and_then(|a| a.split_once("=\"")) {
            let (value, next) = quoted(value);
            found.push((id, name.trim_start(), value));
            after = next;
        }
        rest = after.strip_prefix(']').unwrap_or_default();
    }
    found
}

fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => match chars.next() {
                Some((_, e @ ('"' | '\\' | ']'))) => value.push(e),
                Some((_, e)) => value.extend(['\\', e]),
                None => value.push('\\'),
            },
            _ => value.push(c),
        }
    }
    (value, "")
}

/// `host program[pid]: text` and what people make of it: no host, `[program]`, no colon, a level before the program.
fn tagged<'a>(priority: Option<u16>, when: When, time_text: &'a str, rest: &'a str) -> Header<'a> {
    let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let has_iso_level = matches!(first, "EMERG" | "ALERT" | "CRIT" | "ERR" | "ERROR" | "WARNING" | "NOTICE" | "INFO" | "DEBUG");
    let (host, level, rest) = if has_iso_level {
        (None, Some(first), after)
    } else if first.is_empty() || first.ends_with(':') || first.starts_with(['[', '-']) || (first.ends_with(']') && first.contains('[')) {
        (None, None, rest)
    } else {
        (Some(first), None, after.trim_start_matches(' '))
    };
    let (program, pid, text) = tag(rest);
    Header { priority, when: Some(when), time_text, host, program, pid, message_id: None, structured: None, level, text }
}

fn tag(rest: &str) -> (&str, Option<&str>, &str) {
    if let Some((name, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']'))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    {
        return (name, None, after.strip_prefix(':').unwrap_or(after).trim_start_matches(' '));
    }
    let end = rest.find([' ', ':', '[']).unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (pid, after) = match after.strip_prefix('[').and_then(|a| a.split_once(']')) {
        Some((pid, more)) if pid.bytes().all(|b| b.is_ascii_digit()) && !pid.is_empty() => (Some(pid), more),
        _ => (None, after),
    };
    match after.strip_prefix(':') {
        Some(text) if !name.is_empty() => (name, pid, text.trim_start_matches(' ')),
        _ if pid.is_some() => (name, pid, after.trim_start_matches(' ')),
        // RFC 3164 lets a tag end at any other character: `logger -t backup` without a colon. syslogd's own words are no tag.
        _ if after.starts_with(' ') && is_tag(name) => (name, None, after.trim_start_matches(' ')),
        _ => ("", None, rest),
    }
}

fn is_tag(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || b == b'.';
    name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(plain) && !matches!(name, "last" | "message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let h =
            read("<38>1 2019-07-08T17:40:17.954167-04:00 host.example sshd 55555 ID7 [a@1 k=\"v \\\"]\" z=\"2\"][b x=\"[y]\"] \u{feff}Failed unknown").unwrap();
        assert_eq!(
            (h.priority, h.host, h.program, h.pid, h.message_id, h.text),
            (Some(38), Some("host.example"), "sshd", Some("55555"), Some("ID7"), "Failed unknown")
        );
        assert_eq!(parameters(h.structured.unwrap()), [("a@1", "k", "v \"]".to_owned()), ("a@1", "z", "2".to_owned()), ("b", "x", "[y]".to_owned())]);
        let of = |line| read(line).map(|h| (h.host, h.program, h.pid, h.text)).unwrap();
        assert_eq!(of("Mar  1 10:00:00 web-1 sudo:    alice : TTY=x"), (Some("web-1"), "sudo", None, "alice : TTY=x"));
        assert_eq!(of("Mar  3 00:17:22 [sshd]: User root"), (None, "sshd", None, "User root"));
        assert_eq!(of("Jun 25 23:53:34 [sshd] User root"), (None, "sshd", None, "User root"));
        assert_eq!(of("Feb 17 17:40:17 sshd[19725]: Connection"), (None, "sshd", Some("19725"), "Connection"));
        assert_eq!(of("Apr 27 15:22:23 niban su(pam_unix)[23164]: x"), (Some("niban"), "su(pam_unix)", Some("23164"), "x"));
        assert_eq!(of("2016-10-25T12:37:23.297265-07:00 INFO cron[13707]: done"), (None, "cron", Some("13707"), "done"));
        assert_eq!(of("<15>Mar  6 04:07:28 host log_tag this is debug"), (Some("host"), "log_tag", None, "this is debug"));
        assert_eq!(of("Mar  6 04:07:28 host last message repeated 2 times"), (Some("host"), "", None, "last message repeated 2 times"));
        assert!(read("no time here").is_none());
    }
}
