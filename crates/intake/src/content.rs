//! The content of a file: its bytes, decompressed if they are compressed, whatever its name says. The one place that decompresses.
//!
//! What comes out is bounded by the size of the file and the limits; nothing is dropped without being said: where a
//! compressed file breaks, `rest` gives the bytes that could not be decompressed.
#![allow(clippy::disallowed_types)]

use std::{
    fs::Metadata,
    io::{self, BufRead as _, Read as _},
};

use bzip2::bufread::MultiBzDecoder;
use event::Reason;
use flate2::bufread::GzDecoder;
use liblzma::{bufread::XzDecoder, stream::Stream};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use crate::{Limits, raw::Raw};

/// The contents of a file, from first byte to last.
pub(crate) struct Content {
    packing: Packing,
    limits: Limits,
    /// Bytes given out so far.
    bytes: u64,
    broken: bool,
}

enum Packing {
    Plain(Raw),
    Gzip(Box<GzDecoder<Raw>>),
    Bzip2(Box<MultiBzDecoder<Raw>>),
    Xz(Box<XzDecoder<Raw>>),
    Zstd {
        raw: Raw,
        decoder: Box<Decoder<'static>>,
        inside: bool,
    },
    /// Between two states, or after a fault of the file.
    Gone,
}

/// The next step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// So many bytes.
    Bytes(usize),
    /// That was all.
    End,
    /// The compressed file breaks here; what follows in the file is given by `rest`.
    Broken(Reason, String),
    /// The compressed file cannot be read at all.
    Refused(String),
}

impl Content {
    /// Looks at the first bytes of a file.
    pub(crate) fn new(mut raw: Raw, limits: Limits) -> io::Result<Content> {
        let head = raw.peek(10)?;
        let packing = if is_gzip(head) {
            Packing::Gzip(Box::new(GzDecoder::new(raw)))
        } else if is_zstd(head) {
            let mut decoder = Box::new(Decoder::new()?);
            decoder.set_parameter(DParameter::WindowLogMax(limits.window_log_max))?;
            Packing::Zstd { raw, decoder, inside: false }
        } else if head.starts_with(b"BZh") && matches!(head.get(3), Some(b'1'..=b'9')) && head.get(4..10) == Some(&BZIP2_BLOCK) {
            Packing::Bzip2(Box::new(MultiBzDecoder::new(raw)))
        } else if head.starts_with(XZ) {
            let memory_bytes_max = 1u64 << limits.window_log_max.min(62);
            let stream = Stream::new_stream_decoder(memory_bytes_max + XZ_OVERHEAD_BYTES, liblzma::stream::CONCATENATED).map_err(io::Error::other)?;
            Packing::Xz(Box::new(XzDecoder::new_stream(raw, stream)))
        } else {
            Packing::Plain(raw)
        };
        Ok(Content { packing, limits, bytes: 0, broken: false })
    }

    /// The next bytes, or why there are none.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<Got> {
        if self.broken {
            return Ok(Got::End);
        }
        let got = match &mut self.packing {
            Packing::Plain(raw) => raw.read(out).map(|n| if n == 0 { Got::End } else { Got::Bytes(n) }),
            Packing::Gzip(_) => self.gzip(out),
            Packing::Bzip2(bz) => unpack(bz, out, "bzip2 stream"),
            Packing::Xz(xz) => unpack(xz, out, "xz stream"),
            Packing::Zstd { raw, decoder, inside } => unzstd(raw, decoder, inside, out),
            Packing::Gone => Ok(Got::End),
        }?;
        if let Got::Bytes(n) = got {
            self.bytes += n as u64;
        }
        self.broken = !matches!(got, Got::Bytes(_));
        Ok(got)
    }

    /// Whether the file has given more than a file of its size may. What was read is kept.
    pub(crate) fn is_bomb(&self) -> bool {
        !self.is_plain() && self.bytes > self.limits.free_bytes && self.bytes / self.consumed().max(1) > self.limits.ratio_max
    }

    /// The file may have grown.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        self.broken = false;
        match &mut self.packing {
            Packing::Plain(raw) => raw.look_for_holes(),
            _ => Ok(()),
        }
    }

    /// The `n` bytes of the file itself before a place.
    pub(crate) fn bytes_before(&self, at: u64, n: usize) -> io::Result<Vec<u8>> {
        self.raw().map_or_else(|| Err(io::Error::other("the file is no longer open")), |raw| raw.bytes_before(at, n))
    }

    /// Whether the file is not compressed.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.packing, Packing::Plain(_))
    }

    /// The bytes of the file itself, from where it broke.
    pub(crate) fn rest(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.packing {
            Packing::Plain(raw) | Packing::Zstd { raw, .. } => raw.read(out),
            Packing::Gzip(gz) => gz.get_mut().read(out),
            Packing::Bzip2(bz) => bz.get_mut().read(out),
            Packing::Xz(xz) => xz.get_mut().read(out),
            Packing::Gone => Ok(0),
        }
    }

    /// How far the file itself was read.
    pub(crate) fn consumed(&self) -> u64 {
        self.raw().map_or(0, Raw::consumed)
    }

    /// Bytes of holes left out.
    pub(crate) fn hole_bytes(&self) -> u64 {
        self.raw().map_or(0, |r| r.hole_bytes)
    }

    /// What the system says about the file now.
    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        self.raw().map_or_else(|| Err(io::Error::other("the file is no longer open")), Raw::metadata)
    }

    fn raw(&self) -> Option<&Raw> {
        match &self.packing {
            Packing::Plain(raw) | Packing::Zstd { raw, .. } => Some(raw),
            Packing::Gzip(gz) => Some(gz.get_ref()),
            Packing::Bzip2(bz) => Some(bz.get_ref()),
            Packing::Xz(xz) => Some(xz.get_ref()),
            Packing::Gone => None,
        }
    }

    /// One member after another (RFC 1952, section 2.2).
    fn gzip(&mut self, out: &mut [u8]) -> io::Result<Got> {
        loop {
            let Packing::Gzip(gz) = &mut self.packing else { return Ok(Got::End) };
            match gz.read(out) {
                Ok(0) => {}
                Ok(n) => return Ok(Got::Bytes(n)),
                Err(e) => return broken_gzip(e),
            }
            let next = gz.get_mut().peek(3)?;
            match next {
                [] => return Ok(Got::End),
                next if is_gzip(next) => {}
                _ => return Ok(Got::Broken(Reason::Trailing, "bytes after the last gzip member".into())),
            }
            if let Packing::Gzip(gz) = std::mem::replace(&mut self.packing, Packing::Gone) {
                self.packing = Packing::Gzip(Box::new(GzDecoder::new(gz.into_inner())));
            }
        }
    }
}

