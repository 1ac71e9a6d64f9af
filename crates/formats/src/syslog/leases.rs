//! Addresses that a machine was given: dhclient, dhcpcd, NetworkManager, systemd-networkd; and those that a DHCP server gave out.

use event::{Column, Sink, attr, entity::canonical_ip};

use super::line::{Line, some};

/// Reads a line about a lease.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let lease = lease(line.text)?;
    line.base(out, "dhcp_lease");
    if !line.host.is_empty() && !lease.given {
        out.text(attr::DEVICE_IP, &lease.ip);
    }
    out.key(Column::DstIp, &lease.ip);
    some(out, "address", &lease.ip);
    some(out, "server", lease.server);
    some(out, "mac", lease.mac);
    line.end(out);
    Some(())
}

struct Lease<'a> {
    ip: String,
    server: &'a str,
    mac: &'a str,
    /// A server says it, of another machine.
    given: bool,
}

/// `bound to A -- renewal in 1 seconds.`, `DHCPACK of A from B`, `DHCPACK on A to MAC (name) via eth0`, `… address=A`, `DHCPv4 address A/24 …`.
fn lease(text: &str) -> Option<Lease<'_>> {
    let word = |t: &str| t.split([' ', '/', ',', ';']).next().and_then(canonical_ip);
    let of = |ip, server, mac, given| Some(Lease { ip, server, mac, given });
    if let Some(rest) = text.strip_prefix("DHCPACK on ") {
        let mac = rest.split_once(" to ").and_then(|(_, m)| m.split(' ').next()).unwrap_or_default();
        return of(word(rest)?, "", mac, true);
    }
    if let Some(rest) = text.strip_prefix("DHCPACK of ").or_else(|| text.strip_prefix("DHCPACK from ")) {
        let server = rest.split_once(" from ").and_then(|(_, s)| s.split(' ').next()).unwrap_or_default();
        return of(word(rest).filter(|_| text.starts_with("DHCPACK of "))?, server, "", false);
    }
    let rest = text.strip_prefix("bound to ").or_else(|| text.split_once(": leased ").map(|(_, r)| r));
    let rest = rest
        .or_else(|| text.split_once("DHCPv4 address ").map(|(_, r)| r))
        .or_else(|| text.split_once("address=").map(|(_, r)| r).filter(|_| text.contains("dhcp")));
    of(word(rest?)?, "", "", false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases() {
        let of = |t: &'static str| lease(t).map(|l| l.ip);
        assert_eq!(of("bound to 10.0.0.5 -- renewal in 1234 seconds.").unwrap(), "10.0.0.5");
        assert_eq!(of("DHCPACK of 10.0.0.5 from 10.0.0.1").unwrap(), "10.0.0.5");
        assert_eq!(of("<info>  [1582.0] dhcp4 (eth0): state changed unknown -> bound, address=10.0.0.5").unwrap(), "10.0.0.5");
        assert_eq!(of("eth0: DHCPv4 address 10.0.0.5/24, gateway 10.0.0.1 acquired from 10.0.0.1").unwrap(), "10.0.0.5");
        assert!(of("DHCPDISCOVER on eth0").is_none());
    }
}
