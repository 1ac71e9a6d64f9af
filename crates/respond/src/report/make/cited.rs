//! The events that a brief names, what weighs most first, and their original lines as far as there is room.

use std::collections::{HashMap, HashSet};

use event::{Time, Window, time::DAY};

use crate::report::brief::{Brief, Evidence, Original};

/// Events whose lines a brief holds.
pub const EVENTS_MAX: usize = 400;
/// Characters of one event.
pub const CHARS_MAX: usize = 3_000;
/// Characters of all of them.
pub const ALL_CHARS_MAX: usize = 240_000;

/// The events that a brief names, each once: those that show how it began and how it went on before those that are told beside.
pub fn cited(brief: &Brief) -> Vec<String> {
    let grave = brief.happened.iter().filter(|h| h.weight >= 2);
    let other = brief.happened.iter().filter(|h| h.weight < 2);
    let ends = |path: &[String]| path.last().cloned();
    let ids = (brief.entry.iter().flat_map(|e| e.events.clone()))
        .chain(grave.flat_map(|h| h.events.clone()))
        .chain(brief.exfiltration.iter().flat_map(|x| &x.reasons).flat_map(|r| r.events.clone()))
        .chain(brief.scope.iter().filter_map(|n| ends(&n.path)))
        .chain(brief.not_visible.iter().flat_map(|b| b.events.clone()))
        .chain(brief.reach.iter().flat_map(|r| r.events.clone()))
        .chain(brief.data.iter().flat_map(|d| d.events.clone()))
        .chain(brief.vendors.iter().flat_map(|v| v.events.clone()))
        .chain(brief.clocks.iter().flat_map(|c| c.why.clone()))
        .chain(brief.next.iter().flat_map(|s| s.why.clone()))
        .chain(brief.sessions.iter().flat_map(|s| s.opened.iter().chain(s.procs.iter().filter_map(|p| p.event.as_ref())).cloned()))
        .chain(other.flat_map(|h| h.events.clone()))
        .chain(brief.scope.iter().flat_map(|n| n.path.clone()));
    let mut seen = HashSet::new();
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// A time in which all those events lie: whole days around everything that the brief tells of. Who fetches them looks nowhere else.
pub fn cited_window(brief: &Brief) -> Window {
    let times = (brief.happened.iter().flat_map(|h| [h.time, h.last]))
        .chain(brief.entry.iter().filter_map(|e| e.time))
        .chain(brief.scope.iter().filter_map(|n| n.since))
        .chain(brief.hops.iter().map(|h| h.time))
        .chain(brief.reach.iter().map(|r| r.last))
        .chain(brief.not_visible.iter().flat_map(|b| [b.from, b.to]).flatten())
        .chain(brief.sessions.iter().flat_map(|s| s.procs.iter().map(|p| p.start).chain([s.start])));
    let times: Vec<Time> = times.collect();
    let day = |t: Time, days: i64| Time(t.0.div_euclid(DAY).saturating_add(days).saturating_mul(DAY));
    Window { since: times.iter().min().map(|t| day(*t, -1)), until: times.iter().max().map(|t| day(*t, 2)) }
}

/// Puts original lines into a brief, in the order of [`cited`], until there is no more room; counts the others.
pub fn add_evidence(brief: &mut Brief, mut found: Vec<Original>) {
    let order = cited(brief);
    let places: HashMap<&str, usize> = order.iter().enumerate().map(|(i, id)| (id.as_str(), i)).collect();
    found.sort_by_key(|o| places.get(o.event.as_str()).copied().unwrap_or(usize::MAX));
    let mut room = ALL_CHARS_MAX;
    let mut events = Vec::new();
    for one in found.into_iter().take(EVENTS_MAX) {
        let one = shortened(one);
        let used: usize = one.lines.iter().map(|l| l.chars().count()).sum();
        if used > room {
            break;
        }
        room -= used;
        events.push(one);
    }
    let rest = (events.len() < order.len()).then(|| brief.proof.as_ref().map(|p| p.export.clone())).flatten();
    brief.evidence = Evidence { events, named: order.len(), rest };
}

fn shortened(one: Original) -> Original {
    let (mut room, mut cut) = (CHARS_MAX, one.cut);
    let mut lines = Vec::new();
    for line in &one.lines {
        let len = line.chars().count();
        if room > 0 {
            lines.push(line.chars().take(room).collect());
        }
        cut += len.saturating_sub(room);
        room = room.saturating_sub(len);
    }
    Original { lines, cut, ..one }
}
