//! The table: which events show which links.

use event::{Relation, class};

use super::{
    parts::{Part, Parts},
    words,
};

/// What kind of event it is, as far as links care.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// Which lines of the table apply.
    kind: CaseKind,
    /// Whether it happened on a machine.
    on_host: bool,
    /// Relation of an act on a thing, where the line leaves it open.
    pub relation: Option<Relation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseKind {
    /// A login that succeeded.
    Login,
    /// A login that succeeded, to a program that runs on a machine: a web application, a database.
    Admitted,
    /// A login that did not.
    Failed,
    /// One identity took on another: sudo, su, setuid.
    Switch,
    /// A session or credential was handed out.
    Assume,
    /// An identity was made.
    Account,
    /// A credential was made for an identity.
    Key,
    /// An identity was changed, given more, or removed.
    Change,
    /// A program began.
    Launch,
    /// A connection went out.
    Connect,
    /// A connection came in, whose own end the log names.
    Accept,
    /// Traffic that the network tells of, from whoever asked.
    Flow,
    /// A request that a web server tells of.
    Request,
    /// A request that a web server did not do.
    Refused,
    /// Something was done to a file or resource.
    Thing,
    /// Nothing but where it was.
    Other,
}

/// When a line of the table applies.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    kinds: &'static [CaseKind],
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Host,
    Cloud,
    Both,
}

impl When {
    /// Whether the line applies.
    pub fn holds(&self, case: &Case) -> bool {
        let here = match self.place {
            Place::Host => case.on_host,
            Place::Cloud => !case.on_host,
            Place::Both => true,
        };
        here && (self.kinds.is_empty() || self.kinds.contains(&case.kind))
    }
}

/// A line of the table: `from relation to`, tied by `via`. Lines whose parts an event lacks are passed over.
#[derive(Debug)]
pub(super) struct Rule {
    /// When it applies.
    pub when: When,
    /// Who acts.
    pub from: Part,
    /// How; `None`: as the event says.
    pub relation: Option<Relation>,
    /// On what.
    pub to: Part,
    /// What ties it.
    pub via: Part,
}

const fn rule(place: Place, kinds: &'static [CaseKind], from: Part, relation: Relation, to: Part, via: Part) -> Rule {
    Rule { when: When { kinds, place }, from, relation: Some(relation), to, via }
}

/// Kinds of event in which a provider was spoken to with proof of who spoke: all but failed logins.
const SPOKEN: &[CaseKind] = &[
    CaseKind::Login,
    CaseKind::Switch,
    CaseKind::Assume,
    CaseKind::Account,
    CaseKind::Key,
    CaseKind::Change,
    CaseKind::Launch,
    CaseKind::Connect,
    CaseKind::Thing,
    CaseKind::Other,
];

use CaseKind as K;
use Part as P;
use Place::{Both, Cloud, Host};
use Relation as R;

