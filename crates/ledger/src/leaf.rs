//! A piece of a source as a leaf: what is hashed for it, and the salt that keeps short records from being guessed.

use sha2::{Digest, Sha256};

use crate::Hash;

/// Secret of a batch, 32 random bytes, from which the salts of its leaves derive.
pub type BatchKey = [u8; 32];
/// Salt of one leaf. With it and the record anybody can make the leaf; without it nobody can test a guess of the record.
pub type Salt = [u8; 16];

/// The salt of piece `seq`: the first 16 bytes of SHA-256("muster/salt/1\n" || key || u64be seq).
pub fn salt(key: &BatchKey, seq: u64) -> Salt {
    let digest = Sha256::new().chain_update(b"muster/salt/1\n").chain_update(key).chain_update(seq.to_be_bytes()).finalize();
    std::array::from_fn(|i| digest.get(i).copied().unwrap_or_default())
}

/// One piece (a record, or the bytes around records) with all that its leaf hash covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Source name.
    pub source: &'a str,
    /// Number of the piece in the source.
    pub seq: u64,
    /// When it was received, microseconds since 1970 UTC.
    pub received_us: u64,
    /// Its salt.
    pub salt: Salt,
    /// Its bytes, exactly.
    pub bytes: &'a [u8],
}

impl Leaf<'_> {
    /// What stands before the bytes: "muster/leaf/1\n" || u32be len(source) || source || u64be seq || u64be received_us || u64be len(bytes) || salt.
    fn header(&self) -> Vec<u8> {
        // A source name is a path; 4 GiB of it cannot come to be.
        let name = u32::try_from(self.source.len()).unwrap_or(u32::MAX);
        [
            b"muster/leaf/1\n".as_slice(),
            &name.to_be_bytes(),
            self.source.as_bytes(),
            &self.seq.to_be_bytes(),
            &self.received_us.to_be_bytes(),
            &(self.bytes.len() as u64).to_be_bytes(),
            &self.salt,
        ]
        .concat()
    }

    /// The leaf data: header and bytes.
    pub fn data(&self) -> Vec<u8> {
        [self.header().as_slice(), self.bytes].concat()
    }

    /// The leaf hash: SHA-256(0x00 || data).
    pub fn hash(&self) -> Hash {
        Sha256::new().chain_update([0]).chain_update(self.header()).chain_update(self.bytes).finalize().into()
    }
}

/// The leaf hashes of a batch: consecutive pieces of one source, received together.
pub fn hashes<'a>(source: &str, first_seq: u64, received_us: u64, key: &BatchKey, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Hash> {
    let leaf = |(seq, bytes)| Leaf { source, seq, received_us, salt: salt(key, seq), bytes }.hash();
    (first_seq..).zip(pieces).map(leaf).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    #[test]
    fn a_leaf_is_spelled_as_the_decision_says() {
        let leaf = Leaf { source: "web-1/a", seq: 258, received_us: 3, salt: [7; 16], bytes: b"x\n" };
        let mut want = b"muster/leaf/1\n\0\0\0\x07web-1/a\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x02".to_vec();
        want.extend([7; 16]);
        want.extend(b"x\n");
        assert_eq!(leaf.data(), want);
        assert_eq!(leaf.hash(), leaf_hash(&want));
    }

    #[test]
    fn salts_differ_by_key_and_by_seq() {
        let all = [salt(&[1; 32], 0), salt(&[1; 32], 1), salt(&[2; 32], 0)];
        assert_ne!(all[0], all[1]);
        assert_ne!(all[0], all[2]);
    }

    #[test]
    fn hashes_of_a_batch_are_those_of_its_leaves() {
        let pieces: [&[u8]; 2] = [b"a\n", b""];
        let got = hashes("s", 9, 5, &[3; 32], pieces);
        let want: Vec<Hash> =
            (9..).zip(pieces).map(|(seq, bytes)| Leaf { source: "s", seq, received_us: 5, salt: salt(&[3; 32], seq), bytes }.hash()).collect();
        assert_eq!(got, want);
    }
}
