//! Gives every copy identities of its own: a keyed map from token and copy to a value that no other copy has, of the same kind and class.
//!
//! Copy 0 keeps everything. Where a space is small (accounts, addresses, names) what was given out is remembered, and a value
//! that was taken is drawn again; where it is large (UUIDs, keys) more than 60 random bits are enough.

use std::{
    collections::HashSet,
    io::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp, civil::DateTime};
use sha2::{Digest, Sha256};

use super::template::{Kind, Record, Template, Token};

/// Key of the map: the same corpus gives the same copies on every machine.
const KEY: &[u8] = b"muster/scale/1";
/// How often a value that is taken is drawn again before the class counts as full.
const DRAWS_MAX: u32 = 1000;

/// The values of one copy at a time.
#[derive(Debug)]
pub struct Renamer<'a> {
    template: &'a Template,
    values: Vec<String>,
    taken: HashSet<String>,
}

impl<'a> Renamer<'a> {
    /// A renamer that stands before the first copy.
    pub fn new(template: &'a Template) -> Renamer<'a> {
        let taken = template.tokens.iter().filter(|t| small_space(t.kind)).map(|t| t.text.clone()).collect();
        Renamer { template, values: Vec::new(), taken }
    }

    /// Draws the values of the next copy. Copies must be started in order, each once.
    pub fn start_copy(&mut self, copy: u32) -> Result<()> {
        let template = self.template;
        let values = template.tokens.iter().map(|t| self.value(t, copy)).collect::<Result<_>>()?;
        self.values = values;
        Ok(())
    }

    /// Writes a record as the copy has it; gives the bytes written.
    pub fn write(&self, record: &Record, out: &mut impl Write) -> Result<u64> {
        let mut bytes = 0;
        for (literal, token) in &record.parts {
            out.write_all(literal.as_bytes())?;
            bytes += literal.len();
            if let Some(value) = token.and_then(|t| self.values.get(t)) {
                out.write_all(value.as_bytes())?;
                bytes += value.len();
            }
        }
        Ok(bytes as u64)
    }

    /// Where AWS would put the copy of a delivery file: `AWSLogs/ACCOUNT/CloudTrail/REGION/Y/M/D/NAME`. A file that is not named
    /// as AWS names its deliveries keeps its name, in a folder a copy.
    pub fn delivery_path(&self, name: &str, copy: u32) -> String {
        let parts: Vec<&str> = name.splitn(4, '_').collect();
        let [account, "CloudTrail", region, rest] = parts.as_slice() else { return format!("{copy:05}/{name}") };
        let Some((stamp, unique)) = rest.split_once('_') else { return format!("{copy:05}/{name}") };
        let Ok(time) = DateTime::strptime("%Y%m%dT%H%MZ", stamp) else { return format!("{copy:05}/{name}") };
        let time = moved(time, self.shift(copy));
        let account = self.delivered_by(account, copy);
        let (unique, end) = unique.split_once('.').unwrap_or((unique, "json"));
        let unique = if copy == 0 { unique.to_owned() } else { opaque(unique, &mut Draw::new("file", unique, copy, 0)) };
        format!(
            "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{unique}.{end}",
            time.strftime("%Y/%m/%d"),
            time.strftime("%Y%m%dT%H%MZ")
        )
    }

    /// The copy's name of the account that a file's name tells; the records of a corpus may have been given another account since.
    fn delivered_by(&self, account: &str, copy: u32) -> String {
        let known = self.template.tokens.iter().zip(&self.values).find(|(t, _)| t.kind == Kind::Account && t.text == account);
        match known {
            Some((_, value)) => value.clone(),
            None if copy == 0 => account.to_owned(),
            None => digits(account, &mut Draw::new("accounts", account, copy, 0)),
        }
    }

    fn shift(&self, copy: u32) -> SignedDuration {
        SignedDuration::from_secs(self.template.span_seconds * i64::from(copy))
    }

    fn value(&mut self, token: &Token, copy: u32) -> Result<String> {
        if copy == 0 {
            return Ok(token.text.clone());
        }
        if token.kind == Kind::Time {
            return Ok(moved_text(&token.text, self.shift(copy)));
        }
        for attempt in 0..DRAWS_MAX {
            let drawn = draw(token, &mut Draw::new(token.kind.name(), &token.text.to_ascii_lowercase(), copy, attempt));
            if !small_space(token.kind) || drawn == token.text && stays(&token.text) || self.taken.insert(drawn.clone()) {
                return Ok(drawn);
            }
        }
        bail!("no value is left for copy {copy} of `{}` in its class; ask for fewer copies", token.text)
    }
}

fn small_space(kind: Kind) -> bool {
    matches!(kind, Kind::Account | Kind::Ip | Kind::Name)
}

/// Random characters that depend on the key, the token, the copy and the attempt alone.
struct Draw {
    seed: [u8; 32],
    used: usize,
    block: [u8; 32],
    blocks: u32,
}

impl Draw {
    fn new(kind: &str, text: &str, copy: u32, attempt: u32) -> Draw {
        let seed = Sha256::new()
            .chain_update(KEY)
            .chain_update(kind)
            .chain_update([0])
            .chain_update(text)
            .chain_update(copy.to_be_bytes())
            .chain_update(attempt.to_be_bytes())
            .finalize();
        Draw { seed: seed.into(), used: 0, block: seed.into(), blocks: 0 }
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            self.blocks += 1;
            self.block = Sha256::new().chain_update(self.seed).chain_update(self.blocks.to_be_bytes()).finalize().into();
            self.used = 0;
        }
        let b = self.block.get(self.used).copied().unwrap_or_default();
        self.used += 1;
        b
    }

