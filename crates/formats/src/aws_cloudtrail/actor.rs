//! `userIdentity`: who acted, in eleven types.
//!
//! Source: AWS CloudTrail user guide, "CloudTrail userIdentity element".

use std::borrow::Cow;

use crate::json;

use super::fields::plain;

/// Who acted. Empty texts where the record does not say.
#[derive(Debug, Default)]
pub(super) struct Actor<'a> {
    /// `type`.
    pub kind: Cow<'a, str>,
    /// Name of the user, or of the role.
    pub name: Cow<'a, str>,
    /// `arn`.
    pub arn: Cow<'a, str>,
    /// `principalId`.
    pub principal: Cow<'a, str>,
    /// `accountId`.
    pub account: Cow<'a, str>,
    /// Access key id, or the credential of Identity Center.
    pub credential: Cow<'a, str>,
    /// The service that made the request for them.
    pub invoked_by: Cow<'a, str>,
    /// Who gave out the session.
    pub issuer: Issuer<'a>,
    /// When the session was made.
    pub created: Cow<'a, str>,
    /// Whether the session was proven by a second factor; `true` or `false`.
    pub mfa: Cow<'a, str>,
    /// The provider that vouched: SAML, OpenID.
    pub provider: Cow<'a, str>,
    /// The durable identity, in its canonical spelling.
    pub user: Cow<'a, str>,
    /// The session, where the identity is one.
    pub session: Cow<'a, str>,
    /// What has no place above: path and value.
    pub others: Vec<(&'static str, &'a str, &'a str)>,
    /// A key appears twice.
    pub twice: bool,
}

/// `sessionContext.sessionIssuer`.
#[derive(Debug, Default)]
pub(super) struct Issuer<'a> {
    pub arn: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub principal: Cow<'a, str>,
    pub account: Cow<'a, str>,
}

impl<'a> Actor<'a> {
    /// Reads the element. What is no object gives an actor of whom nothing is known.
    pub fn read(identity: Option<&'a str>) -> Actor<'a> {
        let mut actor = Actor::default();
        let Some(identity) = identity else { return actor };
        let mut context = None;
        let mut behalf = None;
        let twice = json::members(identity, |key, value| match key {
            _ if value == "null" => {}
            "type" => actor.kind = plain(Some(value)),
            "userName" => actor.name = plain(Some(value)),
            "arn" => actor.arn = plain(Some(value)),
            "principalId" => actor.principal = plain(Some(value)),
            "accountId" => actor.account = plain(Some(value)),
            "accessKeyId" | "credentialId" => actor.credential = plain(Some(value)),
            "invokedBy" => actor.invoked_by = plain(Some(value)),
            "identityProvider" => actor.provider = plain(Some(value)),
            "sessionContext" => context = Some(value),
            "onBehalfOf" => {
                behalf = json::member(value, "userId");
                actor.others.push(("", key, value));
            }
            _ => actor.others.push(("", key, value)),
        });
        actor.twice = twice.unwrap_or(false);
        if let Some(context) = context {
            actor.context(context);
        }
        actor.settle(plain(behalf));
        actor
    }

    fn context(&mut self, context: &'a str) {
        let (mut attributes, mut issuer, mut federation) = (None, None, None);
        let twice = json::members(context, |key, value| match key {
            "attributes" => attributes = Some(value),
            "sessionIssuer" => issuer = Some(value),
            "webIdFederationData" => federation = Some(value),
            _ => self.others.push(("sessionContext.", key, value)),
        });
        self.twice |= twice.unwrap_or(false);
        self.part(attributes, |actor, key, value| match key {
            "creationDate" => actor.created = plain(Some(value)),
            "mfaAuthenticated" => actor.mfa = plain(Some(value)),
            _ => actor.others.push(("sessionContext.attributes.", key, value)),
        });
        self.part(issuer, |actor, key, value| match key {
            "arn" => actor.issuer.arn = plain(Some(value)),
            "userName" => actor.issuer.name = plain(Some(value)),
            "principalId" => actor.issuer.principal = plain(Some(value)),
            "accountId" => actor.issuer.account = plain(Some(value)),
            _ => actor.others.push(("sessionContext.sessionIssuer.", key, value)),
        });
        self.part(federation, |actor, key, value| match key {
            "federatedProvider" => actor.provider = plain(Some(value)),
            _ => actor.others.push(("sessionContext.webIdFederationData.", key, value)),
        });
    }

    fn part(&mut self, object: Option<&'a str>, mut each: impl FnMut(&mut Actor<'a>, &'a str, &'a str)) {
        let Some(object) = object else { return };
        let twice = json::members(object, |key, value| {
            if value != "null" {
                each(self, key, value);
            }
        });
        self.twice |= twice.unwrap_or(false);
    }

