//! What a format is: how it is told from others, how it is framed, and the parser that gives its records meaning.

use event::{Facet, Reason, Sink, Time};

use crate::{Catalogue, Framing};

/// A log format.
pub trait Format: Sync {
    /// The stable name: `aws_cloudtrail`.
    fn name(&self) -> &'static str;
    /// The name for people: `AWS CloudTrail`.
    fn title(&self) -> &'static str;
    /// The facet of its events.
    fn facet(&self) -> Facet;
    /// How its records are told apart.
    fn framing(&self) -> Framing;
    /// How sure one can be, from the stream's first bytes (at most 64 KiB) and the file's name: 0 no, 100 certain.
    fn sniff(&self, head: &[u8], file_name: &str) -> u8;
    /// A parser for one stream.
    fn parser(&self) -> Box<dyn Parser>;
    /// A parser for one stream that knows where it stands. Formats that carry lines of other formats need it; see `inner`.
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        let _ = within;
        self.parser()
    }
}

/// Where a parser stands: which formats there are for the lines that its records carry, and what is known of the stream.
#[derive(Clone, Debug, Default)]
pub struct Within {
    /// The formats that carried lines may have.
    pub catalogue: Catalogue,
    /// Name of the source: folders and file as they lay, which say container and pod.
    pub source: String,
    /// How many formats carry this one already.
    pub depth: u8,
}

impl Within {
    /// A stream of a source that no other carries.
    pub fn new(catalogue: &Catalogue, source: &str) -> Within {
        Within { catalogue: catalogue.clone(), source: source.to_owned(), depth: 0 }
    }
}

/// Gives records of one stream their meaning. May hold records back until the event that they belong to is whole.
pub trait Parser: Send {
    /// Takes one record. `Ok`: it is in an event that was given to `out`, or in one that is still open. `Err`: it goes to quarantine.
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject>;
    /// Takes bytes around records, which may say how those that follow are read (a line with the names of fields).
    fn heading(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }
    /// Where the next record begins in its stream, in bytes after decompression. For formats whose records mean something by their
    /// place (lastlog: a record a user id). Who reads a record by itself does not know, and says nothing.
    fn at(&mut self, offset: u64) {
        let _ = offset;
    }
    /// End of input: gives out the open events, marked incomplete where records are missing.
    fn finish(&mut self, out: &mut dyn Sink) {
        let _ = out;
    }
    /// Numbers of the records that are in open events, ascending. A record that is in an event that was given out is not among them.
    fn pending(&self) -> Vec<u64> {
        Vec::new()
    }
}

/// One record on its way to a parser.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its number in the source.
    pub seq: u64,
    /// Its exact bytes, with the separator after it.
    pub bytes: &'a [u8],
    /// When it was received; what a time without year or zone is resolved near to.
    pub received: Time,
    /// The host that wrote the log, where it is known from outside the log.
    pub host: Option<&'a str>,
}

/// Why a record did not become an event. The record itself is kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reject {
    /// A JSON fault.
    #[error("not JSON at byte {at}")]
    NotJson {
        /// Offset in the record.
        at: usize,
    },
    /// Deeper than `Limits::depth`.
    #[error("nested deeper than {limit}")]
    Depth {
        /// The limit.
        limit: usize,
    },
    /// A field that events need is not there.
    #[error("no `{field}`")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// The field that says when it happened is not there.
    #[error("no time: no `{field}`")]
    NoTime {
        /// Its name.
        field: &'static str,
    },
    /// A field is not what it must be.
    #[error("`{field}` is not {expected}: `{found}`")]
    Bad {
        /// Its name.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What is there, cut to 80 characters and escaped.
        found: String,
    },
    /// The record is not of the format's shape.
    #[error("not {expected}")]
    Shape {
        /// What it should be.
        expected: &'static str,
    },
    /// Not in an encoding that muster reads.
    #[error("text in {0}, which is not read")]
    Encoding(&'static str),
}

impl Reject {
    /// The stable code for `quarantine.reason`.
    pub fn reason(&self) -> Reason {
        match self {
            Reject::Depth { .. } => Reason::Depth,
            Reject::Missing { field } | Reject::Bad { field, .. } if field.to_ascii_lowercase().contains("time") => Reason::NoTime,
            Reject::NoTime { .. } => Reason::NoTime,
            Reject::Encoding(_) => Reason::Encoding,
            _ => Reason::Syntax,
        }
    }

    /// A found text as an error shows it: escaped, at most 80 characters.
    pub fn found(text: &str) -> String {
        text.chars().take(80).flat_map(char::escape_debug).collect()
    }
}
