//! One audit record: its head, and its fields in order. Never decodes a value, never joins records.
//!
//! Source: linux-audit's `audit-userspace` and the kernel's `kernel/audit.c`.

use event::Time;

use crate::Reject;

/// What separates a record from the names that an enriching daemon adds to it.
pub const ENRICHED: char = '\u{1d}';

/// A record, taken apart; the texts borrow from the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head<'a> {
    /// `node=`, or the host of the syslog line that carried it.
    pub node: Option<&'a str>,
    /// `SYSCALL`, `UNKNOWN[1323]`; kernel messages in syslog give the number alone.
    pub kind: &'a str,
    /// When.
    pub time: Time,
    /// The record's own `seconds.millis:serial`.
    pub stamp: &'a str,
    /// The serial.
    pub serial: u64,
    /// What follows.
    pub body: &'a str,
}

/// Reads the head: `[node=N ]type=T msg=audit(1.234:5): …`, also where syslog or a kernel message carries it.
pub fn head(line: &str) -> Result<Head<'_>, Reject> {
    let shape = Reject::Shape { expected: "an audit record (type=… msg=audit(…))" };
    let at = memchr::memmem::find(line.as_bytes(), b"audit(").ok_or(shape.clone())?;
    let (before, after) = line.split_at_checked(at).ok_or(shape.clone())?;
    let (stamp, body) = after.get(6..).and_then(|a| a.split_once(')')).ok_or(shape)?;
    let before = before.strip_suffix("msg=").unwrap_or(before);
    let (lead, kind) = before.rsplit_once("type=").ok_or(Reject::Missing { field: "type" })?;
    let kind = kind.trim();
    if kind.is_empty() {
        return Err(Reject::Missing { field: "type" });
    }
    let node = match lead.rsplit_once("node=") {
        Some((_, node)) => node.split(' ').next().filter(|n| !n.is_empty()),
        None => carrier(lead),
    };
    let (time, serial) = self::stamp(stamp)?;
    Ok(Head { node, kind, time, stamp, serial, body: body.trim_start_matches(':') })
}

/// The host of the syslog line around a record: the word before `kernel:`, `audispd:` and the like.
fn carrier(lead: &str) -> Option<&str> {
    let mut before = None;
    for word in lead.split_ascii_whitespace() {
        if word.starts_with("kernel:") || word.starts_with("audi") {
            return before;
        }
        before = Some(word);
    }
    None
}

/// Time and serial of `1615114232.375:15558`.
pub fn stamp(stamp: &str) -> Result<(Time, u64), Reject> {
    let fault = || Reject::Bad { field: "time", expected: "seconds.millis:serial", found: Reject::found(stamp) };
    let (time, serial) = stamp.split_once(':').ok_or_else(fault)?;
    let (secs, millis) = time.split_once('.').ok_or_else(fault)?;
    let (secs, millis): (i64, i64) = (secs.parse().map_err(|_| fault())?, millis.parse().map_err(|_| fault())?);
    let serial = serial.parse().map_err(|_| fault())?;
    if !(0..1000).contains(&millis) {
        return Err(fault());
    }
    Ok((Time::from_secs(secs).plus(millis * 1000), serial))
}

/// A field as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Its name; empty for words that are no field.
    pub key: &'a str,
    /// Its value without quotes.
    pub value: &'a str,
    /// Whether it stood in double quotes, so that it is literal.
    pub quoted: bool,
}

/// The fields of a body, those inside `msg='…'` included, in order; and those of the enriched tail.
pub fn fields(body: &str) -> (Vec<Field<'_>>, Vec<Field<'_>>) {
    let (raw, tail) = body.split_once(ENRICHED).unwrap_or((body, ""));
    let mut own = Vec::with_capacity(32);
    scan(raw, &mut own);
    let mut names = Vec::new();
    scan(tail, &mut names);
    // Copies that lost the separator still tell names by their upper case.
    let is_name = |f: &Field<'_>| !f.key.is_empty() && f.key.bytes().all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_');
    names.extend(own.extract_if(.., |f| is_name(f)));
    (own, names)
}

