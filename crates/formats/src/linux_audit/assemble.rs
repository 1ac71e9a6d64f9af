//! Records to events: those of one node, time and serial belong together, however they come apart.
//!
//! An event closes at EOE; at once where its type is single by nature; when a record two seconds of event time later comes; at a limit; at end of input.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use event::{Sink, Time, time::SECOND};

use super::{line, map};
use crate::{Parser, Record, Reject};

/// Events held open at most; the one opened first is closed for the next.
pub const OPEN_EVENTS_MAX: usize = 4096;
/// Records of one event at most; what comes after is an event of its own.
pub const EVENT_RECORDS_MAX: usize = 16_384;
/// Events remembered in order of opening, closed ones among them, at most.
const ORDER_MAX: usize = 4 * OPEN_EVENTS_MAX;
/// Bytes of open events at most.
pub const OPEN_BYTES_MAX: usize = 64 << 20;
/// An event is over when another is so much later (microseconds).
const OVER: i64 = 2 * SECOND;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    node: u64,
    time: i64,
    serial: u64,
}

/// The records of an event so far, end to end.
#[derive(Debug, Default)]
pub struct Open {
    bytes: Vec<u8>,
    ends: Vec<(u64, usize)>,
    host: Option<String>,
    received: Time,
    /// Whether its last record was seen.
    pub ended: bool,
}

impl Open {
    fn push(&mut self, record: &Record<'_>) {
        self.bytes.extend_from_slice(record.bytes);
        self.ends.push((record.seq, self.bytes.len()));
        self.received = record.received;
    }

    /// The records in order: number and bytes.
    pub fn records(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut from = 0;
        self.ends.iter().map(move |&(seq, end)| {
            let bytes = self.bytes.get(from..end).unwrap_or_default();
            from = end;
            (seq, bytes)
        })
    }

    /// The host named from outside the log.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    fn reset(&mut self, host: Option<&str>) {
        self.bytes.clear();
        self.ends.clear();
        self.ended = false;
        if self.host.as_deref() != host {
            self.host = host.map(str::to_owned);
        }
    }
}

/// The parser of a stream.
#[derive(Debug)]
pub struct Assembler {
    held_max: usize,
    open: HashMap<Key, Open>,
    order: VecDeque<Key>,
    held: usize,
    spare: Vec<Open>,
}

impl Default for Assembler {
    fn default() -> Assembler {
        Assembler { held_max: OPEN_BYTES_MAX, open: HashMap::new(), order: VecDeque::new(), held: 0, spare: Vec::new() }
    }
}

impl Assembler {
    fn close(&mut self, key: Key, out: &mut dyn Sink) {
        let Some(open) = self.open.remove(&key) else { return };
        self.held = self.held.saturating_sub(open.bytes.len());
        map::event(&open, out);
        if self.spare.len() < 8 && open.bytes.capacity() < 1 << 16 {
            self.spare.push(open);
        }
    }

    /// Closes what is over by event time, and what no longer fits.
    fn sweep(&mut self, now: Time, out: &mut dyn Sink) {
        while let Some(&key) = self.order.front() {
            let gone = !self.open.contains_key(&key);
            let over = key.time < now.0.saturating_sub(OVER);
            if !(gone || over || self.open.len() > OPEN_EVENTS_MAX || self.order.len() > ORDER_MAX || self.held > self.held_max) {
                return;
            }
            self.order.pop_front();
            self.close(key, out);
        }
    }

    fn opened(&mut self, key: Key, host: Option<&str>) -> &mut Open {
        let (order, spare) = (&mut self.order, &mut self.spare);
        self.open.entry(key).or_insert_with(|| {
            order.push_back(key);
            let mut open = spare.pop().unwrap_or_default();
            open.reset(host);
            open
        })
    }
}

