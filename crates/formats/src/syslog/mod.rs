//! Syslog: RFC 3164, RFC 5424 and ISO-time headers, and the programs whose lines have a meaning to a responder.

use event::{Facet, Sink};

use crate::{Format, Framing, Parser, Record, Reject};

/// Syslog.
pub struct Syslog;

impl Format for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }
    fn title(&self) -> &'static str {
        "syslog"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, _head: &[u8], _file_name: &str) -> u8 {
        0
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines)
    }
}

struct Lines;

impl Parser for Lines {
    fn record(&mut self, _record: Record<'_>, _out: &mut dyn Sink) -> Result<(), Reject> {
        Err(Reject::Shape { expected: "a syslog line" })
    }
}
