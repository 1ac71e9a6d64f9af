//! The kernel's own words: packets, crashed programs, processes killed for memory, modules, devices, lost audit records.

use event::{Column, Sink, attr, class};

use super::{
    line::{Line, some},
    netfilter,
};

/// Reads a line of the kernel.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let (stamp, text) = stamped(line.text);
    audit_lost(line, out, text)
        .or_else(|| netfilter::read(line, out, text))
        .or_else(|| crash(line, out, text))
        .or_else(|| killed(line, out, text))
        .or_else(|| module(line, out, text))
        .or_else(|| told(line, out, text, stamp))
}

/// `[ 1234.567890] text`: seconds since boot, and the text.
fn stamped(text: &str) -> (&str, &str) {
    let read = || {
        let (stamp, rest) = text.strip_prefix('[')?.split_once(']')?;
        let number = stamp.trim();
        let fits = number.contains('.') && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        fits.then(|| (number, rest.trim_start()))
    };
    read().unwrap_or(("", text))
}

/// The kernel's words about audit records that it could not keep: a gap of another log, told in this one.
fn audit_lost(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let text = text.split_once("audit: ").map(|(_, t)| t)?;
    let lost = text.split("lost=").nth(1).and_then(|n| n.split(|c: char| !c.is_ascii_digit()).next()).and_then(|n| n.parse::<i64>().ok());
    if lost.is_none_or(|n| n == 0)
        && !["backlog limit exceeded", "rate limit exceeded", "kauditd hold queue overflow", "backlog full"].iter().any(|w| text.starts_with(w))
    {
        return None;
    }
    line.base(out, "audit_lost");
    line.gap(out, "lost", lost);
    line.end(out);
    Some(())
}

/// `NAME[PID]`, where a name may hold anything a program calls itself.
fn process(text: &str) -> Option<(&str, i64)> {
    let (name, pid) = text.strip_suffix(']')?.rsplit_once('[')?;
    Some((name, pid.parse().ok()?))
}

/// `app[812]: segfault at 0 ip … error 4 in app[400000+1000]`, `traps: app[812] general protection fault ip:… error:0 in …`.
fn crash(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let (who, how, what) = match text.split_once(": segfault at ") {
        Some((who, rest)) => (process(who)?, "segfault", rest),
        None => {
            let rest = text.strip_prefix("traps: ")?;
            let at = rest.find("] ")?;
            let (who, what) = rest.split_at_checked(at + 1)?;
            (process(who)?, "trap", what.trim_start())
        }
    };
    if !line.on_host(out, class::PROCESS_ACTIVITY, 99, how) {
        return None;
    }
    line.outcome(out, false);
    out.int(attr::PROCESS_PID, who.1);
    out.text(attr::PROCESS_NAME, who.0);
    out.text(attr::STATUS_DETAIL, what);
    out.int(attr::SEVERITY_ID, 3);
    line.end(out);
    Some(())
}

/// `Out of memory: Killed process 4711 (mysqld) total-vm:… UID:27 …`, `Memory cgroup out of memory: Kill process 4711 (mysqld) score …`.
fn killed(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let text = text.split_once("ut of memory: Kill").map(|(_, t)| t)?;
    let (pid, rest) = text.split_once("process ")?.1.split_once(" (")?;
    let (pid, at) = (pid.parse::<i64>().ok()?, rest.rfind(") ").or_else(|| rest.rfind(')'))?);
    if !line.on_host(out, class::PROCESS_ACTIVITY, 2, "oom_kill") {
        return None;
    }
    out.int(attr::PROCESS_PID, pid);
    out.text(attr::PROCESS_NAME, rest.get(..at).unwrap_or_default());
    if let Some(uid) = rest.split_once(" UID:").and_then(|(_, u)| u.split(' ').next()) {
        out.text(attr::PROCESS_USER_UID, uid);
    }
    out.text(attr::STATUS_DETAIL, "out of memory");
    out.int(attr::SEVERITY_ID, 3);
    line.end(out);
    Some(())
}

/// `x: loading out-of-tree module taints kernel.`, `x: module verification failed: …`.
fn module(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let (name, said) = text.split_once(": ")?;
    let taints = said.starts_with("loading out-of-tree module")
        || said.starts_with("module verification failed")
        || (said.starts_with("module license") && said.contains("taints"));
    if !taints || name.contains(' ') || !line.on_host(out, class::KERNEL_EXTENSION_ACTIVITY, 1, "module_load") {
        return None;
    }
    out.text(attr::DRIVER_FILE_NAME, name);
    out.int(attr::DRIVER_FILE_TYPE_ID, 1);
    out.text(attr::STATUS_DETAIL, said);
    out.int(attr::SEVERITY_ID, 3);
    line.end(out);
    Some(())
}

/// Words worth asking for by name, in an event of no class.
fn told(line: &Line<'_>, out: &mut dyn Sink, text: &str, stamp: &str) -> Option<()> {
    const WORDS: &[(&str, &str)] = &[
        ("Linux version ", "boot"),
        ("Kernel command line: ", "boot"),
        ("Kernel panic", "panic"),
        ("nf_conntrack: table full", "conntrack_full"),
        ("TCP: request_sock_TCP: Possible SYN flooding", "syn_flood"),
        ("Kernel logging (proc) stopped", "log_stopped"),
    ];
    let word = WORDS.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, w)| *w);
    let word = word
        .or_else(|| text.contains(": New USB device found").then_some("usb_attached"))
        .or_else(|| text.contains(": USB disconnect").then_some("usb_removed"));
    let word = word.or_else(|| text.contains(" entered promiscuous mode").then_some("promiscuous"));
    line.base(out, word.unwrap_or("message"));
    some(out, "uptime", stamp);
    if word == Some("usb_attached") {
        for (key, value) in text.split(", ").filter_map(|p| p.split_once('=')) {
            out.other(key.trim_start(), value);
        }
    }
    if let Some(device) = text.strip_prefix("device ").filter(|_| word == Some("promiscuous")).and_then(|t| t.split(' ').next()) {
        out.other("device", device);
    }
    if word == Some("log_stopped") {
        out.key(Column::Gap, "stopped");
    }
    line.end(out);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_names() {
        assert_eq!(stamped("[  203.842973] IPT: IN=lo"), ("203.842973", "IPT: IN=lo"));
        assert_eq!(stamped("[UFW BLOCK] IN=lo"), ("", "[UFW BLOCK] IN=lo"));
        assert_eq!(process("my [odd] name[17]"), Some(("my [odd] name", 17)));
        assert_eq!(process("none"), None);
    }
}