    /// Finds the durable identity and the session behind the type.
    fn settle(&mut self, behalf: Cow<'a, str>) {
        let arn = self.arn.clone();
        match &*self.kind {
            _ if is_role_session(&arn) => self.session_of(role_of_session(&arn)),
            "AssumedRole" | "FederatedUser" => self.session_of(arn),
            "AWSService" => self.user = first([&arn, &self.invoked_by, &self.principal]),
            "IdentityCenterUser" => self.user = first([&arn, &behalf, &self.principal]),
            "SAMLUser" | "WebIdentityUser" | "Directory" => self.user = first([&arn, &self.name, &self.principal]),
            "IAMUser" if arn.is_empty() && !self.name.is_empty() && !self.account.is_empty() => {
                self.user = format!("arn:aws:iam::{}:user/{}", self.account, self.name).into();
            }
            _ => self.user = first([&arn, &self.principal, &self.name]),
        }
        if self.name.is_empty() && !behalf.is_empty() {
            self.name = behalf;
        }
    }

    /// The identity is a session; `other` is who is behind it if the record names no issuer.
    fn session_of(&mut self, other: Cow<'a, str>) {
        self.session = self.arn.clone();
        self.user = if self.issuer.arn.is_empty() { other } else { self.issuer.arn.clone() };
        if !self.issuer.name.is_empty() {
            self.name = self.issuer.name.clone();
        }
    }

    /// OCSF's `user.type_id`.
    pub fn type_id(&self) -> i64 {
        match &*self.kind {
            "" | "Unknown" => 0,
            "Root" => 2,
            "IAMUser" | "FederatedUser" | "SAMLUser" | "WebIdentityUser" | "IdentityCenterUser" | "Directory" => 1,
            "AWSService" => 4,
            _ => 99,
        }
    }

    /// How a person would name them: `alice`, `deploy/i-0123` for a session of a role, `root`.
    pub fn short(&self) -> &str {
        let session = [":assumed-role/", ":federated-user/"].into_iter().find_map(|mark| self.session.split_once(mark));
        match (session, &*self.kind) {
            (Some((_, session)), _) => session,
            (None, "Root") => "root",
            _ => [&self.name, &self.invoked_by, &self.user, &self.account].into_iter().find(|t| !t.is_empty()).map_or("somebody", |t| t),
        }
    }
}

/// `arn:aws:sts::A:assumed-role/R/S`.
fn is_role_session(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    parts.next() == Some("sts") && parts.nth(2).is_some_and(|rest| rest.starts_with("assumed-role/"))
}

fn first<'a>(candidates: [&Cow<'a, str>; 3]) -> Cow<'a, str> {
    candidates.into_iter().find(|c| !c.is_empty()).cloned().unwrap_or_default()
}

/// `arn:aws:sts::A:assumed-role/R/S` to `arn:aws:iam::A:role/R`; another text stays as it is.
fn role_of_session<'a>(arn: &Cow<'a, str>) -> Cow<'a, str> {
    let role = || {
        let (head, rest) = arn.split_once(":assumed-role/")?;
        let (role, _) = rest.split_once('/')?;
        let (partition, account) = head.split_once(":sts::")?;
        Some(format!("{partition}:iam::{account}:role/{role}"))
    };
    role().map_or_else(|| arn.clone(), Cow::Owned)
}
