//! The spellings that everything signed shares: base64, decimal numbers, one `key value` a line. Strict: one value has one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Error, Hash, Result};

/// Standard base64 with padding (RFC 4648, section 4), as entries, checkpoints and keys have it.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Lower-case hexadecimal digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads [`encode`]'s form; padding is needed and unused bits must be 0.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads a hash of 32 bytes in base64.
pub fn decode_hash(text: &str) -> Option<Hash> {
    decode(text)?.try_into().ok()
}

/// Reads a decimal number without sign and without leading zeros.
pub(crate) fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    canonical.then(|| text.parse().ok()).flatten()
}

/// Whether a name must be escaped to stay on one line.
fn special(c: char) -> bool {
    c == '\\' || c.is_ascii_control()
}

/// A name on one line: ASCII control characters and the backslash become `\xNN`, all else stays.
pub(crate) fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if special(c) { out.push_str(&format!("\\x{:02x}", u32::from(c))) } else { out.push(c) }
    }
    out
}

/// Reads [`escape`]'s form and no other.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('\\');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.strip_prefix('x')?.split_at_checked(2)?;
        out.push(char::from(u8::from_str_radix(code, 16).ok()?));
        out.push_str(rest);
    }
    (escape(&out) == text).then_some(out)
}

/// Reads the lines of an entry one after the other.
pub(crate) struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Lines<'a> {
        Lines { rest: text, line: 0 }
    }

    /// The error of the line read last.
    pub(crate) fn wrong(&self, expected: &'static str) -> Error {
        Error::Entry { line: self.line, expected }
    }

    /// The next line, which must end in a newline.
    pub(crate) fn next(&mut self, expected: &'static str) -> Result<&'a str> {
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n').ok_or_else(|| self.wrong(expected))?;
        self.rest = rest;
        Ok(line)
    }

    /// The value of the next line, which must be `key value`.
    pub(crate) fn value(&mut self, key: &'static str) -> Result<&'a str> {
        let line = self.next(key)?;
        line.strip_prefix(key).and_then(|v| v.strip_prefix(' ')).ok_or_else(|| self.wrong(key))
    }

    /// The number on the next line.
    pub(crate) fn number(&mut self, key: &'static str) -> Result<u64> {
        let text = self.value(key)?;
        number(text).ok_or_else(|| self.wrong(key))
    }

    /// The name on the next line.
    pub(crate) fn name(&mut self, key: &'static str) -> Result<String> {
        let text = self.value(key)?;
        unescape(text).ok_or_else(|| self.wrong(key))
    }

    /// The hash on the next line.
    pub(crate) fn hash(&mut self, key: &'static str) -> Result<Hash> {
        let text = self.value(key)?;
        decode_hash(text).ok_or_else(|| self.wrong(key))
    }

    /// Nothing may follow.
    pub(crate) fn end(mut self) -> Result<()> {
        self.line += 1;
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong("the end")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "18446744073709551616"] {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(decode("QQ=="), Some(b"A".to_vec()));
        for wrong in ["QQ", "QR==", "QQ= =", "QQ==\n", "Q-=="] {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn only_what_needs_it_is_escaped() {
        assert_eq!(escape("web-1/a\\b\nc d é"), "web-1/a\\x5cb\\x0ac d é");
        for wrong in ["\\", "\\x", "\\x4", "\\x41", "\\x0A", "\\n", "a\nb", "\\xé"] {
            assert_eq!(unescape(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn names_come_back(name in any::<String>()) {
            prop_assert!(!escape(&name).contains('\n'));
            prop_assert_eq!(unescape(&escape(&name)), Some(name));
        }
    }
}
