//! A case for people: how it stands, how it went, what is open.

use event::Time;
use respond::{
    Case, Record,
    case::{CaseFact, CaseTask},
    report::time::{hours, utc},
};

use crate::show::{self, grid};

/// The widest line.
const WIDTH: usize = 100;
/// Lines that one record folds to.
const LINES_MAX: usize = 8;

/// The list of cases.
pub fn list<'a>(cases: impl Iterator<Item = (&'a str, &'a Case)>) -> String {
    let row = |(id, case): (&str, &Case)| {
        let state = if case.closed.is_some() { "closed" } else { "open" };
        let tasks = case.tasks.iter().filter(|t| t.done.is_none()).count();
        vec![id.to_owned(), case.opened.map(utc).unwrap_or_default(), state.to_owned(), tasks.to_string(), case.title.clone()]
    };
    let column = |head, most| grid::Column { head, most };
    let columns = [column("CASE", 16), column("OPENED (UTC)", 19), column("STATE", 6), column("TASKS", 5), column("TITLE", WIDTH)];
    grid::grid(&columns, &cases.map(row).collect::<Vec<_>>(), WIDTH)
}

/// The case: its state, its facts, the story day by day, the tasks.
pub fn story(id: &str, case: &Case, records: &[Record], now: Time) -> String {
    let mut out = para("", &format!("case {id}: {}", case.title));
    let open = case.tasks.iter().filter(|t| t.done.is_none()).count();
    let state = match &case.closed {
        Some((t, text)) => format!("closed {} UTC: {text}", utc(*t)),
        None => format!("open since {} UTC", case.opened.map(utc).unwrap_or_else(|| "?".into())),
    };
    out += &para("", &format!("{state}; {} answers, {} calls, {open} of {} tasks open", case.answers.len(), case.contacts.len(), case.tasks.len()));
    out += &case.facts.iter().map(fact).collect::<String>();
    let mut day = String::new();
    for told in Case::story(records) {
        let at = utc(told.at);
        let (date, clock) = at.split_once(' ').unwrap_or((&at, ""));
        if date != day {
            out += &format!("\n{date} (UTC)\n");
            day = date.to_owned();
        }
        let head = format!("  {clock}  {:<10} ", respond::words::safe_to(&told.by, 10));
        out += &para(&head, &told.text);
    }
    if !case.tasks.is_empty() {
        out += "\ntasks\n";
        out += &case.tasks.iter().map(|t| task(t, now)).collect::<String>();
    }
    out += &case.oddities.iter().map(|o| para("odd in the record: ", o)).collect::<String>();
    out
}

/// A text behind a head, folded so that the lines after the first stand below it.
fn para(head: &str, text: &str) -> String {
    let indent = head.chars().count().max(2);
    let lines = grid::fold(&show_all(text), WIDTH - indent, LINES_MAX);
    let one = |(i, line): (usize, &String)| if i == 0 { format!("{head}{line}\n") } else { format!("{}{line}\n", " ".repeat(indent)) };
    lines.iter().enumerate().map(one).collect()
}

/// What a person wrote is shown whole, as long as it fits; only what could move the terminal is escaped.
fn show_all(text: &str) -> String {
    event::text::harmless(text)
}

fn fact(f: &CaseFact) -> String {
    let again = match f.history.len() {
        0 => String::new(),
        n => {
            let was: Vec<String> = f.history.iter().map(|h| format!("{} (learned {}, {})", utc(h.happened), utc(h.learned), h.by)).collect();
            format!("; corrected {n} {}, was {}", if n == 1 { "time" } else { "times" }, was.join(", "))
        }
    };
    para(&format!("  {:<12} ", show::harmless(&f.name)), &format!("happened {}, learned {} ({}){again}", utc(f.happened), utc(f.learned), f.by))
}

fn task(t: &CaseTask, now: Time) -> String {
    let owner = t.owner.as_deref().unwrap_or("nobody named");
    let due = match (t.due, &t.done) {
        (Some(due), None) if due < now => format!(", due {} UTC, {} late", utc(due), hours(now.0 - due.0)),
        (Some(due), _) => format!(", due {} UTC", utc(due)),
        (None, _) => String::new(),
    };
    let done =
        t.done.as_ref().map(|(at, by, outcome)| format!("; done {} by {by}{}", utc(*at), outcome.as_ref().map(|o| format!(": {o}")).unwrap_or_default()));
    let mark = if t.done.is_some() { "[x]" } else { "[ ]" };
    para(&format!("  {mark} {:<4} ", t.task), &format!("{} ({owner}{due}){}", t.title, done.unwrap_or_default()))
}
