//! Logs of a team's own programs in a shape that many libraries share: a JSON object a line, or logfmt.
//!
//! Follows what is common to ECS, pino, bunyan, zap, logrus, zerolog, slog, structlog, Serilog and GELF: a time, a level, a message, and fields. What a
//! field's usual name says goes to attributes, everything else to `unmapped`. Nothing is concluded from the words of a message.

mod logfmt;
mod say;

use event::{Facet, Sink};

use crate::{
    Format, Framing, Parser, Record, Reject,
    map::{self, Map, Reader},
    pairs::Object,
};

/// Lines looked at to recognise a log.
const SNIFF_LINES: usize = 10;

/// A JSON object a line.
pub struct JsonLines;

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "json_lines"
    }
    fn title(&self) -> &'static str {
        "JSON lines of an application"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if !head.trim_ascii_start().starts_with(b"{") {
            return 0;
        }
        let (mut all, mut timed, mut said) = (0, 0, 0);
        let whole = head.split_inclusive(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).take(SNIFF_LINES);
        for line in whole {
            let (mut time, mut word) = (false, false);
            let read = crate::json::members(&String::from_utf8_lossy(line.trim_ascii()), |key, _| {
                time |= say::is_time(key);
                word |= say::is_word(key);
            });
            // The last line may be cut by the end of the head.
            if read.is_err() && (line.ends_with(b"\n") || all == 0) {
                return 0;
            }
            all += 1;
            timed += u32::from(time);
            said += u32::from(word);
        }
        match (all, timed * 10 >= all * 8, said * 10 >= all * 8) {
            (0, ..) => 0,
            (_, true, true) => 40,
            (_, true, false) | (_, false, true) => 20,
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(say::TABLE, say::say)
    }
}

/// Pairs of key and value: `time=2026-03-01T10:00:00Z level=info msg="started"`.
pub struct Logfmt;

impl Format for Logfmt {
    fn name(&self) -> &'static str {
        "logfmt"
    }
    fn title(&self) -> &'static str {
        "logfmt of an application"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            fit += u32::from(logfmt::looks_like(&String::from_utf8_lossy(line)));
        }
        if all == 0 || fit * 10 < all * 7 { 0 } else { 40 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Pairs { reader: Reader::new(Map::new(say::TABLE)), object: Object::default(), message: String::new() })
    }
}

struct Pairs {
    reader: Reader,
    object: Object,
    message: String,
}

impl Parser for Pairs {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        self.object.clear();
        let pairs = logfmt::read(&text, |key, value| self.object.push(key, value));
        if pairs < logfmt::PAIRS_MIN {
            return Err(Reject::Shape { expected: "pairs of key and value" });
        }
        let doc = self.reader.read(self.object.json(), record, matches!(text, std::borrow::Cow::Borrowed(_)))?;
        self.message.clear();
        say::say(&doc, &mut self.message, out)
    }
}
