//! Laurel: one JSON object an audit event, its records by type.
//!
//! Owns: undoing what Laurel did to values, so that the fields are those of the audit lines it read, and all that is known of
//! audit holds for both. Never maps an event. Source: Laurel's `laurel-about-audit.7` and its README.

use std::borrow::Cow;

use event::{Facet, Mark, Sink, attr};

use super::{
    decode,
    line::{self, Field},
    map::{self as meaning, Rec, Seen},
};
use crate::{Format, Framing, Parser, Record, Reject, json, map};

/// Laurel's JSON lines.
pub struct Laurel;

impl Format for Laurel {
    fn name(&self) -> &'static str {
        "laurel"
    }
    fn title(&self) -> &'static str {
        "Linux audit as Laurel writes it"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: Some("ID") }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if json::top_keys(head).contains(&"ID") && first_id(head).is_some_and(|id| line::stamp(id).is_ok()) { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Events)
    }
}

/// The first `"ID": "…"`.
fn first_id(head: &[u8]) -> Option<&str> {
    let at = memchr::memmem::find(head, b"\"ID\"")?;
    let value = head.get(at + 4..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    std::str::from_utf8(value.get(..memchr::memchr(b'"', value)?)?).ok()
}

struct Events;

impl Parser for Events {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let mut event = Event::default();
        let mut twice = json::members(&text, |name, value| event.member(name, value))?;
        let id = event.id.take().ok_or(Reject::NoTime { field: "ID" })?;
        let (time, _) = line::stamp(&id)?;
        for (kind, object) in std::mem::take(&mut event.objects) {
            twice |= event.add(kind, object)?;
        }
        let host = event.node.as_deref().or(record.host).unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let marks = [
            (event.node.is_none() && record.host.is_some()).then_some(Mark::HostAssumed),
            matches!(text, Cow::Owned(_)).then_some(Mark::NotUtf8),
            twice.then_some(Mark::DuplicateKey),
        ];
        let seen = Seen::new(event.records.iter().map(Owned::borrow).collect(), host, time, &id, marks);
        meaning::tell(&seen, out);
        event.beside(&seen, out);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}

/// What a JSON object holds, in the terms of audit.
#[derive(Default)]
struct Event<'a> {
    id: Option<Cow<'a, str>>,
    node: Option<Cow<'a, str>>,
    objects: Vec<(&'a str, &'a str)>,
    /// Members that are no records.
    others: Vec<(&'a str, &'a str)>,
    records: Vec<Owned<'a>>,
}

/// A record whose values Laurel changed.
struct Owned<'a> {
    kind: &'a str,
    fields: Vec<Value<'a>>,
}

struct Value<'a> {
    key: Cow<'a, str>,
    text: Cow<'a, str>,
    quoted: bool,
    name: bool,
}

impl Owned<'_> {
    fn borrow(&self) -> Rec<'_> {
        let of = |names: bool| self.fields.iter().filter(move |v| v.name == names).map(|v| Field { key: &v.key, value: &v.text, quoted: v.quoted }).collect();
        Rec { kind: self.kind, fields: of(false), names: of(true) }
    }

    fn push(&mut self, key: impl Into<Cow<'static, str>>, text: String, quoted: bool) {
        self.fields.push(Value { key: key.into(), text: text.into(), quoted, name: false });
    }
}

/// Records of one event at most, as of raw audit.
const RECORDS_MAX: usize = super::assemble::EVENT_RECORDS_MAX;

impl<'a> Event<'a> {
    fn member(&mut self, name: &'a str, value: &'a str) {
        match (name, value.as_bytes().first()) {
            ("ID", _) => self.id = Some(map::plain(value)),
            ("NODE", _) => self.node = Some(map::plain(value)),
            ("CONTAINER_INFO" | "PARENT_INFO", _) => self.others.push((name, value)),
            (_, Some(b'{')) => self.objects.push((name, value)),
            (_, Some(b'[')) => {
                let objects = &mut self.objects;
                let read = json::elements(value, |e| {
                    if e.starts_with('{') {
                        objects.push((name, e));
                    }
                    objects.len() < RECORDS_MAX
                });
                if read.is_err() || !value.contains('{') {
                    self.others.push((name, value));
                }
            }
            _ => self.others.push((name, value)),
        }
    }

    /// Takes a record. True: a key appears twice in it.
    fn add(&mut self, kind: &'a str, object: &'a str) -> Result<bool, Reject> {
        let mut record = Owned { kind, fields: Vec::with_capacity(32) };
        let twice = json::members(object, |key, value| record.field(key, value))?;
        self.records.push(record);
        Ok(twice)
    }

    /// What Laurel knows beside the audit records: the process's parent, its container, labels.
    fn beside(&self, seen: &Seen<'_>, out: &mut dyn Sink) {
        for (name, value) in &self.others {
            match json::text(value) {
                Some(text) => out.other(name, &text),
                None => out.other_json(name, value),
            }
        }
        let part = |object: &str, key: &str| self.others.iter().find(|(n, _)| *n == object).and_then(|(_, v)| json::member(v, key)).map(map::plain);
        let call = seen.of("SYSCALL").filter(|c| c.int("pid").is_some());
        let Some(call) = call else { return };
        let parent = |key: &str, object: &str| call.get(key).map(|f| Cow::Borrowed(f.value)).or_else(|| part("PARENT_INFO", object));
        let exec = seen.of("EXECVE").is_some();
        let (name, path) = match exec {
            true => (attr::ACTOR_PROCESS_NAME, attr::PROCESS_PARENT_PATH),
            false => (attr::ACTOR_PROCESS_PARENT_NAME, attr::ACTOR_PROCESS_PARENT_PATH),
        };
        meaning::put(out, name, parent("PPID.comm", "comm"));
        meaning::put(out, path, parent("PPID.exe", "exe"));
        meaning::put(out, attr::ACTOR_PROCESS_CONTAINER_UID, part("CONTAINER_INFO", "ID"));
    }
}

