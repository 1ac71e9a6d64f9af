//! The brief on a terminal: at most two screens of 50 lines by 100 columns, blind spots last and never cut without a count.
//! Text from logs is escaped; colour only on request and never the only carrier of a meaning.

use std::collections::{HashMap, HashSet};

use event::{Book, Entity, Time};

use super::{
    brief::{Blind, Brief, DataPart, Happened, OwnerPart, ScopeNode, VendorHit},
    label::{Labels, short},
    lines::{Section, fit, lay_out},
    time::{hours, utc},
};
use crate::{
    plan::{Clock, ClockState, NOT_LEGAL_ADVICE, Step, holder_of_data},
    registry::{Can, ContactRole, Person},
    scope::{Left, Level, Status},
    words::safe,
};

/// How the brief is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// ANSI colours for headings.
    pub colour: bool,
    /// Columns.
    pub width: usize,
    /// Lines in all.
    pub lines: usize,
}

impl Default for Style {
    /// Two screens of 50 lines by 100 columns, no colour.
    fn default() -> Style {
        Style { colour: false, width: 100, lines: 100 }
    }
}

/// Lays the brief out.
pub fn text(brief: &Brief, style: Style) -> String {
    let w = style.width;
    let l = &Labels::new(brief);
    let case = brief.case.as_ref().map(|c| format!(" · case {}", safe(c))).unwrap_or_default();
    let head = fit(&format!("muster brief{case} · {} · all times UTC", utc(brief.made)), &[], w, false);
    let sections = [
        Section { title: "Asked, and looked at", lines: asked(brief, l, w), share: 8, rank: 5, more: "muster respond --json" },
        Section { title: "Whom to call", lines: call(brief, w), share: 10, rank: 3, more: "muster who" },
        Section { title: "What we may do", lines: may(brief, w), share: 6, rank: 4, more: "muster who" },
        Section { title: "What happened", lines: happened(&brief.happened, l, w), share: 15, rank: 1, more: "muster timeline" },
        Section { title: "How far it went", lines: scope(&brief.scope, l, w), share: 14, rank: 2, more: "muster scope" },
        Section { title: "Data and vendors", lines: data(brief, l, w), share: 9, rank: 3, more: "muster respond --json" },
        Section { title: "Clocks", lines: clocks(&brief.clocks, l, w), share: 4, rank: 3, more: "muster clocks" },
        Section { title: "Next steps", lines: next(&brief.next, l, w), share: 14, rank: 2, more: "muster next" },
        Section { title: "Proof", lines: proof(brief, w), share: 2, rank: 5, more: "muster evidence" },
        Section { title: "What could not be seen", lines: blind(&brief.not_visible, l, w), share: 8, rank: 0, more: "muster respond --json" },
    ];
    lay_out(head, sections.into(), style)
}

fn asked(brief: &Brief, l: &Labels, w: usize) -> Vec<String> {
    let a = &brief.asked;
    let names: Vec<String> = a.indicators.iter().map(|e| safe(&e.to_string())).collect();
    let end = |t: Option<Time>, open: &str| t.map_or(open.to_owned(), utc);
    let mut out = fit(&format!("{}; from {} to {}", names.join(", "), end(a.window.since, "the first record"), end(a.window.until, "the last")), &[], w, true);
    for unknown in &a.unknown {
        let near = match unknown.nearest.as_slice() {
            [] => "nothing is spelled like it".to_owned(),
            near => format!("nearest: {}", near.iter().map(|n| safe(n)).collect::<Vec<_>>().join(", ")),
        };
        out.extend(fit(&format!("`{}` is in none of these logs; {near}", safe(&unknown.text)), &[], w, true));
    }
    let sum = |f: fn(&Book) -> u64| a.sources.iter().map(f).sum::<u64>();
    let (stored, quarantined, duplicate) = (sum(|b| b.stored), sum(|b| b.quarantined), sum(|b| b.duplicate));
    let (refused, received) = (sum(|b| b.refused), sum(|b| b.received));
    let books = format!("{received} records = {stored} stored + {quarantined} quarantined + {duplicate} duplicate + {refused} refused");
    out.extend(fit(&format!("{} logs: {books}", a.sources.len()), &[], w, true));
    let mut sources: Vec<(Option<char>, &Book)> = a.sources.iter().map(|b| (l.letter(&b.source), b)).collect();
    sources.sort_by_key(|(c, _)| (c.is_none(), *c));
    out.extend(sources.into_iter().flat_map(|(letter, b)| {
        let span = b.first.zip(b.last).map_or_else(|| "no event".into(), |(f, t)| format!("{} to {}", minute(f), minute(t)));
        let letter = letter.map(|c| format!("{c} = ")).unwrap_or_default();
        fit(&format!("{letter}{} ({}): {} records, {span}", safe(&b.source), b.facet.name(), b.received), &[], w, letter.is_empty())
    }));
    out
}

