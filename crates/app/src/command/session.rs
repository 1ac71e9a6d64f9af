//! `muster session list` and `muster session ID`: who was on which machine, and what ran there.

use event::{Entity, Kind, Time};
use lake::Lake;
use serde::Serialize;
use trace::session::{Proc, Session, Step};

use crate::{
    ask,
    cli::{Exit, Global, WrongUse},
    flow::session::{self, Found},
    show,
    store::Store,
};

/// Logins and services with their processes: a list, or one as a tree and replayed in order
#[derive(clap::Args)]
#[command(
    after_help = "An ID is a session (db-1/157, db-1/sshd:2896) or a process (db-1/2918), as the list and other commands print it.\n\nExamples:\n  muster session list --host db-1 --since -7d\n  muster session list --user deploy@db-1\n  muster session db-1/157\n  muster session db-1/sshd:2896 --json"
)]
pub struct Args {
    /// `list`, or the session to show
    #[arg(value_name = "list|ID")]
    what: String,
    /// Only sessions on this machine; may be given several times
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Only sessions of this user, or in which somebody became it; may be given several times
    #[arg(long, value_name = "USER")]
    user: Vec<String>,
    /// With `list`: processes of services and jobs, which no login is behind, too
    #[arg(long)]
    all: bool,
    /// Most sessions to list, or most steps to replay
    #[arg(long, default_value_t = 200, value_name = "N")]
    limit: usize,
}

#[derive(Serialize)]
struct Listed<'a> {
    sessions: Vec<Row<'a>>,
    cut: Vec<String>,
}

/// A session in a list: what it is, without its processes.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a Entity,
    names: &'a [Entity],
    host: &'a str,
    user: Option<&'a Entity>,
    became: Vec<&'a Entity>,
    from: Option<&'a Entity>,
    credential: Option<&'a Entity>,
    tty: Option<&'a str>,
    how: trace::session::How,
    service: Option<&'a str>,
    start: Time,
    end: Option<Time>,
    last: Time,
    acts: u64,
    processes: usize,
    opened: Option<&'a str>,
    sources: &'a [String],
    marks: &'a [String],
}

#[derive(Serialize)]
struct Shown<'a> {
    sessions: &'a [Session],
    cut: &'a [String],
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let lake = Store::open(&g.store)?.lake()?;
        if self.what == "list" { self.list(g, &lake) } else { self.one(g, &lake) }
    }

    fn list(self, g: &Global, lake: &Lake) -> anyhow::Result<Exit> {
        let hosts = known(lake, &self.host, Kind::Host)?;
        let users = known(lake, &self.user, Kind::User)?;
        let mut found = session::list(lake, g.window(), &hosts, &users)?;
        if !self.all {
            use trace::session::How;
            found.sessions.retain(|s| !matches!(s.how, How::Service | How::Cron));
        }
        let more = found.sessions.len().saturating_sub(self.limit);
        found.sessions.truncate(self.limit);
        if more > 0 {
            found.cut.push(format!("{more} later sessions are not shown; raise --limit, or narrow it with --since, --until, --host, --user"));
        }
        if g.json {
            show::json(&Listed { sessions: found.sessions.iter().map(row).collect(), cut: found.cut })?;
        } else {
            let rows: Vec<Vec<String>> = found.sessions.iter().map(cells).collect();
            show::out(show::table(&["SESSION", "START (UTC)", "END", "USER", "FROM", "HOW", "ACTS", "MARKS"], &rows, 160).as_bytes())?;
            said(&found.cut);
        }
        Ok(Exit::Done)
    }

    fn one(self, g: &Global, lake: &Lake) -> anyhow::Result<Exit> {
        let asked = ask::find(lake, &self.what)?;
        let mut found = Found::default();
        for id in asked.entities.iter().filter(|e| matches!(e.kind, Kind::Session | Kind::Process)) {
            found = session::one(lake, id, g.window())?;
            if !found.sessions.is_empty() {
                break;
            }
        }
        if found.sessions.is_empty() {
            return Err(WrongUse(nothing(&asked, &self.what)).into());
        }
        if g.json {
            show::json(&Shown { sessions: &found.sessions, cut: &found.cut })?;
            return Ok(Exit::Done);
        }
        let others = found.sessions.len() - 1;
        if let Some(s) = found.sessions.last() {
            show::out(text(s, self.limit).as_bytes())?;
            said(&s.cut);
        }
        if others > 0 {
            said(&[format!("{others} earlier sessions had this name too; name one with --until, or see all with --json")]);
        }
        said(&found.cut);
        Ok(Exit::Done)
    }
}

