//! What was said before a record of how it is read: the heading of its stream, for a parser that begins in the middle.

use formats::{Format, Framing, Parser};
use lake::Lake;

/// Pieces around records that are looked through for a heading: Zeek's has eight lines, and ends with one.
const LOOK_MAX: usize = 32;

/// Tells a parser the heading that stands before a record of a source. Costs nothing where the format has none.
pub fn tell(lake: &Lake, format: &dyn Format, source: &str, seq: u64, parser: &mut dyn Parser) -> anyhow::Result<()> {
    if let Framing::HeadedLines(heading) = format.framing() {
        let before = lake.around_before(source, seq, LOOK_MAX)?;
        before.iter().filter(|piece| heading.is(piece)).for_each(|piece| parser.heading(piece));
    }
    Ok(())
}
