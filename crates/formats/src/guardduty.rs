//! Amazon GuardDuty findings: one a line, `{"Findings":[…]}` as the interface gives them, and in EventBridge's `detail`.
//!
//! Source: Amazon GuardDuty user guide, "GuardDuty finding format" (docs.aws.amazon.com/guardduty). The interface writes keys in PascalCase.

use std::borrow::Cow;

use event::{Class, Column, Facet, Sink, attr, class};

use crate::{
    Format, Framing, JsonShape, Parser, Reject, json,
    map::{self, Doc, Map, plain},
};

/// Amazon GuardDuty.
pub struct GuardDuty;

impl Format for GuardDuty {
    fn name(&self) -> &'static str {
        "guardduty"
    }
    fn title(&self) -> &'static str {
        "Amazon GuardDuty"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["Findings", "findings"], ids: &["id", "Id", "detail.id"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let own = ["schemaVersion", "SchemaVersion", "accountId", "AccountId", "detectorId", "DetectorId", "severity", "Severity", "resource", "Resource"];
        let named = memchr::memmem::find(head, b":guardduty:").is_some() || memchr::memmem::find(head, b"\"aws.guardduty\"").is_some();
        match map::keys(head, &own) {
            4.. if named => 96,
            3.. if map::keys(head, &["detectorId", "DetectorId"]) == 1 => 92,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::carried_parser(Map::loose(FIELDS), CARRIED, event)
    }
}

crate::table! { FIELDS;
    CARRIED    "detail"                    => Hold;
    UPDATED    "updatedAt"                 => Look;
    CREATED    "createdAt"                 => Look;
    LAST_SEEN  "service.eventLastSeen"     => Ms(FINDING_LAST_SEEN);
               "service.eventFirstSeen"    => Ms(FINDING_FIRST_SEEN);
    ID         "id"                        => Text(METADATA_UID);
    ARN        "arn"                       => Look;
    TYPE       "type"                      => Hold;
    SEVERITY   "severity"                  => Look;
    TITLE      "title"                     => Text(FINDING_TITLE);
               "description"               => Text(FINDING_DESC);
    ACCOUNT    "accountId"                 => Text(CLOUD_ACCOUNT_UID);
    REGION     "region"                    => Text(CLOUD_REGION);
    PARTITION  "partition"                 => Look;
               "schemaVersion"             => Text(METADATA_LOG_VERSION);
               "service.count"             => Int(COUNT);
    ARCHIVED   "service.archived"          => Look;
               "resource"                  => Look;
    KIND       "resource.resourceType"     => Hold;
    INSTANCE   "resource.instanceDetails.instanceId" => Hold;
    KEY        "resource.accessKeyDetails.accessKeyId" => Hold;
    USER       "resource.accessKeyDetails.userName" => Hold;
    USER_TYPE  "resource.accessKeyDetails.userType" => Hold;
    PRINCIPAL  "resource.accessKeyDetails.principalId" => Hold;
    BUCKETS    "resource.s3BucketDetails"  => Hold;
    CLUSTER    "resource.eksClusterDetails.arn" => Hold;
    KUBE_USER  "resource.kubernetesDetails.kubernetesUserDetails.username" => Hold;
               "service.action"            => Look;
    CALL       "service.action.awsApiCallAction.api" => Hold;
    CALL_TO    "service.action.awsApiCallAction.serviceName" => Hold;
    CALL_FROM  "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4" => Hold;
    CALL_ERROR "service.action.awsApiCallAction.errorCode" => Hold;
    NET_IP     "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4" => Hold;
    NET_PORT   "service.action.networkConnectionAction.remotePortDetails.port" => Hold;
    LOCAL_IP   "service.action.networkConnectionAction.localIpDetails.ipAddressV4" => Hold;
    LOCAL_PORT "service.action.networkConnectionAction.localPortDetails.port" => Hold;
    DIRECTION  "service.action.networkConnectionAction.connectionDirection" => Hold;
    DOMAIN     "service.action.dnsRequestAction.domain" => Hold;
    PROBES     "service.action.portProbeAction.portProbeDetails" => Hold;
    KUBE_IP    "service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4" => Hold;
    KUBE_VERB  "service.action.kubernetesApiCallAction.verb" => Hold;
}

fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = [UPDATED, LAST_SEEN, CREATED].into_iter().find_map(|slot| doc.time(slot).ok()).ok_or(Reject::NoTime { field: "updatedAt" })?;
    let (uid, what) = (doc.first(&[ID, ARN]), doc.text(TYPE));
    if uid.is_empty() || what.is_empty() {
        return Err(Reject::Missing { field: "id" });
    }
    doc.begin(CLASS, activity(doc), when, out);
    out.text(attr::METADATA_PRODUCT_VENDOR, "AWS");
    out.text(attr::METADATA_PRODUCT_NAME, "GuardDuty");
    out.text(attr::METADATA_PROFILES, "cloud");
    out.text(attr::CLOUD_PROVIDER, "AWS");
    out.text(attr::FINDING_UID, &uid);
    out.text(attr::FINDING_TYPES, &what);
    out.key(Column::Operation, &what);
    out.key(Column::Service, "guardduty");
    out.int(attr::SEVERITY_ID, severity(doc));
    who(doc, out);
    resource(doc, out);
    evidence(doc, out);
    let title = doc.text(TITLE);
    message.extend(["GuardDuty: ", &*what, if title.is_empty() { "" } else { ": " }, &*title]);
    doc.end(message, out);
    Ok(())
}

const CLASS: Class = class::DETECTION_FINDING;

