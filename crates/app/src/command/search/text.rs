//! The answer of a search for people: what was found among what, the rows, and what could not be seen.

use event::{Column, Event, Fields, Shape, Time, Window};

use crate::{
    flow::search::{Alone, Answer, Unseen},
    show::{self, csv, grid},
};

/// The widest line.
pub const WIDTH: usize = 100;
/// What could not be seen, in lines.
const UNSEEN_MAX: usize = 8;
/// Columns of CSV where none are named.
const CSV: [Column; 10] = [
    Column::Time,
    Column::Host,
    Column::User,
    Column::SrcIp,
    Column::DstIp,
    Column::Operation,
    Column::Outcome,
    Column::Command,
    Column::Resource,
    Column::Message,
];

/// The first line: how many events fit, how many of them are shown, and out of how many. A line of warning where the answer is short.
pub fn head(a: &Answer, shown: usize, newest: bool) -> String {
    let among = format!("{} events of {} logs{}", a.searched.events, a.searched.sources, window(a.window));
    let mut text = match (a.found, shown as u64) {
        (0, _) => format!("nothing fits among {among}\n"),
        (found, shown) if shown < found => {
            let which = if newest { "newest" } else { "oldest" };
            format!("{found} of {among}; the {which} {shown} are shown (raise --limit, or narrow with --since and --until)\n")
        }
        (found, _) => format!("{found} of {among}\n"),
    };
    text = grid::fold(&text, WIDTH, 3).join("\n  ") + "\n";
    let n = a.not_visible.len() + usize::from(!a.in_quarantine.is_empty());
    if n > 0 {
        text += &format!("{n} {} in this window could not be seen or not be read; below it says which\n", if n == 1 { "thing" } else { "things" });
    }
    text
}

fn window(w: Window) -> String {
    let utc = respond::report::time::utc;
    match (w.since, w.until) {
        (None, None) => String::new(),
        (Some(s), None) => format!(" since {} UTC", utc(s)),
        (None, Some(u)) => format!(" until {} UTC", utc(u)),
        (Some(s), Some(u)) => format!(" from {} to {} UTC", utc(s), utc(u)),
    }
}

/// What stands below the rows: where nothing fits, why that may be; what could not be seen.
pub fn tail(a: &Answer) -> String {
    let mut lines: Vec<String> = a.terms.iter().map(alone).collect();
    if let Some(n) = a.outside {
        lines.push(format!("outside of this window {n} events fit"));
    }
    if a.found == 0 && a.not_visible.is_empty() && a.in_quarantine.is_empty() {
        let first = a.searched.first.map(respond::report::time::utc).unwrap_or_else(|| "-".into());
        let last = a.searched.last.map(respond::report::time::utc).unwrap_or_else(|| "-".into());
        lines.push(format!("no log tells of a gap there; the logs reach from {first} to {last} UTC. What no log was taken of cannot be seen"));
    }
    if !a.in_quarantine.is_empty() {
        lines.push(format!("in quarantine, not read as events, these lines hold the words: {}", a.in_quarantine.join(", ")));
    } else if a.searched.quarantined > 0 {
        lines.push(format!("{} records could not be read as events; fields do not find them, words were looked for in them too", a.searched.quarantined));
    }
    lines.extend(a.not_visible.iter().take(UNSEEN_MAX).map(|u| format!("not visible: {}", u.text)));
    if a.not_visible.len() > UNSEEN_MAX {
        lines.push(format!("and {} more that could not be seen; --json names all", a.not_visible.len() - UNSEEN_MAX));
    }
    let fold = |l: &String| {
        let folded = grid::fold(&show::harmless(l), WIDTH - 2, 3);
        folded.iter().enumerate().map(|(i, l)| if i == 0 { format!("{l}\n") } else { format!("  {l}\n") }).collect::<String>()
    };
    lines.iter().map(fold).collect()
}

fn alone(t: &Alone) -> String {
    let near: Vec<String> = t.nearest.iter().map(|v| format!("{} ({} events)", v.value, v.events)).collect();
    match (t.found, near.as_slice()) {
        (0, []) => format!("`{}`: nothing fits it", t.term),
        (0, near) => format!("`{}`: nothing fits it; spelled alike: {}", t.term, near.join(", ")),
        (n, _) => format!("`{}`: {n} events by itself", t.term),
    }
}

/// Time, where, who, what.
pub fn table(events: &[Event]) -> String {
    if events.is_empty() {
        return String::new();
    }
    let column = |head, most| grid::Column { head, most };
    let columns = [column("TIME (UTC)", 19), column("WHERE", 16), column("WHO", 24), column("WHAT", WIDTH)];
    grid::grid(&columns, &events.iter().map(row).collect::<Vec<_>>(), WIDTH)
}

