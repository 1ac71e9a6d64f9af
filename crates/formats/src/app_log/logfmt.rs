//! The grammar of logfmt: `key=value` with blanks between, values in quotes where they hold blanks. A key alone is true.

use std::borrow::Cow;

use super::say;

/// A line with fewer pairs is other text.
pub(super) const PAIRS_MIN: usize = 2;
/// The most pairs of a line; what follows is kept as one text.
const PAIRS_MAX: usize = 1000;

/// Calls `each` with every pair. Gives how many have a value.
pub(super) fn read(line: &str, mut each: impl FnMut(&str, &str)) -> usize {
    let (mut rest, mut pairs) = (line.trim_start(), 0);
    for _ in 0..PAIRS_MAX {
        if rest.is_empty() {
            return pairs;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let after = match after.strip_prefix('=') {
            Some(value) => {
                let (value, after) = value_of(value);
                if !key.is_empty() {
                    each(key, &value);
                    pairs += 1;
                }
                after
            }
            None => {
                if !key.is_empty() {
                    each(key, "true");
                }
                after
            }
        };
        rest = after.trim_start();
    }
    each("rest", rest);
    pairs
}

fn value_of(text: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        return (value.into(), rest);
    };
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (inside, rest) = quoted.split_at_checked(at).unwrap_or((quoted, ""));
                return (crate::json::unescape(inside), rest.get(1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (quoted.into(), "")
}

/// Whether a line is pairs and nothing else, and has a time or level and a message.
pub(super) fn looks_like(line: &str) -> bool {
    let (mut time, mut word, mut bare) = (false, 0, 0);
    let pairs = read(line, |key, value| {
        time |= say::is_time(key);
        word += usize::from(say::is_word(key));
        bare += usize::from(value == "true" && !line.contains(&format!("{key}=")));
    });
    pairs >= PAIRS_MIN && bare * 3 <= pairs && (word >= 2 || time && word >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        read(line, |k, v| found.push((k.to_owned(), v.to_owned())));
        found
    }

    #[test]
    fn lines() {
        let own = |list: &[(&str, &str)]| list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
        assert_eq!(pairs(r#"a=1  b="x \"y\" = z" c= d e=é"#), own(&[("a", "1"), ("b", "x \"y\" = z"), ("c", ""), ("d", "true"), ("e", "é")]));
        assert_eq!(pairs("a=\"never closed"), own(&[("a", "never closed")]));
        assert_eq!(pairs("=x =y"), own(&[]));
        assert!(looks_like(r#"time="2026-03-01T10:00:00Z" level=info msg="x""#) && looks_like("level=info msg=x") && looks_like("ts=1 caller=x level=debug"));
        assert!(!looks_like("type=SYSCALL msg=audit(1.2:3): x") && !looks_like("plain words a=1 b=2") && !looks_like("a=1 b=2"));
        assert_eq!(pairs(&"a=1 ".repeat(3000)).len(), PAIRS_MAX + 1);
    }
}
