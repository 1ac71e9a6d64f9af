//! Logins to services that are not shells: FTP and mail.
//!
//! Source: vsftpd, pure-ftpd, proftpd, dovecot (`login-common`), postfix (`smtpd`). Names are text of the attacker's choice: places are read
//! where the program writes its own.

use event::{Column, Sink, attr, class, entity::canonical_ip};

use super::{line::Line, pam};

#[derive(Debug, Default, PartialEq)]
struct Said<'a> {
    user: &'a str,
    from: &'a str,
    to: &'a str,
    method: &'a str,
    success: bool,
    reason: &'a str,
}

/// Reads a line of an FTP or mail server that tells of a login.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let said = match line.program {
        "vsftpd" => vsftpd(line.text),
        "pure-ftpd" => pure_ftpd(line.text),
        "proftpd" => proftpd(line.text),
        "dovecot" | "imap-login" | "pop3-login" | "managesieve-login" | "submission-login" => dovecot(line.text),
        _ => postfix(line.text),
    }?;
    if said.user.is_empty() {
        line.base(out, "auth_failure");
    } else {
        line.begin(out, class::AUTHENTICATION, 1, "login");
        out.text(attr::USER_NAME, said.user);
        out.flag(attr::IS_REMOTE, true);
        out.int(attr::LOGON_TYPE_ID, 3);
        out.text(attr::LOGON_TYPE, "Network");
        out.text(attr::SERVICE_NAME, line.program);
        line.source(out, said.from, None);
        if let Some(ip) = canonical_ip(said.to) {
            out.text(attr::DST_IP, &ip);
        }
        if !said.method.is_empty() {
            out.int(attr::AUTH_PROTOCOL_ID, 99);
            out.text(attr::AUTH_PROTOCOL, said.method);
        }
        line.user(out, Column::User, said.user);
    }
    if let Some(ip) = canonical_ip(said.from) {
        out.key(Column::SrcIp, &ip);
    }
    line.outcome(out, said.success);
    out.text(attr::STATUS_DETAIL, said.reason);
    line.end(out);
    Some(())
}

/// `[pid 7] [al] OK LOGIN: Client "192.0.2.1"`, `[al] FAIL LOGIN: Client "192.0.2.1"`.
fn vsftpd(text: &str) -> Option<Said<'_>> {
    let (who, client) = text.rsplit_once(": Client \"")?;
    let (who, success) = who.strip_suffix(" OK LOGIN").map(|w| (w, true)).or_else(|| Some((who.strip_suffix(" FAIL LOGIN")?, false)))?;
    let who = who.strip_prefix("[pid ").and_then(|w| w.split_once("] ")).map_or(who, |(_, w)| w);
    let user = who.trim().strip_prefix('[')?.strip_suffix(']')?;
    Some(Said { user, from: client.split('"').next()?, success, ..Said::default() })
}

/// `(?@192.0.2.1) [WARNING] Authentication failed for user [al]`, `(?@192.0.2.1) [INFO] al is now logged in`.
fn pure_ftpd(text: &str) -> Option<Said<'_>> {
    let (place, said) = text.strip_prefix('(')?.split_once(") [")?;
    let from = place.rsplit_once('@')?.1;
    let (_, said) = said.split_once("] ")?;
    if let Some(user) = said.strip_suffix(" is now logged in") {
        return Some(Said { user, from, success: true, ..Said::default() });
    }
    let user = said.strip_prefix("Authentication failed for user [")?.strip_suffix(']')?;
    Some(Said { user, from, ..Said::default() })
}

/// `host (name[192.0.2.1]): USER al (Login failed): Incorrect password.`
fn proftpd(text: &str) -> Option<Said<'_>> {
    let (place, said) = text.split_once("]): ").or_else(|| text.split_once("]) - "))?;
    let from = place.rsplit_once('[')?.1;
    if said.starts_with("SECURITY VIOLATION: root login attempted") {
        return Some(Said { user: "root", from, reason: "root login attempted", ..Said::default() });
    }
    let rest = said.strip_prefix("USER ").or_else(|| said.strip_prefix("SECURITY VIOLATION: "))?;
    if let Some(user) = rest.trim_end().strip_suffix(": Login successful.").or_else(|| rest.trim_end().strip_suffix(": Login successful")) {
        return Some(Said { user, from, success: true, ..Said::default() });
    }
    let at =
        rest.rfind(" (Login failed)").or_else(|| rest.rfind(": no such user")).or_else(|| rest.rfind(": Limit")).or_else(|| rest.rfind(" login attempted"))?;
    let (user, reason) = rest.split_at_checked(at)?;
    Some(Said { user, from, reason: reason.trim_matches([' ', ':']), ..Said::default() })
}

