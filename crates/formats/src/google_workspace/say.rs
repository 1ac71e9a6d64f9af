//! What an activity says.

use std::borrow::Cow;

use event::{Sink, attr};

use crate::{
    Reject, json,
    map::{
        Act, Doc, Who,
        act::kind::{LOGOFF, LOGON, OTHER, PREAUTH, ROLE_GIVE, SERVICE_TICKET},
        plain,
    },
};

use super::kind;

crate::table! { FIELDS;
    TIME        "id.time"               => Hold;
                "id.uniqueQualifier"    => Text(METADATA_UID);
    APPLICATION "id.applicationName"    => Hold;
                "id.customerId"         => Text(CLOUD_ACCOUNT_UID);
                "ownerDomain"           => Text(CLOUD_ACCOUNT_NAME);
    MAIL        "actor.email"           => Look;
    PROFILE     "actor.profileId"       => Look;
    KEY         "actor.key"             => Look;
    CALLER      "actor.callerType"      => Hold;
    IP          "ipAddress"             => Look;
    EVENTS      "events"                => Look;
    NAME        "name"                  => Look;
    PARAMETERS  "parameters"            => Look;
}

const PRODUCT: (&str, &str) = ("Google", "Workspace");

/// Makes the event of an activity.
pub(super) fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = doc.time(TIME)?.in_utc();
    let application = doc.first(&[APPLICATION]);
    let told = Told::read(doc, &application);
    let with = told.settings();
    let (mail, profile, caller, from) = (doc.lower(MAIL), doc.first(&[PROFILE, KEY]), doc.first(&[CALLER]), doc.first(&[IP]));
    let affected = with.text(&["affected_email_address"]).to_lowercase();
    let is_login = told.kind.0.uid == 3002;
    let actor = Who { name: if is_login && mail.is_empty() { &affected } else { &mail }, uid: &profile, kind: &caller };
    let user = with.text(&["USER_EMAIL", "target_user", "new_owner", "target", "MEMBER_EMAIL", "user_email", "member"]).to_lowercase();
    let group = with.text(&["GROUP_EMAIL", "group_email", "group_id"]).to_lowercase();
    let (role, resource) =
        (with.text(&["ROLE_NAME", "new_value", "added_role"]), with.text(&["doc_id", "client_id", "app_id", "APPLICATION_NAME", "DOMAIN_NAME"]));
    let (doc_type, app) = (with.text(&["doc_type"]), with.text(&["app_name", "application_name"]));
    let detail = with.text(&["login_failure_type", "failure_type"]);

    let mut act = Act::new(told.kind, PRODUCT, if told.name.is_empty() { "?" } else { &told.name });
    act.actor = actor;
    act.target = match told.kind {
        LOGON | LOGOFF | PREAUTH | SERVICE_TICKET => Who::default(),
        (class, _) if class.uid == 3001 && user.is_empty() => {
            if affected.is_empty() {
                actor
            } else {
                Who { name: &affected, ..Who::default() }
            }
        }
        _ => Who { name: &user, ..Who::default() },
    };
    act.group = &group;
    act.privilege = match told.kind {
        ROLE_GIVE if role.is_empty() => {
            if told.name.contains("owner") {
                "owner"
            } else {
                "admin"
            }
        }
        (class, _) if matches!(class.uid, 3005 | 3006) => &role,
        _ => "",
    };
    (act.service, act.resource, act.resource_type) = (if app.is_empty() || !is_login { &application } else { &app }, &resource, &doc_type);
    if act.resource.is_empty() && told.kind.0.uid == 6005 {
        act.store = &application;
    }
    act.from = &from;
    act.success = Some(!(told.name.ends_with("failure") || told.name.ends_with("FAILED")));
    act.detail = &detail;
    act.begin(doc, when, out);
    out.text(attr::METADATA_PROFILES, "cloud");
    out.text(attr::CLOUD_PROVIDER, "Google Workspace");
    out.text(attr::METADATA_LOG_NAME, &application);
    if told.of > 1 {
        out.int(attr::COUNT, told.of);
    }
    act.end(doc, message, out);
    Ok(())
}

