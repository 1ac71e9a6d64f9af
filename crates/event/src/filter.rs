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
    /// The original bytes of one of its records hold this. Needs events that have their originals; without them it is false.
    Original(Words),
}

/// Words looked for in original bytes, whatever stands around them. ASCII letters match in either case if `any_case`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The words, as UTF-8.
    pub text: String,
    /// Whether ASCII letters match in either case.
    pub any_case: bool,
}

impl Words {
    /// Made ready to look through many bytes.
    pub fn finder(&self) -> Finder {
        let wanted = if self.any_case { self.text.to_ascii_lowercase() } else { self.text.clone() };
        Finder { find: memchr::memmem::Finder::new(wanted.as_bytes()).into_owned(), any_case: self.any_case, lower: Vec::new() }
    }
}

/// Looks for words in one text after another, without making anything anew.
#[derive(Clone, Debug)]
pub struct Finder {
    find: memchr::memmem::Finder<'static>,
    any_case: bool,
    lower: Vec<u8>,
}

impl Finder {
    /// Whether the bytes hold the words.
    pub fn found(&mut self, bytes: &[u8]) -> bool {
        if !self.any_case {
            return self.find.find(bytes).is_some();
        }
        self.lower.clear();
        self.lower.extend_from_slice(bytes);
        self.lower.make_ascii_lowercase();
        self.find.find(&self.lower).is_some()
    }
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
    /// The text is like it, where `*` stands for any text; `\\*` is a star and `\\\\` a backslash.
    Glob,
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
            Place::Glob => glob(text, part),
        }
    }
}

/// Whether a text is like a glob; see [`Place::Glob`]. What stands between stars is found as early as it can be, so that no glob
/// takes more steps than one search a star.
pub fn glob(text: &str, glob: &str) -> bool {
    let parts = glob_parts(glob);
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some((last, middle)) = rest.split_last() else { return text == first };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match left.split_once(part.as_str()) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}

/// The texts between the stars of a glob; one more than there are stars.
pub fn glob_parts(glob: &str) -> Vec<String> {
    let (mut parts, mut now, mut chars) = (Vec::new(), String::new(), glob.chars());
    while let Some(c) = chars.next() {
        match c {
            '*' => parts.push(std::mem::take(&mut now)),
            '\\' => now.push(chars.next().unwrap_or('\\')),
            other => now.push(other),
        }
    }
    parts.push(now);
    parts
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
            Filter::Original(words) => {
                let mut finder = words.finder();
                e.any_original(&mut |bytes| finder.found(bytes))
            }
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
