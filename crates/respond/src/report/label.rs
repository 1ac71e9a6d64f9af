//! Short names for long things in the text of the brief: letters for sources whose names would push the words off the line
//! (the list of logs says which, and never cuts one that has a letter), and the last part of an ARN where the kind is plain. JSON has everything in full.

use std::collections::HashMap;

use event::Entity;

use super::brief::Brief;
use crate::{plan::holder_of_data, registry::pattern::short_name, words::safe};

/// Names up to this long stay.
const LONG: usize = 16;
/// Sources that get a letter.
const LETTERS: [char; 5] = ['A', 'B', 'C', 'D', 'E'];

/// The letters of a brief's sources.
pub(super) struct Labels(Vec<(String, char)>);

impl Labels {
    /// The long names that are cited most get letters.
    pub fn new(brief: &Brief) -> Labels {
        let mut cited: HashMap<&str, usize> = HashMap::new();
        let paths = brief.scope.iter().flat_map(|n| &n.path).chain(brief.happened.iter().flat_map(|h| &h.events));
        for source in paths.chain(brief.next.iter().flat_map(|s| &s.why)).filter_map(|id| id.rsplit_once('#').map(|(s, _)| s)) {
            *cited.entry(source).or_default() += 1;
        }
        let known = |s: &str| brief.asked.sources.iter().any(|b| b.source == s);
        let mut long: Vec<(&str, usize)> = cited.into_iter().filter(|(s, _)| s.chars().count() > LONG && known(s)).collect();
        long.sort_by_key(|(s, n)| (std::cmp::Reverse(*n), s.to_owned()));
        Labels(long.into_iter().zip(LETTERS).map(|((s, _), c)| (s.to_owned(), c)).collect())
    }

    /// The letter of a source.
    pub fn letter(&self, source: &str) -> Option<char> {
        self.0.iter().find(|(s, _)| s == source).map(|(_, c)| *c)
    }

    /// Event ids with letters: `A#12`.
    pub fn ids(&self, ids: &[String]) -> Vec<String> {
        ids.iter().map(|id| id.rsplit_once('#').and_then(|(s, n)| self.letter(s).map(|c| format!("{c}#{n}"))).unwrap_or_else(|| id.clone())).collect()
    }
}

/// A thing in few words: `bucket customer-exports`, `user ci-deploy`, else as it is spelled.
pub(super) fn short(entity: &Entity) -> String {
    let place = holder_of_data(entity);
    match place.value.strip_prefix("arn:aws:s3:::") {
        Some(bucket) => format!("bucket {}", safe(bucket)),
        None if place.value.starts_with("arn:") => format!("{} {}", place.kind.name(), safe(short_name(&place.value))),
        None => safe(&place.value),
    }
}