/// Every link there is. Read a line as: on such an event, FROM did RELATION to TO, tied by VIA.
#[rustfmt::skip]
pub(super) const TABLE: &[Rule] = &[
    // Logins to machines.
    rule(Host, &[K::Login], P::Address, R::LoggedIn, P::Opened, P::Credential),
    rule(Host, &[K::Login], P::Address, R::Used, P::Credential, P::Nothing),
    rule(Host, &[K::Login], P::Address, R::Used, P::User, P::Nothing),
    rule(Host, &[K::Login], P::Credential, R::LoggedIn, P::Opened, P::Address),
    rule(Host, &[K::Login], P::Opened, R::LoggedIn, P::User, P::Nothing),
    rule(Host, &[K::Login], P::Opened, R::On, P::Host, P::Nothing),
    rule(Host, &[K::Login], P::User, R::On, P::Host, P::Address),
    rule(Host, &[K::Login], P::Sshd, R::LoggedIn, P::Opened, P::Process),
    // Logins to programs on machines: who came from where, and no word on the machine's own users.
    rule(Host, &[K::Admitted], P::Address, R::Connected, P::Host, P::Nothing),
    rule(Host, &[K::Admitted], P::Address, R::LoggedIn, P::Opened, P::Credential),
    rule(Host, &[K::Admitted], P::Address, R::Used, P::User, P::Nothing),
    rule(Both, &[K::Failed], P::Address, R::Failed, P::User, P::Nothing),
    rule(Host, &[K::Failed], P::Address, R::Failed, P::Host, P::Nothing),
    rule(Host, &[K::Accept], P::Host, R::On, P::Destination, P::Nothing),
    rule(Host, &[K::Request, K::Refused], P::Address, R::Connected, P::Host, P::Nothing),
    rule(Both, &[K::Request], P::Address, R::Touched, P::Lure, P::Host),
    rule(Both, &[K::Flow], P::Address, R::Connected, P::Destination, P::Nothing),
    // A provider spoken to: where from, with what, as whom, in which account.
    rule(Cloud, SPOKEN, P::Address, R::Used, P::Actor, P::Nothing),
    rule(Cloud, SPOKEN, P::Address, R::Used, P::User, P::Nothing),
    rule(Cloud, SPOKEN, P::Credential, R::LoggedIn, P::Session, P::Address),
    rule(Cloud, SPOKEN, P::Credential, R::LoggedIn, P::User, P::Address),
    rule(Cloud, SPOKEN, P::Session, R::LoggedIn, P::User, P::Address),
    rule(Cloud, SPOKEN, P::Actor, R::On, P::Account, P::Address),
    rule(Cloud, &[K::Login], P::Address, R::LoggedIn, P::User, P::Nothing),
    // One identity to another.
    rule(Host, &[K::Switch], P::Session, R::Became, P::TargetUser, P::Process),
    rule(Host, &[K::Switch], P::User, R::Became, P::TargetUser, P::Process),
    rule(Cloud, &[K::Switch], P::Actor, R::Assumed, P::TargetUser, P::Address),
    rule(Cloud, &[K::Assume], P::Actor, R::Assumed, P::TargetCredential, P::Address),
    rule(Cloud, &[K::Assume], P::Actor, R::Assumed, P::TargetSession, P::Address),
    rule(Cloud, &[K::Assume], P::Actor, R::Assumed, P::TargetUser, P::Address),
    rule(Cloud, &[K::Assume], P::TargetCredential, R::LoggedIn, P::TargetSession, P::Actor),
    // Identities and keys made and changed.
    rule(Host, &[K::Account], P::Actor, R::Created, P::TargetUser, P::Process),
    rule(Cloud, &[K::Account], P::Actor, R::Created, P::TargetUser, P::Address),
    rule(Cloud, &[K::Key], P::Actor, R::Created, P::TargetCredential, P::Address),
    rule(Cloud, &[K::Key], P::Actor, R::Granted, P::TargetUser, P::Address),
    Rule { when: When { kinds: &[K::Change], place: Host }, from: P::Actor, relation: None, to: P::TargetUser, via: P::Process },
    Rule { when: When { kinds: &[K::Change], place: Cloud }, from: P::Actor, relation: None, to: P::TargetUser, via: P::Address },
    // What ran, and what it did.
    rule(Host, &[K::Launch], P::Parent, R::Started, P::Process, P::Nothing),
    rule(Host, &[K::Launch], P::Program, R::Executed, P::Actor, P::Nothing),
    rule(Host, &[], P::Session, R::Started, P::Process, P::Nothing),
    rule(Host, &[K::Connect], P::Actor, R::Connected, P::Destination, P::Process),
    Rule { when: When { kinds: &[K::Thing], place: Host }, from: P::Actor, relation: None, to: P::File, via: P::Process },
    Rule { when: When { kinds: &[K::Thing], place: Cloud }, from: P::Actor, relation: None, to: P::Resource, via: P::Address },
    // Where a session is.
    rule(Host, &[], P::Session, R::On, P::Host, P::Nothing),
];

/// Says what kind of event it is.
pub(super) fn case(parts: &Parts<'_>) -> Case {
    let kind = kind(parts);
    let relation = match kind {
        CaseKind::Change => Some(changed(parts)),
        CaseKind::Thing => Some(done(parts)),
        _ => None,
    };
    Case { kind, on_host: parts.on_host, relation }
}

const AUTHENTICATION: i64 = class::AUTHENTICATION.uid as i64;
const ACCOUNT_CHANGE: i64 = class::ACCOUNT_CHANGE.uid as i64;
const USER_ACCESS: i64 = class::USER_ACCESS.uid as i64;
const GROUP_MANAGEMENT: i64 = class::GROUP_MANAGEMENT.uid as i64;
const PROCESS_ACTIVITY: i64 = class::PROCESS_ACTIVITY.uid as i64;
const FILE_ACTIVITY: i64 = class::FILE_ACTIVITY.uid as i64;
const NETWORK_ACTIVITY: i64 = class::NETWORK_ACTIVITY.uid as i64;
const HTTP_ACTIVITY: i64 = class::HTTP_ACTIVITY.uid as i64;
const SSH_ACTIVITY: i64 = class::SSH_ACTIVITY.uid as i64;
const API_ACTIVITY: i64 = class::API_ACTIVITY.uid as i64;
const DATASTORE_ACTIVITY: i64 = class::DATASTORE_ACTIVITY.uid as i64;

