//! A line of words, texts in quotes and times in brackets, as AWS's load balancers and stores write them. Never undoes an escape.

use crate::web_access::line::quoted;

/// The most words of a line; what follows is left out of `split`'s answer.
pub(crate) const WORDS_MAX: usize = 64;

/// Splits a line: `a "b c" [d e]` is `a`, `b c`, `d e`. Gives how many there are.
pub(crate) fn split<'a>(line: &'a str, words: &mut [&'a str; WORDS_MAX]) -> usize {
    let mut rest = line.trim();
    let mut count = 0;
    while !rest.is_empty()
        && let Some(slot) = words.get_mut(count)
    {
        let bracket = || rest.strip_prefix('[').and_then(|r| r.split_once(']')).filter(|(_, after)| after.is_empty() || after.starts_with(' '));
        let (word, after) = quoted(rest).or_else(bracket).or_else(|| rest.split_once(' ')).unwrap_or((rest, ""));
        *slot = word;
        count += 1;
        rest = after.trim_start();
    }
    count
}

/// Undoes `%HH`. A percent sign that begins none stands for itself; `None` where the bytes are not UTF-8.
pub(crate) fn percent(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !text.contains('%') {
        return Some(text.into());
    }
    let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16)).map(|d| d as u8);
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&b) = bytes.get(at) {
        match (b, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(b);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_quotes_and_brackets() {
        let mut words = [""; WORDS_MAX];
        assert_eq!(split(r#"a "b c" [d e] "f \" g" - """#, &mut words), 6);
        assert_eq!(words[..6], ["a", "b c", "d e", r#"f \" g"#, "-", ""]);
        assert_eq!(split(&"x ".repeat(200), &mut words), WORDS_MAX);
        assert_eq!(percent("a%2Fb%zz%"), Some("a/b%zz%".into()));
        assert_eq!(percent("%ff"), None);
    }
}
