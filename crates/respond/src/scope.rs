//! The scope and the time line as this crate is given them: which things were reached, and what happened in which order.
//! Made by the caller from `trace`. Never decides what belongs to the scope.

use event::{Entity, Time};
use serde::{Deserialize, Serialize};

/// What an intruder has of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Acts as it or on it at will: identity, credential, session, machine.
    Controlled,
    /// Its content was read, listed or copied.
    Exposed,
    /// Was tried or touched without either.
    Touched,
}

/// How sure that is. Each level has its rule in `trace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The logs tie it by session, credential or process.
    Shown,
    /// Tied by machine and time.
    Likely,
    /// Could have been reached.
    Possible,
}

/// One thing that was reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The thing.
    pub entity: Entity,
    /// What the intruder has of it.
    pub status: Status,
    /// How sure.
    pub level: Level,
    /// Since when.
    pub since: Option<Time>,
    /// Whether the intruder made it (new user, new key).
    pub made: bool,
    /// Who holds it, by the logs: the user of a key, the role of a session.
    pub holder: Option<Entity>,
    /// Ids of the events that reached it, from the indicator on.
    pub path: Vec<String>,
}

/// One row of the time line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// When.
    pub time: Time,
    /// Event id.
    pub event: String,
    /// The log's own word for it (`StopLogging`, `sudo`).
    pub operation: String,
    /// `success`, `failure`, or nothing.
    pub outcome: Option<String>,
    /// Who did it.
    pub actor: Option<Entity>,
    /// To what.
    pub target: Option<Entity>,
    /// In words.
    pub text: String,
    /// The machine that it happened on, if it is one.
    #[serde(default)]
    pub host: Option<String>,
    /// What to know before relying on it (`year_assumed`): names of `event::Mark`.
    #[serde(default)]
    pub marks: Vec<String>,
}

/// Whether data left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// The logs show it.
    Seen,
    /// The logs that would show it are there and do not.
    NoSign,
    /// The logs that would show it are not there.
    CouldNotSee,
}
