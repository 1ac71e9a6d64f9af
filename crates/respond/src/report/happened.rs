//! The rows of the time line as the brief tells them: lines that log one login once more are folded into it, the same act again
//! and again is one, and what weighs most is known before room is short. Never drops a row.

use std::collections::{HashMap, HashSet};

use event::{Entity, Kind, time::SECOND};

use super::brief::{BriefInput, Happened};
use crate::{
    plan::{holder_of_data, stops_log},
    scope::{Row, Status},
};

/// How far apart sshd's, PAM's and the kernel's lines of one login may lie.
const FOLD_US: i64 = 5 * SECOND;
/// Events that a row names besides its own: those folded into it.
const ECHOES_MAX: usize = 3;

/// What an operation is to a login or its end: the line that says it best, or one more line of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Echo,
    Other,
}

fn part(operation: &str) -> Part {
    match operation {
        "ssh_login" | "ssh_logout" | "USER_CMD" | "sudo" | "su" => Part::Head,
        "ssh_connection" | "session_opened" | "session_closed" | "USER_AUTH" | "USER_ACCT" | "CRED_ACQ" | "CRED_REFR" | "CRED_DISP" | "LOGIN"
        | "USER_START" | "USER_LOGIN" | "USER_END" | "USER_LOGOUT" => Part::Echo,
        _ => Part::Other,
    }
}

/// Of several lines without a head, the one that says most.
fn says(operation: &str) -> u8 {
    match operation {
        "USER_LOGIN" => 4,
        "session_opened" | "USER_END" | "session_closed" => 3,
        "USER_START" => 2,
        "LOGIN" | "ssh_connection" => 1,
        _ => 0,
    }
}

/// A row with the lines that say the same.
struct Folded<'a> {
    row: &'a Row,
    echoes: Vec<&'a Row>,
}

/// Who, what, with which outcome, on which thing, in which words.
type Group = (Option<Entity>, String, Option<String>, Option<Entity>, String);

/// Rows that are the same act on the same kind of thing become one, with first, last and count.
pub(super) fn happened(input: &BriefInput) -> Vec<Happened> {
    let weigh = Weigh::new(input);
    let mut out: Vec<Happened> = Vec::new();
    let mut open: HashMap<Group, usize> = HashMap::new();
    for one in fold(&input.rows) {
        let group = group(one.row);
        match open.get(&group).and_then(|i| out.get_mut(*i)) {
            Some(same) => again(same, &one, &weigh),
            None => {
                open.insert(group, out.len());
                out.push(first(&one, &weigh));
            }
        }
    }
    out.sort_by_key(|h| h.time);
    out
}

/// Lines that log a login or its end once more go to the line that says it best: same machine, same outcome, a few seconds apart.
fn fold(rows: &[Row]) -> Vec<Folded<'_>> {
    let mut out: Vec<Folded<'_>> = rows.iter().filter(|r| part(&r.operation) != Part::Echo).map(|row| Folded { row, echoes: Vec::new() }).collect();
    let mut heads: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, one) in out.iter().enumerate().filter(|(_, f)| part(&f.row.operation) == Part::Head) {
        heads.entry(place(one.row)).or_default().push(i);
    }
    let mut alone: HashMap<&str, usize> = HashMap::new();
    for echo in rows.iter().filter(|r| part(&r.operation) == Part::Echo) {
        let near =
            |i: &usize| out.get(*i).map(|f| (apart(f.row, echo), *i)).filter(|(far, i)| *far <= FOLD_US && out.get(*i).is_some_and(|f| fits(f.row, echo)));
        // Rows come in order of time: of the heads only those around the echo are looked at.
        let here = heads.get(place(echo)).map(Vec::as_slice).unwrap_or_default();
        let from = here.partition_point(|i| out.get(*i).is_some_and(|f| f.row.time.plus(FOLD_US) < echo.time));
        let around = here.iter().skip(from).take_while(|i| out.get(**i).is_some_and(|f| f.row.time <= echo.time.plus(FOLD_US)));
        let head = around.filter_map(near).min().map(|(_, i)| i).or_else(|| alone.get(place(echo)).and_then(near).map(|(_, i)| i));
        match head.and_then(|i| out.get_mut(i)) {
            Some(head) if part(&head.row.operation) == Part::Echo && says(&echo.operation) > says(&head.row.operation) => {
                head.echoes.push(std::mem::replace(&mut head.row, echo));
            }
            Some(head) => head.echoes.push(echo),
            None => {
                alone.insert(place(echo), out.len());
                out.push(Folded { row: echo, echoes: Vec::new() });
            }
        }
    }
    out.sort_by_key(|f| f.row.time);
    out
}

