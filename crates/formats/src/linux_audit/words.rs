//! The line for people of a system call: who did what to what. Never decides a column.

use super::{
    decode::Socket,
    map::{Rec, Seen},
    paths::Paths,
    syscalls::{self, Act},
};

/// A command line in the line for people, in characters; the column has all of it.
const COMMAND_MAX: usize = 400;

/// `root ran curl -sT /tmp/x https://198.51.100.77/u`, `ssh connected to 10.20.2.20:22`, `alice read /etc/shadow (cat)`.
pub(super) fn message(seen: &Seen<'_>, call: &Rec<'_>, name: &str, paths: &Paths<'_>, socket: Option<Socket>) -> String {
    let failed = call.get("success").is_some_and(|f| f.value == "no") && !syscalls::under_way(call, name);
    let program = call.text("comm").unwrap_or_default();
    let who = who(call, &program);
    let act = syscalls::act(name);
    let said = match (act, socket) {
        (Act::Exec, _) => Some(format!("{who} {} {}", if failed { "failed to run" } else { "ran" }, short(&syscalls::launched(seen, call, paths)))),
        (Act::Network(_), Some(Socket::Inet(ip, port))) => {
            let port = if ip.is_ipv6() { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") };
            Some(format!("{program} {} {port}", network(name, failed, syscalls::under_way(call, name))))
        }
        (Act::Network(_), Some(Socket::Unix(path))) if !path.is_empty() => Some(format!("{program} {} {path}", network(name, failed, false))),
        (Act::File(activity), _) => paths.acted.as_deref().map(|path| {
            let activity = if activity == syscalls::OPEN { paths.opened(call, name) } else { activity };
            let made = paths.made.as_deref().filter(|_| activity == syscalls::RENAME).map(|m| format!(" to {m}")).unwrap_or_default();
            format!("{who} {} {path}{made} ({program})", file(activity, name, failed))
        }),
        _ => None,
    };
    said.unwrap_or_else(|| {
        let failed = if failed { " (failed)" } else { "" };
        let title = syscalls::title(seen).map(|t| format!(" in {}", short(&t))).unwrap_or_default();
        format!("{program}: {name}{failed}{title}")
    })
}

/// The user as whom it was done: by name, else by number; the program where no record says.
fn who(call: &Rec<'_>, program: &str) -> String {
    let key = if call.id("euid").is_some() { "euid" } else { "uid" };
    match (call.name(key), call.id(key)) {
        (Some(name), _) => name.to_owned(),
        (None, Some(id)) => format!("uid {id}"),
        (None, None) => program.to_owned(),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(COMMAND_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn network(name: &str, failed: bool, under_way: bool) -> &'static str {
    match (name, failed) {
        ("connect", _) if under_way => "began to connect to",
        ("connect", false) => "connected to",
        ("connect", true) => "failed to connect to",
        ("accept" | "accept4", false) => "accepted a connection from",
        ("accept" | "accept4", true) => "failed to accept a connection from",
        ("bind" | "listen", false) => "took the address",
        ("bind" | "listen", true) => "failed to take the address",
        (n, false) if n.starts_with("recv") => "received from",
        (n, true) if n.starts_with("recv") => "failed to receive from",
        (_, false) => "sent to",
        (_, true) => "failed to send to",
    }
}

fn file(activity: u8, name: &str, failed: bool) -> String {
    let (did, to_do) = match activity {
        syscalls::CREATE => ("created", "create"),
        2 => ("read", "read"),
        syscalls::UPDATE => ("wrote", "write"),
        syscalls::DELETE => ("deleted", "delete"),
        syscalls::RENAME => ("renamed", "rename"),
        syscalls::SET_ATTRIBUTES => ("changed attributes of", "change attributes of"),
        syscalls::SET_SECURITY => ("changed the owner of", "change the owner of"),
        syscalls::GET_ATTRIBUTES => ("looked at", "look at"),
        syscalls::OPEN => ("opened", "open"),
        12 => ("mounted", "mount"),
        13 => ("unmounted", "unmount"),
        _ => return format!("{}called {name} on", if failed { "failed when it " } else { "" }),
    };
    if failed { format!("failed to {to_do}") } else { did.to_owned() }
}
