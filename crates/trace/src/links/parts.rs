//! The parts of an event that a link can stand on, each with its canonical spelling.

use event::{Column, Facet, Fields, Kind};

use super::Seen;

/// What a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Part {
    /// Nothing: for `via`.
    Nothing,
    /// The tightest name of who acted: in a cloud the credential, then session, then user; on a machine the session, then process.
    Actor,
    /// Where it came from.
    Address,
    /// Where it went to.
    Destination,
    /// What proved who acted.
    Credential,
    /// Who acted.
    User,
    /// The session acted in.
    Session,
    /// The session that a login opened.
    Opened,
    /// The sshd session that a login by sshd is, named after its process.
    Sshd,
    /// The machine.
    Host,
    /// The process that acted.
    Process,
    /// Its parent.
    Parent,
    /// The program's file.
    Program,
    /// The file acted on.
    File,
    /// The cloud account.
    Account,
    /// The resource acted on.
    Resource,
    /// The identity acted on.
    TargetUser,
    /// The credential acted on or handed out.
    TargetCredential,
    /// The session handed out.
    TargetSession,
    /// A URL that makes a server ask for the credentials of its own machine.
    Lure,
}

const PARTS: usize = Part::Lure as usize + 1;

/// Where a part's text lies.
#[derive(Clone, Copy, Debug)]
enum Lies<'a> {
    InEvent(&'a str),
    InArena(usize, usize),
}

/// The parts of one event.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    found: [Option<(Kind, Lies<'a>)>; PARTS],
    arena: &'a str,
    /// OCSF class.
    pub class: i64,
    /// OCSF activity.
    pub activity: i64,
    /// What was done.
    pub operation: &'a str,
    /// Whether it failed.
    pub failed: bool,
    /// Whether it happened on a machine, not at a provider.
    pub on_host: bool,
    /// Whether the machine's own system or sensor tells of it, not a program that runs there.
    pub of_machine: bool,
    /// Which service tells of it.
    pub service: &'a str,
    /// Whether it is what was answered, not what was asked, of a flow that is logged once a direction.
    pub reply: bool,
}

