//! `muster parse PATH…`: events as OCSF JSON lines, without a store.

use std::{collections::HashMap, path::PathBuf};

use event::{EventSink, Fields as _, Origin, PieceKind, Window};
use formats::{Catalogue, Parser, Record, Within};
use intake::{Batch, BoxError, Input, Known, Options, Skipped, StreamReport, Taker};

use crate::{
    cli::{Exit, Global},
    clock,
    flow::ingest,
    show, team_formats,
};

/// Read logs and print their events as OCSF 1.8 JSON, one a line; nothing is stored
#[derive(clap::Args)]
#[command(
    after_help = "Exit code 1 if some record did not become an event, or some input was not read whole.\n\nExamples:\n  muster parse /var/log/auth.log --ocsf\n  muster parse ./trail --format aws_cloudtrail --ocsf | jq .api.operation"
)]
pub struct Args {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Format; found from the content otherwise
    #[arg(long)]
    format: Option<String>,
    /// The host that wrote the logs, where they do not say
    #[arg(long)]
    host: Option<String>,
    /// Print OCSF JSON lines (the one output that there is; named so that scripts stay right)
    #[arg(long)]
    ocsf: bool,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let _ = self.ocsf;
        ingest::must_be_there(&self.paths)?;
        let mut options = ingest::options(None, self.format, self.host);
        options.catalogue = team_formats::catalogue(&g.format_dirs())?;
        let (inputs, skipped) = intake::plan(&self.paths, &options);
        let mut found = skipped.iter().any(|s| s.why.incomplete());
        skipped.iter().for_each(tell);
        for input in &inputs {
            match print(input, &options, g.window())? {
                Some(left_out) => found |= left_out,
                // Nobody reads on; what was not read is no fault of the input.
                None => break,
            }
        }
        Ok(if found { Exit::Found } else { Exit::Done })
    }
}

/// Prints a file's events; whether anything of it was left out. `None` if nobody reads what is printed any more.
fn print(input: &Input, options: &Options, window: Window) -> anyhow::Result<Option<bool>> {
    let mut events = Events { catalogue: options.catalogue.clone(), window, streams: HashMap::new(), rejected: 0, stopped: false, failed: None };
    let outcome = intake::pump(input, &mut Known::default(), clock::now(), options, &mut events);
    for (mut parser, mut sink) in std::mem::take(&mut events.streams).into_values() {
        parser.finish(&mut sink);
        events.write(&mut sink);
    }
    if let Some(e) = events.failed {
        return Err(e.into());
    }
    if events.stopped {
        return Ok(None);
    }
    outcome.skipped.iter().for_each(tell);
    for report in &outcome.reports {
        let path = show::harmless(&report.path.display().to_string());
        report.faults.iter().for_each(|f| eprintln!("muster: {path}: {}", event::text::harmless(&f.to_string())));
    }
    let path = show::harmless(&input.path.display().to_string());
    if events.rejected > 0 {
        eprintln!("muster: {path}: {} records did not become events", events.rejected);
    }
    let incomplete = outcome.reports.iter().any(StreamReport::incomplete) || outcome.skipped.iter().any(|s| s.why.incomplete());
    Ok(Some(incomplete || events.rejected > 0))
}

fn tell(skipped: &Skipped) {
    eprintln!("muster: {}: {}", show::harmless(&skipped.path.display().to_string()), skipped.why);
}

/// Parses what intake gives and prints it at once.
struct Events {
    catalogue: Catalogue,
    window: Window,
    streams: HashMap<u64, (Box<dyn Parser>, EventSink)>,
    rejected: u64,
    /// Nobody reads what is printed any more.
    stopped: bool,
    failed: Option<std::io::Error>,
}

impl Events {
    fn write(&mut self, sink: &mut EventSink) {
        let lines: String = sink.events.drain(..).filter(|e| self.window.contains(e.time())).map(|event| event.to_json_line() + "\n").collect();
        if self.stopped || self.failed.is_some() || lines.is_empty() {
            return;
        }
        match show::stream(lines.as_bytes()) {
            Ok(read) => self.stopped = !read,
            Err(e) => self.failed = Some(e),
        }
    }
}

impl Taker for Events {
    fn key(&mut self) -> Result<[u8; 32], BoxError> {
        Ok([0; 32]) // nothing is kept, so nothing is salted
    }

    fn take(&mut self, batch: Batch) -> Result<(), BoxError> {
        let records = &batch.records;
        let (mut parser, mut sink) = match self.streams.remove(&records.stream) {
            Some(open) => open,
            None => {
                let s = &records.source;
                let format = self.catalogue.by_name(&s.format).ok_or("unknown format")?;
                let origin = Origin { source: s.name.clone(), format: s.format.clone(), facet: s.facet, received: records.received, host: s.host.clone() };
                (format.parser_in(&Within::new(&self.catalogue, &s.name)), EventSink::new(origin))
            }
        };
        let mut offset = records.offset;
        for piece in records.pieces() {
            parser.at(offset);
            offset += piece.bytes.len() as u64;
            match piece.kind {
                PieceKind::Around => parser.heading(piece.bytes),
                PieceKind::Rejected(_) => self.rejected += 1,
                PieceKind::Record => {
                    let record = Record { seq: piece.seq, bytes: piece.bytes, received: records.received, host: records.source.host.as_deref() };
                    if parser.record(record, &mut sink).is_err() {
                        event::Sink::abandon(&mut sink);
                        self.rejected += 1;
                    }
                }
            }
        }
        self.write(&mut sink);
        self.streams.insert(records.stream, (parser, sink));
        // An error here ends the reading of the file; `print` says why.
        if self.stopped || self.failed.is_some() { Err("nothing can be printed".into()) } else { Ok(()) }
    }
}
