//! osquery's results: rows that came and went (differential), rows as they are (snapshot), and rows of tables that keep events.
//!
//! What a row is, its columns tell: names of queries are the team's own. A row's own time counts where its table keeps one; else
//! the time of the query, which is when the row was seen and not when it came to be. Source: osquery.io, "Logging" and the schema.

use std::borrow::Cow;

use event::{Column, Facet, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Reject, json,
    map::{self, Doc, Slot},
    net, time,
};

crate::table! { FIELDS;
    NAME       "name"                     => Hold;
    ACTION     "action"                   => Look;
    UNIX       "unixTime"                 => Hold;
    CALENDAR   "calendarTime"             => Hold;
    HOST_ID    "hostIdentifier"           => Look;
    HOSTNAME   "decorations.hostname"     => Hold;
    HOST_NAME  "decorations.hostName"     => Hold;
               "snapshot"                 => Look;
    PID        "columns.pid"              => Look;
    PARENT     "columns.parent"           => Look;
    PATH       "columns.path"             => Look;
    EXECUTABLE "columns.executable"       => Look;
               "columns.name"             => Look;
    CMDLINE    "columns.cmdline"          => Look;
    COMMAND    "columns.command"          => Look;
    CWD        "columns.cwd"              => Look;
    UID        "columns.uid"              => Look;
    AUID       "columns.auid"             => Look;
    USERNAME   "columns.username"         => Look;
    USER       "columns.user"             => Look;
    WHEN       "columns.time"             => Look;
    WHAT       "columns.action"           => Look;
    TARGET     "columns.target_path"      => Look;
    MD5        "columns.md5"              => Look;
    SHA1       "columns.sha1"             => Look;
    SHA256     "columns.sha256"           => Look;
    REMOTE     "columns.remote_address"   => Look;
    REMOTE_PORT "columns.remote_port"     => Look;
    LOCAL      "columns.local_address"    => Look;
    LOCAL_PORT "columns.local_port"       => Look;
    PROTOCOL   "columns.protocol"         => Look;
    STATUS     "columns.status"           => Look;
    SUCCESS    "columns.success"          => Look;
    FROM       "columns.host"             => Look;
    ADDRESS    "columns.address"          => Look;
    TTY        "columns.tty"              => Look;
    TYPE       "columns.type"             => Look;
    TYPE_NAME  "columns.type_name"        => Look;
    TEXT       "columns.message"          => Look;
    HISTORY    "columns.history_file"     => Look;
    MINUTE     "columns.minute"           => Look;
}

/// Results of osquery, as its filesystem logger and Fleet write them.
pub struct Osquery;

impl Format for Osquery {
    fn name(&self) -> &'static str {
        "osquery"
    }
    fn title(&self) -> &'static str {
        "osquery results"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let keys = json::top_keys(head);
        let has = |key: &str| keys.contains(&key);
        let rows = has("columns") || has("snapshot") || has("diffResults");
        if rows && has("name") && has("hostIdentifier") && (has("unixTime") || has("calendarTime")) { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, result)
    }
}

/// What a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A process that began (`process_events`), or that was there (`processes`).
    Process {
        began: bool,
    },
    /// A socket call, or a socket that was there.
    Socket,
    /// A change of a file.
    File,
    /// A login or logout (`last`), somebody who is logged in (`logged_in_users`).
    Login(u8),
    /// What a program told the kernel's audit about a user (`user_events`).
    UserEvent(u8),
    /// A command of a shell's history.
    History,
    /// A line of a crontab.
    Job,
    Other,
}

fn kind(doc: &Doc<'_>) -> Kind {
    let has = |slots: &[Slot]| slots.iter().all(|s| doc.has(*s));
    let filled = |slot: Slot| !doc.text(slot).is_empty();
    if has(&[TARGET, WHAT]) && filled(TARGET) {
        Kind::File
    } else if has(&[REMOTE, LOCAL]) && (canonical_ip(&doc.text(REMOTE)).is_some() || canonical_ip(&doc.text(LOCAL)).is_some()) {
        Kind::Socket
    } else if has(&[PID, CMDLINE]) && doc.int(PID).is_some() {
        Kind::Process { began: doc.has(WHEN) }
    } else if has(&[UID, AUID, TYPE, TEXT]) {
        Kind::UserEvent(match doc.int(TYPE) {
            Some(1112) => 1,
            Some(1106 | 1113) => 2,
            _ => 99,
        })
    } else if doc.has(FROM) && (has(&[USER]) || has(&[USERNAME, TTY])) && filled(if doc.has(USER) { USER } else { USERNAME }) {
        login_kind(doc)
    } else if has(&[COMMAND]) && (doc.has(HISTORY) || has(&[UID, USERNAME])) {
        Kind::History
    } else if has(&[COMMAND, MINUTE]) {
        Kind::Job
    } else {
        Kind::Other
    }
}

