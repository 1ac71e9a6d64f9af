//! Words on the terminal: plain output, JSON, tables that fit 100 columns, bytes for people, log text made harmless.

pub mod bars;
pub mod csv;
pub mod grid;

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

/// Writes bytes to standard output. That the reader went away (`muster … | head`) is no fault of ours: the command goes on to
/// its own exit code.
pub fn out(bytes: &[u8]) -> anyhow::Result<()> {
    stream(bytes)?;
    Ok(())
}

/// As [`out`], for output that has no end in sight: `false` if nobody reads it any more.
pub fn stream(bytes: &[u8]) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(e),
    }
}

/// Writes a text and ends the line.
pub fn line(text: &str) -> anyhow::Result<()> {
    out(format!("{text}\n").as_bytes())
}

/// Writes a value as JSON, indented for a person, one document. What could move a terminal is written as `\u…`, which means the same.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&pretty(value)?)
}

/// A value as JSON for a person, in which nothing can move a terminal.
pub fn pretty(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(inert(&serde_json::to_string_pretty(value)?))
}

/// JSON in which every character that hides stands as an escape; outside of texts JSON has none but the ends of lines.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && event::text::is_hidden(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether to colour: a terminal, and no `NO_COLOR` (no-color.org).
pub fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// What the program is about, in one line on a terminal's standard error that is taken away at the end. Says nothing where nobody looks.
pub struct Doing {
    seen: bool,
}

impl Doing {
    /// A line, if standard error is a terminal and the output is for people.
    pub fn new(quiet: bool) -> Doing {
        Doing { seen: !quiet && io::stderr().is_terminal() }
    }

    /// Says what is done now.
    pub fn now(&self, what: &str) {
        if self.seen {
            eprint!("\r\u{1b}[Kmuster: {what} …");
        }
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        if self.seen {
            eprint!("\r\u{1b}[K");
        }
    }
}

/// `1.4 MB`: decimal units, as storage is sold.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("B");
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {name}") }
}

/// Makes text from a log harmless for a terminal: control characters, escapes and direction overrides become visible; long
/// text is cut. `event::text::harmless` does the first without the second.
pub fn harmless(text: &str) -> String {
    respond::words::safe(text)
}

/// The word that JSON has for a value, spaces for underscores.
pub fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(|s| s.replace('_', " "))).unwrap_or_default()
}

/// A table with a header; columns are as wide as they must be, the last one is cut so that a line fits `width`.
pub fn table(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let mut widths: Vec<usize> = header.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (w, cell) in widths.iter_mut().zip(row) {
            *w = (*w).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let heads: Vec<String> = header.iter().map(|h| (*h).to_owned()).collect();
    for row in std::iter::once(&heads).chain(rows) {
        let mut line = String::new();
        for (cell, w) in row.iter().zip(&widths) {
            let right = cell.starts_with(|c: char| c.is_ascii_digit()) && cell.chars().all(|c| c.is_ascii_digit() || ". kMGTB".contains(c));
            let pad = " ".repeat(w.saturating_sub(cell.chars().count()));
            line.push_str(&if right { format!("{pad}{cell}  ") } else { format!("{cell}{pad}  ") });
        }
        text.extend(line.trim_end().chars().take(width));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!([size(0), size(999), size(1_000), size(64_100_000)], ["0 B", "999 B", "1.0 kB", "64.1 MB"]);
    }

    #[test]
    fn json_that_hides_is_escaped_and_means_the_same() {
        let value = serde_json::json!({ "a\u{202e}": "\u{9b}31m \u{e0041}\n\u{1b} grün" });
        let text = inert(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|c| c != '\n' && event::text::is_hidden(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn tables_fit() {
        let text = table(&["source", "n"], &[vec!["a".repeat(200), "12".into()]], 100);
        assert!(text.lines().all(|l| l.chars().count() <= 100));
    }
}
