//! Which attributes a class of OCSF has (version 1.8.0), as far as muster's attributes are not in every class; and what a class must have.

use event::{Attr, Class, Sink, attr, class};

/// Network classes.
const NETWORK: &[u16] = &[4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4013, 4014];
/// Classes with both ends of a connection.
const ENDS: &[u16] = &[3001, 3002, 3003, 3004, 3005, 3006, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4013, 4014, 6001, 6003, 6005];
/// Classes with a request over HTTP.
const HTTP: &[u16] = &[3001, 3002, 3003, 3004, 3005, 3006, 4002, 6001, 6003, 6005];

/// First name of a path, and the classes that have it.
const ROOTS: &[(&str, &[u16])] = &[
    ("answers", &[4003]),
    ("app", &[6002]),
    ("auth_factors", &[3001, 3002]),
    ("certificate", &[3002]),
    ("connection_info", NETWORK),
    ("database", &[6005]),
    ("databucket", &[6005]),
    ("driver", &[1002]),
    ("dst_endpoint", &[3002, 3003, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4013, 4014, 6001, 6003, 6005]),
    ("email", &[4009]),
    ("entity", &[3004]),
    ("evidences", &[2004]),
    ("file", &[1001, 4002, 4005, 4006, 4007, 4008]),
    ("file_result", &[1001]),
    ("finding_info", &[2004]),
    ("group", &[3003, 3006]),
    ("http_request", HTTP),
    ("http_response", HTTP),
    ("job", &[1006]),
    ("logon_process", &[3002]),
    ("module", &[1005, 1007]),
    ("process", &[1007]),
    ("query", &[4003]),
    ("query_info", &[6005]),
    ("resource", &[3005, 3006]),
    ("resources", &[2004, 3005, 6003]),
    ("service", &[3002]),
    ("session", &[3002, 3003, 4014]),
    ("src_endpoint", ENDS),
    ("table", &[6005]),
    ("tls", NETWORK),
    ("traffic", NETWORK),
    ("user", &[3001, 3002, 3003, 3005, 3006, 4005, 4014]),
    ("user_result", &[3001]),
];

/// Where a class has an attribute: there, or for a user where the one who acts is; `None` where it has none.
pub(super) fn place(class: Class, attr: Attr) -> Option<Attr> {
    let root = attr.path.split(['.', '[']).next().unwrap_or_default();
    let has = ROOTS.iter().find(|(name, _)| *name == root).is_none_or(|(_, classes)| classes.contains(&class.uid));
    if has {
        return Some(attr);
    }
    let acts = format!("actor.{}", attr.path);
    attr::ALL.iter().copied().find(|a| root == "user" && a.path == acts)
}

/// Sets what a class must have and a line may not say, so that what the fields say stands over it.
pub(super) fn required(class: Class, product: &str, operation: &str, out: &mut dyn Sink) {
    const UNKNOWN: &str = "unknown";
    match class {
        class::AUTHENTICATION => {
            out.text(attr::SERVICE_NAME, product);
            out.text(attr::USER_NAME, UNKNOWN);
        }
        class::ACCOUNT_CHANGE | class::USER_ACCESS => out.text(attr::USER_NAME, UNKNOWN),
        class::API_ACTIVITY => {
            out.text(attr::API_OPERATION, if operation.is_empty() { UNKNOWN } else { operation });
            out.text(attr::ACTOR_APP_NAME, product);
            out.text(attr::SRC_NAME, UNKNOWN);
        }
        class::DATASTORE_ACTIVITY => {
            out.text(attr::ACTOR_APP_NAME, product);
            out.text(attr::SRC_NAME, UNKNOWN);
            out.text(attr::DATABASE_NAME, UNKNOWN);
            out.int(attr::DATABASE_TYPE_ID, 0);
        }
        class::DETECTION_FINDING => out.text(attr::FINDING_UID, if operation.is_empty() { UNKNOWN } else { operation }),
        class::APPLICATION_LIFECYCLE => out.text(attr::APP_NAME, product),
        class if NETWORK.contains(&class.uid) => out.text(attr::SRC_NAME, UNKNOWN),
        _ => {}
    }
}
