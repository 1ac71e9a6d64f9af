//! One syslog line on its way to an event: what every program's lines have in common. Never decides what a program meant.

use event::{Attr, Class, Column, Mark, Sink, Time, attr, class, entity::canonical_ip};

use super::header::{self, Header};
use crate::{Record, Reject};

/// Says what a carrier knows of a line beyond a syslog head.
pub type More<'a> = dyn Fn(&mut dyn Sink) + 'a;

/// A line, its time resolved and its host spelled canonically.
pub struct Line<'a> {
    /// The record that it is.
    pub record: Record<'a>,
    header: Header<'a>,
    time: Time,
    marks: [Option<Mark>; 5],
    /// What carries the line, and says more of it than a syslog head does: set after `begin`, before the program's own words.
    more: Option<&'a More<'a>>,
    /// The machine, in lower case; empty where nothing names it.
    pub host: String,
    /// The program's name without path and PAM module: `sshd`.
    pub program: &'a str,
    /// The process id in brackets.
    pub pid: Option<i64>,
    /// How often the line was said, where syslog counted repetitions.
    pub count: Option<i64>,
    /// What the program said.
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// Reads the head of a record whose text is `line`.
    pub fn read(record: Record<'a>, line: &'a str, lossy: bool) -> Result<Line<'a>, Reject> {
        let header = header::read(line).ok_or_else(|| Reject::Bad { field: "time", expected: "a syslog time", found: Reject::found(line) })?;
        let fault = || Reject::Bad { field: "time", expected: "a date of the calendar", found: Reject::found(header.time_text) };
        let (time, [year, zone, leap]) = header.when.and_then(|w| w.resolve(record.received)).ok_or_else(fault)?;
        let assumed = header.host.is_none() && record.host.is_some();
        let marks = [year, zone, leap, lossy.then_some(Mark::NotUtf8), assumed.then_some(Mark::HostAssumed)];
        let mut line = Line::of(record, header, time, None);
        line.marks = marks;
        Ok(line)
    }

    /// A line whose head was read already, as a journal's entry has it.
    pub fn of(record: Record<'a>, header: Header<'a>, time: Time, more: Option<&'a More<'a>>) -> Line<'a> {
        let host = header.host.or(record.host).unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let program = header.program.rsplit('/').next().unwrap_or_default();
        let program = program.split_once("(pam_").map_or(program, |(name, _)| name);
        let (count, text) = repeated(header.text);
        let pid = header.pid.and_then(|p| p.parse().ok());
        Line { record, header, time, marks: [None; 5], more, host, program, pid, count, text }
    }

    /// When it was written.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The program writes its own time, with year and zone: it counts.
    pub fn at(&mut self, time: Time) {
        self.time = time;
        let [year, zone, ..] = &mut self.marks;
        (*year, *zone) = (None, None);
    }

    /// Bytes of the line that are not UTF-8 are shown as U+FFFD.
    pub fn not_utf8(&mut self) {
        self.marks[3] = Some(Mark::NotUtf8);
    }

    /// The PAM module in the tag of old Linux-PAM: `su(pam_unix)[23164]`.
    pub fn pam_tag(&self) -> bool {
        self.header.program.contains("(pam_")
    }

    /// Begins an event of this line. `operation` is the word that questions are asked with.
    pub fn begin(&self, out: &mut dyn Sink, class: Class, activity: u8, operation: &str) {
        out.begin(class, activity, self.time);
        out.text(attr::METADATA_PRODUCT_NAME, if self.program.is_empty() { "syslog" } else { self.program });
        out.text(attr::METADATA_ORIGINAL_TIME, self.header.time_text);
        out.text(attr::METADATA_EVENT_CODE, operation);
        out.key(Column::Operation, operation);
        out.key(Column::Service, self.program);
        out.text(attr::MESSAGE, self.text);
        if !self.host.is_empty() {
            out.text(attr::DEVICE_HOSTNAME, &self.host);
            out.int(attr::DEVICE_TYPE_ID, 0);
        }
        if let Some(pid) = self.pid {
            out.int(attr::ACTOR_PROCESS_PID, pid);
            out.text(attr::ACTOR_PROCESS_NAME, self.program);
        } else if !self.program.is_empty() {
            out.text(attr::ACTOR_APP_NAME, self.program);
        }
        if let Some(count) = self.count {
            out.int(attr::COUNT, count);
        }
        self.head_fields(out);
        if let Some(more) = self.more {
            more(out);
        }
    }

    /// Begins a Base Event: for what OCSF has no class, or whose class needs what the line lacks.
    pub fn base(&self, out: &mut dyn Sink, operation: &str) {
        self.begin(out, class::BASE_EVENT, 99, operation);
    }

    /// Begins an event of a class that needs a machine; `false`, with nothing begun, where none is known.
    pub fn on_host(&self, out: &mut dyn Sink, class: Class, activity: u8, operation: &str) -> bool {
        if !self.host.is_empty() {
            self.begin(out, class, activity, operation);
        }
        !self.host.is_empty()
    }

    /// A login session of the machine, `host/SES`, as audit and logind number it.
    pub fn login_session(&self, out: &mut dyn Sink, column: Column, id: &str) {
        if !self.host.is_empty() && !id.is_empty() {
            out.key(column, &format!("{}/{id}", self.host));
        }
    }

    /// Who acted, by name.
    pub fn actor(&self, out: &mut dyn Sink, name: &str) {
        out.text(attr::ACTOR_USER_NAME, name);
        self.user(out, Column::User, name);
    }

    /// Tells of records that are missing; of how many, if the line says.
    pub fn gap(&self, out: &mut dyn Sink, kind: &str, count: Option<i64>) {
        out.key(Column::Gap, kind);
        if let Some(n) = count {
            out.key_int(Column::GapCount, n);
            out.other("lost", &n.to_string());
        }
    }

    fn head_fields(&self, out: &mut dyn Sink) {
        const FACILITIES: [&str; 24] = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0",
            "local1", "local2", "local3", "local4", "local5", "local6", "local7",
        ];
        const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
        if let Some(p) = self.header.priority {
            out.text(attr::METADATA_LOG_LEVEL, LEVELS.get(usize::from(p % 8)).copied().unwrap_or_default());
            out.other("facility", FACILITIES.get(usize::from(p / 8)).copied().unwrap_or_default());
        } else if let Some(level) = self.header.level {
            out.text(attr::METADATA_LOG_LEVEL, level);
        }
        if let (Some(pid), None) = (self.header.pid, self.pid) {
            out.other("procid", pid);
        }
        if let Some(id) = self.header.message_id {
            out.other("msgid", id);
        }
        for (element, name, value) in self.header.structured.map(header::parameters).unwrap_or_default() {
            out.other(&format!("{element}.{name}"), &value);
        }
    }

    /// Ends the event.
    pub fn end(&self, out: &mut dyn Sink) {
        self.marks.iter().flatten().for_each(|m| out.mark(*m));
        out.record(self.record.seq, self.record.bytes);
        out.end();
    }

    /// `name@host` in a user column; nothing for an empty name.
    pub fn user(&self, out: &mut dyn Sink, column: Column, name: &str) {
        match (name.is_empty(), self.host.is_empty()) {
            (true, _) => {}
            (_, true) => out.key(column, name),
            _ => out.key(column, &format!("{name}@{}", self.host)),
        }
    }

    /// `host/sshd:PID`, and the process id in OCSF's session.
    pub fn session(&self, out: &mut dyn Sink, column: Column) {
        if let Some(pid) = self.pid {
            out.text(attr::SESSION_UID, &pid.to_string());
        }
        self.session_key(out, column);
    }

    /// `host/sshd:PID` in a column alone, for classes without a session.
    pub fn session_key(&self, out: &mut dyn Sink, column: Column) {
        if let (Some(pid), false) = (self.pid, self.host.is_empty()) {
            out.key(column, &format!("{}/sshd:{pid}", self.host));
        }
    }

    /// Whether it went well.
    pub fn outcome(&self, out: &mut dyn Sink, success: bool) {
        out.int(attr::STATUS_ID, if success { 1 } else { 2 });
        out.text(attr::STATUS, if success { "Success" } else { "Failure" });
        out.key(Column::Outcome, if success { "success" } else { "failure" });
    }

    /// Where it came from: an address, or a name that sshd looked up.
    pub fn source(&self, out: &mut dyn Sink, address: &str, port: Option<u16>) {
        endpoint(out, address, attr::SRC_IP, attr::SRC_HOSTNAME);
        if let (Some(port), false) = (port, address.is_empty()) {
            out.int(attr::SRC_PORT, port.into());
        }
    }
}

/// Keeps a text in `unmapped` if there is one.
pub fn some(out: &mut dyn Sink, name: &str, value: &str) {
    if !value.is_empty() {
        out.other(name, value);
    }
}

/// Puts an address where it belongs: an IP attribute if it is one, else the host name.
pub fn endpoint(out: &mut dyn Sink, address: &str, ip: Attr, name: Attr) {
    match canonical_ip(address) {
        Some(canonical) => out.text(ip, &canonical),
        None => out.text(name, address),
    }
}

/// `message repeated 5 times: [ text]`, as rsyslog writes it, and `--- last message repeated 5 times ---`, whose text is in the line before.
fn repeated(text: &str) -> (Option<i64>, &str) {
    let counted = |after: &str| after.split_once(' ').and_then(|(n, _)| n.parse().ok());
    if let Some(after) = text.strip_prefix("message repeated ")
        && let Some(inner) = after.split_once(" times: [").and_then(|(_, i)| i.strip_suffix(']'))
    {
        return (counted(after), inner.strip_prefix(' ').unwrap_or(inner));
    }
    let bare = text.trim_start_matches('-').trim_start();
    (bare.strip_prefix("last message repeated ").and_then(counted), text)
}