/// One frame after another (RFC 8878, section 3).
fn unzstd(raw: &mut Raw, decoder: &mut Decoder<'static>, inside: &mut bool, out: &mut [u8]) -> io::Result<Got> {
    loop {
        let more = raw.peek(4)?;
        if more.is_empty() && *inside {
            return Ok(Got::Broken(Reason::Truncated, "the zstd frame has no end".into()));
        } else if more.is_empty() {
            return Ok(Got::End);
        } else if !*inside && !is_zstd(more) {
            return Ok(Got::Broken(Reason::Trailing, "bytes after the last zstd frame".into()));
        } else if !*inside {
            decoder.reinit()?;
        }
        let (mut from, mut to) = (InBuffer::around(more), OutBuffer::around(&mut *out));
        let hint = match decoder.run(&mut from, &mut to) {
            Ok(hint) => hint,
            Err(e) => return Ok(broken_zstd(&e.to_string())),
        };
        let (used, got) = (from.pos(), to.pos());
        *inside = hint != 0;
        raw.consume(used);
        if got > 0 {
            return Ok(Got::Bytes(got));
        }
    }
}

/// One stream after another, by a decoder that knows where the next begins.
fn unpack(decoder: &mut impl io::Read, out: &mut [u8], what: &str) -> io::Result<Got> {
    match decoder.read(out) {
        Ok(0) => Ok(Got::End),
        Ok(n) => Ok(Got::Bytes(n)),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(Got::Broken(Reason::Truncated, format!("the {what} has no end"))),
        Err(e) if e.to_string().contains("memory") => Ok(Got::Refused(format!("the {what} needs more memory than is allowed"))),
        // Errors of the disk have a number; those of a decoder have none.
        Err(e) if e.raw_os_error().is_none() => Ok(Got::Broken(Reason::Truncated, format!("the {what} is damaged: {e}"))),
        Err(e) => Err(e),
    }
}

fn broken_gzip(e: io::Error) -> io::Result<Got> {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => Ok(Got::Broken(Reason::Truncated, "the gzip member has no end".into())),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Ok(Got::Broken(Reason::Truncated, format!("the gzip member is damaged: {e}"))),
        _ => Err(e),
    }
}

fn broken_zstd(error: &str) -> Got {
    let lower = error.to_ascii_lowercase();
    if lower.contains("memory") {
        Got::Refused("its zstd window is larger than is allowed".into())
    } else if lower.contains("dictionary") {
        Got::Refused("it was compressed with a dictionary that is not here".into())
    } else {
        Got::Broken(Reason::Truncated, format!("the zstd frame is damaged: {error}"))
    }
}

/// The first bytes of xz (tukaani.org, "The .xz File Format", 2.1.1.1).
const XZ: &[u8] = b"\xFD7zXZ\0";
/// What a decoder of xz needs beside its window, in bytes.
const XZ_OVERHEAD_BYTES: u64 = 1 << 20;
/// The first bytes of a block of bzip2: the digits of pi.
const BZIP2_BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];

fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1F, 0x8B, 0x08])
}

/// The magic number of a frame, or of a skippable one.
fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) || matches!(head, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}
