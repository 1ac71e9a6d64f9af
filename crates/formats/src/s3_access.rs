//! Amazon S3 server access logs.
//!
//! Owns: the order of their fields, what an operation is, and who asked. Never joins them with CloudTrail's data events.
//! Source: docs.aws.amazon.com, "Amazon S3 server access log format".

use std::fmt::Write as _;

use event::{Column, Facet, Mark, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Record, Reject,
    http::{self, RequestLine},
    net,
    time::clf,
    words::{WORDS_MAX, percent, split},
};

/// S3 server access logs.
pub struct S3Access;

impl Format for S3Access {
    fn name(&self) -> &'static str {
        "s3_access"
    }
    fn title(&self) -> &'static str {
        "Amazon S3 server access logs"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let line = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).find(|l| !l.is_empty()).unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        let mut words = [""; WORDS_MAX];
        let count = split(&text, &mut words);
        if is_one(&words, count) { 92 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { message: String::new() })
    }
}

/// Whether a line is one: a time in its place, and an operation as S3 writes them.
fn is_one(words: &[&str; WORDS_MAX], count: usize) -> bool {
    let [_, _, time, _, _, _, operation, ..] = *words;
    let kinds = ["REST.", "SOAP.", "WEBSITE.", "BATCH.", "S3."];
    count >= 18 && clf::read(time).is_some() && kinds.iter().any(|k| operation.starts_with(k))
}

struct Lines {
    message: String,
}

const NAMES: &[&str] = &[
    "bucket_owner",
    "bucket",
    "time",
    "remote_ip",
    "requester",
    "request_id",
    "operation",
    "key",
    "request_uri",
    "http_status",
    "error_code",
    "bytes_sent",
    "object_size",
    "total_time",
    "turn_around_time",
    "referrer",
    "user_agent",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
];

/// Kept under their names.
const KEPT: [&str; 11] = [
    "object_size",
    "turn_around_time",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
];

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let mut words = [""; WORDS_MAX];
        let count = split(&text, &mut words);
        if !is_one(&words, count) {
            return Err(Reject::Shape { expected: "a line of an S3 access log" });
        }
        let entry = Request { words, count };
        entry.write(record, matches!(text, std::borrow::Cow::Owned(_)), &mut self.message, out)
    }
}

struct Request<'a> {
    words: [&'a str; WORDS_MAX],
    count: usize,
}

