//! What was installed, changed and removed: dpkg.log, apt's history.log, and the logs of yum and dnf.
//!
//! Source: dpkg's `lib/dpkg/log.c`, apt's `apt-pkg/deb/dpkgpm.cc`, yum's and dnf's rpm logs. Their times name no zone.

use event::{Column, Facet, Mark, Sink, attr, class};

use crate::{Format, Framing, Parser, Record, Reject, frame::Block, time};

/// dpkg.log.
pub struct Dpkg;
/// apt's history.log.
pub struct AptHistory;
/// yum.log and dnf.rpm.log.
pub struct RpmLog;

/// OCSF Application Lifecycle.
const INSTALL: u8 = 1;
const REMOVE: u8 = 2;
const UPDATE: u8 = 8;
const OTHER: u8 = 99;
/// Lines looked at.
const SNIFF_LINES: usize = 40;

/// The share of the first lines that fit, as a score.
fn share(head: &[u8], fits: impl Fn(&str) -> bool) -> u8 {
    let (mut all, mut fit) = (0usize, 0usize);
    for line in head.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).take(SNIFF_LINES) {
        all += 1;
        fit += usize::from(std::str::from_utf8(line).is_ok_and(&fits));
    }
    if fit * 4 < all * 3 || fit == 0 { 0 } else { 92 }
}

macro_rules! log_format {
    ($type:ident, $name:literal, $title:literal, $framing:expr, $parser:expr, $sniff:expr) => {
        impl Format for $type {
            fn name(&self) -> &'static str {
                $name
            }
            fn title(&self) -> &'static str {
                $title
            }
            fn facet(&self) -> Facet {
                Facet::System
            }
            fn framing(&self) -> Framing {
                $framing
            }
            fn sniff(&self, head: &[u8], _: &str) -> u8 {
                $sniff(head)
            }
            fn parser(&self) -> Box<dyn Parser> {
                Box::new(ByText($parser))
            }
        }
    };
}

log_format!(Dpkg, "dpkg", "dpkg.log", Framing::Lines, dpkg, |head| share(head, |l| dpkg_line(l).is_some()));
log_format!(AptHistory, "apt_history", "apt history.log", Framing::Blocks(Block::AptHistory), apt, |head: &[u8]| {
    if head.trim_ascii_start().starts_with(b"Start-Date: ") { 95 } else { 0 }
});
log_format!(RpmLog, "rpm_log", "yum and dnf logs", Framing::Lines, rpm, |head| share(head, |l| rpm_line(l).is_some()));