/// `type` is utmp's: in `last` a number (7 login, 8 logout), in `logged_in_users` a word.
fn login_kind(doc: &Doc<'_>) -> Kind {
    match &*doc.first(&[TYPE_NAME, TYPE]) {
        "7" | "user" | "user-process" | "active" | "" => Kind::Login(if &*doc.text(ACTION) == "removed" { 2 } else { 1 }),
        "8" | "dead" | "dead-process" => Kind::Login(2),
        _ => Kind::Other,
    }
}

/// `Sun Mar  1 10:00:10 2026 UTC`; some shippers write other shapes.
fn calendar(doc: &Doc<'_>) -> Result<time::Stamp, Reject> {
    let said = doc.text(CALENDAR);
    let words: Vec<&str> = said.split_ascii_whitespace().take(7).collect();
    if let [_, month, day, clock, year, "UTC"] = words[..]
        && let Some(month) = MONTHS.iter().position(|m| *m == month)
    {
        return Ok(time::of(&format!("{year}-{:02}-{day:0>2}T{clock}Z", month + 1), doc.record.received));
    }
    doc.time(CALENDAR)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

struct Row<'a> {
    doc: &'a Doc<'a>,
    host: String,
    kind: Kind,
}

fn result(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let asked = match doc.has(UNIX) {
        true => time::seconds(&doc.text(UNIX), doc.record.received),
        false => calendar(doc)?,
    };
    // Of a row that went away its time says when it came.
    let stays = &*doc.text(ACTION) != "removed";
    let own = Some(doc.text(WHEN)).filter(|t| stays && t.parse::<u64>().is_ok_and(|n| n > 0)).map(|t| time::seconds(&t, doc.record.received));
    let host = doc.first(&[HOSTNAME, HOST_NAME, HOST_ID]).to_ascii_lowercase();
    let row = Row { doc, host, kind: kind(doc) };
    let (class, activity) = row.class();
    doc.begin(class, activity, own.unwrap_or(asked), out);
    out.text(attr::METADATA_PRODUCT_NAME, "osquery");
    out.text(attr::METADATA_EVENT_CODE, &doc.text(NAME));
    if own.is_some() {
        doc.keep(UNIX, out);
    }
    out.key(Column::Service, "osquery");
    if row.host.is_empty() {
        out.text(attr::DEVICE_NAME, "unknown");
    } else {
        out.text(attr::DEVICE_HOSTNAME, &row.host);
    }
    out.int(attr::DEVICE_TYPE_ID, 0);
    row.say(message, out);
    doc.end(message, out);
    Ok(())
}

