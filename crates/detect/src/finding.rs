//! What a rule found, as an OCSF Detection Finding (class 2004, schema 1.8).

use event::{Column, Event, Fields, Shape, class, ocsf};
use serde_json::{Map, Value, json};

use crate::Rule;

/// `finding_info.analytic.type_id` of a rule.
const ANALYTIC_RULE: u8 = 1;

/// The finding that an event is by a rule. Its time is the event's; its id is the same whenever it is found again.
pub fn finding(rule: &Rule, event: &Event) -> Value {
    let (severity_id, severity) = rule.level.severity();
    let time = event.time().millis();
    let c = class::DETECTION_FINDING;
    let activity = 1;
    json!({
        "class_uid": c.uid, "class_name": c.name, "category_uid": c.category, "category_name": "Findings",
        "activity_id": activity, "activity_name": c.activity(activity), "type_uid": u64::from(c.uid) * 100 + u64::from(activity),
        "time": time, "severity_id": severity_id, "severity": severity, "status_id": 1, "status": "New",
        "message": message(rule, event),
        "metadata": { "version": ocsf::VERSION, "product": { "name": "muster", "vendor_name": "muster" } },
        "finding_info": info(rule, event, time),
        "evidences": [{ "uid": event.id(), "data": columns(event) }],
    })
}

fn message(rule: &Rule, event: &Event) -> String {
    match event.text(Column::Message) {
        Some(said) => format!("{}: {said}", rule.title),
        None => rule.title.clone(),
    }
}

fn info(rule: &Rule, event: &Event, time: i64) -> Value {
    let mut info = Map::new();
    let mut set = |key: &str, value: Value| drop(info.insert(key.to_owned(), value));
    set("uid", format!("{}/{}", rule.id, event.id()).into());
    set("title", rule.title.as_str().into());
    if !rule.description.is_empty() {
        set("desc", rule.description.as_str().into());
    }
    set("analytic", json!({ "type_id": ANALYTIC_RULE, "type": "Rule", "name": rule.title, "uid": rule.id }));
    let techniques = rule.techniques.iter().map(|t| json!({ "technique": { "uid": t } }));
    let tactics = rule.tactics.iter().map(|t| json!({ "tactic": { "name": t } }));
    let attacks: Vec<Value> = techniques.chain(tactics).collect();
    if !attacks.is_empty() {
        set("attacks", attacks.into());
    }
    set("first_seen_time", time.into());
    set("last_seen_time", time.into());
    set("data_sources", json!([event.text(Column::Source).unwrap_or_default()]));
    set("related_events", json!([{ "uid": event.id() }]));
    set("related_events_count", 1.into());
    Value::Object(info)
}

/// The event's columns under their own names; times in milliseconds, as everywhere in OCSF.
fn columns(event: &Event) -> Value {
    let cell = |c: Column| match c.shape() {
        Shape::Word | Shape::Text => event.text(c).map(Value::from),
        Shape::Int => event.int(c).map(Value::from),
        Shape::Time => event.int(c).map(|t| event::Time(t).millis().into()),
    };
    Value::Object(Column::ALL.iter().filter_map(|&c| Some((c.name().to_owned(), cell(c)?))).collect())
}
