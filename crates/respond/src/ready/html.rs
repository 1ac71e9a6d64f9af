//! Readiness as one HTML file that needs nothing else.

use event::Facet;

use super::{Ready, State, text::word};
use crate::report::{
    html::{CSS, POLICY, write::Html},
    time::utc,
};

const OWN: &str = ".ready{width:100%;border-collapse:collapse}.ready th,.ready td{text-align:left;padding:.35rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}.ready .bad{font-weight:650;color:var(--grave)}.scroll{overflow-x:auto}";

/// Lays it out.
pub fn html(r: &Ready) -> String {
    let mut h = Html::default();
    h.el("html", &[("lang", "en")], |h| {
        h.el("head", &[], |h| {
            h.void("meta", &[("charset", "utf-8")]);
            h.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]);
            h.void("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
            h.leaf("title", &[], "Are we ready?");
            h.style(CSS);
            h.style(OWN);
        });
        h.el("body", &[], |h| {
            h.el("header", &[], |h| top(h, r));
            h.el("main", &[], |h| main(h, r));
            h.el("footer", &[], |h| h.leaf("p", &[("class", "soft")], &format!("Made by muster {} at {} UTC.", env!("CARGO_PKG_VERSION"), utc(r.made))));
        });
    });
    h.page()
}

fn top(h: &mut Html, r: &Ready) {
    h.leaf("h1", &[], &format!("Are we ready? · {} · all times UTC", utc(r.made)));
    let score = r.score.map_or_else(|| "Nothing could be checked.".to_owned(), |s| format!("{s} of 100, {} findings.", r.findings.len()));
    h.leaf("p", &[("class", "answer")], &score);
    if !r.unchecked.is_empty() {
        h.leaf("p", &[("class", "whole")], &format!("! Not complete: {}", r.unchecked.join("; ")));
    }
    h.el("ul", &[("class", "tiles")], |h| {
        for p in r.parts.iter().filter(|p| p.of > 0) {
            h.el("li", &[], |h| {
                h.leaf("b", &[], &format!("{}/{}", p.ready, p.of));
                h.leaf("span", &[], p.name);
            });
        }
    });
}

fn main(h: &mut Html, r: &Ready) {
    if !r.next.is_empty() {
        h.leaf("h2", &[], "Do first");
        h.el("ol", &[], |h| r.next.iter().for_each(|act| h.leaf("li", &[], act)));
    }
    if !r.matrix.is_empty() {
        h.leaf("h2", &[], "What logs");
        h.el("div", &[("class", "scroll")], |h| h.el("table", &[("class", "ready")], |h| matrix(h, r)));
    }
    if !r.findings.is_empty() {
        h.leaf("h2", &[], "Found");
        h.el("div", &[("class", "scroll")], |h| {
            h.el("table", &[("class", "ready")], |h| {
                for f in &r.findings {
                    h.el("tr", &[], |h| {
                        h.leaf("th", &[("scope", "row")], f.kind.words());
                        h.leaf("td", &[], &f.text);
                        h.leaf("td", &[("class", "soft")], f.shown_by.as_deref().unwrap_or_default());
                    });
                }
            });
        });
    }
}

fn matrix(h: &mut Html, r: &Ready) {
    h.el("thead", &[], |h| {
        h.el("tr", &[], |h| {
            let heads = ["System", "Thing", "Owner"].into_iter().chain(Facet::ALL.into_iter().map(Facet::name));
            heads.for_each(|name| h.leaf("th", &[("scope", "col")], name));
        });
    });
    h.el("tbody", &[], |h| {
        for row in &r.matrix {
            h.el("tr", &[], |h| {
                h.leaf("td", &[], row.system.as_deref().unwrap_or_default());
                h.leaf("th", &[("scope", "row")], &row.name);
                h.leaf("td", &[], row.owner.as_deref().unwrap_or("nobody"));
                for c in &row.cells {
                    let bad = matches!(c.state, State::Never | State::Silent);
                    h.leaf("td", &[("class", if bad { "bad" } else { "soft" })], &word(c, r));
                }
            });
        }
    });
}
