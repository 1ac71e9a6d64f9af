//! The time line: acts in the order in which they can have happened, repeated ones folded with their count.
//!
//! Owns order and folding. Which events belong on it is the caller's question (`Answer::acts` answers it for a scope).

use std::collections::{BTreeSet, HashMap};

use event::{Column, Entity, Facet, Fields, Kind, Time, time::SECOND};
use serde::{Deserialize, Serialize};

use crate::{container, session::logins};

/// Acts of one kind that lie further apart than this are told apart (seconds).
pub const FOLD_S: i64 = 600;
/// How far an act may lie before the login or key that it rests on: logs round to a second, and clocks differ (seconds).
pub const ROUNDED_S: i64 = 2;
/// Things and event ids that a folded act lists; the count says how many there are.
pub const LISTED_MAX: usize = 8;

/// One act, or several of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When first.
    pub time: Time,
    /// When last.
    pub last: Time,
    /// How often.
    pub count: u64,
    /// The facet that tells of it.
    pub facet: Option<Facet>,
    /// The machine or account that it happened in.
    pub place: Option<Entity>,
    /// Who: the session, credential, user or process that acted.
    pub who: Option<Entity>,
    /// The durable identity, where `who` is a session or credential.
    pub user: Option<Entity>,
    /// From which address.
    pub from: Option<Entity>,
    /// What, in the log's own word.
    pub operation: String,
    /// On what; at most `LISTED_MAX`.
    pub on: Vec<Entity>,
    /// How many different things.
    pub on_count: u64,
    /// `success` or `failure`, where the log says.
    pub outcome: Option<String>,
    /// Bytes that went out to the one who asked, where the log says.
    pub bytes_out: Option<i64>,
    /// The first one in a line for people.
    pub message: String,
    /// What to know before relying on the time.
    pub marks: Option<String>,
    /// Ids of the events; at most `LISTED_MAX`, the first and the last among them.
    pub events: Vec<String>,
    /// The sources that tell of it: one login is told by several logs, and is one moment.
    pub sources: Vec<String>,
}

/// Makes the time line of some events. The order in which they are given does not matter. A login that several logs tell of is one
/// moment, in the words of the log that says most.
pub fn timeline<F: Fields>(events: &[F]) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    let mut things: Vec<BTreeSet<Entity>> = Vec::new();
    let mut open: HashMap<Key, usize> = HashMap::new();
    let logins = logins(events);
    let login_of: HashMap<usize, usize> = logins.iter().enumerate().flat_map(|(n, l)| l.told.iter().map(move |at| (*at, n))).collect();
    let mut told: HashMap<usize, usize> = HashMap::new();
    for (at, e) in in_order(events) {
        if let Some((n, login)) = login_of.get(&at).and_then(|n| Some((*n, logins.get(*n)?))) {
            let place = *told.entry(n).or_insert(moments.len());
            if place == moments.len() {
                let lead = events.get(login.lead).unwrap_or(e);
                moments.push(Moment { time: e.time(), last: e.time(), ..moment(lead) });
                things.push(BTreeSet::new());
                if let (Some(m), Some(seen)) = (moments.last_mut(), things.last_mut()) {
                    add(m, seen, lead);
                    (m.time, m.last) = (e.time(), e.time());
                }
            }
            moments.get_mut(place).into_iter().for_each(|m| tell(m, e));
            continue;
        }
        let key = Key::of(e);
        let at = open.get(&key).copied().filter(|at| moments.get(*at).is_some_and(|m| e.time().0 - m.last.0 <= FOLD_S * SECOND));
        let at = at.unwrap_or_else(|| {
            moments.push(moment(e));
            things.push(BTreeSet::new());
            moments.len() - 1
        });
        open.insert(key, at);
        if let (Some(m), Some(seen)) = (moments.get_mut(at), things.get_mut(at)) {
            add(m, seen, e);
        }
    }
    moments
}

/// Events by time; but what opened a session or made a key stands before what was done with it, if logs merely rounded its time.
fn in_order<F: Fields>(events: &[F]) -> Vec<(usize, &F)> {
    let mut opened: HashMap<(Column, &str), Time> = HashMap::new();
    for e in events {
        for (made, used) in [(Column::TargetSession, Column::Session), (Column::TargetCredential, Column::Credential)] {
            if let Some(value) = e.text(made) {
                let t = opened.entry((used, value)).or_insert(e.time());
                *t = (*t).min(e.time());
            }
        }
    }
    let rests_on = |e: &F| [Column::Session, Column::Credential].into_iter().filter_map(|c| opened.get(&(c, e.text(c)?)).copied()).max();
    let place = |e: &F| {
        let time = e.time();
        match rests_on(e).filter(|o| *o >= time && o.0 - time.0 <= ROUNDED_S * SECOND) {
            Some(opened) => (opened, 1),
            None => (time, 0),
        }
    };
    let mut ordered: Vec<(usize, &F, (Time, u8))> = events.iter().enumerate().map(|(at, e)| (at, e, place(e))).collect();
    ordered.sort_by(|(_, a, at), (_, b, bt)| {
        let source = |e: &F| (e.text(Column::Source).unwrap_or_default().to_owned(), e.int(Column::Seq));
        at.cmp(bt).then_with(|| source(a).cmp(&source(b)))
    });
    ordered.into_iter().map(|(at, e, _)| (at, e)).collect()
}

