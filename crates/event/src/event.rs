//! The owned event: its columns, its OCSF object, its original records. For samples, trace and the in-memory evaluator.

use serde_json::{Map, Value, json};

use crate::{Attr, Class, Column, Fields, Mark, Shape, Sink, Time, ocsf, sink::Origin};

/// A value in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Of a `Word` or `Text` column.
    Text(String),
    /// Of an `Int` or `Time` column.
    Int(i64),
}

/// An event of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    cells: Vec<Option<Cell>>,
    /// Numbers of its records in the source, in order.
    pub records: Vec<u64>,
    /// Their exact bytes, in the same order.
    pub raw: Vec<Vec<u8>>,
    /// The OCSF object; empty for an event that was read back from the lake and not parsed again.
    pub object: Map<String, Value>,
}

impl Event {
    /// An event without anything.
    pub fn empty() -> Event {
        Event { cells: vec![None; Column::COUNT], records: Vec::new(), raw: Vec::new(), object: Map::new() }
    }

    /// Sets a column. A cell of the wrong shape for the column is ignored; an empty text clears.
    pub fn set(&mut self, column: Column, cell: Cell) {
        let fits = matches!((&cell, column.shape()), (Cell::Text(_), Shape::Word | Shape::Text) | (Cell::Int(_), Shape::Int | Shape::Time));
        let empty = matches!(&cell, Cell::Text(t) if t.is_empty());
        if let (true, Some(slot)) = (fits, self.cells.get_mut(column as usize)) {
            *slot = (!empty).then_some(cell);
        }
    }

    /// The OCSF event as one line of JSON.
    pub fn to_json_line(&self) -> String {
        Value::Object(self.object.clone()).to_string()
    }
}

impl Fields for Event {
    fn text(&self, column: Column) -> Option<&str> {
        match self.cells.get(column as usize) {
            Some(Some(Cell::Text(t))) => Some(t),
            _ => None,
        }
    }
    fn int(&self, column: Column) -> Option<i64> {
        match self.cells.get(column as usize) {
            Some(Some(Cell::Int(n))) => Some(*n),
            _ => None,
        }
    }
    fn any_original(&self, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        self.raw.iter().any(|bytes| test(bytes))
    }
}

/// Makes owned events with their OCSF object.
#[derive(Debug)]
pub struct EventSink {
    origin: Origin,
    now: Option<(Event, Class, u8, Vec<Mark>)>,
    /// The events made so far.
    pub events: Vec<Event>,
}

impl EventSink {
    /// A sink for the records of one origin.
    pub fn new(origin: Origin) -> EventSink {
        EventSink { origin, now: None, events: Vec::new() }
    }

    fn put(&mut self, attr: Attr, value: Value) {
        let Some((event, ..)) = &mut self.now else { return };
        put_path(&mut event.object, attr.path, value);
    }

    fn put_other(&mut self, name: &str, value: Value) {
        let Some((event, ..)) = &mut self.now else { return };
        let unmapped = event.object.entry("unmapped").or_insert_with(|| json!({}));
        let Value::Object(map) = unmapped else { return };
        match map.get_mut(name) {
            None => drop(map.insert(name.to_owned(), value)),
            Some(Value::Array(list)) if list.first().is_some_and(|f| f.is_string() == value.is_string()) => list.push(value),
            Some(old) => *old = json!([old.take(), value]),
        }
    }
}

fn put_path(map: &mut Map<String, Value>, path: &str, value: Value) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
    match (head.strip_suffix("[]"), rest) {
        (None, None) => drop(map.insert(head.to_owned(), value)),
        (None, Some(rest)) => {
            if let Value::Object(inner) = map.entry(head).or_insert_with(|| json!({})) {
                put_path(inner, rest, value);
            }
        }
        (Some(name), None) => {
            if let Value::Array(list) = map.entry(name).or_insert_with(|| json!([])) {
                list.push(value);
            }
        }
        (Some(name), Some(rest)) => {
            let Value::Array(list) = map.entry(name).or_insert_with(|| json!([])) else { return };
            if list.is_empty() {
                list.push(json!({}));
            }
            if let Some(Value::Object(inner)) = list.last_mut() {
                put_path(inner, rest, value);
            }
        }
    }
}

