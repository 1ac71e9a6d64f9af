//! Suricata's EVE JSON: alerts, flows, and what its protocol parsers saw.
//!
//! Owns: where EVE says what, by `event_type`. Never judges an alert: the rule's severity is kept.
//! Source: docs.suricata.io, "EVE JSON Format".

use std::fmt::Write as _;

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject, dns, http, json,
    map::{self, Doc, Slot},
    net,
    time::Stamp,
};

crate::table! { FIELDS;
    TIME     "timestamp"     => Hold;
    KIND     "event_type"    => Text(METADATA_EVENT_CODE);
    FLOW     "flow_id"       => Text(METADATA_CORRELATION_UID);
    SRC      "src_ip"        => Hold;
    SPORT    "src_port"      => Hold;
    DST      "dest_ip"       => Hold;
    DPORT    "dest_port"     => Hold;
    PROTO    "proto"         => Hold;
    APP      "app_proto"     => Hold;
    COMMUNITY "community_id" => Hold;
             "alert.action"       => Look;
    GID      "alert.gid"          => Hold;
    SID      "alert.signature_id" => Hold;
    REV      "alert.rev"          => Hold;
    NAME     "alert.signature"    => Hold;
    CATEGORY "alert.category"     => Hold;
    SEVERITY "alert.severity"     => Look;
    HOST     "http.hostname"        => Hold;
    HPORT    "http.http_port"       => Hold;
    URL      "http.url"             => Hold;
    AGENT    "http.http_user_agent" => Hold;
    METHOD   "http.http_method"     => Hold;
    VERSION  "http.protocol"        => Hold;
    REFERRER "http.http_refer"      => Hold;
    STATUS   "http.status"          => Hold;
    LENGTH   "http.length"          => Hold;
    DTYPE    "dns.type"    => Look;
    RRNAME   "dns.rrname"  => Hold;
    RRTYPE   "dns.rrtype"  => Hold;
    RCODE    "dns.rcode"   => Hold;
    ANSWERS  "dns.answers" => Hold;
    QUERIES  "dns.queries" => Hold;
    TLS      "tls.version" => Hold;
    SNI      "tls.sni"     => Hold;
    JA3      "tls.ja3.hash"  => Hold;
    JA3S     "tls.ja3s.hash" => Hold;
    CLIENT   "ssh.client.software_version" => Look;
    SSH      "ssh.client.proto_version"    => Hold;
    FILE     "fileinfo.filename" => Hold;
    SIZE     "fileinfo.size"     => Hold;
    MD5      "fileinfo.md5"      => Hold;
    SHA1     "fileinfo.sha1"     => Hold;
    SHA256   "fileinfo.sha256"   => Hold;
    OUT      "flow.bytes_toserver" => Hold;
    IN       "flow.bytes_toclient" => Hold;
    POUT     "flow.pkts_toserver"  => Hold;
    PIN      "flow.pkts_toclient"  => Hold;
    START    "flow.start"  => Hold;
    END      "flow.end"    => Hold;
    STATE    "flow.state"  => Look;
    ANOMALY  "anomaly.event" => Look;
    DROPS    "stats.capture.kernel_drops" => Look;
}

/// Suricata.
pub struct Suricata;

impl Format for Suricata {
    fn name(&self) -> &'static str {
        "suricata"
    }
    fn title(&self) -> &'static str {
        "Suricata EVE"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let must = map::keys(head, &["event_type", "timestamp"]) == 2;
        let some = map::keys(head, &["flow_id", "in_iface", "src_ip", "dest_ip", "stats", "community_id"]);
        if must && some >= 1 { 90 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let (stamp, kind) = (doc.time(TIME)?, doc.text(KIND));
    match &*kind {
        "alert" => alert(doc, stamp, message, out),
        "dns" if doc.has(SRC) => query(doc, stamp, message, out),
        "http" if doc.has(URL) || doc.int(STATUS).is_some() => request(doc, stamp, message, out),
        "fileinfo" if doc.has(SRC) && doc.has(FILE) => file(doc, stamp, message, out),
        _ if doc.has(SRC) || doc.has(DST) => traffic(doc, &kind, stamp, message, out),
        _ => {
            doc.begin(class::BASE_EVENT, 99, stamp, out);
            if let Some(drops) = doc.int(DROPS).filter(|d| *d > 0) {
                out.key(Column::Gap, "lost");
                out.key_int(Column::GapCount, drops);
            }
            rest(doc, &[], out);
            message.push_str(&kind);
        }
    }
    out.text(attr::METADATA_PRODUCT_NAME, "Suricata");
    doc.end(message, out);
    Ok(())
}

