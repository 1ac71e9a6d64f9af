//! `muster formats explain FILE`: the likeliest formats with their scores, and the first records with what each became.

use std::path::PathBuf;

use anyhow::Context as _;
use event::{Column, Event, EventSink, Fields as _, Origin, PieceKind};
use formats::{Catalogue, Format, Record, Within};
use intake::{Batch, BoxError, Input, Known, Options, Taker};
use serde::Serialize;
use serde_json::Value;

use crate::{
    cli::{Exit, Global},
    clock,
    flow::ingest,
    show, team_formats,
};

/// The most formats that are named.
const RANKED_MAX: usize = 5;
/// How much of a record is shown, in characters.
const SHOWN_MAX: usize = 200;

/// Arguments.
#[derive(clap::Args)]
pub struct Args {
    /// The log; compressed ones are opened
    file: PathBuf,
    /// Take it for this format, whatever it looks like
    #[arg(long)]
    format: Option<String>,
    /// How many records are explained
    #[arg(long, default_value_t = 3)]
    records: usize,
}

/// What is known of the log.
#[derive(Serialize)]
struct Explained {
    file: String,
    format: String,
    facet: &'static str,
    /// Why it is taken for that.
    why: String,
    likely: Vec<Likely>,
    records: Vec<Explanation>,
}

#[derive(Serialize)]
struct Likely {
    format: &'static str,
    score: u8,
    title: &'static str,
}

/// A record and what it became.
#[derive(Serialize)]
struct Explanation {
    record: String,
    /// Why it is no event, or that it waits.
    said: Option<String>,
    class: Option<String>,
    /// Place in OCSF or name of a column, and value.
    fields: Vec<(String, String)>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let paths = [self.file];
        ingest::must_be_there(&paths)?;
        let mut options = ingest::options(None, self.format, None);
        options.catalogue = team_formats::catalogue(&g.format_dirs())?;
        let (inputs, _) = intake::plan(&paths, &options);
        let input = inputs.first().with_context(|| format!("{} is not read as a log", paths.first().map(|p| p.display().to_string()).unwrap_or_default()))?;
        let seen = look(input, &options, self.records)?;
        let (why, found) = (seen.why(&options), seen.rejected);
        let explained =
            Explained { file: input.path.display().to_string(), format: seen.format, facet: seen.facet, why, likely: seen.likely, records: seen.records };
        if g.json {
            show::json(&explained)?;
        } else {
            show::out(text(&explained).as_bytes())?;
        }
        Ok(if found { Exit::Found } else { Exit::Done })
    }
}

/// What intake gave.
struct Seen {
    catalogue: Catalogue,
    name: String,
    most: usize,
    format: String,
    facet: &'static str,
    likely: Vec<Likely>,
    records: Vec<Explanation>,
    rejected: bool,
}

fn look(input: &Input, options: &Options, most: usize) -> anyhow::Result<Seen> {
    let name = input.path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    let mut seen =
        Seen { catalogue: options.catalogue.clone(), name, most, format: String::new(), facet: "", likely: Vec::new(), records: Vec::new(), rejected: false };
    let outcome = intake::pump(input, &mut Known::default(), clock::now(), options, &mut seen);
    drop(outcome);
    anyhow::ensure!(!seen.format.is_empty(), "{} holds no records, or none that can be read", input.path.display());
    Ok(seen)
}

impl Seen {
    fn why(&self, options: &Options) -> String {
        let score = self.likely.iter().find(|l| l.format == self.format).map_or(0, |l| l.score);
        match (&options.format, self.format.as_str()) {
            (Some(_), _) => "named with --format".into(),
            (None, "text") => "no format knows its first records; a raw event is made of each line".into(),
            (None, _) => format!("its first records look most like it ({score} of 100)"),
        }
    }

