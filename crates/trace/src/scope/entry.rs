//! How they got in: of each place where it began, the act by which, and what of it the logs do not show.
//!
//! Reads the hops that were taken and the links beside them. Never adds a node: what is only an explanation stays one.

use event::{Entity, Kind, Relation, Time, time::SECOND};
use serde::{Deserialize, Serialize};

use super::{
    Edge, Level, Scope,
    graph::{Id, Row},
    habit::host_in,
};

/// The way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A lasting key or token of a provider was used.
    KeyUsed,
    /// Credentials of a role were used, that a machine or service is handed.
    RoleCredentials,
    /// A sign-in at a provider.
    SignIn,
    /// A login to a machine.
    Login,
    /// A request to a web application, which then acted for the one who asked.
    WebRequest,
    /// A process that no login started.
    Process,
    /// The logs do not show it.
    NotSeen,
}

/// How they got in, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryPoint {
    /// What it began with: an address, session, key or user; an indicator where nothing was found.
    pub entity: Entity,
    /// The way in.
    pub how: How,
    /// The act, in a sentence.
    pub text: String,
    /// When.
    pub time: Option<Time>,
    /// From which address.
    pub from: Option<Entity>,
    /// With what proof.
    pub credential: Option<Entity>,
    /// As which session.
    pub session: Option<Entity>,
    /// As whom.
    pub user: Option<Entity>,
    /// To which machine or account.
    pub to: Option<Entity>,
    /// How sure.
    pub confidence: Level,
    /// Why it is taken to be the way in, in a sentence.
    pub why: String,
    /// What of the way in the logs do not show, in a sentence; nothing where they show it whole.
    pub unseen: Option<String>,
    /// Ids of the events, in order.
    pub events: Vec<String>,
}

/// Of each entry the way in, the earliest first.
pub(super) fn points(scope: &Scope, edges: &[Edge]) -> Vec<EntryPoint> {
    let finder = Finder { scope, edges };
    let mut found: Vec<EntryPoint> = scope.reached.entries.iter().map(|id| finder.point(*id)).collect();
    if found.is_empty() {
        found.extend(scope.indicators.first().map(|e| finder.none(e)));
    }
    found.sort_by_key(|p| (p.time.is_none(), p.time));
    found
}

struct Finder<'a> {
    scope: &'a Scope,
    edges: &'a [Edge],
}

