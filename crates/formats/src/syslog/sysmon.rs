//! Sysmon for Linux: an event in XML in a line of syslog.
//!
//! Source: github.com/Sysinternals/SysmonForLinux, the event manifest. Values are escaped as XML's text is; names are Sysmon's own.

use event::{Column, Sink, Time, attr, class, entity::canonical_ip};

use super::line::{Line, some};

/// `Data` elements of one event that are read.
const DATA_MAX: usize = 64;

/// When the event happened, as sysmon says it in UTC.
pub fn time(line: &Line<'_>) -> Option<Time> {
    if line.program != "sysmon" {
        return None;
    }
    Time::parse(created(line.text)?)
}

/// Reads a line of sysmon.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let xml = line.text.get(line.text.find("<Event>")?..)?;
    let event = Event { id: between(xml, "<EventID>", "</EventID>")?.parse().ok()?, data: data(xml) };
    let host = !line.host.is_empty();
    let (class, activity) = match event.id {
        1 if host && event.pid().is_some() => (class::PROCESS_ACTIVITY, 1),
        5 if host && event.pid().is_some() => (class::PROCESS_ACTIVITY, 2),
        3 if canonical_ip(event.get("SourceIp")).or(canonical_ip(event.get("DestinationIp"))).is_some() => (class::NETWORK_ACTIVITY, 1),
        4 => (class::APPLICATION_LIFECYCLE, if event.get("State") == "Stopped" { 4 } else { 3 }),
        9 if host && !event.get("Device").is_empty() => (class::FILE_ACTIVITY, 2),
        11 if host && !event.get("TargetFilename").is_empty() => (class::FILE_ACTIVITY, 1),
        23 | 26 if host && !event.get("TargetFilename").is_empty() => (class::FILE_ACTIVITY, 4),
        _ => (class::BASE_EVENT, 99),
    };
    line.begin(out, class, activity, name(event.id));
    out.text(attr::METADATA_PRODUCT_NAME, "Sysmon for Linux");
    some(out, "EventID", between(xml, "<EventID>", "</EventID>").unwrap_or_default());
    some(out, "EventRecordID", between(xml, "<EventRecordID>", "</EventRecordID>").unwrap_or_default());
    some(out, "TimeCreated", created(xml).unwrap_or_default());
    some(out, "Computer", between(xml, "<Computer>", "</Computer>").unwrap_or_default());
    let user = event.get("User");
    if !matches!(user, "" | "-") {
        out.text(attr::ACTOR_USER_NAME, user);
        line.user(out, Column::User, user);
    }
    match class.uid {
        1007 => event.process(out),
        6002 => {
            out.text(attr::APP_NAME, "sysmon");
            if event.get("State") == "Stopped" {
                out.key(Column::Gap, "stopped");
            }
        }
        _ => event.actor(out),
    }
    event.thing(class.uid, out);
    event.data.iter().for_each(|(name, value)| some(out, name, value));
    let what = [event.get("CommandLine"), event.get("TargetFilename"), event.get("Device"), event.get("DestinationIp"), event.get("State"), event.get("Image")];
    out.text(attr::MESSAGE, &format!("{} {}", name(event.id), what.into_iter().find(|w| !w.is_empty()).unwrap_or_default()));
    line.end(out);
    Some(())
}

const fn name(id: u16) -> &'static str {
    match id {
        1 => "ProcessCreate",
        3 => "NetworkConnect",
        4 => "ServiceStateChange",
        5 => "ProcessTerminate",
        9 => "RawAccessRead",
        11 => "FileCreate",
        16 => "ConfigChange",
        23 => "FileDelete",
        26 => "FileDeleteDetected",
        _ => "Sysmon",
    }
}

struct Event<'a> {
    id: u16,
    data: Vec<(&'a str, String)>,
}

