//! Records inside records: a line that Docker, a container runtime, syslog or the journal carries is read by the format that it has itself.
//!
//! Owns: which format the carried lines of a stream have, lines that come in parts, and the outer records of events that are
//! still open. An event of a carried line lists the outer records, with their exact bytes. Never knows how an outer record is written.

mod sink;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use event::{Attr, Column, Mark, Sink, Time};

use crate::{Format, Framing, Parser, Record, Within};
use sink::{Held, Onto, Owned};

/// How many formats may lie in one another: Docker around syslog around JSON.
pub(crate) const DEPTH_MAX: u8 = 3;
/// Streams that are told apart; those beyond share one.
const STREAMS_MAX: usize = 4096;
/// Formats that the lines of one stream may have in turn.
const FORMATS_MAX: usize = 4;
/// The longest line that is put together from parts, in bytes; what is longer is closed there, and marked incomplete.
const LINE_BYTES_MAX: usize = 4 << 20;
/// The most parts of a line.
const PARTS_MAX: usize = 4096;
/// Outer records that are kept beyond those of open events before they are looked through.
const SPARE_MAX: usize = 64;
/// The same, in bytes.
const SPARE_BYTES_MAX: usize = 4 << 20;
/// Lines of no known format that are looked at one by one before only some are.
const TRIES: u32 = 64;

/// What the outer record says, for every event of its line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fact<'a> {
    /// An attribute.
    Text(Attr, &'a str),
    /// An attribute that is a number.
    Int(Attr, i64),
    /// A column; the carried line's own host stands before one that is told here.
    Key(Column, &'a str),
    /// What has no attribute.
    Other(&'a str, &'a str),
    /// A mark.
    Mark(Mark),
}

/// A line as an outer record carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// What tells its stream from others in the same log: `stdout`, a program's name.
    pub key: &'a str,
    /// Where it comes from, as a hint for recognition: a program's name.
    pub hint: &'a str,
    /// The line, without the outer record's framing.
    pub text: &'a [u8],
    /// When the outer record was written.
    pub time: Time,
    /// It goes on in the next record of the same stream.
    pub partial: bool,
    /// What the outer record says.
    pub facts: &'a [Fact<'a>],
}

/// Reads carried lines.
pub(crate) struct Carrier {
    within: Within,
    /// Whether a line that no format knows becomes a text event here; else the caller makes its own event of it.
    raw_too: bool,
    streams: BTreeMap<String, Stream>,
}

#[derive(Default)]
struct Stream {
    /// The formats that its lines had, the last one first.
    formats: Vec<Inner>,
    /// Lines in a row that no format knew.
    unknown: u32,
    /// The line that is being put together.
    open: Option<Open>,
    /// Outer records of inner records that are in open events, ascending; those of events closed since they were last looked through are among them.
    held: Vec<Held>,
    /// How many `held` may be before it is looked through again.
    held_max: usize,
    /// Bytes held since it was looked through.
    since: usize,
}

struct Inner {
    format: &'static dyn Format,
    parser: Box<dyn Parser>,
}

/// A line in parts.
struct Open {
    text: Vec<u8>,
    line: Held,
    received: Time,
    host: Option<String>,
    hint: String,
    /// The last part was whole; it waits for lines that continue it.
    whole: bool,
}

impl Carrier {
    /// A carrier that makes text events of lines that no format knows.
    pub(crate) fn new(within: &Within) -> Carrier {
        Carrier { within: Within { depth: within.depth + 1, ..within.clone() }, raw_too: true, streams: BTreeMap::new() }
    }

    /// A carrier that leaves lines that no format knows to the caller.
    pub(crate) fn of_known_lines(within: &Within) -> Carrier {
        Carrier { raw_too: false, ..Carrier::new(within) }
    }

