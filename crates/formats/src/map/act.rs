//! An act as all audit logs of clouds and services tell it: who did what to whom or what, from where, and how it went.
//!
//! Owns: which attributes each OCSF class needs for that, and what an event becomes that lacks the one its class is about.

use event::{Class, Column, Sink, attr, class};

use crate::time::Stamp;

use super::{
    Doc,
    say::{Role, addresses, outcome, user},
};

/// Class and activity of an act.
pub type Kind = (Class, u8);

/// The kinds of act that audit logs tell of.
#[allow(missing_docs, reason = "the names are those of OCSF's activities")]
pub mod kind {
    use super::{Kind, class};

    pub const LOGON: Kind = (class::AUTHENTICATION, 1);
    pub const LOGOFF: Kind = (class::AUTHENTICATION, 2);
    pub const TICKET: Kind = (class::AUTHENTICATION, 3);
    pub const SERVICE_TICKET: Kind = (class::AUTHENTICATION, 4);
    pub const PREAUTH: Kind = (class::AUTHENTICATION, 6);
    pub const SWITCH: Kind = (class::AUTHENTICATION, 7);
    pub const ACCOUNT_CREATE: Kind = (class::ACCOUNT_CHANGE, 1);
    pub const ACCOUNT_ENABLE: Kind = (class::ACCOUNT_CHANGE, 2);
    pub const PASSWORD_CHANGE: Kind = (class::ACCOUNT_CHANGE, 3);
    pub const PASSWORD_RESET: Kind = (class::ACCOUNT_CHANGE, 4);
    pub const ACCOUNT_DISABLE: Kind = (class::ACCOUNT_CHANGE, 5);
    pub const ACCOUNT_DELETE: Kind = (class::ACCOUNT_CHANGE, 6);
    pub const POLICY_ATTACH: Kind = (class::ACCOUNT_CHANGE, 7);
    pub const POLICY_DETACH: Kind = (class::ACCOUNT_CHANGE, 8);
    pub const ACCOUNT_LOCK: Kind = (class::ACCOUNT_CHANGE, 9);
    pub const MFA_ENABLE: Kind = (class::ACCOUNT_CHANGE, 10);
    pub const MFA_DISABLE: Kind = (class::ACCOUNT_CHANGE, 11);
    pub const ACCOUNT_UNLOCK: Kind = (class::ACCOUNT_CHANGE, 12);
    /// A key, token or secret of an account was made or changed, or the account in another way.
    pub const ACCOUNT_OTHER: Kind = (class::ACCOUNT_CHANGE, 99);
    pub const ROLE_GIVE: Kind = (class::USER_ACCESS, 1);
    pub const ROLE_TAKE: Kind = (class::USER_ACCESS, 2);
    pub const GROUP_GIVE: Kind = (class::GROUP_MANAGEMENT, 1);
    pub const GROUP_TAKE: Kind = (class::GROUP_MANAGEMENT, 2);
    pub const GROUP_ADD: Kind = (class::GROUP_MANAGEMENT, 3);
    pub const GROUP_REMOVE: Kind = (class::GROUP_MANAGEMENT, 4);
    pub const GROUP_DELETE: Kind = (class::GROUP_MANAGEMENT, 5);
    pub const GROUP_CREATE: Kind = (class::GROUP_MANAGEMENT, 6);
    pub const GROUP_OTHER: Kind = (class::GROUP_MANAGEMENT, 99);
    pub const CREATE: Kind = (class::API_ACTIVITY, 1);
    pub const READ: Kind = (class::API_ACTIVITY, 2);
    pub const UPDATE: Kind = (class::API_ACTIVITY, 3);
    pub const DELETE: Kind = (class::API_ACTIVITY, 4);
    pub const OTHER: Kind = (class::API_ACTIVITY, 99);
    /// Content itself was read (a file, a secret, a mail), not a description of it.
    pub const DATA_READ: Kind = (class::DATASTORE_ACTIVITY, 1);
    pub const DATA_UPDATE: Kind = (class::DATASTORE_ACTIVITY, 2);
    pub const DATA_QUERY: Kind = (class::DATASTORE_ACTIVITY, 4);
    pub const DATA_WRITE: Kind = (class::DATASTORE_ACTIVITY, 5);
    pub const DATA_CREATE: Kind = (class::DATASTORE_ACTIVITY, 6);
    pub const DATA_DELETE: Kind = (class::DATASTORE_ACTIVITY, 7);
    pub const DATA_LIST: Kind = (class::DATASTORE_ACTIVITY, 8);
    pub const DATA_ENCRYPT: Kind = (class::DATASTORE_ACTIVITY, 9);
    pub const DATA_DECRYPT: Kind = (class::DATASTORE_ACTIVITY, 10);
}

