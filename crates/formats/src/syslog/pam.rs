//! What PAM modules say in any program's name: sessions, failed authentications, changed passwords.
//!
//! sshd, sudo and su say the same login themselves; their PAM lines are activity Other, so that one login is not counted twice.

use event::{Column, Sink, attr, class};

use super::line::Line;

/// Reads `pam_unix(sshd:session): …`, `(pam_unix) …`, `pam_unix: …` and `su(pam_unix)[1]: …`.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let (module, text) = module(line)?;
    let text = text.strip_suffix(" [preauth]").unwrap_or(text);
    if let Some(rest) = text.strip_prefix("session opened for user ") {
        session(line, out, module, rest, true)
    } else if let Some(rest) = text.strip_prefix("session closed for user ") {
        session(line, out, module, rest, false)
    } else if let Some(rest) = text.strip_prefix("password changed for ") {
        password(line, out, module, rest)
    } else if let Some((head, fields)) = text.split_once("authentication failure; ") {
        failure(line, out, module, head, fields)
    } else if let Some((head, fields)) = text.split_once("more authentication failures; ").or_else(|| text.split_once("more authentication failure; ")) {
        failure(line, out, module, head, fields)
    } else {
        other(line, out, module, text)
    }
}

fn module<'a>(line: &Line<'a>) -> Option<(&'a str, &'a str)> {
    if line.pam_tag() {
        return Some(("pam_unix", line.text));
    }
    let text = line.text.strip_prefix("PAM ").filter(|t| t.contains("authentication failure")).map(|t| ("pam", t));
    if text.is_some() {
        return text;
    }
    if let Some((module, text)) = line.text.strip_prefix('(').and_then(|t| t.split_once(") "))
        && module.starts_with("pam_")
    {
        return Some((module, text));
    }
    let (module, text) = line.text.strip_prefix("pam_").and_then(|t| t.split_once(": "))?;
    let fits = module.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-:()@.".contains(&b));
    fits.then(|| (line.text.get(..module.len() + 4).unwrap_or_default(), text))
}

fn begin(line: &Line<'_>, out: &mut dyn Sink, activity: u8, operation: &str, module: &str) {
    line.begin(out, class::AUTHENTICATION, activity, operation);
    out.text(attr::SERVICE_NAME, line.program);
    out.other("pam", module);
}

/// Programs whose own lines tell of the login.
fn tells_itself(program: &str) -> bool {
    matches!(program, "sshd" | "sshd-session" | "sudo" | "su")
}

fn session(line: &Line<'_>, out: &mut dyn Sink, module: &str, rest: &str, opened: bool) -> Option<()> {
    let (user, by) = rest.split_once(" by ").unwrap_or((rest, ""));
    let (user, uid) = user_uid(user);
    if user.is_empty() || line.program.is_empty() {
        return None;
    }
    let activity = match (opened, tells_itself(line.program)) {
        (true, true) => 99,
        (true, false) => 1,
        (false, _) => 2,
    };
    let ssh = line.program.starts_with("sshd");
    let operation = match (ssh, opened) {
        (true, false) => "ssh_logout",
        (_, true) => "session_opened",
        (_, false) => "session_closed",
    };
    begin(line, out, activity, operation, module);
    line.outcome(out, true);
    out.text(attr::USER_NAME, user);
    out.text(attr::USER_UID, uid);
    let (by, by_uid) = user_uid(by);
    if matches!(line.program, "sudo" | "su") {
        // A bare uid names nobody: the program's own line says who it was.
        line.user(out, Column::User, if by.is_empty() && by_uid == "0" { "root" } else { by });
        line.user(out, Column::TargetUser, user);
    } else {
        line.user(out, Column::User, user);
    }
    out.text(attr::ACTOR_USER_NAME, by);
    out.text(attr::ACTOR_USER_UID, by_uid);
    if ssh {
        line.session(out, Column::Session);
    }
    if line.program.eq_ignore_ascii_case("cron") || line.program == "crond" {
        out.int(attr::LOGON_TYPE_ID, 4);
        out.text(attr::LOGON_TYPE, "Batch");
    }
    line.end(out);
    Some(())
}

/// `root(uid=0)`, `(uid=0)`, `alice`.
fn user_uid(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.strip_suffix(')').and_then(|t| t.rsplit_once("(uid=")) {
        Some((name, uid)) => (name, uid),
        None => (text, ""),
    }
}

fn password(line: &Line<'_>, out: &mut dyn Sink, module: &str, user: &str) -> Option<()> {
    if user.is_empty() {
        return None;
    }
    line.begin(out, class::ACCOUNT_CHANGE, 3, line.program);
    line.outcome(out, true);
    out.other("pam", module);
    out.text(attr::USER_NAME, user.trim());
    line.user(out, Column::TargetUser, user.trim());
    line.end(out);
    Some(())
}

