//! How a session was begun: typed at a terminal, one command from afar, files, a job, a service.

use super::{How, Proc, login};

/// Shells that run what follows `-c`.
const SHELLS: [&str; 9] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash", "tcsh"];
/// Programs at the far end of a file transfer.
const TRANSFERS: [&str; 4] = ["sftp-server", "internal-sftp", "rsync", "scp"];

/// How a login was begun, from the program that let it in, its terminal, and what ran first.
pub(super) fn of_login(service: Option<&str>, tty: Option<&str>, procs: &[Proc], opened: bool) -> How {
    if service.is_some_and(login::is_job) {
        return How::Cron;
    }
    if tty.is_some() || procs.iter().any(|p| p.tty.is_some()) {
        return How::Terminal;
    }
    // What a login program runs as root before it hands over (a message of the day) is not what was asked for.
    let own = |p: &&Proc| p.command.is_some() && p.effective.is_none() && !p.exe.as_deref().map(login::base).is_some_and(|n| n == "sshd" || n == "login");
    if let Some(first) = procs.iter().find(own) {
        let command = first.command.as_deref().unwrap_or_default();
        let mut words = command.split_whitespace();
        let (program, option) = (login::base(words.next().unwrap_or_default().trim_start_matches('-')), words.next());
        let rest = words.next().map(login::base);
        if TRANSFERS.contains(&program) || rest.is_some_and(|r| TRANSFERS.contains(&r)) {
            return How::FileTransfer;
        }
        if SHELLS.contains(&program) && option == Some("-c") {
            return How::RemoteCommand;
        }
    }
    if opened { How::Login } else { How::Unknown }
}