/// `03-04 09:12`.
fn minute(t: Time) -> String {
    utc(t).get(5..16).unwrap_or_default().to_owned()
}

fn call(brief: &Brief, w: usize) -> Vec<String> {
    if brief.owners.is_empty() {
        return vec!["nobody: nothing is in scope".into()];
    }
    brief.owners.iter().flat_map(|o| owner(o, w)).collect()
}

fn owner(o: &OwnerPart, w: usize) -> Vec<String> {
    let things = things(o);
    let Some(name) = &o.owner else {
        return fit(&format!("owner unknown of {things}: {}", o.reasons.join("; ")), &[], w, true);
    };
    let system = o.system.as_ref().map(|s| format!(", system {}", safe(s))).unwrap_or_default();
    let how = match o.reasons.last() {
        Some(reason) if o.inferred => format!("; INFERRED, not registered: {reason}"),
        _ => String::new(),
    };
    let on_call = o.on_call.as_ref().map(|c| format!("; on call: {}", safe(c))).unwrap_or_default();
    let mut out = fit(&format!("{}{system}: {things}{on_call}{how}", safe(name)), &[], w, true);
    out.extend(o.contacts.iter().map(|p| cut(&format!("  {}", person(p)), w)));
    if o.contacts.is_empty() {
        out.push("  no contact is registered".into());
    }
    out
}

