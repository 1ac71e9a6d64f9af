//! What is not ready, and how much is.

use event::{Time, time::DAY};

use super::{CONTACT_DAYS, Finding, GAP_DAYS, Input, Kind, Part, REVIEW_DAYS, STALE_DAYS, State, matrix};
use crate::{
    registry::{Contact, Entry, Own},
    report::time::utc,
};

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub findings: Vec<Finding>,
    pub parts: Vec<Part>,
    pub unchecked: Vec<String>,
}

impl Found {
    fn add(&mut self, kind: Kind, about: &str, text: String, act: String, shown_by: Option<String>) {
        self.findings.push(Finding { kind, about: about.to_owned(), text, act, shown_by });
    }

    fn part(&mut self, name: &'static str, ready: usize, of: usize) {
        self.parts.push(Part { name, ready: ready as u64, of: of as u64 });
    }
}

/// Looks at everything.
pub(super) fn find(input: &Input<'_>, rows: &[matrix::Row]) -> Found {
    let mut found = Found::default();
    if input.registry.is_empty() {
        found.unchecked.push("owners, contacts and vendors: there is no registry; `muster init` makes one".into());
    } else {
        owners(input, &mut found);
        contacts(input, &mut found);
        vendors(input, &mut found);
    }
    match input.logged {
        None | Some([]) => found.unchecked.push("logs, gaps and retention: no store has any events; `muster ingest PATH` takes logs in".into()),
        Some(logged) => {
            if !input.registry.is_empty() {
                facets(rows, &mut found);
                unregistered(input, logged, &mut found);
            }
            gaps(input, &mut found);
            retention(input, &mut found);
        }
    }
    let unread = input.unread.iter();
    found.findings.extend(unread.map(|u| Finding {
        kind: Kind::Unread,
        about: u.split(':').next().unwrap_or(u).to_owned(),
        text: u.clone(),
        act: "read again what was not read: `muster ingest PATH`".into(),
        shown_by: None,
    }));
    if let Some(first) = input.problems.first() {
        let text = format!("the registry's files have faults ({}); what these lines say is not used", input.problems.len());
        found.add(
            Kind::Registry,
            "registry",
            text,
            "mend the registry's files: `muster check` names each line".into(),
            Some(format!("{}:{}", first.file, first.line)),
        );
    }
    found
}

fn place(e: &Entry) -> Option<String> {
    Some(format!("{}:{}", e.file, e.line))
}

fn owned_kinds(e: &Entry) -> bool {
    ["system", "component", "resource", "dataset"].iter().any(|k| e.is(k))
}

/// Everything that can have an owner has one, whom the registry knows and who can be called.
fn owners(input: &Input<'_>, found: &mut Found) {
    let registry = input.registry;
    let (mut ready, mut of) = (0, 0);
    for e in registry.entries().iter().filter(|e| owned_kinds(e)) {
        of += 1;
        let by = std::iter::once(e).chain(matrix::system_of(registry, e)).find_map(|e| e.owner.as_ref().map(|r| (e, r)));
        match by {
            None => found.add(Kind::NoOwner, &e.name, format!("{} has no owner", e.label()), format!("name an owner of {}", e.label()), place(e)),
            Some((at, r)) if registry.find(r, at).is_none() => {
                let text = format!("the owner of {}, `{}`, is not in the registry", e.label(), r.text);
                found.add(Kind::NoOwner, &e.name, text, format!("add `{}` to the registry, or name another owner of {}", r.text, e.label()), place(e));
            }
            Some((at, r)) => {
                ready += 1;
                let silent =
                    registry.find(r, at).is_some_and(|o| registry.reach(o, Some(input.now)).is_empty() && registry.people(e, Some(input.now)).is_empty());
                if silent {
                    let text = format!("{} owns {} and has no contact", r.text, e.label());
                    found.add(Kind::NoContact, &r.text, text, format!("add a contact of `{}`", r.text), place(e));
                }
            }
        }
    }
    found.part("things with an owner", ready, of);
}

/// Every contact was reached lately, as the registry or a case says.
fn contacts(input: &Input<'_>, found: &mut Found) {
    let mut seen: Vec<(String, String)> = Vec::new();
    let (mut ready, mut of) = (0, 0);
    for e in input.registry.entries() {
        for c in e.facts.contacts.iter().filter(|c| c.window.contains(input.now)) {
            let name = name_of(c, e);
            if seen.contains(&(name.clone(), c.value.clone())) {
                continue;
            }
            seen.push((name.clone(), c.value.clone()));
            of += 1;
            let in_cases = input.reached.iter().filter(|(who, _)| is_named(who, c, e)).map(|(_, t)| *t).max();
            let last = c.last_reached.max(in_cases);
            if last.is_some_and(|t| t >= input.now.plus(-CONTACT_DAYS * DAY)) {
                ready += 1;
                continue;
            }
            let when = last
                .map_or_else(|| "was never reached, as far as is known".into(), |t| format!("was last reached {} ({} days ago)", utc(t), days(input.now, t)));
            let text = format!("{name} ({} {}, for {}) {when}", c.channel, c.value, e.label());
            found.add(Kind::Contact, &name, text, format!("call {name} ({} {}) and write down `last_reached`", c.channel, c.value), place(e));
        }
    }
    found.part("contacts reached lately", ready, of);
}

