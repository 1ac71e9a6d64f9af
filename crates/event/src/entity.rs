//! Entities: the things an incident is about, each with one canonical spelling.
//!
//! Written `kind:value` wherever text is needed (tables, JSON, the command line).

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// The kinds of entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An address: RFC 5952 text, IPv4-mapped IPv6 as IPv4.
    Ip,
    /// A machine: lower-case host name, or the provider's instance id.
    Host,
    /// A durable identity: `name@host` on a machine, the ARN or provider id in a cloud.
    User,
    /// What proves an identity: access key id, SSH key fingerprint (`SHA256:…`), token id.
    Credential,
    /// One login: `host/number` for audit and sshd, the session ARN of an assumed role.
    Session,
    /// A process: `host/pid`.
    Process,
    /// A file on a machine: `host:/path`.
    File,
    /// A resource of a provider: its ARN or provider id.
    Resource,
    /// An account, project or subscription.
    Account,
    /// A DNS name.
    Domain,
    /// A URL.
    Url,
    /// A digest of content, lower-case hex.
    Hash,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 12] = [
        Kind::Ip,
        Kind::Host,
        Kind::User,
        Kind::Credential,
        Kind::Session,
        Kind::Process,
        Kind::File,
        Kind::Resource,
        Kind::Account,
        Kind::Domain,
        Kind::Url,
        Kind::Hash,
    ];

    /// The kind's name.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Ip => "ip",
            Kind::Host => "host",
            Kind::User => "user",
            Kind::Credential => "credential",
            Kind::Session => "session",
            Kind::Process => "process",
            Kind::File => "file",
            Kind::Resource => "resource",
            Kind::Account => "account",
            Kind::Domain => "domain",
            Kind::Url => "url",
            Kind::Hash => "hash",
        }
    }
}

/// One thing: an address, a user, a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// Its canonical spelling within the kind.
    pub value: String,
}

impl Entity {
    /// Makes an entity and brings its spelling into canonical form.
    pub fn new(kind: Kind, value: &str) -> Entity {
        let value = value.trim();
        let value = match kind {
            Kind::Ip => canonical_ip(value).unwrap_or_else(|| value.to_owned()),
            // The root of DNS is a name too.
            Kind::Host | Kind::Domain if value.bytes().all(|b| b == b'.') => value.to_owned(),
            Kind::Host | Kind::Domain => value.trim_end_matches('.').to_ascii_lowercase(),
            Kind::Hash => value.to_ascii_lowercase(),
            _ => value.to_owned(),
        };
        Entity { kind, value }
    }

    /// What a text that a person typed may mean, most likely first; never empty for a text that is not blank.
    /// `kind:value` means just that.
    pub fn guess(text: &str) -> Vec<Entity> {
        let text = text.trim();
        if text.is_empty() {
            return Vec::new();
        }
        if let Ok(e) = text.parse() {
            return vec![e];
        }
        guess_kinds(text).into_iter().map(|k| Entity::new(k, text)).collect()
    }
}

fn guess_kinds(text: &str) -> Vec<Kind> {
    let hex = |n| text.len() == n && text.bytes().all(|b| b.is_ascii_hexdigit());
    if canonical_ip(text).is_some() {
        vec![Kind::Ip]
    } else if is_access_key(text) || text.starts_with("SHA256:") || text.starts_with("MD5:") {
        vec![Kind::Credential]
    } else if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        vec![Kind::Account]
    } else if text.contains("://") {
        vec![Kind::Url]
    } else if text.starts_with("arn:") {
        guess_arn(text)
    } else if hex(32) || hex(40) || hex(64) {
        vec![Kind::Hash]
    } else if text.starts_with('/') || text.contains(":/") {
        vec![Kind::File]
    } else if text.contains('@') {
        vec![Kind::User]
    } else if text.contains('/') {
        vec![Kind::Session, Kind::Process]
    } else {
        vec![Kind::Host, Kind::User, Kind::Resource, Kind::Domain]
    }
}

fn guess_arn(text: &str) -> Vec<Kind> {
    match (text.split(':').nth(2), text.splitn(6, ':').nth(5)) {
        (Some("sts"), _) => vec![Kind::Session],
        (Some("iam"), Some(rest)) if rest.contains("user/") || rest.contains("role/") || rest.ends_with("root") => vec![Kind::User, Kind::Resource],
        _ => vec![Kind::Resource],
    }
}

/// AWS access key ids: `AKIA…` lasting, `ASIA…` temporary (IAM identifiers, unique id prefixes).
fn is_access_key(text: &str) -> bool {
    (16..=128).contains(&text.len()) && (text.starts_with("AKIA") || text.starts_with("ASIA")) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// RFC 5952 text of an address, or `None`. Brackets and a zone are taken off.
pub fn canonical_ip(text: &str) -> Option<String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split_once('%').map_or(bare, |(a, _)| a);
    let ip: IpAddr = bare.parse().ok()?;
    Some(ip.to_canonical().to_string())
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.value)
    }
}

/// The text is not `kind:value`.
#[derive(Debug, thiserror::Error)]
#[error("not an entity: `{0}`; write kind:value, for example ip:203.0.113.7")]
pub struct NotAnEntity(String);

impl FromStr for Entity {
    type Err = NotAnEntity;
    fn from_str(text: &str) -> Result<Entity, NotAnEntity> {
        let fault = || NotAnEntity(text.to_owned());
        let (kind, value) = text.split_once(':').ok_or_else(fault)?;
        let kind = Kind::ALL.into_iter().find(|k| k.name() == kind).ok_or_else(fault)?;
        if value.trim().is_empty() { Err(fault()) } else { Ok(Entity::new(kind, value)) }
    }
}

impl Serialize for Entity {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Entity {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Entity, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_become_one() {
        assert_eq!(Entity::new(Kind::Ip, "::ffff:203.0.113.7").value, "203.0.113.7");
        assert_eq!(Entity::new(Kind::Ip, "[2001:DB8::0:1]").value, "2001:db8::1");
        assert_eq!(Entity::new(Kind::Host, "Web-1.Example.").value, "web-1.example");
    }

    #[test]
    fn guesses() {
        let kinds = |t: &str| Entity::guess(t).into_iter().map(|e| e.kind).collect::<Vec<_>>();
        assert_eq!(kinds("203.0.113.7"), [Kind::Ip]);
        assert_eq!(kinds("AKIAIOSFODNN7EXAMPLE"), [Kind::Credential]);
        assert_eq!(kinds("user:root"), [Kind::User]);
        assert_eq!(kinds("arn:aws:iam::123456789012:user/bob"), [Kind::User, Kind::Resource]);
        assert_eq!(kinds("alice@web-1"), [Kind::User]);
        assert_eq!(kinds("web-1"), [Kind::Host, Kind::User, Kind::Resource, Kind::Domain]);
        assert!(kinds("  ").is_empty());
    }
}
