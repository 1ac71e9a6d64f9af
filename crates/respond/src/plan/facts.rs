//! What is true of a scope, in the words that playbooks use as conditions. Each fact keeps its events.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use event::{Entity, Kind, Time, time::SECOND};
use serde::Serialize;

use super::trails::trails;
use crate::{
    Registry,
    registry::{
        Hint, HintKind,
        pattern::{arn_account, host_of, role_of_session, short_name},
    },
    scope::{Reached, Row, Status, Verdict},
};

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident $text:literal $words:literal,)*) => {
        /// What may be true of a scope.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Condition {
            $($(#[$doc])* $name,)*
        }
        impl Condition {
            /// All conditions.
            pub const ALL: [Condition; [$($text),*].len()] = [$(Condition::$name),*];
            /// The name in playbooks.
            pub const fn name(self) -> &'static str {
                match self { $(Condition::$name => $text,)* }
            }
            /// In words, as the reason of a step.
            pub const fn words(self) -> &'static str {
                match self { $(Condition::$name => $words,)* }
            }
        }
    };
}

conditions! {
    /// Every case in which something is in the intruder's hands or was read.
    Always "always" "every case",
    /// A lasting access key is in the intruder's hands.
    CloudKeyControlled "cloud_key_controlled" "access key used by the intruder",
    /// A temporary key or a role session is.
    CloudSessionControlled "cloud_session_controlled" "cloud session used by the intruder",
    /// An SSH key is.
    SshKeyControlled "ssh_key_controlled" "SSH key used by the intruder",
    /// A cloud user is.
    CloudUserControlled "cloud_user_controlled" "cloud user acted for by the intruder",
    /// A cloud role is.
    CloudRoleControlled "cloud_role_controlled" "role assumed by the intruder",
    /// A user on a machine is.
    HostUserControlled "host_user_controlled" "user on a machine acted for by the intruder",
    /// A login session on a machine is.
    HostSessionControlled "host_session_controlled" "login session of the intruder",
    /// The superuser of a machine is.
    RootOnHost "root_on_host" "root of the machine in the intruder's hands",
    /// The credentials that a machine of the cloud is handed were used by the intruder.
    InstanceCredentials "instance_credentials" "credentials of a machine used by the intruder",
    /// The intruder wrote a file that gives rights or starts programs.
    FilePlanted "file_planted" "file written by the intruder that gives rights or starts programs",
    /// A machine is.
    HostControlled "host_controlled" "machine in the intruder's hands",
    /// The intruder had a session or user on a machine.
    HostEntered "host_entered" "machine that the intruder was logged in to",
    /// An address from outside was used.
    AddressOutside "address_outside" "outside address used by the intruder",
    /// The intruder made an access key.
    CloudKeyCreated "cloud_key_created" "access key made by the intruder",
    /// The intruder made a cloud user or role.
    CloudUserCreated "cloud_user_created" "cloud user made by the intruder",
    /// The intruder made a user on a machine.
    HostUserCreated "host_user_created" "user on a machine made by the intruder",
    /// The intruder made a cloud role.
    CloudRoleCreated "cloud_role_created" "role made by the intruder",
    /// A login session of the intruder is over, by the logs.
    HostSessionEnded "host_session_ended" "login session of the intruder that is over",
    /// A log was stopped, and nothing shows that it runs again.
    TrailStopped "trail_stopped" "log stopped by the intruder",
    /// A log was stopped for a while.
    TrailWasStopped "trail_was_stopped" "log stopped by the intruder for a while",
    /// A log was deleted.
    TrailDeleted "trail_deleted" "log deleted by the intruder",
    /// What a log records was changed.
    TrailChanged "trail_changed" "log changed by the intruder",
    /// Data was read, listed or copied.
    DataExposed "data_exposed" "data read or listed by the intruder",
    /// That data lies in a bucket.
    BucketExposed "bucket_exposed" "objects of a bucket read or listed by the intruder",
    /// That data is about persons, by the registry.
    PersonalDataExposed "personal_data_exposed" "personal data read or listed by the intruder",
    /// The logs show data leaving.
    DataLeft "data_left" "data seen leaving",
    /// The logs that would show it are missing.
    DataMayHaveLeft "data_may_have_left" "data may have left unseen",
    /// A vendor's access or data is touched.
    VendorAffected "vendor_affected" "vendor touched",
}

