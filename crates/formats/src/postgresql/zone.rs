//! Times as PostgreSQL writes them: `2026-03-01 10:00:00.123 CET`, the zone being what the server's zone is called at that time.

use event::{Mark, Time};

use crate::time::{self, Stamp};

/// Abbreviations of zones, as minutes east of Greenwich. Those that several zones share are marked as assumed.
const ZONES: &[(&str, i64, bool)] = &[
    ("UTC", 0, true),
    ("GMT", 0, true),
    ("WET", 0, true),
    ("WEST", 60, true),
    ("CET", 60, true),
    ("CEST", 120, true),
    ("MET", 60, true),
    ("MEST", 120, true),
    ("EET", 120, true),
    ("EEST", 180, true),
    ("MSK", 180, true),
    ("SAST", 120, true),
    ("WAT", 60, true),
    ("CAT", 120, true),
    ("EAT", 180, true),
    ("PKT", 300, true),
    ("WIB", 420, true),
    ("HKT", 480, true),
    ("AWST", 480, true),
    ("JST", 540, true),
    ("KST", 540, true),
    ("ACST", 570, true),
    ("ACDT", 630, true),
    ("AEST", 600, true),
    ("AEDT", 660, true),
    ("NZST", 720, true),
    ("NZDT", 780, true),
    ("EDT", -240, true),
    ("CDT", -300, true),
    ("MDT", -360, true),
    ("PDT", -420, true),
    ("PST", -480, true),
    ("MST", -420, true),
    ("AKST", -540, true),
    ("AKDT", -480, true),
    ("HST", -600, true),
    ("ADT", -180, true),
    ("NST", -210, true),
    ("NDT", -150, true),
    ("EST", -300, true),
    ("CST", -360, false),
    ("IST", 330, false),
    ("BST", 60, false),
    ("AST", -240, false),
    ("SST", -660, false),
];

/// Longest text of a time and its zone.
const TIME_BYTES_MAX: usize = 48;

/// Reads a time at the start of a text: the time, its text, what follows.
pub(super) fn at_start(text: &str, received: Time) -> Option<(Stamp, &str, &str)> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let near = text.get(..TIME_BYTES_MAX).unwrap_or_else(|| text.get(..text.floor_char_boundary(TIME_BYTES_MAX)).unwrap_or(text));
    let _date = near.get(..19).filter(|d| shape(d.as_bytes()))?;
    let rest = near.get(19..)?;
    let decimals = rest.strip_prefix(['.', ',']).map_or(0, |f| 1 + f.bytes().take_while(u8::is_ascii_digit).count());
    let (clock, after) = near.split_at_checked(19 + decimals)?;
    let zone = after.strip_prefix(' ').unwrap_or(after);
    let len = zone.bytes().take_while(|b| b.is_ascii_uppercase()).count();
    let signed = zone.starts_with(['+', '-']).then(|| 1 + zone.bytes().skip(1).take_while(|b| b.is_ascii_digit() || *b == b':').count());
    let len = signed.unwrap_or(len);
    let end = if (2..=6).contains(&len) { near.len() - zone.len() + len } else { clock.len() };
    let word = if end > clock.len() { zone.get(..len)? } else { "" };
    let local = time::of(&format!("{}Z", clock.replacen(' ', "T", 1)), received);
    if !local.is_known() {
        return None;
    }
    let (minutes, sure) = offset(word);
    let mut stamp = Stamp { time: local.time.plus(-minutes * 60 * event::time::SECOND), ..local };
    if !sure && let Some(free) = stamp.marks.iter_mut().find(|m| m.is_none()) {
        *free = Some(Mark::ZoneAssumed);
    }
    Some((stamp, text.get(..end)?, text.get(end..)?))
}

fn shape(date: &[u8]) -> bool {
    date.iter().enumerate().all(|(i, b)| match i {
        4 | 7 => *b == b'-',
        10 => *b == b' ' || *b == b'T',
        13 | 16 => *b == b':',
        _ => b.is_ascii_digit(),
    })
}

/// Minutes east, and whether the zone says so without doubt.
fn offset(zone: &str) -> (i64, bool) {
    if let Some(sign) = zone.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
        let part = |from: usize, to: usize| digits.get(from..to).and_then(|d| d.parse::<i64>().ok()).unwrap_or_default();
        let minutes = part(0, 2) * 60 + part(2, 4);
        return (if sign == '-' { -minutes } else { minutes }, true);
    }
    ZONES.iter().find(|(name, ..)| *name == zone).map_or((0, false), |(_, minutes, sure)| (*minutes, *sure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        let at = |text| at_start(text, Time(0)).map(|(s, t, rest)| (s.time.to_string(), s.marks[0].is_some(), t, rest)).unwrap();
        assert_eq!(at("2021-09-28 09:22:18.536 UTC [147]"), ("2021-09-28T09:22:18.536Z".into(), false, "2021-09-28 09:22:18.536 UTC", " [147]"));
        assert_eq!(at("2026-11-24 15:37:54 CET:x").0, "2026-11-24T14:37:54Z");
        assert_eq!(at("2026-11-24 15:37:54 -03 x").0, "2026-11-24T18:37:54Z");
        assert_eq!(at("2026-11-24 15:37:54 +0530 x").0, "2026-11-24T10:07:54Z");
        assert_eq!(at("2026-11-24 15:37:54 CST x"), ("2026-11-24T21:37:54Z".into(), true, "2026-11-24 15:37:54 CST", " x"));
        assert_eq!(at("2026-11-24 15:37:54 [5] x"), ("2026-11-24T15:37:54Z".into(), true, "2026-11-24 15:37:54", " [5] x"));
        assert!(
            at_start("2026-13-24 15:37:54 UTC", Time(0)).is_none() && at_start("x", Time(0)).is_none() && at_start("2026-11-24 15:37:5é", Time(0)).is_none()
        );
    }
}
