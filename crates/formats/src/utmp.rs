//! Login records: wtmp (logins, logouts, boots), btmp (failed logins), utmp (who is logged in), and lastlog (each user's last login).
//!
//! Source: utmp(5), glibc's `bits/utmpx.h` and `lastlog.h`. The files name no machine; its name comes from where the file lay.
//! The same record means a login in wtmp and a failed one in btmp, so that file's name decides.

use event::{Column, Facet, Mark, Sink, Time, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    frame::{Fixed, Layout},
};

/// wtmp, btmp and utmp.
pub struct Utmp;
/// lastlog.
pub struct Lastlog;

impl Format for Utmp {
    fn name(&self) -> &'static str {
        "utmp"
    }
    fn title(&self) -> &'static str {
        "wtmp, btmp, utmp (login records)"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Fixed(Fixed::Utmp)
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        sniff(Fixed::Utmp, head, ["wtmp", "btmp", "utmp"].iter().any(|n| file_name.contains(n)))
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Logins { failed: false })
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Logins { failed: within.source.rsplit('/').next().is_some_and(|n| n.contains("btmp")) })
    }
}

impl Format for Lastlog {
    fn name(&self) -> &'static str {
        "lastlog"
    }
    fn title(&self) -> &'static str {
        "lastlog (last login of each user)"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Fixed(Fixed::Lastlog)
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        if file_name.contains("lastlog") { sniff(Fixed::Lastlog, head, true) } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(LastLogins { offset: None })
    }
}

fn sniff(fixed: Fixed, head: &[u8], named: bool) -> u8 {
    // Text has no NUL; these have little else.
    let binary = memchr::memchr(0, head.get(..400).unwrap_or(head)).is_some();
    match fixed.layout(head).filter(|_| binary) {
        Some((_, share)) if share >= 75 => 90 + u8::from(named) * 5,
        Some((_, share)) if named && share > 0 => 60,
        _ => 0,
    }
}

/// The layout that a record by itself has.
fn layout(fixed: Fixed, bytes: &[u8]) -> Result<Layout, Reject> {
    match fixed.layout(bytes) {
        Some((layout, _)) if layout.size == bytes.len() => Ok(layout),
        _ => Err(Reject::Shape { expected: if fixed == Fixed::Utmp { "a login record" } else { "a record of lastlog" } }),
    }
}

/// Text to its NUL.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes.split(|b| *b == 0).next().unwrap_or_default())
}

/// What a record says.
struct Said<'a> {
    kind: i16,
    time: Time,
    pid: i64,
    line: std::borrow::Cow<'a, str>,
    id: std::borrow::Cow<'a, str>,
    user: std::borrow::Cow<'a, str>,
    from: std::borrow::Cow<'a, str>,
    ip: Option<String>,
    session: i64,
    exit: (i16, i16),
}

impl<'a> Said<'a> {
    fn read(record: &'a [u8], layout: Layout) -> Said<'a> {
        let field = |from: usize, to: usize| record.get(from..to).unwrap_or_default();
        let micros = layout.int(record, if layout.long { 352 } else { 344 }, layout.long);
        let short = |at: usize| layout.kind(record.get(at..).unwrap_or_default());
        Said {
            kind: layout.kind(record),
            time: Time::from_secs(layout.time(Fixed::Utmp, record)).plus(micros),
            pid: layout.int(record, 4, false) as i32 as i64,
            line: text(field(8, 40)),
            id: text(field(40, 44)),
            user: text(field(44, 76)),
            from: text(field(76, 332)),
            ip: ip(field(if layout.long { 360 } else { 348 }, if layout.long { 376 } else { 364 })),
            session: layout.int(record, 336, false) as i32 as i64,
            exit: (short(332), short(334)),
        }
    }
}

/// `ut_addr_v6`, in network order: an IPv4 address has only its first word.
fn ip(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let [a, b, c, d, rest @ ..] = bytes;
    match (a | b | c | d == 0, rest.iter().all(|x| *x == 0)) {
        (true, true) => None,
        (false, true) => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
        _ => Some(std::net::Ipv6Addr::from(bytes).to_canonical().to_string()),
    }
}

struct Logins {
    /// The file holds failed logins.
    failed: bool,
}

impl Parser for Logins {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let said = Said::read(record.bytes, layout(Fixed::Utmp, record.bytes)?);
        let host = Host::of(&record);
        let named = !said.user.is_empty();
        match said.kind {
            _ if self.failed && named => host.login(&said, out, 1, "login", false),
            7 if named => host.login(&said, out, 1, "login", true),
            8 if named => host.login(&said, out, 2, "logout", true),
            kind => host.told(&said, out, kind, self.failed),
        }
        let (kind, pid) = (kind_name(said.kind), said.pid);
        out.other("type", kind);
        some(out, "id", &said.id);
        some(out, "host", &said.from);
        if said.session != 0 {
            out.other("session", &said.session.to_string());
        }
        if said.exit != (0, 0) {
            out.other("exit", &format!("{} {}", said.exit.0, said.exit.1));
        }
        out.text(attr::MESSAGE, &[kind, &said.user, &said.line, &said.from].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" "));
        out.text(attr::METADATA_EVENT_CODE, kind);
        // A run level has its letters where others have a process.
        if pid > 0 && said.kind != 1 {
            out.int(attr::ACTOR_PROCESS_PID, pid);
        }
        host.end(&record, out);
        Ok(())
    }
}

