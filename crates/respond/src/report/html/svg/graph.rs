//! How far it went, as a graph: from where it began, left to right by hop; what one bucket or folder holds is one box, and many of a
//! sort are one box with their count. Each thing hangs on the hop that first reached it. Narrow: the same, indented.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event::{Entity, Kind, Relation, Time};

use super::{
    super::write::Html,
    draw::{Frame, bar, fit, fit_middle, line, narrow, picture, px, text},
};
use crate::{
    registry::pattern::short_name,
    report::{
        brief::{Brief, ScopeNode},
        label::short,
        say,
        time::utc,
    },
    scope::{Edge, Level, Status},
};
use trace::scope::Rule;

/// Boxes that are drawn; beyond it, those of a sort are folded, and then counted.
const BOXES_MAX: usize = 48;
/// Leaves of one sort under one box that stay apart.
const APART_MAX: usize = 4;

/// One box.
struct Box_ {
    name: String,
    under: String,
    status: Status,
    level: Level,
    kind: Kind,
    children: Vec<usize>,
}

/// The picture, in both forms.
pub(in crate::report::html) fn scope(h: &mut Html, brief: &Brief) {
    let mut forest = Forest::of(brief);
    if forest.boxes.is_empty() {
        return;
    }
    forest.fold(APART_MAX);
    if forest.count() > BOXES_MAX {
        forest.fold(1);
    }
    let cut = forest.cut(BOXES_MAX);
    let more = if cut > 0 { format!(" {cut} more are in the table only.") } else { String::new() };
    let desc = format!(
        "{} boxes: what the intruder has or touched, each behind the thing from which it was first reached; a dashed line is likely, a dotted one possible.{more} The table below has the same in words.",
        forest.count()
    );
    forest.wide(h, &desc);
    forest.narrow(h, &desc);
}

struct Forest {
    boxes: Vec<Box_>,
    roots: Vec<usize>,
}

impl Forest {
    fn of(brief: &Brief) -> Forest {
        let same = same_logins(brief);
        let stands = |e: &Entity| stands_for(&same, e);
        let mut nodes: BTreeMap<Entity, (&ScopeNode, usize)> = BTreeMap::new();
        for node in &brief.scope {
            let grave = |n: &ScopeNode| (n.status, n.confidence, n.since);
            let known = nodes.entry(stands(&node.entity)).or_insert((node, 0));
            known.1 += 1;
            if grave(node) < grave(known.0) {
                known.0 = node;
            }
        }
        let parents = parents(brief, &nodes, &stands);
        let mut forest = Forest { boxes: Vec::new(), roots: Vec::new() };
        let mut at: HashMap<&Entity, usize> = HashMap::new();
        let mut order: Vec<(&Entity, &(&ScopeNode, usize))> = nodes.iter().collect();
        order.sort_by_key(|(e, (n, _))| (n.since.is_none(), n.since, (*e).clone()));
        for (entity, (node, count)) in &order {
            at.insert(*entity, forest.boxes.len());
            forest.boxes.push(boxed(entity, node, *count, parents.get(*entity).map(|(_, e)| *e)));
        }
        for (i, (entity, _)) in order.iter().enumerate() {
            let parent = parents.get(*entity).and_then(|(p, _)| at.get(p)).copied();
            match parent.and_then(|p| forest.boxes.get_mut(p)) {
                Some(parent) => parent.children.push(i),
                None => forest.roots.push(i),
            }
        }
        forest
    }

    fn count(&self) -> usize {
        self.walk().len()
    }

