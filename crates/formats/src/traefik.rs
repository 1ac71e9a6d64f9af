//! Traefik's access log, as JSON. Its form in the common log format is read with the web servers'.
//!
//! Owns: where Traefik says what. Source: doc.traefik.io, "Access logs".

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject, http,
    map::{self, Doc},
    net,
};

crate::table! { FIELDS;
    UTC      "StartUTC"              => Hold;
    LOCAL    "StartLocal"            => Hold;
    WRITTEN  "time"                  => Hold;
    PEER     "ClientHost"            => Hold;
             "ClientPort"            => Int(SRC_PORT);
    USER     "ClientUsername"        => Hold;
    METHOD   "RequestMethod"         => Hold;
    TARGET   "RequestPath"           => Hold;
    VERSION  "RequestProtocol"       => Hold;
    SCHEME   "RequestScheme"         => Hold;
    HOST     "RequestHost"           => Hold;
    STATUS   "DownstreamStatus"      => Hold;
    SIZE     "DownstreamContentSize" => Hold;
    TOOK     "Duration"              => Look;
    BACKEND  "ServiceAddr"           => Hold;
             "level"                 => Text(METADATA_LOG_LEVEL);
             "request_User-Agent"    => Text(HTTP_USER_AGENT);
             "request_Referer"       => Text(HTTP_REFERRER);
    FORWARD  "request_X-Forwarded-For" => Hold;
    TLS      "TLSVersion"            => Text(TLS_VERSION);
    CIPHER   "TLSCipher"             => Hold;
}

/// Traefik.
pub struct Traefik;

impl Format for Traefik {
    fn name(&self) -> &'static str {
        "traefik"
    }
    fn title(&self) -> &'static str {
        "Traefik access log (JSON)"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if map::keys(head, &["DownstreamStatus", "RequestMethod", "RequestPath", "ClientHost"]) == 4 { 90 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let at = [UTC, LOCAL, WRITTEN].into_iter().find(|s| doc.has(*s)).unwrap_or(UTC);
    let (method, target, status) = (doc.text(METHOD), doc.text(TARGET), doc.text(STATUS));
    doc.begin(class::HTTP_ACTIVITY, http::activity(&method), doc.time(at)?, out);
    out.text(attr::METADATA_PRODUCT_NAME, "Traefik");
    http::request(out, http::RequestLine { method: &method, target: &target, version: &doc.text(VERSION) });
    http::response(out, &status, &doc.text(SIZE));
    // A plugin may put a chain of proxies into the client's place; who connected is the last.
    let (peer, forwarded) = (doc.text(PEER), doc.text(FORWARD));
    match peer.rsplit_once(',') {
        Some((_, last)) => {
            http::forwarded(out, &peer);
            net::endpoint(out, last.trim(), attr::SRC_IP, attr::SRC_HOSTNAME);
        }
        None => http::client(out, &peer, &forwarded),
    }
    out.text(attr::HTTP_URL_SCHEME, &doc.text(SCHEME));
    let host = doc.text(HOST);
    http::host_port(out, &host);
    match doc.record.host {
        Some(machine) => net::machine(out, machine),
        None => out.key(Column::Host, &http::split_port(&host).0.to_ascii_lowercase()),
    }
    let backend = doc.text(BACKEND);
    let (server, port) = http::split_port(&backend);
    net::endpoint(out, server, attr::DST_IP, attr::DST_HOSTNAME);
    net::port(out, port.unwrap_or_default(), attr::DST_PORT);
    let user = doc.text(USER);
    if user != "-" {
        out.text(attr::ACTOR_USER_NAME, &user);
        out.key(Column::User, &user);
    }
    if doc.has(TLS) {
        out.text(attr::TLS_CIPHER, &doc.text(CIPHER));
    }
    // Nanoseconds.
    if let Some(took) = doc.int(TOOK) {
        out.int(attr::DURATION, took / 1_000_000);
    }
    message.extend([&*method, " ", &target, " -> ", &status]);
    doc.end(message, out);
    Ok(())
}
