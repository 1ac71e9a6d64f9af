//! Events that programs, the daemon and the kernel name by a type of their own: logins, accounts, services, refusals.

use std::borrow::Cow;

use event::{Class, Column, Sink, attr, class, entity::canonical_ip};

use super::{
    map::{Rec, Seen, put, put_key, set_outcome},
    tables,
};

/// What a type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Authentication, with its activity.
    Login(u8),
    /// Account Change.
    Account(u8),
    /// Group Management.
    Group(u8),
    /// Application Lifecycle.
    Service(u8),
    /// A command that sudo ran.
    Command,
    /// Base Event.
    Plain,
}

fn meaning(kind: &str) -> Meaning {
    match kind {
        "USER_LOGIN" | "LOGIN" => Meaning::Login(1),
        "USER_END" | "USER_LOGOUT" | "CRED_DISP" => Meaning::Login(2),
        "USER_AUTH" | "USER_ACCT" | "USER_START" | "USER_ERR" | "CRED_ACQ" | "CRED_REFR" | "GRP_AUTH" | "USER_ROLE_CHANGE" | "CHUSER_ID" => Meaning::Login(99),
        "ADD_USER" => Meaning::Account(1),
        "USER_CHAUTHTOK" => Meaning::Account(3),
        "DEL_USER" => Meaning::Account(6),
        "ACCT_LOCK" => Meaning::Account(9),
        "ACCT_UNLOCK" => Meaning::Account(12),
        "USER_MGMT" => Meaning::Account(99),
        "ADD_GROUP" => Meaning::Group(6),
        "DEL_GROUP" => Meaning::Group(5),
        "GRP_MGMT" | "GRP_CHAUTHTOK" => Meaning::Group(99),
        "SERVICE_START" => Meaning::Service(3),
        "SERVICE_STOP" => Meaning::Service(4),
        "USER_CMD" => Meaning::Command,
        _ => Meaning::Plain,
    }
}

/// Whether a record of this type says more than the system call beside it.
pub fn outranks(kind: &str) -> bool {
    meaning(kind) != Meaning::Plain
        || matches!(kind, "CONFIG_CHANGE" | "ANOM_PROMISCUOUS" | "ANOM_ABEND" | "SECCOMP" | "NETFILTER_CFG" | "TIME_ADJNTPVAL" | "TIME_INJOFFSET" | "BPF")
}

/// Maps an event by the record that names it.
pub fn event(seen: &Seen<'_>, record: &Rec<'_>, out: &mut dyn Sink) {
    let name = subject(record);
    match meaning(record.kind) {
        Meaning::Login(activity) if name.is_some() => login(seen, record, activity, out),
        Meaning::Account(activity) if name.is_some() => account(seen, record, class::ACCOUNT_CHANGE, activity, out),
        Meaning::Group(activity) if name.is_some() => account(seen, record, class::GROUP_MANAGEMENT, activity, out),
        Meaning::Service(activity) if record.text("unit").is_some() => service(seen, record, activity, out),
        Meaning::Command if record.int("pid").is_some() => command(seen, record, out),
        _ => {
            seen.begin(out, class::BASE_EVENT, 99, record.kind);
            actor(seen, record, out);
            put_key(out, Column::File, record.text("path"));
        }
    }
    if seen.outcome(out, record).is_none() {
        verdict(record, out);
    }
    named_call(record, out);
    out.text(attr::MESSAGE, &message(record));
}

/// Whether the record itself says how it went.
pub fn says_outcome(record: &Rec<'_>) -> bool {
    record.get("res").is_some() || record.get("result").is_some()
}

/// A record of its own that tells of a system call (SECCOMP): the call's name beside its number.
fn named_call(record: &Rec<'_>, out: &mut dyn Sink) {
    let (Some(arch), Some(number)) = (record.get("arch"), record.get("syscall")) else { return };
    if let Some(name) = tables::syscall(arch.value, number.value) {
        out.other("syscall", name);
    }
    if let Some(machine) = tables::machine(arch.value) {
        out.other("arch", machine);
    }
}

