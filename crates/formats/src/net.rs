//! What logs of traffic have in common: endpoints, protocols, outcomes. Never knows a format.

use event::{Attr, Column, Mark, Sink, attr, entity::canonical_ip};

/// Puts an address where it belongs: an IP attribute if it is one, else the host name. `-` and nothing are none.
pub(crate) fn endpoint(out: &mut dyn Sink, address: &str, ip: Attr, name: Attr) {
    match canonical_ip(address) {
        _ if matches!(address, "" | "-") => {}
        Some(canonical) => out.text(ip, &canonical),
        None => out.text(name, address),
    }
}

/// Sets a port, if the text is one.
pub(crate) fn port(out: &mut dyn Sink, text: &str, attr: Attr) {
    if let Ok(port) = text.parse::<u16>() {
        out.int(attr, port.into());
    }
}

/// Whether it went well: status and column.
pub(crate) fn outcome(out: &mut dyn Sink, success: bool) {
    out.int(attr::STATUS_ID, if success { 1 } else { 2 });
    out.text(attr::STATUS, if success { "Success" } else { "Failure" });
    out.key(Column::Outcome, if success { "success" } else { "failure" });
}

/// The protocol by its number, with its name where it is a usual one (IANA protocol numbers).
pub(crate) fn protocol(out: &mut dyn Sink, number: u8) {
    out.int(attr::CONNECTION_PROTOCOL_NUM, number.into());
    let name = match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipv4",
        6 => "tcp",
        17 => "udp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        89 => "ospf",
        132 => "sctp",
        _ => return,
    };
    out.text(attr::CONNECTION_PROTOCOL_NAME, name);
}

/// The machine that wrote the log, where it is known from outside only.
pub(crate) fn machine(out: &mut dyn Sink, host: &str) {
    out.text(attr::DEVICE_HOSTNAME, host);
    out.int(attr::DEVICE_TYPE_ID, 0);
    out.mark(Mark::HostAssumed);
}
