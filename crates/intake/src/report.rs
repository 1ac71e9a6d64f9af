//! What became of one file.

use std::path::PathBuf;

use event::{Gap, SourceInfo};

use crate::BoxError;

/// The counts of one file. Always `received = taken + duplicate + refused`.
#[derive(Debug)]
pub struct StreamReport {
    /// The file.
    pub path: PathBuf,
    /// The name of its source, or the one that it would have had.
    pub name: String,
    /// Its source, format, facet and host; `None` if the file could not be opened.
    pub source: Option<SourceInfo>,
    /// The stream that its records belong to; `None` if none of it was ever taken.
    pub stream: Option<u64>,
    /// The stream has ended: no more of it is read.
    pub ended: bool,
    /// Records read, those that framing rejects included.
    pub received: u64,
    /// Records given to the taker, and accepted by it.
    pub taken: u64,
    /// Records that were there already.
    pub duplicate: u64,
    /// Records that the taker did not accept, and files that cannot be read (one record each).
    pub refused: u64,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Bytes of holes of the file that were left out.
    pub hole_bytes: u64,
    /// Why the file was not read whole.
    pub faults: Vec<Fault>,
    /// What is known to be missing from it.
    pub gaps: Vec<Gap>,
}

impl StreamReport {
    pub(crate) fn new(path: PathBuf, name: String) -> StreamReport {
        StreamReport {
            path,
            name,
            source: None,
            stream: None,
            ended: false,
            received: 0,
            taken: 0,
            duplicate: 0,
            refused: 0,
            bytes: 0,
            hole_bytes: 0,
            faults: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// Whether the file, or what it should have held, is not all there; then the exit code is not 0.
    pub fn incomplete(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Whether every record is accounted for.
    pub fn balanced(&self) -> bool {
        self.received == self.taken + self.duplicate + self.refused
    }
}

/// Why a file was not read whole. What was read is kept.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system refused.
    #[error("cannot be read")]
    Io(#[source] std::io::Error),
    /// The compressed file ends or breaks too early; the rest is in quarantine.
    #[error("not whole: {0}; what could be read is kept, the rest is in quarantine")]
    Truncated(String),
    /// There is something after its end; it is in quarantine.
    #[error("{0}; they are in quarantine")]
    Trailing(String),
    /// It decompresses to far more than its size.
    #[error("stopped after {bytes} bytes: it decompresses to more than {ratio_max} times its size; the rest is in quarantine as it is")]
    Bomb {
        /// Bytes read.
        bytes: u64,
        /// The limit.
        ratio_max: u64,
    },
    /// Not a log that is read.
    #[error("not read: {0}")]
    Unread(String),
    /// No format of that name.
    #[error("no format `{0}`; `muster formats list` names them")]
    NoFormat(String),
    /// Shorter than what was read of it.
    #[error("became shorter while it was read; what was read is kept")]
    Shrunk,
    /// Written over.
    #[error("was changed while it was read; what was read is kept")]
    Changed,
    /// Its name is gone.
    #[error("was deleted while it was read; what was read is kept")]
    Deleted,
    /// The taker did not accept a batch.
    #[error("its records were not taken")]
    NotTaken(#[source] BoxError),
}