fn things(o: &OwnerPart) -> String {
    const SHOWN: usize = 4;
    let mut names: Vec<String> = o.entities.iter().map(short).collect();
    let mut seen = HashSet::new();
    names.retain(|n| seen.insert(n.clone()));
    let shown: Vec<String> = names.iter().take(SHOWN).cloned().collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn person(p: &Person) -> String {
    let role = match p.role {
        ContactRole::Primary => "primary",
        ContactRole::Deputy => "deputy",
        ContactRole::Escalation => "escalation",
    };
    let there = p.local_time.as_ref().map(|t| format!(" ({t} there)")).unwrap_or_default();
    let reached = p.last_reached.map(|t| format!(", reached {}", t.day())).unwrap_or_default();
    format!("{role:<10} {}: {} {}{there}{reached}", safe(&p.name), safe(&p.channel), safe(&p.value))
}

fn may(brief: &Brief, w: usize) -> Vec<String> {
    let mut out = Vec::new();
    for o in brief.owners.iter().filter(|o| o.system.is_some() || !o.capabilities.is_empty()) {
        let system = o.system.as_deref().or(o.owner.as_deref()).unwrap_or("-");
        let Some(model) = o.service_model else {
            out.extend(fit(&format!("{}: no service model in the registry, so what we may do is not known", safe(system)), &[], w, true));
            continue;
        };
        let of = |can| o.capabilities.iter().filter(move |(_, c)| c.can == can);
        let yes: Vec<&str> = of(Can::Yes).map(|(n, _)| *n).collect();
        out.extend(fit(&format!("{} ({}): we can {}", safe(system), model.name(), yes.join(", ")), &[], w, true));
        let no: Vec<String> = of(Can::No).map(|(n, c)| format!("{n} ({})", safe(&c.note))).collect();
        let provider = o.provider.as_ref().map_or_else(String::new, |p| {
            let way = p.contacts.first().map(|c| format!(": {} {}", safe(&c.channel), safe(&c.value))).unwrap_or_default();
            format!("; provider {}{way}", safe(&p.name))
        });
        let cannot = if no.is_empty() { "all listed acts are ours".into() } else { format!("not ours: {}", no.join(", ")) };
        out.extend(fit(&format!("  {cannot}{provider}"), &[], w, true));
    }
    if out.is_empty() {
        out.push("not known: nothing in scope is in the registry".into());
    }
    out
}

/// The rows on the way of the scope come first where room is short; shown in order of time.
fn happened(rows: &[Happened], l: &Labels, w: usize) -> Vec<String> {
    /// Rows that are laid out; the section's room cuts further.
    const ROWS_MAX: usize = 24;
    if rows.is_empty() {
        return vec!["nothing in these logs touches what was asked about".into()];
    }
    let mut room = ROWS_MAX.saturating_sub(rows.iter().filter(|r| r.key).count());
    let (mut out, mut hidden) = (Vec::new(), 0);
    for row in rows {
        let show = row.key || room > 0;
        room -= usize::from(!row.key && room > 0);
        if show {
            out.extend(fit(&happened_text(row), &l.ids(&row.events), w, false));
        } else {
            hidden += row.count;
        }
    }
    if hidden > 0 {
        out.push(format!("and {hidden} events beside the way of the scope: muster timeline"));
    }
    out
}

fn happened_text(row: &Happened) -> String {
    let outcome = if row.outcome.as_deref() == Some("failure") { "FAILED " } else { "" };
    let again = if row.count > 1 { format!(" ×{} until {}", row.count, clock_time(row.last)) } else { String::new() };
    format!("{} {outcome}{}{again}", utc(row.time).get(5..).unwrap_or_default(), safe(&row.text))
}

fn clock_time(t: Time) -> String {
    utc(t).get(11..).unwrap_or_default().to_owned()
}

/// Nodes under headings of what the intruder has and how sure that is; objects of one bucket in one line.
fn scope(nodes: &[ScopeNode], l: &Labels, w: usize) -> Vec<String> {
    if nodes.is_empty() {
        return vec!["nothing was reached".into()];
    }
    let mut out = Vec::new();
    for group in nodes.chunk_by(|a, b| (a.status, a.confidence) == (b.status, b.confidence)) {
        let Some(first) = group.first() else { continue };
        out.push(format!("{}, {}:", status(first.status), level(first.confidence)));
        let mut places: Vec<(Entity, &ScopeNode, usize)> = Vec::new();
        let mut at: HashMap<Entity, usize> = HashMap::new();
        for node in group {
            let place = holder_of_data(&node.entity);
            match at.get(&place).and_then(|i| places.get_mut(*i)) {
                Some((_, _, count)) => *count += 1,
                None => {
                    at.insert(place.clone(), places.len());
                    places.push((place, node, 1));
                }
            }
        }
        out.extend(places.iter().flat_map(|(place, n, count)| fit(&scope_text(place, n, *count), &l.ids(last(&n.path)), w, false)));
    }
    out
}

fn last(path: &[String]) -> &[String] {
    path.get(path.len().saturating_sub(1)..).unwrap_or_default()
}

fn status(s: Status) -> &'static str {
    match s {
        Status::Controlled => "controlled by the intruder",
        Status::Exposed => "data read, listed or copied",
        Status::Touched => "tried or touched",
    }
}

fn level(l: Level) -> &'static str {
    match l {
        Level::Shown => "shown",
        Level::Likely => "likely",
        Level::Possible => "possible",
    }
}

