//! What can go wrong with the journal. A damaged record is not an error but a value (see `recovery`).

use std::{io, path::Path, path::PathBuf, sync::Arc};

/// A result of the journal.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the journal could not do what it was asked. Whatever it is, what was acknowledged stays safe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("{act} {}", path.display())]
    Io {
        /// What was tried: `opening`.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason; shared, since one failure can refuse many batches.
        #[source]
        source: Arc<io::Error>,
    },
    /// No room, or the quota is used up.
    #[error("no room left to write {}; free some and try again, what was acknowledged is safe", path.display())]
    Full {
        /// The segment.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// The disk did not confirm that the bytes are down. The segment is never synced again.
    #[error("the disk did not keep {}; this batch was not taken and can be sent again, what was acknowledged is safe", path.display())]
    NotDurable {
        /// The segment.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: Arc<io::Error>,
    },
    /// Another program has it.
    #[error("another program has the journal {} open; wait for it or use another store; nothing was written", path.display())]
    Locked {
        /// The journal's folder.
        path: PathBuf,
    },
    /// Written by another version.
    #[error("{} has a layout that this program does not read; use the program that made it; nothing was written", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
    },
    /// A batch that does not hold together; a fault of the caller.
    #[error("the batch is not taken: {what}")]
    Invalid {
        /// What does not fit.
        what: &'static str,
    },
    /// A batch that no segment can hold.
    #[error("the batch is not taken: {bytes} bytes are more than the {max} that a segment holds")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// No such batch, or no more.
    #[error("the journal has no batch {number}")]
    Missing {
        /// The number.
        number: u64,
    },
    /// A batch that was whole when the journal was opened.
    #[error("batch {number} in {} at byte {offset} can no longer be read whole", path.display())]
    Damaged {
        /// The number.
        number: u64,
        /// The segment.
        path: PathBuf,
        /// Where the batch begins.
        offset: u64,
    },
    /// The committer is gone.
    #[error("the journal is closed")]
    Closed,
}

impl Error {
    /// The error for a refusal by the system.
    pub(crate) fn io(act: &'static str, path: &Path, source: io::Error) -> Error {
        Error::unless_full(path, source, |path, source| Error::Io { act, path, source })
    }

    /// The error for a sync that failed.
    pub(crate) fn not_durable(path: &Path, source: io::Error) -> Error {
        Error::unless_full(path, source, |path, source| Error::NotDurable { path, source })
    }

    fn unless_full(path: &Path, source: io::Error, other: impl FnOnce(PathBuf, Arc<io::Error>) -> Error) -> Error {
        let full = matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let (path, source) = (path.to_owned(), Arc::new(source));
        if full { Error::Full { path, source } } else { other(path, source) }
    }
}
