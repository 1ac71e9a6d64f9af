//! A search: a query asked of the tables, and an answer that says what it looked at, what it could not see, and, where nothing
//! was found, which part of the question nothing fits.

mod coverage;
mod nearest;

use event::{Column, Event, Fields, Filter, Time, Window, Words, query::Query};
use lake::{Lake, Want};
use serde::Serialize;

pub use coverage::Unseen;

use crate::store::Store;

/// What is asked.
pub struct Asked<'a> {
    /// As it was typed.
    pub text: &'a str,
    /// As it was read.
    pub query: Query,
    /// `--since` and `--until`.
    pub window: Window,
    /// Events that are given at the most.
    pub limit: usize,
    /// Whether the newest are given, and not the oldest.
    pub newest: bool,
    /// Whether the events come with their original records.
    pub originals: bool,
}

impl Asked<'_> {
    /// The whole question.
    pub fn filter(&self) -> Filter {
        let w = self.window;
        if w == Window::default() { self.query.filter.clone() } else { Filter::During(w).and(self.query.filter.clone()) }
    }

    /// The time that is asked about.
    pub fn span(&self) -> Window {
        event::query::window(&self.filter())
    }
}

/// What was looked through.
#[derive(Debug, Serialize)]
pub struct Searched {
    /// Events in the window.
    pub events: u64,
    /// Logs that have any of them.
    pub sources: usize,
    /// The first event of the store that lies in the window.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// Records of the store that are no events; words are looked for in them too, fields are not.
    pub quarantined: u64,
}

/// A term by itself, where nothing fits the whole.
#[derive(Debug, Serialize)]
pub struct Alone {
    /// As it was typed.
    pub term: String,
    /// Events in the window that it is true of.
    pub found: u64,
    /// Values of the logs that are spelled alike, if none are.
    pub nearest: Vec<Value>,
}

/// A value and how many events have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// The value.
    pub value: String,
    /// Events.
    pub events: u64,
}

/// The answer, apart from the events themselves.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// As it was typed.
    pub query: String,
    /// As it was understood, in the same language.
    pub understood: String,
    /// The time asked about.
    pub window: Window,
    /// Events that fit.
    pub found: u64,
    /// What was looked through.
    pub searched: Searched,
    /// What could not be seen.
    pub not_visible: Vec<Unseen>,
    /// Records that did not become events and hold the words that were asked for; the first of them.
    pub in_quarantine: Vec<String>,
    /// Where nothing fits: what fits outside of the window.
    pub outside: Option<u64>,
    /// Where nothing fits: the terms, each by itself.
    pub terms: Vec<Alone>,
}

/// Quarantined records that are named.
const QUARANTINED_MAX: usize = 20;

/// Asks. The events are given in order of time.
pub fn search(store: &Store, lake: &Lake, asked: &Asked) -> anyhow::Result<(Answer, Vec<Event>)> {
    let filter = asked.filter();
    let want = if asked.originals { Want::ALL } else { Want::COLUMNS };
    let events = if asked.limit == 0 {
        Vec::new()
    } else if asked.newest {
        lake.newest(&filter, asked.limit + 1, want)?
    } else {
        lake.events(&filter, Some(asked.limit + 1), want)?
    };
    let more = events.len() > asked.limit || asked.limit == 0;
    let found = if more { lake.count(&filter)? } else { events.len() as u64 };
    let kept = events.len().min(asked.limit);
    let skip = if asked.newest { events.len() - kept } else { 0 };
    let events: Vec<Event> = events.into_iter().skip(skip).take(kept).collect();
    Ok((answer(store, lake, asked, found)?, events))
}

/// The answer without the events, where it is known how many there are.
pub fn answer(store: &Store, lake: &Lake, asked: &Asked, found: u64) -> anyhow::Result<Answer> {
    let (span, state) = (asked.span(), store.state()?);
    let (searched, sources) = coverage::searched(lake, &state, span)?;
    let mut answer = Answer {
        query: asked.text.to_owned(),
        understood: event::query::print(&asked.filter()),
        window: span,
        found,
        not_visible: coverage::unseen(lake, &state, span, &sources)?,
        searched,
        in_quarantine: in_quarantine(lake, asked)?,
        outside: None,
        terms: Vec::new(),
    };
    if found == 0 {
        if asked.window != Window::default() {
            answer.outside = Some(lake.count(&asked.query.filter)?);
        }
        answer.terms = nearest::alone(lake, &asked.query, span)?;
    }
    Ok(answer)
}

/// Records in quarantine that hold every word that was asked for.
fn in_quarantine(lake: &Lake, asked: &Asked) -> anyhow::Result<Vec<String>> {
    let mut words = Vec::new();
    needed(&asked.query.filter, &mut words);
    let mut found = Vec::new();
    if !words.is_empty() {
        for encoding in [str::to_owned, utf16_le, utf16_be] {
            let encoded: Vec<Words> = words.iter().map(|w| Words { text: encoding(&w.text), any_case: w.any_case }).collect();
            found.extend(lake.quarantined(&encoded, QUARANTINED_MAX)?);
        }
    }
    found.sort();
    found.dedup();
    found.truncate(QUARANTINED_MAX);
    Ok(found)
}

/// Lines in UTF-16 are in quarantine for it. ASCII there has a zero behind each letter, or before it.
fn utf16_le(text: &str) -> String {
    text.chars().flat_map(|c| [c, '\0']).collect()
}

fn utf16_be(text: &str) -> String {
    text.chars().flat_map(|c| ['\0', c]).collect()
}

/// The words that every line must hold for the filter to be true of it.
fn needed(filter: &Filter, words: &mut Vec<Words>) {
    match filter {
        Filter::And(all) => all.iter().for_each(|f| needed(f, words)),
        Filter::Original(w) => words.push(w.clone()),
        // Message and command are read from the line; what they hold, it mostly does.
        Filter::Or(any) => words.extend(any.iter().find_map(|f| if let Filter::Original(w) = f { Some(w.clone()) } else { None })),
        _ => {}
    }
}

/// An event as JSON: its id and what it has of the columns, all of them or those that are named.
pub fn json(e: &Event, columns: &[Column], originals: bool) -> serde_json::Value {
    let mut map = serde_json::Map::new();
    map.insert("event".into(), e.id().into());
    for &c in columns {
        let number = e.int(c).map(|n| if c.shape() == event::Shape::Time { Time(n).to_string().into() } else { n.into() });
        if let Some(value) = e.text(c).map(serde_json::Value::from).or(number) {
            map.insert(c.name().into(), value);
        }
    }
    if originals {
        map.insert("raw".into(), e.raw.iter().map(|r| String::from_utf8_lossy(r).into_owned()).collect::<Vec<_>>().into());
    }
    serde_json::Value::Object(map)
}
