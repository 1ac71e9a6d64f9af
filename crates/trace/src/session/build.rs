//! Events to sessions: logins first, then each event in order of time to the session that it names, or whose process it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event::{Column, Entity, Facet, Fields, Kind, Relation, Time, class, time::SECOND};

use super::{
    Detail, How, STEPS_MAX, Session, Step, StepKind, TOUCHES_MAX, Touch, UserChange, how,
    login::{Login, base, is_switcher, logins_with, named, program},
    tree::{Tree, changed},
};
use crate::links;

/// How long after its end a session's name and processes still are that session's; how far apart words on one boot may lie (seconds).
const OVER_S: i64 = 60;

/// Places of the login of an event, and whether the event is the one that says most.
type LoginOf = HashMap<usize, (usize, bool)>;

pub(super) fn build<F: Fields>(events: &[F], detail: &impl Fn(&F) -> Detail) -> Vec<Session> {
    let logins = logins_with(events, |e| detail(e).tty);
    let mut of: LoginOf = HashMap::new();
    for (n, login) in logins.iter().enumerate() {
        of.extend(login.told.iter().map(|at| (*at, (n, *at == login.lead))));
    }
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_cached_key(|at| events.get(*at).map(|e| (e.time(), !of.contains_key(at), e.text(Column::Source).map(str::to_owned), e.int(Column::Seq))));
    let mut builder = Builder {
        events,
        detail,
        logins: &logins,
        of: &of,
        open: Vec::new(),
        by_login: HashMap::new(),
        by_name: HashMap::new(),
        by_pid: HashMap::new(),
        booted: HashMap::new(),
    };
    for at in order {
        builder.take(at);
    }
    let mut sessions: Vec<Session> = builder.open.into_iter().map(Open::close).collect();
    sessions.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    sessions
}

/// A session while events are still taken in.
struct Open {
    session: Session,
    tree: Tree,
    files: Touches,
    connections: Touches,
    sources: BTreeSet<String>,
    marks: BTreeSet<String>,
    is_login: bool,
    cut: BTreeSet<&'static str>,
}

type Touches = BTreeMap<(Entity, Relation, Option<i64>, Option<usize>), Touch>;

struct Builder<'a, F, D> {
    events: &'a [F],
    detail: &'a D,
    logins: &'a [Login],
    of: &'a LoginOf,
    open: Vec<Open>,
    by_login: HashMap<usize, usize>,
    by_name: HashMap<String, usize>,
    /// The newest session of each process, by host and number.
    by_pid: HashMap<(String, i64), usize>,
    /// When each machine last began anew.
    booted: HashMap<String, Time>,
}

