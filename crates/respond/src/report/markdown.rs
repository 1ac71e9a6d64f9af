//! The brief as Markdown for a ticket or a wiki. Whatever stands in a log stays text: every character that could begin markup is
//! escaped, and commands stand in code blocks whose fence no content can close.

use super::{
    brief::{Brief, OwnerPart},
    say::{self, Statement},
    time::{near, utc},
};
use crate::{
    plan::{NOT_LEGAL_ADVICE, Step},
    words::{safe, safe_to},
};

/// Rows of a section; the others are counted.
const ROWS_MAX: usize = 60;
/// Events that a statement names.
const IDS_MAX: usize = 4;
/// A command or sentence of the brief's own making, in characters.
const LONG_MAX: usize = 2_000;

/// Lays the brief out.
pub fn markdown(brief: &Brief) -> String {
    let mut d = Doc::default();
    d.heading(1, "Incident brief");
    d.paragraph(&format!("**{}**", escape(&brief.answer.text)));
    d.paragraph(&format!("_{}_", escape(&brief.answer.completeness)));
    let case = brief.case.as_ref().map(|c| format!("case {} · ", safe(c))).unwrap_or_default();
    d.paragraph(&escape(&format!("{case}{} · all times UTC", utc(brief.made))));
    owners(brief, &mut d);
    next(&brief.next, &mut d);
    d.section("Clocks", brief.clocks.iter().map(say::clock), "no rule applies to what is known");
    d.paragraph(&escape(NOT_LEGAL_ADVICE));
    d.section("How they got in", brief.entry.iter().map(|e| say::entry(e, brief.made)), absent(brief, "entry"));
    happened(brief, &mut d);
    scope(brief, &mut d);
    left(brief, &mut d);
    d.section("Who else could be reached from here", brief.reach.iter().map(|r| say::reach(r, brief.made)), absent(brief, "reach"));
    let none = "no gap is known in the logs that were looked at; of logs that were not given muster knows nothing";
    d.section("What could not be seen", brief.not_visible.iter().map(say::blind), none);
    proof(brief, &mut d);
    asked(brief, &mut d);
    d.out
}

fn absent<'a>(brief: &'a Brief, name: &str) -> &'a str {
    brief.absent.get(name).map_or("nothing", String::as_str)
}

fn asked(brief: &Brief, d: &mut Doc) {
    d.section("Asked, and looked at", say::asked(brief).into_iter(), "nothing");
    let row = |b: &event::Book| vec![code_span(&safe(&b.source)), b.facet.name().to_owned(), b.received.to_string(), say::source_span(b, brief.made)];
    d.table(&["log", "facet", "records", "events"], brief.asked.sources.iter().map(row));
}

fn owners(brief: &Brief, d: &mut Doc) {
    d.heading(2, "Whom to call, and what we may do");
    if brief.owners.is_empty() {
        d.paragraph("nobody: nothing is in scope");
    }
    for o in brief.owners.iter().take(ROWS_MAX) {
        d.bullet(0, &Statement::new(say::owner_line(o)));
        contacts(o, d);
        for line in say::may(o).into_iter().flat_map(|(first, rest)| std::iter::once(first).chain(rest)) {
            d.bullet(1, &Statement::new(line));
        }
    }
    d.more(brief.owners.len());
}

fn contacts(o: &OwnerPart, d: &mut Doc) {
    for (role, text) in o.contacts.iter().map(say::person) {
        d.bullet(1, &Statement::new(format!("{role} {text}")));
    }
    if o.contacts.is_empty() && o.owner.is_some() {
        d.bullet(1, &Statement::new("no contact is registered"));
    }
}