/// The fields that pam_unix writes, in its order. Values may hold text of the attacker's choice, blanks and ` rhost=` included.
#[derive(Debug, Default, PartialEq)]
struct Failure<'a> {
    logname: &'a str,
    uid: &'a str,
    euid: &'a str,
    tty: &'a str,
    ruser: &'a str,
    rhost: &'a str,
    user: &'a str,
}

fn fields(text: &str) -> Option<Failure<'_>> {
    let (logname, rest) = text.strip_prefix("logname=")?.split_once(" uid=")?;
    let (uid, rest) = rest.split_once(" euid=")?;
    let (euid, rest) = rest.split_once(" tty=")?;
    let (tty, rest) = rest.split_once(" ruser=")?;
    // A host has no blanks: the first `rhost=` after which the line ends or goes on with `user=` is PAM's own.
    let own = rest.match_indices(" rhost=").find_map(|(at, key)| {
        let after = rest.get(at + key.len()..)?;
        let end = after.find(' ').unwrap_or(after.len());
        let (host, tail) = after.split_at_checked(end)?;
        let tail = tail.trim_start();
        (tail.is_empty() || tail.starts_with("user=")).then(|| (rest.get(..at).unwrap_or_default(), host, tail.strip_prefix("user=").unwrap_or_default()))
    });
    let (ruser, rhost, user) = own?;
    Some(Failure { logname, uid, euid, tty, ruser, rhost, user: user.trim_end() })
}

fn failure(line: &Line<'_>, out: &mut dyn Sink, module: &str, head: &str, text: &str) -> Option<()> {
    let f = fields(text)?;
    let name = [f.user, f.ruser, f.logname].into_iter().find(|n| !n.is_empty()).unwrap_or_default();
    if name.is_empty() {
        // OCSF's Authentication needs a user, and this line names none.
        line.begin(out, class::BASE_EVENT, 99, "auth_failure");
        out.other("pam", module);
    } else {
        begin(line, out, 1, "auth_failure", module);
        out.text(attr::USER_NAME, name);
        if !f.rhost.is_empty() {
            line.source(out, f.rhost, None);
        }
    }
    if let Some(n) = head.trim().strip_prefix("PAM ").unwrap_or(head.trim()).parse::<i64>().ok().filter(|_| line.count.is_none()) {
        out.int(attr::COUNT, n);
    }
    line.outcome(out, false);
    if matches!(line.program, "sudo" | "su") && !f.ruser.is_empty() {
        line.user(out, Column::User, f.ruser);
        // sudo asks for one's own password, su for the other's.
        line.user(out, Column::TargetUser, if line.program == "su" { f.user } else { "" });
    } else {
        line.user(out, Column::User, name);
    }
    match (line.program.starts_with("sshd"), name.is_empty()) {
        (true, false) => line.session(out, Column::Session),
        (true, true) => line.session_key(out, Column::Session),
        _ => {}
    }
    if let Some(ip) = event::entity::canonical_ip(f.rhost) {
        out.key(Column::SrcIp, &ip);
    }
    for (key, value) in [("logname", f.logname), ("uid", f.uid), ("euid", f.euid), ("tty", f.tty), ("ruser", f.ruser), ("rhost", f.rhost), ("user", f.user)] {
        if !value.is_empty() {
            out.other(key, value);
        }
    }
    line.end(out);
    Some(())
}

fn other(line: &Line<'_>, out: &mut dyn Sink, module: &str, text: &str) -> Option<()> {
    line.begin(out, class::BASE_EVENT, 99, "message");
    out.other("pam", module);
    if let Some(user) = text.split_once(" not met by user \"").and_then(|(_, u)| u.strip_suffix('"')) {
        line.outcome(out, false);
        out.text(attr::ACTOR_USER_NAME, user);
        line.user(out, Column::User, user);
    }
    if text == "check pass; user unknown" {
        line.outcome(out, false);
        out.text(attr::STATUS_DETAIL, "user unknown");
    }
    line.end(out);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injected_hosts_are_not_believed() {
        let hosts = |t: &'static str| fields(t).map(|f| (f.ruser, f.rhost, f.user)).unwrap();
        assert_eq!(hosts("logname= uid=0 euid=0 tty=x ruser=test rhost=192.0.2.151 rhost=192.0.2.1"), ("test rhost=192.0.2.151", "192.0.2.1", ""));
        assert_eq!(hosts("logname= uid=0 euid=0 tty=x ruser= rhost=192.0.2.2 user=test rhost=192.0.2.152"), ("", "192.0.2.2", "test rhost=192.0.2.152"));
        assert_eq!(hosts("logname= uid=0 euid=0 tty=ssh ruser= rhost=h  user=root"), ("", "h", "root"));
        assert!(fields("logname= uid=0").is_none());
    }
}
