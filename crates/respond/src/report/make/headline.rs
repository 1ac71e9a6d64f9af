//! The answer by names: which machines, identities and keys are in the intruder's hands, what the intruder made, what left and to where.
//! What is not beyond doubt says so beside its name. Every list has a limit and says what it leaves out.

use std::collections::HashSet;

use event::{Entity, Kind, Time};
use trace::scope::How;

use crate::{
    registry::pattern::{host_of, short_name},
    report::{
        input::BriefInput,
        label::short,
        time::{near_minute, size},
    },
    scope::{Level, Reached, Verdict},
    words::safe_to,
};

/// Names of a list.
const SHOWN: usize = 5;
/// Characters of a name.
const NAME_MAX: usize = 24;

/// From the intruder's first act to the last that the logs tell of.
pub(super) fn span(input: &BriefInput) -> Option<String> {
    let held: HashSet<&Entity> = input.reached.iter().filter(|r| r.held() && r.entity.kind != Kind::User).map(|r| &r.entity).collect();
    let theirs = |e: &Option<Entity>| e.as_ref().is_some_and(|e| held.contains(e));
    let acts = || input.rows.iter().filter(|r| theirs(&r.actor) || theirs(&r.from) || theirs(&r.credential)).map(|r| r.time);
    let entries = input.entries.iter().filter_map(|e| e.time);
    let first = acts().chain(entries).min()?;
    let last = acts().max().unwrap_or(first);
    let (from, to) = (near_minute(first, input.now), near_minute(last, input.now));
    Some(match (from.split_once(' '), to.split_once(' ')) {
        _ if from == to => from,
        (Some((a, _)), Some((b, clock))) if a == b => format!("{from} to {clock}"),
        _ => format!("{from} to {to}"),
    })
}

/// All that is held, by name; nothing where nothing but addresses is.
pub(super) fn hands(input: &BriefInput, held: &[&Reached]) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(list("hosts", hosts(input, held)));
    let of = |kind, cloud: bool| held.iter().filter(move |r| r.entity.kind == kind && !r.made && cloud == host_of(&r.entity).is_none());
    out.extend(list("identities", of(Kind::User, true).map(|r| sure(name(&r.entity), r.level, &[]))));
    let keys = held.iter().filter(|r| r.entity.kind == Kind::Credential);
    out.extend(list("keys", keys.map(|r| sure(name(&r.entity), r.level, if r.made { &["made"] } else { &[] }))));
    let numbered =
        |r: &&&Reached| r.entity.value.starts_with("uid:") && held.iter().any(|o| o.made && o.entity != r.entity && host_of(&o.entity) == host_of(&r.entity));
    let made = held.iter().filter(|r| r.made && r.entity.kind == Kind::User).filter(|r| !numbered(r));
    out.extend(list("accounts made", made.map(|r| sure(name(&r.entity), r.level, &[]))));
    out
}

/// Machines with who is held there, and those that were tricked into acting for the intruder.
fn hosts(input: &BriefInput, held: &[&Reached]) -> Vec<String> {
    let mut found: Vec<(&str, Option<Time>, Vec<&Reached>)> = Vec::new();
    for r in held {
        let Some(host) = (if r.entity.kind == Kind::Host { Some(r.entity.value.as_str()) } else { host_of(&r.entity) }) else { continue };
        if !matches!(r.entity.kind, Kind::Host | Kind::User | Kind::Session) {
            continue;
        }
        match found.iter_mut().find(|(h, ..)| *h == host) {
            Some((_, since, all)) => {
                *since = [*since, r.since].into_iter().flatten().min();
                all.push(r);
            }
            None => found.push((host, r.since, vec![r])),
        }
    }
    let tricked = input.entries.iter().filter(|e| e.how == How::WebRequest).filter_map(|e| e.to.as_ref().map(|t| (t, e)));
    let tricked = tricked.filter(|(t, _)| t.kind == Kind::Host && !found.iter().any(|(h, ..)| *h == t.value));
    let mut out: Vec<(Option<Time>, String)> = tricked.map(|(t, e)| (e.time, sure(safe_to(&t.value, NAME_MAX), e.confidence, &["tricked"]))).collect();
    for (host, since, all) in found {
        let mut users: Vec<&str> = all.iter().filter(|r| r.entity.kind == Kind::User && !r.made).filter_map(|r| r.entity.value.split('@').next()).collect();
        users.sort_by_key(|u| *u != "root");
        let users: Vec<String> = users.iter().take(2).map(|u| safe_to(u, NAME_MAX)).collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let level = all.iter().map(|r| r.level).min().unwrap_or(Level::Possible);
        out.push((since, sure(safe_to(host, NAME_MAX), level, &users)));
    }
    out.sort();
    out.dedup();
    out.into_iter().map(|(_, text)| text).collect()
}

/// What left: how much of what, to where.
pub(super) fn left(input: &BriefInput) -> Option<String> {
    let x = input.exfiltration.as_ref().filter(|x| x.verdict == Verdict::Seen)?;
    let way = |w: &trace::scope::WayOut| {
        let bytes = w.bytes.map(|b| format!("{} ", size(b))).unwrap_or_default();
        let to = w.to.first().map(|t| format!(" to {}", safe_to(&t.value, NAME_MAX))).unwrap_or_default();
        let what = short(&w.what);
        let what = what.strip_prefix("bucket ").unwrap_or(&what);
        sure(format!("{bytes}from {}{to}", safe_to(what, NAME_MAX * 2)), w.confidence, &[])
    };
    let mut seen: Vec<_> = x.ways.iter().filter(|w| w.verdict == Verdict::Seen).collect();
    seen.sort_by_key(|w| std::cmp::Reverse(w.bytes));
    list("", seen.into_iter().map(way))
}

fn list(what: &str, names: impl IntoIterator<Item = String>) -> Option<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    let mut seen = HashSet::new();
    names.retain(|n| seen.insert(n.clone()));
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = if what.is_empty() { String::new() } else { format!("{what} ") };
    Some(format!("{what}{}{more}", names.join(", ")))
}

/// A name with what is to be said of it.
fn sure(name: String, level: Level, notes: &[&str]) -> String {
    let level = match level {
        Level::Shown => None,
        Level::Likely => Some("likely"),
        Level::Possible => Some("possible"),
    };
    let notes: Vec<&str> = notes.iter().copied().chain(level).collect();
    if notes.is_empty() { name } else { format!("{name} ({})", notes.join(", ")) }
}

/// A fingerprint is known by its first signs.
fn name(e: &Entity) -> String {
    const PRINT: usize = 16;
    let bare = short_name(&e.value);
    if e.kind == Kind::Credential && bare.contains(':') { safe_to(bare, PRINT) } else { safe_to(bare, NAME_MAX) }
}