fn happened(brief: &Brief, d: &mut Doc) {
    d.heading(2, "What happened");
    if brief.happened.is_empty() {
        d.paragraph(&escape(&say::nothing_happened(brief)));
        return;
    }
    let row = |h: &super::brief::Happened| {
        let facet = h.facet.map(|f| f.name().to_owned()).unwrap_or_default();
        vec![near(h.time, brief.made), facet, escape(&say::happened(h)), ids(&h.events)]
    };
    // Where room is short, what weighs least is left out; the order is that of time.
    let mut weights: Vec<u8> = brief.happened.iter().map(|h| h.weight).collect();
    weights.sort_unstable_by(|a, b| b.cmp(a));
    let least = weights.get(ROWS_MAX).copied().unwrap_or(0);
    d.table(&["time (UTC)", "facet", "what", "events"], brief.happened.iter().filter(|h| h.weight >= least).map(row));
    let told = brief.happened.iter().filter(|h| h.weight >= least).count().min(ROWS_MAX);
    d.left_out(brief.happened.len() - told);
}

fn scope(brief: &Brief, d: &mut Doc) {
    d.heading(2, "How far it went");
    if brief.scope.is_empty() {
        d.paragraph("nothing was reached");
        return;
    }
    let rows = say::scope_rows(brief);
    let row = |r: &say::Row<'_>| {
        let since = r.node.since.map(|t| near(t, brief.made)).unwrap_or_default();
        let made = if r.node.made { " (made by the intruder)" } else { "" };
        let (status, level) = (say::status_word(r.node.status).to_owned(), say::level(r.node.confidence).to_owned());
        vec![since, status, level, escape(&(r.name() + made)), escape(&r.owner()), ids(say::last(&r.node.path))]
    };
    d.table(&["since (UTC)", "status", "level", "thing", "owner", "event"], rows.iter().map(row));
    d.more(rows.len());
}

fn left(brief: &Brief, d: &mut Doc) {
    d.heading(2, "Data, vendors, people");
    match &brief.exfiltration {
        Some(x) => {
            let (verdict, why) = say::left(x);
            d.paragraph(&format!("**{}**", escape(&verdict.text)));
            why.iter().take(ROWS_MAX).for_each(|s| d.bullet(0, s));
        }
        None => d.paragraph(&escape(&format!("whether data left was not examined: {}", absent(brief, "exfiltration")))),
    }
    d.bullet(0, &say::people(brief));
    let (personal, other) = say::data(brief);
    let all: Vec<Statement> = personal.into_iter().chain(brief.vendors.iter().map(say::vendor)).chain(say::providers(brief)).chain(other).collect();
    all.iter().take(ROWS_MAX).for_each(|s| d.bullet(0, s));
    d.more(all.len());
}

fn next(steps: &[Step], d: &mut Doc) {
    d.heading(2, "Next steps");
    if steps.is_empty() {
        d.paragraph("no playbook has a step for this");
    }
    for s in steps.iter().take(ROWS_MAX) {
        d.item("- [ ] ", &Statement::new(say::step_title(s)).shown_by(say::last(&s.why)));
        if let Some(instead) = &s.instead {
            d.bullet(1, &Statement::new(format!("instead: {}", safe(instead))));
        }
        if !s.act.is_empty() {
            d.code(&s.act.iter().map(|a| safe_to(a, LONG_MAX)).collect::<Vec<_>>(), "  ");
        }
    }
    d.more(steps.len());
}

fn proof(brief: &Brief, d: &mut Doc) {
    d.heading(2, "Proof");
    match &brief.proof {
        Some(p) => {
            d.paragraph(&escape(&format!("signed log of {} entries, root {}; to prove this brief:", p.size, safe(&p.root))));
            d.code(&[safe_to(&p.export, LONG_MAX)], "");
        }
        None => d.paragraph(&escape(absent(brief, "proof"))),
    }
}

/// Event ids, each as code.
fn ids(events: &[String]) -> String {
    let shown: Vec<String> = events.iter().take(IDS_MAX).map(|e| code_span(&safe(e))).collect();
    let more = events.len().saturating_sub(IDS_MAX);
    if more > 0 { format!("{} +{more}", shown.join(" ")) } else { shown.join(" ") }
}

