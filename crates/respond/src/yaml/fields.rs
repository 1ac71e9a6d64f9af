//! Reading a mapping key by key: what is of the wrong type or has an unknown name becomes a problem, the rest is used.

use event::Time;

use super::{Data, Node};
use crate::{Problem, words::nearest};

/// A mapping that is being read. Each question marks its key as known.
pub struct Fields<'a> {
    file: &'a str,
    node: &'a Node,
    path: String,
    subject: String,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins to read a mapping at `path` (`spec.`, or empty) of `subject` (`component web`). Anything else than a mapping is a problem.
    pub fn new(file: &'a str, node: &'a Node, path: &str, subject: &str, problems: &mut Vec<Problem>) -> Option<Fields<'a>> {
        let fields = Fields { file, node, path: path.into(), subject: subject.into(), known: Vec::new() };
        match node.data {
            Data::Map(_) => Some(fields),
            _ => {
                let whole = path.trim_end_matches('.');
                let subject = if whole.is_empty() { subject.to_owned() } else { format!("`{whole}` of {subject}") };
                problems.push(Problem::new(file, node.line, &subject, "a mapping", node.describe()));
                None
            }
        }
    }

    /// The file being read.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// The line where the mapping starts.
    pub fn line(&self) -> usize {
        self.node.line
    }

    /// `spec.owner of component web`.
    pub fn subject(&self, key: &str) -> String {
        format!("`{}{key}` of {}", self.path, self.subject)
    }

    /// Notes a problem with the value of a key.
    pub fn fault(&self, key: &str, line: usize, expected: &str, found: String, problems: &mut Vec<Problem>) {
        problems.push(Problem::new(self.file, line, &self.subject(key), expected, found));
    }

    /// The raw value; nothing where it is absent or null.
    pub fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.node.get(key).filter(|n| n.data != Data::Null)
    }

    /// A text. Numbers and truth values are a wrong type.
    pub fn text(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<(String, usize)> {
        let node = self.node(key)?;
        match &node.data {
            Data::Text(t) => Some((t.clone(), node.line)),
            _ => {
                self.fault(key, node.line, "a text", node.describe(), problems);
                None
            }
        }
    }

    /// As [`Fields::text`] for a key that must be there.
    pub fn must_text(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<(String, usize)> {
        if self.node.get(key).is_none_or(|n| n.data == Data::Null) {
            self.known.push(key);
            self.fault(key, self.node.line, "a text", "nothing".into(), problems);
            return None;
        }
        self.text(key, problems)
    }

    /// A scalar of any type as it is written: numbers stay text (account ids, versions).
    pub fn any_text(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<String> {
        let node = self.node(key)?;
        let text = node.scalar().map(str::to_owned);
        if text.is_none() {
            self.fault(key, node.line, "a text or number", node.describe(), problems);
        }
        text
    }

    /// A whole number from 0.
    pub fn number(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<u64> {
        let node = self.node(key)?;
        let number = node.scalar().and_then(|t| t.parse().ok());
        if number.is_none() {
            self.fault(key, node.line, "a whole number", node.describe(), problems);
        }
        number
    }

    /// A truth value.
    pub fn flag(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<bool> {
        let node = self.node(key)?;
        let flag = truth(node);
        if flag.is_none() {
            self.fault(key, node.line, "true or false", node.describe(), problems);
        }
        flag
    }

    /// A date (`2026-03-01`) or an RFC 3339 time.
    pub fn time(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<Time> {
        let node = self.node(key)?;
        let time = node.scalar().and_then(day_or_time);
        if time.is_none() {
            self.fault(key, node.line, "a date or an RFC 3339 time", node.describe(), problems);
        }
        time
    }

    /// The items of a list, or the one value that stands in its place.
    pub fn items(&mut self, key: &'static str) -> Vec<&'a Node> {
        match self.node(key) {
            None => Vec::new(),
            Some(Node { data: Data::List(list), .. }) => list.iter().collect(),
            Some(one) => vec![one],
        }
    }

    /// A list of texts (one text counts as a list of one); numbers are taken as they are written where `numbers` says so.
    pub fn texts(&mut self, key: &'static str, numbers: bool, problems: &mut Vec<Problem>) -> Vec<(String, usize)> {
        let mut out = Vec::new();
        for node in self.items(key) {
            match &node.data {
                Data::Text(t) => out.push((t.clone(), node.line)),
                Data::Plain(t) if numbers => out.push((t.clone(), node.line)),
                _ => self.fault(key, node.line, "a text", node.describe(), problems),
            }
        }
        out
    }

    /// The mapping under a key.
    pub fn map(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<Fields<'a>> {
        let node = self.node(key)?;
        Fields::new(self.file, node, &format!("{}{key}.", self.path), &self.subject, problems)
    }

    /// Every key with its value, for mappings whose keys are names.
    pub fn entries(&self) -> &'a [(super::Key, Node)] {
        match &self.node.data {
            Data::Map(m) => m,
            _ => &[],
        }
    }

    /// The mappings of a list.
    pub fn maps(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Fields<'a>> {
        let path = format!("{}{key}.", self.path);
        self.items(key).into_iter().filter_map(|n| Fields::new(self.file, n, &path, &self.subject, problems)).collect()
    }

    /// Reports keys that nobody asked for. With `open`, only those that look like a slip of the pen for a known one
    /// (other programs may keep their own keys there).
    pub fn finish(self, also: &[&'static str], open: bool, problems: &mut Vec<Problem>) {
        let names: Vec<&str> = self.known.iter().chain(also).copied().collect();
        for (key, _) in self.entries() {
            if names.contains(&key.text.as_str()) {
                continue;
            }
            let near = nearest(&key.text, names.iter().copied());
            if !open || near.is_some() {
                let mut sorted = names.clone();
                sorted.sort_unstable();
                sorted.dedup();
                let expected = if near.is_some() { "a known key".to_owned() } else { format!("one of the keys {}", sorted.join(", ")) };
                problems.push(Problem::new(self.file, key.line, &self.subject(&key.text), expected, "an unknown key").near(near));
            }
        }
    }
}

/// `true`, `yes`, `false`, `no`.
pub fn truth(node: &Node) -> Option<bool> {
    match node.scalar()? {
        "true" | "True" | "TRUE" | "yes" | "Yes" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" => Some(false),
        _ => None,
    }
}

/// A date (midnight UTC) or an RFC 3339 time.
pub fn day_or_time(text: &str) -> Option<Time> {
    Time::parse(text).or_else(|| (text.len() == 10).then(|| Time::parse(&format!("{text}T00:00:00Z"))).flatten())
}
