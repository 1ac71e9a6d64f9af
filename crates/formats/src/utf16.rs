//! Text in UTF-16 with a byte order mark, as Windows programs save it: each line is read by the format that it has.
//!
//! Follows Unicode 15, section 3.10 (D96 to D98). An event lists the record as it lay, in UTF-16. Text in UTF-16 without a mark goes to
//! quarantine: nothing says that it is any.

use event::{Facet, Mark, Sink};

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    inner::{Carrier, Fact, Line},
};

/// UTF-16 around another format.
pub struct Utf16;

impl Format for Utf16 {
    fn name(&self) -> &'static str {
        "utf16"
    }
    fn title(&self) -> &'static str {
        "Text in UTF-16"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Utf16Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        match head {
            // UTF-32, which begins alike.
            [0xFF, 0xFE, 0, 0, ..] => 0,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => 100,
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        let file = within.source.rsplit('/').next().unwrap_or_default().to_owned();
        Box::new(Lines { carrier: Carrier::new(within), file, text: String::new() })
    }
}

struct Lines {
    carrier: Carrier,
    file: String,
    text: String,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let whole = decode(record.bytes, &mut self.text);
        let facts: &[Fact<'_>] = if whole { &[] } else { &[Fact::Mark(Mark::NotUtf8)] };
        let text = self.text.trim_end_matches(['\n', '\r']).as_bytes();
        self.carrier.line(record, Line { key: "", hint: &self.file, text, time: record.received, partial: false, facts }, out);
        Ok(())
    }
    fn finish(&mut self, out: &mut dyn Sink) {
        self.carrier.finish(out);
    }
    fn pending(&self) -> Vec<u64> {
        self.carrier.pending()
    }
}

/// Puts a line of UTF-16 into `text`. False: something in it is no character, and stands as U+FFFD.
fn decode(bytes: &[u8], text: &mut String) -> bool {
    text.clear();
    // A line of a log has blanks and digits, whose units have a zero byte: before them or after.
    let zeros = |at: usize| bytes.iter().skip(at).step_by(2).filter(|b| **b == 0).count();
    let big = zeros(0) > zeros(1);
    let (units, half) = bytes.as_chunks::<2>();
    let units = units.iter().map(|u| if big { u16::from_be_bytes(*u) } else { u16::from_le_bytes(*u) });
    let mut whole = half.is_empty();
    for c in char::decode_utf16(units) {
        whole &= c.is_ok();
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !half.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    whole
}

#[cfg(test)]
mod tests {
    use crate::{Context, read};

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        ["\u{FEFF}", text].concat().encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn row_4_each_line_is_read_by_its_own_format_and_kept_as_it_lay() {
        let line = "Mar  4 02:10:11 db-1 sshd[9000]: Failed password for root from 203.0.113.9 port 40001 ssh2\r\n";
        let context = Context { source: "db-1/auth.log".into(), received: event::Time::from_secs(1_772_614_800), host: None };
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = utf16(&format!("{line}\r\nM\u{e4}rz \u{1F600} ein Text\n"), unit);
            let reading = read(&bytes, "auth.log", &context);
            assert_eq!(reading.format, "utf16");
            assert!(reading.rejected.is_empty(), "{:?}", reading.rejected);
            let said: Vec<&str> = reading.events.iter().filter_map(|e| event::Fields::text(e, event::Column::Message)).collect();
            assert!(said[0].contains("203.0.113.9") && said[1].contains("M\u{e4}rz \u{1F600} ein Text"), "{said:?}");
            assert_eq!(event::Fields::text(&reading.events[0], event::Column::Operation), Some("ssh_login"));
            assert_eq!(reading.events[0].raw[0], line.encode_utf16().flat_map(unit).collect::<Vec<u8>>(), "the record as it lay");
        }
    }

    #[test]
    fn row_4_without_a_mark_it_is_quarantined() {
        let bytes = "text in UTF-16\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let reading = read(&bytes, "a.log", &Context { source: "a".into(), received: event::Time(0), host: None });
        assert_eq!((reading.events.len(), reading.rejected.len()), (0, 1));
        assert_eq!(reading.rejected[0].reason, event::Reason::Encoding);
    }
}
