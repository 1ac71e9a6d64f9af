//! The pass over a record that finds where the values of a table lie.

use std::{collections::HashSet, ops::Range};

use crate::{
    Record, Reject,
    json::{self, Reader as Json},
};

use super::{Doc, Map};

/// Keys of one object that are compared one by one for duplicates; objects with more use a set.
const FEW: usize = 32;
/// Places that the buffers keep room for from one record to the next.
const ROOM: usize = 4096;

/// Where a value lies in the text, in bytes; `from == to` where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    from: u32,
    to: u32,
}

impl Span {
    fn of(from: usize, to: usize) -> Span {
        // A record is at most 4 GiB: `Reader::read` sees to that.
        Span { from: from as u32, to: to as u32 }
    }

    pub fn is_none(self) -> bool {
        self.from == self.to
    }

    pub fn get(self, text: &str) -> &str {
        text.get(self.from as usize..self.to as usize).unwrap_or_default()
    }
}

/// A member that the table does not name: the object it is in, its key as it is written, its value; no value if it was forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    pub node: u16,
    pub key: Span,
    pub value: Span,
}

/// Reads records by a table. Keeps its buffers from one record to the next.
#[derive(Debug)]
pub struct Reader {
    map: Map,
    /// Of each node.
    spans: Vec<Span>,
    /// The key under which each node was found.
    keys: Vec<Span>,
    /// Where each node that was found has the members within it that the table does not name: a range of `others`.
    within: Vec<Range<usize>>,
    others: Vec<Other>,
    twice: bool,
}

impl Reader {
    /// A reader by a table.
    pub fn new(map: Map) -> Reader {
        let spans = vec![Span::default(); map.nodes.len()];
        let keys = spans.clone();
        let within = vec![0..0; spans.len()];
        Reader { map, spans, keys, within, others: Vec::new(), twice: false }
    }

    /// Reads the object that is the text of a record, or lies within it. `utf8`: whether the record's bytes are good UTF-8.
    pub fn read<'a>(&'a mut self, text: &'a str, record: Record<'a>, utf8: bool) -> Result<Doc<'a>, Reject> {
        if u32::try_from(text.len()).is_err() {
            return Err(Reject::Shape { expected: "a record of less than 4 GiB" });
        }
        self.spans.fill(Span::default());
        self.others.clear();
        self.others.shrink_to(ROOM);
        self.twice = false;
        let mut json = Json::new(text);
        self.object(&mut json, 0)?;
        json.done()?;
        Ok(Doc { map: &self.map, text, spans: &self.spans, others: &self.others, twice: self.twice, utf8, record, earlier: &[], carrier: None })
    }

    /// Reads an object that paths go through. Recurses only along the table, at most `DEPTH_MAX` deep.
    fn object(&mut self, json: &mut Json<'_>, node: usize) -> Result<(), Reject> {
        json.expect(b'{')?;
        if json.next_is(b'}') {
            return Ok(());
        }
        let mut seen = Seen { from: self.others.len(), node: node as u16, ..Seen::default() };
        loop {
            let key = json.text()?;
            let key_span = Span::of(json.at() - 1 - key.len(), json.at() - 1);
            json.expect(b':')?;
            match self.find(node, key).filter(|child| self.is_free(*child, key, json.whole())) {
                Some(child) => {
                    if let Some(slot) = self.keys.get_mut(child) {
                        *slot = key_span;
                    }
                    self.member(json, child)?;
                }
                None => {
                    let value = json.value()?;
                    self.twice |= seen.add(key, &self.others, json.whole());
                    self.others.push(Other { node: node as u16, key: key_span, value: Span::of(json.at() - value.len(), json.at()) });
                }
            }
            if json.next_is(b'}') {
                return Ok(());
            }
            json.expect(b',')?;
        }
    }

    fn find(&self, node: usize, key: &str) -> Option<usize> {
        let unescaped = json::unescape(key);
        self.map.child(node, &unescaped)
    }

    /// Whether a key may be that of a node: not if the node was found under another spelling of it before.
    fn is_free(&self, node: usize, key: &str, text: &str) -> bool {
        let found = self.spans.get(node).is_some_and(|s| !s.is_none());
        !found || json::unescape(self.keys.get(node).copied().unwrap_or_default().get(text)) == json::unescape(key)
    }

    /// Reads the value of a member that the table names or goes through.
    fn member(&mut self, json: &mut Json<'_>, child: usize) -> Result<(), Reject> {
        if self.spans.get(child).is_some_and(|s| !s.is_none()) {
            self.twice = true;
            self.forget(child);
        }
        let open = json.peek() == Some(b'{') && self.map.goes_on(child);
        let (from, others) = (json.at(), self.others.len());
        if open {
            self.object(json, child)?;
        } else {
            json.value()?;
        }
        let to = json.at();
        if let Some(within) = self.within.get_mut(child) {
            *within = others..self.others.len();
        }
        if let Some(span) = self.spans.get_mut(child) {
            *span = Span::of(from, to);
        }
        Ok(())
    }

    /// Forgets what was found below a node: its object comes again, and the last one counts. What it held is blanked where it
    /// lies: a key that is repeated all through a large record must not cost a pass over the others each time.
    fn forget(&mut self, node: usize) {
        let end = self.map.nodes.get(node).map_or(node, |n| n.end);
        self.spans.get_mut(node..end).unwrap_or_default().fill(Span::default());
        let within = self.within.get(node).cloned().unwrap_or_default();
        self.others.get_mut(within).unwrap_or_default().iter_mut().for_each(|o| o.value = Span::default());
    }
}

/// The unnamed keys of one object so far.
#[derive(Default)]
struct Seen<'a> {
    from: usize,
    node: u16,
    /// Bits of the keys; a key whose bit is not set is new.
    bits: u64,
    count: usize,
    many: HashSet<&'a str>,
}

impl<'a> Seen<'a> {
    /// Whether the key was there before.
    fn add(&mut self, key: &'a str, others: &[Other], text: &'a str) -> bool {
        let bit = 1 << (super::table::hash(key) & 63);
        let new = self.bits & bit == 0;
        self.bits |= bit;
        self.count += 1;
        let mine = |o: &&Other| o.node == self.node;
        if self.count <= FEW {
            return !new && others.get(self.from..).unwrap_or_default().iter().filter(mine).any(|o| o.key.get(text) == key);
        }
        if self.many.is_empty() {
            self.many.extend(others.get(self.from..).unwrap_or_default().iter().filter(mine).map(|o| o.key.get(text)));
        }
        !self.many.insert(key)
    }
}
