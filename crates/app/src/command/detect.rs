//! `muster detect`: what rules find in the store.

use std::path::PathBuf;

use detect::Rule;
use event::{Event, Fields, Filter};
use lake::Want;

use crate::{
    ask,
    cli::{Exit, Global},
    show,
    store::Store,
};

/// Run Sigma rules over the store: muster's own, or those of files and folders
#[derive(clap::Args)]
#[command(
    after_help = "A rule that cannot be run is named and left out; then the exit code is 1.\n\nExamples:\n  muster detect --since -7d\n  muster detect --rules ./sigma/rules/cloud/aws --json     # OCSF Detection Findings, one a line"
)]
pub struct Args {
    /// Sigma files or folders; muster's own rules by default
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Most findings a rule
    #[arg(long, default_value_t = 100, value_name = "FINDINGS")]
    limit: usize,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let lake = Store::open(&g.store)?.lake()?;
        let (rules, refused) = self.rules()?;
        let mut found: Vec<(&Rule, Vec<Event>, bool)> = Vec::new();
        for rule in &rules {
            let filter = rule.filter.clone().and(Filter::During(g.window()));
            let mut events = lake.events(&filter, Some(self.limit + 1), Want::COLUMNS)?;
            let more = events.len() > self.limit;
            events.truncate(self.limit);
            if more {
                eprintln!("muster: `{}` has more than {} findings; raise --limit", show::harmless(&rule.title), self.limit);
            }
            if !events.is_empty() {
                found.push((rule, events, more));
            }
        }
        refused.iter().for_each(|r| eprintln!("muster: {}", show::harmless(r)));
        if g.json {
            let findings = found.iter().flat_map(|(rule, events, _)| events.iter().map(|e| detect::finding(rule, e).to_string() + "\n"));
            show::out(findings.collect::<String>().as_bytes())?;
        } else {
            found.sort_by_key(|(rule, events, _)| (std::cmp::Reverse(rule.level), events.first().map(Event::time)));
            show::out(
                show::table(&["LEVEL", "FINDINGS", "FIRST (UTC)", "LAST (UTC)", "RULE", "FIRST EVENT"], &found.iter().map(cells).collect::<Vec<_>>(), 160)
                    .as_bytes(),
            )?;
            let count: usize = found.iter().map(|(_, events, _)| events.len()).sum();
            show::line(&format!("{count} findings by {} of {} rules; {} rules could not be run", found.len(), rules.len(), refused.len()))?;
        }
        Ok(if refused.is_empty() { Exit::Done } else { Exit::Found })
    }

    /// Rules that can be run, and what was said of the others.
    fn rules(&self) -> anyhow::Result<(Vec<Rule>, Vec<String>)> {
        if self.rules.is_empty() {
            return Ok((detect::ours(), Vec::new()));
        }
        let (mut rules, mut refused) = (Vec::new(), Vec::new());
        for path in &self.rules {
            let files = if path.is_dir() { ask::yaml_files(path)? } else { vec![ask::yaml_file(path)?] };
            for (file, text) in files {
                for compiled in detect::compile(&text, &file) {
                    match compiled {
                        Ok(rule) => rules.push(rule),
                        Err(refusal) => refused.push(refusal.to_string()),
                    }
                }
            }
        }
        Ok((rules, refused))
    }
}

/// A rule with what it found, the gravest first: who reads it wants to know which rules, how often, and where to look.
fn cells((rule, events, more): &(&Rule, Vec<Event>, bool)) -> Vec<String> {
    let time = |e: Option<&Event>| e.map(|e| respond::report::time::utc(e.time())).unwrap_or_default();
    vec![
        format!("{:?}", rule.level).to_lowercase(),
        format!("{}{}", events.len(), if *more { "+" } else { "" }),
        time(events.first()),
        time(events.last()),
        show::harmless(&rule.title),
        events.first().map(|e| show::harmless(&e.id())).unwrap_or_default(),
    ]
}
