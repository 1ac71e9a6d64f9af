//! The start of a line of PostgreSQL's stderr log: what `log_line_prefix` makes of it, and the severity word.
//!
//! The prefix is the server's setting and not in the log. Its parts are known by their shapes, in whatever order they come: a time, a process id in
//! brackets, `user@database`, `key=value`, an address with a port. What has no known shape is kept.

use std::{borrow::Cow, net::IpAddr};

use event::Time;
use memchr::memchr_iter;

use super::{entry::Entry, zone};

/// How far into a line the severity is looked for, in bytes.
const PREFIX_BYTES_MAX: usize = 1024;
/// The most parts of a prefix.
const PARTS_MAX: usize = 32;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first line of an entry.
    Entry,
    /// It adds to the entry before it.
    More,
}

/// A line, cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut<'a> {
    pub(super) prefix: &'a str,
    pub(super) word: &'a str,
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Two blanks after the word, as the server writes them.
    pub(super) exact: bool,
}

/// The most severity words that a line is looked at for.
const CUTS_MAX: usize = 4;

/// The first severity word of a line.
pub(super) fn cut(line: &str) -> Option<Cut<'_>> {
    cuts(line).next()
}

/// Every severity word of a line: names of users and programs are in the prefix, and may look like one.
pub(super) fn cuts(line: &str) -> impl Iterator<Item = Cut<'_>> {
    let bytes = line.as_bytes();
    let near = bytes.get(..PREFIX_BYTES_MAX).unwrap_or(bytes);
    let cuts = memchr_iter(b':', near).filter_map(move |at| {
        if bytes.get(at + 1) != Some(&b' ') {
            return None;
        }
        let before = bytes.get(..at)?;
        let len = before.iter().rev().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
        let word = line.get(at - len..at)?;
        let kind = kind(word)?;
        let exact = bytes.get(at + 2) == Some(&b' ');
        Some(Cut { prefix: line.get(..at - len)?, word, kind, text: line.get(at + 2..)?.trim_start_matches(' '), exact })
    });
    cuts.take(CUTS_MAX)
}

fn kind(word: &str) -> Option<Kind> {
    match word {
        "LOG" | "ERROR" | "FATAL" | "PANIC" | "WARNING" | "NOTICE" | "INFO" | "DEBUG" | "DEBUG1" | "DEBUG2" | "DEBUG3" | "DEBUG4" | "DEBUG5" => {
            Some(Kind::Entry)
        }
        "DETAIL" | "HINT" | "QUERY" | "CONTEXT" | "STATEMENT" | "LOCATION" | "BACKTRACE" => Some(Kind::More),
        _ => None,
    }
}

/// Reads a prefix into an entry. Gives its shape: what its parts are, in their order.
pub(super) fn read<'a>(prefix: &'a str, received: Time, entry: &mut Entry<'a>) -> Vec<Part<'a>> {
    let (mut rest, mut shape) = (prefix, Vec::new());
    for _ in 0..PARTS_MAX {
        rest = rest.trim_start_matches([' ', ',', ';', '|']);
        if rest.is_empty() {
            return shape;
        }
        rest = match rest.strip_prefix(':') {
            // An IPv6 address may begin with colons of its own.
            Some(after) => address(after, entry).unwrap_or(after),
            None => part(rest, received, entry, &mut shape),
        };
    }
    keep("prefix", rest.trim_end(), entry);
    shape
}

/// Whether a prefix may be one of a shape: all its parts are there, the last is the last, and what is more may be in a name.
pub(super) fn fits(shape: &[String], known: &[String]) -> bool {
    let mut parts = shape.iter();
    shape.last() == known.last() && known.iter().all(|k| parts.any(|p| p == k))
}

/// A part of a prefix, as far as it is the same in every line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Time,
    Bracket,
    Address,
    User,
    Word,
    Pair(&'a str),
}

fn keep<'a>(name: &'a str, value: &'a str, entry: &mut Entry<'a>) {
    if !value.is_empty() && value != "[unknown]" {
        entry.other.push((name.into(), value.into()));
    }
}

