//! Tetragon: what processes did, one kind of event a message (`process_exec`, `process_exit`, `process_kprobe`, …).
//!
//! Source: Tetragon's `api/v1/tetragon/events.proto`. The process of `process_exec` is the one that began; of all others the one that acted.

use event::{Column, Facet, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Record, Reject, json,
    map::{self, Doc, Map, Reader, Slot},
    time,
};

crate::table! { FIELDS;
    PID      "process.pid"          => Hold;
    UID      "process.uid"          => Hold;
    AUID     "process.auid"         => Hold;
    CWD      "process.cwd"          => Hold;
    BINARY   "process.binary"       => Hold;
    ARGS     "process.arguments"    => Hold;
    DOCKER   "process.docker"       => Look;
             "process.exec_id"      => Look;
    PPID     "parent.pid"           => Hold;
    PBINARY  "parent.binary"        => Hold;
    PARGS    "parent.arguments"     => Look;
    FUNCTION "function_name"        => Look;
    EVENT    "event"                => Look;
    ARGUMENTS "args"                => Look;
             "policy_name"          => Text(POLICY_NAME);
             "signal"               => Look;
    STATUS   "status"               => Look;
    SRC_IP   "source_ip"            => Hold;
    SRC_PORT "source_port"          => Hold;
    DST_IP   "destination_ip"       => Hold;
    DST_PORT "destination_port"     => Hold;
    PROTOCOL "protocol"             => Look;
}

/// Tetragon's JSON export.
pub struct Tetragon;

impl Format for Tetragon {
    fn name(&self) -> &'static str {
        "tetragon"
    }
    fn title(&self) -> &'static str {
        "Tetragon"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let kinds = [
            "process_exec",
            "process_exit",
            "process_kprobe",
            "process_tracepoint",
            "process_uprobe",
            "process_lsm",
            "process_connect",
            "process_close",
            "process_listen",
            "process_accept",
        ];
        let some = kinds.iter().any(|k| map::keys(head, &[k]) == 1);
        if some && map::keys(head, &["exec_id", "binary"]) == 2 { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Messages { reader: Reader::new(Map::new(FIELDS)) })
    }
}

struct Messages {
    reader: Reader,
}

impl Parser for Messages {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let (mut kind, mut when, mut around) = (None, None, Vec::new());
        json::members(&text, |name, value| match name {
            "time" => when = Some(map::plain(value)),
            _ if value.starts_with('{') && (name.starts_with("process_") || name == "test" || name == "rate_limit_info") => kind = Some((name, value)),
            _ => around.push((name, value)),
        })?;
        let (kind, inner) = kind.ok_or(Reject::Missing { field: "process_exec, process_exit or another kind" })?;
        let stamp = time::of(&when.ok_or(Reject::NoTime { field: "time" })?, record.received);
        let node = around.iter().find(|(n, _)| *n == "node_name").map(|(_, v)| map::plain(v).to_ascii_lowercase()).unwrap_or_default();
        let utf8 = matches!(text, std::borrow::Cow::Borrowed(_));
        let doc = self.reader.read(inner, record, utf8)?;
        let said = Said { doc: &doc, node: &node };
        let message = said.event(kind.strip_prefix("process_").unwrap_or(kind), stamp, out);
        around.iter().filter(|(name, _)| *name != "node_name").for_each(|(name, value)| match json::text(value) {
            Some(text) => out.other(name, &text),
            None => out.other_json(name, value),
        });
        doc.end(&message, out);
        Ok(())
    }
}

struct Said<'a> {
    doc: &'a Doc<'a>,
    node: &'a str,
}

/// What a kernel function that Tetragon was told to watch acted on.
enum Thing {
    Socket(String),
    File(String),
    Nothing,
}