impl Event<'_> {
    fn get(&self, name: &str) -> &str {
        self.data.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v)
    }

    fn pid(&self) -> Option<i64> {
        self.get("ProcessId").parse().ok()
    }

    /// The process that began or ended; of one that began, the parent acted.
    fn process(&self, out: &mut dyn Sink) {
        let parent = self.get("ParentProcessId").parse::<i64>().ok();
        match parent {
            Some(pid) => {
                out.int(attr::ACTOR_PROCESS_PID, pid);
                out.text(attr::ACTOR_PROCESS_PATH, self.get("ParentImage"));
                out.text(attr::ACTOR_PROCESS_NAME, last(self.get("ParentImage")));
                out.text(attr::ACTOR_PROCESS_CMD_LINE, self.get("ParentCommandLine"));
            }
            None => self.actor(out),
        }
        out.int(attr::PROCESS_PID, self.pid().unwrap_or_default());
        out.text(attr::PROCESS_PATH, self.get("Image"));
        out.text(attr::PROCESS_NAME, last(self.get("Image")));
        out.text(attr::PROCESS_CMD_LINE, self.get("CommandLine"));
        out.text(attr::PROCESS_WORKING_DIRECTORY, self.get("CurrentDirectory"));
        if let Some(pid) = parent {
            out.int(attr::PROCESS_PARENT_PID, pid);
            out.text(attr::PROCESS_PARENT_PATH, self.get("ParentImage"));
        }
    }

    fn actor(&self, out: &mut dyn Sink) {
        if let Some(pid) = self.pid() {
            out.int(attr::ACTOR_PROCESS_PID, pid);
            out.text(attr::ACTOR_PROCESS_PATH, self.get("Image"));
            out.text(attr::ACTOR_PROCESS_NAME, last(self.get("Image")));
        }
    }

    fn thing(&self, class: u16, out: &mut dyn Sink) {
        match class {
            4001 => {
                for (ip, port, attr, port_attr) in
                    [("SourceIp", "SourcePort", attr::SRC_IP, attr::SRC_PORT), ("DestinationIp", "DestinationPort", attr::DST_IP, attr::DST_PORT)]
                {
                    if let Some(ip) = canonical_ip(self.get(ip)) {
                        out.text(attr, &ip);
                        if let Ok(port) = self.get(port).parse::<u16>() {
                            out.int(port_attr, port.into());
                        }
                    }
                }
                out.text(attr::CONNECTION_PROTOCOL_NAME, &self.get("Protocol").to_ascii_lowercase());
                out.int(attr::CONNECTION_DIRECTION_ID, if self.get("Initiated") == "false" { 1 } else { 2 });
            }
            1001 => {
                let path = if self.get("TargetFilename").is_empty() { self.get("Device") } else { self.get("TargetFilename") };
                out.text(attr::FILE_PATH, path);
                out.text(attr::FILE_NAME, last(path));
                out.int(attr::FILE_TYPE_ID, if self.id == 9 { 4 } else { 1 });
            }
            _ => {}
        }
        // `SHA256=…,MD5=…`
        if let Some(hash) = self.get("Hashes").split(',').find_map(|h| h.strip_prefix("SHA256=")).filter(|h| !h.is_empty()) {
            out.key(Column::Hash, &hash.to_ascii_lowercase());
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path)
}

/// The value of `TimeCreated`'s one attribute.
fn created(xml: &str) -> Option<&str> {
    between(between(xml, "<TimeCreated ", ">")?, "\"", "\"")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inside, _)| inside)
}

/// `<Data Name="Image">/usr/bin/id</Data>`; a dash stands for nothing.
fn data(xml: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once("<Data Name=\"").filter(|_| found.len() < DATA_MAX) {
        let Some((name, value)) = after.split_once("\">") else { break };
        let Some((value, next)) = value.split_once("</Data>") else { break };
        if value != "-" {
            found.push((name, unescaped(value)));
        }
        rest = next;
    }
    found
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}