fn kind(p: &Parts<'_>) -> CaseKind {
    let handed_out = p.has(Part::TargetCredential) || p.has(Part::TargetSession);
    match (p.class, p.activity) {
        // A role that was refused to a key: the key itself was good, and was used.
        (AUTHENTICATION, _) if p.failed && !p.on_host && p.has(Part::Credential) => CaseKind::Other,
        (AUTHENTICATION, _) if p.failed => CaseKind::Failed,
        (AUTHENTICATION, _) if !p.on_host && handed_out => CaseKind::Assume,
        (AUTHENTICATION, 1) if p.on_host && !p.of_machine => CaseKind::Admitted,
        (AUTHENTICATION, 1) => CaseKind::Login,
        (AUTHENTICATION, 2) => CaseKind::Other,
        (AUTHENTICATION, _) if p.has(Part::TargetUser) => CaseKind::Switch,
        (ACCOUNT_CHANGE | USER_ACCESS | GROUP_MANAGEMENT, _) if p.failed => CaseKind::Other,
        (ACCOUNT_CHANGE, 1) => CaseKind::Account,
        (ACCOUNT_CHANGE, _) if p.has(Part::TargetCredential) && makes_a_key(p) => CaseKind::Key,
        (ACCOUNT_CHANGE | USER_ACCESS | GROUP_MANAGEMENT, _) => CaseKind::Change,
        (PROCESS_ACTIVITY, 1) if !p.failed => CaseKind::Launch,
        (PROCESS_ACTIVITY, 5) if p.has(Part::TargetUser) && !p.failed => CaseKind::Switch,
        (NETWORK_ACTIVITY, 1) if p.on_host && (p.has(Part::Process) || p.has(Part::Session)) => CaseKind::Connect,
        (NETWORK_ACTIVITY, _) if !p.has(Part::Process) && !p.failed && !p.reply => CaseKind::Flow,
        (SSH_ACTIVITY, 1) => CaseKind::Accept,
        (HTTP_ACTIVITY, _) if p.failed => CaseKind::Refused,
        (HTTP_ACTIVITY, _) => CaseKind::Request,
        (FILE_ACTIVITY | API_ACTIVITY | DATASTORE_ACTIVITY, _) => CaseKind::Thing,
        _ => CaseKind::Other,
    }
}

/// Whether a change of an account that names a key made the key: it did not take it away, and is no change of a key by its own name
/// (`UpdateAccessKey`; what a person reads as "Update application: certificates and secrets" is one).
fn makes_a_key(p: &Parts<'_>) -> bool {
    let of_a_key = p.operation.starts_with("Update") && !p.operation.contains(' ');
    changed(p) != Relation::Deleted && !of_a_key
}

/// What a change of an identity does: it ends it or takes from it, or it gives control over it.
fn changed(p: &Parts<'_>) -> Relation {
    let ends = p.operation.starts_with("Delete") || p.operation.starts_with("Detach") || p.operation.starts_with("Remove");
    match (p.class, p.activity) {
        _ if ends => Relation::Deleted,
        (ACCOUNT_CHANGE, 5 | 6 | 8 | 9) | (GROUP_MANAGEMENT, 2 | 4 | 5) | (USER_ACCESS, 2) => Relation::Deleted,
        (GROUP_MANAGEMENT, 6) => Relation::Wrote,
        _ => Relation::Granted,
    }
}

/// What was done to a file or resource. What failed was only touched.
fn done(p: &Parts<'_>) -> Relation {
    if p.failed {
        return Relation::Touched;
    }
    let by_activity = match (p.class, p.activity) {
        (FILE_ACTIVITY, 1 | 3 | 5 | 6 | 7) | (API_ACTIVITY, 1 | 3) | (DATASTORE_ACTIVITY, 2 | 5 | 6) => Relation::Wrote,
        (FILE_ACTIVITY, 2 | 14) | (DATASTORE_ACTIVITY, 1 | 4) => Relation::Read,
        (FILE_ACTIVITY | API_ACTIVITY, 4) | (DATASTORE_ACTIVITY, 7) => Relation::Deleted,
        (API_ACTIVITY, 2) | (DATASTORE_ACTIVITY, 8) => Relation::Listed,
        _ => Relation::Touched,
    };
    let by_word = if p.on_host { None } else { words::relation(p.operation) };
    by_word.unwrap_or(by_activity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_event_shows_more_links_than_are_told_apart() {
        let kinds = [SPOKEN, &[CaseKind::Failed, CaseKind::Accept, CaseKind::Admitted, CaseKind::Request, CaseKind::Refused, CaseKind::Flow]].concat();
        for (kind, on_host) in kinds.into_iter().flat_map(|k| [(k, false), (k, true)]) {
            let case = Case { kind, on_host, relation: Some(Relation::Wrote) };
            let lines = TABLE.iter().filter(|r| r.when.holds(&case)).count();
            assert!(lines <= super::super::ACTS_MAX, "{kind:?} {lines}");
        }
    }
}
