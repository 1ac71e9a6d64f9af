//! The brief on a terminal: the answer first, at most two screens of 100 columns, blind spots last and never cut without a count.
//! Text from logs is escaped; colour only on request and never the only carrier of a meaning.

mod lines;

use super::{
    brief::{Brief, Happened, OwnerPart},
    label::Labels,
    say::{self, Statement},
    time::{near, utc},
};
use crate::{
    plan::{Clock, NOT_LEGAL_ADVICE, Step, holder_of_data, shell_word},
    words::{safe, safe_to},
};
use lines::{Entry, More, Section, fit, lay_out};

/// The command that exports the evidence.
const EXPORT_MAX: usize = 1_000;

/// Lines of the answer.
const HEAD_LINES: usize = 8;

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
    /// Two screens of 55 lines by 100 columns, no colour.
    fn default() -> Style {
        Style { colour: false, width: 100, lines: 110 }
    }
}

/// Lays the brief out.
pub fn text(brief: &Brief, style: Style) -> String {
    let w = style.width;
    let l = &Labels::new(brief);
    let case = brief.case.as_ref().map(|c| format!(" · case {}", safe(c))).unwrap_or_default();
    let mut head = fit(&safe_to(&brief.answer.text, w * HEAD_LINES), &[], w + 2, true);
    head.extend(fit(&safe_to(&brief.answer.completeness, w * 2), &[], w + 2, true));
    head.extend(fit(&format!("muster brief{case} · {} · all times UTC", utc(brief.made)), &[], w, false));
    let first = brief.asked.indicators.first();
    let usual = first.and_then(|e| shell_word(&e.to_string())).unwrap_or_else(|| "INDICATOR".into());
    let with = |command| More::With(command, usual.clone());
    let asked = asked(brief, l, w);
    // What the letters stand for is shown in any case.
    let legend: usize = asked.iter().filter(|e| e.weight == 2).map(|e| e.lines.len()).sum();
    let section = |title, entries, share, rank, more| Section { title, entries, share, rank, more, spread: false };
    let happened = section("What happened", happened(brief, l, w), 14, 2, with("muster timeline"));
    let sections = [
        section("Whom to call", call(brief, w), 9, 2, with("muster who")),
        section("Next steps", next(&brief.next, l, w), 12, 4, More::Whole("muster next")),
        section("Clocks", clocks(&brief.clocks, l, w), 4, 3, More::Whole("muster clocks")),
        section("What we may do", may(brief, w), 4, 2, with("muster who")),
        section("How they got in", entry(brief, l, w), 8, 1, with("muster scope")),
        Section { spread: true, ..happened },
        section("How far it went", scope(brief, l, w), 14, 1, with("muster scope")),
        section("Data, vendors, people", data(brief, l, w), 13, 1, with("muster respond --json")),
        section("Who else could be reached from here", reach(brief, l, w), 2, 7, with("muster scope")),
        section("What could not be seen", blind(brief, l, w), 7, 0, with("muster respond --json")),
        section("Proof", proof(brief, w), 7, 6, with("muster evidence export")),
        section("Asked, and looked at", asked, (legend + 1).min(9), 6, with("muster respond --json")),
    ];
    lay_out(head, sections.into(), style)
}

fn said(s: &Statement, l: &Labels, w: usize) -> Entry {
    let mut lines = fit(&s.text, &l.ids(&s.events), w, true);
    lines.extend(s.notes.iter().flat_map(|n| fit(&format!("  {n}"), &[], w, true)));
    Entry { weight: s.weight, ..Entry::new(lines) }
}

fn plain(text: &str, w: usize) -> Vec<Entry> {
    vec![Entry::new(fit(text, &[], w, true))]
}

/// Why a section says nothing.
fn absent(brief: &Brief, name: &str, w: usize) -> Vec<Entry> {
    plain(brief.absent.get(name).map_or("nothing", String::as_str), w)
}

fn asked(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    let mut out: Vec<Entry> = say::asked(brief).iter().map(|s| said(s, l, w)).collect();
    let mut sources: Vec<_> = brief.asked.sources.iter().map(|b| (l.letter(&b.source), b)).collect();
    sources.sort_by_key(|(c, _)| (c.is_none(), *c));
    out.extend(sources.into_iter().map(|(letter, b)| {
        let weight = if letter.is_some() { 2 } else { 1 };
        let letter = letter.map(|c| format!("{c} = ")).unwrap_or_default();
        let text = format!("{letter}{} ({}): {} records, {}", safe(&b.source), b.facet.name(), b.received, say::source_span(b, brief.made));
        Entry { weight, ..Entry::new(fit(&text, &[], w, letter.is_empty())) }
    }));
    out
}

fn call(brief: &Brief, w: usize) -> Vec<Entry> {
    if brief.owners.is_empty() {
        return plain("nobody: nothing is in scope", w);
    }
    brief.owners.iter().map(|o| Entry { ask: ask(o), ..Entry::new(owner(o, w)) }).collect()
}

/// What `muster who` is asked to tell of an owner.
fn ask(o: &OwnerPart) -> Option<String> {
    o.entities.first().and_then(|e| shell_word(&holder_of_data(e).to_string()))
}

fn owner(o: &OwnerPart, w: usize) -> Vec<String> {
    let mut out = fit(&say::owner_line(o), &[], w, true);
    let line = |(role, text): (&str, String)| cut(&format!("  {role:<10} {text}"), w);
    out.extend(o.contacts.iter().map(say::person).map(line));
    if o.contacts.is_empty() && o.owner.is_some() {
        out.push("  no contact is registered".into());
    }
    out
}

