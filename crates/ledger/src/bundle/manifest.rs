//! The manifest: what a bundle holds, as JSON in one form (no white space, keys in this order).

use serde::{Deserialize, Serialize};

use super::container::MANIFEST;
use super::{Fault, Step};
use crate::leaf::Salt;
use crate::merkle::sha256;
use crate::text::{decode, decode_hash, encode};
use crate::{BatchEntry, Hash};

/// The version of the bundle format.
pub(super) const VERSION: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) version: u64,
    /// `range` or `selection`.
    pub(super) kind: String,
    pub(super) asked: String,
    /// Empty for a selection.
    pub(super) ranges: Vec<Range>,
    pub(super) batches: Vec<Batch>,
    /// Index of the books entry in the log.
    pub(super) books: Option<u64>,
    /// All members but the manifest and the seal.
    pub(super) members: Vec<Listed>,
}

/// Pieces of a source, all of them from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Source name.
    pub source: String,
    /// `seq` of the first piece.
    pub first_seq: u64,
    /// `seq` of the last piece.
    pub last_seq: u64,
}

/// A batch entry, its index in the log, and its pieces in the bundle. A piece is leaf `seq - first_seq` of `count`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    pub(super) index: u64,
    pub(super) number: u64,
    pub(super) source: String,
    pub(super) first_seq: u64,
    pub(super) count: u64,
    pub(super) received_us: u64,
    #[serde(with = "hash")]
    pub(super) root: Hash,
    pub(super) items: Vec<ItemLine>,
}

/// A piece; its bytes follow those of the piece before in the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemLine {
    pub(super) seq: u64,
    pub(super) length: u64,
    #[serde(with = "salt")]
    pub(super) salt: Salt,
}

/// A member with its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    #[serde(with = "hash")]
    pub(super) sha256: Hash,
}

impl Listed {
    pub(super) fn of(name: &str, content: &[u8]) -> Listed {
        Listed { name: name.to_owned(), bytes: content.len() as u64, sha256: sha256(content) }
    }
}

impl Batch {
    pub(super) fn entry(&self) -> BatchEntry {
        let Batch { number, ref source, first_seq, count, received_us, root, .. } = *self;
        BatchEntry { number, source: source.clone(), first_seq, count, received_us, root }
    }
}

impl Manifest {
    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads what [`Manifest::to_json`] writes and nothing else.
    pub(super) fn parse(json: &[u8]) -> Result<Manifest, Fault> {
        /// The one field whose meaning no version changes.
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let fault = |detail: String| Fault::new(Step::Manifest, MANIFEST, detail);
        let head: Head = serde_json::from_slice(json).map_err(|e| fault(e.to_string()))?;
        if head.version != VERSION {
            return Err(Fault::unchecked(MANIFEST, format!("version {}; this verifier knows {VERSION}", head.version)));
        }
        let manifest: Manifest = serde_json::from_slice(json).map_err(|e| fault(e.to_string()))?;
        if manifest.to_json().is_ok_and(|canonical| canonical == json) { Ok(manifest) } else { Err(fault("not in its one form".into())) }
    }
}

mod hash {
    use super::{Hash, decode_hash, encode};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&encode(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Hash, D::Error> {
        decode_hash(&String::deserialize(d)?).ok_or_else(|| D::Error::custom("not a hash in base64"))
    }
}

mod salt {
    use super::{Salt, decode, encode};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(salt: &Salt, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&encode(salt))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Salt, D::Error> {
        decode(&String::deserialize(d)?).and_then(|s| s.try_into().ok()).ok_or_else(|| D::Error::custom("not a salt in base64"))
    }
}
