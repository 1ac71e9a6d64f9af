//! Google Cloud audit logs: Cloud Logging's `LogEntry` with an `AuditLog` in `protoPayload`, one a line, in an array, in `{"entries":[…]}`,
//! and as BigQuery exports it (`protopayload_auditlog`, keys in any case). Entries of other logs in the same export become Base Events.
//!
//! Source: Cloud Logging, `LogEntry` and `google.cloud.audit.AuditLog` (cloud.google.com/logging/docs/reference).

mod kind;
mod say;

use event::Facet;

use crate::{
    Format, Framing, JsonShape, Parser,
    map::{self, Map},
};

/// Google Cloud audit.
pub struct GcpAudit;

impl Format for GcpAudit {
    fn name(&self) -> &'static str {
        "gcp_audit"
    }
    fn title(&self) -> &'static str {
        "Google Cloud audit"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["entries"], ids: &["insertId", "insertid", "insert_id"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
        let payload = ["protoPayload", "protopayload", "protopayload_auditlog"].iter().any(|k| map::keys(head, &[k]) == 1);
        let audit = has(b"google.cloud.audit.AuditLog") || has(b"cloudaudit.googleapis.com");
        match payload {
            true if audit => 92,
            true if map::keys(head, &["methodName", "serviceName", "resourceName", "authenticationInfo", "requestMetadata"]) >= 2 => 88,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::parser_by(Map::loose(say::FIELDS).also_named(&[("protopayload_auditlog", "protoPayload")]), say::event)
    }
}
