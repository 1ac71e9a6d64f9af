//! The one error of this crate. A bundle that does not hold is not an error but [`crate::bundle::Fault`]s.

/// Why a text could not be read, or a value could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A log entry is not in its canonical form.
    #[error("read log entry: line {line}: expected {expected}")]
    Entry {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A log entry of a kind that this version does not know.
    #[error("read log entry: unknown kind in the first line; a newer muster may know it")]
    EntryKind,
    /// A signed note is not in the form of C2SP `signed-note`.
    #[error("read signed note: {0}")]
    Note(&'static str),
    /// No signature of the key is on the note.
    #[error("verify signed note: no signature by `{0}`")]
    Unsigned(String),
    /// A signature of the key is on the note and does not fit.
    #[error("verify signed note: the signature by `{0}` does not fit the text")]
    Signature(String),
    /// The text of a note is not a checkpoint.
    #[error("read checkpoint: {0}")]
    Checkpoint(&'static str),
    /// A key text is not of the form `name+hash+base64`.
    #[error("read key: {0}")]
    Key(&'static str),
    /// A bundle cannot be made of these parts.
    #[error("write bundle: {0}")]
    Bundle(String),
}

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
