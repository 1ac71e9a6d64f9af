//! YAML text to a tree that knows its lines, within limits. Never knows what a key means.
//!
//! Each document of a file (between `---` lines) is read for itself, so that a fault in one leaves the others.
//! Anchors and aliases work; an alias that multiplies (an anchor bomb) ends at [`COPIED_MAX`]. YAML 1.2 core schema.

mod fields;

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

pub use fields::{Fields, day_or_time, truth};

use crate::Problem;

/// The longest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 8 << 20;
/// The most nodes (scalars, lists, mappings) of one document.
pub const NODES_MAX: usize = 200_000;
/// The most nodes of one document that aliases may copy.
pub const COPIED_MAX: usize = 10_000;
/// The deepest nesting.
pub const DEPTH_MAX: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line in the file, from 1.
    pub line: usize,
    /// The value.
    pub data: Data,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Nothing, `~`, `null`.
    Null,
    /// A plain scalar that the core schema reads as a number or truth value, as written.
    Plain(String),
    /// Any other scalar.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in its order; the first of two equal keys stays.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Line in the file, from 1.
    pub line: usize,
    /// The key.
    pub text: String,
}

impl Node {
    /// The entry of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, n)| n),
            _ => None,
        }
    }

    /// The text of any scalar.
    pub fn scalar(&self) -> Option<&str> {
        match &self.data {
            Data::Text(t) | Data::Plain(t) => Some(t),
            _ => None,
        }
    }

    /// What the node is, in words for an error.
    pub fn describe(&self) -> String {
        match &self.data {
            Data::Null => "nothing".into(),
            Data::Plain(t) => format!("`{t}` (not text; quote it if it is)"),
            Data::Text(t) => format!("`{t}`"),
            Data::List(l) => format!("a list of {}", l.len()),
            Data::Map(m) => format!("a mapping of {}", m.len()),
        }
    }

    fn size(&self) -> usize {
        match &self.data {
            Data::List(l) => 1 + l.iter().map(Node::size).sum::<usize>(),
            Data::Map(m) => 1 + m.iter().map(|(_, n)| 1 + n.size()).sum::<usize>(),
            _ => 1,
        }
    }
}

