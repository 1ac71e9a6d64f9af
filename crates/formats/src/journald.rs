//! The systemd journal, as `journalctl` prints it: JSON, and the export format. Binary journals are printed so by `intake`.
//!
//! Owns: an entry's fields, and what the journal itself knows of a message (who really sent it). The message is read by the same programs
//! as syslog's; one that no program knows, by the format that it has itself. Never trusts what the sender claims over what the journal saw.
//! Source: systemd.journal-fields(7), "Journal Export Formats", "Journal JSON Format".

use std::borrow::Cow;

use event::{Attr, Column, Facet, Mark, Sink, Time, attr};

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    frame::export,
    inner::{Carrier, Fact, Line as Carried},
    json,
    syslog::{
        self,
        header::Header,
        line::{Line, some},
    },
};

/// `journalctl -o json`.
pub struct Journald;
/// `journalctl -o export`.
pub struct JournaldExport;

/// Fields of one entry that are read; what is more is not looked at. systemd itself takes at most 1024.
const FIELDS_MAX: usize = 1024;
/// Bytes of a value that events show; the record has them all.
const VALUE_BYTES_MAX: usize = 64 << 10;

impl Format for Journald {
    fn name(&self) -> &'static str {
        "journald"
    }
    fn title(&self) -> &'static str {
        "systemd journal (JSON)"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: Some("__CURSOR") }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if crate::map::keys(head, &["__REALTIME_TIMESTAMP", "_BOOT_ID"]) == 2 { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Entries { carrier: Carrier::of_known_lines(within), read: from_json })
    }
}

impl Format for JournaldExport {
    fn name(&self) -> &'static str {
        "journald_export"
    }
    fn title(&self) -> &'static str {
        "systemd journal (export)"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::JournalExport
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let has = |name: &[u8]| head.starts_with(name) || memchr::memmem::find(head.get(..4096).unwrap_or(head), &[b"\n", name].concat()).is_some();
        let begins = head.starts_with(b"__") || head.first().is_some_and(|b| b.is_ascii_uppercase() || *b == b'_');
        if begins && has(b"__REALTIME_TIMESTAMP=") && has(b"_BOOT_ID=") { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Entries { carrier: Carrier::of_known_lines(within), read: from_export })
    }
}

/// The fields of an entry, in order; a name may be there several times.
#[derive(Debug, Default)]
struct Entry<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    lossy: bool,
    twice: bool,
}

impl<'a> Entry<'a> {
    fn add(&mut self, name: Cow<'a, str>, value: &'a [u8]) {
        let value = String::from_utf8_lossy(value);
        self.lossy |= matches!(value, Cow::Owned(_));
        self.put(name, value);
    }

    fn put(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        if self.fields.len() < FIELDS_MAX {
            self.fields.push((name, value));
        }
    }

    /// The first value of a field.
    fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    fn first(&self, names: &[&str]) -> &str {
        names.iter().map(|n| self.get(n)).find(|v| !v.is_empty()).unwrap_or_default()
    }
}

fn from_export<'a>(bytes: &'a [u8], _: &'a str) -> Result<Entry<'a>, Reject> {
    let mut entry = Entry::default();
    export::fields(bytes, |name, value| entry.add(String::from_utf8_lossy(name), value));
    Ok(entry)
}

/// A value is a text, an array of numbers (bytes that are no text), an array of such (a repeated field), or null (too long for journalctl).
fn from_json<'a>(_: &'a [u8], text: &'a str) -> Result<Entry<'a>, Reject> {
    let mut entry = Entry::default();
    let mut failed = None;
    entry.twice = json::members(text, |name, value| {
        if let Err(fault) = json_value(&mut entry, name, value) {
            failed.get_or_insert(fault);
        }
    })?;
    failed.map_or(Ok(entry), Err)
}

