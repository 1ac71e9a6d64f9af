//! What was acted on: resources, users and roles, keys and sessions handed out.

use std::borrow::Cow;

use crate::json;

use super::{
    actor::Actor,
    fields::{Fields, plain},
    kind::Target,
};

/// What an operation was aimed at. Empty where the record does not say.
#[derive(Debug, Default)]
pub(super) struct Aim<'a> {
    /// ARN or provider id of the resource.
    pub resource: Cow<'a, str>,
    /// ARN of the user or role acted on.
    pub user: Cow<'a, str>,
    /// Its name.
    pub user_name: Cow<'a, str>,
    /// The key made, changed or handed out.
    pub credential: Cow<'a, str>,
    /// The session opened.
    pub session: Cow<'a, str>,
    /// The policy attached or detached.
    pub policy: Cow<'a, str>,
    /// The IAM group.
    pub group: Cow<'a, str>,
    /// A key appears twice in the request or the response.
    pub twice: bool,
}

/// Members of a request that name a resource, the most telling first.
const NAMING: [&str; 34] = [
    "bucketName",
    "secretId",
    "functionName",
    "instanceId",
    "snapshotId",
    "imageId",
    "volumeId",
    "dBInstanceIdentifier",
    "dBSnapshotIdentifier",
    "tableName",
    "keyId",
    "trailName",
    "userName",
    "roleName",
    "instanceProfileName",
    "policyArn",
    "groupName",
    "groupId",
    "parameterName",
    "stackName",
    "clusterName",
    "queueUrl",
    "topicArn",
    "logGroupName",
    "repositoryName",
    "documentName",
    "networkInterfaceId",
    "vpcId",
    "subnetId",
    "routeTableId",
    "hostedZoneId",
    "resourceArn",
    "name",
    "arn",
];

/// Place of the bucket's name.
const BUCKET: usize = 0;

/// What `requestParameters` says.
#[derive(Default)]
struct Request<'a> {
    /// The most telling member that names a resource: its place in `NAMING`, its value.
    named: Option<(usize, &'a str)>,
    key: Option<&'a str>,
    instances: Option<&'a str>,
    other_id: Option<&'a str>,
    user: Option<&'a str>,
    role: Option<&'a str>,
    role_arn: Option<&'a str>,
    session_name: Option<&'a str>,
    access_key: Option<&'a str>,
    policy: Option<&'a str>,
    group: Option<&'a str>,
    twice: bool,
}

impl<'a> Request<'a> {
    fn read(request: Option<&'a str>) -> Request<'a> {
        let mut found = Request::default();
        let Some(request) = request else { return found };
        let twice = json::members(request, |key, value| {
            if value == "null" {
                return;
            }
            match key {
                "key" => found.key = Some(value),
                "instancesSet" => found.instances = Some(value),
                "userName" => found.user = Some(value),
                "roleName" => found.role = Some(value),
                "roleArn" => found.role_arn = Some(value),
                "roleSessionName" => found.session_name = Some(value),
                "accessKeyId" => found.access_key = Some(value),
                "policyArn" | "policyName" => found.policy = Some(value),
                "groupName" => found.group = Some(value),
                _ => {}
            }
            if !value.starts_with('"') {
                return;
            }
            if let Some(rank) = NAMING.iter().position(|n| *n == key) {
                if found.named.is_none_or(|(best, _)| rank <= best) {
                    found.named = Some((rank, value));
                }
            } else if found.other_id.is_none() && (key.ends_with("Arn") || key.ends_with("Id") || key.ends_with("Identifier")) {
                found.other_id = Some(value);
            }
        });
        found.twice = twice.unwrap_or(false);
        found
    }

    /// The first resource that the request names.
    fn resource(&self, partition: &str) -> Cow<'a, str> {
        match self.named.map(|(rank, value)| (rank, plain(Some(value)))) {
            Some((BUCKET, bucket)) => match self.key {
                Some(key) => format!("arn:{partition}:s3:::{bucket}/{}", plain(Some(key))).into(),
                None => format!("arn:{partition}:s3:::{bucket}").into(),
            },
            Some((_, value)) => value,
            None => self.instances.and_then(first_instance).unwrap_or_else(|| plain(self.other_id)),
        }
    }
}