fn row(e: &Event) -> Vec<String> {
    let text = |c| e.text(c);
    let place = text(Column::Host).or(text(Column::Account)).or(text(Column::Source)).unwrap_or_default();
    let who = [Column::User, Column::Session, Column::Credential].into_iter().find_map(text).map(short);
    let from = text(Column::SrcIp);
    let who = match (who, from) {
        (Some(who), Some(ip)) => format!("{who} from {ip}"),
        (Some(one), None) => one.to_owned(),
        (None, from) => from.unwrap_or_default().to_owned(),
    };
    vec![respond::report::time::utc(e.time()), place.to_owned(), who, what(e)]
}

/// What was done, with the log's own word for it where the message does not have it, and the event's id.
fn what(e: &Event) -> String {
    let (message, operation) = (e.text(Column::Message).unwrap_or_default(), e.text(Column::Operation).unwrap_or_default());
    let mut parts = Vec::new();
    if message.is_empty() || !message.to_lowercase().contains(&operation.to_lowercase()) {
        parts.push(operation.to_owned());
    }
    parts.push(if message.is_empty() { e.text(Column::Command).or(e.text(Column::Resource)).unwrap_or_default().to_owned() } else { message.to_owned() });
    if e.text(Column::Outcome) == Some("failure") {
        parts.push("(failure)".into());
    }
    parts.retain(|p| !p.is_empty());
    // Long words are cut here, so that the id stays in sight.
    let words = respond::words::safe_to(&parts.join(": ").replace(": (failure)", " (failure)"), 140);
    format!("{words} [{}]", e.id())
}

/// The end of an ARN; the account stands in another column or in JSON.
fn short(name: &str) -> &str {
    if name.starts_with("arn:") { name.splitn(6, ':').nth(5).unwrap_or(name) } else { name }
}

fn cell(e: &Event, c: Column) -> String {
    match (e.text(c), e.int(c), c.shape()) {
        (Some(t), ..) => t.to_owned(),
        (None, Some(n), Shape::Time) => Time(n).to_string(),
        (None, Some(n), _) => n.to_string(),
        (None, None, _) => String::new(),
    }
}

/// As [`cell`], times for people.
fn shown(e: &Event, c: Column) -> String {
    let time = e.int(c).filter(|_| c.shape() == Shape::Time);
    time.map_or_else(|| cell(e, c), |n| respond::report::time::utc(Time(n)))
}

/// The columns that were named, as a table.
pub fn chosen(events: &[Event], columns: &[Column]) -> String {
    let heads: Vec<grid::Column> = columns.iter().map(|c| grid::Column { head: c.name(), most: 60 }).collect();
    let rows: Vec<Vec<String>> = events.iter().map(|e| columns.iter().map(|&c| shown(e, c)).collect()).collect();
    if events.is_empty() { String::new() } else { grid::grid(&heads, &rows, WIDTH) }
}

/// The columns as comma-separated values, with a head; the event's id comes first.
pub fn csv(events: &[Event], columns: &[Column]) -> String {
    let columns = if columns.is_empty() { CSV.as_slice() } else { columns };
    let head = std::iter::once("event").chain(columns.iter().map(|c| c.name())).map(str::to_owned);
    let row = |e: &Event| std::iter::once(e.id()).chain(columns.iter().map(|&c| cell(e, c))).collect::<Vec<_>>();
    std::iter::once(head.collect()).chain(events.iter().map(row)).map(|r| csv::row(&r)).collect()
}

/// The original lines in order, a record a line. What is no UTF-8 is U+FFFD here.
pub fn raw(events: &[Event]) -> String {
    let line = |bytes: &Vec<u8>| {
        let text = String::from_utf8_lossy(bytes);
        event::text::harmless(text.trim_end_matches(['\n', '\r'])) + "\n"
    };
    events.iter().flat_map(|e| e.raw.iter().map(line)).collect()
}

/// Gaps that reach into a span, in words.
pub fn gaps_in(unseen: &[Unseen], from: Time, to: Time) -> String {
    let reaches = |u: &&Unseen| u.what == "gap" && u.event.is_some() && u.from.is_none_or(|f| f < to) && u.to.is_none_or(|t| t > from);
    let sources: std::collections::BTreeSet<&str> = unseen.iter().filter(reaches).filter_map(|u| u.source.as_deref()).collect();
    if sources.is_empty() { String::new() } else { format!("gap in {}", respond::words::safe_to(&sources.into_iter().collect::<Vec<_>>().join(", "), 30)) }
}
