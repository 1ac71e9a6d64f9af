//! Records of one size: login records (wtmp, btmp, utmp) and lastlog, in the layouts of different machines.
//!
//! Source: glibc's `bits/utmpx.h` (384 bytes with 32-bit times, 400 with 64-bit), `lastlog.h` (292 and 296); either end first.

use event::{PieceKind, Reason};

use super::OnPiece;

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// `struct utmp`.
    Utmp,
    /// `struct lastlog`, one for each user id.
    Lastlog,
}

/// How one machine lays a record out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes a record.
    pub size: usize,
    /// The big end comes first.
    pub big: bool,
    /// Times have 64 bits.
    pub long: bool,
}

/// Records looked at to tell the layout.
const LOOK_RECORDS: usize = 16;
/// Empty records are put together to pieces of at most this size, in bytes.
const EMPTY_BYTES_MAX: usize = 64 << 10;
/// Seconds since 1970 that a record may have: 1980 to 2100.
const PLAUSIBLE: std::ops::Range<i64> = 315_532_800..4_102_444_800;

impl Fixed {
    /// The layouts, the commonest first.
    const fn layouts(self) -> [Layout; 4] {
        let (short, long) = match self {
            Fixed::Utmp => (384, 400),
            Fixed::Lastlog => (292, 296),
        };
        [
            Layout { size: short, big: false, long: false },
            Layout { size: long, big: false, long: true },
            Layout { size: short, big: true, long: false },
            Layout { size: long, big: true, long: true },
        ]
    }

    /// The layout that most of the first records have, and the share of them that has it, in percent. `None` for bytes that look like none.
    pub fn layout(self, head: &[u8]) -> Option<(Layout, usize)> {
        let share = |layout: Layout| {
            let (mut all, mut fit) = (0, 0);
            for record in head.chunks_exact(layout.size).take(LOOK_RECORDS) {
                let empty = is_empty(record);
                all += usize::from(!empty);
                fit += usize::from(!empty && self.plausible(record, layout));
            }
            (fit * 100).checked_div(all).unwrap_or(0)
        };
        let mut best: Option<(Layout, usize)> = None;
        for layout in self.layouts() {
            let share = share(layout);
            if share > best.map_or(0, |(_, s)| s) {
                best = Some((layout, share));
            }
        }
        best
    }

    /// Whether the bytes can be a record of a layout.
    pub fn plausible(self, record: &[u8], layout: Layout) -> bool {
        if record.len() != layout.size {
            return false;
        }
        let time = layout.time(self, record);
        match self {
            Fixed::Utmp => {
                let micros = layout.int(record, if layout.long { 352 } else { 344 }, layout.long);
                let kind = layout.kind(record);
                // A clock that was never set writes 1970; bytes out of step look like an empty kind at that time.
                let dated = PLAUSIBLE.contains(&time) || (time == 0 && kind > 0 && record.get(8).is_some_and(u8::is_ascii_graphic));
                (0..=9).contains(&kind) && dated && (0..1_000_000).contains(&micros) && [8..40, 44..76, 76..332].into_iter().all(|r| is_text(record.get(r)))
            }
            Fixed::Lastlog => {
                let at = layout.size - 288;
                PLAUSIBLE.contains(&time) && is_text(record.get(at..at + 32)) && is_text(record.get(at + 32..))
            }
        }
    }
}

impl Layout {
    /// A number of 4 or 8 bytes.
    pub fn int(self, record: &[u8], at: usize, long: bool) -> i64 {
        if long {
            let Some(&bytes) = record.get(at..).and_then(|r| r.first_chunk::<8>()) else { return 0 };
            return if self.big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) };
        }
        let Some(&bytes) = record.get(at..).and_then(|r| r.first_chunk::<4>()) else { return 0 };
        // Counted without a sign, 32 bits reach the year 2106; so glibc reads them since 2038 came near.
        i64::from(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// `ut_type`.
    pub fn kind(self, record: &[u8]) -> i16 {
        let Some(&bytes) = record.first_chunk::<2>() else { return -1 };
        if self.big { i16::from_be_bytes(bytes) } else { i16::from_le_bytes(bytes) }
    }

    /// Seconds since 1970.
    pub fn time(self, fixed: Fixed, record: &[u8]) -> i64 {
        let at = match (fixed, self.long) {
            (Fixed::Lastlog, _) => 0,
            (Fixed::Utmp, true) => 344,
            (Fixed::Utmp, false) => 340,
        };
        self.int(record, at, self.long)
    }
}

/// Text to its NUL; what is after it is what was in memory.
fn is_text(field: Option<&[u8]>) -> bool {
    let text = field.unwrap_or_default().split(|b| *b == 0).next().unwrap_or_default();
    text.iter().all(|b| *b >= 0x20 && *b != 0x7f)
}

fn is_empty(record: &[u8]) -> bool {
    record.iter().all(|b| *b == 0)
}

/// Cuts at record ends. Holds at most `LOOK_RECORDS` records.
#[derive(Debug)]
pub(super) struct Records {
    fixed: Fixed,
    layout: Option<Layout>,
    held: Vec<u8>,
    empty: Vec<u8>,
}

impl Records {
    pub(super) fn new(fixed: Fixed) -> Records {
        Records { fixed, layout: None, held: Vec::new(), empty: Vec::new() }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut OnPiece<'_>) {
        let most = self.fixed.layouts().iter().map(|l| l.size).max().unwrap_or_default() * LOOK_RECORDS;
        for part in bytes.chunks(EMPTY_BYTES_MAX) {
            self.held.extend_from_slice(part);
            if self.held.len() >= most {
                self.cut(false, out);
            }
        }
    }

