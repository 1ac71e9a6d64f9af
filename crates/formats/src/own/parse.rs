//! Records of a team's own format to events. The parts of a pattern are read like the members of a JSON object.

use std::{borrow::Cow, sync::Arc};

use event::{Column, Mark, Sink, attr, entity::canonical_ip};

use super::{Saying, Shape, Spec, Target, places};
use crate::{
    Parser, Record, Reject,
    map::{self, Doc, Map, Reader, Slot, To},
    pairs::Object,
    time::{self, Stamp},
};

/// The parser of a stream.
pub(super) struct Records {
    spec: Arc<Spec>,
    reader: Reader,
    object: Object,
    paths: Vec<String>,
}

impl Records {
    pub(super) fn new(spec: Arc<Spec>) -> Records {
        let paths: Vec<String> = spec.paths().into_iter().map(str::to_owned).collect();
        let reader = Reader::new(Map::of(paths.iter().map(|p| (Cow::Owned(p.clone()), To::Hold))));
        Records { spec, reader, object: Object::default(), paths }
    }
}

impl Parser for Records {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let utf8 = matches!(text, Cow::Borrowed(_));
        let json = match &self.spec.shape {
            Shape::Json(_) => &*text,
            Shape::Patterns(patterns, _) => {
                let found = patterns.iter().find_map(|p| Some((p, p.captures(&text)?)));
                let (pattern, captures) = found.ok_or(Reject::Shape { expected: "a line that one of the patterns fits" })?;
                self.object.clear();
                for name in pattern.capture_names().flatten() {
                    if let Some(part) = captures.name(name) {
                        self.object.push(name, part.as_str());
                    }
                }
                self.object.json()
            }
        };
        let doc = self.reader.read(json, record, utf8)?;
        let say = Say { spec: &self.spec, doc: &doc, paths: &self.paths };
        say.event(&text, out)
    }
}

struct Say<'a> {
    spec: &'a Spec,
    doc: &'a Doc<'a>,
    paths: &'a [String],
}

impl Say<'_> {
    fn slot(&self, path: &str) -> Slot {
        Slot(self.paths.iter().position(|p| p == path).unwrap_or(usize::MAX))
    }

    fn event(&self, line: &str, out: &mut dyn Sink) -> Result<(), Reject> {
        let when = self.when()?;
        let says = self.says();
        self.doc.begin(says.class, says.activity, when, out);
        out.int(attr::SEVERITY_ID, says.severity.into());
        out.text(attr::METADATA_PRODUCT_NAME, &self.spec.title);
        let operation = says.operation.as_deref().unwrap_or_default();
        places::required(says.class, &self.spec.title, operation, out);
        if !operation.is_empty() {
            out.key(Column::Operation, operation);
            out.text(attr::METADATA_EVENT_CODE, operation);
        }
        let mut message = None;
        for field in &self.spec.fields {
            let slot = self.slot(&field.path);
            if self.doc.has(slot) && field.to.iter().filter(|to| self.put(**to, says.class, slot, &mut message, out)).count() == 0 {
                self.doc.keep(slot, out);
            }
        }
        self.outcome(out);
        let pattern = matches!(self.spec.shape, Shape::Patterns(..));
        let message = message.unwrap_or_else(|| if pattern { line.trim_end().to_owned() } else { String::new() });
        self.doc.end(&message, out);
        Ok(())
    }

    fn when(&self) -> Result<Stamp, Reject> {
        let received = self.doc.record.received;
        let Some(field) = &self.spec.time.field else { return Ok(Stamp::exact(received)) };
        let said = self.doc.text(self.slot(field));
        if said.is_empty() {
            return Err(Reject::NoTime { field: "time" });
        }
        let Some(format) = &self.spec.time.format else { return Ok(time::of(&said, received)) };
        let bad = |_| Reject::Bad { field: "time", expected: "of the format that the file names", found: Reject::found(&said) };
        let broken = jiff::fmt::strtime::parse(format, &*said).map_err(bad)?;
        if let Ok(at) = broken.to_timestamp() {
            return Ok(Stamp::exact(event::Time(at.as_microsecond())));
        }
        let local = jiff::tz::TimeZone::UTC.to_timestamp(broken.to_datetime().map_err(bad)?).map_err(bad)?;
        Ok(Stamp::marked(event::Time(local.as_microsecond()), Mark::ZoneAssumed))
    }

    fn says(&self) -> &Saying {
        let fits = |c: &&super::Case| {
            let value = self.doc.text(self.slot(&c.field));
            c.is.iter().any(|i| *i == value)
        };
        self.spec.cases.iter().find(fits).map_or(&self.spec.defaults, |c| &c.says)
    }

    /// Puts a part where it goes; false if it is not in the event's object then: it is not what must be there, or the class has no such place.
    fn put(&self, to: Target, class: event::Class, slot: Slot, message: &mut Option<String>, out: &mut dyn Sink) -> bool {
        let text = self.doc.text(slot);
        let (Target::Text(attr) | Target::Int(attr) | Target::Ip(attr)) = to else {
            if let Target::Column(column) = to {
                column_of(column, &text, out);
            } else {
                *message = Some(text.into_owned());
                return true;
            }
            return false;
        };
        let Some(place) = places::place(class, attr) else {
            attr.column.iter().for_each(|c| column_of(*c, &text, out));
            return false;
        };
        match to {
            Target::Int(_) => text.parse().map(|n| out.int(place, n)).is_ok(),
            Target::Ip(_) => canonical_ip(&text).map(|ip| out.text(place, &ip)).is_some(),
            _ => {
                out.text(place, &text);
                true
            }
        }
    }

    fn outcome(&self, out: &mut dyn Sink) {
        let Some(outcome) = &self.spec.outcome else { return };
        let value = self.doc.text(self.slot(&outcome.field));
        let is = |list: &[String]| list.iter().any(|v| *v == value);
        match (is(&outcome.success), is(&outcome.failure)) {
            (true, _) => map::outcome(true, out),
            (_, true) => map::outcome(false, out),
            _ => {}
        }
        if !self.spec.fields.iter().any(|f| f.path == outcome.field) {
            self.doc.keep(self.slot(&outcome.field), out);
        }
    }
}

/// A text in a column, if it is what the column holds.
fn column_of(column: Column, text: &str, out: &mut dyn Sink) {
    match (column.shape(), text.parse()) {
        (event::Shape::Int, Ok(n)) => out.key_int(column, n),
        (event::Shape::Int, Err(_)) => {}
        _ if column.kind() == Some(event::Kind::Ip) => canonical_ip(text).iter().for_each(|ip| out.key(column, ip)),
        _ => out.key(column, text),
    }
}