/// Closed once archived; an update if it was changed after it was made.
fn activity(doc: &Doc<'_>) -> u8 {
    match (doc.flag(ARCHIVED), doc.text(CREATED) == doc.text(UPDATED)) {
        (Some(true), _) => 3,
        (_, true) => 1,
        _ => 2,
    }
}

/// GuardDuty's 1.0 to 10.0 as OCSF's low, medium, high, critical.
fn severity(doc: &Doc<'_>) -> i64 {
    match doc.text(SEVERITY).parse::<f64>() {
        Ok(n) if n >= 9.0 => 5,
        Ok(n) if n >= 7.0 => 4,
        Ok(n) if n >= 4.0 => 3,
        Ok(n) if n > 0.0 => 2,
        _ => 0,
    }
}

/// The identity that a finding is about, in the spelling of CloudTrail.
fn who(doc: &Doc<'_>, out: &mut dyn Sink) {
    let (name, account, partition) = (doc.first(&[USER]), doc.text(ACCOUNT), doc.first(&[PARTITION]));
    let partition = if partition.is_empty() { "aws" } else { &*partition };
    let kind = doc.text(USER_TYPE);
    let user: Cow<'_, str> = match &*kind {
        "IAMUser" if !name.is_empty() => format!("arn:{partition}:iam::{account}:user/{name}").into(),
        "AssumedRole" | "Role" if !name.is_empty() => format!("arn:{partition}:iam::{account}:role/{name}").into(),
        "Root" => format!("arn:{partition}:iam::{account}:root").into(),
        _ => doc.first(&[USER, KUBE_USER]),
    };
    if user.is_empty() {
        return;
    }
    out.key(Column::User, &user);
    out.text(attr::ACTOR_USER_UID, &user);
    out.text(attr::ACTOR_USER_NAME, if name.is_empty() { &user } else { &name });
    out.text(attr::ACTOR_USER_TYPE, &kind);
    out.text(attr::ACTOR_USER_UID_ALT, &doc.text(PRINCIPAL));
    out.text(attr::ACTOR_USER_CREDENTIAL_UID, &doc.text(KEY));
}

fn resource(doc: &Doc<'_>, out: &mut dyn Sink) {
    let mut bucket = Cow::Borrowed("");
    doc.each(BUCKETS, |one| {
        if bucket.is_empty() {
            bucket = json::member(one, "arn").or_else(|| json::member(one, "Arn")).map(plain).unwrap_or_default();
        }
    });
    let instance = doc.text(INSTANCE);
    let uid = if !bucket.is_empty() {
        bucket
    } else if !instance.is_empty() {
        format!("arn:aws:ec2:{}:{}:instance/{instance}", doc.text(REGION), doc.text(ACCOUNT)).into()
    } else {
        doc.text(CLUSTER)
    };
    if !uid.is_empty() {
        out.item(attr::RESOURCES);
        out.text(attr::RESOURCES_UID, &uid);
        out.text(attr::RESOURCES_TYPE, &doc.text(KIND));
        out.key(Column::Resource, &uid);
    }
}

/// What was seen: a call, a connection, a question of DNS, a probe. Where it came from is the other side, unless the instance called out.
fn evidence(doc: &Doc<'_>, out: &mut dyn Sink) {
    let (call, domain) = (doc.first(&[CALL, KUBE_VERB]), doc.text(DOMAIN));
    let mut from = doc.first(&[CALL_FROM, KUBE_IP]);
    doc.each(PROBES, |one| {
        let remote = json::member(one, "remoteIpDetails").or_else(|| json::member(one, "RemoteIpDetails"));
        let ip = remote.and_then(|r| json::member(r, "ipAddressV4").or_else(|| json::member(r, "IpAddressV4")));
        if from.is_empty() {
            from = ip.map(plain).unwrap_or_default();
        }
    });
    let net = doc.text(NET_IP);
    let outbound = doc.text(DIRECTION).eq_ignore_ascii_case("OUTBOUND");
    if call.is_empty() && domain.is_empty() && from.is_empty() && net.is_empty() {
        return;
    }
    out.item(attr::EVIDENCES);
    let (src, src_port, dst, dst_port) = if outbound { (LOCAL_IP, LOCAL_PORT, NET_IP, NET_PORT) } else { (NET_IP, NET_PORT, LOCAL_IP, LOCAL_PORT) };
    if net.is_empty() {
        address(attr::EVIDENCES_SRC_IP, &from, out);
    } else {
        let ends = [(src, attr::EVIDENCES_SRC_IP, src_port, attr::EVIDENCES_SRC_PORT), (dst, attr::EVIDENCES_DST_IP, dst_port, attr::EVIDENCES_DST_PORT)];
        for (ip, ip_attr, port, port_attr) in ends {
            if address(ip_attr, &doc.text(ip), out)
                && let Some(port) = doc.int(port).filter(|p| (0..=65_535).contains(p))
            {
                out.int(port_attr, port);
            }
        }
    }
    if !call.is_empty() {
        out.text(attr::EVIDENCES_API_OPERATION, &call);
        out.text(attr::EVIDENCES_API_SERVICE, &doc.text(CALL_TO));
        out.key(Column::Error, &doc.text(CALL_ERROR));
    }
    out.text(attr::EVIDENCES_QUERY_HOSTNAME, &domain);
}

fn address(attr: event::Attr, text: &str, out: &mut dyn Sink) -> bool {
    let ip = event::entity::canonical_ip(text);
    out.text(attr, ip.as_deref().unwrap_or_default());
    ip.is_some()
}
