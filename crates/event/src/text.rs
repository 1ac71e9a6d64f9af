//! Text from outside, made harmless for whoever sees it on a terminal.
//! Never cuts and never lays out; that is for whoever shows it.

/// Makes text harmless on a terminal, in Markdown and in a table: every character that [`is_hidden`] becomes `\u{…}`.
///
/// ```
/// assert_eq!(event::text::harmless("root\u{1b}[2J"), r"root\u{1b}[2J");
/// ```
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Whether a character could change how the text around it is shown: control characters (ANSI and OSC sequences start with
/// one), C1 controls such as 0x9b, line separators, what has no width, bidirectional marks and overrides, and tags.
/// Source: Unicode TR 9 and TR 36.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown_and_what_shows_stays() {
        for c in ['\0', '\n', '\u{1b}', '\u{9b}', '\u{61c}', '\u{200b}', '\u{202e}', '\u{2029}', '\u{2066}', '\u{feff}', '\u{e0041}'] {
            assert_eq!(harmless(&format!("a{c}b")), format!("a\\u{{{:x}}}b", u32::from(c)));
        }
        assert_eq!(harmless("grün 日本 🙂 \\u{1b}"), "grün 日本 🙂 \\u{1b}");
    }
}
