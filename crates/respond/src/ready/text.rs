//! Readiness on a terminal: the score with its parts, the matrix, what was found, what to do first. 100 columns.

use event::Facet;

use super::{Cell, Ready, State};
use crate::{
    report::time::utc,
    words::{safe, safe_to},
};

/// The widest line.
const WIDTH: usize = 100;
/// Findings that are listed; the rest is counted, JSON has all.
const FINDINGS_MAX: usize = 40;
/// Rows of the matrix that are drawn.
const ROWS_MAX: usize = 60;

/// Lays it out.
pub fn text(r: &Ready) -> String {
    let mut out = String::new();
    let score = r.score.map_or_else(|| "no score: nothing could be checked".to_owned(), |s| format!("ready: {s} of 100"));
    out += &format!("{score}; {} findings, {} things that could not be checked\n", r.findings.len(), r.unchecked.len());
    for p in r.parts.iter().filter(|p| p.of > 0) {
        out += &format!("  {:<36} {:>5} of {}\n", p.name, p.ready, p.of);
    }
    if let (Some(a), Some(b)) = (r.oldest, r.newest) {
        let p = &r.profile;
        let wants = format!("logs from {} to {} UTC; profile {} wants {} days at hand, {} kept", utc(a), utc(b), p.id, p.at_hand_days, p.kept_days);
        out += &line("  ", &wants);
    }
    if !r.next.is_empty() {
        out += "\nDO FIRST\n";
        out += &r.next.iter().enumerate().map(|(n, act)| line(&format!("  {}. ", n + 1), act)).collect::<String>();
    }
    if !r.matrix.is_empty() {
        out += &matrix(r);
    }
    if !r.findings.is_empty() {
        out += "\nFOUND\n";
    }
    for f in r.findings.iter().take(FINDINGS_MAX) {
        let by = f.shown_by.as_ref().map(|b| format!(" [{b}]")).unwrap_or_default();
        out += &line(&format!("  {:<15} ", f.kind.words()), &format!("{}{by}", f.text));
    }
    if r.findings.len() > FINDINGS_MAX {
        out += &format!("  and {} more; --json has all\n", r.findings.len() - FINDINGS_MAX);
    }
    if !r.unchecked.is_empty() {
        out += "\nCOULD NOT BE CHECKED\n";
        out += &r.unchecked.iter().map(|u| line("  ", u)).collect::<String>();
    }
    out
}

/// A text behind a head, cut at blanks into lines.
fn line(head: &str, text: &str) -> String {
    let indent = head.chars().count();
    let (mut out, mut now) = (String::from(head), indent);
    for word in safe_to(text, 400).split(' ').map(|w| safe_to(w, WIDTH - indent)) {
        let long = word.chars().count();
        if now > indent && now + 1 + long > WIDTH {
            out += &format!("\n{}", " ".repeat(indent));
            now = indent;
        }
        if now > indent {
            out.push(' ');
            now += 1;
        }
        out.push_str(&word);
        now += long;
    }
    out + "\n"
}

fn matrix(r: &Ready) -> String {
    let heads: Vec<String> = Facet::ALL.iter().map(|f| format!("{:<13}", f.name().to_uppercase())).collect();
    let mut out = format!("\n{:<24} {}\n", "SYSTEM / THING", heads.join("").trim_end());
    for row in r.matrix.iter().take(ROWS_MAX) {
        let name = match &row.system {
            Some(s) if *s != row.name => format!("{} / {}", safe(s), safe(&row.name)),
            _ => safe(&row.name),
        };
        let cells: Vec<String> = row.cells.iter().map(|c| format!("{:<13}", word(c, r))).collect();
        out += &format!("{:<24} {}", safe_to(&name, 24), cells.join("")).trim_end().chars().chain(['\n']).collect::<String>();
    }
    if r.matrix.len() > ROWS_MAX {
        out += &format!("and {} more; --json has all\n", r.matrix.len() - ROWS_MAX);
    }
    out + "yes: logs; NEVER: should and never did; SILENT: did; (yes): nobody expects it; -: nobody expects it\n"
}

/// A cell in a word.
pub(super) fn word(c: &Cell, r: &Ready) -> String {
    match c.state {
        State::Seen => "yes".into(),
        State::Extra => "(yes)".into(),
        State::Never => "NEVER".into(),
        State::None => "-".into(),
        State::Silent => {
            let hours = r.newest.zip(c.last).map_or(0, |(n, l)| (n.0 - l.0) / (3_600 * event::time::SECOND));
            if hours < 72 { format!("SILENT {hours} h") } else { format!("SILENT {} d", hours / 24) }
        }
    }
}
