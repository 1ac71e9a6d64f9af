//! GitHub's audit log of organisations and enterprises: as the interface gives it, as it is streamed, and as it is exported; with git events.
//!
//! Source: GitHub documentation, "Audit log events for your organization" and "Streaming the audit log for your enterprise" (docs.github.com).
//! `@timestamp` and `created_at` are milliseconds in GitHub's own files and texts in files of those who re-wrote them.

use event::{Column, Facet, Sink, attr};

use crate::{
    Format, Framing, JsonShape, Parser, Reject,
    map::{
        self, Act, Doc, Slot, Who,
        act::{Kind, Line, by_verb, find, kind::*},
    },
    time::{self, Stamp},
};

/// GitHub audit.
pub struct GithubAudit;

impl Format for GithubAudit {
    fn name(&self) -> &'static str {
        "github_audit"
    }
    fn title(&self) -> &'static str {
        "GitHub audit log"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &[], ids: &["_document_id"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let has = |keys: &[&str]| map::keys(head, keys);
        if has(&["action"]) == 0 || has(&["actor"]) == 0 || has(&["@timestamp", "created_at"]) == 0 {
            return 0;
        }
        let own = has(&["_document_id", "org", "business", "repo", "repository", "actor_location", "operation_type", "programmatic_access_type"]);
        match own {
            2.. => 88,
            1 => 75,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::parser(FIELDS, event)
    }
}

crate::table! { FIELDS;
    TIME      "@timestamp"              => Hold;
    CREATED   "created_at"              => Hold;
              "_document_id"            => Text(METADATA_UID);
              "request_id"              => Text(METADATA_CORRELATION_UID);
    ACTION    "action"                  => Hold;
    ACTOR     "actor"                   => Look;
    ACTOR_ID  "actor_id"                => Look;
    IP        "actor_ip"                => Hold;
              "user_agent"              => Text(HTTP_USER_AGENT);
    USER      "user"                    => Look;
    USER_ID   "user_id"                 => Look;
    ORG       "org"                     => Look;
    BUSINESS  "business"                => Look;
    REPO      "repo"                    => Look;
    REPOSITORY "repository"             => Look;
    TEAM      "team"                    => Look;
    DATA_TEAM "data.team"               => Look;
    ROLE      "permission"              => Look;
    NEW_ROLE  "role"                    => Look;
    TOKEN     "token_id"                => Look;
    HASHED    "hashed_token"            => Look;
    PRINT     "fingerprint"             => Look;
    CONCLUDED "conclusion"              => Look;
}

const PRODUCT: (&str, &str) = ("GitHub", "GitHub");

/// Actions whose class their last word does not tell. Source: GitHub, "Audit log events".
const ACTIONS: &[Line] = &[
    ("git.clone", DATA_READ),
    ("git.fetch", DATA_READ),
    ("git.push", DATA_WRITE),
    ("repo.download_zip", DATA_READ),
    ("user.login", LOGON),
    ("user.failed_login", LOGON),
    ("user.logout", LOGOFF),
    ("org.sso_response", LOGON),
    ("business.sso_response", LOGON),
    ("user.create", ACCOUNT_CREATE),
    ("user.suspend", ACCOUNT_DISABLE),
    ("user.unsuspend", ACCOUNT_ENABLE),
    ("user.destroy", ACCOUNT_DELETE),
    ("user.promote", ROLE_GIVE),
    ("user.demote", ROLE_TAKE),
    ("user.change_password", PASSWORD_CHANGE),
    ("user.forgot_password", PASSWORD_RESET),
    ("user.reset_password", PASSWORD_RESET),
    ("two_factor_authentication.enabled", MFA_ENABLE),
    ("two_factor_authentication.disabled", MFA_DISABLE),
    ("two_factor_authentication.*", ACCOUNT_OTHER),
    ("personal_access_token.*", ACCOUNT_OTHER),
    ("oauth_access.*", ACCOUNT_OTHER),
    ("oauth_authorization.*", ACCOUNT_OTHER),
    ("public_key.*", ACCOUNT_OTHER),
    ("deploy_key.*", ACCOUNT_OTHER),
    ("gpg_key.*", ACCOUNT_OTHER),
    ("org_credential_authorization.*", ACCOUNT_OTHER),
    ("org.add_member", GROUP_ADD),
    ("org.invite_member", GROUP_ADD),
    ("org.remove_member", GROUP_REMOVE),
    ("org.add_outside_collaborator", GROUP_ADD),
    ("org.remove_outside_collaborator", GROUP_REMOVE),
    ("org.update_member", ROLE_GIVE),
    ("business.add_admin", ROLE_GIVE),
    ("business.invite_admin", ROLE_GIVE),
    ("business.remove_admin", ROLE_TAKE),
    ("organization_moderators.add_user", ROLE_GIVE),
    ("organization_moderators.remove_user", ROLE_TAKE),
    ("organization_role.assign", ROLE_GIVE),
    ("organization_role.revoke", ROLE_TAKE),
    ("repo.add_member", ROLE_GIVE),
    ("repo.update_member", ROLE_GIVE),
    ("repo.remove_member", ROLE_TAKE),
    ("team.add_member", GROUP_ADD),
    ("team.remove_member", GROUP_REMOVE),
    ("team.create", GROUP_CREATE),
    ("team.destroy", GROUP_DELETE),
    ("team.add_repository", GROUP_GIVE),
    ("team.update_repository_permission", GROUP_GIVE),
    ("team.remove_repository", GROUP_TAKE),
    ("repo.transfer*", UPDATE),
    ("repo.access", UPDATE),
    ("repo.archived", UPDATE),
    ("org.audit_log_export", READ),
    ("org.audit_log_git_event_export", READ),
    ("workflows.prepared_workflow_job", OTHER),
];

