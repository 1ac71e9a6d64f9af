//! The search language: what a person types, as a [`Filter`], and a filter as text again.
//!
//! ```text
//! user:root src:10.0.0.0/8 -service:cron "curl " since:-7d
//! ```
//!
//! Terms beside each other must all hold; `or`, `not` or `-`, and parentheses do what they say. A term is `field:value`, or
//! words that stand anywhere in message, command or original line. `:` takes a value as people mean it (`user:root` is root on
//! every machine), `=` takes it letter by letter, `~` does too but in either case. `fields` says which fields there are.
//!
//! Owns the language. Never asks events, and never reads a clock: now is an argument.

mod error;
pub mod fields;
mod parse;
mod print;
mod value;
mod when;

use std::ops::Range;

pub use error::QueryError;
pub use print::print;
pub use when::moment;

use crate::{Column, Filter, Time, Window};

/// Characters that a query may have.
pub const CHARS_MAX: usize = 16 << 10;
/// How deep parentheses and `not` may nest.
pub const DEPTH_MAX: usize = 24;
/// Terms that a query may have.
pub const TERMS_MAX: usize = 1_000;

/// A query that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What it asks.
    pub filter: Filter,
    /// Its terms, in order.
    pub terms: Vec<Term>,
}

/// One term of a query, so that an empty answer can say which of them nothing fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Where it stands, in characters.
    pub at: Range<usize>,
    /// As it was typed.
    pub text: String,
    /// The columns that it asks; empty for words of the text and for times.
    pub columns: Vec<Column>,
    /// The value without quotes and stars.
    pub value: String,
    /// What it asks alone.
    pub filter: Filter,
    /// Whether it stands under an odd number of `not`.
    pub negated: bool,
}

impl Query {
    /// Reads a query. `now` is what `-7d` counts from.
    pub fn parse(text: &str, now: Time) -> Result<Query, QueryError> {
        parse::parse(text, now)
    }

    /// The time that the query as a whole is limited to.
    pub fn window(&self) -> Window {
        window(&self.filter)
    }
}

/// The time that every event lies in that the filter is true of, as far as its outermost terms say.
pub fn window(filter: &Filter) -> Window {
    match filter {
        Filter::During(w) => *w,
        Filter::And(all) => all.iter().map(window).fold(Window::default(), |a, b| Window {
            since: a.since.max(b.since),
            until: match (a.until, b.until) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }),
        _ => Window::default(),
    }
}
