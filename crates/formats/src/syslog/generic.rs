//! Lines of programs that have no file of their own: program, process id and text are kept. Cron's commands are jobs.

use event::{Column, Sink, attr, class};

use super::line::Line;

/// A Base Event of any line.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) {
    line.begin(out, class::BASE_EVENT, 99, "message");
    line.end(out);
}

/// The kernel's own words about audit records that it could not keep: a gap of another log, told in this one.
pub fn kernel(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let text = line.text.split_once("audit: ").map(|(_, t)| t)?;
    let lost = text.split("lost=").nth(1).and_then(|n| n.split(|c: char| !c.is_ascii_digit()).next()).and_then(|n| n.parse::<i64>().ok());
    if lost.is_none_or(|n| n == 0) && !text.starts_with("backlog limit exceeded") && !text.starts_with("rate limit exceeded") {
        return None;
    }
    line.begin(out, class::BASE_EVENT, 99, "audit_lost");
    out.key(Column::Gap, "lost");
    if let Some(n) = lost {
        out.key_int(Column::GapCount, n);
        out.other("lost", &n.to_string());
    }
    line.end(out);
    Some(())
}

/// `(root) CMD (run-parts /etc/cron.hourly)`.
pub fn cron(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let (user, rest) = line.text.strip_prefix('(')?.split_once(") ")?;
    let command = rest.strip_prefix("CMD (")?.strip_suffix(')')?;
    line.begin(out, class::BASE_EVENT, 99, "cron");
    out.text(attr::ACTOR_USER_NAME, user);
    line.user(out, Column::User, user);
    out.key(Column::Command, command);
    out.other("command", command);
    line.end(out);
    Some(())
}
