//! `muster clocks`: the deadlines that facts of the case have started.

use event::Entity;
use respond::report::Brief;

use crate::{
    ask,
    cli::{Exit, Global},
    flow::{answer, casework::Open},
    show,
    store::Store,
};

/// Deadlines that run, what started them, and how long is left
#[derive(clap::Args)]
#[command(
    after_help = "Nothing here is legal advice.\n\nExamples:\n  muster clocks\n  muster case fact awareness --happened 2026-03-04T09:30:00Z    # corrects the start"
)]
pub struct Args {
    /// The case; the newest open one by default
    #[arg(long, value_name = "ID")]
    case: Option<String>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let (_, brief) = of_case(g, self.case.as_deref())?;
        if g.json {
            show::json(&brief.clocks)?;
            return Ok(Exit::Done);
        }
        let time = |t: Option<event::Time>| t.map(respond::report::time::utc).unwrap_or_else(|| "-".into());
        let rows: Vec<Vec<String>> = brief
            .clocks
            .iter()
            .map(|c| {
                vec![
                    c.rule.clone(),
                    show::word(&c.state),
                    time(c.due),
                    c.left_us.map(respond::report::time::hours).unwrap_or_default(),
                    time(c.started),
                    c.recipient.clone().unwrap_or_default(),
                ]
            })
            .collect();
        show::out(show::table(&["RULE", "STATE", "DUE (UTC)", "LEFT", "STARTED", "TELL"], &rows, 120).as_bytes())?;
        show::line(respond::plan::NOT_LEGAL_ADVICE)?;
        Ok(Exit::Done)
    }
}

/// The brief of a case, made anew from the logs and the case as they are now.
pub fn of_case(g: &Global, id: Option<&str>) -> anyhow::Result<(Open, Brief)> {
    let store = Store::open(&g.store)?;
    let open = match id {
        Some(id) => Open::by_id(&store, id)?,
        None => Open::newest(&store)?.ok_or_else(|| anyhow::anyhow!("no open case; `muster respond INDICATOR` opens one"))?,
    };
    let lake = store.lake()?;
    let case = open.fold();
    let found = case.indicators.iter().map(|e: &Entity| ask::find(&lake, &e.to_string())).collect::<anyhow::Result<Vec<_>>>()?;
    let team = ask::team(g)?;
    let asked = answer::Asked { store: &store, lake: &lake, team: &team, found: &found, window: g.window() };
    let brief = answer::brief(&asked, &asked.scope()?, Some((&open.id, &case)))?;
    Ok((open, brief))
}
