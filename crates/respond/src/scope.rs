//! The scope and the time line as this crate reads them: which things were reached, and what happened in which order, each told from
//! `trace`'s answer and from events. Never decides what belongs to the scope: that is `trace`'s.

use std::collections::{HashMap, HashSet};

use event::{Column, Entity, Facet, Fields, Kind, Relation, Time, ocsf::class};
use serde::{Deserialize, Serialize};
pub use trace::scope::{Edge, Exfiltration, Level, Reason, Status, Verdict};

/// One thing that was reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The thing.
    pub entity: Entity,
    /// What the incident is to it.
    pub status: Status,
    /// What else the incident is to it.
    #[serde(default)]
    pub also: Vec<Status>,
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

impl Reached {
    /// Whether the intruder acts as it, from it or on it at will: identity, credential, session, machine, address.
    pub fn held(&self) -> bool {
        self.is(|s| matches!(s, Status::Entry | Status::Origin | Status::Controlled))
    }

    /// Whether its content was read, listed or copied, and it is not the intruder's altogether.
    pub fn exposed(&self) -> bool {
        !self.held() && self.is(|s| s == Status::Exposed)
    }

    /// Whether the intruder has something of it: what was only tried, changed or named is not so.
    pub fn lost(&self) -> bool {
        self.held() || self.exposed()
    }

    fn is(&self, one: impl Fn(Status) -> bool) -> bool {
        one(self.status) || self.also.iter().any(|s| one(*s))
    }

    /// What a scope reached, with who holds it and whether the intruder made it, as its hops say.
    pub fn of(answer: &trace::scope::Answer) -> Vec<Reached> {
        let mut holders: HashMap<&Entity, &Entity> = HashMap::new();
        for e in answer.edges.iter().filter(|e| e.relation == Relation::LoggedIn && e.to.kind == Kind::User) {
            holders.entry(&e.from).or_insert(&e.to);
        }
        let made: HashSet<&Entity> = answer.edges.iter().filter(|e| e.relation == Relation::Created).map(|e| &e.to).collect();
        let of = |n: &trace::scope::ScopeNode| Reached {
            entity: n.entity.clone(),
            status: n.status,
            also: n.also.clone(),
            level: n.confidence,
            since: n.since,
            made: made.contains(&n.entity),
            holder: holders.get(&n.entity).map(|h| (*h).clone()),
            path: n.path.clone(),
        };
        answer.nodes.iter().map(of).collect()
    }
}

/// What kind of act a row is, by its OCSF class and the links that it shows; the words of single logs play no part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A login, or one more line of it.
    Login,
    /// The end of a login.
    Logout,
    /// A login that failed.
    Failed,
    /// One identity took on another.
    Switch,
    /// A program was run.
    Run,
    /// A connection went out.
    Connect,
    /// Data was read.
    Read,
    /// What is there was listed.
    List,
    /// Data was copied.
    Copy,
    /// Something was written or changed.
    Write,
    /// An identity or credential was made.
    Make,
    /// A session or credential was handed out.
    Assume,
    /// Somebody was given more.
    Grant,
    /// Something was removed or stopped.
    Delete,
    /// A look at settings or state.
    Look,
    /// A line that tells of no act, only of a program's state.
    Note,
    /// Anything else.
    #[default]
    Other,
}

/// One row of the time line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// When.
    pub time: Time,
    /// Event id.
    pub event: String,
    /// What kind of act it is.
    #[serde(default)]
    pub act: Act,
    /// The facet that tells of it.
    #[serde(default)]
    pub facet: Option<Facet>,
    /// The log's own word for it (`StopLogging`, `sudo`).
    pub operation: String,
    /// `success`, `failure`, or nothing.
    pub outcome: Option<String>,
    /// Who did it.
    pub actor: Option<Entity>,
    /// The durable identity behind the actor, where the log says.
    #[serde(default)]
    pub user: Option<Entity>,
    /// To what.
    pub target: Option<Entity>,
    /// From which address.
    #[serde(default)]
    pub from: Option<Entity>,
    /// What proved who it was.
    #[serde(default)]
    pub credential: Option<Entity>,
    /// In words.
    pub text: String,
    /// The machine that it happened on, if it is one.
    #[serde(default)]
    pub host: Option<String>,
    /// What kind of gap in the logs it tells of (`stopped`, `lost`), if it does.
    #[serde(default)]
    pub gap: Option<String>,
    /// How much it says of who came and how; of several lines of one login the one that says most is told.
    #[serde(default)]
    pub says: u8,
    /// What to know before relying on it (`year_assumed`): names of `event::Mark`.
    #[serde(default)]
    pub marks: Vec<String>,
}

