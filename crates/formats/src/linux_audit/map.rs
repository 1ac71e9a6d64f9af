//! What an event's records mean in OCSF: what all of them have in common, and who maps the rest.

use std::borrow::Cow;

use event::{Attr, Class, Column, Mark, Sink, Time, attr, class};

use super::{
    assemble::Open,
    decode::{self, Socket},
    line::{self, Field},
    programs, syscalls,
};

/// A record of an event.
#[derive(Debug)]
pub struct Rec<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Its fields.
    pub fields: Vec<Field<'a>>,
    /// The names that an enriching daemon added.
    pub names: Vec<Field<'a>>,
}

impl<'a> Rec<'a> {
    /// A field by name; the first of that name.
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        self.fields.iter().copied().find(|f| f.key == key)
    }

    /// Its text, decoded.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key).and_then(decode::text)
    }

    /// Its number; `4294967295` and `-1` are what the kernel writes for "unset".
    pub fn id(&self, key: &str) -> Option<u32> {
        self.get(key).and_then(|f| f.value.parse().ok()).filter(|n| *n != u32::MAX)
    }

    /// Its number.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(|f| f.value.parse().ok())
    }

    /// The name of a user or group id: as the log enriches it; root is 0 everywhere.
    pub fn name(&self, key: &str) -> Option<&'a str> {
        let enriched = self.names.iter().find(|n| n.key.eq_ignore_ascii_case(key)).map(|n| n.value).filter(|n| !n.starts_with("unknown(") && *n != "unset");
        enriched.or_else(|| (self.id(key) == Some(0)).then_some("root"))
    }
}

/// An event taken apart.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Its records in order, without EOE.
    pub records: Vec<Rec<'a>>,
    /// The host, lower case; empty where nobody says.
    pub host: String,
    /// When.
    pub time: Time,
    stamp: &'a str,
    marks: [Option<Mark>; 3],
}

impl<'a> Seen<'a> {
    /// An event from records that were read elsewhere; `stamp` is its `seconds.millis:serial`.
    pub fn new(records: Vec<Rec<'a>>, host: String, time: Time, stamp: &'a str, marks: [Option<Mark>; 3]) -> Seen<'a> {
        Seen { records, host, time, stamp, marks }
    }

    /// The first record of a type.
    pub fn of(&self, kind: &str) -> Option<&Rec<'a>> {
        self.records.iter().find(|r| r.kind == kind)
    }

    /// All records of a type.
    pub fn all<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Rec<'a>> {
        self.records.iter().filter(move |r| r.kind == kind)
    }

    /// The user of an id field: `name@host`, else `uid:N@host`.
    pub fn user(&self, record: &Rec<'_>, key: &str) -> Option<String> {
        let id = record.id(key)?;
        Some(match record.name(key) {
            Some(name) => self.at_host(name),
            None => self.at_host(&format!("uid:{id}")),
        })
    }

    /// `name@host`.
    pub fn at_host(&self, name: &str) -> String {
        if self.host.is_empty() { name.to_owned() } else { format!("{name}@{}", self.host) }
    }

    /// The session: `host/SES`.
    pub fn session(&self, record: &Rec<'_>) -> Option<String> {
        let ses = record.id("ses")?;
        Some(if self.host.is_empty() { ses.to_string() } else { format!("{}/{ses}", self.host) })
    }

    /// Begins the event; `operation` is the system call or the record's type.
    pub fn begin(&self, out: &mut dyn Sink, class: Class, activity: u8, operation: &str) {
        out.begin(class, activity, self.time);
        out.text(attr::METADATA_PRODUCT_NAME, "Linux audit");
        out.text(attr::METADATA_UID, self.stamp);
        out.text(attr::METADATA_EVENT_CODE, self.records.first().map_or("EOE", |r| r.kind));
        out.key(Column::Operation, operation);
        if self.host.is_empty() {
            out.text(attr::DEVICE_NAME, "unknown");
        } else {
            out.text(attr::DEVICE_HOSTNAME, &self.host);
        }
        out.int(attr::DEVICE_TYPE_ID, 0);
    }

    /// Whether it went well, from `success=` or `res=`.
    pub fn outcome(&self, out: &mut dyn Sink, record: &Rec<'_>) -> Option<bool> {
        let said = record.get("success").or_else(|| record.get("res")).or_else(|| record.get("result"))?;
        let is = |words: &[&str]| words.iter().any(|w| said.value.eq_ignore_ascii_case(w));
        let success = is(&["yes", "success", "1"]);
        if !success && !is(&["no", "failed", "failure", "fail", "0"]) {
            return None;
        }
        set_outcome(out, success);
        Some(success)
    }
}

