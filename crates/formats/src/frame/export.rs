//! Records of the journal's export format: fields a line each, binary ones with their length, an empty line after an entry.
//!
//! Source: systemd's "Journal Export Formats". A length says how far to read and is not believed beyond the largest record.

use event::{PieceKind, Reason};
use memchr::memchr;

use super::{Identity, Limits, OnPiece};

/// What an entry begins with, as journalctl and the gateway write it.
const CURSOR: &[u8] = b"__CURSOR=";

/// Cuts after the empty line that ends an entry.
#[derive(Debug)]
pub(super) struct Export {
    max: usize,
    held: Vec<u8>,
    /// How far `held` was read: the start of a line, or of a binary value's length.
    at: usize,
    /// Bytes since an entry that cannot be read: up to the next one that begins.
    broken: Option<Reason>,
}

/// What stands at a place of an entry.
enum Step {
    /// More must be seen.
    More,
    /// A field ends here.
    Field(usize),
    /// The entry ends here.
    End(usize),
    /// It says that it is longer than a record may be, or is no export at all.
    Broken(Reason),
}

impl Export {
    pub(super) fn new(limits: Limits) -> Export {
        Export { max: limits.record_bytes_max, held: Vec::new(), at: 0, broken: None }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut OnPiece<'_>) {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut from = 0;
        loop {
            let rest = held.get(from..).unwrap_or_default();
            if let Some(reason) = self.broken {
                let next = memchr::memmem::find(rest, b"\n__CURSOR=").map(|at| at + 1);
                // What may be the first bytes of the next entry stays.
                let end = next.unwrap_or_else(|| rest.len().saturating_sub(CURSOR.len()));
                rest.get(..end).unwrap_or_default().chunks(self.max).for_each(|part| out(part, PieceKind::Rejected(reason), None));
                from += end;
                self.at = 0;
                if next.is_none() {
                    break;
                }
                self.broken = None;
                continue;
            }
            match step(rest, self.at, self.max) {
                Step::More if rest.len() <= self.max => break,
                Step::More => self.broken = Some(Reason::Oversize),
                Step::Field(next) => self.at = next,
                Step::Broken(reason) => self.broken = Some(reason),
                Step::End(end) => {
                    give(rest.get(..end).unwrap_or(rest), PieceKind::Record, out);
                    (from, self.at) = (from + end, 0);
                }
            }
        }
        self.held = held.get(from..).unwrap_or_default().to_vec();
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        let held = std::mem::take(&mut self.held);
        // The last entry may lack its empty line, and its last field the line's end.
        let whole = self.at == held.len() || !held.get(self.at..).is_some_and(|rest| memchr(b'\n', rest).is_some() || memchr(b'=', rest).is_none());
        let kind = match self.broken {
            Some(reason) => PieceKind::Rejected(reason),
            None if whole => PieceKind::Record,
            None => PieceKind::Rejected(Reason::Truncated),
        };
        if !held.is_empty() {
            give(&held, kind, out);
        }
    }
}

/// An entry, or empty lines between entries.
fn give(bytes: &[u8], kind: PieceKind, out: &mut OnPiece<'_>) {
    if bytes.trim_ascii().is_empty() {
        return out(bytes, PieceKind::Around, None);
    }
    let cursor = bytes.strip_prefix(CURSOR).and_then(|rest| rest.get(..memchr(b'\n', rest)?));
    out(bytes, kind, cursor.filter(|_| kind == PieceKind::Record).map(|c| Identity::of("journald", c, bytes)));
}

fn step(entry: &[u8], at: usize, max: usize) -> Step {
    let rest = entry.get(at..).unwrap_or_default();
    let Some(end) = memchr(b'\n', rest) else { return Step::More };
    let line = rest.get(..end).unwrap_or_default();
    if line.trim_ascii().is_empty() {
        return Step::End(at + end + 1);
    }
    if memchr(b'=', line).is_some() {
        return Step::Field(at + end + 1);
    }
    if !is_name(line) {
        return Step::Broken(Reason::Syntax);
    }
    let Some(&length) = rest.get(end + 1..).and_then(|r| r.first_chunk::<8>()) else { return Step::More };
    let length = u64::from_le_bytes(length);
    let start = at + end + 9;
    match usize::try_from(length).ok().filter(|n| *n <= max).map(|n| start + n) {
        None => Step::Broken(Reason::Oversize),
        Some(value_end) => match entry.get(value_end) {
            None => Step::More,
            Some(b'\n') => Step::Field(value_end + 1),
            Some(_) => Step::Broken(Reason::Syntax),
        },
    }
}

