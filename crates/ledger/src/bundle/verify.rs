//! The verifier: judges a bundle by nothing but its bytes and a key.

use std::collections::BTreeMap;

use super::container::{self, BOOKS, CHECKPOINT, EVENTS, KEY, MANIFEST, Member, PROOFS, RECORDS, SEAL};
use super::manifest::{Batch, Listed, Manifest};
use super::range::{by_source, complete};
use super::write::seal_text;
use super::{FAULTS_MAX, Fault, KeyFrom, SourceProof, Step, Verdict, leaf_of};
use crate::merkle::cover_root;
use crate::text::encode;
use crate::{Books, Checkpoint, Hash, Note, VerifyingKey};

/// The contents of the members that could be read.
type Contents = BTreeMap<&'static str, Vec<u8>>;

/// Checks everything of a bundle: its layout, its seal, its digests, and the way of each piece to the signed checkpoint.
/// Without a key the bundle's own is used, and the verdict says so. All faults that could be found, at most [`FAULTS_MAX`].
pub fn verify(zip: &[u8], key: Option<&VerifyingKey>) -> Result<Verdict, Vec<Fault>> {
    let mut check = Check::default();
    let verdict = check.bundle(zip, key);
    match verdict {
        Some(verdict) if check.faults.is_empty() => Ok(verdict),
        _ => Err(check.faults),
    }
}

/// The faults so far. Steps that do not need one another run all, so that one look shows all that is wrong.
#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    fn take<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.fault(fault)).ok()
    }

    fn require(&mut self, holds: bool, fault: impl FnOnce() -> Fault) {
        if !holds {
            self.fault(fault());
        }
    }

    /// All steps. The verdict holds only if no fault was noted.
    fn bundle(&mut self, zip: &[u8], given: Option<&VerifyingKey>) -> Option<Verdict> {
        let members = self.take(container::read(zip))?;
        let contents: Contents = members.iter().filter_map(|m| Some((m.name, self.take(m.content())?))).collect();
        let own = self.take(own_key(&contents));
        let key = given.or(own.as_ref())?;
        let fits = own.as_ref().is_none_or(|own| own == key);
        self.require(fits, || Fault::new(Step::Key, KEY, "the bundle's key is not the one that was given"));
        self.take(seal(zip, &members, &contents, key));
        let checkpoint = self.take(checkpoint(&contents, key));
        let manifest = self.take(Manifest::parse(content(&contents, MANIFEST)))?;
        self.digests(&manifest, &contents);
        let books = self.take(books(&manifest, &contents))?;
        let sources = self.extent(&manifest);
        let checkpoint = checkpoint?;
        self.proofs(&manifest, books.as_ref(), &contents, &checkpoint);
        Some(verdict(manifest, &contents, checkpoint, sources, books, (key, given.is_some())))
    }

    /// The manifest lists all other members, and each is what it says.
    fn digests(&mut self, manifest: &Manifest, contents: &Contents) {
        let there = contents.iter().filter(|(name, _)| ![MANIFEST, SEAL].contains(*name));
        let there: Vec<Listed> = there.map(|(name, content)| Listed::of(name, content)).collect();
        self.require(there.len() == manifest.members.len(), || {
            Fault::new(Step::Digest, MANIFEST, format!("{} members are listed, {} are there", manifest.members.len(), there.len()))
        });
        for (found, listed) in there.iter().zip(&manifest.members) {
            let name = container::NAMES.into_iter().find(|name| *name == found.name).unwrap_or(container::ZIP);
            self.require(found == listed, || Fault::new(Step::Digest, name, "not what the manifest lists in this place"));
        }
    }

    /// What there is of each source, and whether ranges are complete.
    fn extent(&mut self, manifest: &Manifest) -> Vec<SourceProof> {
        let (sources, faults) = by_source(&manifest.batches);
        faults.into_iter().for_each(|fault| self.fault(fault));
        let extent = match manifest.kind.as_str() {
            "range" => complete(&manifest.ranges, &sources),
            "selection" if manifest.ranges.is_empty() => Ok(()),
            "selection" => Err("a selection has no ranges".to_owned()),
            _ => Err("the kind is neither `range` nor `selection`".to_owned()),
        };
        self.take(extent.map_err(|detail| Fault::new(Step::Range, MANIFEST, detail)));
        sources
    }

    /// The way from each piece to its batch's root, and from the entries to the checkpoint's.
    fn proofs(&mut self, manifest: &Manifest, books: Option<&Books>, contents: &Contents, checkpoint: &Checkpoint) -> Option<()> {
        let mut nodes = content(contents, PROOFS).chunks(32).map_while(|node| Hash::try_from(node).ok());
        let mut records = content(contents, RECORDS);
        let (mut next_index, mut next_number, mut entries) = (0, 0, Vec::new());
        for batch in &manifest.batches {
            let ordered = batch.index >= next_index && batch.number >= next_number && !batch.items.is_empty();
            self.require(ordered, || Fault::new(Step::Items, MANIFEST, "batches out of order, one twice, or one without pieces").at(batch.number, None));
            (next_index, next_number) = (batch.index.saturating_add(1), batch.number.saturating_add(1));
            let leaves = self.take(leaves(batch, &mut records))?;
            let root = cover_root(batch.count, &leaves, &mut nodes);
            let fault = |detail: &str| Fault::new(Step::Batch, PROOFS, detail).at(batch.number, None);
            self.require(root.is_some(), || fault("pieces out of order, or too few nodes"));
            self.require(root.is_none_or(|root| root == batch.root), || fault("pieces and nodes do not give the root that the entry has"));
            root?;
            entries.push((batch.index, batch.entry().hash()));
        }
        self.require(records.is_empty(), || Fault::new(Step::Items, RECORDS, format!("{} bytes belong to no piece", records.len())));
        entries.extend(manifest.books.zip(books).map(|(index, books)| (index, books.hash())));
        entries.sort_by_key(|entry| entry.0);
        let root = cover_root(checkpoint.size, &entries, &mut nodes);
        self.require(root == Some(checkpoint.root), || Fault::new(Step::Log, PROOFS, "entries and nodes do not give the checkpoint's root"));
        let whole = nodes.next().is_none() && content(contents, PROOFS).len().is_multiple_of(32);
        self.require(whole, || Fault::new(Step::Log, PROOFS, "more nodes than the proofs need"));
        Some(())
    }
}