impl Finder<'_> {
    fn name(&self, id: Id) -> &Entity {
        self.scope.graph.name(id)
    }

    fn point(&self, id: Id) -> EntryPoint {
        let entity = self.name(id);
        let door = self.door(entity);
        match (entity.kind, door) {
            (Kind::Ip, Some(door)) if door.to.kind == Kind::Session => self.login(entity, &door.to, Some(door)),
            (Kind::Ip, Some(door)) => self.by_request(self.used(entity, door)),
            (Kind::Session, _) => self.login(entity, entity, door),
            (Kind::Process, _) => self.process(id, entity),
            _ => self.acted(entity, door),
        }
    }

    /// The first hop that left an entry, a login or the use of a key before what follows in the same second.
    fn door(&self, entity: &Entity) -> Option<&Edge> {
        let opens = |e: &Edge| matches!(e.relation, Relation::Used | Relation::LoggedIn) && matches!(e.to.kind, Kind::Credential | Kind::Session | Kind::User);
        let leaves = |e: &&Edge| e.from == *entity;
        let first = |a: &&Edge| (a.time, a.to.kind != Kind::Credential, a.to.clone());
        let own = self.edges.iter().filter(leaves).filter(|e| opens(e)).min_by_key(first);
        own.or_else(|| self.edges.iter().filter(leaves).min_by_key(first))
    }

    fn base(&self, entity: &Entity, how: How) -> EntryPoint {
        EntryPoint {
            entity: entity.clone(),
            how,
            text: String::new(),
            time: None,
            from: None,
            credential: None,
            session: None,
            user: None,
            to: None,
            confidence: Level::Shown,
            why: String::new(),
            unseen: None,
            events: Vec::new(),
        }
    }

    fn target(&self, from: &Entity, relation: Relation, kind: Kind) -> Option<&Edge> {
        self.edges.iter().filter(|e| e.from == *from && e.relation == relation && e.to.kind == kind).min_by_key(|e| e.time)
    }

    /// A login to a machine; its other names (the session of auditing beside sshd's) say what it does not.
    fn login(&self, entity: &Entity, session: &Entity, door: Option<&Edge>) -> EntryPoint {
        let into = |e: &&Edge| e.to == *session && e.relation == Relation::LoggedIn;
        let by_key = self.edges.iter().filter(into).find(|e| e.from.kind == Kind::Credential);
        let proved = self.edges.iter().find(|e| e.from == *session && e.to.kind == Kind::Credential && e.relation == Relation::LoggedIn);
        let credential = by_key.map(|e| &e.from).or(proved.map(|e| &e.to)).cloned().or_else(|| self.ending(session, Kind::Credential));
        let from = if entity.kind == Kind::Ip { Some(entity.clone()) } else { self.ending(session, Kind::Ip) };
        let user = self.target(session, Relation::LoggedIn, Kind::User).map(|e| e.to.clone());
        let host = host_in(session).map(|h| Entity { kind: Kind::Host, value: h.to_owned() });
        let time = door.map(|d| d.time).or_else(|| self.scope.graph.find(session).and_then(|id| self.scope.reached.nodes.get(&id)).map(|n| n.since));
        let with = credential.as_ref().map_or_else(|| "; by what proof the log does not say".to_owned(), |c| format!(" with the key {}", c.value));
        let text = format!(
            "login{}{}{}{with}",
            host.as_ref().map_or_else(String::new, |h| format!(" to {}", h.value)),
            user.as_ref().map_or_else(String::new, |u| format!(" as {}", short(u))),
            from.as_ref().map_or_else(String::new, |f| format!(" from {}", f.value)),
        );
        let unseen = match &credential {
            Some(c) => self.unseen_key(c),
            None => Some("whether a password was guessed, known or not needed: no log names the proof of the login".to_owned()),
        };
        EntryPoint {
            text,
            time,
            why: self.why(from.as_ref(), user.as_ref()),
            from,
            credential,
            session: Some(session.clone()),
            user,
            to: host,
            confidence: door.map_or(Level::Shown, |d| d.confidence),
            unseen,
            events: door.map(|d| d.event.clone()).into_iter().collect(),
            ..self.base(entity, How::Login)
        }
    }

    /// A key, session or user of a provider, used from an address.
    fn used(&self, entity: &Entity, door: &Edge) -> EntryPoint {
        let to = self.target(&door.to, Relation::On, Kind::Account).map(|e| e.to.clone());
        let user = if door.to.kind == Kind::User { Some(door.to.clone()) } else { self.target(&door.to, Relation::LoggedIn, Kind::User).map(|e| e.to.clone()) };
        let session = self.target(&door.to, Relation::LoggedIn, Kind::Session).map(|e| e.to.clone());
        let how = match door.to.kind {
            Kind::Credential if session.is_some() || temporary(&door.to) => How::RoleCredentials,
            Kind::Credential => How::KeyUsed,
            _ => How::SignIn,
        };
        let noun = match how {
            How::RoleCredentials => "the temporary credentials ",
            How::KeyUsed => "the key ",
            _ => "",
        };
        let of = user.as_ref().filter(|u| **u != door.to).map_or_else(String::new, |u| format!(" of {}", short(u)));
        let verb = if how == How::SignIn { "signed in" } else { "used" };
        let text = format!(
            "{noun}{}{of} {verb} from {}{}",
            short(&door.to),
            entity.value,
            to.as_ref().map_or_else(String::new, |a| format!(" in account {}", a.value))
        );
        EntryPoint {
            text,
            time: Some(door.time),
            from: Some(entity.clone()),
            credential: (door.to.kind == Kind::Credential).then(|| door.to.clone()),
            session,
            why: self.why(Some(entity), Some(&door.to)),
            user,
            to,
            confidence: door.confidence,
            unseen: self.unseen_key(&door.to),
            events: vec![door.event.clone()],
            ..self.base(entity, how)
        }
    }

    /// A user, key or session that acted, without an address of its own.
    fn acted(&self, entity: &Entity, door: Option<&Edge>) -> EntryPoint {
        let how = if entity.kind == Kind::User { How::SignIn } else { How::KeyUsed };
        let text = door.map_or_else(|| format!("{entity} was used"), |d| format!("{} first {} {}", short(entity), word(d.relation), short(&d.to)));
        EntryPoint {
            text,
            time: door.map(|d| d.time),
            credential: (entity.kind == Kind::Credential).then(|| entity.clone()),
            user: (entity.kind == Kind::User).then(|| entity.clone()),
            session: (entity.kind == Kind::Session).then(|| entity.clone()),
            why: "it is what was asked about, and nothing in the logs led to it".into(),
            unseen: Some("from which address, and how it came into these hands".into()),
            events: door.map(|d| d.event.clone()).into_iter().collect(),
            ..self.base(entity, how)
        }
    }

    fn process(&self, id: Id, entity: &Entity) -> EntryPoint {
        let node = self.scope.reached.nodes.get(&id);
        let started = self.scope.graph.ending(id).find(|r| r.relation == Relation::Started || r.relation == Relation::Executed);
        let host = host_in(entity).map(|h| Entity { kind: Kind::Host, value: h.to_owned() });
        let what = started.filter(|r| r.relation == Relation::Executed).map_or_else(String::new, |r| format!(" ({})", self.name(r.from).value));
        EntryPoint {
            text: format!("the process {}{what} ran, which no login started", entity.value),
            time: node.map(|n| n.since),
            to: host,
            why: "it is the first that is tied to the indicator, and no session owns it".into(),
            unseen: Some("who or what made it run: no login, and no request before it, is tied to it".into()),
            events: started.map(|r| r.event.clone()).into_iter().collect(),
            ..self.base(entity, How::Process)
        }
    }

    fn none(&self, indicator: &Entity) -> EntryPoint {
        EntryPoint {
            text: "how they got in is not seen".into(),
            unseen: Some(format!("no act out of habit is tied to {indicator}")),
            why: "no link out of habit leads to what was asked about".into(),
            confidence: Level::Possible,
            ..self.base(indicator, How::NotSeen)
        }
    }

    fn ending(&self, entity: &Entity, kind: Kind) -> Option<Entity> {
        let id = self.scope.graph.find(entity)?;
        let row = self.scope.graph.ending(id).find(|r| r.relation == Relation::LoggedIn && self.name(r.from).kind == kind)?;
        Some(self.name(row.from).clone())
    }

    /// Why it is taken to be the intruder's.
    fn why(&self, from: Option<&Entity>, who: Option<&Entity>) -> String {
        let (Some(from), Some(who)) = (from, who) else { return "it is the earliest act that led to what was asked about".into() };
        let before = self.uses(who).into_iter().filter(|r| r.first < self.since()).collect::<Vec<_>>();
        let others = before.iter().map(|r| r.from).collect::<std::collections::BTreeSet<_>>();
        let known = before.iter().any(|r| self.name(r.from) == from);
        match (known, others.len()) {
            (false, 0) => format!("it is the earliest act that led to what was asked about; {} was not seen before", short(who)),
            (false, n) => {
                format!("{} had not been used from {} before; it was from {n} other address{}", short(who), from.value, if n == 1 { "" } else { "es" })
            }
            (true, _) => "it is the earliest act that led to what was asked about".into(),
        }
    }

    fn since(&self) -> Time {
        self.scope.suspected_since().unwrap_or(Time(i64::MIN))
    }

    /// Uses of an identity from addresses.
    fn uses(&self, who: &Entity) -> Vec<&Row> {
        let Some(id) = self.scope.graph.find(who) else { return Vec::new() };
        let used = |r: &&Row| matches!(r.relation, Relation::Used | Relation::LoggedIn) && self.name(r.from).kind == Kind::Ip;
        self.scope.graph.ending(id).filter(used).collect()
    }

    /// A request from the intruder's address, or another of its, that may have made a server ask for its machine's credentials, not later
    /// than they were used, and not so long before that they had run out.
    fn lure(&self, from: &Entity, used: Time) -> Option<(Entity, Entity, &Row)> {
        let mine = self.scope.graph.find(from);
        let origins = self.scope.reached.nodes.iter().filter(|(_, n)| matches!(n.status, super::Status::Entry | super::Status::Origin)).map(|(id, _)| *id);
        let mut ids: Vec<Id> = mine.into_iter().chain(origins).collect();
        ids.dedup();
        let in_time = |r: &&Row| r.first <= used.plus(ROUNDED_US) && r.last >= used.plus(-CREDENTIALS_LIVE_S * SECOND);
        let lured = |r: &&Row| r.relation == Relation::Touched && self.name(r.to).kind == Kind::Url && in_time(r);
        let rows = ids.iter().flat_map(|id| self.scope.graph.starting(*id).filter(lured));
        // The last of them before the use is the one that handed the credentials over.
        let row = rows.max_by_key(|r| (Some(r.from) == mine, r.first))?;
        let host = row.via.map(|v| self.name(v)).filter(|h| h.kind == Kind::Host)?;
        Some((self.name(row.from).clone(), host.clone(), row))
    }

    /// Temporary credentials of a machine, got by a request to its web application.
    fn by_request(&self, point: EntryPoint) -> EntryPoint {
        let lured = point.from.as_ref().zip(point.time).and_then(|(from, time)| self.lure(from, time));
        let (Some((from, host, row)), How::RoleCredentials) = (lured, point.how) else { return point };
        let same = point.from.as_ref() == Some(&from);
        let used = point.time.map_or_else(String::new, |t| format!(" at {t}"));
        let text = format!(
            "a request from {} to the web application of {}{MAY_HAVE_MADE} it ask for its machine's credentials ({}); then {}{used}",
            from.value,
            host.value,
            self.name(row.to).value,
            point.text
        );
        let why = format!(
            "the request names the address at which a machine is handed its credentials, and {} of a role were used {} after it",
            point.credential.as_ref().map_or("credentials", |c| short(c)),
            if same { "from the same address" } else { "from another address of the intruder's" }
        );
        EntryPoint {
            how: How::WebRequest,
            text,
            time: Some(row.first),
            from: Some(from),
            to: Some(host),
            confidence: if same { Level::Likely } else { Level::Possible },
            why,
            unseen: Some("the application's answer: no log keeps what it handed out".into()),
            events: std::iter::once(row.event.clone()).chain(point.events).collect(),
            ..point
        }
    }

    /// What is not seen of how a key came into these hands. Who made it or was handed it before is told where logs do.
    fn unseen_key(&self, who: &Entity) -> Option<String> {
        let id = self.scope.graph.find(who)?;
        let made = self.scope.graph.ending(id).filter(|r| matches!(r.relation, Relation::Created | Relation::Assumed)).min_by_key(|r| r.first);
        let honest = self.uses(who).into_iter().filter(|r| r.first < self.since()).map(|r| (r.last, self.name(r.from).value.clone())).max();
        Some(match (made, honest) {
            (Some(r), _) => format!("how it was taken from {}, who was handed it at {}", short(self.name(r.from)), r.first),
            (None, Some((last, from))) => format!("how it was taken: no log shows it being read or made; it was in honest use, last from {from} at {last}"),
            (None, None) => "how it was taken: no log shows it being read, made or handed out".to_owned(),
        })
    }
}

