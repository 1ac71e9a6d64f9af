//! The members of the records, and which kind a record is.

use std::borrow::Cow;

use event::{Sink, attr};

use crate::{
    Reject,
    map::{Doc, Slot},
    time::Stamp,
};

crate::table! { FIELDS;
    TIME          "time"                    => Hold;
    EVENT_TIME    "eventTimestamp"          => Hold;
    CREATED       "createdDateTime"         => Hold;
    DONE          "activityDateTime"        => Hold;
    GENERATED     "TimeGenerated"           => Look;
    P_CREATED     "properties.createdDateTime" => Look;
    P_DONE        "properties.activityDateTime" => Look;
                  "correlationId"           => Text(METADATA_CORRELATION_UID);
                  "level"                   => Text(METADATA_LOG_LEVEL);
                  "tenantId"                => Text(METADATA_TENANT_UID);
                  "eventDataId"             => Text(METADATA_UID);
                  "id"                      => Text(METADATA_UID);
                  "properties.id"           => Text(METADATA_UID);
                  "operationVersion"        => Text(API_VERSION);
    CATEGORY      "category"                => Look;
    CATEGORY_IN   "category.value"          => Hold;
    OPERATION     "operationName"           => Look;
    OPERATION_IN  "operationName.value"     => Hold;
    DISPLAYED     "activityDisplayName"     => Look;
    P_DISPLAYED   "properties.activityDisplayName" => Look;
    RESOURCE      "resourceId"              => Look;
    RESOURCE_URI  "resourceUri"             => Look;
    SCOPE         "identity.authorization.scope" => Look;
    AUTH_SCOPE    "authorization.scope"     => Look;
    RESOURCE_TYPE "resourceType.value"      => Look;
    SUBSCRIPTION  "subscriptionId"          => Look;
    LOCATION      "location"                => Look;
    RESULT        "resultType"              => Look;
    SIGNATURE     "resultSignature"         => Look;
    DESCRIPTION   "resultDescription"       => Look;
    STATUS        "status.value"            => Look;
    SUB_STATUS    "subStatus.value"         => Look;
    ERROR_CODE    "status.errorCode"        => Look;
    REASON        "status.failureReason"    => Look;
    P_ERROR_CODE  "properties.status.errorCode" => Look;
    P_REASON      "properties.status.failureReason" => Look;
    HTTP_STATUS   "statusCode"              => Look;
    STATUS_TEXT   "statusText"              => Look;
    CALLER        "caller"                  => Look;
    CALLER_IP     "callerIpAddress"         => Look;
    CLIENT_IP     "httpRequest.clientIpAddress" => Look;
    IP            "ipAddress"               => Look;
    P_IP          "properties.ipAddress"    => Look;
    IDENTITY      "identity"                => Look;
    KEY_HASH      "identity.tokenHash"      => Hold;
    CLAIM_UPN     r"claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/upn" => Look;
    CLAIM_NAME    r"claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/name" => Look;
    CLAIM_OBJECT  r"claims.http://schemas\.microsoft\.com/identity/claims/objectidentifier" => Look;
    CLAIM_PLAIN   "claims.name"             => Look;
    CLAIM_APP     "claims.appid"            => Look;
    CLAIM_UTI     "claims.uti"              => Look;
    I_UPN         r"identity.claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/upn" => Hold;
    I_NAME        r"identity.claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/name" => Hold;
    I_OBJECT      r"identity.claims.http://schemas\.microsoft\.com/identity/claims/objectidentifier" => Hold;
    I_PLAIN       "identity.claims.name"    => Hold;
    I_APP         "identity.claims.appid"   => Hold;
    I_IP          "identity.claims.ipaddr"  => Hold;
    I_UTI         "identity.claims.uti"     => Hold;
    REQUESTER     "identity.requester.upn"  => Hold;
    REQUESTER_ID  "identity.requester.objectId" => Hold;
    BODY          "properties.requestbody"  => Look;
    URI           "uri"                     => Look;
    REQUEST_URI   "properties.requestUri"   => Look;
                  "userAgent"               => Text(HTTP_USER_AGENT);
                  "properties.userAgent"    => Text(HTTP_USER_AGENT);
                  "properties.userAgentHeader" => Text(HTTP_USER_AGENT);
                  "properties.clientInfo"   => Text(HTTP_USER_AGENT);
    UPN           "userPrincipalName"       => Look;
    P_UPN         "properties.userPrincipalName" => Look;
    USER_ID       "userId"                  => Look;
    P_USER_ID     "properties.userId"       => Look;
    SP_NAME       "servicePrincipalName"    => Look;
    P_SP_NAME     "properties.servicePrincipalName" => Look;
    SP_ID         "servicePrincipalId"      => Look;
    P_SP_ID       "properties.servicePrincipalId" => Look;
    P_SP_KEY      "properties.servicePrincipalCredentialKeyId" => Look;
    SP_KEY        "servicePrincipalCredentialKeyId" => Look;
    APP           "appDisplayName"          => Look;
    P_APP         "properties.appDisplayName" => Look;
    TARGET_APP    "resourceDisplayName"     => Look;
    P_TARGET_APP  "properties.resourceDisplayName" => Look;
    SESSION       "sessionId"               => Look;
    P_SESSION     "properties.sessionId"    => Look;
    TOKEN         "uniqueTokenIdentifier"   => Look;
    P_TOKEN       "properties.uniqueTokenIdentifier" => Look;
    MFA           "authenticationRequirement" => Look;
    P_MFA         "properties.authenticationRequirement" => Look;
    PROTOCOL      "authenticationProtocol"  => Look;
    P_PROTOCOL    "properties.authenticationProtocol" => Look;
    P_TENANT      "properties.tenantId"     => Look;
    BY            "initiatedBy"             => Look;
    BY_UPN        "initiatedBy.user.userPrincipalName" => Hold;
    BY_NAME       "initiatedBy.user.displayName" => Hold;
    BY_ID         "initiatedBy.user.id"     => Hold;
    BY_IP         "initiatedBy.user.ipAddress" => Hold;
    BY_APP        "initiatedBy.app.displayName" => Hold;
    BY_APP_ID     "initiatedBy.app.servicePrincipalId" => Hold;
                  "properties.initiatedBy"  => Look;
    P_BY_UPN      "properties.initiatedBy.user.userPrincipalName" => Hold;
    P_BY_NAME     "properties.initiatedBy.user.displayName" => Hold;
    P_BY_ID       "properties.initiatedBy.user.id" => Hold;
    P_BY_IP       "properties.initiatedBy.user.ipAddress" => Hold;
    P_BY_APP      "properties.initiatedBy.app.displayName" => Hold;
    P_BY_APP_ID   "properties.initiatedBy.app.servicePrincipalId" => Hold;
    TARGETS       "targetResources"         => Look;
    P_TARGETS     "properties.targetResources" => Look;
    OUTCOME       "result"                  => Look;
    P_OUTCOME     "properties.result"       => Look;
    WHY           "resultReason"            => Look;
    P_WHY         "properties.resultReason" => Look;
    LOGGED_BY     "loggedByService"         => Look;
    P_LOGGED_BY   "properties.loggedByService" => Look;
}

