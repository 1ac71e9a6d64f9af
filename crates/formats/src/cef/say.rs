//! What the keys of CEF and LEEF mean, and the event that they make.

use event::{Class, Column, Sink, Time, attr, class, entity::canonical_ip};

use super::head::Head;
use crate::{
    Reject,
    map::{self, Doc, Slot},
    time::{self, Stamp},
};

crate::table! { KEYS;
    RT       "rt"              => Look;
    START    "start"           => Look;
    END      "end"             => Look;
    UTC      "UNIFIutcTime"    => Look;
    DEVTIME  "devTime"         => Look;
    SRC      "src"             => Hold;
    SPT      "spt"             => Hold;
    SHOST    "shost"           => Hold;
    DST      "dst"             => Hold;
    DPT      "dpt"             => Hold;
    DHOST    "dhost"           => Hold;
    SRCPORT  "srcPort"         => Hold;
    DSTPORT  "dstPort"         => Hold;
    PROTO    "proto"           => Hold;
    SUSER    "suser"           => Hold;
    DUSER    "duser"           => Hold;
    USRNAME  "usrName"         => Hold;
    ADMIN    "UNIFIadmin"      => Look;
    ACT      "act"             => Look;
    ACTION   "action"          => Look;
    REQUEST  "request"         => Hold;
    URL      "url"             => Hold;
    METHOD   "requestMethod"   => Hold;
    AGENT    "requestClientApplication" => Hold;
                 "in"              => Look;
                 "out"             => Look;
    MSG      "msg"             => Hold;
    OUTCOME  "outcome"         => Look;
    CAT      "cat"             => Look;
                 "reason"          => Text(STATUS_DETAIL);
    DVCHOST  "dvchost"         => Hold;
             "dvc"             => Look;
                 "externalId"      => Text(METADATA_UID);
    SEV      "sev"             => Look;
                 "identSrc"        => Look;
}

/// The table of CEF's keys.
pub(super) const CEF: &[map::Row] = KEYS;
/// The table of LEEF's keys.
pub(super) const LEEF: &[map::Row] = KEYS;

/// Makes the event of a line of CEF.
pub(super) fn cef(head: &Head<'_>, doc: &Doc<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = first_time(doc, &[RT, UTC, START, END]);
    say(head, doc, when, &head.name, &head.severity, out)
}

/// Makes the event of a line of LEEF.
pub(super) fn leef(head: &Head<'_>, doc: &Doc<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = first_time(doc, &[DEVTIME]);
    say(head, doc, when, &head.id, &doc.text(SEV), out)
}

fn first_time(doc: &Doc<'_>, slots: &[Slot]) -> Option<Stamp> {
    let stamps = slots.iter().map(|s| doc.text(*s)).filter(|t| !t.is_empty()).map(|t| time::of(&t, doc.record.received));
    stamps.into_iter().find(Stamp::is_known)
}

/// The time and machine of a syslog head; the time received without one.
fn syslog(text: &str, received: Time) -> (Option<Stamp>, &str) {
    let text = text.split_once('>').filter(|(p, _)| p.starts_with('<')).map_or(text, |(_, rest)| rest);
    let text = text.strip_prefix("1 ").unwrap_or(text);
    let Some((when, _, rest)) = time::at_start(text) else { return (None, "") };
    let stamp = when.resolve(received).map(|(time, marks)| Stamp { time, marks });
    (stamp, rest.trim_start().split(' ').next().unwrap_or_default())
}

fn say(head: &Head<'_>, doc: &Doc<'_>, when: Option<Stamp>, name: &str, severity: &str, out: &mut dyn Sink) -> Result<(), Reject> {
    let (sent, machine) = syslog(head.syslog, doc.record.received);
    let when = when.or(sent).unwrap_or(Stamp::exact(doc.record.received));
    let (class, activity) = class(doc, name);
    doc.begin(class, activity, when, out);
    out.text(attr::METADATA_PRODUCT_NAME, if head.product.is_empty() { "unknown" } else { &head.product });
    out.text(attr::METADATA_PRODUCT_VENDOR, &head.vendor);
    out.text(attr::METADATA_PRODUCT_VERSION, &head.product_version);
    out.text(attr::METADATA_EVENT_CODE, &head.id);
    out.text(attr::METADATA_LOG_VERSION, head.version);
    out.int(attr::SEVERITY_ID, severity_id(severity));
    out.key(Column::Operation, name);
    out.key(Column::Service, &head.product);
    if !severity.is_empty() {
        out.other("severity", severity);
    }
    if !name.is_empty() {
        out.other("name", name);
    }
    let host = [doc.text(DVCHOST).to_ascii_lowercase(), machine.to_ascii_lowercase()].into_iter().find(|h| !h.is_empty()).unwrap_or_default();
    if !host.is_empty() {
        out.text(attr::DEVICE_HOSTNAME, &host);
        out.int(attr::DEVICE_TYPE_ID, 0);
    }
    match class.uid {
        2004 => finding(head, name, out),
        3002 => logon(head, doc, out),
        _ => {}
    }
    ends(doc, class.uid, out);
    users(doc, class.uid, out);
    outcome(doc, out);
    let message = doc.text(MSG);
    doc.end(if message.is_empty() { name } else { &message }, out);
    Ok(())
}

