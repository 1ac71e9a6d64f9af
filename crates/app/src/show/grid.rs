//! Tables whose cells fold: no line is wider than it may be, and little is cut off.

use event::text::harmless;

/// A column: its head, and how many characters it has at the most; the last one takes what is left.
pub struct Column {
    /// Head.
    pub head: &'static str,
    /// Widest.
    pub most: usize,
}

/// Lines that one cell may fold to; what is beyond ends in `…`.
const LINES_MAX: usize = 6;

/// Lays rows out within `width`. Text is made harmless here.
pub fn grid(columns: &[Column], rows: &[Vec<String>], width: usize) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| harmless(c)).collect()).collect();
    let widths = widths(columns, &rows, width);
    let mut text = line(&columns.iter().map(|c| c.head.to_owned()).collect::<Vec<_>>(), &widths);
    for row in &rows {
        let folded: Vec<Vec<String>> = row.iter().zip(&widths).map(|(c, w)| fold(c, *w, LINES_MAX)).collect();
        for n in 0..folded.iter().map(Vec::len).max().unwrap_or(0) {
            text.push_str(&line(&folded.iter().map(|lines| lines.get(n).cloned().unwrap_or_default()).collect::<Vec<_>>(), &widths));
        }
    }
    text
}

fn widths(columns: &[Column], rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let needed = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
    let mut widths: Vec<usize> = columns.iter().enumerate().map(|(i, c)| needed(i).max(c.head.chars().count()).min(c.most)).collect();
    let gaps = 2 * widths.len().saturating_sub(1);
    // Too many columns for a line: the widest give.
    while widths.iter().sum::<usize>() + gaps > width {
        match widths.iter_mut().max() {
            Some(w) if *w > 4 => *w -= 1,
            _ => break,
        }
    }
    if let Some((last, before)) = widths.split_last_mut() {
        *last = width.saturating_sub(before.iter().sum::<usize>() + gaps).max(8);
    }
    widths
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(c, w)| format!("{c}{}", " ".repeat(w.saturating_sub(c.chars().count())))).collect();
    padded.join("  ").trim_end().to_owned() + "\n"
}

/// Breaks a text at blanks, or where there are none at the width, into at most `most` lines.
pub fn fold(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest: Vec<char> = text.trim_end().chars().collect();
    while !rest.is_empty() && lines.len() < most {
        let last = lines.len() + 1 == most;
        if rest.len() <= width {
            lines.push(rest.drain(..).collect());
        } else if last {
            let mut cut: String = rest.iter().take(width.saturating_sub(1)).collect();
            cut.push('…');
            lines.push(cut);
            rest.clear();
        } else {
            let blank = rest.iter().take(width + 1).rposition(|c| *c == ' ').filter(|at| *at > width / 3);
            let at = blank.unwrap_or(width).max(1);
            lines.push(rest.drain(..at).collect::<String>().trim_end().to_owned());
            let blanks = rest.iter().take_while(|c| **c == ' ').count();
            rest.drain(..blanks);
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_folds_and_lines_fit() {
        assert_eq!(fold("one two three", 7, 9), ["one two", "three"]);
        assert_eq!(fold("abcdefghij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(fold("abcdefghij", 4, 2), ["abcd", "efg…"]);
        assert_eq!(fold("", 4, 2), [""]);
        let column = |head| Column { head, most: 30 };
        let columns = [column("A"), column("B"), column("C"), column("D"), column("E"), column("F")];
        let row = || vec!["x y ".repeat(20); 6];
        let text = grid(&columns, &[row(), row()], 100);
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    }
}
