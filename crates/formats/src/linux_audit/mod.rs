//! Linux audit, raw and enriched: records put together to events, and what they say in OCSF.
//!
//! Owns: heads and fields (`line`), values (`decode`), events (`assemble`), meaning (`map`, `syscalls`, `programs`), numbers (`tables`), Laurel's JSON of the same (`laurel`).
//! Never asks the machine it runs on: a user id without a name in the log stays a number.

mod assemble;
mod decode;
mod laurel;
mod line;
mod map;
mod paths;
mod programs;
mod syscalls;
mod tables;
mod words;

pub use laurel::Laurel;

use event::Facet;

use crate::{Format, Framing, Parser};

/// Linux audit as auditd writes it (`log_format` RAW and ENRICHED), and as syslog and kernel messages carry it.
pub struct LinuxAudit;

impl Format for LinuxAudit {
    fn name(&self) -> &'static str {
        "linux_audit"
    }
    fn title(&self) -> &'static str {
        "Linux audit (auditd)"
    }
    fn facet(&self) -> Facet {
        Facet::Runtime
    }
    fn framing(&self) -> Framing {
        Framing::AuditLines
    }
    fn sniff(&self, head: &[u8], file_name: &str) -> u8 {
        sniff(head, file_name)
    }
    fn parser(&self) -> Box<dyn Parser> {
        Box::new(assemble::Assembler::default())
    }
}

/// Lines looked at to tell audit from other text.
const SNIFF_LINES: usize = 50;

fn sniff(head: &[u8], file_name: &str) -> u8 {
    let lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty() && !l.starts_with(b"#")).take(SNIFF_LINES);
    let (mut all, mut fit) = (0u32, 0u32);
    for line in lines {
        all += 1;
        fit += u32::from(line::head(&String::from_utf8_lossy(line)).is_ok());
    }
    if fit * 2 <= all {
        return 0;
    }
    let share = fit * 90 / all.max(1);
    share as u8 + if file_name.contains("audit") { 5 } else { 0 }
}
