//! YAML of playbooks, clocks and the plan to values.

use super::{Condition, Phase, Plan, Playbook, Role, Rule, Severity, StepRule, Unit};
use crate::{
    Problem,
    registry::Capability,
    words::nearest,
    yaml::{Fields, Node},
};

/// Reads one document into the plan.
pub(super) fn document(file: &str, node: &Node, plan: &mut Plan, problems: &mut Vec<Problem>) {
    let Some(mut f) = Fields::new(file, node, "", "the document", problems) else { return };
    if node.get("playbook").is_some() {
        playbook(&mut f, plan, problems);
    } else if node.get("clocks").is_some() {
        for rule in f.maps("clocks", problems) {
            clock_rule(rule, plan, problems);
        }
    } else if node.get("plan").is_some() {
        team_plan(&mut f, plan, problems);
    } else {
        problems.push(Problem::new(file, node.line, "the document", "one of the keys playbook, clocks, plan", "none of them"));
        return;
    }
    f.finish(&[], false, problems);
}

fn playbook(f: &mut Fields<'_>, plan: &mut Plan, problems: &mut Vec<Problem>) {
    let Some((id, line)) = f.must_text("playbook", problems) else { return };
    let title = f.text("title", problems).map_or_else(|| id.clone(), |(t, _)| t);
    f.any_text("version", problems);
    f.any_text("framework", problems);
    f.any_text("reviewed", problems);
    let steps = steps(f, &id, problems);
    if let Some(first) = plan.playbooks.iter().find(|p| p.id == id) {
        problems.push(Problem::new(
            f.file(),
            line,
            "`playbook` of the document",
            format!("one `{id}`; the first is in {}", first.file),
            "a second one, which is not used",
        ));
        return;
    }
    plan.playbooks.push(Playbook { id, title, file: f.file().to_owned(), steps });
}

fn steps(f: &mut Fields<'_>, playbook: &str, problems: &mut Vec<Problem>) -> Vec<StepRule> {
    let mut out: Vec<StepRule> = Vec::new();
    for fields in f.maps("steps", problems) {
        let Some(step) = step(fields, problems) else { continue };
        if out.iter().any(|s| s.id == step.id) {
            f.fault("steps.id", step.line, "each id once", format!("`{}` again, which is not used", step.id), problems);
        } else {
            out.push(step);
        }
    }
    let ids: Vec<String> = out.iter().map(|s| s.id.clone()).collect();
    for (at, step) in out.iter().enumerate() {
        for after in &step.after {
            let subject = format!("`after` of step {} of playbook {playbook}", step.id);
            match ids.iter().position(|i| i == after) {
                None => problems.push(
                    Problem::new(f.file(), step.line, &subject, "a step of the playbook", format!("`{after}`"))
                        .near(nearest(after, ids.iter().map(String::as_str))),
                ),
                Some(other) if other >= at => {
                    problems.push(Problem::new(f.file(), step.line, &subject, "an earlier step", format!("`{after}`, which makes a circle or stands later")))
                }
                Some(_) => {}
            }
        }
    }
    out
}

fn step(mut f: Fields<'_>, problems: &mut Vec<Problem>) -> Option<StepRule> {
    let id = f.must_text("id", problems).map(|(t, _)| t);
    let title = f.must_text("title", problems).map(|(t, _)| t);
    let phase = choice(&mut f, "phase", &Phase::ALL.map(|p| (p.name(), p)), problems);
    let role = f.text("role", problems).map_or_else(|| "responder".into(), |(t, _)| t);
    let needs_something = f.node("needs").is_some();
    let needs = if needs_something { choice(&mut f, "needs", &Capability::ALL.map(|c| (c.name(), c)), problems) } else { None };
    let list = |key, f: &mut Fields<'_>, problems: &mut Vec<Problem>| {
        f.texts(key, false, problems).into_iter().map(|(t, _)| t.trim_end().to_owned()).collect::<Vec<_>>()
    };
    let step = StepRule {
        id: id.clone().unwrap_or_default(),
        title: title.clone().unwrap_or_default(),
        phase: phase.unwrap_or(Phase::Detection),
        csf: list("csf", &mut f, problems),
        role,
        when: conditions(&mut f, "when", problems),
        unless: conditions(&mut f, "unless", problems),
        once: f.flag("once", problems).unwrap_or(false),
        needs,
        before: list("before", &mut f, problems),
        act: list("do", &mut f, problems),
        undo: list("undo", &mut f, problems),
        instead: f.text("instead", problems).map(|(t, _)| t),
        after: list("after", &mut f, problems),
        line: f.line(),
    };
    if step.when.is_empty() {
        f.fault("when", f.line(), "a condition, or `always`", "none".into(), problems);
    }
    f.finish(&[], false, problems);
    // A step whose need is not understood is not offered: it might look possible where it is not.
    let understood = needs.is_some() || !needs_something;
    (id.is_some() && title.is_some() && phase.is_some() && understood && !step.when.is_empty()).then_some(step)
}

