//! The sink that a carried line's parser writes to: it puts the outer records in the place of the inner ones, and adds what the outer record says.

use event::{Attr, Class, Column, Mark, Sink, Time, attr, class};

use super::Fact;
use crate::{Format, Record};

/// Outer records of an inner record that waits.
pub(super) struct Held {
    /// Number of the inner record: that of its first outer record.
    pub(super) seq: u64,
    pub(super) records: Vec<(u64, Vec<u8>)>,
    pub(super) facts: Vec<Owned>,
}

impl Held {
    pub(super) fn new(seq: u64, outer: &[(u64, &[u8])], facts: &[Fact<'_>]) -> Held {
        Held { seq, records: outer.iter().map(|(seq, bytes)| (*seq, (*bytes).to_owned())).collect(), facts: facts.iter().map(Owned::of).collect() }
    }
}

/// A fact that outlives its record.
pub(super) enum Owned {
    Text(Attr, String),
    Int(Attr, i64),
    Key(Column, String),
    Other(String, String),
    Mark(Mark),
}

impl Owned {
    fn of(fact: &Fact<'_>) -> Owned {
        match *fact {
            Fact::Text(attr, text) => Owned::Text(attr, text.to_owned()),
            Fact::Int(attr, n) => Owned::Int(attr, n),
            Fact::Key(column, text) => Owned::Key(column, text.to_owned()),
            Fact::Other(name, text) => Owned::Other(name.to_owned(), text.to_owned()),
            Fact::Mark(mark) => Owned::Mark(mark),
        }
    }

    pub(super) fn fact(&self) -> Fact<'_> {
        match self {
            Owned::Text(attr, text) => Fact::Text(*attr, text),
            Owned::Int(attr, n) => Fact::Int(*attr, *n),
            Owned::Key(column, text) => Fact::Key(*column, text),
            Owned::Other(name, text) => Fact::Other(name, text),
            Owned::Mark(mark) => Fact::Mark(*mark),
        }
    }
}

/// The inner record at hand: its number, its outer records, what they say.
type Now<'a> = (u64, &'a [(u64, &'a [u8])], &'a [Fact<'a>]);

/// Writes to another sink.
pub(super) struct Onto<'a> {
    out: &'a mut dyn Sink,
    format: &'static dyn Format,
    now: Option<Now<'a>>,
    held: &'a [Held],
    /// The event has a host of its own.
    host: bool,
    /// The event has what its first outer record says.
    told: bool,
    /// The record at hand is in an event.
    gave: bool,
}

impl<'a> Onto<'a> {
    pub(super) fn new(out: &'a mut dyn Sink, format: &'static dyn Format, now: Option<Now<'a>>, held: &'a [Held]) -> Onto<'a> {
        Onto { out, format, now, held, host: false, told: false, gave: false }
    }

    /// Whether the record at hand is in an event that was given out, so that its parser does not hold it back.
    pub(super) fn gave_now(&self) -> bool {
        self.gave
    }

    /// An event of bytes that are no text at all.
    pub(super) fn bytes(&mut self, record: Record<'_>) {
        self.begin(class::BASE_EVENT, 0, record.received);
        self.text(attr::METADATA_PRODUCT_NAME, "text");
        self.mark(Mark::NotUtf8);
        self.text(attr::MESSAGE, &String::from_utf8_lossy(record.bytes));
        self.record(record.seq, record.bytes);
        self.end();
    }

    fn tell(&mut self, fact: Fact<'_>) {
        match fact {
            Fact::Text(attr, text) => self.out.text(attr, text),
            Fact::Int(attr, n) => self.out.int(attr, n),
            Fact::Key(Column::Host, _) if self.host => {}
            Fact::Key(column, text) => self.out.key(column, text),
            Fact::Other(name, text) => self.out.other(name, text),
            Fact::Mark(mark) => self.out.mark(mark),
        }
    }
}

impl Sink for Onto<'_> {
    fn begin(&mut self, class: Class, activity: u8, time: Time) {
        (self.host, self.told) = (false, false);
        self.out.begin(class, activity, time);
        self.out.key(Column::Facet, self.format.facet().name());
    }
    fn text(&mut self, attr: Attr, value: &str) {
        self.host |= attr.column == Some(Column::Host) && !value.is_empty();
        self.out.text(attr, value);
    }
    fn int(&mut self, attr: Attr, value: i64) {
        self.out.int(attr, value);
    }
    fn flag(&mut self, attr: Attr, value: bool) {
        self.out.flag(attr, value);
    }
    fn item(&mut self, list: Attr) {
        self.out.item(list);
    }
    fn key(&mut self, column: Column, value: &str) {
        self.host |= column == Column::Host && !value.is_empty();
        self.out.key(column, value);
    }
    fn key_int(&mut self, column: Column, value: i64) {
        self.out.key_int(column, value);
    }
    fn other(&mut self, name: &str, value: &str) {
        self.out.other(name, value);
    }
    fn other_json(&mut self, name: &str, json: &str) {
        self.out.other_json(name, json);
    }
    fn mark(&mut self, mark: Mark) {
        self.out.mark(mark);
    }

    fn record(&mut self, seq: u64, bytes: &[u8]) {
        let first = !std::mem::replace(&mut self.told, true);
        if let Some((now, outer, facts)) = self.now
            && now == seq
        {
            self.gave = true;
            if first {
                facts.iter().for_each(|f| self.tell(*f));
                self.out.other("carried", self.format.name());
            }
            outer.iter().for_each(|(seq, bytes)| self.out.record(*seq, bytes));
            return;
        }
        let held = self.held;
        match held.binary_search_by_key(&seq, |h| h.seq).ok().and_then(|at| held.get(at)) {
            Some(held) => {
                if first {
                    held.facts.iter().for_each(|f| self.tell(f.fact()));
                    self.out.other("carried", self.format.name());
                }
                held.records.iter().for_each(|(seq, bytes)| self.out.record(*seq, bytes));
            }
            // A parser that gives out a record which it did not call pending; its inner bytes are what is left.
            None => self.out.record(seq, bytes),
        }
    }

    fn end(&mut self) {
        self.out.end();
    }
    fn abandon(&mut self) {
        self.gave = false;
        self.out.abandon();
    }
    fn wants_object(&self) -> bool {
        self.out.wants_object()
    }
}
