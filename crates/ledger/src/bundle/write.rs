//! Writes a bundle, and hands it out only when the verifier accepts it.

use super::container::{BOOKS, CHECKPOINT, EVENTS, KEY, MANIFEST, NAMES, PROOFS, Packer, RECORDS, SEAL};
use super::manifest::{Batch, ItemLine, Listed, Manifest, VERSION};
use super::{Bundle, CONTENT_BYTES_MAX, Extent, Part, verify};
use crate::merkle::{Tree, sha256};
use crate::text::encode;
use crate::{Checkpoint, Error, Hash, Log, Note, Result, SigningKey};

/// The first line of a seal.
pub(super) const SEAL_KIND: &str = "muster/bundle/1";

/// The bytes of a bundle: for the same parts, the same bytes (of one build; another deflate may pack otherwise).
/// `log` has at least the entries of the checkpoint; `key` is the one that signed it.
pub fn write(bundle: &Bundle, log: &Log, key: &SigningKey) -> Result<Vec<u8>> {
    let mut parts: Vec<Part> = bundle.parts.clone();
    parts.sort_by_key(|part| part.index);
    parts.iter_mut().for_each(|part| part.items.sort_by_key(|item| item.seq));
    let checkpoint = bundle.checkpoint.to_string();
    let size = Checkpoint::open(&checkpoint, &key.verifying_key())?.size;
    let mut contents = vec![
        (CHECKPOINT, checkpoint.into_bytes()),
        (KEY, format!("{}\n", key.verifying_key()).into_bytes()),
        (PROOFS, proofs(&parts, bundle, log, size)?.concat()),
        (RECORDS, parts.iter().flat_map(|part| &part.items).flat_map(|item| item.bytes.iter().copied()).collect()),
    ];
    contents.extend(bundle.books.as_ref().map(|(_, books)| (BOOKS, books.text().into_bytes())));
    contents.extend(bundle.events.clone().map(|events| (EVENTS, events)));
    contents.sort_by_key(|(name, _)| NAMES.iter().position(|known| known == name));
    let manifest = manifest(bundle, &parts, &contents).to_json().map_err(|e| Error::Bundle(e.to_string()))?;
    contents.push((MANIFEST, manifest));
    contents.sort_by_key(|(name, _)| NAMES.iter().position(|known| known == name));
    let total: u64 = contents.iter().map(|(_, content)| content.len() as u64).sum();
    if total >= CONTENT_BYTES_MAX {
        return Err(Error::Bundle(format!("{total} bytes of content; a bundle takes {CONTENT_BYTES_MAX}; ask for less at once")));
    }
    let zip = seal(&contents, key)?;
    match verify(&zip, Some(&key.verifying_key())) {
        Ok(_) => Ok(zip),
        Err(faults) => Err(Error::Bundle(faults.first().map(ToString::to_string).unwrap_or_default())),
    }
}

/// The nodes of the cover of each batch in order, then of the log.
fn proofs(parts: &[Part], bundle: &Bundle, log: &Log, size: u64) -> Result<Vec<Hash>> {
    let mut nodes = Vec::new();
    for Part { entry, leaves, items, .. } in parts {
        let places: Option<Vec<u64>> = items.iter().map(|item| item.seq.checked_sub(entry.first_seq)).collect();
        let tree: Tree = leaves.iter().copied().collect();
        let cover = places.and_then(|places| tree.cover(&places, entry.count));
        nodes.extend(cover.ok_or_else(|| Error::Bundle(format!("batch {}: no pieces, one twice, or one of another batch", entry.number)))?);
    }
    let mut entries: Vec<u64> = parts.iter().map(|part| part.index).chain(bundle.books.as_ref().map(|(index, _)| *index)).collect();
    entries.sort_unstable();
    let cover = log.cover(&entries, size);
    nodes.extend(cover.ok_or_else(|| Error::Bundle("no entries, one twice, or one that is not under the checkpoint".into()))?);
    Ok(nodes)
}

fn manifest(bundle: &Bundle, parts: &[Part], contents: &[(&'static str, Vec<u8>)]) -> Manifest {
    let (kind, ranges) = match &bundle.extent {
        Extent::Range(ranges) => ("range", ranges.clone()),
        Extent::Selection => ("selection", Vec::new()),
    };
    Manifest {
        version: VERSION,
        kind: kind.into(),
        asked: bundle.asked.clone(),
        ranges,
        batches: parts.iter().map(batch).collect(),
        books: bundle.books.as_ref().map(|(index, _)| *index),
        members: contents.iter().map(|(name, content)| Listed::of(name, content)).collect(),
    }
}

fn batch(Part { index, entry, items, .. }: &Part) -> Batch {
    Batch {
        index: *index,
        number: entry.number,
        source: entry.source.clone(),
        first_seq: entry.first_seq,
        count: entry.count,
        received_us: entry.received_us,
        root: entry.root,
        items: items.iter().map(|item| ItemLine { seq: item.seq, length: item.bytes.len() as u64, salt: item.salt }).collect(),
    }
}

/// Packs the members and signs all bytes so far.
fn seal(contents: &[(&'static str, Vec<u8>)], key: &SigningKey) -> Result<Vec<u8>> {
    let mut packer = Packer::default();
    contents.iter().for_each(|(name, content)| packer.add(name, content));
    let note = Note::sign(&seal_text(packer.bytes()), key)?;
    packer.add(SEAL, note.to_string().as_bytes());
    Ok(packer.finish())
}

/// The text of the seal over the bytes before it.
pub(super) fn seal_text(before: &[u8]) -> String {
    format!("{SEAL_KIND}\nbytes {}\nsha256 {}\n", before.len(), encode(sha256(before)))
}