impl Row<'_> {
    fn class(&self) -> (event::Class, u8) {
        let gone = &*self.doc.text(ACTION) == "removed";
        match self.kind {
            Kind::Process { began: true } => (class::PROCESS_ACTIVITY, 1),
            Kind::Process { began: false } => (class::PROCESS_ACTIVITY, if gone { 2 } else { 99 }),
            Kind::Socket => (class::NETWORK_ACTIVITY, socket(&self.doc.text(WHAT))),
            Kind::File => (class::FILE_ACTIVITY, file(&self.doc.text(WHAT))),
            Kind::Login(activity) => (class::AUTHENTICATION, activity),
            Kind::UserEvent(activity) if self.user().is_some() => (class::AUTHENTICATION, activity),
            Kind::UserEvent(_) | Kind::History | Kind::Job | Kind::Other => (class::BASE_EVENT, 99),
        }
    }

    fn at_host(&self, name: &str) -> String {
        if self.host.is_empty() { name.to_owned() } else { format!("{name}@{}", self.host) }
    }

    fn id(&self) -> Option<i64> {
        [AUID, UID].into_iter().find_map(|s| self.doc.int(s).filter(|n| (0..i64::from(u32::MAX)).contains(n)))
    }

    /// Who, as the columns say: a name, else the number; of a number that is the login's before that of the moment.
    fn user(&self) -> Option<(Cow<'_, str>, Option<i64>)> {
        let name = match self.kind {
            // The owner of a file is not who changed it.
            Kind::File if !self.doc.has(PID) => return None,
            Kind::UserEvent(_) => account(&self.doc.text(TEXT)),
            _ => self.doc.first(&[USERNAME, USER]),
        };
        // Beside an account's name the numbers are the program's.
        let named = matches!(self.kind, Kind::UserEvent(_)) && self.doc.text(TEXT).contains("acct=");
        let id = if named { None } else { self.id() };
        match (name.is_empty(), id) {
            (false, id) => Some((name, id)),
            (true, Some(0)) => Some((Cow::Borrowed("root"), Some(0))),
            (true, Some(id)) => Some((Cow::Owned(format!("uid:{id}")), Some(id))),
            (true, None) => None,
        }
    }

    fn say(&self, message: &mut String, out: &mut dyn Sink) {
        let doc = self.doc;
        let query = doc.text(NAME);
        let what = doc.first(&[WHAT, ACTION]);
        out.key(
            Column::Operation,
            match self.kind {
                Kind::Socket | Kind::File => &what,
                _ => &query,
            },
        );
        self.who(out);
        match self.kind {
            Kind::Process { .. } => self.process(out),
            Kind::Socket => self.socket(out),
            Kind::File => self.file(out),
            Kind::Login(_) | Kind::UserEvent(_) => self.login(out),
            Kind::History | Kind::Job => {
                out.key(Column::Command, &doc.text(COMMAND));
                out.key(Column::File, &doc.first(&[HISTORY, PATH]));
            }
            Kind::Other => {}
        }
        self.tell(&query, &what, message);
    }

    fn tell(&self, query: &str, what: &str, message: &mut String) {
        let doc = self.doc;
        let user = self.user().map(|(name, _)| name.into_owned()).unwrap_or_default();
        let about = match self.kind {
            Kind::Process { .. } => doc.first(&[CMDLINE, PATH]),
            Kind::Socket => doc.text(REMOTE),
            Kind::File => doc.text(TARGET),
            Kind::Login(_) => doc.text(FROM),
            Kind::UserEvent(_) => doc.text(TEXT),
            Kind::History | Kind::Job => doc.text(COMMAND),
            Kind::Other => Cow::Borrowed(""),
        };
        message.extend([query, ":"]);
        for part in [user.as_str(), what, &about] {
            if !part.is_empty() {
                message.extend([" ", part]);
            }
        }
    }

    fn who(&self, out: &mut dyn Sink) {
        let Some((name, id)) = self.user() else { return };
        let login = matches!(self.kind, Kind::Login(_) | Kind::UserEvent(_));
        let (name_attr, uid) = if login { (attr::USER_NAME, attr::USER_UID) } else { (attr::ACTOR_USER_NAME, attr::ACTOR_USER_UID) };
        if !name.starts_with("uid:") || login {
            out.text(name_attr, &name);
        }
        if let Some(id) = id {
            out.text(uid, &id.to_string());
        }
        out.key(Column::User, &self.at_host(&name));
    }

    fn process(&self, out: &mut dyn Sink) {
        let doc = self.doc;
        let path = doc.text(PATH);
        out.int(attr::ACTOR_PROCESS_PID, doc.int(PARENT).or(doc.int(PID)).unwrap_or_default());
        out.int(attr::PROCESS_PID, doc.int(PID).unwrap_or_default());
        out.text(attr::PROCESS_PATH, &path);
        out.text(attr::PROCESS_NAME, base(&path));
        out.text(attr::PROCESS_CMD_LINE, &doc.text(CMDLINE));
        out.text(attr::PROCESS_WORKING_DIRECTORY, doc.text(CWD).trim_matches('"'));
        out.text(attr::PROCESS_USER_UID, &doc.text(UID));
        if let Some(parent) = doc.int(PARENT) {
            out.int(attr::PROCESS_PARENT_PID, parent);
        }
        if let Some(status) = doc.int(STATUS).filter(|_| self.kind == Kind::Process { began: true }) {
            net::outcome(out, status == 0);
        }
    }

    fn actor(&self, out: &mut dyn Sink) {
        let doc = self.doc;
        let path = doc.first(&[EXECUTABLE, PATH]);
        match doc.int(PID).filter(|p| *p > 0) {
            Some(pid) => {
                out.int(attr::ACTOR_PROCESS_PID, pid);
                out.text(attr::ACTOR_PROCESS_PATH, &path);
                out.text(attr::ACTOR_PROCESS_NAME, base(&path));
                out.text(attr::ACTOR_PROCESS_CMD_LINE, &doc.text(CMDLINE));
            }
            None if self.user().is_none() => out.text(attr::ACTOR_APP_NAME, "osquery"),
            None => {}
        }
    }

    fn socket(&self, out: &mut dyn Sink) {
        let doc = self.doc;
        let inbound = &*doc.text(WHAT) == "accept";
        let ends = if inbound { [(REMOTE, REMOTE_PORT), (LOCAL, LOCAL_PORT)] } else { [(LOCAL, LOCAL_PORT), (REMOTE, REMOTE_PORT)] };
        for ((address, port), (ip, number)) in ends.into_iter().zip([(attr::SRC_IP, attr::SRC_PORT), (attr::DST_IP, attr::DST_PORT)]) {
            let address = canonical_ip(&doc.text(address)).filter(|a| a != "0.0.0.0" && a != "::");
            let port = doc.int(port).filter(|p| (1..65536).contains(p));
            if let Some(address) = address {
                out.text(ip, &address);
            }
            if let Some(port) = port {
                out.int(number, port);
            }
        }
        if let Some(protocol) = doc.int(PROTOCOL).and_then(|n| u8::try_from(n).ok()).filter(|n| *n > 0) {
            net::protocol(out, protocol);
        }
        out.int(
            attr::CONNECTION_DIRECTION_ID,
            match &*doc.text(WHAT) {
                "accept" | "bind" | "listen" => 1,
                "connect" => 2,
                _ => 0,
            },
        );
        self.actor(out);
        let said = doc.first(&[STATUS, SUCCESS]);
        match &*said {
            "succeeded" | "1" => net::outcome(out, true),
            "failed" | "0" => net::outcome(out, false),
            _ => {}
        }
    }

    fn file(&self, out: &mut dyn Sink) {
        let path = self.doc.text(TARGET);
        out.text(attr::FILE_PATH, &path);
        out.text(attr::FILE_NAME, base(&path));
        out.int(attr::FILE_TYPE_ID, 0);
        // The strongest last: it is the one that the column keeps.
        for (slot, algorithm) in [(MD5, 1), (SHA1, 2), (SHA256, 3)] {
            let hash = self.doc.text(slot);
            if !hash.is_empty() {
                out.item(attr::FILE_HASHES);
                out.int(attr::FILE_HASHES_ALGORITHM_ID, algorithm);
                out.text(attr::FILE_HASHES_VALUE, &hash);
            }
        }
        self.actor(out);
    }

    fn login(&self, out: &mut dyn Sink) {
        let from = self.doc.first(&[FROM, ADDRESS]);
        if !from.is_empty() && from != "?" {
            map::addresses(&from, out);
        }
        out.text(attr::SERVICE_NAME, "login");
        if let Some(success) = matches!(self.kind, Kind::Login(1)).then_some(true).or_else(|| said(&self.doc.text(TEXT))) {
            net::outcome(out, success);
        }
    }
}