/// Status and outcome.
pub fn set_outcome(out: &mut dyn Sink, success: bool) {
    out.int(attr::STATUS_ID, if success { 1 } else { 2 });
    out.text(attr::STATUS, if success { "Success" } else { "Failure" });
    out.key(Column::Outcome, if success { "success" } else { "failure" });
}

/// Sets an attribute if there is a value.
pub fn put(out: &mut dyn Sink, attr: Attr, value: Option<impl AsRef<str>>) {
    if let Some(value) = value {
        out.text(attr, value.as_ref());
    }
}

/// Sets a column if there is a value.
pub fn put_key(out: &mut dyn Sink, column: Column, value: Option<impl AsRef<str>>) {
    if let Some(value) = value {
        out.key(column, value.as_ref());
    }
}

/// Gives out the event that these records are.
pub fn event(open: &Open, out: &mut dyn Sink) {
    let texts: Vec<(u64, &[u8], Cow<'_, str>)> = open.records().map(|(seq, bytes)| (seq, bytes, String::from_utf8_lossy(bytes))).collect();
    let Some(seen) = read(open, &texts) else { return };
    tell(&seen, out);
    texts.iter().for_each(|(seq, bytes, _)| out.record(*seq, bytes));
    out.end();
}

/// Begins the event that these records are, and says all that they say.
pub fn tell(seen: &Seen<'_>, out: &mut dyn Sink) {
    if seen.of("SYSCALL").is_some() {
        syscalls::event(seen, out);
    } else if let Some(first) = seen.records.first() {
        programs::event(seen, first, out);
    } else {
        seen.begin(out, class::BASE_EVENT, 99, "EOE");
    }
    gap(seen, out);
    rest(seen, out);
    seen.marks.iter().flatten().for_each(|m| out.mark(*m));
}

fn read<'a>(open: &Open, texts: &'a [(u64, &[u8], Cow<'a, str>)]) -> Option<Seen<'a>> {
    let heads: Vec<line::Head<'a>> = texts.iter().filter_map(|(_, _, t)| line::head(t.trim_end_matches(['\n', '\r'])).ok()).collect();
    let first = *heads.first()?;
    let records: Vec<Rec<'a>> = heads.iter().filter(|h| !matches!(h.kind, "EOE" | "1320")).map(rec).collect();
    let node = heads.iter().find_map(|h| h.node);
    let host = node.or(open.host()).unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let assumed = node.is_none() && open.host().is_some();
    let incomplete = !open.ended && records.iter().any(|r| r.kind == "SYSCALL");
    let lossy = texts.iter().any(|(_, _, t)| matches!(t, Cow::Owned(_)));
    let marks = [assumed.then_some(Mark::HostAssumed), incomplete.then_some(Mark::Incomplete), lossy.then_some(Mark::NotUtf8)];
    Some(Seen { records, host, time: first.time, stamp: first.stamp, marks })
}

fn rec<'a>(head: &line::Head<'a>) -> Rec<'a> {
    let (fields, names) = line::fields(head.body);
    let kind = match head.kind {
        "1300" => "SYSCALL",
        "1302" => "PATH",
        "1305" => "CONFIG_CHANGE",
        "1306" => "SOCKADDR",
        "1307" => "CWD",
        "1309" => "EXECVE",
        "1327" => "PROCTITLE",
        "1400" => "AVC",
        kind => kind,
    };
    Rec { kind, fields, names }
}

/// Tells of records that are missing: the kernel's counter, a daemon that stopped, auditing switched off.
fn gap(seen: &Seen<'_>, out: &mut dyn Sink) {
    for record in &seen.records {
        let lost = record.int("lost").into_iter().chain(record.int("audit_lost")).chain(record.int("old").filter(|_| record.get("lost").is_some())).max();
        match record.kind {
            "DAEMON_END" | "DAEMON_ABORT" | "DAEMON_START" => out.key(Column::Gap, "stopped"),
            _ if lost.is_some_and(|n| n > 0) => {
                out.key(Column::Gap, "lost");
                out.key_int(Column::GapCount, lost.unwrap_or_default());
            }
            "DAEMON_ERR" => out.key(Column::Gap, "lost"),
            "CONFIG_CHANGE" if disables(record) => out.key(Column::Gap, "disabled"),
            _ => {}
        }
    }
}

fn disables(record: &Rec<'_>) -> bool {
    let op = record.text("op").unwrap_or_default();
    record.get("audit_enabled").is_some_and(|f| f.value == "0") || matches!(op.as_ref(), "remove_rule" | "remove rule") || op.starts_with("remove")
}

/// Fields that mapping put into OCSF attributes as they are, for each of the types that have such fields.
fn mapped(kind: &str) -> &'static [&'static str] {
    match kind {
        "SYSCALL" => &["pid", "ppid", "comm", "exe", "success"],
        "EXECVE" => &["argc"],
        "CWD" => &["cwd"],
        _ => &[],
    }
}

