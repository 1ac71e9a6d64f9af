//! What a record says.

use std::borrow::Cow;

use event::{Column, Sink, attr};

use crate::{
    Reject, json,
    map::{
        Act, Doc, Slot, Who,
        act::kind::{LOGON, ROLE_GIVE, ROLE_TAKE},
        plain,
    },
};

use super::kind;

crate::table! { FIELDS;
    CARRIED   "AuditData"                 => Hold;
    TIME      "CreationTime"              => Hold;
    MADE      "CreationDate"              => Look;
    GENERATED "TimeGenerated"             => Look;
    OFFICE    "OfficeWorkload"            => Look;
              "OfficeId"                  => Text(METADATA_UID);
              "Id"                        => Text(METADATA_UID);
    OPERATION "Operation"                 => Hold;
              "CorrelationId"             => Text(METADATA_CORRELATION_UID);
              "InterSystemsId"            => Text(METADATA_CORRELATION_UID);
              "Version"                   => Text(METADATA_LOG_VERSION);
    WORKLOAD  "Workload"                  => Hold;
    USER      "UserId"                    => Look;
    KEY       "UserKey"                   => Look;
    KIND      "UserType"                  => Hold;
    IP        "ClientIP"                  => Look;
    IP_LONG   "ClientIPAddress"           => Look;
    ACTOR_IP  "ActorIpAddress"            => Look;
    OBJECT    "ObjectId"                  => Look;
              "OrganizationId"            => Text(CLOUD_ACCOUNT_UID);
              "OrganizationName"          => Text(CLOUD_ACCOUNT_NAME);
    RESULT    "ResultStatus"              => Look;
    ERROR     "LogonError"                => Look;
    SESSION   "SessionId"                 => Look;
    AAD       "AppAccessContext.AADSessionId" => Look;
    TOKEN     "AppAccessContext.UniqueTokenId" => Look;
    AGENT     "UserAgent"                 => Text(HTTP_USER_AGENT);
    INFO      "ClientInfoString"          => Look;
    EXTENDED  "ExtendedProperties"        => Look;
    PARAMS    "Parameters"                => Look;
    CHANGED   "ModifiedProperties"        => Look;
    TARGETS   "Target"                    => Look;
    SHARED    "TargetUserOrGroupName"     => Look;
    SHARED_AS "TargetUserOrGroupType"     => Look;
    SITE      "SiteUrl"                   => Look;
    MAILBOX   "MailboxOwnerUPN"           => Look;
    ITEM      "ItemType"                  => Look;
    TEAM      "TeamName"                  => Look;
    MEMBERS   "Members"                   => Look;
}

const PRODUCT: (&str, &str) = ("Microsoft", "Microsoft 365");

/// Makes the event of a record.
pub(super) fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = doc.time(TIME).or_else(|_| doc.time(MADE)).or_else(|_| doc.time(GENERATED)).map_err(|_| Reject::NoTime { field: "CreationTime" })?.in_utc();
    let operation = doc.text(OPERATION);
    if operation.is_empty() {
        return Err(Reject::Missing { field: "Operation" });
    }
    let workload = doc.first(&[WORKLOAD, OFFICE]);
    let directory = workload.eq_ignore_ascii_case("AzureActiveDirectory") || operation.ends_with('.');
    let (user, key, type_of_user, from) = (doc.lower(USER), doc.first(&[KEY]), doc.first(&[KIND]), doc.first(&[IP, IP_LONG, ACTOR_IP]));
    let (object, item, result, error) = (doc.first(&[OBJECT]), doc.first(&[ITEM]), doc.text(RESULT), doc.first(&[ERROR]));
    let (site, session, token) = (doc.first(&[SITE, MAILBOX]), doc.first(&[AAD, SESSION]), doc.first(&[TOKEN]));
    let about = About::read(doc, directory, &object);
    let kind = kind::of(&operation, directory);
    let success = success(&operation, &result);

    let mut act = Act::new(kind, PRODUCT, &operation);
    act.actor = Who { name: &user, uid: &key, kind: user_type(&type_of_user) };
    act.target = if kind.0.uid == 3002 { Who::default() } else { Who { name: &about.user, ..Who::default() } };
    (act.group, act.privilege, act.service) = (&about.group, &about.role, &workload);
    if act.privilege.is_empty() && matches!(kind, ROLE_GIVE | ROLE_TAKE) {
        act.privilege = "shared";
    }
    (act.resource, act.resource_type, act.store) = (if directory { "" } else { &object }, &item, &site);
    (act.session, act.from, act.success) = (&session, &from, success);
    if kind == LOGON {
        act.target_credential = if success == Some(true) { &token } else { "" };
    } else {
        act.credential = &token;
    }
    act.error = if success == Some(false) { &error } else { "" };
    act.begin(doc, when, out);
    out.text(attr::METADATA_PROFILES, "cloud");
    out.text(attr::CLOUD_PROVIDER, "Microsoft 365");
    agent(doc, out);
    if success != Some(false)
        && let Some(gap) = kind::gap(&operation, |name| property(doc, PARAMS, name).into_owned())
    {
        out.key(Column::Gap, gap);
    }
    act.end(doc, message, out);
    Ok(())
}

