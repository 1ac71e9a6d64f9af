//! Events of system calls: programs started, files, connections, modules, identities.

use std::borrow::Cow;

use event::{Class, Column, Sink, attr, class};

use super::{
    decode::{self, Socket},
    map::{Rec, Seen, put, put_key},
    programs, tables,
};

/// What a system call does, in OCSF's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Exec,
    Fork,
    Exit,
    SetId,
    Network(u8),
    File(u8),
    Module(u8),
    Plain,
}

const CREATE: u8 = 1;
const UPDATE: u8 = 3;
const DELETE: u8 = 4;
const RENAME: u8 = 5;
const SET_ATTRIBUTES: u8 = 6;
const SET_SECURITY: u8 = 7;
const GET_ATTRIBUTES: u8 = 8;
const OPEN: u8 = 14;

fn act(call: &str) -> Act {
    match call {
        "execve" | "execveat" => Act::Exec,
        "fork" | "vfork" | "clone" | "clone3" => Act::Fork,
        "exit" | "exit_group" => Act::Exit,
        "setuid" | "setreuid" | "setresuid" | "setfsuid" | "setuid32" | "setreuid32" | "setresuid32" | "setfsuid32" => Act::SetId,
        "connect" | "accept" | "accept4" => Act::Network(1),
        "bind" | "listen" => Act::Network(7),
        "sendto" | "sendmsg" | "sendmmsg" | "recvfrom" | "recvmsg" | "recvmmsg" => Act::Network(6),
        "open" | "openat" | "openat2" | "creat" | "open_by_handle_at" => Act::File(OPEN),
        "unlink" | "unlinkat" | "rmdir" => Act::File(DELETE),
        "rename" | "renameat" | "renameat2" => Act::File(RENAME),
        "mkdir" | "mkdirat" | "mknod" | "mknodat" | "link" | "linkat" | "symlink" | "symlinkat" => Act::File(CREATE),
        "chmod" | "fchmod" | "fchmodat" | "fchmodat2" | "utime" | "utimes" | "utimensat" | "futimesat" => Act::File(SET_ATTRIBUTES),
        "chown" | "fchown" | "lchown" | "fchownat" | "chown32" | "fchown32" | "lchown32" => Act::File(SET_SECURITY),
        "setxattr" | "lsetxattr" | "fsetxattr" | "removexattr" | "lremovexattr" | "fremovexattr" => Act::File(SET_ATTRIBUTES),
        "truncate" | "ftruncate" | "truncate64" | "ftruncate64" => Act::File(UPDATE),
        "stat" | "lstat" | "newfstatat" | "statx" | "access" | "faccessat" | "faccessat2" | "readlink" | "readlinkat" | "getxattr" | "lgetxattr" => {
            Act::File(GET_ATTRIBUTES)
        }
        "mount" => Act::File(12),
        "umount" | "umount2" => Act::File(13),
        "init_module" | "finit_module" => Act::Module(1),
        "delete_module" => Act::Module(2),
        _ => Act::Plain,
    }
}

/// Whether the event has a process whose fields go to OCSF's attributes.
pub fn maps(seen: &Seen<'_>) -> bool {
    seen.of("SYSCALL").is_some_and(|c| c.int("pid").is_some())
}

/// Maps an event that has a SYSCALL record.
pub fn event(seen: &Seen<'_>, out: &mut dyn Sink) {
    let Some(call) = seen.of("SYSCALL") else { return };
    let arch = call.get("arch").map_or("", |f| f.value);
    let number = call.get("syscall").map_or("", |f| f.value);
    let enriched = call.names.iter().find(|n| n.key == "SYSCALL").map(|n| n.value);
    let name = tables::syscall(arch, number).or(enriched).unwrap_or(number);
    // A record that programs and responders know by name says more than the call that happened to write it.
    if let Some(first) = seen.records.iter().find(|r| programs::outranks(r.kind)) {
        programs::event(seen, first, out);
        process(seen, call, out, false);
        if !programs::says_outcome(first) {
            seen.outcome(out, call);
        }
    } else {
        mapped(seen, call, name, out);
    }
    if name != number {
        out.other("syscall", name);
    }
    if let Some(machine) = tables::machine(arch) {
        out.other("arch", machine);
    }
}

