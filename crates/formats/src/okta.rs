//! Okta's system log: one event a line, in an array as the interface gives it, or in EventBridge's `detail`.
//!
//! Source: Okta developer documentation, "System Log API" and "Event types" (developer.okta.com/docs/reference/api/system-log).

use std::borrow::Cow;

use event::{Column, Facet, Sink, attr};

use crate::{
    Format, Framing, JsonShape, Parser, Reject, json,
    map::{
        self, Act, Doc, Map, Who,
        act::{Kind, Line, by_verb, find, kind::*},
        plain,
    },
};

/// Okta.
pub struct Okta;

impl Format for Okta {
    fn name(&self) -> &'static str {
        "okta"
    }
    fn title(&self) -> &'static str {
        "Okta system log"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["events", "value"], ids: &["uuid", "detail.uuid"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let own = map::keys(head, &["legacyEventType", "eventType", "published", "debugContext", "authenticationContext", "displayMessage", "securityContext"]);
        let rest = map::keys(head, &["outcome", "actor", "client", "target", "alternateId", "uuid"]);
        let lower = map::keys(head, &["eventtype", "published", "debugcontext", "authenticationcontext", "legacyeventtype"]);
        match (own.max(lower), rest) {
            (4.., 2..) => 92,
            (3, 3..) => 88,
            (2, 4..) if map::keys(head, &["published"]) == 1 => 80,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::parser_by(Map::loose(FIELDS), event)
    }
}

crate::table! { FIELDS;
    TIME     "published"                => Hold;
             "uuid"                     => Text(METADATA_UID);
    WHAT     "eventType"                => Hold;
             "severity"                 => Text(METADATA_LOG_LEVEL);
             "version"                  => Text(METADATA_LOG_VERSION);
             "transaction.id"           => Text(METADATA_CORRELATION_UID);
    NAME     "actor.alternateId"        => Look;
    ACTOR_ID "actor.id"                 => Look;
    ACTOR    "actor.type"               => Look;
             "actor.displayName"        => Look;
    IP       "client.ipAddress"         => Hold;
             "client.userAgent.rawUserAgent" => Text(HTTP_USER_AGENT);
             "client.zone"              => Look;
    RESULT   "outcome.result"           => Look;
    REASON   "outcome.reason"           => Text(STATUS_DETAIL);
    SESSION  "authenticationContext.externalSessionId" => Look;
    ROOT     "authenticationContext.rootSessionId" => Look;
    TARGETS  "target"                   => Look;
    GRANTED  "debugContext.debugData.privilegeGranted" => Look;
    REVOKED  "debugContext.debugData.privilegeRevoked" => Look;
    ORIGIN   "debugContext.debugData.origin" => Look;
    URL      "debugContext.debugData.url" => Look;
}

const PRODUCT: (&str, &str) = ("Okta", "Okta");

/// Event types whose class their last word does not tell. Source: Okta, "Event types".
const TYPES: &[Line] = &[
    ("user.session.start", LOGON),
    ("user.session.end", LOGOFF),
    ("user.session.clear", LOGOFF),
    ("user.session.impersonation.initiate", SWITCH),
    ("user.session.impersonation.*", UPDATE),
    ("user.session.access_admin_app", SERVICE_TICKET),
    ("user.authentication.sso", SERVICE_TICKET),
    ("user.authentication.*", PREAUTH),
    ("policy.evaluate_sign_on", PREAUTH),
    ("app.oauth2.*token.grant*", TICKET),
    ("user.mfa.factor.activate", MFA_ENABLE),
    ("user.mfa.factor.deactivate", MFA_DISABLE),
    ("user.mfa.factor.reset_all", MFA_DISABLE),
    ("user.mfa.factor.suspend", MFA_DISABLE),
    ("user.mfa.*", PREAUTH),
    ("user.lifecycle.create", ACCOUNT_CREATE),
    ("user.lifecycle.activate", ACCOUNT_ENABLE),
    ("user.lifecycle.reactivate", ACCOUNT_ENABLE),
    ("user.lifecycle.unsuspend", ACCOUNT_ENABLE),
    ("user.lifecycle.deactivate", ACCOUNT_DISABLE),
    ("user.lifecycle.suspend", ACCOUNT_DISABLE),
    ("user.lifecycle.delete*", ACCOUNT_DELETE),
    ("user.account.lock*", ACCOUNT_LOCK),
    ("user.account.unlock*", ACCOUNT_UNLOCK),
    ("user.account.reset_password", PASSWORD_RESET),
    ("user.account.update_password", PASSWORD_CHANGE),
    ("user.account.privilege.grant", ROLE_GIVE),
    ("user.account.privilege.revoke", ROLE_TAKE),
    ("user.account.*", ACCOUNT_OTHER),
    ("group.user_membership.add", GROUP_ADD),
    ("group.user_membership.remove", GROUP_REMOVE),
    ("group.lifecycle.create", GROUP_CREATE),
    ("group.lifecycle.delete", GROUP_DELETE),
    ("group.privilege.grant", GROUP_GIVE),
    ("group.privilege.revoke", GROUP_TAKE),
    ("group.*", GROUP_OTHER),
    ("application.user_membership.add", ROLE_GIVE),
    ("application.user_membership.remove", ROLE_TAKE),
    ("application.user_membership.show_password", DATA_READ),
    ("system.api_token.*", ACCOUNT_OTHER),
    ("app.oauth2.client.lifecycle.new_client_secret", ACCOUNT_OTHER),
];

