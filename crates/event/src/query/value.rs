//! What stands behind a field, as a filter on one column.

use ipnet::IpNet;

use super::{
    error::Fault,
    fields::{Manner, is_text, manner},
    when::moment,
};
use crate::{
    Column, Filter, Pattern, Shape, Time, Window, Words,
    entity::canonical_ip,
    filter::Place::{self, Anywhere, End, Glob, Start, Whole},
};

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// An unquoted `*`.
    Star,
    /// Text, quoted or not.
    Text(String),
}

/// A value as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub pieces: Vec<Piece>,
    /// Whether any of it stands in quotes; then it is text, whatever it looks like.
    pub quoted: bool,
}

/// Between field and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `:`, as people mean it.
    Means,
    /// `=`, letter by letter.
    Exact,
    /// `~`, letter by letter in either case.
    AnyCase,
}

impl Value {
    /// All text, stars as stars.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|p| if let Piece::Text(t) = p { t.as_str() } else { "*" }).collect()
    }

    /// The text without stars.
    pub fn plain(&self) -> String {
        self.pieces.iter().filter_map(|p| if let Piece::Text(t) = p { Some(t.as_str()) } else { None }).collect()
    }

    /// The texts between the stars.
    fn parts(&self) -> Vec<String> {
        let mut parts = vec![String::new()];
        for piece in &self.pieces {
            match (piece, parts.last_mut()) {
                (Piece::Text(t), Some(last)) => last.push_str(t),
                _ => parts.push(String::new()),
            }
        }
        parts
    }

    fn has_star(&self) -> bool {
        self.pieces.contains(&Piece::Star)
    }
}

/// The filter that `column SIGN value` is.
pub(super) fn on_column(column: Column, sign: Sign, value: &Value, now: Time) -> Result<Filter, Fault> {
    match column.shape() {
        _ if value.pieces == [Piece::Star] => Ok(Filter::Has(column)),
        Shape::Int => number(column, sign, &value.text()),
        Shape::Time => time(column, sign, &value.text(), now),
        Shape::Word | Shape::Text => Ok(text(column, sign, value)),
    }
}

fn text(c: Column, sign: Sign, value: &Value) -> Filter {
    if value.has_star() {
        return wild(c, value, sign != Sign::Exact);
    }
    let v = value.text();
    match sign {
        Sign::AnyCase => like(c, v, Whole, true),
        Sign::Exact => match v.parse::<IpNet>() {
            Ok(net) if !value.quoted => Filter::InNet(c, net),
            _ => Filter::is(c, v),
        },
        Sign::Means => meant(c, v, value.quoted),
    }
}

fn like(column: Column, text: String, place: Place, any_case: bool) -> Filter {
    Filter::Like(column, Pattern { text, place, any_case })
}

/// A text column with stars.
fn wild(c: Column, value: &Value, any_case: bool) -> Filter {
    let parts = value.parts();
    let like = |text: &str, place| like(c, text.to_owned(), place, any_case);
    let Some((first, rest)) = parts.split_first() else { return Filter::Has(c) };
    let Some((last, middle)) = rest.split_last() else { return like(first, Whole) };
    let middle: Vec<&String> = middle.iter().filter(|m| !m.is_empty()).collect();
    match (first.as_str(), middle.as_slice(), last.as_str()) {
        ("", [], "") => Filter::Has(c),
        (first, [], "") => like(first, Start),
        ("", [], last) => like(last, End),
        ("", [one], "") => like(one, Anywhere),
        (first, middle, last) => {
            let all = std::iter::once(first).chain(middle.iter().map(|m| m.as_str())).chain([last]);
            let escaped: Vec<String> = all.map(|p| p.replace('\\', "\\\\").replace('*', "\\*")).collect();
            like(&escaped.join("*"), Glob)
        }
    }
}

/// A text column as people mean it.
fn meant(c: Column, v: String, quoted: bool) -> Filter {
    let end = |before: char| like(c, format!("{before}{v}"), End, false);
    match manner(c) {
        Manner::Exact => Filter::is(c, v),
        Manner::Word => like(c, v, Whole, true),
        Manner::Inside => like(c, v, Anywhere, true),
        Manner::Address => match v.parse::<IpNet>() {
            Ok(net) if !quoted => Filter::InNet(c, net),
            _ => Filter::is(c, canonical_ip(&v).unwrap_or(v)),
        },
        Manner::Name => {
            let v = v.trim_end_matches('.').to_ascii_lowercase();
            Filter::Or(vec![Filter::is(c, v.clone()), like(c, format!("{v}."), Start, false)])
        }
        Manner::Identity if v.contains('@') || v.starts_with("arn:") => Filter::is(c, v),
        Manner::Identity => {
            let shapes = [like(c, format!("{v}@"), Start, false), like(c, format!("user/{v}"), End, false), like(c, format!("role/{v}"), End, false)];
            Filter::Or(std::iter::once(Filter::is(c, v.clone())).chain(shapes).collect())
        }
        Manner::Tail(before) => Filter::Or(std::iter::once(Filter::is(c, v.clone())).chain(before.iter().map(|b| end(*b))).collect()),
    }
}

/// Words of the text: anywhere in message, command or original line.
pub(super) fn words(text: &str) -> Filter {
    let like = |c| like(c, text.to_owned(), Anywhere, true);
    Filter::Or(vec![like(Column::Message), like(Column::Command), Filter::Original(Words { text: text.to_owned(), any_case: true })])
}

/// The original line.
pub(super) fn original(sign: Sign, value: &Value) -> Result<Filter, Fault> {
    Ok(Filter::Original(Words { text: free(value)?, any_case: sign != Sign::Exact }))
}

