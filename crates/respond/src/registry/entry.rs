//! What the registry holds: one entry a document, with muster's own facts about it. Plain values, no logic.

use std::collections::BTreeMap;

use event::{Facet, Time, Window};
use serde::Serialize;

use super::{Can, Capability, ServiceModel};

/// A reference as it stands in a file: `[kind:][namespace/]name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The text.
    pub text: String,
    /// Kinds that may stand there, lower case, the default first. Empty: any.
    pub kinds: &'static [&'static str],
    /// Key that it stands under.
    pub field: String,
    /// Line in the file.
    pub line: usize,
}

/// A spelling by which an asset is known, and when it was its own (addresses move).
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The spelling.
    pub value: String,
    /// When it holds.
    pub window: Window,
}

/// What an act can be on an asset where the file overrides the service model.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Possible or not.
    pub can: Can,
    /// The file's reason or way.
    pub note: Option<String>,
}

/// How somebody is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// `primary`, `deputy` or `escalation`.
    pub role: ContactRole,
    /// The person or team, if it is in the registry.
    pub person: Option<Reference>,
    /// A name where the person is not in the registry.
    pub name: Option<String>,
    /// `phone`, `signal`, `email`, `portal`, `pagerduty`…
    pub channel: String,
    /// Number, address, link.
    pub value: String,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// When somebody last answered there.
    pub last_reached: Option<Time>,
    /// When it holds (rotations).
    pub window: Window,
}

/// Whom to call first, second, and when neither answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactRole {
    /// First.
    Primary,
    /// Second.
    Deputy,
    /// When neither answers.
    Escalation,
}

/// muster's own facts: the block `spec.muster`, or annotations `muster/…`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Who manages what.
    pub service_model: Option<ServiceModel>,
    /// Where it differs from the model.
    pub capabilities: BTreeMap<Capability, Override>,
    /// Vendor that runs what is below.
    pub provider: Option<Reference>,
    /// Machine names.
    pub hosts: Vec<Known>,
    /// Addresses and ranges.
    pub addresses: Vec<Known>,
    /// Accounts, projects, subscriptions.
    pub accounts: Vec<Known>,
    /// Provider ids of resources.
    pub arns: Vec<Known>,
    /// Identities and credentials.
    pub identities: Vec<Known>,
    /// Globs over names.
    pub patterns: Vec<Known>,
    /// Data sets held.
    pub data: Vec<Reference>,
    /// Classes of data held where there is no data set entry.
    pub data_classes: Vec<String>,
    /// Vendors that have a part in it.
    pub vendors: Vec<Reference>,
    /// How to find who is on call.
    pub on_call: Option<String>,
    /// Whom to call.
    pub contacts: Vec<Contact>,
    /// Log facets that it should have.
    pub facets: Vec<Facet>,
}

/// What a vendor does for us and with our data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vendor {
    /// The contracts.
    pub contracts: Vec<Reference>,
    /// Data that it gets.
    pub shared: Vec<Shared>,
    /// Roles, users and addresses by which it comes into our systems.
    pub access: Vec<Known>,
    /// Our account ids there.
    pub our_accounts: Vec<String>,
    /// What it can do for us in an incident.
    pub can_do: Vec<String>,
    /// What it will not do.
    pub limits: Vec<String>,
    /// What we use if it fails.
    pub alternative: Option<String>,
    /// Support tier or portal.
    pub support: Option<String>,
    /// Last review.
    pub last_review: Option<Time>,
    /// Next review.
    pub next_review: Option<Time>,
}

/// Data that goes to a vendor.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The data set.
    pub data: Reference,
    /// `out`, `in` or `both`.
    pub direction: Option<String>,
    /// What for.
    pub purpose: Option<String>,
}

/// A contract with a vendor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contract {
    /// The vendor.
    pub vendor: Option<Reference>,
    /// Its number.
    pub reference: Option<String>,
    /// Hours within which the vendor tells us of a breach.
    pub breach_notice_hours: Option<u64>,
    /// Where breach notices go.
    pub breach_channel: Option<String>,
    /// Clauses by name with their text (`forensic_support`, `log_access`, `exit`, `dpa`).
    pub clauses: BTreeMap<String, String>,
    /// First day.
    pub starts: Option<Time>,
    /// Last day.
    pub ends: Option<Time>,
}

/// A body of data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSet {
    /// What it is (`customer records`).
    pub category: Option<String>,
    /// Whom it is about.
    pub subjects: Option<String>,
    /// `public`, `internal`, `confidential`, `secret`.
    pub sensitivity: Option<String>,
    /// How much.
    pub volume: Option<String>,
    /// How many people it is about.
    pub people: Option<u64>,
    /// Whether it is about persons.
    pub personal: Option<bool>,
}

/// What only an entry of one kind has.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Own {
    /// Nothing more.
    #[default]
    None,
    /// A vendor.
    Vendor(Vendor),
    /// A contract.
    Contract(Contract),
    /// A data set.
    DataSet(DataSet),
}

/// One document of the registry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Kind as written (`Component`).
    pub kind: String,
    /// Namespace, `default` where none is given.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Title or display name.
    pub title: Option<String>,
    /// `spec.type`.
    pub type_name: Option<String>,
    /// File.
    pub file: String,
    /// Line of the document.
    pub line: usize,
    /// Owner: group or user.
    pub owner: Option<Reference>,
    /// System that it is part of.
    pub system: Option<Reference>,
    /// Domain of a system.
    pub domain: Option<Reference>,
    /// Parent group, parent domain.
    pub parent: Option<Reference>,
    /// Groups of a user; members and children of a group; what a component depends on.
    pub related: Vec<Reference>,
    /// Mail address of a user or group.
    pub email: Option<String>,
    /// muster's facts.
    pub facts: Facts,
    /// What its kind adds.
    pub own: Own,
}

impl Entry {
    /// `component web`, for people.
    pub fn label(&self) -> String {
        label(&self.kind, &self.namespace, &self.name)
    }

    /// Whether the kind is this one (lower case).
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }
}

/// `component web`, or `component other/web` outside the default namespace.
pub fn label(kind: &str, namespace: &str, name: &str) -> String {
    let kind = kind.to_lowercase();
    if namespace == "default" { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}
