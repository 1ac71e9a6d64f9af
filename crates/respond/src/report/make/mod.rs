//! Values of the caller, registry and plan to a brief.

mod answer;
mod blind;
mod cited;
mod data;
mod headline;
mod limits;
mod session;

use std::collections::BTreeMap;

use event::{Entity, Kind};

use super::{
    brief::{Asked, Brief, Evidence, OwnerPart, ScopeNode, Unknown},
    input::BriefInput,
};
use crate::{
    Plan, Registry,
    plan::{Phase, Step, clocks, facts, next_steps},
    registry::{Hint, HintKind, Ownership},
    scope::{Exfiltration, Reached},
    words::{alike, safe},
};

pub use cited::{EVENTS_MAX, add_evidence, cited, cited_window};

/// Version of the JSON shape.
const VERSION: u32 = 2;

/// Makes the brief. `registry` and `plan` may be empty: what they would say is then said to be missing.
pub fn brief(input: &BriefInput, registry: &Registry, plan: &Plan) -> Brief {
    let asked_of = |r: &Reached| owner_of(input, r, registry);
    let owned: Vec<(&Reached, Ownership)> = input.reached.iter().map(|r| (r, with_local_times(asked_of(r), input))).collect();
    let exfiltration = exfiltration(input);
    let facts = facts(&input.reached, &input.rows, exfiltration.as_ref().map(|x| x.verdict), registry);
    let owners = owners(&owned);
    let not_visible = blind::not_visible(input, &owners, registry);
    let data = data::data(&facts, input, registry);
    let people = data::people(&data);
    Brief {
        version: VERSION,
        made: input.now,
        case: input.case.clone(),
        answer: answer::summary(input, &people, not_visible.len()),
        asked: asked(input, registry),
        entry: input.entries.clone(),
        happened: super::happened::happened(input),
        scope: scope(&owned),
        hops: input.hops.clone(),
        exfiltration,
        data,
        vendors: data::vendors(&facts, input, registry),
        people,
        reach: input.reach.clone(),
        sessions: input.sessions.clone(),
        clocks: clocks(plan, &facts, &input.facts, input.now),
        next: warned(next_steps(plan, &facts, registry, &input.done), input),
        proof: input.proof.clone(),
        owners,
        not_visible,
        evidence: Evidence::default(),
        absent: answer::absent(input),
    }
}

/// A contact's own clock shows the time of the answer, not that of the event.
fn with_local_times(mut who: Ownership, input: &BriefInput) -> Ownership {
    let people = who.contacts.iter_mut().chain(who.vendors.iter_mut().flat_map(|v| v.contacts.iter_mut()));
    for person in people {
        person.local_time = person.time_zone.as_deref().and_then(|z| super::time::local_time(input.now, z));
    }
    who
}

/// By the registry; else by the logs, which must not name whom the intruder acts as: nobody is to ring the intruder up.
fn owner_of(input: &BriefInput, r: &Reached, registry: &Registry) -> Ownership {
    let at = r.since.or(Some(input.now));
    let mut hints = hints(input, r);
    let who = registry.resolve(&r.entity, at, &hints);
    if !who.inferred && who.candidates.is_empty() {
        return who;
    }
    hints.retain(|h| !input.reached.iter().any(|n| n.held() && n.entity == h.who));
    registry.resolve(&r.entity, at, &hints)
}