/// Parts that not every class has a place for; those a kind of event has not said stay under their names.
const PARTS: &[Slot] = &[
    APP, GID, SID, REV, NAME, CATEGORY, HOST, HPORT, URL, AGENT, METHOD, VERSION, REFERRER, STATUS, LENGTH, RRNAME, RRTYPE, RCODE, ANSWERS, QUERIES, TLS, SNI,
    JA3, JA3S, SSH, FILE, SIZE, MD5, SHA1, SHA256, OUT, IN, POUT, PIN, START, END,
];
const HTTP: &[Slot] = &[HOST, HPORT, URL, AGENT, METHOD, VERSION, REFERRER, STATUS, LENGTH];
const FLOWS: &[Slot] = &[OUT, IN, POUT, PIN, START, END];

fn rest(doc: &Doc<'_>, said: &[Slot], out: &mut dyn Sink) {
    PARTS.iter().filter(|p| !said.contains(p)).for_each(|p| doc.keep(*p, out));
}

/// Both ends, and how they spoke.
fn ends(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) {
    let (src, dst) = (doc.text(SRC), doc.text(DST));
    net::endpoint(out, &src, attr::SRC_IP, attr::SRC_NAME);
    net::endpoint(out, &dst, attr::DST_IP, attr::DST_NAME);
    if !src.is_empty() {
        net::port(out, &doc.text(SPORT), attr::SRC_PORT);
    }
    if !dst.is_empty() {
        net::port(out, &doc.text(DPORT), attr::DST_PORT);
    }
    let proto = doc.lower(PROTO);
    if !proto.is_empty() {
        out.text(attr::CONNECTION_PROTOCOL_NAME, &proto);
        out.int(attr::CONNECTION_DIRECTION_ID, 0);
        out.text(attr::COMMUNITY_UID, &doc.text(COMMUNITY));
    }
    let _ = write!(message, "{src} -> {dst}");
}

fn alert(doc: &Doc<'_>, stamp: Stamp, message: &mut String, out: &mut dyn Sink) {
    doc.begin(class::DETECTION_FINDING, 1, stamp, out);
    let severity = match doc.int(SEVERITY) {
        Some(1) => 4,
        Some(2) => 3,
        Some(3) => 2,
        _ => 1,
    };
    out.int(attr::SEVERITY_ID, severity);
    let name = doc.text(NAME);
    // A rule's number is its name to everybody: generator, signature, revision.
    out.text(attr::FINDING_UID, &format!("{}:{}:{} {}", doc.text(GID), doc.text(SID), doc.text(REV), doc.text(FLOW)));
    out.text(attr::FINDING_TITLE, &name);
    out.text(attr::FINDING_TYPES, &doc.text(CATEGORY));
    out.key(Column::Operation, &name);
    let ends = [(SRC, SPORT, attr::EVIDENCES_SRC_IP, attr::EVIDENCES_SRC_PORT), (DST, DPORT, attr::EVIDENCES_DST_IP, attr::EVIDENCES_DST_PORT)];
    for (address, port, ip, place) in ends {
        match event::entity::canonical_ip(&doc.text(address)) {
            Some(canonical) => {
                out.text(ip, &canonical);
                net::port(out, &doc.text(port), place);
            }
            None => doc.keep(address, out),
        }
    }
    [PROTO, COMMUNITY].into_iter().for_each(|s| doc.keep(s, out));
    out.key(Column::UserAgent, &doc.text(AGENT));
    out.key(Column::Url, &doc.text(URL));
    let host = if doc.has(HOST) { doc.text(HOST) } else { doc.text(SNI) };
    if !host.is_empty() {
        http::domain(out, &host);
    }
    rest(doc, &[GID, SID, REV, NAME, CATEGORY], out);
    let _ = write!(message, "{name}: {} -> {}", doc.text(SRC), doc.text(DST));
}

fn query(doc: &Doc<'_>, stamp: Stamp, message: &mut String, out: &mut dyn Sink) {
    let answer = matches!(&*doc.text(DTYPE), "answer" | "response");
    doc.begin(class::DNS_ACTIVITY, if answer { 2 } else { 1 }, stamp, out);
    ends(doc, message, out);
    message.clear();
    let (mut name, mut kind) = (doc.text(RRNAME), doc.text(RRTYPE));
    let mut said = vec![RRNAME, RRTYPE, RCODE];
    if name.is_empty() {
        // Version 3 has the question in a list.
        doc.each(QUERIES, |q| {
            let member = |n| json::member(q, n).and_then(json::text).unwrap_or_default();
            if name.is_empty() {
                (name, kind) = (member("rrname"), member("rrtype"));
            }
        });
    }
    dns::query(out, &name, &kind, "");
    dns::rcode(out, &doc.text(RCODE));
    out.key(Column::Operation, if answer { "answer" } else { "query" });
    if doc.raw(ANSWERS).is_some_and(|a| a.starts_with('[')) {
        said.push(ANSWERS);
        doc.each(ANSWERS, |a| {
            let member = |n| json::member(a, n).and_then(json::text).unwrap_or_default();
            let ttl = json::member(a, "ttl").and_then(|t| t.parse().ok());
            dns::answer(out, &member("rdata"), &member("rrtype"), "", ttl);
        });
    }
    rest(doc, &said, out);
    let _ = write!(message, "{name} {kind} {}", doc.text(RCODE));
}

