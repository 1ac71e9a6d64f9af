//! Values of audit fields to what they mean: hex, argument lists, socket addresses. Never looks at a whole event.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use super::line::Field;

/// The most arguments that one command line is given; a kernel allows as many as fit its stack limit.
pub const ARGS_MAX: usize = 1 << 20;

/// The fields that carry text of somebody's choice. Unquoted, they are upper-case hex; quoted, they are literal.
/// (`audit-userspace`, `lib/interpret`: the fields of type ESCAPED, ESCAPED_KEY, ESCAPED_FILE.)
const ENCODED: &[&str] = &[
    "acct",
    "cgroup",
    "cmd",
    "comm",
    "cwd",
    "data",
    "device",
    "dir",
    "exe",
    "file",
    "grp",
    "info",
    "invalid_context",
    "key",
    "name",
    "new-chardev",
    "new-disk",
    "new-fs",
    "new-rng",
    "new_group",
    "ocomm",
    "old-chardev",
    "old-disk",
    "old-fs",
    "old-rng",
    "path",
    "profile",
    "proctitle",
    "root_dir",
    "srcname",
    "sw",
    "tty",
    "unit",
    "vm",
    "vm-ctx",
    "watch",
];

/// Whether a field carries text of somebody's choice.
pub fn is_encoded(key: &str) -> bool {
    ENCODED.contains(&key)
}

/// The text of a field; `None` for `(null)`, `(none)`, `?` and nothing.
pub fn text<'a>(field: Field<'a>) -> Option<Cow<'a, str>> {
    if field.quoted {
        return (!field.value.is_empty()).then_some(Cow::Borrowed(field.value));
    }
    match field.value {
        "" | "(null)" | "(none)" | "?" => None,
        value if ENCODED.contains(&field.key) => Some(match hex(value) {
            // Old programs wrote a bare number here; no name holds control characters.
            Some(bytes) if matches!(field.key, "acct" | "grp") && bytes.iter().any(|b| *b < 0x20) => Cow::Borrowed(value),
            Some(bytes) => lossy(bytes),
            None => Cow::Borrowed(value),
        }),
        value => Some(Cow::Borrowed(value)),
    }
}

fn lossy(bytes: Vec<u8>) -> Cow<'static, str> {
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    })
}

/// Upper-case hex of at least one byte. Plain numbers of two digits and more are hex too; where a field holds encoded text, that is what they are.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let nibble = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if text.is_empty() || !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|p| Some(nibble(*p.first()?)? << 4 | nibble(*p.get(1)?)?)).collect()
}

/// The command line of PROCTITLE: arguments end with NUL; the kernel cuts it at 128 bytes.
pub fn proctitle(field: Field<'_>) -> String {
    // Some copies of logs have its hex in lower case.
    let upper = field.value.to_ascii_uppercase();
    let field = if !field.quoted && hex(&upper).is_some() { Field { value: &upper, ..field } } else { field };
    let Some(text) = text(Field { key: "proctitle", ..field }) else { return String::new() };
    text.trim_end_matches('\0').replace('\0', " ")
}

/// The arguments of a command, from all EXECVE records of an event.
#[derive(Debug, Default)]
pub struct Arguments {
    argc: usize,
    given: BTreeMap<usize, BTreeMap<usize, Vec<u8>>>,
}

impl Arguments {
    /// Takes a field of an EXECVE record: `argc`, `a1`, `a1_len`, `a1[0]`. Gives whether it was one.
    pub fn take(&mut self, field: Field<'_>) -> bool {
        if field.key == "argc" {
            self.argc = field.value.parse().unwrap_or(0);
            return true;
        }
        let Some(rest) = field.key.strip_prefix('a') else { return false };
        let (number, part) = match rest.split_once('[') {
            Some((number, part)) => (number, part.strip_suffix(']').and_then(|p| p.parse().ok())),
            None => (rest.strip_suffix("_len").unwrap_or(rest), Some(0)),
        };
        let (Ok(number), Some(part)) = (number.parse::<usize>(), part) else { return false };
        if rest.ends_with("_len") {
            return true;
        }
        let bytes = if field.quoted { None } else { hex(field.value) };
        let bytes = bytes.unwrap_or_else(|| field.value.as_bytes().to_vec());
        if number < ARGS_MAX {
            self.given.entry(number).or_default().insert(part, bytes);
        }
        true
    }