fn scan<'a>(text: &'a str, out: &mut Vec<Field<'a>>) {
    let mut rest = text.trim_start();
    let mut word_before = "";
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let Some(value) = after.strip_prefix('=').filter(|_| !key.is_empty()) else {
            let word = key.trim_matches([',', '\'']);
            if !word.is_empty() {
                out.push(Field { key: "", value: word, quoted: false });
            }
            word_before = word;
            rest = after.get(1..).unwrap_or_default().trim_start();
            continue;
        };
        if let ("msg", Some(inner)) = (key, value.strip_prefix('\'')) {
            let end = inner.rfind('\'').unwrap_or(inner.len());
            scan(inner.get(..end).unwrap_or(inner), out);
            rest = inner.get(end + 1..).unwrap_or_default().trim_start();
            continue;
        }
        let (value, quoted, after) = value_of(value);
        // Before 2008, programs put their last fields in brackets: `(hostname=?, addr=?, terminal=cron res=success)`.
        let value = if quoted { value } else { value.strip_suffix(')').filter(|v| !v.contains('(')).unwrap_or(value) };
        let key = renamed(word_before, key.trim_start_matches('('), out);
        out.push(Field { key, value, quoted });
        word_before = "";
        rest = after.trim_start();
    }
}

/// Old kernels write `old auid=1 new auid=2`, newer ones `old-auid=1 auid=2`; the second spelling is kept.
fn renamed<'a>(word: &str, key: &'a str, out: &mut Vec<Field<'a>>) -> &'a str {
    let new = match (word, key) {
        ("old", "auid") => "old-auid",
        ("old", "ses") => "old-ses",
        ("new", "auid" | "ses") => key,
        _ => return key,
    };
    out.pop();
    new
}

/// A value: quoted, in braces, or up to a blank.
fn value_of(text: &str) -> (&str, bool, &str) {
    if let Some((value, after)) = text.strip_prefix('"').and_then(|t| t.split_once('"')) {
        return (value, true, after);
    }
    if let Some((value, after)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        return (value.trim(), false, after);
    }
    if let Some(after) = text.strip_prefix("(null)") {
        return ("(null)", false, after);
    }
    let end = text.find(' ').unwrap_or(text.len());
    let (value, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (value.trim_end_matches(','), false, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(body: &str) -> Vec<(&str, &str, bool)> {
        fields(body).0.into_iter().map(|f| (f.key, f.value, f.quoted)).collect()
    }

    #[test]
    fn heads() {
        let h = head("node=web-1 type=SYSCALL msg=audit(1615114232.375:15558): arch=c000003e").unwrap();
        assert_eq!(
            (h.node, h.kind, h.serial, h.time.to_string().as_str(), h.body),
            (Some("web-1"), "SYSCALL", 15558, "2021-03-07T10:50:32.375Z", " arch=c000003e")
        );
        let h = head("Mar  7 10:50:32 web-1 kernel: [ 1.2] audit: type=1400 audit(1615114232.375:3): apparmor=\"DENIED\"").unwrap();
        assert_eq!((h.node, h.kind, h.serial), (Some("web-1"), "1400", 3));
        let h = head("Mar  7 10:50:32 web-1 audispd: type=AVC msg=audit(1615114232.375:3): avc").unwrap();
        assert_eq!((h.node, h.kind), (Some("web-1"), "AVC"));
        for bad in
            ["type=X msg=audit(): y", "type=X msg=audit(1337845201): y", "type= msg=audit(1.000:2): y", "msg=audit(1.000:2): y", "x", "type=X msg=audit(1.000"]
        {
            assert!(head(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bodies() {
        assert_eq!(pairs(" pid=1 old auid=4 new auid=5 res=1"), [("pid", "1", false), ("old-auid", "4", false), ("auid", "5", false), ("res", "1", false)]);
        assert_eq!(
            pairs(" pid=1 msg='op=login acct=\"o'brien\" res=failed'"),
            [("pid", "1", false), ("op", "login", false), ("acct", "o'brien", true), ("res", "failed", false)]
        );
        assert_eq!(pairs(" subj==unconfined key=(null)"), [("subj", "=unconfined", false), ("key", "(null)", false)]);
        let (own, names) = fields(" saddr=0200\u{1d}SADDR={ saddr_fam=inet laddr=1.2.3.4 lport=22 } UID=\"root\"");
        assert_eq!(own.len(), 1);
        assert_eq!(names.iter().map(|f| f.value).collect::<Vec<_>>(), ["saddr_fam=inet laddr=1.2.3.4 lport=22", "root"]);
    }
}
