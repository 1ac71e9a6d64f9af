//! The brief on a terminal: at most two screens of 50 lines by 100 columns, blind spots last and never cut without a count.
//! Text from logs is escaped; colour only on request and never the only carrier of a meaning.

use std::collections::{HashMap, HashSet};

use event::{Book, Entity, Kind, Time};

use super::{
    brief::{Blind, Brief, DataPart, Happened, OwnerPart, ScopeNode, VendorHit},
    label::{Labels, short},
    lines::{Entry, More, Section, fit, lay_out},
    time::{hours, near, near_minute, utc},
};
use crate::{
    plan::{Clock, ClockState, NOT_LEGAL_ADVICE, Step, holder_of_data, shell_word},
    registry::{Can, ContactRole, Person},
    scope::{Level, Status, Verdict},
    words::{safe, safe_to},
};

/// The reasons of the verdict on leaving, in characters.
const LEFT_MAX: usize = 220;
/// The command that exports the evidence.
const EXPORT_MAX: usize = 1_000;

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
    let first = brief.asked.indicators.first();
    let usual = first.and_then(|e| shell_word(&e.to_string())).unwrap_or_else(|| "INDICATOR".into());
    let with = |command| More::With(command, usual.clone());
    let asked = asked(brief, l, w);
    // What the letters stand for is shown in any case.
    let legend: usize = asked.iter().filter(|e| e.weight > 1).map(|e| e.lines.len()).sum();
    let section = |title, entries, share, rank, more| Section { title, entries, share, rank, more, spread: false };
    let happened = section("What happened", happened(brief, l, w), 18, 1, with("muster timeline"));
    let sections = [
        section("Asked, and looked at", asked, (legend + 1).min(12), 5, with("muster respond --json")),
        section("Whom to call", call(brief, w), 9, 3, with("muster who")),
        section("What we may do", may(brief, w), 4, 4, with("muster who")),
        Section { spread: true, ..happened },
        section("How far it went", scope(brief, l, w), 10, 2, with("muster scope")),
        section("Data and vendors", data(brief, l, w), 9, 3, with("muster respond --json")),
        section("Clocks", clocks(&brief.clocks, l, w), 5, 3, More::Whole("muster clocks")),
        section("Next steps", next(&brief.next, l, w), 12, 2, More::Whole("muster next")),
        section("Proof", proof(brief, w), 5, 5, with("muster evidence export")),
        section("What could not be seen", blind(&brief.not_visible, l, w), 7, 0, with("muster respond --json")),
    ];
    lay_out(head, sections.into(), style)
}

fn asked(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    let a = &brief.asked;
    let heavy = |lines| Entry { weight: 3, ..Entry::new(lines) };
    let list = |of: &[Entity]| of.iter().map(|e| safe(&e.to_string())).collect::<Vec<_>>().join(", ");
    let end = |t: Option<Time>, open: &str| t.map_or(open.to_owned(), utc);
    let span = format!("from {} to {}", end(a.window.since, "the first record"), end(a.window.until, "the last"));
    let mut out = vec![heavy(fit(&format!("{}; {span}", list(&a.indicators)), &[], w, true))];
    if !a.assumed.is_empty() {
        out.push(heavy(fit(&format!("taking {} to be the intruder's: all below follows from that", list(&a.assumed)), &[], w, true)));
    }
    for unknown in &a.unknown {
        let near = match unknown.nearest.as_slice() {
            [] => "nothing is spelled like it".to_owned(),
            near => format!("nearest: {}", near.iter().map(|n| safe(n)).collect::<Vec<_>>().join(", ")),
        };
        out.push(heavy(fit(&format!("`{}` is in none of these logs; {near}", safe(&unknown.text)), &[], w, true)));
    }
    let sum = |f: fn(&Book) -> u64| a.sources.iter().map(f).sum::<u64>();
    let (stored, quarantined, duplicate) = (sum(|b| b.stored), sum(|b| b.quarantined), sum(|b| b.duplicate));
    let (refused, received) = (sum(|b| b.refused), sum(|b| b.received));
    let books = format!("{received} records = {stored} stored + {quarantined} quarantined + {duplicate} duplicate + {refused} refused");
    out.push(heavy(fit(&format!("{} logs: {books}", a.sources.len()), &[], w, true)));
    let mut sources: Vec<(Option<char>, &Book)> = a.sources.iter().map(|b| (l.letter(&b.source), b)).collect();
    sources.sort_by_key(|(c, _)| (c.is_none(), *c));
    out.extend(sources.into_iter().map(|(letter, b)| {
        let at = |t| near_minute(t, brief.made);
        let span = b.first.zip(b.last).map_or_else(|| "no event".into(), |(f, t)| format!("{} to {}", at(f), at(t)));
        let weight = if letter.is_some() { 2 } else { 1 };
        let letter = letter.map(|c| format!("{c} = ")).unwrap_or_default();
        let text = format!("{letter}{} ({}): {} records, {span}", safe(&b.source), b.facet.name(), b.received);
        Entry { weight, ..Entry::new(fit(&text, &[], w, letter.is_empty())) }
    }));
    out
}

