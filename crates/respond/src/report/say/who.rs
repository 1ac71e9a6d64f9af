//! Whom to call, and what may be done where.

use std::collections::HashSet;

use event::{Entity, Kind};

use crate::{
    registry::{Can, ContactRole, Person},
    report::{
        brief::{Limit, OwnerPart},
        label::short,
    },
    words::safe,
};

/// An owner with what is theirs.
pub(in crate::report) fn owner_line(o: &OwnerPart) -> String {
    const SHOWN: usize = 4;
    let things = things(o, SHOWN);
    let Some(name) = &o.owner else { return unowned(o, &things) };
    let system = o.system.as_ref().map(|s| format!(", system {}", safe(s))).unwrap_or_default();
    let how = match o.reasons.last() {
        Some(reason) if o.inferred => format!("; INFERRED, not registered: {}", safe(reason)),
        _ => String::new(),
    };
    let on_call = o.on_call.as_ref().map(|c| format!("; on call: {}", safe(c))).unwrap_or_default();
    format!("{}{system}: {things}{on_call}{how}", safe(name))
}

/// What nobody owns, and why nobody is known.
pub(in crate::report) fn unowned(o: &OwnerPart, things: &str) -> String {
    format!("owner unknown of {things}: {}", o.reasons.iter().map(|r| safe(r)).collect::<Vec<_>>().join("; "))
}

/// What is theirs in scope, in few words.
pub(in crate::report) fn things(o: &OwnerPart, shown: usize) -> String {
    let mut things: Vec<&Entity> = o.entities.iter().filter(|e| !e.value.starts_with("uid:")).collect();
    things.sort_by_key(|e| match e.kind {
        Kind::Host => 0,
        Kind::Account => 1,
        Kind::Resource => 2,
        Kind::User => 3,
        Kind::Credential => 4,
        _ => 5,
    });
    let label = |e: &Entity| if e.kind == Kind::Account { format!("account {}", safe(&e.value)) } else { short(e) };
    let mut names: Vec<String> = things.into_iter().map(label).collect();
    let mut seen = HashSet::new();
    names.retain(|n| seen.insert(n.clone()));
    let more = names.len().saturating_sub(shown);
    names.truncate(shown);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

/// Somebody to call, with the clock on their wall.
pub(in crate::report) fn person(p: &Person) -> (&'static str, String) {
    let role = match p.role {
        ContactRole::Primary => "primary",
        ContactRole::Deputy => "deputy",
        ContactRole::Escalation => "escalation",
    };
    let there = p.local_time.as_ref().map(|t| format!(" ({t} {})", p.time_zone.as_deref().map_or_else(|| "there".to_owned(), safe))).unwrap_or_default();
    let reached = p.last_reached.map(|t| format!(", reached {}", t.day())).unwrap_or_default();
    (role, format!("{}: {} {}{there}{reached}", safe(&p.name), safe(&p.channel), safe(&p.value)))
}

/// What we may do there, and what only the provider can; nothing where neither system nor capabilities are known.
pub(in crate::report) fn may(o: &OwnerPart) -> Option<(String, Vec<String>)> {
    if o.system.is_none() && o.capabilities.is_empty() {
        return None;
    }
    let system = safe(o.system.as_deref().or(o.owner.as_deref()).unwrap_or("-"));
    let Some(model) = o.service_model else {
        return Some((format!("{system}: no service model in the registry, so what we may do is not known"), limits(o)));
    };
    let of = |can| o.capabilities.iter().filter(move |(_, c)| c.can == can);
    let yes: Vec<&str> = of(Can::Yes).map(|(n, _)| *n).collect();
    let no: Vec<String> = of(Can::No).map(|(n, c)| format!("{n} ({})", safe(&c.note))).collect();
    let provider = o.provider.as_ref().map_or_else(String::new, |p| {
        let way = p.contacts.first().map(|c| format!(": {} {}", safe(&c.channel), safe(&c.value))).unwrap_or_default();
        format!("; provider {}{way}", safe(&p.name))
    });
    let cannot = if no.is_empty() {
        format!("all {}listed acts are ours", if o.limits.is_empty() { "" } else { "other " })
    } else {
        format!("not ours: {}", no.join(", "))
    };
    let mut notes = limits(o);
    notes.push(format!("{cannot}{provider}"));
    Some((format!("{system} ({}): we can {}", model.name(), yes.join(", ")), notes))
}

/// What must not be done to single things, each with its reason.
fn limits(o: &OwnerPart) -> Vec<String> {
    let said = |l: &Limit| {
        let act = match l.capability {
            "host_isolate" => "isolate on the host (host_isolate)",
            other => other,
        };
        format!("{}: do NOT {act}: {}", safe(&l.thing), safe(&l.note))
    };
    o.limits.iter().map(said).collect()
}
