//! Data that was exposed, the vendors that it goes to, and the people that it is about, counted.

use event::Relation;

use crate::{
    Registry,
    plan::{Condition, Fact},
    report::{
        brief::{DataPart, People, VendorHit},
        input::BriefInput,
        time::number,
    },
    words::safe,
};

/// Data that was read, listed or copied, by what holds it.
pub(super) fn data(facts: &[Fact], input: &BriefInput, registry: &Registry) -> Vec<DataPart> {
    let exposed = facts.iter().filter(|f| f.condition == Condition::DataExposed);
    exposed
        .filter_map(|f| {
            let place = f.entity.clone()?;
            let who = registry.resolve(&place, f.since, &[]);
            let holder = trace::container(&place);
            let taken = || input.affected.iter().filter(|a| a.container == holder && matches!(a.relation, Relation::Read | Relation::Copied));
            let objects = taken().map(|a| a.objects).max();
            let bytes = taken().filter_map(|a| a.bytes).reduce(u64::saturating_add);
            Some(DataPart { place, count: f.count, objects, bytes, held: who.data, owner: who.owner, events: f.events.clone() })
        })
        .collect()
}

/// Vendors that have a part in what was touched.
pub(super) fn vendors(facts: &[Fact], input: &BriefInput, registry: &Registry) -> Vec<VendorHit> {
    let hit = facts.iter().filter(|f| f.condition == Condition::VendorAffected);
    hit.filter_map(|f| {
        let through = f.entity.clone()?;
        let entry = registry.get("vendor", "default", f.with.get("vendor")?)?;
        let part = f.with.get("vendor_part").cloned().unwrap_or_default();
        Some(VendorHit { vendor: registry.vendor_part(entry, part, Some(input.now)), through, events: f.events.clone() })
    })
    .collect()
}

/// People by the registry. Two data sets may be about the same people, so the sum is an upper bound; where one has no number, no bound is known.
pub(super) fn people(data: &[DataPart]) -> People {
    let mut sets: Vec<(&str, Option<u64>)> = Vec::new();
    let personal = data.iter().flat_map(|d| &d.held).filter(|h| h.personal == Some(true));
    for held in personal {
        if !sets.iter().any(|(name, _)| *name == held.name) {
            sets.push((&held.name, held.people));
        }
    }
    let names = |of: &dyn Fn(Option<u64>) -> bool| sets.iter().filter(|(_, n)| of(*n)).map(|(s, _)| (*s).to_owned()).collect::<Vec<_>>();
    let (data_sets, not_counted) = (names(&|_| true), names(&|n| n.is_none()));
    let at_most = sets.iter().filter_map(|(_, n)| *n).reduce(u64::saturating_add);
    let unregistered = data.iter().filter(|d| d.held.is_empty()).count();
    let text = text(data, at_most, &data_sets, &not_counted, unregistered);
    People { at_most, data_sets, not_counted, text }
}

fn text(data: &[DataPart], at_most: Option<u64>, sets: &[String], not_counted: &[String], unregistered: usize) -> String {
    let list = |of: &[String]| of.iter().map(|s| safe(s)).collect::<Vec<_>>().join(", ");
    let rest = match unregistered {
        0 => String::new(),
        n => format!("; of {n} of the {} places read nobody has registered what they hold", data.len()),
    };
    if data.is_empty() {
        return "no data is known to be exposed".into();
    }
    if sets.is_empty() {
        return format!("no personal data is registered in what was read{rest}");
    }
    let counted: Vec<String> = sets.iter().filter(|s| !not_counted.contains(s)).cloned().collect();
    let most = if not_counted.is_empty() { "at most " } else { "" };
    let known = at_most.map(|n| format!("{most}{} in {}", number(n), list(&counted)));
    let verb = if not_counted.len() == 1 { "has" } else { "have" };
    let more = if at_most.is_some() { ", so it may be more" } else { "" };
    let open = (!not_counted.is_empty()).then(|| format!("{} {verb} no number registered{more}", list(not_counted)));
    format!("{}{rest}", [known, open].into_iter().flatten().collect::<Vec<_>>().join("; "))
}
