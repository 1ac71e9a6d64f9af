//! What the programs that keep logs say of themselves: started, stopped, and how many messages they dropped.
//!
//! Source: rsyslog (`tools/rsyslogd.c`, `ratelimit.c`), systemd-journald, syslog-ng, sysklogd, auditd and its dispatcher.

use event::Sink;

use super::line::{Line, some};

/// What one line of a logger means.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    /// Messages are missing, and how many.
    Lost(Option<i64>),
    Stopped,
    Started,
}

/// Reads a line of a program that keeps logs.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let word = word(line.program, line.text)?;
    line.base(
        out,
        match word {
            Word::Lost(_) => "log_lost",
            Word::Stopped => "log_stopped",
            Word::Started => "log_started",
        },
    );
    match word {
        Word::Lost(count) => line.gap(out, "lost", count),
        // What was said between a stop and the next start, nobody wrote down.
        Word::Stopped | Word::Started => line.gap(out, "stopped", None),
    }
    if let Some(unit) = line.text.split_once(" messages from ").map(|(_, u)| u) {
        some(out, "from", unit.split(' ').next().unwrap_or_default().trim_end_matches('.'));
    }
    line.end(out);
    Some(())
}

fn word(program: &str, text: &str) -> Option<Word> {
    let found = match program {
        "rsyslogd" | "rsyslogd-2007" | "rsyslog" | "rsyslogd-pstats" => rsyslog(text),
        "systemd-journald" | "systemd-journal" | "journal" => journald(text),
        "auditd" | "audispd" | "audisp-syslog" => auditd(text),
        "syslogd" | "klogd" => match () {
            () if text.starts_with("exiting") || text.contains("terminating") => Some(Word::Stopped),
            () if text.contains("restart") || text.contains("started") => Some(Word::Started),
            () => None,
        },
        "syslog-ng" => match () {
            () if text.contains("shutting down") => Some(Word::Stopped),
            () if text.contains("starting up") => Some(Word::Started),
            () => text.contains("dropped").then(|| Word::Lost(number_after(text, "dropped='").or_else(|| number_after(text, "count='")))),
        },
        _ => None,
    };
    found.filter(|w| *w != Word::Lost(Some(0)))
}

fn rsyslog(text: &str) -> Option<Word> {
    if text.contains("software=\"rsyslogd\"") {
        let said = text.rsplit_once("] ").map_or("", |(_, s)| s);
        return match () {
            () if said.starts_with("exiting") => Some(Word::Stopped),
            () if said.ends_with("start") => Some(Word::Started),
            () => None,
        };
    }
    // `imjournal: 312 messages lost due to rate-limiting`, `imuxsock lost 5 messages from pid 7 due to rate-limiting`, `begin to drop messages due to rate-limiting`.
    if text.contains("rate-limiting") {
        let count = number_after(text, "lost ").or_else(|| number_before(text, " messages lost"));
        return Some(Word::Lost(count));
    }
    (text.contains("messages lost") || text.contains("message lost") || text.contains("discarded")).then(|| Word::Lost(number_before(text, " messages")))
}

fn journald(text: &str) -> Option<Word> {
    if let Some(rest) = text.strip_prefix("Suppressed ").or_else(|| text.strip_prefix("Missed ")) {
        return Some(Word::Lost(rest.split(' ').next().and_then(|n| n.parse().ok())));
    }
    if text.starts_with("Forwarding to syslog missed ") {
        return Some(Word::Lost(number_after(text, "missed ")));
    }
    if text.contains("corrupted or uncleanly shut down") {
        return Some(Word::Lost(None));
    }
    match text {
        "Journal stopped" => Some(Word::Stopped),
        "Journal started" => Some(Word::Started),
        _ => text.starts_with("Received SIGTERM").then_some(Word::Stopped),
    }
}

fn auditd(text: &str) -> Option<Word> {
    match () {
        () if text.contains("daemon is exiting") || text.contains("suspending logging") || text.contains("no longer logging") => Some(Word::Stopped),
        () if text.contains("Init complete") || text.contains("resuming logging") || text.starts_with("Started dispatcher") => Some(Word::Started),
        () if text.contains("queue is full") || text.contains("dropping event") || text.contains("lost=") => Some(Word::Lost(number_after(text, "lost="))),
        () => None,
    }
}

fn number_after(text: &str, word: &str) -> Option<i64> {
    let rest = text.split_once(word)?.1;
    rest.get(..rest.bytes().take_while(u8::is_ascii_digit).count())?.parse().ok()
}

fn number_before(text: &str, word: &str) -> Option<i64> {
    text.split_once(word)?.0.rsplit([' ', ':']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses() {
        assert_eq!(word("rsyslogd", "imjournal: 312 messages lost due to rate-limiting (20000 allowed within 600 seconds)"), Some(Word::Lost(Some(312))));
        assert_eq!(word("rsyslogd", "imuxsock lost 5 messages from pid 7 due to rate-limiting"), Some(Word::Lost(Some(5))));
        assert_eq!(word("rsyslogd", "imjournal: begin to drop messages due to rate-limiting"), Some(Word::Lost(None)));
        assert_eq!(word("systemd-journald", "Suppressed 4711 messages from web.service"), Some(Word::Lost(Some(4711))));
        assert_eq!(word("systemd-journald", "Missed 12 kernel messages"), Some(Word::Lost(Some(12))));
        assert_eq!(word("rsyslogd", "[origin software=\"rsyslogd\" swVersion=\"8.2\" x-pid=\"1\" x-info=\"u\"] exiting on signal 15."), Some(Word::Stopped));
        assert_eq!(word("rsyslogd", "[origin software=\"rsyslogd\" swVersion=\"8.2\" x-pid=\"1\" x-info=\"u\"] rsyslogd was HUPed"), None);
        assert_eq!(word("auditd", "The audit daemon is exiting."), Some(Word::Stopped));
    }
}