/// A line of a table of operations: a name, in which one `*` stands for anything, and what kind of act it is.
pub type Line = (&'static str, Kind);

/// The first line of a table that an operation fits.
pub fn find(table: &[Line], operation: &str) -> Option<Kind> {
    table.iter().find(|(name, _)| fits(name, operation)).map(|(_, kind)| *kind)
}

/// Whether a text is a name in which one `*` stands for anything.
pub fn fits(name: &str, text: &str) -> bool {
    // Most lines of a table differ in their first or last letter, and a table is gone through for every record.
    let differ = |a: Option<&u8>, b: Option<&u8>| a != b && a != Some(&b'*');
    let (n, t) = (name.as_bytes(), text.as_bytes());
    if differ(n.first(), t.first()) || differ(n.last(), t.last()) {
        return false;
    }
    match name.split_once('*') {
        None => name == text,
        Some((head, tail)) => text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail),
    }
}

/// Create, read, update, delete, from the English verb that a word begins or ends with; `OTHER` for none of them. Case does not count.
pub fn by_verb(word: &str) -> Kind {
    let verb = |words: &[&str]| words.iter().any(|w| starts_as_word(word, w));
    match () {
        () if verb(&["create", "add", "insert", "new", "register", "generate", "upload", "import", "invite", "provision", "install", "enroll", "issue"]) => {
            kind::CREATE
        }
        () if verb(&["get", "list", "describe", "read", "view", "search", "query", "fetch", "lookup", "download", "export", "access", "test", "check"]) => {
            kind::READ
        }
        () if verb(&["delete", "remove", "destroy", "purge", "uninstall", "unregister", "revoke", "cancel"]) => kind::DELETE,
        () if verb(&[
            "update",
            "set",
            "modify",
            "patch",
            "change",
            "put",
            "edit",
            "rename",
            "move",
            "enable",
            "disable",
            "start",
            "stop",
            "restore",
            "reset",
            "attach",
            "detach",
            "assign",
            "unassign",
            "activate",
            "deactivate",
            "suspend",
            "grant",
            "write",
            "replace",
            "configure",
            "transfer",
        ]) =>
        {
            kind::UPDATE
        }
        () => kind::OTHER,
    }
}

/// Whether a text begins with a word: what follows is no lower-case letter that would make it another word.
fn starts_as_word(text: &str, word: &str) -> bool {
    let Some((head, rest)) = text.split_at_checked(word.len()) else { return false };
    let past = rest.strip_prefix("ed").or_else(|| rest.strip_prefix('d')).unwrap_or(rest);
    head.eq_ignore_ascii_case(word) && !past.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Somebody, as a log names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// The name that they are known by: mail address, principal, user name. What the columns hold.
    pub name: &'a str,
    /// The provider's own id of them.
    pub uid: &'a str,
    /// What they are, in the log's word.
    pub kind: &'a str,
}

impl Who<'_> {
    /// The name, else the id.
    pub fn known_as(&self) -> &str {
        if self.name.is_empty() { self.uid } else { self.name }
    }

    fn is_nobody(&self) -> bool {
        self.known_as().is_empty()
    }
}

