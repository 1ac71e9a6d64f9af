//! Which step comes next: the plan's rules against the facts, each with who, where, why, and whether it can be done there.

use std::collections::{HashMap, HashSet};

use event::{Entity, Time};
use serde::Serialize;

use super::{Fact, Phase, Plan, Playbook, StepRule, fill};
use crate::{
    Registry,
    registry::{Can, Capability, Hint, HintKind, Ownership, Person, ServiceModel},
};

/// One step of this case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// `playbook/step@kind:entity`: the same for the same step of the same thing in every answer; what `done` names.
    pub key: String,
    /// What to do.
    pub title: String,
    /// Phase.
    pub phase: Phase,
    /// NIST CSF 2.0 ids.
    pub csf: Vec<String>,
    /// Role.
    pub role: String,
    /// Who fills the role, with the way to reach them; nobody where plan and registry name none.
    pub who: Option<Person>,
    /// On what.
    pub entity: Option<Entity>,
    /// System of it.
    pub system: Option<String>,
    /// Owner of it, who approves.
    pub owner: Option<String>,
    /// The condition in words.
    pub because: String,
    /// Events that show it.
    pub why: Vec<String>,
    /// Whether it can be done there.
    pub can: Can,
    /// How, or why not.
    pub note: String,
    /// Save first.
    pub before: Vec<String>,
    /// Commands or acts.
    pub act: Vec<String>,
    /// To take it back.
    pub undo: Vec<String>,
    /// Instead, where it cannot be done.
    pub instead: Option<String>,
    /// Keys of steps that must be done first.
    pub waits_for: Vec<String>,
}

/// The steps that the facts call for and that are not done, in the order of doing: phase, then the playbook's order, then time.
/// `done` holds keys of steps, or `playbook/step` for every thing.
pub fn next_steps(plan: &Plan, facts: &[Fact], registry: &Registry, done: &[String]) -> Vec<Step> {
    let first = facts.iter().filter_map(|f| f.since).min();
    let mut ranked: Vec<((Phase, usize, usize, usize), Step)> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for (p, playbook) in plan.playbooks.iter().enumerate() {
        for (s, rule) in playbook.steps.iter().enumerate() {
            for (f, fact) in met(rule, facts).into_iter().enumerate() {
                let step = step(plan, playbook, rule, fact, Case { place: f, first }, registry);
                if !is_done(&step.key, done) && seen.insert(step.key.clone()) {
                    ranked.push(((rule.phase, p, s, f), step));
                }
            }
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut steps: Vec<Step> = ranked.into_iter().map(|(_, s)| s).collect();
    wait(plan, &mut steps);
    steps
}

fn is_done(key: &str, done: &[String]) -> bool {
    done.iter().any(|d| d == key || d == general(key))
}

fn met<'a>(rule: &StepRule, facts: &'a [Fact]) -> Vec<&'a Fact> {
    if facts.iter().any(|f| rule.unless.contains(&f.condition)) {
        return Vec::new();
    }
    let all = facts.iter().filter(|f| rule.when.contains(&f.condition));
    if rule.once { all.take(1).collect() } else { all.collect() }
}

/// A step waits for the steps of its playbook that it names and that are still to be done: those of the same thing, and those
/// of the case as a whole; a step of the case as a whole waits for all.
fn wait(plan: &Plan, steps: &mut [Step]) {
    let mut open: HashMap<String, Vec<String>> = HashMap::new();
    for step in steps.iter() {
        open.entry(general(&step.key).to_owned()).or_default().push(step.key.clone());
    }
    for step in steps {
        let Some((playbook, id)) = general(&step.key).split_once('/') else { continue };
        let rule = plan.playbooks.iter().find(|p| p.id == playbook).and_then(|p| p.steps.iter().find(|s| s.id == id));
        let of = |key: &str| key.split_once('@').map(|(_, e)| e.to_owned());
        let mut waits = Vec::new();
        for before in rule.iter().flat_map(|r| &r.after) {
            let all = open.get(&format!("{playbook}/{before}")).map(Vec::as_slice).unwrap_or_default();
            match all.iter().find(|k| of(k) == of(&step.key)) {
                Some(same) => waits.push(same.clone()),
                None if all.iter().all(|k| of(k).is_none()) || of(&step.key).is_none() => waits.extend(all.iter().cloned()),
                None => {}
            }
        }
        step.waits_for = waits;
    }
}

/// `playbook/step` of a key.
fn general(key: &str) -> &str {
    key.split('@').next().unwrap_or(key)
}

