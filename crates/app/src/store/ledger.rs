//! The ledger on disk: entries, the keys of batch salts, the signing key, the last checkpoint.
//!
//! ```text
//! ledger/
//!   entries      the log: each entry as length (u32, big-endian) and canonical text
//!   batch-keys   32 bytes a batch, in order of batch numbers; from them the salts of its leaves derive (0600)
//!   key          name and seed of the signing key (0600), made at first use
//!   key.pub      the verifying key in text form
//!   checkpoint   the last signed checkpoint
//! ```

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use ledger::{BatchEntry, Books, CaseEntry, Checkpoint, Entry, Log, Note, SigningKey, VerifyingKey};

use super::file;
use crate::clock;

/// The key of a batch's salts.
pub type BatchKey = [u8; 32];
/// The longest entry that is read back; a books entry of 100,000 sources is shorter.
const ENTRY_BYTES_MAX: usize = 64 << 20;

/// The ledger of a store.
pub struct LedgerFolder {
    dir: PathBuf,
    /// The log over all entries.
    pub log: Log,
    /// Batch entries with their index in the log, ascending by number.
    pub batches: Vec<(u64, BatchEntry)>,
    /// The last books entry with its index.
    pub books: Option<(u64, Books)>,
    /// Records of cases with their index in the log, in the order in which they came.
    pub cases: Vec<(u64, CaseEntry)>,
    /// Where the last whole entry ends in its file.
    end: u64,
}

impl LedgerFolder {
    /// Opens the folder and checks that the last checkpoint is of these entries. Nothing is written.
    pub fn open(dir: &Path) -> anyhow::Result<LedgerFolder> {
        let mut ledger = LedgerFolder { dir: dir.to_owned(), log: Log::new(), batches: Vec::new(), books: None, cases: Vec::new(), end: 0 };
        // The checkpoint first: a writer may add entries meanwhile, and signs them after.
        let checkpoint = ledger.checkpoint()?;
        let (texts, end) = ledger.read_entries()?;
        ledger.end = end;
        for text in texts {
            ledger.take(Entry::parse(&text).with_context(|| format!("reading entry {} of {}", ledger.log.len(), dir.display()))?);
        }
        if let Some(checkpoint) = checkpoint {
            let signed = Checkpoint::open(&checkpoint, &ledger.verifying_key()?)?;
            ensure!(
                ledger.log.root_at(signed.size) == Some(signed.root),
                "the ledger at {} does not have the {} entries that were signed; restore it from a copy, nothing was written",
                dir.display(),
                signed.size
            );
        }
        Ok(ledger)
    }

    fn take(&mut self, entry: Entry) {
        let index = self.log.append(&entry);
        match entry {
            Entry::Batch(batch) => self.batches.push((index, batch)),
            Entry::Books(books) => self.books = Some((index, books)),
            Entry::Case(case) => self.cases.push((index, case)),
        }
    }