/// Vendor and product of Entra's logs.
pub(super) const ENTRA: (&str, &str) = ("Microsoft", "Entra ID");

/// What kind of record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Somebody signed in to Entra ID, or tried to.
    SignIn,
    /// Something was changed in Entra ID.
    Audit,
    /// Something was done to a resource of Azure.
    Activity,
}

/// Tells the kind of a record.
pub(super) fn shape(doc: &Doc<'_>) -> Shape {
    let category = category(doc);
    if category.to_ascii_lowercase().ends_with("signinlogs") || (doc.has(ERROR_CODE) && doc.has(CREATED)) {
        Shape::SignIn
    } else if category.eq_ignore_ascii_case("AuditLogs") || [DONE, P_DONE, DISPLAYED, P_DISPLAYED, BY].iter().any(|s| doc.has(*s)) {
        Shape::Audit
    } else {
        Shape::Activity
    }
}

/// When it happened, in the first of the places that say so.
pub(super) fn time(doc: &Doc<'_>) -> Result<Stamp, Reject> {
    let places = [TIME, EVENT_TIME, CREATED, DONE, P_CREATED, P_DONE, GENERATED];
    places.into_iter().find_map(|slot| doc.time(slot).ok()).ok_or(Reject::NoTime { field: "time" })
}

pub(super) fn category<'a>(doc: &Doc<'a>) -> Cow<'a, str> {
    word(doc, CATEGORY_IN, CATEGORY)
}

/// A name that is a text, or `{"value":…,"localizedValue":…}`.
pub(super) fn word<'a>(doc: &Doc<'a>, inner: Slot, outer: Slot) -> Cow<'a, str> {
    match doc.raw(outer) {
        Some(raw) if raw.starts_with('{') => doc.text(inner),
        _ => doc.text(outer),
    }
}

/// The first name of a list, in lower case: names of users are mail addresses, or like them.
pub(super) fn name<'a>(doc: &Doc<'a>, slots: &[Slot]) -> Cow<'a, str> {
    let text = doc.first(slots);
    if text.contains('@') { text.to_lowercase().into() } else { text }
}

/// The part after a word in a resource's id: the subscription of `/subscriptions/X/…`.
pub(super) fn part_after<'a>(id: &'a str, word: &str) -> &'a str {
    let mut parts = id.split('/').skip_while(|p| !p.eq_ignore_ascii_case(word));
    parts.nth(1).unwrap_or_default()
}

/// What all kinds have in common.
pub(super) fn cloud(doc: &Doc<'_>, account: &str, out: &mut dyn Sink) {
    out.text(attr::METADATA_PROFILES, "cloud");
    out.text(attr::CLOUD_PROVIDER, "Azure");
    out.text(attr::CLOUD_ACCOUNT_UID, account);
    out.text(attr::METADATA_LOG_NAME, &category(doc));
}
