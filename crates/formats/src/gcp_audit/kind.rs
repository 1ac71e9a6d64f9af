//! What kind of act a method is.

use crate::map::act::{Kind, Line, by_verb, find, kind::*};

/// Methods whose class their verb does not tell. Services put versions before names, so that most lines begin with `*`.
const METHODS: &[Line] = &[
    ("*CreateServiceAccountKey", ACCOUNT_OTHER),
    ("*UploadServiceAccountKey", ACCOUNT_OTHER),
    ("*DeleteServiceAccountKey", ACCOUNT_OTHER),
    ("*ableServiceAccountKey", ACCOUNT_OTHER),
    ("*CreateServiceAccount", ACCOUNT_CREATE),
    ("*DeleteServiceAccount", ACCOUNT_DELETE),
    ("*DisableServiceAccount", ACCOUNT_DISABLE),
    ("*EnableServiceAccount", ACCOUNT_ENABLE),
    ("*UndeleteServiceAccount", ACCOUNT_ENABLE),
    ("*GenerateAccessToken", SWITCH),
    ("*GenerateIdToken", SWITCH),
    ("*SignJwt", SWITCH),
    ("*SignBlob", SWITCH),
    ("*ExchangeToken", TICKET),
    ("*etIamPolicy", ROLE_GIVE),
    ("*etIAMPolicy", ROLE_GIVE),
    ("*setIamPermissions", ROLE_GIVE),
    ("*LoginService.loginSuccess", LOGON),
    ("*LoginService.loginFailure", LOGON),
    ("*LoginService.logout", LOGOFF),
    ("*LoginService.loginVerification", PREAUTH),
    ("*LoginService.loginChallenge", PREAUTH),
    ("*LoginService.passwordEdit", PASSWORD_CHANGE),
    ("*LoginService.2svEnroll", MFA_ENABLE),
    ("*LoginService.2svDisable", MFA_DISABLE),
    ("*LoginService.*", ACCOUNT_OTHER),
    ("*AdminService.addGroupMember", GROUP_ADD),
    ("*AdminService.removeGroupMember", GROUP_REMOVE),
    ("*AdminService.createGroup", GROUP_CREATE),
    ("*AdminService.deleteGroup", GROUP_DELETE),
    ("*AdminService.createUser", ACCOUNT_CREATE),
    ("*AdminService.deleteUser", ACCOUNT_DELETE),
    ("*AdminService.suspendUser", ACCOUNT_DISABLE),
    ("*AdminService.unsuspendUser", ACCOUNT_ENABLE),
    ("*AdminService.changePassword", PASSWORD_RESET),
    ("*AdminService.turnOff2StepVerification", MFA_DISABLE),
    ("*AdminService.assignRole", ROLE_GIVE),
    ("*AdminService.unassignRole", ROLE_TAKE),
    ("*storage.objects.get", DATA_READ),
    ("*storage.objects.list", DATA_LIST),
    ("*storage.objects.create", DATA_WRITE),
    ("*storage.objects.insert", DATA_WRITE),
    ("*storage.objects.update", DATA_UPDATE),
    ("*storage.objects.patch", DATA_UPDATE),
    ("*storage.objects.delete", DATA_DELETE),
    ("*AccessSecretVersion", DATA_READ),
    ("*JobService.InsertJob", DATA_QUERY),
    ("*JobService.GetQueryResults", DATA_READ),
    ("*JobService.Query", DATA_QUERY),
    ("*jobservice.insert", DATA_QUERY),
    ("*jobservice.getqueryresults", DATA_READ),
    ("*jobservice.jobcompleted", DATA_QUERY),
    ("*TableDataService.List", DATA_READ),
    ("*tabledataservice.list", DATA_READ),
    ("*KeyManagementService.Decrypt", DATA_DECRYPT),
    ("*KeyManagementService.Encrypt", DATA_ENCRYPT),
    ("Decrypt", DATA_DECRYPT),
    ("Encrypt", DATA_ENCRYPT),
    ("AsymmetricDecrypt", DATA_DECRYPT),
    ("io.k8s.core.v1.secrets.get", DATA_READ),
    ("io.k8s.core.v1.secrets.list", DATA_READ),
    ("io.k8s.core.v1.secrets.watch", DATA_READ),
    ("io.k8s.core.v1.pods.log.get", DATA_READ),
    ("io.k8s.core.v1.pods.exec.*", CREATE),
    ("io.k8s.core.v1.pods.attach.*", CREATE),
    ("io.k8s.core.v1.pods.portforward.*", CREATE),
    ("io.k8s.core.v1.serviceaccounts.token.create", TICKET),
    ("*setMetadata", UPDATE),
    ("*setCommonInstanceMetadata", UPDATE),
    ("*aggregatedList", READ),
];

/// What kind of act a method is; those that are not listed go by the verb of their last part.
pub(super) fn of(method: &str) -> Kind {
    find(METHODS, method).unwrap_or_else(|| by_verb(method.rsplit('.').next().unwrap_or(method)))
}

/// gRPC's words for its codes, which `status.code` gives as numbers. Source: google.rpc.Code.
pub(super) fn code(number: i64) -> &'static str {
    const WORDS: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    usize::try_from(number).ok().and_then(|n| WORDS.get(n).copied()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods() {
        for (method, kind) in [
            ("google.iam.admin.v1.CreateServiceAccountKey", ACCOUNT_OTHER),
            ("google.iam.admin.v1.CreateServiceAccount", ACCOUNT_CREATE),
            ("v1.compute.instances.insert", CREATE),
            ("beta.compute.instances.aggregatedList", READ),
            ("storage.objects.get", DATA_READ),
            ("SetIamPolicy", ROLE_GIVE),
            ("google.cloud.bigquery.v2.JobService.InsertJob", DATA_QUERY),
            ("google.logging.v2.ConfigServiceV2.DeleteSink", DELETE),
            ("google.logging.v2.ConfigServiceV2.UpdateSink", UPDATE),
            ("io.k8s.core.v1.pods.exec.create", CREATE),
            ("GetResourceBillingInfo", READ),
            ("Getaway", OTHER),
        ] {
            assert_eq!(of(method), kind, "{method}");
        }
    }
}