/// Whom audit's user message is about.
fn account(text: &str) -> Cow<'static, str> {
    let after = text.split_once("acct=").map_or("", |(_, after)| after);
    let word = match after.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => after.split([' ', '\'']).next(),
    };
    Cow::Owned(word.filter(|w| !matches!(*w, "?" | "(unknown)" | "(invalid user)")).unwrap_or_default().to_owned())
}

/// How it went, in the words of audit's user messages.
fn said(text: &str) -> Option<bool> {
    let after = text.split_once("res=")?.1;
    let word = after.split([' ', '\'']).next().unwrap_or_default();
    match word {
        "success" | "1" => Some(true),
        "failed" | "0" => Some(false),
        _ => None,
    }
}

fn socket(action: &str) -> u8 {
    match action {
        "connect" | "accept" => 1,
        "bind" | "listen" => 7,
        "close" => 2,
        _ => 99,
    }
}

fn file(action: &str) -> u8 {
    match action.to_ascii_uppercase().as_str() {
        "CREATED" | "MOVED_TO" => 1,
        "ACCESSED" => 2,
        "UPDATED" => 3,
        "DELETED" => 4,
        "MOVED_FROM" => 5,
        "ATTRIBUTES_MODIFIED" => 6,
        "OPENED" => 14,
        _ => 99,
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path)
}
