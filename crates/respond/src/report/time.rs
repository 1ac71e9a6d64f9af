//! Times for people. UTC everywhere; a person's own clock only beside the person.

use event::Time;
use jiff::{Timestamp, tz::TimeZone};

/// The clock on the wall there: `Tue 14:05`. Nothing for a zone that is not known.
pub fn local_time(at: Time, zone: &str) -> Option<String> {
    let tz = TimeZone::get(zone).ok()?;
    let stamp = Timestamp::from_microsecond(at.0).ok()?;
    Some(stamp.to_zoned_datetime(tz).strftime("%a %H:%M").to_string())
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

/// `246 MB`: bytes for people, in powers of a thousand; the exact number is in the JSON.
pub fn size(n: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.into_iter().find(|(_, one)| n >= *one) {
        None => format!("{n} B"),
        Some((unit, one)) if n / one >= 10 => format!("{} {unit}", n / one),
        Some((unit, one)) => format!("{}.{} {unit}", n / one, n % one / (one / 10)),
    }
}

/// A sentence with its byte counts as sizes: `24007000 bytes` becomes `24 MB`.
pub fn sizes(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let bytes = word.strip_prefix("bytes").filter(|rest| rest.chars().all(|c| !c.is_alphanumeric()));
        let before = out.last().map(|w| (w.trim_start_matches('(').to_owned(), w.starts_with('(')));
        match (bytes, before.and_then(|(w, open)| w.parse::<u64>().ok().map(|n| (n, open)))) {
            (Some(rest), Some((n, open))) => {
                out.pop();
                out.push(format!("{}{}{rest}", if open { "(" } else { "" }, size(n)));
            }
            _ => out.push(word.to_owned()),
        }
    }
    out.join(" ")
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
    use super::{number, size, sizes};

    #[test]
    fn bytes_read_as_sizes() {
        assert_eq!([0, 999, 1_000, 246_000_015, 24_007_000, 1_500_000_000].map(size), ["0 B", "999 B", "1.0 kB", "246 MB", "24 MB", "1.5 GB"]);
        assert_eq!(sizes("6 objects (246000015 bytes); 419 bytes went, many bytes"), "6 objects (246 MB); 419 B went, many bytes");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 48_200, 1_234_567].map(number), ["0", "999", "1,000", "48,200", "1,234,567"]);
    }
}
