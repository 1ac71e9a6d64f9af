//! Tracee: what processes did, packets they sent, and detections, an event a line.
//!
//! Two shapes: the flat one (`eventName`, `args`) and the newer one that nests the process below `workload` (`name`, `data`).
//! Of an exec the process is the one that began; of all others the one that acted. Source: Tracee's documentation, "Events" and "Outputs".

use event::{Class, Column, Facet, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, Parser, Reject, dns, json,
    map::{self, Doc},
    time,
};

crate::table! { FIELDS;
    TIME      "timestamp"                       => Hold;
    SECONDS   "timestamp.seconds"               => Hold;
    NANOS     "timestamp.nanos"                 => Hold;
    NAME      "eventName"                       => Hold;
    NEW_NAME  "name"                            => Look;
    HOST      "hostName"                        => Hold;
    PID       "hostProcessId"                   => Look;
    INNER_PID "processId"                       => Look;
    PPID      "hostParentProcessId"             => Look;
    INNER_PPID "parentProcessId"                => Look;
    UID       "userId"                          => Look;
    COMM      "processName"                     => Hold;
    EXE       "executable.path"                 => Look;
    CONTAINER "containerId"                     => Hold;
    CONTAINER2 "container.id"                   => Look;
    RETURN    "returnValue"                     => Look;
    CALL      "syscall"                         => Look;
    ARGS      "args"                            => Look;
    DATA      "data"                            => Look;
    TITLE     "threat.name"                     => Hold;
    ABOUT     "threat.description"              => Hold;
    SEVERITY  "threat.severity"                 => Look;
    SIGNATURE "metadata.Properties.signatureName" => Hold;
    DESCRIBES "metadata.Description"            => Hold;
    GRADE     "metadata.Properties.Severity"    => Look;
    W_PID     "workload.process.pid"            => Look;
    W_PID2    "workload.process.pid.value"      => Look;
    W_HPID    "workload.process.host_pid"       => Look;
    W_HPID2   "workload.process.host_pid.value" => Look;
    W_EXE     "workload.process.executable.path" => Look;
    W_COMM    "workload.process.thread.name"    => Look;
    W_UID     "workload.process.real_user.id"   => Look;
    W_UID2    "workload.process.real_user.id.value" => Look;
    ANCESTORS "workload.process.ancestors"      => Look;
    W_CONTAINER "workload.container.id"         => Look;
    W_NODE    "workload.k8s.node.name"          => Look;
}

/// Tracee's JSON.
pub struct Tracee;

impl Format for Tracee {
    fn name(&self) -> &'static str {
        "tracee"
    }
    fn title(&self) -> &'static str {
        "Tracee"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: None }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let keys = json::top_keys(head);
        let all = |names: &[&str]| names.iter().all(|n| keys.contains(n));
        let flat = all(&["timestamp", "processId", "eventId", "eventName", "args"]) || all(&["timestamp", "threadId", "eventName", "argsNum"]);
        if flat || all(&["timestamp", "id", "name", "workload"]) { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let said = Said::of(doc);
    let (class, activity) = said.class();
    doc.begin(class, activity, when(doc)?, out);
    out.text(attr::METADATA_PRODUCT_NAME, "Tracee");
    out.text(attr::METADATA_EVENT_CODE, &said.name);
    out.key(Column::Operation, &said.name);
    out.key(Column::Service, "tracee");
    if said.host.is_empty() {
        out.text(attr::DEVICE_NAME, "unknown");
    } else {
        out.text(attr::DEVICE_HOSTNAME, &said.host);
    }
    out.int(attr::DEVICE_TYPE_ID, 0);
    said.process(class, out);
    said.user(out);
    match class.uid {
        1001 => said.file(out),
        2004 => said.finding(out),
        4001 | 4003 => said.ends(class, out),
        _ => {}
    }
    said.outcome(out);
    said.tell(message);
    doc.end(message, out);
    Ok(())
}

const NANOS_A_SECOND: i64 = 1_000_000_000;

/// Nanoseconds since 1970, a text, or seconds and nanoseconds of their own.
fn when(doc: &Doc<'_>) -> Result<time::Stamp, Reject> {
    let (seconds, nanos) = match (doc.int(SECONDS), doc.int(TIME)) {
        (Some(seconds), _) => (seconds, doc.int(NANOS).unwrap_or_default().clamp(0, NANOS_A_SECOND - 1)),
        (None, Some(nanos)) => (nanos.div_euclid(NANOS_A_SECOND), nanos.rem_euclid(NANOS_A_SECOND)),
        (None, None) => return doc.time(TIME),
    };
    Ok(time::seconds(&format!("{seconds}.{nanos:09}"), doc.record.received))
}

