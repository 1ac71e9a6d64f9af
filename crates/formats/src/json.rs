//! A JSON object read in place: its members as slices of the text, nothing built, nothing copied.
//!
//! The grammar is checked for the object at hand only; a nested value is a slice that its reader checks in turn. Numbers
//! stay text, and `NaN` and `Infinity`, which some writers emit, are taken as they are, so that every value keeps its exact digits.

use std::{borrow::Cow, collections::HashSet};

use memchr::memchr2;

use crate::Reject;

/// Members that are compared one by one for duplicates; larger objects use a set.
const FEW: usize = 32;
/// Keys looked at to tell what an object is.
const TOP_KEYS_MAX: usize = 256;

/// One member of an object: its key without quotes (escapes as written) and the text of its value.
pub(crate) type Member<'a> = (&'a str, &'a str);

/// Calls `each` with every member of an object. True: a key appears twice.
pub(crate) fn members<'a>(object: &'a str, mut each: impl FnMut(&'a str, &'a str)) -> Result<bool, Reject> {
    let mut reader = Reader { text: object, at: 0 };
    let mut seen = Seen::default();
    reader.expect(b'{')?;
    if reader.next_is(b'}') {
        return reader.done().map(|()| false);
    }
    loop {
        let key = reader.text()?;
        reader.expect(b':')?;
        let value = reader.value()?;
        seen.add(key);
        each(key, value);
        if reader.next_is(b'}') {
            reader.done()?;
            return Ok(seen.twice);
        }
        reader.expect(b',')?;
    }
}

/// Calls `each` with every element of an array, until it says false.
pub(crate) fn elements<'a>(array: &'a str, mut each: impl FnMut(&'a str) -> bool) -> Result<(), Reject> {
    let mut reader = Reader { text: array, at: 0 };
    reader.expect(b'[')?;
    if reader.next_is(b']') {
        return reader.done();
    }
    loop {
        if !each(reader.value()?) {
            return Ok(());
        }
        if reader.next_is(b']') {
            return reader.done();
        }
        reader.expect(b',')?;
    }
}

/// The value of one member of an object; the last, if there are several. `None` if it is missing, or if this is no object.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut reader = Reader { text: object, at: 0 };
    let mut found = None;
    if !reader.next_is(b'{') || reader.next_is(b'}') {
        return None;
    }
    loop {
        let key = reader.text().ok()?;
        reader.expect(b':').ok()?;
        let value = reader.value().ok()?;
        if key == name {
            found = Some(value);
        }
        if reader.next_is(b'}') {
            return reader.done().ok().and(found);
        }
        reader.expect(b',').ok()?;
    }
}

/// Whether the first document of a stream, where it stands on a line of its own, has a member itself and not deeper; true where
/// that cannot be said.
pub(crate) fn on_top(head: &[u8], name: &str) -> bool {
    let line = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).find(|l| !l.is_empty()).unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return true };
    let mut found = false;
    members(line, |key, _| found |= key == name).is_err() || found
}

/// The keys of the first object of a stream itself, of objects in an array those of the first; as far as the bytes reach.
pub(crate) fn top_keys(head: &[u8]) -> Vec<&str> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let valid = std::str::from_utf8(text).map_or_else(|e| e.valid_up_to(), |_| text.len());
    let text = text.get(..valid).and_then(|t| std::str::from_utf8(t).ok()).unwrap_or_default();
    let mut reader = Reader { text, at: 0 };
    let mut keys = Vec::new();
    reader.next_is(b'[');
    if !reader.next_is(b'{') {
        return keys;
    }
    while keys.len() < TOP_KEYS_MAX {
        let Ok(key) = reader.text() else { break };
        keys.push(key);
        if !reader.next_is(b':') || reader.value().is_err() || !reader.next_is(b',') {
            break;
        }
    }
    keys
}

/// The text of a JSON string, with its escapes undone; `None` for any other value.
pub(crate) fn text(value: &str) -> Option<Cow<'_, str>> {
    Some(unescape(value.strip_prefix('"')?.strip_suffix('"')?))
}

