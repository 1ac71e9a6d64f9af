//! sshd: logins, refusals, disconnections.
//!
//! Source: OpenSSH's `auth.c`, `sshd.c`, `packet.c`. User names, banners and reverse names are text of the attacker's choice and may hold
//! ` from 192.0.2.1 port 1 ssh2`; so places are read from the end of the line, where sshd itself writes them, never from the first match.

use event::{Column, Sink, attr, class};

use super::{line::Line, pam, ssh_key, sshd_server};

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Said<'a> {
    kind: Kind,
    user: &'a str,
    from: &'a str,
    port: Option<u16>,
    /// The address and port of ours that was connected to.
    here: Option<(&'a str, u16)>,
    method: &'a str,
    /// What follows `ssh2: `: key type and fingerprint.
    detail: &'a str,
    reason: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Accepted,
    Failed,
    /// Neither: postponed or partial.
    Preauth,
    Logout,
    /// A connection without a login: the activity of SSH Activity.
    Connection(u8),
}

const OPEN: Kind = Kind::Connection(1);
const CLOSE: Kind = Kind::Connection(2);
const RESET: Kind = Kind::Connection(3);
const FAIL: Kind = Kind::Connection(4);
const REFUSE: Kind = Kind::Connection(5);
const OTHER: Kind = Kind::Connection(99);

impl<'a> Said<'a> {
    fn new(kind: Kind, place: Place<'a>) -> Said<'a> {
        Said { kind, user: "", from: place.from, port: place.port, here: None, method: "", detail: "", reason: "" }
    }
}

/// Reads a line of sshd.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let text = bare(line.text);
    let Some(said) = said(text) else { return sshd_server::read(line, out, text) };
    match said.kind {
        Kind::Accepted | Kind::Failed | Kind::Preauth | Kind::Logout if !said.user.is_empty() => login(line, out, &said),
        _ => connection(line, out, &said)?,
    }
    line.end(out);
    Some(())
}

fn login(line: &Line<'_>, out: &mut dyn Sink, said: &Said<'_>) {
    let (activity, operation) = match said.kind {
        Kind::Logout => (2, "ssh_logout"),
        Kind::Preauth => (6, "ssh_login"),
        _ => (1, "ssh_login"),
    };
    line.begin(out, class::AUTHENTICATION, activity, operation);
    out.text(attr::SERVICE_NAME, "sshd");
    out.text(attr::USER_NAME, said.user);
    line.user(out, Column::User, said.user);
    out.flag(attr::IS_REMOTE, true);
    out.int(attr::LOGON_TYPE_ID, 3);
    out.text(attr::LOGON_TYPE, "Network");
    if !said.method.is_empty() {
        out.int(attr::AUTH_PROTOCOL_ID, 99);
        out.text(attr::AUTH_PROTOCOL, said.method);
    }
    match said.kind {
        Kind::Accepted | Kind::Logout => line.outcome(out, true),
        Kind::Failed => line.outcome(out, false),
        _ => {}
    }
    line.session(out, if said.kind == Kind::Accepted { Column::TargetSession } else { Column::Session });
    place(line, out, said);
    ssh_key::tell(out, said.detail);
}

/// SSH Activity, which needs an address; `None` without one.
fn connection(line: &Line<'_>, out: &mut dyn Sink, said: &Said<'_>) -> Option<()> {
    if said.from.is_empty() {
        return plain(line, out, said);
    }
    let activity = match said.kind {
        Kind::Connection(activity) => activity,
        Kind::Failed => 4,
        _ => 99,
    };
    line.begin(out, class::SSH_ACTIVITY, activity, if said.kind == Kind::Failed { "ssh_login" } else { "ssh_connection" });
    if matches!(said.kind, FAIL | REFUSE | Kind::Failed) {
        line.outcome(out, false);
    }
    out.text(attr::ACTOR_USER_NAME, said.user);
    line.user(out, Column::User, said.user);
    if let (Some(pid), false) = (line.pid, said.from.is_empty()) {
        out.text(attr::ACTOR_SESSION_UID, &pid.to_string());
        line.session_key(out, Column::Session);
    }
    place(line, out, said);
    Some(())
}

/// A line that names a user and no place.
fn plain(line: &Line<'_>, out: &mut dyn Sink, said: &Said<'_>) -> Option<()> {
    if said.user.is_empty() {
        return None;
    }
    line.begin(out, class::BASE_EVENT, 99, "message");
    out.text(attr::ACTOR_USER_NAME, said.user);
    line.user(out, Column::User, said.user);
    line.session_key(out, Column::Session);
    Some(())
}

