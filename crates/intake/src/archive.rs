//! Archives: the files inside a tar or zip, one after another, each laid into the scratch folder and read from there.
//!
//! Owns what a member is called and which members are read. A member is read like any file: its content decides what it is.
//! Sources: POSIX.1-2017 pax (tar), PKWARE APPNOTE 6.3.10 (zip).
#![allow(clippy::disallowed_types)]

use std::{
    cell::Cell,
    fs::File,
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};
use tempfile::NamedTempFile;

use crate::{Fault, Skipped, Why, chunks::Chunks, name};

/// Archives inside archives are opened so deep.
pub(crate) const DEPTH_MAX: usize = 3;
/// Members of one archive that are read; an archive with more says so.
const MEMBERS_MAX: usize = 100_000;
/// The longest header that speaks of a member, in bytes: a path has at most 4096.
const HEADER_BYTES_MAX: u64 = 64 << 10;
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
        _ if is_tar(head) => Some(Kind::Tar),
        [b'P', b'K', 3, 4, ..] => Some(Kind::Zip),
        _ => None,
    }
}

/// Whether this is a header of a tar: its sum fits, and it has NULs, which no text has. A line of a log may say `ustar` anywhere.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512).filter(|h| h.get(257..262) == Some(b"ustar") && h.contains(&0)) else { return false };
    let said = header.get(148..156).and_then(|field| std::str::from_utf8(field).ok()).map(|t| t.trim_matches(['\0', ' ']));
    let sum: u64 = header.iter().enumerate().map(|(at, b)| if (148..156).contains(&at) { 32 } else { u64::from(*b) }).sum();
    said.and_then(|t| u64::from_str_radix(t, 8).ok()) == Some(sum)
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
    /// Bytes that may still be laid down, for the outermost archive and all that lie in it.
    pub(crate) room: &'a Cell<u64>,
    pub(crate) ratio_max: u64,
    /// Takes each member, and what is left out.
    pub(crate) each: &'a mut dyn FnMut(Result<Member, Skipped>),
}

impl Unpacker<'_> {
    /// Gives out every file of a tar. What ends it early is returned.
    pub(crate) fn tar(&mut self, chunks: &mut Chunks) -> Option<Fault> {
        let mut archive = tar::Archive::new(Bytes { chunks, left: 0 });
        let entries = match archive.entries() {
            Ok(entries) => entries.raw(true),
            Err(e) => return Some(Fault::Truncated(e.to_string())),
        };
        let mut said = Said::default();
        for (n, entry) in entries.enumerate() {
            let mut entry = match entry {
                Ok(entry) if n < MEMBERS_MAX => entry,
                Ok(_) => return Some(too_many()),
                Err(e) => return Some(Fault::Truncated(format!("the tar archive is damaged: {e}"))),
            };
            let kind = entry.header().entry_type();
            // Headers of pax and GNU speak of the member that follows.
            if said.take(kind, &mut entry) {
                continue;
            }
            let own = entry.path_bytes().into_owned();
            let Said { path, bytes } = std::mem::take(&mut said);
            let parts = parts(&path.unwrap_or(own));
            match special(kind) {
                _ if kind.is_dir() => {}
                Some(why) => self.skip(&parts, why),
                None if bytes.is_some_and(|b| b != entry.size()) => self.skip(&parts, Why::Method("a size that only its pax header has".into())),
                None => {
                    let bytes = entry.size();
                    self.lay(parts, &mut Whole { from: &mut entry, missing: bytes });
                }
            }
        }
        None
    }

    /// Gives out every file of a zip, in the order of its directory.
    pub(crate) fn zip(&mut self, file: File) -> Option<Fault> {
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let archive = match ZipArchive::from_file(file, &mut buffer) {
            Ok(archive) => archive,
            Err(e) => return Some(Fault::Truncated(format!("the zip archive has no directory: {e}"))),
        };
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
                CompressionMethod::DEFLATE => self.lay(parts, &mut opened.verifying_reader(DeflateDecoder::new(opened.reader()))),
                CompressionMethod::STORE => self.lay(parts, &mut opened.verifying_reader(opened.reader())),
                // Its bytes are a stream of their own, that content tells apart and decompresses.
                CompressionMethod::BZIP2 | CompressionMethod::ZSTD | CompressionMethod::XZ => self.lay(parts, &mut opened.reader()),
                other => self.skip(&parts, Why::Method(other.to_string())),
            }
        }
        None
    }

    /// Lays a member down and gives it out, whole or as far as it can be read.
    fn lay(&mut self, parts: Vec<String>, from: &mut dyn Read) {
        let laid = NamedTempFile::new_in(self.scratch).and_then(|mut file| {
            let fault = self.copy(from, &mut file)?;
            Ok(Member { parts: parts.clone(), file, fault })
        });
        match laid {
            Ok(member) => (self.each)(Ok(member)),
            Err(e) => self.skip(&parts, Why::Io(e)),
        }
    }

    /// An error of the disk is one; an error of the archive is the member's fault, and what came before it stays.
    fn copy(&self, from: &mut dyn Read, to: &mut NamedTempFile) -> io::Result<Option<Fault>> {
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
            match self.room.get().checked_sub(n as u64) {
                Some(left) => self.room.set(left),
                None => return Ok(Some(Fault::Bomb { bytes, ratio_max: self.ratio_max })),
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

/// What headers before a member say of it, within limits.
#[derive(Default)]
struct Said {
    path: Option<Vec<u8>>,
    bytes: Option<u64>,
}

impl Said {
    /// Takes a header that speaks of the member after it; false if it is a member itself.
    fn take(&mut self, kind: tar::EntryType, entry: &mut impl Read) -> bool {
        let mut read = || {
            let mut bytes = Vec::new();
            entry.by_ref().take(HEADER_BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes).unwrap_or_default()
        };
        if kind.is_gnu_longname() {
            let name = read();
            self.path = Some(name.split(|b| *b == 0).next().unwrap_or_default().to_vec());
        } else if kind.is_pax_local_extensions() {
            for (key, value) in tar::PaxExtensions::new(&read()).flatten().filter_map(|e| Some((e.key().ok()?.to_owned(), e.value_bytes().to_vec()))) {
                match key.as_str() {
                    "path" => self.path = Some(value),
                    "size" => self.bytes = std::str::from_utf8(&value).ok().and_then(|v| v.parse().ok()),
                    _ => {}
                }
            }
        }
        kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() || kind.is_pax_global_extensions()
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
    } else if kind.is_gnu_sparse() {
        Some(Why::Method("GNU's sparse form".into()))
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