fn call(brief: &Brief, w: usize) -> Vec<Entry> {
    if brief.owners.is_empty() {
        return vec!["nobody: nothing is in scope".to_owned().into()];
    }
    brief.owners.iter().map(|o| Entry { ask: ask(o), ..Entry::new(owner(o, w)) }).collect()
}

/// What `muster who` is asked to tell of an owner.
fn ask(o: &OwnerPart) -> Option<String> {
    o.entities.first().and_then(|e| shell_word(&holder_of_data(e).to_string()))
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

fn may(brief: &Brief, w: usize) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    for o in brief.owners.iter().filter(|o| o.system.is_some() || !o.capabilities.is_empty()) {
        let system = o.system.as_deref().or(o.owner.as_deref()).unwrap_or("-");
        let Some(model) = o.service_model else {
            let text = format!("{}: no service model in the registry, so what we may do is not known", safe(system));
            out.push(Entry { ask: ask(o), ..Entry::new(fit(&text, &[], w, true)) });
            continue;
        };
        let of = |can| o.capabilities.iter().filter(move |(_, c)| c.can == can);
        let yes: Vec<&str> = of(Can::Yes).map(|(n, _)| *n).collect();
        let mut lines = fit(&format!("{} ({}): we can {}", safe(system), model.name(), yes.join(", ")), &[], w, true);
        let no: Vec<String> = of(Can::No).map(|(n, c)| format!("{n} ({})", safe(&c.note))).collect();
        let provider = o.provider.as_ref().map_or_else(String::new, |p| {
            let way = p.contacts.first().map(|c| format!(": {} {}", safe(&c.channel), safe(&c.value))).unwrap_or_default();
            format!("; provider {}{way}", safe(&p.name))
        });
        let cannot = if no.is_empty() { "all listed acts are ours".into() } else { format!("not ours: {}", no.join(", ")) };
        lines.extend(fit(&format!("  {cannot}{provider}"), &[], w, true));
        out.push(Entry { ask: ask(o), ..Entry::new(lines) });
    }
    if out.is_empty() {
        out.push("not known: nothing in scope is in the registry".to_owned().into());
    }
    out
}

/// What handed over control comes first where room is short; shown in order of time.
fn happened(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if !brief.happened.is_empty() {
        // The first event and, of several acts, the last; the lines folded into a login are in the JSON.
        let ids = |row: &Happened| l.ids(&ends(row));
        let lines = |row: &Happened| fit(&happened_text(row, brief.made), &ids(row), w, false);
        return brief.happened.iter().map(|row| Entry { weight: row.weight, ..Entry::new(lines(row)) }).collect();
    }
    let text = match brief.asked.named {
        0 => "nothing in these logs touches what was asked about".to_owned(),
        n => format!(
            "{n} events name it; they are not told here because nothing in them ties an identity, session or credential to it alone: an address that many share, or one of every day, is not followed; `muster timeline` shows them"
        ),
    };
    vec![Entry::new(fit(&text, &[], w, true))]
}

/// The first event, and of several acts the last.
fn ends(row: &Happened) -> Vec<String> {
    let last = row.events.last().filter(|_| row.count > 1);
    row.events.first().into_iter().chain(last).cloned().collect()
}

fn happened_text(row: &Happened, now: Time) -> String {
    let outcome = if row.outcome.as_deref() == Some("failure") { "FAILED " } else { "" };
    let again = if row.count > 1 { format!("×{} until {}: ", row.count, until(row)) } else { String::new() };
    format!("{} {again}{outcome}{}", near(row.time, now), safe(&row.text))
}