/// `imap-login: Disconnected (auth failed, 2 attempts in 4 secs): user=<al>, method=PLAIN, rip=192.0.2.1, lip=…`.
fn dovecot(text: &str) -> Option<Said<'_>> {
    let text = text.split_once("-login: ").map_or(text, |(_, t)| t);
    let text = text.strip_prefix("Info: ").unwrap_or(text);
    let success = text.starts_with("Login: ");
    if !success && !text.contains("auth failed") {
        return None;
    }
    let (head, rest) = text.split_once("user=<").or_else(|| text.split_once("rip=").map(|(h, _)| (h, "")))?;
    let (user, rest) =
        if rest.is_empty() { ("", text) } else { rest.rsplit_once(">, method=").or_else(|| rest.rsplit_once(">, rip=").map(|(u, _)| (u, rest)))? };
    let after = |key: &str| rest.rsplit_once(key).and_then(|(_, v)| v.split([',', ' ']).next()).unwrap_or_default();
    let method = if user.is_empty() { "" } else { rest.split(',').next().unwrap_or_default() };
    let reason = if success { "" } else { head.split_once('(').and_then(|(_, r)| r.split_once(')')).map_or("", |(r, _)| r) };
    Some(Said { user, from: after("rip="), to: after("lip="), method: if method.contains('=') { "" } else { method }, success, reason })
}

/// `warning: name[192.0.2.1]: SASL LOGIN authentication failed: …, sasl_username=al`, `4ABC: client=name[192.0.2.1], sasl_method=PLAIN, sasl_username=al`.
fn postfix(text: &str) -> Option<Said<'_>> {
    if let Some((place, rest)) = text.strip_prefix("warning: ").and_then(|t| t.split_once("]: SASL ")) {
        let (method, reason) = rest.split_once(" authentication failed")?;
        let (reason, user) = reason.rsplit_once(", sasl_username=").unwrap_or((reason, ""));
        return Some(Said { user, from: place.rsplit_once('[')?.1, method, reason: reason.trim_start_matches([':', ' ']), ..Said::default() });
    }
    let (place, rest) = text.split_once(": client=")?.1.split_once("], sasl_method=")?;
    let (method, user) = rest.split_once(", sasl_username=")?;
    Some(Said { user, from: place.rsplit_once('[')?.1, method, success: true, ..Said::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins() {
        let of = |s: Option<Said<'static>>| s.map(|s| (s.user, s.from, s.success)).unwrap();
        assert_eq!(of(vsftpd("[pid 7] [al] FAIL LOGIN: Client \"192.0.2.1\"")), ("al", "192.0.2.1", false));
        assert_eq!(of(pure_ftpd("(?@192.0.2.1) [WARNING] Authentication failed for user [Admin]")), ("Admin", "192.0.2.1", false));
        assert_eq!(of(proftpd("h (n.example[192.0.2.1]): USER al (Login failed): Incorrect password.")), ("al", "192.0.2.1", false));
        assert_eq!(of(proftpd("h (n.example[192.0.2.1]): USER al: no such user found from n.example [192.0.2.1] to 192.0.2.9:21")), ("al", "192.0.2.1", false));
        let line = "imap-login: Disconnected (auth failed, 2 attempts in 4 secs): user=<al>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, TLS";
        assert_eq!(of(dovecot(line)), ("al", "192.0.2.1", false));
        assert_eq!(dovecot(line).unwrap().reason, "auth failed, 2 attempts in 4 secs");
        assert_eq!(of(dovecot("pop3-login: Login: user=<al>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, mpid=4")), ("al", "192.0.2.1", true));
        assert_eq!(of(postfix("warning: n.example[192.0.2.1]: SASL LOGIN authentication failed: UGFz, sasl_username=al")), ("al", "192.0.2.1", false));
    }
}
