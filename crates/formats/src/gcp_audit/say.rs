//! What an audit entry says.

use std::borrow::Cow;

use event::{Column, Sink, attr, class};

use crate::{
    Reject, json,
    map::{
        Act, Doc, Slot, Who,
        act::{Kind, kind::*},
        plain,
    },
    time::Stamp,
};

use super::kind;

crate::table! { FIELDS;
    TIME       "timestamp"                => Hold;
    ALSO_TIME  "receiveTimestamp"         => Look;
               "insertId"                 => Text(METADATA_UID);
    LOG        "logName"                  => Text(METADATA_LOG_NAME);
               "severity"                 => Text(METADATA_LOG_LEVEL);
               "operation.id"             => Text(METADATA_CORRELATION_UID);
    TEXT       "textPayload"              => Look;
    KIND       "resource.type"            => Look;
    PROJECT    "resource.labels.project_id" => Text(CLOUD_PROJECT_UID);
    LABEL_MAIL "resource.labels.email_id" => Look;
               "resource.labels.location" => Text(CLOUD_REGION);
               "resource.labels.region"   => Text(CLOUD_REGION);
               "resource.labels.zone"     => Text(CLOUD_ZONE);
               "protoPayload.requestMetadata.callerSuppliedUserAgent" => Text(HTTP_USER_AGENT);
    SERVICE    "protoPayload.serviceName" => Hold;
    METHOD     "protoPayload.methodName"  => Hold;
    RESOURCE   "protoPayload.resourceName" => Look;
    MAIL       "protoPayload.authenticationInfo.principalEmail" => Hold;
    SUBJECT    "protoPayload.authenticationInfo.principalSubject" => Hold;
    KEY        "protoPayload.authenticationInfo.serviceAccountKeyName" => Look;
    CHAIN      "protoPayload.authenticationInfo.serviceAccountDelegationInfo" => Look;
    FROM       "protoPayload.requestMetadata.callerIp" => Hold;
    GRANTED    "protoPayload.authorizationInfo" => Look;
    CODE       "protoPayload.status.code" => Int(API_RESPONSE_CODE);
    SAID       "protoPayload.status.message" => Text(API_RESPONSE_ERROR_MESSAGE);
               "protoPayload.request"     => Look;
    NAME       "protoPayload.request.name" => Hold;
    FLOWS      "protoPayload.request.enableFlowLogs" => Hold;
    FLOW_LOG   "protoPayload.request.logConfig.enable" => Hold;
    DISABLED   "protoPayload.request.sink.disabled" => Hold;
               "protoPayload.response"    => Look;
    MADE       "protoPayload.response.name" => Hold;
    MADE_MAIL  "protoPayload.response.email" => Hold;
               "protoPayload.serviceData" => Look;
    DELTAS     "protoPayload.serviceData.policyDelta.bindingDeltas" => Hold;
    AUDIT      "protoPayload.serviceData.policyDelta.auditConfigDeltas" => Hold;
               "protoPayload.metadata"    => Look;
    EVENTS     "protoPayload.metadata.event" => Hold;
}

const PRODUCT: (&str, &str) = ("Google", "Cloud Audit Logs");