impl Parser for Assembler {
    fn record(&mut self, record: Record<'_>, out: &mut dyn Sink) -> Result<(), Reject> {
        let text = String::from_utf8_lossy(record.bytes);
        let head = line::head(text.trim_end_matches(['\n', '\r']))?;
        let mut hasher = DefaultHasher::new();
        head.node.hash(&mut hasher);
        let key = Key { node: hasher.finish(), time: head.time.0, serial: head.serial };
        self.sweep(head.time, out);
        let open = self.opened(key, record.host);
        open.push(&record);
        open.ended |= matches!(head.kind, "EOE" | "PROCTITLE" | "1320" | "1327");
        let full = open.ends.len() >= EVENT_RECORDS_MAX;
        self.held += record.bytes.len();
        if full || matches!(head.kind, "EOE" | "1320") || single(head.kind, head.body) {
            self.close(key, out);
        }
        self.sweep(head.time, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Sink) {
        while let Some(key) = self.order.pop_front() {
            self.close(key, out);
        }
    }

    fn pending(&self) -> Vec<u64> {
        let mut seqs: Vec<u64> = self.open.values().flat_map(|o| o.ends.iter().map(|(seq, _)| *seq)).collect();
        seqs.sort_unstable();
        seqs
    }
}

/// Records that programs send (`msg='…'`) and those of the daemon itself come alone.
fn single(kind: &str, body: &str) -> bool {
    kind.starts_with("DAEMON_") || body.contains(" msg='")
}

#[cfg(test)]
mod tests {
    use event::{Column, Event, EventSink, Facet, Fields, sink::Origin};

    use super::*;

    /// Parses lines; gives the events and the numbers that were pending before the end.
    fn parse(lines: &[String]) -> (Vec<Event>, Vec<u64>) {
        let received = Time::from_secs(1_800_000_000);
        let mut sink = EventSink::new(Origin { source: "s".into(), format: "linux_audit".into(), facet: Facet::Runtime, received, host: None });
        let mut parser = Assembler::default();
        for (seq, line) in lines.iter().enumerate() {
            parser.record(Record { seq: seq as u64, bytes: line.as_bytes(), received, host: Some("web-1") }, &mut sink).unwrap();
        }
        let pending = parser.pending();
        parser.finish(&mut sink);
        assert!(parser.pending().is_empty());
        (sink.events, pending)
    }

    fn line(kind: &str, stamp: &str, rest: &str) -> String {
        format!("type={kind} msg=audit({stamp}): {rest}\n")
    }

    fn call(stamp: &str) -> String {
        line("SYSCALL", stamp, "arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 auid=1000 uid=0 euid=0 ses=3 comm=\"id\" exe=\"/usr/bin/id\"")
    }

    fn marks(event: &Event) -> &str {
        event.text(Column::Marks).unwrap_or_default()
    }

    #[test]
    fn row_30_interleaved_records_are_grouped() {
        let (a, b) = ("1700000000.100:10", "1700000000.100:11");
        let lines = [call(b), call(a), line("CWD", b, "cwd=\"/b\""), line("CWD", a, "cwd=\"/a\""), line("EOE", a, ""), line("EOE", b, "")];
        let (events, pending) = parse(&lines);
        assert!(pending.is_empty());
        assert_eq!(events.iter().map(|e| e.records.clone()).collect::<Vec<_>>(), [vec![1, 3, 4], vec![0, 2, 5]]);
        assert!(events.iter().all(|e| marks(e) == "host_assumed"));
    }

    #[test]
    fn row_30_serial_wrap_and_reboot_do_not_join_events() {
        let lines = [call("1700000000.100:4294967295"), call("1700000000.101:1"), call("1700000900.000:1"), call("1700000901.000:4294967295")];
        let (events, _) = parse(&lines);
        assert_eq!(events.len(), 4);
        let two_nodes = [format!("node=a {}", call("1700000000.100:1")), format!("node=b {}", call("1700000000.100:1"))];
        let (events, _) = parse(&two_nodes);
        assert_eq!(events.iter().map(|e| e.text(Column::Session).unwrap().to_owned()).collect::<Vec<_>>(), ["a/3", "b/3"]);
    }

    #[test]
    fn row_31_an_event_without_its_end_is_closed_and_marked() {
        let (events, pending) = parse(&[call("1700000000.100:1"), call("1700000001.000:2"), line("PROCTITLE", "1700000001.000:2", "proctitle=\"id\"")]);
        assert_eq!(pending, [0, 1, 2]);
        assert_eq!(events.iter().map(marks).collect::<Vec<_>>(), ["host_assumed,incomplete", "host_assumed"]);
        let (_, pending) = parse(&[call("1700000000.100:1"), call("1700000002.101:2")]);
        assert_eq!(pending, [1], "two seconds of event time close an event");
    }

