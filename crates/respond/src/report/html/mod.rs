//! The brief as one HTML file that needs nothing else: no script, no font, no picture from elsewhere, which its own policy forbids. Made
//! for a phone at night, a wide screen, paper and readers of screens. At most [`BYTES_MAX`] bytes whatever the store.

mod act;
mod evidence;
mod svg;
mod tell;
mod who;
pub(crate) mod write;

use super::{
    brief::Brief,
    say::{self, Statement},
    time::{number, utc},
};
use crate::{scope::Verdict, words::safe};
use evidence::Refs;
use write::Html;

/// Bytes of a page at most.
pub const BYTES_MAX: usize = 1_000_000;
/// Statements of a section; beyond it they are counted.
const STATEMENTS_MAX: usize = 60;

pub(crate) const CSS: &str = include_str!("style.css");
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Sections in their order: id, and the words of the link to it.
const SECTIONS: [(&str, &str); 12] = [
    ("call", "Whom to call"),
    ("next", "Next steps"),
    ("entry", "How they got in"),
    ("happened", "What happened"),
    ("scope", "How far it went"),
    ("data", "Data, vendors, people"),
    ("sessions", "Sessions"),
    ("reach", "Who else could be reached"),
    ("clocks", "Clocks"),
    ("unseen", "What could not be seen"),
    ("asked", "Asked, and looked at"),
    ("evidence", "Proof and evidence"),
];

/// Lays the brief out.
pub fn html(brief: &Brief) -> String {
    let mut h = Html::default();
    let refs = Refs::of(brief);
    h.el("html", &[("lang", "en")], |h| {
        head(h, brief);
        h.el("body", &[], |h| {
            h.leaf("a", &[("class", "skip"), ("href", "#call")], "Skip to whom to call");
            h.el("header", &[], |h| top(h, brief));
            h.el("main", &[], |h| main(h, brief, &refs));
            h.el("footer", &[], |h| {
                let made = format!("Made by muster {} at {} UTC. {}", env!("CARGO_PKG_VERSION"), utc(brief.made), crate::plan::NOT_LEGAL_ADVICE);
                h.leaf("p", &[("class", "soft")], &made);
            });
        });
    });
    h.page()
}

fn head(h: &mut Html, brief: &Brief) {
    let case = brief.case.as_ref().map(|c| format!(" · case {}", safe(c))).unwrap_or_default();
    h.el("head", &[], |h| {
        h.void("meta", &[("charset", "utf-8")]);
        h.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
        h.void("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
        h.void("meta", &[("name", "referrer"), ("content", "no-referrer")]);
        h.void("meta", &[("name", "robots"), ("content", "noindex")]);
        h.leaf("title", &[], &format!("Incident brief{case}"));
        h.style(CSS);
    });
}

fn top(h: &mut Html, brief: &Brief) {
    let case = brief.case.as_ref().map(|c| format!(" · case {}", safe(c))).unwrap_or_default();
    h.leaf("h1", &[], &format!("Incident brief{case} · {} · all times UTC", utc(brief.made)));
    h.leaf("p", &[("class", "answer")], &brief.answer.text);
    let mark = if brief.answer.whole { "✓ " } else { "! " };
    h.el("p", &[("class", if brief.answer.whole { "whole yes" } else { "whole" })], |h| {
        h.text(&format!("{mark}{} ", brief.answer.completeness));
        h.leaf("a", &[("href", "#unseen")], "What could not be seen");
    });
    tiles(h, brief);
    h.el("nav", &[("aria-label", "Sections")], |h| {
        h.el("ul", &[], |h| {
            for (id, title) in SECTIONS {
                h.el("li", &[], |h| h.leaf("a", &[("href", &format!("#{id}"))], title));
            }
        });
    });
}

/// The figures that everybody asks for first.
fn tiles(h: &mut Html, brief: &Brief) {
    let a = &brief.answer;
    let left = match brief.exfiltration.as_ref().map(|x| x.verdict) {
        Some(Verdict::Seen) => "seen",
        Some(Verdict::NoSign) => "no sign",
        Some(Verdict::CouldNotHaveBeenSeen) => "could not have been seen",
        None => "not examined",
    };
    let people = match brief.people.at_most {
        None => "not counted".to_owned(),
        Some(n) if brief.people.not_counted.is_empty() => format!("≤ {}", number(n)),
        Some(n) => format!("{} + unknown", number(n)),
    };
    let mut tiles = vec![
        (a.machines.to_string(), "machines entered", ""),
        (a.identities.to_string(), "identities held", ""),
        (a.keys.to_string(), "keys held", ""),
        (left.to_owned(), "data leaving", "word"),
        (people, "people affected", "word"),
    ];
    if let Some(c) = brief.clocks.iter().find(|c| c.left_us.is_some()) {
        tiles.push((say::clock_state(c), "next deadline", "word"));
    }
    h.el("ul", &[("class", "tiles"), ("aria-label", "In figures")], |h| {
        for (figure, of, class) in tiles {
            h.el("li", &[("class", class)], |h| {
                h.leaf("b", &[], &figure);
                h.leaf("span", &[], of);
            });
        }
    });
}

fn main(h: &mut Html, brief: &Brief, refs: &Refs<'_>) {
    section(h, "call", |h| who::call(h, brief));
    section(h, "next", |h| act::next(h, brief, refs));
    section(h, "entry", |h| statements(h, refs, brief.entry.iter().map(|e| say::entry(e, brief.made)), absent(brief, "entry")));
    section(h, "happened", |h| tell::happened(h, brief, refs));
    section(h, "scope", |h| tell::scope(h, brief, refs));
    section(h, "data", |h| tell::data(h, brief, refs));
    section(h, "sessions", |h| tell::sessions(h, brief, refs));
    section(h, "reach", |h| {
        h.leaf("p", &[("class", "soft")], "Ways that the logs show and that were open from here. None of this was seen to be reached.");
        statements(h, refs, brief.reach.iter().map(|r| say::reach(r, brief.made)), absent(brief, "reach"));
    });
    section(h, "clocks", |h| act::clocks(h, brief, refs));
    let none = "no gap is known in the logs that were looked at; of logs that were not given muster knows nothing";
    section(h, "unseen", |h| statements(h, refs, brief.not_visible.iter().map(say::blind), none));
    section(h, "asked", |h| evidence::asked(h, brief, refs));
    section(h, "evidence", |h| evidence::evidence(h, brief, refs));
}

fn absent<'a>(brief: &'a Brief, name: &str) -> &'a str {
    brief.absent.get(name).map_or("nothing", String::as_str)
}

