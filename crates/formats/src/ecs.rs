//! Events in the Elastic Common Schema, as auditbeat and other beats write them and Elasticsearch gives them out.
//!
//! Owns: ECS's nested field names; a hit of a search (`_source`) is the same event in a carrier. What kind of event it is,
//! `event.category`, `event.type` and `event.action` say. Source: Elastic, "ECS field reference", and auditbeat's modules.

use std::borrow::Cow;

use event::{Class, Column, Facet, Sink, attr, class, entity::canonical_ip};

use crate::{
    Format, Framing, JsonShape, Parser, Reject, json,
    map::{self, Doc, Map, Slot},
    net,
};

crate::table! { FIELDS;
    SOURCE    "_source"               => Look;
    TIME      "@timestamp"            => Hold;
    MESSAGE   "message"               => Hold;
    CATEGORY  "event.category"        => Look;
    TYPE      "event.type"            => Look;
    ACTION    "event.action"          => Look;
    OUTCOME   "event.outcome"         => Look;
    KIND      "event.kind"            => Look;
              "event.id"              => Text(METADATA_UID);
              "event.code"            => Text(METADATA_EVENT_CODE);
    MODULE    "event.module"          => Look;
              "event.provider"        => Look;
    DATASET   "event.dataset"         => Look;
              "event.reason"          => Text(STATUS_DETAIL);
    AGENT     "agent.type"            => Look;
    HOST      "host.hostname"         => Look;
    HOST_NAME "host.name"             => Look;
    USER      "user.name"             => Hold;
    UID       "user.id"               => Look;
    AUDIT     "user.audit.name"       => Look;
    EFFECTIVE "user.effective.name"   => Look;
    TARGET    "user.target.name"      => Look;
              "group.name"            => Look;
    PID       "process.pid"           => Hold;
    NAME      "process.name"          => Hold;
    EXE       "process.executable"    => Hold;
    ARGS      "process.args"          => Look;
    COMMAND   "process.command_line"  => Hold;
    TITLE     "process.title"         => Look;
    CWD       "process.working_directory" => Hold;
    PPID      "process.parent.pid"    => Hold;
    PPID_OLD  "process.ppid"          => Look;
    PNAME     "process.parent.name"   => Hold;
    PEXE      "process.parent.executable" => Hold;
    EXIT      "process.exit_code"     => Look;
    SRC_IP    "source.ip"             => Hold;
    SRC       "source.address"        => Look;
    SRC_PORT  "source.port"           => Hold;
              "source.bytes"          => Look;
    DST_IP    "destination.ip"        => Hold;
    DST       "destination.address"   => Look;
              "destination.domain"    => Look;
    DST_PORT  "destination.port"      => Hold;
              "destination.bytes"     => Look;
    PROTOCOL  "network.transport"     => Look;
    DIRECTION "network.direction"     => Look;
    FILE      "file.path"             => Look;
    FILE_TYPE "file.type"             => Look;
    MD5       "file.hash.md5"         => Look;
    SHA1      "file.hash.sha1"        => Look;
    SHA256    "file.hash.sha256"      => Look;
    SESSION   "auditd.session"        => Look;
              "cloud.account.id"      => Text(CLOUD_ACCOUNT_UID);
              "cloud.region"          => Text(CLOUD_REGION);
              "cloud.provider"        => Text(CLOUD_PROVIDER);
    CONTAINER "container.id"          => Look;
    RULE      "rule.name"             => Look;
              "user_agent.original"   => Text(HTTP_USER_AGENT);
}

/// Events of beats.
pub struct Ecs;

