//! A record that was read by a table, and what can be asked of it and said of it.

use std::borrow::Cow;

use event::{Class, Mark, Sink, attr, entity::canonical_ip};

use crate::{
    Record, Reject, json,
    time::{self, Stamp},
};

use super::{
    Map, Slot, To,
    scan::{Other, Span},
};

/// A record, read.
#[derive(Clone, Copy, Debug)]
pub struct Doc<'a> {
    pub(super) map: &'a Map,
    pub(super) text: &'a str,
    pub(super) spans: &'a [Span],
    pub(super) others: &'a [Other],
    pub(super) twice: bool,
    pub(super) utf8: bool,
    /// The record that it was read from.
    pub record: Record<'a>,
    /// Records before it that are of the same event.
    pub(super) earlier: &'a [Held],
    pub(super) carrier: Option<&'a Carrier>,
}

/// What carried a record: its other members, and whether one of its keys appeared twice.
#[derive(Debug, Default)]
pub struct Carrier {
    rest: Vec<(String, String)>,
    twice: bool,
}

/// A record that is kept until its event is whole: its number and bytes.
pub type Held = (u64, Vec<u8>);

impl<'a> Doc<'a> {
    /// The same, as the last of the records of one event; the earlier ones in order.
    pub fn after(self, earlier: &'a [Held]) -> Doc<'a> {
        Doc { earlier, ..self }
    }

    /// What a record that is a carrier has beside the record that it carries.
    pub fn carrier(&self, wants_object: bool) -> Carrier {
        let mut rest = Vec::new();
        if wants_object {
            self.unnamed(&mut |name, value| rest.push((name.to_owned(), value.to_owned())));
        }
        Carrier { rest, twice: self.twice }
    }

    /// The same, as it was carried.
    pub fn carried_by(self, carrier: &'a Carrier) -> Doc<'a> {
        Doc { carrier: Some(carrier), twice: self.twice || carrier.twice, ..self }
    }

    /// Whether a key appeared twice in one object.
    pub fn is_twice(&self) -> bool {
        self.twice
    }

    /// The value of a row as it is written; `None` where it is missing or null.
    pub fn raw(&self, slot: Slot) -> Option<&'a str> {
        let (node, _) = self.map.rows.get(slot.0)?;
        let span = self.spans.get(*node).copied().filter(|s| !s.is_none())?;
        Some(span.get(self.text)).filter(|v| *v != "null")
    }

    /// Whether a row is there and not null.
    pub fn has(&self, slot: Slot) -> bool {
        self.raw(slot).is_some()
    }

    /// The value of a row as a text: of a string its inside without escapes, of anything else as it is written; empty where it is missing.
    pub fn text(&self, slot: Slot) -> Cow<'a, str> {
        plain(self.raw(slot).unwrap_or_default())
    }