impl Sink for EventSink {
    fn begin(&mut self, class: Class, activity: u8, time: Time) {
        let mut event = Event::empty();
        let (filed, mark) = filed_time(time, self.origin.received);
        let o = &self.origin;
        for (column, text) in [(Column::Source, o.source.as_str()), (Column::Format, &o.format), (Column::Facet, o.facet.name())] {
            event.set(column, Cell::Text(text.to_owned()));
        }
        if let Some(host) = &o.host {
            event.set(Column::Host, Cell::Text(host.clone()));
        }
        event.set(Column::Time, Cell::Int(filed.0));
        event.set(Column::Received, Cell::Int(o.received.0));
        event.set(Column::ClassUid, Cell::Int(class.uid.into()));
        event.set(Column::ActivityId, Cell::Int(activity.into()));
        event.set(Column::SeverityId, Cell::Int(1));
        let head = json!({
            "class_uid": class.uid, "class_name": class.name, "category_uid": class.category, "activity_id": activity,
            "activity_name": class.activity(activity), "type_uid": u64::from(class.uid) * 100 + u64::from(activity),
            "time": filed.millis(), "severity_id": 1, "metadata": { "version": ocsf::VERSION },
        });
        if let Value::Object(head) = head {
            event.object = head;
        }
        self.now = Some((event, class, activity, mark.into_iter().collect()));
    }

    fn text(&mut self, attr: Attr, value: &str) {
        if value.is_empty() {
            return;
        }
        self.put(attr, Value::String(value.to_owned()));
        if let Some(c) = attr.column {
            self.key(c, value);
        }
    }

    fn int(&mut self, attr: Attr, value: i64) {
        self.put(attr, value.into());
        if let Some(c) = attr.column {
            self.key_int(c, value);
        }
    }

    fn flag(&mut self, attr: Attr, value: bool) {
        self.put(attr, value.into());
    }

    fn item(&mut self, list: Attr) {
        let Some((event, ..)) = &mut self.now else { return };
        let mut at = &mut event.object;
        let mut keys = list.path.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                if let Value::Array(list) = at.entry(key).or_insert_with(|| json!([])) {
                    list.push(json!({}));
                }
                return;
            }
            let Value::Object(inner) = at.entry(key).or_insert_with(|| json!({})) else { return };
            at = inner;
        }
    }

    fn key(&mut self, column: Column, value: &str) {
        if let Some((event, ..)) = &mut self.now {
            event.set(column, Cell::Text(value.to_owned()));
        }
    }

    fn key_int(&mut self, column: Column, value: i64) {
        if let Some((event, ..)) = &mut self.now {
            event.set(column, Cell::Int(value));
        }
    }

    fn other(&mut self, name: &str, value: &str) {
        self.put_other(name, Value::String(value.to_owned()));
    }

    fn other_json(&mut self, name: &str, json: &str) {
        // Numbers beyond 64 bits would lose digits in a `Value`; a value that has one is kept as its text.
        let exact = serde_json::from_str::<Value>(json).ok().filter(|_| numbers_survive(json));
        self.put_other(name, exact.unwrap_or_else(|| Value::String(json.to_owned())));
    }

    fn mark(&mut self, mark: Mark) {
        if let Some((_, _, _, marks)) = &mut self.now
            && !marks.contains(&mark)
        {
            marks.push(mark);
        }
    }

    fn record(&mut self, seq: u64, bytes: &[u8]) {
        if let Some((event, ..)) = &mut self.now {
            event.records.push(seq);
            event.raw.push(bytes.to_owned());
        }
    }

    fn end(&mut self) {
        let Some((mut event, _, _, marks)) = self.now.take() else { return };
        if let Some(&first) = event.records.first() {
            event.set(Column::Seq, Cell::Int(first as i64));
        }
        if !marks.is_empty() {
            event.set(Column::Marks, Cell::Text(join_marks(&marks)));
            for m in &marks {
                put_path(&mut event.object, "metadata.labels[]", m.name().into());
            }
        }
        self.events.push(event);
    }

    fn abandon(&mut self) {
        self.now = None;
    }

    fn wants_object(&self) -> bool {
        true
    }
}

/// Whether every number in a JSON text is written back as it was read.
fn numbers_survive(json: &str) -> bool {
    let mut outside = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        match (in_string, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, false, '"') => in_string = !in_string,
            (true, ..) => {}
            (false, ..) => outside.push(c),
        }
    }
    let tokens = outside.split(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)));
    tokens.filter(|t| t.contains(|c: char| c.is_ascii_digit())).all(|t| serde_json::from_str::<Value>(t).ok().map(|v| v.to_string()).as_deref() == Some(t))
}

/// The time that an event is filed under, and the mark that tells why it is not the log's own.
pub(crate) fn filed_time(time: Time, received: Time) -> (Time, Option<Mark>) {
    const FUTURE: i64 = 300 * crate::time::SECOND;
    if !time.plausible() {
        (received, Some(Mark::TimeImplausible))
    } else if time > received.plus(FUTURE) {
        (time, Some(Mark::TimeFuture))
    } else {
        (time, None)
    }
}

pub(crate) fn join_marks(marks: &[Mark]) -> String {
    let mut sorted: Vec<&str> = marks.iter().map(|m| m.name()).collect();
    sorted.sort_unstable();
    sorted.join(",")
}