impl Format for Ecs {
    fn name(&self) -> &'static str {
        "ecs"
    }
    fn title(&self) -> &'static str {
        "Elastic Common Schema (auditbeat and other beats)"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &[], ids: &["_id"] })
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let keys = json::top_keys(head);
        let has = |key: &str| keys.contains(&key);
        let hit = has("_source") && has("_index") && map::keys(head, &["@timestamp", "event"]) == 2;
        let event = has("@timestamp") && has("event") && map::keys(head, &["action", "category", "module", "kind"]) > 1;
        let by = ["agent", "@metadata", "auditd"].iter().any(|k| has(k));
        if (event && by) || (hit && map::keys(head, &["ecs", "agent"]) > 0) { 92 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::carried_parser(Map::new(FIELDS), SOURCE, event)
    }
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let said = Said::of(doc);
    let (class, activity) = said.class();
    doc.begin(class, activity, doc.time(TIME)?, out);
    out.text(attr::METADATA_PRODUCT_VENDOR, "Elastic");
    let product = doc.first(&[AGENT, MODULE]);
    out.text(attr::METADATA_PRODUCT_NAME, if product.is_empty() { "Elastic Common Schema" } else { &product });
    out.key(Column::Operation, &said.action);
    out.key(Column::Service, &doc.first(&[DATASET, MODULE, AGENT]));
    if said.host.is_empty() {
        out.text(attr::DEVICE_NAME, "unknown");
    } else {
        out.text(attr::DEVICE_HOSTNAME, &said.host);
    }
    out.int(attr::DEVICE_TYPE_ID, 0);
    said.who(class, out);
    said.process(class, activity, out);
    match class.uid {
        1001 => said.file(out),
        2004 => said.finding(out),
        _ => said.ends(class, out),
    }
    match &*doc.text(OUTCOME) {
        "success" => net::outcome(out, true),
        "failure" => net::outcome(out, false),
        _ => {}
    }
    said.tell(message);
    doc.end(message, out);
    Ok(())
}

struct Said<'a> {
    doc: &'a Doc<'a>,
    action: String,
    host: String,
    categories: Vec<Cow<'a, str>>,
    types: Vec<Cow<'a, str>>,
}