fn place(line: &Line<'_>, out: &mut dyn Sink, said: &Said<'_>) {
    line.source(out, said.from, said.port);
    if let Some((address, port)) = said.here.and_then(|(a, p)| Some((event::entity::canonical_ip(a)?, p))) {
        out.text(attr::DST_IP, &address);
        out.int(attr::DST_PORT, port.into());
    }
    out.text(attr::STATUS_DETAIL, said.reason);
    if !said.detail.is_empty() {
        out.other("auth_info", said.detail);
    }
}

/// The text without what Solaris, the kernel's ring, severity words and privilege separation put around it.
fn bare(text: &str) -> &str {
    let text = text.strip_prefix("[ID ").and_then(|t| t.split_once("] ")).map_or(text, |(_, t)| t);
    let text = text.strip_prefix("kernel:[").and_then(|t| t.split_once("]: ")).map_or(text, |(_, t)| t);
    let text = ["error: ", "fatal: ", "Error: "].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    let text = text.trim_end();
    text.strip_suffix("[preauth]").or_else(|| text.strip_suffix("[postauth]")).unwrap_or(text).trim_end()
}

fn said(text: &str) -> Option<Said<'_>> {
    attempt(text).or_else(|| refused(text)).or_else(|| ended(text)).or_else(|| connected(text))
}

/// The lines of one attempt to authenticate.
fn attempt(text: &str) -> Option<Said<'_>> {
    for (prefix, kind) in [("Accepted ", Kind::Accepted), ("Failed ", Kind::Failed), ("Postponed ", Kind::Preauth), ("Partial ", Kind::Preauth)] {
        if let Some((method, rest)) = text.strip_prefix(prefix).and_then(|r| r.split_once(" for ")) {
            let hostbased = rest.rfind(", client user \"").filter(|_| method == "hostbased");
            let (user, place, detail) = user_from(hostbased.and_then(|at| rest.get(..at)).unwrap_or(rest), true)?;
            let invalid = rest.starts_with("invalid user ") || user == "<invalid username>";
            let said = Said { user: user.strip_prefix("invalid user ").unwrap_or(user), method, detail, ..Said::new(kind, place) };
            return Some(Said { reason: if invalid { "invalid user" } else { "" }, ..said });
        }
    }
    if let Some(rest) = text.strip_prefix("Invalid user ").or_else(|| text.strip_prefix("Illegal user ")) {
        let (user, place, _) = user_from(rest, false)?;
        return Some(Said { user, reason: "invalid user", ..Said::new(Kind::Failed, place) });
    }
    if let Some(user) = text.strip_prefix("input_userauth_request: invalid user ") {
        return Some(Said { user, reason: "invalid user", ..Said::new(Kind::Failed, Place::default()) });
    }
    if let Some(rest) = text.strip_prefix("maximum authentication attempts exceeded for ") {
        let (user, place, _) = user_from(rest, false)?;
        let user = user.strip_prefix("invalid user ").unwrap_or(user);
        return Some(Said { user, reason: "maximum authentication attempts exceeded", ..Said::new(Kind::Failed, place) });
    }
    pam_error(text)
}

/// `PAM: Authentication failure for illegal user bob from 192.0.2.1 via 192.0.2.9`.
fn pam_error(text: &str) -> Option<Said<'_>> {
    let (reason, rest) = text.strip_prefix("PAM: ")?.split_once(" for ")?;
    let rest = rest.rsplit_once(" via ").filter(|(_, ip)| !ip.contains(' ')).map_or(rest, |(r, _)| r);
    let (user, place, _) = user_from(rest, false)?;
    let user = user.strip_prefix("illegal user ").or_else(|| user.strip_prefix("invalid user ")).unwrap_or(user);
    Some(Said { user, reason, ..Said::new(Kind::Failed, place) })
}