impl Said<'_> {
    fn event(&self, kind: &str, stamp: time::Stamp, out: &mut dyn Sink) -> String {
        let thing = self.thing();
        let has_process = self.doc.int(PID).is_some() && !self.node.is_empty();
        let function = self.doc.first(&[FUNCTION, EVENT]).into_owned();
        let operation = if function.is_empty() { kind } else { &function };
        let (class, activity) = match (kind, &thing) {
            _ if !has_process => (class::BASE_EVENT, 99),
            ("exec", _) => (class::PROCESS_ACTIVITY, 1),
            ("exit", _) => (class::PROCESS_ACTIVITY, 2),
            ("connect", _) if self.has_ends() => (class::NETWORK_ACTIVITY, 1),
            ("close", _) if self.has_ends() => (class::NETWORK_ACTIVITY, 2),
            ("listen", _) if self.has_ends() => (class::NETWORK_ACTIVITY, 7),
            ("accept", _) if self.has_ends() => (class::NETWORK_ACTIVITY, 6),
            (_, Thing::Socket(_)) => (class::NETWORK_ACTIVITY, socket_activity(operation)),
            (_, Thing::File(_)) => (class::FILE_ACTIVITY, file_activity(operation)),
            _ => (class::PROCESS_ACTIVITY, 99),
        };
        self.doc.begin(class, activity, stamp, out);
        out.text(attr::METADATA_PRODUCT_NAME, "Tetragon");
        out.text(attr::METADATA_EVENT_CODE, kind);
        out.key(Column::Operation, operation);
        out.key(Column::Service, "tetragon");
        if !self.node.is_empty() {
            out.text(attr::DEVICE_HOSTNAME, self.node);
            out.int(attr::DEVICE_TYPE_ID, 0);
        }
        if has_process {
            match class.uid {
                1007 => self.process(kind == "exec", out),
                _ => self.actor(out),
            }
            self.user(out);
        } else {
            // Without a machine there is no process to name: what is said of it is kept as it is.
            [PID, UID, AUID, CWD, BINARY, ARGS, PPID, PBINARY, SRC_IP, SRC_PORT, DST_IP, DST_PORT].into_iter().for_each(|s| self.doc.keep(s, out));
        }
        match (&thing, class.uid) {
            (Thing::Socket(arg), 4001) => self.socket(arg, out),
            (Thing::File(path), 1001) => {
                out.text(attr::FILE_PATH, path);
                out.text(attr::FILE_NAME, path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path));
                out.int(attr::FILE_TYPE_ID, 1);
            }
            (_, 4001) => self.ends(kind, out),
            _ => {}
        }
        if let (Some(code), 1007) = (self.doc.int(STATUS), class.uid) {
            out.int(attr::EXIT_CODE, code);
        }
        format!("{operation} {}", self.command()).trim_end().to_owned()
    }

    fn command(&self) -> String {
        join(&self.doc.text(BINARY), &self.doc.text(ARGS))
    }

    fn has_ends(&self) -> bool {
        canonical_ip(&self.doc.text(SRC_IP)).is_some() || canonical_ip(&self.doc.text(DST_IP)).is_some()
    }

    /// The process that the event is about, and its parent. Of one that began, the parent acted.
    fn process(&self, began: bool, out: &mut dyn Sink) {
        let (parent, path) = (self.doc.int(PPID), self.doc.text(PBINARY));
        match parent.filter(|_| began) {
            Some(pid) => {
                out.int(attr::ACTOR_PROCESS_PID, pid);
                out.text(attr::ACTOR_PROCESS_PATH, &path);
                out.text(attr::ACTOR_PROCESS_CMD_LINE, &join(&path, &self.doc.text(PARGS)));
            }
            None => self.actor(out),
        }
        out.int(attr::PROCESS_PID, self.doc.int(PID).unwrap_or_default());
        out.text(attr::PROCESS_PATH, &self.doc.text(BINARY));
        out.text(attr::PROCESS_NAME, name(&self.doc.text(BINARY)));
        out.text(attr::PROCESS_CMD_LINE, &self.command());
        out.text(attr::PROCESS_WORKING_DIRECTORY, &self.doc.text(CWD));
        out.text(attr::PROCESS_USER_UID, &self.doc.text(UID));
        if let Some(auid) = self.doc.int(AUID).filter(|a| *a != 4_294_967_295) {
            out.int(attr::PROCESS_AUID, auid);
        }
        if let Some(pid) = parent {
            out.int(attr::PROCESS_PARENT_PID, pid);
            out.text(attr::PROCESS_PARENT_PATH, &path);
        }
    }

    fn actor(&self, out: &mut dyn Sink) {
        out.int(attr::ACTOR_PROCESS_PID, self.doc.int(PID).unwrap_or_default());
        out.text(attr::ACTOR_PROCESS_PATH, &self.doc.text(BINARY));
        out.text(attr::ACTOR_PROCESS_NAME, name(&self.doc.text(BINARY)));
        out.text(attr::ACTOR_PROCESS_CMD_LINE, &self.command());
        out.text(attr::ACTOR_PROCESS_WORKING_DIRECTORY, &self.doc.text(CWD));
        out.text(attr::ACTOR_PROCESS_CONTAINER_UID, &self.doc.text(DOCKER));
        if let Some(pid) = self.doc.int(PPID) {
            out.int(attr::ACTOR_PROCESS_PARENT_PID, pid);
            out.text(attr::ACTOR_PROCESS_PARENT_PATH, &self.doc.text(PBINARY));
        }
    }

    fn user(&self, out: &mut dyn Sink) {
        let Some(uid) = self.doc.int(UID) else { return };
        out.text(attr::ACTOR_USER_UID, &uid.to_string());
        out.key(Column::User, &if uid == 0 { format!("root@{}", self.node) } else { format!("uid:{uid}@{}", self.node) });
    }

    /// The first argument that is a socket or a file.
    fn thing(&self) -> Thing {
        let mut thing = Thing::Nothing;
        self.doc.each(ARGUMENTS, |argument| {
            if !matches!(thing, Thing::Nothing) {
                return;
            }
            let of = |name: &str| json::member(argument, name).filter(|v| v.starts_with('{'));
            if let Some(socket) = of("sock_arg").or_else(|| of("skb_arg")).or_else(|| of("sockaddr_arg")) {
                thing = Thing::Socket(socket.to_owned());
            } else if let Some(path) = of("file_arg").or_else(|| of("path_arg")).or_else(|| of("linux_binprm_arg")).and_then(|f| json::member(f, "path")) {
                let path = map::plain(path);
                if !path.is_empty() {
                    thing = Thing::File(path.into_owned());
                }
            }
        });
        thing
    }

    fn ends(&self, kind: &str, out: &mut dyn Sink) {
        let one = |slot: Slot| self.doc.text(slot).into_owned();
        ends(&one(SRC_IP), self.doc.int(SRC_PORT), &one(DST_IP), self.doc.int(DST_PORT), &one(PROTOCOL), kind, out);
    }

    fn socket(&self, arg: &str, out: &mut dyn Sink) {
        let one = |name: &str| json::member(arg, name).map(|v| map::plain(v).into_owned()).unwrap_or_default();
        let function = self.doc.text(FUNCTION);
        ends(
            &one("saddr"),
            one("sport").parse().ok(),
            &one("daddr"),
            one("dport").parse().ok(),
            one("protocol").trim_start_matches("IPPROTO_"),
            &function,
            out,
        );
    }
}

