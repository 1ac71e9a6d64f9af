//! `muster init`: the first page of a team's plan and registry.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{
    cli::{Exit, Global},
    show,
};

/// Write a first muster.toml, registry/ and plan/ to fill in
#[derive(clap::Args)]
#[command(after_help = "Files that are there already are left as they are.\n\nExample:\n  muster init ./ir && $EDITOR ./ir/registry/team.yaml")]
pub struct Args {
    /// Where to write; the current folder by default
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
}

#[derive(serde::Serialize)]
struct Written {
    written: Vec<PathBuf>,
    kept: Vec<PathBuf>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let mut done = Written { written: Vec::new(), kept: Vec::new() };
        for (path, text) in respond::init_files() {
            let path = self.dir.join(path);
            if path.exists() {
                done.kept.push(path);
                continue;
            }
            let write = || -> std::io::Result<()> {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::write(&path, text)
            };
            write().with_context(|| format!("writing {}", path.display()))?;
            done.written.push(path);
        }
        if g.json {
            show::json(&done)?;
        } else {
            for p in &done.written {
                show::line(&format!("wrote {}", p.display()))?;
            }
            for p in &done.kept {
                show::line(&format!("kept  {} (it was there)", p.display()))?;
            }
            show::line("next: fill in the names, then `muster check`")?;
        }
        Ok(Exit::Done)
    }
}
