//! What logs of HTTP have in common: a request and what was answered, on their way to an event of HTTP Activity.
//!
//! Owns: the request line, methods, targets, escapes of web servers. Never knows a format, never begins or ends an event.

mod entry;

use std::borrow::Cow;

use event::{Column, Sink, attr, entity::canonical_ip};

use crate::net;

pub(crate) use entry::{Entry, Escapes, with_query};

/// A request line, taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestLine<'a> {
    /// The method; empty where there is none.
    pub method: &'a str,
    /// The target: path and query, or the whole URL that a proxy was asked for.
    pub target: &'a str,
    /// `HTTP/1.1`; empty where the line ends before.
    pub version: &'a str,
}

impl<'a> RequestLine<'a> {
    /// Reads `GET /path HTTP/1.1`. The target may hold blanks, and the version may be missing. `None` for what is no request:
    /// nothing, `-`, the first bytes of a TLS handshake.
    pub fn read(line: &'a str) -> Option<RequestLine<'a>> {
        let (method, rest) = line.split_once(' ')?;
        let shape = method.len() <= METHOD_CHARS_MAX
            && method.starts_with(|c: char| c.is_ascii_uppercase())
            && method.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'));
        if !shape {
            return None;
        }
        let (target, version) = match rest.rsplit_once(' ') {
            Some((target, version)) if version.starts_with("HTTP/") => (target, version),
            _ => (rest, ""),
        };
        Some(RequestLine { method, target: target.trim(), version })
    }
}

/// The longest method; those of WebDAV have at most 17 characters.
const METHOD_CHARS_MAX: usize = 24;

/// OCSF's activity for a method.
pub(crate) fn activity(method: &str) -> u8 {
    match method {
        "CONNECT" => 1,
        "DELETE" => 2,
        "GET" => 3,
        "HEAD" => 4,
        "OPTIONS" => 5,
        "POST" => 6,
        "PUT" => 7,
        "TRACE" => 8,
        "PATCH" => 9,
        "" => 0,
        _ => 99,
    }
}

/// Sets method, target and version of a request.
pub(crate) fn request(out: &mut dyn Sink, line: RequestLine<'_>) {
    method(out, line.method);
    if line.method == "CONNECT" && !line.target.contains('/') {
        out.text(attr::HTTP_URL, line.target);
        host_port(out, line.target);
    } else {
        target(out, line.target);
    }
    out.text(attr::HTTP_VERSION, line.version.strip_prefix("HTTP/").unwrap_or(line.version));
}

/// Sets the method. OCSF lists nine; another stays the operation, and goes to `unmapped`.
pub(crate) fn method(out: &mut dyn Sink, method: &str) {
    out.key(Column::Operation, method);
    match activity(method) {
        1..=9 => out.text(attr::HTTP_METHOD, method),
        0 => {}
        _ => out.other("method", method),
    }
}

/// Sets the URL asked for: as it was said, and its parts.
pub(crate) fn target(out: &mut dyn Sink, target: &str) {
    if matches!(target, "" | "-") {
        return;
    }
    out.text(attr::HTTP_URL, target);
    let (scheme, rest) = match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => (scheme, rest),
        _ => ("", target),
    };
    let path = if scheme.is_empty() {
        rest
    } else {
        let (host, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len())).unwrap_or((rest, ""));
        out.text(attr::HTTP_URL_SCHEME, scheme);
        host_port(out, host);
        path
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    out.text(attr::HTTP_URL_PATH, path);
    out.text(attr::HTTP_URL_QUERY, query);
}

/// Sets the host that was asked for, with a port or without one.
pub(crate) fn host_port(out: &mut dyn Sink, text: &str) {
    let (host, port) = split_port(text);
    if matches!(host, "" | "-" | "_") {
        return;
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    out.text(attr::HTTP_URL_HOSTNAME, &host);
    domain(out, &host);
    if let Some(port) = port {
        net::port(out, port, attr::HTTP_URL_PORT);
    }
}

/// Notes the name that was asked for, if it is one and not an address.
pub(crate) fn domain(out: &mut dyn Sink, name: &str) {
    if canonical_ip(name).is_none() {
        out.key(Column::Domain, &name.trim_end_matches('.').to_ascii_lowercase());
    }
}

/// Splits `name:port`, `[v6]:port`; an address of version 6 without brackets has no port.
pub(crate) fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() && (!host.contains(':') || host.ends_with(']')) => {
            (host.trim_start_matches('[').trim_end_matches(']'), Some(port))
        }
        _ => (text.trim_start_matches('[').trim_end_matches(']'), None),
    }
}

