//! Access logs of nginx, Apache and servers that write the same: common, combined, with virtual host, with more fields behind,
//! and nginx's JSON.
//!
//! Owns: what tells these forms apart, line by line. Never guesses which server wrote a line.
//! Sources: Apache `mod_log_config`, nginx `ngx_http_log_module`.

mod json;
pub(crate) mod line;

use std::borrow::Cow;

use event::{Facet, Sink};

use crate::{Format, Framing, Parser, Record, Reject, http::Entry, web_error};

/// Web access logs.
pub struct WebAccess;

impl Format for WebAccess {
    fn name(&self) -> &'static str {
        "web_access"
    }
    fn title(&self) -> &'static str {
        "nginx and Apache access logs"
    }
    fn facet(&self) -> Facet {
        Facet::Application
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            let text = String::from_utf8_lossy(line);
            fit += u32::from(if text.starts_with('{') { json::is_one(&text) } else { line::read(&text).is_some() });
        }
        // The last line may be cut off by the end of the head.
        let share = if all > 1 && fit + 1 == all { 100 } else { fit * 100 / all.max(1) };
        match share {
            50.. => (share * 8 / 10) as u8 + if file_name.contains("access") { 10 } else { 0 },
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Requests { message: String::new() })
    }
}

/// Lines looked at to tell access logs from other text.
const SNIFF_LINES: usize = 20;

/// The parser of a stream: a line is an event.
struct Requests {
    message: String,
}

impl Parser for Requests {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let entry = match text.starts_with('{') {
            true => json::read(&text)?,
            false => match line::read(&text) {
                Some(entry) => entry,
                // Containers write errors to the same stream.
                None if web_error::line(record, &text, matches!(text, Cow::Owned(_)), out) => return Ok(()),
                None => return Err(Reject::Shape { expected: "a line of an access log" }),
            },
        };
        let entry = Entry { product: "web server", lossy: matches!(text, Cow::Owned(_)).into(), ..entry };
        entry.write(record, &mut self.message, out)
    }
}
