//! The processes of one session while they are found: a process is a number on a machine for a time.
//!
//! A number that comes again with another parent, or after its end, is another process. A number that starts a program once more, with
//! the same parent, is the same process whose first program made way for the second; the second then stands below the first.

use std::collections::HashMap;

use event::{Column, Fields, Kind, Time, time::SECOND};

use super::{Detail, PROCS_MAX, Proc, UserChange};

/// How far apart the numbers of sudo and of what it runs may lie.
const COPIES_MAX: i64 = 8;
/// How long after sudo its command begins (seconds): somebody may have to type a password.
const HANDED_S: i64 = 60;

/// The processes of a session.
#[derive(Debug, Default)]
pub(super) struct Tree {
    procs: Vec<Proc>,
    /// The newest of each number.
    newest: HashMap<i64, usize>,
    /// More than are kept.
    pub cut: bool,
}

impl Tree {
    /// The process of that number, if it has not ended.
    pub fn find(&self, pid: i64) -> Option<usize> {
        let at = *self.newest.get(&pid)?;
        self.procs.get(at).filter(|p| p.end.is_none()).map(|_| at)
    }

    /// A process by its place.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut Proc> {
        self.procs.get_mut(at)
    }

    /// A program began, or a process was made (`exe` and command stay open then).
    pub fn start<F: Fields>(&mut self, e: &F, pid: i64, exec: bool, detail: &Detail) -> Option<usize> {
        let ppid = e.int(Column::Ppid);
        let found = self.find(pid);
        if ppid.is_none() && found.is_some() {
            // A program tells of itself (sudo of what it is about to run): the kernel's word on the same process says more.
            return found;
        }
        let same = found.filter(|&at| self.procs.get(at).is_some_and(|p| p.ppid == ppid || p.ppid.is_none()));
        if let Some(at) = same.filter(|&at| !exec || self.procs.get(at).is_some_and(|p| p.command.is_none())) {
            let proc = self.procs.get_mut(at)?;
            fill(proc, e, exec, detail);
            return Some(at);
        }
        let parent = same.or_else(|| ppid.and_then(|p| self.find(p))).or_else(|| self.behind_switcher(pid, ppid?, e.time()));
        let mut proc = blank(pid, e.time());
        (proc.ppid, proc.parent) = (ppid, parent);
        fill(&mut proc, e, exec, detail);
        self.push(proc)
    }

    /// sudo runs its command through a copy of itself, which no exec tells of: the command's parent then lies between the two in number.
    fn behind_switcher(&self, pid: i64, ppid: i64, time: Time) -> Option<usize> {
        let fits = |p: &Proc| {
            let switcher = p.exe.as_deref().map(super::login::base).is_some_and(super::login::is_switcher);
            let near = p.pid < ppid && ppid < pid && pid - p.pid <= COPIES_MAX && time.0 - p.start.0 <= HANDED_S * SECOND;
            switcher && near && p.end.is_none()
        };
        self.procs.iter().rposition(fits)
    }

    /// A process that only its children or acts tell of.
    pub fn known<F: Fields>(&mut self, e: &F, pid: i64, own: bool, detail: &Detail) -> Option<usize> {
        let at = match self.find(pid) {
            Some(at) => at,
            None => self.push(blank(pid, e.time()))?,
        };
        if own {
            let proc = self.procs.get_mut(at)?;
            proc.exe = proc.exe.take().or_else(|| e.text(Column::Exe).map(str::to_owned));
            let (exe, first) = (proc.exe.as_deref().map(super::login::base).map(str::to_owned), proc.parent.is_none());
            // The login program goes on in a child of its own.
            let root = self.procs.first().filter(|_| first && at > 0 && exe.is_some());
            let handed = root.is_some_and(|r| r.exe.as_deref().map(super::login::base).map(str::to_owned) == exe && r.command.is_none());
            let proc = self.procs.get_mut(at)?;
            if handed {
                proc.parent = Some(0);
            }
            proc.ppid = proc.ppid.or_else(|| e.int(Column::Ppid));
            proc.tty = proc.tty.take().or_else(|| detail.tty.clone());
        }
        Some(at)
    }

    fn push(&mut self, proc: Proc) -> Option<usize> {
        if self.procs.len() >= PROCS_MAX {
            self.cut = true;
            return None;
        }
        let at = self.procs.len();
        self.newest.insert(proc.pid, at);
        self.procs.push(proc);
        Some(at)
    }

    /// A process ended.
    pub fn end(&mut self, pid: i64, time: Time) {
        if let Some(proc) = self.find(pid).and_then(|at| self.procs.get_mut(at)) {
            proc.end = Some(time);
        }
    }

    /// The processes, without those that are only copies of their parent and did nothing; and the new place of each.
    pub fn take(self) -> (Vec<Proc>, Vec<Option<usize>>) {
        let mut keeps: Vec<bool> = self.procs.iter().map(|p| p.command.is_some() || p.acts > 0 || p.parent.is_none() || !p.changes.is_empty()).collect();
        for (at, proc) in self.procs.iter().enumerate().rev() {
            // A child stands after its parent, so going backward sees children first.
            if let (Some(true), Some(parent)) = (keeps.get(at), proc.parent)
                && let Some(keep) = keeps.get_mut(parent)
            {
                *keep = true;
            }
        }
        let mut places = Vec::with_capacity(keeps.len());
        let mut next = 0;
        for keep in &keeps {
            places.push(keep.then_some(next));
            next += usize::from(*keep);
        }
        let kept = self.procs.into_iter().zip(&keeps).filter(|(_, keep)| **keep).map(|(p, _)| p);
        let moved = |p: Proc| Proc { parent: p.parent.and_then(|at| places.get(at).copied().flatten()), ..p };
        (kept.map(moved).collect(), places)
    }
}