fn scope_text(place: &Entity, n: &ScopeNode, count: usize) -> String {
    let since = n.since.map(minute).unwrap_or_default();
    let made = if n.made { ", made by the intruder" } else { "" };
    let owner = n.owner.as_ref().map_or_else(|| "owner unknown".to_owned(), |o| safe(o));
    let objects = if count > 1 { format!(", {count} objects") } else { String::new() };
    // A single object is named itself; of several, their bucket.
    let shown = if count > 1 { place } else { &n.entity };
    format!("  {since:<11} {}{objects} ({owner}{made})", safe(&shown.to_string()))
}

fn data(brief: &Brief, l: &Labels, w: usize) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(v) = &brief.left {
        let word = match v.verdict {
            Left::Seen => "Data was seen leaving",
            Left::NoSign => "No sign that data left",
            Left::CouldNotSee => "Whether data left could not be seen",
        };
        out.extend(fit(&format!("{word}: {}", safe(&v.text)), &l.ids(&v.events), w, true));
    }
    let (personal, other): (Vec<_>, Vec<_>) = brief.data.iter().partition(|d| d.held.iter().any(|h| h.personal == Some(true)));
    out.extend(personal.iter().flat_map(|d| data_text(d, l, w)));
    out.extend(brief.vendors.iter().flat_map(|v| vendor_text(v, l, w)));
    out.extend(other.iter().flat_map(|d| data_text(d, l, w)));
    if brief.data.is_empty() {
        out.push("no read or listed data is in scope".into());
    }
    out
}

fn data_text(d: &DataPart, l: &Labels, w: usize) -> Vec<String> {
    let held: Vec<String> = d
        .held
        .iter()
        .map(|h| {
            let what = h.category.as_ref().map(|c| format!(": {}", safe(c))).unwrap_or_default();
            let personal = match h.personal {
                Some(true) => ", PERSONAL DATA",
                Some(false) => ", no personal data",
                None => ", personal or not: not registered",
            };
            format!("{}{what}{personal}", safe(&h.name))
        })
        .collect();
    let held = if held.is_empty() { "what it holds is not registered".to_owned() } else { held.join("; ") };
    let count = if d.count > 1 { format!(" ({} things)", d.count) } else { String::new() };
    fit(&format!("exposed {}{count}: {held}", short(&d.place)), &l.ids(&d.events), w, true)
}

fn vendor_text(v: &VendorHit, l: &Labels, w: usize) -> Vec<String> {
    let way = v
        .vendor
        .contacts
        .first()
        .map_or_else(|| "no contact is registered".to_owned(), |p| format!("call {}: {} {}", safe(&p.name), safe(&p.channel), safe(&p.value)));
    let notice = v.vendor.breach_notice_hours.map(|h| format!("; by contract breach notices within {h} h")).unwrap_or_default();
    fit(&format!("vendor {} {} ({}); {way}{notice}", safe(&v.vendor.name), safe(&v.vendor.part), short(&v.through)), &l.ids(&v.events), w, true)
}

fn clocks(clocks: &[Clock], l: &Labels, w: usize) -> Vec<String> {
    if clocks.is_empty() {
        return fit(&format!("no rule applies to what is known. {NOT_LEGAL_ADVICE}"), &[], w, true);
    }
    let mut out: Vec<String> = clocks.iter().flat_map(|c| fit(&clock_text(c), &l.ids(&c.why), w, true)).collect();
    out.extend(fit(NOT_LEGAL_ADVICE, &[], w, true));
    out
}

