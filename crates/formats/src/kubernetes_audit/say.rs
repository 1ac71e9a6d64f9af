//! What an audit event says.

use std::borrow::Cow;

use event::{Column, Mark, Sink, attr};

use crate::{
    Reject, json,
    map::{
        Act, Doc, Who,
        act::{Kind, kind::*},
        plain,
    },
    time::Stamp,
};

use super::kind;

crate::table! { FIELDS;
    ID        "auditID"                     => Text(METADATA_UID);
    STAGE     "stage"                       => Look;
              "apiVersion"                  => Text(METADATA_LOG_VERSION);
              "level"                       => Text(METADATA_LOG_LEVEL);
    VERB      "verb"                        => Hold;
    URI       "requestURI"                  => Hold;
    RECEIVED  "requestReceivedTimestamp"    => Hold;
    AT        "stageTimestamp"              => Look;
    OLD_TIME  "timestamp"                   => Look;
    NAME      "user.username"               => Hold;
    UID       "user.uid"                    => Hold;
    GROUPS    "user.groups"                 => Hold;
    ARN       "user.extra.arn"              => Look;
    KEY       "user.extra.accessKeyId"      => Look;
    TOKEN     r"user.extra.authentication\.kubernetes\.io/credential-id" => Look;
    AS        "impersonatedUser.username"   => Look;
    FROM      "sourceIPs"                   => Look;
              "userAgent"                   => Text(HTTP_USER_AGENT);
    GROUP     "objectRef.apiGroup"          => Hold;
              "objectRef.apiVersion"        => Text(API_VERSION);
    KIND      "objectRef.resource"          => Hold;
    PART      "objectRef.subresource"       => Hold;
    SPACE     "objectRef.namespace"         => Hold;
    OBJECT    "objectRef.name"              => Hold;
    CODE      "responseStatus.code"         => Int(API_RESPONSE_CODE);
    REASON    "responseStatus.reason"       => Text(API_RESPONSE_ERROR);
    SAID      "responseStatus.message"      => Text(API_RESPONSE_ERROR_MESSAGE);
    DECISION  r"annotations.authorization\.k8s\.io/decision" => Look;
              "requestObject"               => Look;
    ROLE      "requestObject.roleRef.name"  => Hold;
    SUBJECTS  "requestObject.subjects"      => Hold;
    MADE      "requestObject.metadata.name" => Hold;
    CATEGORY  "category"                    => Look;
    CLUSTER   "resourceId"                  => Look;
    WRAPPED   "properties.log"              => Hold;
}

/// What a carrier of the event says of it.
#[derive(Debug, Default)]
pub(super) struct Wrap {
    cluster: String,
    category: String,
}

impl Wrap {
    /// Reads Azure's diagnostic record.
    pub fn read(outer: &Doc<'_>) -> Wrap {
        Wrap { cluster: outer.text(CLUSTER).into_owned(), category: outer.text(CATEGORY).into_owned() }
    }
}

/// When the request came; of an event that does not say, when its stage was reached, or (before version 1.9) when it was written.
pub(super) fn time(doc: &Doc<'_>) -> Result<Stamp, Reject> {
    [RECEIVED, AT, OLD_TIME].into_iter().find_map(|slot| doc.time(slot).ok()).ok_or(Reject::NoTime { field: "requestReceivedTimestamp" })
}

/// Makes the event of a request.
pub(super) fn event(doc: &Doc<'_>, wrap: &Wrap, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = time(doc)?;
    let (verb, thing, part, uri) = (doc.text(VERB), doc.text(KIND), doc.text(PART), doc.text(URI));
    if verb.is_empty() && uri.is_empty() && thing.is_empty() {
        return Err(Reject::Missing { field: "verb" });
    }
    let (path, subject) = (path(doc, &thing), Subject::read(doc));
    let operation = operation(&verb, &thing, &part);
    let (name, uid, acts_as) = (doc.text(NAME), doc.text(UID), doc.text(AS));
    let (session, key, token, from) = (first(doc, ARN), first(doc, KEY), first(doc, TOKEN), first(doc, FROM));
    let account = service_account(doc);
    let (error, detail, role) = (doc.text(REASON), doc.text(SAID), doc.text(ROLE));
    let mut act = Act::new(kind_of(&verb, &thing, &part, &subject), ("Kubernetes", "Kubernetes"), &operation);
    act.actor = Who { name: &name, uid: &uid, kind: "" };
    act.target = match act.kind {
        TICKET | ACCOUNT_CREATE | ACCOUNT_DELETE => Who { name: &account, ..Who::default() },
        ROLE_GIVE => Who { name: &subject.user, ..Who::default() },
        _ => Who { name: &acts_as, ..Who::default() },
    };
    (act.group, act.privilege) = (&subject.group, &role);
    (act.resource, act.resource_type, act.store) = (if thing.is_empty() { &*uri } else { &*path }, &thing, &path);
    (act.session, act.credential) = (&session, if key.is_empty() { &token } else { &key });
    act.from = &from;
    act.service = &wrap.cluster;
    act.success = success(doc);
    (act.error, act.detail) = (&error, if act.success == Some(false) { &detail } else { "" });
    act.begin(doc, when, out);
    rest(doc, &act, &uri, wrap, out);
    act.end(doc, message, out);
    Ok(())
}

