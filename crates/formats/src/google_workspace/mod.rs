//! Google Workspace activity reports (admin, login, drive, token, saml, groups, user accounts, gmail …): as the Reports API gives them
//! (`items`), one a line, and flattened to one event a record.
//!
//! Source: Google Workspace Admin SDK, Reports API, "Activities" and the event names of each application (developers.google.com/workspace/admin/reports).
//! An activity may tell of several events at once; the record becomes one event, that of the gravest of them, and all are kept in `unmapped`.

mod kind;
mod say;

use event::Facet;

use crate::{Format, Framing, JsonShape, Parser, map};

/// Google Workspace.
pub struct GoogleWorkspace;

impl Format for GoogleWorkspace {
    fn name(&self) -> &'static str {
        "google_workspace"
    }
    fn title(&self) -> &'static str {
        "Google Workspace"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["items"], ids: &["id.uniqueQualifier"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
        let own = map::keys(head, &["applicationName", "uniqueQualifier", "customerId", "actor", "profileId", "events", "ipAddress", "parameters"]);
        match own {
            4.. if has(b"#reports#activit") || has(b"audit#activity") => 92,
            4.. if map::keys(head, &["applicationName"]) == 1 => 88,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        map::parser(say::FIELDS, say::event)
    }
}
