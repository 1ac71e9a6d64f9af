//! Histories of shells with times: bash (`HISTTIMEFORMAT`), zsh (`EXTENDED_HISTORY`), fish.
//!
//! A line says what was typed, not that it ran. Who typed it is known from the folder that the file lay in. Commands that take away a history are gaps.

use std::borrow::Cow;

use event::{Column, Facet, Mark, Sink, Time, attr, class};

use crate::{
    Format, Framing, Parser, Record, Reject, Within,
    frame::{Block, Encoding},
};

/// bash, zsh, fish.
pub struct ShellHistory;

/// Lines looked at to tell a history from other text.
const SNIFF_LINES: usize = 60;

impl Format for ShellHistory {
    fn name(&self) -> &'static str {
        "shell_history"
    }
    fn title(&self) -> &'static str {
        "shell history with times (bash, zsh, fish)"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::Blocks(Block::ShellHistory)
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let named = file_name.contains("history");
        let starts = head.split(|b| *b == b'\n').take(SNIFF_LINES).filter(|l| Block::ShellHistory.begins(l)).count();
        let first = head.split(|b| *b == b'\n').next().is_some_and(|l| Block::ShellHistory.begins(l));
        match (first, starts, named) {
            (true, ..) => 90,
            (_, 1.., true) => 80,
            _ => 0,
        }
    }
    fn parser(&self) -> Box<dyn Parser> {
        self.parser_in(&Within::default())
    }
    fn parser_in(&self, within: &Within) -> Box<dyn Parser> {
        Box::new(Commands { user: owner(&within.source) })
    }
}

/// `…/home/alice/.bash_history` is alice's, `…/root/.zsh_history` root's.
fn owner(source: &str) -> String {
    let parts: Vec<&str> = source.split('/').collect();
    let folder = parts.iter().rev().nth(1).copied().unwrap_or_default();
    let in_home = |w: &[&str]| matches!(w, [home, user, ..] if matches!(*home, "home" | "Users") && !user.is_empty());
    let home = parts.windows(2).find(|w| in_home(w)).and_then(|w| w.get(1)).filter(|_| parts.len() > 2);
    match home {
        Some(user) => (*user).to_owned(),
        None if folder == "root" => "root".to_owned(),
        None => String::new(),
    }
}

struct Commands {
    user: String,
}

impl Parser for Commands {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        if matches!(Encoding::of(record.bytes), Encoding::Utf16Le | Encoding::Utf16Be) {
            return Err(Reject::Encoding("UTF-16"));
        }
        let text = String::from_utf8_lossy(record.bytes);
        let said = said(text.trim_end_matches(['\n', '\r']));
        let host = record.host.unwrap_or_default().to_ascii_lowercase();
        out.begin(class::BASE_EVENT, 99, said.time.unwrap_or(Time(0)));
        out.text(attr::METADATA_PRODUCT_NAME, said.shell);
        out.key(Column::Operation, "shell_command");
        out.key(Column::Service, said.shell);
        out.key(Column::Command, &said.command);
        out.text(attr::MESSAGE, &said.command);
        out.other("command", &said.command);
        if let Some(seconds) = said.seconds {
            out.int(attr::DURATION, seconds.saturating_mul(1000));
        }
        if !host.is_empty() {
            out.text(attr::DEVICE_HOSTNAME, &host);
            out.int(attr::DEVICE_TYPE_ID, 0);
            out.mark(Mark::HostAssumed);
        }
        if !self.user.is_empty() {
            out.text(attr::ACTOR_USER_NAME, &self.user);
            let user = if host.is_empty() { self.user.clone() } else { format!("{}@{host}", self.user) };
            out.key(Column::User, &user);
        }
        if clears(&said.command) {
            out.key(Column::Gap, "cleared");
        }
        if matches!(text, Cow::Owned(_)) {
            out.mark(Mark::NotUtf8);
        }
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}

struct Said<'a> {
    shell: &'static str,
    time: Option<Time>,
    seconds: Option<i64>,
    command: Cow<'a, str>,
}

fn said(text: &str) -> Said<'_> {
    let seconds = |t: &str| t.trim().parse::<i64>().ok();
    if let Some((stamp, command)) = text.strip_prefix('#').filter(|_| Block::ShellHistory.begins(first(text))).map(|t| t.split_once('\n').unwrap_or((t, ""))) {
        return Said { shell: "bash", time: seconds(stamp).map(Time::from_secs), seconds: None, command: command.into() };
    }
    if let Some((stamp, command)) = text.strip_prefix(": ").filter(|_| Block::ShellHistory.begins(first(text))).and_then(|t| t.split_once(';')) {
        let (time, took) = stamp.split_once(':').unwrap_or((stamp, ""));
        // zsh writes a backslash before each line's end.
        return Said { shell: "zsh", time: seconds(time).map(Time::from_secs), seconds: seconds(took), command: command.replace("\\\n", "\n").into() };
    }
    if let Some((command, more)) = text.strip_prefix("- cmd: ").map(|t| t.split_once('\n').unwrap_or((t, ""))) {
        let when = more.lines().find_map(|l| l.trim().strip_prefix("when: ")).and_then(seconds);
        return Said { shell: "fish", time: when.map(Time::from_secs), seconds: None, command: command.replace("\\n", "\n").into() };
    }
    Said { shell: "bash", time: None, seconds: None, command: text.into() }
}

fn first(text: &str) -> &[u8] {
    text.split('\n').next().unwrap_or_default().as_bytes()
}

/// Commands after which a history or log no longer tells what was done.
fn clears(command: &str) -> bool {
    const WAYS: &[&str] = &["history -c", "unset HISTFILE", "HISTFILE=/dev/null", "HISTSIZE=0", "set +o history", "history -p"];
    let wipes = ["rm ", "shred ", "truncate ", "> ", "ln -s /dev/null", "ln -sf /dev/null", "cat /dev/null >"].iter().any(|w| command.contains(w));
    let told = ["_history", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog", "/var/log/auth.log", "/var/log/secure", "/var/log/syslog", "/var/log/audit"];
    WAYS.iter().any(|w| command.contains(w)) || (wipes && told.iter().any(|t| command.contains(t)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_and_ways_to_hide() {
        assert_eq!(owner("web-1/home/alice/.bash_history"), "alice");
        assert_eq!(owner("web-1/root/.bash_history"), "root");
        assert_eq!(owner(".bash_history"), "");
        assert!(clears("history -c && exit") && clears("rm -f ~/.bash_history") && clears("cat /dev/null > /var/log/wtmp") && !clears("rm -rf build"));
    }
}
