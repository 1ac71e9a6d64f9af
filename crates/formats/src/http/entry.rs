//! One request of an access log on its way to an event, whatever the form of the log. Never reads a line.

use std::{borrow::Cow, cell::Cell, fmt::Write as _};

use event::{Column, Mark, Sink, Time, attr, class};

use super::{RequestLine, activity, client, host_port, request, response, split_port, unescape};
use crate::{Record, Reject, json, net};

/// How a log escapes what it quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// As nginx and Apache: `\xHH`, `\"`.
    #[default]
    Web,
    /// As JSON.
    Json,
    /// Not at all.
    None,
}

/// What an access log says of one request; empty texts where it does not say. Texts are as written, escapes and all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry<'a> {
    /// The product that wrote it, and who makes it.
    pub product: &'a str,
    pub vendor: &'a str,
    /// The time's own text.
    pub time_text: &'a str,
    /// The time, and what it rests on; `None` for a time that is none.
    pub when: Option<(Time, Option<Mark>)>,
    /// Who connected.
    pub peer: &'a str,
    pub peer_port: &'a str,
    /// For whom, as proxies say.
    pub forwarded: &'a str,
    /// `HTTP-Basic` user.
    pub user: &'a str,
    /// The host asked for, with or without port.
    pub host: &'a str,
    /// The server's port.
    pub port: &'a str,
    /// The server behind a proxy, `address:port`.
    pub server: &'a str,
    /// The request line.
    pub request: &'a str,
    /// Its parts, where they are said apart.
    pub method: &'a str,
    pub target: &'a str,
    pub query: &'a str,
    pub version: &'a str,
    pub scheme: &'a str,
    pub status: &'a str,
    /// Bytes of the body.
    pub bytes: &'a str,
    pub referrer: &'a str,
    pub agent: &'a str,
    /// Milliseconds.
    pub duration_ms: Option<i64>,
    pub request_id: &'a str,
    pub tls: &'a str,
    pub cipher: &'a str,
    /// Under their own names, or `extra`; whether the value is JSON text.
    pub rest: Vec<(&'a str, &'a str, bool)>,
    pub escapes: Escapes,
    /// A JSON key appears twice.
    pub twice: bool,
    /// A byte, or one that an escape stood for, is not UTF-8.
    pub lossy: Cell<bool>,
}

impl<'a> Entry<'a> {
    /// Makes the event.
    pub fn write(&self, record: Record<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
        self.begin(record, message, out)?;
        self.end(record, message, out);
        Ok(())
    }

    /// Begins the event and says all that an access log says; the caller may say more before `end`.
    pub fn begin(&self, record: Record<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
        let fault = || Reject::Bad { field: "time", expected: "a time", found: Reject::found(self.time_text) };
        let (time, mark) = self.when.ok_or_else(fault)?;
        let said = RequestLine::read(self.request);
        let line = said.unwrap_or(RequestLine { method: self.method, target: self.target, version: self.version });
        let known = said.is_some() || !matches!(line.method, "" | "-") || !matches!(self.status, "" | "-");
        if known {
            out.begin(class::HTTP_ACTIVITY, activity(line.method), time);
        } else {
            out.begin(class::BASE_EVENT, 99, time);
        }
        mark.into_iter().for_each(|m| out.mark(m));
        out.text(attr::METADATA_PRODUCT_NAME, self.product);
        out.text(attr::METADATA_PRODUCT_VENDOR, self.vendor);
        out.text(attr::METADATA_ORIGINAL_TIME, self.time_text);
        let target = with_query(self.text(line.target), &self.text(self.query));
        if known {
            self.http(RequestLine { target: &target, ..line }, out);
        }
        self.host(record, !matches!(&*target, "" | "-"), out);
        let request = self.text(self.request);
        if said.is_none() && !request.is_empty() {
            out.other("request", &request);
        }
        message.clear();
        let status = if self.status.is_empty() { "-" } else { self.status };
        let _ = match line.method {
            "" | "-" => write!(message, "no request -> {status}"),
            method => write!(message, "{method} {target} -> {status}"),
        };
        Ok(())
    }

    /// Ends the event.
    pub fn end(&self, record: Record<'_>, message: &str, out: &mut dyn Sink) {
        for &(name, value, is_json) in &self.rest {
            if is_json { out.other_json(name, value) } else { out.other(name, &self.text(value)) }
        }
        let marks = [self.twice.then_some(Mark::DuplicateKey), self.lossy.get().then_some(Mark::NotUtf8)];
        marks.into_iter().flatten().for_each(|m| out.mark(m));
        out.text(attr::MESSAGE, message);
        out.record(record.seq, record.bytes);
        out.end();
    }

    /// A field without its escapes; nothing for `-`.
    fn text(&self, text: &'a str) -> Cow<'a, str> {
        match self.escapes {
            _ if text == "-" => "".into(),
            Escapes::None => text.into(),
            Escapes::Json => json::unescape(text),
            Escapes::Web => {
                let (text, lossy) = unescape(text);
                self.lossy.set(self.lossy.get() || lossy);
                text
            }
        }
    }

    fn http(&self, line: RequestLine<'_>, out: &mut dyn Sink) {
        client(out, self.peer, &self.text(self.forwarded));
        net::port(out, self.peer_port, attr::SRC_PORT);
        request(out, line);
        response(out, self.status, self.bytes);
        let user = self.text(self.user);
        out.text(attr::ACTOR_USER_NAME, &user);
        out.key(Column::User, &user);
        out.text(attr::HTTP_REFERRER, &self.text(self.referrer));
        out.text(attr::HTTP_USER_AGENT, &self.text(self.agent));
        out.text(attr::HTTP_URL_SCHEME, &self.text(self.scheme));
        out.text(attr::HTTP_REQUEST_UID, &self.text(self.request_id));
        if !matches!(self.tls, "" | "-") {
            out.text(attr::TLS_VERSION, self.tls);
            out.text(attr::TLS_CIPHER, &self.text(self.cipher));
        }
        if let Some(ms) = self.duration_ms {
            out.int(attr::DURATION, ms);
        }
        let (server, port) = split_port(self.server);
        net::endpoint(out, server, attr::DST_IP, attr::DST_HOSTNAME);
        net::port(out, port.unwrap_or_default(), attr::DST_PORT);
    }

    /// The server: the machine, where it is known from outside, else the name that was asked for.
    /// OCSF knows no URL that is a host alone.
    fn host(&self, record: Record<'_>, asked: bool, out: &mut dyn Sink) {
        let host = self.text(self.host);
        if asked {
            host_port(out, &host);
            net::port(out, self.port, attr::HTTP_URL_PORT);
        } else if !matches!(&*host, "" | "-" | "_") {
            out.other("host", &host);
        }
        if let Some(machine) = record.host {
            net::machine(out, machine);
        } else if !matches!(&*host, "" | "_") {
            out.key(Column::Host, &split_port(&host).0.to_ascii_lowercase());
        }
    }
}

/// A target with its query, where the log says them apart.
pub(crate) fn with_query<'a>(target: Cow<'a, str>, query: &str) -> Cow<'a, str> {
    if query.is_empty() || target.contains('?') { target } else { format!("{target}?{query}").into() }
}
