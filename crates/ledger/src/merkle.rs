//! The Merkle tree of RFC 6962 (section 2.1; verification as in RFC 9162, section 2.1): roots, inclusion, consistency, covers.
//!
//! A *cover* proves many leaves of one tree at once: the roots of the largest subtrees that hold none of them, in order
//! from left to right. For one leaf it has the nodes of the RFC's inclusion proof in another order; for all leaves it is
//! empty. Bundles use it, so that thousands of records of one batch cost next to nothing.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The hash of a leaf: SHA-256(0x00 || data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    sha256(b"")
}

/// The root of a tree with these leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Compact>().root()
}

/// The largest power of two below `n`; `n` is at least 2.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Builds a root from leaf hashes that come one by one, in memory of one hash a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compact {
    len: u64,
    /// Roots of the full subtrees, the largest first.
    peaks: Vec<Hash>,
}

impl Compact {
    /// Takes the next leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.len.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.len += 1;
    }

    /// How many leaves came.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The root of the leaves so far.
    pub fn root(&self) -> Hash {
        self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

impl FromIterator<Hash> for Compact {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Compact {
        let mut compact = Compact::default();
        leaves.into_iter().for_each(|leaf| compact.push(leaf));
        compact
    }
}

/// A whole tree in memory, 64 bytes a leaf, that gives proofs for any earlier size of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// `levels[k]` holds the roots of the full subtrees of 2^k leaves, in order.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Takes the next leaf hash and gives its index.
    pub fn push(&mut self, leaf: Hash) -> u64 {
        let index = self.len();
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else { break };
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len() % 2 == 0 => hash = node_hash(left, right),
                _ => break,
            }
        }
        index
    }

    /// How many leaves it has.
    pub fn len(&self) -> u64 {
        self.levels.first().map_or(0, |row| row.len() as u64)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        self.root_at(self.len()).unwrap_or_else(empty_root)
    }

    /// The root over the first `size` leaves; none if there are fewer.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size == 0 { Some(empty_root()) } else { self.subtree(0, size) }
    }

    /// The root over the leaves from `lo` to before `hi`; a range that RFC 6962's tree has as a subtree.
    fn subtree(&self, lo: u64, hi: u64) -> Option<Hash> {
        let n = hi - lo;
        if n.is_power_of_two() && lo.is_multiple_of(n) {
            let row = self.levels.get(n.trailing_zeros() as usize)?;
            return row.get(usize::try_from(lo / n).ok()?).copied();
        }
        let mid = lo + split(n);
        Some(node_hash(&self.subtree(lo, mid)?, &self.subtree(mid, hi)?))
    }

    /// Proof that leaf `index` is in the tree of the first `size` leaves (RFC 6962, 2.1.1), leaf to root.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.len() {
            return None;
        }
        let (mut lo, mut hi, mut path) = (0, size, Vec::new());
        while hi - lo > 1 {
            let mid = lo + split(hi - lo);
            if index < mid {
                path.push(self.subtree(mid, hi)?);
                hi = mid;
            } else {
                path.push(self.subtree(lo, mid)?);
                lo = mid;
            }
        }
        path.reverse();
        Some(path)
    }

    /// Proof that the first `old` leaves of the tree of `new` leaves are the tree of `old` leaves (RFC 6962, 2.1.2).
    /// Empty for `old` 0 and for equal sizes.
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.len() {
            return None;
        }
        let (mut lo, mut hi, mut path) = (0, new, Vec::new());
        if old == 0 || old == new {
            return Some(path);
        }
        while hi != old {
            let mid = lo + split(hi - lo);
            if old <= mid {
                path.push(self.subtree(mid, hi)?);
                hi = mid;
            } else {
                path.push(self.subtree(lo, mid)?);
                lo = mid;
            }
        }
        if lo != 0 {
            path.push(self.subtree(lo, hi)?);
        }
        path.reverse();
        Some(path)
    }

    /// Proof of all leaves in `indices` (ascending, each once, at least one) at once; see [`cover_root`].
    pub fn cover(&self, indices: &[u64], size: u64) -> Option<Vec<Hash>> {
        let mut nodes = Vec::new();
        (ascending(indices.iter().copied(), size) && size <= self.len()).then_some(())?;
        self.cover_into(0, size, indices, &mut nodes)?;
        Some(nodes)
    }

    fn cover_into(&self, lo: u64, hi: u64, indices: &[u64], nodes: &mut Vec<Hash>) -> Option<()> {
        if indices.is_empty() {
            nodes.push(self.subtree(lo, hi)?);
        } else if hi - lo > 1 {
            let mid = lo + split(hi - lo);
            let (left, right) = indices.split_at_checked(indices.partition_point(|&i| i < mid))?;
            self.cover_into(lo, mid, left, nodes)?;
            self.cover_into(mid, hi, right, nodes)?;
        }
        Some(())
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Tree {
        let mut tree = Tree::default();
        leaves.into_iter().for_each(|leaf| {
            tree.push(leaf);
        });
        tree
    }
}

/// Whether indices are at least one, each above the one before, all below `size`.
fn ascending(indices: impl Iterator<Item = u64>, size: u64) -> bool {
    let mut next = 0;
    for index in indices {
        if index < next || index >= size {
            return false;
        }
        next = index + 1;
    }
    next > 0
}

/// The root that leaves (index and leaf hash; ascending, each once, at least one) and the nodes of their cover give in a
/// tree of `size` leaves. Takes exactly the nodes it needs. None if the leaves are not so, or nodes run short.
pub fn cover_root(size: u64, leaves: &[(u64, Hash)], nodes: &mut impl Iterator<Item = Hash>) -> Option<Hash> {
    ascending(leaves.iter().map(|leaf| leaf.0), size).then_some(())?;
    cover_range(0, size, leaves, nodes)
}

/// At most 64 deep, and at most 64 calls a leaf.
fn cover_range(lo: u64, hi: u64, leaves: &[(u64, Hash)], nodes: &mut impl Iterator<Item = Hash>) -> Option<Hash> {
    match leaves {
        [] => nodes.next(),
        [(_, hash)] if hi - lo == 1 => Some(*hash),
        _ => {
            let mid = lo + split(hi - lo);
            let (left, right) = leaves.split_at_checked(leaves.partition_point(|leaf| leaf.0 < mid))?;
            let left = cover_range(lo, mid, left, nodes)?;
            Some(node_hash(&left, &cover_range(mid, hi, right, nodes)?))
        }
    }
}

/// Whether `path` proves that `leaf` (a leaf hash) is leaf `index` of the tree with `size` leaves and this root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for node in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(node, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, node);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether `path` proves that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, 2.1.4.2).
/// From size 0 everything is an extension, with an empty path.
#[must_use]
pub fn verify_consistency(old: u64, new: u64, old_root: &Hash, new_root: &Hash, path: &[Hash]) -> bool {
    if old == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    if old >= new {
        return old == new && path.is_empty() && old_root == new_root;
    }
    let (seed, path) = match path {
        path if old.is_power_of_two() => (old_root, path),
        [first, rest @ ..] => (first, rest),
        [] => return false,
    };
    let shift = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    for node in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(node, &old_hash);
            new_hash = node_hash(node, &new_hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, node);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}