/// The leaves of a batch's pieces, with their places in the batch. Takes their bytes from the front of `records`.
fn leaves(batch: &Batch, records: &mut &[u8]) -> Result<Vec<(u64, Hash)>, Fault> {
    let entry = batch.entry();
    let mut leaves = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        let fault = |member, detail| Fault::new(Step::Items, member, detail).at(batch.number, Some(item.seq));
        let place = item.seq.checked_sub(batch.first_seq).filter(|place| *place < batch.count);
        let place = place.ok_or_else(|| fault(MANIFEST, "not a piece of this batch"))?;
        let split = usize::try_from(item.length).ok().and_then(|length| records.split_at_checked(length));
        let (bytes, rest) = split.ok_or_else(|| fault(RECORDS, "the records end inside this piece"))?;
        *records = rest;
        leaves.push((place, leaf_of(&entry, item.seq, item.salt, bytes).hash()));
    }
    Ok(leaves)
}

/// The content of a member; of one that could not be read (which is a fault already) nothing.
fn content<'a>(contents: &'a Contents, name: &'static str) -> &'a [u8] {
    contents.get(name).map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(contents: &'a Contents, name: &'static str, step: Step) -> Result<&'a str, Fault> {
    std::str::from_utf8(content(contents, name)).map_err(|_| Fault::new(step, name, "not UTF-8"))
}

fn own_key(contents: &Contents) -> Result<VerifyingKey, Fault> {
    let line = text(contents, KEY, Step::Key)?;
    let line = line.strip_suffix('\n').ok_or_else(|| Fault::new(Step::Key, KEY, "no newline at the end"))?;
    VerifyingKey::parse(line).map_err(|e| Fault::new(Step::Key, KEY, e.to_string()))
}

/// The seal: one signature, by the key, over the bytes before the seal.
fn seal(zip: &[u8], members: &[Member<'_>], contents: &Contents, key: &VerifyingKey) -> Result<(), Fault> {
    let fault = |detail: String| Fault::new(Step::Seal, SEAL, detail);
    let offset = members.iter().find(|m| m.name == SEAL).map(|m| m.offset).unwrap_or_default();
    let note = Note::parse(text(contents, SEAL, Step::Seal)?).map_err(|e| fault(e.to_string()))?;
    if note.text() != seal_text(zip.get(..offset).unwrap_or_default()) {
        return Err(fault("the bytes before the seal are not those that it signs".into()));
    }
    if note.signatures() != 1 {
        return Err(fault("not exactly one signature".into()));
    }
    note.verify(key).map(|_| ()).map_err(|e| fault(e.to_string()))
}

fn checkpoint(contents: &Contents, key: &VerifyingKey) -> Result<Checkpoint, Fault> {
    let note = text(contents, CHECKPOINT, Step::Checkpoint)?;
    Checkpoint::open(note, key).map_err(|e| Fault::new(Step::Checkpoint, CHECKPOINT, e.to_string()))
}

/// The books, if the manifest says where in the log they are; then, and only then, they must be here.
fn books(manifest: &Manifest, contents: &Contents) -> Result<Option<Books>, Fault> {
    let fault = |detail: String| Fault::new(Step::Books, BOOKS, detail);
    match (manifest.books, contents.contains_key(BOOKS)) {
        (None, false) => return Ok(None),
        (Some(_), true) => {}
        _ => return Err(fault("the manifest and the zip differ on whether there are books".into())),
    }
    let books = Books::parse(text(contents, BOOKS, Step::Books)?).map_err(|e| fault(e.to_string()))?;
    match books.sources.iter().find(|counts| !counts.balanced()) {
        Some(counts) => Err(fault(format!("the counts of source {:?} are not balanced", counts.source))),
        None => Ok(Some(books)),
    }
}

fn verdict(
    manifest: Manifest,
    contents: &Contents,
    checkpoint: Checkpoint,
    sources: Vec<SourceProof>,
    books: Option<Books>,
    (key, given): (&VerifyingKey, bool),
) -> Verdict {
    Verdict {
        kind: if manifest.ranges.is_empty() { "selection" } else { "range" },
        pieces: sources.iter().map(|source| source.pieces).sum(),
        bytes: content(contents, RECORDS).len() as u64,
        batches: manifest.batches.len() as u64,
        asked: manifest.asked,
        ranges: manifest.ranges,
        sources,
        origin: checkpoint.origin,
        log_size: checkpoint.size,
        log_root: encode(checkpoint.root),
        books,
        events: contents.contains_key(EVENTS),
        key: key.to_string(),
        key_from: if given { KeyFrom::Given } else { KeyFrom::Bundle },
    }
}
