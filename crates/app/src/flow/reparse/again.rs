//! Stored records to rows again: in the order in which they came, stream by stream, by the parsers of today.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use event::{Batch, Column, Event, Facet, Fields, Filter, Origin, RecordBatch, Time, batch::BATCH_ROWS};
use formats::{Catalogue, Format, Framing, Parser, Record, Within, read::HEAD_BYTES_MAX};
use intake::Known;
use lake::{Lake, Quarantined, Want};
use ledger::BatchEntry;

use crate::flow::drain::{PARSER, framing_says};

/// The format of records that no other format knew.
const UNKNOWN: &str = "text";
/// The format whose records mean something by their place in the file, which the tables do not keep.
const BY_PLACE: &str = "lastlog";

/// Records that are tried with a format that was recognised.
const TRIED_MAX: usize = 200;

/// A run of records of one source: what the tables had of it, and what they will have.
#[derive(Default)]
pub struct Run {
    /// Number of the first piece.
    pub first_seq: u64,
    /// Number after the last one.
    pub next_seq: u64,
    /// The events there were; their bytes are in `pieces`.
    pub events: Vec<Event>,
    /// The records there were in quarantine; their bytes too.
    pub quarantine: Vec<Quarantined>,
    pieces: BTreeMap<u64, Piece>,
    begun: bool,
    /// The events there are now.
    pub new: Vec<RecordBatch>,
    /// The records that are now in quarantine.
    pub new_quarantine: Vec<Quarantined>,
}

struct Piece {
    bytes: Vec<u8>,
    was: Was,
}

#[derive(Clone)]
enum Was {
    Around,
    /// In an event of this format.
    Event(String),
    /// In quarantine: place in `Run::quarantine`.
    Quarantined(usize),
}

impl Run {
    /// Adds the pieces of a range from the tables.
    pub fn load(&mut self, lake: &Lake, source: &str, from: u64, to: u64) -> anyhow::Result<()> {
        if !std::mem::replace(&mut self.begun, true) {
            self.first_seq = from;
        }
        self.next_seq = to;
        let inside = Filter::is(Column::Source, source).and(Filter::Within(Column::Seq, from as i64, to as i64 - 1));
        for mut event in lake.events(&inside, None, Want::ALL)? {
            let format = event.text(Column::Format).unwrap_or_default().to_owned();
            for (&seq, bytes) in event.records.iter().zip(std::mem::take(&mut event.raw)) {
                self.pieces.insert(seq, Piece { bytes, was: Was::Event(format.clone()) });
            }
            self.events.push(event);
        }
        for mut q in lake.quarantined_of(source, from, to)? {
            let bytes = std::mem::take(&mut q.raw);
            self.pieces.insert(q.seq, Piece { bytes, was: Was::Quarantined(self.quarantine.len()) });
            self.quarantine.push(q);
        }
        self.pieces.extend(lake.around_of(source, from, to)?.into_iter().map(|(seq, bytes)| (seq, Piece { bytes, was: Was::Around })));
        Ok(())
    }

    /// Whether no event reaches beyond its end.
    pub fn is_closed(&self) -> bool {
        self.events.iter().all(|e| e.records.iter().all(|seq| *seq < self.next_seq))
    }

    /// Takes over what was read.
    pub fn take(&mut self, again: &mut Again<'_>) -> anyhow::Result<()> {
        again.seal()?;
        self.new = std::mem::take(&mut again.events);
        self.new_quarantine = std::mem::take(&mut again.quarantine);
        Ok(())
    }

    /// The first bytes, as far as a format is recognised by them.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        for piece in self.pieces.values() {
            if head.len() >= HEAD_BYTES_MAX {
                break;
            }
            head.extend_from_slice(&piece.bytes);
        }
        head.truncate(HEAD_BYTES_MAX);
        head
    }

    fn format_of(&self, was: &Was) -> Option<String> {
        match was {
            Was::Around => None,
            Was::Event(format) => Some(format.clone()),
            Was::Quarantined(at) => self.quarantine.get(*at).map(|q| q.source.format.clone()),
        }
    }

    /// The host of all events there were, if it is one.
    fn only_host(&self) -> Option<String> {
        let mut hosts = self.events.iter().map(|e| e.text(Column::Host));
        let first = hosts.next().flatten()?;
        hosts.all(|h| h == Some(first)).then(|| first.to_owned())
    }
}

