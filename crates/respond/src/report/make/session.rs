//! A session of `trace` as the brief tells it: bounded, with its beginning in words.

use trace::session::{How, Proc, Session};

use super::answer::things;
use crate::{
    report::brief::{ProcPart, SessionPart},
    words::safe,
};

/// Processes of a session that a brief holds; the others are counted.
const PROCS_MAX: usize = 200;

impl SessionPart {
    /// A session with its processes.
    pub fn of(s: &Session) -> SessionPart {
        let kept = s.procs.get(..s.procs.len().min(PROCS_MAX)).unwrap_or_default();
        SessionPart {
            id: s.id.clone(),
            host: s.host.clone(),
            user: s.user.clone(),
            from: s.from.clone(),
            text: text(s),
            start: s.start,
            end: s.end,
            opened: s.opened.clone(),
            procs: kept.iter().map(|p| part(p, s)).collect(),
            more: s.procs.len() - kept.len(),
        }
    }
}

fn text(s: &Session) -> String {
    let user = s.user.as_ref().map_or("somebody", |u| u.value.split('@').next().unwrap_or_default());
    let from = s.from.as_ref().map(|f| format!(" from {}", safe(&f.value))).unwrap_or_default();
    let how = match s.how {
        How::Terminal => ", at a terminal",
        How::RemoteCommand => ", for one command",
        How::FileTransfer => ", to move files",
        How::Cron => ", as a job that was due",
        How::Service => ", as a service; no login is behind it",
        How::Login => "",
        How::Unknown => "; the logs begin after it",
    };
    let key = s.credential.as_ref().map(|c| format!(" with {}", safe(&c.value))).unwrap_or_default();
    let touched = [(s.files.len(), "file"), (s.connections.len(), "connection")];
    let touched: Vec<String> = touched.iter().filter(|(n, _)| *n > 0).map(|(n, one)| things(*n, one)).collect();
    let touched = if touched.is_empty() { String::new() } else { format!("; {}", touched.join(", ")) };
    format!("{}{from}{key}{how}{touched}", safe(user))
}

fn part(p: &Proc, s: &Session) -> ProcPart {
    let command = p.command.clone().or_else(|| p.exe.clone()).unwrap_or_else(|| format!("process {} (only its children are in the logs)", p.pid));
    let who = |p: &Proc| p.effective.clone().or_else(|| p.user.clone());
    let parent = p.parent.and_then(|i| s.procs.get(i)).and_then(who);
    let user = who(p);
    let switched = user.is_some() && parent.is_some() && user != parent;
    ProcPart { command, user, switched, start: p.start, parent: p.parent, event: p.event.clone() }
}