/// Logins that sshd does not let in whatever they prove.
fn refused(text: &str) -> Option<Said<'_>> {
    if let Some(rest) = text.strip_prefix("ROOT LOGIN REFUSED FROM ") {
        return Some(Said { user: "root", reason: "root login refused", ..Said::new(Kind::Failed, Place::read(rest)?.0) });
    }
    if let Some((who, reason)) = text.strip_prefix("User ").and_then(|r| r.rsplit_once(" not allowed because ")) {
        let (user, from) = who.rsplit_once(" from ").unwrap_or((who, ""));
        return Some(Said { user, reason, ..Said::new(Kind::Failed, Place { from, port: None }) });
    }
    if let Some(rest) = text.strip_prefix("refused connect from ") {
        let from = rest.strip_suffix(')').and_then(|r| r.rsplit_once('(')).map_or(rest, |(_, ip)| ip);
        return Some(Said { reason: "refused connect", ..Said::new(REFUSE, Place { from, port: None }) });
    }
    let user = text.strip_prefix("Disconnecting: Too many authentication failures for ")?;
    let (user, place, _) = user_from(user, false).unwrap_or((user, Place::default(), ""));
    let user = user.strip_prefix("invalid user ").unwrap_or(user);
    Some(Said { user, reason: "Too many authentication failures", ..Said::new(Kind::Failed, place) })
}

/// Connections that end.
fn ended(text: &str) -> Option<Said<'_>> {
    let ways = [("Connection closed by ", CLOSE), ("Connection reset by ", RESET), ("Disconnected from ", CLOSE), ("Disconnecting ", CLOSE)];
    for (prefix, kind) in ways {
        let Some(rest) = text.strip_prefix(prefix) else { continue };
        let (rest, reason) = if kind == CLOSE && prefix == "Disconnecting " { before_reason(rest)? } else { (rest, "") };
        return user_place(rest, kind, reason);
    }
    if let Some(rest) = text.strip_prefix("Received disconnect from ") {
        let (place, reason) = disconnect(rest)?;
        return Some(Said { reason: reason.trim(), ..Said::new(CLOSE, place) });
    }
    let rest = text.strip_prefix("Timeout before authentication for ")?;
    if let Some(from) = rest.strip_prefix("connection from ").and_then(|r| r.split_once(" to ")).map(|(f, _)| f) {
        return Some(Said { reason: "timeout before authentication", ..Said::new(FAIL, Place { from, port: None }) });
    }
    Some(Said { reason: "timeout before authentication", ..Said::new(FAIL, Place::read(rest.trim_end_matches('.'))?.0) })
}

/// `192.0.2.1 port 22:11: Bye`, `192.0.2.1: 11: Bye`, `2001:db8::1 port 4:11: Bye`. The address comes first and has no blank.
fn disconnect(rest: &str) -> Option<(Place<'_>, &str)> {
    if let Some((from, after)) = rest.split_once(" port ").filter(|(from, _)| !from.contains(' ')) {
        let (port, reason) = after.split_once(':')?;
        return Some((Place { from, port: Some(port.parse().ok()?) }, reason));
    }
    let (from, reason) = rest.split_once(": ")?;
    Some((Place { from, port: None }, reason))
}

/// The reason after `user ADDRESS port N: `; the name before may hold such text, the reasons are sshd's own.
fn before_reason(rest: &str) -> Option<(&str, &str)> {
    const REASONS: [&str; 2] = [": Too many authentication failures", ": Change of username or service not allowed: ("];
    let at = REASONS.iter().find_map(|r| rest.rfind(r)).or_else(|| rest.rfind(": "));
    match at {
        Some(at) => Some((rest.get(..at)?, rest.get(at + 2..)?)),
        None => Some((rest, "")),
    }
}

/// `[authenticating |invalid ]user NAME ADDRESS port N`, `ADDRESS port N`: read from the end.
fn user_place<'a>(rest: &'a str, kind: Kind, reason: &'a str) -> Option<Said<'a>> {
    let named = |p: &str| rest.strip_prefix(p);
    let (who, invalid) = match (named("invalid user "), named("authenticating user ")) {
        (Some(who), _) => (Some(who), true),
        (_, who) => (who, false),
    };
    let logged_in = named("user ");
    let (head, port) = match rest.rsplit_once(" port ").map(|(h, p)| (h, p.parse().ok())) {
        Some((head, Some(port))) => (head, Some(port)),
        _ => (rest, None),
    };
    let (name, from) = head.rsplit_once(' ').unwrap_or(("", head));
    let place = Place { from, port };
    let Some(who) = who.or(logged_in) else { return Some(Said { reason, ..Said::new(kind, place) }) };
    let skip = rest.len() - who.len();
    let user = name.get(skip..).unwrap_or_default();
    let kind = if logged_in.is_some() { Kind::Logout } else { kind };
    let reason = if invalid && reason.is_empty() { "invalid user" } else { reason };
    Some(Said { user, reason, ..Said::new(kind, place) })
}