/// `items[0].instanceId`, as EC2 lists the instances of a request or an answer.
fn first_instance(set: &str) -> Option<Cow<'_, str>> {
    let items = json::member(set, "items")?;
    let mut first = None;
    let read = json::elements(items, |e| {
        first = json::member(e, "instanceId");
        false
    });
    read.ok()?;
    json::text(first?)
}

/// Finds what the operation was aimed at.
pub(super) fn aim<'a>(fields: &Fields<'a>, actor: &Actor<'a>, target: Target) -> Aim<'a> {
    let request = Request::read(fields.request);
    let partition = partition(fields.region);
    let mut aim = Aim { resource: first_resource(fields.resources), twice: request.twice, ..Aim::default() };
    if aim.resource.is_empty() {
        aim.resource = request.resource(partition);
    }
    if aim.resource.is_empty() {
        let made = fields.response.filter(|_| target == Target::Thing).and_then(|r| json::member(r, "instancesSet"));
        aim.resource = made.and_then(first_instance).unwrap_or_default();
    }
    match target {
        Target::Thing => {}
        Target::Account | Target::Group => account(&mut aim, &request, fields, actor, target == Target::Account),
        Target::Session => session(&mut aim, &request, fields),
        Target::Oneself => {
            (aim.user, aim.user_name) = (actor.user.clone(), actor.name.clone());
        }
    }
    aim
}

fn account<'a>(aim: &mut Aim<'a>, request: &Request<'a>, fields: &Fields<'a>, actor: &Actor<'a>, must: bool) {
    let own = if actor.account.is_empty() { plain(fields.account) } else { actor.account.clone() };
    let partition = partition(fields.region);
    let made = |what: &str| json::member(json::member(fields.response?, what)?, "arn");
    if let Some(user) = request.user {
        let name = plain(Some(user));
        aim.user = made("user").map_or_else(|| format!("arn:{partition}:iam::{own}:user/{name}").into(), |arn| plain(Some(arn)));
        aim.user_name = name;
    } else if let Some(role) = request.role {
        let name = plain(Some(role));
        aim.user = made("role").map_or_else(|| format!("arn:{partition}:iam::{own}:role/{name}").into(), |arn| plain(Some(arn)));
        aim.user_name = name;
    } else if must && fields.request.is_some() | fields.error_code.is_none() && actor.kind == "IAMUser" {
        // A user who names nobody acts on themselves.
        (aim.user, aim.user_name) = (actor.user.clone(), actor.name.clone());
    }
    let key = fields.response.and_then(|r| json::member(r, "accessKey")).and_then(|k| json::member(k, "accessKeyId"));
    aim.credential = plain(key.or(request.access_key));
    aim.policy = plain(request.policy);
    aim.group = plain(request.group);
    if !aim.user.is_empty() {
        aim.resource = aim.user.clone();
    }
}

fn session<'a>(aim: &mut Aim<'a>, request: &Request<'a>, fields: &Fields<'a>) {
    let part = |outer: &str, inner: &str| json::member(json::member(fields.response?, outer)?, inner);
    aim.user = plain(request.role_arn);
    aim.resource = aim.user.clone();
    aim.session = plain(part("assumedRoleUser", "arn").or_else(|| part("federatedUser", "arn")));
    aim.credential = plain(part("credentials", "accessKeyId"));
    aim.user_name = plain(request.session_name);
    if let Some((_, path)) = aim.user.split_once(":role/") {
        aim.user_name = path.rsplit('/').next().unwrap_or(path).to_owned().into();
    }
}

/// The ARN of the first resource that is no mere container: an S3 object before its bucket.
fn first_resource<'a>(resources: Option<&'a str>) -> Cow<'a, str> {
    let Some(resources) = resources else { return Cow::Borrowed("") };
    let mut found = None;
    let read = json::elements(resources, |resource| {
        let arn = json::member(resource, "ARN");
        let object = json::member(resource, "type") == Some("\"AWS::S3::Object\"");
        if arn.is_some() && (object || found.is_none()) {
            found = arn;
        }
        !object || arn.is_none()
    });
    plain(found.filter(|_| read.is_ok()))
}

/// The partition that a region lies in.
fn partition(region: Option<&str>) -> &'static str {
    match region.unwrap_or_default() {
        r if r.starts_with("\"cn-") => "aws-cn",
        r if r.starts_with("\"us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
