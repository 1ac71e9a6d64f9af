//! The error log and the general log of MySQL and MariaDB.
//!
//! Source: MySQL's manual, "The Error Log" and "The General Query Log", and MariaDB's pages of the same names. Lines without a head of their own (the rest of
//! a statement, the banner of a start) are raw events at the time of the line before them.

use event::{Column, Facet, Mark, Sink, Time, attr, class};

use crate::{
    Format, Framing, Parser, Record, Reject,
    database::{self, Server, client},
    map,
    time::{self, Stamp},
};

/// Lines looked at to recognise a log.
const SNIFF_LINES: usize = 20;

/// MySQL's and MariaDB's own logs.
pub struct Mysql;

impl Format for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }
    fn title(&self) -> &'static str {
        "MySQL and MariaDB error and general log"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (all, fit) = lines.fold((0, 0), |(all, fit), l| (all + 1, fit + u32::from(Line::read(&String::from_utf8_lossy(l), Time(0)).is_some())));
        if fit == 0 || fit * 10 < all * 5 { 0 } else { 86 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { last: None })
    }
}

/// A line, taken apart.
struct Line<'a> {
    when: Stamp,
    time_text: &'a str,
    thread: &'a str,
    /// `Note` of the error log, `Query` of the general log.
    word: &'a str,
    general: bool,
    code: &'a str,
    subsystem: &'a str,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str, received: Time) -> Option<Line<'a>> {
        let (when, time_text, rest) = head_time(line, received)?;
        let rest = rest.trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (thread, rest) = rest.split_at_checked(digits)?;
        let rest = rest.trim_start();
        let line = |word, general, code, subsystem, text| Some(Line { when, time_text, thread, word, general, code, subsystem, text });
        if let Some((word, text)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            let known = matches!(word, "Note" | "Warning" | "Error" | "ERROR" | "System");
            let (code, text) = bracket(text.trim_start()).filter(|(c, _)| c.starts_with("MY-")).unwrap_or(("", text.trim_start()));
            let (subsystem, text) = bracket(text).filter(|_| !code.is_empty()).unwrap_or(("", text));
            return known.then(|| line(word, false, code, subsystem, text)).flatten();
        }
        const COMMANDS: [&str; 12] =
            ["Connect", "Query", "Quit", "Init DB", "Prepare", "Execute", "Close stmt", "Field List", "Statistics", "Change user", "Binlog Dump", "Ping"];
        let command = COMMANDS.iter().find(|c| rest.starts_with(**c)).filter(|_| !thread.is_empty())?;
        let text = rest.get(command.len()..)?;
        let ends = text.is_empty() || text.starts_with(['\t', ' ']);
        ends.then(|| line(command, true, "", "", text.trim_start())).flatten()
    }
}

fn bracket(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('[').and_then(|r| r.split_once(']')).map(|(inside, rest)| (inside, rest.trim_start()))
}

/// `2020-04-16T05:13:40.861934Z`, `2021-11-09  5:13:12`, `221128 14:49:17`.
fn head_time(line: &str, received: Time) -> Option<(Stamp, &str, &str)> {
    let (date, rest) = line.split_at_checked(line.find([' ', '\t'])?)?;
    let whole = |text: &str| Some(time::of(text, received)).filter(Stamp::is_known);
    if date.contains('T') && date.len() >= 19 {
        return Some((whole(date)?, date, rest));
    }
    let clock_at = line.len() - rest.trim_start_matches(' ').len();
    let clock = line.get(clock_at..)?;
    let len = clock.find([' ', '\t'])?;
    let (clock, after) = clock.split_at_checked(len)?;
    let day = match date.len() {
        6 if date.bytes().all(|b| b.is_ascii_digit()) => format!("20{}-{}-{}", date.get(..2)?, date.get(2..4)?, date.get(4..)?),
        10 => date.to_owned(),
        _ => return None,
    };
    let stamp = whole(&format!("{day} {}{clock}", if clock.find(':') == Some(1) { "0" } else { "" }))?;
    Some((stamp, line.get(..clock_at + len)?, after))
}

struct Lines {
    last: Option<Stamp>,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        let line = text.trim_end_matches(['\r', '\n']);
        let lossy = matches!(text, std::borrow::Cow::Owned(_));
        let Some(read) = Line::read(line, record.received) else {
            out.begin(class::BASE_EVENT, 99, self.last.map_or(record.received, |s| s.time));
            out.text(attr::METADATA_PRODUCT_NAME, "MySQL");
            out.text(attr::MESSAGE, line);
            end(record, lossy, out);
            return Ok(());
        };
        self.last = Some(read.when);
        say(&read, record, out);
        end(record, lossy, out);
        Ok(())
    }
}

