//! A record's meaning, said to the sink.

use event::{Attr, Class, Column, Mark, Sink, Time, attr, class, entity::canonical_ip};

use crate::{Record, Reject, json, time};

use super::{
    actor::Actor,
    fields::{Fields, plain},
    kind::{self, Target},
    message::{self, Said},
    target::{self, Aim},
};

/// Buffers that are kept from one record to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    line: String,
}

/// Makes the event of a record.
pub(super) fn event(f: &Fields<'_>, record: &Record<'_>, utf8: bool, scratch: &mut Scratch, out: &mut dyn Sink) -> Result<(), Reject> {
    let said_time = plain(Some(f.event_time.ok_or(Reject::Missing { field: "eventTime" })?));
    let insight = || f.insight.and_then(|i| json::member(i, "eventSource"));
    let operation = plain(Some(f.event_name.or(f.event_type).ok_or(Reject::Missing { field: "eventName" })?));
    let service = plain(Some(f.event_source.or_else(insight).ok_or(Reject::Missing { field: "eventSource" })?));
    let when = time::of(&said_time, record.received);
    let actor = Actor::read(f.user_identity);
    // An insight tells of many calls and is none itself.
    let (mut class, mut activity, mut target) = if f.insight.is_some() { OTHER_CALL } else { kind::of(&service, &operation) };
    let mut aim = target::aim(f, &actor, target);
    if !has_subject(class, &aim, &actor) {
        (class, activity, target) = OTHER_CALL;
        aim = target::aim(f, &actor, target);
    }
    let failure = failure(f, class, &operation);
    let e = Event { f, actor: &actor, aim: &aim, class, service: &service, operation: &operation, failed: failure.is_some() };

    out.begin(class, activity, when.time);
    let marks = [(!utf8).then_some(Mark::NotUtf8), (f.twice || actor.twice || aim.twice).then_some(Mark::DuplicateKey)];
    when.marks.into_iter().chain(marks).flatten().for_each(|m| out.mark(m));
    out.text(attr::METADATA_ORIGINAL_TIME, &said_time);
    e.head(out);
    e.api(out);
    e.who(out);
    if f.insight.is_none() {
        e.outcome(failure.as_deref().unwrap_or_default(), out);
    }
    let from = e.origin(out);
    e.subject(target, out);
    e.data(out);
    if out.wants_object() {
        e.resources(out);
        e.unmapped(out);
    }
    let error = failure.unwrap_or_default();
    let said =
        Said { actor: &actor, aim: &aim, service: &service, operation: &operation, from: &from, error: &error, failed: e.failed, insight: f.insight.is_some() };
    message::write(&said, &mut scratch.line);
    out.text(attr::MESSAGE, &scratch.line);
    out.record(record.seq, record.bytes);
    out.end();
    Ok(())
}

/// Whether the one that a class is about is known; without, the event is an API call like any other.
fn has_subject(class: Class, aim: &Aim<'_>, actor: &Actor<'_>) -> bool {
    match class.uid {
        3001 => !aim.user.is_empty(),
        3002 => !(aim.user.is_empty() && actor.user.is_empty() && actor.account.is_empty()),
        3006 => !aim.group.is_empty(),
        _ => true,
    }
}

/// The error code of a call that failed. Sign-in says so in `responseElements` instead.
fn failure(f: &Fields<'_>, class: Class, operation: &str) -> Option<String> {
    if let Some(code) = f.error_code {
        return Some(plain(Some(code)).into_owned());
    }
    let answer = json::member(f.response.filter(|_| class.uid == 3002)?, operation)?;
    (answer == "\"Failure\"").then(|| plain(f.error_message).into_owned())
}

struct Event<'a> {
    f: &'a Fields<'a>,
    actor: &'a Actor<'a>,
    aim: &'a Aim<'a>,
    class: Class,
    service: &'a str,
    operation: &'a str,
    failed: bool,
}

