//! A content in chunks: first enough to recognise it, then the rest, always cut in the same way, so that two readings of one
//! file break at the same byte.

use std::io;

use event::Reason;

use crate::{
    Limits,
    content::{Content, Got},
    raw::Raw,
};

/// Bytes that are handled at once.
const CHUNK_BYTES: usize = 256 << 10;

/// The chunks of one file.
pub(crate) struct Chunks {
    pub(crate) content: Content,
    buffer: Vec<u8>,
    /// Bytes of the head that were read and not given out yet.
    head: Option<usize>,
    end: Option<End>,
    /// Bytes of the chunk that was given out last.
    filled: usize,
}

/// How a content ended.
#[derive(Debug)]
pub(crate) enum End {
    /// At its end.
    Whole,
    /// It cannot be read from here on.
    Refused(String),
    /// It breaks here; `rest` gives what follows in the file.
    Broken(Reason, String),
    /// The system refused.
    Failed(io::Error),
}

impl Chunks {
    pub(crate) fn new(raw: Raw, limits: Limits) -> io::Result<Chunks> {
        let mut chunks = Chunks { content: Content::new(raw, limits)?, buffer: vec![0; CHUNK_BYTES], head: None, end: None, filled: 0 };
        let mut filled = 0;
        while filled < formats::read::HEAD_BYTES_MAX && chunks.end.is_none() {
            filled += chunks.read(filled, formats::read::HEAD_BYTES_MAX);
        }
        chunks.head = Some(filled);
        Ok(chunks)
    }

    /// The first bytes, before they are given out as the first chunk.
    pub(crate) fn head(&self) -> &[u8] {
        self.buffer.get(..self.head.unwrap_or(0)).unwrap_or_default()
    }

    /// The next chunk; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        let filled = match self.head.take() {
            Some(head) => head,
            None if self.end.is_some() => 0,
            None if self.content.is_bomb() => {
                self.end = Some(End::Broken(Reason::Bomb, String::new()));
                0
            }
            None => self.read(0, CHUNK_BYTES),
        };
        self.filled = filled;
        if filled == 0 { None } else { self.buffer.get(..filled) }
    }

    /// The last `n` bytes of the chunk that was given out last.
    pub(crate) fn last(&self, n: usize) -> &[u8] {
        self.filled.checked_sub(n).and_then(|from| self.buffer.get(from..self.filled)).unwrap_or_default()
    }

    /// Why there is no more, unless that was the end.
    pub(crate) fn broken(&self) -> Option<String> {
        match self.end.as_ref()? {
            End::Whole => None,
            End::Refused(why) | End::Broken(_, why) if !why.is_empty() => Some(why.clone()),
            End::Refused(_) | End::Broken(..) => Some("it decompresses to far more than its size".into()),
            End::Failed(e) => Some(e.to_string()),
        }
    }

    /// The file may have grown: its end is no longer one.
    pub(crate) fn resume(&mut self) {
        self.end = self.content.resume().err().map(End::Failed);
    }

    /// How the content ended.
    pub(crate) fn take_end(&mut self) -> End {
        self.end.take().unwrap_or(End::Whole)
    }

    /// How it ended, as far as is known yet.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The next bytes of the file itself, behind where it broke; empty at its end.
    pub(crate) fn rest(&mut self) -> io::Result<&[u8]> {
        let n = self.content.rest(&mut self.buffer)?;
        Ok(self.buffer.get(..n).unwrap_or_default())
    }

    /// Reads into a part of the buffer; 0 at the end, which is then noted.
    fn read(&mut self, from: usize, to: usize) -> usize {
        let end = match self.content.read(self.buffer.get_mut(from..to).unwrap_or_default()) {
            Ok(Got::Bytes(n)) => return n,
            Ok(Got::End) => End::Whole,
            Ok(Got::Refused(why)) => End::Refused(why),
            Ok(Got::Broken(reason, why)) => End::Broken(reason, why),
            Err(e) => End::Failed(e),
        };
        self.end = Some(end);
        0
    }
}
