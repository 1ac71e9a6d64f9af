//! `muster sql SELECT`: one read-only question over the tables.

use crate::{
    cli::{Exit, Global, WrongUse},
    show,
    store::Store,
};

/// Ask the tables with one SELECT (tables: events, links, quarantine, envelopes)
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  muster sql 'select source, count(*) n from events group by source'\n  muster sql \"select time, operation, user, src_ip from events where outcome = 'failure' order by time desc limit 20\" --json"
)]
pub struct Args {
    /// The SELECT
    select: String,
    /// Most rows to print
    #[arg(long, default_value_t = 10_000, value_name = "ROWS")]
    limit: usize,
    /// Longest time to run, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        if g.since.is_some() || g.until.is_some() {
            return Err(WrongUse("--since and --until do not reach into a SELECT; write `where time >= '2026-03-04T00:00:00Z'`".into()).into());
        }
        let lake = Store::open(&g.store)?.lake()?;
        let limits = lake::SqlLimits { rows: self.limit, seconds: self.timeout, ..Default::default() };
        let answer = lake.sql(&self.select, limits)?;
        if g.json {
            show::json(&answer.json_rows()?)?
        } else {
            show::line(&answer.table()?)?
        }
        if answer.cut() {
            eprintln!("muster: only the first {} rows are shown; raise --limit for more", self.limit);
        }
        Ok(Exit::Done)
    }
}
