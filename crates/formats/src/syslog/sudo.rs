//! sudo: who ran what as whom, and who was not let.
//!
//! Source: sudo's `eventlog` in the traditional format: `USER : [REASON ; ]KEY=VALUE ; … ; COMMAND=…`, the command reaching to the end of the line.

use event::{Column, Sink, attr, class};

use super::{line::Line, pam};

/// OCSF Authentication, activity Account Switch.
pub const ACCOUNT_SWITCH: u8 = 7;

/// Reads a line of sudo.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let entry = entry(line.text)?;
    let target = entry.value("USER").unwrap_or_default();
    line.begin(out, class::AUTHENTICATION, ACCOUNT_SWITCH, "sudo");
    out.text(attr::SERVICE_NAME, "sudo");
    out.int(attr::ACCOUNT_SWITCH_TYPE_ID, 1);
    out.text(attr::ACTOR_USER_NAME, entry.user);
    out.text(attr::USER_NAME, if target.is_empty() { entry.user } else { target });
    line.user(out, Column::User, entry.user);
    line.user(out, Column::TargetUser, target);
    line.outcome(out, entry.reason.is_empty());
    out.text(attr::STATUS_DETAIL, entry.reason);
    if let Some(tty) = entry.value("TTY").filter(|t| *t != "unknown") {
        out.text(attr::SESSION_TERMINAL, tty);
    }
    if let Some(command) = entry.command {
        out.key(Column::Command, command);
        out.other("COMMAND", command);
        out.key(Column::Exe, command.split(' ').next().filter(|w| w.starts_with('/')).unwrap_or_default());
    }
    for (key, value) in &entry.fields {
        out.other(key, value);
    }
    line.end(out);
    Some(())
}

struct Entry<'a> {
    user: &'a str,
    reason: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    command: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.fields.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }
}

/// `None` for lines that are no entry (warnings, continued commands).
fn entry(text: &str) -> Option<Entry<'_>> {
    let (user, rest) = text.trim_start().split_once(" : ")?;
    let (head, command) = match rest.split_once("COMMAND=") {
        Some((head, command)) => (head, Some(command)),
        None => (rest, None),
    };
    let mut reason = "";
    let mut fields = Vec::new();
    for part in head.split(" ; ").map(|p| p.trim().trim_end_matches(" ;").trim()).filter(|p| !p.is_empty()) {
        match part.split_once('=').filter(|(k, _)| !k.is_empty() && k.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')) {
            Some(field) => fields.push(field),
            None if reason.is_empty() => reason = part,
            None => {}
        }
    }
    let told = command.is_some() || fields.iter().any(|(k, _)| *k == "TTY" || *k == "PWD");
    (told && !user.is_empty() && !reason.starts_with("(command continued)")).then_some(Entry { user, reason, fields, command })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let e = entry("    mike : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/sh -c echo a ; b").unwrap();
        assert_eq!((e.user, e.reason, e.command, e.value("USER")), ("mike", "3 incorrect password attempts", Some("/bin/sh -c echo a ; b"), Some("root")));
        assert_eq!(entry("al : user NOT in sudoers ; TTY=x ; PWD=/ ; USER=root ; COMMAND=/bin/ls").unwrap().reason, "user NOT in sudoers");
        assert!(entry("al : (command continued) 'x)").is_none());
        assert!(entry("unable to execute /usr/sbin/sendmail: No such file or directory").is_none());
    }
}
