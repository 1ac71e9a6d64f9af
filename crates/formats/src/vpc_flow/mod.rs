//! AWS VPC flow logs, versions 2 to 8, and transit gateway flow logs, as text: with a line of field names in whatever order,
//! or without one in the default order of version 2, as CloudWatch Logs has them.
//!
//! Owns: which field is what, and what NODATA and SKIPDATA mean. Never reads Parquet.
//! Source: Amazon VPC user guide, "Flow log records"; docs.aws.amazon.com.

mod fields;
mod flow;

use event::{Facet, Sink, Time};

use crate::{Format, Framing, Heading, Parser, Record, Reject};
use fields::Layout;
use flow::Flow;

/// VPC flow logs.
pub struct VpcFlow;

impl Format for VpcFlow {
    fn name(&self) -> &'static str {
        "vpc_flow"
    }
    fn title(&self) -> &'static str {
        "AWS VPC flow logs"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::HeadedLines(Heading::Names(&["srcaddr", "interface-id", "pkt-srcaddr"]))
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let line = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).find(|l| !l.is_empty()).unwrap_or_default();
        match std::str::from_utf8(line) {
            Ok(text) if Layout::read(text).is_some() => 95,
            Ok(text) if is_default(text) => 90,
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Flows { layout: None, message: String::new() })
    }
}

/// Whether a line is a flow in the default order of version 2, CloudWatch's time before it or not.
fn is_default(line: &str) -> bool {
    let words: Vec<&str> = without_time(line).split_ascii_whitespace().take(15).collect();
    let [version, account, interface, .., action, status] = words[..] else { return false };
    words.len() == 14
        && matches!(version, "2" | "3" | "4" | "5" | "6" | "7" | "8")
        && (account == "unknown" || account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
        && interface.starts_with("eni-")
        && matches!(action, "ACCEPT" | "REJECT" | "-")
        && matches!(status, "OK" | "NODATA" | "SKIPDATA")
}

/// A line that was exported from CloudWatch Logs begins with the time at which it was written.
fn without_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if time.len() >= 20 && Time::parse(time).is_some() => rest,
        _ => line,
    }
}

/// The parser of a stream: a line is an event; the line of names says what its words are.
struct Flows {
    /// `None` before a line of names.
    layout: Option<Layout>,
    message: String,
}

impl Parser for Flows {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = std::str::from_utf8(record.bytes.trim_ascii()).map_err(|_| Reject::Shape { expected: "a flow record in ASCII" })?;
        let line = without_time(text);
        let fields = match &self.layout {
            Some(layout) => &layout.fields,
            None => fields::DEFAULT,
        };
        let flow = Flow::read(line, fields)?;
        flow.write(record, self.layout.as_ref(), &mut self.message, out)
    }

    fn heading(&mut self, bytes: &[u8]) {
        if let Some(layout) = std::str::from_utf8(bytes).ok().and_then(Layout::read) {
            self.layout = Some(layout);
        }
    }
}