/// The event that is told: its name, kind and parameters, and of how many it is one.
#[derive(Debug)]
struct Told<'a> {
    name: Cow<'a, str>,
    kind: crate::map::act::Kind,
    parameters: &'a str,
    of: i64,
}

impl<'a> Told<'a> {
    /// The gravest of the activity's events; the first of equals.
    fn read(doc: &Doc<'a>, application: &str) -> Told<'a> {
        let name = doc.first(&[NAME]);
        let flat =
            Told { kind: if name.is_empty() { OTHER } else { kind::of(application, &name) }, name, parameters: doc.raw(PARAMETERS).unwrap_or_default(), of: 1 };
        let mut best: Option<Told<'a>> = None;
        let mut of = 0;
        doc.each(EVENTS, |one| {
            let name = json::member(one, "name").map(plain).unwrap_or_default();
            let kind = kind::of(application, &name);
            of += 1;
            if best.as_ref().is_none_or(|b| kind::weight(kind) > kind::weight(b.kind)) {
                best = Some(Told { name, kind, parameters: json::member(one, "parameters").unwrap_or_default(), of: 1 });
            }
        });
        best.map_or(flat, |b| Told { of, ..b })
    }

    /// Finds the parameters that are of use, in one pass. They are a list of `{"name":…,"value":…}`, or an object.
    fn settings(&self) -> Settings<'a> {
        let mut found = Settings { values: [""; NAMES.len()] };
        if self.parameters.starts_with('{') {
            drop(json::members(self.parameters, |key, value| found.set(key, value)));
            return found;
        }
        let read = json::elements(self.parameters, |one| {
            let (mut name, mut value) = ("", "");
            let read = json::members(one, |key, v| match key {
                "name" => name = v.trim_matches('"'),
                "value" | "multiValue" | "intValue" | "boolValue" if value.is_empty() => value = v,
                _ => {}
            });
            drop(read);
            found.set(name, value);
            true
        });
        drop(read);
        found
    }
}

/// Parameters that become attributes.
const NAMES: [&str; 24] = [
    "affected_email_address",
    "USER_EMAIL",
    "target_user",
    "new_owner",
    "target",
    "MEMBER_EMAIL",
    "user_email",
    "member",
    "GROUP_EMAIL",
    "group_email",
    "group_id",
    "ROLE_NAME",
    "new_value",
    "added_role",
    "doc_id",
    "client_id",
    "app_id",
    "APPLICATION_NAME",
    "DOMAIN_NAME",
    "doc_type",
    "app_name",
    "application_name",
    "login_failure_type",
    "failure_type",
];

/// The values of `NAMES`, as they are written; empty where they are not there.
struct Settings<'a> {
    values: [&'a str; NAMES.len()],
}

impl<'a> Settings<'a> {
    fn set(&mut self, name: &str, value: &'a str) {
        if let Some(slot) = NAMES.iter().position(|n| *n == name).and_then(|at| self.values.get_mut(at)) {
            *slot = value;
        }
    }

    /// The first of these that is there and not empty.
    fn text(&self, names: &[&str]) -> Cow<'a, str> {
        let find = |name: &&str| NAMES.iter().position(|n| n == name).and_then(|at| self.values.get(at));
        names.iter().filter_map(find).map(|raw| value(raw)).find(|t| !t.is_empty()).unwrap_or_default()
    }
}

/// A value as a text; of a list its first.
fn value(raw: &str) -> Cow<'_, str> {
    let mut first = raw;
    if raw.starts_with('[') {
        first = "";
        let read = json::elements(raw, |one| {
            first = one;
            false
        });
        drop(read);
    }
    if first == "null" || first.starts_with('{') { Cow::Borrowed("") } else { plain(first) }
}