fn kind_of(what: &str) -> Kind {
    find(TYPES, what).unwrap_or_else(|| by_verb(what.rsplit('.').next().unwrap_or(what)))
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = doc.time(TIME)?;
    let what = doc.text(WHAT);
    let operation = if what.is_empty() { "?" } else { &*what };
    let (name, id, kind_of_actor, from) = (doc.lower(NAME), doc.text(ACTOR_ID), doc.text(ACTOR), doc.first(&[IP]));
    let (session, result, reason) = (doc.first(&[SESSION, ROOT]), doc.text(RESULT), doc.text(REASON));
    let targets = Targets::read(doc);
    let kind = kind_of(&what);
    let actor = Who { name: &name, uid: &id, kind: &kind_of_actor };

    let mut act = Act::new(kind, PRODUCT, operation);
    act.actor = actor;
    let acts_on_self = targets.user.is_empty() && targets.user_id.is_empty() && kind.0.uid == 3001;
    if acts_on_self {
        act.target = actor;
    } else if kind.0.uid != 3002 || kind == SWITCH {
        act.target = Who { name: &targets.user, uid: &targets.user_id, kind: "" };
    }
    let granted = doc.first(&[GRANTED, REVOKED]);
    act.privilege = if matches!(kind, ROLE_GIVE | ROLE_TAKE) && granted.is_empty() { &targets.app } else { &granted };
    (act.group, act.service) = (&targets.group, &targets.app);
    (act.resource, act.resource_type) = (&targets.thing, &targets.thing_type);
    (act.session, act.from) = (if session == "unknown" { "" } else { &session }, &from);
    act.target_credential = &targets.token;
    act.success = match &*result {
        "SUCCESS" | "ALLOW" => Some(true),
        "FAILURE" | "DENY" => Some(false),
        _ => None,
    };
    if act.success == Some(false) {
        (act.error, act.detail) = (&reason, &reason);
    }
    act.begin(doc, when, out);
    out.text(attr::HTTP_URL, &doc.first(&[URL]));
    let origin = doc.first(&[ORIGIN]);
    out.key(Column::Account, origin.split("://").nth(1).unwrap_or_default());
    if act.success != Some(false) && matches!(operation, "system.log_stream.lifecycle.deactivate" | "system.log_stream.lifecycle.delete") {
        out.key(Column::Gap, "disabled");
    }
    act.end(doc, message, out);
    Ok(())
}

/// What was acted on: the first of each type.
#[derive(Debug, Default)]
struct Targets {
    user: String,
    user_id: String,
    group: String,
    app: String,
    token: String,
    thing: String,
    thing_type: String,
}

impl Targets {
    fn read(doc: &Doc<'_>) -> Targets {
        let mut found = Targets::default();
        doc.each(TARGETS, |target| found.add(target));
        found
    }

    fn add(&mut self, target: &str) {
        let part = |name| -> Cow<'_, str> { plain(json::member(target, name).filter(|v| *v != "null").unwrap_or_default()) };
        let (kind, id, name, shown) = (part("type"), part("id"), part("alternateId"), part("displayName"));
        let shown = if shown.is_empty() { name.clone() } else { shown };
        match &*kind {
            "User" | "AppUser" if self.user.is_empty() => (self.user, self.user_id) = (name.to_lowercase(), id.into_owned()),
            "UserGroup" if self.group.is_empty() => self.group = shown.into_owned(),
            "AppInstance" if self.app.is_empty() => {
                (self.app, self.thing, self.thing_type) = (shown.into_owned(), id.into_owned(), kind.into_owned());
            }
            "Token" | "access_token" | "refresh_token" | "id_token" if self.token.is_empty() => self.token = id.into_owned(),
            _ if self.thing.is_empty() => (self.thing, self.thing_type) = (id.into_owned(), kind.into_owned()),
            _ => {}
        }
    }
}