fn operation<'a>(verb: &'a str, thing: &str, part: &str) -> Cow<'a, str> {
    match (thing, part) {
        ("", _) => verb.into(),
        (thing, "") => format!("{verb} {thing}").into(),
        (thing, part) => format!("{verb} {thing}/{part}").into(),
    }
}

fn kind_of(verb: &str, thing: &str, part: &str, subject: &Subject) -> Kind {
    match kind::of(verb, thing, part) {
        ROLE_GIVE if subject.user.is_empty() && !subject.group.is_empty() => GROUP_GIVE,
        kind => kind,
    }
}

/// Whom a binding gives its role to: the first user or service account, else the first group. The others are in `unmapped`.
#[derive(Debug, Default)]
struct Subject {
    user: String,
    group: String,
}

impl Subject {
    fn read(doc: &Doc<'_>) -> Subject {
        let mut found = Subject::default();
        doc.each(SUBJECTS, |one| {
            let part = |name| plain(json::member(one, name).unwrap_or_default());
            let (kind, name) = (part("kind"), part("name"));
            match &*kind {
                "Group" if found.group.is_empty() => found.group = name.into_owned(),
                "ServiceAccount" if found.user.is_empty() => found.user = format!("system:serviceaccount:{}:{name}", part("namespace")),
                "User" if found.user.is_empty() => found.user = name.into_owned(),
                _ => {}
            }
        });
        found
    }
}

/// `namespaces/NAMESPACE/RESOURCE/NAME`, with the API group before it unless it is the core's.
fn path(doc: &Doc<'_>, thing: &str) -> String {
    let mut path = String::new();
    let name = doc.first(&[OBJECT, MADE]);
    let space = doc.text(SPACE);
    for (before, part) in [("", doc.text(GROUP)), ("namespaces/", if thing == "namespaces" { "".into() } else { space }), ("", thing.into()), ("", name)] {
        if !part.is_empty() {
            path.extend([if path.is_empty() { "" } else { "/" }, before, &part]);
        }
    }
    path
}

/// The name under which a service account acts.
fn service_account(doc: &Doc<'_>) -> String {
    let name = doc.first(&[OBJECT, MADE]);
    if name.is_empty() { String::new() } else { format!("system:serviceaccount:{}:{name}", doc.text(SPACE)) }
}

/// The first text of a list.
fn first<'a>(doc: &Doc<'a>, slot: crate::map::Slot) -> Cow<'a, str> {
    let mut found = None;
    doc.each(slot, |one| found = found.or(Some(one)));
    found.filter(|f| *f != "null").map(plain).unwrap_or_default()
}

/// Refused, or answered with an error, is failed; a request of which no answer is known is neither.
fn success(doc: &Doc<'_>) -> Option<bool> {
    let refused = doc.text(DECISION) == "forbid";
    match doc.int(CODE) {
        _ if refused => Some(false),
        Some(code) => Some(code < 400),
        None => None,
    }
}

fn rest(doc: &Doc<'_>, act: &Act<'_>, uri: &str, wrap: &Wrap, out: &mut dyn Sink) {
    out.text(attr::HTTP_URL, uri);
    if let Some(command) = command(uri) {
        out.key(Column::Command, &command);
    }
    if !matches!(&*doc.text(STAGE), "ResponseComplete" | "Panic" | "") {
        out.mark(Mark::Incomplete);
    }
    if wrap.category.is_empty() {
        out.text(attr::METADATA_LOG_NAME, "audit");
    } else {
        out.text(attr::METADATA_LOG_NAME, &wrap.category);
        out.other("resourceId", &wrap.cluster);
    }
    if !out.wants_object() {
        return;
    }
    if !act.actor.known_as().is_empty() {
        doc.each(GROUPS, |group| out.other("user.groups", &plain(group)));
    }
    for slot in [GROUP, PART, SPACE, OBJECT, KIND, VERB] {
        doc.keep(slot, out);
    }
}

/// The command of `…/exec?command=sh&command=-c&command=id`.
fn command(uri: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    let words: Vec<String> = query.split('&').filter_map(|p| p.strip_prefix("command=")).map(percent).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Undoes percent encoding, and `+` for a blank.
fn percent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_shells_in_containers() {
        assert_eq!(command("/api/v1/x/exec?command=sh&command=-c&container=c&command=cat+%2Fetc%2Fshadow").as_deref(), Some("sh -c cat /etc/shadow"));
        assert_eq!((command("/x?container=c"), command("/x")), (None, None));
        assert_eq!(percent("%zz%4"), "%zz%4");
    }
}
