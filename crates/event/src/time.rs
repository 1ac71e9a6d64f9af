//! Times: UTC microseconds, windows of them, and the marks that say how far a time or a record can be trusted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const DAY: i64 = 86_400 * SECOND;

impl Time {
    /// The earliest time that muster takes as it stands (1971); what is before is marked and filed under the time received.
    pub const EARLIEST: Time = Time(365 * DAY);
    /// The latest time that muster takes as it stands (2100).
    pub const LATEST: Time = Time(130 * 36_525 * DAY / 100);

    /// From milliseconds since 1970, saturating.
    pub const fn from_millis(ms: i64) -> Time {
        Time(ms.saturating_mul(1000))
    }

    /// From seconds since 1970, saturating.
    pub const fn from_secs(s: i64) -> Time {
        Time(s.saturating_mul(SECOND))
    }

    /// Milliseconds since 1970, rounded down; the unit of OCSF's `time`.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads RFC 3339 (`2026-03-01T10:00:00Z`, with offset, with fraction). A leap second reads as its last microsecond.
    pub fn parse(text: &str) -> Option<Time> {
        if let Some(t) = fast_utc(text.as_bytes()) {
            return Some(t);
        }
        text.parse::<jiff::Timestamp>().ok().map(|t| Time(t.as_microsecond()))
    }

    /// The UTC day as `YYYY-MM-DD`; days outside years -9999 to 9999 are given as the nearest.
    pub fn day(self) -> String {
        self.stamp().strftime("%Y-%m-%d").to_string()
    }

    /// This time plus so many microseconds, saturating.
    pub const fn plus(self, micros: i64) -> Time {
        Time(self.0.saturating_add(micros))
    }

    /// Whether the time lies within the span that muster files events under.
    pub fn plausible(self) -> bool {
        (Time::EARLIEST..Time::LATEST).contains(&self)
    }

    fn stamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
    }
}

/// `YYYY-MM-DDTHH:MM:SS[.f…]Z` without a general parser: the one shape that cloud logs repeat millions of times.
fn fast_utc(b: &[u8]) -> Option<Time> {
    let (head, tail) = b.split_at_checked(19)?;
    let [y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1] = *<&[u8; 19]>::try_from(head).ok()? else { return None };
    let frac = tail.strip_suffix(b"Z")?;
    let num = |ds: &[u8]| ds.iter().try_fold(0i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')));
    let (y, mo, d) = (num(&[y0, y1, y2, y3])?, num(&[o0, o1])?, num(&[d0, d1])?);
    let (h, mi, s) = (num(&[h0, h1])?, num(&[m0, m1])?, num(&[s0, s1])?);
    if h > 23 || mi > 59 || s > 59 || y < 1 {
        return None; // leap seconds and faults take the careful way
    }
    let date = jiff::civil::Date::new(y as i16, mo as i8, d as i8).ok()?;
    let days = i64::from(date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?.get_days());
    let micros = match frac {
        [] => 0,
        [b'.', digits @ ..] if !digits.is_empty() => {
            let kept = digits.get(..digits.len().min(6))?;
            num(digits.get(kept.len()..)?)?;
            num(kept)? * 10i64.pow(6 - kept.len() as u32)
        }
        _ => return None,
    };
    Some(Time(days * DAY + (h * 3600 + mi * 60 + s) * SECOND + micros))
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with as many digits as the time needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stamp())
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Time, D::Error> {
        let text = String::deserialize(d)?;
        Time::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("not an RFC 3339 time: `{text}`")))
    }
}

/// From (inclusive) to (exclusive). An open end has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First time inside.
    pub since: Option<Time>,
    /// First time after.
    pub until: Option<Time>,
}

impl Window {
    /// Whether `t` is inside.
    pub fn contains(&self, t: Time) -> bool {
        self.since.is_none_or(|s| s <= t) && self.until.is_none_or(|u| t < u)
    }
}

/// What a reader must know about a time or a record before relying on it. Shown as OCSF `metadata.labels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The log names no year; resolved near the time received.
    YearAssumed,
    /// The log names no zone; read as UTC or as the source's zone.
    ZoneAssumed,
    /// Day and month could be either way round; read as the month first.
    DayAssumed,
    /// 23:59:60, kept as 23:59:59.999999.
    LeapSecond,
    /// A time that cannot be (1970, year 9999, text that is no time); filed under the time received.
    TimeImplausible,
    /// Later than the time received by more than five minutes.
    TimeFuture,
    /// Seconds, milliseconds, microseconds or nanoseconds were told apart by size.
    UnitAssumed,
    /// Bytes that are not UTF-8 are shown as U+FFFD; the original keeps them.
    NotUtf8,
    /// A JSON key appears twice in one object; the last one is used, the original keeps both.
    DuplicateKey,
    /// Records of this event are missing.
    Incomplete,
    /// The host is taken from where the file lay, not from the log.
    HostAssumed,
    /// Another record has the same identity and other bytes.
    IdentityConflict,
}

impl Mark {
    /// The mark as it is written in columns and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Mark::YearAssumed => "year_assumed",
            Mark::ZoneAssumed => "zone_assumed",
            Mark::DayAssumed => "day_assumed",
            Mark::LeapSecond => "leap_second",
            Mark::TimeImplausible => "time_implausible",
            Mark::TimeFuture => "time_future",
            Mark::UnitAssumed => "unit_assumed",
            Mark::NotUtf8 => "not_utf8",
            Mark::DuplicateKey => "duplicate_key",
            Mark::Incomplete => "incomplete",
            Mark::HostAssumed => "host_assumed",
            Mark::IdentityConflict => "identity_conflict",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_way_and_the_careful_way_agree() {
        for text in ["2026-03-01T10:00:00Z", "1999-12-31T23:59:59.5Z", "2024-02-29T00:00:00.123456789Z", "1969-12-31T23:59:59.999999Z"] {
            let careful: jiff::Timestamp = text.parse().unwrap();
            assert_eq!(fast_utc(text.as_bytes()).unwrap().0, careful.as_microsecond(), "{text}");
        }
        for bad in ["2026-02-30T00:00:00Z", "2026-03-01T10:00:00", "2026-03-01T24:00:00Z", "2026-03-01T10:00:00.Z"] {
            assert_eq!(fast_utc(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn ends_of_time_do_not_panic() {
        assert_eq!(Time(i64::MAX).day(), "9999-12-30");
        assert!(Time(i64::MIN).day().len() > 8);
        assert!(!Time(0).plausible());
    }
}
