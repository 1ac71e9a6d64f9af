//! The answer: scope, time line, registry and plan joined into a brief.

use std::collections::{BTreeMap, HashMap};

use event::{Entity, Event, Fields, Filter, Kind, Link, Time, Window, time::DAY};
use lake::{Lake, Want};
use respond::{
    Case, Plan, Registry,
    registry::Hint,
    report::{self, Blind, Brief, BriefInput, Proof, SessionPart},
    scope::{Reached, Row},
};
use trace::scope::{Answer, HABIT_DAYS, Status, host_in};

use super::{scope::scope, session};
use crate::{ask::Found, clock, command::who, store::Store};

/// Events of the time line at most; beyond it the brief says so.
const ROWS_MAX: usize = 20_000;

/// What an answer is made from beside the logs.
pub struct Team {
    /// Registry.
    pub registry: Registry,
    /// Plan and playbooks.
    pub plan: Plan,
}

/// What was asked of which store, and what the team knows.
pub struct Asked<'a> {
    /// The store.
    pub store: &'a Store,
    /// Its tables.
    pub lake: &'a Lake,
    /// Registry and plan.
    pub team: &'a Team,
    /// The indicators as they were found.
    pub found: &'a [Found],
    /// The time that is asked about.
    pub window: Window,
}

impl Asked<'_> {
    /// What the logs have of the indicators.
    pub fn indicators(&self) -> Vec<Entity> {
        self.found.iter().flat_map(|f| f.entities.clone()).collect()
    }

    /// How far it went from them.
    pub fn scope(&self) -> anyhow::Result<Answer> {
        scope(self.lake, &self.team.registry, &self.indicators(), self.window)
    }
}

/// The brief on what was found of the indicators.
pub fn brief(asked: &Asked, answer: &Answer, case: Option<(&str, &Case)>) -> anyhow::Result<Brief> {
    let Asked { store, lake, team, found, window } = *asked;
    let indicators = asked.indicators();
    let (events, cut) = timeline(lake, answer, window)?;
    // That a facet is missing altogether the brief says itself, and what that hides.
    let mut not_visible: Vec<Blind> = answer.not_visible.iter().filter(|b| b.what != "no_source" || b.entity.is_some()).map(blind).collect();
    if let Some(last) = cut {
        not_visible.push(plain(format!("the time line stops at {last}, after {ROWS_MAX} events were looked at; narrow it with --since and --until")));
    }
    let state = store.state()?;
    not_visible.extend(state.unread.iter().map(|(path, why)| plain(format!("{path}: {why}"))));
    let input = BriefInput {
        now: clock::now(),
        case: case.map(|(id, _)| id.to_owned()),
        unknown: found.iter().filter(|f| f.entities.is_empty()).map(|f| (f.asked.clone(), f.nearest.iter().map(Entity::to_string).collect())).collect(),
        named: if indicators.is_empty() { 0 } else { lake.count(&Filter::touching(&indicators).and(Filter::During(window)))? },
        window,
        books: state.books.into_values().collect(),
        entries: answer.entries.clone(),
        reached: Reached::of(answer),
        hops: answer.edges.clone(),
        affected: answer.affected.clone(),
        reach: answer.reach.clone(),
        sessions: sessions(lake, answer, &events)?,
        limits: answer.completeness.limits.clone(),
        rows: events.iter().map(Row::of).collect(),
        exfiltration: Some(answer.exfiltration.clone()),
        hints: hints(lake, answer, window)?,
        facts: case.map(|(_, c)| c.facts.clone()).unwrap_or_default(),
        done: case.map(|(_, c)| c.done.clone()).unwrap_or_default(),
        proof: proof(store, &indicators, answer)?,
        not_visible,
        indicators,
    };
    Ok(report::brief(&input, &team.registry, &team.plan))
}

/// The sessions on machines that are the intruder's, made of all that their machines logged meanwhile: what ends a session and what ties
/// its names need not be an act.
fn sessions(lake: &Lake, answer: &Answer, acts: &[Event]) -> anyhow::Result<Vec<SessionPart>> {
    let held: Vec<Entity> = answer.nodes.iter().map(|n| &n.entity).filter(|e| e.kind == Kind::Session && host_in(e).is_some()).cloned().collect();
    let found = session::of(lake, &held, acts)?;
    Ok(found.iter().filter(|s| s.names.iter().any(|n| held.contains(n))).map(SessionPart::of).collect())
}

/// The events that are the intruder's acts, in order of time; and where it stops, if there were too many to look at.
pub fn timeline(lake: &Lake, answer: &Answer, window: Window) -> anyhow::Result<(Vec<Event>, Option<Time>)> {
    let events = lake.events(&answer.filter().and(Filter::During(window)), Some(ROWS_MAX + 1), Want::COLUMNS)?;
    let acts = answer.acts();
    let (events, last) = within(events, ROWS_MAX, |e| acts.has(e));
    Ok((trace::without_tries(events), last))
}