/// Makes a text inert: what CommonMark, GitHub's tables and links, mathematics or HTML would take for their own is escaped where it
/// could be, and what is hidden is shown. All else stays readable as it stands. The result has no line break.
pub(super) fn escape(text: &str) -> String {
    let shown = event::text::harmless(text);
    let chars: Vec<char> = shown.trim_start().chars().collect();
    let mut out = String::with_capacity(shown.len() + shown.len() / 8);
    let at = |i: usize| chars.get(i).copied();
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(at);
        let escaped = match c {
            '<' | '>' | '&' => {
                out.push_str(if c == '<' {
                    "&lt;"
                } else if c == '>' {
                    "&gt;"
                } else {
                    "&amp;"
                });
                continue;
            }
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' | '@' => true,
            // Inside a word it is no emphasis.
            '_' => !(word(before) && word(at(i + 1))),
            // `https://` and `www.` make links by themselves in many renderers.
            ':' => at(i + 1) == Some('/') && at(i + 2) == Some('/'),
            '.' if out.len() >= 3 && out.get(out.len() - 3..).is_some_and(|w| w.eq_ignore_ascii_case("www")) => true,
            // What would begin a block.
            '-' | '+' | '#' | '=' => i == 0,
            '.' | ')' => i > 0 && i == digits,
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A name as code: nothing in it is markup, and no mention or reference is made of it.
fn code_span(text: &str) -> String {
    let text = event::text::harmless(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let (fence, pad) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    if text.trim().is_empty() { String::new() } else { format!("{fence}{pad}{text}{pad}{fence}") }
}

/// A document that grows. Everything but the brief's own headings goes through `escape`.
#[derive(Default)]
struct Doc {
    out: String,
}

impl Doc {
    fn heading(&mut self, level: usize, text: &str) {
        self.gap();
        self.out.push_str(&format!("{} {text}\n\n", "#".repeat(level)));
    }

    /// A paragraph of text that is escaped already.
    fn paragraph(&mut self, escaped: &str) {
        self.gap();
        self.out.push_str(escaped);
        self.out.push_str("\n\n");
    }

    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn section(&mut self, title: &str, statements: impl ExactSizeIterator<Item = Statement>, none: &str) {
        self.heading(2, title);
        let count = statements.len();
        if count == 0 {
            self.paragraph(&escape(none));
        }
        statements.take(ROWS_MAX).for_each(|s| self.bullet(0, &s));
        self.more(count);
    }

    fn bullet(&mut self, depth: usize, s: &Statement) {
        self.item(&format!("{}- ", "  ".repeat(depth)), s);
        for note in &s.notes {
            self.out.push_str(&format!("{}  - {}\n", "  ".repeat(depth), escape(note)));
        }
    }

    fn item(&mut self, mark: &str, s: &Statement) {
        let shown = if s.events.is_empty() { String::new() } else { format!(" ({})", ids(&s.events)) };
        self.out.push_str(&format!("{mark}{}{shown}\n", escape(&s.text)));
    }

    fn more(&mut self, count: usize) {
        self.left_out(count.saturating_sub(ROWS_MAX));
    }

    fn left_out(&mut self, count: usize) {
        if count > 0 {
            self.paragraph(&format!("… {count} more: `muster respond --json`"));
        }
    }

    /// A table of cells that are escaped already.
    fn table(&mut self, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut rows = rows.take(ROWS_MAX).peekable();
        if rows.peek().is_none() {
            return;
        }
        self.gap();
        self.out.push_str(&format!("| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len())));
        for row in rows {
            self.out.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        self.out.push('\n');
    }

    /// Commands in a block; its fence is longer than any run of its own sign inside.
    fn code(&mut self, lines: &[String], indent: &str) {
        let longest = lines.iter().flat_map(|l| l.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.out.push_str(&format!("{indent}{fence}\n"));
        lines.iter().for_each(|l| self.out.push_str(&format!("{indent}{l}\n")));
        self.out.push_str(&format!("{indent}{fence}\n"));
        if indent.is_empty() {
            self.out.push('\n');
        }
    }
}
