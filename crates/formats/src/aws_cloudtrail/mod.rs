//! AWS CloudTrail: delivery files, one record a line, EventBridge events and `LookupEvents` results.
//!
//! Source: AWS CloudTrail user guide, "CloudTrail record contents" and "CloudTrail userIdentity element" (docs.aws.amazon.com/awscloudtrail).
//! Digest files are a format of their own (`cloudtrail_digest`), CloudWatch Logs a carrier (`cloudwatch_logs`).

mod actor;
mod fields;
mod kind;
mod message;
mod target;
mod write;

use std::borrow::Cow;

use event::{Facet, Sink};

use crate::{Format, Framing, JsonShape, Parser, Record, Reject, json};

use fields::Fields;

/// AWS CloudTrail.
pub struct AwsCloudtrail;

impl Format for AwsCloudtrail {
    fn name(&self) -> &'static str {
        "aws_cloudtrail"
    }
    fn title(&self) -> &'static str {
        "AWS CloudTrail"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["Records", "Events"], ids: &["eventID", "EventId", "detail.eventID"] })
    }

    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        if !matches!(text.first(), Some(b'{' | b'[')) {
            return 0;
        }
        let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
        let own = ["\"eventSource\"", "\"eventName\"", "\"awsRegion\"", "\"userIdentity\"", "\"eventVersion\""];
        match own.iter().filter(|w| has(w)).count() {
            4.. => 95,
            _ if has("\"CloudTrailEvent\"") => 95,
            _ if has("\"Records\"") && file_name.contains("CloudTrail") => 90,
            3 => 80,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        Box::new(CloudtrailParser::default())
    }
}

/// Each record is an event; only buffers are kept between them.
#[derive(Default)]
struct CloudtrailParser {
    scratch: write::Scratch,
}

impl Parser for CloudtrailParser {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let bytes = trim(record.bytes);
        // The plain check is several times faster than the lossy one, and nearly always enough.
        let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
        let outer = Fields::read(&text)?;
        let utf8 = matches!(text, Cow::Borrowed(_));
        if let Some(inner) = outer.wrapped.filter(|_| outer.event_time.is_none()) {
            let inner = json::text(inner).unwrap_or(Cow::Borrowed(inner));
            let mut fields = Fields::read(&inner)?;
            fields.twice |= outer.twice;
            fields.others.extend(outer.others);
            return write::event(&fields, &record, utf8, &mut self.scratch, out);
        }
        write::event(&outer, &record, utf8, &mut self.scratch, out)
    }
}

/// The object without the white space and the comma that separate it from the next.
fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii();
    bytes.strip_suffix(b",").map_or(bytes, <[u8]>::trim_ascii_end)
}
