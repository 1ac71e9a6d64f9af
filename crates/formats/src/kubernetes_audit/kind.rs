//! What kind of act a verb on a resource is.

use crate::map::act::{Kind, kind::*};

/// Parts of pods, nodes and services that hand over control of what runs there, or of its traffic.
const CONTROL: &[&str] = &["exec", "attach", "portforward", "proxy", "ephemeralcontainers"];
/// Resources that only answer a question, though the question is a `create`.
const QUESTIONS: &[&str] =
    &["tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "localsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];

/// What kind of act it is; `role` bindings and service accounts only where the request says whose.
pub(super) fn of(verb: &str, resource: &str, part: &str) -> Kind {
    let by_verb = by_verb(verb);
    let reads = by_verb == READ;
    match (resource, part) {
        ("secrets", "") if reads => DATA_READ,
        ("secrets", "") if by_verb == DELETE => DATA_DELETE,
        ("secrets", "") if by_verb == CREATE => DATA_CREATE,
        ("secrets", "") if by_verb == UPDATE => DATA_UPDATE,
        ("pods", "log") if reads => DATA_READ,
        (_, part) if CONTROL.contains(&part) => CREATE,
        ("serviceaccounts", "token") if by_verb == CREATE => TICKET,
        ("serviceaccounts", "") if by_verb == CREATE => ACCOUNT_CREATE,
        ("serviceaccounts", "") if verb == "delete" => ACCOUNT_DELETE,
        ("rolebindings" | "clusterrolebindings", "") if matches!(by_verb, CREATE | UPDATE) => ROLE_GIVE,
        (resource, _) if QUESTIONS.contains(&resource) => READ,
        _ => by_verb,
    }
}

fn by_verb(verb: &str) -> Kind {
    match verb {
        "create" | "post" => CREATE,
        "get" | "list" | "watch" | "head" | "options" => READ,
        "update" | "patch" | "put" => UPDATE,
        "delete" | "deletecollection" => DELETE,
        _ => OTHER,
    }
}
