//! The shapes of a whole text that is a time, other than the common one.

use super::civil::{When, clock, iso, month, number, read, short_number, zone};

/// Any of the shapes that `time::of` names, but counts.
pub(super) fn whole(text: &str) -> Option<When> {
    let text = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    standard(text).or_else(|| basic(text)).or_else(|| access(text)).or_else(|| dated(text)).or_else(|| slashed(text)).or_else(|| named(text))
}

/// RFC 3339 and RFC 3164 with what may follow: a zone after a blank, Go's monotonic clock.
fn standard(text: &str) -> Option<When> {
    if let Some((when, rest)) = iso(text) {
        return when.zoned(rest);
    }
    let (when, _, rest) = read(text)?;
    when.zoned(rest)
}

/// `20260301T100000[.f][Z]`.
fn basic(text: &str) -> Option<When> {
    let (date, rest) = text.split_once(['T', 't'])?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (time, rest) = rest.split_at_checked(digits)?;
    let when = digital(date, time)?;
    let (micro, rest) = super::civil::fraction(rest);
    When { micro, ..when }.zoned(rest)
}

/// `20260301100000`, of fourteen digits, which as a count would be an impossible time.
pub(super) fn compact(text: &str) -> Option<When> {
    let (date, time) = text.split_at_checked(8)?;
    digital(date, time)
}

fn digital(date: &str, time: &str) -> Option<When> {
    if date.len() != 8 || !matches!(time.len(), 4 | 6) || !(date.bytes().chain(time.bytes())).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<i64>().ok());
    let (h, m, s) = (part(time, 0, 2)?, part(time, 2, 4)?, part(time, 4, 6).unwrap_or(0));
    let (year, month, day) = (part(date, 0, 4)?, part(date, 4, 6)?, part(date, 6, 8)?);
    When::new(year, month, day)?.at(h, m, s)
}

/// `01/Mar/2026:10:00:00 +0000`, the Common Log Format.
fn access(text: &str) -> Option<When> {
    let (day, rest) = short_number(text)?;
    let (month, rest) = month(rest.strip_prefix('/')?)?;
    let (year, rest) = number(rest.strip_prefix('/')?, 4)?;
    clocked(When::new(year, month, day)?, rest.strip_prefix(':')?)
}

/// `[Sun, ]01 Mar 2026 10:00:00 GMT` and `Sunday, 01-Mar-26 10:00:00 GMT` (RFC 1123, RFC 850).
fn dated(text: &str) -> Option<When> {
    let text = text.split_once(", ").filter(|(name, _)| name.len() >= 3 && name.bytes().all(|b| b.is_ascii_alphabetic())).map_or(text, |(_, rest)| rest);
    let (day, rest) = short_number(text)?;
    let (month, rest) = month(rest.strip_prefix([' ', '-'])?)?;
    let rest = rest.strip_prefix([' ', '-'])?;
    let (year, rest) = number(rest, 4).or_else(|| number(rest, 2).map(|(y, rest)| (if y < 70 { 2000 + y } else { 1900 + y }, rest)))?;
    clocked(When::new(year, month, day)?, rest.strip_prefix(' ')?)
}

/// `2026/03/01 10:00:00` and `3/1/2026[,] 10:00:00 [AM]`: month first, unless the first number is above 12.
fn slashed(text: &str) -> Option<When> {
    if let Some((year, rest)) = number(text, 4) {
        let (month, rest) = short_number(rest.strip_prefix('/')?)?;
        let (day, rest) = short_number(rest.strip_prefix('/')?)?;
        return clocked(When::new(year, month, day)?, rest.strip_prefix([' ', 'T'])?);
    }
    let (a, rest) = short_number(text)?;
    let (b, rest) = short_number(rest.strip_prefix('/')?)?;
    let (year, rest) = number(rest.strip_prefix('/')?, 4)?;
    let (month, day) = if a > 12 { (b, a) } else { (a, b) };
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    let when = When { day_assumed: a <= 12 && b <= 12 && a != b, ..When::new(year, month, day)? };
    clocked(when, rest.trim_start_matches(' '))
}

/// `Mar 1, 2026 @ 10:00:00.000`, `Mar 1, 2026, 10:00:00 AM`, and `ctime`'s `Sun Mar  1 10:00:00[.f] 2026`.
fn named(text: &str) -> Option<When> {
    let text = text.split_once(' ').filter(|(name, _)| WEEKDAYS.contains(name)).map_or(text, |(_, rest)| rest);
    let (month, rest) = month(text)?;
    let (day, rest) = short_number(rest.strip_prefix(' ')?.trim_start_matches(' '))?;
    if let Some(rest) = rest.strip_prefix(", ") {
        let (year, rest) = number(rest, 4)?;
        let rest = rest.strip_prefix(" @ ").or_else(|| rest.strip_prefix(", ")).or_else(|| rest.strip_prefix(' '))?;
        return clocked(When::new(year, month, day)?, rest);
    }
    let (second, micro, leap, rest) = clock(rest.strip_prefix(' ')?)?;
    let (offset, rest) = zone(rest.trim_start_matches(' '));
    let (year, rest) = number(rest.trim_start_matches(' '), 4)?;
    rest.is_empty().then_some(When { second, micro, leap, offset, ..When::new(year, month, day)? })
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The time of day and a zone, to the end.
fn clocked(when: When, text: &str) -> Option<When> {
    let (hours, after) = short_number(text)?;
    let padded;
    let text = if text.len() - after.len() == 1 {
        padded = format!("0{hours}{after}");
        padded.as_str()
    } else {
        text
    };
    let (mut second, micro, leap, rest) = clock(text)?;
    let mut rest = rest.trim_start_matches([' ', '\u{202f}']);
    for (word, afternoon) in [("AM", false), ("PM", true), ("am", false), ("pm", true)] {
        if let Some(after) = rest.strip_prefix(word) {
            let noon = hours == 12;
            second += if afternoon && !noon { 12 * 3600 } else { 0 } - if !afternoon && noon { 12 * 3600 } else { 0 };
            rest = after;
            break;
        }
    }
    let fits = (0..=86_400).contains(&second);
    fits.then_some(When { second, micro, leap, ..when })?.zoned(rest)
}
