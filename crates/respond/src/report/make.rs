//! Values of the caller, registry and plan to a brief.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use event::{Book, Entity, Facet, Kind};

use super::brief::{Asked, Blind, Brief, BriefInput, DataPart, OwnerPart, ScopeNode, Unknown, VendorHit};
use crate::{
    Plan, Registry,
    plan::{Condition, Fact, Phase, Step, clocks, facts, next_steps},
    registry::{Hint, HintKind, Ownership},
    scope::{Exfiltration, Reached},
    words::{alike, safe},
};

/// Version of the JSON shape.
const VERSION: u32 = 1;

/// Makes the brief. `registry` and `plan` may be empty: what they would say is then said to be missing.
pub fn brief(input: &BriefInput, registry: &Registry, plan: &Plan) -> Brief {
    let asked_of = |r: &Reached| owner_of(input, r, registry);
    let owned: Vec<(&Reached, Ownership)> = input.reached.iter().map(|r| (r, with_local_times(asked_of(r), input))).collect();
    let exfiltration = exfiltration(input);
    let facts = facts(&input.reached, &input.rows, exfiltration.as_ref().map(|x| x.verdict), registry);
    let owners = owners(&owned);
    let not_visible = not_visible(input, &owners, registry);
    Brief {
        version: VERSION,
        made: input.now,
        case: input.case.clone(),
        asked: asked(input, registry),
        happened: super::happened::happened(input),
        scope: scope(&owned),
        exfiltration,
        data: data(&facts, registry),
        vendors: vendors(&facts, input, registry),
        clocks: clocks(plan, &facts, &input.facts, input.now),
        next: warned(next_steps(plan, &facts, registry, &input.done), input),
        proof: input.proof.clone(),
        owners,
        not_visible,
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
                capabilities: who.capabilities.clone(),
                provider: who.vendors.iter().find(|v| v.part == "provider").cloned(),
                entities: vec![node.entity.clone()],
                reasons: who.reasons.clone(),
            }),
        }
    }
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
        system: who.system.clone(),
        owner: who.owner.clone(),
        path: r.path.clone(),
    };
    let mut out: Vec<ScopeNode> = owned.iter().map(node).collect();
    out.sort_by(|a, b| (a.status, a.confidence, a.since, &a.entity).cmp(&(b.status, b.confidence, b.since, &b.entity)));
    out
}

fn data(facts: &[Fact], registry: &Registry) -> Vec<DataPart> {
    let exposed = facts.iter().filter(|f| f.condition == Condition::DataExposed);
    exposed
        .filter_map(|f| {
            let place = f.entity.clone()?;
            let who = registry.resolve(&place, f.since, &[]);
            Some(DataPart { place, count: f.count, held: who.data, owner: who.owner, events: f.events.clone() })
        })
        .collect()
}

fn vendors(facts: &[Fact], input: &BriefInput, registry: &Registry) -> Vec<VendorHit> {
    let hit = facts.iter().filter(|f| f.condition == Condition::VendorAffected);
    hit.filter_map(|f| {
        let through = f.entity.clone()?;
        let entry = registry.get("vendor", "default", f.with.get("vendor")?)?;
        let part = f.with.get("vendor_part").cloned().unwrap_or_default();
        Some(VendorHit { vendor: registry.vendor_part(entry, part, Some(input.now)), through, events: f.events.clone() })
    })
    .collect()
}

