//! Placeholders of a playbook, filled so that a value from a log can never be more than one word of a shell command.

use std::collections::BTreeMap;

use crate::words::safe;

/// Fills `{name}` in a command. Nothing where a value is not there, or could not be typed safely: half a command is worse than none.
pub(super) fn command(template: &str, with: &BTreeMap<&'static str, String>) -> Option<String> {
    // ssh hands its words to a second shell, which would read quoted text once more.
    let twice = template.starts_with("ssh ");
    fill(template, |name| with.get(name).filter(|v| !twice || plain(v)).and_then(|v| shell_word(v)))
}

/// Fills `{name}` in a sentence; what the logs do not say is said in words.
pub(super) fn sentence(template: &str, with: &BTreeMap<&'static str, String>) -> String {
    let unknown = |name: &str| match name {
        "entity" | "name" => "(not named in the logs)".to_owned(),
        name => format!("(its {} is not in the logs)", name.replace('_', " ")),
    };
    fill(template, |name| Some(with.get(name).map_or_else(|| unknown(name), |v| safe(v)))).unwrap_or_default()
}

fn fill(template: &str, word: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if is_name(name) => {
                out.push_str(&word(name)?);
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Some(out)
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
    Some(if plain(value) { value.to_owned() } else { format!("'{}'", value.replace('\'', "'\\''")) })
}

/// Whether a shell takes it as it stands.
fn plain(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@=+,-#".contains(c)) && !value.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_17_a_value_is_one_word_or_nothing() {
        let with = |v: &str| BTreeMap::from([("user_name", v.to_owned())]);
        let cmd = |v: &str| command("aws iam delete-user --user-name {user_name} {", &with(v)).unwrap_or_default();
        assert_eq!(cmd("ci-deploy"), "aws iam delete-user --user-name ci-deploy {");
        assert_eq!(cmd("x; rm -rf / #"), "aws iam delete-user --user-name 'x; rm -rf / #' {");
        assert_eq!(cmd("a'$(id)'b"), r"aws iam delete-user --user-name 'a'\''$(id)'\''b' {");
        for bad in ["--help", "a\nb", "\u{1b}[2J", "\u{202e}x", ""] {
            assert_eq!(cmd(bad), "", "{bad:?}");
        }
        assert_eq!(command("ssh h sudo passwd --expire {user_name}", &with("x$(reboot)")), None);
        assert_eq!(command("{missing}", &with("x")), None);
        assert_eq!(sentence("Kill {pid} of {user_name}", &with("x")), "Kill (its pid is not in the logs) of x");
    }
}