/// Reads the records of one source again.
pub struct Again<'a> {
    catalogue: &'a Catalogue,
    source: &'a str,
    /// The host from outside the log, if it is known whether there is one.
    host: Option<Option<String>>,
    asked: Option<&'a str>,
    /// What records of an unknown format turned out to be.
    recognised: Option<&'static dyn Format>,
    decided: bool,
    why: String,
    stream: Option<Stream>,
    batch: Batch,
    events: Vec<RecordBatch>,
    quarantine: Vec<Quarantined>,
}

struct Stream {
    format: &'static dyn Format,
    parser: Box<dyn Parser>,
    offset: u64,
}

impl<'a> Again<'a> {
    /// Nothing read yet.
    pub fn new(catalogue: &'a Catalogue, source: &'a str, host: Option<Option<String>>, asked: Option<&'a str>) -> Again<'a> {
        let nowhere = Origin { source: String::new(), format: String::new(), facet: Facet::System, received: Time(0), host: None };
        Again {
            catalogue,
            source,
            host,
            asked,
            recognised: None,
            decided: false,
            why: format!("today's parsers ({PARSER})"),
            stream: None,
            batch: Batch::new(nowhere),
            events: Vec::new(),
            quarantine: Vec::new(),
        }
    }

    /// Why rows may differ.
    pub fn why(&self) -> String {
        self.why.clone()
    }

    /// The format of the last records.
    pub fn format(&self) -> Option<&'static str> {
        self.stream.as_ref().map(|s| s.format.name())
    }

    /// Decides, from the first records of the source, which host they are of and what text of an unknown format is.
    pub fn decide(&mut self, run: &Run) -> anyhow::Result<()> {
        if std::mem::replace(&mut self.decided, true) {
            return Ok(());
        }
        self.host.get_or_insert_with(|| run.only_host());
        let head = run.head();
        let name = self.source.rsplit('/').next().unwrap_or(self.source);
        let found = match self.asked {
            Some(asked) => self.catalogue.by_name(asked).with_context(|| format!("no format `{asked}`"))?,
            None => self.catalogue.recognise(&head, name),
        };
        let unknown = run.pieces.values().filter_map(|p| run.format_of(&p.was)).all(|f| f == UNKNOWN);
        if self.asked.is_some() {
            self.why = format!("read as {}, as asked", found.name());
            self.recognised = Some(found);
        } else if unknown && found.name() != UNKNOWN {
            self.why = format!("the first records are recognised as {}", found.name());
            if cuts_alike(found.framing(), Framing::Lines) && self.mostly_reads(found, run) {
                self.recognised = Some(found);
            } else {
                self.why.push_str(", whose records are cut otherwise: they stay as they are; ingest the file again under another --source");
            }
        }
        Ok(())
    }

    /// Whether a format reads at least half of the first records.
    fn mostly_reads(&self, format: &'static dyn Format, run: &Run) -> bool {
        let mut parser = format.parser_in(&Within::new(self.catalogue, self.source));
        let origin = Origin { source: self.source.to_owned(), format: format.name().to_owned(), facet: format.facet(), received: Time(0), host: None };
        let mut nowhere = Batch::new(origin);
        let records = run.pieces.iter().filter(|(_, p)| !matches!(p.was, Was::Around)).take(TRIED_MAX);
        let read = |(&seq, p): (&u64, &Piece)| parser.record(Record { seq, bytes: &p.bytes, received: Time(0), host: None }, &mut nowhere).is_ok();
        let read: Vec<bool> = records.map(read).collect();
        read.iter().filter(|ok| **ok).count() * 2 >= read.len()
    }

    /// Reads a batch of pieces that were received together.
    pub fn batch(&mut self, run: &mut Run, batch: &BatchEntry, known: &Known) -> anyhow::Result<()> {
        let range = batch.first_seq..batch.first_seq + batch.count;
        if begins(run, batch, known) {
            self.end();
        }
        // Bytes before the first record are read as the record is.
        let first = run.pieces.range(range.clone()).find_map(|(_, p)| run.format_of(&p.was));
        if let Some(first) = first {
            self.turn_to(&first)?;
        }
        let received = Time(i64::try_from(batch.received_us).unwrap_or_default());
        self.arrive(received);
        let seqs: Vec<u64> = run.pieces.range(range).map(|(seq, _)| *seq).collect();
        for seq in seqs {
            let Some(piece) = run.pieces.remove(&seq) else { continue };
            if let Some(format) = run.format_of(&piece.was) {
                self.turn_to(&format)?;
                self.arrive(received);
            }
            let old = if let Was::Quarantined(at) = piece.was { run.quarantine.get(at) } else { None };
            self.piece(seq, &piece, received, old);
            if self.batch.rows() >= BATCH_ROWS {
                self.seal()?;
            }
        }
        Ok(())
    }