fn mapped(seen: &Seen<'_>, call: &Rec<'_>, name: &str, out: &mut dyn Sink) {
    let paths = Paths::of(seen, call, name);
    let socket = seen.of("SOCKADDR").and_then(|r| r.get("saddr")).and_then(|f| decode::socket(f.value));
    match act(name) {
        _ if call.int("pid").is_none() => begin(seen, out, class::BASE_EVENT, 99, name),
        Act::Exec => exec(seen, call, name, &paths, out),
        Act::Fork if call.int("exit").is_some_and(|n| n > 0) => fork(seen, call, name, out),
        Act::Exit => own(seen, call, name, 2, out),
        Act::SetId => own(seen, call, name, 5, out),
        Act::Network(activity) => network(seen, call, name, activity, socket, out),
        Act::File(activity) if paths.acted.is_some() => file(seen, call, name, activity, &paths, out),
        Act::Module(activity) => module(seen, call, name, activity, &paths, out),
        _ => {
            begin(seen, out, class::BASE_EVENT, 99, name);
            process(seen, call, out, false);
            put_key(out, Column::File, paths.acted.as_deref());
        }
    }
    finish(seen, call, name, out);
}

fn begin(seen: &Seen<'_>, out: &mut dyn Sink, class: Class, activity: u8, name: &str) {
    seen.begin(out, class, activity, name);
}

/// Outcome, error, session, the line for people.
fn finish(seen: &Seen<'_>, call: &Rec<'_>, name: &str, out: &mut dyn Sink) {
    let success = seen.outcome(out, call);
    let exit = call.int("exit");
    if success == Some(false)
        && let Some(error) = exit.and_then(tables::errno)
    {
        out.text(attr::STATUS_CODE, error);
    }
    put_key(out, Column::Session, seen.session(call));
    let comm = call.text("comm").unwrap_or_default();
    let failed = if success == Some(false) { " (failed)" } else { "" };
    let title = seen.of("PROCTITLE").and_then(|r| r.get("proctitle")).map(decode::proctitle).filter(|_| act(name) != Act::Exec);
    if let Some(title) = title.as_deref().filter(|t| !t.is_empty()) {
        out.text(attr::MESSAGE, &format!("{comm}: {name}{failed} in {title}"));
    } else {
        out.text(attr::MESSAGE, &format!("{comm}: {name}{failed}"));
    }
}

/// The process that made the call, as OCSF's actor or, where it is what the event is about, as its process; and who it was.
fn process(seen: &Seen<'_>, call: &Rec<'_>, out: &mut dyn Sink, as_object: bool) {
    if let Some(pid) = call.int("pid") {
        let exe = call.text("exe");
        let (id, name, path) = match as_object {
            true => (attr::PROCESS_PID, attr::PROCESS_NAME, attr::PROCESS_PATH),
            false => (attr::ACTOR_PROCESS_PID, attr::ACTOR_PROCESS_NAME, attr::ACTOR_PROCESS_PATH),
        };
        out.int(id, pid);
        put(out, name, call.text("comm"));
        put(out, path, exe);
        let at = |o, a| if as_object { o } else { a };
        if let Some(ppid) = call.int("ppid") {
            out.int(at(attr::PROCESS_PARENT_PID, attr::ACTOR_PROCESS_PARENT_PID), ppid);
        }
        let ids = [
            ("auid", attr::PROCESS_AUID, attr::ACTOR_PROCESS_AUID),
            ("euid", attr::PROCESS_EUID, attr::ACTOR_PROCESS_EUID),
            ("egid", attr::PROCESS_EGID, attr::ACTOR_PROCESS_EGID),
        ];
        for (key, object, actor) in ids {
            if let Some(id) = call.id(key) {
                out.int(at(object, actor), id.into());
            }
        }
        effective(call, out, as_object);
        put(out, at(attr::PROCESS_SESSION_UID, attr::ACTOR_PROCESS_SESSION_UID), call.id("ses").map(|n| n.to_string()));
        put(out, at(attr::PROCESS_SESSION_TERMINAL, attr::ACTOR_PROCESS_SESSION_TERMINAL), call.text("tty"));
        put(out, at(attr::PROCESS_WORKING_DIRECTORY, attr::ACTOR_PROCESS_WORKING_DIRECTORY), seen.of("CWD").and_then(|r| r.text("cwd")));
    }
    login(seen, call, out);
}