fn request(doc: &Doc<'_>, stamp: Stamp, message: &mut String, out: &mut dyn Sink) {
    let (method, url, status) = (doc.text(METHOD), doc.text(URL), doc.text(STATUS));
    doc.begin(class::HTTP_ACTIVITY, http::activity(&method), stamp, out);
    ends(doc, message, out);
    http::method(out, &method);
    http::target(out, &url);
    if !url.is_empty() {
        http::host_port(out, &doc.text(HOST));
        net::port(out, &doc.text(HPORT), attr::HTTP_URL_PORT);
    }
    let version = doc.text(VERSION);
    out.text(attr::HTTP_VERSION, version.strip_prefix("HTTP/").unwrap_or(&version));
    out.text(attr::HTTP_USER_AGENT, &doc.text(AGENT));
    out.text(attr::HTTP_REFERRER, &doc.text(REFERRER));
    http::response(out, &status, &doc.text(LENGTH));
    rest(doc, HTTP, out);
    message.clear();
    let _ = write!(message, "{method} {}{url} -> {status}", doc.text(HOST));
}

fn file(doc: &Doc<'_>, stamp: Stamp, message: &mut String, out: &mut dyn Sink) {
    doc.begin(class::NETWORK_FILE, 99, stamp, out);
    ends(doc, message, out);
    let (name, app) = (doc.text(FILE), doc.text(APP));
    out.text(attr::ACTOR_APP_NAME, if app.is_empty() { "unknown" } else { &app });
    out.text(attr::FILE_NAME, name.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(if name.is_empty() { "unknown" } else { &name }));
    out.int(attr::FILE_TYPE_ID, 0);
    doc.int(SIZE).into_iter().for_each(|n| out.int(attr::FILE_SIZE, n));
    for (slot, algorithm) in [(MD5, 1), (SHA1, 2), (SHA256, 3)] {
        let hash = doc.lower(slot);
        if !hash.is_empty() {
            out.item(attr::FILE_HASHES);
            out.text(attr::FILE_HASHES_VALUE, &hash);
            out.int(attr::FILE_HASHES_ALGORITHM_ID, algorithm);
        }
    }
    out.key(Column::Url, &doc.text(URL));
    doc.keep(FILE, out);
    rest(doc, &[APP, FILE, SIZE, MD5, SHA1, SHA256], out);
    message.clear();
    message.push_str(&name);
}

/// Flows, handshakes, anomalies, and whatever else two addresses did.
fn traffic(doc: &Doc<'_>, kind: &str, stamp: Stamp, message: &mut String, out: &mut dyn Sink) {
    let (class, activity) = match kind {
        "flow" | "netflow" => (class::NETWORK_ACTIVITY, 6),
        "ssh" => (class::SSH_ACTIVITY, 6),
        _ => (class::NETWORK_ACTIVITY, 99),
    };
    doc.begin(class, activity, stamp, out);
    ends(doc, message, out);
    out.text(attr::APP_PROTOCOL, &doc.text(APP));
    let event = doc.text(ANOMALY);
    out.key(Column::Operation, if event.is_empty() { kind } else { &event });
    out.key(Column::Service, &doc.text(APP));
    let amounts = [(OUT, attr::TRAFFIC_BYTES_OUT), (IN, attr::TRAFFIC_BYTES_IN), (POUT, attr::TRAFFIC_PACKETS_OUT), (PIN, attr::TRAFFIC_PACKETS_IN)];
    for (slot, place) in amounts {
        doc.int(slot).into_iter().for_each(|n| out.int(place, n));
    }
    for (slot, place) in [(START, attr::START_TIME), (END, attr::END_TIME)] {
        if let Some(stamp) = doc.time(slot).ok().filter(Stamp::is_known) {
            out.int(place, stamp.time.millis());
        }
    }
    let mut said = [FLOWS, &[APP]].concat();
    if doc.has(TLS) {
        out.text(attr::TLS_VERSION, &doc.text(TLS));
        out.text(attr::TLS_SNI, &doc.text(SNI));
        for (slot, value, kind) in [(JA3, attr::TLS_JA3, attr::TLS_JA3_ALGORITHM_ID), (JA3S, attr::TLS_JA3S, attr::TLS_JA3S_ALGORITHM_ID)] {
            let hash = doc.text(slot);
            if !hash.is_empty() {
                out.text(value, &hash);
                out.int(kind, 1);
            }
        }
        said.extend([TLS, SNI, JA3, JA3S]);
    }
    let name = doc.text(SNI);
    if !name.is_empty() {
        http::domain(out, &name);
    }
    if kind == "ssh" {
        out.text(attr::PROTOCOL_VERSION, &doc.text(SSH));
        out.key(Column::UserAgent, &doc.text(CLIENT));
        said.push(SSH);
    }
    rest(doc, &said, out);
    let _ = write!(message, " {kind} {}{event}", doc.text(STATE));
}
