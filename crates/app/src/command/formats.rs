//! `muster formats list`: which logs are read.

use clap::Subcommand;
use serde::Serialize;

use crate::{
    cli::{Exit, Global},
    show,
};

/// Which log formats are read
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the formats, each with its facet
    List,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    facet: &'static str,
    title: &'static str,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let What::List = self.what;
        let rows: Vec<Row> = formats::all().iter().map(|f| Row { name: f.name(), facet: f.facet().name(), title: f.title() }).collect();
        if g.json {
            show::json(&rows)?;
        } else {
            let cells: Vec<Vec<String>> = rows.iter().map(|r| vec![r.name.into(), r.facet.into(), r.title.into()]).collect();
            show::out(show::table(&["FORMAT", "FACET", "WHAT"], &cells, 100).as_bytes())?;
        }
        Ok(Exit::Done)
    }
}