fn effective(call: &Rec<'_>, out: &mut dyn Sink, as_object: bool) {
    let (uid, name, gid, group) = match as_object {
        true => (attr::PROCESS_USER_UID, attr::PROCESS_USER_NAME, attr::PROCESS_GROUP_UID, attr::PROCESS_GROUP_NAME),
        false => (attr::ACTOR_PROCESS_USER_UID, attr::ACTOR_PROCESS_USER_NAME, attr::ACTOR_PROCESS_GROUP_UID, attr::ACTOR_PROCESS_GROUP_NAME),
    };
    let key = if call.id("euid").is_some() { "euid" } else { "uid" };
    put(out, uid, call.id(key).map(|n| n.to_string()));
    put(out, name, call.name(key));
    let key = if call.id("egid").is_some() { "egid" } else { "gid" };
    put(out, gid, call.id(key).map(|n| n.to_string()));
    put(out, group, call.name(key));
}

/// Who logged in and now acts: the login user where it is set, else the user.
fn login(seen: &Seen<'_>, call: &Rec<'_>, out: &mut dyn Sink) {
    let key = if call.id("auid").is_some() { "auid" } else { "uid" };
    put(out, attr::ACTOR_USER_UID, call.id(key).map(|n| n.to_string()));
    put(out, attr::ACTOR_USER_NAME, call.name(key));
    put(out, attr::ACTOR_SESSION_UID, call.id("ses").map(|n| n.to_string()));
    put_key(out, Column::User, seen.user(call, key));
    put_key(out, Column::Session, seen.session(call));
}

/// The user that a process runs as where that is not who logged in.
fn became(seen: &Seen<'_>, call: &Rec<'_>, out: &mut dyn Sink) {
    let (Some(auid), Some(euid)) = (call.id("auid"), call.id("euid")) else { return };
    if auid != euid {
        put_key(out, Column::TargetUser, seen.user(call, "euid"));
    }
}

fn own(seen: &Seen<'_>, call: &Rec<'_>, name: &str, activity: u8, out: &mut dyn Sink) {
    begin(seen, out, class::PROCESS_ACTIVITY, activity, name);
    process(seen, call, out, false);
    process(seen, call, out, true);
    if activity == 5 {
        became(seen, call, out);
    } else if let Some(code) = call.get("a0").and_then(|f| i64::from_str_radix(f.value, 16).ok()) {
        out.int(attr::EXIT_CODE, code & 0xff);
    }
}

fn exec(seen: &Seen<'_>, call: &Rec<'_>, name: &str, paths: &Paths<'_>, out: &mut dyn Sink) {
    begin(seen, out, class::PROCESS_ACTIVITY, 1, name);
    // The actor is who started it; the event's process is the new one.
    out.int(attr::ACTOR_PROCESS_PID, call.int("ppid").unwrap_or_default());
    process(seen, call, out, true);
    let mut arguments = decode::Arguments::default();
    for field in seen.all("EXECVE").flat_map(|r| &r.fields) {
        arguments.take(*field);
    }
    let list = arguments.list();
    let line = match list.is_empty() {
        true => seen.of("PROCTITLE").and_then(|r| r.get("proctitle")).map(decode::proctitle).unwrap_or_default(),
        false => list.join(" "),
    };
    out.text(attr::PROCESS_CMD_LINE, &line);
    put_key(out, Column::File, paths.executed.as_deref());
    if call.get("success").is_some_and(|f| f.value == "no") {
        put(out, attr::PROCESS_PATH, paths.executed.as_deref());
    }
    became(seen, call, out);
}

