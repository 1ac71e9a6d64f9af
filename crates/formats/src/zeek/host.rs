//! Logins, files, leases and findings: `kerberos`, `ntlm`, `radius`, `rdp`, `smb_*`, `dhcp`, `ntp`, `files`, `notice`, `intel`.

use std::fmt::Write as _;

use event::{Column, Sink, attr, class};

use super::{On, conn::ends};
use crate::net;

/// A ticket asked for.
pub(super) fn kerberos(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let Some(client) = row.look("client").filter(|c| !c.is_empty()) else { return false };
    let Some(service) = row.look("service").filter(|c| !c.is_empty()) else { return false };
    row.take("client");
    row.take("service");
    let kind = row.look("request_type").unwrap_or_default();
    let activity = match &*kind {
        "AS" => 3,
        "TGS" => 4,
        _ => 99,
    };
    on.begin(class::AUTHENTICATION, activity, out);
    on.ends(out);
    out.text(attr::USER_NAME, &client);
    out.key(Column::User, &client);
    out.text(attr::SERVICE_NAME, &service);
    out.text(attr::AUTH_PROTOCOL, "Kerberos");
    out.int(attr::AUTH_PROTOCOL_ID, 2);
    out.key(Column::Operation, &kind);
    row.flag("success").into_iter().for_each(|s| net::outcome(out, s));
    row.take("success");
    if let Some(error) = row.text("error_msg") {
        out.text(attr::STATUS_CODE, &error);
    }
    let _ = write!(message, "{kind} {client} for {service}");
    on.end(message, out);
    true
}

/// A login by NTLM or RADIUS.
pub(super) fn login(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let Some(user) = row.look("username").filter(|u| !u.is_empty()) else { return false };
    if !on.has_ends() {
        return false;
    }
    row.take("username");
    on.begin(class::AUTHENTICATION, 1, out);
    on.ends(out);
    out.text(attr::USER_NAME, &user);
    out.key(Column::User, &user);
    row.text("domainname").into_iter().for_each(|d| out.text(attr::USER_DOMAIN, &d));
    out.text(attr::SERVICE_NAME, on.path);
    if on.path == "ntlm" {
        out.text(attr::AUTH_PROTOCOL, "NTLM");
        out.int(attr::AUTH_PROTOCOL_ID, 1);
        row.text("hostname").into_iter().for_each(|h| out.text(attr::SRC_HOSTNAME, &h));
    }
    match (row.flag("success"), row.look("result").as_deref()) {
        (Some(success), _) => net::outcome(out, success),
        (None, Some(result)) => net::outcome(out, result == "success"),
        _ => {}
    }
    row.take("success");
    let _ = write!(message, "{user} by {}", on.path);
    on.end(message, out);
    true
}

