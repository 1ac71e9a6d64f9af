//! su: who became whom, in the dialects of util-linux, shadow, BSD and Solaris.

use event::{Column, Sink, attr, class};

use super::{line::Line, pam, sudo::ACCOUNT_SWITCH};

/// Reads a line of su.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    if let Some(done) = pam::read(line, out) {
        return Some(done);
    }
    let said = said(line.text)?;
    line.begin(out, class::AUTHENTICATION, ACCOUNT_SWITCH, "su");
    out.text(attr::SERVICE_NAME, "su");
    out.int(attr::ACCOUNT_SWITCH_TYPE_ID, 1);
    out.text(attr::ACTOR_USER_NAME, said.from);
    out.text(attr::USER_NAME, said.to);
    out.text(attr::SESSION_TERMINAL, said.tty);
    line.user(out, Column::User, said.from);
    line.user(out, Column::TargetUser, said.to);
    line.outcome(out, said.success);
    line.end(out);
    Some(())
}

#[derive(Debug, PartialEq)]
struct Said<'a> {
    from: &'a str,
    to: &'a str,
    tty: &'a str,
    success: bool,
}

fn said(text: &str) -> Option<Said<'_>> {
    let found = util_linux(text).or_else(|| shadow(text)).or_else(|| solaris(text)).or_else(|| bsd(text))?;
    (!found.to.is_empty()).then_some(found)
}

/// `(to root) alice on pts/0`, `FAILED SU (to root) alice on pts/0`.
fn util_linux(text: &str) -> Option<Said<'_>> {
    let (success, rest) = text.strip_prefix("FAILED SU ").map_or((true, text), |r| (false, r));
    let (to, rest) = rest.strip_prefix("(to ")?.split_once(") ")?;
    let (from, tty) = rest.rsplit_once(" on ").unwrap_or((rest, ""));
    Some(Said { from, to, tty, success })
}

/// `Successful su for root by alice`, `FAILED su for root by alice`, `+ /dev/pts/0 alice:root`, `- pts/0 alice:root`.
fn shadow(text: &str) -> Option<Said<'_>> {
    if let Some((success, rest)) =
        text.strip_prefix("Successful su for ").map(|r| (true, r)).or_else(|| text.strip_prefix("FAILED su for ").map(|r| (false, r)))
    {
        let (to, from) = rest.rsplit_once(" by ")?;
        return Some(Said { from, to, tty: "", success });
    }
    let (success, rest) = text.strip_prefix("+ ").map(|r| (true, r)).or_else(|| text.strip_prefix("- ").map(|r| (false, r)))?;
    let (tty, who) = rest.split_once(' ')?;
    let (from, to) = who.split_once(':').or_else(|| who.split_once('-'))?;
    Some(Said { from, to, tty, success })
}

/// `'su root' succeeded for alice on /dev/pts/1`.
fn solaris(text: &str) -> Option<Said<'_>> {
    let (to, rest) = text.strip_prefix("'su ")?.split_once("' ")?;
    let (success, rest) = rest.strip_prefix("succeeded for ").map(|r| (true, r)).or_else(|| rest.strip_prefix("failed for ").map(|r| (false, r)))?;
    let (from, tty) = rest.rsplit_once(" on ").unwrap_or((rest, ""));
    Some(Said { from, to, tty, success })
}

/// `BAD SU alice to root on /dev/ttyp0`, `alice to root on /dev/ttyp1`, `failed: ttyq4 changing from alice to root`.
fn bsd(text: &str) -> Option<Said<'_>> {
    if let Some((tty, rest)) = text.strip_prefix("failed: ").and_then(|r| r.split_once(" changing from ")) {
        let (from, to) = rest.split_once(" to ")?;
        return Some(Said { from, to, tty, success: false });
    }
    let (success, rest) = text.strip_prefix("BAD SU ").map_or((true, text), |r| (false, r));
    let (who, tty) = rest.rsplit_once(" on ")?;
    let (from, to) = who.split_once(" to ").filter(|(from, to)| !from.contains(' ') && !to.contains(' '))?;
    Some(Said { from, to, tty, success })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects() {
        let s = |t: &'static str| said(t).map(|s| (s.from, s.to, s.tty, s.success)).unwrap();
        assert_eq!(s("(to root) alice on pts/0"), ("alice", "root", "pts/0", true));
        assert_eq!(s("FAILED SU (to root) alice on pts/0"), ("alice", "root", "pts/0", false));
        assert_eq!(s("Successful su for root by alice"), ("alice", "root", "", true));
        assert_eq!(s("+ /dev/pts/0 root:user01"), ("root", "user01", "/dev/pts/0", true));
        assert_eq!(s("- pts/1 alice:root"), ("alice", "root", "pts/1", false));
        assert_eq!(s("'su root' failed for alice on /dev/pts/1"), ("alice", "root", "/dev/pts/1", false));
        assert_eq!(s("BAD SU ger to fwmaster on /dev/ttyp0"), ("ger", "fwmaster", "/dev/ttyp0", false));
        assert_eq!(s("failed: ttyq4 changing from ldap to root"), ("ldap", "root", "ttyq4", false));
        assert!(said("pam_authenticate: Authentication failure").is_none());
    }
}