/// A landmark with its heading.
fn section(h: &mut Html, id: &'static str, inside: impl FnOnce(&mut Html)) {
    let title = SECTIONS.iter().find(|(i, _)| *i == id).map_or(id, |(_, t)| *t);
    let heading = format!("{id}-h");
    h.el("section", &[("id", id), ("aria-labelledby", &heading)], |h| {
        h.leaf("h2", &[("id", &heading)], title);
        inside(h);
    });
}

/// A list of statements, each with its evidence; or why there is none.
fn statements(h: &mut Html, refs: &Refs<'_>, list: impl ExactSizeIterator<Item = Statement>, none: &str) {
    let count = list.len();
    if count == 0 {
        h.leaf("p", &[], none);
        return;
    }
    h.el("ul", &[("class", "plain")], |h| {
        for s in list.take(STATEMENTS_MAX) {
            h.el("li", &[], |h| statement(h, refs, &s));
        }
    });
    more(h, count.saturating_sub(STATEMENTS_MAX));
}

fn statement(h: &mut Html, refs: &Refs<'_>, s: &Statement) {
    h.leaf("div", &[], &s.text);
    s.notes.iter().for_each(|n| h.leaf("p", &[("class", "note")], n));
    refs.evidence(h, &s.events);
}

/// How many were left out, and what tells them.
fn more(h: &mut Html, count: usize) {
    if count > 0 {
        h.leaf("p", &[("class", "soft")], &format!("… {} more: muster respond --json", number(count as u64)));
    }
}

#[cfg(test)]
mod tests {
    /// The colours of a block of the style sheet, by name.
    fn colours(block: &str) -> std::collections::HashMap<&str, [f64; 3]> {
        let list = block.split(';').filter_map(|d| d.trim_start_matches("--").split_once(":#"));
        list.map(|(name, hex)| {
            let wide: String = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
            let part = |i: usize| f64::from(u8::from_str_radix(&wide[i..i + 2], 16).unwrap()) / 255.0;
            (name, [part(0), part(2), part(4)])
        })
        .collect()
    }

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let part = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        let of = |c: [f64; 3]| 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
        let (light, dark) = (of(a).max(of(b)), of(a).min(of(b)));
        (light + 0.05) / (dark + 0.05)
    }

    #[test]
    fn words_stand_out_by_day_by_night_and_on_paper() {
        let blocks: Vec<&str> = super::CSS.split(":root{").skip(1).map(|b| b.split('}').next().unwrap()).collect();
        assert_eq!(blocks.len(), 3);
        for of in blocks.into_iter().map(colours) {
            for (ink, ground) in
                [("ink", "bg"), ("ink", "card"), ("soft", "bg"), ("soft", "card"), ("soft", "band"), ("link", "bg"), ("link", "card"), ("on", "fill")]
            {
                let found = contrast(of[ink], of[ground]);
                assert!(found >= 4.5, "{ink} on {ground}: {found}");
            }
        }
    }

    #[test]
    fn the_style_sheet_closes_nothing_and_fetches_nothing() {
        for bad in ["<", "url(", "@import", "http"] {
            assert!(!super::CSS.contains(bad), "{bad}");
        }
    }
}