/// A session of the remote desktop.
pub(super) fn rdp(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    on.begin(class::RDP_ACTIVITY, 6, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    out.key(Column::Service, "rdp");
    if let Some(user) = on.row.look("cookie") {
        out.key(Column::User, &user);
    }
    if let Some(result) = on.row.text("result") {
        out.text(attr::STATUS_DETAIL, &result);
    }
    ends(on, message);
    on.end(message, out);
    true
}

/// A file or share of Windows.
pub(super) fn smb(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let action = row.text("action").unwrap_or_default();
    let activity = match &*action {
        "SMB::FILE_OPEN" => 2,
        _ => 99,
    };
    on.begin(class::SMB_ACTIVITY, activity, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    let (path, name) = (row.text("path").unwrap_or_default(), row.look("name").unwrap_or_default());
    out.text(attr::SHARE, &path);
    out.key(Column::Operation, if action.is_empty() { "SMB::MAPPING" } else { &action });
    if !name.is_empty() {
        row.take("name");
        out.text(attr::FILE_NAME, name.rsplit('\\').next().filter(|n| !n.is_empty()).unwrap_or(&name));
        out.text(attr::FILE_PATH, &name);
        out.int(attr::FILE_TYPE_ID, 0);
        row.int("size").into_iter().for_each(|n| out.int(attr::FILE_SIZE, n));
    }
    let _ = write!(message, "{action} {path} {name}");
    on.end(message.trim(), out);
    true
}

/// A lease.
pub(super) fn dhcp(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let kinds = row.list("msg_types");
    let last = kinds.last().map(|k| k.to_string()).unwrap_or_default();
    let activity = match last.as_str() {
        "DISCOVER" => 1,
        "OFFER" => 2,
        "REQUEST" => 3,
        "DECLINE" => 4,
        "ACK" => 5,
        "NAK" => 6,
        "RELEASE" => 7,
        "INFORM" => 8,
        _ => 99,
    };
    on.begin(class::DHCP_ACTIVITY, activity, out);
    let known = on.ends(out);
    let client = row.look("assigned_addr").or_else(|| row.look("client_addr")).or_else(|| row.look("requested_addr"));
    let (name, mac) = (row.look("host_name").unwrap_or_default(), row.look("mac").unwrap_or_default());
    match client {
        Some(address) if !known => net::endpoint(out, &address, attr::SRC_IP, attr::SRC_NAME),
        None if !known => out.text(attr::SRC_NAME, if name.is_empty() { "unknown" } else { &name }),
        _ => {}
    }
    if let Some(server) = row.text("server_addr").filter(|_| !known) {
        net::endpoint(out, &server, attr::DST_IP, attr::DST_NAME);
    }
    if is_mac(&mac) {
        row.take("mac");
        out.text(attr::SRC_MAC, &mac);
    }
    out.text(attr::SRC_HOSTNAME, &name);
    out.key(Column::Operation, &last);
    row.millis("lease_time").into_iter().for_each(|ms| out.int(attr::LEASE_SECONDS, ms / 1000));
    let _ = write!(message, "{last} {mac} {name}");
    on.end(message.trim(), out);
    true
}

fn is_mac(text: &str) -> bool {
    text.len() == 17 && text.bytes().enumerate().all(|(i, b)| if i % 3 == 2 { matches!(b, b':' | b'-') } else { b.is_ascii_hexdigit() })
}

/// The time of day asked for.
pub(super) fn ntp(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let Some(version) = row.text("version") else { return false };
    let activity = match row.look("mode").as_deref() {
        Some(mode @ ("1" | "2" | "3" | "4" | "5" | "6" | "7")) => mode.parse().unwrap_or(99),
        _ => 99,
    };
    on.begin(class::NTP_ACTIVITY, activity, out);
    if !on.ends(out) {
        out.text(attr::SRC_NAME, "unknown");
    }
    out.text(attr::NTP_VERSION, &version);
    ends(on, message);
    on.end(message, out);
    true
}

/// A file that went over the network.
pub(super) fn files(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let (senders, receivers) = (row.list("tx_hosts"), row.list("rx_hosts"));
    if !on.has_ends() && senders.is_empty() && receivers.is_empty() {
        return false;
    }
    let activity = match row.flag("is_orig") {
        Some(true) => 1,
        Some(false) => 2,
        None => 99,
    };
    on.begin(class::NETWORK_FILE, activity, out);
    if !on.ends(out) {
        let first = |list: &[std::borrow::Cow<'_, str>]| list.first().map(|a| a.to_string()).unwrap_or_default();
        net::endpoint(out, &first(&senders), attr::SRC_IP, attr::SRC_NAME);
        net::endpoint(out, &first(&receivers), attr::DST_IP, attr::DST_NAME);
        if senders.is_empty() {
            out.text(attr::SRC_NAME, "unknown");
        }
    }
    let source = row.text("source").unwrap_or_default();
    out.text(attr::ACTOR_APP_NAME, if source.is_empty() { "unknown" } else { &source });
    out.key(Column::Service, &source);
    let (name, id) = (row.text("filename").unwrap_or_default(), row.text("fuid").unwrap_or_default());
    out.text(attr::FILE_NAME, if name.is_empty() { &id } else { &name });
    out.int(attr::FILE_TYPE_ID, 0);
    out.text(attr::FILE_UID, &id);
    row.text("mime_type").into_iter().for_each(|t| out.text(attr::FILE_MIME_TYPE, &t));
    row.int("seen_bytes").into_iter().for_each(|n| out.int(attr::FILE_SIZE, n));
    // The last one said is the column's: the strongest of them.
    for (field, algorithm) in [("md5", 1), ("sha1", 2), ("sha256", 3)] {
        if let Some(hash) = row.text(field).filter(|h| !h.is_empty()) {
            out.item(attr::FILE_HASHES);
            out.text(attr::FILE_HASHES_VALUE, &hash.to_ascii_lowercase());
            out.int(attr::FILE_HASHES_ALGORITHM_ID, algorithm);
        }
    }
    let _ = write!(message, "{source} {}", if name.is_empty() { &id } else { &name });
    on.end(message.trim(), out);
    true
}

/// What Zeek's scripts found worth telling.
pub(super) fn finding(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) -> bool {
    let row = on.row;
    let name = row.look("note").or_else(|| row.look("seen.indicator")).unwrap_or_default();
    let said = row.look("msg").unwrap_or_default();
    let id = row.look("uid").or_else(|| row.look("ts")).unwrap_or_default();
    on.begin(class::DETECTION_FINDING, 1, out);
    out.int(attr::SEVERITY_ID, 2);
    out.text(attr::FINDING_UID, &format!("{name} {id}"));
    out.text(attr::FINDING_TITLE, &name);
    out.text(attr::FINDING_DESC, &said);
    out.key(Column::Operation, &name);
    let get = |names: [&str; 3]| names.into_iter().find_map(|n| row.look(n)).unwrap_or_default();
    let ends = [
        (get(["id.orig_h", "id_orig_h", "src"]), attr::EVIDENCES_SRC_IP, get(["id.orig_p", "id_orig_p", ""]), attr::EVIDENCES_SRC_PORT),
        (get(["id.resp_h", "id_resp_h", "dst"]), attr::EVIDENCES_DST_IP, get(["id.resp_p", "id_resp_p", "p"]), attr::EVIDENCES_DST_PORT),
    ];
    for (address, ip, port, place) in ends {
        if let Some(address) = event::entity::canonical_ip(&address) {
            out.text(ip, &address);
            net::port(out, &port, place);
        }
    }
    let _ = write!(message, "{name}: {said}");
    on.end(message, out);
    true
}