type Read = fn(&str, &Record<'_>, &mut dyn Sink) -> Result<(), Reject>;

struct ByText(Read);

impl Parser for ByText {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        (self.0)(text.trim_end(), &record, out)?;
        if matches!(text, std::borrow::Cow::Owned(_)) {
            out.mark(Mark::NotUtf8);
        }
        if let Some(host) = record.host.filter(|h| !h.is_empty()) {
            out.text(attr::DEVICE_HOSTNAME, &host.to_ascii_lowercase());
            out.int(attr::DEVICE_TYPE_ID, 0);
            out.mark(Mark::HostAssumed);
        }
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}

fn begin(out: &mut dyn Sink, activity: u8, when: time::Stamp, tool: &str, operation: &str) {
    out.begin(class::APPLICATION_LIFECYCLE, activity, when.time);
    when.marks.iter().flatten().for_each(|m| out.mark(*m));
    out.text(attr::METADATA_PRODUCT_NAME, tool);
    out.key(Column::Service, tool);
    out.key(Column::Operation, operation);
}

fn stamp(text: &str, record: &Record<'_>, field: &'static str) -> Result<time::Stamp, Reject> {
    let when = time::of(&text.split_whitespace().collect::<Vec<_>>().join(" "), record.received);
    if when.is_known() { Ok(when) } else { Err(Reject::Bad { field, expected: "a time", found: Reject::found(text) }) }
}

/// `DATE TIME`, the verb, and what follows.
fn dpkg_line(line: &str) -> Option<(&str, &str, &str)> {
    let (when, rest) = line.split_at_checked(19)?;
    let (verb, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    const VERBS: [&str; 10] = ["install", "upgrade", "remove", "purge", "configure", "trigproc", "disappear", "status", "conffile", "startup"];
    let dated = when.bytes().enumerate().all(|(i, b)| match i {
        4 | 7 => b == b'-',
        10 => b == b' ',
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    (dated && VERBS.contains(&verb)).then_some((when, verb, rest))
}

/// `install PACKAGE INSTALLED AVAILABLE`, `status STATE PACKAGE VERSION`, `conffile FILE DECISION`, `startup TYPE COMMAND`.
fn dpkg(text: &str, record: &Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
    let (when, verb, rest) = dpkg_line(text).ok_or(Reject::Shape { expected: "a line of dpkg.log" })?;
    let when = stamp(when, record, "time")?;
    let activity = match verb {
        "install" => INSTALL,
        "upgrade" => UPDATE,
        "remove" | "purge" | "disappear" => REMOVE,
        _ => OTHER,
    };
    begin(out, activity, when, "dpkg", verb);
    let mut words = rest.split(' ');
    let mut word = || words.next().unwrap_or_default();
    match verb {
        "status" => {
            out.other("state", word());
            out.text(attr::APP_NAME, word());
            out.text(attr::APP_VERSION, word());
        }
        "conffile" => {
            out.text(attr::APP_NAME, "dpkg");
            let (file, decision) = rest.rsplit_once(' ').unwrap_or((rest, ""));
            out.key(Column::File, file);
            out.other("file", file);
            out.other("decision", decision);
        }
        "startup" => {
            out.text(attr::APP_NAME, "dpkg");
            out.other("startup", rest);
        }
        _ => {
            out.text(attr::APP_NAME, word());
            let (before, after) = (word(), word());
            out.other("version_before", before);
            out.text(attr::APP_VERSION, if matches!(after, "" | "<none>") { before } else { after });
        }
    }
    out.text(attr::MESSAGE, text.get(20..).unwrap_or_default());
    Ok(())
}

/// A block of `Name: value` lines. It is one event: who asked for what, and how it went.
fn apt(text: &str, record: &Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
    let field = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
    let when = stamp(field("Start-Date").ok_or(Reject::NoTime { field: "Start-Date" })?, record, "Start-Date")?;
    const VERBS: [(&str, u8); 6] =
        [("Install", INSTALL), ("Upgrade", UPDATE), ("Reinstall", INSTALL), ("Downgrade", UPDATE), ("Remove", REMOVE), ("Purge", REMOVE)];
    let done = VERBS.iter().find(|(name, _)| field(name).is_some());
    begin(out, done.map_or(OTHER, |d| d.1), when, "apt", done.map_or("apt", |d| d.0));
    out.text(attr::APP_NAME, "apt");
    let command = field("Commandline").unwrap_or_default();
    out.key(Column::Command, command);
    if let Some(end) = field("End-Date").and_then(|e| stamp(e, record, "End-Date").ok()) {
        out.int(attr::END_TIME, end.time.millis());
    }
    if let Some((name, uid)) = field("Requested-By").and_then(|r| r.strip_suffix(')')).and_then(|r| r.rsplit_once(" (")) {
        out.text(attr::ACTOR_USER_NAME, name);
        out.text(attr::ACTOR_USER_UID, uid);
        let host = record.host.unwrap_or_default().to_ascii_lowercase();
        out.key(Column::User, &if host.is_empty() { name.to_owned() } else { format!("{name}@{host}") });
    }
    // A block without an end tells of an act that was not over, or not let to be.
    if field("Error").is_some() || field("End-Date").is_some() {
        crate::map::outcome(field("Error").is_none(), out);
    }
    out.text(attr::STATUS_DETAIL, field("Error").unwrap_or_default());
    for (name, value) in text.lines().filter_map(|l| l.split_once(": ")) {
        out.other(name, value);
    }
    out.text(attr::MESSAGE, if command.is_empty() { "apt" } else { command });
    Ok(())
}

/// `TIME [LEVEL ]Installed: PACKAGE`.
fn rpm_line(line: &str) -> Option<(&str, u8, &str, &str)> {
    const VERBS: [(&str, u8); 9] = [
        (" Erase: ", REMOVE),
        (" Installed: ", INSTALL),
        (" Reinstalled: ", INSTALL),
        (" Updated: ", UPDATE),
        (" Upgraded: ", UPDATE),
        (" Upgrade: ", UPDATE),
        (" Downgraded: ", UPDATE),
        (" Erased: ", REMOVE),
        (" Removed: ", REMOVE),
    ];
    let (at, verb, activity) = VERBS.iter().find_map(|(verb, activity)| Some((line.find(verb)?, *verb, *activity)))?;
    let (head, rest) = line.split_at_checked(at)?;
    let when = head.trim_end_matches(|c: char| c.is_ascii_uppercase()).trim_end();
    let dated = head.len() <= 48 && (when.bytes().next().is_some_and(|b| b.is_ascii_digit()) || when.split(' ').count() == 3);
    (dated && time::at_start(if when.is_empty() { head } else { when }).is_some()).then_some((
        head,
        activity,
        verb.trim_matches([' ', ':']),
        rest.get(verb.len()..)?,
    ))
}

fn rpm(text: &str, record: &Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
    let (head, activity, verb, package) = rpm_line(text).ok_or(Reject::Shape { expected: "a line of yum's or dnf's log" })?;
    let words: Vec<&str> = head.split_whitespace().filter(|w| !w.bytes().all(|b| b.is_ascii_uppercase())).collect();
    let when = stamp(&words.join(" "), record, "time")?;
    begin(out, activity, when, "rpm", verb);
    out.text(attr::APP_NAME, package);
    out.text(attr::MESSAGE, text.get(head.len()..).unwrap_or_default().trim_start());
    Ok(())
}
