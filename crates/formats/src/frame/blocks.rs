//! Records that begin with a line of a known shape and reach to the next such line: histories of shells and of package managers.

use event::PieceKind;
use memchr::memchr;

use super::{Limits, OnPiece, pending::Pending};

/// What a record begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// bash's `#1772359200`, zsh's `: 1772359200:0;`, fish's `- cmd: `.
    ShellHistory,
    /// apt's `Start-Date: `; an empty line ends it.
    AptHistory,
}

/// The longest line that can begin a record, in bytes: enough of it is held to tell.
const MARK_BYTES: usize = 24;

impl Block {
    /// Whether a record begins with this line.
    pub fn begins(self, line: &[u8]) -> bool {
        let digits = |b: &[u8]| b.iter().take_while(|b| b.is_ascii_digit()).count();
        match self {
            Block::AptHistory => line.starts_with(b"Start-Date: "),
            Block::ShellHistory => match line {
                [b'#', rest @ ..] => (9..=11).contains(&digits(rest)) && rest.get(digits(rest)..).is_none_or(|r| r.trim_ascii().is_empty()),
                [b':', b' ', rest @ ..] => (9..=11).contains(&digits(rest)) && rest.get(digits(rest)) == Some(&b':'),
                _ => line.starts_with(b"- cmd: "),
            },
        }
    }
}

/// Cuts before lines that begin a record. Lines before the first are records of their own.
#[derive(Debug)]
pub(super) struct Blocks {
    block: Block,
    record: Pending,
    line: Vec<u8>,
    /// Bytes of `record` are of a record that began as one.
    begun: bool,
    /// The start of the line that is read was handled already.
    inside: bool,
    blank: Pending,
}

impl Blocks {
    pub(super) fn new(block: Block, limits: Limits) -> Blocks {
        let max = limits.record_bytes_max;
        Blocks { block, record: Pending::new(max), line: Vec::new(), begun: false, inside: false, blank: Pending::new(max.min(64 << 10)) }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut OnPiece<'_>) {
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes).map(|at| at + 1);
            let (part, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
            bytes = rest;
            if !self.inside {
                self.line.extend_from_slice(part);
                if end.is_none() && self.line.len() < MARK_BYTES {
                    continue;
                }
                let start = std::mem::take(&mut self.line);
                self.start(&start, out);
            } else {
                self.record.hold(part, PieceKind::Record, out);
            }
            self.inside = end.is_none();
        }
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        let start = std::mem::take(&mut self.line);
        if !start.is_empty() {
            self.start(&start, out);
        }
        self.close(out);
        self.blank.close(&[], PieceKind::Around, |_| None, out);
    }

    /// Takes the beginning of a line, or the whole of a short one.
    fn start(&mut self, line: &[u8], out: &mut OnPiece<'_>) {
        let empty = line.iter().all(u8::is_ascii_whitespace);
        if self.block.begins(line) || !self.begun || (empty && self.block == Block::AptHistory) {
            self.close(out);
            self.begun = self.block.begins(line);
        }
        if empty && !self.begun {
            self.blank.hold(line, PieceKind::Around, out);
        } else {
            self.blank.close(&[], PieceKind::Around, |_| None, out);
            self.record.hold(line, PieceKind::Record, out);
        }
    }

    fn close(&mut self, out: &mut OnPiece<'_>) {
        self.record.close(&[], PieceKind::Record, |_| None, out);
        self.begun = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(block: Block, text: &str, chunk: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut blocks = Blocks::new(block, Limits::default());
        let mut take = |b: &[u8], kind, _| found.push(format!("{}{}", if kind == PieceKind::Record { "" } else { "~" }, String::from_utf8_lossy(b)));
        text.as_bytes().chunks(chunk).for_each(|c| blocks.push(c, &mut take));
        blocks.finish(&mut take);
        found
    }

    #[test]
    fn records_reach_to_the_next() {
        for chunk in [1, 5, 1000] {
            let bash = pieces(Block::ShellHistory, "ls\n#1772359200\necho a\n\n#b\n#1772359201\nid", chunk);
            assert_eq!(bash, ["ls\n", "#1772359200\necho a\n\n#b\n", "#1772359201\nid"]);
            let zsh = pieces(Block::ShellHistory, ": 1772359200:0;echo \\\nx\n: 1772359201:5;ls\n", chunk);
            assert_eq!(zsh, [": 1772359200:0;echo \\\nx\n", ": 1772359201:5;ls\n"]);
            let apt = pieces(Block::AptHistory, "\nStart-Date: a\nInstall: x\n\nStart-Date: b\n", chunk);
            assert_eq!(apt, ["~\n", "Start-Date: a\nInstall: x\n", "~\n", "Start-Date: b\n"]);
        }
    }
}
