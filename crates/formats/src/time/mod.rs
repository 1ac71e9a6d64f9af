//! Times as logs write them, read to UTC microseconds with the marks that say what the reading rests on.
//!
//! Owns: RFC 3339 and what is written in its place, counts since 1970, times without year or zone. Never reads a clock: what is
//! missing is resolved near the time received, which is an argument.

mod civil;
pub mod clf;
mod shapes;

use event::{Mark, Time, time::DAY, time::SECOND};

pub use civil::{AHEAD, When, read as at_start};

/// A time and what it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The instant; `Time(0)` for a text that is no time, which is filed under the time received and marked.
    pub time: Time,
    /// What to know before relying on it.
    pub marks: [Option<Mark>; 3],
}

impl Stamp {
    /// A time that needs no mark.
    pub const fn exact(time: Time) -> Stamp {
        Stamp { time, marks: [None; 3] }
    }

    /// A time with one mark.
    pub const fn marked(time: Time, mark: Mark) -> Stamp {
        Stamp { time, marks: [Some(mark), None, None] }
    }

    /// The same of a log that is known to write UTC without saying so.
    pub fn in_utc(mut self) -> Stamp {
        self.marks.iter_mut().filter(|m| **m == Some(Mark::ZoneAssumed)).for_each(|m| *m = None);
        self
    }

    /// Whether the text was a time at all.
    pub fn is_known(&self) -> bool {
        self.time != Time(0)
    }
}

/// Reads a text that is a time and nothing else.
///
/// Read are: RFC 3339 with `T`, `t` or a blank, any number of decimals after a point or comma, with or without seconds, a zone as
/// `Z`, `+01:00`, `+0100`, `+01`, ` UTC`, ` GMT`, ` +0000 UTC`; the same with slashes; the basic form (`20260301T100000Z`); the Common Log
/// Format (`01/Mar/2026:10:00:00 +0000`); RFC 1123 and RFC 850 dates; `ctime`; RFC 3164 without a year; `3/1/2026 10:00:00 AM` (month first, unless the
/// first number is above 12); `/Date(1772359200000)/`; and counts since 1970 in s, ms, us or ns, told apart by size (`Mark::UnitAssumed`).
pub fn of(text: &str, received: Time) -> Stamp {
    let text = text.trim();
    if let Some(time) = utc(text.as_bytes()) {
        return Stamp::exact(time);
    }
    if let Some(time) = epoch(text) {
        return shapes::compact(text).and_then(|w| w.stamp(received)).filter(|_| !time.plausible()).unwrap_or(Stamp::marked(time, Mark::UnitAssumed));
    }
    if let Some(millis) = dot_net(text) {
        return Stamp::exact(millis);
    }
    shapes::whole(text).and_then(|w| w.stamp(received)).unwrap_or_default()
}

/// Reads a count of milliseconds, where the format is known to write them; a count of another size is told by its size and marked.
pub fn millis(text: &str, received: Time) -> Stamp {
    match text.trim().parse::<i64>() {
        Ok(n) if Time::from_millis(n).plausible() => Stamp::exact(Time::from_millis(n)),
        _ => of(text, received),
    }
}

/// Reads a count of seconds with decimals, where the format is known to write them; a count of another size is told by its size and marked.
pub fn seconds(text: &str, received: Time) -> Stamp {
    match epoch(text.trim()) {
        Some(time) if whole_digits(text.trim()) < 12 => Stamp::exact(time),
        _ => of(text, received),
    }
}

fn whole_digits(text: &str) -> usize {
    text.bytes().skip_while(|b| *b == b'-').take_while(u8::is_ascii_digit).count()
}

/// A count since 1970 in seconds, milliseconds, microseconds or nanoseconds, with decimals or an exponent. Told apart by size: each
/// unit is a thousand times the next, and for the years 1973 to 5138 their ranges do not meet.
pub fn epoch(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.contains(['e', 'E']) || whole.contains(['e', 'E']) {
        return scientific(text);
    }
    let n: i64 = whole.parse().ok().filter(|_| !whole.starts_with('+'))?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |digits: usize| (0..digits).fold(0i64, |n, i| n * 10 + fraction.as_bytes().get(i).map_or(0, |b| i64::from(b - b'0')));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    Some(match n.unsigned_abs() {
        0..100_000_000_000 => Time::from_secs(n).plus(sign * part(6)),
        100_000_000_000..100_000_000_000_000 => Time::from_millis(n).plus(sign * part(3)),
        100_000_000_000_000..100_000_000_000_000_000 => Time(n),
        _ => Time(n.div_euclid(1000)),
    })
}

