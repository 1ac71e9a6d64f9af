//! CEF and LEEF: events of security products, alone or behind a syslog head.
//!
//! Sources: ArcSight's "Common Event Format" (versions 0 and 1) and IBM's "Log Event Extended Format" (1.0 and 2.0).

mod head;
mod say;

use event::{Facet, Sink};

use crate::{
    Format, Framing, Parser, Record, Reject,
    map::{self, Map, Reader},
    pairs::Object,
};

/// Lines looked at to recognise a log.
const SNIFF_LINES: usize = 10;

fn sniff(head: &[u8], is: fn(&str) -> bool) -> u8 {
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
    let (mut all, mut fit) = (0u32, 0u32);
    for line in lines {
        all += 1;
        fit += u32::from(is(&String::from_utf8_lossy(line)));
    }
    if all == 0 || fit * 10 < all * 7 { 0 } else { 93 }
}

/// ArcSight's Common Event Format.
pub struct Cef;

impl Format for Cef {
    fn name(&self) -> &'static str {
        "cef"
    }
    fn title(&self) -> &'static str {
        "CEF (ArcSight Common Event Format)"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        sniff(head, |line| head::cef(line).is_some())
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Events::new(head::cef, say::CEF, say::cef))
    }
}

/// IBM's Log Event Extended Format.
pub struct Leef;

impl Format for Leef {
    fn name(&self) -> &'static str {
        "leef"
    }
    fn title(&self) -> &'static str {
        "LEEF (IBM Log Event Extended Format)"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        sniff(head, |line| head::leef(line).is_some())
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Events::new(head::leef, say::LEEF, say::leef))
    }
}

type ReadHead = for<'a> fn(&'a str) -> Option<head::Head<'a>>;
type SayIt = fn(&head::Head<'_>, &map::Doc<'_>, &mut dyn Sink) -> Result<(), Reject>;

struct Events {
    read: ReadHead,
    say: SayIt,
    reader: Reader,
    object: Object,
}

impl Events {
    fn new(read: ReadHead, table: &'static [map::Row], say: SayIt) -> Events {
        Events { read, say, reader: Reader::new(Map::new(table)), object: Object::default() }
    }
}

impl Parser for Events {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let head = (self.read)(&text).ok_or(Reject::Shape { expected: "a head of five or more fields between bars" })?;
        self.object.clear();
        head.pairs(|key, value| self.object.push(key, value));
        let doc = self.reader.read(self.object.json(), record, matches!(text, std::borrow::Cow::Borrowed(_)))?;
        (self.say)(&head, &doc, out)
    }
}
