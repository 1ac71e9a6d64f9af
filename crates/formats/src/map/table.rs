//! A format's table, and the tree that is made of it once a parser.

use std::borrow::Cow;

use event::{Attr, Column};

/// The deepest path of a table; the scan goes no deeper.
pub const DEPTH_MAX: usize = 16;

/// What becomes of the value at a path. `null` is as if it were not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A text, or a number, `true` or `false` as they are written. An object or array goes to `unmapped`.
    Text(Attr),
    /// An IP address in its canonical spelling; anything else goes to `unmapped`.
    Ip(Attr),
    /// A whole number, or a text that is one; anything else goes to `unmapped`.
    Int(Attr),
    /// `true` or `false`, also as a text; anything else goes to `unmapped`.
    Flag(Attr),
    /// A time in one of the shapes of `time::of`, as milliseconds since 1970; anything else goes to `unmapped`.
    Ms(Attr),
    /// Any value, as JSON (a text without its quotes).
    Json(Attr),
    /// Texts of an array, or one text, to an attribute that ends in `[]`; an array of others goes to `unmapped`.
    List(Attr),
    /// A text for a column that has no attribute.
    Key(Column),
    /// Nothing: the format's code uses it.
    Hold,
    /// The format's code uses it, and it is kept in `unmapped` as well.
    Look,
}

impl To {
    /// The attribute that it fills, if it holds one value.
    fn attr(self) -> Option<Attr> {
        match self {
            To::Text(a) | To::Ip(a) | To::Int(a) | To::Flag(a) | To::Ms(a) | To::Json(a) => Some(a),
            To::List(_) | To::Key(_) | To::Hold | To::Look => None,
        }
    }

    /// The column that it fills.
    pub(super) fn column(self) -> Option<Column> {
        match self {
            To::Text(a) | To::Ip(a) | To::Int(a) | To::Flag(a) | To::Ms(a) | To::Json(a) | To::List(a) => a.column,
            To::Key(c) => Some(c),
            To::Hold | To::Look => None,
        }
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Keys from the record inwards, joined by points; a point that is part of a key is written `\.`.
    pub path: &'static str,
    /// What becomes of it.
    pub to: To,
}

/// A row of a table, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub usize);

/// The row with a path. For `table!`, which evaluates it when the program is compiled.
pub const fn slot(rows: &[Row], path: &str) -> Slot {
    let (mut rows, mut n) = (rows, 0);
    while let [row, rest @ ..] = rows {
        if same(row.path, path) {
            return Slot(n);
        }
        n += 1;
        rows = rest;
    }
    Slot(usize::MAX)
}

const fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([x, more_a @ ..], [y, more_b @ ..]) = (a, b) {
        if *x != *y {
            return false;
        }
        (a, b) = (more_a, more_b);
    }
    a.is_empty() && b.is_empty()
}

/// Writes a table down: `NAME "path" => To;` a row. Rows that code uses have a name, which becomes a constant.
/// The attributes of `event::attr`, the columns and `To`'s variants are in scope.
#[macro_export]
macro_rules! table {
    ($rows:ident; $($($name:ident)? $path:literal => $to:expr;)*) => {
        pub(crate) const $rows: &[$crate::map::Row] = {
            #[allow(unused_imports, reason = "not every table has rows of every kind")]
            use {$crate::map::To::*, event::Column::*, event::attr::*};
            &[$($crate::map::Row { path: $path, to: $to }),*]
        };
        $($(pub(crate) const $name: $crate::map::Slot = $crate::map::slot($rows, $path);)?)*
    };
}

/// A table as a tree. Nodes are in the order of a walk, so that what lies below one lies after it.
#[derive(Debug)]
pub struct Map {
    pub(super) nodes: Vec<Node>,
    /// The node of each row.
    pub(super) rows: Vec<(usize, To)>,
    /// Rows that fill a column; the others need not be looked at where no object is made.
    pub(super) hot: Vec<usize>,
    /// Of each row the rows before it that fill the same attribute: the first that is there fills it, the others go to `unmapped`.
    pub(super) rivals: Vec<Vec<usize>>,
    /// Whether case and underscores in keys count.
    exact: bool,
    /// Other names of keys at depth 1.
    aliases: &'static [(&'static str, &'static str)],
}

/// A place that paths go through or end at.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub key: String,
    pub path: Cow<'static, str>,
    pub row: Option<To>,
    /// Numbers of the nodes one level below, by the hash of their key; 0 is no node.
    children: Vec<u16>,
    /// The node after the last one below.
    pub end: usize,
}

impl Map {
    /// The tree of a format's table.
    pub fn new(rows: &'static [Row]) -> Map {
        Map::of(rows.iter().map(|row| (Cow::Borrowed(row.path), row.to)))
    }

    /// The same for a log whose carriers spell its keys in their own ways: case and underscores do not count (`OperationName`, `operation_name`).
    pub fn loose(rows: &'static [Row]) -> Map {
        Map::build(rows.iter().map(|row| (Cow::Borrowed(row.path), row.to)), false)
    }

