//! Logs that nobody here wrote: Stratus Red Team run against an AWS account, as CloudTrail saw it. Skipped where the data are not there.

use std::collections::BTreeSet;

use event::{Entity, Event};
use trace::{
    Scope,
    scope::{Answer, Status, Verdict},
    timeline,
};

use crate::logs::{Store, events, root, texts};

/// Stratus Red Team's techniques (stratus-red-team.cloud, attack techniques of AWS) that these logs show, and the call that each rests on.
pub const TECHNIQUES: &[(&str, &str)] = &[
    ("aws.credential-access.ec2-get-password-data", "GetPasswordData"),
    ("aws.credential-access.secretsmanager-retrieve-secrets", "GetSecretValue"),
    ("aws.credential-access.ssm-retrieve-securestring-parameters", "GetParameters"),
    ("aws.defense-evasion.cloudtrail-delete", "DeleteTrail"),
    ("aws.defense-evasion.cloudtrail-event-selectors", "PutEventSelectors"),
    ("aws.defense-evasion.cloudtrail-lifecycle-rule", "PutBucketLifecycle"),
    ("aws.defense-evasion.cloudtrail-stop", "StopLogging"),
    ("aws.defense-evasion.organizations-leave", "LeaveOrganization"),
    ("aws.defense-evasion.vpc-remove-flow-logs", "DeleteFlowLogs"),
    ("aws.discovery.ec2-download-user-data", "DescribeInstanceAttribute"),
    ("aws.execution.ec2-launch-unusual-instances", "RunInstances"),
    ("aws.execution.ec2-user-data", "ModifyInstanceAttribute"),
    ("aws.exfiltration.ec2-security-group-open-port-22-ingress", "AuthorizeSecurityGroupIngress"),
    ("aws.exfiltration.ec2-share-ami", "ModifyImageAttribute"),
    ("aws.exfiltration.ec2-share-ebs-snapshot", "ModifySnapshotAttribute"),
    ("aws.exfiltration.rds-share-snapshot", "ModifyDBSnapshotAttribute"),
    ("aws.exfiltration.s3-backdoor-bucket-policy", "PutBucketPolicy"),
    ("aws.initial-access.console-login-without-mfa", "ConsoleLogin"),
    ("aws.persistence.iam-backdoor-role", "UpdateAssumeRolePolicy"),
    ("aws.persistence.iam-backdoor-user", "CreateAccessKey"),
    ("aws.persistence.iam-create-admin-user", "AttachUserPolicy"),
    ("aws.persistence.iam-create-user-login-profile", "CreateLoginProfile"),
    ("aws.persistence.lambda-backdoor-function", "AddPermission20150331v2"),
    ("aws.persistence.lambda-overwrite-code", "UpdateFunctionCode20150331v2"),
    ("aws.persistence.rolesanywhere-create-trust-anchor", "CreateTrustAnchor"),
];

fn store() -> Option<Store> {
    let dir = root().join("../shared/data/cloud/invictus-aws/CloudTrail");
    if !dir.exists() {
        println!("skipped: {} is not there", dir.display());
        return None;
    }
    Some(Store::new(events(&texts(&dir), "2023-07-11T00:00:00Z")))
}

fn from(store: &Store, indicator: &str) -> Answer {
    store.scope(Scope::new(&[indicator.parse().unwrap()], None))
}

fn status(answer: &Answer, entity: &str) -> Option<Status> {
    let e: Entity = entity.parse().unwrap();
    answer.nodes.iter().find(|n| n.entity == e).map(|n| n.status)
}

#[test]
fn techniques_of_the_attacker_are_on_the_time_line() {
    let Some(store) = store() else { return };
    for indicator in ["user:arn:aws:iam::123837392027:user/bert-jan", "ip:192.168.10.20", "credential:AKIATFQR7NSC8Q4X20BJ"] {
        let answer = from(&store, indicator);
        let acts = answer.acts();
        let own: Vec<Event> = store.events.iter().filter(|e| acts.has(*e)).cloned().collect();
        assert!(own.iter().all(|e| answer.filter().matches(e) || answer.edges.iter().any(|x| x.event == event::Fields::id(e))));
        let line = timeline(&own);
        let done: BTreeSet<&str> = line.iter().map(|m| m.operation.as_str()).collect();
        let missing: Vec<_> = TECHNIQUES
            .iter()
            .filter(|(_, call)| !done.contains(call))
            .map(|(t, _)| t)
            .filter(|t| !t.contains("console-login") || indicator.starts_with("user"))
            .collect();
        assert!(missing.is_empty(), "from {indicator}: {missing:?}");
        assert!(line.len() * 4 < own.len(), "{} events are told in {} lines", own.len(), line.len());
        assert!(line.iter().map(|m| m.count).sum::<u64>() == own.len() as u64);
        println!(
            "from {indicator}: {} nodes, {} hops, {} of {} events in {} lines",
            answer.nodes.len(),
            answer.edges.len(),
            own.len(),
            store.events.len(),
            line.len()
        );
    }
}

#[test]
fn scope_of_the_attacker_holds_what_it_took() {
    let Some(store) = store() else { return };
    let answer = from(&store, "user:arn:aws:iam::123837392027:user/bert-jan");
    assert!(answer.entry.contains(&"ip:192.168.10.20".parse().unwrap()), "{:?}", answer.entry);
    let iam = "user:arn:aws:iam::123837392027";
    for (entity, want) in [
        (format!("{iam}:user/malicious-iam-user"), Status::Controlled),
        (format!("{iam}:user/stratus-red-team-backdoor-u-user"), Status::Controlled),
        (format!("{iam}:role/stratus-red-team-backdoor-r-role"), Status::Controlled),
        (format!("{iam}:role/stratus-red-team-ec2-steal-credentials-role"), Status::Controlled),
        ("session:arn:aws:sts::123837392027:assumed-role/stratus-red-team-ec2-steal-credentials-role/i-0dbc91f429e48eeed".into(), Status::Controlled),
        ("account:123837392027".into(), Status::Reached),
    ] {
        assert_eq!(status(&answer, &entity), Some(want), "{entity}");
    }
    assert_eq!(status(&answer, "user:arn:aws:iam::123837392027:user/benjamin"), None);
    assert!(answer.nodes.iter().any(|n| n.also.contains(&Status::Exposed) && n.entity.value.contains(":secret:")));
    assert_eq!(answer.exfiltration.verdict, Verdict::Seen);
    assert!(answer.not_visible.iter().any(|b| b.text.contains("no data events")));
    assert!(answer.not_visible.iter().any(|b| b.what == "gap"));
}

#[test]
fn another_user_of_the_account_is_not_drawn_in() {
    let Some(store) = store() else { return };
    let answer = from(&store, "user:arn:aws:iam::123837392027:user/benjamin");
    assert!(answer.nodes.len() > 3);
    assert!(answer.nodes.iter().all(|n| !n.entity.value.contains("bert-jan") && !n.entity.value.contains("stratus")), "{:?}", answer.nodes);
}