impl<'a> Parts<'a> {
    /// Finds the parts of an event. Spellings made of two columns are written into `arena`.
    pub fn of<F: Fields>(row: &'a F, arena: &'a mut String) -> Parts<'a> {
        arena.clear();
        let text = |c| row.text(c);
        let host = text(Column::Host).filter(|_| text(Column::Facet) != Some(Facet::Cloud.name()));
        let mut made: [Option<(Part, Kind, usize, usize)>; 5] = [None; 5];
        if let Some(host) = host {
            let mut make = |slot: usize, part, kind, tail: std::fmt::Arguments<'_>| {
                let from = arena.len();
                arena.push_str(host);
                let whole = std::fmt::Write::write_fmt(arena, tail).is_ok();
                if let (true, Some(place)) = (whole, made.get_mut(slot)) {
                    *place = Some((part, kind, from, arena.len()));
                }
            };
            if let Some(pid) = row.int(Column::Pid) {
                make(0, Part::Process, Kind::Process, format_args!("/{pid}"));
                make(1, Part::Sshd, Kind::Session, format_args!("/sshd:{pid}"));
            }
            if let Some(pid) = row.int(Column::Ppid) {
                make(2, Part::Parent, Kind::Process, format_args!("/{pid}"));
            }
            if let Some(exe) = text(Column::Exe) {
                make(3, Part::Program, Kind::File, format_args!(":{exe}"));
            }
            if let Some(file) = text(Column::File) {
                make(4, Part::File, Kind::File, format_args!(":{file}"));
            }
        }
        let mut parts = Parts {
            found: [None; PARTS],
            arena,
            class: row.int(Column::ClassUid).unwrap_or_default(),
            activity: row.int(Column::ActivityId).unwrap_or_default(),
            operation: text(Column::Operation).unwrap_or_default(),
            failed: text(Column::Outcome) == Some("failure"),
            on_host: host.is_some(),
            of_machine: host.is_some() && super::of_machine(text(Column::Facet)),
            service: text(Column::Service).unwrap_or_default(),
            reply: row.int(Column::SrcPort).zip(row.int(Column::DstPort)).is_some_and(|(from, to)| from < to && from < EPHEMERAL),
        };
        if let Some(url) = text(Column::Url).filter(|u| is_lure(u)) {
            parts.set(Part::Lure, Kind::Url, Lies::InEvent(url));
        }
        for (part, column) in WHOLE {
            if let (Some(kind), Some(value)) = (column.kind(), text(column).filter(|v| !UNSPECIFIED.contains(v))) {
                parts.set(part, kind, Lies::InEvent(value));
            }
        }
        if let Some(host) = host {
            parts.set(Part::Host, Kind::Host, Lies::InEvent(host));
        }
        for (part, kind, from, to) in made.into_iter().flatten() {
            parts.set(part, kind, Lies::InArena(from, to));
        }
        parts.choose(text(Column::Exe).unwrap_or_default());
        parts
    }

    /// Actor, opened session and sshd session follow from the other parts.
    fn choose(&mut self, exe: &str) {
        let opened = if self.has(Part::TargetSession) { Part::TargetSession } else { Part::Session };
        self.copy(opened, Part::Opened);
        let by_sshd = [self.service, exe].iter().any(|n| n.rsplit('/').next().is_some_and(|n| n.starts_with("sshd")));
        if !by_sshd {
            self.clear(Part::Sshd);
        }
        let order: &[Part] = match self.on_host {
            true => &[Part::Session, Part::Process, Part::User],
            false => &[Part::Credential, Part::Session, Part::User],
        };
        if let Some(&actor) = order.iter().find(|p| self.has(**p)) {
            self.copy(actor, Part::Actor);
        }
    }

    fn set(&mut self, part: Part, kind: Kind, lies: Lies<'a>) {
        if let Some(slot) = self.found.get_mut(part as usize) {
            *slot = Some((kind, lies));
        }
    }

    fn clear(&mut self, part: Part) {
        if let Some(slot) = self.found.get_mut(part as usize) {
            *slot = None;
        }
    }

    fn copy(&mut self, from: Part, to: Part) {
        if let Some(&Some((kind, lies))) = self.found.get(from as usize) {
            self.set(to, kind, lies);
        }
    }

    /// Whether the event has it.
    pub fn has(&self, part: Part) -> bool {
        self.found.get(part as usize).is_some_and(Option::is_some)
    }

    /// The part, if the event has it.
    pub fn get(&self, part: Part) -> Option<Seen<'_>> {
        let (kind, lies) = (*self.found.get(part as usize)?)?;
        let value = match lies {
            Lies::InEvent(text) => text,
            Lies::InArena(from, to) => self.arena.get(from..to)?,
        };
        Some(Seen { kind, value })
    }
}

/// Ports from here on are those of askers (Linux's own range begins here; IANA's at 49152).
const EPHEMERAL: i64 = 32_768;

/// Addresses and names at which a machine in a cloud is handed its credentials: AWS, Azure, Google, Alibaba; in the spellings that get
/// past a filter too (decimal, hexadecimal, mapped).
const METADATA: [&str; 7] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal", "100.100.100.200", "2852039166", "0xa9fea9fe", "fd00:ec2::254"];

/// Whether a URL that was asked of a server makes that server ask for its machine's credentials.
fn is_lure(url: &str) -> bool {
    METADATA.iter().any(|m| url.contains(m))
}

/// Addresses that name nobody (RFC 6890): a socket that is bound to all, or that only asks the kernel for a route.
const UNSPECIFIED: [&str; 2] = ["0.0.0.0", "::"];

/// Parts that are a column as it stands.
const WHOLE: [(Part, Column); 10] = [
    (Part::Address, Column::SrcIp),
    (Part::Destination, Column::DstIp),
    (Part::Credential, Column::Credential),
    (Part::User, Column::User),
    (Part::Session, Column::Session),
    (Part::Account, Column::Account),
    (Part::Resource, Column::Resource),
    (Part::TargetUser, Column::TargetUser),
    (Part::TargetCredential, Column::TargetCredential),
    (Part::TargetSession, Column::TargetSession),
];