impl<'a> Said<'a> {
    fn of(doc: &'a Doc<'a>) -> Said<'a> {
        let first = |slot: Slot| {
            let mut first = None;
            doc.each(slot, |w| first = first.or(Some(w).filter(|w| !w.starts_with(['{', '[']))));
            first.map(map::plain).filter(|w| !w.is_empty())
        };
        let list = |slot: Slot| {
            let mut words = Vec::new();
            doc.each(slot, |w| words.push(map::plain(w)));
            words
        };
        Said {
            doc,
            action: [ACTION, TYPE, DATASET].into_iter().find_map(first).unwrap_or_default().into_owned(),
            host: doc.first(&[HOST, HOST_NAME]).to_ascii_lowercase(),
            categories: list(CATEGORY),
            types: list(TYPE),
        }
    }

    fn is(&self, category: &str) -> bool {
        self.categories.iter().any(|c| c == category)
    }

    fn has_type(&self, word: &str) -> bool {
        self.types.iter().any(|t| t == word)
    }

    fn ip(&self, slots: &[Slot]) -> Option<String> {
        canonical_ip(&self.doc.first(slots))
    }

    fn user(&self) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        let (name, uid) = (self.doc.first(&[AUDIT, USER, EFFECTIVE]), self.doc.text(UID));
        match (name.is_empty(), uid.is_empty()) {
            (false, _) => Some((name, uid)),
            (true, false) => Some((if uid == "0" { "root".into() } else { format!("uid:{uid}").into() }, uid)),
            (true, true) => None,
        }
    }

    fn class(&self) -> (Class, u8) {
        let doc = self.doc;
        let action = self.action.to_ascii_lowercase();
        let (pid, named) = (doc.int(PID).is_some(), self.user().is_some());
        let ends = self.ip(&[SRC_IP, SRC]).is_some() || self.ip(&[DST_IP, DST]).is_some();
        match () {
            () if &*doc.text(KIND) == "alert" && !doc.first(&[RULE, MESSAGE, ACTION]).is_empty() => (class::DETECTION_FINDING, 1),
            () if (self.is("authentication") || self.is("session")) && named => (class::AUTHENTICATION, self.login(&action)),
            () if self.is("iam") && self.target().is_some() => (class::ACCOUNT_CHANGE, self.account(&action)),
            () if self.is("file") && !doc.text(FILE).is_empty() => (class::FILE_ACTIVITY, self.change(&action)),
            () if (self.is("network") || self.is("network_traffic")) && ends => (class::NETWORK_ACTIVITY, self.flow(&action)),
            () if self.is("process") && pid => (class::PROCESS_ACTIVITY, self.life(&action)),
            () => (class::BASE_EVENT, 99),
        }
    }

    fn login(&self, action: &str) -> u8 {
        match action {
            a if self.has_type("end") || a.contains("logout") || a.contains("logoff") || a.contains("ended-session") => 2,
            a if self.is("authentication") && (self.has_type("start") || a.contains("login") || a.contains("logon")) => 1,
            _ => 99,
        }
    }

    fn account(&self, action: &str) -> u8 {
        match action {
            a if a.contains("password") => 3,
            _ if self.has_type("creation") => 1,
            _ if self.has_type("deletion") => 6,
            _ => 99,
        }
    }

    fn change(&self, action: &str) -> u8 {
        match action {
            "created" | "creation" => 1,
            "deleted" | "deletion" => 4,
            "moved" | "renamed" | "rename" => 5,
            "attributes_modified" => 6,
            a if a.starts_with("changed-file-permissions") || a.starts_with("changed-file-ownership") => 7,
            "updated" | "overwrite" => 3,
            _ if self.has_type("creation") => 1,
            _ if self.has_type("deletion") => 4,
            _ if self.has_type("change") => 3,
            _ if self.has_type("access") => 2,
            _ => 14,
        }
    }

    fn flow(&self, action: &str) -> u8 {
        match action {
            a if a.contains("bound") || a.contains("listen") => 7,
            _ if self.has_type("start") || action.contains("connect") || action.contains("accept") => 1,
            _ if self.has_type("end") => 2,
            _ => 6,
        }
    }

    fn life(&self, action: &str) -> u8 {
        match action {
            // What a beat finds running when it looks is no start.
            "existing_process" | "process_error" => 99,
            _ if self.has_type("start") => 1,
            _ if self.has_type("end") => 2,
            _ => 99,
        }
    }

    fn target(&self) -> Option<Cow<'_, str>> {
        Some(self.doc.first(&[TARGET, USER])).filter(|t| !t.is_empty())
    }

    fn at_host(&self, name: &str) -> String {
        if self.host.is_empty() { name.to_owned() } else { format!("{name}@{}", self.host) }
    }

    fn who(&self, class: Class, out: &mut dyn Sink) {
        let doc = self.doc;
        if class.uid == 3001 {
            let target = self.target().unwrap_or_default();
            out.text(attr::USER_NAME, &target);
            out.key(Column::TargetUser, &self.at_host(&target));
            if !doc.has(TARGET) {
                return out.text(attr::ACTOR_APP_NAME, "unknown");
            }
        }
        if let Some((name, uid)) = self.user() {
            let (name_attr, uid_attr) = if class.uid == 3002 { (attr::USER_NAME, attr::USER_UID) } else { (attr::ACTOR_USER_NAME, attr::ACTOR_USER_UID) };
            if class.uid == 3002 || !name.starts_with("uid:") {
                out.text(name_attr, &name);
            }
            out.text(uid_attr, &uid);
            if class.uid == 3002 {
                out.text(attr::SERVICE_NAME, &doc.first(&[DATASET, MODULE, AGENT, KIND]));
            }
            out.key(Column::User, &self.at_host(&name));
        }
        let session = doc.text(SESSION);
        if !matches!(&*session, "" | "unset" | "4294967295") {
            out.key(Column::Session, &if self.host.is_empty() { session.into_owned() } else { format!("{}/{session}", self.host) });
        }
        let effective = doc.text(EFFECTIVE);
        if class.uid != 3001 && !effective.is_empty() && doc.has(AUDIT) && effective != doc.text(AUDIT) {
            out.key(Column::TargetUser, &self.at_host(&effective));
        }
    }

    fn command(&self) -> Cow<'_, str> {
        let said = self.doc.first(&[COMMAND, TITLE]);
        if !said.is_empty() && self.doc.has(COMMAND) {
            return said;
        }
        let mut words = Vec::new();
        self.doc.each(ARGS, |w| words.push(map::plain(w).into_owned()));
        if words.is_empty() { said } else { Cow::Owned(words.join(" ")) }
    }

    fn process(&self, class: Class, activity: u8, out: &mut dyn Sink) {
        let doc = self.doc;
        let parent = doc.int(PPID).or(doc.int(PPID_OLD)).filter(|p| *p > 0);
        let Some(pid) = doc.int(PID).filter(|p| *p >= 0) else {
            [PID, PPID, PNAME, PEXE, CWD].into_iter().for_each(|s| doc.keep(s, out));
            let needs = matches!(class.uid, 1001) && self.user().is_none();
            let name = doc.first(&[NAME, MODULE, AGENT]);
            if needs || doc.has(NAME) {
                out.text(attr::ACTOR_APP_NAME, if name.is_empty() { "unknown" } else { &name });
            }
            out.key(Column::Exe, &doc.text(EXE));
            return out.key(Column::Command, &self.command());
        };
        if class.uid == 1007 {
            out.int(attr::ACTOR_PROCESS_PID, parent.filter(|_| activity == 1).unwrap_or(pid));
            out.int(attr::PROCESS_PID, pid);
            out.text(attr::PROCESS_NAME, &doc.text(NAME));
            out.text(attr::PROCESS_PATH, &doc.text(EXE));
            out.text(attr::PROCESS_CMD_LINE, &self.command());
            out.text(attr::PROCESS_WORKING_DIRECTORY, &doc.text(CWD));
            if let Some(parent) = parent {
                out.int(attr::PROCESS_PARENT_PID, parent);
                out.text(attr::PROCESS_PARENT_NAME, &doc.text(PNAME));
                out.text(attr::PROCESS_PARENT_PATH, &doc.text(PEXE));
            }
            if let Some(code) = doc.int(EXIT).filter(|_| activity == 2) {
                out.int(attr::EXIT_CODE, code);
            }
        } else {
            out.int(attr::ACTOR_PROCESS_PID, pid);
            out.text(attr::ACTOR_PROCESS_NAME, &doc.text(NAME));
            out.text(attr::ACTOR_PROCESS_PATH, &doc.text(EXE));
            out.text(attr::ACTOR_PROCESS_CMD_LINE, &self.command());
            out.text(attr::ACTOR_PROCESS_WORKING_DIRECTORY, &doc.text(CWD));
            if let Some(parent) = parent {
                out.int(attr::ACTOR_PROCESS_PARENT_PID, parent);
                out.text(attr::ACTOR_PROCESS_PARENT_NAME, &doc.text(PNAME));
                out.text(attr::ACTOR_PROCESS_PARENT_PATH, &doc.text(PEXE));
            }
        }
        out.text(attr::ACTOR_PROCESS_CONTAINER_UID, &doc.text(CONTAINER));
    }

    fn file(&self, out: &mut dyn Sink) {
        let path = self.doc.text(FILE);
        out.text(attr::FILE_PATH, &path);
        out.text(attr::FILE_NAME, path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(&path));
        out.int(
            attr::FILE_TYPE_ID,
            match &*self.doc.text(FILE_TYPE) {
                "file" => 1,
                "dir" | "directory" => 2,
                "symlink" => 7,
                _ => 0,
            },
        );
        // The strongest last: it is the one that the column keeps.
        for (slot, algorithm) in [(MD5, 1), (SHA1, 2), (SHA256, 3)] {
            let hash = self.doc.text(slot);
            if !hash.is_empty() {
                out.item(attr::FILE_HASHES);
                out.int(attr::FILE_HASHES_ALGORITHM_ID, algorithm);
                out.text(attr::FILE_HASHES_VALUE, &hash);
            }
        }
    }

    fn finding(&self, out: &mut dyn Sink) {
        let title = self.doc.first(&[RULE, MESSAGE, ACTION]);
        out.text(attr::FINDING_TITLE, &title);
        out.text(attr::FINDING_UID, &format!("{title}@{}", self.doc.text(TIME)));
    }

    /// Addresses: of a login where it came from; of a connection both ends.
    fn ends(&self, class: Class, out: &mut dyn Sink) {
        let doc = self.doc;
        let network = class.uid == 4001;
        for (slots, port, ip, number) in [([SRC_IP, SRC], SRC_PORT, attr::SRC_IP, attr::SRC_PORT), ([DST_IP, DST], DST_PORT, attr::DST_IP, attr::DST_PORT)] {
            if let Some(address) = self.ip(&slots) {
                out.text(ip, &address);
                if let Some(port) = doc.int(port).filter(|p| (1..65536).contains(p)) {
                    out.int(number, port);
                }
            }
        }
        if !network {
            return;
        }
        out.text(attr::CONNECTION_PROTOCOL_NAME, &doc.text(PROTOCOL).to_ascii_lowercase());
        out.int(
            attr::CONNECTION_DIRECTION_ID,
            match &*doc.text(DIRECTION) {
                "ingress" | "inbound" | "incoming" => 1,
                "egress" | "outbound" | "outgoing" => 2,
                _ => 0,
            },
        );
    }

    fn tell(&self, message: &mut String) {
        let said = self.doc.text(MESSAGE);
        if !said.is_empty() {
            return message.push_str(&said);
        }
        let user = self.user().map(|(name, _)| name.into_owned()).unwrap_or_default();
        let (file, command) = (self.doc.text(FILE), self.command());
        let remote = self.doc.first(&[DST_IP, SRC_IP]);
        let about = [&file, &remote, &command].into_iter().find(|t| !t.is_empty()).unwrap_or(&command);
        let parts = [user.as_str(), &self.action, about];
        for part in parts.into_iter().filter(|p| !p.is_empty()) {
            if !message.is_empty() {
                message.push(' ');
            }
            message.push_str(part);
        }
    }
}