    /// The boxes that hang together, with their depth, each before its children.
    fn walk(&self) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        let mut open: Vec<(usize, usize)> = self.roots.iter().rev().map(|r| (*r, 0)).collect();
        while let Some((i, depth)) = open.pop() {
            out.push((i, depth));
            if let Some(b) = self.boxes.get(i) {
                open.extend(b.children.iter().rev().map(|c| (*c, depth + 1)));
            }
        }
        out
    }

    /// Leaves of one sort under one box, if there are more of them than `apart`, become one.
    fn fold(&mut self, apart: usize) {
        for parent in 0..self.boxes.len() {
            let Some(children) = self.boxes.get(parent).map(|b| b.children.clone()) else { continue };
            let folded = self.fold_list(&children, apart);
            if let Some(b) = self.boxes.get_mut(parent) {
                b.children = folded;
            }
        }
        let roots = self.roots.clone();
        self.roots = self.fold_list(&roots, apart);
    }

    fn fold_list(&mut self, list: &[usize], apart: usize) -> Vec<usize> {
        let mut sorts: BTreeMap<(Kind, Status, Level), Vec<usize>> = BTreeMap::new();
        for i in list {
            if let Some(b) = self.boxes.get(*i).filter(|b| b.children.is_empty() && b.status != Status::Entry) {
                sorts.entry((b.kind, b.status, b.level)).or_default().push(*i);
            }
        }
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        let mut out: Vec<usize> = Vec::new();
        for ((kind, status, level), members) in sorts {
            if members.len() <= apart {
                continue;
            }
            gone.extend(&members);
            let name = format!("{} {}s", members.len(), kind_word(kind));
            out.push(self.boxes.len());
            self.boxes.push(Box_ { name, under: say::status_word(status).to_owned(), status, level, kind, children: Vec::new() });
        }
        list.iter().copied().filter(|i| !gone.contains(i)).chain(out).collect()
    }

    /// Takes leaves away from the end until no more than `most` boxes are left; says how many.
    fn cut(&mut self, most: usize) -> usize {
        let walk = self.walk();
        let kept: BTreeSet<usize> = walk.iter().take(most).map(|(i, _)| *i).collect();
        let cut = walk.len() - kept.len();
        self.roots.retain(|i| kept.contains(i));
        self.boxes.iter_mut().for_each(|b| b.children.retain(|i| kept.contains(i)));
        cut
    }

    fn wide(&self, h: &mut Html, desc: &str) {
        const ROW: f64 = 48.0;
        const PAGE: f64 = 1120.0;
        let walk = self.walk();
        let depth = walk.iter().map(|(_, d)| *d).max().unwrap_or(0);
        let (places, rows) = self.places(&walk);
        // As wide as the page where that is readable; what is deeper than that can be scrolled.
        let column = ((PAGE + 30.0) / (depth as f64 + 1.0)).clamp(184.0, 214.0);
        let size = (column - 32.0, 38.0);
        let width = column * (depth as f64 + 1.0) - 26.0;
        let frame = Frame { id: "graph", title: "How far it went", desc, class: "wide", width, height: ROW * rows + 4.0 };
        picture(h, &frame, |h| {
            let at = |i: usize, d: usize| (column * d as f64 + 2.0, places.get(&i).copied().unwrap_or(0.0) * ROW + 4.0);
            for (i, d) in &walk {
                let from = at(*i, *d);
                for child in self.boxes.get(*i).map(|b| b.children.as_slice()).unwrap_or_default() {
                    let to = at(*child, d + 1);
                    let (x1, y1, x2, y2) = (from.0 + size.0, from.1 + size.1 / 2.0, to.0, to.1 + size.1 / 2.0);
                    let mid = (x1 + x2) / 2.0;
                    let level = self.boxes.get(*child).map_or("", |b| level_class(b.level));
                    line(h, &format!("hop {level}"), &format!("M{} {}C{} {} {} {} {} {}", px(x1), px(y1), px(mid), px(y1), px(mid), px(y2), px(x2), px(y2)));
                }
            }
            for (i, d) in &walk {
                let Some(b) = self.boxes.get(*i) else { continue };
                let (x, y) = at(*i, *d);
                boxed_at(h, b, (x, y), size);
                text(h, "label", x + 12.0, y + 16.0, &fit_middle(&b.name, size.0 - 18.0));
                text(h, "under", x + 12.0, y + 30.0, &fit(&b.under, (size.0 - 12.0) * 1.09));
            }
        });
    }

    /// Rows of the boxes: leaves one below the other, what has children in the middle of them.
    fn places(&self, walk: &[(usize, usize)]) -> (HashMap<usize, f64>, f64) {
        let mut places: HashMap<usize, f64> = HashMap::new();
        let mut row = 0.0;
        let mut leaves: Vec<usize> = Vec::new();
        for (i, _) in walk {
            if self.boxes.get(*i).is_none_or(|b| b.children.is_empty()) {
                leaves.push(*i);
            }
        }
        for leaf in leaves {
            places.insert(leaf, row);
            row += 1.0;
        }
        for (i, _) in walk.iter().rev() {
            let of = |c: Option<&usize>| c.and_then(|c| places.get(c)).copied();
            let children = self.boxes.get(*i).map(|b| b.children.as_slice()).unwrap_or_default();
            if let (Some(first), Some(last)) = (of(children.first()), of(children.last())) {
                places.insert(*i, (first + last) / 2.0);
            }
        }
        (places, row)
    }

    fn narrow(&self, h: &mut Html, desc: &str) {
        const WIDTH: f64 = 356.0;
        const ROW: f64 = 42.0;
        const INDENT: f64 = 14.0;
        const DEEP: usize = 7;
        let walk = self.walk();
        let frame = Frame { id: "graph", title: "How far it went", desc, class: "narrow", width: WIDTH, height: ROW * walk.len() as f64 + 2.0 };
        picture(h, &frame, |h| {
            let mut last: Vec<f64> = Vec::new();
            for (row, (i, d)) in walk.iter().enumerate() {
                let Some(b) = self.boxes.get(*i) else { continue };
                let d = (*d).min(DEEP);
                let (x, y) = (2.0 + INDENT * d as f64, ROW * row as f64 + 2.0);
                if let Some(above) = d.checked_sub(1).and_then(|up| last.get(up)) {
                    line(h, &format!("hop {}", level_class(b.level)), &format!("M{} {}V{}H{}", px(x - INDENT + 6.0), px(above + 34.0), px(y + 17.0), px(x)));
                }
                last.truncate(d);
                last.push(y);
                boxed_at(h, b, (x, y), (WIDTH - x - 4.0, 36.0));
                text(h, "label", x + 12.0, y + 15.0, &fit_middle(&b.name, narrow(WIDTH - x - 22.0)));
                text(h, "under", x + 12.0, y + 29.0, &fit(&b.under, narrow(WIDTH - x - 22.0)));
            }
        });
    }
}