/// Reads one part; gives what follows it.
fn part<'a>(text: &'a str, received: Time, entry: &mut Entry<'a>, shape: &mut Vec<Part<'a>>) -> &'a str {
    if entry.time_text.is_empty()
        && let Some((stamp, said, rest)) = time(text, received)
    {
        (entry.when, entry.time_text) = (stamp, said.into());
        shape.push(Part::Time);
        return rest;
    }
    // An address with blanks in it is the rest of a line.
    let known = pair(text, entry).map(|(rest, key)| (rest, if entry.host.contains(' ') { Part::Word } else { Part::Pair(key) }));
    let known = known.or_else(|| Some((bracket(text, entry)?, Part::Bracket))).or_else(|| Some((address(text, entry)?, Part::Address)));
    if let Some((rest, part)) = known.or_else(|| at_sign(text, entry).map(|(rest, whole)| (rest, if whole { Part::User } else { Part::Word }))) {
        shape.push(part);
        return rest;
    }
    shape.push(Part::Word);
    let (word, rest) = text.split_at_checked(text.find([' ', ',']).unwrap_or(text.len())).unwrap_or((text, ""));
    let word = word.trim_end_matches(':');
    if entry.session.is_empty() && is_session(word) {
        entry.session = word.into();
    } else if entry.pid.is_empty() && is_number(word) {
        entry.pid = word.into();
    } else {
        keep("prefix", Some(word).filter(|w| *w != "@").unwrap_or_default(), entry);
    }
    rest
}

fn time(text: &str, received: Time) -> Option<(crate::time::Stamp, &str, &str)> {
    zone::at_start(text, received).or_else(|| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (said, rest) = text.split_at_checked(end)?;
        said.split_once('.').filter(|(s, f)| s.len() == 10 && f.len() == 3)?;
        Some((crate::time::seconds(said, received), said, rest))
    })
}

/// `user=alice,db=shop`: the value goes to the next `,key=`, or to a blank before something else.
fn pair<'a>(text: &'a str, entry: &mut Entry<'a>) -> Option<(&'a str, &'a str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|n| *n > 0)?;
    let (key, rest) = text.split_at_checked(end)?;
    let value = rest.strip_prefix('=')?;
    let end = value_end(value);
    let (value, rest) = value.split_at_checked(end)?;
    let known = Some(value).filter(|v| *v != "[unknown]").unwrap_or_default();
    match key {
        "user" | "u" | "usr" => entry.user = known.into(),
        "db" | "database" | "d" | "dbname" => entry.database = known.into(),
        "app" | "a" | "application" | "application_name" => entry.app = known.into(),
        "client" | "host" | "h" | "remote" | "r" | "ip" | "remote_host" => set_address(value, entry),
        "pid" | "p" => entry.pid = value.into(),
        "session" | "c" | "sess" | "session_id" => entry.session = value.into(),
        "sqlstate" | "state" | "e" => entry.code = value.into(),
        "line" | "l" => entry.line = value.into(),
        _ => keep(key, value, entry),
    }
    Some((rest, key))
}

fn value_end(value: &str) -> usize {
    let starts_pair = |rest: &str| {
        let key = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        key > 0 && rest.as_bytes().get(key) == Some(&b'=')
    };
    let follows = |at: &usize| value.get(at + 1..).unwrap_or_default();
    let comma = value.match_indices(',').map(|(at, _)| at).find(|at| starts_pair(follows(at)));
    let blank =
        || value.match_indices([',', ' ', ']']).map(|(at, _)| at).find(|at| follows(at).is_empty() || follows(at).starts_with('[') || starts_pair(follows(at)));
    comma.or_else(blank).unwrap_or(value.len())
}

/// `[7755]`, `[203851-1]`, `[3-1]`, `[local]`.
fn bracket<'a>(text: &'a str, entry: &mut Entry<'a>) -> Option<&'a str> {
    if text.starts_with("[unknown]@") {
        return None;
    }
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    match inside.split_once('-') {
        _ if is_number(inside) && entry.pid.is_empty() => entry.pid = inside.into(),
        _ if is_number(inside) => entry.line = inside.into(),
        Some((pid, line)) if is_number(pid) && is_number(line) => {
            if entry.pid.is_empty() && !entry.time_text.is_empty() {
                entry.pid = pid.into();
                entry.line = line.into();
            } else {
                entry.line = pid.into();
            }
        }
        _ if inside == "local" => entry.host = "[local]".into(),
        _ => match inside.split_once('=') {
            Some((key, value)) => keep(key, value, entry),
            None => keep("prefix", inside, entry),
        },
    }
    Some(rest)
}

/// `203.0.113.7`, `203.0.113.7(5432)`, `::1(5432)`.
fn address<'a>(text: &'a str, entry: &mut Entry<'a>) -> Option<&'a str> {
    let mut end = text.bytes().take_while(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':')).count();
    loop {
        let (ip, rest) = text.split_at_checked(end).filter(|(ip, _)| ip.len() >= 2)?;
        if ip.parse::<IpAddr>().is_ok() {
            let (port, rest) = rest.strip_prefix('(').and_then(|r| r.split_once(')')).filter(|(p, _)| is_number(p)).unwrap_or(("", rest));
            (entry.host, entry.port) = (ip.into(), port.into());
            return Some(rest);
        }
        end = ip.rfind(':')?;
    }
}