/// At most `most` events, and of those the acts; with the time of the last one looked at if there were more. That is told by what was
/// looked at, not by what was kept of it.
fn within(mut events: Vec<Event>, most: usize, act: impl Fn(&Event) -> bool) -> (Vec<Event>, Option<Time>) {
    let more = events.len() > most;
    events.truncate(most);
    let last = events.last().map(Event::time).filter(|_| more);
    events.retain(act);
    (events, last)
}

/// What links say of whose the things are, from the days that the scope looked at: those of habit tell of owners, later ones of news.
fn hints(lake: &Lake, answer: &Answer, window: Window) -> anyhow::Result<BTreeMap<Entity, Vec<Hint>>> {
    let entities: Vec<Entity> = answer.nodes.iter().map(|n| n.entity.clone()).collect();
    let since = answer.completeness.suspected_since.map(|t| t.plus(-HABIT_DAYS * DAY));
    let links = match lake.links(&entities, Window { since, until: window.until }) {
        // Without hints an owner is not guessed; the scope has said already that there are too many.
        Err(lake::Error::TooMany { .. }) => Vec::new(),
        links => links?,
    };
    let by_end = by_end(&entities, links);
    Ok(by_end.into_iter().map(|(e, links)| (e.clone(), who::hints(e, &links))).collect())
}

/// The links of each entity, by either end.
fn by_end(entities: &[Entity], links: Vec<Link>) -> HashMap<&Entity, Vec<Link>> {
    let mut found: HashMap<&Entity, Vec<Link>> = entities.iter().map(|e| (e, Vec::new())).collect();
    for link in links {
        if link.from != link.to
            && let Some(of) = found.get_mut(&link.from)
        {
            of.push(link.clone());
        }
        if let Some(of) = found.get_mut(&link.to) {
            of.push(link);
        }
    }
    found
}

fn blind(b: &trace::scope::Blind) -> Blind {
    Blind { text: b.text.clone(), source: b.source.clone(), from: b.from, to: b.to, events: b.event.iter().cloned().collect() }
}

fn plain(text: String) -> Blind {
    Blind { text, source: None, from: None, to: None, events: Vec::new() }
}

/// The command that exports what proves the brief: the events of what was asked about, and of what the intruder acted with.
fn proof(store: &Store, indicators: &[Entity], answer: &Answer) -> anyhow::Result<Option<Proof>> {
    let ledger = store.ledger()?;
    let Some(note) = ledger.checkpoint()? else { return Ok(None) };
    let signed = ledger::Checkpoint::open(&note, &ledger.verifying_key()?)?;
    let what: Vec<String> = proven(indicators, answer).iter().map(|e| shell(&e.to_string())).collect();
    Ok(Some(Proof { size: signed.size, root: ledger::base64(signed.root), export: format!("muster evidence export {} --out evidence.zip", what.join(" ")) }))
}

/// Indicators, then credentials and sessions in the intruder's hands: their events are those that the brief tells.
fn proven(indicators: &[Entity], answer: &Answer) -> Vec<Entity> {
    const HELD_MAX: usize = 5;
    let held = answer.nodes.iter().filter(|n| n.status == Status::Controlled && matches!(n.entity.kind, Kind::Credential | Kind::Session));
    let held = held.map(|n| &n.entity).filter(|e| !indicators.contains(e)).take(HELD_MAX);
    indicators.iter().chain(held).cloned().collect()
}

/// One word of a shell.
fn shell(word: &str) -> String {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@=+,-".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use event::{Column, Relation, event::Cell};

    use super::*;

    fn at(seconds: i64) -> Event {
        let mut e = Event::empty();
        e.set(Column::Time, Cell::Int(Time::from_secs(seconds).0));
        e
    }

    #[test]
    fn a_cut_time_line_is_told_though_little_of_it_is_kept() {
        let odd = |e: &Event| e.time().millis() / 1000 % 2 == 1;
        let all = |n: i64| (0..n).map(at).collect::<Vec<_>>();
        let (kept, cut) = within(all(11), 10, odd);
        assert_eq!((kept.len(), cut), (5, Some(Time::from_secs(9))));
        let (kept, cut) = within(all(10), 10, odd);
        assert_eq!((kept.len(), cut), (5, None));
    }

    #[test]
    fn links_are_found_by_either_end_and_once() {
        let [a, b, c]: [Entity; 3] = ["user:a@h", "user:b@h", "host:h"].map(|e| e.parse().unwrap());
        let link = |from: &Entity, to: &Entity| Link {
            from: from.clone(),
            relation: Relation::On,
            to: to.clone(),
            via: None,
            first: Time(0),
            last: Time(0),
            count: 1,
            event: "s#1".into(),
        };
        let entities = [a.clone(), c.clone()];
        let found = by_end(&entities, vec![link(&a, &c), link(&b, &c), link(&b, &b), link(&c, &c)]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[&a], [link(&a, &c)]);
        assert_eq!(found[&c], [link(&a, &c), link(&b, &c), link(&c, &c)]);
    }
}
