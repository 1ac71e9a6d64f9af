//! `muster who THING`: who owns it, whom to call, what may be done there.

use event::{Entity, Kind, Link, Relation, Window};
use lake::Lake;
use respond::{
    Registry,
    registry::{Hint, HintKind, Ownership},
};

use crate::{
    ask,
    cli::{Exit, Global, WrongUse},
    clock, show,
    store::Store,
};

/// Who owns a host, address, account, identity or resource, and whom to call
#[derive(clap::Args)]
#[command(
    after_help = "Where the registry is silent, the logs of the store are asked who made it, uses it or logs in there.\n\nExamples:\n  muster who db-1\n  muster who 10.20.2.20 --at 2026-03-04\n  muster who arn:aws:s3:::customer-exports --json"
)]
pub struct Args {
    /// Host, address, account, user, credential, resource
    thing: String,
    /// As of this time; now by default
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = at)]
    at: Option<event::Time>,
}

fn at(text: &str) -> Result<event::Time, String> {
    clock::parse_time(text, clock::now())
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let at = self.at.unwrap_or_else(clock::now);
        let registry = ask::registry(g)?;
        let lake = Store::open(&g.store).ok().map(|s| s.lake()).transpose()?;
        let guesses = kinds(&self.thing, &registry, lake.as_ref())?;
        if guesses.is_empty() {
            return Err(WrongUse("an empty name; give a host, address, account, user, credential or resource".into()).into());
        }
        let mut answers = Vec::new();
        for entity in &guesses {
            let hints = match &lake {
                Some(lake) => hints(entity, &lake.links(std::slice::from_ref(entity), Window { since: None, until: None })?),
                None => Vec::new(),
            };
            answers.push(registry.resolve(entity, Some(at), &hints));
        }
        // A bare name may be several kinds of thing; the one that somebody owns is meant.
        let best = answers.iter().position(|a| a.owner.is_some() && !a.inferred).or_else(|| answers.iter().position(|a| !a.candidates.is_empty())).unwrap_or(0);
        let Some(answer) = answers.get(best) else { return Ok(Exit::Failed) };
        if g.json {
            show::json(answer)?
        } else {
            show::out(text(answer).as_bytes())?
        }
        Ok(Exit::Done)
    }
}

/// What a name may mean: a person of the registry first, then what the logs know of that name, then any kind so spelled.
fn kinds(thing: &str, registry: &Registry, lake: Option<&Lake>) -> anyhow::Result<Vec<Entity>> {
    let all = Entity::guess(thing);
    let person = registry.names(&["user", "group"]).any(|n| n.eq_ignore_ascii_case(thing));
    let mut ordered: Vec<Entity> = all.iter().filter(|e| person && e.kind == Kind::User).cloned().collect();
    let known = match lake.filter(|_| !all.is_empty()) {
        Some(lake) => ask::find(lake, thing)?.entities,
        None => Vec::new(),
    };
    for e in known.into_iter().chain(all) {
        if !ordered.contains(&e) {
            ordered.push(e);
        }
    }
    Ok(ordered)
}

/// What links say of whose a thing is.
pub fn hints(entity: &Entity, links: &[Link]) -> Vec<Hint> {
    let mut hints = Vec::new();
    for link in links {
        let kind = match link.relation {
            Relation::LoggedIn if link.from == *entity && entity.kind == Kind::Credential && link.to.kind == Kind::User => HintKind::BelongsTo,
            Relation::On if link.from == *entity && link.to.kind == Kind::Host => HintKind::BelongsTo,
            Relation::Created if link.to == *entity && link.from.kind == Kind::User => HintKind::Created,
            Relation::On if link.to == *entity && link.from.kind == Kind::User => HintKind::LogsIn,
            Relation::Wrote | Relation::Read | Relation::Touched if link.to == *entity && link.from.kind == Kind::User => HintKind::Uses,
            Relation::Used if link.to == *entity && entity.kind == Kind::Credential => HintKind::Uses,
            _ => continue,
        };
        let who = if link.from == *entity { &link.to } else { &link.from };
        hints.push(Hint { kind, who: who.clone(), count: link.count, last: Some(link.last), event: link.event.clone() });
    }
    hints
}

fn text(a: &Ownership) -> String {
    let mut lines = vec![format!("{}", show::harmless(&a.entity.to_string()))];
    let mut put = |name: &str, value: String| lines.push(format!("  {name:<13} {value}"));
    put("owner", a.owner.clone().map_or_else(|| "not known".into(), |o| if a.inferred { format!("{o} (inferred from the logs)") } else { o }));
    if let Some(system) = &a.system {
        put("system", system.clone());
    }
    if let Some(model) = &a.service_model {
        put("service model", model.name().to_owned());
    }
    for c in &a.contacts {
        let local = c.local_time.as_ref().map(|t| format!(", local time {t}")).unwrap_or_default();
        put(&show::word(&c.role), format!("{}: {} {}{local}", c.name, c.channel, c.value));
    }
    for (name, c) in &a.capabilities {
        put(name, if c.note.is_empty() { show::word(&c.can) } else { format!("{} ({})", show::word(&c.can), c.note) });
    }
    for d in &a.data {
        put("data", [Some(d.name.clone()), d.category.clone(), d.sensitivity.clone()].into_iter().flatten().collect::<Vec<_>>().join(", "));
    }
    for v in &a.vendors {
        put("vendor", format!("{}: {}", v.name, v.part));
    }
    for c in &a.candidates {
        put("maybe", show::harmless(&format!("{} ({}; {})", c.who, c.because, c.events.join(", "))));
    }
    for r in &a.reasons {
        put("because", show::harmless(r));
    }
    if !a.nearest.is_empty() {
        put("nearest", a.nearest.join(", "));
    }
    lines.join("\n") + "\n"
}
