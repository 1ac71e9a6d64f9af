//! Microsoft 365's unified audit log: records of the Management Activity API, and as they are exported (`AuditData` in a row of its own), and as Log Analytics keeps them.
//!
//! Source: Microsoft, "Office 365 Management Activity API schema" (learn.microsoft.com). Times are UTC without saying so.

mod kind;
mod say;

use event::Facet;

use crate::{
    Format, Framing, JsonShape, Parser,
    map::{self, Map},
};

/// Microsoft 365 audit.
pub struct Microsoft365;

impl Format for Microsoft365 {
    fn name(&self) -> &'static str {
        "microsoft365"
    }
    fn title(&self) -> &'static str {
        "Microsoft 365 audit"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["value"], ids: &["Id", "id", "Identity"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        if memchr::memmem::find(head, b"\"AuditData\"").is_some() && map::keys(head, &["AuditData"]) == 1 {
            return 92;
        }
        let own = map::keys(head, &["CreationTime", "Operation", "OrganizationId", "RecordType", "UserKey", "UserType", "Workload", "ResultStatus"]);
        let lower = map::keys(head, &["creationtime", "operation", "organizationid", "recordtype", "userkey", "usertype", "workload", "resultstatus"]);
        let analytics = map::keys(head, &["OfficeWorkload", "TimeGenerated", "Operation", "OrganizationId", "UserKey", "RecordType"]);
        match own.max(lower).max(analytics) {
            5.. => 92,
            4 => 85,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::carried_parser(Map::loose(say::FIELDS), say::CARRIED, say::event)
    }
}
