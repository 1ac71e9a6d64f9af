//! The clock and the source of randomness: the one place where the program learns what it cannot compute.

use anyhow::Context as _;
use event::Time;

/// Now, in UTC microseconds.
pub fn now() -> Time {
    Time(jiff::Timestamp::now().as_microsecond())
}

/// Bytes that nobody can guess, from the operating system.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("{e}")).context("reading random bytes from the system")?;
    Ok(bytes)
}

/// Reads a time as people type it: RFC 3339, `2026-03-01`, `2026-03-01 10:00` (UTC), or `-7d`, `-12h`, `-30m` before `now`.
pub fn parse_time(text: &str, now: Time) -> Result<Time, String> {
    let named = event::query::moment(text, now);
    named.map(|(first, _)| first).ok_or_else(|| format!("not a time: `{}`; write 2026-03-01, 2026-03-01T10:00:00Z or -7d", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_type_them() {
        let now = Time::parse("2026-03-08T12:00:00Z").unwrap();
        let read = |t| parse_time(t, now).map(|t| t.to_string());
        assert_eq!(read("-7d").unwrap(), "2026-03-01T12:00:00Z");
        assert_eq!(read("2026-03-01").unwrap(), "2026-03-01T00:00:00Z");
        assert_eq!(read("2026-03-01 10:30").unwrap(), "2026-03-01T10:30:00Z");
        assert_eq!(read("2026-03-01T10:00:00+01:00").unwrap(), "2026-03-01T09:00:00Z");
        assert!(read("yesterday").unwrap_err().contains("-7d"));
    }
}
