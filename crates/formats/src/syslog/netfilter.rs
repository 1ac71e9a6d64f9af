//! Packets that the kernel's filter wrote down: iptables, nftables, UFW and firewalld.
//!
//! Source: the kernel's `net/netfilter/nf_log_syslog.c`. The text before `IN=` is the rule's own prefix; everything after is the kernel's.

use event::{Column, Sink, attr, class, entity::canonical_ip};

use super::line::{Line, some};

/// Words after the addresses that one packet may have.
const FIELDS_MAX: usize = 64;

/// What the rule's prefix says was done with the packet.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Refused,
    Passed,
    Unsaid,
}

/// Reads `[UFW BLOCK] IN=eth0 OUT= MAC=… SRC=… DST=… PROTO=TCP SPT=1 DPT=2 …`.
pub fn read(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let at = text.match_indices("IN=").map(|(at, _)| at).find(|at| text.get(*at..).is_some_and(|t| t.contains("OUT=") && t.contains("SRC=")))?;
    let (prefix, packet) = text.split_at_checked(at)?;
    let prefix = prefix.trim().trim_matches(['[', ']', ':']).trim();
    // An ICMP error carries the packet that it is about in brackets.
    let (packet, inner) = packet.split_once('[').map_or((packet, ""), |(p, i)| (p, i.trim_end().trim_end_matches(']')));
    let field = |name: &str| packet.split(' ').take(FIELDS_MAX).find_map(|w| w.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    let (from, to) = (canonical_ip(field("SRC"))?, canonical_ip(field("DST"))?);
    let verdict = verdict(prefix);
    line.begin(out, class::NETWORK_ACTIVITY, if verdict == Verdict::Refused { 5 } else { 6 }, if prefix.is_empty() { "netfilter" } else { prefix });
    match verdict {
        Verdict::Refused => line.outcome(out, false),
        Verdict::Passed => line.outcome(out, true),
        Verdict::Unsaid => {}
    }
    out.text(attr::SRC_IP, &from);
    out.text(attr::DST_IP, &to);
    for (name, attr) in [("SPT", attr::SRC_PORT), ("DPT", attr::DST_PORT)] {
        if let Ok(port) = field(name).parse::<u16>() {
            out.int(attr, port.into());
        }
    }
    connection(out, &field);
    let mut known = ["SRC", "DST", "SPT", "DPT", "PROTO", "IN", "OUT", "MAC"].to_vec();
    for word in packet.split(' ').filter(|w| !w.is_empty()).take(FIELDS_MAX) {
        match word.split_once('=') {
            Some((key, _)) if known.contains(&key) && key != "LEN" => {}
            // The second length is UDP's.
            Some((key, value)) if known.contains(&key) => out.other(&format!("{key}.{}", field("PROTO")), value),
            Some((key, value)) => {
                known.push(key);
                out.other(key, value);
            }
            None => out.other(word, "true"),
        }
    }
    if let Some(uid) = known.contains(&"UID").then(|| field("UID")) {
        out.text(attr::ACTOR_USER_UID, uid);
    }
    some(out, "prefix", prefix);
    some(out, "inner", inner);
    out.key(Column::Service, "netfilter");
    line.end(out);
    Some(())
}

fn verdict(prefix: &str) -> Verdict {
    let upper = prefix.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|w| upper.contains(w));
    match () {
        () if has(&["BLOCK", "DROP", "DENY", "DENIED", "REJECT", "REFUSE", "BAN"]) => Verdict::Refused,
        () if has(&["ALLOW", "ACCEPT", "PASS", "PERMIT"]) => Verdict::Passed,
        () => Verdict::Unsaid,
    }
}

/// Protocol, direction, interfaces and MAC addresses.
fn connection<'a>(out: &mut dyn Sink, field: &dyn Fn(&str) -> &'a str) {
    let (interface_in, interface_out, protocol) = (field("IN"), field("OUT"), field("PROTO"));
    out.text(attr::CONNECTION_PROTOCOL_NAME, &protocol.to_ascii_lowercase());
    let number = match protocol {
        "ICMP" => Some(1),
        "TCP" => Some(6),
        "UDP" => Some(17),
        "GRE" => Some(47),
        "ESP" => Some(50),
        "AH" => Some(51),
        "ICMPv6" => Some(58),
        "SCTP" => Some(132),
        other => other.parse::<u8>().ok().map(i64::from),
    };
    if let Some(n) = number {
        out.int(attr::CONNECTION_PROTOCOL_NUM, n);
    }
    let direction = match (interface_in.is_empty(), interface_out.is_empty()) {
        (false, true) => 1,
        (true, false) => 2,
        (false, false) => 99,
        (true, true) => 0,
    };
    out.int(attr::CONNECTION_DIRECTION_ID, direction);
    out.text(attr::SRC_INTERFACE_NAME, interface_in);
    out.text(attr::DST_INTERFACE_NAME, interface_out);
    // `MAC=` is the frame's head: destination, source, type.
    let mac = field("MAC");
    if let (Some(to), Some(from), true) = (mac.get(..17), mac.get(18..35), mac.len() >= 35) {
        out.text(attr::DST_MAC, to);
        out.text(attr::SRC_MAC, from);
    }
    if let Ok(n) = field("LEN").parse::<i64>() {
        out.int(attr::TRAFFIC_BYTES, n);
        out.int(attr::TRAFFIC_PACKETS, 1);
    }
}