fn success(operation: &str, result: &str) -> Option<bool> {
    if operation == "UserLoginFailed" {
        return Some(false);
    }
    match result.to_ascii_lowercase().as_str() {
        "succeeded" | "success" | "true" | "partiallysucceeded" => Some(true),
        "failed" | "failure" | "false" => Some(false),
        // What SharePoint and Exchange say they did, they did.
        _ => Some(true),
    }
}

/// Source: "Office 365 Management Activity API schema", UserType.
fn user_type(number: &str) -> &str {
    match number {
        "0" => "Regular",
        "1" => "Reserved",
        "2" => "Admin",
        "3" => "DcAdmin",
        "4" => "System",
        "5" => "Application",
        "6" => "ServicePrincipal",
        "7" => "CustomPolicy",
        "8" => "SystemPolicy",
        other => other,
    }
}

/// Sign-ins and mailboxes name the client elsewhere.
fn agent(doc: &Doc<'_>, out: &mut dyn Sink) {
    if !doc.has(AGENT) {
        let said = property(doc, EXTENDED, "UserAgent");
        out.text(attr::HTTP_USER_AGENT, if said.is_empty() { doc.first(&[INFO]) } else { said }.as_ref());
    }
}

/// The value of one `{"Name":…,"Value":…}` of a list.
fn property<'a>(doc: &Doc<'a>, slot: Slot, name: &str) -> Cow<'a, str> {
    let mut found = Cow::Borrowed("");
    doc.each(slot, |one| {
        let part = |key| json::member(one, key).map(plain).unwrap_or_default();
        if part("Name") == name {
            found = part("Value");
        }
    });
    found
}

/// Whom and what an act is about.
#[derive(Debug, Default)]
struct About {
    user: String,
    group: String,
    role: String,
}

impl About {
    fn read(doc: &Doc<'_>, directory: bool, object: &str) -> About {
        if directory {
            return About::of_directory(doc, object);
        }
        let param = |names: &[&str]| names.iter().map(|n| property(doc, PARAMS, n)).find(|v| !v.is_empty()).unwrap_or_default().to_lowercase();
        let shared = doc.lower(SHARED).into_owned();
        let to_group = doc.text(SHARED_AS).ends_with("Group");
        let mut member = String::new();
        doc.each(MEMBERS, |one| {
            if member.is_empty() {
                member = json::member(one, "UPN").map(plain).unwrap_or_default().to_lowercase();
            }
        });
        let user = [if to_group { String::new() } else { shared.clone() }, member, param(&["User", "Trustee", "Member", "Members"])];
        let group = [if to_group { shared } else { String::new() }, doc.first(&[TEAM]).into_owned()];
        let role = property(doc, PARAMS, "AccessRights");
        let named = doc.text(OPERATION).contains("RoleGroup");
        About {
            user: user.into_iter().find(|u| !u.is_empty()).unwrap_or_default(),
            group: group.into_iter().find(|g| !g.is_empty()).unwrap_or_else(|| if named { param(&["Identity"]) } else { String::new() }),
            role: if role.is_empty() { property(doc, PARAMS, "Role").into_owned() } else { role.into_owned() },
        }
    }

    /// Entra ID names the account in `ObjectId` and in `Target` (5 is a user principal name), the role and group among what was modified.
    fn of_directory(doc: &Doc<'_>, object: &str) -> About {
        let mut user = if object.contains('@') { object.to_lowercase() } else { String::new() };
        doc.each(TARGETS, |one| {
            let id = json::member(one, "ID").map(plain).unwrap_or_default();
            if user.is_empty() && json::member(one, "Type") == Some("5") {
                user = id.to_lowercase();
            }
        });
        let mut about = About { user, ..About::default() };
        doc.each(CHANGED, |one| {
            let part = |key| json::member(one, key).map(plain).unwrap_or_default();
            let value = if part("NewValue").is_empty() { part("OldValue") } else { part("NewValue") };
            match &*part("Name") {
                "Role.DisplayName" => about.role = value.trim_matches('"').to_owned(),
                "Group.DisplayName" => about.group = value.trim_matches('"').to_owned(),
                _ => {}
            }
        });
        about
    }
}
