//! Which tellings are one login: sshd, PAM, logind, auditing and the accounting files each tell of it in their own words.
//!
//! Two tellings are one where they share the login's process or session, or where exactly one fits the other by machine, user, time and
//! address or terminal. What contradicts (another address, port, terminal, process, session, user, or the same voice once more) is never
//! joined, and what fits two is joined to neither: two logins are not made one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event::{Column, Fields, Time, class, time::SECOND};

use super::terminal;
use crate::links;

/// How far apart tellings of one login may lie: PAM's modules and a slow disk take their time, and logs round to a second (seconds).
pub const LOGIN_S: i64 = 5;

/// Logins of one user on one machine within the time, among which none is fitted to another.
const CROWD_MAX: usize = 32;

/// One login, and the places of the events that tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The telling that says most.
    pub lead: usize,
    /// All of them, the earliest first.
    pub told: Vec<usize>,
}

/// What one event says of a login.
#[derive(Clone, Debug)]
struct Telling<'a> {
    at: usize,
    time: Time,
    host: &'a str,
    user: &'a str,
    /// Whose words: source and operation.
    voice: (&'a str, &'a str),
    /// The session's names and the process of the login program.
    strong: BTreeSet<String>,
    /// Of which program: `sshd`, `cron`; nothing of what only registers logins.
    program: Option<&'a str>,
    from: Option<&'a str>,
    port: Option<i64>,
    tty: Option<String>,
    /// Whether it opens something, and does not only tell of a step on the way.
    opens: bool,
    weight: u8,
}

/// Programs that register logins of others.
const REGISTRARS: [&str; 6] = ["systemd-logind", "elogind", "logind", "systemd", "systemd-user", "utmp"];
/// Programs whose sessions are jobs, not somebody who came in.
const JOBS: [&str; 3] = ["cron", "atd", "anacron"];
/// Programs that change who acts inside a session.
const SWITCHERS: [&str; 7] = ["sudo", "su", "su-l", "runuser", "runuser-l", "doas", "pkexec"];

/// The last part of a program's path; one word for what has several (sshd since 9.8, cron's children).
pub(super) fn base(path: &str) -> &str {
    match path.rsplit('/').next().unwrap_or(path) {
        name if name.starts_with("sshd") => "sshd",
        "CRON" | "crond" => "cron",
        // `python3;58d1ccfb (deleted)`: a program that was replaced while it ran.
        name => name.split(';').next().unwrap_or(name),
    }
}

/// The program that let a login in, or that tells of it.
pub(super) fn program<F: Fields>(e: &F) -> Option<&str> {
    // `login` is also the word for what no record names.
    e.text(Column::Service).or_else(|| e.text(Column::Exe)).map(base).filter(|p| !matches!(*p, "" | "login"))
}

/// Whether a program changes who acts inside a session.
pub(super) fn is_switcher(program: &str) -> bool {
    SWITCHERS.contains(&program)
}

/// Whether a program begins jobs that are due.
pub(super) fn is_job(program: &str) -> bool {
    JOBS.contains(&program)
}

/// Whether a user has a name, not only the number that the kernel knows.
pub(super) fn named(user: &str) -> bool {
    !user.starts_with("uid:")
}

/// Whether an event tells of a login to a machine, or of a step of one.
fn telling<'a, F: Fields>(at: usize, e: &'a F, tty: Option<String>) -> Option<Telling<'a>> {
    let text = |c| e.text(c);
    let of_machine = links::of_machine(text(Column::Facet));
    let authentication = e.int(Column::ClassUid) == Some(i64::from(class::AUTHENTICATION.uid));
    let activity = e.int(Column::ActivityId).unwrap_or_default();
    let host = text(Column::Host).filter(|_| of_machine && authentication && e.succeeded() != Some(false))?;
    let program = program(e);
    let step = activity == 99 || activity == 0;
    if !(activity == 1 || step) || program.is_some_and(is_switcher) || text(Column::TargetUser).is_some() {
        return None;
    }
    let registrar = program.is_some_and(|p| REGISTRARS.contains(&p));
    let names = [Column::TargetSession, Column::Session].into_iter().filter_map(text);
    let mut strong: BTreeSet<String> = names.map(|n| format!("s{n}")).collect();
    if let (Some(pid), false) = (e.int(Column::Pid), registrar) {
        strong.insert(format!("p{host}/{pid}"));
    }
    let says = [Column::Credential, Column::SrcIp, Column::TargetSession, Column::User].map(|c| u8::from(text(c).is_some()));
    let weight = says.iter().fold(0, |sum, said| sum * 2 + said) * 2 + u8::from(activity == 1);
    Some(Telling {
        at,
        time: e.time(),
        host,
        // A number that no record names may be anybody's.
        user: text(Column::User).filter(|u| named(u)).unwrap_or_default(),
        voice: (text(Column::Source).unwrap_or_default(), text(Column::Operation).unwrap_or_default()),
        strong,
        program: program.filter(|_| !registrar),
        from: text(Column::SrcIp),
        port: e.int(Column::SrcPort),
        tty,
        opens: activity == 1 || text(Column::TargetSession).is_some(),
        weight,
    })
}

