//! Archives: the files inside a tar or zip, one after another, each laid into the scratch folder and read from there.
//!
//! Owns what a member is called and which members are read. A member is read like any file: its content decides what it is.
//! Sources: POSIX.1-2017 pax (tar), PKWARE APPNOTE 6.3.10 (zip).
#![allow(clippy::disallowed_types)]

use std::{
    fs::File,
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};
use tempfile::NamedTempFile;

use crate::{Fault, Limits, Skipped, Why, chunks::Chunks, name};

/// Archives inside archives are opened so deep.
pub(crate) const DEPTH_MAX: usize = 3;
/// Members of one archive that are read; an archive with more says so.
const MEMBERS_MAX: usize = 100_000;
/// Bytes copied at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Which archive it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A tar, compressed or not.
    Tar,
    /// A zip.
    Zip,
}

/// Tells an archive by its first bytes.
pub(crate) fn kind(head: &[u8]) -> Option<Kind> {
    match head {
        _ if head.get(257..262) == Some(b"ustar") => Some(Kind::Tar),
        [b'P', b'K', 3, 4, ..] => Some(Kind::Zip),
        _ => None,
    }
}

/// A file of an archive, laid into the scratch folder.
pub(crate) struct Member {
    /// Its folders and its name.
    pub(crate) parts: Vec<String>,
    /// Its bytes; gone when this is dropped.
    pub(crate) file: NamedTempFile,
    /// Why it is not whole.
    pub(crate) fault: Option<Fault>,
}

/// Opens archives.
pub(crate) struct Unpacker<'a> {
    /// The archive as it is shown.
    pub(crate) shown: &'a Path,
    /// Where members are laid.
    pub(crate) scratch: &'a Path,
    pub(crate) limits: Limits,
    /// Takes each member, and what is left out.
    pub(crate) each: &'a mut dyn FnMut(Result<Member, Skipped>),
}

