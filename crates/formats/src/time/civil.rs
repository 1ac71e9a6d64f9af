//! A time as its parts, with or without year and zone, and how what is missing is resolved near the time received.

use event::{Mark, Time, time::DAY, time::SECOND};

use super::{Stamp, days};

/// A time as a line says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// `None` where the line does not say.
    pub year: Option<i16>,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// Seconds since midnight.
    pub second: i64,
    /// Microseconds.
    pub micro: i64,
    /// Seconds east of UTC; `None` where the line does not say.
    pub offset: Option<i64>,
    /// Whether it was written with second 60.
    pub leap: bool,
    /// Whether month and day could be the other way round.
    pub day_assumed: bool,
}

/// How far after the time received a line without a year may still lie: zones reach 14 hours, and clocks run ahead.
pub const AHEAD: i64 = DAY;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl When {
    /// Midnight of a date, in no known zone; `None` for numbers that are none of a date.
    pub(super) fn new(year: i64, month: i64, day: i64) -> Option<When> {
        days(year, month, day)?;
        Some(When { year: Some(year as i16), month: month as i8, day: day as i8, second: 0, micro: 0, offset: None, leap: false, day_assumed: false })
    }

    /// The same day at a time of day.
    pub(super) fn at(self, h: i64, m: i64, s: i64) -> Option<When> {
        let leap = s == 60;
        (h < 24 && m < 60 && s <= 60).then_some(When { second: h * 3600 + m * 60 + s.min(59), micro: if leap { 999_999 } else { 0 }, leap, ..self })
    }

    /// The same with the zone that a text says, which must say nothing else.
    pub(super) fn zoned(self, rest: &str) -> Option<When> {
        let rest = rest.split_once(" m=").map_or(rest, |(rest, _)| rest).trim_matches(' ');
        let (offset, rest) = zone(rest);
        let rest = rest.trim_start_matches(' ');
        let utc = matches!(rest, "UTC" | "GMT");
        if !(utc || rest.is_empty()) {
            return None;
        }
        Some(When { offset: offset.or(self.offset).or(utc.then_some(0)), ..self })
    }

    /// The instant with its marks.
    pub(super) fn stamp(self, received: Time) -> Option<Stamp> {
        let (time, marks) = self.resolve(received)?;
        Some(Stamp { time, marks })
    }

    /// The instant, and what it rests on. `None` for a date that does not exist.
    pub fn resolve(self, received: Time) -> Option<(Time, [Option<Mark>; 3])> {
        // A time written with slashes has a year and is no leap second as well only by accident, so three places are enough.
        let first = if self.day_assumed { Some(Mark::DayAssumed) } else { self.year.is_none().then_some(Mark::YearAssumed) };
        let marks = [first, self.offset.is_none().then_some(Mark::ZoneAssumed), self.leap.then_some(Mark::LeapSecond)];
        let time = match self.year {
            Some(year) => self.in_year(year)?,
            None => self.near(received)?,
        };
        Some((time, marks))
    }

    fn in_year(self, year: i16) -> Option<Time> {
        let days = days(year.into(), self.month.into(), self.day.into())?;
        Some(Time(days * DAY + (self.second - self.offset.unwrap_or(0)) * SECOND + self.micro))
    }

    /// The latest year in which the line is not more than `AHEAD` later than it was received. A 29 February looks back to a leap year.
    fn near(self, received: Time) -> Option<Time> {
        let stamp = jiff::Timestamp::from_microsecond(received.0).ok()?;
        let this = jiff::tz::Offset::UTC.to_datetime(stamp).year();
        let year = |back: i16| this.checked_add(1)?.checked_sub(back);
        (0..10).filter_map(|back| self.in_year(year(back)?)).find(|t| *t <= received.plus(AHEAD))
    }
}

/// Reads a time at the start of `text`: RFC 3164 with and without a year, ISO 8601 and RFC 3339. Gives the text and what follows it.
pub fn read(text: &str) -> Option<(When, &str, &str)> {
    let (when, rest) = iso(text).or_else(|| bsd(text))?;
    let said = text.get(..text.len() - rest.len())?;
    Some((when, said, rest))
}

/// `Jan  2 03:04:05[.678]`, `Jan 2 2026 03:04:05`, `2026 Jan 2 03:04:05`.
fn bsd(text: &str) -> Option<(When, &str)> {
    let (mut year, text) = match number(text, 4) {
        Some((y, rest)) => (Some(y), rest.strip_prefix(' ')?),
        None => (None, text),
    };
    let (month, rest) = month(text)?;
    let rest = rest.strip_prefix(' ')?.trim_start_matches(' ');
    let (day, rest) = short_number(rest)?;
    let mut rest = rest.strip_prefix(' ')?;
    if let (None, Some((y, after))) = (year, number(rest, 4)) {
        year = Some(y);
        rest = after.strip_prefix(' ')?;
    }
    let (second, micro, leap, rest) = clock(rest)?;
    let year = year.map(|y| y as i16);
    Some((When { year, month: month as i8, day: day as i8, second, micro, offset: None, leap, day_assumed: false }, rest))
}

/// The number of a month's name (three letters), and what follows it.
pub(super) fn month(text: &str) -> Option<(i64, &str)> {
    let name = text.get(..3)?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))? as i64 + 1;
    Some((month, text.get(3..)?))
}

