//! Docker's json-file log: a JSON object a line, which carries a piece of what a container wrote.
//!
//! Follows Docker's logging driver `json-file` (docs.docker.com, "JSON File logging driver"): `log`, `stream`, `time`, `attrs`. A text without a
//! line end goes on in the next record of the same stream. The line itself is read by the format that it has (see `inner`).

use std::borrow::Cow;

use event::{Column, Facet, Sink, Time, attr};
use memchr::memmem;

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    inner::{Carrier, Fact, Line},
    json,
};

/// Lines of containers as Docker keeps them.
pub struct Docker;

impl Format for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }
    fn title(&self) -> &'static str {
        "Docker json-file"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let Some(first) = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).find(|l| !l.is_empty()) else { return 0 };
        if memmem::find(first, b"\"stream\"").is_none() {
            return 0;
        }
        let (mut known, mut others) = (0, 0);
        let read = json::members(&String::from_utf8_lossy(first), |key, value| match key {
            "log" | "stream" | "time" if value.starts_with('"') => known += 1,
            "attrs" => {}
            _ => others += 1,
        });
        if read.is_ok() && known == 3 && others == 0 { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Lines { carrier: Carrier::new(within), container: container(&within.source).unwrap_or_default().to_owned() })
    }
}

/// The container's id in `…/CONTAINER/CONTAINER-json.log`.
fn container(source: &str) -> Option<&str> {
    let (folder, file) = source.rsplit_once('/').unwrap_or(("", source));
    let id = file.split(['-', '.']).next().filter(|id| is_id(id)).or_else(|| folder.rsplit('/').next())?;
    is_id(id).then_some(id)
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

struct Lines {
    carrier: Carrier,
    container: String,
}

/// What a record has.
#[derive(Default)]
struct Members<'a> {
    log: Option<Cow<'a, str>>,
    stream: Cow<'a, str>,
    time: Cow<'a, str>,
    attrs: Option<&'a str>,
    other: Vec<(&'a str, &'a str)>,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        let mut m = Members::default();
        let twice = json::members(&text, |key, value| match key {
            "log" => m.log = json::text(value),
            "stream" => m.stream = json::text(value).unwrap_or_default(),
            "time" => m.time = json::text(value).unwrap_or_default(),
            "attrs" => m.attrs = Some(value),
            _ => m.other.push((key, value)),
        })?;
        let log = m.log.ok_or(Reject::Missing { field: "log" })?;
        let zoneless = || Time::parse(&format!("{}Z", m.time));
        let (time, assumed) = match Time::parse(&m.time) {
            Some(time) => (time, false),
            None => (zoneless().ok_or_else(|| Reject::Bad { field: "time", expected: "an RFC 3339 time", found: Reject::found(&m.time) })?, true),
        };
        let line = log.strip_suffix('\n').map(|l| l.strip_suffix('\r').unwrap_or(l));
        let mut labels = Vec::new();
        if let Some(attrs) = m.attrs {
            json::members(attrs, |key, value| labels.push((key, json::text(value).unwrap_or(Cow::Borrowed(value)))))?;
        }
        let mut facts = Vec::with_capacity(12);
        let name = labels.iter().find(|(k, _)| is_name(k)).map_or("", |(_, v)| v);
        named(&self.container, name, record.host.is_some(), &mut facts);
        facts.push(Fact::Other("stream", &m.stream));
        facts.push(Fact::Other("container_time", &m.time));
        facts.extend(labels.iter().map(|(k, v)| Fact::Other(k, v)));
        facts.extend(m.other.iter().map(|(k, v)| Fact::Other(k, v)));
        facts.extend(assumed.then_some(Fact::Mark(event::Mark::ZoneAssumed)));
        facts.extend(twice.then_some(Fact::Mark(event::Mark::DuplicateKey)));
        facts.extend(matches!(text, Cow::Owned(_)).then_some(Fact::Mark(event::Mark::NotUtf8)));
        let body = line.unwrap_or(&log).as_bytes();
        self.carrier.line(record, Line { key: &m.stream, hint: name, text: body, time, partial: line.is_none(), facts: &facts }, out);
        Ok(())
    }
    fn finish(&mut self, out: &mut dyn Sink) {
        self.carrier.finish(out);
    }
    fn pending(&self) -> Vec<u64> {
        self.carrier.pending()
    }
}

/// What people log a container's name under: `--log-opt tag={{.Name}}`, compose's and Kubernetes' labels.
fn is_name(key: &str) -> bool {
    matches!(key, "tag" | "container_name" | "com.docker.compose.service" | "io.kubernetes.container.name")
}

/// A container as the machine that its line is of. The host is what it calls itself: the first twelve digits of its id.
fn named<'a>(id: &'a str, name: &'a str, host_known: bool, facts: &mut Vec<Fact<'a>>) {
    let short = id.get(..12).unwrap_or(id);
    let own = if name.is_empty() { short } else { name };
    if own.is_empty() {
        return;
    }
    facts.extend([Fact::Text(attr::DEVICE_CONTAINER_RUNTIME, "docker"), Fact::Int(attr::DEVICE_TYPE_ID, 0)]);
    facts.push(Fact::Text(attr::DEVICE_CONTAINER_UID, id));
    facts.push(Fact::Text(attr::DEVICE_CONTAINER_NAME, name));
    facts.push(Fact::Text(attr::DEVICE_NAME, own));
    if !host_known {
        facts.push(Fact::Key(Column::Host, if short.is_empty() { name } else { short }));
    }
}
