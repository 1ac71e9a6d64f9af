//! Sign-ins to Entra ID: of people, with and without them at the keyboard, of applications and managed identities.

use event::{Sink, attr};

use crate::{
    Reject,
    map::{Act, Doc, Who, act::kind::LOGON},
};

use super::fields::*;

/// Makes the event of a sign-in.
pub(super) fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = time(doc)?;
    let operation = word(doc, OPERATION_IN, OPERATION);
    let who = name(doc, &[UPN, P_UPN, SP_NAME, P_SP_NAME, CALLER, IDENTITY]);
    let uid = doc.first(&[USER_ID, P_USER_ID, SP_ID, P_SP_ID]);
    let (from, service) = (doc.first(&[IP, P_IP, CALLER_IP]), doc.first(&[TARGET_APP, P_TARGET_APP, APP, P_APP]));
    let (session, token, key) = (doc.first(&[SESSION, P_SESSION]), doc.first(&[TOKEN, P_TOKEN]), doc.first(&[SP_KEY, P_SP_KEY]));
    let (code, reason) = (doc.first(&[ERROR_CODE, P_ERROR_CODE, RESULT]), doc.first(&[REASON, P_REASON, DESCRIPTION]));
    let success = (!code.is_empty()).then(|| matches!(&*code, "0" | "Success"));
    let mut act = Act::new(LOGON, ENTRA, if operation.is_empty() { "Sign-in activity" } else { &operation });
    act.actor = Who { name: &who, uid: &uid, kind: "" };
    (act.service, act.from, act.success) = (&service, &from, success);
    (act.session, act.credential) = (&session, &key);
    act.target_credential = if success == Some(true) { &token } else { "" };
    if success == Some(false) {
        (act.error, act.detail) = (&code, &reason);
    }
    act.begin(doc, when, out);
    let resource = doc.text(RESOURCE);
    let tenant = [doc.text(P_TENANT), part_after(&resource, "tenants").to_owned().into()].into_iter().find(|t| !t.is_empty()).unwrap_or_default();
    cloud(doc, &tenant, out);
    if act.settled() == LOGON {
        how(doc, out);
    }
    act.end(doc, message, out);
    Ok(())
}

/// By what means.
fn how(doc: &Doc<'_>, out: &mut dyn Sink) {
    match &*doc.first(&[MFA, P_MFA]) {
        "multiFactorAuthentication" => out.flag(attr::IS_MFA, true),
        "singleFactorAuthentication" => out.flag(attr::IS_MFA, false),
        _ => {}
    }
    let protocol = doc.first(&[PROTOCOL, P_PROTOCOL]);
    out.text(attr::AUTH_PROTOCOL, if protocol == "none" { "" } else { &protocol });
}
