//! A line as names and values, whichever way it was written. What code has taken is not said again among the rest.

use std::{borrow::Cow, cell::Cell};

use event::Sink;

use super::schema::{FIELDS_MAX, Kind, Schema};
use crate::{Reject, json};

/// A value as it is written.
#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    /// Of a tab-separated line.
    Tsv(&'a str, Kind),
    /// Of a JSON object.
    Json(&'a str),
}

/// A line.
pub(super) struct Row<'a> {
    fields: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Bits of the fields that were taken.
    taken: Cell<u128>,
    /// A JSON key appears twice.
    pub twice: bool,
    set_separator: &'a str,
    empty: &'a str,
    unset: &'a str,
}

impl<'a> Row<'a> {
    /// Reads a JSON object.
    pub fn json(text: &'a str) -> Result<Row<'a>, Reject> {
        let mut fields = Vec::with_capacity(32);
        let twice = json::members(text, |name, value| fields.push((json::unescape(name), Value::Json(value))))?;
        if twice {
            // Of two values the last one counts.
            let mut seen = std::collections::HashSet::new();
            fields.reverse();
            fields.retain(|(name, _)| seen.insert(name.clone()));
            fields.reverse();
        }
        Ok(Row { fields, taken: Cell::new(0), twice, set_separator: ",", empty: "", unset: "" })
    }

    /// Reads a tab-separated line; `None` if it has not as many fields as the head names.
    pub fn tsv(line: &'a str, schema: &'a Schema) -> Option<Row<'a>> {
        let mut fields = Vec::with_capacity(schema.fields.len());
        let mut words = line.split(schema.separator.as_str());
        for (name, kind) in &schema.fields {
            fields.push((Cow::Borrowed(name.as_str()), Value::Tsv(words.next()?, *kind)));
        }
        let whole = words.next().is_none() && !fields.is_empty();
        whole.then(|| Row { fields, taken: Cell::new(0), twice: false, set_separator: &schema.set_separator, empty: &schema.empty, unset: &schema.unset })
    }

    fn find(&self, name: &str) -> Option<(usize, Value<'a>)> {
        let (at, (_, value)) = self.fields.iter().enumerate().find(|(_, (n, _))| n == name)?;
        let nothing = match value {
            Value::Tsv(text, _) => *text == self.unset,
            Value::Json(text) => *text == "null",
        };
        (!nothing).then_some((at, *value))
    }

