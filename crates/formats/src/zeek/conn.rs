//! Connections: `conn`, `ssl`, `tunnel`.

use std::fmt::Write as _;

use event::{Column, Sink, attr, class};

use super::On;
use crate::{http, net};

/// A connection, once it is over.
pub(super) fn conn(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let state = row.text("conn_state").unwrap_or_default();
    // Zeek's states: established ones begin with S or are resets of such; the others never came about.
    let (activity, success) = match &*state {
        "SF" | "S1" | "S2" | "S3" => (6, Some(true)),
        "RSTO" | "RSTR" => (3, Some(true)),
        "REJ" => (5, Some(false)),
        "S0" | "RSTOS0" | "RSTRH" | "SH" | "SHR" => (4, Some(false)),
        _ => (6, None),
    };
    on.begin(class::NETWORK_ACTIVITY, activity, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    on.transport(out);
    out.text(attr::STATUS_DETAIL, &state);
    success.into_iter().for_each(|s| net::outcome(out, s));
    let service = row.text("service").unwrap_or_default();
    out.text(attr::APP_PROTOCOL, &service);
    out.key(Column::Service, &service);
    let local = (row.flag("local_orig"), row.flag("local_resp"));
    let direction = match local {
        (Some(true), Some(true)) => 3,
        (Some(true), Some(false)) => 2,
        (Some(false), Some(true)) => 1,
        _ => 0,
    };
    out.int(attr::CONNECTION_DIRECTION_ID, direction);
    if let Some(number) = row.look("ip_proto").and_then(|n| n.parse::<u8>().ok()) {
        row.take("ip_proto");
        out.int(attr::CONNECTION_PROTOCOL_NUM, number.into());
    }
    amounts(on, out);
    for (name, place) in [("history", attr::FLAG_HISTORY), ("community_id", attr::COMMUNITY_UID)] {
        row.text(name).into_iter().for_each(|t| out.text(place, &t));
    }
    ends(on, message);
    let _ = write!(message, " {state}");
    on.end(message, out);
    true
}

fn amounts(on: &On<'_, '_>, out: &mut dyn Sink) {
    let row = on.row;
    let amounts = [
        ("orig_bytes", attr::TRAFFIC_BYTES_OUT),
        ("resp_bytes", attr::TRAFFIC_BYTES_IN),
        ("orig_pkts", attr::TRAFFIC_PACKETS_OUT),
        ("resp_pkts", attr::TRAFFIC_PACKETS_IN),
        ("missed_bytes", attr::TRAFFIC_BYTES_MISSED),
    ];
    for (name, place) in amounts {
        row.int(name).into_iter().for_each(|n| out.int(place, n));
    }
    row.millis("duration").into_iter().for_each(|ms| out.int(attr::DURATION, ms));
}

/// `A:1 -> B:2` for a message.
pub(super) fn ends(on: &On<'_, '_>, message: &mut String) {
    let get = |names: [&str; 2]| names.into_iter().find_map(|n| on.row.look(n)).unwrap_or_default();
    let _ = write!(message, "{} -> {}", get(["id.orig_h", "id_orig_h"]), get(["id.resp_h", "id_resp_h"]));
    let port = get(["id.resp_p", "id_resp_p"]);
    if !port.is_empty() {
        let _ = write!(message, " port {port}");
    }
}

/// A handshake of TLS.
pub(super) fn ssl(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let established = row.flag("established");
    on.begin(class::NETWORK_ACTIVITY, if established == Some(false) { 4 } else { 6 }, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    established.into_iter().for_each(|e| net::outcome(out, e));
    row.take("established");
    out.key(Column::Service, "ssl");
    let name = row.look("server_name").unwrap_or_default();
    http::domain(out, &name);
    if let Some(version) = row.text("version") {
        out.text(attr::TLS_VERSION, &version);
        for (field, place) in [("cipher", attr::TLS_CIPHER), ("server_name", attr::TLS_SNI)] {
            row.text(field).into_iter().for_each(|t| out.text(place, &t));
        }
        for (field, value, kind) in [("ja3", attr::TLS_JA3, attr::TLS_JA3_ALGORITHM_ID), ("ja3s", attr::TLS_JA3S, attr::TLS_JA3S_ALGORITHM_ID)] {
            if let Some(hash) = row.text(field).filter(|h| !h.is_empty()) {
                out.text(value, &hash);
                out.int(kind, 1); // MD5
            }
        }
    }
    ends(on, message);
    let _ = write!(message, " {name}");
    on.end(message.trim_end(), out);
    true
}

/// A tunnel that was found or ended.
pub(super) fn tunnel(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let action = on.row.text("action").unwrap_or_default();
    let activity = match &*action {
        "Tunnel::DISCOVER" => 1,
        "Tunnel::CLOSE" | "Tunnel::EXPIRE" => 2,
        _ => 99,
    };
    if !on.has_ends() {
        return false;
    }
    on.begin(class::TUNNEL_ACTIVITY, activity, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    out.key(Column::Operation, &action);
    ends(on, message);
    on.end(message, out);
    true
}
