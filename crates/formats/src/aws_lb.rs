//! Access logs of AWS's load balancers: application (HTTP), classic (HTTP and TCP) and network (TLS).
//!
//! Owns: the order of their fields. Source: docs.aws.amazon.com, "Access logs for your Application Load Balancer", "… Classic …", "… Network …".

use std::fmt::Write as _;

use event::{Facet, Mark, Sink, Time, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Record, Reject,
    http::{self, Entry, split_port},
    net,
    words::{WORDS_MAX, split},
};

/// Load balancers.
pub struct AwsLb;

impl Format for AwsLb {
    fn name(&self) -> &'static str {
        "aws_lb"
    }
    fn title(&self) -> &'static str {
        "AWS load balancers (application, classic, network)"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let line = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).find(|l| !l.is_empty()).unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        let mut words = [""; WORDS_MAX];
        let count = split(&text, &mut words);
        if Kind::of(&words, count).is_some() { 90 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { message: String::new() })
    }
}

struct Lines {
    message: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Application,
    Classic,
    Network,
}

impl Kind {
    fn of(words: &[&str; WORDS_MAX], count: usize) -> Option<Kind> {
        let [first, second, third, fourth, fifth, sixth, ..] = *words;
        let peer = |w: &str| split_port(w).1.is_some() && canonical_ip(split_port(w).0).is_some();
        let time = |w: &str| w.len() >= 19 && w.contains('T') && Time::parse(w).is_some();
        match first {
            "http" | "https" | "h2" | "grpcs" | "ws" | "wss" if count >= 17 && time(second) && third.starts_with("app/") && peer(fourth) => {
                Some(Kind::Application)
            }
            "tls" if count >= 16 && peer(sixth) && fourth.starts_with("net/") => Some(Kind::Network),
            _ if count >= 12 && time(first) && peer(third) && (fourth == "-" || peer(fourth)) && fifth.parse::<f64>().is_ok() => Some(Kind::Classic),
            _ => None,
        }
    }
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let mut words = [""; WORDS_MAX];
        let count = split(&text, &mut words);
        let lossy = matches!(text, std::borrow::Cow::Owned(_));
        match Kind::of(&words, count) {
            Some(Kind::Application) => {
                let entry = http_entry(&words, APPLICATION, count, lossy, true);
                entry.begin(record, &mut self.message, out)?;
                place(&words, out);
                entry.end(record, &self.message, out);
                Ok(())
            }
            Some(Kind::Classic) if words.get(11).is_some_and(|r| !r.starts_with("- ")) => {
                http_entry(&words, CLASSIC, count, lossy, false).write(record, &mut self.message, out)
            }
            Some(Kind::Classic) => tcp(&words, CLASSIC, count, lossy, record, &mut self.message, out),
            Some(Kind::Network) => tcp(&words, NETWORK, count, lossy, record, &mut self.message, out),
            None => Err(Reject::Shape { expected: "a line of a load balancer" }),
        }
    }
}

const APPLICATION: &[&str] = &[
    "type",
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_port_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
    "transformed_host",
    "transformed_uri",
    "request_transform_status",
];

const CLASSIC: &[&str] = &[
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
];

const NETWORK: &[&str] = &[
    "type",
    "version",
    "time",
    "elb",
    "listener",
    "client",
    "target",
    "connection_time",
    "tls_handshake_time",
    "received_bytes",
    "sent_bytes",
    "incoming_tls_alert",
    "chosen_cert_arn",
    "chosen_cert_serial",
    "ssl_cipher",
    "ssl_protocol",
    "tls_named_group",
    "domain_name",
    "alpn_fe_protocol",
    "alpn_be_protocol",
    "alpn_client_preference_list",
    "tls_connection_creation_time",
];

/// A request to an application or classic load balancer.
fn http_entry<'a>(words: &[&'a str; WORDS_MAX], names: &'static [&'static str], count: usize, lossy: bool, application: bool) -> Entry<'a> {
    let get = |name: &str| names.iter().position(|n| *n == name).filter(|at| *at < count).and_then(|at| words.get(at)).copied().unwrap_or_default();
    let (peer, port) = split_port(get("client"));
    let time_text = get("time");
    let seconds = |name| get(name).parse::<f64>().ok().filter(|s| (0.0..1e9).contains(s));
    let took = ["request_processing_time", "target_processing_time", "response_processing_time"].into_iter().map(seconds);
    let mut entry = Entry {
        product: if application { "Application Load Balancer" } else { "Classic Load Balancer" },
        vendor: "AWS",
        time_text,
        when: Time::parse(time_text).map(|t| (t, None)),
        peer,
        peer_port: port.unwrap_or_default(),
        server: get("target"),
        host: if get("domain_name") == "-" { "" } else { get("domain_name") },
        request: get("request"),
        status: get("elb_status_code"),
        bytes: get("sent_bytes"),
        agent: get("user_agent"),
        duration_ms: took.sum::<Option<f64>>().map(|s| (s * 1000.0).round() as i64),
        request_id: get("trace_id"),
        tls: get("ssl_protocol"),
        cipher: get("ssl_cipher"),
        lossy: lossy.into(),
        ..Entry::default()
    };
    const TAKEN: [&str; 11] =
        ["time", "client", "target", "elb_status_code", "sent_bytes", "request", "user_agent", "ssl_protocol", "ssl_cipher", "trace_id", "domain_name"];
    rest(words, names, count, &TAKEN, |name, value| entry.rest.push((name, value, false)));
    entry
}