impl<'a> Request<'a> {
    fn get(&self, name: &str) -> &'a str {
        let at = NAMES.iter().position(|n| *n == name).filter(|at| *at < self.count);
        at.and_then(|at| self.words.get(at)).copied().filter(|w| *w != "-").unwrap_or_default()
    }

    fn write(&self, record: Record<'_>, lossy: bool, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
        let time_text = self.get("time");
        let (time, mark) = clf::read(time_text).ok_or_else(|| Reject::Bad { field: "time", expected: "a time", found: Reject::found(time_text) })?;
        let operation = self.get("operation");
        out.begin(class::API_ACTIVITY, activity(operation), time);
        mark.into_iter().chain(lossy.then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
        out.text(attr::METADATA_PRODUCT_NAME, "Amazon S3");
        out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
        out.text(attr::METADATA_ORIGINAL_TIME, time_text);
        out.text(attr::CLOUD_PROVIDER, "AWS");
        out.text(attr::API_OPERATION, operation);
        out.text(attr::API_SERVICE_NAME, "s3.amazonaws.com");
        out.text(attr::API_REQUEST_UID, self.get("request_id"));
        self.who(out);
        self.what(out);
        self.answer(out);
        message.clear();
        let _ = write!(message, "{operation} s3://{}/{} -> {}", self.get("bucket"), self.get("key"), self.get("http_status"));
        out.text(attr::MESSAGE, message);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }

    /// The one who asked: nobody, an account's canonical id, a user, a role's session, a service.
    fn who(&self, out: &mut dyn Sink) {
        let requester = self.get("requester");
        match requester {
            "" => out.text(attr::ACTOR_USER_NAME, "anonymous"),
            arn if arn.starts_with("arn:") => {
                out.text(attr::ACTOR_USER_UID, arn);
                out.text(attr::ACTOR_USER_NAME, arn.rsplit('/').next().unwrap_or(arn));
                out.text(attr::ACTOR_USER_ACCOUNT_UID, arn.split(':').nth(4).unwrap_or_default());
                match role(arn) {
                    Some(role) => {
                        out.key(Column::Session, arn);
                        out.key(Column::User, &role);
                    }
                    None => out.key(Column::User, arn),
                }
            }
            id => {
                out.text(attr::ACTOR_USER_UID, id);
                out.key(Column::User, id);
            }
        }
        let address = self.get("remote_ip");
        match canonical_ip(address) {
            Some(ip) => out.text(attr::SRC_IP, &ip),
            // S3's own work (lifecycle, replication) has no address.
            None => out.text(attr::SRC_SVC_NAME, if address.is_empty() { "s3.amazonaws.com" } else { address }),
        }
    }

    fn what(&self, out: &mut dyn Sink) {
        let (bucket, key) = (self.get("bucket"), self.get("key"));
        // Keys are escaped, some of them twice.
        let key = percent(key).unwrap_or(key.into());
        let arn = if key.is_empty() { format!("arn:aws:s3:::{bucket}") } else { format!("arn:aws:s3:::{bucket}/{key}") };
        out.item(attr::RESOURCES);
        out.text(attr::RESOURCES_UID, &arn);
        out.text(attr::RESOURCES_NAME, if key.is_empty() { bucket } else { &key });
        out.text(attr::RESOURCES_TYPE, if key.is_empty() { "AWS::S3::Bucket" } else { "AWS::S3::Object" });
        out.text(attr::RESOURCES_OWNER_ACCOUNT, self.get("bucket_owner"));
        out.key(Column::Resource, &arn);
        let line = RequestLine::read(self.get("request_uri")).unwrap_or_default();
        if let 1..=9 = http::activity(line.method) {
            out.text(attr::HTTP_METHOD, line.method);
        }
        http::target(out, line.target);
        out.text(attr::HTTP_VERSION, line.version.strip_prefix("HTTP/").unwrap_or(line.version));
        out.text(attr::HTTP_USER_AGENT, &http::unescape(self.get("user_agent")).0);
        out.text(attr::HTTP_REFERRER, self.get("referrer"));
        out.text(attr::HTTP_URL_HOSTNAME, self.get("host_header"));
    }

    fn answer(&self, out: &mut dyn Sink) {
        if let Ok(code) = self.get("http_status").parse::<i64>() {
            out.int(attr::HTTP_STATUS, code);
            net::outcome(out, (100..400).contains(&code));
        }
        out.text(attr::API_RESPONSE_ERROR, self.get("error_code"));
        out.text(attr::STATUS_CODE, self.get("error_code"));
        if let Ok(bytes) = self.get("bytes_sent").parse() {
            out.int(attr::HTTP_RESPONSE_BODY_LENGTH, bytes);
            out.key_int(Column::BytesOut, bytes);
        }
        if let Ok(ms) = self.get("total_time").parse() {
            out.int(attr::DURATION, ms);
        }
        for (at, value) in self.words.iter().take(self.count).enumerate().filter(|(_, v)| !matches!(**v, "-" | "")) {
            let name = NAMES.get(at).copied().unwrap_or("extra");
            if KEPT.contains(&name) || at >= NAMES.len() {
                out.other(name, value);
            }
        }
    }
}

/// API Activity's Create, Read, Update or Delete for `REST.METHOD.WHAT`.
fn activity(operation: &str) -> u8 {
    match operation.split('.').nth(1).unwrap_or_default() {
        "GET" | "HEAD" | "OPTIONS" | "SELECT" => 2,
        "PUT" if operation.ends_with(".OBJECT") || operation.ends_with(".BUCKET") || operation.ends_with(".PART") => 1,
        "COPY" | "CREATE" => 1,
        "PUT" | "POST" => 3,
        "DELETE" => 4,
        _ => 99,
    }
}

/// The role of a session: `arn:aws:sts::1:assumed-role/R/S` is of `arn:aws:iam::1:role/R`. A role's path is not in the name of its sessions.
fn role(arn: &str) -> Option<String> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":sts::")?;
    let (account, rest) = rest.split_once(":assumed-role/")?;
    let (role, _) = rest.split_once('/')?;
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}
