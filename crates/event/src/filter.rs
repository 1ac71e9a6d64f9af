//! `Filter`: the one question language between rules, scope, search, API and lake.
//!
//! A filter is two-valued: a column that is missing makes every test on it false, and `Not` of that true.
//! This file evaluates in memory; `lake` turns the same filter into a query, and a property test holds the two equal.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{Column, Entity, Fields, Kind, Time, Window};

/// A question about one event.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// True of every event.
    All,
    /// True where the inner one is not.
    Not(Box<Filter>),
    /// True where each is; of an empty list, true.
    And(Vec<Filter>),
    /// True where any is; of an empty list, false.
    Or(Vec<Filter>),
    /// The text column is exactly one of these.
    Is(Column, Vec<String>),
    /// The text column is like this.
    Like(Column, Pattern),
    /// The number column lies within (both ends included).
    Within(Column, i64, i64),
    /// The text column is an address in this network.
    InNet(Column, IpNet),
    /// The column has a value.
    Has(Column),
    /// The event happened in this window.
    During(Window),
}

/// How a text must look. ASCII letters match in either case if `any_case`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// What the text is compared with.
    pub text: String,
    /// Where it must stand.
    pub place: Place,
    /// Whether ASCII letters match in either case.
    pub any_case: bool,
}

/// Where in a text a pattern must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// It is the whole text.
    Whole,
    /// The text starts with it.
    Start,
    /// The text ends with it.
    End,
    /// The text contains it.
    Anywhere,
}

impl Pattern {
    /// Whether a text is like this.
    pub fn matches(&self, text: &str) -> bool {
        if self.any_case {
            let (t, p) = (text.to_ascii_lowercase(), self.text.to_ascii_lowercase());
            self.place.holds(&t, &p)
        } else {
            self.place.holds(text, &self.text)
        }
    }
}

impl Place {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Place::Whole => text == part,
            Place::Start => text.starts_with(part),
            Place::End => text.ends_with(part),
            Place::Anywhere => text.contains(part),
        }
    }
}

impl Filter {
    /// The column is exactly this text.
    pub fn is(column: Column, value: impl Into<String>) -> Filter {
        Filter::Is(column, vec![value.into()])
    }

    /// The number column is exactly this.
    pub fn equals(column: Column, value: i64) -> Filter {
        Filter::Within(column, value, value)
    }

    /// True of every event that touches one of these entities.
    pub fn touching(entities: &[Entity]) -> Filter {
        let mut by_column: std::collections::BTreeMap<Column, Vec<String>> = Default::default();
        let mut any = Vec::new();
        for e in entities {
            match (e.kind, e.value.split_once(if e.kind == Kind::File { ':' } else { '/' })) {
                (Kind::Process, Some((host, pid))) => any.push(on_host(host, pid.parse().ok().map(|n| Filter::equals(Column::Pid, n)))),
                (Kind::File, Some((host, path))) if !e.value.starts_with('/') => any.push(on_host(host, Some(Filter::is(Column::File, path)))),
                (Kind::File, _) => by_column.entry(Column::File).or_default().push(e.value.clone()),
                _ => {
                    for &c in Column::ALL.iter().filter(|c| c.kind() == Some(e.kind)) {
                        by_column.entry(c).or_default().push(e.value.clone());
                    }
                }
            }
        }
        any.extend(by_column.into_iter().map(|(c, values)| Filter::Is(c, values)));
        Filter::Or(any)
    }

    /// Both this and that.
    pub fn and(self, other: Filter) -> Filter {
        match (self, other) {
            (Filter::All, f) | (f, Filter::All) => f,
            (Filter::And(mut a), f) => {
                a.push(f);
                Filter::And(a)
            }
            (a, b) => Filter::And(vec![a, b]),
        }
    }

    /// Whether the filter is true of an event.
    pub fn matches(&self, e: &impl Fields) -> bool {
        match self {
            Filter::All => true,
            Filter::Not(f) => !f.matches(e),
            Filter::And(fs) => fs.iter().all(|f| f.matches(e)),
            Filter::Or(fs) => fs.iter().any(|f| f.matches(e)),
            Filter::Is(c, values) => e.text(*c).is_some_and(|t| values.iter().any(|v| v == t)),
            Filter::Like(c, p) => e.text(*c).is_some_and(|t| p.matches(t)),
            Filter::Within(c, low, high) => e.int(*c).is_some_and(|n| (*low..=*high).contains(&n)),
            Filter::InNet(c, net) => e.text(*c).is_some_and(|t| in_net(t, net)),
            Filter::Has(c) => e.text(*c).is_some() || e.int(*c).is_some(),
            Filter::During(w) => e.int(Column::Time).is_some_and(|t| w.contains(Time(t))),
        }
    }
}

/// Whether a text is an address inside a network. An IPv4 address is never inside an IPv6 network, nor the other way.
pub fn in_net(text: &str, net: &IpNet) -> bool {
    text.parse::<std::net::IpAddr>().is_ok_and(|ip| net.contains(&ip))
}

fn on_host(host: &str, what: Option<Filter>) -> Filter {
    match what {
        Some(f) => Filter::And(vec![Filter::is(Column::Host, host), f]),
        None => Filter::Or(Vec::new()),
    }
}