/// The logins that events tell of, in order of time. Events that tell of none are in none.
pub fn logins<F: Fields>(events: &[F]) -> Vec<Login> {
    logins_with(events, |_| None)
}

/// The same, where the terminal is known of some events.
pub fn logins_with<F: Fields>(events: &[F], tty: impl Fn(&F) -> Option<String>) -> Vec<Login> {
    let mut tellings: Vec<Telling<'_>> = events.iter().enumerate().filter_map(|(at, e)| telling(at, e, tty(e).as_deref().and_then(terminal))).collect();
    // By time, and where logs round alike by what cannot depend on the order given.
    tellings.sort_by(|a, b| (a.time, a.voice, &a.strong).cmp(&(b.time, b.voice, &b.strong)));
    let mut groups = by_id(tellings);
    fit(&mut groups);
    let mut logins: Vec<Login> = groups.into_iter().filter(|g| g.tellings.iter().any(|t| t.opens)).filter_map(|g| g.login()).collect();
    logins.sort_by_key(|l| l.told.first().copied().and_then(|at| events.get(at)).map(|e| (e.time(), l.lead)));
    logins
}

#[derive(Debug, Default)]
struct Group<'a> {
    tellings: Vec<Telling<'a>>,
}

/// Joins what shares the login's process or session, within the time.
fn by_id(tellings: Vec<Telling<'_>>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut newest: HashMap<String, usize> = HashMap::new();
    for t in tellings {
        let of = |key: &String| newest.get(key).copied().and_then(|at| groups.get(at).map(|g| (at, g)));
        let fits = t.strong.iter().filter_map(of).find(|(_, g)| g.near(&t) && g.tellings.iter().all(|o| agree(o, &t)));
        let at = fits.map_or(groups.len(), |(at, _)| at);
        newest.extend(t.strong.iter().map(|k| (k.clone(), at)));
        match groups.get_mut(at) {
            Some(group) => group.tellings.push(t),
            None => groups.push(Group { tellings: vec![t] }),
        }
    }
    groups
}

/// Joins groups of which each fits the other and none of the other's rivals, until none are left.
fn fit(groups: &mut Vec<Group<'_>>) {
    loop {
        let (pairs, crowded) = fitting(groups);
        let rivals = |a: usize, b: usize| groups.get(a).zip(groups.get(b)).is_none_or(|(x, y)| x.rivals(y));
        // Of those that fit, it is the only one that could be this telling's.
        let only = |of: usize, with: usize| pairs.get(&of).into_iter().flatten().all(|&c| c == with || !rivals(c, with));
        let mut used = BTreeSet::new();
        let mut mutual: Vec<(usize, usize)> = Vec::new();
        for (&a, with) in pairs.iter().filter(|(a, _)| !crowded.contains(a)) {
            let other = with.iter().copied().find(|&b| a < b && only(a, b) && only(b, a) && !crowded.contains(&b) && !used.contains(&a) && !used.contains(&b));
            if let Some(b) = other {
                used.extend([a, b]);
                mutual.push((a, b));
            }
        }
        if mutual.is_empty() {
            return;
        }
        for (a, b) in mutual {
            let taken = groups.get_mut(b).map(std::mem::take).unwrap_or_default();
            if let Some(group) = groups.get_mut(a) {
                group.tellings.extend(taken.tellings);
                group.tellings.sort_by_key(|t| t.time);
            }
        }
        groups.retain(|g| !g.tellings.is_empty());
    }
}

