//! The answer to "whose is it, and whom do I call": the stable shape of `muster who --json`.

use std::collections::BTreeMap;

use event::{Entity, Time};
use serde::Serialize;

use super::{Can, ContactRole, ServiceModel};

/// Whose a thing is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ownership {
    /// The thing that was asked about.
    pub entity: Entity,
    /// The system that it is part of.
    pub system: Option<String>,
    /// The group or user who owns it.
    pub owner: Option<String>,
    /// Whom to call, in this order.
    pub contacts: Vec<Person>,
    /// How to find who is on call, where the registry says.
    pub on_call: Option<String>,
    /// Who manages what there.
    pub service_model: Option<ServiceModel>,
    /// What a responder can do there, by capability.
    pub capabilities: BTreeMap<&'static str, CanDo>,
    /// Data held.
    pub data: Vec<DataHeld>,
    /// Vendors with a part in it.
    pub vendors: Vec<VendorPart>,
    /// Whether `owner` is a guess from logs, because the registry is silent.
    pub inferred: bool,
    /// Who may be the owner by the logs, the strongest first.
    pub candidates: Vec<Candidate>,
    /// How the answer was found, step by step; each names file and line, or events.
    pub reasons: Vec<String>,
    /// Things of the registry that are spelled alike, where nothing was found.
    pub nearest: Vec<String>,
}

/// Somebody to call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// First, second, or when neither answers.
    pub role: ContactRole,
    /// `phone`, `signal`, `email`…
    pub channel: String,
    /// Number or address.
    pub value: String,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Local time there at the time asked about: `Tue 14:05`.
    pub local_time: Option<String>,
    /// When somebody last answered there.
    pub last_reached: Option<Time>,
}

/// Whether an act is possible.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CanDo {
    /// Possible, not possible, or not on record.
    pub can: Can,
    /// How, or what comes in its place.
    pub note: String,
}

/// Data that is held there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataHeld {
    /// Name of the data set or class.
    pub name: String,
    /// What it is.
    pub category: Option<String>,
    /// How sensitive.
    pub sensitivity: Option<String>,
    /// Whether it is about persons; nothing where the registry does not say.
    pub personal: Option<bool>,
    /// How many people it is about; nothing where the registry does not say.
    pub people: Option<u64>,
    /// Who owns the data.
    pub owner: Option<String>,
}

/// A vendor and its part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VendorPart {
    /// Name.
    pub name: String,
    /// `provider`, `has access`, `receives customer-exports`…
    pub part: String,
    /// Whom to call there, in this order.
    pub contacts: Vec<Person>,
    /// Support tier or portal.
    pub support: Option<String>,
    /// Our account ids there.
    pub our_accounts: Vec<String>,
    /// What it will not do.
    pub limits: Vec<String>,
    /// What we use if it fails.
    pub alternative: Option<String>,
    /// Hours within which it must tell us of a breach, by contract.
    pub breach_notice_hours: Option<u64>,
    /// By which way it must tell us.
    pub breach_channel: Option<String>,
    /// The contract that says so.
    pub contract: Option<String>,
    /// What it can do for us.
    pub can_do: Vec<String>,
}

/// A possible owner by the logs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Who.
    pub who: Entity,
    /// The owner of that identity by the registry, if it has one.
    pub owner: Option<String>,
    /// Why: `created it`, `logs in there 214 times`.
    pub because: String,
    /// Events that show it.
    pub events: Vec<String>,
}

/// What the logs say about who a thing belongs to. Made by the caller from `links` and events.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// How they belong together.
    pub kind: HintKind,
    /// The other one: the user of a credential, the machine of an address, who created it, who logs in.
    pub who: Entity,
    /// How often it was seen.
    pub count: u64,
    /// When last.
    pub last: Option<Time>,
    /// An event that shows it.
    pub event: String,
}

/// How an entity of a hint belongs to the one asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// The log itself names `who` as holder or place of it: the user of an access key, the host of an address.
    BelongsTo,
    /// `who` made it.
    Created,
    /// `who` logs in there.
    LogsIn,
    /// `who` uses or changes it.
    Uses,
}
