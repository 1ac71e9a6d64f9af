//! What the caller found, for the brief to be made from.

use std::collections::BTreeMap;

use event::{Book, Entity, Time, Window};
use trace::scope::{Affected, EntryPoint, Reach};

use super::brief::{Blind, Proof, SessionPart};
use crate::{
    case::CaseFact,
    registry::Hint,
    scope::{Edge, Exfiltration, Reached, Row},
};

/// What the caller found, for the brief to be made from.
#[derive(Clone, Debug, Default)]
pub struct BriefInput {
    /// The time of the answer.
    pub now: Time,
    /// Case id, if there is one.
    pub case: Option<String>,
    /// What was asked about.
    pub indicators: Vec<Entity>,
    /// Texts that were asked about and are nowhere in the logs, with the entities most like them.
    pub unknown: Vec<(String, Vec<String>)>,
    /// Events that name what was asked about, whether or not they belong to the scope.
    pub named: u64,
    /// Time that was looked at.
    pub window: Window,
    /// Books of every source that was looked at.
    pub books: Vec<Book>,
    /// How they got in.
    pub entries: Vec<EntryPoint>,
    /// The scope.
    pub reached: Vec<Reached>,
    /// The hops of the scope, in order of time.
    pub hops: Vec<Edge>,
    /// What was seen and changed, counted by what holds it.
    pub affected: Vec<Affected>,
    /// Who or what else could be reached from here.
    pub reach: Vec<Reach>,
    /// The intruder's sessions with their processes.
    pub sessions: Vec<SessionPart>,
    /// Whether the scope looked at everything that it had to; the limits that it ended at, if not.
    pub limits: Vec<String>,
    /// The time line of the scope, in order.
    pub rows: Vec<Row>,
    /// Whether data left.
    pub exfiltration: Option<Exfiltration>,
    /// What the logs say about who things belong to.
    pub hints: BTreeMap<Entity, Vec<Hint>>,
    /// Facts of the case.
    pub facts: Vec<CaseFact>,
    /// Keys of the steps that are done.
    pub done: Vec<String>,
    /// Proof.
    pub proof: Option<Proof>,
    /// What could not be seen, by the caller's knowledge (the brief adds gaps of the books and missing facets).
    pub not_visible: Vec<Blind>,
}