fn set_address<'a>(value: &'a str, entry: &mut Entry<'a>) {
    match value.strip_suffix(')').and_then(|v| v.rsplit_once('(')) {
        Some((host, port)) => (entry.host, entry.port) = (host.into(), port.into()),
        None => entry.host = value.into(),
    }
}

/// `alice@shop`: the user may hold what it likes, the database ends at the next bracket, colon or blank.
fn at_sign<'a>(text: &'a str, entry: &mut Entry<'a>) -> Option<(&'a str, bool)> {
    let end = [":[", " [", " app="].iter().filter_map(|e| text.find(e)).min().unwrap_or(text.len());
    let (part, rest) = text.split_at_checked(end)?;
    let (user, database) = part.trim_end_matches([' ', ':', ',']).rsplit_once('@')?;
    let (database, more) = database.split_at_checked(database.find([' ', ':']).unwrap_or(database.len()))?;
    let known = |name: &'a str| Cow::from(Some(name).filter(|n| *n != "[unknown]").unwrap_or_default());
    (entry.user, entry.database) = (known(user), known(database));
    let more = more.trim_matches([' ', ':', ',']);
    keep("prefix", more, entry);
    Some((rest, more.is_empty()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `%c`: start of the session and process id in hexadecimal.
fn is_session(word: &str) -> bool {
    let hex = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit());
    word.split_once('.').is_some_and(|(start, pid)| start.len() == 8 && hex(start) && hex(pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> (String, String, String, String, String, String, String) {
        let cut = cut(line).unwrap();
        let mut e = Entry::default();
        read(cut.prefix, Time(0), &mut e);
        let s = |c: &Cow<'_, str>| c.to_string();
        (s(&e.pid), s(&e.user), s(&e.database), s(&e.host), s(&e.port), e.other.iter().map(|(k, v)| format!("{k}={v};")).collect(), cut.text.to_owned())
    }

    #[test]
    fn prefixes() {
        let fact = |pid: &str, user: &str, db: &str, host: &str, port: &str, other: &str, text: &str| {
            (pid.to_owned(), user.to_owned(), db.to_owned(), host.to_owned(), port.to_owned(), other.to_owned(), text.to_owned())
        };
        assert_eq!(of("2022-04-12 00:16:05.526 UTC [7755] LOG:  starting"), fact("7755", "", "", "", "", "", "starting"));
        assert_eq!(of("2021-09-28 09:22:18.536 UTC [147] 1.2.3.4 a@b FATAL:  x"), fact("147", "a", "b", "1.2.3.4", "", "", "x"));
        assert_eq!(of("2021-09-28 09:22:19 UTC:1.2.3.4(54):a@b:[127]:FATAL:  x"), fact("127", "a", "b", "1.2.3.4", "54", "", "x"));
        assert_eq!(of("2021-09-28 09:22:19 UTC:::1(54):a@b:[127]:LOG:  x"), fact("127", "a", "b", "::1", "54", "", "x"));
        assert_eq!(of("2021-09-28 09:22:19 UTC:[local]:a@b:[127]:LOG:  x"), fact("127", "a", "b", "[local]", "", "", "x"));
        assert_eq!(of("2021-09-28 09:22:19 UTC::@:[127]:LOG:  x"), fact("127", "", "", "", "", "", "x"));
        assert_eq!(of("65.2.129.7 2023-03-12 11:17:28.425 UTC [53962] z@p FATAL:  x"), fact("53962", "z", "p", "65.2.129.7", "", "", "x"));
        assert_eq!(
            of("2021-02-14 01:34:02 CET [30291]: [3-1] db=t,user=a b,app=[unknown],client=10.0.0.1(5) LOG:  x"),
            fact("30291", "a b", "t", "10.0.0.1", "5", "", "x")
        );
        assert_eq!(of("2022-02-17 14:45:10.440 UTC [691] [queryid=10] p@s LOG:  x"), fact("691", "p", "s", "", "", "queryid=10;", "x"));
        assert_eq!(of("2022-07-15 23:04:27 AEST [203851-1] user@databasename LOG:  x"), fact("203851", "user", "databasename", "", "", "", "x"));
        assert_eq!(of("[5-1] db=[unknown],user=[unknown],app=,client=[local] LOG:  x"), fact("", "", "", "[local]", "", "", "x"));
        assert_eq!(of("1700000000.123 [9] a b@c LOG:  x"), fact("9", "a b", "c", "", "", "", "x"));
        assert!(cut("no severity here: x").is_none() && cut("").is_none() && cut("LOGS: x").is_none());
    }
}
