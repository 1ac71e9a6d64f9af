//! The time that web servers write in brackets: `10/Mar/2026:13:55:36 +0100`, or one of RFC 3339. Never reads a clock.

use event::{Mark, Time, time::DAY, time::SECOND};

const MONTHS: [&[u8; 3]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Reads a time, and says what it rests on; `None` for a text that is neither.
pub fn read(text: &str) -> Option<(Time, Option<Mark>)> {
    common(text.as_bytes()).or_else(|| Time::parse(text).map(|t| (t, None)))
}

/// `DD/Mon/YYYY:HH:MM:SS[.f] +HHMM`
fn common(b: &[u8]) -> Option<(Time, Option<Mark>)> {
    let (head, rest) = b.split_at_checked(20)?;
    let [d0, d1, b'/', month @ .., b'/', y0, y1, y2, y3, b':', h0, h1, b':', m0, m1, b':', s0, s1] = head else { return None };
    let number = |digits: &[u8]| digits.iter().try_fold(0i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')));
    let month = MONTHS.iter().position(|m| m.as_slice() == month)? as i8 + 1;
    let (day, year) = (number(&[*d0, *d1])?, number(&[*y0, *y1, *y2, *y3])?);
    let (h, m, s) = (number(&[*h0, *h1])?, number(&[*m0, *m1])?, number(&[*s0, *s1])?);
    if h > 23 || m > 59 || s > 60 {
        return None;
    }
    let date = jiff::civil::Date::new(year as i16, month, day as i8).ok()?;
    let days = i64::from(date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?.get_days());
    let (micros, rest) = fraction(rest);
    let (offset, zone) = match rest.trim_ascii() {
        [] => (0, Some(Mark::ZoneAssumed)),
        [sign @ (b'+' | b'-'), h0, h1, m0, m1] => {
            let seconds = number(&[*h0, *h1])? * 3600 + number(&[*m0, *m1])? * 60;
            (if *sign == b'-' { -seconds } else { seconds }, None)
        }
        _ => return None,
    };
    let leap = s == 60;
    let micros = if leap { 999_999 } else { micros };
    let mark = zone.or(leap.then_some(Mark::LeapSecond));
    Some((Time(days * DAY + (h * 3600 + m * 60 + s.min(59) - offset) * SECOND + micros), mark))
}

fn fraction(text: &[u8]) -> (i64, &[u8]) {
    let Some((b'.' | b',', after)) = text.split_first() else { return (0, text) };
    let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
    let micros = (0..6).fold(0, |n, i| n * 10 + after.get(i).filter(|_| i < digits).map_or(0, |b| i64::from(b - b'0')));
    (micros, after.get(digits..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let read = |text| read(text).map(|(t, mark)| (t.to_string(), mark));
        assert_eq!(read("10/Mar/2026:13:55:36 +0100"), Some(("2026-03-10T12:55:36Z".into(), None)));
        assert_eq!(read("29/Feb/2024:23:59:59.25 -0730"), Some(("2024-03-01T07:29:59.25Z".into(), None)));
        assert_eq!(read("10/Mar/2026:13:55:36"), Some(("2026-03-10T13:55:36Z".into(), Some(Mark::ZoneAssumed))));
        assert_eq!(read("31/Dec/2016:23:59:60 +0000"), Some(("2016-12-31T23:59:59.999999Z".into(), Some(Mark::LeapSecond))));
        assert_eq!(read("2026-03-10T13:55:36+01:00"), Some(("2026-03-10T12:55:36Z".into(), None)));
        for bad in ["", "30/Feb/2026:13:55:36 +0100", "10/Mrz/2026:13:55:36 +0100", "10/Mar/2026:25:55:36 +0100", "10/Mar/2026:13:55:36 GMT+1"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