/// Sets what was answered: the status, which says whether it went well, and the bytes of the body.
pub(crate) fn response(out: &mut dyn Sink, status: &str, bytes: &str) {
    if let Some(code) = status.parse::<i64>().ok().filter(|c| (0..1000).contains(c)) {
        out.int(attr::HTTP_STATUS, code);
        let success = (100..400).contains(&code);
        net::outcome(out, success);
        if !success {
            out.text(attr::STATUS_CODE, status);
        }
        if let Ok(bytes) = bytes.parse::<i64>() {
            out.int(attr::HTTP_RESPONSE_BODY_LENGTH, bytes);
        }
    }
    if let Ok(bytes) = bytes.parse::<i64>() {
        out.int(attr::TRAFFIC_BYTES_OUT, bytes);
    }
}

/// Sets the client. Where it is an address of the machine or site itself and a proxy there says for whom it speaks, the client is
/// the last that the proxies name, which the nearest of them saw; the others in the chain are only what somebody claimed.
pub(crate) fn client(out: &mut dyn Sink, peer: &str, chain: &str) {
    match forwarded(out, chain) {
        Some(client) if is_ours(peer) => {
            if let Some(proxy) = canonical_ip(peer) {
                out.text(attr::SRC_INTERMEDIATE_IPS, &proxy);
            }
            out.text(attr::SRC_IP, &client);
        }
        _ => net::endpoint(out, peer, attr::SRC_IP, attr::SRC_HOSTNAME),
    }
}

/// Sets the addresses of `X-Forwarded-For`; gives the last.
pub(crate) fn forwarded(out: &mut dyn Sink, chain: &str) -> Option<String> {
    let mut last = None;
    for hop in chain.split(',').map(str::trim).take(HOPS_MAX) {
        if let Some(ip) = canonical_ip(hop).or_else(|| canonical_ip(split_port(hop).0)) {
            out.text(attr::HTTP_X_FORWARDED_FOR, &ip);
            last = Some(ip);
        }
    }
    last
}

/// The most addresses of a chain of proxies that are looked at.
const HOPS_MAX: usize = 64;

/// Whether an address is one that no stranger speaks from: loopback, private, link-local, a socket.
fn is_ours(peer: &str) -> bool {
    match canonical_ip(peer).and_then(|ip| ip.parse().ok()) {
        Some(std::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(std::net::IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        None => peer.starts_with("unix:"),
    }
}

/// Undoes the escapes of nginx and Apache: `\xHH`, `\"`, `\\`, `\n`, `\t` and the like. Bytes that are not UTF-8 become U+FFFD; true: there were some.
pub(crate) fn unescape(text: &str) -> (Cow<'_, str>, bool) {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return (Cow::Borrowed(text), false);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        let (byte, next) = if b == b'\\' { escape(after) } else { (b, after) };
        bytes.push(byte);
        rest = next;
    }
    match String::from_utf8(bytes) {
        Ok(text) => (Cow::Owned(text), false),
        Err(e) => (Cow::Owned(String::from_utf8_lossy(e.as_bytes()).into_owned()), true),
    }
}

/// The byte that an escape stands for, and what follows it; a backslash that begins none stands for itself.
fn escape(after: &[u8]) -> (u8, &[u8]) {
    let hex = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    match after {
        [b'x' | b'X', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
            (Some(h), Some(l)) => (h << 4 | l, rest),
            _ => (b'\\', after),
        },
        [b'n', rest @ ..] => (b'\n', rest),
        [b't', rest @ ..] => (b'\t', rest),
        [b'r', rest @ ..] => (b'\r', rest),
        [b'v', rest @ ..] => (0x0b, rest),
        [b'b', rest @ ..] => (0x08, rest),
        [b'f', rest @ ..] => (0x0c, rest),
        [c @ (b'"' | b'\\'), rest @ ..] => (*c, rest),
        _ => (b'\\', after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines() {
        let read = |line| RequestLine::read(line).map(|r| (r.method, r.target, r.version));
        assert_eq!(read("GET /a b?c HTTP/1.1"), Some(("GET", "/a b?c", "HTTP/1.1")));
        assert_eq!(read("GET /"), Some(("GET", "/", "")));
        assert_eq!(read("M-SEARCH * HTTP/1.1"), Some(("M-SEARCH", "*", "HTTP/1.1")));
        for none in ["", "-", "- http://h:80- -", "\\x16\\x03\\x01", "hello world", "GET"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn escapes_become_bytes_again() {
        assert_eq!(unescape("a\\x22b\\\"c\\\\d\\q\\x4"), (Cow::Borrowed("a\"b\"c\\d\\q\\x4"), false));
        assert_eq!(unescape("\\xc3\\xa9"), (Cow::Borrowed("é"), false));
        assert_eq!(unescape("\\xff"), (Cow::Borrowed("\u{fffd}"), true));
    }

    #[test]
    fn hosts_and_ports() {
        assert_eq!(split_port("h:80"), ("h", Some("80")));
        assert_eq!(split_port("[2001:db8::1]:443"), ("2001:db8::1", Some("443")));
        assert_eq!(split_port("2001:db8::1"), ("2001:db8::1", None));
    }
}
