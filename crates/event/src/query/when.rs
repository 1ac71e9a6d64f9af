//! Times as people type them.

use crate::{
    Time,
    time::{DAY, SECOND},
};

/// Reads `2026-03-01`, `2026-03-01T10:00`, `2026-03-01 10:00:07` (UTC where no zone is named), RFC 3339, or `-7d`, `-12h`, `-30m` before
/// `now`: the first moment that is named, and the first after it. A day is a day long, a minute a minute.
pub fn moment(text: &str, now: Time) -> Option<(Time, Time)> {
    let text = text.trim();
    if let Some(ago) = text.strip_prefix('-').and_then(span) {
        let at = now.plus(-ago);
        return Some((at, at.plus(1)));
    }
    let dated = text.replacen(' ', "T", 1);
    let (stamp, long) = match dated.len() {
        10 => (format!("{dated}T00:00:00Z"), DAY),
        13 => (format!("{dated}:00:00Z"), 3600 * SECOND),
        16 => (format!("{dated}:00Z"), 60 * SECOND),
        19 => (format!("{dated}Z"), SECOND),
        _ => (dated.clone(), if dated.contains('.') { 1 } else { SECOND }),
    };
    let at = Time::parse(&stamp)?;
    Some((at, at.plus(long)))
}

fn span(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(seconds)?.checked_mul(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_type_them() {
        let now = Time::parse("2026-03-08T12:00:00Z").unwrap();
        let read = |t| moment(t, now).map(|(a, b)| format!("{a} {}", (b.0 - a.0) / SECOND));
        assert_eq!(read("-7d").unwrap(), "2026-03-01T12:00:00Z 0");
        assert_eq!(read("2026-03-01").unwrap(), "2026-03-01T00:00:00Z 86400");
        assert_eq!(read("2026-03-01T10").unwrap(), "2026-03-01T10:00:00Z 3600");
        assert_eq!(read("2026-03-01 10:30").unwrap(), "2026-03-01T10:30:00Z 60");
        assert_eq!(read("2026-03-01 10:30:09").unwrap(), "2026-03-01T10:30:09Z 1");
        assert_eq!(read("2026-03-01T10:00:00+01:00").unwrap(), "2026-03-01T09:00:00Z 1");
        assert_eq!(read("2026-03-01T10:00:00.25Z").unwrap(), "2026-03-01T10:00:00.25Z 0");
        for not in ["", "-", "yesterday", "2026-13-01", "-99999999999999999999d", "日本語日本語日本"] {
            assert_eq!(read(not), None, "{not}");
        }
    }
}
