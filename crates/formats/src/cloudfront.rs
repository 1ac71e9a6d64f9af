//! Amazon CloudFront standard logs: W3C extended, the line of `#Fields:` being the order.
//!
//! Owns: what the fields are. Source: docs.aws.amazon.com, "Standard logging (access logs)".

use event::{Facet, Mark, Sink, Time};

use crate::{
    Format, Framing, Heading, Parser, Record, Reject,
    http::{Entry, Escapes},
    words::percent,
};

/// CloudFront.
pub struct CloudFront;

impl Format for CloudFront {
    fn name(&self) -> &'static str {
        "cloudfront"
    }
    fn title(&self) -> &'static str {
        "Amazon CloudFront"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::HeadedLines(Heading::Hash)
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let mut lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(8);
        let names = lines.clone().find_map(|l| std::str::from_utf8(l).ok()?.strip_prefix("#Fields:"));
        if names.is_some_and(|n| n.contains("x-edge-location") && n.contains("c-ip")) {
            return 95;
        }
        let plain = lines.find(|l| !l.starts_with(b"#")).and_then(|l| std::str::from_utf8(l).ok()).unwrap_or_default();
        let words: Vec<&str> = plain.split('\t').take(40).collect();
        let edge = words.get(13).is_some_and(|w| ["Hit", "Miss", "Error", "Redirect", "RefreshHit", "LimitExceeded", "CapacityExceeded"].contains(w));
        if edge && words.len() >= 23 { 85 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { names: Vec::new(), message: String::new() })
    }
}

/// The order where no line says another.
const DEFAULT: &[&str] = &[
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
    "fle-status",
    "fle-encrypted-fields",
    "c-port",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
];

/// The most fields of a line.
const FIELDS_MAX: usize = 128;

struct Lines {
    /// Empty before a line of names.
    names: Vec<String>,
    message: String,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let mut found = Fields::default();
        for (at, value) in text.split('\t').take(FIELDS_MAX).enumerate() {
            let name = if self.names.is_empty() { DEFAULT.get(at).copied() } else { self.names.get(at).map(String::as_str) };
            found.take(name.unwrap_or("extra"), value);
        }
        if found.status.is_empty() && found.peer.is_empty() {
            return Err(Reject::Shape { expected: "a line of CloudFront" });
        }
        let (host, agent, stamp) = (found.host, percent(found.agent), format!("{}T{}Z", found.date, found.clock));
        let agent = agent.as_deref().and_then(percent).unwrap_or(found.agent.into());
        let entry = Entry {
            product: "CloudFront",
            vendor: "AWS",
            time_text: &stamp,
            when: Time::parse(&stamp).map(|t| (t, None::<Mark>)),
            peer: found.peer,
            peer_port: found.port,
            forwarded: found.forwarded,
            host,
            method: found.method,
            target: found.target,
            query: found.query,
            version: found.version.strip_prefix("HTTP/").unwrap_or(found.version),
            scheme: found.scheme,
            status: if found.status == "000" { "" } else { found.status },
            bytes: found.bytes,
            referrer: found.referrer,
            agent: &agent,
            duration_ms: found.took.parse::<f64>().ok().filter(|s| (0.0..1e9).contains(s)).map(|s| (s * 1000.0).round() as i64),
            request_id: found.id,
            tls: found.tls,
            cipher: found.cipher,
            rest: found.rest,
            escapes: Escapes::None,
            lossy: matches!(text, std::borrow::Cow::Owned(_)).into(),
            ..Entry::default()
        };
        entry.write(record, &mut self.message, out)
    }

    fn heading(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if let Some(names) = text.trim().strip_prefix("#Fields:") {
            self.names = names.split_ascii_whitespace().take(FIELDS_MAX).map(str::to_owned).collect();
        }
    }
}

/// The fields of a line by what they are.
#[derive(Default)]
struct Fields<'a> {
    date: &'a str,
    clock: &'a str,
    peer: &'a str,
    port: &'a str,
    forwarded: &'a str,
    host: &'a str,
    method: &'a str,
    target: &'a str,
    query: &'a str,
    version: &'a str,
    scheme: &'a str,
    status: &'a str,
    bytes: &'a str,
    referrer: &'a str,
    agent: &'a str,
    took: &'a str,
    id: &'a str,
    tls: &'a str,
    cipher: &'a str,
    rest: Vec<(&'a str, &'a str, bool)>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &'a str, value: &'a str) {
        if matches!(value, "-" | "") {
            return;
        }
        let place = match name {
            "date" => &mut self.date,
            "time" => &mut self.clock,
            "c-ip" => &mut self.peer,
            "c-port" => &mut self.port,
            "x-forwarded-for" => &mut self.forwarded,
            "x-host-header" => &mut self.host,
            "cs-method" => &mut self.method,
            "cs-uri-stem" => &mut self.target,
            "cs-uri-query" => &mut self.query,
            "cs-protocol-version" => &mut self.version,
            "cs-protocol" => &mut self.scheme,
            "sc-status" => &mut self.status,
            "sc-bytes" => &mut self.bytes,
            "cs(Referer)" => &mut self.referrer,
            "cs(User-Agent)" => &mut self.agent,
            "time-taken" => &mut self.took,
            "x-edge-request-id" => &mut self.id,
            "ssl-protocol" => &mut self.tls,
            "ssl-cipher" => &mut self.cipher,
            _ => return self.rest.push((name, value, false)),
        };
        *place = value;
    }
}