    #[test]
    fn row_33_lost_records_are_a_gap_with_a_count() {
        let gap = |l: String| parse(&[l]).0.first().map(|e| (e.text(Column::Gap).unwrap_or_default().to_owned(), e.int(Column::GapCount))).unwrap();
        let stamp = "1700000000.100:1";
        assert_eq!(gap(line("CONFIG_CHANGE", stamp, "op=set lost=0 old=27 auid=0 ses=1 res=1")), ("lost".into(), Some(27)));
        assert_eq!(gap(line("CONFIG_CHANGE", stamp, "op=set audit_enabled=0 old=1 auid=0 ses=1 res=1")), ("disabled".into(), None));
        assert_eq!(gap(line("DAEMON_END", stamp, "op=terminate auid=0 pid=1 res=success")), ("stopped".into(), None));
        assert_eq!(gap(line("DAEMON_ABORT", stamp, "op=error auid=0 pid=1 res=failed")), ("stopped".into(), None));
        assert_eq!(gap(call(stamp)), (String::new(), None));
    }

    #[test]
    fn what_ends_a_session_is_no_login_and_a_failed_try_is_of_what_was_tried() {
        let stamp = "1700000000.100:1";
        let end = line("CRED_DISP", stamp, "pid=9 uid=0 auid=1003 ses=7 msg='op=PAM:setcred acct=\"ann\" exe=\"/usr/sbin/sshd\" res=success'");
        assert_eq!(parse(&[end]).0[0].int(Column::ActivityId), Some(2));
        let failed = "arch=c000003e syscall=59 success=no exit=-2 ppid=1 pid=7 auid=0 uid=0 euid=0 ses=3 comm=\"useradd\" exe=\"/usr/sbin/useradd\"";
        let path = line("PATH", stamp, "item=0 name=\"/usr/sbin/nscd\" nametype=UNKNOWN");
        let tries = parse(&[line("SYSCALL", stamp, failed), path, line("PROCTITLE", stamp, "proctitle=\"useradd\"")]).0;
        assert_eq!(tries[0].text(Column::Command), Some("/usr/sbin/nscd"));
        assert!(tries[0].text(Column::Message).unwrap().contains("failed to run /usr/sbin/nscd"));
    }

    #[test]
    fn open_events_are_bounded() {
        let lines: Vec<String> = (0..OPEN_EVENTS_MAX + 10).map(|n| call(&format!("1700000000.100:{n}"))).collect();
        let (events, pending) = parse(&lines);
        assert_eq!((events.len(), pending.len()), (OPEN_EVENTS_MAX + 10, OPEN_EVENTS_MAX));
    }

    #[test]
    fn bytes_of_open_events_are_bounded() {
        let mut sink = EventSink::new(Origin { source: "s".into(), format: "linux_audit".into(), facet: Facet::Runtime, received: Time(0), host: None });
        let mut parser = Assembler { held_max: 1000, ..Assembler::default() };
        for seq in 0..20u64 {
            let line = call(&format!("1700000000.100:{seq}"));
            parser.record(Record { seq, bytes: line.as_bytes(), received: Time(0), host: None }, &mut sink).unwrap();
            assert!(parser.held <= 1000);
        }
        assert_eq!(sink.events.len() + parser.pending().len(), 20);
    }

    #[test]
    fn records_of_an_event_are_bounded() {
        let lines: Vec<String> = (0..EVENT_RECORDS_MAX + 1).map(|n| line("PATH", "1700000000.100:1", &format!("item={n} name=\"/x\""))).collect();
        let (events, _) = parse(&lines);
        assert_eq!(events.iter().map(|e| e.records.len()).collect::<Vec<_>>(), [EVENT_RECORDS_MAX, 1]);
    }

    #[test]
    fn row_32_more_than_65536_arguments() {
        let count = 70_000usize;
        let mut lines = vec![call("1700000000.100:1"), line("EXECVE", "1700000000.100:1", &format!("argc={count}"))];
        for from in (0..count).step_by(500) {
            let args: Vec<String> = (from..(from + 500).min(count)).filter(|n| n % 7 != 3).map(|n| format!("a{n}=\"x{n}\"")).collect();
            lines.push(line("EXECVE", "1700000000.100:1", &args.join(" ")));
        }
        lines.push(line("EOE", "1700000000.100:1", ""));
        let (events, _) = parse(&lines);
        let want: Vec<String> = (0..count).map(|n| if n % 7 == 3 { String::new() } else { format!("x{n}") }).collect();
        assert_eq!(events[0].text(Column::Command).unwrap(), want.join(" "));
        assert_eq!(events[0].object["unmapped"]["EXECVE.argv"], serde_json::json!(want));
    }
}