/// The server asked for its machine's credentials right after the request.
pub(super) fn fetched(point: &mut EntryPoint, program: Option<&str>, time: Time, event: &str) {
    let program = program.map_or("a program", |p| p.rsplit('/').next().unwrap_or(p));
    point.text = point.text.replacen(MAY_HAVE_MADE, MADE, 1);
    point.why = format!("{}; {program} of that machine asked that address at {time}", point.why);
    point.events.insert(1.min(point.events.len()), event.to_owned());
}

/// Requests came to a machine right before a process began that no login started.
pub(super) fn asked(point: &mut EntryPoint, from: &[String], of_intruder: Option<&str>, events: Vec<String>) {
    let one = of_intruder.or(from.first().filter(|_| from.len() == 1).map(String::as_str));
    point.from = one.map(|a| Entity { kind: Kind::Ip, value: a.to_owned() });
    point.how = How::WebRequest;
    point.confidence = if of_intruder.is_some() { Level::Likely } else { Level::Possible };
    point.why = format!("{}; the web server of that machine was asked by {} right before", point.why, from.join(", "));
    point.unseen = Some("that the request made the process begin: only time and machine tie them".into());
    point.events.splice(0..0, events);
}

/// What is said of a request until a log shows that the server asked for its credentials, and then.
const MAY_HAVE_MADE: &str = " may have made";
const MADE: &str = " made";

/// How long the credentials of a role are good at most (seconds; AWS IAM user guide, "maximum session duration").
const CREDENTIALS_LIVE_S: i64 = 12 * 3_600;

/// How far logs' times are rounded (microseconds).
const ROUNDED_US: i64 = 2_000_000;

/// Credentials that a provider makes for a while.
fn temporary(credential: &Entity) -> bool {
    credential.value.starts_with("ASIA")
}

/// A name for a sentence: of an ARN what follows its account.
fn short(e: &Entity) -> &str {
    match e.value.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4)) {
        Some(tail) if !tail.is_empty() => tail,
        _ => &e.value,
    }
}

fn word(relation: Relation) -> &'static str {
    match relation {
        Relation::LoggedIn => "logged in as",
        Relation::On => "acted in",
        Relation::Assumed => "took on",
        other => other.name(),
    }
}
