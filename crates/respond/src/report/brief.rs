//! The brief as values, the one thing that every format is made from: the stable shape of `muster respond --json`. Every statement keeps the ids of the events that show it.

use std::collections::BTreeMap;

use event::{Book, Entity, Facet, Time, Window};
use serde::Serialize;
use trace::scope::{EntryPoint, Reach};

use crate::{
    plan::{Clock, Step},
    registry::{CanDo, DataHeld, Person, ServiceModel, VendorPart},
    scope::{Act, Edge, Exfiltration, Level, Status},
};

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
    /// The answer in a sentence, and how complete it is.
    pub answer: Summary,
    /// What was asked and looked at.
    pub asked: Asked,
    /// How they got in.
    pub entry: Vec<EntryPoint>,
    /// Who owns what is in scope, and whom to call.
    pub owners: Vec<OwnerPart>,
    /// What happened.
    pub happened: Vec<Happened>,
    /// How far it went.
    pub scope: Vec<ScopeNode>,
    /// The hops by which it went there, in order of time.
    pub hops: Vec<Edge>,
    /// Whether data left.
    pub exfiltration: Option<Exfiltration>,
    /// Data that was exposed.
    pub data: Vec<DataPart>,
    /// Vendors touched.
    pub vendors: Vec<VendorHit>,
    /// People whose data was exposed.
    pub people: People,
    /// Who or what else could be reached from here, as the logs show; never said to be reached.
    pub reach: Vec<Reach>,
    /// The intruder's sessions on machines, each with its processes.
    pub sessions: Vec<SessionPart>,
    /// Deadlines.
    pub clocks: Vec<Clock>,
    /// Next steps.
    pub next: Vec<Step>,
    /// Proof.
    pub proof: Option<Proof>,
    /// What could not be seen.
    pub not_visible: Vec<Blind>,
    /// The original lines of the events that are named, as far as there is room.
    pub evidence: Evidence,
    /// Of each section that says nothing, why.
    pub absent: BTreeMap<&'static str, String>,
}

/// The answer in a sentence.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The sentence.
    pub text: String,
    /// Whether every question was asked to its end and no gap is known. Of logs that were not given muster knows nothing.
    pub whole: bool,
    /// How complete it is, in a sentence.
    pub completeness: String,
    /// Machines that the intruder was on.
    pub machines: usize,
    /// Identities in the intruder's hands.
    pub identities: usize,
    /// Keys and other credentials in the intruder's hands.
    pub keys: usize,
}

/// People whose data was exposed, by the registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct People {
    /// The sum over the data sets that say it; nothing where none does. A bound only where `not_counted` is empty.
    pub at_most: Option<u64>,
    /// Data sets with personal data that were exposed.
    pub data_sets: Vec<String>,
    /// Those of them of which the registry does not say how many people they are about.
    pub not_counted: Vec<String>,
    /// In a sentence.
    pub text: String,
}

/// A session of the intruder on a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionPart {
    /// Its first name.
    pub id: Entity,
    /// The machine.
    pub host: String,
    /// Who logged in.
    pub user: Option<Entity>,
    /// From which address.
    pub from: Option<Entity>,
    /// In words: how it was begun, when, when it ended.
    pub text: String,
    /// When it began.
    pub start: Time,
    /// When it ended, if a log says.
    pub end: Option<Time>,
    /// The event that opened it.
    pub opened: Option<String>,
    /// Its processes, each after its parent.
    pub procs: Vec<ProcPart>,
    /// Processes beyond those.
    pub more: usize,
}

/// A process of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcPart {
    /// The command line, or the program.
    pub command: String,
    /// As whom it ran.
    pub user: Option<Entity>,
    /// Whether that is another identity than its parent's.
    pub switched: bool,
    /// When.
    pub start: Time,
    /// Place of its parent in the list.
    pub parent: Option<usize>,
    /// The event that tells of it.
    pub event: Option<String>,
}

/// The original lines of events.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// The lines.
    pub events: Vec<Original>,
    /// Events that the brief names.
    pub named: usize,
    /// The command that gets those that are not shown, with proofs.
    pub rest: Option<String>,
}

/// One event as its log has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Original {
    /// Event id.
    pub event: String,
    /// When.
    pub time: Time,
    /// Its records as text: bytes that are no UTF-8 are shown as U+FFFD. The store keeps the bytes.
    pub lines: Vec<String>,
    /// Characters left out at the end.
    pub cut: usize,
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
    /// What may not be done to single things of it, though it may be done to the others.
    pub limits: Vec<Limit>,
    /// Vendor that runs what is below, and whom to call there.
    pub provider: Option<VendorPart>,
    /// What is theirs in scope.
    pub entities: Vec<Entity>,
    /// How that was found.
    pub reasons: Vec<String>,
}

/// Something that the system allows and one of its things does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// The thing.
    pub thing: String,
    /// The capability.
    pub capability: &'static str,
    /// Why not, or what comes in its place.
    pub note: String,
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
    /// What else the incident is to it.
    pub also: Vec<Status>,
    /// The chain of events that reached it.
    pub path: Vec<String>,
}

/// Data that was exposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataPart {
    /// Where: bucket, file.
    pub place: Entity,
    /// Things of it that were read or listed, as far as the scope names them.
    pub count: usize,
    /// Different things of it that were read or copied, all of them.
    pub objects: Option<u64>,
    /// Bytes that went out, where a log says.
    pub bytes: Option<u64>,
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