fn some(out: &mut dyn Sink, name: &str, value: &str) {
    if !value.is_empty() {
        out.other(name, value);
    }
}

const fn kind_name(kind: i16) -> &'static str {
    match kind {
        0 => "EMPTY",
        1 => "RUN_LVL",
        2 => "BOOT_TIME",
        3 => "NEW_TIME",
        4 => "OLD_TIME",
        5 => "INIT_PROCESS",
        6 => "LOGIN_PROCESS",
        7 => "USER_PROCESS",
        8 => "DEAD_PROCESS",
        _ => "ACCOUNTING",
    }
}

/// The machine that the file lay on.
struct Host(String);

impl Host {
    fn of(record: &Record<'_>) -> Host {
        Host(record.host.unwrap_or_default().to_ascii_lowercase())
    }

    fn begin(&self, out: &mut dyn Sink, class: event::Class, activity: u8, operation: &str, time: Time) {
        out.begin(class, activity, time);
        out.text(attr::METADATA_PRODUCT_NAME, "utmp");
        out.key(Column::Operation, operation);
        out.key(Column::Service, "login");
        if !self.0.is_empty() {
            out.text(attr::DEVICE_HOSTNAME, &self.0);
            out.int(attr::DEVICE_TYPE_ID, 0);
            out.mark(Mark::HostAssumed);
        }
    }

    fn user(&self, out: &mut dyn Sink, name: &str) {
        match self.0.is_empty() {
            true => out.key(Column::User, name),
            false => out.key(Column::User, &format!("{name}@{}", self.0)),
        }
    }

    /// A login, a failed one, or a logout of a user whom the record names.
    fn login(&self, said: &Said<'_>, out: &mut dyn Sink, activity: u8, operation: &str, success: bool) {
        self.begin(out, class::AUTHENTICATION, activity, operation, said.time);
        out.text(attr::SERVICE_NAME, "login");
        out.text(attr::USER_NAME, &said.user);
        self.user(out, &said.user);
        crate::map::outcome(success, out);
        out.text(attr::SESSION_TERMINAL, &said.line);
        self.from(&said.from, said.ip.as_deref(), out);
        let remote = said.ip.is_some() || (!said.from.is_empty() && !said.from.starts_with(':') && !said.from.starts_with("tty"));
        out.flag(attr::IS_REMOTE, remote);
    }

    /// The address, and the name where there is one beside it; a display (`:0`) is no place.
    fn from(&self, name: &str, ip: Option<&str>, out: &mut dyn Sink) {
        let said = canonical_ip(name);
        if let Some(ip) = ip.or(said.as_deref()) {
            out.text(attr::SRC_IP, ip);
        }
        if said.is_none() && !name.starts_with(':') && !name.contains(' ') {
            out.text(attr::SRC_NAME, name);
        }
    }

    /// Records that are about no user's login.
    fn told(&self, said: &Said<'_>, out: &mut dyn Sink, kind: i16, failed: bool) {
        let operation = match (kind, &*said.user) {
            _ if failed => "login",
            (1, "shutdown") => "shutdown",
            (1, _) => "runlevel",
            (2, _) => "boot",
            (3 | 4, _) => "clock_changed",
            (8, _) => "logout",
            _ => "terminal",
        };
        self.begin(out, class::BASE_EVENT, 99, operation, said.time);
        if failed {
            crate::map::outcome(false, out);
        }
        some(out, "line", &said.line);
        if !matches!(kind, 1..=4) {
            out.text(attr::ACTOR_USER_NAME, &said.user);
        } else {
            some(out, "user", &said.user);
        }
        if let Some(ip) = &said.ip {
            out.key(Column::SrcIp, ip);
        }
    }

    fn end(&self, record: &Record<'_>, out: &mut dyn Sink) {
        out.record(record.seq, record.bytes);
        out.end();
    }
}

struct LastLogins {
    /// Where the next record begins.
    offset: Option<u64>,
}

impl Parser for LastLogins {
    fn at(&mut self, offset: u64) {
        self.offset = Some(offset);
    }

    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let layout = layout(Fixed::Lastlog, record.bytes)?;
        let at = layout.size - 288;
        let (line, from) = (text(record.bytes.get(at..at + 32).unwrap_or_default()), text(record.bytes.get(at + 32..).unwrap_or_default()));
        let time = Time::from_secs(layout.time(Fixed::Lastlog, record.bytes));
        let host = Host::of(&record);
        // The place of a record is the id of the user; read by itself, a record does not know it.
        match self.offset.take().map(|o| o / layout.size as u64) {
            Some(uid) => {
                host.begin(out, class::AUTHENTICATION, 1, "login", time);
                out.text(attr::SERVICE_NAME, "login");
                out.text(attr::USER_UID, &uid.to_string());
                host.user(out, &if uid == 0 { "root".to_owned() } else { format!("uid:{uid}") });
                crate::map::outcome(true, out);
                out.text(attr::SESSION_TERMINAL, &line);
                host.from(&from, None, out);
            }
            None => {
                host.begin(out, class::BASE_EVENT, 99, "login", time);
                some(out, "line", &line);
                if let Some(ip) = canonical_ip(&from) {
                    out.key(Column::SrcIp, &ip);
                }
            }
        }
        some(out, "host", &from);
        out.text(attr::MESSAGE, &format!("last login on {line} from {from}"));
        host.end(&record, out);
        Ok(())
    }
}
