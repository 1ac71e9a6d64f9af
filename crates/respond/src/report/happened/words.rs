//! A row of several things in one sentence; a row of one keeps the log's.

use event::{Entity, Kind};

use super::NAMED_MAX;
use crate::{registry::pattern::short_name, report::brief::Happened, scope::Act};

/// Names that a sentence holds.
const SHOWN: usize = 3;

/// A line that has what was typed, by `Row::says`.
const TYPED: u8 = 4;

/// The sentence; `says` is what the line says that tells the act best.
pub(super) fn of(h: &Happened, says: u8) -> String {
    match h.act {
        Act::Look if h.operations.len() > 1 => format!("{} looked around: {}{}", who(h), listed(&h.operations, h.operations.len()), from(h)),
        _ if h.on_count > 1 => many(h),
        // What was typed says more than that somebody else was become.
        Act::Switch if says >= TYPED => h.text.clone(),
        Act::Login | Act::Logout | Act::Switch => login(h).unwrap_or_else(|| h.text.clone()),
        _ => h.text.clone(),
    }
}

fn many(h: &Happened) -> String {
    let Some(thing) = h.on.first() else { return h.text.clone() };
    let names: Vec<String> = h.on.iter().map(|e| last_part(e).to_owned()).collect();
    let holder = holder(thing).map(|b| format!(" of {b}")).unwrap_or_default();
    format!("{} {} {} {}{holder}: {}{}", who(h), verb(h), h.on_count, sort(thing), listed(&names, h.on_count), from(h))
}

/// The same words whichever log told of it.
fn login(h: &Happened) -> Option<String> {
    let name = |e: &Entity| e.value.rsplit_once('@').map_or_else(|| short_name(&e.value).to_owned(), |(name, _)| name.to_owned());
    let user = h.who.as_ref().filter(|w| w.kind == Kind::User).map(name)?;
    let place = h.place.as_ref()?;
    Some(match h.act {
        Act::Login => {
            let proof = h.credential.as_ref().map(|c| format!(" with key {}", c.value)).unwrap_or_default();
            let from = h.from.as_ref().map(|f| format!(" from {}", f.value))?;
            format!("{user} logged in to {place}{from}{proof}")
        }
        Act::Logout => format!("{user}'s session on {place} ended"),
        _ => {
            let to = h.on.first().filter(|t| t.kind == Kind::User && Some(*t) != h.who.as_ref()).map(name)?;
            format!("{user} became {to} on {place}")
        }
    })
}

fn who(h: &Happened) -> String {
    h.who.as_ref().map_or_else(|| "somebody".to_owned(), |w| short_name(&w.value).to_owned())
}

fn from(h: &Happened) -> String {
    h.from.as_ref().filter(|f| Some(*f) != h.who.as_ref()).map(|f| format!(", from {}", f.value)).unwrap_or_default()
}

fn verb(h: &Happened) -> String {
    let failed = h.outcome.as_deref() == Some("failure");
    let word = match h.act {
        Act::Failed => "failed to log in as",
        _ if failed => return format!("tried {} on", h.operation),
        Act::Read => "read",
        Act::List => "listed",
        Act::Copy => "copied",
        Act::Write => "wrote",
        Act::Make => "made",
        Act::Delete => "deleted or stopped",
        Act::Grant => "gave rights on",
        _ => return format!("called {} on", h.operation),
    };
    word.to_owned()
}

/// What sort of thing it is, in the plural.
fn sort(e: &Entity) -> String {
    let kind = e.value.splitn(6, ':').nth(5).map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    match (e.kind, kind) {
        _ if trace::container(e) != *e && e.kind == Kind::Resource => "objects".into(),
        (Kind::Resource, _) if e.value.starts_with("arn:aws:s3:::") => "buckets".into(),
        (Kind::Resource, Some(kind)) if e.value.starts_with("arn:") && !kind.is_empty() => format!("{kind}s"),
        (Kind::Resource, _) => "resources".into(),
        (k, _) => format!("{}s", k.name()),
    }
}

/// What holds it, where several have one.
fn holder(e: &Entity) -> Option<String> {
    let bucket = trace::container(e);
    match e.kind {
        Kind::File => e.value.rsplit_once('/').map(|(folder, _)| folder.to_owned()),
        _ if bucket != *e => Some(bucket.value.strip_prefix("arn:aws:s3:::").unwrap_or(&bucket.value).to_owned()),
        _ => None,
    }
}

fn last_part(e: &Entity) -> &str {
    match e.kind {
        Kind::File => e.value.rsplit('/').next().unwrap_or(&e.value),
        Kind::Resource => e.value.rsplit(['/', ':']).next().unwrap_or(&e.value),
        _ => short_name(&e.value),
    }
}

fn listed(names: &[String], count: usize) -> String {
    let shown = names.get(..SHOWN.min(names.len())).unwrap_or(names);
    let more = count.saturating_sub(shown.len());
    // Things are counted beyond what is named of them; operations are not.
    let least = if names.len() >= NAMED_MAX && count == names.len() { "at least " } else { "" };
    if more == 0 { shown.join(", ") } else { format!("{} and {least}{more} more", shown.join(", ")) }
}