/// Reads every document of a file. What cannot be read becomes a problem; the other documents are returned.
pub fn read(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<Node> {
    if text.len() > FILE_BYTES_MAX {
        problems.push(Problem::new(file, 1, "file", format!("at most {FILE_BYTES_MAX} bytes"), format!("{} bytes", text.len())));
        return Vec::new();
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for (first_line, chunk) in chunks(text) {
        let mut builder = Builder { file, first_line, open: Vec::new(), anchors: HashMap::new(), nodes: 0, copied: 0, done: Vec::new(), problems };
        builder.run(chunk);
        documents.append(&mut builder.done);
    }
    documents.retain(|d| d.data != Data::Null);
    documents
}

/// Cuts at lines that start a document; a `---` at the first column is a document start in every context (YAML 1.2.2, 9.1.2).
fn chunks(text: &str) -> Vec<(usize, &str)> {
    let (mut out, mut start, mut start_line, mut at) = (Vec::new(), 0, 1, 0);
    for (i, line) in text.split_inclusive('\n').enumerate() {
        if i > 0 && (line.trim_end() == "---" || line.starts_with("--- ")) {
            out.push((start_line, text.get(start..at).unwrap_or_default()));
            (start, start_line) = (at, i + 1);
        }
        at += line.len();
    }
    out.push((start_line, text.get(start..).unwrap_or_default()));
    out.retain(|(_, c)| c.lines().any(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#') && !l.starts_with('%') && l.trim_end() != "---"));
    out
}

struct Open {
    line: usize,
    anchor: usize,
    /// `Some` for a mapping: the key that waits for its value.
    key: Option<Option<Key>>,
    list: Vec<Node>,
    map: Vec<(Key, Node)>,
}

struct Builder<'a> {
    file: &'a str,
    first_line: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    copied: usize,
    done: Vec<Node>,
    problems: &'a mut Vec<Problem>,
}

/// The document cannot be read further.
struct Stop;

impl Builder<'_> {
    fn run(&mut self, chunk: &str) {
        for next in Parser::new_from_str(chunk) {
            match next {
                Ok((event, span)) => {
                    let line = self.first_line + span.start.line().saturating_sub(1);
                    if self.event(event, line).is_err() {
                        return;
                    }
                }
                Err(e) => {
                    let line = self.first_line + e.marker().line().saturating_sub(1);
                    self.fault(line, "YAML", e.info());
                    return;
                }
            }
        }
    }

    fn fault(&mut self, line: usize, expected: impl Into<String>, found: impl Into<String>) {
        self.problems.push(Problem::new(self.file, line, "document", expected, found));
    }

    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, _) => self.put(scalar(&text, style, line), anchor),
            Event::SequenceStart(_, anchor, _) => self.begin(line, anchor, None),
            Event::MappingStart(_, anchor, _) => self.begin(line, anchor, Some(None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => self.alias(id, line),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, line: usize, anchor: usize, key: Option<Option<Key>>) -> Result<(), Stop> {
        if self.open.len() >= DEPTH_MAX {
            self.fault(line, format!("at most {DEPTH_MAX} levels of nesting"), "more");
            return Err(Stop);
        }
        self.open.push(Open { line, anchor, key, list: Vec::new(), map: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let data = if open.key.is_some() { Data::Map(open.map) } else { Data::List(open.list) };
        self.put(Node { line: open.line, data }, open.anchor)
    }

    fn alias(&mut self, id: usize, line: usize) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            self.fault(line, "an anchor that is complete", "an alias inside its own anchor");
            return Err(Stop);
        };
        self.copied += node.size();
        if self.copied > COPIED_MAX {
            self.fault(line, format!("at most {COPIED_MAX} values copied by aliases"), "more (an anchor bomb?)");
            return Err(Stop);
        }
        self.put(node, 0)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.fault(node.line, format!("at most {NODES_MAX} values in a document"), "more");
            return Err(Stop);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.done.push(node);
            return Ok(());
        };
        match &mut parent.key {
            None => parent.list.push(node),
            Some(waiting) => match waiting.take() {
                Some(key) if parent.map.iter().any(|(k, _)| k.text == key.text) => {
                    self.fault(key.line, "each key once", format!("`{}` again; the first one is used", key.text));
                }
                Some(key) => parent.map.push((key, node)),
                None => {
                    let (line, text) = (node.line, node.scalar().unwrap_or("").to_owned());
                    *waiting = Some(Key { line, text });
                }
            },
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle, line: usize) -> Node {
    let data = match style {
        ScalarStyle::Plain if matches!(text, "" | "~" | "null" | "Null" | "NULL") => Data::Null,
        ScalarStyle::Plain if not_text(text) => Data::Plain(text.to_owned()),
        _ => Data::Text(text.to_owned()),
    };
    Node { line, data }
}

/// Numbers and truth values of the core schema (YAML 1.2.2, 10.3.2).
fn not_text(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
        || (text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) && text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_ok(text: &str) -> Vec<Node> {
        let mut problems = Vec::new();
        let docs = read("f.yml", text, &mut problems);
        assert_eq!(problems, []);
        docs
    }

    #[test]
    fn lines_survive_documents_and_comments() {
        let docs = read_ok("# head\n---\na: 1\n---\n# c\nb:\n  - x\n  - y\n");
        assert_eq!(docs.len(), 2);
        assert_eq!(docs[0].get("a").unwrap().line, 3);
        let Data::List(l) = &docs[1].get("b").unwrap().data else { panic!() };
        assert_eq!((l[1].line, l[1].scalar()), (8, Some("y")));
    }

    #[test]
    fn aliases_copy_and_types_are_told_apart() {
        let docs = read_ok("a: &x {k: v}\nb: *x\nn: 111122223333\nt: \"111122223333\"\nd: 2026-03-01\n");
        assert_eq!(docs[0].get("b").unwrap().get("k").unwrap().scalar(), Some("v"));
        assert!(matches!(docs[0].get("n").unwrap().data, Data::Plain(_)));
        assert!(matches!(docs[0].get("t").unwrap().data, Data::Text(_)));
        assert!(matches!(docs[0].get("d").unwrap().data, Data::Text(_)));
    }
}