fn kind_of(action: &str) -> Kind {
    find(ACTIONS, action).unwrap_or_else(|| by_verb(action.rsplit('.').next().unwrap_or(action)))
}

/// `@timestamp` is when the event was logged, `created_at` when it happened.
fn time(doc: &Doc<'_>) -> Result<Stamp, Reject> {
    let read = |slot: Slot| Some(time::millis(&doc.text(slot), doc.record.received)).filter(|_| doc.has(slot));
    read(CREATED).or_else(|| read(TIME)).ok_or(Reject::NoTime { field: "@timestamp" })
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = time(doc)?;
    let action = doc.text(ACTION);
    if action.is_empty() {
        return Err(Reject::Missing { field: "action" });
    }
    let (actor, actor_id, user, user_id) = (doc.first(&[ACTOR]), doc.first(&[ACTOR_ID]), doc.first(&[USER]), doc.first(&[USER_ID]));
    let (from, account, repo) = (doc.first(&[IP]), doc.first(&[ORG, BUSINESS]), doc.first(&[REPO, REPOSITORY]));
    let (team, role) = (doc.first(&[TEAM, DATA_TEAM]), doc.first(&[ROLE, NEW_ROLE]));
    let (token, print) = (doc.first(&[TOKEN, HASHED]), doc.first(&[PRINT]));
    let kind = kind_of(&action);
    // Of a token or key that is made the log names the new one in the place of the one in use.
    let makes_token = kind == ACCOUNT_OTHER && !action.starts_with("two_factor");

    let mut act = Act::new(kind, PRODUCT, &action);
    let who = Who { name: &actor, uid: &actor_id, kind: "" };
    let whom = Who { name: &user, uid: if user.is_empty() { "" } else { &user_id }, kind: "" };
    act.actor = if actor.is_empty() && actor_id.is_empty() { whom } else { who };
    act.target = match kind.0.uid {
        3002 => Who::default(),
        3001 if whom.name.is_empty() => act.actor,
        _ => whom,
    };
    act.group = if action.starts_with("team.") { &team } else { &account };
    act.privilege = if !role.is_empty() {
        &role
    } else if matches!(kind, GROUP_GIVE | GROUP_TAKE) {
        &repo
    } else {
        action.split('.').next().unwrap_or_default()
    };
    if !matches!(kind.0.uid, 3005 | 3006) || kind == GROUP_ADD || kind == GROUP_REMOVE {
        act.privilege = &role;
    }
    (act.resource, act.resource_type) = (&repo, if repo.is_empty() { "" } else { "repository" });
    act.from = &from;
    if makes_token {
        act.target_credential = if print.is_empty() { &token } else { &print };
    } else {
        act.credential = &token;
    }
    act.success = Some(!(action.contains("failed") || matches!(&*doc.text(CONCLUDED), "failure" | "timed_out")));
    act.begin(doc, when, out);
    out.text(attr::CLOUD_ACCOUNT_UID, &account);
    out.text(attr::CLOUD_PROVIDER, "GitHub");
    out.text(attr::METADATA_PROFILES, "cloud");
    if matches!(&*action, "audit_log_streaming.destroy" | "audit_log_streaming.disable" | "business.audit_log_streaming.destroy") {
        out.key(Column::Gap, "disabled");
    }
    act.end(doc, message, out);
    Ok(())
}