/// A key that is also used from addresses outside the scope has honest users; the step that takes it away says whom it hits.
fn warned(mut steps: Vec<Step>, input: &BriefInput) -> Vec<Step> {
    for step in steps.iter_mut().filter(|s| s.phase == Phase::Containment) {
        let Some(key) = step.entity.as_ref().filter(|e| e.kind == Kind::Credential) else { continue };
        let mut honest: BTreeMap<&Entity, u64> = BTreeMap::new();
        for hint in input.hints.get(key).into_iter().flatten().filter(|h| h.kind == HintKind::Uses && h.who.kind == Kind::Ip) {
            if !input.reached.iter().any(|r| r.entity == hint.who && r.held()) {
                *honest.entry(&hint.who).or_default() += hint.count;
            }
        }
        let most = honest.iter().max_by_key(|(_, n)| **n);
        if let Some((address, count)) = most {
            let others = if honest.len() > 1 { format!(" and {} addresses more", honest.len() - 1) } else { String::new() };
            step.title.push_str(&format!("; this also stops its use from {}{others} ({count} times)", safe(&address.value)));
        }
    }
    steps
}

fn hints(input: &BriefInput, r: &Reached) -> Vec<Hint> {
    let event = r.path.last().cloned().unwrap_or_default();
    let holder = r.holder.iter().map(|h| Hint { kind: HintKind::BelongsTo, who: h.clone(), count: 1, last: r.since, event: event.clone() });
    holder.chain(input.hints.get(&r.entity).into_iter().flatten().cloned()).collect()
}

fn asked(input: &BriefInput, registry: &Registry) -> Asked {
    let near = |text: &str, found: &[String]| {
        let mut all = found.to_vec();
        all.extend(alike(text, registry.names(&[]), 3).into_iter().map(str::to_owned));
        all.sort();
        all.dedup();
        all
    };
    let unknown = input.unknown.iter().map(|(t, n)| Unknown { text: t.clone(), nearest: near(t, n) }).collect();
    let controlled = |e: &&Entity| input.reached.iter().any(|r| r.entity == **e && r.held());
    let assumed = input.indicators.iter().filter(controlled).cloned().collect();
    Asked { indicators: input.indicators.clone(), assumed, named: input.named, unknown, window: input.window, sources: input.books.clone() }
}

/// Where nothing is in the intruder's hands, nothing was examined for leaving.
fn exfiltration(input: &BriefInput) -> Option<Exfiltration> {
    input.exfiltration.clone().filter(|_| input.reached.iter().any(|r| r.held()))
}

fn owners(owned: &[(&Reached, Ownership)]) -> Vec<OwnerPart> {
    let mut out: Vec<OwnerPart> = Vec::new();
    for (node, who) in owned {
        let same = out.iter_mut().find(|o| o.system == who.system && o.owner == who.owner && o.inferred == who.inferred);
        match same {
            Some(part) => part.entities.push(node.entity.clone()),
            None => out.push(OwnerPart {
                system: who.system.clone(),
                owner: who.owner.clone(),
                inferred: who.inferred,
                contacts: who.contacts.clone(),
                on_call: who.on_call.clone(),
                service_model: who.service_model,
                limits: Vec::new(),
                capabilities: who.capabilities.clone(),
                provider: who.vendors.iter().find(|v| v.part == "provider").cloned(),
                entities: vec![node.entity.clone()],
                reasons: who.reasons.clone(),
            }),
        }
    }
    limits::of_things(owned, &mut out);
    // Known owners first, those with most at stake before the others; what nobody owns last.
    out.sort_by_key(|o| (o.owner.is_none(), o.inferred, std::cmp::Reverse(o.entities.len()), o.owner.clone(), o.system.clone()));
    out
}

fn scope(owned: &[(&Reached, Ownership)]) -> Vec<ScopeNode> {
    let node = |(r, who): &(&Reached, Ownership)| ScopeNode {
        entity: r.entity.clone(),
        kind: r.entity.kind.name(),
        status: r.status,
        confidence: r.level,
        since: r.since,
        made: r.made,
        also: r.also.clone(),
        system: who.system.clone(),
        owner: who.owner.clone(),
        path: r.path.clone(),
    };
    let mut out: Vec<ScopeNode> = owned.iter().map(node).collect();
    out.sort_by(|a, b| (a.status, a.confidence, a.since, &a.entity).cmp(&(b.status, b.confidence, b.since, &b.entity)));
    out
}