impl Condition {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Condition> {
        Condition::ALL.into_iter().find(|c| c.name() == text)
    }
}

/// A condition that holds, of what, and what shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// The condition.
    pub condition: Condition,
    /// Of which thing; nothing for the case as a whole.
    pub entity: Option<Entity>,
    /// Who holds the thing, by the logs.
    pub holder: Option<Entity>,
    /// Values for placeholders.
    pub with: BTreeMap<&'static str, String>,
    /// Since when.
    pub since: Option<Time>,
    /// Events that show it, at most [`EVENTS_MAX`].
    pub events: Vec<String>,
    /// Things that it stands for (objects of one bucket).
    pub count: usize,
}

/// Events that a fact keeps.
pub const EVENTS_MAX: usize = 5;

/// What is true, in order of time within a condition.
pub fn facts(reached: &[Reached], rows: &[Row], left: Option<Verdict>, registry: &Registry) -> Vec<Fact> {
    let mut found = Found::default();
    if reached.iter().any(Reached::lost) {
        found.add(fact(Condition::Always, None, None, None, &[]));
    }
    let rows_of: HashMap<&str, &Row> = rows.iter().map(|r| (r.event.as_str(), r)).collect();
    for node in reached.iter().filter(|n| !same_login(n, reached) && !same_account(n, reached)) {
        for condition in conditions_of(node, registry) {
            if condition_is_data(condition) && node.path.last().and_then(|e| rows_of.get(e.as_str())).is_some_and(|r| !reads_data(&r.operation)) {
                continue;
            }
            found.add(match condition {
                Condition::CloudSessionControlled => match cloud_session(node) {
                    Some(fact) => fact,
                    None => continue,
                },
                Condition::HostSessionControlled => host_session(node, rows),
                c if condition_is_data(c) => fact(c, Some(holder_of_data(&node.entity)), node.holder.clone(), node.since, &node.path),
                c => fact(c, Some(node.entity.clone()), node.holder.clone(), node.since, &node.path),
            });
        }
        if let Some(instance) = instance(&node.entity).filter(|_| node.held()) {
            instance_facts(node, instance, rows).into_iter().for_each(|f| found.add(f));
        }
        if let Some(host) = entered(node) {
            found.add(fact(Condition::HostEntered, Some(host), None, node.since, &node.path));
        }
    }
    trails(rows).into_iter().for_each(|f| found.add(f));
    let mut out = found.facts;
    vendors(&mut out, registry);
    left_facts(&mut out, left);
    out.sort_by_key(|f| (f.condition, f.since));
    out
}

/// Facts so far, one for each condition and thing.
#[derive(Default)]
struct Found {
    facts: Vec<Fact>,
    at: HashMap<(Condition, Option<Entity>), usize>,
}

impl Found {
    fn add(&mut self, fact: Fact) {
        let known = self.at.get(&(fact.condition, fact.entity.clone())).and_then(|i| self.facts.get_mut(*i));
        let Some(same) = known else {
            self.at.insert((fact.condition, fact.entity.clone()), self.facts.len());
            self.facts.push(fact);
            return;
        };
        same.since = [same.since, fact.since].into_iter().flatten().min();
        same.count += fact.count;
        for event in fact.events {
            if same.events.len() < EVENTS_MAX && !same.events.contains(&event) {
                same.events.push(event);
            }
        }
    }
}

pub(super) fn fact(condition: Condition, entity: Option<Entity>, holder: Option<Entity>, since: Option<Time>, path: &[String]) -> Fact {
    let with = entity.as_ref().map(|e| values(e, holder.as_ref(), since)).unwrap_or_default();
    // The last events of a path are the ones that reached the thing.
    let mut events: Vec<String> = path.iter().rev().take(EVENTS_MAX).rev().cloned().collect();
    events.dedup();
    Fact { condition, entity, holder, with, since, events, count: 1 }
}

