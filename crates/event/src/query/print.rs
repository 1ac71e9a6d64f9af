//! A filter as text of the search language: what is printed reads back as a filter that is true of the same events.

use super::{fields::is_text, value};
use crate::{
    Column, Filter, Pattern, Time, Window,
    filter::{Place, glob_parts},
};

/// What is true of no event.
const NOTHING: &str = "-*";

/// Writes a filter in the search language. Read back, it is true of the same events; a filter that nests deeper than
/// [`super::DEPTH_MAX`] is written all the same, and is too deep to be read.
pub fn print(filter: &Filter) -> String {
    if let Some(text) = words(filter) {
        return quote(&text);
    }
    match filter {
        Filter::All => "*".into(),
        Filter::And(all) if all.is_empty() => "*".into(),
        Filter::Or(any) if any.is_empty() => NOTHING.into(),
        Filter::And(list) | Filter::Or(list) if list.len() == 1 => list.iter().map(print).collect(),
        Filter::And(all) => all.iter().map(part).collect::<Vec<_>>().join(" "),
        Filter::Or(any) => any.iter().map(part).collect::<Vec<_>>().join(" or "),
        Filter::Not(inner) => format!("-{}", part(inner)),
        test => test_text(test),
    }
}

/// A filter where another stands beside or before it.
fn part(filter: &Filter) -> String {
    let text = print(filter);
    let compound = match filter {
        Filter::And(list) | Filter::Or(list) => list.len() > 1 && words(filter).is_none() || list.len() == 1,
        Filter::Not(_) => true,
        _ => false,
    };
    if compound { format!("({text})") } else { text }
}

/// The words that a filter looks for in message, command and original line.
fn words(filter: &Filter) -> Option<String> {
    let Filter::Or(any) = filter else { return None };
    let [.., Filter::Original(w)] = any.as_slice() else { return None };
    (value::words(&w.text) == *filter && !w.text.is_empty()).then(|| w.text.clone())
}

fn test_text(filter: &Filter) -> String {
    match filter {
        Filter::Is(c, values) => is(*c, values),
        Filter::Like(c, p) if is_text(*c) => like(*c, p),
        Filter::Within(c, low, high) if !is_text(*c) && low <= high => format!("{}={}..{}", c.name(), low, high),
        Filter::InNet(c, net) if is_text(*c) => format!("{}={net}", c.name()),
        Filter::Has(c) => format!("has:{}", c.name()),
        Filter::During(w) => during(w),
        Filter::Original(w) => format!("raw{}{}", if w.any_case { ':' } else { '=' }, quote(&w.text)),
        _ => NOTHING.into(),
    }
}

fn is(c: Column, values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|v| quote(v)).collect();
    match quoted.as_slice() {
        _ if !is_text(c) => NOTHING.into(),
        [] => NOTHING.into(),
        [one] => format!("{}={one}", c.name()),
        many => format!("{}=({})", c.name(), many.join(", ")),
    }
}

fn like(c: Column, p: &Pattern) -> String {
    let parts = match p.place {
        Place::Glob => glob_parts(&p.text),
        Place::Whole => vec![p.text.clone()],
        Place::Start => vec![p.text.clone(), String::new()],
        Place::End => vec![String::new(), p.text.clone()],
        Place::Anywhere => vec![String::new(), p.text.clone(), String::new()],
    };
    // Empty text is no value: nothing is exactly that, and whatever has a value has it somewhere.
    if parts.iter().all(String::is_empty) {
        return if parts.len() == 1 { NOTHING.into() } else { format!("has:{}", c.name()) };
    }
    let texts: Vec<String> = parts.iter().map(|p| if p.is_empty() { String::new() } else { quote(p) }).collect();
    format!("{}{}{}", c.name(), if p.any_case { '~' } else { '=' }, texts.join("*"))
}

fn during(w: &Window) -> String {
    match (w.since, w.until) {
        (None, None) => "has:time".into(),
        (Some(t), None) => edge("since", t),
        (None, Some(t)) => edge("until", t),
        (Some(a), Some(b)) => format!("({} {})", edge("since", a), edge("until", b)),
    }
}

/// A time as text, or as microseconds where text cannot say it.
fn edge(name: &str, t: Time) -> String {
    let text = t.to_string();
    if Time::parse(&text) == Some(t) { format!("{name}:{text}") } else { format!("{name}={}", t.0) }
}

/// A text in quotes.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
