//! systemd and systemd-logind: units that start, stop and fail; login sessions that come and go.
//!
//! Source: `src/core/job.c`, `src/core/service.c`, `src/login/logind-session.c` of systemd. A session of logind has the number that audit gives it.

use event::{Column, Sink, attr, class};

use super::line::{Line, some};

/// OCSF Application Lifecycle.
const START: u8 = 3;
const STOP: u8 = 4;
const OTHER: u8 = 99;

/// Reads a line of systemd itself, as the machine's or a user's manager.
pub fn manager(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let text = line.text;
    if matches!(text, "Time has been changed" | "Time jumped backwards, rotating.") || text.starts_with("Time has been changed") {
        line.base(out, "clock_changed");
        line.end(out);
        return Some(());
    }
    let change = change(text)?;
    line.begin(out, class::APPLICATION_LIFECYCLE, change.activity, change.operation);
    out.text(attr::APP_NAME, change.unit);
    out.key(Column::Service, change.unit);
    if let Some(success) = change.success {
        line.outcome(out, success);
    }
    out.text(attr::STATUS_DETAIL, change.detail);
    line.end(out);
    Some(())
}

#[derive(Debug, PartialEq)]
struct Change<'a> {
    activity: u8,
    operation: &'static str,
    unit: &'a str,
    success: Option<bool>,
    detail: &'a str,
}

/// `Started nginx.service - A high performance web server.`, `Failed to start X.`, `x.service: Failed with result 'exit-code'.`
fn change(text: &str) -> Option<Change<'_>> {
    const SAID: &[(&str, u8, &str, Option<bool>)] = &[
        ("Started ", START, "unit_started", Some(true)),
        ("Starting ", START, "unit_starting", None),
        ("Finished ", STOP, "unit_finished", Some(true)),
        ("Stopped ", STOP, "unit_stopped", Some(true)),
        ("Stopping ", STOP, "unit_stopping", None),
        ("Failed to start ", START, "unit_failed", Some(false)),
        ("Reloaded ", OTHER, "unit_reloaded", Some(true)),
    ];
    for (prefix, activity, operation, success) in SAID {
        if let Some(rest) = text.strip_prefix(prefix) {
            let rest = rest.strip_suffix("...").or_else(|| rest.strip_suffix('…')).or_else(|| rest.strip_suffix('.')).unwrap_or(rest);
            let (unit, detail) = rest.split_once(" - ").filter(|(u, _)| is_unit(u)).unwrap_or((rest, ""));
            return (!unit.is_empty()).then_some(Change { activity: *activity, operation, unit, success: *success, detail });
        }
    }
    let (unit, detail) = text.split_once(": ").filter(|(u, _)| is_unit(u))?;
    let failed = ["Failed with result", "Main process exited", "Control process exited", "Unit entered failed state", "Start request repeated", "Failed to "];
    let fails = failed.iter().any(|f| detail.starts_with(f)) && !detail.contains("status=0/SUCCESS");
    let ends = detail.starts_with("Deactivated successfully") || detail.starts_with("Succeeded") || detail.starts_with("Consumed ");
    let operation = if fails {
        "unit_failed"
    } else if ends {
        "unit_stopped"
    } else {
        "unit"
    };
    let success = if fails { Some(false) } else { ends.then_some(true) };
    Some(Change { activity: if ends || fails { STOP } else { OTHER }, operation, unit, success, detail })
}

fn is_unit(name: &str) -> bool {
    const KINDS: [&str; 10] = [".service", ".socket", ".timer", ".scope", ".slice", ".mount", ".target", ".path", ".swap", ".device"];
    !name.contains(' ') && KINDS.iter().any(|k| name.ends_with(k))
}

/// Reads a line of logind.
pub fn logind(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let text = line.text.trim_end_matches('.');
    if let Some((id, rest)) = text.strip_prefix("New session ").and_then(|r| r.split_once(" of user ")) {
        // Since systemd 256 class and type follow: `alice with class 'user' and type 'tty'`.
        let (user, more) = rest.split_once(" with class '").unwrap_or((rest, ""));
        let user = user.trim_matches('\'').trim_end_matches('.');
        if user.is_empty() || id.is_empty() {
            return None;
        }
        line.begin(out, class::AUTHENTICATION, 1, "session_opened");
        out.text(attr::SERVICE_NAME, "systemd-logind");
        line.outcome(out, true);
        out.text(attr::USER_NAME, user);
        line.user(out, Column::User, user);
        out.text(attr::SESSION_UID, id.trim_matches('\''));
        line.login_session(out, Column::TargetSession, id.trim_matches('\''));
        some(out, "class", more.split('\'').next().unwrap_or_default());
        line.end(out);
        return Some(());
    }
    let ended = text.strip_prefix("Removed session ").map(|id| (id, "session_closed"));
    let ended = ended.or_else(|| Some((text.strip_prefix("Session ")?.split_once(" logged out")?.0, "session_closing")));
    if let Some((id, operation)) = ended {
        // The line names no user, and OCSF's Authentication needs one: the session tells who.
        line.base(out, operation);
        out.other("session", id);
        line.login_session(out, Column::Session, id);
        line.end(out);
        return Some(());
    }
    power(line, out, text)
}

/// `System is powering down`, `Power key pressed short`, `Watching system buttons on …`.
fn power(line: &Line<'_>, out: &mut dyn Sink, text: &str) -> Option<()> {
    let down = ["System is powering down", "System is rebooting", "System is halting", "The system will power off", "The system will reboot"];
    let word = down.iter().any(|d| text.starts_with(d)).then_some("shutdown").or_else(|| text.contains("key pressed").then_some("power_key"))?;
    line.base(out, word);
    line.end(out);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let of = |t: &'static str| change(t).map(|c| (c.operation, c.unit, c.success)).unwrap();
        assert_eq!(of("Started cron.service - Regular background program processing daemon."), ("unit_started", "cron.service", Some(true)));
        assert_eq!(of("Started Session 3 of user al."), ("unit_started", "Session 3 of user al", Some(true)));
        assert_eq!(of("Starting Daily apt upgrade and clean activities..."), ("unit_starting", "Daily apt upgrade and clean activities", None));
        assert_eq!(of("nginx.service: Main process exited, code=exited, status=1/FAILURE"), ("unit_failed", "nginx.service", Some(false)));
        assert_eq!(of("nginx.service: Main process exited, code=exited, status=0/SUCCESS"), ("unit", "nginx.service", None));
        assert_eq!(of("session-3.scope: Deactivated successfully."), ("unit_stopped", "session-3.scope", Some(true)));
        assert!(change("Reached target Timers.").is_none());
    }
}
