//! Times for people. UTC everywhere; a person's own clock only beside the person.

use event::Time;
use jiff::{Timestamp, tz::TimeZone};

/// The clock on the wall there: `Tue 14:05`. Nothing for a zone that is not known.
pub fn local_time(at: Time, zone: &str) -> Option<String> {
    let zone = TimeZone::get(zone).ok()?;
    let stamp = Timestamp::from_microsecond(at.0).ok()?;
    Some(stamp.to_zoned_datetime(zone).strftime("%a %H:%M").to_string())
}

/// `2026-03-01 10:00:07`, UTC, seconds cut.
pub fn utc(at: Time) -> String {
    Timestamp::from_microsecond(at.0).map_or_else(|_| at.to_string(), |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// `03-01 10:00:07` in the year of `now`, else with the year.
pub fn near(at: Time, now: Time) -> String {
    let (text, year) = (utc(at), utc(now));
    match text.split_once('-') {
        Some((y, rest)) if year.starts_with(&format!("{y}-")) => rest.to_owned(),
        _ => text,
    }
}

/// As [`near`], without seconds.
pub fn near_minute(at: Time, now: Time) -> String {
    let text = near(at, now);
    text.rsplit_once(':').map_or(text.clone(), |(t, _)| t.to_owned())
}

/// `71 h 05 min` of microseconds; the sign is left to the words around it.
pub fn hours(micros: i64) -> String {
    let minutes = micros.unsigned_abs() / 60_000_000;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// `48,200`: thousands apart.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let lead = digits.len() % 3;
    let apart = |(i, c): (usize, char)| if i > 0 && i % 3 == lead { vec![',', c] } else { vec![c] };
    digits.chars().enumerate().flat_map(apart).collect()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 48_200, 1_234_567].map(number), ["0", "999", "1,000", "48,200", "1,234,567"]);
    }
}
