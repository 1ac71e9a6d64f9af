//! An access line as text: what stands before the time, the request, and the fields after it. Never undoes an escape.

use event::entity::canonical_ip;

use crate::{http::Entry, time::clf};

/// The most fields behind the request that are told apart; what follows stays one.
const FIELDS_MAX: usize = 32;

/// The most brackets that are looked at for the time; users may have some in their names.
const BRACKETS_MAX: usize = 16;

/// Whether a time begins here: `10/Mar/` or `2026-03-`.
fn is_time(text: Option<&[u8]>) -> bool {
    matches!(text, Some([d0, d1, b'/', _, _, _, b'/', ..]) if d0.is_ascii_digit() && d1.is_ascii_digit())
        || matches!(text, Some([y0, _, _, y3, b'-', _, _, b'-', ..]) if y0.is_ascii_digit() && y3.is_ascii_digit())
}

/// Reads a line; `None` if it is not of this form.
pub(crate) fn read(line: &str) -> Option<Entry<'_>> {
    let at = memchr::memchr_iter(b'[', line.as_bytes()).take(BRACKETS_MAX).find(|at| is_time(line.as_bytes().get(at + 1..)))?;
    let (before, rest) = split(line, at)?;
    let (time_text, rest) = rest.split_once(']')?;
    let mut entry = Entry { time_text, when: clf::read(time_text), ..Entry::default() };
    who(before.trim(), &mut entry)?;
    let (request, rest) = quoted(rest.trim_start())?;
    entry.request = request;
    answer(rest, &mut entry);
    let status = entry.status;
    (status == "-" || status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit())).then_some(entry)
}

/// `[VHOST[:PORT]] CLIENT[, CLIENT…] IDENT USER`, of which user or both may be missing.
fn who<'a>(before: &'a str, entry: &mut Entry<'a>) -> Option<()> {
    let mut rest = before;
    let mut word = || {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = after.trim_start();
        word
    };
    let first = word();
    if first.is_empty() {
        return None;
    }
    let is_peer = |w: &str| canonical_ip(w).is_some() || w.starts_with("unix:");
    if first.ends_with(',') {
        // `%{X-Forwarded-For}i` in the place of the client: the chain, up to the first word without a comma.
        let chain_end = before.split_inclusive(' ').take_while(|w| w.trim_end().ends_with(',')).map(str::len).sum::<usize>();
        let (_, tail) = before.split_at_checked(chain_end)?;
        let (last, after) = tail.split_once(' ').unwrap_or((tail, ""));
        entry.forwarded = before.get(..chain_end + last.len())?;
        entry.peer = last;
        return user(after, entry);
    }
    entry.peer = first;
    if !is_peer(first) {
        let second = rest.split(' ').next().unwrap_or_default();
        if is_peer(second) || first.contains(':') && !second.is_empty() && second != "-" {
            (entry.host, entry.peer) = (first, second);
            rest = rest.get(second.len()..)?.trim_start();
        }
    }
    user(rest, entry)
}

/// `IDENT USER`; a request's id of 32 digits may stand between (BunkerWeb).
fn user<'a>(rest: &'a str, entry: &mut Entry<'a>) -> Option<()> {
    let (ident, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let rest = rest.trim();
    entry.user = rest;
    if let Some((id, user)) = rest.split_once(' ').filter(|(id, _)| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())) {
        (entry.request_id, entry.user) = (id, user);
    }
    if !matches!(ident, "-" | "") {
        entry.rest.push(("ident", ident, false));
    }
    Some(())
}

/// Status, bytes, referrer, user agent, and whatever a server was told to write behind them.
fn answer<'a>(rest: &'a str, entry: &mut Entry<'a>) {
    let mut quotes = 0;
    let mut words = 0;
    let mut rest = rest.trim_start();
    for _ in 0..FIELDS_MAX {
        if rest.is_empty() {
            break;
        }
        let (field, after, is_quoted) = match quoted(rest) {
            Some((inside, after)) => (inside, after, true),
            None => {
                let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
                (word, after, false)
            }
        };
        rest = after.trim_start();
        match (is_quoted, words, quotes) {
            (false, 0, _) => entry.status = field,
            (false, 1, 0) => entry.bytes = field,
            (true, _, 0) => entry.referrer = field,
            (true, _, 1) => entry.agent = field,
            (true, _, _) if entry.forwarded.is_empty() && is_chain(field) => entry.forwarded = field,
            _ => extra(field, entry),
        }
        (words, quotes) = if is_quoted { (words, quotes + 1) } else { (words + 1, quotes) };
    }
    if !rest.is_empty() {
        extra(rest, entry);
    }
    traefik(entry);
}