/// The machine whose credentials were used, by the name of their session; its host, where a line names the address that hands them out.
fn instance_facts(node: &Reached, instance: &str, rows: &[Row]) -> Vec<Fact> {
    const HANDS_OUT: &str = "169.254.169.254";
    let asked = rows.iter().find(|r| r.host.is_some() && r.text.contains(HANDS_OUT));
    let host = asked.and_then(|r| r.host.as_deref()).map(|h| Entity::new(Kind::Host, h));
    let path: Vec<String> = node.path.iter().cloned().chain(asked.map(|r| r.event.clone())).collect();
    let since = asked.map(|r| r.time).or(node.since);
    let mut one = fact(Condition::InstanceCredentials, host.or_else(|| Some(node.entity.clone())), None, since, &path);
    one.with.insert("instance", instance.to_owned());
    one.with.extend(region(&node.path).map(|r| ("region", r)));
    vec![one]
}

/// The id of the machine that a session's name is.
fn instance(session: &Entity) -> Option<&str> {
    let name = session.value.contains(":assumed-role/").then(|| session.value.rsplit('/').next()).flatten()?;
    name.strip_prefix("i-").filter(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit())).map(|_| name)
}

/// The region of the trail that tells of it.
fn region(events: &[String]) -> Option<String> {
    let of = |e: &String| {
        let mut parts = e.split('#').next()?.split('/');
        let region = parts.next().filter(|p| *p == "cloudtrail").and_then(|_| parts.nth(1))?;
        region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-').then(|| region.to_owned())
    };
    events.iter().rev().find_map(of)
}

/// Whether what is written there gives rights or starts programs.
fn plants(path: &str) -> bool {
    ["/etc/sudoers.d/", "/etc/cron.d/", "/etc/systemd/system/"].iter().any(|p| path.starts_with(p))
}

/// The machine that a controlled session or user is on.
fn entered(node: &Reached) -> Option<Entity> {
    let on_host = matches!(node.entity.kind, Kind::Session | Kind::User) && node.held();
    host_of(&node.entity).filter(|_| on_host).map(|h| Entity::new(Kind::Host, h))
}

fn condition_is_data(c: Condition) -> bool {
    matches!(c, Condition::DataExposed | Condition::BucketExposed | Condition::PersonalDataExposed)
}

fn conditions_of(node: &Reached, registry: &Registry) -> Vec<Condition> {
    use Condition as C;
    let v = node.entity.value.as_str();
    let cloud = v.starts_with("arn:") || v.starts_with("AKIA") || v.starts_with("ASIA");
    let mut out = Vec::new();
    if node.held() {
        out.extend(match node.entity.kind {
            Kind::Credential if v.starts_with("ASIA") => Some(C::CloudSessionControlled),
            Kind::Credential if v.starts_with("AKIA") => Some(C::CloudKeyControlled),
            Kind::Credential if v.starts_with("SHA256:") || v.starts_with("MD5:") => Some(C::SshKeyControlled),
            Kind::Session if cloud => Some(C::CloudSessionControlled),
            Kind::Session => Some(C::HostSessionControlled),
            Kind::User if v.contains(":role/") => Some(C::CloudRoleControlled),
            Kind::User if cloud => Some(C::CloudUserControlled),
            Kind::User if v.starts_with("root@") => Some(C::RootOnHost),
            Kind::User => Some(C::HostUserControlled).filter(|_| !node.made),
            Kind::Host => Some(C::HostControlled),
            Kind::Ip if !private(v) && registry.resolve(&node.entity, node.since, &[]).owner.is_none() => Some(C::AddressOutside),
            _ => None,
        });
    }
    let path = || v.split_once(":/").map(|(_, p)| format!("/{p}")).unwrap_or_default();
    if node.entity.kind == Kind::File && node.status == Status::Changed && plants(&path()) {
        out.push(C::FilePlanted);
    }
    if node.made {
        out.extend(match node.entity.kind {
            Kind::Credential if cloud => Some(C::CloudKeyCreated),
            Kind::User if v.contains(":role/") => Some(C::CloudRoleCreated),
            Kind::User if cloud => Some(C::CloudUserCreated),
            Kind::User => Some(C::HostUserCreated),
            _ => None,
        });
    }
    if node.exposed() {
        out.push(C::DataExposed);
        out.extend(v.starts_with("arn:aws:s3:::").then_some(C::BucketExposed));
        let personal = registry.resolve(&node.entity, node.since, &[]).data.iter().any(|d| d.personal == Some(true));
        out.extend(personal.then_some(C::PersonalDataExposed));
    }
    out
}