    /// Whether a field is there and set.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A field's text without taking it: for one value, not for lists.
    pub fn look(&self, name: &str) -> Option<Cow<'a, str>> {
        match self.find(name)?.1 {
            Value::Tsv(_, Kind::List(_)) => None,
            Value::Tsv(text, _) if text == self.empty => Some("".into()),
            Value::Tsv(text, _) => Some(unescape(text)),
            Value::Json(text) if text.starts_with(['{', '[']) => None,
            Value::Json(text) => Some(json::text(text).unwrap_or(Cow::Borrowed(text))),
        }
    }

    /// A text without escapes, not taken; `None` where it has some.
    pub fn plain(&self, name: &str) -> Option<&'a str> {
        match self.look(name)? {
            Cow::Borrowed(text) => Some(text),
            Cow::Owned(_) => None,
        }
    }

    /// A field's text; it is taken.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let text = self.look(name)?;
        self.take(name);
        Some(text)
    }

    /// A field as a whole number; it is taken if it is one.
    pub fn int(&self, name: &str) -> Option<i64> {
        let n = self.look(name)?.parse().ok()?;
        self.take(name);
        Some(n)
    }

    /// Seconds as milliseconds; taken.
    pub fn millis(&self, name: &str) -> Option<i64> {
        let seconds: f64 = self.look(name)?.parse().ok().filter(|s: &f64| s.is_finite() && s.abs() < 1e12)?;
        Some((seconds * 1000.0).round() as i64)
    }

    /// `T`, `F`, true or false; not taken.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match &*self.look(name)? {
            "T" | "true" => Some(true),
            "F" | "false" => Some(false),
            _ => None,
        }
    }

    /// The elements of a list; not taken.
    pub fn list(&self, name: &str) -> Vec<Cow<'a, str>> {
        match self.find(name) {
            Some((_, Value::Tsv(text, Kind::List(_)))) if text != self.empty => {
                text.split(self.set_separator).filter(|t| *t != self.unset).map(unescape).collect()
            }
            Some((_, Value::Json(text))) if text.starts_with('[') => {
                let mut all = Vec::new();
                let _ = json::elements(text, |e| {
                    all.push(json::text(e).unwrap_or(Cow::Borrowed(e)));
                    true
                });
                all
            }
            _ => Vec::new(),
        }
    }

    /// Takes a field: it is said elsewhere.
    pub fn take(&self, name: &str) {
        if let Some((at, _)) = self.find(name).filter(|(at, _)| *at < FIELDS_MAX) {
            self.taken.set(self.taken.get() | 1 << at);
        }
    }

    /// Says what was not taken, each as JSON says it, so that both ways of writing a log say the same.
    pub fn rest(&self, out: &mut dyn Sink) {
        for (at, (name, value)) in self.fields.iter().enumerate() {
            let written = matches!(&**name, "_path" | "_write_ts");
            if at < FIELDS_MAX && self.taken.get() & 1 << at != 0 || written {
                continue;
            }
            match *value {
                Value::Json("null") => {}
                Value::Json(text) => match json::text(text) {
                    Some(text) => out.other(name, &text),
                    None => out.other_json(name, text),
                },
                Value::Tsv(text, _) if text == self.unset => {}
                Value::Tsv(text, Kind::List(kind)) => out.other_json(name, &self.json_list(text, *kind)),
                Value::Tsv(text, kind) => self.one(name, text, kind, out),
            }
        }
    }

    fn one(&self, name: &str, text: &str, kind: Kind, out: &mut dyn Sink) {
        match (kind, text) {
            (Kind::Flag, "T") => out.other_json(name, "true"),
            (Kind::Flag, "F") => out.other_json(name, "false"),
            (Kind::Number, text) if is_number(text) => out.other_json(name, short(text)),
            (_, text) if text == self.empty => out.other(name, ""),
            (_, text) => out.other(name, &unescape(text)),
        }
    }

    fn json_list(&self, text: &str, kind: Kind) -> String {
        if text == self.empty {
            return "[]".into();
        }
        let one = |e: &str| match (kind, e) {
            (_, e) if e == self.unset => "null".into(),
            (Kind::Flag, "T") => "true".into(),
            (Kind::Flag, "F") => "false".into(),
            (Kind::Number, e) if is_number(e) => short(e).to_owned(),
            (_, e) if e == self.empty => "\"\"".into(),
            (_, e) => serde_json::Value::from(unescape(e)).to_string(),
        };
        let all: Vec<String> = text.split(self.set_separator).map(one).collect();
        format!("[{}]", all.join(","))
    }
}

/// Whether a text is a number as JSON has them.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    plain(whole) && plain(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// A number without the zeros that Zeek fills decimals up with.
fn short(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Undoes Zeek's `\\xHH` and `\\\\`. Control characters and bytes that are not ASCII stay escaped, as Zeek's JSON writes them.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return text.into();
    }
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        done.push_str(before);
        rest = if let Some(after) = after.strip_prefix('\\') {
            done.push('\\');
            after
        } else if let Some((c, after)) = hex(after) {
            done.push(c);
            after
        } else {
            done.push('\\');
            after
        };
    }
    done.push_str(rest);
    done.into()
}

/// The character that `xHH` stands for, if it is one that is shown or white space.
fn hex(text: &str) -> Option<(char, &str)> {
    let (digits, rest) = text.strip_prefix('x')?.split_at_checked(2)?;
    let c = char::from(u8::from_str_radix(digits, 16).ok()?);
    (matches!(c, ' '..='~') || matches!(c, '\t' | '\n' | '\r')).then_some((c, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_json() {
        for (text, is) in [("1", true), ("-0.5", true), ("01", false), ("1.", false), ("", false), ("1e5", false), ("0", true)] {
            assert_eq!(is_number(text), is, "{text}");
        }
    }

    #[test]
    fn lists_and_escapes() {
        let mut schema = Schema::default();
        for line in ["#separator \\x09", "#set_separator\t,", "#path\tt", "#fields\ta\tb\tc\td", "#types\tset[string]\tvector[count]\tbool\tstring"] {
            schema.line(line);
        }
        let row = Row::tsv("x\\x2cy,-,z\t(empty)\tT\ttab\\x09", &schema).unwrap();
        assert_eq!(row.list("a"), ["x,y", "z"]);
        assert_eq!((row.list("b").len(), row.flag("c"), row.text("d").as_deref()), (0, Some(true), Some("tab\t")));
        assert!(Row::tsv("too\tfew", &schema).is_none());
    }
}
