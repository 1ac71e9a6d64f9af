//! Words for people: log text made safe to show, and the name that somebody may have meant.
//! Never decides what is shown, only how.

pub use event::near::{alike, nearest};

/// The longest text from outside that is shown in one place, in characters.
pub const SHOWN_MAX: usize = 200;

/// Makes text from a log or a file safe on a terminal, in Markdown and in a table cell: [`event::text::harmless`], and what
/// is longer than [`SHOWN_MAX`] is cut with `…`.
pub fn safe(text: &str) -> String {
    safe_to(text, SHOWN_MAX)
}

/// As [`safe`], cut after `max` characters of the result.
pub fn safe_to(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    let mut width = 0;
    for c in text.chars() {
        let piece = event::text::harmless(c.encode_utf8(&mut [0; 4]));
        let len = piece.chars().count();
        if width + len > max {
            while width >= max {
                width -= 1;
                out.pop();
            }
            out.push('…');
            break;
        }
        width += len;
        out.push_str(&piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_text_keeps_its_length() {
        assert_eq!(safe_to("abcdef", 3), "ab…");
        assert_eq!(safe_to("abc", 3), "abc");
    }
}