fn step(plan: &Plan, playbook: &Playbook, rule: &StepRule, fact: &Fact, case: Case, registry: &Registry) -> Step {
    let place = fact.entity.as_ref().map(|e| registry.resolve(e, fact.since, &hints(fact)));
    let (can, note) = possible(rule.needs, place.as_ref());
    let at = fact.entity.as_ref().filter(|_| !rule.once).map_or_else(String::new, |e| format!("@{e}"));
    let mut with = fact.with.clone();
    with.insert("events", fact.events.join(","));
    with.insert("count", fact.count.to_string());
    // Rules that are numbered must not overwrite one another.
    with.insert("number", (10 + case.place).to_string());
    // What is done once for the case looks at all of it.
    with.extend(case.first.filter(|_| rule.once).map(|t| ("since", t.to_string())));
    with.entry("region").or_insert_with(|| "REGION".to_owned());
    let commands = |list: &[String]| list.iter().filter_map(|t| fill::command(t, &with)).collect::<Vec<_>>();
    let instead = (can == Can::No).then(|| rule.instead.as_deref().map_or_else(|| ask(fact, place.as_ref()), |t| fill::sentence(t, &with)));
    Step {
        key: format!("{}/{}{at}", playbook.id, rule.id),
        title: fill::sentence(&rule.title, &with) + &not_on_the_host(rule, place.as_ref()),
        phase: rule.phase,
        csf: rule.csf.clone(),
        role: rule.role.clone(),
        who: who(plan, rule, place.as_ref(), registry),
        entity: fact.entity.clone(),
        system: place.as_ref().and_then(|p| p.system.clone()),
        owner: place.as_ref().and_then(|p| p.owner.clone()),
        because: fact.condition.words().into(),
        why: fact.events.clone(),
        can,
        note,
        before: commands(&rule.before),
        act: if can == Can::No { Vec::new() } else { commands(&rule.act) },
        undo: if can == Can::No { Vec::new() } else { commands(&rule.undo) },
        instead,
        waits_for: Vec::new(),
    }
}

/// What a step is told of the case.
#[derive(Clone, Copy)]
struct Case {
    /// Its place among the steps of its rule.
    place: usize,
    /// The first act of the case.
    first: Option<Time>,
}

/// A machine that must not be cut off by its own firewall says so where it is to be isolated.
fn not_on_the_host(rule: &StepRule, place: Option<&Ownership>) -> String {
    let host = place.filter(|p| rule.needs == Some(Capability::NetIsolate) && p.service_model == Some(ServiceModel::IaaS));
    let no = host.and_then(|p| p.capabilities.get("host_isolate")).filter(|c| c.can == Can::No);
    no.map(|c| format!("; NOT on the host: {}", crate::words::safe(&c.note))).unwrap_or_default()
}

fn hints(fact: &Fact) -> Vec<Hint> {
    let event = fact.events.first().cloned().unwrap_or_default();
    fact.holder.iter().map(|h| Hint { kind: HintKind::BelongsTo, who: h.clone(), count: 1, last: fact.since, event: event.clone() }).collect()
}

fn possible(needs: Option<Capability>, place: Option<&Ownership>) -> (Can, String) {
    let Some(capability) = needs else { return (Can::Yes, String::new()) };
    match place.and_then(|p| p.capabilities.get(capability.name())) {
        Some(c) => (c.can, c.note.clone()),
        None => (Can::Unknown, "the registry does not know the thing".into()),
    }
}

/// What to ask of the provider, where the playbook says nothing better.
fn ask(fact: &Fact, place: Option<&Ownership>) -> String {
    let provider = place.and_then(|p| p.vendors.iter().find(|v| v.part == "provider"));
    let whom = provider.map_or_else(
        || "the provider (none in the registry)".into(),
        |v| v.contacts.first().map_or_else(|| v.name.clone(), |c| format!("{} ({} {})", v.name, c.channel, c.value)),
    );
    let what = fact.entity.as_ref().map(ToString::to_string).unwrap_or_default();
    let since = fact.since.map(|t| format!(" since {t}")).unwrap_or_default();
    format!("ask {whom}: {}{since}, events {}", crate::words::safe(&what), fact.events.join(", "))
}

fn who(plan: &Plan, rule: &StepRule, place: Option<&Ownership>, registry: &Registry) -> Option<Person> {
    if rule.role == "owner" {
        return place.and_then(|p| p.contacts.first().cloned());
    }
    plan.roles.get(&rule.role).map(|role| registry.call(&role.person))
}