    /// Makes sure that records of a format are read as what they are.
    fn turn_to(&mut self, format: &str) -> anyhow::Result<()> {
        let own = self
            .catalogue
            .by_name(format)
            .with_context(|| format!("no format `{format}`, which its records were read with; use the program that took them"))?;
        let to = self.recognised.filter(|_| self.asked.is_some() || format == UNKNOWN).unwrap_or(own);
        if self.stream.as_ref().is_some_and(|s| s.format.name() == to.name()) {
            return Ok(());
        }
        if to.name() == BY_PLACE {
            bail!("records of {BY_PLACE} mean something by their place in the file, which the tables do not keep; they stay as they are");
        }
        ensure!(
            to.name() == own.name() || cuts_alike(to.framing(), own.framing()),
            "records of {} are cut otherwise than those of {}; they stay as they are; ingest the file again with --format {0} under another --source",
            to.name(),
            own.name()
        );
        self.end();
        self.stream = Some(Stream { format: to, parser: to.parser_in(&Within::new(self.catalogue, self.source)), offset: 0 });
        Ok(())
    }

    fn arrive(&mut self, received: Time) {
        if let Some(stream) = &self.stream {
            let host = self.host.clone().flatten();
            let (source, format) = (self.source.to_owned(), stream.format.name().to_owned());
            self.batch.set_origin(Origin { source, format, facet: stream.format.facet(), received, host });
        }
    }

    fn piece(&mut self, seq: u64, piece: &Piece, received: Time, old: Option<&Quarantined>) {
        // Bytes around no record at all say nothing.
        let Some(stream) = self.stream.as_mut() else { return };
        let offset = old.map_or(stream.offset, |q| q.offset);
        stream.offset = offset + piece.bytes.len() as u64;
        let host = self.host.as_ref().and_then(Option::as_deref);
        let given_up = old.filter(|q| q.detail == framing_says(q.reason)).map(|q| (q.reason, q.detail.clone()));
        let rejected = match (&piece.was, given_up) {
            (Was::Around, _) => {
                stream.parser.heading(&piece.bytes);
                None
            }
            (_, Some(framing)) => Some(framing),
            _ => {
                let record = Record { seq, bytes: &piece.bytes, received, host };
                stream.parser.at(offset);
                let read = stream.parser.record(record, &mut self.batch);
                if read.is_err() {
                    event::Sink::abandon(&mut self.batch);
                }
                read.err().map(|r| (r.reason(), r.to_string()))
            }
        };
        if let Some((reason, detail)) = rejected {
            let source = event::SourceInfo { name: self.source.to_owned(), format: stream.format.name().to_owned(), facet: stream.format.facet(), host: None };
            let same = old.filter(|q| q.reason == reason && q.detail == detail && q.source.format == source.format);
            let parser = same.map_or_else(|| PARSER.to_owned(), |q| q.parser.clone());
            self.quarantine.push(Quarantined { source, seq, received, offset, reason, detail, parser, raw: piece.bytes.clone() });
        }
    }

    /// The stream has ended: its open events are closed.
    pub fn end(&mut self) {
        if let Some(mut ended) = self.stream.take() {
            ended.parser.finish(&mut self.batch);
            // Its format is still that of the last records.
            self.stream = Some(Stream { parser: ended.format.parser_in(&Within::new(self.catalogue, self.source)), offset: 0, ..ended });
        }
    }

    /// Whether no event is open.
    pub fn nothing_open(&self) -> bool {
        self.stream.as_ref().is_none_or(|s| s.parser.pending().is_empty())
    }

    fn seal(&mut self) -> anyhow::Result<()> {
        if self.batch.rows() > 0 {
            self.events.push(self.batch.take().context("making columns")?);
        }
        Ok(())
    }
}

/// Whether a stream of its source begins with this batch.
fn begins(run: &Run, batch: &BatchEntry, known: &Known) -> bool {
    let mut start = Vec::new();
    for (_, piece) in run.pieces.range(batch.first_seq..batch.first_seq + batch.count) {
        start.extend_from_slice(&piece.bytes);
        if !matches!(piece.was, Was::Around) {
            return known.begins(&batch.source, &ledger::merkle::sha256(&start));
        }
    }
    false
}

/// Whether records that one framing cut can be read by a format that expects another's.
fn cuts_alike(to: Framing, from: Framing) -> bool {
    let lines = |f| matches!(f, Framing::Lines | Framing::AuditLines);
    to == from || (lines(from) && (lines(to) || matches!(to, Framing::JsonRecords { .. } | Framing::Json(_))))
}
