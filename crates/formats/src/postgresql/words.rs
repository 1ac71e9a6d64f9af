//! The sentences of PostgreSQL that a responder needs, as the server words them in English (src/backend of PostgreSQL 9 to 17, and pgaudit).

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said<'a> {
    /// A session begins.
    Login { user: &'a str, database: &'a str, app: &'a str, method: &'a str },
    /// Who it is was proven.
    Proven { identity: &'a str, method: &'a str },
    /// A session was refused.
    Refused { user: &'a str, database: &'a str, host: &'a str },
    /// A session ends.
    Logout { user: &'a str, database: &'a str, host: &'a str, port: &'a str, millis: Option<i64> },
    /// A client connects.
    Connection { host: &'a str, port: &'a str },
    /// A statement; its duration, the name it was prepared under, whether an audit extension told of it.
    Statement { sql: &'a str, millis: Option<i64>, name: &'a str, audited: bool },
    /// The server takes connections.
    Started,
    /// The server has stopped.
    Stopped,
    /// Anything else.
    Other,
}

/// Reads a message.
pub(super) fn read(message: &str) -> Said<'_> {
    connection(message).or_else(|| refused(message)).or_else(|| statement(message)).unwrap_or(match message {
        "database system is ready to accept connections" | "database system is ready to accept read-only connections" => Said::Started,
        "database system is ready to accept read only connections" => Said::Started,
        "database system is shut down" => Said::Stopped,
        _ => Said::Other,
    })
}

fn connection(message: &str) -> Option<Said<'_>> {
    if let Some(rest) = message.strip_prefix("connection received: host=") {
        let (host, port) = rest.split_once(" port=").unwrap_or((rest, ""));
        return Some(Said::Connection { host, port });
    }
    if let Some(rest) = message.strip_prefix("connection authenticated: identity=\"") {
        let (identity, rest) = rest.rsplit_once("\" method=")?;
        return Some(Said::Proven { identity, method: rest.split(' ').next().unwrap_or_default() });
    }
    let login = message.strip_prefix("connection authorized: user=").or_else(|| message.strip_prefix("replication connection authorized: user="));
    if let Some(rest) = login {
        let (rest, method) = [" SSL enabled (", " GSS ("].iter().find_map(|w| rest.rsplit_once(w)).unwrap_or((rest, ""));
        let (rest, app) = rest.split_once(" application_name=").unwrap_or((rest, ""));
        let (user, database) = rest.split_once(" database=").unwrap_or((rest, ""));
        return Some(Said::Login { user, database, app, method: method.strip_suffix(')').unwrap_or(method) });
    }
    let rest = message.strip_prefix("disconnection: session time: ")?;
    let (time, rest) = rest.split_once(" user=")?;
    // The host is last and nobody's to choose.
    let (rest, host) = rest.rsplit_once(" host=")?;
    let (host, port) = host.split_once(" port=").unwrap_or((host, ""));
    let (user, database) = rest.rsplit_once(" database=").unwrap_or((rest, ""));
    Some(Said::Logout { user, database, host, port, millis: duration(time) })
}

/// `0:00:01.274` as milliseconds.
fn duration(text: &str) -> Option<i64> {
    let mut parts = text.split([':', '.']).map(|p| p.parse::<i64>().ok());
    let (hours, minutes, seconds, millis) = (parts.next()??, parts.next()??, parts.next()??, parts.next()??);
    hours.checked_mul(3_600_000)?.checked_add(minutes * 60_000 + seconds * 1000 + millis)
}

/// The text between a quote after `start` and the last quote before `end`, so that a name with quotes in it stays whole.
fn named<'a>(message: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(start)?;
    match end {
        "" => rest.strip_suffix('"').or_else(|| rest.rsplit_once('"').map(|(name, _)| name)),
        _ => rest.split_once(end).map(|(name, _)| name),
    }
}