fn fork(seen: &Seen<'_>, call: &Rec<'_>, name: &str, out: &mut dyn Sink) {
    begin(seen, out, class::PROCESS_ACTIVITY, 1, name);
    process(seen, call, out, false);
    out.int(attr::PROCESS_PID, call.int("exit").unwrap_or_default());
    put(out, attr::PROCESS_NAME, call.text("comm"));
    if let Some(pid) = call.int("pid") {
        out.int(attr::PROCESS_PARENT_PID, pid);
    }
}

fn network(seen: &Seen<'_>, call: &Rec<'_>, name: &str, activity: u8, socket: Option<Socket>, out: &mut dyn Sink) {
    let inbound = matches!(name, "accept" | "accept4" | "recvfrom" | "recvmsg" | "recvmmsg");
    match socket {
        Some(Socket::Inet(ip, port)) => {
            begin(seen, out, class::NETWORK_ACTIVITY, activity, name);
            let (address, number) = if inbound { (attr::SRC_IP, attr::SRC_PORT) } else { (attr::DST_IP, attr::DST_PORT) };
            out.text(address, &ip.to_string());
            out.int(number, port.into());
            out.int(attr::CONNECTION_DIRECTION_ID, if inbound { 1 } else { 2 });
        }
        Some(Socket::Unix(path)) if !path.is_empty() => {
            begin(seen, out, class::NETWORK_ACTIVITY, activity, name);
            out.text(if inbound { attr::SRC_NAME } else { attr::DST_NAME }, &path);
            out.int(attr::CONNECTION_DIRECTION_ID, 4);
        }
        _ => begin(seen, out, class::BASE_EVENT, 99, name),
    }
    process(seen, call, out, false);
}

fn file(seen: &Seen<'_>, call: &Rec<'_>, name: &str, activity: u8, paths: &Paths<'_>, out: &mut dyn Sink) {
    let activity = if activity == OPEN { paths.opened(call, name) } else { activity };
    begin(seen, out, class::FILE_ACTIVITY, activity, name);
    process(seen, call, out, false);
    let path = paths.acted.as_deref().unwrap_or_default();
    out.text(attr::FILE_PATH, path);
    out.text(attr::FILE_NAME, base(path));
    out.int(attr::FILE_TYPE_ID, paths.type_id);
    if let Some(made) = paths.made.as_deref().filter(|_| activity == RENAME) {
        out.text(attr::FILE_RESULT_PATH, made);
        out.text(attr::FILE_RESULT_NAME, base(made));
        out.int(attr::FILE_RESULT_TYPE_ID, paths.type_id);
        // What is there afterwards is what later events read and run.
        out.key(Column::File, made);
    }
}

fn module(seen: &Seen<'_>, call: &Rec<'_>, name: &str, activity: u8, paths: &Paths<'_>, out: &mut dyn Sink) {
    let module = seen.of("KERN_MODULE").and_then(|r| r.text("name")).map(Cow::into_owned).or_else(|| paths.acted.as_deref().map(|p| base(p).to_owned()));
    let Some(module) = module else {
        begin(seen, out, class::BASE_EVENT, 99, name);
        return process(seen, call, out, false);
    };
    begin(seen, out, class::KERNEL_EXTENSION_ACTIVITY, activity, name);
    process(seen, call, out, false);
    out.text(attr::DRIVER_FILE_NAME, &module);
    out.int(attr::DRIVER_FILE_TYPE_ID, 1);
    out.key(Column::Resource, &module);
    put_key(out, Column::File, paths.acted.as_deref());
}

fn base(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path)
}

/// The paths of an event, joined with the working directory.
#[derive(Debug, Default)]
struct Paths<'a> {
    /// What the call acted on: what was deleted, made or opened.
    acted: Option<Cow<'a, str>>,
    /// What came into being.
    made: Option<Cow<'a, str>>,
    /// The program that exec names (item 0).
    executed: Option<Cow<'a, str>>,
    /// Whether the call made the file.
    creates: bool,
    /// OCSF `file.type_id`, from the mode.
    type_id: i64,
}

