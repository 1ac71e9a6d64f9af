//! Which OCSF class and activity an operation is.

use event::{Class, class};

/// Who is acted on, which decides where the target is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Nobody; at most a resource.
    Thing,
    /// The IAM user or role in the request.
    Account,
    /// The role that is assumed, or the session that is made.
    Session,
    /// The one who acts.
    Oneself,
    /// An IAM group, and perhaps a user put into it.
    Group,
}

/// Class, activity and target of an operation.
pub(super) type Kind = (Class, u8, Target);

/// What kind of event an operation of a service is. Names that are not listed go by their verb.
pub(super) fn of(service: &str, operation: &str) -> Kind {
    let listed = match service {
        "signin.amazonaws.com" | "sso.amazonaws.com" => sign_in(operation),
        "sts.amazonaws.com" => token(operation),
        "iam.amazonaws.com" => iam(operation),
        _ => None,
    };
    listed.unwrap_or((class::API_ACTIVITY, verb(operation), Target::Thing))
}

fn sign_in(operation: &str) -> Option<Kind> {
    let activity = match operation {
        "ConsoleLogin" | "UserAuthentication" | "Authenticate" | "Federate" => 1,
        "Logout" => 2,
        "CheckMfa" | "CredentialChallenge" | "CredentialVerification" => 6,
        "SwitchRole" | "ExitRole" | "RenewRole" => 7,
        _ => return None,
    };
    Some((class::AUTHENTICATION, activity, Target::Oneself))
}

/// Handing out a ticket (a temporary credential) is authentication in OCSF; taking on a role is an account switch.
fn token(operation: &str) -> Option<Kind> {
    let activity = match operation {
        "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" | "AssumeRoot" => 7,
        "GetSessionToken" | "GetFederationToken" => 3,
        _ => return None,
    };
    Some((class::AUTHENTICATION, activity, Target::Session))
}

fn iam(operation: &str) -> Option<Kind> {
    let account = match operation {
        "CreateUser" | "CreateRole" | "CreateServiceLinkedRole" => 1,
        "CreateLoginProfile" => 2,
        "ChangePassword" => 3,
        "UpdateLoginProfile" => 4,
        "DeleteLoginProfile" => 5,
        "DeleteUser" | "DeleteRole" | "DeleteServiceLinkedRole" => 6,
        "AttachUserPolicy" | "AttachRolePolicy" | "PutUserPolicy" | "PutRolePolicy" => 7,
        "DetachUserPolicy" | "DetachRolePolicy" | "DeleteUserPolicy" | "DeleteRolePolicy" => 8,
        "EnableMFADevice" => 10,
        "DeactivateMFADevice" => 11,
        "CreateAccessKey"
        | "UpdateAccessKey"
        | "DeleteAccessKey"
        | "UpdateUser"
        | "UpdateRole"
        | "UpdateAssumeRolePolicy"
        | "UploadSSHPublicKey"
        | "UpdateSSHPublicKey"
        | "DeleteSSHPublicKey"
        | "CreateServiceSpecificCredential"
        | "ResetServiceSpecificCredential"
        | "PutUserPermissionsBoundary"
        | "DeleteUserPermissionsBoundary"
        | "PutRolePermissionsBoundary"
        | "DeleteRolePermissionsBoundary" => 99,
        _ => 0,
    };
    if account != 0 {
        return Some((class::ACCOUNT_CHANGE, account, Target::Account));
    }
    let group = match operation {
        "AttachGroupPolicy" | "PutGroupPolicy" => 1,
        "DetachGroupPolicy" | "DeleteGroupPolicy" => 2,
        "AddUserToGroup" => 3,
        "RemoveUserFromGroup" => 4,
        "DeleteGroup" => 5,
        "CreateGroup" => 6,
        _ => return None,
    };
    Some((class::GROUP_MANAGEMENT, group, Target::Group))
}

/// API Activity's Create, Read, Update or Delete, from the verb that an operation begins with; 99 for others.
fn verb(operation: &str) -> u8 {
    if operation == "ScheduleKeyDeletion" {
        return 4;
    }
    let operation = operation.strip_prefix("Batch").unwrap_or(operation);
    let end = operation.char_indices().skip(1).find(|(_, c)| !c.is_ascii_lowercase()).map_or(operation.len(), |(i, _)| i);
    match operation.get(..end).unwrap_or_default() {
        "Create" | "Run" | "Allocate" | "Request" | "Import" | "Register" | "Copy" | "Upload" | "Add" | "Publish" | "Issue" | "Provision" | "Purchase" => 1,
        "Get" | "List" | "Describe" | "Head" | "Lookup" | "Search" | "Query" | "Scan" | "Select" | "Download" | "View" | "Check" | "Read" | "Filter"
        | "Test" | "Validate" | "Simulate" | "Preview" | "Estimate" | "Discover" | "Poll" | "Receive" => 2,
        "Put" | "Update" | "Modify" | "Attach" | "Detach" | "Associate" | "Disassociate" | "Authorize" | "Revoke" | "Enable" | "Disable" | "Start" | "Stop"
        | "Reboot" | "Restore" | "Set" | "Tag" | "Untag" | "Change" | "Replace" | "Reset" | "Rotate" | "Assign" | "Unassign" | "Accept" | "Reject"
        | "Cancel" | "Move" | "Swap" | "Resize" | "Suspend" | "Resume" | "Activate" | "Deactivate" | "Complete" | "Lock" | "Unlock" | "Subscribe"
        | "Unsubscribe" | "Invite" | "Promote" | "Switch" | "Merge" => 3,
        "Delete" | "Remove" | "Terminate" | "Deregister" | "Release" | "Purge" | "Destroy" | "Abort" | "Leave" => 4,
        _ => 99,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations() {
        let kind = |s, o| {
            let (class, activity, _) = of(s, o);
            (class.uid, activity)
        };
        assert_eq!(kind("s3.amazonaws.com", "GetObject"), (6003, 2));
        assert_eq!(kind("dynamodb.amazonaws.com", "BatchGetItem"), (6003, 2));
        assert_eq!(kind("kms.amazonaws.com", "Decrypt"), (6003, 99));
        assert_eq!(kind("kms.amazonaws.com", "ScheduleKeyDeletion"), (6003, 4));
        assert_eq!(kind("iam.amazonaws.com", "CreateUser"), (3001, 1));
        assert_eq!(kind("transfer.amazonaws.com", "CreateUser"), (6003, 1));
        assert_eq!(kind("sts.amazonaws.com", "AssumeRole"), (3002, 7));
        assert_eq!(kind("x", "é"), (6003, 99));
    }
}
