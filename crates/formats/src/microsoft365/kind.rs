//! What kind of act an operation is.

use crate::map::act::{Kind, Line, by_verb, find, kind::*};

/// Operations whose class their verb does not tell.
const OPERATIONS: &[Line] = &[
    ("UserLoggedIn", LOGON),
    ("UserLoginFailed", LOGON),
    ("MailboxLogin", LOGON),
    ("TeamsSessionStarted", LOGON),
    ("UserLoggedOff", LOGOFF),
    ("FileDownloaded", DATA_READ),
    ("FileSyncDownloaded*", DATA_READ),
    ("FileAccessed*", DATA_READ),
    ("FilePreviewed", DATA_READ),
    ("FileCopied", DATA_READ),
    ("FileUploaded*", DATA_WRITE),
    ("FileSyncUploaded*", DATA_WRITE),
    ("FileModified*", DATA_UPDATE),
    ("FileRenamed", DATA_UPDATE),
    ("FileMoved", DATA_UPDATE),
    ("FileDeleted*", DATA_DELETE),
    ("FileRecycled", DATA_DELETE),
    ("FileVersions*Deleted", DATA_DELETE),
    ("FolderDeleted*", DATA_DELETE),
    ("FolderCreated", DATA_CREATE),
    ("FolderModified", DATA_UPDATE),
    ("PageViewed*", READ),
    ("ListViewed", READ),
    ("SearchQuery*", DATA_QUERY),
    ("SearchExport*", DATA_READ),
    ("CaseViewed", READ),
    ("MailItemsAccessed", DATA_READ),
    ("MessageBind", DATA_READ),
    ("FolderBind", DATA_READ),
    ("AttachmentAccess", DATA_READ),
    ("MessageRead", DATA_READ),
    ("ChatRetrieved", DATA_READ),
    ("MessagesListed", DATA_LIST),
    ("Send", DATA_WRITE),
    ("SendAs", DATA_WRITE),
    ("SendOnBehalf", DATA_WRITE),
    ("MessageSent", DATA_WRITE),
    ("HardDelete", DATA_DELETE),
    ("SoftDelete", DATA_DELETE),
    ("MoveToDeletedItems", DATA_DELETE),
    ("UpdateInboxRules", UPDATE),
    ("Add-MailboxPermission", ROLE_GIVE),
    ("Remove-MailboxPermission", ROLE_TAKE),
    ("Add-MailboxFolderPermission", ROLE_GIVE),
    ("Set-MailboxFolderPermission", ROLE_GIVE),
    ("Remove-MailboxFolderPermission", ROLE_TAKE),
    ("Add-RecipientPermission", ROLE_GIVE),
    ("Remove-RecipientPermission", ROLE_TAKE),
    ("New-ManagementRoleAssignment", ROLE_GIVE),
    ("Remove-ManagementRoleAssignment", ROLE_TAKE),
    ("Add-RoleGroupMember", GROUP_ADD),
    ("Remove-RoleGroupMember", GROUP_REMOVE),
    ("AddedToSecureLink", ROLE_GIVE),
    ("RemovedFromSecureLink", ROLE_TAKE),
    ("SharingSet", ROLE_GIVE),
    ("SharingInvitationCreated", ROLE_GIVE),
    ("SharingRevoked", ROLE_TAKE),
    ("AddedToGroup", GROUP_ADD),
    ("RemovedFromGroup", GROUP_REMOVE),
    ("SiteCollectionAdminAdded", ROLE_GIVE),
    ("SiteCollectionAdminRemoved", ROLE_TAKE),
    ("AnonymousLinkUsed", DATA_READ),
    ("SecureLinkUsed", DATA_READ),
    ("CompanyLinkUsed", DATA_READ),
    ("*LinkCreated", CREATE),
    ("*LinkUpdated", UPDATE),
    ("*LinkRemoved", DELETE),
    ("MemberAdded", GROUP_ADD),
    ("MemberRemoved", GROUP_REMOVE),
    ("TeamCreated", GROUP_CREATE),
    ("TeamDeleted", GROUP_DELETE),
];

/// What kind of act an operation is; `directory`: it is one of Entra ID's, which end with a full stop here.
pub(super) fn of(operation: &str, directory: bool) -> Kind {
    find(OPERATIONS, operation).unwrap_or_else(|| {
        let plain = operation.trim_end_matches(['.', ' ']);
        if directory { crate::azure::of_directory(plain) } else { by_verb(plain) }
    })
}

/// Whether an operation with these parameters, having succeeded, leaves a hole in the logs.
pub(super) fn gap(operation: &str, parameter: impl Fn(&str) -> String) -> Option<&'static str> {
    let is = |name: &str, value: &str| parameter(name).eq_ignore_ascii_case(value);
    let off = match operation {
        "Set-AdminAuditLogConfig" => is("UnifiedAuditLogIngestionEnabled", "False") || is("AdminAuditLogEnabled", "False"),
        "Set-Mailbox" => is("AuditEnabled", "False"),
        "Set-OrganizationConfig" => is("AuditDisabled", "True"),
        "Set-MailboxAuditBypassAssociation" => is("AuditBypassEnabled", "True"),
        _ => false,
    };
    off.then_some("disabled")
}
