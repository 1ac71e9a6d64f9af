//! useradd and its family: accounts and groups made, changed and removed.
//!
//! Source: the messages of the shadow suite (`src/useradd.c` and others).

use event::{Column, Sink, attr, class};

use super::{line::Line, pam};

/// Reads a line of the shadow suite.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let text = line.text;
    if let Some(fields) = text.strip_prefix("new user: ") {
        return made(line, out, fields);
    }
    if let Some(fields) = ["new group: ", "group added to /etc/group: ", "group added to /etc/gshadow: "].iter().find_map(|p| text.strip_prefix(p)) {
        return group_made(line, out, fields);
    }
    if let Some((user, rest)) = text.strip_prefix("change '").and_then(|r| r.split_once("' to '")) {
        // A user's new name in the groups that it is in.
        let (new, rest) = rest.split_once('\'')?;
        let (_, group) = rest.split_once("group '")?;
        line.begin(out, class::GROUP_MANAGEMENT, 99, line.program);
        line.outcome(out, true);
        out.text(attr::GROUP_NAME, group.trim_end_matches('\''));
        out.text(attr::USER_NAME, user);
        line.user(out, Column::TargetUser, user);
        out.other("new_name", new);
        line.end(out);
        return Some(());
    }
    if let Some((user, group, added)) = membership(text) {
        return member(line, out, user, group, added);
    }
    if let Some(done) = group_changed(line, out, text) {
        return Some(done);
    }
    let change = change(text)?;
    account(line, out, &change);
    by(line, out);
    line.end(out);
    Some(())
}

struct Change<'a> {
    activity: u8,
    user: &'a str,
    success: bool,
}

/// `useradd`: 1 Create, 2 Enable, 3 Password Change, 6 Delete, 9 Lock, 12 Unlock, 99 Other.
fn change(text: &str) -> Option<Change<'_>> {
    let quoted = |prefix: &str| text.strip_prefix(prefix).and_then(|r| r.split_once('\'')).filter(|(n, _)| !n.is_empty());
    let told = |activity, (user, _): (_, &str), success| Change { activity, user, success };
    if let Some(found) = quoted("delete user '") {
        Some(told(6, found, true))
    } else if let Some(found) = quoted("failed adding user '") {
        Some(told(1, found, false))
    } else if let Some(found) = quoted("lock user '") {
        Some(told(9, found, true))
    } else if let Some(found) = quoted("unlock user '") {
        Some(told(12, found, true))
    } else if let Some(found) = quoted("change user '").or_else(|| quoted("changed user '")) {
        Some(told(if found.1.starts_with(" password") { 3 } else { 99 }, found, true))
    } else if let Some(found) = quoted("can't change pwd for '").or_else(|| quoted("failed to change password for '")) {
        Some(told(3, found, false))
    } else if let Some(found) = quoted("change user name '") {
        Some(told(99, found, true))
    } else if let Some(rest) = text.strip_prefix("password for '").or_else(|| text.strip_prefix("password for ")) {
        let (user, _) = rest.split_once(" changed")?;
        Some(Change { activity: 3, user: user.trim_end_matches('\''), success: true })
    } else {
        let user = text.strip_prefix("changed password expiry for ")?;
        Some(Change { activity: 99, user, success: true })
    }
}

fn account(line: &Line<'_>, out: &mut dyn Sink, change: &Change<'_>) {
    line.begin(out, class::ACCOUNT_CHANGE, change.activity, line.program);
    line.outcome(out, change.success);
    out.text(attr::USER_NAME, change.user);
    line.user(out, Column::TargetUser, change.user);
}

/// `name=alice, UID=1001, GID=1001, home=/home/alice, shell=/bin/bash[, from=/dev/pts/0]`.
fn made(line: &Line<'_>, out: &mut dyn Sink, fields: &str) -> Option<()> {
    let user = value(fields, "name").filter(|n| !n.is_empty())?;
    account(line, out, &Change { activity: 1, user, success: true });
    for (key, value) in pairs(fields) {
        match key {
            "name" => {}
            "UID" => out.text(attr::USER_UID, value),
            _ => out.other(key, value),
        }
    }
    line.end(out);
    Some(())
}

fn group_made(line: &Line<'_>, out: &mut dyn Sink, fields: &str) -> Option<()> {
    let name = value(fields, "name").filter(|n| !n.is_empty())?;
    line.begin(out, class::GROUP_MANAGEMENT, 6, line.program);
    line.outcome(out, true);
    out.text(attr::GROUP_NAME, name);
    out.text(attr::GROUP_UID, value(fields, "GID").unwrap_or_default());
    line.end(out);
    Some(())
}

