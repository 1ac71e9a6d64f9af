//! What logs of DNS have in common: question, answers, response code. Never knows a format, never begins or ends an event.

use event::{Sink, attr};

use crate::net;

/// Sets the question: the name without its last point, in lower case, type and class.
pub(crate) fn query(out: &mut dyn Sink, name: &str, kind: &str, class: &str) {
    let bare = name.strip_suffix('.').filter(|n| !n.is_empty()).unwrap_or(name);
    if bare.bytes().any(|b| b.is_ascii_uppercase()) {
        out.text(attr::QUERY_HOSTNAME, &bare.to_ascii_lowercase());
    } else {
        out.text(attr::QUERY_HOSTNAME, bare);
    }
    if !bare.is_empty() {
        out.text(attr::QUERY_TYPE, kind);
        out.text(attr::QUERY_CLASS, class);
    }
}

/// Adds an answer.
pub(crate) fn answer(out: &mut dyn Sink, data: &str, kind: &str, class: &str, ttl: Option<i64>) {
    if data.is_empty() {
        return;
    }
    out.item(attr::ANSWERS);
    out.text(attr::ANSWERS_RDATA, data);
    out.text(attr::ANSWERS_TYPE, kind);
    out.text(attr::ANSWERS_CLASS, class);
    if let Some(ttl) = ttl {
        out.int(attr::ANSWERS_TTL, ttl);
    }
}

/// Sets the response code by its name, and whether that is a success.
pub(crate) fn rcode(out: &mut dyn Sink, name: &str) {
    if name.is_empty() {
        return;
    }
    out.text(attr::RCODE, name);
    let at = CODES.iter().position(|c| c.eq_ignore_ascii_case(name));
    out.int(attr::RCODE_ID, at.map_or(99, |n| n as i64));
    net::outcome(out, at == Some(0));
    if at != Some(0) {
        out.text(attr::STATUS_CODE, name);
    }
}

/// IANA's names by number (DNS RCODEs).
const CODES: [&str; 12] =
    ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI"];