/// `10.20.1.10 port 22 rdomain ""`: where sshd listens.
fn here(text: &str) -> Option<(&str, u16)> {
    let place = Place::read(text)?.0;
    Some((place.from, place.port?))
}

/// Connections that begin, and those that never get to a login.
fn connected(text: &str) -> Option<Said<'_>> {
    if let Some(rest) = text.strip_prefix("Connection from ") {
        let (from, here) = rest.split_once(" on ").map_or((rest, None), |(from, on)| (from, here(on)));
        return Some(Said { here, ..Said::new(OPEN, Place::read(from)?.0) });
    }
    if let Some(rest) = text.strip_prefix("Did not receive identification string from ") {
        return Some(Said { reason: "no identification string", ..Said::new(FAIL, Place::read(rest)?.0) });
    }
    if let Some((_, rest)) = text.strip_prefix("Bad protocol version identification '").and_then(|r| r.rsplit_once("' from ")) {
        return Some(Said { reason: "bad protocol version", ..Said::new(FAIL, Place::read(rest)?.0) });
    }
    for (prefix, kind) in [("Unable to negotiate with ", FAIL), ("banner exchange: Connection from ", FAIL), ("ssh_dispatch_run_fatal: Connection from ", FAIL)]
    {
        if let Some(rest) = text.strip_prefix(prefix) {
            let (place, reason) = disconnect(rest)?;
            return Some(Said { reason: reason.trim(), ..Said::new(kind, place) });
        }
    }
    if let Some((_, user)) = text.strip_prefix("subsystem request for ").and_then(|r| r.split_once(" by user ")) {
        let user = user.strip_suffix(", subsystem not found").unwrap_or(user);
        return Some(Said { user, ..Said::new(OTHER, Place::default()) });
    }
    if let Some(said) = shell(text) {
        return Some(said);
    }
    if let Some(rest) = text.strip_prefix("Read error from remote host ") {
        let (place, reason) = disconnect(rest)?;
        return Some(Said { reason: reason.trim(), ..Said::new(RESET, place) });
    }
    reverse(text)
}

/// `Starting session: shell on pts/0 for al from 192.0.2.1 port 4 id 0`, `Close session: user al from 192.0.2.1 port 4 id 0`.
fn shell(text: &str) -> Option<Said<'_>> {
    let opens = text.strip_prefix("Starting session: ").and_then(|r| r.rsplit_once(" for ")).map(|(_, who)| (OPEN, who));
    let (kind, who) = opens.or_else(|| text.strip_prefix("Close session: user ").map(|who| (CLOSE, who)))?;
    let (user, place) = who.rsplit_once(" from ")?;
    let (place, _, _) = Place::read(place)?;
    Some(Said { user, ..Said::new(kind, place) })
}

/// Reverse names are the attacker's; the address is sshd's.
fn reverse(text: &str) -> Option<Said<'_>> {
    if let Some((from, reason)) = text.strip_prefix("Address ").and_then(|r| r.split_once(" maps to ")) {
        return Some(Said { reason, ..Said::new(OTHER, Place { from, port: None }) });
    }
    let rest = text.strip_prefix("reverse mapping checking getaddrinfo for ")?;
    let (_, rest) = rest.rsplit_once('[')?;
    let (from, reason) = rest.split_once(']')?;
    Some(Said { reason: reason.trim(), ..Said::new(OTHER, Place { from, port: None }) })
}

/// An address or name, and a port.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place<'a> {
    from: &'a str,
    port: Option<u16>,
}

impl<'a> Place<'a> {
    /// `ADDRESS[ port N][ ssh2]` at the start of `text`, and what follows. The last number says how whole it was: 2 with protocol, 1 with port.
    fn read(text: &'a str) -> Option<(Place<'a>, &'a str, u8)> {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        let (from, rest) = text.split_at_checked(end)?;
        let bare = from.strip_suffix(':').filter(|f| !f.ends_with(':')).unwrap_or(from);
        let Some(after) = rest.strip_prefix(" port ") else {
            return (!from.is_empty()).then_some((Place { from: bare, port: None }, rest, 0));
        };
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (port, rest) = after.split_at_checked(digits)?;
        let place = Place { from, port: Some(port.parse().ok()?) };
        match rest.trim_start().strip_prefix("ssh").and_then(|r| r.strip_prefix(['1', '2'])) {
            Some(rest) => Some((place, rest, 2)),
            None => Some((place, rest, 1)),
        }
    }
}