/// `removed group 'a' owned by 'b'`, `group 'a' removed from /etc/group`, `password of group a changed by root`, `set members of group a to b`,
/// `group changed in /etc/group (group a/1000, new name: b)`.
fn group_changed(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let quoted = |prefix: &str| text.strip_prefix(prefix).and_then(|r| r.split_once('\''));
    let removed = ["group '", "removed group '", "removed shadow group '"].iter().find_map(|p| quoted(p)).filter(|_| text.contains("removed"));
    let worded = |prefix: &str| text.strip_prefix(prefix).and_then(|r| r.split_once(' '));
    let changed = ["password of group ", "set members of group ", "set administrators of group ", "set administrators of "].iter().find_map(|p| worded(p));
    let renamed = text.strip_prefix("group changed in ").and_then(|r| r.split_once("(group ")).and_then(|(_, r)| r.split_once(['/', ',']));
    let (activity, (group, rest)) = removed.map(|f| (5, f)).or_else(|| changed.or(renamed).map(|f| (99, f)))?;
    if group.is_empty() {
        return None;
    }
    line.begin(out, class::GROUP_MANAGEMENT, activity, line.program);
    line.outcome(out, true);
    out.text(attr::GROUP_NAME, group);
    out.other("change", rest);
    by(line, out);
    line.end(out);
    Some(())
}

/// `add 'alice' to group 'wheel'`, `delete 'alice' from group 'wheel'`, `user alice added by root to group wheel`.
fn membership(text: &str) -> Option<(&str, &str, bool)> {
    if let Some((user, rest)) = text.strip_prefix("add '").and_then(|r| r.split_once('\'')) {
        let name = rest.strip_prefix(" to group ").or_else(|| rest.strip_prefix(" to shadow group "))?;
        return Some((user, name.trim_matches('\''), true));
    }
    if let Some((user, rest)) = text.strip_prefix("delete '").and_then(|r| r.split_once('\'')) {
        let name = rest.strip_prefix(" from group ").or_else(|| rest.strip_prefix(" from shadow group "))?;
        return Some((user, name.trim_matches('\''), false));
    }
    let (user, rest) = text.strip_prefix("user ")?.split_once(' ')?;
    let (_, group) = rest.split_once(" group ")?;
    let added = rest.starts_with("added by ");
    (added || rest.starts_with("removed by ")).then(|| (user, group.trim_matches('\''), added))
}

fn member(line: &Line<'_>, out: &mut dyn Sink, user: &str, group: &str, added: bool) -> Option<()> {
    line.begin(out, class::GROUP_MANAGEMENT, if added { 3 } else { 4 }, line.program);
    line.outcome(out, true);
    out.text(attr::GROUP_NAME, group);
    out.text(attr::USER_NAME, user);
    line.user(out, Column::TargetUser, user);
    by(line, out);
    line.end(out);
    Some(())
}

/// Who did it, where the line says: `… changed by 'root'`, `… added by root to group wheel`.
fn by(line: &Line<'_>, out: &mut dyn Sink) {
    let Some((_, rest)) = line.text.rsplit_once(" by ") else { return };
    let name = rest.split(' ').next().unwrap_or_default().trim_matches('\'');
    out.text(attr::ACTOR_USER_NAME, name);
    line.user(out, Column::User, name);
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(", ").filter_map(|p| p.split_once('='))
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    pairs(text).find(|(k, _)| *k == key).map(|(_, v)| v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_changes() {
        assert_eq!(membership("add 'eve' to group 'wheel'"), Some(("eve", "wheel", true)));
        assert_eq!(membership("delete 'eve' from shadow group 'wheel'"), Some(("eve", "wheel", false)));
        assert_eq!(membership("user eve added by root to group wheel"), Some(("eve", "wheel", true)));
        assert_eq!(membership("user eve left"), None);
        let told = |t: &'static str| change(t).map(|c| (c.activity, c.user, c.success)).unwrap();
        assert_eq!(told("failed adding user 'ansible', data deleted"), (1, "ansible", false));
        assert_eq!(told("change user 'eve' expiration from 'a' to 'b'"), (99, "eve", true));
        assert_eq!(told("change user 'eve' password"), (3, "eve", true));
        assert_eq!(told("password for 'eve' changed by 'root'"), (3, "eve", true));
        assert_eq!(told("delete user 'eve'"), (6, "eve", true));
    }
}
