//! `event::Filter` as a DataFusion expression.
//!
//! `Filter` has two values, SQL three. `NOT` is carried down to the tests, where a missing value makes the negated test
//! true (`IS NOT TRUE`); above them only AND and OR remain, which treat null like false at the top of a WHERE.

use std::collections::BTreeMap;

use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, ident, lit},
};
use event::{Column, Filter, Pattern, Shape, Window, Words, batch::RAW, filter::Place};

use crate::{
    Error, Result,
    functions::{in_net_function, place_name, raw_has_function, text_like_function},
};

/// Levels that a filter may be nested.
pub(crate) const DEPTH_MAX: usize = 100;

/// The expression that is true of exactly the rows of `events` that the filter is true of.
pub(crate) fn to_expr(filter: &Filter) -> Result<Expr> {
    expr(filter, true, 0)
}

fn expr(filter: &Filter, wanted: bool, depth: usize) -> Result<Expr> {
    if depth > DEPTH_MAX {
        return Err(Error::Depth { max: DEPTH_MAX });
    }
    let each = |fs: &[Filter]| fs.iter().map(|f| expr(f, wanted, depth + 1)).collect::<Result<Vec<_>>>();
    Ok(match (filter, wanted) {
        (Filter::All, _) => lit(wanted),
        (Filter::Not(f), _) => expr(f, !wanted, depth + 1)?,
        (Filter::And(fs), true) | (Filter::Or(fs), false) => fields_first(fs, each(fs)?),
        (Filter::Or(fs), true) => any_of(fs, depth + 1)?,
        (Filter::And(fs), false) => join(each(fs)?, lit(false), Expr::or),
        (test, true) => positive(test),
        (test, false) => positive(test).is_not_true(),
    })
}

/// Each of these, those first that read no originals: the bytes of a record are read only where everything else holds.
fn fields_first(filters: &[Filter], parts: Vec<Expr>) -> Expr {
    let (mut cheap, mut dear) = (Vec::new(), Vec::new());
    for (f, part) in filters.iter().zip(parts) {
        if reads_originals(f) { dear.push(part) } else { cheap.push(part) }
    }
    let cheap = join(cheap, lit(true), Expr::and);
    dear.into_iter().fold(cheap, Expr::and)
}

fn reads_originals(filter: &Filter) -> bool {
    match filter {
        Filter::Not(f) => reads_originals(f),
        Filter::And(fs) | Filter::Or(fs) => fs.iter().any(reads_originals),
        Filter::Original(_) => true,
        _ => false,
    }
}

/// Joins many as a tree that is as low as it can be: thousands of entities must not make an expression thousands deep.
fn join(mut parts: Vec<Expr>, empty: Expr, by: fn(Expr, Expr) -> Expr) -> Expr {
    while parts.len() > 1 {
        let mut halved = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(a) = rest.next() {
            halved.push(match rest.next() {
                Some(b) => by(a, b),
                None => a,
            });
        }
        parts = halved;
    }
    parts.pop().unwrap_or(empty)
}

/// Alternatives that ask the same column are asked at once: a thousand processes or files of a host become one look-up in
/// a set, and not a thousand comparisons a row.
fn any_of(filters: &[Filter], depth: usize) -> Result<Expr> {
    let mut values: BTreeMap<Column, Vec<String>> = BTreeMap::new();
    let mut pids: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut parts = Vec::new();
    for f in filters {
        match (f, on_host(f)) {
            (Filter::Is(c, v), _) if is_text(*c) => values.entry(*c).or_default().extend_from_slice(v),
            (_, Some((host, Filter::Within(Column::Pid, low, high)))) if low == high => pids.entry(host).or_default().push(*low),
            (_, Some((host, Filter::Is(Column::File, v)))) => files.entry(host).or_default().extend_from_slice(v),
            _ => parts.push(expr(f, true, depth)?),
        }
    }
    parts.extend(values.iter().map(|(c, v)| is(*c, v)));
    let host_is = |host: &str| is(Column::Host, &[host.to_owned()]);
    parts.extend(pids.into_iter().map(|(host, mut pids)| {
        pids.sort_unstable();
        pids.dedup();
        host_is(host).and(column(Column::Pid).in_list(pids.into_iter().map(lit).collect(), false))
    }));
    parts.extend(files.into_iter().map(|(host, files)| host_is(host).and(is(Column::File, &files))));
    Ok(join(parts, lit(false), Expr::or))
}

/// What is asked beside one host, if that is all that is asked.
fn on_host(f: &Filter) -> Option<(&str, &Filter)> {
    let Filter::And(both) = f else { return None };
    let [Filter::Is(Column::Host, hosts), other] = both.as_slice() else { return None };
    let [host] = hosts.as_slice() else { return None };
    Some((host, other))
}

fn is_text(c: Column) -> bool {
    matches!(c.shape(), Shape::Word | Shape::Text)
}

/// A test that is true where the filter is, and false or null elsewhere.
fn positive(test: &Filter) -> Expr {
    match test {
        Filter::Is(c, values) if is_text(*c) => is(*c, values),
        Filter::Like(c, p) if is_text(*c) => like(*c, p),
        Filter::Within(c, low, high) if !is_text(*c) => column(*c).between(number(*c, *low), number(*c, *high)),
        Filter::InNet(c, net) if is_text(*c) => in_net_function().call(vec![column(*c), lit(net.to_string())]),
        Filter::Has(c) if is_text(*c) => column(*c).not_eq(lit("")),
        Filter::Has(c) => column(*c).is_not_null(),
        Filter::During(w) => during(w),
        Filter::Original(w) => original(RAW, w),
        _ => lit(false),
    }
}

/// Whether the bytes in a column hold words.
pub(crate) fn original(column: &str, words: &Words) -> Expr {
    raw_has_function().call(vec![ident(column), lit(words.text.as_str()), lit(words.any_case)])
}

pub(crate) fn column(c: Column) -> Expr {
    ident(c.name())
}

fn number(c: Column, n: i64) -> Expr {
    if c.shape() == Shape::Time { Expr::Literal(time_value(n), None) } else { lit(n) }
}

pub(crate) fn time_value(micros: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}

/// Empty text stands for no value, in memory too: it is never equal to anything.
fn is(c: Column, values: &[String]) -> Expr {
    let mut present: Vec<&String> = values.iter().filter(|v| !v.is_empty()).collect();
    present.sort_unstable();
    present.dedup();
    match present.as_slice() {
        [] => lit(false),
        [one] => column(c).eq(lit(one.as_str())),
        many => column(c).in_list(many.iter().map(|v| lit(v.as_str())).collect(), false),
    }
}

fn like(c: Column, p: &Pattern) -> Expr {
    match (p.place, p.any_case, p.text.is_empty()) {
        (Place::Whole, _, true) => lit(false),
        (_, _, true) => column(c).not_eq(lit("")),
        (Place::Whole, false, _) => column(c).eq(lit(p.text.as_str())),
        _ => text_like_function().call(vec![column(c), lit(p.text.as_str()), lit(place_name(p.place)), lit(p.any_case)]),
    }
}

pub(crate) fn during(w: &Window) -> Expr {
    let since = w.since.map(|t| column(Column::Time).gt_eq(Expr::Literal(time_value(t.0), None)));
    let until = w.until.map(|t| column(Column::Time).lt(Expr::Literal(time_value(t.0), None)));
    join(since.into_iter().chain(until).collect(), lit(true), Expr::and)
}