impl Event<'_> {
    /// Where the record comes from, and the cloud that it speaks of.
    fn head(&self, out: &mut dyn Sink) {
        let f = self.f;
        out.text(attr::METADATA_UID, &plain(f.event_id));
        out.text(attr::METADATA_PRODUCT_NAME, "CloudTrail");
        out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
        out.text(attr::METADATA_PRODUCT_FEATURE, &plain(f.category));
        out.text(attr::METADATA_LOG_VERSION, &plain(f.event_version));
        out.text(attr::METADATA_CORRELATION_UID, &plain(f.shared_id));
        out.text(attr::METADATA_PROFILES, "cloud");
        out.text(attr::CLOUD_PROVIDER, "AWS");
        out.text(attr::CLOUD_REGION, &plain(f.region));
        let account = plain(f.account);
        out.text(attr::CLOUD_ACCOUNT_UID, if account.is_empty() { &self.actor.account } else { &account });
    }

    fn api(&self, out: &mut dyn Sink) {
        let f = self.f;
        out.text(attr::API_OPERATION, self.operation);
        out.text(attr::API_SERVICE_NAME, self.service);
        out.text(attr::API_VERSION, &plain(f.api_version));
        out.text(attr::API_REQUEST_UID, &plain(f.request_id));
        if f.request_id.is_some() {
            out.text(attr::API_REQUEST_DATA, f.request.unwrap_or_default());
        }
        out.text(attr::API_RESPONSE_DATA, f.response.unwrap_or_default());
        out.text(attr::API_RESPONSE_ERROR, &plain(f.error_code));
        out.text(attr::API_RESPONSE_ERROR_MESSAGE, &plain(f.error_message));
    }

    fn who(&self, out: &mut dyn Sink) {
        let a = self.actor;
        let known = !(a.user.is_empty() && a.name.is_empty() && a.account.is_empty());
        if known {
            out.text(attr::ACTOR_USER_TYPE, &a.kind);
            out.int(attr::ACTOR_USER_TYPE_ID, a.type_id());
            out.text(attr::ACTOR_USER_NAME, &a.name);
            out.text(attr::ACTOR_USER_UID, &a.user);
            out.text(attr::ACTOR_USER_UID_ALT, if a.issuer.principal.is_empty() { &a.principal } else { &a.issuer.principal });
            out.text(attr::ACTOR_USER_CREDENTIAL_UID, &a.credential);
            if !a.account.is_empty() {
                out.text(attr::ACTOR_USER_ACCOUNT_UID, &a.account);
                out.int(attr::ACTOR_USER_ACCOUNT_TYPE_ID, AWS_ACCOUNT);
            }
        }
        out.key(Column::User, &a.user);
        out.key(Column::Session, &a.session);
        out.text(attr::ACTOR_SESSION_UID, &a.session);
        if !a.session.is_empty() {
            out.text(attr::ACTOR_SESSION_UID_ALT, &a.principal);
        }
        out.text(attr::ACTOR_SESSION_ISSUER, &a.issuer.arn);
        if let Some(Time(t)) = Time::parse(&a.created) {
            out.int(attr::ACTOR_SESSION_CREATED_TIME, Time(t).millis());
        }
        match &*a.mfa {
            "true" => out.flag(attr::ACTOR_SESSION_IS_MFA, true),
            "false" => out.flag(attr::ACTOR_SESSION_IS_MFA, false),
            _ => {}
        }
        out.text(attr::ACTOR_IDP_NAME, &a.provider);
        if known || !a.invoked_by.is_empty() {
            out.text(attr::ACTOR_INVOKED_BY, &a.invoked_by);
        } else {
            // Events without a caller are the service's own.
            out.text(attr::ACTOR_INVOKED_BY, self.service);
        }
    }

    fn outcome(&self, error: &str, out: &mut dyn Sink) {
        let (word, status, id) = if self.failed { ("failure", "Failure", 2) } else { ("success", "Success", 1) };
        out.key(Column::Outcome, word);
        out.text(attr::STATUS, status);
        out.int(attr::STATUS_ID, id);
        out.text(attr::STATUS_CODE, error);
        out.text(attr::STATUS_DETAIL, &plain(self.f.error_message));
        if !self.failed
            && let Some(gap) = gap(self.service, self.operation, self.f.request.unwrap_or_default())
        {
            out.key(Column::Gap, gap);
        }
    }

    /// Where the call came from: an address, or the service that made it. Gives the text for the message.
    fn origin(&self, out: &mut dyn Sink) -> String {
        let said = plain(self.f.source_ip);
        let mut from = said.to_string();
        if let Some(ip) = canonical_ip(&said) {
            out.text(attr::SRC_IP, &ip);
            from = ip;
        } else if said.is_empty() {
            out.text(attr::SRC_SVC_NAME, self.service);
        } else if said.ends_with(".amazonaws.com") || said == "AWS Internal" {
            out.text(attr::SRC_SVC_NAME, &said);
        } else {
            out.text(attr::SRC_DOMAIN, &said);
        }
        out.text(attr::SRC_UID, &plain(self.f.vpc_endpoint));
        let agent = plain(self.f.user_agent);
        out.text(attr::HTTP_USER_AGENT, &agent);
        from
    }

    /// The one whom the event is about, and what was handed out.
    fn subject(&self, target: Target, out: &mut dyn Sink) {
        let (a, aim) = (self.actor, self.aim);
        match target {
            Target::Thing => {}
            Target::Account | Target::Group => {
                self.user(&aim.user, &aim.user_name, out);
                out.text(attr::USER_CREDENTIAL_UID, &aim.credential);
                out.text(attr::GROUP_NAME, if target == Target::Group { &aim.group } else { "" });
                policy(&aim.policy, out);
                out.key(Column::TargetUser, &aim.user);
                out.key(Column::TargetCredential, &aim.credential);
            }
            Target::Session => {
                if aim.user.is_empty() {
                    self.user(&a.user, &a.name, out);
                } else {
                    self.user(&aim.user, &aim.user_name, out);
                }
                out.text(attr::SESSION_UID, &aim.session);
                out.text(attr::SESSION_ISSUER, &aim.user);
                out.text(attr::SESSION_CREDENTIAL_UID, &aim.credential);
                out.key(Column::TargetUser, &aim.user);
                out.key(Column::TargetSession, &aim.session);
                out.key(Column::TargetCredential, &aim.credential);
            }
            Target::Oneself => self.user(&a.user, &a.name, out),
        }
        if self.class.uid == 3002 {
            out.text(attr::SERVICE_NAME, self.service);
            let mfa = self.f.additional.and_then(|d| json::member(d, "MFAUsed"));
            if let Some(mfa) = mfa {
                out.flag(attr::IS_MFA, mfa == "\"Yes\"");
            }
            out.flag(attr::IS_REMOTE, true);
        }
        out.key(Column::Resource, &aim.resource);
    }

    fn user(&self, uid: &str, name: &str, out: &mut dyn Sink) {
        out.text(attr::USER_UID, uid);
        out.text(attr::USER_NAME, name);
        if uid.is_empty() && name.is_empty() {
            out.text(attr::USER_ACCOUNT_UID, &self.actor.account);
        }
    }

    fn data(&self, out: &mut dyn Sink) {
        let sent = self.f.additional.and_then(|d| json::member(d, "bytesTransferredOut"));
        if let Some(n) = sent.and_then(|n| n.trim_matches('"').parse::<f64>().ok()).filter(|n| (0.0..9e15).contains(n)) {
            out.key_int(Column::BytesOut, n as i64);
        }
    }

    /// `resources`, where the class has them; else they are kept as they are.
    fn resources(&self, out: &mut dyn Sink) {
        let Some(list) = self.f.resources else { return };
        let mut all = self.class.uid == 6003;
        let read = json::elements(list, |r| {
            all &= json::member(r, "ARN").or_else(|| json::member(r, "ARNPrefix")).is_some_and(|arn| !plain(Some(arn)).is_empty());
            all
        });
        if !all || read.is_err() {
            return out.other_json("resources", list);
        }
        let done = json::elements(list, |r| {
            out.item(attr::RESOURCES);
            out.text(attr::RESOURCES_UID, &plain(json::member(r, "ARN").or_else(|| json::member(r, "ARNPrefix"))));
            out.text(attr::RESOURCES_TYPE, &plain(json::member(r, "type")));
            out.text(attr::RESOURCES_OWNER_ACCOUNT, &plain(json::member(r, "accountId")));
            true
        });
        drop(done);
    }

    /// What OCSF has no attribute for, under its own name.
    fn unmapped(&self, out: &mut dyn Sink) {
        let f = self.f;
        let mut keep = |name: &str, value: Option<&str>| match value.map(|v| (v, json::text(v))) {
            Some((_, Some(text))) => out.other(name, &text),
            Some((json, None)) => out.other_json(name, json),
            None => {}
        };
        keep("eventType", f.event_type);
        keep("readOnly", f.read_only);
        keep("additionalEventData", f.additional);
        keep("insightDetails", f.insight);
        if f.request_id.is_none() {
            keep("requestParameters", f.request);
        }
        for &(name, value) in &f.others {
            keep(&json::unescape(name), (value != "null").then_some(value));
        }
        for &(path, name, value) in &self.actor.others {
            let empty = matches!(value, "null" | "{}");
            keep(&format!("userIdentity.{path}{}", json::unescape(name)), (!empty).then_some(value));
        }
        let a = self.actor;
        let principal = if a.session.is_empty() && !a.issuer.principal.is_empty() { &*a.principal } else { "" };
        let issuer = if a.issuer.name == a.name { "" } else { &*a.issuer.name };
        for (name, value) in [("accountId", &*a.issuer.account), ("userName", issuer)] {
            if !value.is_empty() {
                out.other(&format!("userIdentity.sessionContext.sessionIssuer.{name}"), value);
            }
        }
        if !principal.is_empty() {
            out.other("userIdentity.principalId", principal);
        }
    }
}