    fn explain(&mut self, batch: &Batch) -> Result<(), BoxError> {
        let records = &batch.records;
        let head: Vec<u8> = records.bytes.iter().copied().take(formats::read::HEAD_BYTES_MAX).collect();
        let likely = |(f, score): (&'static dyn Format, u8)| Likely { format: f.name(), score, title: f.title() };
        self.likely = self.catalogue.ranking(&head, &self.name).into_iter().take(RANKED_MAX).map(likely).collect();
        let source = &records.source;
        (self.format, self.facet) = (source.format.clone(), source.facet.name());
        let format = self.catalogue.by_name(&source.format).ok_or("unknown format")?;
        let origin = Origin { source: source.name.clone(), format: source.format.clone(), facet: source.facet, received: records.received, host: None };
        let (mut parser, mut sink) = (format.parser_in(&Within::new(&self.catalogue, &source.name)), EventSink::new(origin));
        for piece in records.pieces().filter(|p| p.kind != PieceKind::Around).take(self.most) {
            let record = Record { seq: piece.seq, bytes: piece.bytes, received: records.received, host: None };
            let said = match piece.kind {
                PieceKind::Record => parser.record(record, &mut sink).err().map(|e| e.to_string()),
                _ => Some("its bytes are kept; they are no whole record".into()),
            };
            if said.is_some() {
                event::Sink::abandon(&mut sink);
                self.rejected = true;
            }
            let said = said.or_else(|| parser.pending().contains(&piece.seq).then(|| "in the event of a record before or after it".into()));
            self.push(piece.bytes, said, sink.events.drain(..).collect());
        }
        parser.finish(&mut sink);
        if !sink.events.is_empty() {
            let events = std::mem::take(&mut sink.events);
            self.push(b"", Some("events that were open at the last of these records".into()), events);
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], said: Option<String>, events: Vec<Event>) {
        let record: String = String::from_utf8_lossy(bytes).trim_end().chars().take(SHOWN_MAX).collect();
        let class = events.first().map(|e| format!("{} / {}", member(e, "class_name"), member(e, "activity_name")));
        let fields = events.iter().flat_map(facts).collect();
        self.records.push(Explanation { record, said, class, fields });
    }
}

impl Taker for Seen {
    fn key(&mut self) -> Result<[u8; 32], BoxError> {
        Ok([0; 32]) // nothing is kept, so nothing is salted
    }

    fn take(&mut self, batch: Batch) -> Result<(), BoxError> {
        self.explain(&batch)?;
        // The first batch is enough; an error ends the reading of the file.
        Err("enough was seen".into())
    }
}

fn member(event: &Event, name: &str) -> String {
    event.object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The columns of an event that the log filled, then its OCSF object.
fn facts(event: &Event) -> Vec<(String, String)> {
    const NOT_THE_LOGS: [Column; 9] = [
        Column::Received,
        Column::Facet,
        Column::Source,
        Column::Seq,
        Column::Format,
        Column::ClassUid,
        Column::ActivityId,
        Column::SeverityId,
        Column::Message,
    ];
    let mut found = Vec::new();
    for &c in Column::ALL.iter().filter(|c| !NOT_THE_LOGS.contains(c)) {
        let value =
            if c == Column::Time { Some(event.time().to_string()) } else { event.text(c).map(str::to_owned).or_else(|| event.int(c).map(|n| n.to_string())) };
        found.extend(value.map(|v| (format!("column {}", c.name()), v)));
    }
    const HEAD: [&str; 9] = ["class_uid", "class_name", "category_uid", "activity_id", "activity_name", "type_uid", "time", "severity_id", "raw_data"];
    for (key, value) in event.object.iter().filter(|(k, _)| !HEAD.contains(&k.as_str())) {
        flat(key, value, &mut found);
    }
    found
}

/// Values of an object with their paths. JSON of a parsed record is not deeper than framing lets it be.
fn flat(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().for_each(|(k, v)| flat(&format!("{path}.{k}"), v, found)),
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

fn text(e: &Explained) -> String {
    let mut out = format!("{}: {} ({}), {}\n", show::harmless(&e.file), e.format, e.facet, e.why);
    let others: Vec<String> = e.likely.iter().filter(|l| l.format != e.format).map(|l| format!("{} {}", l.format, l.score)).collect();
    if !others.is_empty() {
        out.push_str(&format!("also tried: {}\n", others.join(", ")));
    }
    for record in &e.records {
        out.push('\n');
        if !record.record.is_empty() {
            out.push_str(&format!("> {}\n", show::harmless(&record.record)));
        }
        record.said.iter().for_each(|s| out.push_str(&format!("  {}\n", show::harmless(s))));
        record.class.iter().for_each(|c| out.push_str(&format!("  {c}\n")));
        for (place, value) in &record.fields {
            let value: String = value.chars().take(SHOWN_MAX).collect();
            out.push_str(&format!("  {:32} {}\n", show::harmless(place), show::harmless(&value)));
        }
    }
    out
}