    /// Reads a line. False: no format knows it, nothing was done, and the event is the caller's to make.
    pub(crate) fn line(&mut self, outer: Record<'_>, line: Line<'_>, out: &mut dyn Sink) -> bool {
        let key = if self.streams.len() < STREAMS_MAX || self.streams.contains_key(line.key) { line.key } else { "" };
        if !self.streams.contains_key(key) {
            self.streams.insert(key.to_owned(), Stream::default());
        }
        let raw_too = self.raw_too;
        let Some(stream) = self.streams.get_mut(key) else { return false };
        stream.take(&self.within, raw_too, outer, line, out)
    }

    /// End of input: what is open is closed.
    pub(crate) fn finish(&mut self, out: &mut dyn Sink) {
        for stream in self.streams.values_mut() {
            stream.close(&self.within, out);
            let Stream { formats, held, .. } = stream;
            for inner in formats {
                inner.parser.finish(&mut Onto::new(out, inner.format, None, held));
            }
            held.clear();
        }
    }

    /// Numbers of the outer records that are in open events, ascending.
    pub(crate) fn pending(&self) -> Vec<u64> {
        let mut all = Vec::new();
        for stream in self.streams.values() {
            let pending = stream.pending();
            let held = stream.held.iter().filter(|h| pending.binary_search(&h.seq).is_ok());
            let open = stream.open.iter().map(|o| &o.line);
            all.extend(held.chain(open).flat_map(|h| h.records.iter().map(|(seq, _)| *seq)));
        }
        all.sort_unstable();
        all
    }
}

impl Stream {
    fn take(&mut self, within: &Within, raw_too: bool, outer: Record<'_>, line: Line<'_>, out: &mut dyn Sink) -> bool {
        let continues = line.text.first().is_none_or(|b| matches!(b, b' ' | b'\t'));
        if self.open.as_ref().is_some_and(|o| o.whole && !continues || o.text.len() + line.text.len() > LINE_BYTES_MAX || o.line.records.len() >= PARTS_MAX) {
            self.close(within, out);
        }
        if self.open.is_some() {
            self.add(outer, line);
            if !line.partial && !self.has_long_lines() {
                self.close(within, out);
            }
            return true;
        }
        if self.formats.is_empty() && !line.partial {
            self.recognise(within, line.text, line.hint, out);
        }
        if line.partial || self.has_long_lines() && self.first_accepts(&line) {
            self.open = Some(Open::new(outer, line));
            return true;
        }
        let at = Record { bytes: line.text, received: line.time, ..outer };
        let records = [(outer.seq, outer.bytes)];
        self.give(within, raw_too, at, &records, line.facts, line.hint, out)
    }

    /// Adds a part to the line that is open, and closes it if that was the last.
    fn add(&mut self, outer: Record<'_>, line: Line<'_>) {
        let Some(open) = &mut self.open else { return };
        if open.whole {
            open.text.push(b'\n');
        }
        open.text.extend_from_slice(line.text);
        open.line.records.push((outer.seq, outer.bytes.to_owned()));
        open.whole = !line.partial;
    }

    /// Whether lines of the format that the stream has may go on in lines that begin with a blank.
    fn has_long_lines(&self) -> bool {
        self.formats.first().is_some_and(|i| matches!(i.format.framing(), Framing::Indented))
    }

    fn first_accepts(&self, line: &Line<'_>) -> bool {
        self.formats.first().is_some_and(|i| i.format.sniff(line.text, "") > 0)
    }

    /// Gives the open line to its format.
    fn close(&mut self, within: &Within, out: &mut dyn Sink) {
        let Some(open) = self.open.take() else { return };
        let mut facts: Vec<Fact<'_>> = open.line.facts.iter().map(Owned::fact).collect();
        if !open.whole {
            facts.push(Fact::Mark(Mark::Incomplete));
        }
        let record = Record { seq: open.line.seq, bytes: &open.text, received: open.received, host: open.host.as_deref() };
        let records: Vec<(u64, &[u8])> = open.line.records.iter().map(|(seq, bytes)| (*seq, bytes.as_slice())).collect();
        // A line in parts is one event whatever it says: its records are nobody else's to keep.
        self.give(within, true, record, &records, &facts, &open.hint, out);
    }

