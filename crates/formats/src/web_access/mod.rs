//! Access logs of nginx, Apache and servers that write the same: common, combined, with virtual host, with more fields behind,
//! and nginx's JSON.
//!
//! Owns: what tells these forms apart, line by line. Never guesses which server wrote a line.
//! Sources: Apache `mod_log_config`, nginx `ngx_http_log_module`.

mod json;
mod line;
mod when;

use std::fmt::Write as _;

use event::{Column, Facet, Mark, Sink, Time, attr, class};

use crate::{Format, Framing, Parser, Record, Reject, http};

/// Web access logs.
pub struct WebAccess;

impl Format for WebAccess {
    fn name(&self) -> &'static str {
        "web_access"
    }
    fn title(&self) -> &'static str {
        "nginx and Apache access logs"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            let text = String::from_utf8_lossy(line);
            fit += u32::from(if text.starts_with('{') { json::is_one(&text) } else { line::read(&text).is_some() });
        }
        // The last line may be cut off by the end of the head.
        let share = if all > 1 && fit + 1 == all { 100 } else { fit * 100 / all.max(1) };
        match share {
            50.. => (share * 8 / 10) as u8 + if file_name.contains("access") { 10 } else { 0 },
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Requests { message: String::new() })
    }
}

/// Lines looked at to tell access logs from other text.
const SNIFF_LINES: usize = 20;

/// The parser of a stream: a line is an event.
struct Requests {
    message: String,
}

impl Parser for Requests {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let entry = match text.starts_with('{') {
            true => json::read(&text)?,
            false => line::read(&text).ok_or(Reject::Shape { expected: "a line of an access log" })?,
        };
        let (time, mark) = entry.when.ok_or_else(|| Reject::Bad { field: "time", expected: "a time", found: Reject::found(entry.time_text) })?;
        self.begin(&entry, record, time, out);
        mark.into_iter().chain(matches!(text, std::borrow::Cow::Owned(_)).then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}

/// What an access log says of one request; empty texts where it does not say. Texts are as written, escapes and all.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry<'a> {
    /// The time's own text.
    time_text: &'a str,
    /// The time, and what it rests on; `None` for a time that is none.
    when: Option<(Time, Option<Mark>)>,
    /// Who connected.
    peer: &'a str,
    peer_port: &'a str,
    /// For whom, as proxies say.
    forwarded: &'a str,
    /// `HTTP-Basic` user.
    user: &'a str,
    /// The host asked for, with or without port.
    host: &'a str,
    /// The server's port.
    port: &'a str,
    /// The request line.
    request: &'a str,
    /// Its parts, where they are said apart.
    method: &'a str,
    target: &'a str,
    query: &'a str,
    version: &'a str,
    scheme: &'a str,
    status: &'a str,
    /// Bytes of the body.
    bytes: &'a str,
    referrer: &'a str,
    agent: &'a str,
    /// Milliseconds.
    duration_ms: Option<i64>,
    request_id: &'a str,
    tls: &'a str,
    cipher: &'a str,
    /// Under their own names, or `extra`; whether the value is JSON text.
    rest: Vec<(&'a str, &'a str, bool)>,
    /// Whether escapes are those of JSON.
    json: bool,
    /// A JSON key appears twice.
    twice: bool,
    /// An escape stood for a byte that is not UTF-8.
    lossy: std::cell::Cell<bool>,
}

impl<'a> Entry<'a> {
    /// A field without its escapes; nothing for `-`.
    fn text(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        if text == "-" {
            return "".into();
        }
        if self.json {
            return crate::json::unescape(text);
        }
        let (text, lossy) = http::unescape(text);
        self.lossy.set(self.lossy.get() || lossy);
        text
    }
}

impl Requests {
    fn begin(&mut self, e: &Entry<'_>, record: Record<'_>, time: Time, out: &mut dyn Sink) {
        let said = http::RequestLine::read(e.request);
        let line = said.unwrap_or(http::RequestLine { method: e.method, target: e.target, version: e.version });
        let known = said.is_some() || !line.method.is_empty() || !e.status.is_empty() && e.status != "-";
        if known {
            out.begin(class::HTTP_ACTIVITY, http::activity(line.method), time);
        } else {
            out.begin(class::BASE_EVENT, 99, time);
        }
        out.text(attr::METADATA_PRODUCT_NAME, "web server");
        out.text(attr::METADATA_ORIGINAL_TIME, e.time_text);
        let target = e.text(line.target);
        if known {
            http::client(out, e.peer, &e.text(e.forwarded));
            crate::net::port(out, e.peer_port, attr::SRC_PORT);
            http::request(out, http::RequestLine { method: line.method, target: &target, version: line.version });
            http::response(out, e.status, e.bytes);
            self.more(e, out);
        }
        self.server(e, record, out);
        let request = e.text(e.request);
        if said.is_none() && !request.is_empty() {
            out.other("request", &request);
        }
        for &(name, value, is_json) in &e.rest {
            if is_json { out.other_json(name, value) } else { out.other(name, &e.text(value)) }
        }
        e.twice.then_some(Mark::DuplicateKey).into_iter().chain(e.lossy.get().then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
        self.message.clear();
        let status = if e.status.is_empty() { "-" } else { e.status };
        let _ = match line.method {
            "" => write!(self.message, "no request -> {status}"),
            method => write!(self.message, "{method} {target} -> {status}"),
        };
        out.text(attr::MESSAGE, &self.message);
    }

    fn more(&self, e: &Entry<'_>, out: &mut dyn Sink) {
        let user = e.text(e.user);
        out.text(attr::ACTOR_USER_NAME, &user);
        out.key(Column::User, &user);
        out.text(attr::HTTP_REFERRER, &e.text(e.referrer));
        out.text(attr::HTTP_USER_AGENT, &e.text(e.agent));
        out.text(attr::HTTP_URL_QUERY, &e.text(e.query));
        out.text(attr::HTTP_URL_SCHEME, e.scheme);
        out.text(attr::HTTP_REQUEST_UID, &e.text(e.request_id));
        if !matches!(e.tls, "" | "-") {
            out.text(attr::TLS_VERSION, e.tls);
            out.text(attr::TLS_CIPHER, &e.text(e.cipher));
        }
        if let Some(ms) = e.duration_ms {
            out.int(attr::DURATION, ms);
        }
    }

    /// The server: the machine, where it is known from outside, else the name that was asked for.
    fn server(&self, e: &Entry<'_>, record: Record<'_>, out: &mut dyn Sink) {
        let host = e.text(e.host);
        http::host_port(out, &host);
        crate::net::port(out, e.port, attr::HTTP_URL_PORT);
        if let Some(machine) = record.host {
            out.text(attr::DEVICE_HOSTNAME, machine);
            out.int(attr::DEVICE_TYPE_ID, 0);
            out.mark(Mark::HostAssumed);
        } else if !matches!(&*host, "" | "_") {
            out.key(Column::Host, &http::split_port(&host).0.to_ascii_lowercase());
        }
    }
}