impl<F: Fields, D: Fn(&F) -> Detail> Builder<'_, F, D> {
    fn take(&mut self, at: usize) {
        let Some(e) = self.events.get(at) else { return };
        let Some(host) = e.text(Column::Host).filter(|_| e.text(Column::Facet) != Some(Facet::Cloud.name())).map(str::to_owned) else { return };
        let detail = (self.detail)(e);
        if boots(e) {
            self.boot(&host, e.time());
        }
        if let Some(&(login, _)) = self.of.get(&at) {
            return self.login(at, login, &host, &detail);
        }
        let Some(place) = self.place(e, &host) else { return };
        let pid = e.int(Column::Pid);
        if let Some(open) = self.open.get_mut(place) {
            open.act(e, &detail);
        }
        for pid in [pid, e.int(Column::Ppid).filter(|p| *p > 1)].into_iter().flatten() {
            self.by_pid.insert((host.clone(), pid), place);
        }
    }

    /// A machine begins anew, and its numbers with it. Kernel, auditing and the accounting file each say so: the first does.
    fn boot(&mut self, host: &str, time: Time) {
        let told = self.booted.get(host).is_some_and(|t| time.0.saturating_sub(t.0) <= OVER_S * SECOND);
        if !told {
            self.booted.insert(host.to_owned(), time);
            self.by_pid.retain(|(h, _), _| h != host);
            self.by_name.retain(|_, place| self.open.get(*place).is_some_and(|o| o.session.host != host));
        }
    }

    /// The session of a process, unless it is over.
    fn owner(&self, e: &F, host: &str, pid: i64) -> Option<usize> {
        self.by_pid.get(&(host.to_owned(), pid)).copied().filter(|place| !self.over(e, *place))
    }

    fn over(&self, e: &F, place: usize) -> bool {
        self.open.get(place).and_then(|o| o.session.end).is_some_and(|end| e.time().0.saturating_sub(end.0) > OVER_S * SECOND)
    }

    /// The session of a program that begins: its parent's. What the first process started is nobody's, but for a service whose
    /// program makes way for another.
    fn begun(&self, e: &F, host: &str, pid: i64) -> Option<usize> {
        let Some(ppid) = e.int(Column::Ppid) else { return self.owner(e, host, pid) };
        if ppid > 2 {
            return self.owner(e, host, ppid);
        }
        let goes_on = |o: &Open| !o.is_login && o.session.how == How::Service && e.time().0.saturating_sub(o.session.last.0) <= OVER_S * SECOND;
        self.owner(e, host, pid).filter(|place| self.open.get(*place).is_some_and(goes_on))
    }

    /// An event that tells of a login.
    fn login(&mut self, at: usize, login: usize, host: &str, detail: &Detail) {
        let Some((e, told)) = self.events.get(at).zip(self.logins.get(login)) else { return };
        let place = *self.by_login.entry(login).or_insert(self.open.len());
        if place == self.open.len() {
            let Some(lead) = self.events.get(told.lead) else { return };
            self.open.push(Open::login(lead, host));
        }
        let names = told.told.iter().filter_map(|at| self.events.get(*at)).flat_map(|e| [e.text(Column::TargetSession), e.text(Column::Session)]);
        for name in names.flatten() {
            self.by_name.insert(name.to_owned(), place);
        }
        if let (Some(pid), false) = (e.int(Column::Pid), program(e).is_none_or(|p| p.contains("logind"))) {
            self.by_pid.insert((host.to_owned(), pid), place);
        }
        if let Some(open) = self.open.get_mut(place) {
            open.told(e, detail);
        }
    }

    /// The session of an event: the one it names, else that of its process or parent; of a process that none owns, its service's.
    fn place(&mut self, e: &F, host: &str) -> Option<usize> {
        let class = e.int(Column::ClassUid);
        let is = |c: event::Class| class == Some(i64::from(c.uid));
        let knocks = is(class::AUTHENTICATION) && e.text(Column::TargetUser).is_none() || is(class::SSH_ACTIVITY);
        if knocks && e.succeeded() == Some(false) {
            return None;
        }
        if let Some(name) = e.text(Column::Session).or_else(|| e.text(Column::TargetSession)) {
            match self.by_name.get(name).copied().filter(|p| !self.over(e, *p)) {
                // What a program on the machine calls a session is one with it.
                None if knocks || is(class::BASE_EVENT) || !links::of_machine(e.text(Column::Facet)) => return None,
                None => {}
                known => return known,
            }
            let place = self.open.len();
            self.open.push(Open::seen(e, host, name));
            self.by_name.insert(name.to_owned(), place);
            return Some(place);
        }
        let pid = e.int(Column::Pid)?;
        let ppid = e.int(Column::Ppid).filter(|p| *p > 2);
        // What a login process says of itself (sudo in a terminal) belongs to the login.
        let starts = is(class::PROCESS_ACTIVITY) && matches!(e.int(Column::ActivityId), Some(1));
        let known = if starts { self.begun(e, host, pid) } else { self.owner(e, host, pid).or_else(|| ppid.and_then(|p| self.owner(e, host, p))) };
        if known.is_some() {
            return known;
        }
        let runs = is(class::PROCESS_ACTIVITY) || is(class::NETWORK_ACTIVITY) || is(class::FILE_ACTIVITY);
        if !runs {
            return None;
        }
        let root = if starts { ppid.unwrap_or(pid) } else { pid };
        self.open.push(Open::service(e, host, root));
        Some(self.open.len() - 1)
    }
}

impl Open {
    fn new<F: Fields>(e: &F, host: &str, id: Entity, how: How) -> Open {
        let session = Session {
            names: vec![id.clone()],
            id,
            host: host.to_owned(),
            user: None,
            from: None,
            credential: None,
            tty: None,
            how,
            service: None,
            opened: None,
            told: Vec::new(),
            sources: Vec::new(),
            start: e.time(),
            end: None,
            last: e.time(),
            acts: 0,
            changes: Vec::new(),
            procs: Vec::new(),
            files: Vec::new(),
            connections: Vec::new(),
            replay: Vec::new(),
            marks: Vec::new(),
            cut: Vec::new(),
        };
        Open {
            session,
            tree: Tree::default(),
            files: Touches::new(),
            connections: Touches::new(),
            sources: BTreeSet::new(),
            marks: BTreeSet::new(),
            is_login: how != How::Service,
            cut: BTreeSet::new(),
        }
    }

