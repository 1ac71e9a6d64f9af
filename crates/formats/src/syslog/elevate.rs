//! Ways other than sudo and su to act as somebody else: polkit, pkexec, doas.
//!
//! Source: polkit's `pkexec.c` and `polkitbackendinteractiveauthority.c`, OpenDoas `doas.c`.

use event::{Column, Sink, attr, class};

use super::{
    line::{Line, some},
    pam,
    sudo::ACCOUNT_SWITCH,
};

/// Who became whom, running what.
#[derive(Debug, Default, PartialEq)]
struct Switch<'a> {
    user: &'a str,
    target: &'a str,
    command: &'a str,
    tty: &'a str,
    cwd: &'a str,
    reason: &'a str,
    success: bool,
}

/// Reads a line of pkexec or doas.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let said = if line.program == "doas" { doas(line.text)? } else { pkexec(line.text)? };
    line.begin(out, class::AUTHENTICATION, ACCOUNT_SWITCH, line.program);
    out.text(attr::SERVICE_NAME, line.program);
    out.int(attr::ACCOUNT_SWITCH_TYPE_ID, 1);
    out.text(attr::ACTOR_USER_NAME, said.user);
    out.text(attr::USER_NAME, if said.target.is_empty() { said.user } else { said.target });
    line.user(out, Column::User, said.user);
    line.user(out, Column::TargetUser, said.target);
    line.outcome(out, said.success);
    out.text(attr::STATUS_DETAIL, said.reason);
    out.text(attr::SESSION_TERMINAL, said.tty);
    out.key(Column::Command, said.command);
    out.key(Column::Exe, said.command.split(' ').next().filter(|w| w.starts_with('/')).unwrap_or_default());
    some(out, "COMMAND", said.command);
    some(out, "CWD", said.cwd);
    line.end(out);
    Some(())
}

/// `alice: Executing command [USER=root] [TTY=/dev/pts/0] [CWD=/home/alice] [COMMAND=/usr/bin/id]`. The command reaches to the end of the line.
fn pkexec(text: &str) -> Option<Switch<'_>> {
    let (user, rest) = text.split_once(": ").filter(|(u, _)| !u.is_empty() && !u.contains(' '))?;
    let (head, command) = rest.split_once(" [COMMAND=")?;
    let field = |name: &str| head.split_once(name).and_then(|(_, v)| v.split_once(']')).map(|(v, _)| v).unwrap_or_default();
    let (said, _) = head.split_once(" [")?;
    let success = said == "Executing command";
    let command = command.strip_suffix(']').unwrap_or(command);
    let reason = if success { "" } else { said };
    Some(Switch { user, target: field("[USER="), command, tty: field("[TTY="), cwd: field("[CWD="), reason, success })
}

/// `alice ran command id as root from /home/alice`, `failed auth for alice`, `command not permitted for alice: id`.
fn doas(text: &str) -> Option<Switch<'_>> {
    if let Some((user, rest)) = text.split_once(" ran command ") {
        // The directory comes last, and a command may hold ` as `: sought from the end.
        let (rest, cwd) = rest.rsplit_once(" from ").unwrap_or((rest, ""));
        let (command, target) = rest.rsplit_once(" as ")?;
        return Some(Switch { user, target, command, cwd, success: true, ..Switch::default() });
    }
    if let Some(user) = text.strip_prefix("failed auth for ") {
        return Some(Switch { user, reason: "failed auth", ..Switch::default() });
    }
    let rest = ["command not permitted for ", "failed command for "].iter().find_map(|p| text.strip_prefix(p))?;
    let (user, command) = rest.split_once(": ")?;
    Some(Switch { user, command, reason: "command not permitted", ..Switch::default() })
}

/// Reads a line of polkitd: `Operator of unix-session:2 successfully authenticated as unix-user:root to gain … for action A for … (owned by unix-user:alice)`.
pub fn polkit(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let (session, rest) = line.text.strip_prefix("Operator of unix-session:")?.split_once(' ')?;
    let success = rest.starts_with("successfully");
    let target = rest.split_once("authenticate").and_then(|(_, r)| r.split_once("as unix-user:")).and_then(|(_, t)| t.split(' ').next()).unwrap_or_default();
    let action = rest.split_once(" for action ").and_then(|(_, a)| a.split(' ').next()).unwrap_or_default();
    let owner = rest.rsplit_once("(owned by unix-user:").map(|(_, o)| o.trim_end_matches(')')).filter(|o| !o.is_empty())?;
    line.begin(out, class::AUTHENTICATION, ACCOUNT_SWITCH, "polkit");
    out.text(attr::SERVICE_NAME, "polkitd");
    out.int(attr::ACCOUNT_SWITCH_TYPE_ID, 1);
    out.text(attr::ACTOR_USER_NAME, owner);
    out.text(attr::USER_NAME, if target.is_empty() { owner } else { target });
    line.user(out, Column::User, owner);
    line.user(out, Column::TargetUser, target);
    line.login_session(out, Column::Session, session);
    line.outcome(out, success);
    some(out, "action", action);
    out.other("session", session);
    line.end(out);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches() {
        let s = pkexec("al: Executing command [USER=root] [TTY=/dev/pts/0] [CWD=/home/al] [COMMAND=/usr/bin/x a] b]").unwrap();
        assert_eq!((s.user, s.target, s.tty, s.command, s.success), ("al", "root", "/dev/pts/0", "/usr/bin/x a] b", true));
        let s = pkexec("al: Error executing command as another user: Not authorized [USER=root] [TTY=x] [CWD=/] [COMMAND=/bin/sh]").unwrap();
        assert_eq!((s.reason, s.success), ("Error executing command as another user: Not authorized", false));
        let s = doas("al ran command echo run as root as bob from /home/al").unwrap();
        assert_eq!((s.command, s.target, s.cwd), ("echo run as root", "bob", "/home/al"));
        assert_eq!(doas("failed auth for al").unwrap().user, "al");
    }
}