fn end(record: Record<'_>, lossy: bool, out: &mut dyn Sink) {
    if lossy {
        out.mark(Mark::NotUtf8);
    }
    out.record(record.seq, record.bytes);
    out.end();
}

fn say(line: &Line<'_>, record: Record<'_>, out: &mut dyn Sink) {
    let server = Server { kind: "mysql", host: record.host };
    if let Some(refused) = line.text.strip_prefix("Access denied for user '") {
        logon(line, server, refused, false, out);
    } else if line.general && line.word == "Connect" {
        logon(line, server, line.text, true, out);
    } else if line.general && matches!(line.word, "Query" | "Execute" | "Prepare") {
        statement(line, server, out);
    } else {
        let error = line.word.eq_ignore_ascii_case("error");
        let (class, activity) = if error { (class::APPLICATION_ERROR, 1) } else { (class::BASE_EVENT, 99) };
        out.begin(class, activity, line.when.time);
        out.int(attr::SEVERITY_ID, if error { 3 } else { 1 + i64::from(line.word == "Warning") });
        out.key(Column::Operation, if line.general { line.word } else { "message" });
    }
    line.when.marks.iter().flatten().for_each(|m| out.mark(*m));
    out.text(attr::METADATA_PRODUCT_NAME, "MySQL");
    out.text(attr::METADATA_ORIGINAL_TIME, line.time_text);
    out.text(attr::METADATA_LOG_LEVEL, if line.general { "" } else { line.word });
    out.text(attr::STATUS_CODE, line.code);
    out.text(attr::MESSAGE, if line.text.is_empty() { line.word } else { line.text });
    out.key(Column::Service, "mysql");
    server.session(Column::Session, line.thread, out);
    for (name, value) in [("thread", line.thread), ("subsystem", line.subsystem)] {
        if !value.is_empty() {
            out.other(name, value);
        }
    }
}

/// `root'@'203.0.113.7' (using password: YES)`, `root@localhost on shop using Socket`.
fn logon(line: &Line<'_>, server: Server<'_>, text: &str, success: bool, out: &mut dyn Sink) {
    let (user, host) = if success {
        let who = text.split(" on ").next().unwrap_or_default().split(" using ").next().unwrap_or_default();
        who.rsplit_once('@').unwrap_or((who, ""))
    } else {
        // A name may hold anything; the host is the last thing in quotes.
        let who = text.rsplit_once(" (using password: ").map_or(text, |(who, _)| who);
        who.strip_suffix('\'').unwrap_or(who).rsplit_once("'@'").unwrap_or((who, ""))
    };
    out.begin(class::AUTHENTICATION, 1, line.when.time);
    out.key(Column::Operation, "login");
    out.text(attr::METADATA_EVENT_CODE, "login");
    out.text(attr::SERVICE_NAME, "mysql");
    out.text(attr::USER_NAME, if user.is_empty() { "[anonymous]" } else { user });
    server.user(Column::User, user, out);
    client(host, "", out);
    map::outcome(success, out);
    if success {
        server.session(Column::TargetSession, line.thread, out);
    } else {
        out.text(attr::STATUS_DETAIL, line.text);
        out.int(attr::SEVERITY_ID, 2);
    }
}

fn statement(line: &Line<'_>, server: Server<'_>, out: &mut dyn Sink) {
    let said = database::read(line.text);
    let (class, activity) = said.deed.class();
    out.begin(class, activity, line.when.time);
    out.key(Column::Operation, &said.verb);
    out.text(attr::METADATA_EVENT_CODE, &said.verb);
    out.text(attr::ACTOR_SESSION_UID, line.thread);
    if class == class::ACCOUNT_CHANGE {
        let name = said.object.split('@').next().unwrap_or_default().trim_matches('\'');
        out.text(attr::USER_NAME, if name.is_empty() { "[unknown]" } else { name });
        server.user(Column::TargetUser, name, out);
        out.other("statement", line.text);
        return;
    }
    client("", "", out);
    database::database("", said.object, out);
    out.text(attr::QUERY_STRING, if line.text.is_empty() { "(empty)" } else { line.text });
    out.text(attr::QUERY_NAME, &said.verb);
}
