//! What happened, how far it went, which data is concerned, and what ran in the intruder's sessions.

use std::collections::{BTreeSet, HashMap};

use event::Facet;

use super::{Html, STATEMENTS_MAX, absent, evidence::Refs, more, statement, statements, svg};
use crate::{
    report::{
        brief::{Brief, Happened},
        say::{self, Statement},
        time::{near, near_minute, utc},
    },
    words::safe,
};

/// Acts that are listed, the gravest first.
const ACTS_MAX: usize = 150;
/// Rows of the table of things.
const THINGS_MAX: usize = 200;
/// Sessions that are shown.
const SESSIONS_MAX: usize = 12;
/// Chains are listed to this many events.
const CHAIN_MAX: usize = 12;

/// The time line: picture, then list.
pub(super) fn happened(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    if brief.happened.is_empty() {
        h.leaf("p", &[], &say::nothing_happened(brief));
        return;
    }
    let numbers = numbered(brief);
    h.leaf("p", &[("class", "key")], &key(brief));
    h.el("figure", &[("tabindex", "0"), ("aria-label", "Time line by facet")], |h| {
        svg::time_line(h, brief, |act| numbers.get(&std::ptr::from_ref(act)).copied());
    });
    h.el("ol", &[("class", "rows")], |h| {
        for act in &brief.happened {
            if let Some(n) = numbers.get(&std::ptr::from_ref(act)) {
                row(h, *n, act, brief, refs);
            }
        }
    });
    more(h, brief.happened.len() - numbers.len());
}

/// The numbers of the acts that are listed, in order of time.
fn numbered(brief: &Brief) -> HashMap<*const Happened, usize> {
    let mut weights: Vec<(u8, usize)> = brief.happened.iter().enumerate().map(|(i, a)| (a.weight, i)).collect();
    weights.sort_by_key(|(w, i)| (std::cmp::Reverse(*w), *i));
    let kept: BTreeSet<usize> = weights.into_iter().take(ACTS_MAX).map(|(_, i)| i).collect();
    let listed = brief.happened.iter().enumerate().filter(|(i, _)| kept.contains(i));
    listed.enumerate().map(|(n, (_, act))| (std::ptr::from_ref(act), n + 1)).collect()
}

fn key(brief: &Brief) -> String {
    let blind = brief.not_visible.iter().any(|b| b.from.is_some() && b.to.is_some());
    let blind = if blind { " Dashed box in a lane: a log of that facet was blind then." } else { "" };
    format!(
        "■ cloud ● system ◆ runtime ▲ network ⬢ application. Filled: handed over control, took data, blinded a log, or lies on the way of the scope.{blind}"
    )
}

fn row(h: &mut Html, n: usize, act: &Happened, brief: &Brief, refs: &Refs<'_>) {
    h.el("li", &[("id", &format!("h{n}"))], |h| {
        h.leaf("span", &[("class", "n")], &n.to_string());
        h.leaf("span", &[("class", "at")], &near(act.time, brief.made));
        h.leaf("span", &[("class", "facet")], act.facet.map_or("", Facet::name));
        h.el("div", &[("class", "what")], |h| {
            h.leaf("div", &[("class", if act.weight >= 2 { "grave" } else { "" })], &say::happened(act));
            refs.evidence(h, &act.events);
        });
    });
}

/// The graph, then the table with level, owner and chain.
pub(super) fn scope(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    if brief.scope.is_empty() {
        h.leaf("p", &[], "Nothing was reached.");
        return;
    }
    h.el("figure", &[("tabindex", "0"), ("aria-label", "Scope as a graph")], |h| svg::scope(h, brief));
    h.leaf(
        "p",
        &[("class", "key")],
        "Bar at the left: whole, in the intruder's hands; half, seen or changed; none, reached or tried. Edge: solid, shown; dashed, likely; dotted, possible.",
    );
    let rows = say::scope_rows(brief);
    h.el("table", &[], |h| {
        h.el("thead", &[], |h| {
            h.el("tr", &[], |h| ["thing", "since", "status", "level", "owner", "chain"].iter().for_each(|t| h.leaf("th", &[("scope", "col")], t)));
        });
        h.el("tbody", &[], |h| rows.iter().take(THINGS_MAX).for_each(|r| thing(h, r, brief, refs)));
    });
    more(h, rows.len().saturating_sub(THINGS_MAX));
}