/// An act. Empty texts for what the log does not say.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// What kind of act.
    pub kind: Kind,
    /// Vendor and product whose log it is.
    pub product: (&'static str, &'static str),
    /// The service that it was done to.
    pub service: &'a str,
    /// What was done, in the log's word.
    pub operation: &'a str,
    /// Who acted.
    pub actor: Who<'a>,
    /// Whose account was acted on, or become.
    pub target: Who<'a>,
    /// The group that was changed.
    pub group: &'a str,
    /// The role or permission given or taken; comma-separated if there are several.
    pub privilege: &'a str,
    /// The resource acted on, by the provider's full name of it.
    pub resource: &'a str,
    /// What it is.
    pub resource_type: &'a str,
    /// What holds the data that was acted on: bucket, database, site. The resource, if it is empty.
    pub store: &'a str,
    /// The session acted in; of a login the one that it opened.
    pub session: &'a str,
    /// The key or token that proved who acted.
    pub credential: &'a str,
    /// The key or token that was made, changed or handed out.
    pub target_credential: &'a str,
    /// Where it came from: address, address and port, or name.
    pub from: &'a str,
    /// Whether it succeeded; `None` where the log does not say.
    pub success: Option<bool>,
    /// The error code.
    pub error: &'a str,
    /// What the log says of the outcome.
    pub detail: &'a str,
}

