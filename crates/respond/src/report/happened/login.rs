//! One login, its end or one change of user, told by several lines (the daemon's own, PAM's, the kernel's), becomes one.

use std::collections::HashMap;

use event::{Entity, Kind, time::SECOND};

use crate::scope::{Act, Row};

/// How far apart the lines of one login may lie.
const FOLD_US: i64 = 5 * SECOND;

/// The bit of `Row::says` that a line has which names a session that it opened.
const OPENS: u8 = 1;

/// A row with the lines that say the same.
pub(super) struct Folded<'a> {
    /// The line that says it best.
    pub row: &'a Row,
    /// The others.
    pub echoes: Vec<&'a Row>,
}

impl<'a> Folded<'a> {
    /// The events of all its lines.
    pub fn events(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.row).chain(self.echoes.iter().copied()).map(|r| r.event.as_str())
    }

    fn last(&self) -> &'a Row {
        self.echoes.iter().copied().chain([self.row]).max_by_key(|r| r.time).unwrap_or(self.row)
    }
}

/// Rows in order of time; those of one login are one.
pub(super) fn fold(rows: &[Row]) -> Vec<Folded<'_>> {
    let mut out: Vec<Folded<'_>> = Vec::new();
    let mut open: HashMap<(&str, Act), Vec<usize>> = HashMap::new();
    for row in rows {
        let (place, acts) = (place(row), told_as(row));
        let same = |act: &Act| {
            let near = open.get(&(place, *act))?.iter().rev().find(|i| out.get(**i).is_some_and(|f| one(f, row)));
            near.copied()
        };
        match acts.iter().find_map(same) {
            Some(at) => {
                if let Some(f) = out.get_mut(at) {
                    join(f, row);
                }
            }
            None => {
                if let Some(act) = acts.first() {
                    let here = open.entry((place, *act)).or_default();
                    // Rows come in order of time: what is too far back is never asked for again.
                    here.retain(|i| out.get(*i).is_some_and(|f| apart(f.last(), row) <= FOLD_US));
                    here.push(out.len());
                }
                out.push(Folded { row, echoes: Vec::new() });
            }
        }
    }
    out.sort_by_key(|f| f.row.time);
    out
}

/// The acts that a line may be one more line of. What names neither who came nor from where may be a part of either.
fn told_as(row: &Row) -> &'static [Act] {
    match row.act {
        Act::Login if row.says == 0 => &[Act::Login, Act::Switch],
        Act::Login => &[Act::Login],
        Act::Logout => &[Act::Logout],
        Act::Switch => &[Act::Switch, Act::Login],
        _ => &[],
    }
}

fn join<'a>(f: &mut Folded<'a>, row: &'a Row) {
    let better = row.act == f.row.act && row.says > f.row.says || row.act == Act::Switch && f.row.act != Act::Switch;
    f.echoes.push(if better { std::mem::replace(&mut f.row, row) } else { row });
}

fn place(row: &Row) -> &str {
    row.host.as_deref().unwrap_or_else(|| row.event.rsplit_once('#').map_or("", |(source, _)| source))
}

fn apart(a: &Row, b: &Row) -> i64 {
    a.time.0.saturating_sub(b.time.0).saturating_abs()
}

/// Whether a line is one more of a login: near in time, and nothing in it speaks against another line of it.
fn one(f: &Folded<'_>, row: &Row) -> bool {
    let lines = || f.echoes.iter().copied().chain([f.row]);
    let agrees = |a: &Row| a.outcome.is_none() || row.outcome.is_none() || a.outcome == row.outcome;
    let part = row.act == f.row.act || row.says == 0 || f.row.says == 0;
    part && apart(f.row, row) <= FOLD_US && lines().all(|a| agrees(a) && !other(a, row))
}

/// Whether two lines name two things of one sort: two numbers of the same counter, two users, two addresses.
fn other(a: &Row, b: &Row) -> bool {
    let session = |r: &Row| [&r.actor, &r.target].into_iter().flatten().find(|e| e.kind == Kind::Session).map(|e| e.value.clone());
    let counter = |s: &str| s.rsplit_once('/').map(|(_, n)| n.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    let differ = |x: &Option<Entity>, y: &Option<Entity>| x.is_some() && y.is_some() && x != y;
    // sshd's own child bears another number than the login that it serves; two logins each open a session of their own.
    let opens = |r: &Row| r.says & OPENS != 0;
    let sessions = match (session(a), session(b)) {
        (Some(x), Some(y)) if opens(a) && opens(b) => x != y && counter(&x) == counter(&y),
        _ => false,
    };
    // A change of user has a line by the one who was and one by the one who is: users say nothing there.
    sessions
        || (a.act != Act::Switch && b.act != Act::Switch && (differ(&a.user, &b.user) || differ(&a.from, &b.from)))
        || (a.act == Act::Switch && b.act == Act::Switch && a.says > 3 && b.says > 3 && a.text != b.text)
}
