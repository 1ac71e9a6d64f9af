//! Checkpoints (C2SP `tlog-checkpoint`): origin, size and root of a log, as a signed note.

use crate::text::{decode_hash, encode, number};
use crate::{Error, Hash, Note, Result, SigningKey, VerifyingKey};

/// The state of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of the key that signs it.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text: three lines. Extension lines are not used.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, encode(self.root))
    }

    /// Reads the text; nothing of it is believed yet.
    pub fn parse(text: &str) -> Result<Checkpoint> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) = (lines.next(), lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(Error::Checkpoint("expected three lines: origin, size, root"));
        };
        if origin.is_empty() {
            return Err(Error::Checkpoint("the origin is empty"));
        }
        let size = number(size).ok_or(Error::Checkpoint("the size is not a number"))?;
        let root = decode_hash(root).ok_or(Error::Checkpoint("the root is not a hash in base64"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }

    /// Signs the state of the log that bears the key's name.
    pub fn sign(size: u64, root: Hash, key: &SigningKey) -> Result<Note> {
        Note::sign(&Checkpoint { origin: key.name().to_owned(), size, root }.text(), key)
    }

    /// Reads a signed checkpoint, if the key signed it and it is of the log that bears the key's name.
    pub fn open(note: &str, key: &VerifyingKey) -> Result<Checkpoint> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.verify(key)?)?;
        if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(Error::Checkpoint("the origin is not the name of the key")) }
    }
}
