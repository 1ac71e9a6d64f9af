//! The identity of a record.

use sha2::{Digest, Sha256};

/// What makes a record the same one when it is read again: a hash of the log's kind, the source's own id and the record's bytes.
/// The same id with other bytes is another record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub u128);

impl Identity {
    /// The first 128 bits of SHA-256 over `muster/identity/1`, the kind of log, the source's own id, and the record without white space around it.
    pub fn of(kind: &str, id: &[u8], record: &[u8]) -> Identity {
        let mut hash = Sha256::new();
        hash.update(b"muster/identity/1\n");
        for part in [kind.as_bytes(), id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(record.trim_ascii());
        let digest: [u8; 32] = hash.finalize().into();
        let (first, _) = digest.split_at(16);
        Identity(first.iter().fold(0, |n, b| n << 8 | u128::from(*b)))
    }

    /// The identity of a line of Linux audit: its `msg=audit(TIME:SERIAL)` and itself. `None` for a line without one.
    pub(super) fn of_audit(line: &[u8]) -> Option<Identity> {
        let at = memchr::memmem::find(line, b"audit(")?;
        let id = line.get(at + 6..)?;
        let id = id.get(..memchr::memchr(b')', id.get(..64).unwrap_or(id))?)?;
        let numeric = id.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'));
        (numeric && id.contains(&b':')).then(|| Identity::of("linux_audit", id, line))
    }
}