/// What acts must have in common to be told as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    who: Option<Entity>,
    texts: [String; 6],
}

impl Key {
    fn of(e: &impl Fields) -> Key {
        let text = |c| e.text(c).unwrap_or_default().to_owned();
        let within = thing(e).map(|t| within(&t)).unwrap_or_default();
        Key { who: who(e), texts: [text(Column::Operation), text(Column::Outcome), text(Column::SrcIp), text(Column::Host), text(Column::Error), within] }
    }
}

/// What acts on several things must have in common to be told as one: the bucket of objects, the folder of files; identities and
/// addresses stand for themselves.
fn within(thing: &Entity) -> String {
    let holder = container(thing);
    if thing.kind == Kind::Resource && holder == *thing && !is_holder(thing) { String::new() } else { holder.value }
}

/// Resources that hold others stand for themselves.
fn is_holder(thing: &Entity) -> bool {
    thing.value.starts_with("arn:aws:s3:::")
}

/// Who acted, as tightly as the log says.
fn who(e: &impl Fields) -> Option<Entity> {
    let on_host = e.text(Column::Host).is_some() && e.text(Column::Facet) != Some(Facet::Cloud.name());
    let columns = if on_host { [Column::Session, Column::TargetSession, Column::User] } else { [Column::Credential, Column::Session, Column::User] };
    entity(e, &columns)
}

fn entity(e: &impl Fields, columns: &[Column]) -> Option<Entity> {
    columns.iter().find_map(|c| Some(Entity { kind: c.kind()?, value: e.text(*c)?.to_owned() }))
}

/// What was acted on.
fn thing(e: &impl Fields) -> Option<Entity> {
    let identity = entity(e, &[Column::TargetCredential, Column::TargetSession, Column::TargetUser, Column::Resource]);
    let file = || {
        let path = e.text(Column::File)?;
        Some(Entity { kind: Kind::File, value: format!("{}:{path}", e.text(Column::Host)?) })
    };
    identity.or_else(file).or_else(|| entity(e, &[Column::DstIp, Column::Domain, Column::Url]))
}

fn moment(e: &impl Fields) -> Moment {
    let words = |c| e.text(c).map(str::to_owned);
    let cloud = e.text(Column::Facet) == Some(Facet::Cloud.name());
    Moment {
        time: e.time(),
        last: e.time(),
        count: 0,
        facet: e.text(Column::Facet).and_then(Facet::parse),
        place: entity(e, if cloud { &[Column::Account] } else { &[Column::Host, Column::Account] }),
        who: who(e),
        user: entity(e, &[Column::User]),
        from: entity(e, &[Column::SrcIp]),
        operation: words(Column::Operation).unwrap_or_default(),
        on: Vec::new(),
        on_count: 0,
        outcome: words(Column::Outcome),
        bytes_out: None,
        message: words(Column::Command).or_else(|| words(Column::Message)).unwrap_or_default(),
        marks: words(Column::Marks),
        events: Vec::new(),
        sources: Vec::new(),
    }
}

/// One more log's word of the same login.
fn tell(m: &mut Moment, e: &impl Fields) {
    m.last = m.last.max(e.time());
    let id = e.id();
    if !m.events.contains(&id) && m.events.len() < LISTED_MAX {
        m.events.push(id);
    }
    told_by(m, e);
}

fn told_by(m: &mut Moment, e: &impl Fields) {
    if let Some(source) = e.text(Column::Source).filter(|s| !m.sources.iter().any(|known| known == s)) {
        m.sources.push(source.to_owned());
    }
}

fn add(m: &mut Moment, seen: &mut BTreeSet<Entity>, e: &impl Fields) {
    told_by(m, e);
    m.count += 1;
    m.last = m.last.max(e.time());
    if let Some(bytes) = e.int(Column::BytesOut) {
        m.bytes_out = Some(m.bytes_out.unwrap_or_default().saturating_add(bytes));
    }
    if let Some(thing) = thing(e).filter(|t| seen.insert(t.clone())) {
        m.on_count += 1;
        if m.on.len() < LISTED_MAX {
            m.on.push(thing);
        }
    }
    if m.events.len() == LISTED_MAX {
        m.events.pop();
    }
    m.events.push(e.id());
}
