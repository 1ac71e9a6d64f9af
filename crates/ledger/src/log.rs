//! The log in memory: a tree over entries in order, with all its proofs. Where the entries are kept is the caller's.

use crate::merkle::Tree;
use crate::{Checkpoint, Entry, Hash, Note, Result, SigningKey};

/// The tree over the leaf hashes of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    tree: Tree,
}

impl Log {
    /// A log without entries; or `collect` one from the leaf hashes of its entries, in order.
    pub fn new() -> Log {
        Log::default()
    }

    /// Takes the next entry and gives its index, from 0.
    pub fn append(&mut self, entry: &Entry) -> u64 {
        self.append_hash(entry.hash())
    }

    /// Takes the leaf hash of the next entry and gives its index.
    pub fn append_hash(&mut self, hash: Hash) -> u64 {
        self.tree.push(hash)
    }

    /// How many entries.
    pub fn len(&self) -> u64 {
        self.tree.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// The root over all entries.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The root over the first `size` entries, if there are so many.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.tree.root_at(size)
    }

    /// Signs the log as it is.
    pub fn checkpoint(&self, key: &SigningKey) -> Result<Note> {
        Checkpoint::sign(self.len(), self.root(), key)
    }

    /// Proof that entry `index` is among the first `size`; see [`crate::merkle::verify_inclusion`].
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        self.tree.inclusion(index, size)
    }

    /// Proof that the log of `old` entries is the beginning of the log of `new`; see [`crate::merkle::verify_consistency`].
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        self.tree.consistency(old, new)
    }

    /// Proof of several entries at once; see [`crate::merkle::cover_root`].
    pub fn cover(&self, indices: &[u64], size: u64) -> Option<Vec<Hash>> {
        self.tree.cover(indices, size)
    }
}

impl FromIterator<Hash> for Log {
    fn from_iter<I: IntoIterator<Item = Hash>>(hashes: I) -> Log {
        Log { tree: hashes.into_iter().collect() }
    }
}
