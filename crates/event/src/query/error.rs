//! Why a query could not be read, and where.

use super::{CHARS_MAX, DEPTH_MAX, TERMS_MAX};
use crate::text::harmless;

/// A fault in a query, and the place of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// What is wrong.
    pub fault: Fault,
    /// The first character of it.
    pub at: usize,
    /// The character after it.
    pub end: usize,
    query: String,
}

/// What can be wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such field.
    #[error("no field is called `{name}`{}; to look for the text itself, put it in quotes", meant(near))]
    Field {
        /// As typed.
        name: String,
        /// A field that is spelled alike.
        near: Option<&'static str>,
    },
    /// Nothing behind a field.
    #[error("`{0}` needs a value: {0}:VALUE, or {0}:* for any")]
    NoValue(String),
    /// A number was expected.
    #[error("`{field}` is a number, not `{found}`; write {field}:22, {field}:>1000 or {field}:1..1024")]
    Number {
        /// Field.
        field: String,
        /// As typed.
        found: String,
    },
    /// A time was expected.
    #[error("`{0}` is not a time; write 2026-03-01, 2026-03-01T10:00:00Z or -7d")]
    Time(String),
    /// An event's id was expected.
    #[error("`{0}` is not the id of an event; write id:SOURCE#NUMBER")]
    Id(String),
    /// The range has nothing in it.
    #[error("nothing lies between `{0}` and `{1}`")]
    Range(String, String),
    /// A quote without its other half.
    #[error("this quote is not closed")]
    Quote,
    /// A parenthesis without its other half.
    #[error("this parenthesis is not closed")]
    Open,
    /// A parenthesis that closes nothing.
    #[error("this parenthesis closes nothing")]
    Close,
    /// A list of values that goes wrong.
    #[error("between values of a list stands a comma: user:(alice, bob)")]
    List,
    /// Nothing where something must stand.
    #[error("something must stand {0}")]
    Missing(&'static str),
    /// A star inside words of the text.
    #[error("`*` inside words works in a field only: command:{0}")]
    Star(String),
    /// This field takes `:` only.
    #[error("`{0}` takes `:`, as in {0}:VALUE")]
    Colon(String),
    /// Too deep.
    #[error("parentheses and `not` may nest {DEPTH_MAX} deep")]
    Depth,
    /// Too long.
    #[error("a query may have {CHARS_MAX} characters")]
    Long,
    /// Too many terms.
    #[error("a query may have {TERMS_MAX} terms; ask with fewer, or by wildcard")]
    Terms,
}

fn meant(near: &Option<&'static str>) -> String {
    near.map(|n| format!(", the nearest is `{n}`")).unwrap_or_default()
}

/// Characters of the query that are shown before and after the fault.
const AROUND: usize = 40;

impl QueryError {
    pub(super) fn new(fault: Fault, at: std::ops::Range<usize>, query: &[char]) -> QueryError {
        QueryError { fault, at: at.start, end: at.end, query: query.iter().take(CHARS_MAX).collect() }
    }

    /// The fault, the query, and a mark under the place; every line harmless on a terminal.
    pub fn pointed(&self) -> String {
        let from = self.at.saturating_sub(AROUND);
        let (mut line, mut mark) = (String::new(), String::new());
        for (i, c) in self.query.chars().enumerate().skip(from).take(AROUND * 2 + self.end.saturating_sub(self.at).min(AROUND)) {
            let shown = harmless(c.encode_utf8(&mut [0; 4]));
            let under = if (self.at..self.end).contains(&i) { "^" } else { " " };
            mark.push_str(&under.repeat(shown.chars().count()));
            line.push_str(&shown);
        }
        if !mark.contains('^') {
            mark.push('^');
        }
        format!("{}\n  {line}\n  {}", harmless(&self.fault.to_string()), mark.trim_end())
    }
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (at character {})", self.fault, self.at + 1)
    }
}

impl std::error::Error for QueryError {}