fn boxed_at(h: &mut Html, b: &Box_, at: (f64, f64), size: (f64, f64)) {
    let class = format!("box {} {}", say::status_word(b.status), level_class(b.level));
    bar(h, &class, at, size, if b.kind == Kind::User { 12.0 } else { 3.0 });
    // A bar at the left edge tells the status without colour: full for what is held, half for what was seen or changed.
    let height = match b.status {
        Status::Entry | Status::Origin | Status::Controlled => size.1 - 8.0,
        Status::Changed | Status::Exposed => size.1 / 2.0 - 4.0,
        Status::Reached | Status::Named => 0.0,
    };
    if height > 0.0 {
        bar(h, &format!("side {}", say::status_word(b.status)), (at.0 + 3.5, at.1 + 4.0), (4.0, height), 1.0);
    }
}

fn boxed(entity: &Entity, node: &ScopeNode, count: usize, hop: Option<&Edge>) -> Box_ {
    let clock = |t: Time| utc(t).split_once(' ').map(|(_, c)| c.chars().take(5).collect::<String>()).unwrap_or_default();
    let since = node.since.map(clock).unwrap_or_default();
    let how = hop.map_or_else(|| say::status_word(node.status).to_owned(), |e| relation(e.relation).to_owned());
    let many = if count > 1 && entity.kind != Kind::Session { format!(" ×{count}") } else { String::new() };
    let word = if entity.kind == Kind::Resource && node.status == Status::Exposed { "data" } else { kind_word(entity.kind) };
    let name = match entity.kind {
        Kind::Resource | Kind::File => short(entity).trim_start_matches("bucket ").trim_start_matches("resource ").to_owned(),
        _ => short_name(&entity.value).to_owned(),
    };
    let under = format!("{how} {since} · {word}{many}");
    Box_ { name, under, status: node.status, level: node.confidence, kind: entity.kind, children: Vec::new() }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Credential => "key",
        Kind::Ip => "address",
        Kind::Resource => "resource",
        k => k.name(),
    }
}