/// The bucket of an object; any other thing itself.
pub(crate) fn holder_of_data(entity: &Entity) -> Entity {
    match entity.value.strip_prefix("arn:aws:s3:::").and_then(|r| r.split_once('/')) {
        Some((bucket, _)) => Entity::new(Kind::Resource, &format!("arn:aws:s3:::{bucket}")),
        None => entity.clone(),
    }
}

/// Values for the placeholders of a playbook.
fn values(entity: &Entity, holder: Option<&Entity>, since: Option<Time>) -> BTreeMap<&'static str, String> {
    let mut with = BTreeMap::from([("entity", entity.value.clone()), ("name", short_name(&entity.value).to_owned())]);
    let user = if entity.kind == Kind::User { Some(entity) } else { holder.filter(|h| h.kind == Kind::User) };
    if let Some(user) = user {
        with.insert("user", user.value.clone());
        let bare = user.value.rsplit_once('@').filter(|_| !user.value.starts_with("arn:")).map_or(short_name(&user.value), |(name, _)| name);
        // A number is no name: no command takes it.
        if !bare.starts_with("uid:") {
            with.insert("user_name", bare.to_owned());
        }
    }
    with.insert(entity.kind.name(), entity.value.clone());
    let path = entity.value.split_once(":/").filter(|_| entity.kind == Kind::File);
    with.extend(path.map(|(_, p)| ("path", format!("/{p}"))));
    let host = host_of(entity).or_else(|| holder.and_then(host_of)).or((entity.kind == Kind::Host).then_some(entity.value.as_str()));
    with.extend(host.map(|h| ("host", h.to_owned())));
    let account = arn_account(&entity.value).or_else(|| holder.and_then(|h| arn_account(&h.value)));
    with.extend(account.map(|a| ("account", a.to_owned())));
    with.extend(entity.value.strip_prefix("arn:aws:s3:::").map(|b| ("bucket", b.split('/').next().unwrap_or(b).to_owned())));
    with.extend(since.map(|t| ("since", t.to_string())));
    let names = [Some(&entity.value), holder.map(|h| &h.value)];
    with.extend(names.into_iter().flatten().find_map(|v| role_name(v)).map(|r| ("role_name", r.to_owned())));
    if entity.kind == Kind::Session && !entity.value.starts_with("arn:") {
        match entity.value.rsplit_once("/sshd:") {
            Some((_, pid)) => with.insert("pid", pid.to_owned()),
            None => entity.value.rsplit_once('/').and_then(|(_, number)| with.insert("session_number", number.to_owned())),
        };
    }
    with
}

/// The facts of a cloud session are those of its role, whose sessions are revoked together. A temporary key of a user falls with
/// the user; temporary keys that no line gives to a role are one fact.
fn cloud_session(node: &Reached) -> Option<Fact> {
    let named = [Some(&node.entity), node.holder.as_ref()];
    let role = named.into_iter().flatten().find_map(|e| role_of_session(&e.value).or_else(|| e.value.contains(":role/").then(|| e.value.clone())));
    match (role, &node.holder) {
        (Some(role), _) => Some(fact(Condition::CloudSessionControlled, Some(Entity::new(Kind::User, &role)), None, node.since, &node.path)),
        (None, Some(holder)) if holder.kind == Kind::User => None,
        (None, _) => Some(fact(Condition::CloudSessionControlled, None, None, node.since, &node.path)),
    }
}

/// Whether this is the kernel's number of a login that sshd's own session stands for already: same machine, same seconds.
fn same_login(node: &Reached, reached: &[Reached]) -> bool {
    let sshd = |r: &Reached| r.entity.kind == Kind::Session && r.entity.value.contains("/sshd:");
    if node.entity.kind != Kind::Session || sshd(node) {
        return false;
    }
    let near = |a: Option<Time>, b: Option<Time>| a.zip(b).is_some_and(|(a, b)| a.0.saturating_sub(b.0).saturating_abs() <= 5 * SECOND);
    reached.iter().any(|r| sshd(r) && host_of(&r.entity).is_some() && host_of(&r.entity) == host_of(&node.entity) && near(r.since, node.since))
}

