//! The rows of the time line as the brief tells them: lines that log one login once more are folded into it (`login`), acts of one
//! kind on things of one kind are one row with their count, and what weighs most is known before room is short. Acts are told apart
//! by class, relation and kind of target, never by the words of a log. Never drops a row.

mod login;
mod weigh;
mod words;

use std::collections::{HashMap, HashSet};

use event::{Entity, Kind};

use super::{brief::Happened, input::BriefInput};
use crate::scope::{Act, Row};
use login::Folded;
use weigh::Weigh;

/// Things and events that a row names; beyond them it counts.
pub(super) const NAMED_MAX: usize = 8;
/// Events of a single act: its own, and those that log it once more.
const ECHOES_MAX: usize = 4;

/// What acts must have in common to be told as one.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    actor: Option<Entity>,
    act: Act,
    failed: bool,
    from: Option<Entity>,
    host: Option<String>,
    on: String,
    words: String,
}

/// Rows that are acts of one kind on things of one kind become one, with first, last and count.
pub(super) fn happened(input: &BriefInput) -> Vec<Happened> {
    let weigh = Weigh::new(input);
    let mut out: Vec<Happened> = Vec::new();
    let mut seen: Vec<HashSet<Entity>> = Vec::new();
    let mut says: Vec<u8> = Vec::new();
    let mut open: HashMap<Key, usize> = HashMap::new();
    for one in login::fold(&input.rows) {
        let at = *open.entry(key(one.row)).or_insert(out.len());
        if at == out.len() {
            out.push(first(&one, &weigh));
            seen.push(one.row.target.iter().cloned().collect());
            says.push(one.row.says);
        } else if let (Some(same), Some(seen)) = (out.get_mut(at), seen.get_mut(at)) {
            again(same, seen, &one, &weigh);
        }
    }
    out.iter_mut().zip(says).for_each(|(h, says)| h.text = words::of(h, says));
    out.sort_by_key(|h| h.time);
    out
}

/// Commands and connections count to the letter. Data goes by what holds it, looks by who looked, and in other words numbers may differ
/// (ports, process ids).
fn key(row: &Row) -> Key {
    let bare = || row.text.split(|c: char| c.is_ascii_digit()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join("0");
    let target = || row.target.as_ref().map(Entity::to_string).unwrap_or_default();
    let (on, words) = match row.act {
        Act::Look => (String::new(), String::new()),
        Act::Run | Act::Connect | Act::Switch => (target(), row.text.clone()),
        Act::Read | Act::List | Act::Copy | Act::Failed => (row.target.as_ref().map(family).unwrap_or_default(), String::new()),
        Act::Login | Act::Logout | Act::Note | Act::Other => (target(), format!("{} {}", row.operation, bare())),
        Act::Write | Act::Make | Act::Assume | Act::Grant | Act::Delete => {
            let of_kind = row.target.as_ref().filter(|t| t.kind == Kind::Resource).map(family);
            (of_kind.unwrap_or_else(target), row.operation.clone())
        }
    };
    let place = if matches!(row.act, Act::Look | Act::Read | Act::List | Act::Copy) { None } else { row.host.clone() };
    Key { actor: row.actor.clone(), act: row.act, failed: row.failed(), from: row.from.clone(), host: place, on, words }
}

/// What holds a thing, or what sort it is: the bucket of an object, the folder of a file, service and type of another resource.
fn family(e: &Entity) -> String {
    let holder = trace::container(e);
    match e.kind {
        Kind::File => holder.value,
        Kind::Resource if holder != *e => holder.value,
        Kind::Resource if e.value.starts_with("arn:") => {
            let parts: Vec<&str> = e.value.splitn(6, ':').collect();
            let kind = parts.get(5).map(|rest| rest.split(['/', ':']).next().unwrap_or_default()).unwrap_or_default();
            // The name of a bucket stands where others have their type.
            if parts.get(2) == Some(&"s3") { e.value.clone() } else { format!("{}:{kind}", parts.get(..5).unwrap_or_default().join(":")) }
        }
        Kind::Resource => e.value.rsplit_once('/').map_or_else(|| e.value.clone(), |(head, _)| head.to_owned()),
        _ => e.kind.name().to_owned(),
    }
}

fn first(f: &Folded<'_>, weigh: &Weigh<'_>) -> Happened {
    Happened {
        time: f.row.time,
        last: f.row.time,
        count: 1,
        act: f.row.act,
        facet: f.row.facet,
        place: f.row.host.clone(),
        who: f.row.user.clone().or_else(|| f.row.actor.clone()),
        from: f.row.from.clone(),
        credential: f.row.credential.clone(),
        operation: f.row.operation.clone(),
        operations: vec![f.row.operation.clone()],
        outcome: f.row.outcome.clone(),
        text: f.row.text.clone(),
        on: f.row.target.iter().cloned().collect(),
        on_count: usize::from(f.row.target.is_some()),
        key: weigh.key(f),
        weight: weigh.weight(f),
        // The lines that the scope rests on before the others.
        events: {
            let mut events: Vec<&str> = f.events().collect();
            events.get_mut(1..).unwrap_or_default().sort_by_key(|e| !weigh.on_way(e));
            events.into_iter().take(ECHOES_MAX).map(str::to_owned).collect()
        },
    }
}

fn again(same: &mut Happened, seen: &mut HashSet<Entity>, f: &Folded<'_>, weigh: &Weigh<'_>) {
    if same.count == 1 {
        same.events.truncate(1);
    }
    same.count += 1;
    same.time = same.time.min(f.row.time);
    same.last = same.last.max(f.row.time);
    same.key |= weigh.key(f);
    same.weight = same.weight.max(weigh.weight(f));
    if let Some(target) = f.row.target.as_ref().filter(|t| seen.insert((*t).clone())) {
        same.on_count += 1;
        if same.on.len() < NAMED_MAX {
            same.on.push(target.clone());
        }
    }
    if !same.operations.contains(&f.row.operation) && same.operations.len() < NAMED_MAX {
        same.operations.push(f.row.operation.clone());
    }
    if same.events.len() == NAMED_MAX {
        same.events.pop();
    }
    same.events.push(f.row.event.clone());
}
