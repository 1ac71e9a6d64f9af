//! Azure activity, resource and Entra ID logs: as Azure Monitor sends them (`records`, one a line), as the REST interfaces and SDKs give them
//! (`value`, camelCase, snake_case or PascalCase), and as Log Analytics keeps them (`TimeGenerated`, lists as texts). A stream may hold several of these kinds; each record is told by its own shape.
//!
//! Source: Microsoft, "Azure Activity Log event schema", "Azure Monitor resource log schema", Graph `signIn` and `directoryAudit` (learn.microsoft.com).

mod activity;
mod audit;
mod fields;
mod kind;
mod sign_in;

use event::{Facet, Sink};

pub(crate) use kind::of_directory;

use crate::{
    Format, Framing, JsonShape, Parser, Reject,
    map::{self, Doc, Map},
};

/// Azure and Entra ID.
pub struct Azure;

impl Format for Azure {
    fn name(&self) -> &'static str {
        "azure"
    }
    fn title(&self) -> &'static str {
        "Azure activity and Entra ID"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["value", "records", "Records"], ids: &["eventDataId", "event_data_id", "id", "properties.id"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let count = |names: &[&str]| map::keys(head, names);
        let monitor = count(&["operationName", "operationname", "resourceId", "resourceid"]) >= 2
            && count(&["category", "callerIpAddress", "calleripaddress", "correlationId", "properties", "tenantId"]) >= 2;
        let activity = count(&["eventTimestamp", "event_timestamp", "eventDataId", "event_data_id", "operationName", "operation_name", "caller"]) >= 3;
        let sign_in = count(&["createdDateTime", "userPrincipalName", "appDisplayName", "ipAddress", "conditionalAccessStatus", "appId"]) >= 4;
        let audit = count(&["activityDateTime", "activityDisplayName", "initiatedBy", "targetResources", "loggedByService"]) >= 3
            || count(&["ActivityDateTime", "ActivityDisplayName", "InitiatedBy", "TargetResources", "LoggedByService"]) >= 3;
        let kubernetes = memchr::memmem::find(head, b"\"kube-audit").is_some();
        if (monitor || activity || sign_in || audit) && !kubernetes { 88 } else { 0 }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::parser_by(Map::loose(fields::FIELDS), event)
    }
}

/// Makes the event of a record, by its kind.
fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    match fields::shape(doc) {
        fields::Shape::SignIn => sign_in::event(doc, message, out),
        fields::Shape::Audit => audit::event(doc, message, out),
        fields::Shape::Activity => activity::event(doc, message, out),
    }
}
