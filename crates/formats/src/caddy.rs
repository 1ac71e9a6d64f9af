//! Caddy's access log, as JSON.
//!
//! Owns: where Caddy says what. Never reads its other loggers' lines but as errors of the application.
//! Source: caddyserver.com, "Logging".

use std::borrow::Cow;

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject, http, json,
    map::{self, Doc},
    net,
    time::{self, Stamp},
};

crate::table! { FIELDS;
    TIME     "ts"                  => Hold;
    LOGGER   "logger"              => Text(METADATA_LOG_NAME);
             "level"               => Text(METADATA_LOG_LEVEL);
    SAID     "msg"                 => Hold;
    PEER     "request.remote_ip"   => Hold;
    ADDRESS  "request.remote_addr" => Hold;
             "request.remote_port" => Int(SRC_PORT);
    CLIENT   "request.client_ip"   => Hold;
    METHOD   "request.method"      => Hold;
    HOST     "request.host"        => Hold;
    TARGET   "request.uri"         => Hold;
    VERSION  "request.proto"       => Hold;
    AGENT    "request.headers.User-Agent"      => Hold;
    REFERRER "request.headers.Referer"         => Hold;
    FORWARD  "request.headers.X-Forwarded-For" => Hold;
    SNI      "request.tls.server_name"         => Hold;
             "request.tls.version"             => Look;
    USER     "user_id"             => Text(ACTOR_USER_NAME);
             "duration"            => Look;
    SIZE     "size"                => Hold;
    STATUS   "status"              => Hold;
             "error"               => Text(STATUS_DETAIL);
}

/// Caddy.
pub struct Caddy;

impl Format for Caddy {
    fn name(&self) -> &'static str {
        "caddy"
    }
    fn title(&self) -> &'static str {
        "Caddy"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let caddy = memchr::memmem::find(head, b"\"http.log.").is_some() || memchr::memmem::find(head, b"\"http.handlers.").is_some();
        if caddy && map::keys(head, &["ts", "logger", "level", "msg"]) == 4 { 90 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let stamp: Stamp = match doc.raw(TIME) {
        None => return Err(Reject::NoTime { field: "ts" }),
        Some(_) => time::seconds(&doc.text(TIME), doc.record.received),
    };
    let method = doc.text(METHOD);
    if method.is_empty() {
        doc.begin(class::BASE_EVENT, 99, stamp, out);
        out.key(Column::Operation, &doc.text(LOGGER));
        message.push_str(&doc.text(SAID));
    } else {
        doc.begin(class::HTTP_ACTIVITY, http::activity(&method), stamp, out);
        request(doc, &method, message, out);
    }
    out.text(attr::METADATA_PRODUCT_NAME, "Caddy");
    if let Some(machine) = doc.record.host {
        net::machine(out, machine);
    }
    doc.end(message, out);
    Ok(())
}

fn request(doc: &Doc<'_>, method: &str, message: &mut String, out: &mut dyn Sink) {
    let (target, status, host) = (doc.text(TARGET), doc.text(STATUS), doc.text(HOST));
    http::request(out, http::RequestLine { method, target: &target, version: &doc.text(VERSION) });
    http::host_port(out, &host);
    if doc.record.host.is_none() && !host.is_empty() {
        out.key(Column::Host, &http::split_port(&host).0.to_ascii_lowercase());
    }
    // Status 0 is what Caddy writes where no handler answered.
    http::response(out, if status == "0" { "" } else { &status }, &doc.text(SIZE));
    if status == "0" {
        doc.keep(STATUS, out);
    }
    let peer = doc.first(&[PEER, ADDRESS]);
    let (peer, port) = if doc.has(PEER) { (&*peer, None) } else { http::split_port(&peer) };
    net::port(out, port.unwrap_or_default(), attr::SRC_PORT);
    // Whom Caddy itself takes for the client, as its configuration trusts its proxies, goes before our own guess.
    let (client, forwarded) = (doc.text(CLIENT), header(doc, FORWARD));
    if client.is_empty() || client == peer {
        http::client(out, peer, &forwarded);
    } else {
        http::forwarded(out, &forwarded);
        net::endpoint(out, &client, attr::SRC_IP, attr::SRC_HOSTNAME);
        net::endpoint(out, peer, attr::SRC_INTERMEDIATE_IPS, attr::SRC_HOSTNAME);
    }
    out.text(attr::HTTP_USER_AGENT, &header(doc, AGENT));
    out.text(attr::HTTP_REFERRER, &header(doc, REFERRER));
    out.key(Column::User, &doc.text(USER));
    let sni = doc.text(SNI);
    if !sni.is_empty() {
        out.other("request.tls.server_name", &sni);
    }
    message.extend([method, " ", &target, " -> ", if status.is_empty() { "-" } else { &status }]);
}

/// The first value of a header.
fn header<'a>(doc: &Doc<'a>, slot: map::Slot) -> Cow<'a, str> {
    let mut first = Cow::Borrowed("");
    doc.each(slot, |value| {
        if first.is_empty() {
            first = json::text(value).unwrap_or_default();
        }
    });
    first
}