/// `2026-01-02T03:04:05[.678901][Z|+01:00|+0100]`, with a blank instead of `T`.
pub(super) fn iso(text: &str) -> Option<(When, &str)> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (second, micro, leap, rest) = clock(rest).or_else(|| minutes(rest))?;
    let (offset, rest) = zone(rest);
    Some((When { second, micro, offset, leap, ..When::new(year, month, day)? }, rest))
}

pub(super) fn zone(text: &str) -> (Option<i64>, &str) {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return (Some(0), rest);
    }
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let read = || {
        let rest = text.strip_prefix(['+', '-'])?;
        let ((hours, _), rest) = (number(rest.get(..2)?, 2)?, rest.get(2..)?);
        let (minutes, rest) = number(rest.strip_prefix(':').unwrap_or(rest), 2).unwrap_or((0, rest));
        Some((sign * (hours * 3600 + minutes * 60), rest))
    };
    read().map_or((None, text), |(o, rest)| (Some(o), rest))
}

/// `10:00`, which ISO 8601 allows too.
fn minutes(text: &str) -> Option<(i64, i64, bool, &str)> {
    let (h, rest) = number(text, 2)?;
    let (m, rest) = number(rest.strip_prefix(':')?, 2)?;
    (h < 24 && m < 60 && !rest.starts_with(':')).then_some((h * 3600 + m * 60, 0, false, rest))
}

/// Seconds since midnight, microseconds, whether it is second 60 (kept as 59.999999), and the rest.
pub(super) fn clock(text: &str) -> Option<(i64, i64, bool, &str)> {
    let (h, rest) = number(text, 2)?;
    let (m, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (s, rest) = number(rest.strip_prefix(':')?, 2)?;
    if h > 23 || m > 59 || s > 60 {
        return None;
    }
    let (micro, rest) = fraction(rest);
    let leap = s == 60;
    Some((h * 3600 + m * 60 + s.min(59), if leap { 999_999 } else { micro }, leap, rest))
}

pub(super) fn fraction(text: &str) -> (i64, &str) {
    let Some(after) = text.strip_prefix(['.', ',']) else { return (0, text) };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return (0, text);
    }
    let mut micro = 0;
    for i in 0..6 {
        micro = micro * 10 + after.as_bytes().get(i).filter(|_| i < digits).map_or(0, |b| i64::from(b - b'0'));
    }
    (micro, after.get(digits..).unwrap_or_default())
}

pub(super) fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (head, rest) = text.split_at_checked(digits)?;
    let fits = head.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with(|c: char| c.is_ascii_digit());
    fits.then(|| head.parse().ok()).flatten().map(|n| (n, rest))
}

pub(super) fn short_number(text: &str) -> Option<(i64, &str)> {
    number(text, 2).or_else(|| number(text, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, received: &str) -> (String, Vec<&'static str>) {
        let (when, _, _) = read(text).unwrap();
        let (time, marks) = when.resolve(Time::parse(received).unwrap()).unwrap();
        (time.to_string(), marks.into_iter().flatten().map(Mark::name).collect())
    }

    #[test]
    fn row_20_new_years_night_in_both_directions() {
        let year = |text, received| resolve(text, received).0;
        assert_eq!(year("Dec 31 23:59:58 h", "2026-01-01T00:00:05Z"), "2025-12-31T23:59:58Z");
        assert_eq!(year("Jan  1 00:00:02 h", "2025-12-31T23:59:58Z"), "2026-01-01T00:00:02Z");
        assert_eq!(year("Jan  1 09:00:00 h", "2025-12-31T20:00:00Z"), "2026-01-01T09:00:00Z");
        assert_eq!(year("Mar  3 10:00:00 h", "2026-03-01T09:00:00Z"), "2025-03-03T10:00:00Z");
        assert_eq!(year("Feb 29 10:00:00 h", "2026-03-01T09:00:00Z"), "2024-02-29T10:00:00Z");
        assert_eq!(resolve("Mar  3 10:00:00 h", "2026-03-04T09:00:00Z").1, ["year_assumed", "zone_assumed"]);
    }

    #[test]
    fn row_19_leap_second() {
        assert_eq!(resolve("2016-12-31T23:59:60Z h", "2026-03-01T09:00:00Z"), ("2016-12-31T23:59:59.999999Z".into(), vec!["leap_second"]));
    }

    #[test]
    fn dialects() {
        let received = "2026-03-01T09:00:00Z";
        for (text, want) in [
            ("2020-03-23 06:47:42.801612-0700  localhost", "2020-03-23T13:47:42.801612Z"),
            ("2013-10-30T14:51:21.901728+01:00 srv", "2013-10-30T13:51:21.901728Z"),
            ("2015 Nov 13 13:40:01 ether", "2015-11-13T13:40:01Z"),
            ("Nov 13 2015 13:40:01 ether", "2015-11-13T13:40:01Z"),
            ("Feb 7 16:01:07 h", "2026-02-07T16:01:07Z"),
        ] {
            assert_eq!(resolve(text, received).0, want, "{text}");
        }
        for bad in ["Fex  7 16:01:07 h", "Feb  7 26:01:07 h", "2020-13-23", "", "Feb"] {
            assert!(read(bad).and_then(|(w, ..)| w.resolve(Time(0))).is_none(), "{bad}");
        }
    }
}