    /// Gives a whole line to the formats of the stream, then to one that recognises it, then to text.
    #[allow(clippy::too_many_arguments, reason = "a line, what carried it, and where it goes")]
    fn give(&mut self, within: &Within, raw_too: bool, record: Record<'_>, outer: &[(u64, &[u8])], facts: &[Fact<'_>], hint: &str, out: &mut dyn Sink) -> bool {
        for at in 0..self.formats.len() {
            if self.try_format(at, record, outer, facts, out) {
                if let Some(used) = self.formats.get_mut(..=at) {
                    used.rotate_right(1);
                }
                return true;
            }
        }
        if self.recognise(within, record.bytes, hint, out) && self.try_format(0, record, outer, facts, out) {
            return true;
        }
        self.unknown = self.unknown.saturating_add(1);
        if raw_too {
            let mut onto = Onto::new(out, &crate::text::Text, Some((record.seq, outer, facts)), &self.held);
            if crate::text::Text.parser().record(record, &mut onto).is_err() {
                onto.bytes(record);
            }
        }
        raw_too
    }

    fn try_format(&mut self, at: usize, record: Record<'_>, outer: &[(u64, &[u8])], facts: &[Fact<'_>], out: &mut dyn Sink) -> bool {
        let Some(inner) = self.formats.get_mut(at) else { return false };
        let mut onto = Onto::new(out, inner.format, Some((record.seq, outer, facts)), &self.held);
        if inner.parser.record(record, &mut onto).is_err() {
            onto.abandon();
            return false;
        }
        let given = onto.gave_now();
        self.unknown = 0;
        if !given {
            self.hold(record.seq, outer, facts);
        }
        true
    }

    /// Keeps the outer records of a record that its parser did not give out at once. Now and then, not for every line, those of
    /// which no parser holds anything any more are dropped: thousands may be open.
    fn hold(&mut self, seq: u64, outer: &[(u64, &[u8])], facts: &[Fact<'_>]) {
        self.since += outer.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        self.held.push(Held::new(seq, outer, facts));
        if self.held.len() > self.held_max.max(SPARE_MAX) || self.since > SPARE_BYTES_MAX {
            let pending = self.pending();
            self.held.retain(|h| pending.binary_search(&h.seq).is_ok());
            self.held_max = 2 * self.held.len();
            self.since = 0;
        }
    }

    /// Numbers of the inner records that the parsers hold back, ascending.
    fn pending(&self) -> Vec<u64> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<u64> = self.formats.iter().flat_map(|i| i.parser.pending()).collect();
        all.sort_unstable();
        all
    }

    /// Looks which format a line has that the stream's formats do not know. True: it is the first of the stream's now.
    fn recognise(&mut self, within: &Within, text: &[u8], hint: &str, out: &mut dyn Sink) -> bool {
        if within.depth >= DEPTH_MAX || (self.unknown >= TRIES && !self.unknown.is_multiple_of(TRIES)) {
            return false;
        }
        let format = within.catalogue.recognise(text, hint);
        if format.name() == "text" || self.formats.iter().any(|i| i.format.name() == format.name()) {
            return false;
        }
        while self.formats.len() >= FORMATS_MAX
            && let Some(mut last) = self.formats.pop()
        {
            last.parser.finish(&mut Onto::new(out, last.format, None, &self.held));
        }
        self.formats.insert(0, Inner { format, parser: format.parser_in(within) });
        true
    }
}

impl Open {
    fn new(outer: Record<'_>, line: Line<'_>) -> Open {
        Open {
            text: line.text.to_owned(),
            line: Held::new(outer.seq, &[(outer.seq, outer.bytes)], line.facts),
            received: line.time,
            host: outer.host.map(str::to_owned),
            hint: line.hint.to_owned(),
            whole: !line.partial,
        }
    }
}
