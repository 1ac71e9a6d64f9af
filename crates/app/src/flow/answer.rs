//! The answer: scope, time line, registry and plan joined into a brief.

use std::collections::BTreeMap;

use event::{Column, Entity, Event, Fields, Filter, Kind, Relation, Window};
use lake::{Lake, Want};
use respond::{
    Case, Plan, Registry,
    report::{self, Blind, Brief, BriefInput, Proof},
    scope::{Left, Level, Reached, Row, Status},
};
use trace::scope::{Answer, ScopeNode, Verdict};

use super::scope::scope;
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

/// The brief on what was found of the indicators.
pub fn brief(store: &Store, lake: &Lake, team: &Team, found: &[Found], window: Window, case: Option<(&str, &Case)>) -> anyhow::Result<Brief> {
    let indicators: Vec<Entity> = found.iter().flat_map(|f| f.entities.clone()).collect();
    let answer = scope(lake, &team.registry, &indicators, window)?;
    let events = timeline(lake, &answer, window)?;
    // That a facet is missing altogether the brief says itself, and what that hides.
    let mut not_visible: Vec<Blind> = answer.not_visible.iter().filter(|b| b.what != "no_source" || b.entity.is_some()).map(blind).collect();
    if events.len() >= ROWS_MAX {
        not_visible.push(plain(format!("the time line stops at {ROWS_MAX} events; narrow it with --since and --until")));
    }
    let entities: Vec<Entity> = answer.nodes.iter().map(|n| n.entity.clone()).collect();
    let links = lake.links(&entities, Window::default())?;
    let hints: BTreeMap<Entity, _> = entities.iter().map(|e| (e.clone(), who::hints(e, &links))).collect();
    let input = BriefInput {
        now: clock::now(),
        case: case.map(|(id, _)| id.to_owned()),
        unknown: found.iter().filter(|f| f.entities.is_empty()).map(|f| (f.asked.clone(), f.nearest.iter().map(Entity::to_string).collect())).collect(),
        window,
        books: store.state()?.books.into_values().collect(),
        reached: answer.nodes.iter().map(|n| reached(n, &answer)).collect(),
        rows: events.iter().map(row).collect(),
        left: Some(left(&answer)),
        hints,
        facts: case.map(|(_, c)| c.facts.clone()).unwrap_or_default(),
        done: case.map(|(_, c)| c.done.clone()).unwrap_or_default(),
        proof: proof(store, &indicators)?,
        not_visible,
        indicators,
    };
    Ok(report::brief(&input, &team.registry, &team.plan))
}

/// The events that are the intruder's acts, in order of time.
pub fn timeline(lake: &Lake, answer: &Answer, window: Window) -> anyhow::Result<Vec<Event>> {
    let mut events = lake.events(&answer.filter().and(Filter::During(window)), Some(ROWS_MAX), Want::COLUMNS)?;
    let acts = answer.acts();
    events.retain(|e| acts.has(e));
    Ok(events)
}

fn reached(n: &ScopeNode, answer: &Answer) -> Reached {
    use trace::scope::Level as L;
    let holder = answer.edges.iter().find(|e| e.from == n.entity && e.relation == Relation::LoggedIn && e.to.kind == Kind::User).map(|e| e.to.clone());
    Reached {
        entity: n.entity.clone(),
        status: std::iter::once(&n.status).chain(&n.also).map(status).min().unwrap_or(Status::Touched),
        level: match n.confidence {
            L::Shown => Level::Shown,
            L::Likely => Level::Likely,
            L::Possible => Level::Possible,
        },
        since: n.since,
        made: answer.edges.iter().any(|e| e.to == n.entity && e.relation == Relation::Created),
        holder,
        path: n.path.clone(),
    }
}

/// What a responder must know of it: the brief tells holding, seeing and touching apart.
fn status(of: &trace::scope::Status) -> Status {
    use trace::scope::Status as S;
    match of {
        S::Entry | S::Origin | S::Controlled => Status::Controlled,
        S::Exposed => Status::Exposed,
        S::Changed | S::Reached | S::Named => Status::Touched,
    }
}

/// An event as a row of the time line.
pub fn row(e: &Event) -> Row {
    let entity = |columns: &[Column]| columns.iter().find_map(|&c| Some(Entity { kind: c.kind()?, value: e.text(c)?.to_owned() }));
    let on_host = |column, kind| Some(Entity { kind, value: format!("{}:{}", e.text(Column::Host)?, e.text(column)?) });
    let target = entity(&[Column::TargetCredential, Column::Resource, Column::TargetUser]);
    Row {
        time: e.time(),
        event: e.id(),
        operation: e.text(Column::Operation).unwrap_or_default().to_owned(),
        outcome: e.text(Column::Outcome).map(str::to_owned),
        actor: entity(&[Column::Session, Column::Credential, Column::User, Column::SrcIp]),
        target: target.or_else(|| on_host(Column::File, Kind::File)).or_else(|| entity(&[Column::DstIp, Column::TargetSession, Column::Host])),
        text: e.text(Column::Message).unwrap_or_default().to_owned(),
    }
}

fn left(answer: &Answer) -> report::Verdict {
    let x = &answer.exfiltration;
    report::Verdict {
        verdict: match x.verdict {
            Verdict::Seen => Left::Seen,
            Verdict::NoSign => Left::NoSign,
            Verdict::CouldNotHaveBeenSeen => Left::CouldNotSee,
        },
        text: x.reasons.iter().map(|r| r.text.as_str()).collect::<Vec<_>>().join("; "),
        events: x.reasons.iter().flat_map(|r| r.events.clone()).collect(),
    }
}

fn blind(b: &trace::scope::Blind) -> Blind {
    Blind { text: b.text.clone(), source: b.source.clone(), from: b.from, to: b.to, events: b.event.iter().cloned().collect() }
}

fn plain(text: String) -> Blind {
    Blind { text, source: None, from: None, to: None, events: Vec::new() }
}

fn proof(store: &Store, indicators: &[Entity]) -> anyhow::Result<Option<Proof>> {
    let ledger = store.ledger()?;
    let Some(note) = ledger.checkpoint()? else { return Ok(None) };
    let signed = ledger::Checkpoint::open(&note, &ledger.verifying_key()?)?;
    let what: Vec<String> = indicators.iter().map(Entity::to_string).collect();
    Ok(Some(Proof { size: signed.size, root: ledger::base64(signed.root), export: format!("muster evidence export {} --out evidence.zip", what.join(" ")) }))
}
