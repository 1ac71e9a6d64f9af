//! cron, crontab, anacron and atd: commands run by the clock, and the tables that say so.
//!
//! Source: `cron/do_command.c` and `misc.c` of Debian's cron and cronie, `anacron/log.c`, `at/atd.c`.

use event::{Column, Sink, attr, class};

use super::{generic, line::Line, pam};

/// OCSF Scheduled Job Activity.
const UPDATE: u8 = 2;
const DELETE: u8 = 3;
const START: u8 = 6;
const OTHER: u8 = 99;

/// Reads a line of cron, crontab, anacron or atd.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    pam::read(line, out).or_else(|| cron(line, out)).or_else(|| anacron(line, out)).or_else(|| atd(line, out))
}

/// `(root) CMD (run-parts /etc/cron.hourly)`, `(alice) REPLACE (alice)`: user, act, and what was acted on to the end of the line.
fn cron(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let (user, rest) = line.text.strip_prefix('(')?.split_once(") ")?;
    let (act, thing) = rest.split_once(" (")?;
    let thing = thing.strip_suffix(')').unwrap_or(thing);
    let (activity, operation) = match act {
        "CMD" => (START, "cron"),
        "CMDEND" => (OTHER, "cron_end"),
        "REPLACE" | "RELOAD" | "END EDIT" => (UPDATE, "crontab_changed"),
        "DELETE" => (DELETE, "crontab_deleted"),
        "LIST" | "BEGIN EDIT" => (OTHER, "crontab_read"),
        _ => return None,
    };
    let is_command = matches!(act, "CMD" | "CMDEND");
    // A command may carry cronie's process id: `([4711] /usr/bin/true)`.
    let (pid, command) = match thing.strip_prefix('[').and_then(|t| t.split_once("] ")) {
        Some((pid, command)) if is_command => (pid.parse::<i64>().ok(), command),
        _ => (None, thing),
    };
    let typed = line.on_host(out, class::SCHEDULED_JOB_ACTIVITY, activity, operation);
    if typed {
        out.text(attr::JOB_NAME, if is_command { command } else { thing });
    } else {
        line.base(out, operation);
    }
    // `(*system*) RELOAD (/etc/crontab)` is cron's own doing.
    if user != "*system*" {
        line.actor(out, user);
    }
    if is_command {
        if typed {
            out.text(attr::JOB_CMD_LINE, command);
            out.text(attr::JOB_USER_NAME, user);
        }
        out.key(Column::Command, command);
        out.other("command", command);
    } else {
        let owner = thing.strip_prefix("crontabs/").unwrap_or(thing);
        line.user(out, Column::TargetUser, if owner.contains('/') { "" } else { owner });
        out.other("table", thing);
    }
    if let Some(pid) = pid {
        out.other("pid", &pid.to_string());
    }
    out.other("act", act);
    line.end(out);
    Some(())
}

/// ``Job `cron.daily' started``, `Will run job …`, `Normal exit (1 job run)`.
fn anacron(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let rest = line.text.strip_prefix("Job `").or_else(|| line.text.strip_prefix("Job '"))?;
    let (name, said) = rest.split_once("' ")?;
    let activity = if said.starts_with("started") { START } else { OTHER };
    job(line, out, activity, "anacron", name, said)
}

/// `Starting job 5 (a0000501a6b5c0) for user 'root' (0)`.
fn atd(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let (name, rest) = line.text.strip_prefix("Starting job ")?.split_once(" (")?;
    let (file, rest) = rest.split_once(") for user '")?;
    let user = rest.split_once('\'')?.0;
    let typed = line.on_host(out, class::SCHEDULED_JOB_ACTIVITY, START, "at");
    if !typed {
        return generic::plain(line, out);
    }
    out.text(attr::JOB_NAME, name);
    out.text(attr::JOB_USER_NAME, user);
    out.text(attr::JOB_FILE_NAME, file);
    out.int(attr::JOB_FILE_TYPE_ID, 1);
    line.actor(out, user);
    line.end(out);
    Some(())
}

fn job(line: &Line<'_>, out: &mut dyn Sink, activity: u8, operation: &str, name: &str, said: &str) -> Option<()> {
    if !line.on_host(out, class::SCHEDULED_JOB_ACTIVITY, activity, operation) {
        return None;
    }
    out.text(attr::JOB_NAME, name);
    out.text(attr::STATUS_DETAIL, said);
    line.end(out);
    Some(())
}
