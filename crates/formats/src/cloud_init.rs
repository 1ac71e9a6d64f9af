//! cloud-init.log: what a machine did with what its owner (or somebody else) told it at its first boot.
//!
//! Source: cloud-init's `log.py` (`%(asctime)s - %(filename)s[%(levelname)s]: %(message)s`), times in UTC.

use event::{Column, Facet, Mark, Sink, attr, class};

use crate::{Format, Framing, Parser, Record, Reject, time};

/// cloud-init.log.
pub struct CloudInit;

impl Format for CloudInit {
    fn name(&self) -> &'static str {
        "cloud_init"
    }
    fn title(&self) -> &'static str {
        "cloud-init.log"
    }
    fn facet(&self) -> Facet {
        Facet::System
    }
    fn framing(&self) -> Framing {
        Framing::Lines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        let lines = head.split(|b| *b == b'\n').filter(|l| !l.is_empty()).take(30);
        let (all, fit) = lines.fold((0, 0), |(all, fit), l| (all + 1, fit + usize::from(head_of(&String::from_utf8_lossy(l)).is_some())));
        if fit * 2 > all { 90 + u8::from(file_name.contains("cloud-init")) * 5 } else { 0 }
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(Lines)
    }
}

/// Time, Python module, level, message.
fn head_of(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (when, rest) = line.split_once(" - ")?;
    let (place, message) = rest.split_once("]: ")?;
    let (module, level) = place.split_once('[')?;
    let known = matches!(level, "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" | "DEPRECATED");
    (known && module.ends_with(".py") && when.len() == 23 && when.contains(',')).then_some((when, module, level, message))
}

struct Lines;

impl Parser for Lines {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        let text = text.trim_end();
        let (when, module, level, message) = head_of(text).ok_or(Reject::Shape { expected: "a line of cloud-init.log" })?;
        let when = time::of(when, record.received);
        if !when.is_known() {
            return Err(Reject::Bad { field: "time", expected: "a time", found: Reject::found(text) });
        }
        // `Running command ['sh', '-c', …] with allowed return codes [0] (shell=False, capture=True)`.
        let command = message.strip_prefix("Running command ").and_then(|m| m.rsplit_once(" with allowed return codes")).map(|(c, _)| c);
        out.begin(class::BASE_EVENT, 99, when.time);
        when.marks.iter().flatten().for_each(|m| out.mark(*m));
        out.text(attr::METADATA_PRODUCT_NAME, "cloud-init");
        out.text(attr::METADATA_LOG_LEVEL, level);
        out.key(Column::Service, "cloud-init");
        out.key(Column::Operation, if command.is_some() { "command" } else { "message" });
        out.key(Column::Command, command.unwrap_or_default());
        out.text(attr::MESSAGE, message);
        out.int(
            attr::SEVERITY_ID,
            if matches!(level, "WARNING") {
                3
            } else if matches!(level, "ERROR" | "CRITICAL") {
                4
            } else {
                1
            },
        );
        out.other("module", module);
        if let Some(host) = record.host.filter(|h| !h.is_empty()) {
            out.text(attr::DEVICE_HOSTNAME, &host.to_ascii_lowercase());
            out.int(attr::DEVICE_TYPE_ID, 0);
            out.mark(Mark::HostAssumed);
        }
        out.record(record.seq, record.bytes);
        out.end();
        Ok(())
    }
}
