//! Text to a query, by one walk over its characters.

use std::ops::Range;

use super::{
    CHARS_MAX, DEPTH_MAX, Query, TERMS_MAX, Term,
    error::{Fault, QueryError},
    fields::{self, Field},
    value::{self, Piece, Sign, Value},
};
use crate::{Column, Entity, Filter, Kind, Time, Window, near::nearest};

type Result<T> = std::result::Result<T, QueryError>;

/// Reads a query; of blank text, everything.
pub(super) fn parse(text: &str, now: Time) -> Result<Query> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > CHARS_MAX {
        return Err(QueryError::new(Fault::Long, CHARS_MAX..CHARS_MAX, &chars));
    }
    let mut p = Parser { chars: &chars, at: 0, now, terms: Vec::new(), depth: 0, negated: false };
    p.blank();
    let filter = if p.peek().is_none() { Filter::All } else { p.alternatives()? };
    if p.peek().is_some() {
        return Err(p.fault(Fault::Close, p.at..p.at + 1));
    }
    Ok(Query { filter, terms: p.terms })
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    now: Time,
    terms: Vec<Term>,
    depth: usize,
    negated: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn fault(&self, fault: Fault, at: Range<usize>) -> QueryError {
        QueryError::new(fault, at, self.chars)
    }

    fn slice(&self, at: Range<usize>) -> String {
        self.chars.get(at).unwrap_or_default().iter().collect()
    }

    /// The bare word that begins here, if one does and it is one of the three that join.
    fn joint(&self) -> Option<&'static str> {
        let rest = self.chars.get(self.at..)?;
        let word: String = rest.iter().take(4).take_while(|c| c.is_ascii_alphabetic()).collect();
        let ends = rest.get(word.len()).is_none_or(|c| c.is_whitespace() || *c == '(' || *c == ')');
        ["and", "or", "not"].into_iter().find(|j| ends && word.eq_ignore_ascii_case(j))
    }

    /// `a or b`.
    fn alternatives(&mut self) -> Result<Filter> {
        let mut any = vec![self.all()?];
        while self.joint() == Some("or") {
            self.at += 2;
            self.blank();
            any.push(self.all()?);
        }
        Ok(one_or(any, Filter::Or))
    }

    /// `a b`, `a and b`.
    fn all(&mut self) -> Result<Filter> {
        let mut all = vec![self.operand("here")?];
        loop {
            self.blank();
            match (self.peek(), self.joint()) {
                (None | Some(')'), _) | (_, Some("or")) => return Ok(one_or(all, Filter::And)),
                (_, Some("and")) => {
                    self.at += 3;
                    self.blank();
                    all.push(self.operand("behind `and`")?);
                }
                _ => all.push(self.operand("here")?),
            }
        }
    }

    /// `not x`, `-x`, `(x)`, a term.
    fn operand(&mut self, place: &'static str) -> Result<Filter> {
        let start = self.at;
        match self.peek() {
            None => Err(self.fault(Fault::Missing(if place == "here" { "at the end" } else { place }), start..start + 1)),
            Some(')') if self.depth == 0 => Err(self.fault(Fault::Close, start..start + 1)),
            Some(')') => Err(self.fault(Fault::Missing("before the parenthesis"), start..start + 1)),
            Some('(') => self.nested(start, |p| {
                p.at += 1;
                p.blank();
                let inner = p.alternatives()?;
                if p.peek() != Some(')') {
                    return Err(p.fault(Fault::Open, start..start + 1));
                }
                p.at += 1;
                Ok(inner)
            }),
            Some('-') if self.chars.get(start + 1).is_some_and(|c| !c.is_whitespace()) => self.negation(start, 1),
            _ if self.joint() == Some("not") => self.negation(start, 3),
            _ if self.joint().is_some() => Err(self.fault(Fault::Missing("before this"), start..start + 2)),
            _ => self.term(),
        }
    }

    fn negation(&mut self, start: usize, length: usize) -> Result<Filter> {
        self.nested(start, |p| {
            p.at += length;
            p.blank();
            p.negated = !p.negated;
            let inner = p.operand("behind `not`");
            p.negated = !p.negated;
            Ok(Filter::Not(Box::new(inner?)))
        })
    }

    fn nested(&mut self, start: usize, inner: impl FnOnce(&mut Self) -> Result<Filter>) -> Result<Filter> {
        if self.depth >= DEPTH_MAX {
            return Err(self.fault(Fault::Depth, start..start + 1));
        }
        self.depth += 1;
        let found = inner(self);
        self.depth -= 1;
        found
    }

    fn term(&mut self) -> Result<Filter> {
        let start = self.at;
        if self.terms.len() >= TERMS_MAX {
            return Err(self.fault(Fault::Terms, start..start + 1));
        }
        let Some((name, sign)) = self.field_name() else {
            let value = self.value(false)?;
            let text = value::free(&value).map_err(|f| self.fault(f, start..self.at))?;
            if text.is_empty() && value.pieces.contains(&Piece::Star) {
                return Ok(Filter::All);
            }
            if text.is_empty() {
                return Err(self.fault(Fault::Missing("between the quotes"), start..self.at));
            }
            let filter = value::words(&text);
            self.note(start, Vec::new(), text, filter.clone());
            return Ok(filter);
        };
        let name_at = start..start + name.chars().count();
        let Some(field) = fields::find(&name) else {
            let near = nearest(&name.to_ascii_lowercase(), fields::names());
            return Err(self.fault(Fault::Field { near, name }, name_at));
        };
        self.at = name_at.end + 1;
        self.values(&name, field, sign, start)
    }

    /// A name and the sign behind it, if what comes is a field and no text with a colon in it (a URL, an ARN, a fingerprint).
    fn field_name(&self) -> Option<(String, Sign)> {
        let rest = self.chars.get(self.at..)?;
        let name: String = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        let after = rest.get(name.len()..)?;
        let sign = match after.first()? {
            ':' => Sign::Means,
            '=' => Sign::Exact,
            '~' => Sign::AnyCase,
            _ => return None,
        };
        let text = after.starts_with(&[':', '/', '/']) || after.starts_with(&[':', ':']) || ["arn", "SHA256", "MD5"].contains(&name.as_str());
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
        (begins && !text).then_some((name, sign))
    }

    /// One value, or a list of them.
    fn values(&mut self, name: &str, field: Field, sign: Sign, start: usize) -> Result<Filter> {
        if self.peek() != Some('(') {
            let from = self.at;
            let value = self.value(false)?;
            if from == self.at {
                return Err(self.fault(Fault::NoValue(name.into()), start..self.at));
            }
            let filter = self.filter(name, field, sign, &value).map_err(|f| self.fault(f, from..self.at))?;
            self.note(start, columns(field), value.plain(), filter.clone());
            return Ok(filter);
        }
        let open = self.at;
        let mut any = Vec::new();
        loop {
            self.at += 1;
            self.blank();
            let from = self.at;
            let value = self.value(true)?;
            if from == self.at {
                let missing = if self.peek().is_none() { Fault::Open } else { Fault::NoValue(name.into()) };
                return Err(self.fault(missing, open..open + 1));
            }
            any.push(self.filter(name, field, sign, &value).map_err(|f| self.fault(f, from..self.at))?);
            if any.len() > TERMS_MAX {
                return Err(self.fault(Fault::Terms, open..open + 1));
            }
            self.note(from, columns(field), value.plain(), any.last().cloned().unwrap_or(Filter::All));
            self.blank();
            match self.peek() {
                Some(',') => {}
                Some(')') => break,
                None => return Err(self.fault(Fault::Open, open..open + 1)),
                Some(_) => return Err(self.fault(Fault::List, self.at..self.at + 1)),
            }
        }
        self.at += 1;
        Ok(joined(any))
    }

    /// Reads to the next blank or parenthesis outside of quotes; in a list to the next comma.
    fn value(&mut self, in_list: bool) -> Result<Value> {
        let mut value = Value { pieces: Vec::new(), quoted: false };
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    value.quoted = true;
                    let text = self.quoted()?;
                    push(&mut value.pieces, &text);
                    continue;
                }
                '*' => value.pieces.push(Piece::Star),
                c if c.is_whitespace() || c == '(' || c == ')' || (in_list && c == ',') => break,
                c => push(&mut value.pieces, c.encode_utf8(&mut [0; 4])),
            }
            self.at += 1;
        }
        if value.quoted && value.pieces.is_empty() {
            value.pieces.push(Piece::Text(String::new()));
        }
        Ok(value)
    }

    /// From quote to quote; `\"` and `\\` stand for what is behind the backslash.
    fn quoted(&mut self) -> Result<String> {
        let (start, mut text) = (self.at, String::new());
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            match (c, self.peek()) {
                ('"', _) => return Ok(text),
                ('\\', Some(next @ ('"' | '\\'))) => {
                    text.push(next);
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        Err(self.fault(Fault::Quote, start..start + 1))
    }

    fn filter(&self, name: &str, field: Field, sign: Sign, value: &Value) -> std::result::Result<Filter, Fault> {
        let text = value.text();
        let colon = || if sign == Sign::Means { Ok(()) } else { Err(Fault::Colon(name.into())) };
        match field {
            Field::Columns(columns) => {
                let each = columns.iter().map(|c| value::on_column(*c, sign, value, self.now)).collect::<std::result::Result<Vec<_>, _>>()?;
                Ok(one_or(each, Filter::Or))
            }
            Field::Kind(kind) => colon().map(|()| Filter::touching(&[Entity::new(kind, &text)])),
            Field::Entity => colon().map(|()| Filter::touching(&Entity::guess(&text))),
            Field::Original => value::original(sign, value),
            Field::Since => value::edge(sign, &text, self.now).map(|t| Filter::During(Window { since: Some(t), until: None })),
            Field::Until => value::edge(sign, &text, self.now).map(|t| Filter::During(Window { since: None, until: Some(t) })),
            Field::Has => {
                colon()?;
                let Some(Field::Columns(columns)) = fields::find(&text) else {
                    let near = nearest(&text.to_ascii_lowercase(), fields::names());
                    return Err(Fault::Field { name: text, near });
                };
                Ok(one_or(columns.iter().map(|c| Filter::Has(*c)).collect(), Filter::Or))
            }
            Field::Id => {
                colon()?;
                let parts = text.rsplit_once('#').and_then(|(source, seq)| Some((source.to_owned(), seq.parse::<i64>().ok()?)));
                let (source, seq) = parts.ok_or_else(|| Fault::Id(text.clone()))?;
                Ok(Filter::And(vec![Filter::is(Column::Source, source), Filter::equals(Column::Seq, seq)]))
            }
        }
    }

    fn note(&mut self, start: usize, columns: Vec<Column>, value: String, filter: Filter) {
        let at = start..self.at;
        self.terms.push(Term { text: self.slice(at.clone()), at, columns, value, filter, negated: self.negated });
    }
}

/// The text columns whose values a term's value may be near to.
fn columns(field: Field) -> Vec<Column> {
    let of_kind = |kind: Option<Kind>| Column::ALL.iter().copied().filter(|c| c.kind().is_some() && (kind.is_none() || c.kind() == kind)).collect();
    match field {
        Field::Columns(columns) => columns.iter().copied().filter(|c| value::text_column(*c)).collect(),
        Field::Kind(kind) => of_kind(Some(kind)),
        Field::Entity => of_kind(None),
        _ => Vec::new(),
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

fn one_or(mut filters: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            many(filters)
        }
    }
}

/// Values of a list: those that one column must be exactly are one question.
fn joined(any: Vec<Filter>) -> Filter {
    let mut out: Vec<Filter> = Vec::new();
    for f in any {
        match (out.last_mut(), f) {
            (Some(Filter::Is(a, values)), Filter::Is(b, more)) if *a == b => values.extend(more),
            (_, f) => out.push(f),
        }
    }
    one_or(out, Filter::Or)
}
