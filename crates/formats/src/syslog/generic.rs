//! Lines of programs that have no file of their own: program, process id and text are kept. Cron's commands are jobs.

use event::{Column, Sink, attr, class};

use super::line::Line;

/// A Base Event of any line.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) {
    line.begin(out, class::BASE_EVENT, 99, if line.program.is_empty() { "message" } else { line.program });
    line.end(out);
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
