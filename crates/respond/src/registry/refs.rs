//! Whether what entries point to is there, and whether parents go in a circle.

use std::collections::{HashMap, HashSet};

use super::{Entry, Registry, entry::Reference, own};
use crate::{Problem, words::nearest};

impl Registry {
    /// Reports references to nothing, and circles of parents (groups, domains).
    pub(super) fn check_references(&self, problems: &mut Vec<Problem>) {
        for entry in &self.entries {
            for reference in references(entry).filter(|r| self.find(r, entry).is_none()) {
                problems.push(self.dangling(entry, reference));
            }
        }
        self.check_circles(problems);
        self.check_spellings(problems);
    }

    fn dangling(&self, entry: &Entry, r: &Reference) -> Problem {
        let bare = r.text.rsplit(['/', ':']).next().unwrap_or(&r.text);
        let kinds = if r.kinds.is_empty() { "entry".to_owned() } else { r.kinds.join(" or ") };
        let near = nearest(bare, self.names(r.kinds));
        Problem::new(&entry.file, r.line, &r.field, format!("a {kinds} of the registry"), format!("`{}`", r.text)).near(near)
    }

    fn check_circles(&self, problems: &mut Vec<Problem>) {
        let parent = |e: &Entry| e.parent.as_ref().and_then(|r| self.find(r, e));
        let mut told: HashSet<*const Entry> = HashSet::new();
        for start in &self.entries {
            let (mut way, mut at) = (vec![start], parent(start));
            while let Some(next) = at {
                if std::ptr::eq(next, start) {
                    if !way.iter().any(|e| told.contains(&std::ptr::from_ref(*e))) {
                        told.extend(way.iter().map(|e| std::ptr::from_ref(*e)));
                        let names: Vec<&str> = way.iter().map(|e| e.name.as_str()).chain([start.name.as_str()]).collect();
                        let line = start.parent.as_ref().map_or(start.line, |r| r.line);
                        problems.push(Problem::new(&start.file, line, &format!("parents of {}", start.label()), "no circle", names.join(" > ")));
                    }
                    break;
                }
                if way.iter().any(|e| std::ptr::eq(*e, next)) {
                    break;
                }
                way.push(next);
                at = parent(next);
            }
        }
    }

    /// The same machine, account, resource or identity claimed twice at one time.
    fn check_spellings(&self, problems: &mut Vec<Problem>) {
        let mut first: HashMap<(&str, &str), (&Entry, event::Window)> = HashMap::new();
        for entry in &self.entries {
            let f = &entry.facts;
            let lists = [("hosts", &f.hosts), ("addresses", &f.addresses), ("accounts", &f.accounts), ("arns", &f.arns), ("identities", &f.identities)];
            for (what, k) in lists.into_iter().flat_map(|(w, l)| l.iter().map(move |k| (w, k))) {
                match first.get(&(what, k.value.as_str())) {
                    Some((other, window)) if !std::ptr::eq(*other, entry) && overlap(*window, k.window) => {
                        let subject = format!("`muster.{what}` of {}", entry.label());
                        let expected = format!("`{}` in one entry at a time; {} has it too ({}:{})", k.value, other.label(), other.file, other.line);
                        problems.push(Problem::new(&entry.file, entry.line, &subject, expected, "it again"));
                    }
                    _ => drop(first.insert((what, &k.value), (entry, k.window))),
                }
            }
        }
    }
}

fn overlap(a: event::Window, b: event::Window) -> bool {
    a.until.is_none_or(|u| b.since.is_none_or(|s| s < u)) && b.until.is_none_or(|u| a.since.is_none_or(|s| s < u))
}

fn references(e: &Entry) -> impl Iterator<Item = &Reference> {
    let f = &e.facts;
    let single = [&e.owner, &e.system, &e.domain, &e.parent, &f.provider].into_iter().flatten();
    let people = f.contacts.iter().filter_map(|c| c.person.as_ref());
    single.chain(&e.related).chain(&f.data).chain(&f.vendors).chain(people).chain(own::references_of(&e.own))
}
