//! The paths of an event: what was acted on, made, executed. Never decides what the event means.

use std::borrow::Cow;

use super::{
    map::{Rec, Seen},
    syscalls::{CREATE, OPEN, UPDATE},
};

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path)
}

/// The paths of an event, joined with the working directory.
#[derive(Debug, Default)]
pub(super) struct Paths<'a> {
    /// What the call acted on: what was deleted, made or opened.
    pub acted: Option<Cow<'a, str>>,
    /// What came into being.
    pub made: Option<Cow<'a, str>>,
    /// The program that exec names (item 0).
    pub executed: Option<Cow<'a, str>>,
    /// Whether the call made the file.
    pub creates: bool,
    /// OCSF `file.type_id`, from the mode.
    pub type_id: i64,
}

impl<'a> Paths<'a> {
    /// Reads the PATH records.
    pub fn of(seen: &Seen<'a>, call: &Rec<'_>, name: &str) -> Paths<'a> {
        let cwd = seen.of("CWD").and_then(|r| r.text("cwd"));
        // A name relative to a directory handle is not relative to the working directory.
        let at = name.ends_with("at") || name.ends_with("at2") || name == "renameat2";
        let handle = at && call.get("a0").is_some_and(|f| !f.value.eq_ignore_ascii_case("ffffff9c") && !f.value.eq_ignore_ascii_case("ffffffffffffff9c"));
        let parent = seen.all("PATH").find(|r| r.get("nametype").is_some_and(|f| f.value == "PARENT")).and_then(|r| r.text("name"));
        let folder = if handle { parent.filter(|p| p.starts_with('/')) } else { cwd };
        let mut paths = Paths::default();
        let (mut deleted, mut plain) = (None, None);
        for record in seen.all("PATH") {
            let Some(path) = record.text("name").map(|n| join(folder.as_deref(), n)) else { continue };
            let kind = record.get("nametype").map_or("NORMAL", |f| f.value);
            let item = record.get("item").map_or("0", |f| f.value);
            if item == "0" {
                paths.executed = Some(path.clone());
            }
            if kind != "PARENT" || paths.type_id == 0 {
                paths.type_id = record.get("mode").map_or(0, |f| type_id(f.value));
            }
            match kind {
                "CREATE" => paths.made = Some(path),
                "DELETE" if deleted.is_none() => deleted = Some(path),
                "PARENT" | "DELETE" => {}
                _ if plain.is_none() => plain = Some(path),
                _ => {}
            }
        }
        paths.creates = paths.made.is_some() && deleted.is_none();
        paths.acted = deleted.or_else(|| paths.made.clone()).or(plain).or_else(|| lone_parent(seen, folder.as_deref()));
        paths
    }

    /// What an open was for: made, for writing, for reading.
    pub fn opened(&self, call: &Rec<'_>, name: &str) -> u8 {
        if self.creates {
            return CREATE;
        }
        let flags = match name {
            "open" => call.get("a1"),
            "openat" => call.get("a2"),
            "creat" => return CREATE,
            _ => None,
        };
        match flags.and_then(|f| u64::from_str_radix(f.value, 16).ok()).map(|f| f & 3) {
            Some(0) => 2,
            Some(1 | 2) => UPDATE,
            _ => OPEN,
        }
    }
}

/// A failed call may name the folder alone.
fn lone_parent<'a>(seen: &Seen<'a>, folder: Option<&str>) -> Option<Cow<'a, str>> {
    seen.all("PATH").find_map(|r| r.text("name")).map(|n| join(folder, n))
}

/// OCSF's file types, from the octal mode.
fn type_id(mode: &str) -> i64 {
    match i64::from_str_radix(mode, 8).unwrap_or(0) & 0o170_000 {
        0o100_000 => 1,
        0o040_000 => 2,
        0o020_000 => 3,
        0o060_000 => 4,
        0o140_000 => 5,
        0o010_000 => 6,
        0o120_000 => 7,
        _ => 0,
    }
}

/// Joins a name with the folder that it is relative to; `.` and `..` are resolved as text.
fn join<'a>(folder: Option<&str>, name: Cow<'a, str>) -> Cow<'a, str> {
    let relative = !name.starts_with('/');
    let plain = !name.contains("./") && !name.contains("//") && !name.ends_with("/.") && !name.ends_with("/..") && !matches!(name.as_ref(), "." | "..");
    if plain && !relative {
        return name;
    }
    let Some(folder) = folder.filter(|_| relative).or((!relative).then_some("")) else { return name };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Cow::Owned(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined() {
        let j = |folder, name: &str| join(folder, Cow::Borrowed(name)).into_owned();
        assert_eq!(j(Some("/root"), "a/b"), "/root/a/b");
        assert_eq!(j(Some("/root"), "./a"), "/root/a");
        assert_eq!(j(Some("/home/al"), "../../etc/passwd"), "/etc/passwd");
        assert_eq!(j(Some("/root"), "/bin//ls"), "/bin/ls");
        assert_eq!(j(None, "a"), "a");
        assert_eq!(j(Some("/root"), "."), "/root");
    }
}