fn may(brief: &Brief, w: usize) -> Vec<Entry> {
    let of = |o: &OwnerPart| {
        let (first, second) = say::may(o)?;
        let mut lines = fit(&first, &[], w, true);
        lines.extend(second.iter().flat_map(|s| fit(&format!("  {s}"), &[], w, true)));
        Some(Entry { ask: ask(o), weight: if o.limits.is_empty() { 1 } else { 2 }, ..Entry::new(lines) })
    };
    let out: Vec<Entry> = brief.owners.iter().filter_map(of).collect();
    if out.is_empty() { plain("not known: nothing in scope is in the registry", w) } else { out }
}

fn entry(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if brief.entry.is_empty() {
        return absent(brief, "entry", w);
    }
    brief.entry.iter().map(|e| said(&say::entry(e, brief.made), l, w)).collect()
}

/// What handed over control comes first where room is short; shown in order of time.
fn happened(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if brief.happened.is_empty() {
        return plain(&say::nothing_happened(brief), w);
    }
    // The first event and, of several acts, the last; the lines folded into a login are in the JSON.
    let ids = |row: &Happened| l.ids(&ends(row));
    let lines = |row: &Happened| fit(&format!("{} {}", near(row.time, brief.made), say::happened(row)), &ids(row), w, false);
    brief.happened.iter().map(|row| Entry { weight: row.weight, ..Entry::new(lines(row)) }).collect()
}

/// The first event, and of several acts the last.
fn ends(row: &Happened) -> Vec<String> {
    let last = row.events.last().filter(|_| row.count > 1);
    row.events.first().into_iter().chain(last).cloned().collect()
}

/// By groups, each in order of time; hosts, identities, keys and data before the sessions and files that go with them.
fn scope(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if brief.scope.is_empty() {
        return plain("nothing was reached", w);
    }
    let mut rows: Vec<(say::Group, say::Row<'_>)> = say::scope_rows(brief).into_iter().map(|r| (r.group(), r)).collect();
    rows.sort_by_key(|(group, row)| (*group, row.node.since));
    let line = |(group, row): &(say::Group, say::Row<'_>)| {
        let s = row.said_short(*group, brief.made);
        let weight = if row.is_lost() { group.weight() } else { 1 };
        Entry { weight, ..Entry::new(fit(&s.text, &l.ids(&s.events), w, false)) }
    };
    rows.iter().map(line).collect()
}

fn data(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    let mut out = Vec::new();
    match &brief.exfiltration {
        Some(x) => {
            let (verdict, why) = say::left(x);
            out.push(said(&verdict, l, w));
            out.extend(why.iter().map(|s| said(&Statement { text: format!("  {}", s.text), weight: 3, ..s.clone() }, l, w)));
        }
        None => out.extend(plain("whether data left was not examined: nothing is known to be in the intruder's hands", w)),
    }
    if brief.data.is_empty() {
        out.extend(plain("no read or listed data is in scope", w));
        return out;
    }
    out.push(said(&say::people(brief), l, w));
    let (personal, other) = say::data(brief);
    out.extend(personal.iter().map(|s| said(s, l, w)));
    out.extend(brief.vendors.iter().map(|v| said(&say::vendor(v), l, w)));
    out.extend(say::providers(brief).iter().map(|s| said(s, l, w)));
    out.extend(other.iter().map(|s| said(s, l, w)));
    out
}

fn reach(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if brief.reach.is_empty() {
        return absent(brief, "reach", w);
    }
    brief.reach.iter().map(|r| said(&say::reach(r, brief.made), l, w)).collect()
}

fn clocks(clocks: &[Clock], l: &Labels, w: usize) -> Vec<Entry> {
    if clocks.is_empty() {
        return plain(&format!("no rule applies to what is known. {NOT_LEGAL_ADVICE}"), w);
    }
    let mut out: Vec<Entry> = clocks.iter().map(|c| said(&say::clock(c), l, w)).collect();
    out.extend(plain(NOT_LEGAL_ADVICE, w));
    out
}

/// The first steps with what to type; of the others the title.
fn next(steps: &[Step], l: &Labels, w: usize) -> Vec<Entry> {
    const IN_FULL: usize = 2;
    if steps.is_empty() {
        return plain("no playbook has a step for this", w);
    }
    let mut out = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let mut lines = fit(&format!("{}. {}", i + 1, say::step_title(step)), &l.ids(say::last(&step.why)), w, i < IN_FULL);
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

fn proof(brief: &Brief, w: usize) -> Vec<Entry> {
    let Some(p) = &brief.proof else { return absent(brief, "proof", w) };
    let mut lines = fit(&format!("signed log of {} entries, root {}; to prove this brief:", p.size, safe(&p.root)), &[], w, true);
    lines.extend(typed(&format!("  {}", safe_to(&p.export, EXPORT_MAX)), w));
    vec![Entry::new(lines)]
}

fn blind(brief: &Brief, l: &Labels, w: usize) -> Vec<Entry> {
    if brief.not_visible.is_empty() {
        return plain("no gap is known in the logs that were looked at; of logs that were not given muster knows nothing", w);
    }
    brief.not_visible.iter().map(|b| said(&say::blind(b), l, w)).collect()
}

fn cut(line: &str, w: usize) -> String {
    safe_to(line, w.saturating_sub(3))
}
