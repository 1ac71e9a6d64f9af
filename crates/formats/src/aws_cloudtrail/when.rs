//! `eventTime`: RFC 3339 in UTC; and what else has been seen in its place.

use event::{Mark, Time, time::SECOND};

/// Reads a time, and says what it rests on. A text that is no time gives time 0, which is filed under the time received and marked.
pub(super) fn read(text: &str) -> (Time, Option<Mark>) {
    let text = text.trim();
    if text.get(17..19) == Some("60") {
        let whole = format!("{}59{}", text.get(..17).unwrap_or_default(), text.get(19..).unwrap_or_default());
        if let Some(t) = Time::parse(&whole) {
            return (Time(t.0.div_euclid(SECOND) * SECOND + SECOND - 1), Some(Mark::LeapSecond));
        }
    }
    if let Some(t) = Time::parse(text) {
        return (t, None);
    }
    if let Some(t) = epoch(text) {
        return (t, Some(Mark::UnitAssumed));
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok().and_then(|d| jiff::tz::TimeZone::UTC.to_timestamp(d).ok());
    civil.map_or((Time(0), None), |t| (Time(t.as_microsecond()), Some(Mark::ZoneAssumed)))
}

/// A count since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by size: each unit is a thousand times
/// the next, and for the years 1973 to 5138 their ranges do not meet.
fn epoch(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let n: i64 = whole.parse().ok()?;
    let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
    Some(match n.unsigned_abs() {
        0..100_000_000_000 => Time::from_secs(n).plus(micros),
        100_000_000_000..100_000_000_000_000 => Time::from_millis(n),
        100_000_000_000_000..100_000_000_000_000_000 => Time(n),
        _ => Time(n / 1000),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_18_19_23_times_of_every_kind() {
        let noon = Time::parse("2026-03-01T12:00:00Z").unwrap();
        assert_eq!(read("2026-03-01T12:00:00Z"), (noon, None));
        assert_eq!(read("2026-03-01T13:00:00+01:00"), (noon, None));
        assert_eq!(read("2026-03-01T12:00:00"), (noon, Some(Mark::ZoneAssumed)));
        for count in ["1772366400", "1772366400000", "1772366400000000", "1772366400000000000", "1772366400.0"] {
            assert_eq!(read(count), (noon, Some(Mark::UnitAssumed)), "{count}");
        }
        let leap = Time::parse("2016-12-31T23:59:59.999999Z").unwrap();
        assert_eq!(read("2016-12-31T23:59:60Z"), (leap, Some(Mark::LeapSecond)));
        for odd in [
            "",
            "yesterday",
            "1600-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "99999-01-01T00:00:00Z",
            "0",
            "-1",
            "9223372036854775807",
            "99999999999999999999",
            "é60é60é60é60é60é60",
        ] {
            assert!(!read(odd).0.plausible(), "{odd}");
        }
    }
}
