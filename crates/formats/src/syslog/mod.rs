//! Syslog: RFC 3164, RFC 5424 and ISO-time headers, and the programs whose lines have a meaning to a responder.
//!
//! Owns: one file a program; what no program file knows becomes a Base Event that keeps program, process id and text.
//! Never asks the machine it runs on: years and zones that a line lacks are resolved near the time received, and marked.

mod accounts;
mod dropbear;
mod elevate;
mod generic;
pub(crate) mod header;
mod jobs;
mod kernel;
mod leases;
pub(crate) mod line;
mod loggers;
mod login;
mod netfilter;
mod pam;
mod services;
mod sftp;
mod ssh_key;
mod sshd;
mod sshd_server;
mod su;
mod sudo;
mod sysmon;
mod systemd;

use event::{Column, Facet, Sink, attr};

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    inner::{self, Carrier, Fact},
    linux_audit::LinuxAudit,
};
use line::Line;

/// Syslog as files hold it, one message a line.
pub struct Syslog;

impl Format for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }
    fn title(&self) -> &'static str {
        "syslog (RFC 3164, RFC 5424)"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        sniff(head, file_name)
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Messages::default())
    }
}

/// Lines looked at to tell syslog from other text.
const SNIFF_LINES: usize = 50;

fn sniff(head: &[u8], file_name: &str) -> u8 {
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty() && !l.starts_with(b"#")).take(SNIFF_LINES);
    let (mut all, mut fit) = (0u32, 0u32);
    for line in lines {
        all += 1;
        let text = String::from_utf8_lossy(line);
        fit += u32::from(header::read(&text).is_some_and(|h| looks_like(&h, &text)));
    }
    if fit * 2 < all.max(1) {
        return 0;
    }
    let known = ["auth.log", "secure", "syslog", "messages", "sshd", "sudo"].iter().any(|n| file_name.contains(n));
    let share = fit * 70 / all.max(1);
    share as u8 + if known { 15 } else { 0 }
}

/// Many logs begin with an ISO time; of those, syslog is what has a tag with colon or process id, or a priority.
fn looks_like(header: &header::Header<'_>, line: &str) -> bool {
    let tag = |end: char| !header.program.is_empty() && line.contains(&format!("{}{end}", header.program));
    let iso = header.time_text.starts_with(|c: char| c.is_ascii_digit());
    header.priority.is_some() || tag(':') || tag('[') || (!iso && header.host.is_some())
}

/// The parser of a stream. A line is an event; audit records that syslog carries are put together as those of audit are.
#[derive(Default)]
struct Messages {
    audit: Option<Box<dyn Parser>>,
    servers: Option<Carrier>,
}

impl Parser for Messages {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let bytes = record.bytes.strip_suffix(b"\n").unwrap_or(record.bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        let mut line = Line::read(record, &text, matches!(text, std::borrow::Cow::Owned(_)))?;
        if let Some(time) = sysmon::time(&line) {
            line.at(time);
        }
        if carries_audit(&line) && self.audit.get_or_insert_with(|| LinuxAudit.parser()).record(record, out).is_ok() {
            return Ok(());
        }
        if SERVERS.contains(&line.program) && self.served(record, &line, out) {
            return Ok(());
        }
        read(&line, out);
        Ok(())
    }
    fn finish(&mut self, out: &mut dyn Sink) {
        if let Some(servers) = &mut self.servers {
            servers.finish(out);
        }
        if let Some(audit) = &mut self.audit {
            audit.finish(out);
        }
    }
    fn pending(&self) -> Vec<u64> {
        self.audit.as_ref().map(|a| a.pending()).unwrap_or_default()
    }
}

/// Servers whose lines have a format of their own, and reach syslog as they are.
const SERVERS: &[&str] = &["nginx", "httpd", "apache2", "apache", "haproxy", "caddy", "traefik", "suricata"];

impl Messages {
    /// Reads a server's line by the format that it has; false if no format knows it.
    fn served(&mut self, record: Record<'_>, line: &Line<'_>, out: &mut dyn Sink) -> bool {
        let servers = self.servers.get_or_insert_with(|| Carrier::of_known_lines(&Within::default()));
        let facts = [Fact::Text(attr::DEVICE_HOSTNAME, &line.host), Fact::Int(attr::DEVICE_TYPE_ID, 0), Fact::Key(Column::Host, &line.host)];
        let facts = if line.host.is_empty() { &[] } else { facts.as_slice() };
        let (text, time) = (line.text.trim_start().as_bytes(), line.time());
        servers.line(record, inner::Line { key: line.program, hint: line.program, text, time, partial: false, facts }, out)
    }
}

/// `audit: type=1400 audit(1.2:3): …` of the kernel, `type=SYSCALL msg=audit(1.2:3): …` of the daemon's dispatcher.
pub(crate) fn carries_audit(line: &Line<'_>) -> bool {
    let text = match line.program {
        "kernel" | "audit" => line.text.split_once("] ").filter(|_| line.text.starts_with('[')).map_or(line.text, |(_, t)| t),
        program if program.starts_with("audi") => line.text,
        _ => return false,
    };
    let text = text.strip_prefix("audit: ").unwrap_or(text);
    (text.starts_with("type=") || text.starts_with("node=")) && text.contains("audit(")
}

/// Reads a line: as its program's, or as a Base Event that keeps program, process id and text.
pub(crate) fn read(line: &Line<'_>, out: &mut dyn Sink) {
    known(line, out).unwrap_or_else(|| generic::read(line, out));
}

/// Gives the line to the program that it is of. A new program is a `mod` line above and a line here. `None`: no program knows it.
pub(crate) fn known(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let known = match line.program {
        "sshd" | "sshd-session" | "sshd-auth" => sshd::read(line, out),
        "sudo" => sudo::read(line, out),
        "su" => su::read(line, out),
        "useradd" | "usermod" | "userdel" | "groupadd" | "groupmod" | "groupdel" | "gpasswd" | "passwd" | "chpasswd" | "chage" | "chfn" | "chsh"
        | "newusers" | "vipw" | "vigr" | "groupmems" | "chgpasswd" => accounts::read(line, out),
        "CRON" | "cron" | "crond" | "CROND" | "crontab" | "anacron" | "atd" => jobs::read(line, out),
        "kernel" => kernel::read(line, out),
        "systemd" | "systemd-user" => systemd::manager(line, out),
        "systemd-logind" | "elogind" => systemd::logind(line, out),
        "login" | "agetty" | "getty" | "remote" => login::read(line, out),
        "sysmon" => sysmon::read(line, out),
        "dropbear" => dropbear::read(line, out),
        "pkexec" | "doas" => elevate::read(line, out),
        "polkitd" => elevate::polkit(line, out),
        "sftp-server" | "internal-sftp" => sftp::read(line, out),
        "dhclient" | "dhcpcd" | "NetworkManager" | "systemd-networkd" | "dhcpd" => leases::read(line, out),
        "vsftpd" | "pure-ftpd" | "proftpd" | "dovecot" | "imap-login" | "pop3-login" | "smtpd" => services::read(line, out),
        _ => loggers::read(line, out),
    };
    known.or_else(|| pam::read(line, out))
}