    fn of(&mut self, alphabet: &[u8]) -> char {
        let at = (usize::from(self.byte()) << 8 | usize::from(self.byte())) % alphabet.len().max(1);
        char::from(alphabet.get(at).copied().unwrap_or(b'0'))
    }
}

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGIT: &[u8] = b"0123456789";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE36: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

fn draw(token: &Token, d: &mut Draw) -> String {
    match token.kind {
        Kind::Account => digits(&token.text, d),
        Kind::Key | Kind::Principal => token.text.char_indices().map(|(i, c)| if i < 4 { c } else { d.of(BASE32) }).collect(),
        Kind::Name => format!("{}-{}", token.text, (0..6).map(|_| d.of(BASE36)).collect::<String>()),
        Kind::Ip => address(&token.text, d),
        Kind::Uuid => uuid(&token.text, d),
        Kind::Resource => resource(&token.text, d),
        Kind::Opaque => opaque(&token.text, d),
        Kind::Time => token.text.clone(),
    }
}

fn digits(text: &str, d: &mut Draw) -> String {
    text.char_indices().map(|(i, _)| if i == 0 { d.of(b"123456789") } else { d.of(DIGIT) }).collect()
}

/// Another UUID of the same version and variant, in the same case.
fn uuid(text: &str, d: &mut Draw) -> String {
    let upper = text.contains(|c: char| c.is_ascii_uppercase());
    let other = |(i, c): (usize, char)| match (i, c) {
        (14 | 19, c) | (_, c @ '-') => c,
        _ if upper => d.of(HEX).to_ascii_uppercase(),
        _ => d.of(HEX),
    };
    text.char_indices().map(other).collect()
}

fn resource(text: &str, d: &mut Draw) -> String {
    let (prefix, id) = text.split_once('-').unwrap_or(("", text));
    let alphabet = if id.bytes().all(|b| b.is_ascii_hexdigit()) { HEX } else { BASE36 };
    format!("{prefix}-{}", id.chars().map(|_| d.of(alphabet)).collect::<String>())
}

/// Letters and digits become others of their kind, so that the text keeps its shape and its entropy.
fn opaque(text: &str, d: &mut Draw) -> String {
    let other = |c: char| match c {
        'a'..='z' => d.of(LOWER),
        'A'..='Z' => d.of(UPPER),
        '0'..='9' => d.of(DIGIT),
        c => c,
    };
    text.chars().map(other).collect()
}

/// Addresses that mean the same everywhere: this host, loopback, link-local (the metadata service), broadcast.
fn stays(text: &str) -> bool {
    match text.parse() {
        Ok(IpAddr::V4(a)) => a.is_unspecified() || a.is_loopback() || a.is_link_local() || a.is_broadcast(),
        Ok(IpAddr::V6(a)) => a.is_unspecified() || a.is_loopback(),
        Err(_) => false,
    }
}

/// Another address of the same class.
fn address(text: &str, d: &mut Draw) -> String {
    match text.parse() {
        _ if stays(text) => text.to_owned(),
        Ok(IpAddr::V4(a)) => address4(a, d).to_string(),
        Ok(IpAddr::V6(a)) => {
            let mut groups = a.segments();
            for g in groups.iter_mut().skip(1) {
                *g = u16::from_be_bytes([d.byte(), d.byte()]);
            }
            Ipv6Addr::from(groups).to_string()
        }
        Err(_) => text.to_owned(),
    }
}

fn address4(a: Ipv4Addr, d: &mut Draw) -> Ipv4Addr {
    let r = [d.byte(), d.byte(), d.byte(), d.byte()];
    let [_, second, third, fourth] = r;
    match a.octets() {
        [10, ..] => Ipv4Addr::new(10, second, third, fourth),
        [172, b, ..] if (16..32).contains(&b) => Ipv4Addr::new(172, 16 | second & 15, third, fourth),
        [192, 168, ..] => Ipv4Addr::new(192, 168, third, fourth),
        [100, b, ..] if (64..128).contains(&b) => Ipv4Addr::new(100, 64 | second & 63, third, fourth),
        _ => {
            let mut drawn = Ipv4Addr::from(r);
            while !public(drawn) {
                drawn = Ipv4Addr::from([d.byte(), d.byte(), d.byte(), d.byte()]);
            }
            drawn
        }
    }
}

fn public(a: Ipv4Addr) -> bool {
    let [first, second, ..] = a.octets();
    let shared = first == 100 && (64..128).contains(&second);
    (1..224).contains(&first) && !shared && !a.is_private() && !a.is_loopback() && !a.is_link_local() && !a.is_documentation()
}

fn moved(time: DateTime, shift: SignedDuration) -> DateTime {
    time.checked_add(shift).unwrap_or(time)
}

/// The three ways in which CloudTrail writes times: ISO 8601, `Jul 3, 2023, 11:42:38 AM`, and seconds or milliseconds since 1970.
fn moved_text(text: &str, shift: SignedDuration) -> String {
    if let Ok(n) = text.parse::<i64>() {
        let unit = if text.len() > 10 { shift.as_millis() } else { i128::from(shift.as_secs()) };
        return (i128::from(n) + unit).to_string();
    }
    if let Ok(t) = text.parse::<Timestamp>() {
        let digits = text.split_once('.').map_or(0, |(_, f)| f.len().saturating_sub(1).min(9));
        return t.checked_add(shift).map_or_else(|_| text.to_owned(), |t| format!("{t:.digits$}"));
    }
    for format in ["%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p"] {
        if let Ok(t) = DateTime::strptime(format, text) {
            return moved(t, shift).strftime(&format.replace("%d", "%-d").replace("%I", "%-I")).to_string();
        }
    }
    text.to_owned()
}
