//! Error logs of nginx and Apache. Lines of an access log among them, as containers write them to one stream, are read as such.
//!
//! Owns: what tells the two apart, who asked for what, refused logins. Never decides how grave an error is: the server says.
//! Sources: nginx `ngx_log.c` (the order of what is appended), Apache `ErrorLogFormat`.

use event::{Column, Facet, Mark, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Record, Reject,
    http::{self, RequestLine, split_port},
    net,
    time::{self, Stamp},
    web_access,
};

/// Web servers' error logs.
pub struct WebError;

impl Format for WebError {
    fn name(&self) -> &'static str {
        "web_error"
    }
    fn title(&self) -> &'static str {
        "nginx and Apache error logs"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            fit += u32::from(Line::read(&String::from_utf8_lossy(line)).is_some());
        }
        match fit * 100 / all.max(1) {
            share @ 50.. => (share * 8 / 10) as u8 + if file_name.contains("error") { 10 } else { 0 },
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { access: web_access::WebAccess.parser() })
    }
}

/// Lines looked at to tell it from other text.
const SNIFF_LINES: usize = 20;

struct Lines {
    access: Box<dyn Parser>,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        match Line::read(&text) {
            Some(line) => line.write(record, matches!(text, std::borrow::Cow::Owned(_)), out),
            None => self.access.record(record, out),
        }
    }
}

/// Reads one line of an error log, where one stands among others; false if it is none.
pub(crate) fn line(record: Record<'_>, text: &str, lossy: bool, out: &mut dyn Sink) -> bool {
    Line::read(text).is_some_and(|line| line.write(record, lossy, out).is_ok())
}

/// A line, taken apart; empty texts where it does not say.
#[derive(Debug, Default)]
struct Line<'a> {
    server_kind: &'static str,
    time: &'a str,
    level: &'a str,
    module: &'a str,
    pid: &'a str,
    tid: &'a str,
    connection: &'a str,
    client: &'a str,
    code: &'a str,
    text: &'a str,
    server: &'a str,
    request: &'a str,
    upstream: &'a str,
    host: &'a str,
    referrer: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Line<'a>> {
        nginx(line).or_else(|| apache(line))
    }

    fn write(&self, record: Record<'_>, lossy: bool, out: &mut dyn Sink) -> Result<(), Reject> {
        let stamp = time::of(self.time, record.received);
        if !Stamp::is_known(&stamp) {
            return Err(Reject::Bad { field: "time", expected: "a time", found: Reject::found(self.time) });
        }
        let user = refused(self.text);
        let request = RequestLine::read(self.request);
        match (user, request) {
            (Some(_), _) => out.begin(class::AUTHENTICATION, 1, stamp.time),
            (None, Some(r)) => out.begin(class::HTTP_ACTIVITY, http::activity(r.method), stamp.time),
            (None, None) => out.begin(class::APPLICATION_ERROR, 1, stamp.time),
        }
        stamp.marks.into_iter().flatten().chain(lossy.then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
        out.text(attr::METADATA_PRODUCT_NAME, self.server_kind);
        out.text(attr::METADATA_ORIGINAL_TIME, self.time);
        out.text(attr::METADATA_LOG_LEVEL, self.level);
        out.text(attr::METADATA_EVENT_CODE, self.code);
        out.int(attr::SEVERITY_ID, severity(self.level));
        out.key(Column::Operation, request.map_or("error", |r| r.method));
        if user.is_some() || request.is_some() {
            net::outcome(out, false);
            let (address, port) = split_port(self.client);
            net::endpoint(out, address, attr::SRC_IP, attr::SRC_HOSTNAME);
            net::port(out, port.unwrap_or_default(), attr::SRC_PORT);
            request.into_iter().for_each(|r| http::request(out, r));
            out.text(attr::HTTP_REFERRER, self.referrer);
            http::host_port(out, self.host);
        } else if let Some(ip) = canonical_ip(split_port(self.client).0) {
            out.key(Column::SrcIp, &ip);
            out.other("client", self.client);
        }
        if let Some(user) = user {
            out.text(attr::USER_NAME, user);
            out.key(Column::User, user);
            out.text(attr::SERVICE_NAME, self.server_kind);
        } else {
            out.key(Column::Service, self.server_kind);
        }
        self.rest(request.is_some(), out);
        match record.host {
            Some(machine) => net::machine(out, machine),
            None if self.host.is_empty() => {}
            None => out.key(Column::Host, &split_port(self.host).0.to_ascii_lowercase()),
        }
        out.text(attr::MESSAGE, self.text);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }

    fn rest(&self, requested: bool, out: &mut dyn Sink) {
        let request = if requested { "" } else { self.request };
        let fields = [
            ("module", self.module),
            ("pid", self.pid),
            ("tid", self.tid),
            ("connection", self.connection),
            ("server", self.server),
            ("request", request),
            ("upstream", self.upstream),
        ];
        for (name, value) in fields.into_iter().filter(|(_, v)| !v.is_empty()) {
            out.other(name, value);
        }
    }
}