/// What to tell of a name that is no session.
fn nothing(asked: &ask::Found, what: &str) -> String {
    if asked.entities.is_empty() {
        return ask::unknown(asked);
    }
    format!("`{}` is in the logs, but no session of a machine has this name in that time; see `muster session list`", event::text::harmless(what))
}

/// The names in the logs that were meant.
fn known(lake: &Lake, asked: &[String], kind: Kind) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for text in asked {
        let found = ask::find(lake, text)?;
        let own: Vec<String> = found.entities.iter().filter(|e| e.kind == kind).map(|e| e.value.clone()).collect();
        if own.is_empty() {
            return Err(WrongUse(if found.entities.is_empty() {
                ask::unknown(&found)
            } else {
                format!("`{}` is no {}", event::text::harmless(text), kind.name())
            })
            .into());
        }
        names.extend(own);
    }
    Ok(names)
}

fn said(cut: &[String]) {
    cut.iter().for_each(|c| eprintln!("muster: {c}"));
}

fn row(s: &Session) -> Row<'_> {
    Row {
        id: &s.id,
        names: &s.names,
        host: &s.host,
        user: s.user.as_ref(),
        became: s.changes.iter().map(|c| &c.to).collect(),
        from: s.from.as_ref(),
        credential: s.credential.as_ref(),
        tty: s.tty.as_deref(),
        how: s.how,
        service: s.service.as_deref(),
        start: s.start,
        end: s.end,
        last: s.last,
        acts: s.acts,
        processes: s.procs.len(),
        opened: s.opened.as_deref(),
        sources: &s.sources,
        marks: &s.marks,
    }
}

/// What a list says of a session beside who and when.
fn marks(s: &Session) -> String {
    let mut marks: Vec<String> = s.changes.iter().map(|c| format!("became {}", name(&c.to))).collect();
    marks.dedup();
    if !s.connections.is_empty() {
        marks.push(format!("{} connections", s.connections.iter().map(|c| c.count).sum::<u64>()));
    }
    if s.opened.is_some() && s.end.is_none() {
        marks.push("no end seen".into());
    }
    marks.extend(s.marks.iter().cloned());
    marks.join(", ")
}

/// A user without the machine.
fn name(user: &Entity) -> &str {
    user.value.rsplit_once('@').map_or(&user.value, |(name, _)| name)
}

fn how(s: &Session) -> String {
    let by = s.service.as_deref().map(|b| format!(" ({b})")).unwrap_or_default();
    format!("{}{by}", show::word(&s.how))
}

fn cells(s: &Session) -> Vec<String> {
    let utc = respond::report::time::utc;
    let value = |e: &Option<Entity>| e.as_ref().map_or_else(|| "-".into(), |e| show::harmless(&e.value));
    let user = s.user.as_ref().map_or("-", name).to_owned();
    let end = s.end.map_or_else(|| "-".into(), utc);
    vec![
        show::harmless(&s.id.value),
        utc(s.start),
        end,
        show::harmless(&user),
        value(&s.from),
        show::harmless(&how(s)),
        s.acts.to_string(),
        show::harmless(&marks(s)),
    ]
}