impl Row {
    /// An event as a row.
    pub fn of(e: &impl Fields) -> Row {
        let entity = |columns: &[Column]| columns.iter().find_map(|&c| Some(Entity { kind: c.kind()?, value: e.text(c)?.to_owned() }));
        let on_host = |column, kind| Some(Entity { kind, value: format!("{}:{}", e.text(Column::Host)?, e.text(column)?) });
        let target = entity(&[Column::TargetCredential, Column::Resource, Column::TargetUser]);
        Row {
            time: e.time(),
            event: e.id(),
            act: act(e),
            facet: e.text(Column::Facet).and_then(Facet::parse),
            operation: e.text(Column::Operation).unwrap_or_default().to_owned(),
            outcome: e.text(Column::Outcome).map(str::to_owned),
            actor: entity(&[Column::Session, Column::Credential, Column::User, Column::SrcIp]),
            user: entity(&[Column::User]),
            target: target.or_else(|| on_host(Column::File, Kind::File)).or_else(|| entity(&[Column::DstIp, Column::TargetSession, Column::Host])),
            from: entity(&[Column::SrcIp]),
            credential: entity(&[Column::Credential]),
            text: e.text(Column::Message).unwrap_or_default().to_owned(),
            host: e.text(Column::Host).map(str::to_owned),
            gap: e.text(Column::Gap).map(str::to_owned),
            says: says(e),
            marks: e.text(Column::Marks).map(|m| m.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        }
    }

    /// Whether the log says that it failed.
    pub fn failed(&self) -> bool {
        self.outcome.as_deref() == Some("failure")
    }
}

/// What proved it or was typed weighs most, then where from, then whom it made.
fn says(e: &impl Fields) -> u8 {
    let has = |columns: &[Column]| columns.iter().any(|c| e.text(*c).is_some());
    let weights = [(4, has(&[Column::Credential, Column::Command])), (2, has(&[Column::SrcIp])), (1, has(&[Column::TargetSession, Column::TargetUser]))];
    weights.iter().filter(|(_, there)| *there).map(|(n, _)| n).sum()
}

const LOGON: i64 = 1;
const LOGOFF: i64 = 2;
const CLOSE: i64 = 2;
const READ: i64 = 2;

/// The kind of act that an event tells of: a login and its ends by class and activity, all else by the gravest link that it shows.
fn act(e: &impl Fields) -> Act {
    let class = e.int(Column::ClassUid).unwrap_or_default();
    let activity = e.int(Column::ActivityId).unwrap_or_default();
    let is = |c: class::Class| class == i64::from(c.uid);
    let failed = e.succeeded() == Some(false);
    let on_host = e.text(Column::Facet) != Some(Facet::Cloud.name());
    if is(class::AUTHENTICATION) && on_host || is(class::SSH_ACTIVITY) {
        return match activity {
            LOGOFF if is(class::AUTHENTICATION) => Act::Logout,
            CLOSE if is(class::SSH_ACTIVITY) => Act::Logout,
            _ if e.text(Column::TargetUser).is_some() && activity != LOGON => Act::Switch,
            _ if failed => Act::Failed,
            _ => Act::Login,
        };
    }
    let links = trace::links(e);
    let shows = |r: Relation| links.iter().any(|l| l.relation == r);
    let by_relation = [
        (Relation::Failed, Act::Failed),
        (Relation::Created, Act::Make),
        (Relation::Granted, Act::Grant),
        (Relation::Assumed, Act::Assume),
        (Relation::Became, Act::Switch),
        (Relation::Deleted, Act::Delete),
        (Relation::Copied, Act::Copy),
        (Relation::Read, Act::Read),
        (Relation::Listed, Act::List),
        (Relation::Wrote, Act::Write),
        (Relation::Connected, Act::Connect),
    ];
    let named = by_relation.into_iter().find(|(r, _)| shows(*r)).map(|(_, a)| a);
    match named {
        // A command that opens a file or changes user is still the command.
        _ if is(class::PROCESS_ACTIVITY) => Act::Run,
        Some(act) => act,
        None if is(class::AUTHENTICATION) && failed => Act::Failed,
        None if is(class::AUTHENTICATION) && activity == LOGON => Act::Login,
        None if is(class::NETWORK_ACTIVITY) => Act::Connect,
        None if (is(class::API_ACTIVITY) || is(class::ENTITY_MANAGEMENT)) && activity == READ => Act::Look,
        None if is(class::BASE_EVENT) => Act::Note,
        None => Act::Other,
    }
}
