//! `muster scope INDICATOR…`: how far it went.

use trace::scope::{Answer, EntryPoint};

use crate::{
    ask,
    cli::{Exit, Global, WrongUse},
    flow::scope,
    show,
    store::Store,
};

/// How far it went: entities reached from an indicator, each with level and chain
#[derive(clap::Args)]
#[command(
    after_help = "Levels: shown, likely, possible; each hop names its rule.\n\nExamples:\n  muster scope 203.0.113.66\n  muster scope AKIAIOSFODNN7EXAMPLE --json"
)]
pub struct Args {
    /// Where to start from
    #[arg(required = true, value_name = "INDICATOR")]
    indicators: Vec<String>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let lake = Store::open(&g.store)?.lake()?;
        let registry = ask::registry(g)?;
        let mut entities = Vec::new();
        for asked in &self.indicators {
            let found = ask::find(&lake, asked)?;
            if found.entities.is_empty() {
                return Err(WrongUse(ask::unknown(&found)).into());
            }
            entities.extend(found.entities);
        }
        let mut answer = scope::scope(&lake, &registry, &entities, g.window())?;
        for node in &mut answer.nodes {
            let who = registry.resolve(&node.entity, node.since, &[]);
            (node.system, node.owner) = (who.system, who.owner);
        }
        if g.json {
            show::json(&answer)?
        } else {
            show::out(text(&answer).as_bytes())?
        }
        Ok(Exit::Done)
    }
}

fn entry(e: &EntryPoint, when: String) -> Vec<String> {
    let mut lines = vec![format!("{when} {} ({})", e.text, show::word(&e.confidence)), format!("  because {}", e.why)];
    lines.extend(e.unseen.as_ref().map(|u| format!("  not seen: {u}")));
    lines
}

fn text(a: &Answer) -> String {
    let when = |t: Option<event::Time>| t.map(respond::report::time::utc).unwrap_or_default();
    let rows: Vec<Vec<String>> = a
        .nodes
        .iter()
        .map(|n| {
            vec![
                when(n.since),
                show::word(&n.status),
                show::word(&n.confidence),
                n.owner.as_deref().map_or_else(|| "-".into(), show::harmless),
                show::harmless(&n.entity.to_string()),
            ]
        })
        .collect();
    let mut text = show::table(&["SINCE (UTC)", "STATUS", "LEVEL", "OWNER", "ENTITY"], &rows, 160);
    let mut list = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("\n{title}:\n"));
            lines.iter().for_each(|l| text.push_str(&format!("  {l}\n")));
        }
    };
    let safe = |t: &str| event::text::harmless(t);
    list("entry", a.entries.iter().flat_map(|e| entry(e, when(e.time))).map(|l| safe(&l)).collect());
    list("counted", a.affected.iter().map(|x| safe(&format!("{} {}: {}", show::word(&x.relation), x.container, x.objects))).collect());
    list("could be reached from here", a.reach.iter().map(|r| safe(&format!("{}: {} (last {})", r.entity, r.text, when(Some(r.last))))).collect());
    let exfiltration: Vec<String> = a.exfiltration.reasons.iter().map(|r| event::text::harmless(&r.text)).collect();
    text.push_str(&format!("\nexfiltration: {} ({})\n", show::word(&a.exfiltration.verdict), exfiltration.join("; ")));
    text.push_str("\nnot visible:\n");
    for b in &a.not_visible {
        text.push_str(&format!("  {}\n", show::harmless(&b.text)));
    }
    let c = &a.completeness;
    text.push_str(&format!("\n{} links of {} entities looked at in {} rounds{}\n", c.links, c.asked, c.rounds, if c.whole { "" } else { "; NOT whole" }));
    text
}