    /// The tree of a table that was made while the program runs. Of two rows with one path the last counts; a path deeper than `DEPTH_MAX` is cut.
    pub fn of(rows: impl IntoIterator<Item = (Cow<'static, str>, To)>) -> Map {
        Map::build(rows, true)
    }

    fn build(rows: impl IntoIterator<Item = (Cow<'static, str>, To)>, exact: bool) -> Map {
        let mut root = Branch::default();
        let mut count = 0;
        for (row, (path, to)) in rows.into_iter().enumerate() {
            root.put(path, to, row);
            count = row + 1;
        }
        let mut map = Map { nodes: Vec::new(), rows: vec![(0, To::Hold); count], hot: Vec::new(), rivals: Vec::new(), exact, aliases: &[] };
        root.plant(&mut map);
        let same = |a: usize, b: usize| map.rows.get(a).and_then(|(_, to)| to.attr()).is_some_and(|x| map.rows.get(b).and_then(|(_, to)| to.attr()) == Some(x));
        map.rivals = (0..count).map(|row| (0..row).filter(|before| same(*before, row)).collect()).collect();
        map.hot = (0..count).filter(|r| map.rows.get(*r).is_some_and(|(_, to)| to.column().is_some())).collect();
        map
    }

    /// The same map for records in which some keys at depth 1 have another name: (other name, name in the table).
    pub fn also_named(self, aliases: &'static [(&'static str, &'static str)]) -> Map {
        Map { aliases, ..self }
    }

    /// The node for a key below a node.
    pub(super) fn child(&self, node: usize, key: &str) -> Option<usize> {
        let alias = || self.aliases.iter().find(|(other, _)| node == 0 && *other == key);
        self.named(node, key).or_else(|| self.named(0, alias()?.1))
    }

    fn named(&self, node: usize, key: &str) -> Option<usize> {
        let children = self.nodes.get(node).map(|n| n.children.as_slice())?;
        let mask = children.len().checked_sub(1)?;
        let mut at = self.hash(key) & mask;
        loop {
            let child = usize::from(*children.get(at)?);
            if child == 0 {
                return None;
            }
            if self.nodes.get(child).is_some_and(|n| n.key == key || (!self.exact && folded(&n.key).eq(folded(key)))) {
                return Some(child);
            }
            at = (at + 1) & mask;
        }
    }

    fn hash(&self, key: &str) -> usize {
        if self.exact { hash(key) } else { folded(key).fold(0, |h: usize, b| h.wrapping_mul(31).wrapping_add(b.into())) }
    }

    /// Whether paths go on below a node.
    pub(super) fn goes_on(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|n| !n.children.is_empty())
    }
}

/// Cheap, and good enough to tell the keys of one object apart.
pub(super) fn hash(key: &str) -> usize {
    let bytes = key.as_bytes();
    let byte = |i: usize| usize::from(bytes.get(i).copied().unwrap_or_default());
    let (len, mid, end) = (bytes.len(), bytes.len() / 2, bytes.len().saturating_sub(1));
    (len.wrapping_mul(0x9e37) ^ byte(0).wrapping_mul(0x85eb) ^ byte(mid).wrapping_mul(0xc2b2) ^ byte(end).wrapping_mul(0x27d4)) >> 3
}

/// A key without what does not count in a loose table.
fn folded(key: &str) -> impl Iterator<Item = u8> + '_ {
    key.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase())
}

/// A node while the tree grows.
#[derive(Debug, Default)]
struct Branch {
    key: String,
    path: Cow<'static, str>,
    row: Option<To>,
    places: Vec<usize>,
    children: Vec<Branch>,
}

impl Branch {
    fn put(&mut self, path: Cow<'static, str>, to: To, row: usize) {
        let mut branch = self;
        let mut walked = String::new();
        for key in keys_of(&path).into_iter().take(DEPTH_MAX) {
            if !walked.is_empty() {
                walked.push('.');
            }
            walked.push_str(&key);
            let at = branch.children.iter().position(|c| c.key == key).unwrap_or_else(|| {
                branch.children.push(Branch { key, path: walked.clone().into(), ..Branch::default() });
                branch.children.len() - 1
            });
            let Some(next) = branch.children.get_mut(at) else { return };
            branch = next;
        }
        branch.row = Some(to);
        branch.path = if path.contains('\\') { walked.into() } else { path };
        branch.places.push(row);
    }

    /// Puts this node and those below into the map; gives its number. The depth is bounded by `DEPTH_MAX`.
    fn plant(self, map: &mut Map) -> usize {
        let me = map.nodes.len();
        for place in &self.places {
            if let Some(slot) = map.rows.get_mut(*place) {
                *slot = (me, self.row.unwrap_or(To::Hold));
            }
        }
        map.nodes.push(Node { key: self.key, path: self.path, row: self.row, children: Vec::new(), end: 0 });
        let size = if self.children.is_empty() { 0 } else { (self.children.len() * 4).next_power_of_two() };
        let mut table = vec![0u16; size];
        for child in self.children {
            let mut at = map.hash(&child.key) & (size - 1);
            while table.get(at).is_some_and(|c| *c != 0) {
                at = (at + 1) & (size - 1);
            }
            let number = child.plant(map);
            if let (Some(slot), Ok(number)) = (table.get_mut(at), u16::try_from(number)) {
                *slot = number;
            }
        }
        let end = map.nodes.len();
        if let Some(node) = map.nodes.get_mut(me) {
            (node.children, node.end) = (table, end);
        }
        me
    }
}

/// The keys of a path.
fn keys_of(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => keys.push(String::new()),
            '\\' => keys.last_mut().into_iter().for_each(|k| k.extend(chars.next())),
            _ => keys.last_mut().into_iter().for_each(|k| k.push(c)),
        }
    }
    keys
}
