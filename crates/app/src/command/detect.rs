//! `muster detect`: what rules find in the store.

use std::path::PathBuf;

use detect::Rule;
use event::{Fields, Filter};
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
        let mut rows = Vec::new();
        for rule in &rules {
            let filter = rule.filter.clone().and(Filter::During(g.window()));
            let events = lake.events(&filter, Some(self.limit + 1), Want::COLUMNS)?;
            if events.len() > self.limit {
                eprintln!("muster: `{}` has more than {} findings; raise --limit", show::harmless(&rule.title), self.limit);
            }
            for event in events.iter().take(self.limit) {
                if g.json {
                    show::line(&detect::finding(rule, event).to_string())?;
                } else {
                    rows.push(vec![
                        respond::report::time::utc(event.time()),
                        format!("{:?}", rule.level).to_lowercase(),
                        show::harmless(&rule.title),
                        show::harmless(&event.id()),
                    ]);
                }
            }
        }
        refused.iter().for_each(|r| eprintln!("muster: {}", show::harmless(r)));
        if !g.json {
            rows.sort();
            show::out(show::table(&["TIME (UTC)", "LEVEL", "RULE", "EVENT"], &rows, 160).as_bytes())?;
            show::line(&format!("{} findings of {} rules; {} rules could not be run", rows.len(), rules.len(), refused.len()))?;
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