    pub(super) fn finish(&mut self, out: &mut OnPiece<'_>) {
        self.cut(true, out);
        self.flush(out);
        if !self.held.is_empty() {
            out(&std::mem::take(&mut self.held), PieceKind::Rejected(Reason::Truncated), None);
        }
    }

    /// Gives out whole records as far as the next ones can be seen, so that where a record is damaged the next good one is found.
    fn cut(&mut self, last: bool, out: &mut OnPiece<'_>) {
        let layouts = self.fixed.layouts();
        let layout = *self.layout.get_or_insert_with(|| self.fixed.layout(&self.held).map_or(layouts[0], |(l, _)| l));
        let ahead = if last { 0 } else { 3 * layout.size };
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        while held.len() - at >= layout.size + ahead {
            let rest = held.get(at..).unwrap_or_default();
            let (size, kind) = self.next(rest, layout);
            let piece = rest.get(..size).unwrap_or(rest);
            at += piece.len();
            if kind == PieceKind::Around {
                if self.empty.len() + piece.len() > EMPTY_BYTES_MAX {
                    self.flush(out);
                }
                self.empty.extend_from_slice(piece);
            } else {
                self.flush(out);
                out(piece, kind, None);
            }
        }
        self.held = held.get(at..).unwrap_or_default().to_vec();
    }

    fn flush(&mut self, out: &mut OnPiece<'_>) {
        if !self.empty.is_empty() {
            out(&std::mem::take(&mut self.empty), PieceKind::Around, None);
        }
    }

    /// The next piece of `rest`: an empty record, a record, or bytes that lie between records.
    fn next(&self, rest: &[u8], layout: Layout) -> (usize, PieceKind) {
        let good = |at: usize| rest.get(at..at + layout.size).is_some_and(|r| self.fixed.plausible(r, layout));
        let record = rest.get(..layout.size).unwrap_or(rest);
        if is_empty(record) {
            return (layout.size, PieceKind::Around);
        }
        if good(0) || good(layout.size) {
            return (layout.size, PieceKind::Record);
        }
        // Bytes were lost or added: the next place where two records follow each other.
        match (1..=2 * layout.size).find(|at| good(*at) && (good(at + layout.size) || rest.len() == at + layout.size)) {
            Some(at) => (at, PieceKind::Rejected(Reason::Syntax)),
            None => (layout.size, PieceKind::Record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(layout: Layout, user: &str) -> Vec<u8> {
        let mut r = vec![0; layout.size];
        let put = |r: &mut Vec<u8>, at: usize, value: i64, long: bool| {
            let bytes = match (layout.big, long) {
                (false, false) => (value as u32).to_le_bytes().to_vec(),
                (true, false) => (value as u32).to_be_bytes().to_vec(),
                (false, true) => value.to_le_bytes().to_vec(),
                (true, true) => value.to_be_bytes().to_vec(),
            };
            r[at..at + bytes.len()].copy_from_slice(&bytes);
        };
        r[usize::from(layout.big)] = 7;
        put(&mut r, 4, 4711, false);
        r[8..13].copy_from_slice(b"pts/0");
        r[44..44 + user.len()].copy_from_slice(user.as_bytes());
        let (sec, usec) = if layout.long { (344, 352) } else { (340, 344) };
        put(&mut r, sec, 1_795_521_600, layout.long);
        put(&mut r, usec, 250_000, layout.long);
        r
    }

    fn pieces(bytes: &[u8], chunk: usize) -> Vec<(usize, PieceKind)> {
        let mut found = Vec::new();
        let mut again = Vec::new();
        let mut records = Records::new(Fixed::Utmp);
        let mut take = |b: &[u8], kind, _| {
            found.push((b.len(), kind));
            again.extend_from_slice(b);
        };
        bytes.chunks(chunk).for_each(|c| records.push(c, &mut take));
        records.finish(&mut take);
        assert!(again == bytes);
        found
    }

    #[test]
    fn row_36_layouts_are_told_apart_and_a_damaged_record_costs_only_itself() {
        for layout in Fixed::Utmp.layouts() {
            let mut good: Vec<Vec<u8>> = (0..40).map(|n| record(layout, &format!("user{n}"))).collect();
            assert_eq!(Fixed::Utmp.layout(&good.concat()), Some((layout, 100)));
            good[20] = vec![0xff; layout.size];
            let found = pieces(&good.concat(), 1000);
            assert_eq!((found.len(), found.iter().all(|p| *p == (layout.size, PieceKind::Record))), (40, true));
            // Bytes lost in the middle of a record: what is left of it comes out alone, and the next is whole again.
            good[20] = record(layout, "short")[..100].to_vec();
            let found = pieces(&good.concat(), 999);
            assert!(found.contains(&(100, PieceKind::Rejected(Reason::Syntax))), "{found:?}");
            assert_eq!(found.iter().filter(|p| p.1 == PieceKind::Record).count(), 39);
            assert_eq!(found, pieces(&good.concat(), 1), "however the bytes arrive");
            good.push(vec![7; 10]);
            assert_eq!(pieces(&good.concat(), 4096).last(), Some(&(10, PieceKind::Rejected(Reason::Truncated))));
        }
    }

    #[test]
    fn empty_records_are_no_records() {
        let layout = Fixed::Utmp.layouts()[0];
        let log = [record(layout, "a"), vec![0; layout.size * 3], record(layout, "b")].concat();
        assert_eq!(pieces(&log, 7), [(384, PieceKind::Record), (1152, PieceKind::Around), (384, PieceKind::Record)]);
    }
}