/// The last time; without the day where it is that of the first.
fn until(row: &Happened) -> String {
    let (first, last) = (utc(row.time), utc(row.last));
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((a, _)), Some((b, clock))) if a == b => clock.to_owned(),
        _ => last,
    }
}

/// Nodes under headings of what the intruder has and how sure that is; objects of one bucket in one line.
fn scope(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if brief.scope.is_empty() {
        return vec!["nothing was reached".to_owned().into()];
    }
    let mut out = Vec::new();
    for group in brief.scope.chunk_by(|a, b| (a.status, a.confidence) == (b.status, b.confidence)) {
        let Some(first) = group.first() else { continue };
        let heading = format!("{}, {}:", status(first.status), level(first.confidence));
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
        for (i, (place, n, count)) in places.iter().enumerate() {
            let mut lines = if i == 0 { vec![heading.clone()] } else { Vec::new() };
            lines.extend(fit(&scope_text(place, n, *count, brief.made), &l.ids(last(&n.path)), w, false));
            out.push(Entry::new(lines));
        }
    }
    out
}

fn last(path: &[String]) -> &[String] {
    path.get(path.len().saturating_sub(1)..).unwrap_or_default()
}

fn status(s: Status) -> &'static str {
    match s {
        Status::Entry => "where it began",
        Status::Origin => "where it went on from",
        Status::Controlled => "controlled by the intruder",
        Status::Changed => "made, changed, stopped or removed",
        Status::Exposed => "data read, listed or copied",
        Status::Reached => "reached or tried",
        Status::Named => "named, and tied to nothing",
    }
}

fn level(l: Level) -> &'static str {
    match l {
        Level::Shown => "shown",
        Level::Likely => "likely",
        Level::Possible => "possible",
    }
}

fn scope_text(place: &Entity, n: &ScopeNode, count: usize, now: Time) -> String {
    let since = n.since.map(|t| near_minute(t, now)).unwrap_or_default();
    let made = if n.made { ", made by the intruder" } else { "" };
    let owner = n.owner.as_ref().map_or_else(|| "owner unknown".to_owned(), |o| safe(o));
    let objects = if count > 1 { format!(", {count} objects") } else { String::new() };
    // A single object is named itself; of several, their bucket.
    let shown = if count > 1 { place } else { &n.entity };
    format!("  {since:<11} {}{objects} ({owner}{made})", safe(&shown.to_string()))
}

fn data(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    let mut out = Vec::new();
    match &brief.exfiltration {
        Some(x) => {
            let word = match x.verdict {
                Verdict::Seen => "Data was seen leaving",
                Verdict::NoSign => "No sign that data left",
                Verdict::CouldNotHaveBeenSeen => "Whether data left could not be seen",
            };
            let why: Vec<&str> = x.reasons.iter().map(|r| r.text.as_str()).collect();
            let why = if why.is_empty() { String::new() } else { format!(": {}", safe_to(&why.join("; "), LEFT_MAX)) };
            let events: Vec<String> = x.reasons.iter().flat_map(|r| r.events.clone()).collect();
            out.push(Entry { weight: 3, ..Entry::new(fit(&format!("{word}{why}"), &l.ids(&events), w, true)) });
        }
        None => out.push("whether data left was not examined: nothing is known to be in the intruder's hands".to_owned().into()),
    }
    let (personal, other): (Vec<_>, Vec<_>) = brief.data.iter().partition(|d| d.held.iter().any(|h| h.personal == Some(true)));
    out.extend(personal.iter().map(|d| Entry { weight: 2, ..Entry::new(data_text(d, l, w)) }));
    out.extend(brief.vendors.iter().map(|v| Entry { weight: 3, ..Entry::new(vendor_text(v, l, w)) }));
    out.extend(by_owner(&other).into_iter().map(|list| Entry::new(list_text(&list, l, w))));
    if brief.data.is_empty() {
        out.push("no read or listed data is in scope".to_owned().into());
    }
    out
}

