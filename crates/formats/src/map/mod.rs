//! JSON records read by a table: path to attribute, the rest to `unmapped`.
//!
//! Owns: one pass over a record that finds what a format's table names, wherever it is nested, and remembers where everything
//! else lies. Borrows from the record and allocates nothing for it. Never knows a format. A path goes through objects; arrays are for the
//! format's own code (`Doc::each`). Objects that no path goes into are not entered, so nesting costs no stack.
//!
//! What is not in the table, or is there and of another type than the table says (a text that became an object), goes to
//! `unmapped` under its path, numbers with their exact digits. Of several rows for one attribute the first that is there fills it. A key that appears twice in an object that a path goes through is marked; the last one counts.
//!
//! # A whole format
//!
//! ```
//! use event::{Column, Facet, Sink, attr, class};
//! use formats::{Format, Framing, Parser, Reject, map::{self, Doc}};
//!
//! formats::table! { FIELDS;
//!     TIME    "when"              => Hold;                    // named: the code below uses it
//!     WHAT    "action.name"       => Text(API_OPERATION);
//!             "action.version"    => Text(API_VERSION);       // a number is taken as its digits
//!     WHO     "by.mail"           => Hold;
//!             "by.id"             => Text(ACTOR_USER_UID);
//!     IP      "from"              => Ip(SRC_IP);              // what is no address stays in `unmapped`
//!             "client"            => Text(HTTP_USER_AGENT);
//!             "tenant"            => Text(CLOUD_ACCOUNT_UID);
//!     ERROR   "error.code"        => Text(STATUS_CODE);
//!             "error.text"        => Text(STATUS_DETAIL);
//!             r"labels.app\.name" => Text(ACTOR_APP_NAME);    // a point that is part of a key
//! }
//!
//! /// Example's audit log. Source: example.com/docs/audit.
//! pub struct Example;
//!
//! impl Format for Example {
//!     fn name(&self) -> &'static str { "example" }
//!     fn title(&self) -> &'static str { "Example audit log" }
//!     fn facet(&self) -> Facet { Facet::Cloud }
//!     fn framing(&self) -> Framing { Framing::JsonRecords { id: Some("id") } }
//!     fn sniff(&self, head: &[u8], _: &str) -> u8 {
//!         if map::keys(head, &["when", "action", "by", "tenant"]) == 4 { 90 } else { 0 }
//!     }
//!     fn parser(&self) -> Box<dyn Parser> { map::parser(FIELDS, event) }
//! }
//!
//! fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
//!     let (who, what) = (doc.lower(WHO), doc.text(WHAT));
//!     let (class, activity) = match &*what {
//!         "login" => (class::AUTHENTICATION, 1),
//!         w if w.starts_with("create") => (class::API_ACTIVITY, 1),
//!         _ => (class::API_ACTIVITY, 99),
//!     };
//!     doc.begin(class, activity, doc.time(TIME)?, out);       // time, marks, record, and every row of the table
//!     out.text(attr::METADATA_PRODUCT_NAME, "Example");
//!     map::user(if class.uid == 3002 { map::Role::Subject } else { map::Role::Actor }, &who, out);
//!     map::outcome(!doc.has(ERROR), out);
//!     message.extend([&*who, " did ", &*what]);
//!     doc.end(message, out);                                  // message, `unmapped`
//!     Ok(())
//! }
//!
//! let line = br#"{"when":"2026-03-01T10:00:00Z","action":{"name":"login"},"by":{"mail":"A@b.c","x":1},"tenant":7}"#;
//! let context = formats::Context { source: "x".into(), received: event::Time::parse("2026-03-02T00:00:00Z").unwrap(), host: None };
//! let read = formats::read_as(&Example, line, &context);
//! use event::Fields;
//! assert_eq!(read.events[0].text(Column::User), Some("a@b.c"));
//! assert_eq!(read.events[0].text(Column::Account), Some("7"));
//! assert_eq!(read.events[0].object["unmapped"]["by.x"], 1);
//! ```

pub mod act;
mod doc;
mod say;
mod scan;
mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use event::Sink;

use crate::{Parser, Record, Reject};

pub use act::{Act, Who};
pub use doc::{Carrier, Doc, Held, plain};
pub use say::{Role, addresses, host, outcome, user};
pub use scan::Reader;
pub use table::{Map, Row, Slot, To, slot};

/// What a format does with a record: begin an event, say what the table cannot, end it. `message` is empty and kept from record to record.
pub type Say = fn(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject>;

/// A parser for records that are JSON objects, each an event (or several, or none) of its own.
pub fn parser(rows: &'static [Row], say: Say) -> Box<dyn Parser> {
    parser_by(Map::new(rows), say)
}

/// The same by a map that is made in another way (`Map::loose`).
pub fn parser_by(map: Map, say: Say) -> Box<dyn Parser> {
    Box::new(ByTable { reader: Reader::new(map), message: String::new(), say, inner: None })
}

/// The same for a log that has carriers: where a record has this row, an object or the text of one, that is the record proper,
/// and the rest of the carrier goes to `unmapped`.
pub fn carried_parser(map: Map, inner: Slot, say: Say) -> Box<dyn Parser> {
    Box::new(ByTable { reader: Reader::new(map), message: String::new(), say, inner: Some(inner) })
}

struct ByTable {
    reader: Reader,
    message: String,
    say: Say,
    inner: Option<Slot>,
}

impl Parser for ByTable {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = text_of(record.bytes);
        let utf8 = matches!(text, Cow::Borrowed(_));
        self.message.clear();
        let doc = self.reader.read(&text, record, utf8)?;
        let carried = self.inner.and_then(|slot| doc.raw(slot)).map(plain).filter(|inner| inner.trim_start().starts_with('{')).map(Cow::into_owned);
        match carried {
            None => (self.say)(&doc, &mut self.message, out),
            Some(inner) => {
                let carrier = doc.carrier(out.wants_object());
                let doc = self.reader.read(&inner, record, utf8)?;
                (self.say)(&doc.carried_by(&carrier), &mut self.message, out)
            }
        }
    }
}

/// The object in a record's bytes, without the white space and the comma that separate it from the next. Bytes that are not UTF-8
/// are shown as U+FFFD; the text is then an owned one.
pub fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.trim_ascii();
    let bytes = bytes.strip_suffix(b",").map_or(bytes, <[u8]>::trim_ascii_end);
    // The plain check is several times faster than the lossy one, and nearly always enough.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// How many of these keys the first bytes of a stream of JSON have, at whatever depth; none if the stream does not begin with an object, or an array of them.
pub fn keys(head: &[u8], keys: &[&str]) -> usize {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let object = |text: &[u8]| text.strip_prefix(b"{").is_some_and(|inside| matches!(inside.trim_ascii_start().first(), Some(b'"' | b'}')));
    if !object(text) && !text.strip_prefix(b"[").is_some_and(|list| object(list.trim_ascii_start())) {
        return 0;
    }
    keys.iter().filter(|key| has_key(text, key)).count()
}

fn has_key(text: &[u8], key: &str) -> bool {
    let after = |at: usize| text.get(at + key.len()..).unwrap_or_default();
    memchr::memmem::find_iter(text, key.as_bytes()).any(|at| {
        let quoted = at.checked_sub(1).and_then(|b| text.get(b)) == Some(&b'"');
        quoted && after(at).strip_prefix(b"\"").is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b':'))
    })
}