/// `2026/03/01 13:00:00 [error] 31#31: *46 TEXT, client: A, server: B, request: "C", upstream: "D", host: "E", referrer: "F"`
fn nginx(line: &str) -> Option<Line<'_>> {
    let (time, rest) = line.split_at_checked(19)?;
    let shape = time.bytes().enumerate().all(|(i, b)| match i {
        4 | 7 => b == b'/',
        10 => b == b' ',
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    let (level, rest) = rest.strip_prefix(" [")?.split_once("] ")?;
    let (process, rest) = rest.split_once(": ")?;
    let (pid, tid) = process.split_once('#')?;
    if !shape || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (connection, text) = match rest.strip_prefix('*').and_then(|r| r.split_once(' ')) {
        Some((number, text)) => (number, text),
        None => ("", rest),
    };
    let mut found = Line { server_kind: "nginx", time, level, pid, tid, connection, text, ..Line::default() };
    // A client may put anything into a path or a header. Where the words before its address stand twice, nobody can say which are nginx's.
    let mut clients = text.match_indices(CLIENT);
    if let (Some((at, _)), None) = (clients.next(), clients.next()) {
        found.text = text.get(..at)?;
        found.appended(text.get(at + CLIENT.len()..)?);
    }
    Some(found)
}

const CLIENT: &str = ", client: ";

impl<'a> Line<'a> {
    /// What nginx appends, in its order.
    fn appended(&mut self, text: &'a str) {
        let mut rest = text;
        let mut take = |next: &str| match rest.split_once(next) {
            Some((value, after)) => {
                rest = after;
                Some(value)
            }
            None => None,
        };
        match take(", server: ") {
            Some(client) => self.client = client,
            None => return self.client = text.split([',', ' ']).next().unwrap_or_default(),
        }
        let Some(server) = take(", request: \"") else {
            return self.server = rest.split(',').next().unwrap_or_default();
        };
        self.server = server;
        // The request line is the client's own text: it ends at the last of the parts that may follow it.
        let mut tail = rest.strip_suffix('"').unwrap_or(rest);
        for (mark, slot) in [("\", referrer: \"", 0), ("\", host: \"", 1), ("\", upstream: \"", 2)] {
            if let Some((before, value)) = tail.rsplit_once(mark) {
                tail = before;
                match slot {
                    0 => self.referrer = value,
                    1 => self.host = value,
                    _ => self.upstream = value,
                }
            }
        }
        self.request = tail;
    }
}

/// `[Sun Mar 01 13:00:00.123456 2026] [auth_basic:error] [pid 10:tid 14] [client A:1] AH01618: TEXT, referer: B`
fn apache(line: &str) -> Option<Line<'_>> {
    let (time, rest) = line.strip_prefix('[')?.split_once("] [")?;
    let weekday = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "].iter().any(|d| time.starts_with(d));
    let (level, mut rest) = rest.split_once("] ")?;
    if !weekday || level.contains(' ') {
        return None;
    }
    let (module, level) = level.split_once(':').unwrap_or(("", level));
    let mut found = Line { server_kind: "httpd", time, level, module, ..Line::default() };
    if let Some((process, after)) = rest.strip_prefix("[pid ").and_then(|r| r.split_once("] ")) {
        (found.pid, found.tid) = process.split_once(":tid ").unwrap_or((process, ""));
        rest = after;
    }
    // An error of the system stands before the client: `(70014)End of file found: [client …`.
    let at = if rest.starts_with('(') { rest.find("[client ").filter(|at| *at < 200) } else { rest.starts_with("[client ").then_some(0) };
    if let Some(((client, after), before)) = at.and_then(|at| Some((rest.get(at + 8..)?.split_once("] ")?, rest.get(..at)?))) {
        found.client = client;
        rest = if before.is_empty() { after } else { rest };
        found.code = code(after);
    } else {
        found.code = code(rest);
    }
    (found.text, found.referrer) = rest.rsplit_once(", referer: ").unwrap_or((rest, ""));
    Some(found)
}

/// `AH01618`
fn code(text: &str) -> &str {
    text.split_once(':').map(|(c, _)| c).filter(|c| c.len() == 7 && c.starts_with("AH") && c.bytes().skip(2).all(|b| b.is_ascii_digit())).unwrap_or_default()
}

/// The user whom a server refused, if that is what it says.
fn refused(text: &str) -> Option<&str> {
    let nginx = text.strip_prefix("user \"").and_then(|rest| ["\" was not found in ", "\": password mismatch"].iter().find_map(|end| rest.rsplit_once(end)));
    let apache = || {
        let rest = text.split_once(": ").filter(|(code, _)| code.starts_with("AH")).map_or(text, |(_, rest)| rest).strip_prefix("user ")?;
        [": authentication failure for ", " not found: ", ": password mismatch: ", " in realm "].iter().find_map(|end| rest.split_once(end))
    };
    nginx.or_else(apache).map(|(user, _)| user).filter(|user| !user.is_empty())
}

/// OCSF's severity for a server's level.
fn severity(level: &str) -> i64 {
    match level {
        "warn" | "warning" => 2,
        "error" => 3,
        "crit" => 4,
        "alert" => 5,
        "emerg" => 6,
        _ => 1,
    }
}