/// Makes the event of an entry.
pub(super) fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = doc.time(TIME).or_else(|_| doc.time(ALSO_TIME))?;
    let method = doc.text(METHOD);
    if method.is_empty() && !doc.has(SERVICE) {
        return other_log(doc, when, message, out);
    }
    let (mail, subject, service, from) = (doc.lower(MAIL), doc.text(SUBJECT), doc.text(SERVICE), doc.text(FROM));
    let (resource, key, kind_of_thing) = (doc.text(RESOURCE), doc.text(KEY), doc.text(KIND));
    let (delta, admin) = (Delta::read(doc), Admin::read(doc));
    let kind = settle(kind::of(&method), &delta);
    let success = success(doc, &method);
    let detail = doc.text(SAID);
    let account = account_acted_on(doc, kind, &delta, &admin);
    let made_key = doc.first(&[MADE, NAME]);
    let member = subject.split_once(':').filter(|(kind, _)| matches!(*kind, "user" | "serviceAccount")).map_or(&*subject, |(_, name)| name);

    let mut act = Act::new(kind, PRODUCT, if method.is_empty() { "?" } else { &method });
    act.actor = Who { name: if mail.is_empty() { member } else { &mail }, uid: &subject, kind: "" };
    act.target = Who { name: &account, ..Who::default() };
    act.group = if admin.group.is_empty() { &delta.group } else { &admin.group };
    act.privilege = if delta.role.is_empty() { &admin.role } else { &delta.role };
    (act.service, act.from, act.success) = (&service, if from == "private" { "" } else { &from }, success);
    (act.resource, act.resource_type, act.store) = (&resource, &kind_of_thing, bucket(&resource));
    act.credential = last(&key);
    act.target_credential = if method.contains("ServiceAccountKey") { last(&made_key) } else { "" };
    act.error = doc.int(CODE).filter(|_| success == Some(false)).map_or("", kind::code);
    act.detail = if success == Some(false) { &detail } else { "" };
    act.begin(doc, when, out);
    cloud(doc, &resource, out);
    if doc.has(CHAIN) {
        out.text(attr::ACTOR_INVOKED_BY, &delegates(doc));
    }
    if success != Some(false)
        && let Some(gap) = gap(doc, &method)
    {
        out.key(Column::Gap, gap);
    }
    act.end(doc, message, out);
    Ok(())
}

/// An entry of another log.
fn other_log(doc: &Doc<'_>, when: Stamp, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    doc.begin(class::BASE_EVENT, 0, when, out);
    out.text(attr::METADATA_PRODUCT_VENDOR, PRODUCT.0);
    out.text(attr::METADATA_PRODUCT_NAME, "Cloud Logging");
    cloud(doc, "", out);
    doc.keep(FROM, out);
    doc.keep(MAIL, out);
    message.push_str(&doc.first(&[TEXT, LOG]));
    doc.end(message, out);
    Ok(())
}

/// Provider and account. The log is of a project, a folder or an organisation; the resource may be of another project.
fn cloud(doc: &Doc<'_>, resource: &str, out: &mut dyn Sink) {
    out.text(attr::METADATA_PROFILES, "cloud");
    out.text(attr::CLOUD_PROVIDER, "GCP");
    let (project, log) = (doc.text(PROJECT), doc.text(LOG));
    let named = |text: &str| {
        let mut parts = text.split('/').skip_while(|p| !matches!(*p, "projects" | "organizations" | "folders"));
        parts.next().and_then(|kind| Some((kind == "projects", parts.next().filter(|n| !matches!(*n, "-" | "_" | ""))?.to_owned())))
    };
    let account = if project.is_empty() { named(resource).filter(|(is_project, _)| *is_project).or_else(|| named(&log)) } else { None };
    let account = account.map_or(project, |(_, name)| Cow::Owned(name));
    out.text(attr::CLOUD_ACCOUNT_UID, &account);
}

/// Failed with a status, or refused one of the permissions it needed.
fn success(doc: &Doc<'_>, method: &str) -> Option<bool> {
    if method.ends_with("loginFailure") {
        return Some(false);
    }
    match doc.int(CODE) {
        Some(code) => Some(code == 0),
        None => {
            let mut refused = false;
            doc.each(GRANTED, |one| refused |= one.starts_with('{') && json::member(one, "granted") == Some("false"));
            Some(!refused)
        }
    }
}

/// The first change of a policy: a role given, else one taken.
#[derive(Debug, Default)]
struct Delta {
    takes: bool,
    role: String,
    user: String,
    group: String,
}

impl Delta {
    fn read(doc: &Doc<'_>) -> Delta {
        let mut first: Option<Delta> = None;
        doc.each(DELTAS, |one| {
            let part = |name| plain(json::member(one, name).unwrap_or_default());
            let takes = part("action") == "REMOVE";
            if first.as_ref().is_none_or(|f| f.takes && !takes) {
                let member = part("member");
                let (kind, name) = member.split_once(':').unwrap_or(("", &member));
                let name = name.to_lowercase();
                let (user, group) = if matches!(kind, "group" | "domain" | "") { (String::new(), name) } else { (name, String::new()) };
                first = Some(Delta { takes, role: part("role").into_owned(), user, group });
            }
        });
        first.unwrap_or_default()
    }
}

