//! What was done to Azure's resources: the activity log, and the logs of storage accounts, key vaults and other resources.

use event::{Column, Sink, attr};

use crate::{
    Reject, json,
    map::{
        Act, Doc, Who,
        act::kind::{ROLE_GIVE, ROLE_TAKE},
        plain,
    },
};

use super::{fields::*, kind};

const AZURE: (&str, &str) = ("Microsoft", "Azure");

/// Makes the event of an activity.
pub(super) fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = time(doc)?;
    let operation = word(doc, OPERATION_IN, OPERATION);
    let who = name(doc, &[I_UPN, CLAIM_UPN, REQUESTER, I_NAME, CLAIM_NAME, I_PLAIN, CLAIM_PLAIN, CALLER, I_APP, CLAIM_APP]);
    let uid = doc.first(&[I_OBJECT, CLAIM_OBJECT, REQUESTER_ID]);
    let (from, key) = (doc.first(&[CALLER_IP, CLIENT_IP, I_IP]), doc.first(&[I_UTI, CLAIM_UTI, KEY_HASH]));
    let (uri, resource_type) = (doc.first(&[URI, REQUEST_URI]), doc.text(RESOURCE_TYPE));
    let id = doc.first(&[RESOURCE, RESOURCE_URI, SCOPE, AUTH_SCOPE]);
    let kind = kind::of_resource(&operation);
    let grant = Grant::read(doc, &operation, &who, &uid);
    let (error, detail) = (doc.first(&[SUB_STATUS, STATUS_TEXT, SIGNATURE]), doc.text(DESCRIPTION));
    let provider = provider(&operation);

    let mut act = Act::new(kind, AZURE, if operation.is_empty() { "?" } else { &operation });
    act.actor = Who { name: &who, uid: &uid, kind: "" };
    act.target = Who { name: &grant.name, uid: &grant.id, kind: "" };
    act.privilege = &grant.role;
    (act.service, act.from, act.credential) = (provider, &from, &key);
    // Of data the object itself, without the signature that may be in its address.
    act.resource = if uri.is_empty() { &id } else { uri.split('?').next().unwrap_or(&uri) };
    (act.resource_type, act.store) = (&resource_type, &id);
    act.success = success(doc);
    if act.success == Some(false) {
        (act.error, act.detail) = (&error, &detail);
    }
    act.begin(doc, when, out);
    let subscription = doc.text(SUBSCRIPTION);
    cloud(doc, if subscription.is_empty() { part_after(&id, "subscriptions") } else { &subscription }, out);
    if !doc.raw(LOCATION).is_some_and(|l| l.starts_with('{')) {
        out.text(attr::CLOUD_REGION, &doc.text(LOCATION));
    }
    out.text(attr::HTTP_URL, &uri);
    if act.success == Some(true)
        && let Some(gap) = kind::gap(&operation)
    {
        out.key(Column::Gap, gap);
    }
    act.end(doc, message, out);
    Ok(())
}

/// An operation is told when it starts and when it ends; only the end has an outcome.
fn success(doc: &Doc<'_>) -> Option<bool> {
    if let Some(code) = doc.int(HTTP_STATUS) {
        return Some(code < 400);
    }
    match doc.first(&[RESULT, STATUS]).to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "succeed" | "ok" | "completed" => Some(true),
        "failure" | "failed" | "clienterror" | "unauthorized" | "forbidden" => Some(false),
        _ => match doc.int(SIGNATURE) {
            Some(code @ 200..600) => Some(code < 400),
            _ => None,
        },
    }
}

/// `Microsoft.Compute` of `Microsoft.Compute/virtualMachines/write`.
fn provider(operation: &str) -> &str {
    operation.split_once('/').map_or("", |(provider, _)| provider)
}

/// Whom a role assignment gives what.
#[derive(Debug, Default)]
struct Grant {
    name: String,
    id: String,
    role: String,
}

/// Roles that every tenant has, by the last part of their id. Source: Microsoft, "Azure built-in roles".
const ROLES: [(&str, &str); 6] = [
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"),
    ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"),
    ("f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"),
    ("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner"),
];

impl Grant {
    /// Reads the request; who elevates their own access names nobody else.
    fn read(doc: &Doc<'_>, operation: &str, who: &str, uid: &str) -> Grant {
        if operation.to_ascii_lowercase().ends_with("elevateaccess/action") {
            return Grant { name: who.to_owned(), id: uid.to_owned(), role: "User Access Administrator".to_owned() };
        }
        if !matches!(kind::of_resource(operation), ROLE_GIVE | ROLE_TAKE) {
            return Grant::default();
        }
        let body = doc.text(BODY);
        let inner = member(&body, "properties").unwrap_or(&body);
        let part = |name| member(inner, name).map(plain).unwrap_or_default();
        let role = part("roleDefinitionId");
        let role = role.rsplit('/').next().unwrap_or_default();
        let known = ROLES.iter().find(|(id, _)| id.eq_ignore_ascii_case(role)).map_or(role, |(_, name)| name);
        Grant { name: String::new(), id: part("principalId").into_owned(), role: known.to_owned() }
    }
}

/// The member of an object, whatever the case of its name.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let read = json::members(object, |key, value| {
        if key.eq_ignore_ascii_case(name) {
            found = Some(value);
        }
    });
    read.ok().and(found)
}
