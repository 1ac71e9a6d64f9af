//! Route 53 resolver query logs.
//!
//! Owns: where the resolver says what. Source: docs.aws.amazon.com, "Values that appear in Resolver query logs".

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject, dns, json,
    map::{self, Doc},
    net,
};

crate::table! { FIELDS;
    TIME     "query_timestamp" => Hold;
             "version"         => Text(METADATA_LOG_VERSION);
             "account_id"      => Text(CLOUD_ACCOUNT_UID);
             "region"          => Text(CLOUD_REGION);
             "vpc_id"          => Text(SRC_VPC_UID);
    NAME     "query_name"      => Hold;
    TYPE     "query_type"      => Hold;
    CLASS    "query_class"     => Hold;
    RCODE    "rcode"           => Hold;
    ANSWERS  "answers"         => Hold;
    ADDRESS  "srcaddr"         => Hold;
             "srcport"         => Int(SRC_PORT);
    PROTOCOL "transport"       => Hold;
    INSTANCE "srcids.instance" => Text(SRC_INSTANCE_UID);
    ACTION   "firewall_rule_action"   => Look;
             "firewall_rule_group_id" => Text(FIREWALL_RULE_UID);
}

/// Route 53 resolver.
pub struct Route53Resolver;

impl Format for Route53Resolver {
    fn name(&self) -> &'static str {
        "route53_resolver"
    }
    fn title(&self) -> &'static str {
        "Route 53 resolver query logs"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if map::keys(head, &["query_timestamp", "query_name", "query_type", "vpc_id"]) == 4 && json::on_top(head, "query_name") { 92 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    doc.begin(class::DNS_ACTIVITY, 6, doc.time(TIME)?, out);
    out.text(attr::METADATA_PRODUCT_NAME, "Route 53 Resolver");
    out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
    out.text(attr::CLOUD_PROVIDER, "AWS");
    out.key(Column::Operation, "query");
    let (name, kind, class) = (doc.text(NAME), doc.text(TYPE), doc.text(CLASS));
    dns::query(out, &name, &kind, &class);
    doc.each(ANSWERS, |answer| {
        let member = |name| json::member(answer, name).and_then(json::text).unwrap_or_default();
        dns::answer(out, &member("Rdata"), &member("Type"), &member("Class"), None);
    });
    dns::rcode(out, &doc.text(RCODE));
    if matches!(&*doc.text(ACTION), "BLOCK") {
        net::outcome(out, false);
    }
    net::endpoint(out, &doc.text(ADDRESS), attr::SRC_IP, attr::SRC_HOSTNAME);
    if !doc.has(ADDRESS) && !doc.has(INSTANCE) {
        out.text(attr::SRC_NAME, "unknown");
    }
    out.key(Column::Host, &doc.text(INSTANCE));
    let protocol = doc.lower(PROTOCOL);
    if !protocol.is_empty() {
        out.text(attr::CONNECTION_PROTOCOL_NAME, &protocol);
        out.int(attr::CONNECTION_DIRECTION_ID, 0);
    }
    message.extend([&*name, " ", &kind, " ", &doc.text(RCODE)]);
    doc.end(message, out);
    Ok(())
}
