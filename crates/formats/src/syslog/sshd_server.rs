//! What sshd says beside logins: that it listens and ends, keys it looked at, forwards it refused, connections it dropped, bytes it moved.
//!
//! Source: OpenSSH's `sshd.c`, `channels.c`, `serverloop.c`, `srclimit.c`, `auth2-pubkey.c`.

use event::{Column, Sink, attr, class, entity::canonical_ip};

use super::{line::Line, ssh_key};

/// Reads such a line; `text` is the line without sshd's severity words and without `[preauth]`.
pub fn read(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    daemon(line, out, text)
        .or_else(|| dropped(line, out, text))
        .or_else(|| key_found(line, out, text))
        .or_else(|| forward(line, out, text))
        .or_else(|| child(line, out, text))
        .or_else(|| refused_key(line, out, text))
}

/// `Server listening on 0.0.0.0 port 22.`, `Received signal 15; terminating.`, `Received SIGHUP; restarting.`
fn daemon(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    if let Some((ip, port)) = text.strip_prefix("Server listening on ").and_then(|t| t.trim_end_matches('.').rsplit_once(" port ")) {
        let (ip, port) = (canonical_ip(ip)?, port.parse::<u16>().ok()?);
        line.begin(out, class::SSH_ACTIVITY, 7, "ssh_listen");
        // Mostly "any address", which is no place that anything else names.
        out.text(attr::DST_NAME, &ip);
        out.int(attr::DST_PORT, port.into());
        line.end(out);
        return Some(());
    }
    let activity = match () {
        () if text.starts_with("Received signal ") && text.contains("terminating") => 4,
        () if text.starts_with("Received SIGHUP") => 5,
        () => return None,
    };
    line.begin(out, class::APPLICATION_LIFECYCLE, activity, if activity == 4 { "ssh_stopped" } else { "ssh_restarted" });
    out.text(attr::APP_NAME, "sshd");
    line.end(out);
    Some(())
}

/// `drop connection #10 from [192.0.2.1]:4 on [192.0.2.2]:22 past MaxStartups`, `… penalty: failed authentication`.
fn dropped(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    if text.contains("MaxStartups throttling") {
        line.base(out, "ssh_throttled");
        if let Some(n) = text.strip_suffix(" connections dropped").and_then(|t| t.rsplit(' ').next()).and_then(|n| n.parse::<i64>().ok()) {
            out.int(attr::COUNT, n.max(1));
        }
        line.end(out);
        return Some(());
    }
    let (from, rest) = text.strip_prefix("drop connection #")?.split_once(" from [")?.1.split_once("]:")?;
    let (port, rest) = rest.split_once(" on [")?;
    let (to, rest) = rest.split_once("]:")?;
    let (here, reason) = rest.split_once(' ')?;
    line.begin(out, class::SSH_ACTIVITY, 5, "ssh_connection");
    line.outcome(out, false);
    line.source(out, from, port.parse().ok());
    if let (Some(ip), Ok(port)) = (canonical_ip(to), here.parse::<u16>()) {
        out.text(attr::DST_IP, &ip);
        out.int(attr::DST_PORT, port.into());
    }
    out.text(attr::STATUS_DETAIL, reason);
    line.end(out);
    Some(())
}

/// `Accepted key ED25519 SHA256:… found at /home/al/.ssh/authorized_keys:3`, `Accepted certificate ID "al" (serial 1) signed by …`.
fn key_found(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let rest = text.strip_prefix("Accepted key ").or_else(|| text.strip_prefix("Found matching "))?;
    let (key, place) = rest.split_once(" found at ").unwrap_or((rest, ""));
    line.base(out, "ssh_key_found");
    line.session_key(out, Column::Session);
    let mut words = key.split(' ');
    out.other("key_type", words.next().unwrap_or_default());
    out.key(Column::Credential, words.find(|w| w.contains(':')).unwrap_or_default());
    out.key(Column::File, place.rsplit_once(':').map_or(place, |(p, _)| p));
    out.other("found_at", place);
    line.end(out);
    Some(())
}

