//! login and agetty: who came in at a terminal.
//!
//! Source: util-linux `login-utils/login.c`, shadow `src/login.c`.

use event::{Column, Sink, attr, class};

use super::{line::Line, pam};

#[derive(Debug, Default, PartialEq)]
struct Said<'a> {
    user: &'a str,
    tty: &'a str,
    from: &'a str,
    success: bool,
    reason: &'a str,
}

/// Reads a line of login.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let said = said(line.text).filter(|s| !s.user.is_empty())?;
    line.begin(out, class::AUTHENTICATION, 1, "login");
    out.text(attr::SERVICE_NAME, "login");
    out.text(attr::USER_NAME, said.user);
    line.user(out, Column::User, said.user);
    line.outcome(out, said.success);
    out.text(attr::STATUS_DETAIL, said.reason);
    out.text(attr::SESSION_TERMINAL, said.tty);
    out.flag(attr::IS_REMOTE, !said.from.is_empty());
    out.int(attr::LOGON_TYPE_ID, if said.from.is_empty() { 2 } else { 10 });
    out.text(attr::LOGON_TYPE, if said.from.is_empty() { "Interactive" } else { "Remote Interactive" });
    if !said.from.is_empty() {
        line.source(out, said.from, None);
    }
    line.end(out);
    Some(())
}

/// `ROOT LOGIN ON tty1 FROM host`, `LOGIN ON tty1 BY al FROM host`, `FAILED LOGIN 2 FROM tty1 FOR al, Authentication failure`,
/// `ROOT LOGIN  on '/dev/tty1' from 'host'`, `FAILED LOGIN (2) on '/dev/tty1' FOR 'al', Authentication failure`.
fn said(text: &str) -> Option<Said<'_>> {
    if let Some(rest) = text.strip_prefix("FAILED LOGIN ").or_else(|| text.strip_prefix("TOO MANY LOGIN TRIES ")) {
        let (place, who) = rest.split_once(" FOR ")?;
        let (user, reason) = who.rsplit_once(", ").unwrap_or((who, ""));
        let place = place.split_once(" FROM ").or_else(|| place.split_once(" on ")).map_or("", |(_, p)| p);
        let (tty, from) = place.split_once(" from ").unwrap_or(if is_tty(place) { (place, "") } else { ("", place) });
        return Some(Said { user: bared(user), tty: bared(tty), from: bared(from), success: false, reason });
    }
    let (root, rest) = match text.strip_prefix("ROOT LOGIN ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix("LOGIN ").or_else(|| text.strip_prefix("DIALUP ")).or_else(|| text.strip_prefix("UNKNOWN LOGIN "))?),
    };
    let rest = rest.strip_prefix("ON ").or_else(|| rest.strip_prefix("on ")).or_else(|| rest.strip_prefix("AT "))?;
    let (rest, from) = rest.rsplit_once(" FROM ").or_else(|| rest.rsplit_once(" from ")).unwrap_or((rest, ""));
    let (tty, user) = match root {
        true => (rest, "root"),
        false => rest.split_once(" BY ")?,
    };
    Some(Said { user: bared(user), tty: bared(tty), from: bared(from), success: true, reason: "" })
}

fn bared(text: &str) -> &str {
    text.trim().trim_matches('\'')
}

fn is_tty(text: &str) -> bool {
    let text = bared(text);
    text.starts_with("/dev/") || text.starts_with("tty") || text.starts_with("pts/") || text.starts_with("hvc") || text == "console"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals() {
        let of = |t: &'static str| said(t).map(|s| (s.user, s.tty, s.from, s.success)).unwrap();
        assert_eq!(of("ROOT LOGIN ON tty1"), ("root", "tty1", "", true));
        assert_eq!(of("ROOT LOGIN  on '/dev/pts/1' from '192.0.2.1'"), ("root", "/dev/pts/1", "192.0.2.1", true));
        assert_eq!(of("LOGIN ON tty1 BY al"), ("al", "tty1", "", true));
        assert_eq!(of("FAILED LOGIN 2 FROM tty1 FOR al, Authentication failure"), ("al", "tty1", "", false));
        assert_eq!(of("FAILED LOGIN (2) on '/dev/tty1' FOR 'al', Authentication failure"), ("al", "/dev/tty1", "", false));
        assert!(said("pam stuff").is_none());
    }
}
