//! AWS WAF logs: what a web ACL allowed and blocked.
//!
//! Owns: where WAF says what. Source: docs.aws.amazon.com, "Log fields for web ACL traffic".

use std::borrow::Cow;

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject, http, json,
    map::{self, Doc},
    net, time,
};

crate::table! { FIELDS;
    TIME    "timestamp"              => Hold;
    ACL     "webaclId"               => Text(FIREWALL_RULE_UID);
    RULE    "terminatingRuleId"      => Look;
            "terminatingRuleType"    => Text(FIREWALL_RULE_TYPE);
    ACTION  "action"                 => Hold;
    CLIENT  "httpRequest.clientIp"   => Hold;
    HEADERS "httpRequest.headers"    => Look;
    TARGET  "httpRequest.uri"        => Hold;
    ARGS    "httpRequest.args"       => Hold;
    VERSION "httpRequest.httpVersion" => Hold;
    METHOD  "httpRequest.httpMethod" => Hold;
            "httpRequest.requestId"  => Text(HTTP_REQUEST_UID);
    HOST    "httpRequest.host"       => Hold;
}

/// AWS WAF.
pub struct AwsWaf;

impl Format for AwsWaf {
    fn name(&self) -> &'static str {
        "aws_waf"
    }
    fn title(&self) -> &'static str {
        "AWS WAF"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if map::keys(head, &["webaclId", "terminatingRuleId", "httpRequest", "action"]) == 4 && json::on_top(head, "webaclId") { 92 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    if !doc.has(TIME) {
        return Err(Reject::NoTime { field: "timestamp" });
    }
    let stamp = time::millis(&doc.text(TIME), doc.record.received);
    let (method, action) = (doc.text(METHOD), doc.text(ACTION));
    let target = http::with_query(doc.text(TARGET), &doc.text(ARGS));
    doc.begin(class::HTTP_ACTIVITY, http::activity(&method), stamp, out);
    out.text(attr::METADATA_PRODUCT_NAME, "AWS WAF");
    out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
    out.text(attr::CLOUD_PROVIDER, "AWS");
    // arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID
    let acl = doc.text(ACL);
    out.text(attr::CLOUD_REGION, acl.split(':').nth(3).unwrap_or_default());
    out.text(attr::CLOUD_ACCOUNT_UID, acl.split(':').nth(4).unwrap_or_default());
    out.text(attr::STATUS_DETAIL, &action);
    match &*action {
        "ALLOW" => net::outcome(out, true),
        "BLOCK" | "CAPTCHA" | "CHALLENGE" => net::outcome(out, false),
        _ => {}
    }
    http::request(out, http::RequestLine { method: &method, target: &target, version: &doc.text(VERSION) });
    if target.is_empty() {
        out.text(attr::HTTP_URL, "/");
    }
    net::endpoint(out, &doc.text(CLIENT), attr::SRC_IP, attr::SRC_HOSTNAME);
    let host = headers(doc, out);
    let host = if host.is_empty() { doc.text(HOST) } else { host };
    http::host_port(out, &host);
    if !host.is_empty() && doc.record.host.is_none() {
        out.key(Column::Host, &http::split_port(&host).0.to_ascii_lowercase());
    }
    message.extend([&*action, " ", &method, " ", &target, " by ", &doc.text(RULE)]);
    doc.end(message, out);
    Ok(())
}

/// Says what the headers say; gives the host that was asked for.
fn headers<'a>(doc: &Doc<'a>, out: &mut dyn Sink) -> Cow<'a, str> {
    let mut host = Cow::Borrowed("");
    doc.each(HEADERS, |header| {
        let member = |name| json::member(header, name).and_then(json::text).unwrap_or_default();
        let (name, value) = (member("name"), member("value"));
        match name.to_ascii_lowercase().as_str() {
            "host" => host = value,
            "user-agent" => out.text(attr::HTTP_USER_AGENT, &value),
            "referer" => out.text(attr::HTTP_REFERRER, &value),
            "x-forwarded-for" => drop(http::forwarded(out, &value)),
            _ => {}
        }
    });
    host
}