/// Things that the registry says nothing more of, in one list for each owner and sort; the others each by itself.
fn by_owner<'a>(data: &[&'a DataPart]) -> Vec<Vec<&'a DataPart>> {
    let mut out: Vec<Vec<&DataPart>> = Vec::new();
    for d in data {
        let alike = |o: &&mut Vec<&DataPart>| o.first().is_some_and(|f| f.held.is_empty() && f.owner == d.owner && sort(f) == sort(d));
        match out.iter_mut().find(alike).filter(|_| d.held.is_empty()) {
            Some(list) => list.push(d),
            None => out.push(vec![*d]),
        }
    }
    out.sort_by_key(|list| list.first().is_none_or(|d| sort(d) != "secrets"));
    out
}

/// What sort of thing it is, in the plural.
fn sort(d: &DataPart) -> &'static str {
    let value = d.place.value.as_str();
    match d.place.kind {
        Kind::File => "files",
        _ if value.starts_with("arn:aws:s3:::") => "buckets",
        _ if value.contains(":secretsmanager:") => "secrets",
        _ if value.contains(":parameter/") => "parameters",
        _ => "things",
    }
}

fn list_text(list: &[&DataPart], l: &Labels, w: usize) -> Vec<String> {
    const SHOWN: usize = 3;
    let (Some(first), true) = (list.first(), list.len() > 1) else { return list.first().map(|d| data_text(d, l, w)).unwrap_or_default() };
    let names: Vec<String> = list.iter().take(SHOWN).map(|d| short(&d.place)).collect();
    let more = list.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let owner = first.owner.as_ref().map_or_else(|| "owner unknown".to_owned(), |o| safe(o));
    let events: Vec<String> = list.iter().filter_map(|d| d.events.last().cloned()).collect();
    let text = format!("exposed {} {} ({owner}): {}{more}; what they hold is not registered", list.len(), sort(first), names.join(", "));
    fit(&text, &l.ids(&events), w, true)
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

fn clocks(clocks: &[Clock], l: &Labels, w: usize) -> Vec<Entry> {
    if clocks.is_empty() {
        return vec![Entry::new(fit(&format!("no rule applies to what is known. {NOT_LEGAL_ADVICE}"), &[], w, true))];
    }
    let mut out: Vec<Entry> = clocks.iter().map(|c| Entry::new(fit(&clock_text(c), &l.ids(&c.why), w, true))).collect();
    out.push(Entry::new(fit(NOT_LEGAL_ADVICE, &[], w, true)));
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
    let assumed = if c.assumed { "; start assumed: the first question; correct with `muster case fact awareness --happened TIME`" } else { "" };
    format!("{}{sure}{to}: {due}{state}{corrected}{assumed}; because: {}", safe(&c.regime), c.because)
}

/// The first steps with what to type; of the others the title.
fn next(steps: &[Step], l: &Labels, w: usize) -> Vec<Entry> {
    const IN_FULL: usize = 3;
    if steps.is_empty() {
        return vec!["no playbook has a step for this".to_owned().into()];
    }
    let mut out = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let mut lines = fit(&step_text(i + 1, step), &l.ids(last(&step.why)), w, i < IN_FULL);
        let instead = step.instead.as_ref().map(|t| format!("   instead: {}", safe(t)));
        let act = instead.or_else(|| step.act.first().map(|a| format!("   {}", safe(a)))).filter(|_| i < IN_FULL || step.instead.is_some());
        lines.extend(act.iter().flat_map(|a| typed(a, w)));
        out.push(Entry::new(lines));
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

fn proof(brief: &Brief, w: usize) -> Vec<Entry> {
    let Some(p) = &brief.proof else { return vec!["no signed log: nothing in this brief can be proven later".to_owned().into()] };
    let mut lines = fit(&format!("signed log of {} entries, root {}; to prove this brief:", p.size, safe(&p.root)), &[], w, true);
    lines.extend(typed(&format!("  {}", safe_to(&p.export, EXPORT_MAX)), w));
    vec![Entry::new(lines)]
}

fn blind(list: &[Blind], l: &Labels, w: usize) -> Vec<Entry> {
    if list.is_empty() {
        let text = "no gap is known in the logs that were looked at; of logs that were not given muster knows nothing";
        return vec![Entry::new(fit(text, &[], w, true))];
    }
    list.iter().map(|b| Entry::new(fit(&blind_text(b), &l.ids(&b.events), w, true))).collect()
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