    fn login<F: Fields>(lead: &F, host: &str) -> Open {
        let name = lead.text(Column::TargetSession).or_else(|| lead.text(Column::Session));
        let id = match name {
            Some(name) => Entity { kind: Kind::Session, value: name.to_owned() },
            None => Entity { kind: Kind::Process, value: format!("{host}/{}", lead.int(Column::Pid).unwrap_or_default()) },
        };
        let mut open = Open::new(lead, host, id, How::Login);
        open.session.opened = Some(lead.id());
        open.session.service = program(lead).map(str::to_owned);
        let text = lead.text(Column::Message).unwrap_or_else(|| lead.text(Column::Operation).unwrap_or("login"));
        open.step(Step {
            time: lead.time(),
            kind: StepKind::Login,
            proc: None,
            text: text.to_owned(),
            outcome: lead.text(Column::Outcome).map(str::to_owned),
            events: vec![lead.id()],
        });
        open
    }

    /// A session whose opening no log tells of.
    fn seen<F: Fields>(e: &F, host: &str, name: &str) -> Open {
        Open::new(e, host, Entity { kind: Kind::Session, value: name.to_owned() }, How::Unknown)
    }

    fn service<F: Fields>(e: &F, host: &str, root: i64) -> Open {
        Open::new(e, host, Entity { kind: Kind::Process, value: format!("{host}/{root}") }, How::Service)
    }

    /// One more telling of the login.
    fn told<F: Fields>(&mut self, e: &F, detail: &Detail) {
        self.seen_at(e);
        let s = &mut self.session;
        s.start = s.start.min(e.time());
        let entity = |c: Column| Some(Entity { kind: c.kind()?, value: e.text(c)?.to_owned() });
        s.user = s.user.take().filter(|u| named(&u.value)).or_else(|| entity(Column::User));
        s.from = s.from.take().or_else(|| entity(Column::SrcIp));
        s.credential = s.credential.take().or_else(|| entity(Column::Credential));
        s.tty = s.tty.take().or_else(|| detail.tty.clone());
        s.service = s.service.take().or_else(|| program(e).map(str::to_owned));
        for name in [entity(Column::TargetSession), entity(Column::Session)].into_iter().flatten() {
            if !s.names.contains(&name) {
                s.names.push(name);
            }
        }
        s.told.push(e.id());
        let listed = program(e).is_none_or(|p| p.contains("logind"));
        if let Some(pid) = e.int(Column::Pid).filter(|_| !listed)
            && let Some(proc) = self.tree.known(e, pid, false, detail).and_then(|at| self.tree.get_mut(at))
        {
            // The program that let it in is what the rest comes from.
            proc.exe = proc.exe.take().or_else(|| e.text(Column::Exe).or_else(|| program(e)).map(str::to_owned));
            proc.event = proc.event.take().or_else(|| Some(e.id()));
        }
        let s = &mut self.session;
        if let Some(step) = s.replay.iter_mut().find(|step| step.kind == StepKind::Login).filter(|step| !step.events.contains(&e.id())) {
            step.events.push(e.id());
        }
    }

    fn seen_at<F: Fields>(&mut self, e: &F) {
        self.session.last = self.session.last.max(e.time());
        self.sources.extend(e.text(Column::Source).map(str::to_owned));
        self.marks.extend(e.text(Column::Marks).into_iter().flat_map(|m| m.split(',')).map(str::to_owned));
    }