fn place(row: &Row) -> &str {
    row.host.as_deref().unwrap_or_else(|| row.event.rsplit_once('#').map_or("", |(source, _)| source))
}

fn apart(a: &Row, b: &Row) -> i64 {
    a.time.0.saturating_sub(b.time.0).saturating_abs()
}

/// Whether an outcome that one of them leaves open does not speak against the other.
fn fits(a: &Row, b: &Row) -> bool {
    a.outcome.is_none() || b.outcome.is_none() || a.outcome == b.outcome
}

/// Commands and addresses count to the letter; in other words numbers may differ (ports, process ids). Objects of one bucket are one.
fn group(row: &Row) -> Group {
    let target = row.target.as_ref().map(holder_of_data);
    let exact = matches!(row.operation.as_str(), "execve" | "execveat" | "USER_CMD" | "sudo" | "connect");
    let words = match () {
        () if target != row.target => String::new(),
        () if exact => row.text.clone(),
        () => row.text.split(|c: char| c.is_ascii_digit()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join("0"),
    };
    (row.actor.clone(), row.operation.clone(), row.outcome.clone(), target, words)
}

/// What a row weighs where room is short.
struct Weigh<'a> {
    /// Events on the way of the scope.
    way: HashSet<&'a str>,
    /// Events that handed over control, or that show data leaving.
    grave: HashSet<&'a str>,
    /// Addresses of the intruder and users that the intruder made: a command that names one is on the way too.
    names: Vec<&'a str>,
}

impl<'a> Weigh<'a> {
    fn new(input: &'a BriefInput) -> Weigh<'a> {
        let way = input.reached.iter().flat_map(|r| &r.path).map(String::as_str).collect();
        let handed = input.reached.iter().filter(|r| r.made || r.status == Status::Controlled).filter_map(|r| r.path.last());
        let left = input.left.iter().flat_map(|v| &v.events);
        let bare = |e: &'a Entity| e.value.split('@').next().unwrap_or_default();
        let names = input.reached.iter().filter(|r| r.status == Status::Controlled).filter_map(|r| match r.entity.kind {
            Kind::Ip => Some(r.entity.value.as_str()),
            Kind::User if r.made => Some(bare(&r.entity)),
            _ => None,
        });
        Weigh { way, grave: handed.chain(left).map(String::as_str).collect(), names: names.filter(|n| !n.is_empty()).collect() }
    }

    fn key(&self, f: &Folded<'_>) -> bool {
        f.events().any(|e| self.way.contains(e))
    }

    fn weight(&self, f: &Folded<'_>) -> u8 {
        let failed = f.row.outcome.as_deref() == Some("failure");
        let grave = f.events().any(|e| self.grave.contains(e)) || (!failed && (stops_log(&f.row.operation) || f.row.operation == "StartLogging"));
        let looks = ["Describe", "List", "Get", "Head"].iter().any(|p| f.row.operation.starts_with(p));
        let runs = matches!(f.row.operation.as_str(), "execve" | "execveat" | "USER_CMD" | "sudo" | "su") && !failed;
        let named = runs && self.names.iter().any(|n| f.row.text.contains(n));
        let switches = runs && !f.row.operation.starts_with("execve");
        match (grave, self.key(f)) {
            (true, _) => 3,
            (_, true) => 2,
            _ if named || switches => 2,
            _ if failed || looks || part(&f.row.operation) == Part::Echo || f.row.operation == "ssh_logout" => 0,
            _ => 1,
        }
    }
}

impl Folded<'_> {
    fn events(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.row).chain(self.echoes.iter().copied()).map(|r| r.event.as_str())
    }
}

fn first(f: &Folded<'_>, weigh: &Weigh<'_>) -> Happened {
    Happened {
        time: f.row.time,
        last: f.row.time,
        count: 1,
        operation: f.row.operation.clone(),
        outcome: f.row.outcome.clone(),
        text: f.row.text.clone(),
        key: weigh.key(f),
        weight: weigh.weight(f),
        // The lines that the scope rests on before the others.
        events: {
            let mut events: Vec<&str> = f.events().collect();
            events.get_mut(1..).unwrap_or_default().sort_by_key(|e| !weigh.way.contains(e));
            events.into_iter().take(1 + ECHOES_MAX).map(str::to_owned).collect()
        },
    }
}

fn again(same: &mut Happened, f: &Folded<'_>, weigh: &Weigh<'_>) {
    same.count += 1;
    same.time = same.time.min(f.row.time);
    same.last = same.last.max(f.row.time);
    same.key |= weigh.key(f);
    same.weight = same.weight.max(weigh.weight(f));
    same.events.truncate(1);
    same.events.push(f.row.event.clone());
}
