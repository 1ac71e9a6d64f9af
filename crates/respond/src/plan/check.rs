//! Whether plan and registry fit together: what `muster check` adds to the faults of each file.

use std::collections::BTreeMap;

use super::{Plan, fill};
use crate::{Problem, Registry, registry::Capability, words::nearest};

/// Values that a step's texts may name.
const PLACEHOLDERS: [&str; 31] = [
    "entity",
    "name",
    "user",
    "user_name",
    "ip",
    "host",
    "credential",
    "session",
    "process",
    "file",
    "resource",
    "account",
    "domain",
    "url",
    "hash",
    "bucket",
    "since",
    "role_name",
    "pid",
    "session_number",
    "ended",
    "number",
    "operation",
    "vendor",
    "vendor_part",
    "vendor_contact",
    "events",
    "count",
    "instance",
    "region",
    "path",
];

/// Roles that nobody fills, persons that are not in the registry, placeholders without meaning, rules that are not there,
/// systems without a service model, and steps that nobody could carry out at a system and that say nothing else to do.
pub fn check(registry: &Registry, plan: &Plan) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_roles(registry, plan, &mut problems);
    check_steps(plan, &mut problems);
    check_rules(plan, &mut problems);
    check_systems(registry, &mut problems);
    check_possible(registry, plan, &mut problems);
    problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    problems
}

fn check_roles(registry: &Registry, plan: &Plan, problems: &mut Vec<Problem>) {
    for (name, role) in &plan.roles {
        for (key, person) in [("person", Some(&role.person)), ("deputy", role.deputy.as_ref())] {
            let Some(person) = person.filter(|p| registry.named(p, &["user", "group"]).is_none()) else { continue };
            let bare = person.rsplit(['/', ':']).next().unwrap_or(person);
            let near = nearest(bare, registry.names(&["user", "group"]));
            problems.push(
                Problem::new(&role.file, role.line, &format!("`roles.{name}.{key}` of the plan"), "a user or group of the registry", format!("`{person}`"))
                    .near(near),
            );
        }
    }
    if plan.name.is_none() {
        return; // No plan of the team's own: nobody could have named roles.
    }
    let mut told: BTreeMap<&str, ()> = BTreeMap::new();
    for (playbook, step) in plan.playbooks.iter().flat_map(|p| p.steps.iter().map(move |s| (p, s))) {
        if step.role != "owner" && !plan.roles.contains_key(&step.role) && told.insert(&step.role, ()).is_none() {
            let near = nearest(&step.role, plan.roles.keys().map(String::as_str));
            let subject = format!("`role` of step {}", step.id);
            problems.push(Problem::new(&playbook.file, step.line, &subject, "a role that the plan fills", format!("`{}`", step.role)).near(near));
        }
    }
}

fn check_steps(plan: &Plan, problems: &mut Vec<Problem>) {
    for (playbook, step) in plan.playbooks.iter().flat_map(|p| p.steps.iter().map(move |s| (p, s))) {
        let texts = step.act.iter().chain(&step.before).chain(&step.undo).chain(&step.instead).chain([&step.title]);
        for name in texts.flat_map(|t| fill::names(t)).filter(|n| !PLACEHOLDERS.contains(n)) {
            let subject = format!("placeholder of step {}", step.id);
            problems.push(
                Problem::new(&playbook.file, step.line, &subject, "a value that muster can fill", format!("`{{{name}}}`")).near(nearest(name, PLACEHOLDERS)),
            );
        }
    }
}

fn check_rules(plan: &Plan, problems: &mut Vec<Problem>) {
    let known = || plan.rules.iter().map(|r| r.id.as_str());
    for id in plan.binds.iter().flatten().filter(|id| !known().any(|k| k == id.as_str())) {
        problems
            .push(Problem::new(&plan.binds_at.0, plan.binds_at.1, "`obligations` of the plan", "a clock rule", format!("`{id}`")).near(nearest(id, known())));
    }
}

fn check_systems(registry: &Registry, problems: &mut Vec<Problem>) {
    for system in registry.entries().iter().filter(|e| e.is("system")) {
        let parts = registry.entries().iter().filter(|e| e.system.as_ref().and_then(|r| registry.find(r, e)).is_some_and(|s| std::ptr::eq(s, system)));
        if system.facts.service_model.is_none() && !parts.into_iter().any(|p| p.facts.service_model.is_some()) {
            problems.push(Problem::new(
                &system.file,
                system.line,
                &system.label(),
                "`muster.service_model`, so that muster can say what we may do there",
                "none",
            ));
        }
    }
}

fn check_possible(registry: &Registry, plan: &Plan, problems: &mut Vec<Problem>) {
    let models = || registry.entries().iter().filter_map(|e| e.facts.service_model);
    for (playbook, step) in plan.playbooks.iter().flat_map(|p| p.steps.iter().map(move |s| (p, s))) {
        let Some(needs) = step.needs.filter(|_| step.instead.is_none()) else { continue };
        let never = models().next().is_some() && models().all(|m| Capability::default_for(needs, m).0 == crate::registry::Can::No);
        if never {
            let subject = format!("`needs` of step {}", step.id);
            problems.push(Problem::new(
                &playbook.file,
                step.line,
                &subject,
                "a capability that some system has, or `instead`",
                format!("`{}`, which none has", needs.name()),
            ));
        }
    }
}
