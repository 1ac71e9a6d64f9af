//! Kubernetes audit: `audit.k8s.io` events of any version, one a line or in an `EventList`; also as AKS carries them (in `properties.log`).
//!
//! Source: Kubernetes documentation, "Auditing" and the API reference of `audit.k8s.io/v1` (kubernetes.io/docs/reference/config-api/apiserver-audit.v1).
//! The stages of one request have one `auditID` and become one event, whose last stage is what is read; `level` says how much is told, not how far it went.

mod kind;
mod say;
mod stages;

use std::borrow::Cow;

use event::{Facet, Sink};

use crate::{
    Format, Framing, JsonShape, Parser, Record, Reject,
    map::{self, Map, Reader},
};

use stages::Stages;

/// Kubernetes audit.
pub struct KubernetesAudit;

impl Format for KubernetesAudit {
    fn name(&self) -> &'static str {
        "kubernetes_audit"
    }
    fn title(&self) -> &'static str {
        "Kubernetes audit"
    }
    fn facet(&self) -> Facet {
        Facet::Cloud
    }
    fn framing(&self) -> Framing {
        Framing::Json(JsonShape { envelopes: &["items"], ids: &["auditID"] })
    }

    fn sniff(&self, head: &[u8], _: &str) -> u8 {
        let own = map::keys(head, &["auditID", "stage", "verb", "requestURI", "sourceIPs", "objectRef", "user", "requestReceivedTimestamp"]);
        let named = memchr::memmem::find(head, b"audit.k8s.io/").is_some();
        let azure = map::keys(head, &["category", "properties", "log"]) == 3 && memchr::memmem::find(head, b"\"kube-audit").is_some();
        match own {
            _ if azure => 92,
            5.. => 90,
            2.. if named => 90,
            3.. if map::keys(head, &["auditID"]) == 1 => 85,
            _ => 0,
        }
    }

    fn parser(&self) -> Box<dyn Parser> {
        Box::new(AuditParser { reader: Reader::new(Map::new(say::FIELDS)), message: String::new(), stages: Stages::default() })
    }
}

struct AuditParser {
    reader: Reader,
    message: String,
    stages: Stages,
}

impl Parser for AuditParser {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = map::text_of(record.bytes);
        let utf8 = matches!(text, Cow::Borrowed(_));
        let doc = self.reader.read(&text, record, utf8)?;
        match self.stages.take(&doc)? {
            stages::Step::Held => {}
            stages::Step::Whole(_) if doc.has(say::WRAPPED) => self.unwrap(&text, record, utf8, out)?,
            stages::Step::Whole(earlier) => {
                self.message.clear();
                say::event(&doc.after(&earlier), &say::Wrap::default(), &mut self.message, out)?;
            }
        }
        while let Some(old) = self.stages.overdue() {
            self.let_go(old, record, out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        while let Some(old) = self.stages.oldest() {
            let record = Record { seq: 0, bytes: &[], received: old.received, host: None };
            self.let_go(old, record, out);
        }
    }

    fn pending(&self) -> Vec<u64> {
        self.stages.pending()
    }
}

impl AuditParser {
    /// Makes the event of a request of which no more is expected.
    fn let_go(&mut self, mut old: stages::Open, like: Record<'_>, out: &mut dyn Sink) {
        let Some((seq, bytes)) = old.records.pop() else { return };
        let record = Record { seq, bytes: &bytes, received: old.received, host: like.host };
        let text = map::text_of(&bytes);
        self.message.clear();
        // The record was read when it came, so that it is good.
        if let Ok(doc) = self.reader.read(&text, record, matches!(text, Cow::Borrowed(_))) {
            drop(say::event(&doc.after(&old.records), &say::Wrap::default(), &mut self.message, out));
        }
    }

    /// Makes the event that a record of Azure's carries as text.
    fn unwrap(&mut self, text: &str, record: Record<'_>, utf8: bool, out: &mut dyn Sink) -> Result<(), Reject> {
        let outer = self.reader.read(text, record, utf8)?;
        let inner = outer.text(say::WRAPPED).into_owned();
        let wrap = say::Wrap::read(&outer);
        self.message.clear();
        say::event(&self.reader.read(&inner, record, utf8)?, &wrap, &mut self.message, out)
    }
}