/// Whether this is the number of an account that another line names: made on the same machine in the same seconds.
fn same_account(node: &Reached, reached: &[Reached]) -> bool {
    let numbered = |r: &Reached| r.entity.value.starts_with("uid:");
    let near = |a: Option<Time>, b: Option<Time>| a.zip(b).is_some_and(|(a, b)| a.0.saturating_sub(b.0).saturating_abs() <= 5 * SECOND);
    node.entity.kind == Kind::User
        && node.made
        && numbered(node)
        && reached
            .iter()
            .any(|r| r.made && !numbered(r) && r.entity.kind == Kind::User && host_of(&r.entity) == host_of(&node.entity) && near(r.since, node.since))
}

/// A login session: still there, or over where a later line says so.
fn host_session(node: &Reached, rows: &[Row]) -> Fact {
    let of = |r: &&Row| r.actor.as_ref() == Some(&node.entity) || r.target.as_ref() == Some(&node.entity);
    let end = rows.iter().filter(of).find(|r| matches!(r.operation.as_str(), "ssh_logout" | "session_closed" | "USER_LOGOUT") && Some(r.time) >= node.since);
    let condition = if end.is_some() { Condition::HostSessionEnded } else { Condition::HostSessionControlled };
    let mut said = fact(condition, Some(node.entity.clone()), node.holder.clone(), node.since, &node.path);
    if let Some(end) = end {
        said.with.insert("ended", end.time.to_string());
        said.events.push(end.event.clone());
    }
    said
}

/// Addresses that mean another machine in every network.
fn private(ip: &str) -> bool {
    match ip.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        Ok(IpAddr::V6(v6)) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
        Err(_) => false,
    }
}

/// Whether an operation gives out what is kept, and not only what is there: reading names and settings exposes no data.
fn reads_data(operation: &str) -> bool {
    const DATA: [&str; 12] = [
        "ListObject",
        "ListBucket",
        "GetObject",
        "GetSecretValue",
        "GetParameter",
        "GetItem",
        "GetPasswordData",
        "GetSnapshotBlock",
        "GetRecords",
        "GetConsole",
        "GetQueryResults",
        "DescribeInstanceAttribute",
    ];
    let looks = ["Describe", "List", "Get", "Head"].iter().any(|p| operation.starts_with(p));
    !looks || DATA.iter().any(|p| operation.starts_with(p))
}

/// The role in a role ARN or the ARN of its session.
fn role_name(arn: &str) -> Option<&str> {
    let session = arn.split_once(":assumed-role/").and_then(|(_, r)| r.split('/').next());
    session.or_else(|| arn.split_once(":role/").and_then(|(_, r)| r.rsplit('/').next()))
}

fn vendors(out: &mut Vec<Fact>, registry: &Registry) {
    let touched: Vec<Fact> =
        out.iter().filter(|f| f.entity.is_some() && !matches!(f.condition, Condition::PersonalDataExposed | Condition::BucketExposed)).cloned().collect();
    for f in touched {
        let Some(entity) = &f.entity else { continue };
        let hints: Vec<Hint> =
            f.holder.iter().map(|h| Hint { kind: HintKind::BelongsTo, who: h.clone(), count: 1, last: f.since, event: String::new() }).collect();
        for vendor in registry.resolve(entity, f.since, &hints).vendors.into_iter().filter(|v| v.part != "provider") {
            let mut one = fact(Condition::VendorAffected, Some(entity.clone()), f.holder.clone(), f.since, &f.events);
            one.with.insert("vendor", vendor.name.clone());
            one.with.insert("vendor_part", vendor.part.clone());
            one.with.insert(
                "vendor_contact",
                vendor.contacts.first().map_or_else(|| "no contact in the registry".into(), |p| format!("{} {}", p.channel, p.value)),
            );
            let same = out.iter().any(|o| o.condition == Condition::VendorAffected && o.with.get("vendor") == Some(&vendor.name));
            if !same {
                out.push(one);
            }
        }
    }
}

fn left_facts(out: &mut Vec<Fact>, left: Option<Verdict>) {
    let condition = match left {
        Some(Verdict::Seen) => Condition::DataLeft,
        Some(Verdict::CouldNotHaveBeenSeen) => Condition::DataMayHaveLeft,
        _ => return,
    };
    let exposed: Vec<String> = out.iter().filter(|f| f.condition == Condition::DataExposed).flat_map(|f| f.events.iter().cloned()).take(EVENTS_MAX).collect();
    out.push(fact(condition, None, None, None, &exposed));
}
