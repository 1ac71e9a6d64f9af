//! What programs said over the network: `dns`, `http`, `ssh`, `ftp`, `smtp`.

use std::fmt::Write as _;

use event::{Column, Sink, attr, class};

use super::{On, conn::ends};
use crate::{dns, http, net};

/// A question of DNS with its answer.
pub(super) fn dns(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    if !on.has_ends() {
        return false;
    }
    let (query, code) = (row.text("query").unwrap_or_default(), row.text("rcode_name").unwrap_or_default());
    on.begin(class::DNS_ACTIVITY, if code.is_empty() { 1 } else { 6 }, out);
    on.ends(out);
    on.transport(out);
    let kind = row.text("qtype_name").unwrap_or_default();
    dns::query(out, &query, &kind, &row.text("qclass_name").unwrap_or_default());
    dns::rcode(out, &code);
    row.take("rcode");
    out.key(Column::Operation, "query");
    let (answers, ttls) = (row.list("answers"), row.list("TTLs"));
    row.take("answers");
    if answers.len() == ttls.len() {
        row.take("TTLs");
    }
    for (at, answer) in answers.iter().enumerate() {
        let ttl = ttls.get(at).and_then(|t| t.parse::<f64>().ok()).filter(|t| (0.0..1e12).contains(t)).map(|t| t as i64);
        dns::answer(out, answer, "", "", ttl);
    }
    row.millis("rtt").into_iter().for_each(|ms| out.int(attr::DURATION, ms));
    let _ = write!(message, "{query} {kind} {code}");
    on.end(message.trim_end(), out);
    true
}

/// A request and its answer.
pub(super) fn http(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let (method, uri) = (row.text("method").unwrap_or_default(), row.text("uri").unwrap_or_default());
    let status = row.text("status_code").unwrap_or_default();
    if uri.is_empty() && status.parse::<i64>().is_err() {
        return false;
    }
    on.begin(class::HTTP_ACTIVITY, http::activity(&method), out);
    on.ends(out);
    http::method(out, &method);
    http::target(out, &uri);
    // OCSF knows no URL that is a host alone.
    if let Some(host) = row.look("host").filter(|_| !uri.is_empty()) {
        row.take("host");
        http::host_port(out, &host);
    }
    for (field, place) in [("user_agent", attr::HTTP_USER_AGENT), ("referrer", attr::HTTP_REFERRER), ("version", attr::HTTP_VERSION)] {
        row.text(field).into_iter().for_each(|t| out.text(place, &t));
    }
    http::response(out, &status, &row.text("response_body_len").unwrap_or_default());
    row.int("request_body_len").into_iter().for_each(|n| out.int(attr::HTTP_REQUEST_LENGTH, n));
    if let Some(user) = row.look("username") {
        out.key(Column::User, &user);
    }
    let _ = write!(message, "{method} {uri} -> {status}");
    on.end(message.trim(), out);
    true
}

/// A session of SSH.
pub(super) fn ssh(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let success = row.flag("auth_success");
    let activity = match success {
        Some(true) => 1,
        Some(false) => 4,
        None => 6,
    };
    on.begin(class::SSH_ACTIVITY, activity, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    success.into_iter().for_each(|s| net::outcome(out, s));
    row.take("auth_success");
    row.text("version").into_iter().for_each(|v| out.text(attr::PROTOCOL_VERSION, &v));
    out.key(Column::Service, "ssh");
    if let Some(agent) = row.look("client") {
        out.key(Column::UserAgent, &agent);
    }
    ends(on, message);
    on.end(message, out);
    true
}

/// A command of FTP.
pub(super) fn ftp(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let command = row.text("command").unwrap_or_default();
    let activity = match &*command {
        "STOR" | "APPE" | "STOU" => 1,
        "RETR" => 2,
        "DELE" => 4,
        "RNFR" | "RNTO" => 5,
        "LIST" | "NLST" | "MLSD" => 6,
        _ => 99,
    };
    on.begin(class::FTP_ACTIVITY, activity, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    out.text(attr::FTP_COMMAND, &command);
    out.key(Column::Operation, &command);
    out.key(Column::User, &row.look("user").unwrap_or_default());
    if let Some(code) = row.look("reply_code").and_then(|c| c.parse::<i64>().ok()) {
        net::outcome(out, code < 400);
    }
    let argument = row.look("arg").unwrap_or_default();
    out.key(Column::Url, if argument.contains("://") { &argument } else { "" });
    let _ = write!(message, "{command} {argument}");
    on.end(message.trim_end(), out);
    true
}

/// A mail on its way.
pub(super) fn smtp(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let from = row.look("mailfrom").filter(|f| !f.is_empty());
    let to = row.list("rcptto");
    if from.is_none() && to.is_empty() {
        return false;
    }
    on.begin(class::EMAIL_ACTIVITY, 1, out);
    on.ends(out);
    out.int(attr::EMAIL_DIRECTION_ID, 0);
    let from = from.unwrap_or_default();
    if is_mail(&from) {
        out.text(attr::EMAIL_FROM, &from);
    }
    to.iter().filter(|t| is_mail(t)).for_each(|t| out.text(attr::EMAIL_TO, t));
    if !is_mail(&from) && !to.iter().any(|t| is_mail(t)) {
        out.abandon();
        return false;
    }
    for (field, place) in [("subject", attr::EMAIL_SUBJECT), ("msg_id", attr::EMAIL_MESSAGE_UID), ("helo", attr::SMTP_HELLO)] {
        row.text(field).into_iter().for_each(|t| out.text(place, &t));
    }
    let _ = write!(message, "{from} -> {}", to.join(", "));
    on.end(message, out);
    true
}

/// Whether the schema takes a text for an address.
fn is_mail(text: &str) -> bool {
    let local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+,-./=?^_`{|}~".contains(&b);
    let domain = |d: &str| d.contains('.') && !d.starts_with('.') && d.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    text.rsplit_once('@').is_some_and(|(name, at)| !name.is_empty() && name.bytes().all(local) && domain(at) && !at.ends_with('.'))
}