/// `Received request from 192.0.2.1 port 4 to connect to host 10.0.0.5 port 80, but the request was denied.`,
/// `refused local port forward: originator 127.0.0.1 port 4, target 10.0.0.5 port 80`, `connect_to 10.0.0.5 port 80: failed.`
fn forward(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let (from, rest) = match text.strip_prefix("Received request from ").and_then(|t| t.split_once(" to connect to host ")) {
        Some((from, rest)) => (from, rest.split_once(',')?.0),
        None => match text.strip_prefix("refused local port forward: originator ").and_then(|t| t.split_once(", target ")) {
            Some((from, rest)) => (from, rest),
            None => ("", text.strip_prefix("connect_to ")?.split_once(": ")?.0),
        },
    };
    let (to, port) = rest.rsplit_once(" port ").unwrap_or((rest.split(' ').next()?, ""));
    line.begin(out, class::SSH_ACTIVITY, 5, "ssh_forward");
    line.outcome(out, false);
    if let Some((ip, port)) = from.split_once(" port ") {
        line.source(out, ip, port.parse().ok());
    }
    match canonical_ip(to) {
        Some(ip) => out.text(attr::DST_IP, &ip),
        None => out.text(attr::DST_HOSTNAME, to),
    }
    if let Ok(port) = port.trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<u16>() {
        out.int(attr::DST_PORT, port.into());
    }
    out.text(attr::STATUS_DETAIL, text);
    line.session_key(out, Column::Session);
    line.end(out);
    Some(())
}

/// `User child is on pid 812`, `Transferred: sent 1, received 2 bytes`.
fn child(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    if let Some(pid) = text.strip_prefix("User child is on pid ") {
        let _: i64 = pid.parse().ok()?;
        line.base(out, "ssh_child");
        out.other("child", pid);
    } else {
        let (sent, received) = text.strip_prefix("Transferred: sent ")?.split_once(", received ")?;
        let (sent, received): (i64, i64) = (sent.parse().ok()?, received.split(' ').next()?.parse().ok()?);
        line.base(out, "ssh_transferred");
        out.key_int(Column::BytesOut, sent);
        out.other("sent", &sent.to_string());
        out.other("received", &received.to_string());
    }
    line.session_key(out, Column::Session);
    line.end(out);
    Some(())
}

/// A key that proved right and was refused: revoked, expired, not from this host, files that others may write.
fn refused_key(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    if let Some((user, rest)) = text.strip_prefix("Authentication tried for ").and_then(|t| t.split_once(" with correct key but not from a permitted host")) {
        line.begin(out, class::AUTHENTICATION, 1, "ssh_login");
        out.text(attr::SERVICE_NAME, "sshd");
        out.text(attr::USER_NAME, user);
        line.user(out, Column::User, user);
        line.outcome(out, false);
        out.text(attr::STATUS_DETAIL, "not from a permitted host");
        if let Some(ip) = rest.rsplit_once("ip=").map(|(_, ip)| ip.trim_end_matches(['.', ')', ','])) {
            line.source(out, ip.split([',', ')']).next().unwrap_or_default(), None);
        }
        line.session(out, Column::Session);
        line.end(out);
        return Some(());
    }
    let refusals = [
        "Certificate invalid: ",
        "Refused by certificate options",
        "Authentication refused: ",
        "Refusing ",
        "Certificate does not contain an authorized principal",
    ];
    let revoked = text.contains(" revoked by file ") || text.starts_with("Refusing revoked");
    if !revoked && !refusals.iter().any(|p| text.starts_with(p)) {
        return None;
    }
    line.base(out, "ssh_key_refused");
    line.outcome(out, false);
    line.session_key(out, Column::Session);
    if let Some(key) = text.strip_prefix("Authentication key ") {
        ssh_key::tell_bare(out, key);
    }
    line.end(out);
    Some(())
}