/// A field behind the known ones: `name=value`, or something without a name.
fn extra<'a>(field: &'a str, entry: &mut Entry<'a>) {
    let named = |(name, _): &(&str, &str)| !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    match field.split_once('=').filter(named) {
        Some((name, value)) => {
            let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
            if matches!(name, "rt" | "request_time") {
                entry.duration_ms = value.parse::<f64>().ok().filter(|s| (0.0..1e9).contains(s)).map(|s| (s * 1000.0).round() as i64);
            }
            entry.rest.push((name, value, false));
        }
        None => entry.rest.push(("extra", field, false)),
    }
}

/// Traefik writes its count of requests, the router, the server's URL and the milliseconds behind a combined line.
fn traefik(entry: &mut Entry<'_>) {
    let [.., (_, count, _), (_, _, _), (_, _, _), (_, ms, _)] = entry.rest[..] else { return };
    let Some(ms) = ms.strip_suffix("ms").and_then(|ms| ms.parse().ok()) else { return };
    if count.bytes().all(|b| b.is_ascii_digit()) {
        entry.duration_ms = Some(ms);
        let names = ["requestCount", "router", "serverURL", "duration"];
        entry.rest.iter_mut().rev().zip(names.iter().rev()).for_each(|(field, name)| field.0 = name);
    }
}

/// Whether a field is a list of addresses, as `X-Forwarded-For` has it.
fn is_chain(field: &str) -> bool {
    field.split(',').all(|a| canonical_ip(a.trim()).is_some() || a.trim() == "unknown")
}

/// A text in quotes, and what follows. A quote that is escaped ends nothing; neither do those in pairs that old servers let
/// through unescaped.
pub(crate) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let bytes = inside.as_bytes();
    let (mut open, mut weak, mut at) = (false, None, 0);
    while let Some(found) = bytes.get(at..).and_then(|b| memchr::memchr2(b'"', b'\\', b)) {
        let here = at + found;
        if bytes.get(here) == Some(&b'\\') {
            at = here + 2;
            continue;
        }
        match bytes.get(here + 1) {
            None => return split(inside, here),
            Some(b' ') if !open => return split(inside, here),
            Some(b' ') => weak = weak.or(Some(here)),
            _ => {}
        }
        open = !open;
        at = here + 1;
    }
    split(inside, weak?)
}

fn split(inside: &str, at: usize) -> Option<(&str, &str)> {
    Some((inside.get(..at)?, inside.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(quoted(r#""a" 200"#), Some(("a", " 200")));
        assert_eq!(quoted(r#""a\" 200" 1"#), Some((r#"a\" 200"#, " 1")));
        assert_eq!(quoted(r#""Mozilla "x" y""#), Some((r#"Mozilla "x" y"#, "")));
        assert_eq!(quoted(r#""a" TLSv1.3"#), Some(("a", " TLSv1.3")));
        assert_eq!(quoted(r#""a" rt=1 u="2""#), Some(("a", r#" rt=1 u="2""#)));
        assert_eq!(quoted(r#""a"#), None);
        assert_eq!(quoted("a"), None);
    }

    #[test]
    fn who_asked() {
        let read = |before| {
            let mut e = Entry::default();
            who(before, &mut e).map(|()| (e.host, e.peer, e.forwarded, e.user))
        };
        assert_eq!(read("192.0.2.1 - -"), Some(("", "192.0.2.1", "", "-")));
        assert_eq!(read("shop.example:443 192.0.2.1 - john doe"), Some(("shop.example:443", "192.0.2.1", "", "john doe")));
        assert_eq!(read("shop.example:80 client.example - -"), Some(("shop.example:80", "client.example", "", "-")));
        assert_eq!(read("2001:db8::1 - -"), Some(("", "2001:db8::1", "", "-")));
        assert_eq!(read("client.example - bob"), Some(("", "client.example", "", "bob")));
        assert_eq!(read("192.0.2.1, 10.0.0.1 - -"), Some(("", "10.0.0.1", "192.0.2.1, 10.0.0.1", "-")));
        assert_eq!(read("192.0.2.1 -"), Some(("", "192.0.2.1", "", "")));
        assert_eq!(read(""), None);
    }
}