/// An API call of no kind that OCSF lists.
const OTHER_CALL: kind::Kind = (class::API_ACTIVITY, 99, Target::Thing);

/// OCSF's `account.type_id` for an AWS account.
const AWS_ACCOUNT: i64 = 10;

fn policy(policy: &str, out: &mut dyn Sink) {
    let attribute: Attr = if policy.starts_with("arn:") { attr::POLICY_UID } else { attr::POLICY_NAME };
    out.text(attribute, policy);
}

/// Whether the call, having succeeded, leaves a hole in the logs.
fn gap(service: &str, operation: &str, request: &str) -> Option<&'static str> {
    match (service, operation) {
        ("cloudtrail.amazonaws.com", "StopLogging" | "StopEventDataStoreIngestion") | ("config.amazonaws.com", "StopConfigurationRecorder") => Some("stopped"),
        ("cloudtrail.amazonaws.com", "DeleteTrail" | "DeleteEventDataStore")
        | ("config.amazonaws.com", "DeleteConfigurationRecorder")
        | ("ec2.amazonaws.com", "DeleteFlowLogs")
        | ("guardduty.amazonaws.com", "DeleteDetector")
        | ("route53resolver.amazonaws.com", "DeleteResolverQueryLogConfig" | "DisassociateResolverQueryLogConfig")
        | ("logs.amazonaws.com", "DeleteLogGroup" | "DeleteLogStream") => Some("disabled"),
        // Only what narrows a trail is a gap: a setting turned off, a part of the events chosen.
        ("cloudtrail.amazonaws.com", "UpdateTrail" | "PutEventSelectors") => {
            let narrows = [":false", ": false", "\"ReadOnly\"", "\"WriteOnly\"", "advancedEventSelectors\":[{", "s3BucketName"];
            narrows.iter().any(|n| request.contains(n)).then_some("disabled")
        }
        _ => None,
    }
}