/// Undoes the escapes of a JSON string's inside. A lone surrogate becomes U+FFFD, an unknown escape stays as it is.
pub(crate) fn unescape(inside: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        return Cow::Borrowed(inside);
    }
    let Some((before, mut rest)) = inside.split_once('\\') else { return Cow::Borrowed(inside) };
    let mut out = String::with_capacity(inside.len());
    out.push_str(before);
    loop {
        rest = one_escape(rest, &mut out);
        match rest.split_once('\\') {
            Some((plain, after)) => {
                out.push_str(plain);
                rest = after;
            }
            None => {
                out.push_str(rest);
                return Cow::Owned(out);
            }
        }
    }
}

/// Undoes the escape after a backslash; gives what follows it.
fn one_escape<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let mut chars = rest.chars();
    match chars.next() {
        Some('n') => out.push('\n'),
        Some('t') => out.push('\t'),
        Some('r') => out.push('\r'),
        Some('b') => out.push('\u{8}'),
        Some('f') => out.push('\u{c}'),
        Some(c @ ('"' | '\\' | '/')) => out.push(c),
        Some('u') => return unicode(rest, out),
        _ => {
            out.push('\\');
            return rest;
        }
    }
    chars.as_str()
}

/// Undoes `u` and four hexadecimal digits, and a surrogate pair of two.
fn unicode<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let unit = |s: &str| u16::from_str_radix(s.strip_prefix('u')?.get(..4)?, 16).ok();
    let (Some(first), Some(after)) = (unit(rest), rest.get(5..)) else {
        out.push('\\');
        return rest;
    };
    let second = after.strip_prefix('\\').and_then(unit).filter(|u| (0xDC00..0xE000).contains(u));
    match (first, second) {
        (0xD800..0xDC00, Some(low)) => {
            out.extend(char::decode_utf16([first, low]).map(|c| c.unwrap_or('\u{fffd}')));
            after.get(6..).unwrap_or_default()
        }
        _ => {
            out.push(char::from_u32(first.into()).unwrap_or('\u{fffd}'));
            after
        }
    }
}

/// A place in a JSON text, and what can be read from there on.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// At the start of a text.
    pub(crate) fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0 }
    }

    /// All of the text.
    pub(crate) fn whole(&self) -> &'a str {
        self.text
    }

    /// How far it has read, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// A fault at this place.
    pub(crate) fn fault(&self) -> Reject {
        Reject::NotJson { at: self.at }
    }

    /// The next byte that is no white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b) = bytes.get(self.at) {
            if !matches!(b, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*b);
            }
            self.at += 1;
        }
        None
    }

    /// Whether that is this byte; if so, it is read.
    pub(crate) fn next_is(&mut self, want: u8) -> bool {
        let is = self.peek() == Some(want);
        self.at += usize::from(is);
        is
    }

    /// Reads this byte; another is a fault.
    pub(crate) fn expect(&mut self, want: u8) -> Result<(), Reject> {
        if self.next_is(want) { Ok(()) } else { Err(self.fault()) }
    }

    /// The text must end here.
    pub(crate) fn done(&mut self) -> Result<(), Reject> {
        if self.peek().is_none() { Ok(()) } else { Err(self.fault()) }
    }

    /// A string's inside.
    pub(crate) fn text(&mut self) -> Result<&'a str, Reject> {
        self.expect(b'"')?;
        let start = self.at;
        self.at = text_end(self.text.as_bytes(), start).ok_or_else(|| self.fault())?;
        self.text.get(start..self.at - 1).ok_or_else(|| self.fault())
    }

    /// Any value, as it is written.
    pub(crate) fn value(&mut self) -> Result<&'a str, Reject> {
        let first = self.peek().ok_or_else(|| self.fault())?;
        let (start, bytes) = (self.at, self.text.as_bytes());
        self.at = match first {
            b'"' => text_end(bytes, start + 1),
            b'{' | b'[' => nested_end(bytes, start),
            _ => word_end(bytes, start),
        }
        .ok_or_else(|| self.fault())?;
        self.text.get(start..self.at).ok_or_else(|| self.fault())
    }
}

/// Where a string that goes on at `at` ends, after its closing quote.
fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let n = memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at + n) == Some(&b'"') {
            return Some(at + n + 1);
        }
        at += n + 2;
    }
}

