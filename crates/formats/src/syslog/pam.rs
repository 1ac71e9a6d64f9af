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

fn fields_of(text: &str) -> Option<Failure<'_>> {
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
    let f = fields_of(text)?;
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
    if let Some((_, fields)) = text.split_once("authentication success; ")
        && let Some(f) = fields_of(fields).filter(|f| !f.user.is_empty())
    {
        begin(line, out, 99, "auth_success", module);
        out.text(attr::USER_NAME, f.user);
        line.user(out, Column::User, f.user);
        line.outcome(out, true);
        if !f.rhost.is_empty() {
            line.source(out, f.rhost, None);
        }
        if line.program.starts_with("sshd") {
            line.session(out, Column::Session);
        }
        line.end(out);
        return Some(());
    }
    if let Some(user) = text.strip_prefix("Consecutive login failures for user ").and_then(|t| t.strip_suffix(" account temporarily locked")) {
        line.begin(out, class::ACCOUNT_CHANGE, 9, "account_locked");
        line.outcome(out, true);
        out.other("pam", module);
        out.text(attr::USER_NAME, user);
        line.user(out, Column::TargetUser, user);
        line.end(out);
        return Some(());
    }
    let told = told(text);
    line.base(out, told.as_ref().map_or("message", |_| "auth"));
    out.other("pam", module);
    if let Some((user, success, reason)) = told {
        if let Some(success) = success {
            line.outcome(out, success);
        }
        line.actor(out, user);
        out.text(attr::STATUS_DETAIL, reason);
    }
    if line.program.starts_with("sshd") {
        line.session_key(out, Column::Session);
    }
    line.end(out);
    Some(())
}

/// What modules say in words of their own: the user, whether it was let, and why. The names may be anything; they end where the module's words begin.
fn told(text: &str) -> Option<(&str, Option<bool>, &str)> {
    /// Words before the name, words after it (empty: the name ends the line), what it means, why.
    const SAID: &[(&str, &str, Option<bool>, &str)] = &[
        ("auth could not identify password for [", "]", Some(false), "no password was given"),
        ("bad username [", "]", Some(false), "bad user name"),
        ("could not identify user (from getpwnam(", "))", Some(false), "user unknown"),
        ("account ", " has expired (account expired)", Some(false), "account expired"),
        ("account ", " has password changed in future", None, "password changed in future"),
        ("expired password for user ", " (password expired)", Some(false), "password expired"),
        ("expired password for user ", " (password aged)", None, "password aged"),
        ("expired password for user ", " (root enforced)", None, "password change enforced"),
        ("user [", "] has blank password; authenticated without it", Some(true), "blank password"),
        ("user \"", "\" does not exist", Some(false), "user unknown"),
        ("user '", "' granted access", Some(true), ""),
        ("user '", "' denied access", Some(false), "denied access"),
        ("access denied for user `", "' from", Some(false), "access denied"),
        ("Access denied for user ", " because", Some(false), "access denied"),
        ("Access denied for user ", ":", Some(false), "access denied"),
        ("Access denied to '", "' for", Some(false), "access denied"),
        ("Access granted to '", "' for", Some(true), ""),
        ("Refused user ", " for service", Some(false), "refused by list"),
        ("Accepted google_authenticator for ", "", Some(true), "one-time code"),
        ("Invalid verification code for ", "", Some(false), "one-time code"),
        ("Accepted duo for ", "", Some(true), "second factor"),
        ("Successful Duo login for '", "'", Some(true), "second factor"),
        ("Failed Duo login for '", "'", Some(false), "second factor"),
        ("root login denied for user '", "'", Some(false), "root login denied"),
    ];
    if text == "check pass; user unknown" {
        return Some(("", Some(false), "user unknown"));
    }
    if let Some(user) = text.split_once(" not met by user \"").and_then(|(_, u)| u.strip_suffix('"')) {
        return Some((user, Some(false), ""));
    }
    if let Some((user, rest)) = text.strip_prefix("received for user ").and_then(|t| t.rsplit_once(": ")) {
        return Some((user, Some(rest.starts_with('0')), rest));
    }
    // pam_tally2: `user al (1001) tally 6, deny 5`.
    if let Some((user, rest)) = text.strip_prefix("user ").and_then(|t| t.rsplit_once(" (")).filter(|(_, r)| r.contains(") tally ")) {
        return Some((user, Some(false), rest.split_once(") ").map_or("", |(_, r)| r)));
    }
    SAID.iter().find_map(|(before, after, success, reason)| {
        let rest = text.strip_prefix(before)?;
        let user = if after.is_empty() { rest } else { rest.get(..rest.rfind(after)?)? };
        (!user.is_empty()).then_some((user, *success, *reason))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injected_hosts_are_not_believed() {
        let hosts = |t: &'static str| fields_of(t).map(|f| (f.ruser, f.rhost, f.user)).unwrap();
        assert_eq!(hosts("logname= uid=0 euid=0 tty=x ruser=test rhost=192.0.2.151 rhost=192.0.2.1"), ("test rhost=192.0.2.151", "192.0.2.1", ""));
        assert_eq!(hosts("logname= uid=0 euid=0 tty=x ruser= rhost=192.0.2.2 user=test rhost=192.0.2.152"), ("", "192.0.2.2", "test rhost=192.0.2.152"));
        assert_eq!(hosts("logname= uid=0 euid=0 tty=ssh ruser= rhost=h  user=root"), ("", "h", "root"));
        assert!(fields_of("logname= uid=0").is_none());
    }
}