/// Mandatory access control's own words: `avc: denied { … }`, `apparmor="DENIED"`.
fn verdict(record: &Rec<'_>, out: &mut dyn Sink) {
    let apparmor = record.text("apparmor");
    let word = |w: &str| record.fields.iter().any(|f| f.key.is_empty() && f.value == w);
    let permissive = record.get("permissive").is_some_and(|f| f.value == "1");
    if (word("denied") && !permissive) || apparmor.as_deref() == Some("DENIED") {
        set_outcome(out, false);
    } else if word("granted") || apparmor.as_deref() == Some("ALLOWED") {
        set_outcome(out, true);
    }
}

fn message(record: &Rec<'_>) -> String {
    let whom = || record.text("acct").or_else(|| record.name("id").map(Cow::Borrowed)).or_else(|| record.text("id"));
    let said = match record.kind {
        "USER_CMD" => record.text("cmd").map(|c| format!("sudo ran {c}")),
        "ADD_USER" => whom().map(|a| format!("user {a} added")),
        "DEL_USER" => whom().map(|a| format!("user {a} deleted")),
        _ => None,
    };
    let went_well = || record.get("res").is_some_and(|f| f.value == "success");
    let keys: &[&str] = match said {
        Some(_) if went_well() => &["addr"],
        Some(_) => &["addr", "res"],
        None => &["op", "acct", "id", "grp", "unit", "cmd", "addr", "res"],
    };
    let mut text = said.unwrap_or_else(|| record.kind.to_owned());
    for key in keys {
        if let Some(value) = record.text(key) {
            text.extend([" ", key, "=", &value]);
        }
    }
    text
}

/// Whom the record is about: `acct`, or the name or number of `id`; LOGIN names the new login user.
fn subject<'a>(record: &Rec<'a>) -> Option<Cow<'a, str>> {
    if record.kind == "LOGIN" {
        return user_of(record, "auid");
    }
    let named = record.text("acct").filter(|a| a != "?").or_else(|| user_of(record, "id")).or_else(|| record.text("id"));
    named.or_else(|| user_of(record, "auid")).or_else(|| user_of(record, "uid"))
}

fn user_of<'a>(record: &Rec<'a>, key: &str) -> Option<Cow<'a, str>> {
    let id = record.id(key)?;
    Some(record.name(key).map_or_else(|| Cow::Owned(format!("uid:{id}")), Cow::Borrowed))
}

/// The program that wrote the record, and who ran it.
fn actor(seen: &Seen<'_>, record: &Rec<'_>, out: &mut dyn Sink) {
    if let Some(pid) = record.int("pid") {
        out.int(attr::ACTOR_PROCESS_PID, pid);
        put(out, attr::ACTOR_PROCESS_PATH, record.text("exe"));
        put(out, attr::ACTOR_PROCESS_NAME, record.text("comm"));
        if let Some(ppid) = record.int("ppid") {
            out.int(attr::ACTOR_PROCESS_PARENT_PID, ppid);
        }
    } else {
        put_key(out, Column::Exe, record.text("exe"));
    }
    let key = if record.id("auid").is_some() && record.kind != "LOGIN" { "auid" } else { "uid" };
    put(out, attr::ACTOR_USER_UID, record.id(key).map(|n| n.to_string()));
    put(out, attr::ACTOR_USER_NAME, record.name(key));
    put(out, attr::ACTOR_SESSION_UID, record.id("ses").map(|n| n.to_string()));
    put_key(out, Column::User, seen.user(record, key));
    put_key(out, Column::Session, seen.session(record));
}

