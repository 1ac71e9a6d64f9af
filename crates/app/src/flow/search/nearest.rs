//! Which term of a query nothing fits, and what in the logs is spelled like it.

use std::collections::HashMap;

use event::{
    Column, Filter, Shape, Window,
    near::alike,
    query::{Query, Term},
};
use lake::Lake;

use super::{Alone, Value};

/// Terms that are counted one by one.
const TERMS_MAX: usize = 12;
/// Values of a column that are compared.
const VALUES_MAX: usize = 50_000;
/// Values that are shown.
const NEAREST: usize = 4;

/// The terms that must hold, each by itself in the window.
pub fn alone(lake: &Lake, query: &Query, span: Window) -> anyhow::Result<Vec<Alone>> {
    let within = || if span == Window::default() { Filter::All } else { Filter::During(span) };
    let terms = query.terms.iter().filter(|t| !t.negated && !matches!(t.filter, Filter::During(_)));
    let one = |t: &Term| {
        let found = lake.count(&within().and(t.filter.clone()))?;
        let nearest = if found == 0 { nearest(lake, t)? } else { Vec::new() };
        Ok(Alone { term: t.text.clone(), found, nearest })
    };
    terms.take(TERMS_MAX).map(one).collect()
}

fn nearest(lake: &Lake, term: &Term) -> anyhow::Result<Vec<Value>> {
    let mut values: HashMap<String, u64> = HashMap::new();
    for &column in term.columns.iter().filter(|c| c.shape() == Shape::Word && **c != Column::Gap) {
        for (value, n) in lake.groups(&Filter::All, column, VALUES_MAX)? {
            *values.entry(value).or_default() += n;
        }
    }
    // A value is meant by its whole, and by its bare name: `rot` is near to `root@web-1`.
    let mut by_form: HashMap<&str, Vec<&str>> = HashMap::new();
    for value in values.keys() {
        for form in [Some(value.as_str()), value.split_once('@').map(|(n, _)| n), value.rsplit_once(['/', ':']).map(|(_, n)| n)].into_iter().flatten() {
            by_form.entry(form).or_default().push(value);
        }
    }
    let mut found: Vec<Value> = Vec::new();
    for form in alike(&term.value, by_form.keys().copied(), NEAREST) {
        let mut full: Vec<&str> = by_form.get(form).cloned().unwrap_or_default();
        full.sort_unstable_by_key(|v| (std::cmp::Reverse(values.get(*v).copied()), *v));
        for value in full {
            let one = Value { value: value.to_owned(), events: values.get(value).copied().unwrap_or_default() };
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found.truncate(NEAREST);
    Ok(found)
}
