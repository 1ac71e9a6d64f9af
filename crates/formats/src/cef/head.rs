//! The grammar of CEF and LEEF: a head of fields between bars, and pairs of key and value.

use std::borrow::Cow;

/// How far into a line its head may begin, behind syslog's.
const SYSLOG_BYTES_MAX: usize = 256;
/// The most pairs of an event; the rest of the line is the last one's value.
const PAIRS_MAX: usize = 1000;

/// A line, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head<'a> {
    /// What stands before, without the blank after it.
    pub(super) syslog: &'a str,
    pub(super) version: &'a str,
    pub(super) vendor: Cow<'a, str>,
    pub(super) product: Cow<'a, str>,
    pub(super) product_version: Cow<'a, str>,
    /// Signature id or event id.
    pub(super) id: Cow<'a, str>,
    /// CEF only.
    pub(super) name: Cow<'a, str>,
    pub(super) severity: Cow<'a, str>,
    /// What separates pairs; CEF's are between blanks, and only a key shows where a value ends.
    between: Option<char>,
    rest: &'a str,
}

/// Reads a line of CEF. Some senders leave out `CEF:`, or put a blank after it.
pub(super) fn cef(line: &str) -> Option<Head<'_>> {
    let (syslog, rest) = match find(line, "CEF:") {
        Some((before, after)) => (before, after.trim_start()),
        None => ("", line),
    };
    let (version, rest) = rest.split_once('|')?;
    if !matches!(version, "0" | "1") {
        return None;
    }
    let mut fields: [&str; 6] = [""; 6];
    let mut rest = rest;
    for field in &mut fields {
        let end = bar(rest)?;
        *field = rest.get(..end)?;
        rest = rest.get(end + 1..)?;
    }
    let [vendor, product, product_version, id, name, severity] = fields.map(unbarred);
    if vendor.is_empty() && product.is_empty() {
        return None;
    }
    Some(Head { syslog, version, vendor, product, product_version, id, name, severity, between: None, rest })
}

/// Reads a line of LEEF. Version 2 names the separator of its pairs, as a character or its code; a tabulator without one.
pub(super) fn leef(line: &str) -> Option<Head<'_>> {
    let (syslog, rest) = find(line, "LEEF:")?;
    let mut words = rest.splitn(6, '|');
    let mut word = || words.next();
    let (version, vendor, product, product_version, id, mut rest) = (word()?, word()?, word()?, word()?, word()?, word()?);
    let mut between = '\t';
    if version.trim() == "2.0"
        && let Some((said, after)) = rest.split_once('|')
        && let Some(c) = separator(said)
    {
        (between, rest) = (c, after);
    }
    let own = |t: &'_ str| t.to_owned().into();
    Some(Head {
        syslog,
        version,
        vendor: vendor.into(),
        product: product.into(),
        product_version: product_version.into(),
        id: id.into(),
        name: own(""),
        severity: own(""),
        between: Some(between),
        rest,
    })
}

fn separator(said: &str) -> Option<char> {
    let mut chars = said.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Some('\t'),
        (Some(c), None) => Some(c),
        _ => char::from_u32(u32::from_str_radix(said.strip_prefix("0x").or_else(|| said.strip_prefix('x'))?, 16).ok()?),
    }
}

fn find<'a>(line: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = line.find(word).filter(|at| *at <= SYSLOG_BYTES_MAX)?;
    let before = line.get(..at)?;
    (before.is_empty() || before.ends_with([' ', ':', '\u{feff}'])).then(|| (before.trim_end(), line.get(at + word.len()..).unwrap_or_default()))
}

/// The next bar that no backslash stands before.
fn bar(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let found = b == b'|' && !escaped;
        escaped = b == b'\\' && !escaped;
        found
    })
}

fn unbarred(text: &str) -> Cow<'_, str> {
    if text.contains('\\') { text.replace("\\|", "|").replace("\\\\", "\\").into() } else { text.into() }
}

