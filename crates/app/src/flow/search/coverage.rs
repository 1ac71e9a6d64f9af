//! What a search looked through, and what it could not have seen there.

use event::{Book, Column, Filter, Time, Window};
use lake::Lake;
use serde::Serialize;

use super::Searched;
use crate::{flow::scope, store::State};

/// Something that lies in the window and could not be seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unseen {
    /// `gap`, `silent`, `unread`.
    pub what: &'static str,
    /// In a sentence.
    pub text: String,
    /// The log.
    pub source: Option<String>,
    /// From.
    pub from: Option<Time>,
    /// To.
    pub to: Option<Time>,
    /// The event that tells of it.
    pub event: Option<String>,
}

/// Sources of a store that are counted.
const SOURCES_MAX: usize = 100_000;
/// Logs that are named as silent.
const SILENT_MAX: usize = 10;

/// What lies in the window, and the sources that have anything there.
pub fn searched(lake: &Lake, state: &State, span: Window) -> anyhow::Result<(Searched, Vec<String>)> {
    let within = if span == Window::default() { Filter::All } else { Filter::During(span) };
    let counts = lake.groups(&within, Column::Source, SOURCES_MAX)?;
    let books = || state.books.values();
    let clip = |t: Time, low: Option<Time>, high: Option<Time>| low.map_or(t, |l| t.max(l)).min(high.unwrap_or(t));
    let events = counts.iter().map(|(_, n)| n).sum();
    let edges = (events > 0).then_some(());
    let searched = Searched {
        events,
        sources: counts.len(),
        first: edges.and(books().filter_map(|b| b.first).min()).map(|t| clip(t, span.since, None)),
        last: edges.and(books().filter_map(|b| b.last).max()).map(|t| clip(t, None, span.until)),
        quarantined: books().map(|b| b.quarantined).sum(),
    };
    Ok((searched, counts.into_iter().map(|(s, _)| s).collect()))
}

/// Gaps that logs tell of in the window, logs that have nothing there, and what was given to be read and was not.
pub fn unseen(lake: &Lake, state: &State, span: Window, sources: &[String]) -> anyhow::Result<Vec<Unseen>> {
    let (gaps, cut) = scope::all_gaps(lake)?;
    let reaches =
        |from: Option<Time>, to: Option<Time>| span.until.is_none_or(|u| from.is_none_or(|f| f < u)) && span.since.is_none_or(|s| to.is_none_or(|t| t > s));
    let told = gaps.iter().filter(|g| reaches(g.from, g.to));
    let mut found: Vec<Unseen> =
        told.map(|g| Unseen { what: "gap", text: g.text(), source: Some(g.source.clone()), from: g.from, to: g.to, event: Some(g.event.clone()) }).collect();
    let silent = state.books.values().filter(|b| b.stored > 0 && !sources.contains(&b.source));
    let mut silent: Vec<&Book> = silent.collect();
    let more = silent.len().saturating_sub(SILENT_MAX);
    silent.truncate(SILENT_MAX);
    found.extend(silent.into_iter().map(|b| {
        let when = |t: Option<Time>| t.map(respond::report::time::utc).unwrap_or_else(|| "?".into());
        let text = format!("{} has nothing in this window; it reaches from {} to {}", b.source, when(b.first), when(b.last));
        Unseen { what: "silent", text, source: Some(b.source.clone()), from: None, to: None, event: None }
    }));
    let plain = |text| Unseen { what: "unread", text, source: None, from: None, to: None, event: None };
    if more > 0 {
        found.push(Unseen { what: "silent", ..plain(format!("{more} more logs have nothing in this window")) });
    }
    found.extend(state.unread.iter().map(|(path, why)| plain(format!("{path}: {why}"))));
    if let Some(cut) = cut {
        found.push(Unseen { what: "gap", ..plain(cut) });
    }
    Ok(found)
}