fn conditions(f: &mut Fields<'_>, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Condition> {
    let mut out = Vec::new();
    for (text, line) in f.texts(key, false, problems) {
        match Condition::parse(&text) {
            Some(c) => out.push(c),
            None => {
                let names = Condition::ALL.map(Condition::name);
                let expected = format!("one of {}", names.join(", "));
                problems.push(Problem::new(f.file(), line, &f.subject(key), expected, format!("`{text}`")).near(nearest(&text, names)));
            }
        }
    }
    out
}

fn choice<T: Copy>(f: &mut Fields<'_>, key: &'static str, choices: &[(&'static str, T)], problems: &mut Vec<Problem>) -> Option<T> {
    let (text, line) = f.must_text(key, problems)?;
    let found = choices.iter().find(|(n, _)| *n == text).map(|(_, t)| *t);
    if found.is_none() {
        let names: Vec<&str> = choices.iter().map(|(n, _)| *n).collect();
        problems.push(
            Problem::new(f.file(), line, &f.subject(key), format!("one of {}", names.join(", ")), format!("`{text}`"))
                .near(nearest(&text, names.iter().copied())),
        );
    }
    found
}

fn clock_rule(mut f: Fields<'_>, plan: &mut Plan, problems: &mut Vec<Problem>) {
    let id = f.must_text("id", problems).map(|(t, _)| t);
    let mut text = |key, f: &mut Fields<'_>| f.text(key, problems).map(|(t, _)| t);
    let (regime, anchor, recipient) = (text("regime", &mut f), text("anchor", &mut f), text("recipient", &mut f));
    let (who, source, status) = (text("binds", &mut f), text("source", &mut f), text("status", &mut f));
    let reviewed = f.time("reviewed", problems);
    let amount = f.number("amount", problems);
    let unit = choice(&mut f, "unit", &[("hours", Unit::Hours), ("calendar_days", Unit::CalendarDays)], problems);
    let when = conditions(&mut f, "when", problems);
    let line = f.line();
    for (key, missing) in [("anchor", anchor.is_none()), ("amount", amount.is_none()), ("regime", regime.is_none())] {
        if missing {
            f.fault(key, line, "a value", "nothing".into(), problems);
        }
    }
    f.finish(&[], false, problems);
    if let (Some(id), Some(regime), Some(anchor), Some(amount), Some(unit)) = (id, regime, anchor, amount, unit) {
        plan.rules.push(Rule { id, regime, anchor, amount, unit, recipient, who, when, source, status, reviewed });
    }
}

fn team_plan(f: &mut Fields<'_>, plan: &mut Plan, problems: &mut Vec<Problem>) {
    plan.name = f.text("plan", problems).map(|(t, _)| t);
    plan.version = f.any_text("version", problems);
    f.text("owner", problems);
    f.text("framework", problems);
    plan.last_review = f.time("last_review", problems);
    plan.next_drill = f.time("next_drill", problems);
    if let Some(roles) = f.map("roles", problems) {
        for (key, node) in roles.entries() {
            let Some(mut r) = Fields::new(f.file(), node, &format!("roles.{}.", key.text), "the plan", problems) else { continue };
            let (person, deputy) = (r.must_text("person", problems), r.text("deputy", problems));
            r.text("out_of_band", problems);
            r.finish(&[], false, problems);
            if let Some((person, line)) = person {
                plan.roles.insert(key.text.clone(), Role { person, deputy: deputy.map(|(t, _)| t), line, file: f.file().to_owned() });
            }
        }
    }
    for mut s in f.maps("severity", problems) {
        let (level, when) = (s.must_text("level", problems), s.must_text("when", problems));
        let respond_min = s.number("respond_min", problems);
        s.finish(&[], false, problems);
        if let (Some((level, _)), Some((when, _))) = (level, when) {
            plan.severity.push(Severity { level, when, respond_min });
        }
    }
    if let Some(node) = f.node("obligations") {
        plan.binds_at = (f.file().to_owned(), node.line);
        plan.binds = Some(f.texts("obligations", false, problems).into_iter().map(|(t, _)| t).collect());
    }
    let own = steps(f, "plan", problems);
    if !own.is_empty() {
        let title = plan.name.clone().unwrap_or_else(|| "our plan".into());
        plan.playbooks.insert(0, Playbook { id: "plan".into(), title, file: f.file().to_owned(), steps: own });
    }
}
