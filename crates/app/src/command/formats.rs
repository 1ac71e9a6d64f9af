//! `muster formats list|test|explain|new`: which logs are read, whether a team's own formats do what they say, and what a log was read as.

mod explain;

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use crate::{
    cli::{Exit, Global},
    show, team_formats,
};

/// Which log formats are read; describe one of your own, and see what became of a log
#[derive(clap::Args)]
#[command(
    after_help = "A format of your own is a TOML file in the folder that --formats names, or in `formats` of the registry's folder; `muster formats new` prints one that explains every key.\nExit code 1 if a test fails, or a record did not become an event.\n\nExamples:\n  muster formats new > formats/shop.toml\n  muster formats test formats/shop.toml\n  muster formats explain shop.log --formats formats"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the formats, each with its facet: the team's own, then those built in
    List,
    /// Run the tests inside files of the team's own formats
    Test {
        /// TOML files; all of the folder of formats without any
        files: Vec<PathBuf>,
    },
    /// Say what a log is taken for and why, and what each part of its first records became
    Explain(explain::Args),
    /// Print a description of a format to begin with
    New,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    facet: &'static str,
    title: &'static str,
    own: bool,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        match self.what {
            What::List => list(g),
            What::Test { files } => test(g, &files),
            What::Explain(args) => args.run(g),
            What::New => show::out(formats::own::EXAMPLE.as_bytes()).map(|()| Exit::Done),
        }
    }
}

fn list(g: &Global) -> anyhow::Result<Exit> {
    let catalogue = team_formats::catalogue(&g.format_dirs())?;
    let own = |name: &str| catalogue.own().iter().any(|o| o.name() == name);
    let rows: Vec<Row> = catalogue.all().map(|f| Row { name: f.name(), facet: f.facet().name(), title: f.title(), own: own(f.name()) }).collect();
    if g.json {
        show::json(&rows)?;
    } else {
        let cells: Vec<Vec<String>> = rows.iter().map(|r| vec![r.name.into(), r.facet.into(), show::harmless(r.title)]).collect();
        show::out(show::table(&["FORMAT", "FACET", "WHAT"], &cells, 100).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// What a file's tests said.
#[derive(Serialize)]
struct Tested {
    file: String,
    tests: usize,
    failed: usize,
    /// What is wrong, a line each.
    said: Vec<String>,
}

fn test(g: &Global, files: &[PathBuf]) -> anyhow::Result<Exit> {
    let found = if files.is_empty() {
        g.format_dirs().iter().map(|d| team_formats::folder(d)).collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect()
    } else {
        files.iter().map(|f| team_formats::read(f)).collect::<anyhow::Result<Vec<_>>>()?
    };
    anyhow::ensure!(!found.is_empty(), "no format to test; name a TOML file, or a folder of them with --formats");
    let tested: Vec<Tested> = found.iter().map(tested).collect();
    if g.json {
        show::json(&json!({ "files": tested }))?;
    } else {
        let mut text = String::new();
        for t in &tested {
            t.said.iter().for_each(|s| text.extend([&*show::harmless(s), "\n"]));
            text.push_str(&format!("{}: {} tests, {} failed\n", show::harmless(&t.file), t.tests, t.failed));
        }
        show::out(text.as_bytes())?;
    }
    Ok(if tested.iter().all(|t| t.said.is_empty()) { Exit::Done } else { Exit::Found })
}

fn tested(file: &team_formats::Described) -> Tested {
    let path = file.path.display().to_string();
    let own = match &file.own {
        Ok(own) => own,
        Err(faults) => return Tested { file: path, tests: 0, failed: 0, said: faults.clone() },
    };
    let outcomes = own.test();
    let failed: Vec<_> = outcomes.iter().filter(|o| !o.differs.is_empty()).collect();
    let differs =
        failed.iter().flat_map(|o| o.differs.iter().map(|(name, want, found)| format!("{path}:{}: {name}: expected `{want}`, found `{found}`", o.line)));
    let none = outcomes.is_empty().then(|| format!("{path}: no [[test]] in it; a format that nothing tests is not known to work"));
    Tested { file: path.clone(), tests: outcomes.len(), failed: failed.len(), said: differs.chain(none).collect() }
}
