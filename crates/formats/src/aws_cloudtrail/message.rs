//! One line for a person: `alice read s3 object customer-exports/2026.csv from 203.0.113.66`.

use super::{actor::Actor, target::Aim};

/// What a message is made from.
pub(super) struct Said<'a> {
    pub actor: &'a Actor<'a>,
    pub aim: &'a Aim<'a>,
    pub service: &'a str,
    pub operation: &'a str,
    pub from: &'a str,
    /// Error code, or the reason of a failed login; empty for success.
    pub error: &'a str,
    pub failed: bool,
    /// An insight: nobody called anything.
    pub insight: bool,
}

/// Writes the line into `out`, which is emptied first.
pub(super) fn write(said: &Said<'_>, out: &mut String) {
    out.clear();
    if said.insight {
        return push(out, &["unusual activity at ", said.service, " (CloudTrail insight)"]);
    }
    out.push_str(said.actor.short());
    if said.failed {
        out.push_str(" failed to");
    }
    act(said, out);
    if !said.from.is_empty() {
        push(out, &[" from ", said.from]);
    }
    if said.failed && !said.error.is_empty() {
        push(out, &[": ", said.error]);
    }
}

fn act(said: &Said<'_>, out: &mut String) {
    let (aim, failed) = (said.aim, said.failed);
    let service = said.service.split('.').next().unwrap_or_default();
    let verb = |done: &'static str, todo: &'static str| if failed { todo } else { done };
    let object = aim.resource.split_once(":s3:::").map(|(_, path)| path).filter(|path| path.contains('/'));
    match (said.operation, object) {
        ("ConsoleLogin", _) => out.push_str(verb(" logged in to the console", " log in to the console")),
        ("AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity", _) => push(out, &[verb(" assumed role ", " assume role "), short(&aim.user)]),
        ("CreateAccessKey", _) if !aim.user_name.is_empty() => {
            push(out, &[verb(" created access key ", " create an access key"), &aim.credential, " for ", &aim.user_name]);
        }
        ("CreateUser" | "CreateRole" | "DeleteUser" | "DeleteRole", _) if !aim.user_name.is_empty() => {
            let made = said.operation.starts_with("Create");
            let what = if said.operation.ends_with("User") { "user " } else { "role " };
            push(out, &[if made { verb(" created ", " create ") } else { verb(" deleted ", " delete ") }, what, &aim.user_name]);
        }
        ("AttachUserPolicy" | "AttachRolePolicy" | "PutUserPolicy" | "PutRolePolicy", _) if !aim.policy.is_empty() => {
            push(out, &[verb(" gave policy ", " give policy "), short(&aim.policy), " to ", short(&aim.user)]);
        }
        ("AddUserToGroup", _) if !aim.group.is_empty() => push(out, &[verb(" put user ", " put user "), &aim.user_name, " into group ", &aim.group]),
        ("StopLogging", _) => push(out, &[verb(" stopped logging of ", " stop logging of "), short(&aim.resource)]),
        ("DeleteTrail", _) => push(out, &[verb(" deleted trail ", " delete trail "), short(&aim.resource)]),
        ("GetObject", Some(path)) => push(out, &[verb(" read", " read"), " s3 object ", path]),
        ("PutObject", Some(path)) => push(out, &[verb(" wrote", " write"), " s3 object ", path]),
        ("DeleteObject", Some(path)) => push(out, &[verb(" deleted", " delete"), " s3 object ", path]),
        ("ListObjects" | "ListObjectsV2", _) => push(out, &[verb(" listed", " list"), " s3 bucket ", short(&aim.resource)]),
        _ => {
            push(out, &[verb(" called ", " call "), service, " ", said.operation]);
            if !aim.resource.is_empty() {
                push(out, &[" on ", short(&aim.resource)]);
            }
        }
    }
}

fn push(out: &mut String, parts: &[&str]) {
    parts.iter().for_each(|p| out.push_str(p));
}

/// An ARN without its first five parts; any other id as it is.
fn short(id: &str) -> &str {
    if id.starts_with("arn:") { id.splitn(6, ':').nth(5).unwrap_or(id) } else { id }
}