/// The caller's blind spots, and those that books and registry show.
fn not_visible(input: &BriefInput, owners: &[OwnerPart], registry: &Registry) -> Vec<Blind> {
    let mut out = input.not_visible.clone();
    // A gap that the caller has told of already, with what it hides, is not told again.
    // The books know the time of the line that tells of it: the gap's start, or for what was lost before it, its end.
    let told = |b: &Blind| {
        let line = b.from.or(b.to);
        line.is_some() && input.not_visible.iter().any(|n| n.source == b.source && [n.from, n.to].contains(&line))
    };
    out.extend(input.books.iter().flat_map(book_gaps).filter(|b| !told(b)));
    let plain = |text: String| Blind { text, source: None, from: None, to: None, events: Vec::new() };
    if input.books.is_empty() {
        out.push(plain("no log was looked at".into()));
    }
    for facet in Facet::ALL.into_iter().filter(|f| !input.books.is_empty() && !input.books.iter().any(|b| b.facet == *f && is_understood(b))) {
        let wanted: Vec<&str> = owners.iter().filter_map(|o| o.system.as_deref()).filter(|s| expects(registry, s, facet)).collect();
        let expected = if wanted.is_empty() { String::new() } else { format!(", which the registry expects of {}", wanted.join(", ")) };
        out.push(plain(format!("no {} log was given{expected}: {}", facet.name(), hides(facet))));
    }
    out.extend(marked(input));
    if registry.is_empty() {
        out.push(plain("no registry: owners, contacts, service models, data and vendors are not known; add one with `muster init`".into()));
    }
    if input.reached.iter().any(|r| r.held()) && input.exfiltration.is_none() {
        out.push(plain("whether data left was not judged".into()));
    }
    out
}

/// Times on the way of the scope that a log does not say in full, once for each log.
fn marked(input: &BriefInput) -> Vec<Blind> {
    let way: HashSet<&str> = input.reached.iter().flat_map(|r| &r.path).map(String::as_str).collect();
    let mut found: BTreeMap<&str, (BTreeSet<&str>, Vec<String>)> = BTreeMap::new();
    for row in input.rows.iter().filter(|r| way.contains(r.event.as_str())) {
        let Some((source, _)) = row.event.rsplit_once('#') else { continue };
        let marks: Vec<&str> = row.marks.iter().filter_map(|m| mark(m)).collect();
        if !marks.is_empty() {
            let (texts, events) = found.entry(source).or_default();
            texts.extend(marks);
            events.push(row.event.clone());
        }
    }
    let joined = |texts: BTreeSet<&str>| texts.into_iter().collect::<Vec<_>>().join("; ");
    found.into_iter().map(|(source, (texts, events))| Blind { text: joined(texts), source: Some(source.into()), from: None, to: None, events }).collect()
}

/// A mark in words, if a time is doubtful for it.
fn mark(name: &str) -> Option<&'static str> {
    Some(match name {
        "year_assumed" => "names no year (the one nearest is taken)",
        "zone_assumed" => "names no zone (read as UTC)",
        "time_implausible" => "has times that cannot be (filed under the time of taking in)",
        _ => return None,
    })
}

fn expects(registry: &Registry, system: &str, facet: Facet) -> bool {
    registry.entries().iter().any(|e| e.is("system") && e.name == system && e.facts.facets.contains(&facet))
}

/// What stays unseen without a facet.
fn hides(facet: Facet) -> &'static str {
    match facet {
        Facet::Runtime => "processes and files on machines could not be seen",
        Facet::Cloud => "acts by console and API could not be seen",
        Facet::Network => "connections and volumes could not be seen, so data may have left unseen",
        Facet::System => "logins and privilege changes on machines could not be seen",
        Facet::Application => "what was done within the team's own programs could not be seen",
    }
}

/// Lines of text that no format claimed tell nothing of their facet, and files that were not read less.
fn is_understood(book: &Book) -> bool {
    book.format != "text" && book.format != "unread"
}

fn book_gaps(book: &Book) -> Vec<Blind> {
    let of = |text: String, from, to| Blind { text, source: Some(book.source.clone()), from, to, events: Vec::new() };
    let mut out = Vec::new();
    for gap in &book.gaps {
        let count = gap.count.map(|n| format!(", {n} records")).unwrap_or_default();
        let span = match (gap.from, gap.to) {
            (Some(from), Some(to)) => format!(" from {from} to {to}"),
            (Some(from), None) => format!(" from {from}"),
            (None, Some(to)) => format!(" until {to}"),
            (None, None) => String::new(),
        };
        out.push(of(format!("{} {}{span}{count}", book.source, gap.kind), gap.from, gap.to));
    }
    if book.quarantined > 0 {
        out.push(of(format!("{} records could not be read (kept in quarantine)", book.quarantined), None, None));
    }
    if book.refused > 0 {
        out.push(of(format!("{} records were refused and are not in the store", book.refused), None, None));
    }
    if !book.balanced() {
        out.push(of(format!("books do not balance: {} received", book.received), None, None));
    }
    out
}