fn blank(pid: i64, start: Time) -> Proc {
    Proc {
        pid,
        ppid: None,
        parent: None,
        exe: None,
        command: None,
        cwd: None,
        tty: None,
        user: None,
        effective: None,
        start,
        end: None,
        event: None,
        changes: Vec::new(),
        acts: 0,
    }
}

fn fill<F: Fields>(proc: &mut Proc, e: &F, exec: bool, detail: &Detail) {
    let text = |c| e.text(c).map(str::to_owned);
    let user = |c: Column| e.text(c).map(|v| event::Entity { kind: Kind::User, value: v.to_owned() });
    if exec {
        proc.exe = text(Column::Exe).or(proc.exe.take());
        proc.command = text(Column::Command).or_else(|| proc.exe.clone()).or_else(|| text(Column::Message));
        proc.event = Some(e.id());
    }
    proc.cwd = detail.cwd.clone().or(proc.cwd.take());
    proc.tty = detail.tty.clone().or(proc.tty.take());
    proc.user = user(Column::User).or(proc.user.take());
    proc.effective = user(Column::TargetUser).or(proc.effective.take());
    proc.event = proc.event.take().or_else(|| Some(e.id()));
}

/// What a process became, where its effective identity is not its parent's. sudo itself became nobody: whoever it runs something as did,
/// and `sudo -l` runs nothing.
pub(super) fn changed(tree: &Tree, at: usize) -> Option<UserChange> {
    let proc = tree.procs.get(at)?;
    let now = proc.effective.as_ref().or(proc.user.as_ref())?;
    let switches = |p: &Proc| p.exe.as_deref().map(super::login::base).is_some_and(super::login::is_switcher);
    if switches(proc) {
        return None;
    }
    let above = |p: &Proc| p.parent.and_then(|p| tree.procs.get(p));
    // A child stands after its parent, so this ends.
    let parent = std::iter::successors(above(proc), |p| above(p)).find(|p| !switches(p) || p.parent.is_none());
    let before = parent.map_or(proc.user.as_ref(), |p| p.effective.as_ref().or(p.user.as_ref()))?;
    let by = proc.exe.as_deref().map_or("", super::login::base).to_owned();
    (before != now).then(|| UserChange { time: proc.start, from: Some(before.clone()), to: now.clone(), by, event: proc.event.clone().unwrap_or_default() })
}
