//! Events of system calls: programs started, files, connections, modules, identities.

use std::borrow::Cow;

use event::{Class, Column, Sink, attr, class};

use super::{
    decode::{self, Socket},
    map::{Rec, Seen, put, put_key},
    paths::{Paths, base},
    programs, tables, words,
};

/// What a system call does, in OCSF's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Exec,
    Fork,
    Exit,
    SetId,
    Network(u8),
    File(u8),
    Module(u8),
    Plain,
}

pub(super) const CREATE: u8 = 1;
pub(super) const UPDATE: u8 = 3;
pub(super) const DELETE: u8 = 4;
pub(super) const RENAME: u8 = 5;
pub(super) const SET_ATTRIBUTES: u8 = 6;
pub(super) const SET_SECURITY: u8 = 7;
pub(super) const GET_ATTRIBUTES: u8 = 8;
pub(super) const OPEN: u8 = 14;

/// What a system call does, by its name.
pub(super) fn act(call: &str) -> Act {
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
    let address = socket.clone();
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
    out.text(attr::MESSAGE, &words::message(seen, call, name, &paths, address));
}

fn begin(seen: &Seen<'_>, out: &mut dyn Sink, class: Class, activity: u8, name: &str) {
    seen.begin(out, class, activity, name);
}

/// Outcome, error, session.
fn finish(seen: &Seen<'_>, call: &Rec<'_>, name: &str, out: &mut dyn Sink) {
    let success = call.get("success").map(|f| f.value == "yes");
    let error = call.int("exit").filter(|_| success == Some(false)).and_then(tables::errno);
    // A socket that does not block answers EINPROGRESS to every connect: it is on its way, and how it ended no record says
    // (connect(2)). The outcome stays open; the error column keeps the kernel's word.
    if !under_way(call, name) {
        seen.outcome(out, call);
    }
    put(out, attr::STATUS_CODE, error);
    put_key(out, Column::Session, seen.session(call));
}

/// Whether the connection is being made while the call is over.
pub(super) fn under_way(call: &Rec<'_>, name: &str) -> bool {
    name == "connect" && call.int("exit").and_then(tables::errno) == Some("EINPROGRESS")
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
    put_key(out, Column::File, paths.executed.as_deref());
    out.text(attr::PROCESS_CMD_LINE, &launched(seen, call, paths));
    if failed(call) {
        put(out, attr::PROCESS_PATH, paths.executed.as_deref());
    }
    became(seen, call, out);
}

fn failed(call: &Rec<'_>) -> bool {
    call.get("success").is_some_and(|f| f.value == "no")
}

/// What was run, or tried. A try that failed has no arguments of its own: the process title is still that of who tried.
pub(super) fn launched(seen: &Seen<'_>, call: &Rec<'_>, paths: &Paths<'_>) -> String {
    let tried = paths.executed.as_deref().filter(|_| failed(call) && seen.of("EXECVE").is_none());
    tried.map_or_else(|| command_line(seen), str::to_owned)
}

/// The arguments of EXECVE; where it is missing, the process title.
fn command_line(seen: &Seen<'_>) -> String {
    let mut arguments = decode::Arguments::default();
    for field in seen.all("EXECVE").flat_map(|r| &r.fields) {
        arguments.take(*field);
    }
    let list = arguments.list();
    match list.is_empty() {
        true => title(seen).unwrap_or_default(),
        false => list.join(" "),
    }
}

/// The process title, if there is one.
pub(super) fn title(seen: &Seen<'_>) -> Option<String> {
    seen.of("PROCTITLE").and_then(|r| r.get("proctitle")).map(decode::proctitle).filter(|t| !t.is_empty())
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
