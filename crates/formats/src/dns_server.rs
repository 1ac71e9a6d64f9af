//! Query logs of BIND and Unbound.
//!
//! Owns: their lines, with their own head. Never reads a zone's or a resolver's other messages but as what the server said.
//! Sources: BIND 9 administrator reference, "The logging statement"; `unbound.conf(5)`, `log-queries`, `log-replies`.

use std::fmt::Write as _;

use event::{Column, Facet, Mark, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Record, Reject, dns, net,
    time::{self, Stamp},
};

/// DNS servers.
pub struct DnsServer;

impl Format for DnsServer {
    fn name(&self) -> &'static str {
        "dns_server"
    }
    fn title(&self) -> &'static str {
        "BIND and Unbound query logs"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).take(SNIFF_LINES);
        let (mut all, mut fit) = (0u32, 0u32);
        for line in lines {
            all += 1;
            let text = String::from_utf8_lossy(line);
            fit += u32::from(head_of(&text).is_some_and(|(_, said)| Asked::read(said).is_some()));
        }
        if fit * 2 >= all.max(1) { 88 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { message: String::new() })
    }
}

/// Lines looked at to tell it from other text.
const SNIFF_LINES: usize = 20;

struct Lines {
    message: String,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes.trim_ascii());
        let (time_text, said) = head_of(&text).ok_or(Reject::Shape { expected: "a line of BIND or Unbound" })?;
        let stamp = time::of(time_text.trim_matches(['[', ']']), record.received);
        if !Stamp::is_known(&stamp) {
            return Err(Reject::Bad { field: "time", expected: "a time", found: Reject::found(time_text) });
        }
        self.message.clear();
        match Asked::read(said) {
            Some(asked) => asked.write(stamp, &mut self.message, out),
            None => {
                out.begin(class::BASE_EVENT, 99, stamp.time);
                self.message.push_str(said);
            }
        }
        stamp.marks.into_iter().flatten().chain(matches!(text, std::borrow::Cow::Owned(_)).then_some(Mark::NotUtf8)).for_each(|m| out.mark(m));
        out.text(attr::METADATA_PRODUCT_NAME, if time_text.starts_with('[') { "Unbound" } else { "BIND" });
        out.text(attr::METADATA_ORIGINAL_TIME, time_text);
        record.host.into_iter().for_each(|h| net::machine(out, h));
        out.text(attr::MESSAGE, &self.message);
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}

/// The time and what was said: `01-Mar-2026 12:00:00.123 …`, `2026-03-01T12:00:00.123Z …`, `[1772366400] unbound[1:0] info: …`.
fn head_of(line: &str) -> Option<(&str, &str)> {
    if line.starts_with('[') {
        let (time, rest) = line.split_at_checked(line.find("] ")? + 1)?;
        let (_, said) = rest.trim_start().strip_prefix("unbound")?.split_once(": ")?;
        let digits = time.trim_matches(['[', ']']).bytes().all(|b| b.is_ascii_digit());
        return digits.then_some((time, said));
    }
    let b = line.as_bytes();
    let digit = |at: usize| b.get(at).is_some_and(u8::is_ascii_digit);
    let end = match (digit(0) && digit(1) && b.get(2) == Some(&b'-'), b.get(10) == Some(&b'T')) {
        (true, _) => line.match_indices(' ').nth(1)?.0,
        (false, true) if digit(0) => line.find(' ')?,
        _ => return None,
    };
    line.split_at_checked(end).map(|(time, rest)| (time, rest.trim_start()))
}

/// A question, and what was made of it.
#[derive(Debug, Default, PartialEq)]
struct Asked<'a> {
    client: &'a str,
    port: &'a str,
    name: &'a str,
    kind: &'a str,
    class: &'a str,
    /// The response code, where the answer is logged.
    code: &'a str,
    denied: bool,
    /// What stands behind: flags, the server's address, times and sizes.
    rest: &'a str,
}

impl<'a> Asked<'a> {
    fn read(said: &'a str) -> Option<Asked<'a>> {
        bind(said).or_else(|| unbound(said))
    }

    fn write(&self, stamp: Stamp, message: &mut String, out: &mut dyn Sink) {
        out.begin(class::DNS_ACTIVITY, if self.code.is_empty() { 1 } else { 6 }, stamp.time);
        net::endpoint(out, self.client, attr::SRC_IP, attr::SRC_NAME);
        net::port(out, self.port, attr::SRC_PORT);
        dns::query(out, self.name, self.kind, self.class);
        dns::rcode(out, self.code);
        if self.denied {
            net::outcome(out, false);
        }
        out.key(Column::Operation, "query");
        if !self.rest.is_empty() {
            out.other("rest", self.rest);
        }
        let _ = write!(message, "{} {} {}{}", self.name, self.kind, self.code, if self.denied { "denied" } else { "" });
    }
}

/// `[queries: info: ]client [@0x7f] A#P (NAME): query: NAME CLASS TYPE +E(0) (SERVER)`, `…: query (cache) 'NAME/TYPE/CLASS' denied`
fn bind(said: &str) -> Option<Asked<'_>> {
    let at = said.find("client ").filter(|at| *at == 0 || said.get(..*at).is_some_and(|b| b.ends_with(": ")))?;
    let rest = said.get(at + 7..)?;
    let rest = rest.strip_prefix('@').and_then(|r| r.split_once(' ')).map_or(rest, |(_, r)| r);
    let (client, rest) = rest.split_once('#')?;
    canonical_ip(client)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = rest.split_at_checked(digits)?;
    let found = Asked { client, port, ..Asked::default() };
    if let Some((_, query)) = rest.split_once(": query: ") {
        let mut words = query.splitn(4, ' ');
        let (name, class, kind) = (words.next()?, words.next()?, words.next()?);
        return Some(Asked { name, class, kind, rest: words.next().unwrap_or_default(), ..found });
    }
    // The name is the client's own: brackets in it are escaped, quotes are not, so it ends at the last one.
    let (_, rest) = rest.split_once("): ").unwrap_or(("", rest));
    let (what, after) = rest.split_once('\'')?;
    let (asked, end) = after.rsplit_once('\'')?;
    let mut parts = asked.rsplitn(3, '/');
    let (class, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = what.trim_matches([':', ' ']);
    Some(Asked { name, class, kind, denied: end.trim_start().starts_with("denied"), rest, ..found })
}

/// `info: A NAME TYPE CLASS[ CODE SECONDS CACHED BYTES]`
fn unbound(said: &str) -> Option<Asked<'_>> {
    let said = said.strip_prefix("query: ").or_else(|| said.strip_prefix("reply: ")).unwrap_or(said);
    let mut words = said.split(' ');
    let (client, name, kind, class) = (words.next()?, words.next()?, words.next()?, words.next()?);
    canonical_ip(client)?;
    let code = words.next().unwrap_or_default();
    let rest = said.get(said.match_indices(' ').nth(4).map_or(said.len(), |(at, _)| at + 1)..).unwrap_or_default();
    matches!(class, "IN" | "CH" | "HS" | "NONE" | "ANY").then_some(Asked { client, name, kind, class, code, rest, ..Asked::default() })
}
