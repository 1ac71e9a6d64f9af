//! The formats that a program reads: those built in, and those that a team has described itself.
//!
//! Owns: which format a stream has. A value that is passed along; there is no list that the whole program shares.

use std::sync::Arc;

use crate::{Format, all, text};

/// A list of formats. The default one has those built in. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Catalogue {
    own: Arc<[&'static dyn Format]>,
}

/// A format, and how much a stream looks like it (0 not at all, 100 certain).
pub type Scored = (&'static dyn Format, u8);

impl Catalogue {
    /// The formats built in, and these. One with the name of a built-in format takes its place.
    pub fn with(own: Vec<&'static dyn Format>) -> Catalogue {
        Catalogue { own: own.into() }
    }

    /// The team's own formats.
    pub fn own(&self) -> &[&'static dyn Format] {
        &self.own
    }

    /// Every format, in the order in which they are tried: the team's own first.
    pub fn all(&self) -> impl Iterator<Item = &'static dyn Format> + '_ {
        let hidden = |f: &&'static dyn Format| !self.own.iter().any(|o| o.name() == f.name());
        self.own.iter().copied().chain(all().iter().copied().filter(hidden))
    }

    /// Finds a format by name.
    pub fn by_name(&self, name: &str) -> Option<&'static dyn Format> {
        self.own.iter().copied().find(|f| f.name() == name).or_else(|| crate::by_name(name))
    }

    /// The format that a stream's first bytes (up to 64 KiB) look most like, the file's name being a hint; the first of those with
    /// the same score. Falls back to `text`, which makes a raw event of each line, so that nothing is dropped.
    pub fn recognise(&self, head: &[u8], file_name: &str) -> &'static dyn Format {
        let mut best: Scored = (&text::Text, 0);
        for format in self.all() {
            let score = format.sniff(head, file_name);
            if score > best.1 {
                best = (format, score);
            }
        }
        best.0
    }

    /// Every format that a stream's first bytes look like at all, the likeliest first.
    pub fn ranking(&self, head: &[u8], file_name: &str) -> Vec<Scored> {
        let mut scored: Vec<Scored> = self.all().map(|f| (f, f.sniff(head, file_name))).filter(|(_, score)| *score > 0).collect();
        scored.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        scored
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.own.iter().map(|o| o.name())).finish()
    }
}
