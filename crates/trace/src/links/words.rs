//! What a provider's operation does to the resource it names, from its word. One table; names that are not listed go by their OCSF activity.

use event::Relation;

/// Operations that hand out data itself, not a description of it.
const READS: &[&str] = &[
    "GetObject",
    "SelectObjectContent",
    "CopyObject",
    "GetObjectTorrent",
    "GetSecretValue",
    "BatchGetSecretValue",
    "GetParameter",
    "GetParameters",
    "GetParametersByPath",
    "GetParameterHistory",
    "GetPasswordData",
    "GetItem",
    "BatchGetItem",
    "Query",
    "Scan",
    "ExecuteStatement",
    "GetRecords",
    "GetFunction",
    "GetSnapshotBlock",
    "GetAuthorizationToken",
    "DownloadDBLogFilePortion",
    // Google Cloud: objects, secrets, tables.
    "storage.objects.get",
    "*.AccessSecretVersion",
    "google.cloud.bigquery.v2.JobService.Query*",
    "*.tables.getData",
    // Azure and Microsoft 365.
    "GetBlob",
    "SecretGet",
    "*/getSecret/action",
    "FileDownloaded",
    "FileAccessed",
    "FileSyncDownloadedFull",
    "MailItemsAccessed",
    // GitHub.
    "git.clone",
    "git.fetch",
    "repo.download_zip",
];

/// Operations that give somebody control over, or sight of, what they name. `*` stands for any ending (API versions are appended to names).
const GRANTS: &[&str] = &[
    "PutBucketPolicy",
    "PutBucketAcl",
    "PutObjectAcl",
    "PutBucketReplication",
    "AddPermission*",
    "AddLayerVersionPermission*",
    "ModifyImageAttribute",
    "ModifySnapshotAttribute",
    "ModifyDBSnapshotAttribute",
    "ModifyDBClusterSnapshotAttribute",
    "AuthorizeSecurityGroup*",
    "CreateTrustAnchor",
    "CreateProfile",
    "PutKeyPolicy",
    "CreateGrant",
    "CreatePolicyVersion",
    "SetDefaultPolicyVersion",
    "AttachRolePolicy",
    "AssociateIamInstanceProfile",
    "SendCommand",
    "StartSession",
    "SendSSHPublicKey",
    "SendSerialConsoleSSHPublicKey",
    "GetFederationToken",
    "SetIamPolicy",
    "*.SetIamPolicy",
    "storage.setIamPermissions",
    "*/roleAssignments/write",
    "Add member to role*",
    "Add owner to *",
    "Consent to application*",
    "repo.add_member",
    "org.add_member",
    "user.account.privilege.grant",
];

/// Operations that remove or stop what they name.
const ENDS: &[&str] = &["Stop*", "Delete*", "Disable*", "Terminate*", "Deregister*", "Remove*", "Leave*", "Schedule*Deletion", "Revoke*", "Purge*"];

/// Operations that say what there is.
const LISTS: &[&str] = &["List*", "Describe*", "Get*", "Head*", "Lookup*", "Search*", "BatchGet*"];

/// The relation that an operation stands for; `None` where only the OCSF activity can tell.
pub(super) fn relation(operation: &str) -> Option<Relation> {
    let table = [(READS, Relation::Read), (GRANTS, Relation::Granted), (ENDS, Relation::Deleted), (LISTS, Relation::Listed)];
    table.into_iter().find(|(words, _)| words.iter().any(|w| fits(operation, w))).map(|(_, r)| r)
}

fn fits(operation: &str, word: &str) -> bool {
    match word.split_once('*') {
        None => operation == word,
        Some((head, tail)) => operation.strip_prefix(head).is_some_and(|rest| rest.ends_with(tail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_relations() {
        for (word, relation_of) in [
            ("GetObject", Some(Relation::Read)),
            ("GetBucketAcl", Some(Relation::Listed)),
            ("StopLogging", Some(Relation::Deleted)),
            ("AddPermission20150331v2", Some(Relation::Granted)),
            ("ScheduleKeyDeletion", Some(Relation::Deleted)),
            ("storage.objects.get", Some(Relation::Read)),
            ("google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", Some(Relation::Read)),
            ("FileDownloaded", Some(Relation::Read)),
            ("RunInstances", None),
        ] {
            assert_eq!(relation(word), relation_of, "{word}");
        }
    }
}