    /// The arguments in order. One that no field gives, below `argc`, is empty.
    pub fn list(&self) -> Vec<String> {
        let known = self.given.last_key_value().map_or(0, |(n, _)| n + 1);
        let count = self.argc.max(known).min(ARGS_MAX);
        (0..count).map(|n| self.given.get(&n).map_or_else(String::new, |parts| lossy(parts.values().flatten().copied().collect()).into_owned())).collect()
    }
}

/// A socket address.
#[derive(Clone, Debug, PartialEq)]
pub enum Socket {
    /// IPv4 or IPv6, with port.
    Inet(IpAddr, u16),
    /// A path; `@name` for an abstract one; empty for an unnamed one.
    Unix(String),
    /// Another family, by its number.
    Other(u16),
}

/// Reads `saddr`: a `sockaddr` in hex; family in the machine's byte order (big-endian machines are told by a zero first byte), the rest in the network's.
pub fn socket(text: &str) -> Option<Socket> {
    let bytes = hex(text)?;
    let (family, rest) = bytes.split_at_checked(2)?;
    let [low, high] = *<&[u8; 2]>::try_from(family).ok()?;
    let family = if low == 0 { u16::from(high) } else { u16::from_le_bytes([low, high]) };
    Some(match family {
        1 => Socket::Unix(unix(rest)),
        2 => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            Socket::Inet(IpAddr::from(*rest.first_chunk::<4>()?), u16::from_be_bytes(*port))
        }
        10 => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            Socket::Inet(IpAddr::from(*rest.get(4..)?.first_chunk::<16>()?).to_canonical(), u16::from_be_bytes(*port))
        }
        other => Socket::Other(other),
    })
}

fn unix(path: &[u8]) -> String {
    let (mark, path) = match path {
        [0, name @ ..] => ("@", name),
        path => ("", path),
    };
    let end = path.iter().position(|b| *b == 0).unwrap_or(path.len());
    let name = String::from_utf8_lossy(path.get(..end).unwrap_or(path));
    if name.is_empty() { String::new() } else { format!("{mark}{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &'static str, value: &'static str, quoted: bool) -> Field<'static> {
        Field { key, value, quoted }
    }

    #[test]
    fn hex_is_text_only_where_text_is_encoded() {
        assert_eq!(text(field("comm", "6C73", false)).unwrap(), "ls");
        assert_eq!(text(field("comm", "6C73", true)).unwrap(), "6C73");
        assert_eq!(text(field("pid", "6C73", false)).unwrap(), "6C73");
        assert_eq!(text(field("comm", "6c73", false)).unwrap(), "6c73");
        assert_eq!(text(field("key", "(null)", false)), None);
        assert_eq!(text(field("name", "FF41", false)).unwrap(), "\u{fffd}A");
        assert_eq!(hex("ABC"), None);
        assert_eq!(proctitle(field("proctitle", "6C73002D6C00", false)), "ls -l");
    }

    #[test]
    fn row_32_arguments_are_joined_exactly() {
        let mut args = Arguments::default();
        for f in [field("argc", "4", false), field("a0", "sh", true), field("a1_len", "6", false), field("a1[0]", "C3", false), field("a1[1]", "A9", false)] {
            assert!(args.take(f));
        }
        assert!(args.take(field("a3", "x", true)));
        assert!(!args.take(field("arch", "c000003e", false)));
        assert_eq!(args.list(), ["sh", "é", "", "x"]);
    }

    #[test]
    fn row_32_an_argument_count_of_the_attackers_choice_is_bounded() {
        let mut args = Arguments::default();
        args.take(field("argc", "4294967295", false));
        args.take(Field { key: "a4294967295", value: "x", quoted: true });
        assert_eq!(args.list().len(), ARGS_MAX);
    }

    #[test]
    fn sockets() {
        assert_eq!(socket("02000050C00002070000000000000000"), Some(Socket::Inet("192.0.2.7".parse().unwrap(), 80)));
        assert_eq!(socket("0002005000000000"), Some(Socket::Inet("0.0.0.0".parse().unwrap(), 80)));
        assert_eq!(socket("0A000016000000000000000000000000000000000000000100000000"), Some(Socket::Inet("::1".parse().unwrap(), 22)));
        assert_eq!(socket("01002F72756E2F6100"), Some(Socket::Unix("/run/a".into())));
        assert_eq!(socket("010000612F62"), Some(Socket::Unix("@a/b".into())));
        assert_eq!(socket("100000000000"), Some(Socket::Other(16)));
        assert_eq!((socket("02"), socket("0200"), socket("zz")), (None, None, None));
    }
}