    /// Any other event of the session.
    fn act<F: Fields>(&mut self, e: &F, detail: &Detail) {
        self.seen_at(e);
        let s = &mut self.session;
        s.acts += 1;
        s.user = s.user.take().or_else(|| Some(Entity { kind: Kind::User, value: e.text(Column::User)?.to_owned() }));
        let ends = e.int(Column::ClassUid) == Some(i64::from(class::AUTHENTICATION.uid)) && e.int(Column::ActivityId) == Some(2);
        let switcher = program(e).is_some_and(is_switcher);
        let closes = self.is_login && !switcher && (ends || matches!(e.text(Column::Operation), Some("session_closed" | "session_closing")));
        if closes {
            self.session.end = Some(self.session.end.map_or(e.time(), |t| t.max(e.time())));
        }
        let proc = self.process(e, detail);
        let touched = self.touch(e, proc);
        let became = self.become_user(e, proc);
        if let Some(proc) = proc.and_then(|at| self.tree.get_mut(at)) {
            proc.acts += u64::from(touched.is_some());
        }
        let kind = match (closes, touched) {
            (true, _) => StepKind::Logout,
            (_, Some(kind)) => kind,
            _ if became => StepKind::User,
            _ if starts(e) => StepKind::Exec,
            _ => StepKind::Other,
        };
        // A program that was looked for along the path and was not there did nothing.
        if (kind == StepKind::Other && copies(e)) || (kind == StepKind::Exec && e.text(Column::Error) == Some("ENOENT")) {
            return;
        }
        let text = e.text(Column::Message).or_else(|| e.text(Column::Command)).or_else(|| e.text(Column::Operation)).unwrap_or_default().to_owned();
        let again = closes.then(|| self.session.replay.iter_mut().rev().find(|s| s.kind == StepKind::Logout)).flatten();
        match again {
            Some(step) => step.events.push(e.id()),
            None => self.step(Step { time: e.time(), kind, proc, text, outcome: e.text(Column::Outcome).map(str::to_owned), events: vec![e.id()] }),
        }
    }

    fn step(&mut self, step: Step) {
        if self.session.replay.len() < STEPS_MAX {
            self.session.replay.push(step);
        } else {
            self.cut.insert("steps");
        }
    }

    /// The process of an event, put into the tree.
    fn process<F: Fields>(&mut self, e: &F, detail: &Detail) -> Option<usize> {
        let pid = e.int(Column::Pid)?;
        let is_process = e.int(Column::ClassUid) == Some(i64::from(class::PROCESS_ACTIVITY.uid));
        match (is_process, e.int(Column::ActivityId)) {
            (true, Some(1)) if e.succeeded() != Some(false) => {
                // A parent that started before the logs, or outside of what was fetched, has no more than its number.
                if let Some(ppid) = e.int(Column::Ppid).filter(|p| *p > 2 && !self.is_login) {
                    self.tree.known(e, ppid, false, detail);
                }
                self.tree.start(e, pid, starts(e), detail)
            }
            (true, Some(2)) => {
                let at = self.tree.find(pid);
                self.tree.end(pid, e.time());
                at
            }
            (true, Some(1)) => self.tree.find(pid),
            _ if e.text(Column::Exe).is_some() => self.tree.known(e, pid, true, detail),
            _ => self.tree.find(pid),
        }
    }

    /// A file or connection.
    fn touch<F: Fields>(&mut self, e: &F, proc: Option<usize>) -> Option<StepKind> {
        let class = e.int(Column::ClassUid).unwrap_or_default();
        if class != i64::from(class::FILE_ACTIVITY.uid) && class != i64::from(class::NETWORK_ACTIVITY.uid) {
            return None;
        }
        let link = links(e).into_iter().find(|l| matches!(l.to.kind, Kind::File) || (l.relation == Relation::Connected && l.to.kind == Kind::Ip))?;
        let file = link.to.kind == Kind::File;
        let port = if file { None } else { e.int(Column::DstPort) };
        let list = if file { &mut self.files } else { &mut self.connections };
        let key = (link.to.clone(), link.relation, port, proc);
        if list.len() >= TOUCHES_MAX && !list.contains_key(&key) {
            self.cut.insert(if file { "files" } else { "connections" });
            return Some(if file { StepKind::File } else { StepKind::Connection });
        }
        let new = || Touch { what: link.to, relation: link.relation, port, proc, time: e.time(), last: e.time(), count: 0, event: e.id() };
        let touch = list.entry(key).or_insert_with(new);
        touch.count += 1;
        touch.last = touch.last.max(e.time());
        Some(if file { StepKind::File } else { StepKind::Connection })
    }

