//! VPC flow logs of Google Cloud, as log entries.
//!
//! Owns: where an entry says what. Source: cloud.google.com, "VPC Flow Logs record format".

use std::fmt::Write as _;

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject,
    map::{self, Doc},
    net,
    time::Stamp,
};

crate::table! { FIELDS;
    TIME     "timestamp"                          => Hold;
    START    "jsonPayload.start_time"             => Hold;
             "jsonPayload.end_time"               => Ms(END_TIME);
             "insertId"                           => Text(METADATA_UID);
             "logName"                            => Text(METADATA_LOG_NAME);
    PROJECT  "resource.labels.project_id"         => Text(CLOUD_ACCOUNT_UID);
    SRC      "jsonPayload.connection.src_ip"      => Ip(SRC_IP);
             "jsonPayload.connection.src_port"    => Int(SRC_PORT);
    DST      "jsonPayload.connection.dest_ip"     => Ip(DST_IP);
             "jsonPayload.connection.dest_port"   => Int(DST_PORT);
    PROTOCOL "jsonPayload.connection.protocol"    => Hold;
    BYTES    "jsonPayload.bytes_sent"             => Int(TRAFFIC_BYTES);
             "jsonPayload.packets_sent"           => Int(TRAFFIC_PACKETS);
    REPORTER "jsonPayload.reporter"               => Look;
    SVM      "jsonPayload.src_instance.vm_name"   => Text(SRC_INSTANCE_UID);
    SREGION  "jsonPayload.src_instance.region"    => Look;
    DVM      "jsonPayload.dest_instance.vm_name"  => Text(DST_INSTANCE_UID);
    DREGION  "jsonPayload.dest_instance.region"   => Look;
}

/// Google Cloud's flow logs.
pub struct GcpFlow;

impl Format for GcpFlow {
    fn name(&self) -> &'static str {
        "gcp_flow"
    }
    fn title(&self) -> &'static str {
        "Google Cloud VPC flow logs"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: Some("insertId") }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if map::keys(head, &["jsonPayload", "connection", "src_ip", "dest_ip", "bytes_sent"]) == 5 { 92 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let start = doc.time(START).ok().filter(Stamp::is_known);
    doc.begin(class::NETWORK_ACTIVITY, 6, start.map_or_else(|| doc.time(TIME), Ok)?, out);
    out.text(attr::METADATA_PRODUCT_NAME, "VPC Flow Logs");
    out.text(attr::METADATA_PRODUCT_VENDOR, "Google Cloud");
    out.text(attr::CLOUD_PROVIDER, "GCP");
    if let Some(start) = start {
        out.int(attr::START_TIME, start.time.millis());
    }
    doc.int(BYTES).into_iter().for_each(|n| out.int(attr::TRAFFIC_BYTES_OUT, n));
    // The side that reports is the machine that it happened on.
    let (direction, machine, region) = match &*doc.text(REPORTER) {
        "SRC" => (2, doc.text(SVM), doc.text(SREGION)),
        "DEST" => (1, doc.text(DVM), doc.text(DREGION)),
        _ => (0, doc.first(&[SVM, DVM]), doc.first(&[SREGION, DREGION])),
    };
    out.int(attr::CONNECTION_DIRECTION_ID, direction);
    if let Some(number) = doc.int(PROTOCOL).and_then(|n| u8::try_from(n).ok()) {
        net::protocol(out, number);
    }
    out.text(attr::CLOUD_REGION, &region);
    if !machine.is_empty() {
        out.key(Column::Host, &machine);
    }
    if !doc.has(SRC) && !doc.has(DST) {
        out.text(attr::SRC_NAME, "unknown");
    }
    out.key(Column::Account, &doc.text(PROJECT));
    out.key(Column::Operation, "flow");
    let _ = write!(message, "{} -> {}", doc.text(SRC), doc.text(DST));
    doc.end(message, out);
    Ok(())
}