struct Said<'a> {
    doc: &'a Doc<'a>,
    name: String,
    host: String,
    args: Vec<(String, &'a str)>,
}

/// Arguments of an event that are looked at.
const ARGS_MAX: usize = 64;

impl<'a> Said<'a> {
    fn of(doc: &'a Doc<'a>) -> Said<'a> {
        let mut args = Vec::new();
        for slot in [ARGS, DATA] {
            match doc.raw(slot) {
                Some(object) if object.starts_with('{') => {
                    let read = json::members(object, |name, value| args.push((name.to_owned(), value)));
                    drop(read);
                }
                Some(_) => doc.each(slot, |arg| {
                    let value = ["value", "str", "str_array"].iter().find_map(|key| json::member(arg, key));
                    if let (Some(name), Some(value), true) = (json::member(arg, "name"), value, args.len() < ARGS_MAX) {
                        args.push((map::plain(name).into_owned(), value));
                    }
                }),
                None => {}
            }
        }
        let name = doc.first(&[NAME, NEW_NAME]).into_owned();
        Said { doc, name, host: doc.first(&[HOST, W_NODE]).to_ascii_lowercase(), args }
    }

    fn arg(&self, names: &[&str]) -> Option<String> {
        let found = names.iter().find_map(|name| self.args.iter().find(|(n, _)| n == name));
        found.map(|(_, v)| map::plain(v).into_owned()).filter(|v| !v.is_empty() && v != "null")
    }

    fn argv(&self) -> Option<String> {
        let (_, raw) = self.args.iter().find(|(n, _)| n == "argv")?;
        let raw = json::member(raw, "value").unwrap_or(raw);
        let mut words = Vec::new();
        let read = json::elements(raw, |word| {
            words.push(map::plain(word).into_owned());
            true
        });
        (read.is_ok() && !words.is_empty()).then(|| words.join(" "))
    }

    fn pid(&self) -> Option<i64> {
        [PID, INNER_PID, W_HPID, W_HPID2, W_PID, W_PID2].into_iter().find_map(|s| self.doc.int(s)).filter(|p| *p > 0)
    }

    fn path(&self) -> Option<String> {
        self.arg(&["pathname", "file_path", "syscall_pathname", "new_path", "path"]).filter(|p| p.starts_with('/'))
    }

    fn address(&self, names: &[&str]) -> Option<String> {
        self.arg(names).and_then(|a| canonical_ip(&a))
    }

    /// The other end of a socket call: `{"sa_family":"AF_INET","sin_addr":"1.2.3.4","sin_port":"80"}`.
    fn remote(&self) -> Option<(String, Option<i64>)> {
        let (_, raw) = self.args.iter().find(|(n, _)| matches!(n.as_str(), "remote_addr" | "addr" | "local_addr"))?;
        let part = |names: &[&str]| names.iter().find_map(|n| json::member(raw, n)).map(map::plain);
        let ip = canonical_ip(&part(&["sin_addr", "sin6_addr"])?)?;
        Some((ip, part(&["sin_port", "sin6_port"]).and_then(|p| p.parse().ok())))
    }

    fn is_finding(&self) -> bool {
        self.doc.has(TITLE) || self.doc.has(SIGNATURE)
    }

    fn class(&self) -> (Class, u8) {
        let packet = self.address(&["src"]).is_some() || self.address(&["dst"]).is_some();
        let acted = self.pid().is_some();
        match self.name.as_str() {
            _ if self.is_finding() => (class::DETECTION_FINDING, 1),
            n if n.starts_with("net_packet_dns") && packet && self.question().is_some() => (class::DNS_ACTIVITY, self.dns_activity()),
            n if n.starts_with("net_") && packet => (class::NETWORK_ACTIVITY, 6),
            _ if !acted => (class::BASE_EVENT, 99),
            "execve" | "execveat" | "sched_process_exec" => (class::PROCESS_ACTIVITY, 1),
            "sched_process_fork" | "clone" | "clone3" | "fork" | "vfork" => (class::PROCESS_ACTIVITY, 99),
            "sched_process_exit" | "exit" | "exit_group" => (class::PROCESS_ACTIVITY, 2),
            "setuid" | "setreuid" | "setresuid" => (class::PROCESS_ACTIVITY, 5),
            n if self.remote().is_some() => (class::NETWORK_ACTIVITY, socket_activity(n)),
            n if self.path().is_some() => (class::FILE_ACTIVITY, self.file_activity(n)),
            _ => (class::BASE_EVENT, 99),
        }
    }

    fn file_activity(&self, name: &str) -> u8 {
        let flags = self.arg(&["flags"]).unwrap_or_default();
        match name {
            n if n.contains("unlink") || n.contains("rmdir") => 4,
            n if n.contains("rename") => 5,
            n if n.contains("chmod") || n.contains("chown") => 7,
            n if n.contains("mkdir") || n.contains("mknod") || n.contains("link") => 1,
            n if n.contains("write") || n.contains("truncate") => 3,
            n if n.contains("read") => 2,
            n if n.contains("stat") || n.contains("access") => 8,
            n if n.contains("open") && flags.contains("O_CREAT") => 1,
            n if n.contains("open") && (flags.contains("O_WRONLY") || flags.contains("O_RDWR")) => 3,
            n if n.contains("open") && flags.contains("O_RDONLY") => 2,
            _ => 14,
        }
    }

    fn process(&self, class: Class, out: &mut dyn Sink) {
        let doc = self.doc;
        let Some(pid) = self.pid() else { return };
        let (path, comm) = (doc.first(&[EXE, W_EXE]), doc.first(&[COMM, W_COMM]));
        let began = class.uid == 1007 && self.name.contains("exec");
        let command = self.argv().or_else(|| self.arg(&["cmdpath", "pathname"])).filter(|_| began);
        let parent = [PPID, INNER_PPID].into_iter().find_map(|s| doc.int(s)).or_else(|| self.ancestor()).filter(|p| *p > 0);
        if class.uid == 1007 {
            let program = self.path().filter(|_| began).unwrap_or_else(|| path.clone().into_owned());
            out.int(attr::ACTOR_PROCESS_PID, parent.filter(|_| began).unwrap_or(pid));
            out.int(attr::PROCESS_PID, pid);
            out.text(attr::PROCESS_NAME, if began { base(&program) } else { &comm });
            out.text(attr::PROCESS_PATH, &program);
            out.text(attr::PROCESS_CMD_LINE, command.as_deref().unwrap_or_default());
            if let Some(parent) = parent {
                out.int(attr::PROCESS_PARENT_PID, parent);
            }
        } else {
            out.int(attr::ACTOR_PROCESS_PID, pid);
            out.text(attr::ACTOR_PROCESS_NAME, if comm.is_empty() { base(&path) } else { &comm });
            out.text(attr::ACTOR_PROCESS_PATH, &path);
            if let Some(parent) = parent {
                out.int(attr::ACTOR_PROCESS_PARENT_PID, parent);
            }
        }
        out.text(attr::ACTOR_PROCESS_CONTAINER_UID, &doc.first(&[CONTAINER, CONTAINER2, W_CONTAINER]));
    }

    fn ancestor(&self) -> Option<i64> {
        let mut first = None;
        self.doc.each(ANCESTORS, |a| first = first.or_else(|| ["host_pid", "pid"].iter().find_map(|k| map::plain(json::member(a, k)?).parse().ok())));
        first
    }

    fn user(&self, out: &mut dyn Sink) {
        let Some(uid) = [UID, W_UID, W_UID2].into_iter().find_map(|s| self.doc.int(s)).filter(|u| *u >= 0) else { return };
        if self.pid().is_none() {
            return;
        }
        let name = if uid == 0 { "root".to_owned() } else { format!("uid:{uid}") };
        out.text(attr::ACTOR_USER_UID, &uid.to_string());
        out.key(Column::User, &if self.host.is_empty() { name } else { format!("{name}@{}", self.host) });
    }

    fn file(&self, out: &mut dyn Sink) {
        let path = self.path().unwrap_or_default();
        out.text(attr::FILE_PATH, &path);
        out.text(attr::FILE_NAME, base(&path));
        out.int(attr::FILE_TYPE_ID, 0);
    }

    fn finding(&self, out: &mut dyn Sink) {
        let doc = self.doc;
        let title = doc.first(&[TITLE, SIGNATURE]);
        out.text(attr::FINDING_TITLE, &title);
        out.text(attr::FINDING_DESC, &doc.first(&[ABOUT, DESCRIBES]));
        out.text(attr::FINDING_UID, &format!("{title}@{}", doc.first(&[TIME, SECONDS])));
        let said = doc.first(&[SEVERITY, GRADE]).to_ascii_lowercase();
        out.int(
            attr::SEVERITY_ID,
            match said.as_str() {
                "critical" | "4" => 5,
                "high" | "3" => 4,
                "medium" | "2" => 3,
                "low" | "1" => 2,
                _ => 1,
            },
        );
        if let Some(path) = self.path() {
            out.key(Column::File, &path);
        }
    }

    fn ends(&self, class: Class, out: &mut dyn Sink) {
        let port = |name: &str| self.arg(&[name]).and_then(|p| p.parse::<u16>().ok()).filter(|p| *p > 0);
        match self.remote().filter(|_| self.address(&["src"]).is_none()) {
            Some((ip, number)) => {
                let inbound = self.name.contains("accept");
                let (address, at) = if inbound { (attr::SRC_IP, attr::SRC_PORT) } else { (attr::DST_IP, attr::DST_PORT) };
                out.text(address, &ip);
                if let Some(number) = number.filter(|p| (1..65536).contains(p)) {
                    out.int(at, number);
                }
                out.int(attr::CONNECTION_DIRECTION_ID, if inbound { 1 } else { 2 });
            }
            None => {
                for (name, number, ip, at) in [("src", "src_port", attr::SRC_IP, attr::SRC_PORT), ("dst", "dst_port", attr::DST_IP, attr::DST_PORT)] {
                    out.text(ip, &self.address(&[name]).unwrap_or_default());
                    if let Some(number) = port(number) {
                        out.int(at, number.into());
                    }
                }
                let protocol = self.name.strip_prefix("net_packet_").filter(|p| matches!(*p, "tcp" | "udp" | "icmp")).unwrap_or_default();
                out.text(attr::CONNECTION_PROTOCOL_NAME, protocol);
                out.int(attr::CONNECTION_DIRECTION_ID, 0);
            }
        }
        if let (Some((host, kind)), 4003) = (self.question(), class.uid) {
            dns::query(out, &host, &kind, "IN");
        }
    }

    /// Name and type of the first question of a DNS packet.
    fn question(&self) -> Option<(String, String)> {
        let (_, raw) = self.args.iter().find(|(n, _)| n == "proto_dns")?;
        let mut first = None;
        let read = json::elements(json::member(raw, "questions")?, |q| {
            first = Some(q);
            false
        });
        drop(read);
        let part = |name: &str| first.and_then(|q| json::member(q, name)).map(|v| map::plain(v).into_owned()).filter(|v| !v.is_empty());
        Some((part("name")?, part("type").unwrap_or_default()))
    }

    fn dns_activity(&self) -> u8 {
        let packet = self.args.iter().find(|(n, _)| n == "proto_dns").map(|(_, raw)| *raw);
        match packet.and_then(|p| json::member(p, "QR")) {
            Some("1") => 2,
            _ => 1,
        }
    }

    fn outcome(&self, out: &mut dyn Sink) {
        // Packets, detections and hooks have no result of their own.
        let call = self.doc.text(CALL);
        let own = self.name == *call || matches!(self.name.as_str(), "execve" | "execveat" | "openat" | "open" | "clone" | "close");
        if let Some(value) = self.doc.int(RETURN).filter(|_| own) {
            map::outcome(value >= 0, out);
        }
    }

    fn tell(&self, message: &mut String) {
        let doc = self.doc;
        let title = doc.first(&[TITLE, SIGNATURE]);
        let program = doc.first(&[COMM, W_COMM, EXE, W_EXE]);
        let about = self.argv().or_else(|| self.question().map(|(name, _)| name)).or_else(|| self.path()).or_else(|| self.address(&["dst"]));
        message.extend([if title.is_empty() { &self.name } else { &*title }, ": ", &program]);
        if let Some(about) = about {
            message.extend([" ", &about]);
        }
    }
}

fn socket_activity(name: &str) -> u8 {
    match name {
        n if n.contains("connect") || n.contains("accept") => 1,
        n if n.contains("bind") || n.contains("listen") => 7,
        _ => 6,
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path)
}
