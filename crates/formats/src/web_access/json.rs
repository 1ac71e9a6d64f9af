//! Access logs that nginx writes as JSON, with the names that its own variables and the usual guides give. Never undoes an escape.

use event::{Mark, Time};

use crate::{
    Reject,
    http::{Entry, Escapes},
    json,
    time::clf,
};

/// Where a member goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Time,
    Seconds,
    Peer,
    PeerPort,
    Forwarded,
    User,
    Host,
    Port,
    Request,
    Method,
    Target,
    Query,
    Version,
    Scheme,
    Status,
    Bytes,
    Referrer,
    Agent,
    Duration,
    RequestId,
    Tls,
    Cipher,
}

use Slot as S;

/// Names by what they hold, the surest first; of two that hold the same the first in this list is used, the other kept under its name.
const NAMES: &[(&str, Slot)] = &[
    ("msec", S::Seconds),
    ("time_iso8601", S::Time),
    ("time_local", S::Time),
    ("@timestamp", S::Time),
    ("timestamp", S::Time),
    ("time", S::Time),
    ("remote_addr", S::Peer),
    ("remote_ip", S::Peer),
    ("client_ip", S::Peer),
    ("clientip", S::Peer),
    ("remoteIP", S::Peer),
    ("client", S::Peer),
    ("remote_port", S::PeerPort),
    ("http_x_forwarded_for", S::Forwarded),
    ("x_forwarded_for", S::Forwarded),
    ("xff", S::Forwarded),
    ("remote_user", S::User),
    ("http_host", S::Host),
    ("host", S::Host),
    ("vhost", S::Host),
    ("server_name", S::Host),
    ("domain", S::Host),
    ("server_port", S::Port),
    ("request", S::Request),
    ("request_method", S::Method),
    ("method", S::Method),
    ("request_uri", S::Target),
    ("uri", S::Target),
    ("url", S::Target),
    ("path", S::Target),
    ("args", S::Query),
    ("query_string", S::Query),
    ("server_protocol", S::Version),
    ("protocol", S::Version),
    ("scheme", S::Scheme),
    ("status", S::Status),
    ("response", S::Status),
    ("status_code", S::Status),
    ("body_bytes_sent", S::Bytes),
    ("bytes_sent", S::Bytes),
    ("bytes", S::Bytes),
    ("size", S::Bytes),
    ("http_referer", S::Referrer),
    ("http_referrer", S::Referrer),
    ("referrer", S::Referrer),
    ("referer", S::Referrer),
    ("http_user_agent", S::Agent),
    ("user_agent", S::Agent),
    ("agent", S::Agent),
    ("request_time", S::Duration),
    ("request_id", S::RequestId),
    ("ssl_protocol", S::Tls),
    ("ssl_cipher", S::Cipher),
];

/// Whether a line is one: it has a time, a status, and a request or its target.
pub(super) fn is_one(line: &str) -> bool {
    let mut has = [false; 4];
    let all = json::members(line, |name, _| {
        let at = match NAMES.iter().find(|(n, _)| *n == name).map(|(_, s)| *s) {
            Some(S::Time | S::Seconds) => 0,
            Some(S::Status) => 1,
            Some(S::Request | S::Target) => 2,
            Some(S::Peer | S::Forwarded) => 3,
            _ => return,
        };
        if let Some(slot) = has.get_mut(at) {
            *slot = true;
        }
    });
    all.is_ok() && has.iter().all(|h| *h)
}

/// Reads a line.
pub(super) fn read(line: &str) -> Result<Entry<'_>, Reject> {
    let mut found: [Option<(usize, &str)>; NAMES.len()] = [None; NAMES.len()];
    let mut entry = Entry { escapes: Escapes::Json, ..Entry::default() };
    entry.twice = json::members(line, |name, value| match NAMES.iter().position(|(n, _)| *n == name) {
        Some(at) if is_plain(value) => {
            if let Some(slot) = found.get_mut(at) {
                *slot = Some((at, value));
            }
        }
        _ => entry.rest.push(kept(name, value)),
    })?;
    let mut filled: Vec<Slot> = Vec::with_capacity(NAMES.len());
    for (at, value) in found.into_iter().flatten() {
        let Some(&(name, slot)) = NAMES.get(at) else { continue };
        let text = kept(name, value).1;
        if matches!(text, "" | "-") {
            continue;
        }
        let taken = filled.contains(&slot) || slot == S::Time && filled.contains(&S::Seconds) || !fill(&mut entry, slot, text);
        if taken { entry.rest.push(kept(name, value)) } else { filled.push(slot) }
    }
    if entry.time_text.is_empty() {
        return Err(Reject::Missing { field: "time" });
    }
    if entry.status.is_empty() && entry.request.is_empty() && entry.target.is_empty() {
        return Err(Reject::Missing { field: "status" });
    }
    Ok(entry)
}

fn is_plain(value: &str) -> bool {
    !value.starts_with(['{', '['])
}

/// A member under its own name: the inside of a text, or JSON.
fn kept<'a>(name: &'a str, value: &'a str) -> (&'a str, &'a str, bool) {
    match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
        Some(inside) => (name, inside, false),
        None => (name, value, true),
    }
}

/// Puts a text in its place; false if it is not what the place holds.
fn fill<'a>(e: &mut Entry<'a>, slot: Slot, text: &'a str) -> bool {
    let place = match slot {
        S::Time | S::Seconds => {
            e.time_text = text;
            e.when = if slot == S::Seconds { seconds(text) } else { clf::read(text).or_else(|| seconds(text)) };
            return true;
        }
        S::Duration => {
            e.duration_ms = text.parse::<f64>().ok().filter(|s| (0.0..1e9).contains(s)).map(|s| (s * 1000.0).round() as i64);
            return e.duration_ms.is_some();
        }
        S::Peer => &mut e.peer,
        S::PeerPort => &mut e.peer_port,
        S::Forwarded => &mut e.forwarded,
        S::User => &mut e.user,
        S::Host => &mut e.host,
        S::Port => &mut e.port,
        S::Request => &mut e.request,
        S::Method => &mut e.method,
        S::Target => &mut e.target,
        S::Query => &mut e.query,
        S::Version => &mut e.version,
        S::Scheme => &mut e.scheme,
        S::Status => &mut e.status,
        S::Bytes => &mut e.bytes,
        S::Referrer => &mut e.referrer,
        S::Agent => &mut e.agent,
        S::RequestId => &mut e.request_id,
        S::Tls => &mut e.tls,
        S::Cipher => &mut e.cipher,
    };
    *place = text;
    true
}

/// Seconds since 1970 with a fraction.
fn seconds(text: &str) -> Option<(Time, Option<Mark>)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().take(6).chain(std::iter::repeat(b'0')).take(6);
    let micros = digits.into_iter().try_fold(0i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))?;
    let whole: i64 = whole.parse().ok().filter(|s| (0..1_000_000_000_000).contains(s))?;
    Some((Time(whole * event::time::SECOND + micros), None))
}