/// A value that may stand anywhere in a text: stars at its ends say nothing more, stars within are not understood.
pub(super) fn free(value: &Value) -> Result<String, Fault> {
    let inner = value.pieces.iter().skip_while(|p| **p == Piece::Star);
    let mut kept: Vec<&Piece> = inner.collect();
    while kept.last() == Some(&&Piece::Star) {
        kept.pop();
    }
    if kept.contains(&&Piece::Star) {
        return Err(Fault::Star(value.text()));
    }
    Ok(value.plain())
}

/// `n`, `>n`, `>=n`, `<n`, `<=n`, `a..b`, `a..`, `..b`.
fn number(c: Column, sign: Sign, text: &str) -> Result<Filter, Fault> {
    let read = |t: &str| digits(t, sign).ok_or_else(|| Fault::Number { field: c.name().into(), found: text.into() });
    let (low, high) = match compared(text) {
        Compared::Over(t) => (read(t)?.checked_add(1), Some(i64::MAX)),
        Compared::From(t) => (Some(read(t)?), Some(i64::MAX)),
        Compared::Under(t) => (Some(i64::MIN), read(t)?.checked_sub(1)),
        Compared::UpTo(t) => (Some(i64::MIN), Some(read(t)?)),
        Compared::Between(a, b) if a.is_empty() && b.is_empty() => return Err(Fault::NoValue(c.name().into())),
        Compared::Between(a, b) => {
            let low = if a.is_empty() { i64::MIN } else { read(a)? };
            let high = if b.is_empty() { i64::MAX } else { read(b)? };
            if low > high {
                return Err(Fault::Range(a.into(), b.into()));
            }
            (Some(low), Some(high))
        }
        Compared::Just(t) => {
            let n = read(t)?;
            (Some(n), Some(n))
        }
    };
    Ok(low.zip(high).map_or(Filter::Or(Vec::new()), |(low, high)| Filter::Within(c, low, high)))
}

enum Compared<'a> {
    Over(&'a str),
    From(&'a str),
    Under(&'a str),
    UpTo(&'a str),
    Between(&'a str, &'a str),
    Just(&'a str),
}

fn compared(text: &str) -> Compared<'_> {
    if let Some(t) = text.strip_prefix(">=") {
        Compared::From(t)
    } else if let Some(t) = text.strip_prefix("<=") {
        Compared::UpTo(t)
    } else if let Some(t) = text.strip_prefix('>') {
        Compared::Over(t)
    } else if let Some(t) = text.strip_prefix('<') {
        Compared::Under(t)
    } else if let Some((a, b)) = text.split_once("..") {
        Compared::Between(a, b)
    } else {
        Compared::Just(text)
    }
}

/// A whole number; `10k`, `5M`, `2G` are thousands, millions, billions.
fn digits(text: &str, sign: Sign) -> Option<i64> {
    let (bare, times) = match text.chars().last() {
        Some('k') if sign == Sign::Means => (text.strip_suffix('k')?, 1_000),
        Some('M') if sign == Sign::Means => (text.strip_suffix('M')?, 1_000_000),
        Some('G') if sign == Sign::Means => (text.strip_suffix('G')?, 1_000_000_000),
        _ => (text, 1),
    };
    bare.parse::<i64>().ok()?.checked_mul(times)
}

/// As [`number`], of times. The end of a range `a..b` is outside, as `until` is. With `=`, numbers are microseconds.
fn time(c: Column, sign: Sign, text: &str, now: Time) -> Result<Filter, Fault> {
    if sign == Sign::Exact && text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || "-.<>=".contains(c)) && !dated(text) {
        return number(c, sign, text);
    }
    let read = |t: &str| moment(t, now).ok_or_else(|| Fault::Time(t.into()));
    let (since, until) = match compared(text) {
        Compared::Over(t) => (Some(read(t)?.1), None),
        Compared::From(t) => (Some(read(t)?.0), None),
        Compared::Under(t) => (None, Some(read(t)?.0)),
        Compared::UpTo(t) => (None, Some(read(t)?.1)),
        Compared::Between("", "") => return Err(Fault::NoValue(c.name().into())),
        Compared::Between(a, b) => {
            let part = |t: &str| if t.is_empty() { Ok(None) } else { read(t).map(|m| Some(m.0)) };
            let (since, until) = (part(a)?, part(b)?);
            if since.zip(until).is_some_and(|(s, u)| s >= u) {
                return Err(Fault::Range(a.into(), b.into()));
            }
            (since, until)
        }
        Compared::Just(t) => {
            let (first, after) = read(t)?;
            (Some(first), Some(after))
        }
    };
    Ok(match c {
        Column::Time => Filter::During(Window { since, until }),
        _ => Filter::Within(c, since.map_or(i64::MIN, |t| t.0), until.map_or(i64::MAX, |t| t.0.saturating_sub(1))),
    })
}

/// Whether a text begins like `2026-03`.
fn dated(text: &str) -> bool {
    let bare = text.trim_start_matches(['<', '>', '=', '.']);
    bare.as_bytes().get(4) == Some(&b'-') && bare.as_bytes().first() != Some(&b'-')
}

/// A time behind `since` or `until`; with `=`, microseconds.
pub(super) fn edge(sign: Sign, text: &str, now: Time) -> Result<Time, Fault> {
    match (sign, text.parse::<i64>()) {
        (Sign::Exact, Ok(micros)) => Ok(Time(micros)),
        _ => moment(text, now).map(|m| m.0).ok_or_else(|| Fault::Time(text.into())),
    }
}

/// Whether stars and quotes aside the column can hold such a thing at all; `has` and printing rest on it.
pub(super) fn text_column(c: Column) -> bool {
    is_text(c)
}
