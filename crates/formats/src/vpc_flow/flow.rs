//! One flow on its way to an event. Never knows the order of the fields.

use std::fmt::Write as _;

use event::{Attr, Column, Sink, Time, attr, class, entity::canonical_ip};

use super::fields::{self, Field, Layout};
use crate::{Record, Reject, net};

/// The most words of a line; no layout has more fields.
const WORDS_MAX: usize = 128;

/// A line's words and what they are. `-` is no value.
pub(super) struct Flow<'a> {
    words: [&'a str; WORDS_MAX],
    fields: &'a [Field],
}

impl<'a> Flow<'a> {
    /// Reads a line that has one word a field.
    pub fn read(line: &'a str, fields: &'a [Field]) -> Result<Flow<'a>, Reject> {
        let mut words = [""; WORDS_MAX];
        let mut count = 0;
        for word in line.split([' ', '\t']).filter(|w| !w.is_empty()) {
            if let Some(slot) = words.get_mut(count) {
                *slot = if word == "-" { "" } else { word };
            }
            count += 1;
        }
        if count != fields.len() {
            return Err(Reject::Shape { expected: "a flow record with as many words as there are fields" });
        }
        Ok(Flow { words, fields })
    }

    /// The word of a field; empty where there is none.
    fn get(&self, field: Field) -> &'a str {
        let at = self.fields.iter().position(|f| *f == field);
        at.and_then(|at| self.words.get(at)).copied().unwrap_or_default()
    }

    fn number(&self, field: Field) -> Option<i64> {
        self.get(field).parse().ok()
    }

    fn time(&self, field: Field, name: &'static str) -> Result<Option<Time>, Reject> {
        match self.get(field) {
            "" => Ok(None),
            text => match text.parse::<i64>() {
                Ok(seconds) => Ok(Some(Time::from_secs(seconds))),
                Err(_) => Err(Reject::Bad { field: name, expected: "a number of seconds", found: Reject::found(text) }),
            },
        }
    }

    /// Makes an event: of a flow, or of an interval without flows or with some left out.
    pub fn write(&self, record: Record<'_>, layout: Option<&Layout>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
        let (start, end) = (self.time(Field::Start, "start time")?, self.time(Field::End, "end time")?);
        let status = self.get(Field::LogStatus);
        message.clear();
        match status {
            "NODATA" | "SKIPDATA" => self.interval(status, end.or(start).unwrap_or(record.received), message, out),
            _ => self.flow(start.or(end).unwrap_or(record.received), message, out)?,
        }
        out.text(attr::MESSAGE, message);
        out.text(attr::METADATA_PRODUCT_NAME, "VPC Flow Logs");
        out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
        out.text(attr::CLOUD_PROVIDER, "AWS");
        out.text(attr::METADATA_LOG_VERSION, self.get(Field::Version));
        for (time, attr) in [(start, attr::START_TIME), (end, attr::END_TIME)] {
            if let Some(time) = time.filter(|t| t.plausible()) {
                out.int(attr, time.millis());
            }
        }
        self.place(out);
        self.rest(layout, out);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }

    /// Nothing flowed, which is worth knowing; or records were left out, and what flowed is not known.
    fn interval(&self, status: &str, time: Time, message: &mut String, out: &mut dyn Sink) {
        out.begin(class::BASE_EVENT, 99, time);
        out.key(Column::Operation, status);
        out.text(attr::METADATA_EVENT_CODE, status);
        let interface = self.get(Field::Interface);
        if status == "SKIPDATA" {
            out.key(Column::Gap, "lost");
            let _ = write!(message, "some flows of {interface} were not logged");
        } else {
            let _ = write!(message, "no traffic at {interface}");
        }
    }

    fn flow(&self, time: Time, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
        let action = self.get(Field::Action);
        let activity = if action == "REJECT" { REFUSE } else { TRAFFIC };
        out.begin(class::NETWORK_ACTIVITY, activity, time);
        out.key(Column::Operation, action);
        match action {
            "ACCEPT" => net::outcome(out, true),
            "REJECT" => net::outcome(out, false),
            _ => {}
        }
        out.text(attr::STATUS_DETAIL, self.get(Field::RejectReason));
        let from = (self.get(Field::PacketSource), self.get(Field::Source));
        let to = (self.get(Field::PacketDestination), self.get(Field::Destination));
        let src = address(from, (attr::SRC_IP, attr::SRC_INTERMEDIATE_IPS), out)?;
        let dst = address(to, (attr::DST_IP, attr::DST_INTERMEDIATE_IPS), out)?;
        if src.is_none() && dst.is_none() {
            out.text(attr::SRC_INTERFACE_UID, self.get(Field::Interface));
        }
        net::port(out, self.get(Field::SourcePort), attr::SRC_PORT);
        net::port(out, self.get(Field::DestinationPort), attr::DST_PORT);
        self.amounts(out);
        self.connection(out);
        let _ = write!(message, "{action} {}", src.as_deref().unwrap_or("-"));
        let _ = write!(message, " -> {}", dst.as_deref().unwrap_or("-"));
        if let Some(port) = self.number(Field::DestinationPort) {
            let _ = write!(message, " port {port}");
        }
        Ok(())
    }

    /// What flowed goes one way: from source to destination.
    fn amounts(&self, out: &mut dyn Sink) {
        if let Some(bytes) = self.number(Field::Bytes) {
            out.int(attr::TRAFFIC_BYTES, bytes);
            out.int(attr::TRAFFIC_BYTES_OUT, bytes);
        }
        if let Some(packets) = self.number(Field::Packets) {
            out.int(attr::TRAFFIC_PACKETS, packets);
        }
    }

    fn connection(&self, out: &mut dyn Sink) {
        let direction = match self.get(Field::Direction) {
            "ingress" => 1,
            "egress" => 2,
            _ => 0,
        };
        out.int(attr::CONNECTION_DIRECTION_ID, direction);
        if let Ok(number) = self.get(Field::Protocol).parse() {
            net::protocol(out, number);
        }
        if let Some(flags) = self.number(Field::TcpFlags) {
            out.int(attr::CONNECTION_TCP_FLAGS, flags);
        }
        // AWS counts the ways that OCSF has from 4 on.
        if let Some(path) = self.number(Field::TrafficPath).filter(|p| (1..=8).contains(p)) {
            out.int(attr::CONNECTION_BOUNDARY_ID, path + 3);
        }
        match self.get(Field::Type) {
            "IPv4" => out.int(attr::CONNECTION_PROTOCOL_VER_ID, 4),
            "IPv6" => out.int(attr::CONNECTION_PROTOCOL_VER_ID, 6),
            _ => {}
        }
        let instance = self.get(Field::Instance);
        match direction {
            1 => out.text(attr::DST_INSTANCE_UID, instance),
            2 => out.text(attr::SRC_INSTANCE_UID, instance),
            _ => {}
        }
    }

    /// Where it was seen: account, region, network, interface, and the machine that the interface is of.
    fn place(&self, out: &mut dyn Sink) {
        let account = self.get(Field::Account);
        if account != "unknown" {
            out.text(attr::CLOUD_ACCOUNT_UID, account);
        }
        out.text(attr::CLOUD_REGION, self.get(Field::Region));
        out.text(attr::CLOUD_ZONE, self.get(Field::Zone));
        let places: [(Field, Attr); 3] =
            [(Field::Interface, attr::DEVICE_INTERFACE_UID), (Field::Vpc, attr::DEVICE_VPC_UID), (Field::Subnet, attr::DEVICE_SUBNET_UID)];
        let instance = self.get(Field::Instance);
        out.text(attr::DEVICE_INSTANCE_UID, instance);
        if !instance.is_empty() {
            out.key(Column::Host, instance);
        }
        if !instance.is_empty() || !self.get(Field::Interface).is_empty() {
            out.int(attr::DEVICE_TYPE_ID, 0);
            places.into_iter().for_each(|(field, attr)| out.text(attr, self.get(field)));
        }
    }

    /// What has no attribute, and what is not what its field should be.
    fn rest(&self, layout: Option<&Layout>, out: &mut dyn Sink) {
        if !out.wants_object() {
            return;
        }
        for (at, (field, word)) in self.fields.iter().zip(self.words).enumerate().filter(|(_, (_, w))| !w.is_empty()) {
            let kept = match field {
                Field::Other => false,
                Field::SourcePort | Field::DestinationPort => word.parse::<u16>().is_ok(),
                Field::Protocol => word.parse::<u8>().is_ok(),
                Field::Packets | Field::Bytes | Field::TcpFlags => word.parse::<i64>().is_ok(),
                Field::TrafficPath => matches!(word.parse::<u8>(), Ok(1..=8)),
                Field::Type => matches!(word, "IPv4" | "IPv6"),
                Field::Direction => matches!(word, "ingress" | "egress"),
                Field::LogStatus => matches!(word, "OK" | "NODATA" | "SKIPDATA"),
                Field::Account => word != "unknown",
                Field::Start | Field::End => word.parse().is_ok_and(|s| Time::from_secs(s).plausible()),
                Field::Vpc | Field::Subnet => !self.get(Field::Instance).is_empty() || !self.get(Field::Interface).is_empty(),
                _ => true,
            };
            if !kept {
                out.other(layout.map_or_else(|| fields::name(*field), |l| l.name(at)), word);
            }
        }
    }
}

const REFUSE: u8 = 5;
const TRAFFIC: u8 = 6;

/// An end of the flow: the packet's own address, and the address of what stands between (NAT gateway, load balancer) where that is another.
fn address((packet, interface): (&str, &str), (ip, between): (Attr, Attr), out: &mut dyn Sink) -> Result<Option<String>, Reject> {
    let read = |text: &str| match text {
        "" => Ok(None),
        text => canonical_ip(text).map(Some).ok_or_else(|| Reject::Bad { field: "srcaddr or dstaddr", expected: "an IP address", found: Reject::found(text) }),
    };
    let (packet, interface) = (read(packet)?, read(interface)?);
    if let (Some(p), Some(i)) = (&packet, &interface)
        && p != i
    {
        out.text(between, i);
    }
    let end = packet.or(interface);
    if let Some(end) = &end {
        out.text(ip, end);
    }
    Ok(end)
}
