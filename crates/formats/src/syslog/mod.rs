//! Syslog: RFC 3164, RFC 5424 and ISO-time headers, and the programs whose lines have a meaning to a responder.
//!
//! Owns: one file a program; what no program file knows becomes a Base Event that keeps program, process id and text.
//! Never asks the machine it runs on: years and zones that a line lacks are resolved near the time received, and marked.

mod accounts;
mod generic;
mod header;
mod line;
mod pam;
mod sshd;
mod su;
mod sudo;

use event::{Facet, Sink};

use crate::{Format, Framing, Parser, Record, Reject};
use line::Line;

/// Syslog as files hold it, one message a line.
pub struct Syslog;

impl Format for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }
    fn title(&self) -> &'static str {
        "syslog (RFC 3164, RFC 5424)"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        sniff(head, file_name)
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Messages)
    }
}

/// Lines looked at to tell syslog from other text.
const SNIFF_LINES: usize = 50;

fn sniff(head: &[u8], file_name: &str) -> u8 {
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty() && !l.starts_with(b"#")).take(SNIFF_LINES);
    let (mut all, mut fit) = (0u32, 0u32);
    for line in lines {
        all += 1;
        let text = String::from_utf8_lossy(line);
        fit += u32::from(header::read(&text).is_some_and(|h| looks_like(&h, &text)));
    }
    if fit * 2 < all.max(1) {
        return 0;
    }
    let known = ["auth.log", "secure", "syslog", "messages", "sshd", "sudo"].iter().any(|n| file_name.contains(n));
    let share = fit * 70 / all.max(1);
    share as u8 + if known { 15 } else { 0 }
}

/// Many logs begin with an ISO time; of those, syslog is what has a tag with colon or process id, or a priority.
fn looks_like(header: &header::Header<'_>, line: &str) -> bool {
    let tag = |end: char| !header.program.is_empty() && line.contains(&format!("{}{end}", header.program));
    let iso = header.time_text.starts_with(|c: char| c.is_ascii_digit());
    header.priority.is_some() || tag(':') || tag('[') || (!iso && header.host.is_some())
}

/// The parser of a stream: a line is an event, nothing is held back.
struct Messages;

impl Parser for Messages {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let bytes = record.bytes.strip_suffix(b"\n").unwrap_or(record.bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        let line = Line::read(record, &text, matches!(text, std::borrow::Cow::Owned(_)))?;
        read(&line, out);
        Ok(())
    }
}

/// Gives the line to the program that it is of. A new program is a `mod` line above and a line here.
fn read(line: &Line<'_>, out: &mut dyn Sink) {
    let known = match line.program {
        "sshd" | "sshd-session" | "sshd-auth" => sshd::read(line, out),
        "sudo" => sudo::read(line, out),
        "su" => su::read(line, out),
        "useradd" | "usermod" | "userdel" | "groupadd" | "groupmod" | "groupdel" | "gpasswd" | "passwd" | "chpasswd" | "chage" | "chfn" | "chsh" => {
            accounts::read(line, out)
        }
        "CRON" | "cron" | "crond" => generic::cron(line, out),
        "kernel" => generic::kernel(line, out),
        _ => None,
    };
    known.or_else(|| pam::read(line, out)).unwrap_or_else(|| generic::read(line, out));
}
