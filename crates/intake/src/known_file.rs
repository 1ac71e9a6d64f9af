//! `Known` as a file: compact, replaced as a whole, and brought up to date from the journal.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use journal::Journal;

use crate::known::{Known, Stream};

const MAGIC: &[u8; 8] = b"MUSTERK1";

/// Why what is known could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("{act} {}", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Not what was written.
    #[error("{} is damaged; move it away: what was taken is safe, but files read again will be stored again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A batch of the journal could not be read.
    #[error("reading the journal")]
    Journal(#[from] journal::Error),
}

impl Known {
    /// Reads what was known when it was last saved, nothing if it never was, and takes in what the journal has beyond.
    pub fn open(path: &Path, journal: &Journal) -> Result<Known, Error> {
        let mut known = Known::load(path)?;
        for batch in journal.read_from(known.through() + 1) {
            known.absorb(&batch?);
        }
        Ok(known)
    }

    /// Reads the file; a file that is not there is nothing known.
    pub fn load(path: &Path) -> Result<Known, Error> {
        match fs::read(path) {
            Ok(bytes) => decode(&bytes).ok_or_else(|| Error::Damaged { path: path.to_owned() }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Known::default()),
            Err(e) => Err(Error::Io { act: "reading", path: path.to_owned(), source: e }),
        }
    }

    /// Replaces the file durably: it is the old one or the new one, whatever happens. The journal may release a batch once this
    /// was done after it.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let beside = path.with_extension("new");
        let write = || -> io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(&encode(self))?;
            file.sync_all()?;
            fs::rename(&beside, path)?;
            File::open(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
        };
        write().map_err(|e| Error::Io { act: "writing", path: path.to_owned(), source: e })
    }
}

fn encode(known: &Known) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + known.identities.len() * 16);
    out.extend_from_slice(MAGIC);
    put(&mut out, known.through);
    put(&mut out, known.last_stream);
    put(&mut out, known.sources.len() as u64);
    for (name, next) in &known.sources {
        put_text(&mut out, name);
        put(&mut out, *next);
    }
    put(&mut out, known.streams.values().map(Vec::len).sum::<usize>() as u64);
    for (first, stream) in known.streams.iter().flat_map(|(first, all)| all.iter().map(move |s| (first, s))) {
        out.extend_from_slice(first);
        put(&mut out, stream.id);
        put_text(&mut out, &stream.source);
        put(&mut out, stream.marks.len() as u64);
        for (bytes, hash) in &stream.marks {
            put(&mut out, *bytes);
            out.extend_from_slice(hash);
        }
    }
    put(&mut out, known.broken.len() as u64);
    known.broken.iter().for_each(|id| put(&mut out, *id));
    put(&mut out, known.identities.len() as u64);
    known.identities.iter().for_each(|id| out.extend_from_slice(&id.to_le_bytes()));
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

fn put(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(&n.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn decode(bytes: &[u8]) -> Option<Known> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut take = Take(body.strip_prefix(MAGIC)?);
    let mut known = Known { through: take.number()?, last_stream: take.number()?, ..Known::default() };
    for _ in 0..take.number()? {
        known.sources.insert(take.text()?, take.number()?);
    }
    for _ in 0..take.number()? {
        let first = take.array()?;
        let (id, source, marks) = (take.number()?, take.text()?, take.number()?);
        let marks = (0..marks).map(|_| Some((take.number()?, take.array()?))).collect::<Option<Vec<_>>>()?;
        known.streams.entry(first).or_default().push(Stream { id, source, marks });
    }
    for _ in 0..take.number()? {
        known.broken.insert(take.number()?);
    }
    let identities = take.number()?;
    known.identities.reserve(usize::try_from(identities).ok()?.min(body.len() / 16));
    for _ in 0..identities {
        known.identities.insert(u128::from_le_bytes(take.array()?));
    }
    take.0.is_empty().then_some(known)
}

/// Takes from the front of a slice.
struct Take<'a>(&'a [u8]);

impl Take<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (now, later) = self.0.split_first_chunk::<N>()?;
        self.0 = later;
        Some(*now)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        // Read first: as an argument it would be read after the slice was looked at.
        let length = usize::try_from(self.number()?).ok()?;
        let (now, later) = self.0.split_at_checked(length)?;
        self.0 = later;
        String::from_utf8(now.to_vec()).ok()
    }
}
