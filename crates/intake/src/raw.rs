//! The bytes of a file as they lie on disk, without its large holes.

use std::{
    fs::{File, Metadata},
    io::{self, BufRead, Read},
    os::unix::fs::{FileExt as _, MetadataExt as _},
};

use rustix::fs::{SeekFrom, seek};

/// Bytes read from the file at once.
const CHUNK_BYTES: usize = 256 << 10;
/// A hole of fewer bytes is read as the zeros that it is; a larger one is left out and counted.
const HOLE_BYTES_MIN: u64 = 64 << 10;

/// A file that is read from its start to its end, once.
#[derive(Debug)]
pub(crate) struct Raw {
    file: File,
    buffer: Vec<u8>,
    /// What of the buffer was not handed out yet.
    start: usize,
    end: usize,
    /// Where the next bytes lie in the file.
    at: u64,
    /// Up to where the file is known to have no large hole.
    solid: u64,
    /// Bytes left out.
    pub(crate) hole_bytes: u64,
}

impl Raw {
    pub(crate) fn new(file: File) -> io::Result<Raw> {
        let mut raw = Raw { file, buffer: vec![0; CHUNK_BYTES], start: 0, end: 0, at: 0, solid: 0, hole_bytes: 0 };
        raw.look_for_holes()?;
        Ok(raw)
    }

    /// Only a file with fewer blocks than its length needs can have holes; others are spared the questions.
    pub(crate) fn look_for_holes(&mut self) -> io::Result<()> {
        let about = self.file.metadata()?;
        let sparse = about.blocks().saturating_mul(512) < about.len();
        self.solid = if sparse { self.at } else { u64::MAX };
        Ok(())
    }

    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// How far the file was handed out, holes included.
    pub(crate) fn consumed(&self) -> u64 {
        self.at - (self.end - self.start) as u64
    }

    /// The `n` bytes of the file before a place.
    pub(crate) fn bytes_before(&self, at: u64, n: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; n];
        self.file.read_exact_at(&mut bytes, at.saturating_sub(n as u64))?;
        Ok(bytes)
    }

    /// The next bytes, at least `n` (below the chunk size) unless the file ends.
    pub(crate) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.end - self.start < n && self.more()? {}
        Ok(self.buffered())
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more into the buffer; false at the end of the file.
    fn more(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.at >= self.solid && !self.skip_hole()? {
            return Ok(false);
        }
        let most = usize::try_from(self.solid - self.at).unwrap_or(usize::MAX);
        let space = self.buffer.get_mut(self.end..).unwrap_or_default();
        let space_bytes = space.len().min(most);
        let got = read_at(&self.file, space.get_mut(..space_bytes).unwrap_or_default(), self.at)?;
        self.end += got;
        self.at += got as u64;
        Ok(got > 0)
    }

    /// Goes on behind a hole, if one is here; false if it goes to the end of the file.
    fn skip_hole(&mut self) -> io::Result<bool> {
        // Asked first: what is appended after the question below is no part of a hole.
        let length = self.metadata()?.len();
        let data = match seek(&self.file, SeekFrom::Data(self.at)) {
            Ok(data) => data,
            // No data from here on.
            Err(rustix::io::Errno::NXIO) => {
                self.hole_bytes += length.saturating_sub(self.at);
                self.at = self.at.max(length);
                return Ok(false);
            }
            // A file system that does not know holes.
            Err(_) => self.at,
        };
        if data.saturating_sub(self.at) >= HOLE_BYTES_MIN {
            self.hole_bytes += data - self.at;
            self.at = data;
        }
        let hole = seek(&self.file, SeekFrom::Hole(data)).unwrap_or(u64::MAX);
        self.solid = if hole > self.at { hole } else { u64::MAX };
        Ok(true)
    }
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

impl Read for Raw {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.fill_buf()?.read(out)?;
        self.consume(got);
        Ok(got)
    }
}

impl BufRead for Raw {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, n: usize) {
        self.start = self.end.min(self.start + n);
    }
}
