//! `muster search QUERY`: events by the search language, counted, listed, or as their original lines.

mod counts;
mod text;

use clap::ArgGroup;
use event::{
    Column, Event,
    query::{
        Query,
        fields::{self, Field},
    },
};

use crate::{
    cli::{Exit, Global, WrongUse},
    clock,
    flow::search::{self, Answer, Asked},
    show,
    store::Store,
};

const LANGUAGE: &str = "\
A query has terms beside each other, all of which must hold; `or`, `not` or `-`, and parentheses do what they say.
  words, \"a phrase\"       anywhere in message, command or original line, also within longer words, in either case
  user:root               root on every machine; host:web-1, service:sshd, operation:GetObject, outcome:failure
  src:10.0.0.0/8          networks; src, dst, ip (either), port (either), entity (anything that the event touches)
  port:1..1024            ranges; bytes_out:>1M, pid:4711, time:2026-03-01..2026-03-02 (the end is outside)
  command:*curl*sh        wildcards; user:* has any user, -has:user has none
  user:(alice, bob)       any of these
  user=root@web-1         = takes the value letter by letter, ~ does too but in either case
  since:-7d until:-1d     as --since and --until
Every column is a field by its name; `muster sql 'select * from events limit 1'` shows them.

Examples:
  muster search 'user:root src:10.0.0.0/8 -service:cron \"curl \" since:-7d'
  muster search 'outcome:failure service:sshd' --by src_ip --since 2026-03-04
  muster search 'ip:203.0.113.66' --per hour
  muster search 'operation:(CreateAccessKey, CreateUser)' --fields time,user,src,target_user --csv
  muster search '\"Failed password\" host:db-1' --raw --newest --limit 20";

/// Find events: fields, ranges, networks, wildcards, phrases, and/or/not; list them, count them, or print their lines
#[derive(clap::Args)]
#[command(after_help = LANGUAGE, group = ArgGroup::new("shape"))]
pub struct Args {
    /// The query; quote it, so that the shell leaves it alone
    #[arg(allow_hyphen_values = true)]
    query: String,
    /// Most events (or values, with --by) to show
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Show the newest of them, where there are more than the limit; the oldest otherwise
    #[arg(long)]
    newest: bool,
    /// Show these fields, comma-separated
    #[arg(long, value_delimiter = ',', value_name = "FIELDS", conflicts_with_all = ["by", "per", "raw"])]
    fields: Vec<String>,
    /// Comma-separated values, inert in a spreadsheet
    #[arg(long, group = "shape")]
    csv: bool,
    /// Print the original lines; what could move a terminal is escaped (`muster evidence export` gives exact bytes)
    #[arg(long, group = "shape")]
    raw: bool,
    /// Count by the values of a field
    #[arg(long, group = "shape", value_name = "FIELD", conflicts_with_all = ["newest", "csv"])]
    by: Option<String>,
    /// Count by time
    #[arg(long, group = "shape", value_enum, conflicts_with_all = ["newest", "csv"])]
    per: Option<counts::Step>,
}

/// Events that are shown where no limit is given.
const SHOWN: usize = 200;
/// Values of a field that are counted where no limit is given.
const VALUES: usize = 20;

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let query = match Query::parse(&self.query, clock::now()) {
            Ok(query) => query,
            Err(fault) => {
                eprintln!("muster: {}", fault.pointed());
                return Ok(Exit::WrongUse);
            }
        };
        if g.json && self.csv {
            return Err(WrongUse("--json and --csv are two shapes; choose one".into()).into());
        }
        let columns = columns_named(&self.fields)?;
        let by = self.by.as_deref().map(columns_of).transpose()?;
        let store = Store::open(&g.store)?;
        let lake = store.lake()?;
        let limit = self.limit.unwrap_or(if by.is_some() { VALUES } else { SHOWN });
        let asked = Asked { text: &self.query, query, window: g.window(), limit, newest: self.newest, originals: self.raw };
        if let Some(columns) = by {
            return counts::by(g, &store, &lake, &asked, self.by.as_deref().unwrap_or_default(), &columns);
        }
        if let Some(step) = self.per {
            return counts::per(g, &store, &lake, &asked, step);
        }
        let (answer, events) = search::search(&store, &lake, &asked)?;
        self.show(g, &answer, &events, &columns)?;
        Ok(Exit::Done)
    }

    fn show(&self, g: &Global, answer: &Answer, events: &[Event], columns: &[Column]) -> anyhow::Result<()> {
        if g.json {
            let chosen = if columns.is_empty() { Column::ALL } else { columns };
            let rows: Vec<_> = events.iter().map(|e| search::json(e, chosen, self.raw)).collect();
            return show::json(&Whole { answer, shown: events.len(), events: rows });
        }
        if self.csv || self.raw {
            // What is said about the answer must not stand among its rows.
            eprint!("{}", text::head(answer, events.len(), self.newest));
            let rows = if self.csv { text::csv(events, columns) } else { text::raw(events) };
            show::out(rows.as_bytes())?;
            eprint!("{}", text::tail(answer));
            return Ok(());
        }
        let rows = if columns.is_empty() { text::table(events) } else { text::chosen(events, columns) };
        let all = format!("{}{}{}", text::head(answer, events.len(), self.newest), rows, text::tail(answer));
        show::out(all.as_bytes())
    }
}

#[derive(serde::Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    shown: usize,
    events: Vec<serde_json::Value>,
}

/// The columns that names stand for, in order, each once.
fn columns_named(names: &[String]) -> anyhow::Result<Vec<Column>> {
    let mut columns = Vec::new();
    for name in names {
        for c in columns_of(name)? {
            if !columns.contains(&c) {
                columns.push(c);
            }
        }
    }
    Ok(columns)
}

fn columns_of(name: &str) -> anyhow::Result<Vec<Column>> {
    let name = name.trim();
    match fields::find(name) {
        Some(Field::Columns(columns)) => Ok(columns.to_vec()),
        _ => {
            let near = event::near::nearest(&name.to_ascii_lowercase(), Column::ALL.iter().map(|c| c.name()));
            let near = near.map(|n| format!("; the nearest is `{n}`")).unwrap_or_default();
            Err(WrongUse(format!("`{name}` is not a column{near}")).into())
        }
    }
}
