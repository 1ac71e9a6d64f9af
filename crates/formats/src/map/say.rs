//! What nearly every cloud log says, said once: who, how it went, from where.

use event::{Column, Sink, attr, entity::canonical_ip};

/// Whom a user is, in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one who acts.
    Actor,
    /// The one whom an authentication is about: who logs in.
    Subject,
    /// The account that is changed, or become.
    Target,
}

/// A user by the name that the log knows them by; an empty name is nobody.
pub fn user(role: Role, name: &str, out: &mut dyn Sink) {
    if name.is_empty() {
        return;
    }
    let (name_attr, mail_attr, column) = match role {
        Role::Actor => (attr::ACTOR_USER_NAME, attr::ACTOR_USER_EMAIL, Column::User),
        Role::Subject => (attr::USER_NAME, attr::USER_EMAIL, Column::User),
        Role::Target => (attr::USER_NAME, attr::USER_EMAIL, Column::TargetUser),
    };
    out.text(name_attr, name);
    if is_mail(name) {
        out.text(mail_attr, name);
    }
    out.key(column, name);
}

/// Whether a name is a mail address, as far as the schema cares.
pub(crate) fn is_mail(name: &str) -> bool {
    let made_of = |text: &str, more: &[u8]| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    let domain = |text: &str| text.split_once('.').is_some_and(|(first, rest)| made_of(first, b"-") && made_of(rest, b"-."));
    name.split_once('@').is_some_and(|(local, at)| made_of(local, b"._+-") && domain(at))
}

/// How it went: status and outcome.
pub fn outcome(success: bool, out: &mut dyn Sink) {
    let (word, status, id) = if success { ("success", "Success", 1) } else { ("failure", "Failure", 2) };
    out.key(Column::Outcome, word);
    out.text(attr::STATUS, status);
    out.int(attr::STATUS_ID, id);
}

/// Where a request came from, as logs write it: an address, with a port (`1.2.3.4:5`, `[::1]:5`), a list of them (the first
/// counts), or a name. Gives the canonical address, or the text.
pub fn addresses(said: &str, out: &mut dyn Sink) -> String {
    let first = said.split(',').next().unwrap_or_default().trim();
    if let Some(ip) = canonical_ip(first) {
        out.text(attr::SRC_IP, &ip);
        return ip;
    }
    let with_port = first.rsplit_once(':').filter(|(host, _)| host.starts_with('[') || !host.contains(':'));
    if let Some((ip, port)) = with_port.and_then(|(host, port)| Some((canonical_ip(host)?, port.parse::<u16>().ok()?))) {
        out.text(attr::SRC_IP, &ip);
        out.int(attr::SRC_PORT, port.into());
        return ip;
    }
    host(first, out);
    first.to_owned()
}

/// A source that is a name.
pub fn host(name: &str, out: &mut dyn Sink) {
    out.text(attr::SRC_NAME, name);
}