/// `USER from ADDRESS port N ssh2[: DETAIL]`: of the places where that can be read, the wholest, and of those the last.
///
/// Where sshd writes no protocol (`detailed` is false), there is no detail: a name may hold what looks like one.
fn user_from(text: &str, detailed: bool) -> Option<(&str, Place<'_>, &str)> {
    let mut best: Option<(u8, (&str, Place<'_>, &str))> = None;
    for (at, _) in text.match_indices(" from ") {
        let Some((place, rest, whole)) = text.get(at + 6..).and_then(Place::read) else { continue };
        let detail = match rest {
            "" => "",
            _ => match rest.strip_prefix(": ") {
                Some(detail) if whole == 2 && detailed => detail,
                _ => continue,
            },
        };
        if best.is_none_or(|(b, _)| whole >= b) {
            best = Some((whole, (text.get(..at)?, place, detail)));
        }
    }
    best.map(|(_, found)| found).or_else(|| {
        let (place, rest, _) = text.strip_prefix("from ").and_then(Place::read)?;
        rest.is_empty().then_some(("", place, ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> (Kind, &'static str, &'static str, Option<u16>, &'static str) {
        let s = said(bare(text)).unwrap_or_else(|| panic!("{text}"));
        (s.kind, s.user, s.from, s.port, s.detail)
    }

    #[test]
    fn logins() {
        let detail = "ED25519 SHA256:abc/def+1";
        assert_eq!(
            of("Accepted publickey for al from 192.0.2.1 port 22 ssh2: ED25519 SHA256:abc/def+1"),
            (Kind::Accepted, "al", "192.0.2.1", Some(22), detail)
        );
        assert_eq!(of("Accepted password for al from 2001:db8::1 port 42532  ssh2"), (Kind::Accepted, "al", "2001:db8::1", Some(42532), ""));
        assert_eq!(of("Failed password for invalid user ROOT from aaaa::1:1"), (Kind::Failed, "ROOT", "aaaa::1:1", None, ""));
        assert_eq!(of("Disconnected from user al 192.0.2.1 port 9"), (Kind::Logout, "al", "192.0.2.1", Some(9), ""));
    }

    #[test]
    fn names_of_the_attackers_choice() {
        let place = |t| (of(t).1, of(t).2);
        assert_eq!(place("Failed password for invalid user from 10.10.1.1 from 127.0.0.1 port 58946 ssh2"), ("from 10.10.1.1", "127.0.0.1"));
        let name = "test from 10.10.1.2 port 55555 ssh2";
        assert_eq!(place("Failed password for invalid user test from 10.10.1.2 port 55555 ssh2 from 127.0.0.1 port 58946 ssh2"), (name, "127.0.0.1"));
        assert_eq!(place("Failed password for user from 127.0.0.1 port 20000 ssh1: ruser from 1.2.3.4"), ("user", "127.0.0.1"));
        assert_eq!(
            place("Connection closed by authenticating user test 127.0.0.1 port 12345 192.0.2.11 port 46039 [preauth]"),
            ("test 127.0.0.1 port 12345", "192.0.2.11")
        );
        assert_eq!(place("Invalid user  from 192.0.2.68 port 34916"), ("", "192.0.2.68"));
        assert_eq!(place("Invalid user x from 1.2.3.4 port 5 ssh2: y from 192.0.2.68 port 9"), ("x from 1.2.3.4 port 5 ssh2: y", "192.0.2.68"));
        assert_eq!(place("Failed password for invalid user x from 1.2.3.4 port 5 ssh2: y from 192.0.2.68 port 9 ssh2").1, "192.0.2.68");
        let client = "Failed hostbased for al from 192.0.2.1 port 9 ssh2: RSA SHA256:x, client user \"a from 1.2.3.4 port 5 ssh2: b\", client host \"h\"";
        assert_eq!(place(client), ("al", "192.0.2.1"));
        assert_eq!(place("Bad protocol version identification 'x' from 192.0.2.1' from 69.61.56.115 port 31778"), ("", "69.61.56.115"));
        let change = "Disconnecting invalid user admin 192.0.2.117 port 44004: Change of username or service not allowed: (admin,ssh-connection) -> (user,ssh-connection) [preauth]";
        assert_eq!(place(change), ("admin", "192.0.2.117"));
    }
}