fn refused(message: &str) -> Option<Said<'_>> {
    let refused = |user, database, host| Some(Said::Refused { user, database, host });
    if message.starts_with("no pg_hba.conf entry for ") || message.starts_with("pg_hba.conf rejects ") {
        let user = named(message, "user \"", "\"").unwrap_or_default();
        let database = named(message, "database \"", "\"").unwrap_or_default();
        return refused(user, database, named(message, "host \"", "\"").unwrap_or_default());
    }
    let (head, tail) = message.split_once(" authentication failed for user \"").unwrap_or(("", ""));
    if !tail.is_empty() && head.len() <= 12 && !head.contains('"') {
        return refused(tail.strip_suffix('"').unwrap_or(tail), "", "");
    }
    if let Some(name) = message.strip_prefix("role \"") {
        let ended = ["\" does not exist", "\" is not permitted to log in"].iter().find_map(|e| name.strip_suffix(e));
        return ended.map(|user| Said::Refused { user, database: "", host: "" });
    }
    if let Some(name) = message.strip_prefix("database \"").and_then(|n| n.strip_suffix("\" does not exist")) {
        return refused("", name, "");
    }
    if let Some(name) = message.strip_prefix("permission denied for database \"").and_then(|n| n.strip_suffix('"')) {
        return refused("", name, "");
    }
    let known =
        ["too many connections for ", "sorry, too many clients already", "remaining connection slots are reserved"].iter().any(|s| message.starts_with(s));
    known.then_some(Said::Refused { user: "", database: "", host: "" })
}

fn statement(message: &str) -> Option<Said<'_>> {
    if let Some(audit) = message.strip_prefix("AUDIT: ") {
        return Some(Said::Statement { sql: audited(audit)?, millis: None, name: "", audited: true });
    }
    let (millis, rest) = match message.strip_prefix("duration: ").and_then(|r| r.split_once(" ms")) {
        Some((n, rest)) => (Some(n.parse::<f64>().ok()?.round() as i64), rest.trim_start()),
        None => (None, message),
    };
    let (name, sql) = match rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|w| (w, "")))? {
        ("statement", sql) => ("", sql),
        (word, sql) => (["execute ", "parse ", "bind ", "execute fetch from "].iter().find_map(|p| word.strip_prefix(p))?, sql),
    };
    // A name is at most 63 bytes long and holds no blank, a portal's has a slash between two of them.
    (name.len() <= 160 && !name.contains(' ')).then_some(Said::Statement { sql, millis, name, audited: false })
}

/// pgaudit: `SESSION,1,1,READ,SELECT,TABLE,public.t,select * from t,<not logged>`; the statement is CSV, quoted if it must be.
fn audited(text: &str) -> Option<&str> {
    let rest = text.splitn(8, ',').nth(7)?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.rsplit_once("\",").map(|(sql, _)| sql).or_else(|| quoted.strip_suffix('"')),
        None => rest.rsplit_once(',').map(|(sql, _)| sql),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        assert_eq!(
            read("connection authorized: user=a database=b application_name=c d SSL enabled (protocol=TLSv1.3, cipher=X, bits=256)"),
            Said::Login { user: "a", database: "b", app: "c d", method: "protocol=TLSv1.3, cipher=X, bits=256" }
        );
        assert_eq!(
            read("disconnection: session time: 1:00:01.274 user=a b database=c host=127.0.0.1 port=4"),
            Said::Logout { user: "a b", database: "c", host: "127.0.0.1", port: "4", millis: Some(3_601_274) }
        );
        assert_eq!(read("password authentication failed for user \"a\"b\""), Said::Refused { user: "a\"b", database: "", host: "" });
        assert_eq!(
            read("no pg_hba.conf entry for host \"10.0.0.1\", user \"u\", database \"d\", no encryption"),
            Said::Refused { user: "u", database: "d", host: "10.0.0.1" }
        );
        assert_eq!(read("duration: 25.550 ms  statement: select 1"), Said::Statement { sql: "select 1", millis: Some(26), name: "", audited: false });
        assert_eq!(read("execute P_1: update t"), Said::Statement { sql: "update t", millis: None, name: "P_1", audited: false });
        assert_eq!(
            read("AUDIT: SESSION,1,1,READ,SELECT,,,\"select a, b from t\",<none>"),
            Said::Statement { sql: "select a, b from t", millis: None, name: "", audited: true }
        );
        assert_eq!(read("duration: 1.0 ms"), Said::Other);
        assert_eq!(read("statement: "), Said::Statement { sql: "", millis: None, name: "", audited: false });
        assert_eq!(read("checkpoint starting: time"), Said::Other);
    }
}
