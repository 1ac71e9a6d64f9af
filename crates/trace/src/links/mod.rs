//! Links from events: what was seen to act on what. Knows OCSF columns only, never a format.
//!
//! Owns the emitter (`visit`, `links`), its table of rules (`rules`), and `Aggregate`, which folds links into one row a day.
//! Never looks anything up: what one event does not say, no link says.

mod aggregate;
mod parts;
mod rules;
mod words;

pub use aggregate::Aggregate;

use event::{Entity, Facet, Fields, Kind, Link, Relation};

use parts::{Part, Parts};

/// Buffers that are used again from event to event, so that the fast path allocates nothing.
#[derive(Debug, Default)]
pub struct Scratch {
    arena: String,
}

/// An entity while it is still a slice of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its canonical spelling.
    pub value: &'a str,
}

impl Seen<'_> {
    fn to_entity(self) -> Entity {
        Entity { kind: self.kind, value: self.value.to_owned() }
    }
}

/// One link while it is still slices of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act<'a> {
    /// Who or what acted.
    pub from: Seen<'a>,
    /// How.
    pub relation: Relation,
    /// On what.
    pub to: Seen<'a>,
    /// What ties it more tightly.
    pub via: Option<Seen<'a>>,
}

/// Different links that one event can show: no case of the table has more lines (a test counts them).
const ACTS_MAX: usize = 24;

/// Calls `take` once for every link that the event shows, in the order of the table.
pub fn visit(row: &impl Fields, scratch: &mut Scratch, mut take: impl FnMut(Act<'_>)) {
    let parts = Parts::of(row, &mut scratch.arena);
    let case = rules::case(&parts);
    let mut told: [Option<Act<'_>>; ACTS_MAX] = [None; ACTS_MAX];
    for rule in rules::TABLE.iter().filter(|r| r.when.holds(&case)) {
        let relation = rule.relation.or(case.relation);
        let (Some(from), Some(to), Some(relation)) = (parts.get(rule.from), parts.get(rule.to), relation) else { continue };
        let via = if rule.via == Part::Nothing { None } else { parts.get(rule.via) };
        let act = Act { from, relation, to, via: via.filter(|v| *v != from && *v != to) };
        let known = told.iter().flatten().any(|t| *t == act);
        if from != to && !known {
            if let Some(free) = told.iter_mut().find(|t| t.is_none()) {
                *free = Some(act);
            }
            take(act);
        }
    }
}

/// The links that one event shows, each with count 1.
pub fn links(row: &impl Fields) -> Vec<Link> {
    let (time, id) = (row.time(), row.id());
    let mut found: Vec<Link> = Vec::new();
    visit(row, &mut Scratch::default(), |act| {
        let link = Link {
            from: act.from.to_entity(),
            relation: act.relation,
            to: act.to.to_entity(),
            via: act.via.map(Seen::to_entity),
            first: time,
            last: time,
            count: 1,
            event: id.clone(),
        };
        found.push(link);
    });
    found
}

/// Whether logs of this facet tell of logins to the machine itself. What programs on it log are logins to them: to a web application, a
/// database.
pub(crate) fn of_machine(facet: Option<&str>) -> bool {
    facet.is_some_and(|f| f == Facet::System.name() || f == Facet::Runtime.name())
}

/// Whether a provider's operation hands out data itself.
pub(crate) fn reads(operation: &str) -> bool {
    words::relation(operation) == Some(Relation::Read)
}
