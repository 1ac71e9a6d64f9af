//! Placeholders of a playbook, filled so that a value from a log can never be more than one word of a shell command.

use std::collections::BTreeMap;

use crate::words::safe;

/// Fills `{name}` in a command. A value that is not there, or that a program would take for an option, stays as `<name>`.
pub(super) fn command(template: &str, with: &BTreeMap<&'static str, String>) -> String {
    fill(template, with, shell_word)
}

/// Fills `{name}` in a sentence.
pub(super) fn sentence(template: &str, with: &BTreeMap<&'static str, String>) -> String {
    fill(template, with, |v| Some(safe(v)))
}

fn fill(template: &str, with: &BTreeMap<&'static str, String>, word: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if is_name(name) => {
                match with.get(name).and_then(|v| word(v)) {
                    Some(v) => out.push_str(&v),
                    None => out.push_str(&format!("<{name}>")),
                }
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The placeholders of a text.
pub(super) fn names(template: &str) -> Vec<&str> {
    let pieces = template.split('{').skip(1);
    pieces.filter_map(|p| p.split_once('}').map(|(n, _)| n)).filter(|n| is_name(n)).collect()
}

/// One word for a POSIX shell; nothing for what cannot be typed safely (control characters, a leading dash).
pub(crate) fn shell_word(value: &str) -> Option<String> {
    if value.is_empty() || value.starts_with('-') || safe(value) != value {
        return None;
    }
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@=+,-#".contains(c)) && !value.starts_with('#');
    Some(if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', "'\\''")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_17_a_value_is_one_word_or_nothing() {
        let with = |v: &str| BTreeMap::from([("user_name", v.to_owned())]);
        let cmd = |v: &str| command("aws iam delete-user --user-name {user_name} {", &with(v));
        assert_eq!(cmd("ci-deploy"), "aws iam delete-user --user-name ci-deploy {");
        assert_eq!(cmd("x; rm -rf / #"), "aws iam delete-user --user-name 'x; rm -rf / #' {");
        assert_eq!(cmd("a'$(id)'b"), r"aws iam delete-user --user-name 'a'\''$(id)'\''b' {");
        for bad in ["--help", "a\nb", "\u{1b}[2J", "\u{202e}x", ""] {
            assert_eq!(cmd(bad), "aws iam delete-user --user-name <user_name> {", "{bad:?}");
        }
        assert_eq!(command("{missing}", &with("x")), "<missing>");
    }
}
