//! Sessions out of a store: which events must be fetched for them, and how many at most. What a session is, `trace` decides.

use std::collections::{BTreeSet, HashMap};

use event::{Column, Entity, Event, Facet, Fields, Filter, Kind, Time, Window, class, time::SECOND};
use lake::{Lake, Want};
use trace::session::{Detail, Session, sessions};

use super::proof;

/// Events that are looked at whole; where there are more, sessions are told from logins and from events that name them.
const EVENTS_MAX: usize = 200_000;
/// Events of one session that are parsed again for working folder and terminal.
const DETAILS_MAX: usize = 20_000;
/// How far around a session its other tellings and processes may lie.
const AROUND_S: i64 = 30;
/// Processes by number in one question.
const PIDS_MAX: usize = 500;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Sessions by the time of their beginning.
    pub sessions: Vec<Session>,
    /// What was left out, in sentences.
    pub cut: Vec<String>,
}

/// The sessions of some machines and users in a window.
pub fn list(lake: &Lake, window: Window, hosts: &[String], users: &[String]) -> anyhow::Result<Found> {
    let place = if hosts.is_empty() { Filter::Has(Column::Host) } else { Filter::Is(Column::Host, hosts.to_vec()) };
    let all = place.and(on_machines()).and(Filter::During(window));
    let mut found = Found::default();
    if lake.count(&all)? <= EVENTS_MAX as u64 {
        found.sessions = sessions(&lake.events(&all, None, Want::COLUMNS)?, |_| Detail::default());
    } else {
        found = from_logins(lake, &all)?;
    }
    let own =
        |s: &Session| users.is_empty() || s.user.as_ref().is_some_and(|u| users.contains(&u.value)) || s.changes.iter().any(|c| users.contains(&c.to.value));
    found.sessions.retain(own);
    Ok(found)
}

/// Where there is too much to look at: the sessions that logins tell of, and how many events name each.
fn from_logins(lake: &Lake, all: &Filter) -> anyhow::Result<Found> {
    let logins = all.clone().and(Filter::equals(Column::ClassUid, class::AUTHENTICATION.uid.into()));
    let mut events = lake.events(&logins, Some(EVENTS_MAX + 1), Want::COLUMNS)?;
    let mut cut = vec!["there are too many events to look at all: acts are those that name their session, and processes of services are left out".to_owned()];
    cut.extend(short(&mut events, EVENTS_MAX, "events of logins were looked at"));
    let acts: HashMap<String, u64> = lake.groups(all, Column::Session, EVENTS_MAX)?.into_iter().collect();
    let mut found = sessions(&events, |_| Detail::default());
    for s in &mut found {
        s.acts = s.names.iter().filter_map(|n| acts.get(&n.value)).sum();
    }
    Ok(Found { sessions: found, cut })
}

/// Every session of that name in the window, with all that is known of it, the newest last.
pub fn one(lake: &Lake, id: &Entity, window: Window) -> anyhow::Result<Found> {
    let Some(host) = trace::scope::host_in(id).map(str::to_owned) else { return Ok(Found::default()) };
    let here = Filter::is(Column::Host, host.as_str()).and(on_machines()).and(Filter::During(window));
    let named = here.clone().and(Filter::touching(std::slice::from_ref(id)));
    let mut cut = Vec::new();
    let mut events = lake.events(&named, Some(EVENTS_MAX + 1), Want::COLUMNS)?;
    cut.extend(short(&mut events, EVENTS_MAX, "events that name it were looked at"));
    let (Some(first), Some(last)) = (events.first().map(Event::time), events.last().map(Event::time)) else { return Ok(Found::default()) };
    let around = here.and(Filter::During(around(first, last)));
    if lake.count(&around)? <= EVENTS_MAX as u64 {
        events = lake.events(&around, None, Want::COLUMNS)?;
    } else {
        cut.push("its machine logged too much meanwhile to look at all: what does not name the session is left out".into());
        let names: Vec<Entity> = sessions(&events, |_| Detail::default()).into_iter().filter(|s| is(s, id)).flat_map(|s| s.names).collect();
        events = lake.events(&around.and(Filter::touching(&names)), Some(EVENTS_MAX + 1), Want::COLUMNS)?;
        cut.extend(short(&mut events, EVENTS_MAX, "events that bear any of its names were looked at"));
    }
    let plain: Vec<Session> = sessions(&events, |_| Detail::default()).into_iter().filter(|s| is(s, id)).collect();
    let details = details(lake, &plain, &mut cut)?;
    let whole = sessions(&events, |e| details.get(&e.id()).cloned().unwrap_or_default());
    Ok(Found { sessions: whole.into_iter().filter(|s| is(s, id)).collect(), cut })
}

