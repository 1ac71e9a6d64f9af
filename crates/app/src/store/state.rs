//! How far the journal has come into the lake, which records wait for the rest of their event, and the books so far.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use event::Book;
use serde::{Deserialize, Serialize};

/// A record that is in an event still open: its batch in the journal, and its number in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Number of the batch in the journal.
    pub batch: u64,
    /// Number of the record in its source.
    pub seq: u64,
}

/// What is saved after each commit, last of all: until then the journal keeps the batches, and a restart does them again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Number of the last commit that is whole: tables, ledger and this.
    pub commit: u64,
    /// Number of the last batch whose records are in the tables.
    pub position: u64,
    /// Records up to there that are not in an event yet.
    pub pending: Vec<Pending>,
    /// The books of every source, over all runs.
    pub books: BTreeMap<String, Book>,
    /// The host that wrote each source, as far as it was known from outside the logs when the source was last taken.
    #[serde(default)]
    pub hosts: BTreeMap<String, Option<String>>,
    /// What was given to be read and was not, with the reason, by path.
    #[serde(default)]
    pub unread: BTreeMap<String, String>,
    /// How often something was missed that is not named there.
    #[serde(default)]
    pub unread_more: u64,
}

/// Files that are named as unread at the most; beyond it they are only counted.
const UNREAD_MAX: usize = 1_000;

impl State {
    /// Reads the state; a new store has none.
    pub fn load(path: &Path) -> anyhow::Result<State> {
        if !path.exists() {
            return Ok(State::default());
        }
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// Notes what was not read, or not whole.
    pub fn missed(&mut self, path: String, why: String) {
        if self.unread.len() < UNREAD_MAX || self.unread.contains_key(&path) {
            self.unread.insert(path, why);
        } else {
            self.unread_more += 1;
            self.unread.insert("and more".into(), format!("{} times something was not read, or not whole; the last was {path}: {why}", self.unread_more));
        }
    }

    /// Forgets that a path was not read whole: now it was.
    pub fn read_whole(&mut self, path: &str) {
        self.unread.remove(path);
    }

    /// Adds a run's book to the books of its source.
    pub fn enter(&mut self, book: &Book) {
        self.books.entry(book.source.clone()).or_insert_with(|| Book::new(&book.source, &book.format, book.facet)).add(book);
    }
}