    /// The same in lower case, for names in which case does not count (mail addresses).
    pub fn lower(&self, slot: Slot) -> Cow<'a, str> {
        let text = self.text(slot);
        if text.bytes().any(|b| b.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text }
    }

    /// The first of these rows that is there, not empty, and no object or array.
    pub fn first(&self, slots: &[Slot]) -> Cow<'a, str> {
        let plain = |s: &&Slot| self.raw(**s).is_some_and(|raw| !raw.starts_with(['{', '[']));
        slots.iter().filter(plain).map(|s| self.text(*s)).find(|t| !t.is_empty()).unwrap_or_default()
    }

    /// The value as a whole number, also of a text.
    pub fn int(&self, slot: Slot) -> Option<i64> {
        self.raw(slot).and_then(int)
    }

    /// The value as true or false, also of a text.
    pub fn flag(&self, slot: Slot) -> Option<bool> {
        self.raw(slot).and_then(flag)
    }

    /// The value as a time. Where it is missing there is none; a text that is no time gives one that is marked.
    pub fn time(&self, slot: Slot) -> Result<Stamp, Reject> {
        let said = self.text(slot);
        if said.is_empty() { Err(Reject::NoTime { field: self.name(slot) }) } else { Ok(time::of(&said, self.record.received)) }
    }

    /// Calls `each` with every element of an array, as it is written. A value that is no array is its only element.
    pub fn each(&self, slot: Slot, mut each: impl FnMut(&'a str)) {
        let Some(raw) = self.raw(slot) else { return };
        if !raw.starts_with('[') {
            return each(raw);
        }
        // A fault within the array ends it: what is left of it is in the original.
        let read = json::elements(raw, |element| {
            each(element);
            true
        });
        drop(read);
    }

    /// The name of a row for an error.
    fn name(&self, slot: Slot) -> &'static str {
        let node = self.map.rows.get(slot.0).and_then(|(node, _)| self.map.nodes.get(*node));
        match node.map(|n| &n.path) {
            Some(Cow::Borrowed(name)) => name,
            _ => "time",
        }
    }

    /// Begins an event: its time with its marks, the marks and bytes of the record, and all rows that the table maps. What code says after that counts.
    pub fn begin(&self, class: Class, activity: u8, when: Stamp, out: &mut dyn Sink) {
        out.begin(class, activity, when.time);
        when.marks.into_iter().chain(self.marks()).flatten().for_each(|m| out.mark(m));
        self.earlier.iter().for_each(|(seq, bytes)| out.record(*seq, bytes));
        out.record(self.record.seq, self.record.bytes);
        if out.wants_object() {
            (0..self.map.rows.len()).for_each(|row| self.row(row, out));
        } else {
            self.map.hot.iter().for_each(|row| self.row(*row, out));
        }
    }

    /// What to know of the record before relying on it.
    pub fn marks(&self) -> [Option<Mark>; 2] {
        [(!self.utf8).then_some(Mark::NotUtf8), self.twice.then_some(Mark::DuplicateKey)]
    }

    /// Ends the event: its message, and what the table did not take.
    pub fn end(&self, message: &str, out: &mut dyn Sink) {
        out.text(attr::MESSAGE, message);
        if out.wants_object() {
            self.rest(out);
        }
        out.end();
    }

    fn row(&self, row: usize, out: &mut dyn Sink) {
        let Some(raw) = self.raw(Slot(row)) else { return };
        let Some((_, to)) = self.map.rows.get(row) else { return };
        let rivals = self.map.rivals.get(row).map(Vec::as_slice).unwrap_or_default();
        if rivals.iter().any(|r| self.raw(Slot(*r)).is_some_and(|other| other != "\"\"")) {
            return self.keep(Slot(row), out);
        }
        if self.map_value(*to, raw, out).is_none() {
            self.keep(Slot(row), out);
        }
    }

    /// Says a value; `None` if it is not what the table takes it for.
    fn map_value(&self, to: To, raw: &str, out: &mut dyn Sink) -> Option<()> {
        let nested = raw.starts_with(['{', '[']);
        match to {
            To::Text(_) | To::Key(_) if nested => return None,
            To::Text(attr) => out.text(attr, &plain(raw)),
            To::Key(column) => out.key(column, &plain(raw)),
            To::Ip(attr) => {
                let text = plain(raw);
                if !text.is_empty() {
                    out.text(attr, &canonical_ip(&text)?);
                }
            }
            To::Int(attr) => out.int(attr, int(raw)?),
            To::Flag(attr) => out.flag(attr, flag(raw)?),
            To::Ms(attr) => {
                let stamp = time::of(&plain(raw), self.record.received);
                out.int(attr, Some(stamp).filter(Stamp::is_known)?.time.millis());
            }
            To::Json(attr) => out.text(attr, &plain(raw)),
            To::List(attr) if raw.starts_with('[') => texts(raw)?.iter().for_each(|t| out.text(attr, t)),
            To::List(_) if nested => return None,
            To::List(attr) => out.text(attr, &plain(raw)),
            To::Look => return None,
            To::Hold => {}
        }
        Some(())
    }

    /// Keeps the value of a row in `unmapped`, under its path.
    pub fn keep(&self, slot: Slot, out: &mut dyn Sink) {
        let path = self.map.rows.get(slot.0).and_then(|(node, _)| self.map.nodes.get(*node)).map(|n| &*n.path);
        if let (Some(path), Some(raw), true) = (path, self.raw(slot), out.wants_object()) {
            keep(path, raw, out);
        }
    }

    /// Keeps what the table does not name. Objects that paths go through and that turned out to be something else are among it.
    pub fn rest(&self, out: &mut dyn Sink) {
        self.unnamed(&mut |name, value| keep(name, value, out));
        for (name, value) in self.carrier.iter().flat_map(|c| &c.rest) {
            keep(name, value, out);
        }
    }

    /// Calls `each` with the name and value of everything that the table does not name.
    fn unnamed(&self, each: &mut dyn FnMut(&str, &str)) {
        let mut name = String::new();
        for other in self.others.iter().filter(|o| !o.value.is_none()) {
            let Some(node) = self.map.nodes.get(usize::from(other.node)) else { continue };
            let (key, value) = (json::unescape(other.key.get(self.text)), other.value.get(self.text));
            if value == "null" || self.covered(usize::from(other.node)) {
                continue;
            }
            name.clear();
            name.push_str(&node.path);
            if !node.path.is_empty() {
                name.push('.');
            }
            // `a.b` is not `b` in `a`, where that is a name as well.
            let first = key.split_once('.').and_then(|(first, _)| self.map.child(other.node.into(), first));
            match first {
                Some(_) => name.extend(["\"", &key, "\""]),
                None => name.push_str(&key),
            }
            each(&name, value);
        }
        for (number, node) in self.map.nodes.iter().enumerate().filter(|(_, n)| n.row.is_none()) {
            let value = self.spans.get(number).copied().unwrap_or_default().get(self.text);
            if !value.is_empty() && !value.starts_with('{') && value != "null" && !self.covered(number) {
                each(&node.path, value);
            }
        }
    }

    /// Whether a place lies in a value that the table takes whole.
    fn covered(&self, node: usize) -> bool {
        let whole =
            |n: &super::table::Node| matches!(n.row, Some(row) if !matches!(row, To::Text(_) | To::Key(_) | To::Int(_) | To::Ip(_) | To::Flag(_) | To::Ms(_)));
        self.map.nodes.get(..=node).unwrap_or_default().iter().any(|n| n.end > node && whole(n))
    }
}

/// Keeps a value in `unmapped` under a name: a string as its text, anything else as it is written.
pub(super) fn keep(name: &str, raw: &str, out: &mut dyn Sink) {
    match json::text(raw) {
        Some(text) => out.other(name, &text),
        None => out.other_json(name, raw),
    }
}

/// A value as a text: of a string its inside without escapes, of anything else as it is written.
pub fn plain(raw: &str) -> Cow<'_, str> {
    json::text(raw).unwrap_or(Cow::Borrowed(raw))
}

fn int(raw: &str) -> Option<i64> {
    plain(raw).parse().ok()
}

fn flag(raw: &str) -> Option<bool> {
    match raw.trim_matches('"') {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The elements of an array of texts; `None` if one is something else.
fn texts(raw: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut found = Vec::new();
    let mut good = true;
    let read = json::elements(raw, |e| {
        good &= !e.starts_with(['{', '[']);
        found.push(plain(e));
        good
    });
    (read.is_ok() && good).then_some(found)
}
