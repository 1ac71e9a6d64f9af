//! Amazon CloudWatch Logs as a carrier: subscription messages (`{"messageType":"DATA_MESSAGE",…,"logEvents":[…]}`) and what `get-log-events`
//! and `filter-log-events` give (`{"events":[…]}`). Each message is read by the format that it has: CloudTrail, VPC flow, Kubernetes audit, any text.
//!
//! Source: Amazon CloudWatch Logs user guide, "Real-time processing of log data with subscriptions"; API reference, `OutputLogEvent`.
//! Owner, group and stream stand in the envelope, which is kept around the records and is no part of them.

use std::borrow::Cow;

use event::{Facet, Mark, Sink};

use crate::{
    Format, Framing, JsonShape, Parser, Record, Reject, Within,
    inner::{Carrier, Fact, Line},
    map::{self, Map, Reader},
    time,
};

/// Amazon CloudWatch Logs.
pub struct CloudwatchLogs;

impl Format for CloudwatchLogs {
    fn name(&self) -> &'static str {
        "cloudwatch_logs"
    }
    fn title(&self) -> &'static str {
        "Amazon CloudWatch Logs"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["logEvents", "events"], ids: &["id", "eventId"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let subscription = map::keys(head, &["messageType", "logGroup", "logStream", "logEvents"]);
        let answer = map::keys(head, &["events", "timestamp", "message", "ingestionTime"]);
        match (subscription, answer) {
            (4, _) => 98,
            (_, 4) => 92,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Messages { reader: Reader::new(Map::new(FIELDS)), carrier: Carrier::new(within) })
    }
}

crate::table! { FIELDS;
    ID       "id"            => Hold;
    EVENT_ID "eventId"       => Hold;
    STREAM   "logStreamName" => Hold;
    TIME     "timestamp"     => Hold;
    INGESTED "ingestionTime" => Hold;
    MESSAGE  "message"       => Hold;
}

struct Messages {
    reader: Reader,
    carrier: Carrier,
}

impl Parser for Messages {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let doc = self.reader.read(&text, record, matches!(text, Cow::Borrowed(_)))?;
        if !doc.has(MESSAGE) {
            return Err(Reject::Missing { field: "message" });
        }
        let (id, stream, message, ingested) = (doc.first(&[ID, EVENT_ID]), doc.first(&[STREAM]), doc.text(MESSAGE), doc.first(&[INGESTED]));
        let said = doc.text(TIME);
        let when = if said.is_empty() { return Err(Reject::NoTime { field: "timestamp" }) } else { time::millis(&said, record.received) };
        let mut facts = vec![Fact::Other("cloudwatch.id", &id), Fact::Other("cloudwatch.timestamp", &said)];
        for (name, value) in [("cloudwatch.logStreamName", &stream), ("cloudwatch.ingestionTime", &ingested)] {
            if !value.is_empty() {
                facts.push(Fact::Other(name, value));
            }
        }
        facts.extend(matches!(text, Cow::Owned(_)).then_some(Fact::Mark(Mark::NotUtf8)));
        facts.extend(doc.is_twice().then_some(Fact::Mark(Mark::DuplicateKey)));
        let message = message.trim_end_matches(['\r', '\n']);
        self.carrier.line(record, Line { key: &stream, hint: "", text: message.as_bytes(), time: when.time, partial: false, facts: &facts }, out);
        Ok(())
    }
    fn finish(&mut self, out: &mut dyn Sink) {
        self.carrier.finish(out);
    }
    fn pending(&self) -> Vec<u64> {
        self.carrier.pending()
    }
}
