//! Records of keys and values (logfmt, CEF, LEEF) as the JSON object that says the same, so that the one reader by table (`map`) reads them too.

use std::fmt::Write;

/// An object that is being written.
#[derive(Debug, Default)]
pub(crate) struct Object(String);

impl Object {
    /// Begins a new object in the same buffer.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a member. Values are texts.
    pub(crate) fn push(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        text(&mut self.0, key);
        self.0.push(':');
        text(&mut self.0, value);
    }

    /// The object, whole.
    pub(crate) fn json(&mut self) -> &str {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        &self.0
    }
}

fn text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects() {
        let mut o = Object::default();
        assert_eq!(o.json(), "{}");
        o.clear();
        o.push("a\"", "b\\\n\u{1}}");
        o.push("c", "{}");
        let read: serde_json::Value = serde_json::from_str(o.json()).unwrap();
        assert_eq!(read, serde_json::json!({"a\"": "b\\\n\u{1}}", "c": "{}"}));
    }
}
