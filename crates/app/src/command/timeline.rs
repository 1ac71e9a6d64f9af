//! `muster timeline ENTITY…`: what happened, in order.

use std::collections::{HashMap, HashSet};

use event::{Column, Entity, Event, Fields, Filter};
use lake::Want;
use respond::scope::Row;
use serde::Serialize;

use crate::{
    ask,
    cli::{Exit, Global, WrongUse},
    show,
    store::Store,
};

/// What happened around entities, in order of time
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  muster timeline alice@db-1 --since -7d\n  muster timeline 203.0.113.66 db-1 --json")]
pub struct Args {
    /// Addresses, users, hosts, credentials, sessions, resources
    #[arg(required = true, value_name = "ENTITY")]
    entities: Vec<String>,
    /// Most events to show
    #[arg(long, default_value_t = 1_000, value_name = "EVENTS")]
    limit: usize,
}

#[derive(Serialize)]
struct Line {
    time: event::Time,
    event: String,
    facet: Option<String>,
    operation: String,
    outcome: Option<String>,
    actor: Option<Entity>,
    target: Option<Entity>,
    text: String,
    marks: Option<String>,
    /// Ids of the other events that tell of the same login.
    also: Vec<String>,
    sources: Vec<String>,
}

#[derive(Serialize)]
struct Lines {
    entities: Vec<Entity>,
    events: Vec<Line>,
    cut: bool,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let lake = Store::open(&g.store)?.lake()?;
        let mut entities = Vec::new();
        for asked in &self.entities {
            let found = ask::find(&lake, asked)?;
            if found.entities.is_empty() {
                return Err(WrongUse(ask::unknown(&found)).into());
            }
            entities.extend(found.entities);
        }
        let filter = Filter::touching(&entities).and(Filter::During(g.window()));
        let mut events = lake.events(&filter, Some(self.limit + 1), Want::COLUMNS)?;
        let cut = events.len() > self.limit;
        events.truncate(self.limit);
        let lines = Lines { entities, events: lines(&events), cut };
        if g.json {
            show::json(&lines)?;
        } else {
            let rows: Vec<Vec<String>> = lines.events.iter().map(cells).collect();
            show::out(show::table(&["TIME (UTC)", "OUTCOME", "OPERATION", "WHAT", "EVENT"], &rows, 200).as_bytes())?;
            if cut {
                eprintln!("muster: only the first {} events are shown; raise --limit, or narrow with --since and --until", self.limit);
            }
        }
        Ok(Exit::Done)
    }
}

/// A line an event, but one for a login however many logs tell of it: in the words of the one that says most.
fn lines(events: &[Event]) -> Vec<Line> {
    let mut others: HashMap<usize, Vec<&Event>> = HashMap::new();
    let mut told = HashSet::new();
    for login in trace::session::logins(events) {
        let more = login.told.iter().filter(|at| **at != login.lead);
        told.extend(more.clone().copied());
        others.insert(login.lead, more.filter_map(|at| events.get(*at)).collect());
    }
    let own = events.iter().enumerate().filter(|(at, _)| !told.contains(at));
    own.map(|(at, e)| with(line(e), others.get(&at).map(Vec::as_slice).unwrap_or_default())).collect()
}

fn with(mut line: Line, others: &[&Event]) -> Line {
    for e in others {
        line.also.push(e.id());
        line.sources.extend(e.text(Column::Source).map(str::to_owned).filter(|s| !line.sources.contains(s)));
    }
    line
}

fn line(e: &Event) -> Line {
    let row = Row::of(e);
    let own = |c| e.text(c).map(str::to_owned);
    Line {
        time: row.time,
        event: row.event,
        facet: own(Column::Facet),
        operation: row.operation,
        outcome: row.outcome,
        actor: row.actor,
        target: row.target,
        text: row.text,
        marks: own(Column::Marks),
        also: Vec::new(),
        sources: own(Column::Source).into_iter().collect(),
    }
}

fn cells(l: &Line) -> Vec<String> {
    let words = if l.text.is_empty() { l.actor.as_ref().map(Entity::to_string).unwrap_or_default() } else { l.text.clone() };
    let event = if l.also.is_empty() { l.event.clone() } else { format!("{} +{}", l.event, l.also.len()) };
    [respond::report::time::utc(l.time), l.outcome.clone().unwrap_or_default(), l.operation.clone(), words, event].iter().map(|c| show::harmless(c)).collect()
}
