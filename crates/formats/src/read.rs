//! The whole way in memory, for samples, `muster parse` and evidence: recognise, frame, parse, and keep what was rejected.

use event::{Event, EventSink, PieceKind, Reason, Time, sink::Origin};

use crate::{Catalogue, Format, Framer, Limits, Record, Within};

/// How much of a stream is looked at to recognise it, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// What is known of a log from outside of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Name of the source.
    pub source: String,
    /// When it was received; what a time without year or zone is resolved near to.
    pub received: Time,
    /// The host that wrote it, where the log does not say.
    pub host: Option<String>,
}

impl Context {
    /// The origin of events that a format reads in this context.
    pub fn origin(&self, format: &dyn Format) -> Origin {
        let (source, host) = (self.source.clone(), self.host.clone());
        Origin { source, format: format.name().to_owned(), facet: format.facet(), received: self.received, host }
    }
}

/// A record that did not become an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Its number in the source.
    pub seq: u64,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// The stable code.
    pub reason: Reason,
    /// The reason for people.
    pub detail: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Name of the format.
    pub format: &'static str,
    /// Events in the order in which they were whole.
    pub events: Vec<Event>,
    /// Records that are none.
    pub rejected: Vec<Rejected>,
    /// Pieces so far: records, rejected records, and bytes around them.
    pub pieces: u64,
    /// Records among them, rejected ones too.
    pub records: u64,
}

/// Reads one stream from its beginning to its end. The format is recognised from its first bytes and its file's name.
pub fn read(bytes: &[u8], file_name: &str, context: &Context) -> Reading {
    read_with(&Catalogue::default(), bytes, file_name, context)
}

/// The same, with the formats of a catalogue.
pub fn read_with(catalogue: &Catalogue, bytes: &[u8], file_name: &str, context: &Context) -> Reading {
    let format = catalogue.recognise(bytes.get(..HEAD_BYTES_MAX).unwrap_or(bytes), file_name);
    read_in(catalogue, format, bytes, context)
}

/// Reads one stream as a format.
pub fn read_as(format: &'static dyn Format, bytes: &[u8], context: &Context) -> Reading {
    read_in(&Catalogue::default(), format, bytes, context)
}

fn read_in(catalogue: &Catalogue, format: &'static dyn Format, bytes: &[u8], context: &Context) -> Reading {
    let mut reader = Reader::with(catalogue, format, context);
    let mut framer = Framer::new(format.framing(), Limits::default());
    framer.push(bytes, &mut |piece, kind, _| reader.piece(piece, kind));
    framer.finish(&mut |piece, kind, _| reader.piece(piece, kind));
    reader.finish()
}

/// Makes events of pieces, one stream after another of one source: what `read` does, for bytes that come bit by bit.
pub struct Reader {
    parser: Box<dyn crate::Parser>,
    sink: EventSink,
    received: Time,
    host: Option<String>,
    reading: Reading,
    /// Where the next piece begins.
    offset: u64,
}

impl Reader {
    /// A reader at the start of a source.
    pub fn new(format: &'static dyn Format, context: &Context) -> Reader {
        Reader::with(&Catalogue::default(), format, context)
    }

    /// The same, where carried lines may be of any format of a catalogue.
    pub fn with(catalogue: &Catalogue, format: &'static dyn Format, context: &Context) -> Reader {
        Reader {
            parser: format.parser_in(&Within::new(catalogue, &context.source)),
            sink: EventSink::new(context.origin(format)),
            received: context.received,
            host: context.host.clone(),
            reading: Reading { format: format.name(), ..Reading::default() },
            offset: 0,
        }
    }

    /// Takes the next piece of the source.
    pub fn piece(&mut self, bytes: &[u8], kind: PieceKind) {
        let seq = self.reading.pieces;
        self.reading.pieces += 1;
        self.parser.at(self.offset);
        self.offset += bytes.len() as u64;
        self.record(seq, bytes, kind);
    }

    /// Takes a piece whose number in the source is known.
    pub fn record(&mut self, seq: u64, bytes: &[u8], kind: PieceKind) {
        self.reading.records += u64::from(kind != PieceKind::Around);
        let (reason, detail) = match kind {
            PieceKind::Around => return self.parser.heading(bytes),
            PieceKind::Rejected(reason) => (reason, format!("framing: {}", reason.code())),
            PieceKind::Record => {
                let record = Record { seq, bytes, received: self.received, host: self.host.as_deref() };
                match self.parser.record(record, &mut self.sink) {
                    Ok(()) => return,
                    Err(reject) => (reject.reason(), reject.to_string()),
                }
            }
        };
        self.reading.rejected.push(Rejected { seq, bytes: bytes.to_owned(), reason, detail });
    }

    /// Takes out the events that are whole so far.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.sink.events)
    }

    /// Ends the source: events still open are closed.
    pub fn finish(mut self) -> Reading {
        self.parser.finish(&mut self.sink);
        self.reading.events = self.take();
        self.reading
    }
}
