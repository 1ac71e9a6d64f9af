//! What may not be done to single things though their system allows it: a registry entry of a machine overrides that of its system.

use event::Kind;

use crate::{
    registry::{Can, Ownership, pattern::host_of},
    report::{
        brief::{Limit, OwnerPart},
        label::short,
    },
    scope::Reached,
};

/// Limits that a part tells.
const LIMITS_MAX: usize = 20;

/// A part's capabilities are those that most lenient things of it have; each thing that has less is named with its reason.
pub(super) fn of_things(owned: &[(&Reached, Ownership)], parts: &mut [OwnerPart]) {
    for part in parts {
        let theirs = || owned.iter().filter(|(_, w)| w.system == part.system && w.owner == part.owner && w.inferred == part.inferred);
        for (_, who) in theirs() {
            for (name, can) in &who.capabilities {
                if can.can == Can::Yes && part.capabilities.get(name).is_some_and(|c| c.can == Can::No) {
                    part.capabilities.insert(name, can.clone());
                }
            }
        }
        let mut limits: Vec<Limit> = Vec::new();
        for (node, who) in theirs() {
            for (name, can) in who.capabilities.iter().filter(|(_, c)| c.can == Can::No) {
                let usual = part.capabilities.get(name).is_none_or(|c| c.can == Can::No);
                let thing = || {
                    if node.entity.kind == Kind::Host {
                        node.entity.value.clone()
                    } else {
                        host_of(&node.entity).map_or_else(|| short(&node.entity), str::to_owned)
                    }
                };
                if !usual && limits.len() < LIMITS_MAX {
                    let limit = Limit { thing: thing(), capability: name, note: can.note.clone() };
                    if !limits.contains(&limit) {
                        limits.push(limit);
                    }
                }
            }
        }
        part.limits = limits;
    }
}