impl Head<'_> {
    /// Calls `each` with every pair, escapes undone.
    pub(super) fn pairs(&self, mut each: impl FnMut(&str, &str)) {
        match self.between {
            Some(between) => {
                for pair in self.rest.split(between).take(PAIRS_MAX) {
                    if let Some((key, value)) = pair.split_once('=') {
                        each(key.trim(), value.trim_end_matches(['\r', '\n']));
                    } else if !pair.trim().is_empty() {
                        each("text", pair.trim());
                    }
                }
            }
            None => self.cef_pairs(each),
        }
    }

    fn cef_pairs(&self, mut each: impl FnMut(&str, &str)) {
        let mut rest = self.rest.trim_start();
        for n in 0..PAIRS_MAX {
            let Some((key, value)) = key(rest) else {
                if !rest.is_empty() {
                    each("text", rest);
                }
                return;
            };
            let end = if n + 1 < PAIRS_MAX { value_end(value) } else { value.len() };
            let (value, after) = value.split_at_checked(end).unwrap_or((value, ""));
            each(key, &unescaped(value.trim_end()));
            rest = after.trim_start();
            if rest.is_empty() {
                return;
            }
        }
    }
}

/// The key at the start of a text, and what follows its sign.
fn key(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')))?;
    let (key, rest) = text.split_at_checked(end).filter(|(k, _)| !k.is_empty())?;
    Some((key, rest.strip_prefix('=')?))
}

/// Where a value ends: at the blank before the next key.
fn value_end(value: &str) -> usize {
    value.match_indices(' ').map(|(at, _)| at).find(|at| value.get(at + 1..).is_some_and(|rest| key(rest).is_some())).unwrap_or(value.len())
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return value.into();
    }
    let (mut out, mut chars) = (String::with_capacity(value.len()), value.chars());
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(e @ ('=' | '\\' | '|')) => out.push(e),
                Some(e) => out.extend(['\\', e]),
                None => out.push('\\'),
            },
            (c, _) => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(head: &Head<'_>) -> Vec<(String, String)> {
        let mut found = Vec::new();
        head.pairs(|k, v| found.push((k.to_owned(), v.to_owned())));
        found
    }

    fn own(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn lines_of_cef() {
        let h = cef(r"Sep 19 08:26:10 host CEF:0|Sec\|urity|threat\\manager|1.0|100|worm stopped|10|src=10.0.0.1 msg=a \= b\nc d act=blocked").unwrap();
        assert_eq!((h.syslog, &*h.vendor, &*h.product, &*h.id, &*h.severity), ("Sep 19 08:26:10 host", "Sec|urity", "threat\\manager", "100", "10"));
        assert_eq!(pairs(&h), own(&[("src", "10.0.0.1"), ("msg", "a = b\nc d"), ("act", "blocked")]));
        assert_eq!(pairs(&cef("0|V|P|1|2|n|3|no pairs here").unwrap()), own(&[("text", "no pairs here")]));
        assert!(
            cef("CEF: 1|V|P|1|2|n|3|").is_some() && cef("CEF:0|V|P|1|2|n").is_none() && cef("2|V|P|1|2|n|3|").is_none() && cef("xCEF:0|V|P|1|2|n|3|").is_none()
        );
    }

    #[test]
    fn lines_of_leef() {
        assert_eq!(pairs(&leef("LEEF:1.0|V|P|1|login|src=1.2.3.4\tusrName=a b").unwrap()), own(&[("src", "1.2.3.4"), ("usrName", "a b")]));
        assert_eq!(pairs(&leef("LEEF:2.0|V|P|1|login|^|src=1.2.3.4^usrName=a=b").unwrap()), own(&[("src", "1.2.3.4"), ("usrName", "a=b")]));
        assert_eq!(pairs(&leef("Jan 1 00:00:00 h LEEF:2.0|V|P|1|login|0x7c|a=1|b=2").unwrap()), own(&[("a", "1"), ("b", "2")]));
        assert!(leef("LEEF:1.0|V|P|1").is_none());
    }
}