impl<'a> Act<'a> {
    /// An act of which nothing but its operation is known.
    pub fn new(kind: Kind, product: (&'static str, &'static str), operation: &'a str) -> Act<'a> {
        let nobody = Who::default();
        Act {
            kind,
            product,
            service: "",
            operation,
            actor: nobody,
            target: nobody,
            group: "",
            privilege: "",
            resource: "",
            resource_type: "",
            store: "",
            session: "",
            credential: "",
            target_credential: "",
            from: "",
            success: None,
            error: "",
            detail: "",
        }
    }

    /// The kind, if the one or the thing that its class is about is known; else an API call like any other.
    pub fn settled(&self) -> Kind {
        let (class, activity) = self.kind;
        let known = match class.uid {
            3001 => !self.target.is_nobody(),
            3002 => !self.actor.is_nobody() || !self.target.is_nobody(),
            3005 => !self.target.is_nobody() && !self.privilege.is_empty(),
            3006 => !self.group.is_empty(),
            6005 => !(self.store.is_empty() && self.resource.is_empty()),
            _ => true,
        };
        match (known, class.uid, activity) {
            (true, ..) => self.kind,
            (_, 3005 | 3001, 1 | 7) | (_, 3006, 1 | 3 | 6) | (_, 6005, 6) => kind::CREATE,
            (_, 6005, 1 | 4 | 8) => kind::READ,
            (_, 3001, 6) | (_, 3005, 2) | (_, 3006, 4 | 5) | (_, 6005, 7) => kind::DELETE,
            (_, 3001 | 3005 | 3006 | 6005, _) => kind::UPDATE,
            _ => kind::OTHER,
        }
    }

    /// Begins the event and says all that the act holds; what code says after that counts.
    pub fn begin(&self, doc: &Doc<'_>, when: Stamp, out: &mut dyn Sink) {
        let (class, activity) = self.settled();
        doc.begin(class, activity, when, out);
        out.text(attr::METADATA_PRODUCT_VENDOR, self.product.0);
        out.text(attr::METADATA_PRODUCT_NAME, self.product.1);
        out.text(attr::API_OPERATION, self.operation);
        out.text(attr::API_SERVICE_NAME, self.service());
        self.who(class, out);
        if class.uid == 3002 {
            out.text(attr::SERVICE_NAME, self.service());
            out.flag(attr::IS_REMOTE, true);
        }
        self.from(class, out);
        self.what(class, out);
        if let Some(success) = self.success {
            outcome(success, out);
        }
        out.text(attr::STATUS_CODE, self.error);
        out.text(attr::STATUS_DETAIL, self.detail);
    }

    /// Ends the event, with a message made of the act.
    pub fn end(&self, doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) {
        if message.is_empty() {
            self.tell(message);
        }
        doc.end(message, out);
    }

    fn service(&self) -> &str {
        if self.service.is_empty() { self.product.1 } else { self.service }
    }

    fn who(&self, class: Class, out: &mut dyn Sink) {
        let became = class.uid == 3002 && !self.target.is_nobody();
        if class.uid == 3002 && !became {
            person(Role::Subject, self.actor, out);
            out.key(if self.kind.1 == 1 { Column::TargetSession } else { Column::Session }, self.session);
            out.text(attr::SESSION_UID, self.session);
            out.text(attr::USER_CREDENTIAL_UID, self.credential);
            out.key(Column::Credential, self.credential);
        } else {
            person(Role::Actor, self.actor, out);
            if self.actor.is_nobody() {
                out.text(attr::ACTOR_INVOKED_BY, self.service());
            } else {
                out.text(attr::ACTOR_USER_CREDENTIAL_UID, self.credential);
            }
            out.key(Column::Session, self.session);
            out.key(Column::Credential, self.credential);
            out.text(attr::ACTOR_SESSION_UID, self.session);
        }
        let takes_user = matches!(class.uid, 3001 | 3002 | 3005 | 3006);
        if takes_user {
            person(Role::Target, self.target, out);
        } else {
            out.key(Column::TargetUser, self.target.known_as());
        }
        if !self.target_credential.is_empty() {
            out.key(Column::TargetCredential, self.target_credential);
            if takes_user && !self.target.is_nobody() {
                out.text(attr::USER_CREDENTIAL_UID, self.target_credential);
            }
        }
    }

    fn from(&self, class: Class, out: &mut dyn Sink) {
        let needed = matches!(class.uid, 6003 | 6005);
        if !self.from.is_empty() {
            addresses(self.from, out);
        } else if needed {
            out.text(attr::SRC_SVC_NAME, self.service());
        }
    }

    fn what(&self, class: Class, out: &mut dyn Sink) {
        out.key(Column::Resource, self.resource);
        match class.uid {
            3005 => self.privilege.split(',').for_each(|p| out.text(attr::PRIVILEGES, p.trim())),
            3006 => {
                out.text(attr::GROUP_NAME, self.group);
                self.privilege.split(',').for_each(|p| out.text(attr::PRIVILEGES, p.trim()));
            }
            3001 => out.text(attr::POLICY_NAME, self.privilege),
            6003 if !self.resource.is_empty() => {
                out.item(attr::RESOURCES);
                out.text(attr::RESOURCES_UID, self.resource);
                out.text(attr::RESOURCES_TYPE, self.resource_type);
            }
            6005 => {
                out.text(attr::DATABUCKET_NAME, if self.store.is_empty() { self.resource } else { self.store });
                out.text(attr::DATABUCKET_TYPE, self.resource_type);
                out.int(attr::DATABUCKET_TYPE_ID, if self.resource_type.is_empty() { 0 } else { 99 });
            }
            _ => {}
        }
    }

    /// `alice@example.com delete on disk-1 from 203.0.113.7: failed, Forbidden`.
    fn tell(&self, message: &mut String) {
        let (target, group, resource) = (self.target.known_as(), self.group, self.resource);
        let about = match self.settled().0.uid {
            6003 | 6005 => [resource, target, group],
            _ => [target, group, resource],
        };
        let target = about.into_iter().find(|t| !t.is_empty()).unwrap_or_default();
        let who = if self.actor.is_nobody() { self.service() } else { self.actor.known_as() };
        message.extend([who, ": ", self.operation]);
        for (word, text) in [(" on ", target), (" (", self.privilege), (" from ", self.from)] {
            if !text.is_empty() {
                message.extend([word, text]);
                if word == " (" {
                    message.push(')');
                }
            }
        }
        if self.success == Some(false) {
            message.push_str(": failed");
            for text in [self.error, if self.detail == self.error { "" } else { self.detail }] {
                if !text.is_empty() {
                    message.extend([", ", text]);
                }
            }
        }
    }
}

fn person(role: Role, who: Who<'_>, out: &mut dyn Sink) {
    user(role, who.known_as(), out);
    if who.is_nobody() {
        return;
    }
    let (uid, kind) = if role == Role::Actor { (attr::ACTOR_USER_UID, attr::ACTOR_USER_TYPE) } else { (attr::USER_UID, attr::USER_TYPE) };
    out.text(uid, who.uid);
    out.text(kind, who.kind);
}