/// A field's name: upper case, digits, underscores.
pub(crate) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= 64 && name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

/// The fields of an entry, in order. Stops where it is not one.
pub(crate) fn fields<'a>(entry: &'a [u8], mut each: impl FnMut(&'a [u8], &'a [u8])) {
    let mut at = 0;
    while at < entry.len() {
        let rest = entry.get(at..).unwrap_or_default();
        let line = rest.get(..memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
        let next = match step(entry, at, entry.len()) {
            Step::Field(next) => next,
            // The last line, without its end.
            Step::More => entry.len() + 1,
            Step::End(_) | Step::Broken(_) => return,
        };
        match memchr(b'=', line) {
            Some(eq) => each(line.get(..eq).unwrap_or_default(), line.get(eq + 1..).unwrap_or_default()),
            None => each(line, entry.get(at + line.len() + 9..next - 1).unwrap_or_default()),
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8], chunk: usize, max: usize) -> Vec<(Vec<u8>, PieceKind)> {
        let mut found = Vec::new();
        let mut export = Export::new(Limits { record_bytes_max: max, depth_max: 1 });
        let mut take = |b: &[u8], kind, _| found.push((b.to_vec(), kind));
        bytes.chunks(chunk).for_each(|c| export.push(c, &mut take));
        export.finish(&mut take);
        assert!(found.iter().flat_map(|p| p.0.clone()).eq(bytes.iter().copied()));
        found
    }

    fn binary(name: &str, length: u64, value: &[u8]) -> Vec<u8> {
        [name.as_bytes(), b"\n", &length.to_le_bytes(), value, b"\n"].concat()
    }

    #[test]
    fn row_34_binary_fields_and_lengths_that_cannot_be() {
        let plain = b"__CURSOR=a\nMESSAGE=x=y\n\n".to_vec();
        let held = [b"__CURSOR=b\n".to_vec(), binary("MESSAGE", 13, b"two\n\nlines=\n\n"), b"A=1\nA=2\n\n".to_vec()].concat();
        for chunk in [1, 3, 1000] {
            let found = pieces(&[plain.clone(), held.clone(), plain.clone()].concat(), chunk, 1000);
            assert_eq!(found, [(plain.clone(), PieceKind::Record), (held.clone(), PieceKind::Record), (plain.clone(), PieceKind::Record)]);
        }
        let mut values = Vec::new();
        fields(&held, |name, value| values.push((String::from_utf8_lossy(name).into_owned(), value.to_vec())));
        assert_eq!(values[1], ("MESSAGE".to_owned(), b"two\n\nlines=\n\n".to_vec()));
        assert_eq!(values.len(), 4);
        for length in [1 << 63, u64::MAX, 1001] {
            let bad = [b"__CURSOR=c\n".to_vec(), binary("MESSAGE", length, b"x\n"), b"B=1\n\n".to_vec()].concat();
            let found = pieces(&[plain.clone(), bad, plain.clone()].concat(), 7, 1000);
            assert_eq!((found.first().unwrap().1, found.last().unwrap()), (PieceKind::Record, &(plain.clone(), PieceKind::Record)));
            assert!(found[1..found.len() - 1].iter().all(|p| p.1 == PieceKind::Rejected(Reason::Oversize)));
        }
        let wrong = [b"__CURSOR=c\n".to_vec(), binary("MESSAGE", 1, b"xx\n"), b"\n".to_vec()].concat();
        let found = pieces(&[wrong, plain.clone()].concat(), 5, 1000);
        assert_eq!((found[0].1, found.last().unwrap().1), (PieceKind::Rejected(Reason::Syntax), PieceKind::Record));
        assert_eq!(pieces(b"__CURSOR=c\nMESSAGE=cut", 4, 1000)[0].1, PieceKind::Record, "the last line may lack its end");
        assert_eq!(pieces(&held[..20], 4, 1000)[0].1, PieceKind::Rejected(Reason::Truncated));
    }
}
