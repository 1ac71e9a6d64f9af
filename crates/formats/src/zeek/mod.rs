//! Zeek's logs, tab-separated with their head (`#separator`, `#fields`, `#types` …) and as JSON, one map for both.
//!
//! Owns: which log a line is of, and what its fields mean: one file a family of protocols. A log that it does not know keeps all
//! its fields in `unmapped`. Source: docs.zeek.org, "Log files"; the head as `logging/writers/ascii` writes it.

mod app;
mod conn;
mod host;
mod row;
mod schema;

use event::{Class, Column, Facet, Mark, Sink, Time, attr, class};

use crate::{Format, Framing, Heading, Parser, Record, Reject, map, net, time};
use row::Row;
use schema::Schema;

/// Zeek.
pub struct Zeek;

impl Format for Zeek {
    fn name(&self) -> &'static str {
        "zeek"
    }
    fn title(&self) -> &'static str {
        "Zeek (TSV and JSON)"
    }
    fn facet(&self) -> Facet {
        Facet::Network
    }
    fn framing(&self) -> Framing {
        Framing::HeadedLines(Heading::Hash)
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let mut lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
        let first = lines.find(|l| !l.starts_with(b"#") || l.starts_with(b"#separator ")).unwrap_or_default();
        if first.starts_with(b"#separator ") {
            return 98;
        }
        if !first.starts_with(b"{") {
            return 0;
        }
        let text = String::from_utf8_lossy(first);
        let Ok(row) = Row::json(&text) else { return 0 };
        let timed = row.has("ts") || row.has("_write_ts");
        match path(&row, "") {
            "" => 0,
            _ if row.has("@stream") && row.has("@system") => 90,
            _ if !timed => 0,
            _ if row.has("_path") || row.has("id.orig_h") || row.has("id_orig_h") => 90,
            _ => 60,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines { schema: Schema::default(), message: String::new() })
    }
}

/// The parser of a stream: a line is an event; the lines of the head say how it is read.
struct Lines {
    schema: Schema,
    message: String,
}

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes.strip_suffix(b"\n").unwrap_or(record.bytes));
        let lossy = matches!(text, std::borrow::Cow::Owned(_));
        if text.starts_with('{') {
            let row = Row::json(&text)?;
            return write(&row, path(&row, ""), record, lossy, &mut self.message, out);
        }
        let line = String::from_utf8_lossy(record.bytes);
        self.tsv(line.trim_end_matches(['\n', '\r']), record, lossy, out)
    }

    fn heading(&mut self, bytes: &[u8]) {
        self.schema.line(String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']));
    }
}

impl Lines {
    fn tsv(&mut self, line: &str, record: Record<'_>, lossy: bool, out: &mut dyn Sink) -> Result<(), Reject> {
        let row = Row::tsv(line, &self.schema).ok_or(Reject::Shape { expected: "a line with the fields that `#fields` names" })?;
        let path = path(&row, &self.schema.path);
        write(&row, path, record, lossy, &mut self.message, out)
    }
}

/// Fields by which a log is known where no line names it.
const KNOWN_BY: &[(&str, &[&str])] = &[
    ("conn", &["conn_state"]),
    ("dns", &["trans_id", "proto"]),
    ("dns", &["qtype_name"]),
    ("http", &["trans_depth", "host"]),
    ("http", &["trans_depth", "status_code"]),
    ("http", &["trans_depth", "method"]),
    ("smtp", &["trans_depth", "is_webmail"]),
    ("smtp", &["trans_depth", "helo"]),
    ("ssl", &["ssl_history"]),
    ("ssl", &["established", "resumed"]),
    ("x509", &["certificate.serial"]),
    ("x509", &["certificate_serial"]),
    ("files", &["fuid", "seen_bytes"]),
    ("notice", &["note", "actions"]),
    ("weird", &["name", "notice", "peer"]),
    ("ssh", &["auth_attempts"]),
    ("dhcp", &["msg_types"]),
    ("ftp", &["command", "user"]),
    ("kerberos", &["request_type", "client"]),
    ("kerberos", &["request_type", "service"]),
    ("ntlm", &["server_dns_computer_name"]),
    ("ntlm", &["domainname", "hostname"]),
    ("rdp", &["security_protocol"]),
    ("smb_mapping", &["share_type"]),
    ("smb_files", &["action", "name", "size"]),
    ("dce_rpc", &["endpoint", "operation"]),
    ("ntp", &["stratum", "poll"]),
    ("tunnel", &["tunnel_type"]),
    ("capture_loss", &["percent_lost"]),
    ("stats", &["pkts_proc"]),
    ("pe", &["is_exe", "machine"]),
    ("software", &["software_type"]),
    ("intel", &["seen.indicator"]),
];

/// The log that a line is of: as its own field, the head, or its fields say; empty where none does.
fn path<'r>(row: &'r Row<'_>, head: &'r str) -> &'r str {
    let said = ["_path", "@stream"].into_iter().find_map(|n| row.plain(n)).unwrap_or(head);
    if !said.is_empty() {
        return said;
    }
    KNOWN_BY.iter().find(|(_, names)| names.iter().all(|n| row.has(n))).map_or("", |(path, _)| path)
}

/// An event on its way: the row, the record, and what has been said so far.
struct On<'e, 'a> {
    row: &'e Row<'a>,
    path: &'e str,
    record: Record<'e>,
    lossy: bool,
}