fn relation(r: Relation) -> &'static str {
    match r {
        Relation::LoggedIn => "login",
        r => r.name(),
    }
}

fn level_class(l: Level) -> &'static str {
    say::level(l)
}

/// Sessions that are one login under two names: each stands for the first of them.
fn same_logins(brief: &Brief) -> HashMap<Entity, Entity> {
    let mut same: HashMap<Entity, Entity> = HashMap::new();
    let pair = |e: &&Edge| e.rule == Rule::SameLogin && e.from.kind == Kind::Session && e.to.kind == Kind::Session;
    for e in brief.hops.iter().filter(pair) {
        let (first, other) = if e.from < e.to { (&e.from, &e.to) } else { (&e.to, &e.from) };
        same.entry(other.clone()).or_insert_with(|| first.clone());
    }
    same
}

fn stands_for(same: &HashMap<Entity, Entity>, e: &Entity) -> Entity {
    trace::container(same.get(e).unwrap_or(e))
}

type Parents<'a> = BTreeMap<Entity, (Entity, &'a Edge)>;

/// Of each thing the hop that first reached it from one that was reached already; from a key or session rather than an address.
fn parents<'a>(brief: &'a Brief, nodes: &BTreeMap<Entity, (&ScopeNode, usize)>, stands: &dyn Fn(&Entity) -> Entity) -> Parents<'a> {
    let mut out: HashMap<Entity, Vec<&Edge>> = HashMap::new();
    for e in &brief.hops {
        out.entry(stands(&e.from)).or_default().push(e);
    }
    let entry = |n: &ScopeNode| n.status == Status::Entry;
    let mut placed: BTreeSet<Entity> = nodes.iter().filter(|(_, (n, _))| entry(n)).map(|(e, _)| e.clone()).collect();
    if placed.is_empty() {
        placed.extend(nodes.iter().min_by_key(|(_, (n, _))| (n.since.is_none(), n.since)).map(|(e, _)| e.clone()));
    }
    type Next<'a> = (Time, bool, usize, Entity, Entity);
    let mut number: HashMap<usize, &Edge> = HashMap::new();
    let mut open: BTreeSet<Next<'_>> = BTreeSet::new();
    let mut found: Parents<'a> = BTreeMap::new();
    let mut push = |from: &Entity, open: &mut BTreeSet<Next<'_>>, number: &mut HashMap<usize, &'a Edge>| {
        for e in out.remove(from).unwrap_or_default() {
            let key = number.len();
            number.insert(key, e);
            open.insert((e.time, e.from.kind == Kind::Ip && matches!(e.to.kind, Kind::User | Kind::Session), key, from.clone(), stands(&e.to)));
        }
    };
    placed.clone().iter().for_each(|e| push(e, &mut open, &mut number));
    while let Some((_, _, key, from, to)) = open.pop_first() {
        if !nodes.contains_key(&to) || !placed.insert(to.clone()) {
            continue;
        }
        if let Some(edge) = number.get(&key) {
            found.insert(to.clone(), (from, edge));
        }
        push(&to, &mut open, &mut number);
    }
    found
}