impl Unpacker<'_> {
    /// Gives out every file of a tar. What ends it early is returned.
    pub(crate) fn tar(&mut self, chunks: &mut Chunks) -> Option<Fault> {
        let mut archive = tar::Archive::new(Bytes { chunks, left: 0 });
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(e) => return Some(Fault::Truncated(e.to_string())),
        };
        for (n, entry) in entries.enumerate() {
            let mut entry = match entry {
                Ok(entry) if n < MEMBERS_MAX => entry,
                Ok(_) => return Some(too_many()),
                Err(e) => return Some(Fault::Truncated(format!("the tar archive is damaged: {e}"))),
            };
            let kind = entry.header().entry_type();
            if kind.is_dir() {
                continue;
            }
            let parts = parts(&entry.path_bytes());
            match (kind.is_file() || kind.is_gnu_sparse(), special(kind)) {
                (true, _) => {
                    let bytes = entry.size();
                    self.lay(parts, &mut Whole { from: &mut entry, missing: bytes }, None);
                }
                (false, Some(why)) => self.skip(&parts, why),
                // Headers of pax and GNU speak of the member that follows.
                (false, None) => {}
            }
        }
        None
    }

    /// Gives out every file of a zip, in the order of its directory.
    pub(crate) fn zip(&mut self, file: File) -> Option<Fault> {
        let packed = file.metadata().map(|m| m.len()).unwrap_or_default();
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let archive = match ZipArchive::from_file(file, &mut buffer) {
            Ok(archive) => archive,
            Err(e) => return Some(Fault::Truncated(format!("the zip archive has no directory: {e}"))),
        };
        let mut room = self.limits.free_bytes.max(packed.saturating_mul(self.limits.ratio_max));
        let mut entries = archive.entries(&mut buffer);
        for n in 0.. {
            let entry = match entries.next_entry() {
                Ok(Some(entry)) if n < MEMBERS_MAX => entry,
                Ok(Some(_)) => return Some(too_many()),
                Ok(None) => return None,
                Err(e) => return Some(Fault::Truncated(format!("the zip archive is damaged: {e}"))),
            };
            if entry.is_dir() {
                continue;
            }
            let parts = parts(entry.file_path().as_bytes());
            let method = entry.compression_method();
            if entry.flags().is_encrypted() {
                self.skip(&parts, Why::Encrypted);
                continue;
            }
            let opened = match archive.get_entry(entry.wayfinder()) {
                Ok(opened) => opened,
                Err(e) => {
                    self.skip(&parts, Why::Io(io::Error::other(e)));
                    continue;
                }
            };
            match method {
                CompressionMethod::DEFLATE => self.lay(parts, &mut opened.verifying_reader(DeflateDecoder::new(opened.reader())), Some(&mut room)),
                CompressionMethod::STORE => self.lay(parts, &mut opened.verifying_reader(opened.reader()), Some(&mut room)),
                // Its bytes are a stream of their own, that content tells apart and decompresses.
                CompressionMethod::BZIP2 | CompressionMethod::ZSTD | CompressionMethod::XZ => self.lay(parts, &mut opened.reader(), Some(&mut room)),
                other => self.skip(&parts, Why::Method(other.to_string())),
            }
        }
        None
    }

    /// Lays a member down and gives it out, whole or as far as it can be read.
    fn lay(&mut self, parts: Vec<String>, from: &mut dyn Read, room: Option<&mut u64>) {
        let laid = NamedTempFile::new_in(self.scratch).and_then(|mut file| {
            let fault = self.copy(from, &mut file, room)?;
            Ok(Member { parts: parts.clone(), file, fault })
        });
        match laid {
            Ok(member) => (self.each)(Ok(member)),
            Err(e) => self.skip(&parts, Why::Io(e)),
        }
    }

    /// An error of the disk is one; an error of the archive is the member's fault, and what came before it stays.
    fn copy(&self, from: &mut dyn Read, to: &mut NamedTempFile, mut room: Option<&mut u64>) -> io::Result<Option<Fault>> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut bytes = 0u64;
        loop {
            let n = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.raw_os_error().is_some() => return Err(e),
                Err(e) => return Ok(Some(Fault::Truncated(e.to_string()))),
            };
            bytes += n as u64;
            if let Some(room) = room.as_deref_mut() {
                match room.checked_sub(n as u64) {
                    Some(left) => *room = left,
                    None => return Ok(Some(Fault::Bomb { bytes, ratio_max: self.limits.ratio_max })),
                }
            }
            to.write_all(buffer.get(..n).unwrap_or_default())?;
        }
        to.flush()?;
        Ok(None)
    }

    fn skip(&mut self, parts: &[String], why: Why) {
        let path = self.shown.join(parts.iter().collect::<PathBuf>());
        (self.each)(Err(Skipped { path, why }));
    }
}

fn too_many() -> Fault {
    Fault::Unread(format!("the archive has more than {MEMBERS_MAX} files; those after them"))
}

/// The names in a path of an archive: nothing that leads out of it.
fn parts(path: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(path).replace('\\', "/");
    name::parts(Path::new(&text))
}

fn special(kind: tar::EntryType) -> Option<Why> {
    if kind.is_symlink() || kind.is_hard_link() {
        Some(Why::Symlink)
    } else if kind.is_fifo() {
        Some(Why::Fifo)
    } else if kind.is_block_special() || kind.is_character_special() {
        Some(Why::Device)
    } else {
        None
    }
}

/// A member whose length is known: an end before it is an error.
struct Whole<'a> {
    from: &'a mut dyn Read,
    missing: u64,
}

impl Read for Whole<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(out)?;
        self.missing = self.missing.saturating_sub(n as u64);
        if n == 0 && self.missing > 0 && !out.is_empty() {
            return Err(io::Error::other(format!("the archive ends {} bytes before the file does", self.missing)));
        }
        Ok(n)
    }
}

/// The content of a file as a reader. Where it breaks, the error says why.
struct Bytes<'a> {
    chunks: &'a mut Chunks,
    /// Bytes of the present chunk that were not handed out yet.
    left: usize,
}

impl Read for Bytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.left = self.chunks.next().map_or(0, <[u8]>::len);
        }
        if self.left == 0 {
            return self.chunks.broken().map_or(Ok(0), |why| Err(io::Error::other(why)));
        }
        let bytes = self.chunks.last(self.left);
        let n = bytes.len().min(out.len());
        if let (Some(out), Some(bytes)) = (out.get_mut(..n), bytes.get(..n)) {
            out.copy_from_slice(bytes);
        }
        self.left -= n;
        Ok(n)
    }
}
