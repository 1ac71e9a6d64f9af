//! Links: what was seen to act on what, one row a day.

use serde::{Deserialize, Serialize};

use crate::{Entity, Time};

/// How one entity acted on another. The first group hands over control, the second exposes data, the third does neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Address or credential -> session or user: a login that succeeded.
    LoggedIn,
    /// User or session -> user: sudo, su, setuid.
    Became,
    /// Session or process -> process: exec.
    Started,
    /// Identity or credential -> role session or credential: AssumeRole, GetSessionToken.
    Assumed,
    /// Address -> credential or user: the credential was used from there.
    Used,
    /// Identity -> identity or credential that it made: CreateUser, CreateAccessKey, useradd.
    Created,
    /// Identity -> identity, policy or resource that it changed so that it gave control.
    Granted,
    /// Process or identity -> file or resource.
    Wrote,
    /// File -> process: what was written was then run.
    Executed,
    /// Process or session -> address: an outgoing connection.
    Connected,
    /// Identity, session or process -> data.
    Read,
    /// Identity -> list of data.
    Listed,
    /// Identity -> place that data was copied to.
    Copied,
    /// Identity -> resource: removed or stopped.
    Deleted,
    /// A login that failed.
    Failed,
    /// Session, user, process -> host that it is on.
    On,
    /// Anything else that one did to the other.
    Touched,
}

impl Relation {
    /// All relations.
    pub const ALL: [Relation; 17] = [
        Relation::LoggedIn,
        Relation::Became,
        Relation::Started,
        Relation::Assumed,
        Relation::Used,
        Relation::Created,
        Relation::Granted,
        Relation::Wrote,
        Relation::Executed,
        Relation::Connected,
        Relation::Read,
        Relation::Listed,
        Relation::Copied,
        Relation::Deleted,
        Relation::Failed,
        Relation::On,
        Relation::Touched,
    ];

    /// The name in columns and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Relation::LoggedIn => "logged_in",
            Relation::Became => "became",
            Relation::Started => "started",
            Relation::Assumed => "assumed",
            Relation::Used => "used",
            Relation::Created => "created",
            Relation::Granted => "granted",
            Relation::Wrote => "wrote",
            Relation::Executed => "executed",
            Relation::Connected => "connected",
            Relation::Read => "read",
            Relation::Listed => "listed",
            Relation::Copied => "copied",
            Relation::Deleted => "deleted",
            Relation::Failed => "failed",
            Relation::On => "on",
            Relation::Touched => "touched",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Relation> {
        Relation::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// One link, aggregated over a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Who or what acted.
    pub from: Entity,
    /// How.
    pub relation: Relation,
    /// On what.
    pub to: Entity,
    /// The session, credential or process that ties it, tighter than the two ends.
    pub via: Option<Entity>,
    /// First time on that day.
    pub first: Time,
    /// Last time on that day.
    pub last: Time,
    /// How often.
    pub count: u64,
    /// Id of the event that shows it best (the first).
    pub event: String,
}