/// Account and region, which only the target group's and the certificate's names say: `arn:aws:SERVICE:REGION:ACCOUNT:…`.
fn place(words: &[&str; WORDS_MAX], out: &mut dyn Sink) {
    let Some(arn) = words.iter().find(|w| w.starts_with("arn:")) else { return };
    out.text(attr::CLOUD_PROVIDER, "AWS");
    out.text(attr::CLOUD_REGION, arn.split(':').nth(3).unwrap_or_default());
    out.text(attr::CLOUD_ACCOUNT_UID, arn.split(':').nth(4).unwrap_or_default());
}

/// Calls `each` with what stands under names that are not taken.
fn rest<'a>(words: &[&'a str; WORDS_MAX], names: &'static [&'static str], count: usize, taken: &[&str], mut each: impl FnMut(&'a str, &'a str)) {
    for (at, value) in words.iter().take(count).enumerate().filter(|(_, v)| !matches!(**v, "-" | "")) {
        let name = names.get(at).copied().unwrap_or("extra");
        if !taken.contains(&name) {
            each(name, value);
        }
    }
}

/// A connection.
fn tcp(
    words: &[&str; WORDS_MAX],
    names: &'static [&'static str],
    count: usize,
    lossy: bool,
    record: Record<'_>,
    message: &mut String,
    out: &mut dyn Sink,
) -> Result<(), Reject> {
    let get = |name: &str| names.iter().position(|n| *n == name).filter(|at| *at < count).and_then(|at| words.get(at)).copied().unwrap_or_default();
    let fault = || Reject::Bad { field: "time", expected: "a time", found: Reject::found(get("time")) };
    // Network load balancers write UTC without saying so.
    let (time, zone) = Time::parse(get("time"))
        .map(|t| (t, None))
        .or_else(|| Some((Time::parse(&format!("{}Z", get("time")))?, Some(Mark::ZoneAssumed))))
        .ok_or_else(fault)?;
    out.begin(class::NETWORK_ACTIVITY, 6, time);
    zone.into_iter().chain(lossy.then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
    out.text(attr::METADATA_PRODUCT_NAME, if names.len() == CLASSIC.len() { "Classic Load Balancer" } else { "Network Load Balancer" });
    out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
    out.text(attr::METADATA_ORIGINAL_TIME, get("time"));
    for (end, ip, name, port) in [("client", attr::SRC_IP, attr::SRC_HOSTNAME, attr::SRC_PORT), ("target", attr::DST_IP, attr::DST_HOSTNAME, attr::DST_PORT)] {
        let (address, number) = split_port(get(end));
        net::endpoint(out, address, ip, name);
        net::port(out, number.unwrap_or_default(), port);
    }
    for (name, attr) in [("sent_bytes", attr::TRAFFIC_BYTES_OUT), ("received_bytes", attr::TRAFFIC_BYTES_IN)] {
        if let Ok(bytes) = get(name).parse() {
            out.int(attr, bytes);
        }
    }
    let failed = !matches!(get("incoming_tls_alert"), "" | "-");
    net::outcome(out, !failed);
    let protocol = get("ssl_protocol");
    if !matches!(protocol, "" | "-") {
        out.text(attr::TLS_VERSION, protocol);
        out.text(attr::TLS_CIPHER, get("ssl_cipher"));
        let sni = get("domain_name");
        if sni != "-" {
            out.text(attr::TLS_SNI, sni);
            http::domain(out, sni);
        }
    }
    if let (Ok(ms), true) = (get("connection_time").parse(), names.len() == NETWORK.len()) {
        out.int(attr::DURATION, ms);
    }
    place(words, out);
    const TAKEN: [&str; 6] = ["time", "client", "target", "sent_bytes", "received_bytes", "connection_time"];
    rest(words, names, count, &TAKEN, |name, value| out.other(name, value));
    message.clear();
    let _ = write!(message, "{} -> {}", get("client"), get("target"));
    out.text(attr::MESSAGE, message);
    out.record(record.seq, record.bytes);
    out.end();
    Ok(())
}
