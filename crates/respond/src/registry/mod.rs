//! The registry: people, systems, vendors and data, from the team's own files. Owns reading them, finding entries by
//! reference, and answering whose a thing is. Never reads a disk: it takes texts.

mod capability;
mod entry;
mod own;
pub mod pattern;
mod read;
mod refs;
mod resolve;
mod who;

use std::collections::HashMap;

pub use capability::{Can, Capability, ServiceModel};
pub use entry::{Contact, ContactRole, Contract, DataSet, Entry, Facts, Known, Override, Own, Reference, Shared, Vendor};
pub use read::KINDS;
pub use who::{CanDo, Candidate, DataHeld, Hint, HintKind, Ownership, Person, VendorPart};

use crate::{Problem, yaml};

/// All entries, by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    by_name: HashMap<(String, String, String), usize>,
}

impl Registry {
    /// Reads the files (path, text), each of one or more documents. Every fault becomes a problem; all that can be read is in the registry.
    /// A name that is used twice keeps its first entry.
    pub fn load(files: &[(String, String)]) -> (Registry, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut registry = Registry::default();
        for (file, text) in files {
            for node in yaml::read(file, text, &mut problems) {
                if let Some(entry) = read::entry(file, &node, &mut problems) {
                    registry.add(entry, &mut problems);
                }
            }
        }
        registry.check_references(&mut problems);
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        (registry, problems)
    }

    fn add(&mut self, entry: Entry, problems: &mut Vec<Problem>) {
        let key = key(&entry.kind, &entry.namespace, &entry.name);
        if let Some(first) = self.by_name.get(&key).and_then(|i| self.entries.get(*i)) {
            let expected = format!("one {}; the first is in {}:{}", entry.label(), first.file, first.line);
            problems.push(Problem::new(&entry.file, entry.line, "`metadata.name` of the document", expected, "a second one, which is not used"));
            return;
        }
        self.by_name.insert(key, self.entries.len());
        self.entries.push(entry);
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every entry in the order of the files.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that a reference in `from` names: `[kind:][namespace/]name`.
    pub fn find(&self, reference: &Reference, from: &Entry) -> Option<&Entry> {
        let (kind, rest) = match reference.text.split_once(':') {
            Some((k, r)) => (Some(k), r),
            None => (None, reference.text.as_str()),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or((&from.namespace, rest));
        let one = |kind: &str| self.get(kind, namespace, name).or_else(|| self.get(kind, "default", name).filter(|_| !rest.contains('/')));
        match kind {
            Some(k) => one(k).filter(|_| reference.kinds.is_empty() || reference.kinds.iter().any(|n| n.eq_ignore_ascii_case(k))),
            None => reference.kinds.iter().find_map(|k| one(k)),
        }
    }

    /// The entry of this kind (any case), namespace and name.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Entry> {
        self.by_name.get(&key(kind, namespace, name)).and_then(|i| self.entries.get(*i))
    }

    /// The entry that a text such as `user:dana` or `team-platform` names, looked for among these kinds.
    pub fn named(&self, text: &str, kinds: &'static [&'static str]) -> Option<&Entry> {
        let reference = Reference { text: text.to_owned(), kinds, field: String::new(), line: 0 };
        self.find(&reference, &Entry { namespace: "default".into(), ..Entry::default() })
    }

    /// Single addresses of entries that are one host: (address, host).
    pub fn addresses(&self) -> impl Iterator<Item = (&str, &str)> {
        let hosts = self.entries.iter().filter_map(|e| if let [host] = e.facts.hosts.as_slice() { Some((e, host.value.as_str())) } else { None });
        hosts.flat_map(|(e, host)| e.facts.addresses.iter().map(|a| a.value.as_str()).filter(|a| !a.contains('/')).map(move |a| (a, host)))
    }

    /// The names that entries have of these kinds (all kinds where none is given).
    pub fn names<'a>(&'a self, kinds: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        self.entries.iter().filter(move |e| kinds.is_empty() || kinds.iter().any(|k| e.is(k))).map(|e| e.name.as_str())
    }
}

/// Backstage compares kinds, namespaces and names without case.
fn key(kind: &str, namespace: &str, name: &str) -> (String, String, String) {
    (kind.to_lowercase(), namespace.to_lowercase(), name.to_lowercase())
}
