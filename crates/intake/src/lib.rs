//! Intake: files and folders to batches of records, each record once.
//!
//! Owns: what is read and what is only reported, decompression, the names of sources, what was seen before, the counts.
//! Never parses a record, never writes a journal or a table; keys, the time received and the place for batches are passed in.
//!
//! The way of a file: [`plan`] (which files, which names) → `raw` and `content` (bytes, decompressed, within limits) →
//! [`pump`] (recognise, frame, leave out what is [`Known`], batches). The files inside an archive go the same way, each by itself (`archive`).

mod archive;
mod chunks;
mod content;
mod file;
mod follow;
mod known;
mod known_file;
mod name;
mod plan;
mod pump;
mod raw;
mod report;
mod stream;
mod unread;

pub use follow::Follow;
pub use known::Known;
pub use known_file::Error as KnownError;
pub use plan::{Input, Skipped, Why, plan};
pub use pump::{Batch, BoxError, Outcome, Progress, Taker, pump};
pub use report::{Fault, StreamReport};

use std::path::PathBuf;

/// What the caller says about the input, and the limits within which it is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the source, for all inputs.
    pub source: Option<String>,
    /// Name of the format, for all inputs; recognised from content otherwise.
    pub format: Option<String>,
    /// The host that wrote the logs, where they do not say.
    pub host: Option<String>,
    /// The formats that there are.
    pub catalogue: formats::Catalogue,
    /// Folders and files that are not read: the store itself.
    pub except: Vec<PathBuf>,
    /// Where members of archives are laid while they are read; the system's folder for such things if `None`.
    pub scratch: Option<PathBuf>,
    /// Limits.
    pub limits: Limits,
}

/// Within what a file is read. Attackers write logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of framing.
    pub framing: formats::Limits,
    /// How many times its size a compressed file may grow to …
    pub ratio_max: u64,
    /// … once it gave more than so many bytes.
    pub free_bytes: u64,
    /// The largest window of zstd, as a power of two: 27 is 128 MiB, what `zstd --long` makes.
    pub window_log_max: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { framing: formats::Limits::default(), ratio_max: 1000, free_bytes: 256 << 20, window_log_max: 27 }
    }
}