/// For each group those that fit it; and those in a crowd, of which nothing fits alone.
fn fitting(groups: &[Group<'_>]) -> (BTreeMap<usize, Vec<usize>>, BTreeSet<usize>) {
    let mut by_place: BTreeMap<(&str, &str), Vec<(Time, usize)>> = BTreeMap::new();
    for (i, g) in groups.iter().enumerate() {
        if let (Some(place), Some(time)) = (g.place(), g.tellings.first().map(|t| t.time)) {
            by_place.entry(place).or_default().push((time, i));
        }
    }
    let (mut found, mut crowded): (BTreeMap<usize, Vec<usize>>, BTreeSet<usize>) = Default::default();
    for list in by_place.values_mut() {
        list.sort_unstable();
        for (n, &(time, a)) in list.iter().enumerate() {
            let near = list.iter().skip(n + 1).take_while(|(t, _)| t.0 - time.0 <= 2 * LOGIN_S * SECOND);
            let near: Vec<usize> = near.map(|(_, i)| *i).take(CROWD_MAX + 1).collect();
            if near.len() > CROWD_MAX {
                crowded.extend(near.iter().chain([&a]));
                continue;
            }
            for b in near {
                if groups.get(a).zip(groups.get(b)).is_some_and(|(x, y)| x.fits(y)) {
                    found.entry(a).or_default().push(b);
                    found.entry(b).or_default().push(a);
                }
            }
        }
    }
    (found, crowded)
}

impl<'a> Group<'a> {
    fn place(&self) -> Option<(&'a str, &'a str)> {
        let user = self.tellings.iter().map(|t| t.user).find(|u| !u.is_empty())?;
        self.tellings.first().map(|t| (t.host, user))
    }

    fn programs(&self) -> BTreeSet<&'a str> {
        self.tellings.iter().filter_map(|t| t.program).collect()
    }

    fn near(&self, t: &Telling<'_>) -> bool {
        self.tellings.iter().all(|o| (o.time.0 - t.time.0).abs() <= LOGIN_S * SECOND)
    }

    /// Whether both cannot be of one login: the same voice twice, or one contradicts the other.
    fn rivals(&self, other: &Group<'_>) -> bool {
        self.tellings.iter().any(|a| other.tellings.iter().any(|b| a.voice == b.voice || !agree(a, b)))
    }

    fn fits(&self, other: &Group<'_>) -> bool {
        let near = other.tellings.iter().all(|t| self.near(t));
        near && !self.rivals(other) && self.tied(other)
    }

    /// Whether more than machine, user and time speaks for it: the address, the terminal, or that one only registers who came in.
    fn tied(&self, other: &Group<'_>) -> bool {
        let says = |g: &Group<'_>, f: &dyn Fn(&Telling<'_>) -> Option<String>| g.tellings.iter().filter_map(f).collect::<BTreeSet<String>>();
        let shares = |f: &dyn Fn(&Telling<'_>) -> Option<String>| !says(self, f).is_disjoint(&says(other, f));
        let (mine, theirs) = (self.programs(), other.programs());
        let job = mine.iter().chain(&theirs).any(|p| is_job(p));
        let registers = mine.is_empty() != theirs.is_empty() && !job;
        shares(&|t| t.from.map(str::to_owned)) || shares(&|t| t.tty.clone()) || registers
    }

    fn login(&self) -> Option<Login> {
        let lead = self.tellings.iter().max_by(|a, b| (a.weight, b.time, b.voice).cmp(&(b.weight, a.time, a.voice)))?.at;
        let mut told: Vec<(Time, usize)> = self.tellings.iter().map(|t| (t.time, t.at)).collect();
        told.sort_unstable();
        Some(Login { lead, told: told.into_iter().map(|(_, at)| at).collect() })
    }
}

/// Whether two tellings say nothing that contradicts.
fn agree(a: &Telling<'_>, b: &Telling<'_>) -> bool {
    fn same<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let user = a.user.is_empty() || b.user.is_empty() || a.user == b.user;
    let program = a.program.zip(b.program).is_none_or(|(x, y)| x == y);
    let names = |t: &Telling<'_>| {
        let by_kind = |k: &String| (k.split_once("/sshd:").is_some(), k.clone());
        t.strong.iter().filter(|k| k.starts_with('s')).map(by_kind).collect::<BTreeMap<bool, String>>()
    };
    let program_unknown = a.program.is_none() || b.program.is_none();
    let (x, y) = (names(a), names(b));
    let session = x.iter().all(|(kind, name)| y.get(kind).is_none_or(|other| other == name));
    let pid = |t: &Telling<'_>| t.strong.iter().find(|k| k.starts_with('p')).cloned();
    // A login program hands its session on to a child, which then speaks of the same session.
    // And the accounting files name the child, of no program.
    let process = x.values().any(|name| y.values().any(|other| other == name)) || program_unknown || same(&pid(a), &pid(b));
    a.host == b.host && user && program && session && process && same(&a.from, &b.from) && same(&a.port, &b.port) && same(&a.tty, &b.tty)
}
