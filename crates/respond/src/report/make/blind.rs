//! What could not be seen: the caller's blind spots, and those that books and registry show.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use event::{Book, Facet};

use crate::{
    Registry,
    report::{
        brief::{Blind, OwnerPart},
        input::BriefInput,
    },
};

/// The caller's blind spots, and those that books and registry show.
pub(super) fn not_visible(input: &BriefInput, owners: &[OwnerPart], registry: &Registry) -> Vec<Blind> {
    let mut out = input.not_visible.clone();
    // A gap that the caller has told of already, with what it hides, is not told again.
    // The books know the time of the line that tells of it: the gap's start, or for what was lost before it, its end.
    let told = |b: &Blind| {
        let line = b.from.or(b.to);
        line.is_some() && input.not_visible.iter().any(|n| n.source == b.source && [n.from, n.to].contains(&line))
    };
    out.extend(input.books.iter().flat_map(book_gaps).filter(|b| !told(b)));
    let plain = |text: String| Blind { text, source: None, from: None, to: None, events: Vec::new() };
    if input.books.is_empty() {
        out.push(plain("no log was looked at".into()));
    }
    for facet in Facet::ALL.into_iter().filter(|f| !input.books.is_empty() && !input.books.iter().any(|b| b.facet == *f && is_understood(b))) {
        let wanted: Vec<&str> = owners.iter().filter_map(|o| o.system.as_deref()).filter(|s| expects(registry, s, facet)).collect();
        let expected = if wanted.is_empty() { String::new() } else { format!(", which the registry expects of {}", wanted.join(", ")) };
        out.push(plain(format!("no {} log was given{expected}: {}", facet.name(), hides(facet))));
    }
    out.extend(marked(input));
    if registry.is_empty() {
        out.push(plain("no registry: owners, contacts, service models, data and vendors are not known; add one with `muster init`".into()));
    }
    if input.reached.iter().any(|r| r.held()) && input.exfiltration.is_none() {
        out.push(plain("whether data left was not judged".into()));
    }
    out
}

/// Times on the way of the scope that a log does not say in full, once for each log.
fn marked(input: &BriefInput) -> Vec<Blind> {
    let way: HashSet<&str> = input.reached.iter().flat_map(|r| &r.path).map(String::as_str).collect();
    let mut found: BTreeMap<&str, (BTreeSet<&str>, Vec<String>)> = BTreeMap::new();
    for row in input.rows.iter().filter(|r| way.contains(r.event.as_str())) {
        let Some((source, _)) = row.event.rsplit_once('#') else { continue };
        let marks: Vec<&str> = row.marks.iter().filter_map(|m| mark(m)).collect();
        if !marks.is_empty() {
            let (texts, events) = found.entry(source).or_default();
            texts.extend(marks);
            events.push(row.event.clone());
        }
    }
    let joined = |texts: BTreeSet<&str>| texts.into_iter().collect::<Vec<_>>().join("; ");
    found.into_iter().map(|(source, (texts, events))| Blind { text: joined(texts), source: Some(source.into()), from: None, to: None, events }).collect()
}

/// A mark in words, if a time is doubtful for it.
fn mark(name: &str) -> Option<&'static str> {
    Some(match name {
        "year_assumed" => "names no year (the one nearest is taken)",
        "zone_assumed" => "names no zone (read as UTC)",
        "time_implausible" => "has times that cannot be (filed under the time of taking in)",
        _ => return None,
    })
}

fn expects(registry: &Registry, system: &str, facet: Facet) -> bool {
    registry.entries().iter().any(|e| e.is("system") && e.name == system && e.facts.facets.contains(&facet))
}

/// What stays unseen without a facet.
fn hides(facet: Facet) -> &'static str {
    match facet {
        Facet::Runtime => "processes and files on machines could not be seen",
        Facet::Cloud => "acts by console and API could not be seen",
        Facet::Network => "connections and volumes could not be seen, so data may have left unseen",
        Facet::System => "logins and privilege changes on machines could not be seen",
        Facet::Application => "what was done within the team's own programs could not be seen",
    }
}

/// Lines of text that no format claimed tell nothing of their facet, and files that were not read less.
fn is_understood(book: &Book) -> bool {
    book.format != "text" && book.format != "unread"
}

fn book_gaps(book: &Book) -> Vec<Blind> {
    let of = |text: String, from, to| Blind { text, source: Some(book.source.clone()), from, to, events: Vec::new() };
    let mut out = Vec::new();
    for gap in book.missing() {
        let count = gap.count.map(|n| format!(", {n} records")).unwrap_or_default();
        let span = match (gap.from, gap.to) {
            (Some(from), Some(to)) => format!(" from {from} to {to}"),
            (Some(from), None) => format!(" from {from}"),
            (None, Some(to)) => format!(" until {to}"),
            (None, None) => String::new(),
        };
        out.push(of(format!("{} {}{span}{count}", book.source, gap.kind), gap.from, gap.to));
    }
    if book.quarantined > 0 {
        out.push(of(format!("{} records could not be read (kept in quarantine)", book.quarantined), None, None));
    }
    if book.refused > 0 {
        out.push(of(format!("{} records were refused and are not in the store", book.refused), None, None));
    }
    if !book.balanced() {
        out.push(of(format!("books do not balance: {} received", book.received), None, None));
    }
    out
}
