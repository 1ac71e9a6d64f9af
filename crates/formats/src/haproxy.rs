//! HAProxy's HTTP, TCP and error logs, bare or behind a syslog head.
//!
//! Owns: the order of their fields. Never reads the captured headers, whose names only the configuration has.
//! Source: HAProxy configuration manual, chapter 8 "Logging".

use std::fmt::Write as _;

use event::{Facet, Mark, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Record, Reject,
    http::{Entry, Escapes, split_port},
    net,
    time::clf,
};

/// HAProxy's log.
pub struct Haproxy;

impl Format for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }
    fn title(&self) -> &'static str {
        "HAProxy"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            fit += u32::from(Line::read(&String::from_utf8_lossy(line)).is_some());
        }
        if fit * 2 >= all.max(1) { 85 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { message: String::new() })
    }
}

/// Lines looked at to tell it from other text.
const SNIFF_LINES: usize = 20;

struct Lines {
    message: String,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let line = Line::read(&text).ok_or(Reject::Shape { expected: "a line of HAProxy" })?;
        let lossy = matches!(text, std::borrow::Cow::Owned(_));
        match line.kind {
            Kind::Http { .. } => line.http(lossy).write(record, &mut self.message, out),
            Kind::Tcp { .. } | Kind::Error(_) => line.connection(record, lossy, &mut self.message, out),
        }
    }
}

/// A line, taken apart.
struct Line<'a> {
    client: &'a str,
    time: &'a str,
    frontend: &'a str,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// `backend/server timers status bytes cookie cookie state connections queues rest`
    Http { words: [&'a str; 9], rest: &'a str },
    /// `backend/server timers bytes state connections queues`
    Tcp { words: [&'a str; 6] },
    /// What went wrong before there was anything to log.
    Error(&'a str),
}

impl<'a> Line<'a> {
    /// Reads a line, or what follows its syslog head.
    fn read(line: &'a str) -> Option<Line<'a>> {
        let at = line.find(" [")?;
        let (before, rest) = line.split_at_checked(at)?;
        let client = before.rsplit(' ').next()?;
        let (time, rest) = rest.get(2..)?.split_once("] ")?;
        let (address, port) = split_port(client);
        let is_client = port.is_some() && event::entity::canonical_ip(address).is_some() || client.starts_with("unix:");
        if !is_client || clf::read(time).is_none() {
            return None;
        }
        if let Some((frontend, error)) = rest.split_once(": ").filter(|(f, _)| !f.contains(' ')) {
            return Some(Line { client, time, frontend, kind: Kind::Error(error) });
        }
        let (frontend, rest) = rest.split_once(' ')?;
        Some(Line { client, time, frontend, kind: Kind::read(rest)? })
    }

    fn http(&self, lossy: bool) -> Entry<'a> {
        let Kind::Http { words: [backend, timers, status, bytes, request_cookie, response_cookie, state, connections, queues], rest } = self.kind else {
            return Entry::default();
        };
        let (address, port) = split_port(self.client);
        let (before, request) = rest.split_once('"').unwrap_or((rest, ""));
        let request = request.strip_suffix('"').unwrap_or(request);
        let mut entry = Entry {
            product: "HAProxy",
            vendor: "HAProxy",
            time_text: self.time,
            when: clf::read(self.time),
            peer: address,
            peer_port: port.unwrap_or_default(),
            request,
            status: if status == "-1" { "" } else { status },
            bytes,
            duration_ms: total(timers),
            escapes: Escapes::None,
            lossy: lossy.into(),
            ..Entry::default()
        };
        let fields = [
            ("frontend", self.frontend),
            ("backend", backend),
            ("timers", timers),
            ("request_cookie", request_cookie),
            ("response_cookie", response_cookie),
            ("termination_state", state),
            ("connections", connections),
            ("queues", queues),
            ("captured", before.trim()),
        ];
        entry.rest.extend(fields.into_iter().filter(|(_, v)| !matches!(*v, "" | "-")).map(|(n, v)| (n, v, false)));
        entry
    }

    /// A connection without HTTP, or one that failed.
    fn connection(&self, record: Record<'_>, lossy: bool, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
        let Some((time, mark)) = clf::read(self.time) else { return Err(Reject::Missing { field: "time" }) };
        let (address, port) = split_port(self.client);
        message.clear();
        match self.kind {
            Kind::Tcp { words: [backend, timers, bytes, state, connections, queues] } => {
                out.begin(class::NETWORK_ACTIVITY, 2, time);
                if let Ok(bytes) = bytes.trim_start_matches('+').parse() {
                    out.int(attr::TRAFFIC_BYTES_OUT, bytes);
                }
                if let Some(ms) = total(timers) {
                    out.int(attr::DURATION, ms);
                }
                net::outcome(out, state == "--");
                let fields = [("backend", backend), ("timers", timers), ("termination_state", state), ("connections", connections), ("queues", queues)];
                fields.into_iter().for_each(|(n, v)| out.other(n, v));
                let _ = write!(message, "{} -> {backend} {state}", self.client);
            }
            Kind::Error(error) => {
                out.begin(class::NETWORK_ACTIVITY, 4, time);
                net::outcome(out, false);
                out.text(attr::STATUS_DETAIL, error);
                let _ = write!(message, "{}: {error}", self.client);
            }
            Kind::Http { .. } => {}
        }
        out.text(attr::METADATA_PRODUCT_NAME, "HAProxy");
        out.text(attr::METADATA_PRODUCT_VENDOR, "HAProxy");
        out.text(attr::METADATA_ORIGINAL_TIME, self.time);
        out.other("frontend", self.frontend);
        net::endpoint(out, address, attr::SRC_IP, attr::SRC_NAME);
        net::port(out, port.unwrap_or_default(), attr::SRC_PORT);
        record.host.into_iter().for_each(|h| net::machine(out, h));
        mark.into_iter().chain(lossy.then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
        out.text(attr::MESSAGE, message);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}

impl<'a> Kind<'a> {
    fn read(text: &'a str) -> Option<Kind<'a>> {
        let mut rest = text;
        let mut word = || {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after;
            Some(word).filter(|w| !w.is_empty())
        };
        let (backend, timers) = (word()?, word()?);
        if !backend.contains('/') || !timers.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'/' | b'-' | b'+')) {
            return None;
        }
        if timers.matches('/').count() == 2 {
            return Some(Kind::Tcp { words: [backend, timers, word()?, word()?, word()?, word()?] });
        }
        let words = [backend, timers, word()?, word()?, word()?, word()?, word()?, word()?, word()?];
        Some(Kind::Http { words, rest })
    }
}

/// The last of the timers: milliseconds from the first byte to the last.
fn total(timers: &str) -> Option<i64> {
    timers.rsplit('/').next()?.trim_start_matches('+').parse().ok().filter(|ms| *ms >= 0)
}
