//! The original lines of the events that a brief names, in one question to the lake. Never parses them.

use std::collections::BTreeMap;

use event::{Column, Fields, Filter};
use lake::{Lake, Want};
use respond::report::{Brief, EVENTS_MAX, Original, add_evidence, cited, cited_window};

/// Puts into a brief the original lines of the events that it names, as far as it has room for them.
pub fn add_originals(lake: &Lake, brief: &mut Brief) -> anyhow::Result<()> {
    let mut ids = cited(brief);
    ids.truncate(EVENTS_MAX);
    let found = if ids.is_empty() { Vec::new() } else { lake.events(&filter(&ids).and(Filter::During(cited_window(brief))), Some(ids.len()), Want::ALL)? };
    let text = |raw: &Vec<u8>| String::from_utf8_lossy(raw).trim_end_matches(['\r', '\n']).to_owned();
    let of = |e: &event::Event| Original { event: e.id(), time: e.time(), lines: e.raw.iter().map(text).collect(), cut: 0 };
    add_evidence(brief, found.iter().map(of).collect());
    Ok(())
}

/// Events by their ids: of each source the runs of its numbers.
fn filter(ids: &[String]) -> Filter {
    let mut of: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (source, seq) in ids.iter().filter_map(|id| id.rsplit_once('#')) {
        of.entry(source).or_default().extend(seq.parse::<i64>().ok());
    }
    let one = |(source, mut seqs): (&str, Vec<i64>)| {
        seqs.sort_unstable();
        let runs = seqs.chunk_by(|a, b| b.saturating_sub(*a) <= 1).filter_map(|run| Some(Filter::Within(Column::Seq, *run.first()?, *run.last()?)));
        Filter::is(Column::Source, source).and(Filter::Or(runs.collect()))
    };
    Filter::Or(of.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_run() {
        let ids = ["a/b#2", "a/b#3", "a/b#9", "c#1", "no id"].map(str::to_owned);
        let within = |a, b| Filter::Within(Column::Seq, a, b);
        let ab = Filter::is(Column::Source, "a/b").and(Filter::Or(vec![within(2, 3), within(9, 9)]));
        assert_eq!(filter(&ids), Filter::Or(vec![ab, Filter::is(Column::Source, "c").and(Filter::Or(vec![within(1, 1)]))]));
    }
}
