//! Sigma values and modifiers to tests of one text.
//!
//! Source: Sigma specification 2.0, "Value Modifiers" and "Wildcards". Texts match in either case unless `cased` is said.

use event::{Pattern, filter::Place};
use ipnet::IpNet;
use rsigma_parser::{FieldSpec, Modifier, SigmaString, SigmaValue, SpecialChar, StringPart};

use crate::{Reason, rule::shown};

/// A test of one text.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It looks like this.
    Like(Pattern),
    /// It is an address in this network.
    InNet(IpNet),
    /// It is there.
    Has,
}

/// A test, or its opposite.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The test.
    pub test: Test,
    /// Whether its opposite is asked.
    pub not: bool,
}

impl From<Test> for Asked {
    fn from(test: Test) -> Asked {
        Asked { test, not: false }
    }
}

/// What the modifiers of a field come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    place: Option<Place>,
    any_case: bool,
    network: bool,
    exists: bool,
    /// All values must hold, not any.
    pub all: bool,
}

impl Manner {
    /// Reads the modifiers; one that is not understood is refused.
    pub fn of(field: &FieldSpec) -> Result<Manner, Reason> {
        let mut manner = Manner { place: None, any_case: true, network: false, exists: false, all: false };
        for &modifier in &field.modifiers {
            let placed = match modifier {
                Modifier::Contains => Some(Place::Anywhere),
                Modifier::StartsWith => Some(Place::Start),
                Modifier::EndsWith => Some(Place::End),
                _ => None,
            };
            match modifier {
                _ if placed.is_some() && manner.place.is_none() => manner.place = placed,
                Modifier::All => manner.all = true,
                Modifier::Cased => manner.any_case = false,
                Modifier::Cidr => manner.network = true,
                Modifier::Exists => manner.exists = true,
                _ => return Err(Reason::Modifier { field: name(field), modifier: format!("{modifier:?}").to_lowercase() }),
            }
        }
        Ok(manner)
    }

    /// The test for one value.
    pub fn test(&self, field: &FieldSpec, value: &SigmaValue) -> Result<Asked, Reason> {
        let refuse = |why| Reason::Value { field: name(field), value: shown(value), why };
        match value {
            SigmaValue::Bool(there) if self.exists => Ok(Asked { test: Test::Has, not: !there }),
            _ if self.exists => Err(refuse("`exists` takes true or false")),
            SigmaValue::Null => Ok(Asked { test: Test::Has, not: true }),
            SigmaValue::String(s) if self.network => {
                let net = s.original.parse().map_err(|_| refuse("not a network in CIDR notation"))?;
                Ok(Test::InNet(net).into())
            }
            SigmaValue::String(s) => Ok(self.like(s).map_err(refuse)?.into()),
            SigmaValue::Integer(n) => Ok(self.pattern(self.place.unwrap_or(Place::Whole), n.to_string()).map_err(refuse)?.into()),
            SigmaValue::Float(_) => Err(refuse("a number with a fraction, or too large")),
            SigmaValue::Bool(_) => Err(refuse("true and false have no column here")),
        }
    }

    /// A text with wildcards: only at its ends, where a place says the same.
    fn like(&self, s: &SigmaString) -> Result<Test, &'static str> {
        // The parser writes a list or map inside a list of values as its debug text.
        if ["Sequence [", "Mapping {", "Tagged("].iter().any(|p| s.original.starts_with(p)) {
            return Err("a list or map where a text must be");
        }
        let many = |part: Option<&StringPart>| part == Some(&StringPart::Special(SpecialChar::WildcardMulti));
        let mut parts = s.parts.as_slice();
        let (mut open_start, mut open_end) =
            (matches!(self.place, Some(Place::Anywhere | Place::End)), matches!(self.place, Some(Place::Anywhere | Place::Start)));
        while let (true, Some((_, rest))) = (many(parts.first()), parts.split_first()) {
            (open_start, parts) = (true, rest);
        }
        while let (true, Some((_, rest))) = (many(parts.last()), parts.split_last()) {
            (open_end, parts) = (true, rest);
        }
        let place = match (open_start, open_end) {
            (false, false) => Place::Whole,
            (false, true) => Place::Start,
            (true, false) => Place::End,
            (true, true) => Place::Anywhere,
        };
        match parts {
            [] if s.parts.is_empty() => Err("an empty text, which columns do not tell from a missing one"),
            [] => Ok(Test::Has),
            [StringPart::Plain(text)] => self.pattern(place, text.clone()),
            _ => Err("a wildcard inside the text"),
        }
    }

    fn pattern(&self, place: Place, text: String) -> Result<Test, &'static str> {
        // Our patterns fold ASCII only; Sigma folds all letters.
        if self.any_case && text.chars().any(|c| !c.is_ascii() && c.is_alphabetic()) {
            return Err("letters beyond ASCII in either case");
        }
        Ok(Test::Like(Pattern { text, place, any_case: self.any_case }))
    }
}

/// The field's name for people.
pub fn name(field: &FieldSpec) -> String {
    field.name.clone().unwrap_or_else(|| "keywords".to_owned())
}
