//! Sessions: logins joined to the processes that ran in them, and processes of services to the service that ran them.
//!
//! Owns: which tellings are one login (`login`), process trees with reuse of process ids (`tree`), how a session was begun (`how`), and
//! the replay in order. Values in, values out: the caller fetches the events. Never reads a log.

mod build;
mod how;
pub mod login;
mod tree;

use event::{Entity, Event, Fields, Time};
use serde::{Deserialize, Serialize};

pub use login::{Login, logins};

/// Processes of one session that are kept; the session names the limit where there are more.
pub const PROCS_MAX: usize = 5_000;
/// Files and connections of one session that are kept, each.
pub const TOUCHES_MAX: usize = 2_000;
/// Steps of a replay that are kept.
pub const STEPS_MAX: usize = 10_000;

/// How a session was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Somebody typed at a terminal.
    Terminal,
    /// A login that ran one command.
    RemoteCommand,
    /// A login that moved files.
    FileTransfer,
    /// A login of which no log says more.
    Login,
    /// A job that was due.
    Cron,
    /// A service ran it; no login is behind it.
    Service,
    /// The logs begin after it.
    Unknown,
}

/// One identity taken on for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserChange {
    /// When.
    pub time: Time,
    /// Who it was before.
    pub from: Option<Entity>,
    /// Who it was then.
    pub to: Entity,
    /// By what: the program or system call.
    pub by: String,
    /// The event.
    pub event: String,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proc {
    /// Its number.
    pub pid: i64,
    /// Its parent's number.
    pub ppid: Option<i64>,
    /// Place of its parent in the session's list; of a program that another in the same process made way for, that one.
    pub parent: Option<usize>,
    /// Path of the program; nothing where only its children are known.
    pub exe: Option<String>,
    /// The command line.
    pub command: Option<String>,
    /// Where it ran.
    pub cwd: Option<String>,
    /// The terminal that it ran at.
    pub tty: Option<String>,
    /// Who logged in.
    pub user: Option<Entity>,
    /// As whom it ran, where that is not who logged in.
    pub effective: Option<Entity>,
    /// When it began, or was first seen.
    pub start: Time,
    /// When it ended, if a log says.
    pub end: Option<Time>,
    /// The event that tells of its beginning.
    pub event: Option<String>,
    /// Identities that it took on.
    pub changes: Vec<UserChange>,
    /// Files, connections and other acts of its own.
    pub acts: u64,
}

/// A file or address that a session touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// What.
    pub what: Entity,
    /// How: read, wrote, deleted, connected.
    pub relation: event::Relation,
    /// The port, of an address.
    pub port: Option<i64>,
    /// By which process, as its place in the session's list.
    pub proc: Option<usize>,
    /// First time.
    pub time: Time,
    /// Last time.
    pub last: Time,
    /// How often.
    pub count: u64,
    /// The first event.
    pub event: String,
}

/// What a step of a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The session began.
    Login,
    /// A program began.
    Exec,
    /// Another identity was taken on.
    User,
    /// A file.
    File,
    /// A connection.
    Connection,
    /// The session ended.
    Logout,
    /// Anything else.
    Other,
}

/// One act, in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub time: Time,
    /// What.
    pub kind: StepKind,
    /// By which process, as its place in the session's list.
    pub proc: Option<usize>,
    /// In a line for people.
    pub text: String,
    /// `success` or `failure`, where the log says.
    pub outcome: Option<String>,
    /// Events that tell of it.
    pub events: Vec<String>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its first name: a session, or the process that a service's processes come from.
    pub id: Entity,
    /// All its names: sshd's and auditing's are two.
    pub names: Vec<Entity>,
    /// The machine.
    pub host: String,
    /// Who logged in; whom a service runs as.
    pub user: Option<Entity>,
    /// From which address.
    pub from: Option<Entity>,
    /// With what proof.
    pub credential: Option<Entity>,
    /// The terminal.
    pub tty: Option<String>,
    /// How it was begun.
    pub how: How,
    /// The program that let it in, or that ran it.
    pub service: Option<String>,
    /// The event that opened it best (the one that says most); nothing where no log tells of the opening.
    pub opened: Option<String>,
    /// All events that tell of the opening.
    pub told: Vec<String>,
    /// Sources that tell of it.
    pub sources: Vec<String>,
    /// When it began, or was first seen.
    pub start: Time,
    /// When it ended, if a log says.
    pub end: Option<Time>,
    /// Its last act.
    pub last: Time,
    /// Acts in it.
    pub acts: u64,
    /// Identities taken on, in order.
    pub changes: Vec<UserChange>,
    /// Processes: each after its parent.
    pub procs: Vec<Proc>,
    /// Files touched.
    pub files: Vec<Touch>,
    /// Addresses connected to.
    pub connections: Vec<Touch>,
    /// All of it in order.
    pub replay: Vec<Step>,
    /// What to know before relying on it: marks of its events.
    pub marks: Vec<String>,
    /// Limits at which it was cut, in sentences.
    pub cut: Vec<String>,
}

/// What an event's object says that no column does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Where the process ran.
    pub cwd: Option<String>,
    /// The terminal.
    pub tty: Option<String>,
}

impl Detail {
    /// Reads it from an event's OCSF object: `process` or `actor.process`, and `session`.
    pub fn of(e: &Event) -> Detail {
        let process = |name: &str| e.object.get("process").and_then(|p| p.get(name)).or_else(|| e.object.get("actor")?.get("process")?.get(name));
        let own = |name: &str| e.object.get("session").and_then(|s| s.get(name)).or_else(|| process("session")?.get(name));
        let text = |v: Option<&str>| v.filter(|t| !t.is_empty()).map(str::to_owned);
        Detail { cwd: text(process("working_directory").and_then(|v| v.as_str())), tty: own("terminal").and_then(|v| v.as_str()).and_then(terminal) }
    }
}

/// A terminal's name as kernel and login programs agree on it (`pts/1`, `tty1`); nothing for words that stand for none (`?`, `ssh`, `cron`).
pub fn terminal(text: &str) -> Option<String> {
    let name = text.trim_start_matches("/dev/");
    let name = match name.strip_prefix("pts") {
        Some(n) if n.starts_with(|c: char| c.is_ascii_digit()) => format!("pts/{n}"),
        _ => name.to_owned(),
    };
    let known = ["pts/", "tty", "console", "hvc", "xvc", "ttyS"].iter().any(|head| name.starts_with(head));
    known.then_some(name)
}

/// The sessions that events tell of, in order of their beginning. The order in which the events are given does not matter.
pub fn sessions<F: Fields>(events: &[F], detail: impl Fn(&F) -> Detail) -> Vec<Session> {
    build::build(events, &detail)
}