/// A socket address in words, whether or not the event's class has a place for it.
fn socket(saddr: &str, out: &mut dyn Sink) {
    match decode::socket(saddr) {
        Some(Socket::Inet(ip, port)) => {
            out.other("SOCKADDR.family", if ip.is_ipv4() { "ipv4" } else { "ipv6" });
            out.other("SOCKADDR.addr", &ip.to_string());
            out.other("SOCKADDR.port", &port.to_string());
        }
        Some(Socket::Unix(path)) => {
            out.other("SOCKADDR.family", "unix");
            out.other("SOCKADDR.path", &path);
        }
        Some(Socket::Other(family)) => out.other("SOCKADDR.family", &if family == 16 { "netlink".to_owned() } else { family.to_string() }),
        None => {}
    }
}

/// Everything that has no attribute goes to `unmapped`, as `TYPE.field`, decoded.
fn rest(seen: &Seen<'_>, out: &mut dyn Sink) {
    if !out.wants_object() {
        return;
    }
    let mut name = String::new();
    let mut arguments = decode::Arguments::default();
    let argued = seen.of("EXECVE").is_some();
    let process = syscalls::maps(seen);
    for record in &seen.records {
        for field in record.fields.iter().chain(&record.names) {
            let is_argument = record.kind == "EXECVE" && arguments.take(*field);
            if is_argument || (process && mapped(record.kind).contains(&field.key)) {
                continue;
            }
            name.clear();
            name.extend([record.kind, ".", if field.key.is_empty() { "text" } else { field.key }]);
            if (record.kind, field.key) == ("SOCKADDR", "saddr") {
                socket(field.value, out);
            }
            match decode::text(*field) {
                _ if record.kind == "PROCTITLE" && field.key == "proctitle" => out.other(&name, &decode::proctitle(*field)),
                Some(text) => out.other(&name, &text),
                None => out.other(&name, field.value),
            }
        }
    }
    if argued {
        let list = serde_json::Value::from(arguments.list());
        out.other_json("EXECVE.argv", &list.to_string());
    }
}