fn text(s: &Session, limit: usize) -> String {
    let utc = respond::report::time::utc;
    let safe = show::harmless;
    let list = |names: &[Entity]| names.iter().map(|n| n.value.clone()).collect::<Vec<_>>().join(", ");
    let mut out = format!("session  {}\n", safe(&list(&s.names)));
    let mut say = |label: &str, value: Option<String>| out.extend(value.map(|v| format!("{label:<8} {}\n", safe(&v))));
    say("host", Some(s.host.clone()));
    say("user", s.user.as_ref().map(|u| u.value.clone()));
    say("from", s.from.as_ref().map(|f| f.value.clone()));
    say("with", s.credential.as_ref().map(|c| c.value.clone()));
    say("begun", Some(format!("{}, {}{}", utc(s.start), how(s), s.tty.as_ref().map_or_else(String::new, |t| format!(", terminal {t}")))));
    say("ended", Some(s.end.map_or_else(|| format!("no log says; last heard of at {}", utc(s.last)), utc)));
    say("told by", Some(s.sources.join(", ")));
    say("opened", Some(s.told.join(", ")).filter(|t| !t.is_empty()));
    say("marks", Some(s.marks.join(", ")).filter(|m| !m.is_empty()));
    out.push_str(&tree(s));
    out.push_str("\nreplay (UTC)\n");
    let rows: Vec<Vec<String>> = s.replay.iter().take(limit).map(|step| step_cells(s, step)).collect();
    out.push_str(&show::table(&["TIME", "WHAT", "PID", "EVENT", ""], &rows, 200));
    if s.replay.len() > limit {
        out.push_str(&format!("… {} more steps; raise --limit\n", s.replay.len() - limit));
    }
    out
}

/// Processes below their parents.
fn tree(s: &Session) -> String {
    if s.procs.is_empty() {
        return "\nprocesses\n  no log tells of any\n".into();
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); s.procs.len()];
    let mut roots = Vec::new();
    for (at, p) in s.procs.iter().enumerate() {
        match p.parent.and_then(|parent| children.get_mut(parent)) {
            Some(list) => list.push(at),
            None => roots.push(at),
        }
    }
    let mut out = String::from("\nprocesses\n");
    // Each with the drawing before it; the last child first, so that the first is taken next.
    let mut open: Vec<(usize, String, String)> = roots.into_iter().rev().map(|at| (at, "  ".to_owned(), "  ".to_owned())).collect();
    while let Some((at, head, below)) = open.pop() {
        let Some(p) = s.procs.get(at) else { continue };
        out.push_str(&format!("{head}{}\n", process(p)));
        let below_all = children.get(at).map(Vec::as_slice).unwrap_or_default();
        for (n, &child) in below_all.iter().enumerate().rev() {
            let last = n + 1 == below_all.len();
            let (mark, line) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            open.push((child, format!("{below}{mark}"), format!("{below}{line}")));
        }
    }
    out
}

fn process(p: &Proc) -> String {
    let what = p.command.as_deref().or(p.exe.as_deref()).unwrap_or("(started before the logs tell)");
    let who = p.effective.as_ref().or(p.user.as_ref()).map_or_else(String::new, |u| format!(" {}", name(u)));
    let cwd = p.cwd.as_ref().map_or_else(String::new, |c| format!("  in {c}"));
    show::harmless(&format!("{}{who}  {what}{cwd}", p.pid))
}

fn step_cells(s: &Session, step: &Step) -> Vec<String> {
    let pid = step.proc.and_then(|at| s.procs.get(at)).map_or_else(String::new, |p| p.pid.to_string());
    let failed = if step.outcome.as_deref() == Some("failure") { " (failed)" } else { "" };
    let event = step.events.first().cloned().unwrap_or_default();
    let more = if step.events.len() > 1 { format!(" +{}", step.events.len() - 1) } else { String::new() };
    vec![
        respond::report::time::utc(step.time),
        show::word(&step.kind),
        pid,
        show::harmless(&format!("{}{failed}", step.text)),
        show::harmless(&format!("{event}{more}")),
    ]
}