/// What the event is: a finding of a product that looks for threats, a logon, a request, a connection.
fn class(doc: &Doc<'_>, name: &str) -> (Class, u8) {
    let said = format!("{name} {}", doc.text(CAT)).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| said.contains(w));
    if has(&["threat", "intrusion", "malware", "virus", "attack", "exploit", "worm", "trojan"]) {
        (class::DETECTION_FINDING, 1)
    } else if has(&["logout", "logoff", "log out"]) {
        (class::AUTHENTICATION, 2)
    } else if has(&["login", "logon", "log on", "authentication", "signin", "sign in"]) {
        (class::AUTHENTICATION, 1)
    } else if doc.has(REQUEST) || doc.has(URL) {
        (class::HTTP_ACTIVITY, 99)
    } else if doc.has(SRC) || doc.has(DST) || doc.has(SHOST) || doc.has(DHOST) {
        (class::NETWORK_ACTIVITY, 99)
    } else {
        (class::BASE_EVENT, 99)
    }
}

fn finding(head: &Head<'_>, name: &str, out: &mut dyn Sink) {
    out.text(attr::FINDING_UID, if head.id.is_empty() { "unknown" } else { &head.id });
    out.text(attr::FINDING_TITLE, name);
}

fn logon(head: &Head<'_>, doc: &Doc<'_>, out: &mut dyn Sink) {
    out.text(attr::SERVICE_NAME, if head.product.is_empty() { "unknown" } else { &head.product });
    if [SUSER, DUSER, USRNAME].iter().all(|s| !doc.has(*s)) {
        out.text(attr::USER_NAME, "unknown");
    }
}

/// Where it came from and went to. Classes without endpoints have the columns alone.
fn ends(doc: &Doc<'_>, class: u16, out: &mut dyn Sink) {
    let has_ends = matches!(class, 4001 | 4002 | 3002);
    for (ip, name, port, attrs, columns) in [
        (SRC, SHOST, [SPT, SRCPORT], (attr::SRC_IP, attr::SRC_HOSTNAME, attr::SRC_PORT), (Column::SrcIp, Column::SrcPort)),
        (DST, DHOST, [DPT, DSTPORT], (attr::DST_IP, attr::DST_HOSTNAME, attr::DST_PORT), (Column::DstIp, Column::DstPort)),
    ] {
        let (address, port) = (doc.text(ip), doc.first(&port).parse::<u16>().ok());
        if !has_ends {
            [ip, name].iter().for_each(|s| doc.keep(*s, out));
            if let Some(ip) = canonical_ip(&address) {
                out.key(columns.0, &ip);
            }
            if let Some(port) = port {
                out.key_int(columns.1, port.into());
                out.other(if ip == SRC { "spt" } else { "dpt" }, &port.to_string());
            }
            continue;
        }
        match canonical_ip(&address) {
            Some(ip) => out.text(attrs.0, &ip),
            None => doc.keep(ip, out),
        }
        out.text(attrs.1, &doc.text(name));
        if let Some(port) = port.filter(|_| doc.has(ip) || doc.has(name)) {
            out.int(attrs.2, port.into());
        }
    }
    match class {
        4001 if doc.has(PROTO) => {
            out.text(attr::CONNECTION_PROTOCOL_NAME, &doc.text(PROTO).to_ascii_lowercase());
            out.int(attr::CONNECTION_DIRECTION_ID, 0);
        }
        _ => doc.keep(PROTO, out),
    }
    if class == 4002 {
        out.text(attr::HTTP_URL, &doc.first(&[REQUEST, URL]));
        out.text(attr::HTTP_METHOD, &doc.text(METHOD));
        out.text(attr::HTTP_USER_AGENT, &doc.text(AGENT));
    } else {
        [REQUEST, URL, METHOD, AGENT].iter().for_each(|s| doc.keep(*s, out));
        out.key(Column::UserAgent, &doc.text(AGENT));
    }
}

fn users(doc: &Doc<'_>, class: u16, out: &mut dyn Sink) {
    let (from, to) = (doc.first(&[SUSER, USRNAME, ADMIN]), doc.text(DUSER));
    if class == 3002 {
        // Who logs in is CEF's destination user, where there is one.
        map::user(map::Role::Subject, if to.is_empty() { &from } else { &to }, out);
        if !to.is_empty() && !from.is_empty() {
            out.text(attr::ACTOR_USER_NAME, &from);
        }
        return;
    }
    map::user(map::Role::Actor, &from, out);
    out.key(Column::TargetUser, &to);
    doc.keep(DUSER, out);
}

fn outcome(doc: &Doc<'_>, out: &mut dyn Sink) {
    let said = format!("{} {}", doc.text(OUTCOME), doc.first(&[ACT, ACTION])).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| said.contains(w));
    if has(&["fail", "den", "block", "drop", "reject", "refus"]) {
        map::outcome(false, out);
    } else if has(&["success", "allow", "accept", "permit", "pass"]) {
        map::outcome(true, out);
    }
}

/// 0 to 10, or a word.
fn severity_id(text: &str) -> i64 {
    match text.trim().to_ascii_lowercase().as_str() {
        "0" => 1,
        "1" | "2" | "3" | "low" => 2,
        "4" | "5" | "6" | "medium" => 3,
        "7" | "8" | "high" => 4,
        "9" | "10" | "very-high" | "very high" | "critical" => 5,
        _ => 0,
    }
}