impl<'a> Owned<'a> {
    fn field(&mut self, key: &'a str, value: &'a str) {
        match value.as_bytes().first() {
            Some(b'[') if key == "ARGV" => self.arguments(value),
            Some(b'[') => self.list(key, value),
            Some(b'{') => self.nested(key, value),
            Some(b'"') => {
                let text = bytes_of(&map::plain(value));
                self.text(key, text);
            }
            Some(b'n') => self.push(key.to_owned(), "(null)".to_owned(), false),
            _ => self.push(key.to_owned(), value.to_owned(), false),
        }
    }

    fn text(&mut self, key: &'a str, bytes: Vec<u8>) {
        let name = !key.is_empty() && key.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'));
        let text = match key {
            "saddr" => bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|n| char::from_digit(n.into(), 16)).map(|c| c.to_ascii_uppercase()).collect(),
            _ => String::from_utf8_lossy(&bytes).into_owned(),
        };
        let text = match key {
            "arch" => text.strip_prefix("0x").map(str::to_owned).unwrap_or(text),
            "mode" => text.strip_prefix("0o").map(|octal| format!("0{octal}")).unwrap_or(text),
            "ARGV_STR" if self.kind == "EXECVE" => return self.push("a0", text, true),
            "ARGV_STR" if self.kind == "PROCTITLE" => return self.push("proctitle", text, true),
            _ if name => text.trim_start_matches('{').trim_end_matches('}').trim().to_owned(),
            _ => text,
        };
        let none = matches!(text.as_str(), "?" | "(null)" | "(none)");
        let quoted = !name && !none && decode::is_encoded(key);
        self.fields.push(Value { key: Cow::Borrowed(key), text: text.into(), quoted, name });
    }

    /// Arguments: of a program, of a system call (its registers in hex), of a process title.
    fn arguments(&mut self, value: &'a str) {
        let mut title = String::new();
        let mut count = 0usize;
        let read = json::elements(value, |e| {
            let text = String::from_utf8_lossy(&bytes_of(&map::plain(e))).into_owned();
            match self.kind {
                "PROCTITLE" => {
                    title.push_str(if count == 0 { "" } else { " " });
                    title.push_str(&text);
                }
                "EXECVE" => self.push(format!("a{count}"), text, true),
                _ => self.push(format!("a{count}"), text.strip_prefix("0x").unwrap_or(&text).to_owned(), false),
            }
            count += 1;
            count < decode::ARGS_MAX
        });
        if read.is_ok() && self.kind == "PROCTITLE" {
            self.push("proctitle", title, true);
        }
    }

    /// A list of words: `avc: denied { read write }` becomes `"denied":["read","write"]`.
    fn list(&mut self, key: &str, value: &str) {
        let verdict = matches!(key, "denied" | "granted");
        if verdict {
            self.push("", key.to_owned(), false);
        }
        let read = json::elements(value, |e| {
            self.push(if verdict { String::new() } else { key.to_owned() }, map::plain(e).into_owned(), !verdict);
            true
        });
        if read.is_err() {
            self.push(key.to_owned(), value.to_owned(), true);
        }
    }

    /// What a program sent (`msg`) is among the fields; anything else nested has its own name before it.
    fn nested(&mut self, key: &'a str, object: &'a str) {
        let mut inner = Owned { kind: self.kind, fields: Vec::new() };
        let read = json::members(object, |name, value| match value.as_bytes().first() {
            Some(b'{' | b'[') => inner.push(name.to_owned(), value.to_owned(), true),
            _ => inner.field(name, value),
        });
        if read.is_err() {
            return self.push(key.to_owned(), object.to_owned(), true);
        }
        for value in inner.fields {
            let (key, name) = if key == "msg" { (value.key, value.name) } else { (format!("{key}.{}", value.key).into(), false) };
            self.fields.push(Value { key, name, ..value });
        }
    }
}

/// Laurel writes bytes that are no UTF-8, control characters and `%` as `%` and two hexadecimal digits.
fn bytes_of(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after
            .get(..2)
            .filter(|d| *first == b'%' && d.iter().all(u8::is_ascii_hexdigit))
            .and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        rest = match code {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
        out.push(code.unwrap_or(*first));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_is_undone_only_where_it_is_an_escape() {
        assert_eq!(bytes_of("a%20b%25c%zz%"), b"a b%c%zz%");
        assert_eq!(bytes_of("%02%00%D9"), [2, 0, 0xd9]);
        assert_eq!(bytes_of("%+1"), b"%+1");
    }

    #[test]
    fn only_an_event_id_is_laurels() {
        let sniff = |text: &str| Laurel.sniff(text.as_bytes(), "");
        assert_eq!(sniff(r#"{"ID":"1688048710.843:30826","SYSCALL":{}}"#), 95);
        assert_eq!(sniff(r#"{"ID":"1688048710","SYSCALL":{}}"#), 0);
        assert_eq!(sniff(r#"{"x":{"ID":"1688048710.843:30826"}}"#), 0);
    }
}