/// `1.7723592e9`, as some JSON writers put large numbers. Exact to the microsecond up to 2^53.
fn scientific(text: &str) -> Option<Time> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let n: f64 = text.parse().ok().filter(|n: &f64| plain && n.is_finite() && n.abs() < 9.2e18)?;
    let micros = match n.abs() {
        a if a < 1e11 => n * 1e6,
        a if a < 1e14 => n * 1e3,
        a if a < 1e17 => n,
        _ => n / 1e3,
    };
    Some(Time(micros.round() as i64))
}

/// `/Date(1772359200000)/` and `/Date(1772359200000+0100)/`: milliseconds; the offset is for display only.
fn dot_net(text: &str) -> Option<Time> {
    let inside = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inside.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit()).map_or(inside.len(), |(i, _)| i);
    inside.get(..end)?.parse().ok().map(Time::from_millis)
}

/// `YYYY-MM-DDTHH:MM:SS[.f…]Z`, the one shape that cloud logs repeat millions of times, without a general parser.
fn utc(b: &[u8]) -> Option<Time> {
    let (head, tail) = b.split_at_checked(19)?;
    let [y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T' | b't' | b' ', h0, h1, b':', m0, m1, b':', s0, s1] = *<&[u8; 19]>::try_from(head).ok()? else {
        return None;
    };
    let frac = tail.strip_suffix(b"Z")?;
    let two = |a: u8, b: u8| (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'));
    let (year, month, day) = (two(y0, y1)? * 100 + two(y2, y3)?, two(o0, o1)?, two(d0, d1)?);
    let (h, m, s) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
    if h > 23 || m > 59 || s > 59 {
        return None; // leap seconds and faults take the careful way
    }
    let micro = match frac {
        [] => 0,
        [b'.', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            (0..6).fold(0, |n, i| n * 10 + digits.get(i).map_or(0, |d| i64::from(d - b'0')))
        }
        _ => return None,
    };
    Some(Time(days(year, month, day)? * DAY + (h * 3600 + m * 60 + s) * SECOND + micro))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` for one that does not exist. Counts in years that begin in March,
/// so that the leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = y.div_euclid(400) * 146_097 + y.rem_euclid(400) * 365 + y.rem_euclid(400) / 4 - y.rem_euclid(400) / 100;
    Some(before + (153 * m + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<&'static str>) {
        let stamp = of(text, Time::parse("2026-03-10T00:00:00Z").unwrap());
        (stamp.time.to_string(), stamp.marks.into_iter().flatten().map(Mark::name).collect())
    }

    #[test]
    fn shapes_that_say_their_zone() {
        for text in [
            "2026-03-01T10:00:00Z",
            "2026-03-01T10:00:00.000Z",
            "2026-03-01T10:00:00.0000000Z",
            "2026-03-01 10:00:00Z",
            "2026-03-01T11:00:00+01:00",
            "2026-03-01T11:00:00,000+0100",
            "2026-03-01T05:00:00-05",
            "2026-03-01 10:00:00 UTC",
            "2026-03-01 10:00:00.000 GMT",
            "2026-03-01 11:00:00 +0100",
            "2026-03-01 11:00:00 +01:00",
            "2026-03-01 10:00:00 +0000 UTC",
            "2026-03-01 10:00:00.000000 +0000 UTC m=+0.003",
            "2026-03-01T10:00Z",
            "2026/03/01 10:00:00Z",
            "20260301T100000Z",
            "20260301T110000.000+0100",
            "01/Mar/2026:11:00:00 +0100",
            "[01/Mar/2026:10:00:00 +0000]",
            "Sun, 01 Mar 2026 10:00:00 GMT",
            "Sunday, 01-Mar-26 10:00:00 GMT",
            "1 Mar 2026 10:00:00 +0000",
            "/Date(1772359200000)/",
            "/Date(1772359200000+0100)/",
            " 2026-03-01T10:00:00Z\n",
        ] {
            assert_eq!(read(text), ("2026-03-01T10:00:00Z".into(), vec![]), "{text}");
        }
    }

    #[test]
    fn shapes_without_zone() {
        for text in [
            "2026-03-01T10:00:00",
            "2026-03-01 10:00:00",
            "2026-03-01T10:00",
            "2026/03/01 10:00:00",
            "20260301100000",
            "20260301T100000",
            "3/1/2026 10:00:00 AM",
            "3/1/2026, 10:00:00 AM",
            "03/01/2026 10:00:00",
            "Mar 1, 2026 @ 10:00:00.000",
            "Mar 1, 2026, 10:00:00 AM",
            "Sun Mar  1 10:00:00 2026",
            "Sun Mar 01 10:00:00.000000 2026",
        ] {
            let (time, marks) = read(text);
            assert_eq!((time.as_str(), marks.last().copied()), ("2026-03-01T10:00:00Z", Some("zone_assumed")), "{text} {marks:?}");
        }
        assert_eq!(read("3/1/2026 10:00:00 PM").0, "2026-03-01T22:00:00Z");
        assert_eq!(read("3/1/2026 12:00:00 AM").0, "2026-03-01T00:00:00Z");
        assert_eq!(read("31/12/2025 10:00:00"), ("2025-12-31T10:00:00Z".into(), vec!["zone_assumed"]));
        assert_eq!(read("3/1/2026 10:00:00 AM +00:00"), ("2026-03-01T10:00:00Z".into(), vec!["day_assumed"]));
    }

    #[test]
    fn row_23_counts_of_every_unit() {
        for text in
            ["1772359200", "1772359200000", "1772359200000000", "1772359200000000000", "1772359200.0", "1772359200000.0", "1.7723592e9", "1.7723592E+12"]
        {
            assert_eq!(read(text), ("2026-03-01T10:00:00Z".into(), vec!["unit_assumed"]), "{text}");
        }
        assert_eq!(read("1772359200.123456789").0, "2026-03-01T10:00:00.123456Z");
        assert_eq!(millis("1772359200000", Time(0)), Stamp::exact(Time::from_secs(1_772_359_200)));
        assert_eq!(seconds("1772359200.5", Time(0)), Stamp::exact(Time(1_772_359_200_500_000)));
        assert_eq!(seconds("1772359200500", Time(0)), Stamp::marked(Time(1_772_359_200_500_000), Mark::UnitAssumed));
    }

    #[test]
    fn row_18_times_that_cannot_be() {
        for odd in [
            "",
            "yesterday",
            "1600-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "99999-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T10:00:00.Z",
            "2026-03-01T10:00:00Zjunk",
            "0",
            "-1",
            "1e400",
            "-9e18",
            "NaN",
            "+1772359200",
            "9223372036854775807",
            "99999999999999999999",
            "/Date()/",
            "é60é60é60é60é60é60",
            "13/13/2026 10:00:00",
            "[]",
        ] {
            assert!(!of(odd, Time::parse("2026-03-10T00:00:00Z").unwrap()).time.plausible(), "{odd}");
        }
    }

    #[test]
    fn row_19_leap_seconds() {
        for text in ["2016-12-31T23:59:60Z", "2016-12-31 23:59:60.5 UTC", "31/Dec/2016:23:59:60 +0000"] {
            assert_eq!(read(text), ("2016-12-31T23:59:59.999999Z".into(), vec!["leap_second"]), "{text}");
        }
    }

    #[test]
    fn row_20_no_year() {
        assert_eq!(read("Dec 31 23:59:58"), ("2025-12-31T23:59:58Z".into(), vec!["year_assumed", "zone_assumed"]));
        assert_eq!(read("Mar 10 13:00:00").0, "2026-03-10T13:00:00Z");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (y, m, d) in [(1, 1, 1), (1600, 2, 29), (1900, 3, 1), (1970, 1, 1), (2000, 2, 29), (2024, 12, 31), (2026, 3, 1), (9999, 12, 31)] {
            let date = jiff::civil::Date::new(y, m, d).unwrap();
            let want = date.since(jiff::civil::Date::constant(1970, 1, 1)).unwrap().get_days();
            assert_eq!(days(y.into(), m.into(), d.into()), Some(want.into()), "{y}-{m}-{d}");
        }
        assert_eq!((days(1900, 2, 29), days(2026, 4, 31), days(2026, 13, 1), days(0, 1, 1)), (None, None, None, None));
    }
}
