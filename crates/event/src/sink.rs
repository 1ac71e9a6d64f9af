//! The one door between parsers and events: parsers say what a record means, and a sink makes columns or an object of it.

use crate::{Attr, Class, Column, Mark, Time};

/// Takes the meaning of records, one event after another. `EventSink` makes owned events with their OCSF object,
/// `Batch` makes Arrow columns; both are fed by the same parser code.
///
/// Order: `begin`, then any of the others, then `end`. Setting a thing twice keeps the last value.
pub trait Sink {
    /// Starts an event of an OCSF class and activity at a time.
    fn begin(&mut self, class: Class, activity: u8, time: Time);
    /// Sets an OCSF attribute to a text (and its column, if it has one).
    fn text(&mut self, attr: Attr, value: &str);
    /// Sets an OCSF attribute to a number (and its column, if it has one).
    fn int(&mut self, attr: Attr, value: i64);
    /// Sets an OCSF attribute to true or false.
    fn flag(&mut self, attr: Attr, value: bool);
    /// Starts the next element of an array of objects; later attributes whose path goes through `NAME[]` go to it.
    fn item(&mut self, list: Attr);
    /// Sets a column that has no OCSF attribute of its own (canonical user, session, gap …).
    fn key(&mut self, column: Column, value: &str);
    /// Sets such a column to a number.
    fn key_int(&mut self, column: Column, value: i64);
    /// Keeps what has no attribute in OCSF, under its own name, in `unmapped`. The value is a text.
    fn other(&mut self, name: &str, value: &str);
    /// The same for a value that is JSON text (object, list, number with its exact digits).
    fn other_json(&mut self, name: &str, json: &str);
    /// Adds a mark.
    fn mark(&mut self, mark: Mark);
    /// Adds a record that this event was made from, in order. The first one gives the event's id.
    fn record(&mut self, seq: u64, bytes: &[u8]);
    /// Ends the event.
    fn end(&mut self);
    /// Drops the event begun, for a parser that finds a fault midway.
    fn abandon(&mut self);
    /// Whether OCSF attributes and `unmapped` are looked at at all, so that costly ones need not be made.
    fn wants_object(&self) -> bool;
}

/// Says what all events of a run of records have in common: set before the parser is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Source name.
    pub source: String,
    /// Format name.
    pub format: String,
    /// Facet.
    pub facet: crate::Facet,
    /// When the records were received.
    pub received: Time,
    /// The host that wrote the log, where the log does not say.
    pub host: Option<String>,
}