impl On<'_, '_> {
    /// Begins an event: its time, the connection it is of, what all logs share.
    fn begin(&self, class: Class, activity: u8, out: &mut dyn Sink) {
        let said = self.row.text("ts").or_else(|| self.row.text("_write_ts")).unwrap_or_default();
        let stamp = match time::epoch(&said) {
            Some(time) => time::Stamp::exact(time),
            None => time::of(&said, self.record.received),
        };
        out.begin(class, activity, if said.is_empty() { Time(0) } else { stamp.time });
        stamp.marks.into_iter().flatten().filter(|m| *m != Mark::UnitAssumed).for_each(|m| out.mark(m));
        out.text(attr::METADATA_PRODUCT_NAME, "Zeek");
        out.text(attr::METADATA_LOG_NAME, self.path);
        out.text(attr::METADATA_ORIGINAL_TIME, &said);
        if let Some(uid) = self.row.text("uid") {
            out.text(attr::METADATA_UID, &uid);
        }
        let marks = [self.lossy.then_some(Mark::NotUtf8), self.row.twice.then_some(Mark::DuplicateKey)];
        marks.into_iter().flatten().for_each(|m| out.mark(m));
    }

    /// Both ends of the connection; false: the line names none.
    fn ends(&self, out: &mut dyn Sink) -> bool {
        let row = self.row;
        let mut any = false;
        let ends = [
            (["id.orig_h", "id_orig_h"], ["id.orig_p", "id_orig_p"], attr::SRC_IP, attr::SRC_NAME, attr::SRC_PORT),
            (["id.resp_h", "id_resp_h"], ["id.resp_p", "id_resp_p"], attr::DST_IP, attr::DST_NAME, attr::DST_PORT),
        ];
        for (address, port, ip, name, port_attr) in ends {
            let Some(said) = address.into_iter().find_map(|n| row.text(n)).filter(|a| !a.is_empty()) else { continue };
            net::endpoint(out, &said, ip, name);
            any = true;
            if let Some(said) = port.into_iter().find_map(|n| row.text(n)) {
                net::port(out, &said, port_attr);
            }
        }
        any
    }

    /// The transport, where it is told.
    fn transport(&self, out: &mut dyn Sink) {
        if let Some(proto) = self.row.text("proto").filter(|p| p.len() < 20) {
            out.text(attr::CONNECTION_PROTOCOL_NAME, &proto.to_ascii_lowercase());
            out.int(attr::CONNECTION_DIRECTION_ID, 0);
        }
    }

    /// Whether the line names an end of a connection.
    fn has_ends(&self) -> bool {
        ["id.orig_h", "id_orig_h", "id.resp_h", "id_resp_h"].iter().any(|n| self.row.has(n))
    }

    fn end(&self, message: &str, out: &mut dyn Sink) {
        out.text(attr::MESSAGE, message);
        if out.wants_object() {
            self.row.rest(out);
        }
        out.record(self.record.seq, self.record.bytes);
        out.end();
    }
}

/// Makes the event of a line.
fn write(row: &Row<'_>, path: &str, record: Record<'_>, lossy: bool, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let on = On { row, path, record, lossy };
    message.clear();
    let done = match path {
        "conn" => conn::conn(&on, message, out),
        "dns" => app::dns(&on, message, out),
        "http" => app::http(&on, message, out),
        "ssl" => conn::ssl(&on, message, out),
        "ssh" => app::ssh(&on, message, out),
        "ftp" => app::ftp(&on, message, out),
        "smtp" => app::smtp(&on, message, out),
        "kerberos" => host::kerberos(&on, message, out),
        "ntlm" | "radius" => host::login(&on, message, out),
        "rdp" => host::rdp(&on, message, out),
        "smb_files" | "smb_mapping" => host::smb(&on, message, out),
        "dhcp" => host::dhcp(&on, message, out),
        "ntp" => host::ntp(&on, message, out),
        "tunnel" => conn::tunnel(&on, message, out),
        "files" => host::files(&on, message, out),
        "notice" | "intel" => host::finding(&on, message, out),
        _ => false,
    };
    if !done {
        other(&on, message, out);
    }
    Ok(())
}

/// A log without a class of its own: what its line names is kept, and the ends of the connection where there are some.
fn other(on: &On<'_, '_>, message: &mut String, out: &mut dyn Sink) {
    if on.has_ends() {
        on.begin(class::NETWORK_ACTIVITY, 99, out);
        if !on.ends(out) {
            out.text(attr::SRC_NAME, "unknown");
        }
        on.transport(out);
    } else {
        on.begin(class::BASE_EVENT, 99, out);
    }
    out.key(Column::Service, on.path);
    let what = ["name", "operation", "command", "message", "msg", "function", "request"].into_iter().find_map(|n| on.row.look(n));
    out.key(Column::Operation, what.as_deref().filter(|w| w.len() <= 120 && on.has_ends()).unwrap_or_default());
    if let Some(hash) = ["fingerprint", "sha256", "sha1", "md5"].into_iter().find_map(|n| on.row.look(n)) {
        out.key(Column::Hash, &hash.to_ascii_lowercase());
    }
    lost(on, out);
    message.extend([on.path, " ", what.as_deref().unwrap_or_default()]);
    on.end(message.trim_end(), out);
}

/// What Zeek itself did not see: packets that the machine dropped, gaps in streams.
fn lost(on: &On<'_, '_>, out: &mut dyn Sink) {
    let count = match on.path {
        "capture_loss" => on.row.look("gaps"),
        "stats" => on.row.look("pkts_dropped"),
        _ => None,
    };
    if let Some(count) = count.and_then(|c| c.parse::<i64>().ok()).filter(|c| *c > 0) {
        out.key(Column::Gap, "lost");
        out.key_int(Column::GapCount, count);
    }
}
