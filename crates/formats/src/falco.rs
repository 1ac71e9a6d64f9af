//! Falco alerts, as its JSON output writes them: a rule that fired, and the fields that the rule's text names.
//!
//! `output_fields` differ from rule to rule; those that say who, what and where have attributes, the rest keeps its name. Source: falco.org, "Alerts" and "Supported fields".

use event::{Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, Parser, Reject,
    map::{self, Doc},
};

crate::table! { FIELDS;
    TIME      "time"        => Hold;
    RULE      "rule"        => Text(FINDING_TITLE);
    OUTPUT    "output"      => Text(FINDING_DESC);
    PRIORITY  "priority"    => Text(METADATA_LOG_LEVEL);
    HOST      "hostname"    => Hold;
    UUID      "uuid"        => Hold;
              "source"      => Look;
              "tags"        => List(FINDING_TYPES);
    USER      r"output_fields.user\.name"       => Hold;
    LOGIN     r"output_fields.user\.loginname"  => Look;
              r"output_fields.user\.uid"        => Text(ACTOR_USER_UID);
    PID       r"output_fields.proc\.pid"        => Hold;
    NAME      r"output_fields.proc\.name"       => Hold;
    EXE       r"output_fields.proc\.exepath"    => Hold;
    COMMAND   r"output_fields.proc\.cmdline"    => Hold;
    CWD       r"output_fields.proc\.cwd"        => Look;
    PPID      r"output_fields.proc\.ppid"       => Hold;
    PNAME     r"output_fields.proc\.pname"      => Hold;
    FD        r"output_fields.fd\.name"         => Look;
    CLIENT    r"output_fields.fd\.cip"          => Look;
    CPORT     r"output_fields.fd\.cport"        => Look;
    SERVER    r"output_fields.fd\.sip"          => Look;
    SPORT     r"output_fields.fd\.sport"        => Look;
              r"output_fields.evt\.type"        => Look;
    CONTAINER r"output_fields.container\.id"    => Look;
    KUSER     r"output_fields.ka\.user\.name"   => Look;
    CTUSER    r"output_fields.ct\.user"         => Look;
    CTIP      r"output_fields.ct\.srcip"        => Look;
    GCPUSER   r"output_fields.gcp\.user"        => Look;
    GCPIP     r"output_fields.gcp\.callerIP"    => Look;
}

/// Falco's JSON alerts.
pub struct Falco;

impl Format for Falco {
    fn name(&self) -> &'static str {
        "falco"
    }
    fn title(&self) -> &'static str {
        "Falco alerts"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::JsonRecords { id: Some("uuid") }
    }
    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if map::keys(head, &["output", "priority", "rule", "output_fields", "time"]) == 5 { 95 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, alert)
    }
}

fn alert(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = doc.time(TIME)?;
    let rule = doc.text(RULE);
    doc.begin(class::DETECTION_FINDING, 1, when, out);
    out.text(attr::METADATA_PRODUCT_NAME, "Falco");
    let uid = doc.text(UUID);
    out.text(attr::FINDING_UID, &if uid.is_empty() { format!("{rule}@{}", doc.text(TIME)) } else { uid.into_owned() });
    out.key(Column::Operation, &rule);
    out.key(Column::Service, "falco");
    out.int(attr::SEVERITY_ID, severity(&doc.text(PRIORITY)));
    let host = doc.text(HOST).to_ascii_lowercase();
    if !host.is_empty() {
        out.text(attr::DEVICE_HOSTNAME, &host);
        out.int(attr::DEVICE_TYPE_ID, 0);
    }
    process(doc, out);
    who(doc, &host, out);
    place(doc, out);
    message.push_str(&doc.first(&[OUTPUT, RULE]));
    doc.end(message, out);
    Ok(())
}

/// Falco's priorities are syslog's.
fn severity(priority: &str) -> i64 {
    match priority.to_ascii_lowercase().as_str() {
        "emergency" => 6,
        "alert" | "critical" => 5,
        "error" => 4,
        "warning" => 3,
        "notice" => 2,
        _ => 1,
    }
}

/// What Falco writes where it knows nothing.
fn known(text: &str) -> bool {
    !matches!(text, "" | "<NA>" | "N/A" | "-1")
}

fn process(doc: &Doc<'_>, out: &mut dyn Sink) {
    let Some(pid) = doc.int(PID).filter(|p| *p > 0) else {
        let name = doc.text(NAME);
        if known(&name) {
            out.text(attr::ACTOR_APP_NAME, &name);
        }
        [(EXE, Column::Exe), (COMMAND, Column::Command)].into_iter().for_each(|(slot, column)| {
            if known(&doc.text(slot)) {
                out.key(column, &doc.text(slot));
            }
        });
        return;
    };
    out.int(attr::ACTOR_PROCESS_PID, pid);
    for (slot, attr) in [(NAME, attr::ACTOR_PROCESS_NAME), (EXE, attr::ACTOR_PROCESS_PATH), (COMMAND, attr::ACTOR_PROCESS_CMD_LINE)] {
        if known(&doc.text(slot)) {
            out.text(attr, &doc.text(slot));
        }
    }
    if let Some(ppid) = doc.int(PPID).filter(|p| *p > 0) {
        out.int(attr::ACTOR_PROCESS_PARENT_PID, ppid);
        out.text(attr::ACTOR_PROCESS_PARENT_NAME, &doc.text(PNAME));
    }
    let container = doc.text(CONTAINER);
    if known(&container) && container != "host" {
        out.text(attr::ACTOR_PROCESS_CONTAINER_UID, &container);
    }
    if known(&doc.text(CWD)) {
        out.text(attr::ACTOR_PROCESS_WORKING_DIRECTORY, &doc.text(CWD));
    }
}

/// A user of the machine, or of what a plugin watches.
fn who(doc: &Doc<'_>, host: &str, out: &mut dyn Sink) {
    let elsewhere = doc.first(&[KUSER, CTUSER, GCPUSER]);
    if known(&elsewhere) {
        return map::user(map::Role::Actor, &elsewhere, out);
    }
    let user = doc.first(&[USER, LOGIN]);
    if known(&user) {
        out.text(attr::ACTOR_USER_NAME, &user);
        out.key(Column::User, &if host.is_empty() { user.into_owned() } else { format!("{user}@{host}") });
    }
}

/// A connection's ends, or the file.
fn place(doc: &Doc<'_>, out: &mut dyn Sink) {
    let ip = |slots: &[map::Slot]| event::entity::canonical_ip(&doc.first(slots));
    let (from, to) = (ip(&[CLIENT, CTIP, GCPIP]), ip(&[SERVER]));
    if from.is_some() || to.is_some() {
        out.item(attr::EVIDENCES);
        for (ip, attr, port, port_attr) in
            [(&from, attr::EVIDENCES_SRC_IP, CPORT, attr::EVIDENCES_SRC_PORT), (&to, attr::EVIDENCES_DST_IP, SPORT, attr::EVIDENCES_DST_PORT)]
        {
            if let Some(ip) = ip {
                out.text(attr, ip);
                if let Some(port) = doc.int(port).filter(|p| (1..65536).contains(p)) {
                    out.int(port_attr, port);
                }
            }
        }
    } else if doc.text(FD).starts_with('/') {
        out.key(Column::File, &doc.text(FD));
    }
}