fn name_of(c: &Contact, e: &Entry) -> String {
    c.name.clone().or_else(|| c.person.as_ref().map(|r| r.text.clone())).unwrap_or_else(|| e.name.clone())
}

/// Whether a case speaks of this contact: by the name of the person, of the entry, or by number.
fn is_named(who: &str, c: &Contact, e: &Entry) -> bool {
    let bare = |t: &str| t.rsplit([':', '/']).next().unwrap_or(t).to_lowercase();
    let who_is = who.trim().to_lowercase();
    let names = [c.name.clone(), c.person.as_ref().map(|r| bare(&r.text)), c.person.is_none().then(|| e.name.clone()), Some(c.value.clone())];
    names.into_iter().flatten().any(|n| n.to_lowercase() == who_is || n.to_lowercase() == bare(&who_is))
}

fn days(now: Time, then: Time) -> i64 {
    (now.0 - then.0) / DAY
}

fn vendors(input: &Input<'_>, found: &mut Found) {
    let (mut ready, mut of) = (0, 0);
    for e in input.registry.entries() {
        let Own::Vendor(v) = &e.own else { continue };
        of += 1;
        let late = v.next_review.filter(|t| *t < input.now);
        let text = match v.last_review {
            Some(t) if t >= input.now.plus(-REVIEW_DAYS * DAY) && late.is_none() => {
                ready += 1;
                continue;
            }
            Some(t) if t >= input.now.plus(-REVIEW_DAYS * DAY) => format!("the review of {} was due {}", e.label(), late.map(utc).unwrap_or_default()),
            Some(t) => format!("{} was last reviewed {} ({} days ago)", e.label(), utc(t), days(input.now, t)),
            None => format!("{} was never reviewed, as far as is known", e.label()),
        };
        found.add(Kind::Vendor, &e.name, text, format!("review {}: what it gets, who to call, what it can do", e.label()), place(e));
    }
    found.part("vendors reviewed", ready, of);
}

fn facets(rows: &[matrix::Row], found: &mut Found) {
    let (mut ready, mut of) = (0, 0);
    for row in rows {
        for cell in &row.cells {
            let facet = cell.facet.name();
            of += usize::from(matches!(cell.state, State::Seen | State::Never | State::Silent));
            match cell.state {
                State::Seen => ready += 1,
                State::Never => {
                    let text = format!("{} should have {facet} logs and has never sent any", row.name);
                    found.add(
                        Kind::NeverLogged,
                        &row.name,
                        text,
                        format!("send the {facet} logs of {} to muster, or take `{facet}` from its facets", row.name),
                        Some(row.place.clone()),
                    );
                }
                State::Silent => {
                    let since = cell.last.map(utc).unwrap_or_default();
                    let text = format!("the {facet} logs of {} are silent since {since}", row.name);
                    found.add(Kind::Silent, &row.name, text, format!("find out why {} sends no {facet} logs since {since}", row.name), Some(row.place.clone()));
                }
                State::Extra | State::None => {}
            }
        }
    }
    found.part("facets that are logged", ready, of);
}

fn unregistered(input: &Input<'_>, logged: &[super::Logged], found: &mut Found) {
    let mut things: Vec<_> = logged.iter().map(|l| &l.entity).collect();
    things.sort();
    things.dedup();
    let unknown: Vec<_> = things.iter().filter(|e| !matrix::registered(input.registry, e)).collect();
    for e in &unknown {
        let events: u64 = logged.iter().filter(|l| l.entity == ***e).map(|l| l.events).sum();
        let text = format!("{e} logs ({events} events) and is in no registry");
        found.add(Kind::Unregistered, &e.to_string(), text, format!("add {e} to the registry, with its owner"), None);
    }
    found.part("things that log and are registered", things.len() - unknown.len(), things.len());
}

fn gaps(input: &Input<'_>, found: &mut Found) {
    let before = found.findings.len();
    let newest = input.logged.and_then(|l| l.iter().map(|l| l.last).max()).unwrap_or(input.now);
    let from = newest.plus(-GAP_DAYS * DAY);
    for g in input.gaps.iter().filter(|g| g.to.is_none_or(|t| t >= from)) {
        found.add(Kind::Gap, &g.event, g.text.clone(), format!("find out who or what made this gap: {}", g.text), Some(g.event.clone()));
    }
    if newest < input.now.plus(-STALE_DAYS * DAY) {
        let text = format!("the newest event is from {}, {} days ago", utc(newest), days(input.now, newest));
        found.add(Kind::Silent, "all logs", text, "take in today's logs: `muster ingest PATH`".into(), None);
    }
    found.part("logs that are up to date and whole", usize::from(found.findings.len() == before), 1);
}

/// How far the logs reach back, against the duty. muster deletes nothing by itself, so what is there stays.
fn retention(input: &Input<'_>, found: &mut Found) {
    let Some(oldest) = input.logged.and_then(|l| l.iter().map(|l| l.first).min()) else { return };
    let (have, must) = (days(input.now, oldest).max(0), input.profile.at_hand_days);
    found.parts.push(Part { name: "days of logs at hand", ready: have.min(must).unsigned_abs(), of: must.unsigned_abs() });
    if have < must {
        let text = format!("the logs reach back {have} days, to {}; profile `{}` wants {must} at hand", utc(oldest), input.profile.id);
        found.add(Kind::Retention, "store", text, format!("take in the logs of the last {must} days, as far as their sources still have them"), None);
    }
}