fn json_value<'a>(entry: &mut Entry<'a>, name: &'a str, value: &'a str) -> Result<(), Reject> {
    let name = json::unescape(name);
    if !value.starts_with('[') {
        entry.put(name, if value == "null" { Cow::Borrowed("") } else { crate::map::plain(value) });
        return Ok(());
    }
    let (mut bytes, mut others) = (Vec::new(), Vec::new());
    json::elements(value, |e| {
        match e.parse::<u8>() {
            Ok(byte) => bytes.push(byte),
            Err(_) => others.push(e),
        }
        others.len() < FIELDS_MAX
    })?;
    for other in &others {
        let value = if other.starts_with('[') { Cow::Owned(bytes_of(other)?) } else { crate::map::plain(other) };
        entry.lossy |= other.starts_with('[') && value.contains('\u{fffd}');
        entry.put(name.clone(), value);
    }
    if others.is_empty() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        entry.lossy |= text.contains('\u{fffd}');
        entry.put(name, Cow::Owned(text));
    }
    Ok(())
}

fn bytes_of(array: &str) -> Result<String, Reject> {
    let mut bytes = Vec::new();
    json::elements(array, |e| {
        bytes.extend(e.parse::<u8>());
        true
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

struct Entries {
    carrier: Carrier,
    read: for<'a> fn(&'a [u8], &'a str) -> Result<Entry<'a>, Reject>,
}

impl Parser for Entries {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = crate::map::text_of(record.bytes);
        let entry = (self.read)(record.bytes, &text)?;
        let stamp = entry.get("__REALTIME_TIMESTAMP");
        let time = stamp.parse::<i64>().map(Time).map_err(|_| match stamp {
            "" => Reject::NoTime { field: "__REALTIME_TIMESTAMP" },
            found => Reject::Bad { field: "__REALTIME_TIMESTAMP", expected: "microseconds since 1970", found: Reject::found(found) },
        })?;
        self.entry(&entry, record, time, out);
        Ok(())
    }
    fn finish(&mut self, out: &mut dyn Sink) {
        self.carrier.finish(out);
    }
    fn pending(&self) -> Vec<u64> {
        self.carrier.pending()
    }
}

impl Entries {
    fn entry(&mut self, entry: &Entry<'_>, record: Record<'_>, time: Time, out: &mut dyn Sink) {
        let message = entry.get("MESSAGE");
        let kernel = entry.get("_TRANSPORT") == "kernel";
        let program = if kernel { "kernel" } else { entry.first(&["SYSLOG_IDENTIFIER", "_COMM"]) };
        let priority = priority(entry);
        let pid = entry.first(&["_PID", "SYSLOG_PID"]);
        let header = Header {
            priority,
            when: None,
            time_text: entry.get("__REALTIME_TIMESTAMP"),
            host: Some(entry.get("_HOSTNAME")).filter(|h| !h.is_empty()),
            program,
            pid: Some(pid).filter(|p| !p.is_empty()),
            message_id: None,
            structured: None,
            level: None,
            text: message,
        };
        let more = |out: &mut dyn Sink| tell(entry, !pid.is_empty(), out);
        let mut line = Line::of(record, header, time, Some(&more));
        if entry.lossy {
            line.not_utf8();
        }
        if entry.get("_TRANSPORT") == "audit" && self.audit(entry, record, time, &line.host, out) {
            return;
        }
        if syslog::known(&line, out).is_some() {
            return;
        }
        let facts = facts(entry, &line.host);
        let key = entry.first(&["_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER"]);
        let carried = Carried { key, hint: program, text: message.as_bytes(), time, partial: false, facts: &facts };
        if message.is_empty() || !self.carrier.line(record, carried, out) {
            syslog::read(&line, out);
        }
    }

    /// What journald took from the kernel's audit socket is written as the audit daemon would write it, and read as that.
    fn audit(&mut self, entry: &Entry<'_>, record: Record<'_>, time: Time, host: &str, out: &mut dyn Sink) -> bool {
        let (kind, id) = (entry.get("_AUDIT_TYPE_NAME"), entry.get("_AUDIT_ID"));
        let text = entry.get("MESSAGE").trim_start_matches(kind).trim_start();
        if kind.is_empty() || id.parse::<u64>().is_err() {
            return false;
        }
        let when = entry.get("_SOURCE_REALTIME_TIMESTAMP").parse().unwrap_or(time.0);
        let millis = when.div_euclid(1000);
        let line = format!("type={kind} msg=audit({}.{:03}:{id}): {text}", millis.div_euclid(1000), millis.rem_euclid(1000));
        let facts = facts(entry, host);
        let carried = Carried { key: "_TRANSPORT=audit", hint: "audit.log", text: line.as_bytes(), time, partial: false, facts: &facts };
        self.carrier.line(Record { host: Some(host).filter(|h| !h.is_empty()), ..record }, carried, out)
    }
}

/// Facility and severity as syslog's number.
fn priority(entry: &Entry<'_>) -> Option<u16> {
    let severity: u16 = entry.get("PRIORITY").parse().ok().filter(|n| *n < 8)?;
    let facility: u16 = entry.get("SYSLOG_FACILITY").parse().ok().filter(|n| *n < 24).unwrap_or(3);
    Some(facility * 8 + severity)
}

/// Fields that a line's head or an attribute has.
const TOLD: &[&str] =
    &["MESSAGE", "PRIORITY", "SYSLOG_FACILITY", "_HOSTNAME", "__CURSOR", "__REALTIME_TIMESTAMP", "_EXE", "_CMDLINE", "_UID", "_PID", "SYSLOG_IDENTIFIER"];

/// What the journal saw of the sender. A program's own words come after and count.
fn tell(entry: &Entry<'_>, has_process: bool, out: &mut dyn Sink) {
    out.text(attr::METADATA_UID, entry.get("__CURSOR"));
    out.text(attr::METADATA_LOG_NAME, "journal");
    out.text(attr::ACTOR_USER_UID, entry.get("_UID"));
    if has_process {
        out.text(attr::ACTOR_PROCESS_PATH, entry.get("_EXE"));
        out.text(attr::ACTOR_PROCESS_CMD_LINE, entry.get("_CMDLINE"));
    }
    let session = entry.get("_AUDIT_SESSION");
    if !matches!(session, "" | "4294967295") && !entry.get("_HOSTNAME").is_empty() {
        out.key(Column::Session, &format!("{}/{session}", entry.get("_HOSTNAME").to_ascii_lowercase()));
    }
    if entry.twice {
        out.mark(Mark::DuplicateKey);
    }
    if out.wants_object() {
        others(entry, out);
    }
}

/// Every other field under its own name; one that is there several times as a list.
fn others(entry: &Entry<'_>, out: &mut dyn Sink) {
    for (at, (name, value)) in entry.fields.iter().enumerate() {
        let mut more = entry.fields.get(at + 1..).unwrap_or_default().iter().filter(|(n, _)| n == name).peekable();
        let before = entry.fields.get(..at).unwrap_or_default().iter().any(|(n, _)| n == name);
        let told = TOLD.contains(&&**name) && (**name != *"SYSLOG_FACILITY" || priority(entry).is_some());
        if before || (told && more.peek().is_none()) {
            continue;
        }
        if more.peek().is_none() {
            some(out, name, cut(value));
            continue;
        }
        let list: Vec<&str> = std::iter::once(cut(value)).chain(more.map(|(_, v)| cut(v))).collect();
        out.other_json(name, &serde_json::Value::from(list).to_string());
    }
}

fn cut(value: &str) -> &str {
    value.get(..value.floor_char_boundary(VALUE_BYTES_MAX)).unwrap_or(value)
}

/// The same for a message that another format reads.
fn facts<'a>(entry: &'a Entry<'_>, host: &'a str) -> Vec<Fact<'a>> {
    const TEXTS: &[(&str, Attr)] = &[("__CURSOR", attr::METADATA_UID)];
    let mut facts = vec![Fact::Key(Column::Host, host)];
    facts.extend(TEXTS.iter().map(|(name, attr)| Fact::Text(*attr, entry.get(name))));
    let own = entry.fields.iter().filter(|(name, _)| !matches!(&**name, "MESSAGE" | "__CURSOR"));
    facts.extend(own.map(|(name, value)| Fact::Other(name, cut(value))));
    if entry.lossy {
        facts.push(Fact::Mark(Mark::NotUtf8));
    }
    facts
}
