//! `muster check`: whether registry and plan can be relied on.

use respond::Problem;

use crate::{
    ask,
    cli::{Exit, Global},
    show,
};

/// Check registry and plan: types, names, references, each fault with file and line
#[derive(clap::Args)]
#[command(after_help = "Exit code 1 if anything is wrong.\n\nExample:\n  muster check --registry ./registry --plan ./plan")]
pub struct Args {}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let (registry, mut problems) = respond::Registry::load(&ask::registry_files(g)?);
        let (plan, faults) = ask::plan(g)?;
        problems.extend(faults);
        problems.extend(respond::plan::check(&registry, &plan));
        if g.json {
            show::json(&problems)?;
        } else {
            for p in &problems {
                show::line(&p.to_string())?;
            }
            show::line(&summary(&registry, &problems))?;
        }
        Ok(if problems.is_empty() { Exit::Done } else { Exit::Found })
    }
}

fn summary(registry: &respond::Registry, problems: &[Problem]) -> String {
    format!("{} entries in the registry, {} problems", registry.entries().len(), problems.len())
}
