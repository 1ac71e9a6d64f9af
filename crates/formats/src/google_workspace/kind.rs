//! What kind of act an event of an application is.

use crate::map::act::{Kind, Line, by_verb, find, kind::*};

/// `application/event`, the event in lower case.
const EVENTS: &[Line] = &[
    ("login/login_success", LOGON),
    ("login/login_failure", LOGON),
    ("login/suspicious_login*", LOGON),
    ("login/logout", LOGOFF),
    ("login/login_verification", PREAUTH),
    ("login/login_challenge", PREAUTH),
    ("login/account_disabled*", ACCOUNT_DISABLE),
    ("login/gov_attack_warning", OTHER),
    ("login/password_edit", PASSWORD_CHANGE),
    ("login/2sv_enroll", MFA_ENABLE),
    ("login/2sv_disable", MFA_DISABLE),
    ("login/passkey_enrolled", MFA_ENABLE),
    ("login/passkey_removed", MFA_DISABLE),
    ("login/*", ACCOUNT_OTHER),
    ("user_accounts/password_edit", PASSWORD_CHANGE),
    ("user_accounts/2sv_enroll", MFA_ENABLE),
    ("user_accounts/2sv_disable", MFA_DISABLE),
    ("user_accounts/titanium_enroll", MFA_ENABLE),
    ("user_accounts/titanium_unenroll", MFA_DISABLE),
    ("user_accounts/*", ACCOUNT_OTHER),
    ("saml/login_success", SERVICE_TICKET),
    ("saml/login_failure", SERVICE_TICKET),
    ("token/authorize", CREATE),
    ("token/revoke", DELETE),
    ("token/activity", READ),
    ("drive/view", DATA_READ),
    ("drive/download", DATA_READ),
    ("drive/preview", DATA_READ),
    ("drive/print", DATA_READ),
    ("drive/copy", DATA_READ),
    ("drive/source_copy", DATA_READ),
    ("drive/create", DATA_CREATE),
    ("drive/upload", DATA_CREATE),
    ("drive/edit", DATA_UPDATE),
    ("drive/rename", DATA_UPDATE),
    ("drive/move", DATA_UPDATE),
    ("drive/untrash", DATA_UPDATE),
    ("drive/trash", DATA_DELETE),
    ("drive/delete", DATA_DELETE),
    ("drive/change_user_access*", ROLE_GIVE),
    ("drive/change_owner*", ROLE_GIVE),
    ("drive/shared_drive_membership_change", ROLE_GIVE),
    ("drive/change_*", UPDATE),
    ("gmail/view", DATA_READ),
    ("gmail/download", DATA_READ),
    ("gmail/trash", DATA_DELETE),
    ("admin/create_user", ACCOUNT_CREATE),
    ("admin/delete_user", ACCOUNT_DELETE),
    ("admin/undelete_user", ACCOUNT_ENABLE),
    ("admin/suspend_user", ACCOUNT_DISABLE),
    ("admin/unsuspend_user", ACCOUNT_ENABLE),
    ("admin/change_password", PASSWORD_RESET),
    ("admin/change_password_on_next_login", ACCOUNT_OTHER),
    ("admin/turn_off_2_step_verification", MFA_DISABLE),
    ("admin/grant_admin_privilege", ROLE_GIVE),
    ("admin/revoke_admin_privilege", ROLE_TAKE),
    ("admin/grant_delegated_admin_privileges", ROLE_GIVE),
    ("admin/assign_role", ROLE_GIVE),
    ("admin/unassign_role", ROLE_TAKE),
    ("admin/add_group_member", GROUP_ADD),
    ("admin/remove_group_member", GROUP_REMOVE),
    ("admin/update_group_member*", GROUP_OTHER),
    ("admin/create_group", GROUP_CREATE),
    ("admin/delete_group", GROUP_DELETE),
    ("admin/customer_takeout_*", DATA_READ),
    ("admin/create_data_transfer_request", DATA_READ),
    ("admin/email_log_search", READ),
    ("groups_enterprise/add_member", GROUP_ADD),
    ("groups_enterprise/remove_member", GROUP_REMOVE),
    ("groups/add_user", GROUP_ADD),
    ("groups/remove_user", GROUP_REMOVE),
];

/// What kind of act an event is; others go by the verb of their name.
pub(super) fn of(application: &str, name: &str) -> Kind {
    let name = name.to_ascii_lowercase();
    find(EVENTS, &format!("{application}/{name}")).unwrap_or_else(|| by_verb(&name))
}

/// Of several events of one activity the one with the highest weight is told: what changes who may do what, then data, then the rest.
pub(super) fn weight(kind: Kind) -> u8 {
    match (kind.0.uid, kind.1) {
        (3001..=3006, _) => 4,
        (6005, _) => 3,
        (_, 1 | 4) => 2,
        (_, 3) => 1,
        _ => 0,
    }
}