/// Cuts what is more than is looked at, and says so.
fn short<T>(list: &mut Vec<T>, most: usize, what: &str) -> Option<String> {
    (list.len() > most).then(|| {
        list.truncate(most);
        format!("only the first {most} {what}; narrow it with --since, --until and --host")
    })
}

/// The sessions of these names, as `muster session` tells them, around the acts that are known of each machine. Where a machine logged too
/// much meanwhile, the acts alone tell of its sessions.
pub fn of(lake: &Lake, names: &[Entity], acts: &[Event]) -> anyhow::Result<Vec<Session>> {
    let hosts: BTreeSet<&str> = names.iter().filter_map(trace::scope::host_in).collect();
    let mut found = Vec::new();
    for host in hosts {
        let own: Vec<Event> = acts.iter().filter(|e| e.text(Column::Host) == Some(host)).cloned().collect();
        let times = || own.iter().filter(|e| [Column::Session, Column::TargetSession].iter().any(|c| names.iter().any(|n| e.text(*c) == Some(&n.value))));
        let (first, last) = (times().map(Event::time).min(), times().map(Event::time).max());
        let Some((first, last)) = first.zip(last) else { continue };
        let here = Filter::is(Column::Host, host).and(on_machines()).and(Filter::During(around(first, last)));
        let events = if lake.count(&here)? <= EVENTS_MAX as u64 { lake.events(&here, None, Want::COLUMNS)? } else { own };
        found.extend(sessions(&events, |_| Detail::default()).into_iter().filter(|s| s.names.iter().any(|n| names.contains(n))));
    }
    found.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    Ok(found)
}

/// Whether a session has that name, or, where a process was named, has that process.
fn is(s: &Session, id: &Entity) -> bool {
    let process = || id.kind == Kind::Process && s.procs.iter().any(|p| format!("{}/{}", s.host, p.pid) == id.value);
    s.names.contains(id) || process()
}

/// Working folder and terminal of the events of some sessions: no column has them, their original records do.
/// Only formats that are built in tell of them.
fn details(lake: &Lake, found: &[Session], cut: &mut Vec<String>) -> anyhow::Result<HashMap<String, Detail>> {
    let mut details = HashMap::new();
    for s in found {
        let names = s.names.iter().filter(|n| n.kind == Kind::Session).map(|n| n.value.clone()).collect::<Vec<_>>();
        let pids: BTreeSet<i64> = s.procs.iter().map(|p| p.pid).collect();
        let mut pids: Vec<i64> = pids.into_iter().collect();
        cut.extend(short(&mut pids, PIDS_MAX, "processes by number were asked for working folder and terminal"));
        let mut any = vec![Filter::Is(Column::Session, names.clone()), Filter::Is(Column::TargetSession, names)];
        any.extend(pids.into_iter().map(|pid| Filter::equals(Column::Pid, pid)));
        let own = Filter::is(Column::Host, s.host.as_str()).and(Filter::During(around(s.start, s.last))).and(Filter::Or(any));
        let mut events = lake.events(&own, Some(DETAILS_MAX + 1), Want::ALL)?;
        cut.extend(short(&mut events, DETAILS_MAX, "events were read again for working folder and terminal"));
        for e in &events {
            if let Some(parsed) = proof::parsed(&formats::Catalogue::default(), lake, e)? {
                details.insert(e.id(), Detail::of(&parsed));
            }
        }
    }
    Ok(details)
}

fn around(first: Time, last: Time) -> Window {
    Window { since: Some(first.plus(-AROUND_S * SECOND)), until: Some(last.plus(AROUND_S * SECOND)) }
}

fn on_machines() -> Filter {
    Filter::Not(Box::new(Filter::is(Column::Facet, Facet::Cloud.name())))
}