impl<'a> Paths<'a> {
    fn of(seen: &Seen<'a>, call: &Rec<'_>, name: &str) -> Paths<'a> {
        let cwd = seen.of("CWD").and_then(|r| r.text("cwd"));
        // A name relative to a directory handle is not relative to the working directory.
        let at = name.ends_with("at") || name.ends_with("at2") || name == "renameat2";
        let handle = at && call.get("a0").is_some_and(|f| !f.value.eq_ignore_ascii_case("ffffff9c") && !f.value.eq_ignore_ascii_case("ffffffffffffff9c"));
        let parent = seen.all("PATH").find(|r| r.get("nametype").is_some_and(|f| f.value == "PARENT")).and_then(|r| r.text("name"));
        let folder = if handle { parent.filter(|p| p.starts_with('/')) } else { cwd };
        let mut paths = Paths::default();
        let (mut deleted, mut plain) = (None, None);
        for record in seen.all("PATH") {
            let Some(path) = record.text("name").map(|n| join(folder.as_deref(), n)) else { continue };
            let kind = record.get("nametype").map_or("NORMAL", |f| f.value);
            let item = record.get("item").map_or("0", |f| f.value);
            if item == "0" {
                paths.executed = Some(path.clone());
            }
            if kind != "PARENT" || paths.type_id == 0 {
                paths.type_id = record.get("mode").map_or(0, |f| type_id(f.value));
            }
            match kind {
                "CREATE" => paths.made = Some(path),
                "DELETE" if deleted.is_none() => deleted = Some(path),
                "PARENT" | "DELETE" => {}
                _ if plain.is_none() => plain = Some(path),
                _ => {}
            }
        }
        paths.creates = paths.made.is_some() && deleted.is_none();
        paths.acted = deleted.or_else(|| paths.made.clone()).or(plain).or_else(|| lone_parent(seen, folder.as_deref()));
        paths
    }

    /// What an open was for: made, for writing, for reading.
    fn opened(&self, call: &Rec<'_>, name: &str) -> u8 {
        if self.creates {
            return CREATE;
        }
        let flags = match name {
            "open" => call.get("a1"),
            "openat" => call.get("a2"),
            "creat" => return CREATE,
            _ => None,
        };
        match flags.and_then(|f| u64::from_str_radix(f.value, 16).ok()).map(|f| f & 3) {
            Some(0) => 2,
            Some(1 | 2) => UPDATE,
            _ => OPEN,
        }
    }
}

/// A failed call may name the folder alone.
fn lone_parent<'a>(seen: &Seen<'a>, folder: Option<&str>) -> Option<Cow<'a, str>> {
    seen.all("PATH").find_map(|r| r.text("name")).map(|n| join(folder, n))
}

/// OCSF's file types, from the octal mode.
fn type_id(mode: &str) -> i64 {
    match i64::from_str_radix(mode, 8).unwrap_or(0) & 0o170_000 {
        0o100_000 => 1,
        0o040_000 => 2,
        0o020_000 => 3,
        0o060_000 => 4,
        0o140_000 => 5,
        0o010_000 => 6,
        0o120_000 => 7,
        _ => 0,
    }
}

/// Joins a name with the folder that it is relative to; `.` and `..` are resolved as text.
fn join<'a>(folder: Option<&str>, name: Cow<'a, str>) -> Cow<'a, str> {
    let relative = !name.starts_with('/');
    let plain = !name.contains("./") && !name.contains("//") && !name.ends_with("/.") && !name.ends_with("/..") && !matches!(name.as_ref(), "." | "..");
    if plain && !relative {
        return name;
    }
    let Some(folder) = folder.filter(|_| relative).or((!relative).then_some("")) else { return name };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Cow::Owned(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined() {
        let j = |folder, name: &str| join(folder, Cow::Borrowed(name)).into_owned();
        assert_eq!(j(Some("/root"), "a/b"), "/root/a/b");
        assert_eq!(j(Some("/root"), "./a"), "/root/a");
        assert_eq!(j(Some("/home/al"), "../../etc/passwd"), "/etc/passwd");
        assert_eq!(j(Some("/root"), "/bin//ls"), "/bin/ls");
        assert_eq!(j(None, "a"), "a");
        assert_eq!(j(Some("/root"), "."), "/root");
    }
}
