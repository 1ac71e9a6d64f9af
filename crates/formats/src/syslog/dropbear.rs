//! dropbear, the small SSH server.
//!
//! Source: dropbear's `svr-auth*.c`, `svr-session.c`. Names are the attacker's, so addresses are read from the end of the line.

use event::{Column, Sink, attr, class};

use super::{line::Line, pam};

#[derive(Debug, Default, PartialEq)]
struct Said<'a> {
    user: &'a str,
    from: &'a str,
    port: Option<u16>,
    method: &'static str,
    key: &'a str,
    reason: &'a str,
    /// A login: whether it went well.
    login: Option<bool>,
    activity: u8,
}

/// Reads a line of dropbear.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let said = said(line.text)?;
    match said.login {
        Some(success) if !said.user.is_empty() => {
            line.begin(out, class::AUTHENTICATION, 1, "ssh_login");
            out.text(attr::SERVICE_NAME, "dropbear");
            out.text(attr::USER_NAME, said.user);
            out.flag(attr::IS_REMOTE, true);
            out.int(attr::LOGON_TYPE_ID, 3);
            out.text(attr::LOGON_TYPE, "Network");
            if !said.method.is_empty() {
                out.int(attr::AUTH_PROTOCOL_ID, 99);
                out.text(attr::AUTH_PROTOCOL, said.method);
            }
            line.outcome(out, success);
            line.session(out, if success { Column::TargetSession } else { Column::Session });
            out.text(attr::USER_CREDENTIAL_UID, said.key);
            out.key(Column::Credential, said.key);
        }
        _ if said.from.is_empty() => return None,
        login => {
            line.begin(
                out,
                class::SSH_ACTIVITY,
                if login == Some(false) { 4 } else { said.activity },
                if login.is_some() { "ssh_login" } else { "ssh_connection" },
            );
            out.text(attr::ACTOR_USER_NAME, said.user);
            if login == Some(false) {
                line.outcome(out, false);
            }
            line.session_key(out, Column::Session);
        }
    }
    line.user(out, Column::User, said.user);
    line.source(out, said.from, said.port);
    out.text(attr::STATUS_DETAIL, said.reason);
    line.end(out);
    Some(())
}

fn said(text: &str) -> Option<Said<'_>> {
    let text = text.trim_end();
    if let Some(place) = text.strip_prefix("Child connection from ") {
        let (from, port) = address(place)?;
        return Some(Said { from, port, activity: 1, ..Said::default() });
    }
    for (prefix, method, success) in [
        ("Password auth succeeded for '", "password", true),
        ("PAM password auth succeeded for '", "password", true),
        ("Pubkey auth succeeded for '", "publickey", true),
        ("Bad password attempt for '", "password", false),
        ("bad password attempt for '", "password", false),
        ("Bad PAM password attempt for '", "password", false),
        ("Login attempt for nonexistent user '", "", false),
        ("login attempt for nonexistent user '", "", false),
        ("Login attempt with wrong user ", "", false),
    ] {
        let Some(rest) = text.strip_prefix(prefix) else { continue };
        let (head, place) = rest.rsplit_once(" from ")?;
        let (from, port) = address(place)?;
        let (user, more) = head.rsplit_once('\'').unwrap_or((head, ""));
        // `al' with ssh-ed25519 key SHA256:…`: sought from the end, a name may hold it.
        let (user, more) = user.rsplit_once("' with ").unwrap_or((user, more));
        let key = more.rsplit(' ').next().filter(|k| k.contains(':')).unwrap_or_default();
        let reason = if prefix.contains("nonexistent") { "invalid user" } else { "" };
        return Some(Said { user, from, port, method, key, reason, login: Some(success), ..Said::default() });
    }
    if let Some(place) = text.strip_prefix("Login attempt for nonexistent user from ").or_else(|| text.strip_prefix("login attempt for nonexistent user from "))
    {
        let (from, port) = address(place)?;
        return Some(Said { from, port, reason: "invalid user", login: Some(false), ..Said::default() });
    }
    exit(text)
}

/// `Exit before auth from <192.0.2.1:4>: (user 'al', 3 fails): Max auth tries reached`, `Exit (al) from <192.0.2.1:4>: Disconnect received`,
/// `Exit before auth (user 'al', 10 fails): Max auth tries reached - user 'al' from 192.0.2.1:4`.
fn exit(text: &str) -> Option<Said<'_>> {
    let before = text.strip_prefix("Exit before auth").or_else(|| text.strip_prefix("exit before auth"));
    let rest = before.or_else(|| text.strip_prefix("Exit ("))?;
    let (place, reason) = match rest.split_once("from <").and_then(|(_, r)| r.split_once(">: ")) {
        Some((place, reason)) => (place, reason),
        None => rest.rsplit_once(" from ").map(|(reason, place)| (place, reason.trim_start_matches(": ")))?,
    };
    let (from, port) = address(place)?;
    let user = match before {
        Some(rest) => rest.split_once("(user '").and_then(|(_, u)| u.rsplit_once("', ").or_else(|| u.split_once('\''))).map_or("", |(u, _)| u),
        None => rest.split_once(')').map_or("", |(u, _)| u),
    };
    let tries = reason.contains("Max auth tries") || rest.contains("fails)");
    Some(Said { user, from, port, reason, login: (before.is_some() && tries && !user.is_empty()).then_some(false), activity: 2, ..Said::default() })
}

/// `192.0.2.1:4`, `2001:db8::1:4`, `::ffff:192.0.2.1:4`: the port is last.
fn address(text: &str) -> Option<(&str, Option<u16>)> {
    if text.is_empty() || text.contains(' ') {
        return None;
    }
    match text.rsplit_once(':').map(|(a, p)| (a, p.parse())) {
        Some((from, Ok(port))) if !from.is_empty() => Some((from.trim_matches(['[', ']']), Some(port))),
        _ => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let of = |t: &'static str| said(t).map(|s| (s.user, s.from, s.port, s.login)).unwrap();
        assert_eq!(of("Bad password attempt for 'root' from 192.0.2.1:49962"), ("root", "192.0.2.1", Some(49962), Some(false)));
        assert_eq!(of("Bad password attempt for 'x' from 192.0.2.9:1' from 192.0.2.1:2"), ("x' from 192.0.2.9:1", "192.0.2.1", Some(2), Some(false)));
        assert_eq!(of("Pubkey auth succeeded for 'al' with ssh-ed25519 key SHA256:abc from 192.0.2.1:5"), ("al", "192.0.2.1", Some(5), Some(true)));
        assert_eq!(said("Pubkey auth succeeded for 'al' with ssh-ed25519 key SHA256:abc from 192.0.2.1:5").unwrap().key, "SHA256:abc");
        assert_eq!(
            of("Exit before auth (user 'root', 10 fails): Max auth tries reached - user 'root' from 192.0.2.1:40495"),
            ("root", "192.0.2.1", Some(40495), Some(false))
        );
        assert_eq!(of("Exit (al) from <192.0.2.1:5>: Disconnect received"), ("al", "192.0.2.1", Some(5), None));
    }
}
