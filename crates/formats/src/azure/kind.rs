//! What kind of act an operation is. Operations are compared in lower case.

use crate::map::act::{Kind, Line, by_verb, find, kind::*};

/// Operations on resources that their last word does not tell.
const RESOURCES: &[Line] = &[
    ("microsoft.authorization/roleassignments/write", ROLE_GIVE),
    ("microsoft.authorization/roleassignments/delete", ROLE_TAKE),
    ("microsoft.authorization/elevateaccess/action", ROLE_GIVE),
    ("*/runcommand/action", CREATE),
    ("*/runcommands/write", CREATE),
    ("*/extensions/write", CREATE),
    ("*/connect/action", CREATE),
    ("*/begingetaccess/action", DATA_READ),
    ("*/publishxml/action", DATA_READ),
    ("*/listkeys/action", DATA_READ),
    ("*/listsecrets/action", DATA_READ),
    ("*/listaccountsas/action", DATA_READ),
    ("*/listservicesas/action", DATA_READ),
    ("*/listconnectionstrings/action", DATA_READ),
    ("*/listadminkeys/action", DATA_READ),
    ("*/listcredentials/action", DATA_READ),
    ("*/listclusteradmincredential/action", DATA_READ),
    ("*/listclusterusercredential/action", DATA_READ),
    ("*/getsecret/action", DATA_READ),
    ("*/config/list/action", DATA_READ),
    ("getblob", DATA_READ),
    ("getfile", DATA_READ),
    ("readfile", DATA_READ),
    ("queryentit*", DATA_READ),
    ("getmessage*", DATA_READ),
    ("copyblob*", DATA_WRITE),
    ("putblo*", DATA_WRITE),
    ("putpage", DATA_WRITE),
    ("appendblock*", DATA_WRITE),
    ("setblob*", DATA_UPDATE),
    ("deleteblob", DATA_DELETE),
    ("deletecontainer", DATA_DELETE),
    ("listblobs", DATA_LIST),
    ("listcontainers", DATA_LIST),
    ("secretget", DATA_READ),
    ("secretset", DATA_WRITE),
    ("secretdelete", DATA_DELETE),
    ("secretpurge", DATA_DELETE),
    ("secretlist*", DATA_LIST),
    ("secretbackup", DATA_READ),
    ("keydecrypt", DATA_DECRYPT),
    ("keyunwrap", DATA_DECRYPT),
    ("keyencrypt", DATA_ENCRYPT),
    ("keywrap", DATA_ENCRYPT),
    ("keybackup", DATA_READ),
    ("certificateget", DATA_READ),
];

/// Operations of Entra's audit log.
const DIRECTORY: &[Line] = &[
    ("add user", ACCOUNT_CREATE),
    ("invite external user*", ACCOUNT_CREATE),
    ("delete user", ACCOUNT_DELETE),
    ("hard delete user", ACCOUNT_DELETE),
    ("restore user", ACCOUNT_ENABLE),
    ("enable account", ACCOUNT_ENABLE),
    ("disable account", ACCOUNT_DISABLE),
    ("reset user password", PASSWORD_RESET),
    ("reset password (by admin)", PASSWORD_RESET),
    ("*password (self-service)", PASSWORD_CHANGE),
    ("change user password", PASSWORD_CHANGE),
    ("set force change user password", ACCOUNT_OTHER),
    ("update user", ACCOUNT_OTHER),
    ("user registered security info", MFA_ENABLE),
    ("user registered all required security info", MFA_ENABLE),
    ("admin registered security info", MFA_ENABLE),
    ("user deleted security info", MFA_DISABLE),
    ("admin deleted security info", MFA_DISABLE),
    ("enable strong authentication", MFA_ENABLE),
    ("disable strong authentication", MFA_DISABLE),
    ("add member to role*", ROLE_GIVE),
    ("add eligible member to role*", ROLE_GIVE),
    ("add scoped member to role", ROLE_GIVE),
    ("remove member from role*", ROLE_TAKE),
    ("remove eligible member from role*", ROLE_TAKE),
    ("delete role assignment*", ROLE_TAKE),
    ("remove role assignment*", ROLE_TAKE),
    ("add role assignment*", ROLE_GIVE),
    ("add app role assignment grant to user", ROLE_GIVE),
    ("add app role assignment to service principal", ROLE_GIVE),
    ("user has elevated their access*", ROLE_GIVE),
    ("add member to group", GROUP_ADD),
    ("remove member from group", GROUP_REMOVE),
    ("add owner to group", GROUP_GIVE),
    ("add group", GROUP_CREATE),
    ("delete group", GROUP_DELETE),
    ("hard delete group", GROUP_DELETE),
    ("update group", GROUP_OTHER),
    ("add service principal credentials", ACCOUNT_OTHER),
    ("remove service principal credentials", ACCOUNT_OTHER),
    ("update application*ertificates and secrets management*", ACCOUNT_OTHER),
    ("add service principal", ACCOUNT_CREATE),
    ("remove service principal", ACCOUNT_DELETE),
    ("consent to application", UPDATE),
    ("add delegated permission grant", UPDATE),
];

/// What kind of act an operation on a resource is.
pub(super) fn of_resource(operation: &str) -> Kind {
    let lower = operation.to_lowercase();
    find(RESOURCES, &lower).unwrap_or_else(|| match lower.rsplit('/').next().unwrap_or_default() {
        "write" => UPDATE,
        "delete" => DELETE,
        "read" => READ,
        "action" => by_verb(operation.rsplit('/').nth(1).unwrap_or_default()),
        _ => by_verb(operation),
    })
}

/// What kind of act an operation of Entra's audit log is.
pub(crate) fn of_directory(operation: &str) -> Kind {
    let lower = operation.trim().to_lowercase();
    if lower.starts_with("update application") && lower.contains("secrets management") {
        return ACCOUNT_OTHER;
    }
    find(DIRECTORY, &lower).unwrap_or_else(|| by_verb(operation))
}

/// Whether an operation, having succeeded, leaves a hole in the logs.
pub(super) fn gap(operation: &str) -> Option<&'static str> {
    let ends = |word: &str| operation.len() >= word.len() && operation.get(operation.len() - word.len()..).is_some_and(|e| e.eq_ignore_ascii_case(word));
    let off = ["microsoft.insights/diagnosticsettings/delete", "/flowlogs/delete", "microsoft.operationalinsights/workspaces/delete", "/eventhubs/delete"];
    off.iter().any(|word| ends(word)).then_some("disabled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations() {
        for (operation, kind) in [
            ("Microsoft.Compute/virtualMachines/write", UPDATE),
            ("MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE", DELETE),
            ("Microsoft.Storage/storageAccounts/listKeys/action", DATA_READ),
            ("Microsoft.Compute/virtualMachines/start/action", UPDATE),
            ("Microsoft.Authorization/roleAssignments/write", ROLE_GIVE),
            ("GetBlob", DATA_READ),
            ("GetBlobProperties", READ),
        ] {
            assert_eq!(of_resource(operation), kind, "{operation}");
        }
        for (operation, kind) in [
            ("Add member to role completed (PIM activation)", ROLE_GIVE),
            ("Update application – Certificates and secrets management ", ACCOUNT_OTHER),
            ("Update conditional access policy", UPDATE),
            ("Reset password (self-service)", PASSWORD_CHANGE),
        ] {
            assert_eq!(of_directory(operation), kind, "{operation}");
        }
        assert_eq!(gap("Microsoft.Insights/diagnosticSettings/delete"), Some("disabled"));
    }
}