fn thing(h: &mut Html, r: &say::Row<'_>, brief: &Brief, refs: &Refs<'_>) {
    let since = r.node.since.map(|t| near_minute(t, brief.made)).unwrap_or_default();
    let also: BTreeSet<&str> = r.node.also.iter().map(|s| say::status_word(*s)).collect();
    let also = if also.is_empty() { String::new() } else { format!(", {}", also.into_iter().collect::<Vec<_>>().join(", ")) };
    let made = if r.node.made { " (made by the intruder)" } else { "" };
    h.el("tr", &[], |h| {
        h.leaf("td", &[("class", "thing")], &(r.name() + made));
        h.leaf("td", &[("data-th", "since")], &since);
        h.leaf("td", &[("data-th", "status")], &format!("{}{also}", say::status_word(r.node.status)));
        h.leaf("td", &[("data-th", "level")], say::level(r.node.confidence));
        h.leaf("td", &[("data-th", "owner")], &r.owner());
        let chain = r.node.path.len().saturating_sub(CHAIN_MAX);
        h.el("td", &[], |h| refs.evidence(h, r.node.path.get(chain..).unwrap_or_default()));
    });
}

/// The verdict with its reasons, the people, the places, the vendors.
pub(super) fn data(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    match &brief.exfiltration {
        Some(x) => {
            let (verdict, why) = say::left(x);
            h.leaf("p", &[("class", "verdict")], &verdict.text);
            statements(h, refs, why.into_iter(), "no reason is given");
        }
        None => h.leaf("p", &[], &format!("Whether data left was not examined: {}.", absent(brief, "exfiltration"))),
    }
    h.leaf("h3", &[], "People");
    statement(h, refs, &say::people(brief));
    h.leaf("h3", &[], "Vendors");
    let vendors: Vec<Statement> = brief.vendors.iter().map(say::vendor).chain(say::providers(brief)).collect();
    statements(h, refs, vendors.into_iter(), "no vendor with a part in what was touched is registered");
    h.leaf("h3", &[], "Data");
    let (personal, other) = say::data(brief);
    let all: Vec<Statement> = personal.into_iter().chain(other).collect();
    statements(h, refs, all.into_iter(), "no read or listed data is in scope");
}

/// The sessions of the intruder, each with its processes.
pub(super) fn sessions(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    if brief.sessions.is_empty() {
        h.leaf("p", &[], &format!("None: {}.", absent(brief, "sessions")));
        return;
    }
    for (n, s) in brief.sessions.iter().take(SESSIONS_MAX).enumerate() {
        h.leaf(
            "h3",
            &[],
            &format!("{} on {}", s.user.as_ref().map_or_else(|| safe(&s.id.value), |u| safe(u.value.split('@').next().unwrap_or_default())), safe(&s.host)),
        );
        let end = s.end.map_or_else(|| "its end is in no log".to_owned(), |e| format!("ended {}", utc(e)));
        statement(h, refs, &Statement::new(format!("{}; began {}, {end}", safe(&s.text), utc(s.start))).shown_by(s.opened.as_slice()));
        if s.procs.is_empty() {
            h.leaf("p", &[("class", "soft")], "No log tells which processes ran in it.");
            continue;
        }
        h.el("figure", &[("tabindex", "0"), ("aria-label", "Process tree")], |h| svg::processes(h, s, n + 1));
        let events: Vec<String> = s.procs.iter().filter_map(|p| p.event.clone()).take(STATEMENTS_MAX).collect();
        refs.evidence(h, &events);
    }
    more(h, brief.sessions.len().saturating_sub(SESSIONS_MAX));
}