fn ends(from: &str, from_port: Option<i64>, to: &str, to_port: Option<i64>, protocol: &str, kind: &str, out: &mut dyn Sink) {
    let (source, target) = (canonical_ip(from), canonical_ip(to));
    if source.is_none() && target.is_none() {
        out.text(attr::DST_NAME, "unknown");
    }
    for (ip, port, attr, port_attr) in [(source, from_port, attr::SRC_IP, attr::SRC_PORT), (target, to_port, attr::DST_IP, attr::DST_PORT)] {
        if let Some(ip) = ip {
            out.text(attr, &ip);
            if let Some(port) = port.filter(|p| (1..65536).contains(p)) {
                out.int(port_attr, port);
            }
        }
    }
    out.text(attr::CONNECTION_PROTOCOL_NAME, &protocol.to_ascii_lowercase());
    let direction = if kind.contains("connect") {
        2
    } else if kind.contains("accept") || kind.contains("listen") {
        1
    } else {
        0
    };
    out.int(attr::CONNECTION_DIRECTION_ID, direction);
}

fn socket_activity(function: &str) -> u8 {
    match function {
        f if f.contains("connect") => 1,
        f if f.contains("close") => 2,
        f if f.contains("listen") => 7,
        _ => 6,
    }
}

fn file_activity(function: &str) -> u8 {
    match function {
        f if f.contains("write") || f.contains("truncate") => 3,
        f if f.contains("unlink") || f.contains("rmdir") => 4,
        f if f.contains("rename") => 5,
        f if f.contains("chmod") || f.contains("chown") => 7,
        f if f.contains("read") => 2,
        _ => 14,
    }
}

fn join(binary: &str, arguments: &str) -> String {
    if arguments.is_empty() { binary.to_owned() } else { format!("{binary} {arguments}") }
}

fn name(binary: &str) -> &str {
    binary.rsplit('/').next().unwrap_or_default()
}