    /// Texts of whole entries, and where the last whole one ends.
    fn read_entries(&self) -> anyhow::Result<(Vec<String>, u64)> {
        let path = self.dir.join("entries");
        if !path.exists() {
            return Ok((Vec::new(), 0));
        }
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let (mut texts, mut rest) = (Vec::new(), bytes.as_slice());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            ensure!(length <= ENTRY_BYTES_MAX, "{} is damaged at byte {}", path.display(), bytes.len() - rest.len());
            let Some((text, after)) = after.split_at_checked(length) else { break };
            texts.push(String::from_utf8(text.to_vec()).with_context(|| format!("{} is damaged at byte {}", path.display(), bytes.len() - rest.len()))?);
            rest = after;
        }
        Ok((texts, (bytes.len() - rest.len()) as u64))
    }

    /// Number of the last batch that has an entry.
    pub fn last_batch(&self) -> u64 {
        self.batches.last().map_or(0, |(_, b)| b.number)
    }

    /// Appends the batches that are not in yet, then the books, and signs. Batches come in order of number, without a hole.
    pub fn append(&mut self, batches: Vec<(BatchEntry, BatchKey)>, books: Books) -> anyhow::Result<()> {
        fs::create_dir_all(&self.dir).with_context(|| format!("making {}", self.dir.display()))?;
        self.make_key()?;
        let new: Vec<_> = batches.into_iter().filter(|(b, _)| b.number > self.last_batch()).collect();
        // A batch that the journal lost leaves a hole in the numbers; its key stays zero.
        let first = self.last_batch() + 1;
        let last = new.last().map_or(first, |(b, _)| b.number + 1);
        let mut keys = vec![[0u8; 32]; usize::try_from(last - first)?];
        for (batch, key) in &new {
            let slot = batch.number.checked_sub(first).and_then(|i| keys.get_mut(usize::try_from(i).ok()?));
            *slot.with_context(|| format!("batch {} comes out of order", batch.number))? = *key;
        }
        write_at(&self.dir.join("batch-keys"), (first - 1) * 32, &keys.concat())?;
        self.add(new.into_iter().map(|(b, _)| Entry::Batch(b)).chain([Entry::Books(books)]).collect())
    }

    /// Appends records of cases, and signs.
    pub fn append_cases(&mut self, records: Vec<CaseEntry>) -> anyhow::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.dir).with_context(|| format!("making {}", self.dir.display()))?;
        self.make_key()?;
        self.add(records.into_iter().map(Entry::Case).collect())
    }

    /// Writes entries behind those that are there, then the signature over all.
    fn add(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        for entry in &entries {
            let text = entry.text();
            bytes.extend_from_slice(&u32::try_from(text.len())?.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        write_at(&self.dir.join("entries"), self.end, &bytes)?;
        self.end += bytes.len() as u64;
        entries.into_iter().for_each(|e| self.take(e));
        let note = self.log.checkpoint(&self.signing_key()?)?;
        file::replace(&self.dir.join("checkpoint"), note.to_string().as_bytes())
    }

    /// The last signed checkpoint, if anything was ever signed.
    pub fn checkpoint(&self) -> anyhow::Result<Option<String>> {
        let path = self.dir.join("checkpoint");
        if path.exists() { fs::read_to_string(&path).map(Some).with_context(|| format!("reading {}", path.display())) } else { Ok(None) }
    }

    /// The last checkpoint as a note, for a bundle.
    pub fn note(&self) -> anyhow::Result<Note> {
        match self.checkpoint()? {
            Some(text) => Ok(Note::parse(&text)?),
            None => bail!("the ledger has no checkpoint yet; ingest something first"),
        }
    }

    /// The key of a batch's salts.
    pub fn batch_key(&self, number: u64) -> anyhow::Result<BatchKey> {
        let path = self.dir.join("batch-keys");
        let read = || -> std::io::Result<BatchKey> {
            let mut key = [0; 32];
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(number.saturating_sub(1) * 32))?;
            file.read_exact(&mut key)?;
            Ok(key)
        };
        read().with_context(|| format!("reading the key of batch {number} from {}", path.display()))
    }

    /// Makes the key that signs, at first use.
    fn make_key(&self) -> anyhow::Result<()> {
        let path = self.dir.join("key");
        if !path.exists() {
            ensure!(self.log.is_empty(), "{} is gone; restore it from a copy: without it nothing can be added to the ledger", path.display());
            let (seed, name) = (clock::random::<32>()?, clock::random::<4>()?);
            file::create_secret(&path, format!("muster/{}\n{}\n", ledger::hex(&name), ledger::hex(&seed)).as_bytes())?;
        }
        let public = self.dir.join("key.pub");
        if !public.exists() {
            file::replace(&public, format!("{}\n", self.verifying_key()?).as_bytes())?;
        }
        Ok(())
    }

    /// The key that signs.
    pub fn signing_key(&self) -> anyhow::Result<SigningKey> {
        let path = self.dir.join("key");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let (name, seed) = text.trim().split_once('\n').context("the key file has no two lines")?;
        Ok(SigningKey::from_seed(name, &unhex(seed).with_context(|| format!("{} holds no seed", path.display()))?)?)
    }

    /// The key that signatures are checked against.
    pub fn verifying_key(&self) -> anyhow::Result<VerifyingKey> {
        Ok(self.signing_key()?.verifying_key())
    }
}

/// Writes bytes at an offset, cutting what lies behind (a torn write), and makes them durable.
fn write_at(path: &Path, offset: u64, bytes: &[u8]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let write = || -> std::io::Result<()> {
        let mut file = File::options().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        file::sync_folder(path)
    };
    write().with_context(|| format!("writing {}", path.display()))
}

fn unhex(text: &str) -> anyhow::Result<[u8; 32]> {
    let digits = text.trim().as_bytes();
    ensure!(digits.len() == 64, "expected 64 hexadecimal digits, found {}", digits.len());
    let mut seed = [0; 32];
    for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    Ok(seed)
}
