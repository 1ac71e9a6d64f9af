//! Text that no other format knows: a Base Event a line, so that nothing is dropped.

use event::{Facet, Mark, Sink, attr, class};

use crate::{Format, Framing, Parser, Record, Reject, frame::Encoding};

/// Any lines of text.
pub struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }
    fn title(&self) -> &'static str {
        "Text of an unknown format"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, _: &[u8], _: &str) -> u8 {
        1
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines)
    }
}

struct Lines;

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let line = record.bytes.trim_ascii();
        if matches!(Encoding::of(line), Encoding::Utf16Le | Encoding::Utf16Be) {
            return Err(Reject::Encoding("UTF-16"));
        }
        let text = String::from_utf8_lossy(line);
        out.begin(class::BASE_EVENT, 0, record.received);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            out.mark(Mark::NotUtf8);
        }
        out.text(attr::METADATA_PRODUCT_NAME, "text");
        out.text(attr::MESSAGE, &text);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}