/// A policy that was set gives or takes a role; to a group, that is a change of the group. One of which no change is told is an update.
fn settle(kind: Kind, delta: &Delta) -> Kind {
    match kind {
        ROLE_GIVE if delta.takes && !delta.group.is_empty() => GROUP_TAKE,
        ROLE_GIVE if !delta.group.is_empty() => GROUP_GIVE,
        ROLE_GIVE if delta.takes => ROLE_TAKE,
        kind => kind,
    }
}

/// What Google Workspace says in its entries: whose account or group was changed.
#[derive(Debug, Default)]
struct Admin {
    user: String,
    group: String,
    role: String,
}

impl Admin {
    fn read(doc: &Doc<'_>) -> Admin {
        let mut found = Admin::default();
        doc.each(EVENTS, |event| {
            let parameters = json::member(event, "parameter").unwrap_or_default();
            let read = json::elements(parameters, |p| {
                let part = |name| plain(json::member(p, name).unwrap_or_default());
                let slot = match &*part("name") {
                    "USER_EMAIL" => &mut found.user,
                    "GROUP_EMAIL" => &mut found.group,
                    "ROLE_NAME" => &mut found.role,
                    _ => return true,
                };
                *slot = part("value").to_lowercase();
                true
            });
            drop(read);
        });
        found
    }
}

/// The account that was acted on, or that was become.
fn account_acted_on(doc: &Doc<'_>, kind: Kind, delta: &Delta, admin: &Admin) -> String {
    let (class, _) = kind;
    if !admin.user.is_empty() {
        return admin.user.clone();
    }
    match class.uid {
        3005 => delta.user.clone(),
        3006 => String::new(),
        3001 | 3002 if kind != LOGON && kind != LOGOFF && kind != PREAUTH => {
            let named = [MADE_MAIL, LABEL_MAIL].map(|slot| doc.lower(slot)).into_iter().find(|m| !m.is_empty());
            named.map(Cow::into_owned).or_else(|| [NAME, RESOURCE].iter().find_map(|slot| service_account(doc, *slot))).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// `projects/-/serviceAccounts/NAME[/keys/ID]`.
fn service_account(doc: &Doc<'_>, slot: Slot) -> Option<String> {
    let text = doc.text(slot);
    let (_, rest) = text.split_once("serviceAccounts/")?;
    Some(rest.split('/').next().unwrap_or(rest).to_lowercase())
}

/// Those on whose behalf a service account acts, in order: `alice@example.com -> deploy@p.iam.gserviceaccount.com`.
fn delegates(doc: &Doc<'_>) -> String {
    let mut chain = String::new();
    doc.each(CHAIN, |one| {
        let inner = json::member(one, "firstPartyPrincipal").unwrap_or(one);
        let name = json::member(inner, "principalEmail").or_else(|| json::member(one, "principalSubject"));
        if let Some(name) = name {
            chain.extend([if chain.is_empty() { "" } else { " -> " }, &plain(name)]);
        }
    });
    chain
}

/// The bucket of `projects/_/buckets/B/objects/O`; empty for other resources.
fn bucket(resource: &str) -> &str {
    resource.split_once("/buckets/").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(rest))
}

/// What follows the last slash.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether the call, having succeeded, leaves a hole in the logs.
fn gap(doc: &Doc<'_>, method: &str) -> Option<&'static str> {
    let off = |slot| doc.flag(slot) == Some(false);
    let name = last(method).rsplit('.').next().unwrap_or_default();
    match name {
        "DeleteSink" | "DeleteLog" | "DeleteBucket" if method.contains("logging") => Some("disabled"),
        "CreateExclusion" if method.contains("logging") => Some("disabled"),
        "UpdateSink" if doc.flag(DISABLED) == Some(true) => Some("disabled"),
        _ if off(FLOWS) || off(FLOW_LOG) => Some("disabled"),
        _ if doc.raw(AUDIT).is_some_and(|a| a.contains("\"REMOVE\"")) || doc.raw(AUDIT).is_some_and(|a| a.contains("exemptedMember")) => Some("disabled"),
        _ => None,
    }
}