/// Where an object or array ends. Counts brackets outside of strings; does not recurse.
fn nested_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = text_end(bytes, at + 1)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Where a number or a word ends; `None` for what is neither.
fn word_end(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let len = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))).unwrap_or(rest.len());
    let word = rest.get(..len)?;
    let good = match word {
        b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity" => true,
        [b'-', digits @ ..] | digits => is_number(digits),
    };
    good.then_some(start + len)
}

fn is_number(digits: &[u8]) -> bool {
    digits.first().is_some_and(u8::is_ascii_digit) && digits.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// The keys of one object so far.
#[derive(Default)]
struct Seen<'a> {
    few: [&'a str; FEW],
    count: usize,
    /// Bits of the keys among `few`; a key whose bit is not set is new.
    bits: u64,
    many: HashSet<&'a str>,
    twice: bool,
}

impl<'a> Seen<'a> {
    fn add(&mut self, key: &'a str) {
        let byte = |b: Option<&u8>| b.copied().unwrap_or_default() as usize;
        let bit = 1 << ((key.len() * 5 + byte(key.as_bytes().first()) * 3 + byte(key.as_bytes().last())) & 63);
        let (few, rest) = self.few.split_at_mut(self.count.min(FEW));
        if self.bits & bit != 0 && few.contains(&key) {
            self.twice = true;
        } else if let Some(slot) = rest.first_mut() {
            *slot = key;
            self.count += 1;
            self.bits |= bit;
        } else if !self.many.insert(key) {
            self.twice = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(object: &str) -> Result<(Vec<Member<'_>>, bool), Reject> {
        let mut found = Vec::new();
        let twice = members(object, |k, v| found.push((k, v)))?;
        Ok((found, twice))
    }

    #[test]
    fn members_as_they_are_written() {
        let (found, twice) = all(" { \"a\" : 1e400 , \"b\\\"\":{\"}\":[1,\"]\"]}, \"c\":NaN,\"d\":\"x\\\\\" } ").unwrap();
        assert_eq!(found, [("a", "1e400"), ("b\\\"", "{\"}\":[1,\"]\"]}"), ("c", "NaN"), ("d", "\"x\\\\\"")]);
        assert!(!twice);
        assert_eq!(all("{}").unwrap(), (vec![], false));
    }

    #[test]
    fn faults_are_found_where_they_are() {
        for (bad, place) in [
            ("", 0),
            ("[]", 0),
            ("{", 1),
            ("{\"a\"}", 4),
            ("{\"a\":}", 5),
            ("{\"a\":tru}", 5),
            ("{\"a\":1,}", 7),
            ("{\"a\":1}x", 7),
            ("{\"a\":\"x}", 5),
            ("{\"a\":[1}", 8),
            ("{\"a\":-}", 5),
            ("{a:1}", 1),
        ] {
            assert_eq!(all(bad), Err(Reject::NotJson { at: place }), "{bad}");
        }
    }

    #[test]
    fn keys_that_appear_twice_are_seen_in_small_and_large_objects() {
        for n in [1, 31, 32, 33, 1000] {
            let keys: Vec<String> = (0..n).map(|i| format!("\"key{i}\":1")).collect();
            assert!(!all(&format!("{{{}}}", keys.join(","))).unwrap().1, "{n}");
            for again in [0, n / 2, n - 1] {
                assert!(all(&format!("{{{},{}}}", keys.join(","), keys[again])).unwrap().1, "{n} {again}");
            }
        }
    }

    #[test]
    fn escapes() {
        let undone = |inside: &str| text(&format!("\"{inside}\"")).unwrap().into_owned();
        assert_eq!(undone(r#"a\nb\t\\\/\""#), "a\nb\t\\/\"");
        assert_eq!(undone(r"\u00e9\ud83d\ude00!"), "é😀!");
        assert_eq!(undone(r"\ud83dx\ude00"), "\u{fffd}x\u{fffd}", "lone surrogates");
        assert_eq!(undone(r"\q\u12"), r"\q\u12", "unknown ones stay");
        assert_eq!(undone(r"\ud83d\u0041"), "\u{fffd}A");
    }
}
