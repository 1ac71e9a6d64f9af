//! The brief as values: the stable shape of `muster respond --json`. Every statement keeps the ids of the events that show it.

use std::collections::BTreeMap;

use event::{Book, Entity, Facet, Time, Window};
use serde::Serialize;

use crate::{
    case::CaseFact,
    plan::{Clock, Step},
    registry::{CanDo, DataHeld, Hint, Person, ServiceModel, VendorPart},
    scope::{Act, Exfiltration, Level, Reached, Row, Status},
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
    /// The scope.
    pub reached: Vec<Reached>,
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

/// What makes the answer provable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// Entries in the signed log.
    pub size: u64,
    /// Its root, base64.
    pub root: String,
    /// How to export the evidence.
    pub export: String,
}

/// Something that could not be seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blind {
    /// What is missing and what that hides.
    pub text: String,
    /// The source, if it is one.
    pub source: Option<String>,
    /// From.
    pub from: Option<Time>,
    /// To.
    pub to: Option<Time>,
    /// Events that show it.
    pub events: Vec<String>,
}

/// The brief.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Brief {
    /// Version of this shape.
    pub version: u32,
    /// The time of the answer.
    pub made: Time,
    /// Case id.
    pub case: Option<String>,
    /// What was asked and looked at.
    pub asked: Asked,
    /// Who owns what is in scope, and whom to call.
    pub owners: Vec<OwnerPart>,
    /// What happened.
    pub happened: Vec<Happened>,
    /// How far it went.
    pub scope: Vec<ScopeNode>,
    /// Whether data left.
    pub exfiltration: Option<Exfiltration>,
    /// Data that was exposed.
    pub data: Vec<DataPart>,
    /// Vendors touched.
    pub vendors: Vec<VendorHit>,
    /// Deadlines.
    pub clocks: Vec<Clock>,
    /// Next steps.
    pub next: Vec<Step>,
    /// Proof.
    pub proof: Option<Proof>,
    /// What could not be seen.
    pub not_visible: Vec<Blind>,
}

/// What was asked, and what was looked at for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// Indicators.
    pub indicators: Vec<Entity>,
    /// Those of them that were taken to be the intruder's; the scope follows from that.
    pub assumed: Vec<Entity>,
    /// Events that name them.
    pub named: u64,
    /// Texts that are nowhere in the logs.
    pub unknown: Vec<Unknown>,
    /// Time.
    pub window: Window,
    /// Books by source.
    pub sources: Vec<Book>,
}

/// An indicator that is nowhere in the logs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unknown {
    /// As it was typed.
    pub text: String,
    /// Things most like it, of logs and registry.
    pub nearest: Vec<String>,
}

/// An owner, with all in scope that is theirs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnerPart {
    /// System.
    pub system: Option<String>,
    /// Owner; nobody where neither registry nor logs say.
    pub owner: Option<String>,
    /// Whether that is a guess from logs.
    pub inferred: bool,
    /// Whom to call.
    pub contacts: Vec<Person>,
    /// How to find who is on call.
    pub on_call: Option<String>,
    /// Who manages what.
    pub service_model: Option<ServiceModel>,
    /// What we may do.
    pub capabilities: BTreeMap<&'static str, CanDo>,
    /// Vendor that runs what is below, and whom to call there.
    pub provider: Option<VendorPart>,
    /// What is theirs in scope.
    pub entities: Vec<Entity>,
    /// How that was found.
    pub reasons: Vec<String>,
}

/// One thing that happened, or the same thing several times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happened {
    /// First time.
    pub time: Time,
    /// Last time.
    pub last: Time,
    /// How often.
    pub count: usize,
    /// What kind of act.
    pub act: Act,
    /// The facet that tells of it.
    pub facet: Option<Facet>,
    /// The machine that it happened on, if it is one.
    pub place: Option<String>,
    /// Who did it.
    pub who: Option<Entity>,
    /// From which address.
    pub from: Option<Entity>,
    /// What proved who it was, where the log says.
    pub credential: Option<Entity>,
    /// The log's own word; of several acts, the first one's.
    pub operation: String,
    /// The log's words of several acts, at most eight.
    pub operations: Vec<String>,
    /// `success`, `failure`, or nothing.
    pub outcome: Option<String>,
    /// In words.
    pub text: String,
    /// On what, at most eight.
    pub on: Vec<Entity>,
    /// How many different things.
    pub on_count: usize,
    /// Whether it is on the way of the scope.
    pub key: bool,
    /// What it weighs where room is short: 3 handed over control or took data out, 2 is on the way, 0 says least.
    #[serde(skip)]
    pub weight: u8,
    /// Events, at most eight: the first ones and the last of several; of one, its own and those that log it once more.
    pub events: Vec<String>,
}

/// One thing in scope.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScopeNode {
    /// The thing.
    pub entity: Entity,
    /// Its kind.
    pub kind: &'static str,
    /// What the intruder has of it.
    pub status: Status,
    /// How sure.
    pub confidence: Level,
    /// Since when.
    pub since: Option<Time>,
    /// Whether the intruder made it.
    pub made: bool,
    /// Its system.
    pub system: Option<String>,
    /// Its owner.
    pub owner: Option<String>,
    /// The chain of events that reached it.
    pub path: Vec<String>,
}

/// Data that was exposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataPart {
    /// Where: bucket, file.
    pub place: Entity,
    /// Things of it that were read or listed.
    pub count: usize,
    /// What the registry says that it is.
    pub held: Vec<DataHeld>,
    /// Owner.
    pub owner: Option<String>,
    /// Events that show it.
    pub events: Vec<String>,
}

/// A vendor that is touched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VendorHit {
    /// The vendor and its part.
    pub vendor: VendorPart,
    /// Through what.
    pub through: Entity,
    /// Events that show it.
    pub events: Vec<String>,
}
