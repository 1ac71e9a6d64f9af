//! The fields of flow logs by their names. Never looks at a value.

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Version,
    Account,
    Interface,
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    Vpc,
    Subnet,
    Instance,
    TcpFlags,
    PacketSource,
    PacketDestination,
    Region,
    Zone,
    Direction,
    TrafficPath,
    RejectReason,
    Type,
    /// Kept under its own name.
    Other,
}

use Field as F;

/// The default: version 2.
pub(super) const DEFAULT: &[Field] = &[
    F::Version,
    F::Account,
    F::Interface,
    F::Source,
    F::Destination,
    F::SourcePort,
    F::DestinationPort,
    F::Protocol,
    F::Packets,
    F::Bytes,
    F::Start,
    F::End,
    F::Action,
    F::LogStatus,
];

/// Names with a meaning of their own here; the others are kept as they are.
const NAMES: &[(&str, Field)] = &[
    ("version", F::Version),
    ("account-id", F::Account),
    ("interface-id", F::Interface),
    ("srcaddr", F::Source),
    ("dstaddr", F::Destination),
    ("srcport", F::SourcePort),
    ("dstport", F::DestinationPort),
    ("protocol", F::Protocol),
    ("packets", F::Packets),
    ("bytes", F::Bytes),
    ("start", F::Start),
    ("end", F::End),
    ("action", F::Action),
    ("log-status", F::LogStatus),
    ("vpc-id", F::Vpc),
    ("subnet-id", F::Subnet),
    ("instance-id", F::Instance),
    ("tcp-flags", F::TcpFlags),
    ("type", F::Type),
    ("pkt-srcaddr", F::PacketSource),
    ("pkt-dstaddr", F::PacketDestination),
    ("region", F::Region),
    ("az-id", F::Zone),
    ("flow-direction", F::Direction),
    ("traffic-path", F::TrafficPath),
    ("reject-reason", F::RejectReason),
];

/// The most fields that a line of names may have; AWS has 50.
const FIELDS_MAX: usize = 128;

/// What the words of a line are.
pub(super) struct Layout {
    /// In the order of the line.
    pub fields: Vec<Field>,
    names: Vec<String>,
}

impl Layout {
    /// Reads a line of names. It is one if it has no digit and names at least an address or an interface, and a time or a state.
    pub fn read(line: &str) -> Option<Layout> {
        let names: Vec<&str> = line.split(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | '"')).filter(|n| !n.is_empty()).collect();
        let word = |n: &&str| n.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'));
        let has = |any: [&str; 3]| names.iter().any(|n| any.contains(&n.replace('_', "-").as_str()));
        let shape = names.iter().all(word) && (3..=FIELDS_MAX).contains(&names.len());
        if !shape || !has(["srcaddr", "interface-id", "pkt-srcaddr"]) || !has(["start", "log-status", "action"]) {
            return None;
        }
        let field = |name: &&str| {
            let name = name.replace('_', "-");
            NAMES.iter().find(|(n, _)| *n == name).map_or(F::Other, |(_, f)| *f)
        };
        Some(Layout { fields: names.iter().map(field).collect(), names: names.iter().map(|n| (*n).to_owned()).collect() })
    }

    /// The name of a field by its place.
    pub fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }
}

/// The name that AWS gives to a field.
pub(super) fn name(field: Field) -> &'static str {
    NAMES.iter().find(|(_, f)| *f == field).map_or("", |(name, _)| name)
}