    /// Another identity taken on: by sudo's or su's own word, by a system call, or by a program that runs as somebody else than its parent.
    fn become_user<F: Fields>(&mut self, e: &F, proc: Option<usize>) -> bool {
        let user = |c: Column| Some(Entity { kind: Kind::User, value: e.text(c)?.to_owned() });
        let class = e.int(Column::ClassUid).unwrap_or_default();
        let says = class == i64::from(class::AUTHENTICATION.uid) || (class == i64::from(class::PROCESS_ACTIVITY.uid) && e.int(Column::ActivityId) == Some(5));
        let by = || {
            e.text(Column::Service)
                .or_else(|| e.text(Column::Exe))
                .map(base)
                .filter(|b| !b.is_empty())
                .unwrap_or_else(|| e.text(Column::Operation).unwrap_or_default())
        };
        let change = match (says, user(Column::TargetUser)) {
            (true, Some(to)) if e.succeeded() != Some(false) => {
                Some(UserChange { time: e.time(), from: user(Column::User), to, by: by().to_owned(), event: e.id() })
            }
            (true, _) => None,
            _ if starts(e) => proc.and_then(|at| changed(&self.tree, at)).map(|c| UserChange { time: e.time(), ..c }),
            _ => None,
        };
        let Some(change) = change else { return false };
        if let Some(proc) = proc.and_then(|at| self.tree.get_mut(at)) {
            proc.changes.push(change.clone());
        }
        // sudo says it, and then the kernel of the program that sudo ran.
        let told =
            self.session.changes.iter().rev().take_while(|c| change.time.0 - c.time.0 <= OVER_S * SECOND).any(|c| c.to == change.to && c.from == change.from);
        if !told {
            self.session.changes.push(change);
        }
        says
    }

    /// The session as it stands.
    fn close(self) -> Session {
        let mut s = self.session;
        let too_many = self.tree.cut;
        let (procs, places) = self.tree.take();
        let moved = |at: Option<usize>| at.and_then(|at| places.get(at).copied().flatten());
        s.replay.iter_mut().for_each(|step| step.proc = moved(step.proc));
        s.replay.sort_by_key(|step| step.time);
        let list = |touches: Touches| {
            let mut list: Vec<Touch> = touches.into_values().map(|t| Touch { proc: moved(t.proc), ..t }).collect();
            list.sort_by(|a, b| (a.time, &a.what).cmp(&(b.time, &b.what)));
            list
        };
        (s.files, s.connections) = (list(self.files), list(self.connections));
        s.tty = s.tty.or_else(|| procs.iter().find_map(|p| p.tty.clone()));
        s.how = match self.is_login {
            true => how::of_login(s.service.as_deref(), s.tty.as_deref(), &procs, s.opened.is_some()),
            false => How::Service,
        };
        if !self.is_login {
            s.service = procs.first().and_then(|p| p.exe.as_deref()).map(|e| base(e).to_owned());
        }
        // auditing's number is unique while the machine runs, sshd's process id is not: the former is the better name.
        s.names.sort_by_key(|n| (n.value.contains("/sshd:"), n.value.clone()));
        s.id = s.names.first().cloned().unwrap_or(s.id);
        let cut = self.cut.iter().map(|c| format!("there are more {c} than are kept"));
        s.cut = cut.chain(too_many.then(|| "there are more processes than are kept".to_owned())).collect();
        (s.sources, s.marks, s.procs) = (self.sources.into_iter().collect(), self.marks.into_iter().collect(), procs);
        s
    }
}

/// Whether a machine began anew: kernel and wtmp by one word, auditing by its own.
fn boots<F: Fields>(e: &F) -> bool {
    let told = e.int(Column::ClassUid) == Some(i64::from(class::BASE_EVENT.uid)) && e.text(Column::Operation) == Some("boot");
    told || e.text(Column::Operation) == Some("SYSTEM_BOOT")
}

/// Whether a program began: an exec, not a mere copy of a process.
fn starts<F: Fields>(e: &F) -> bool {
    let launch = e.int(Column::ClassUid) == Some(i64::from(class::PROCESS_ACTIVITY.uid)) && e.int(Column::ActivityId) == Some(1);
    launch && e.text(Column::Command).is_some()
}

/// Whether it is a process copied or ended, which a replay does not tell one by one.
fn copies<F: Fields>(e: &F) -> bool {
    e.int(Column::ClassUid) == Some(i64::from(class::PROCESS_ACTIVITY.uid)) && e.text(Column::Command).is_none()
}
