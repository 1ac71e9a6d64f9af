//! Events counted, by the values of a field or by time, as bars or JSON.

use std::collections::BTreeMap;

use clap::ValueEnum;
use event::{
    Column, Filter, Time,
    time::{DAY, SECOND},
};
use lake::Lake;
use serde::Serialize;

use super::text;
use crate::{
    cli::{Exit, Global},
    flow::search::{self, Answer, Asked, Value},
    show::{
        self,
        bars::{Bar, bars},
    },
    store::Store,
};

/// How long a bar of time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Step {
    const fn micros(self) -> i64 {
        match self {
            Step::Minute => 60 * SECOND,
            Step::Hour => 3_600 * SECOND,
            Step::Day => DAY,
        }
    }
}

/// Spans of time that are counted at the most; a year of hours.
const SPANS_MAX: usize = 10_000;
/// Empty spans in a row that are drawn; more are told in a line.
const EMPTY_MAX: i64 = 3;
/// Values of one column that are counted before those of several are put together.
const VALUES_MAX: usize = 100_000;

#[derive(Serialize)]
struct By<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    by: &'a str,
    values: Vec<Value>,
    /// Values that are not listed.
    more: usize,
    /// Events that have no value there.
    without: u64,
}

/// Counts by the values of a field. An event with two values in the columns of one field counts for both.
pub fn by(g: &Global, store: &Store, lake: &Lake, asked: &Asked, name: &str, columns: &[Column]) -> anyhow::Result<Exit> {
    let filter = asked.filter();
    let found = lake.count(&filter)?;
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for &column in columns {
        for (value, n) in lake.groups(&filter, column, VALUES_MAX)? {
            *counted.entry(value).or_default() += n;
        }
    }
    let mut values: Vec<Value> = counted.into_iter().map(|(value, events)| Value { value, events }).collect();
    values.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.value.cmp(&b.value)));
    let more = values.len().saturating_sub(asked.limit);
    values.truncate(asked.limit);
    let any = Filter::Or(columns.iter().map(|c| Filter::Has(*c)).collect());
    let without = lake.count(&filter.and(Filter::Not(Box::new(any))))?;
    let answer = search::answer(store, lake, asked, found)?;
    let answer = By { answer: &answer, by: name, values, more, without };
    if g.json {
        show::json(&answer)?;
        return Ok(Exit::Done);
    }
    let mut rows: Vec<Bar> = answer.values.iter().map(|v| Bar { name: v.value.clone(), count: v.events, note: String::new() }).collect();
    if without > 0 {
        rows.push(Bar { name: format!("(no {name})"), count: without, note: String::new() });
    }
    let rest = if more > 0 { format!("and {more} more values; raise --limit\n") } else { String::new() };
    let head = text::head(answer.answer, usize::try_from(found)?, false);
    show::out(format!("{head}{}{rest}{}", bars(&rows), text::tail(answer.answer)).as_bytes())?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Span {
    time: Time,
    events: u64,
}

#[derive(Serialize)]
struct Per<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    per: Step,
    spans: Vec<Span>,
    cut: bool,
}

/// Counts by time.
pub fn per(g: &Global, store: &Store, lake: &Lake, asked: &Asked, step: Step) -> anyhow::Result<Exit> {
    let filter = asked.filter();
    let mut spans = lake.spans(&filter, step.micros(), SPANS_MAX + 1)?;
    let cut = spans.len() > SPANS_MAX;
    spans.truncate(SPANS_MAX);
    let found = if cut { lake.count(&filter)? } else { spans.iter().map(|(_, n)| n).sum() };
    let answer = search::answer(store, lake, asked, found)?;
    if g.json {
        let spans = spans.into_iter().map(|(time, events)| Span { time, events }).collect();
        show::json(&Per { answer: &answer, per: step, spans, cut })?;
        return Ok(Exit::Done);
    }
    let head = text::head(&answer, usize::try_from(found)?, false);
    let rest = if cut { format!("only the first {SPANS_MAX} spans are shown; take a longer one\n") } else { String::new() };
    show::out(format!("{head}{}{rest}{}", bars(&drawn(&spans, step, &answer)), text::tail(&answer)).as_bytes())?;
    Ok(Exit::Done)
}

/// Bars of time, with the empty spans between them, so that silence is seen; and gaps in the logs beside them.
fn drawn(spans: &[(Time, u64)], step: Step, answer: &Answer) -> Vec<Bar> {
    let micros = step.micros();
    let bar = |t: Time, count| {
        let utc = respond::report::time::utc(t);
        let name = utc.get(..if step == Step::Day { 10 } else { 16 }).unwrap_or(&utc).to_owned();
        Bar { name, count, note: text::gaps_in(&answer.not_visible, t, t.plus(micros)) }
    };
    let mut drawn: Vec<Bar> = Vec::new();
    let mut last: Option<Time> = None;
    for &(t, n) in spans {
        if let Some(last) = last {
            let empty = (t.0 - last.0) / micros - 1;
            if empty <= EMPTY_MAX {
                drawn.extend((1..=empty).map(|i| bar(last.plus(i * micros), 0)));
            } else {
                let note = text::gaps_in(&answer.not_visible, last.plus(micros), t);
                drawn.push(Bar { name: "…".into(), count: 0, note: format!("none for {empty} spans {note}").trim_end().to_owned() });
            }
        }
        drawn.push(bar(t, n));
        last = Some(t);
    }
    drawn
}