/// Where it came from: `addr` is an address or `?`; `hostname` a name or an address.
fn source(record: &Rec<'_>, out: &mut dyn Sink) {
    let address = record.text("addr").or_else(|| record.text("hostname"));
    let name = record.text("hostname");
    let Some(address) = address else { return };
    match canonical_ip(&address) {
        Some(ip) => {
            out.text(attr::SRC_IP, &ip);
            put(out, attr::SRC_HOSTNAME, name.filter(|n| *n != address));
        }
        None => out.text(attr::SRC_HOSTNAME, &address),
    }
    if let Some(port) = record.int("rport").filter(|p| (0..65_536).contains(p)) {
        out.int(attr::SRC_PORT, port);
    }
}

fn login(seen: &Seen<'_>, record: &Rec<'_>, activity: u8, out: &mut dyn Sink) {
    let name = subject(record).unwrap_or_default();
    let exe = record.text("exe").unwrap_or_default();
    let program = exe.rsplit('/').next().filter(|p| !p.is_empty()).unwrap_or("login").to_owned();
    let switcher = matches!(program.as_str(), "sudo" | "su" | "runuser" | "pkexec" | "doas");
    let switches = switcher && record.kind == "USER_START";
    seen.begin(out, class::AUTHENTICATION, if switches { 7 } else { activity }, record.kind);
    actor(seen, record, out);
    out.text(attr::SERVICE_NAME, &program);
    match name.strip_prefix("uid:") {
        Some(uid) => out.text(attr::USER_UID, uid),
        None => out.text(attr::USER_NAME, &name),
    }
    put(out, attr::SESSION_UID, record.id("ses").map(|n| n.to_string()));
    put(out, attr::SESSION_TERMINAL, record.text("terminal").or_else(|| record.text("tty")));
    source(record, out);
    if switches {
        out.int(attr::ACCOUNT_SWITCH_TYPE_ID, 1);
        out.key(Column::TargetUser, &seen.at_host(&name));
        return;
    }
    if switcher && record.id("auid").is_some() {
        return; // who acts is the login user; `acct` is whose password or session it is about
    }
    out.key(Column::User, &seen.at_host(&name));
    if matches!(record.kind, "LOGIN" | "USER_LOGIN" | "USER_START") {
        put_key(out, Column::TargetSession, seen.session(record));
        out.key(Column::Session, "");
    }
}

fn account(seen: &Seen<'_>, record: &Rec<'_>, class: Class, activity: u8, out: &mut dyn Sink) {
    let name = subject(record).unwrap_or_default();
    seen.begin(out, class, activity, record.kind);
    actor(seen, record, out);
    source(record, out);
    if class == class::GROUP_MANAGEMENT {
        put(out, attr::GROUP_NAME, record.text("grp").or(Some(name)));
        return;
    }
    match name.strip_prefix("uid:") {
        Some(uid) => out.text(attr::USER_UID, uid),
        None => {
            out.text(attr::USER_NAME, &name);
            put(out, attr::USER_UID, record.id("id").map(|n| n.to_string()));
        }
    }
    out.key(Column::TargetUser, &seen.at_host(&name));
}

fn service(seen: &Seen<'_>, record: &Rec<'_>, activity: u8, out: &mut dyn Sink) {
    seen.begin(out, class::APPLICATION_LIFECYCLE, activity, record.kind);
    actor(seen, record, out);
    put(out, attr::APP_NAME, record.text("unit"));
    put_key(out, Column::Service, record.text("unit"));
}

/// sudo's record of a command: the process is sudo, about to become it.
fn command(seen: &Seen<'_>, record: &Rec<'_>, out: &mut dyn Sink) {
    seen.begin(out, class::PROCESS_ACTIVITY, 1, record.kind);
    actor(seen, record, out);
    out.int(attr::PROCESS_PID, record.int("pid").unwrap_or_default());
    put(out, attr::PROCESS_PATH, record.text("exe"));
    put(out, attr::PROCESS_CMD_LINE, record.text("cmd"));
    put(out, attr::PROCESS_WORKING_DIRECTORY, record.text("cwd"));
    put(out, attr::PROCESS_SESSION_TERMINAL, record.text("terminal"));
}