fn clock_text(c: &Clock) -> String {
    let left = c.left_us.map(hours).unwrap_or_default();
    let state = match c.state {
        ClockState::NotStarted => format!("starts when `{}` is recorded", safe(&c.anchor)),
        ClockState::Running => format!("{left} left"),
        ClockState::DueSoon => format!("DUE SOON, {left} left"),
        ClockState::Overdue => format!("OVERDUE by {left}"),
        ClockState::Met => "notice given in time".into(),
        ClockState::MetLate => "notice given late".into(),
    };
    let due = c.due.map(|d| format!("due {}, ", utc(d))).unwrap_or_default();
    let to = c.recipient.as_ref().map(|r| format!(" to {}", safe(r))).unwrap_or_default();
    let sure = c.status.as_deref().filter(|s| *s != "in force").map(|s| format!(" ({})", safe(s))).unwrap_or_default();
    let corrected = if c.corrected > 0 { format!("; start corrected {} times", c.corrected) } else { String::new() };
    format!("{}{sure}{to}: {due}{state}{corrected}; because: {}", safe(&c.regime), c.because)
}

/// The first steps with what to type; of the others the title.
fn next(steps: &[Step], l: &Labels, w: usize) -> Vec<String> {
    const IN_FULL: usize = 6;
    if steps.is_empty() {
        return vec!["no playbook has a step for this".into()];
    }
    let mut out = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        out.extend(fit(&step_text(i + 1, step), &l.ids(last(&step.why)), w, i < IN_FULL));
        let instead = step.instead.as_ref().map(|t| format!("   instead: {}", safe(t)));
        let act = instead.or_else(|| step.act.first().map(|a| format!("   {}", safe(a)))).filter(|_| i < IN_FULL || step.instead.is_some());
        out.extend(act.iter().flat_map(|a| typed(a, w)));
    }
    out
}

/// A command over several lines stays one command when it is copied.
fn typed(act: &str, w: usize) -> Vec<String> {
    const GOES_ON: &str = " \\";
    let mut lines = fit(act, &[], w.saturating_sub(GOES_ON.len()), true);
    let last = lines.len().saturating_sub(1);
    if act.contains(" --") && !act.contains("instead:") {
        lines.iter_mut().take(last).for_each(|l| l.push_str(GOES_ON));
    }
    lines
}

fn step_text(n: usize, s: &Step) -> String {
    let who = s.who.as_ref().map_or_else(|| format!("{}: nobody named", safe(&s.role)), |p| safe(&p.name));
    let can = match s.can {
        Can::Yes => "",
        Can::No => ", NOT OURS TO DO",
        Can::Unknown => ", ours to do? not registered",
    };
    let wait = if s.waits_for.is_empty() { "" } else { ", after an earlier step" };
    format!("{n}. {} ({who}{can}{wait})", safe(&s.title))
}

fn proof(brief: &Brief, w: usize) -> Vec<String> {
    match &brief.proof {
        Some(p) => fit(&format!("signed log of {} entries, root {}; evidence: {}", p.size, safe(&p.root), safe(&p.export)), &[], w, true),
        None => vec!["no signed log: nothing in this brief can be proven later".into()],
    }
}

fn blind(list: &[Blind], l: &Labels, w: usize) -> Vec<String> {
    if list.is_empty() {
        return fit("no gap is known in the logs that were looked at; of logs that were not given muster knows nothing", &[], w, true);
    }
    list.iter().flat_map(|b| fit(&blind_text(b), &l.ids(&b.events), w, true)).collect()
}

fn blind_text(b: &Blind) -> String {
    let source = b.source.as_ref().filter(|s| !b.text.contains(s.as_str())).map(|s| format!("{}: ", safe(s))).unwrap_or_default();
    let span = match (b.from, b.to) {
        (Some(f), _) if b.text.contains(&f.to_string()) => String::new(),
        (Some(f), Some(t)) => format!(", {} to {}", utc(f), utc(t)),
        (Some(f), None) => format!(", from {}", utc(f)),
        (None, Some(t)) => format!(", until {}", utc(t)),
        (None, None) => String::new(),
    };
    format!("{source}{}{span}", safe(&b.text))
}

fn cut(line: &str, w: usize) -> String {
    crate::words::safe_to(line, w.saturating_sub(3))
}
