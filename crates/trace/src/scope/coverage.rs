//! What the logs cover: each source with its hosts, accounts, regions and times; the gaps that logs tell of themselves; the accounts
//! whose reading of objects is logged.
//!
//! Owns the folding of rows into that, the same for a run of events and for a store's tables. Never decides what stays unseen of a
//! scope: that is `blind`'s and `exfil`'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event::{Column, Entity, Facet, Fields, Kind, Time};
use serde::{Deserialize, Serialize};

/// Operations by which providers log that single objects are read, where they are told to (CloudTrail user guide, "Logging data
/// events"). Writes are not among them: they are chosen apart from reads, and listing is of the bucket.
pub const OBJECT_READS: [&str; 5] = ["GetObject", "HeadObject", "SelectObjectContent", "REST.GET.OBJECT", "REST.HEAD.OBJECT"];
/// How the name of an object, or of the bucket that holds it, begins.
const OBJECT_HEAD: &str = "arn:aws:s3:::";
/// First lines of a daemon of logs after its start (auditd's, syslog's): like `lost`, they tell of what is missing before them.
const STARTS: [&str; 2] = ["DAEMON_START", "log_started"];

/// What one source tells of one host, account and region; rows of one source are folded into its span.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SourceRow {
    /// Source.
    pub source: String,
    /// Name of its facet.
    pub facet: String,
    /// Host.
    pub host: Option<String>,
    /// Cloud account.
    pub account: Option<String>,
    /// Cloud region.
    pub region: Option<String>,
    /// First event.
    pub first: Time,
    /// Last event.
    pub last: Time,
    /// Events by which objects were read or tried to be read (`reads_object`).
    pub reads: u64,
    /// Events of somebody logging in, becoming another, or failing to (OCSF Authentication).
    pub logins: u64,
    /// Events of connections (OCSF Network Activity).
    pub connections: u64,
}

/// What one source was seen to cover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceSpan {
    /// Its name.
    pub source: String,
    /// Its facet.
    pub facet: Facet,
    /// Hosts in it.
    pub hosts: Vec<String>,
    /// Cloud accounts in it.
    pub accounts: Vec<String>,
    /// Cloud regions in it.
    pub regions: Vec<String>,
    /// First event.
    pub first: Time,
    /// Last event.
    pub last: Time,
}

/// The times of the events before and after an event in the same source and place; events at its own time are neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Neighbours {
    /// The last before.
    pub before: Option<Time>,
    /// The first after.
    pub after: Option<Time>,
}

/// A gap that a log tells of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapSpan {
    /// Source whose event tells of it.
    pub source: String,
    /// `stopped`, `lost`, `disabled`.
    pub kind: String,
    /// Host or account that the log is of.
    pub of: Option<Entity>,
    /// From; unknown where records are missing before the first event of that source and place.
    pub from: Option<Time>,
    /// To; unknown where it lasts to the end of the log.
    pub to: Option<Time>,
    /// Records missing, if known.
    pub count: Option<i64>,
    /// The event that tells of it.
    pub event: String,
}

/// What the logs that were asked cover. Made from events, or from rows of who knows the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Sources.
    pub sources: Vec<SourceSpan>,
    /// Gaps.
    pub gaps: Vec<GapSpan>,
    /// Cloud accounts of which events tell that single objects are read (S3 data events).
    pub object_reads: BTreeSet<String>,
    /// Hosts whose system logs tell of logins.
    pub logins: BTreeSet<String>,
    /// Hosts whose own sensors, or network logs that name them, tell of connections; and how long those logs go.
    pub connections: BTreeMap<String, Time>,
    /// Limits at which the looking stopped, and what is not known for it, in sentences.
    pub cut: Vec<String>,
}

impl Coverage {
    /// Folds rows and gaps. Gaps that two events tell of alike (auditd's end and its next start) are one.
    pub fn fold(rows: impl IntoIterator<Item = SourceRow>, gaps: impl IntoIterator<Item = GapSpan>) -> Coverage {
        let mut spans: BTreeMap<String, SourceSpan> = BTreeMap::new();
        let (mut object_reads, mut logins) = (BTreeSet::new(), BTreeSet::new());
        let mut connections: BTreeMap<String, Time> = BTreeMap::new();
        for row in rows {
            let span = spans.entry(row.source.clone()).or_insert_with(|| SourceSpan {
                source: row.source,
                facet: Facet::parse(&row.facet).unwrap_or(Facet::Application),
                hosts: Vec::new(),
                accounts: Vec::new(),
                regions: Vec::new(),
                first: row.first,
                last: row.last,
            });
            (span.first, span.last) = (span.first.min(row.first), span.last.max(row.last));
            object_reads.extend(row.account.clone().filter(|_| row.reads > 0));
            logins.extend(row.host.clone().filter(|_| row.logins > 0 && span.facet == Facet::System));
            if let Some(host) = row.host.clone().filter(|_| row.connections > 0 && matches!(span.facet, Facet::Runtime | Facet::Network)) {
                let last = connections.entry(host).or_insert(row.last);
                *last = row.last.max(*last);
            }
            for (list, value) in [(&mut span.hosts, row.host), (&mut span.accounts, row.account), (&mut span.regions, row.region)] {
                list.extend(value.filter(|v| !list.contains(v)));
            }
        }
        let mut coverage = Coverage { sources: spans.into_values().collect(), gaps: Vec::new(), object_reads, logins, connections, cut: Vec::new() };
        coverage.add_gaps(gaps);
        coverage
    }

    /// Adds gaps. Those that two events tell of alike are one.
    pub fn add_gaps(&mut self, gaps: impl IntoIterator<Item = GapSpan>) {
        for gap in gaps {
            match self.gaps.iter_mut().find(|g| g.same(&gap)) {
                Some(same) => same.count = same.count.max(gap.count),
                None => self.gaps.push(gap),
            }
        }
    }

    /// What a run of events covers.
    pub fn of<'a, F: Fields + 'a>(events: impl Iterator<Item = &'a F> + Clone) -> Coverage {
        let mut times: HashMap<(String, String), Vec<Time>> = HashMap::new();
        for e in events.clone() {
            times.entry(source_and_place(e)).or_default().push(e.time());
        }
        times.values_mut().for_each(|t| t.sort_unstable());
        let neighbours = |e: &F| {
            let times = times.get(&source_and_place(e)).map(Vec::as_slice).unwrap_or_default();
            let before = times.partition_point(|t| *t < e.time()).checked_sub(1);
            let after = times.partition_point(|t| *t <= e.time());
            Neighbours { before: before.and_then(|at| times.get(at).copied()), after: times.get(after).copied() }
        };
        Coverage::fold(events.clone().filter_map(SourceRow::of), events.filter_map(|e| GapSpan::of(e, neighbours(e))))
    }

    /// Whether any source has a facet, of a host if one is named.
    pub fn has(&self, facet: Facet, host: Option<&str>) -> bool {
        self.sources.iter().any(|s| s.facet == facet && host.is_none_or(|h| s.hosts.iter().any(|x| x == h)))
    }
}

impl SourceRow {
    fn of(e: &impl Fields) -> Option<SourceRow> {
        let text = |c| e.text(c).map(str::to_owned);
        Some(SourceRow {
            source: text(Column::Source)?,
            facet: text(Column::Facet).unwrap_or_default(),
            host: text(Column::Host),
            account: text(Column::Account),
            region: text(Column::Region),
            first: e.time(),
            last: e.time(),
            reads: u64::from(reads_object(e)),
            logins: u64::from(e.int(Column::ClassUid) == Some(AUTHENTICATION)),
            connections: u64::from(e.int(Column::ClassUid) == Some(NETWORK_ACTIVITY)),
        })
    }
}

impl GapSpan {
    /// The gap that an event tells of, if it does. What stops or is switched off is missing after it; what was lost, before.
    pub fn of(e: &impl Fields, neighbours: Neighbours) -> Option<GapSpan> {
        let kind = e.text(Column::Gap)?;
        let (from, to) = if missing_before(e) { (neighbours.before, Some(e.time())) } else { (Some(e.time()), neighbours.after) };
        let account = e.text(Column::Account).map(|a| Entity::new(Kind::Account, a));
        Some(GapSpan {
            source: e.text(Column::Source)?.to_owned(),
            kind: kind.to_owned(),
            of: account.or_else(|| e.text(Column::Host).map(|h| Entity::new(Kind::Host, h))),
            from,
            to,
            count: e.int(Column::GapCount),
            event: e.id(),
        })
    }

    /// The gap in a sentence: which log, of whom, what happened, from when to when.
    pub fn text(&self) -> String {
        let from = self.from.map_or_else(|| "a time unknown".to_owned(), |t| t.to_string());
        let until = self.to.map_or_else(|| "the end of the log".to_owned(), |t| t.to_string());
        let count = self.count.map_or_else(String::new, |n| format!(", {n} records"));
        // A log of many says of whom; the name of most logs does already.
        let of = self.of.as_ref().filter(|e| !self.source.contains(&e.value)).map_or_else(String::new, |e| format!(" ({e})"));
        format!("{}{of} {} from {from} to {until}{count}", self.source, self.kind)
    }

    fn same(&self, other: &GapSpan) -> bool {
        let key = |g: &GapSpan| (g.from, g.to);
        key(self) == key(other) && self.kind == other.kind && self.source == other.source && self.of == other.of
    }
}

/// Whether an event that tells of a gap tells of what is missing before it, not after it.
pub fn missing_before(e: &impl Fields) -> bool {
    e.text(Column::Gap) == Some("lost") || e.text(Column::Operation).is_some_and(|o| STARTS.contains(&o))
}

/// The place in its source that an event tells of: account and region, else host. Events of other places go on while a log is silent
/// about one.
pub fn place(e: &impl Fields) -> String {
    let text = |c| e.text(c).unwrap_or_default();
    match e.text(Column::Account) {
        Some(account) => format!("{account}/{}", text(Column::Region)),
        None => text(Column::Host).to_owned(),
    }
}

fn source_and_place(e: &impl Fields) -> (String, String) {
    (e.text(Column::Source).unwrap_or_default().to_owned(), place(e))
}

/// `place` as an expression over the columns of a table of events.
pub const PLACE_SQL: &str = "case when account is null then coalesce(host, '') else concat(account, '/', region) end";

/// OCSF class of logins.
const AUTHENTICATION: i64 = event::class::AUTHENTICATION.uid as i64;

/// OCSF class of connections.
const NETWORK_ACTIVITY: i64 = event::class::NETWORK_ACTIVITY.uid as i64;

/// Whether an event tells of a connection, as a condition over the columns of a table of events.
pub fn connection_sql() -> String {
    format!("class_uid = {NETWORK_ACTIVITY}")
}

/// Whether an event tells of a login, as a condition over the columns of a table of events.
pub fn login_sql() -> String {
    format!("class_uid = {AUTHENTICATION}")
}

/// Whether an event tells that a single object was read, or that somebody tried.
fn reads_object(e: &impl Fields) -> bool {
    let object = e.text(Column::Resource).is_some_and(|r| r.strip_prefix(OBJECT_HEAD).is_some_and(|name| name.contains('/')));
    object && e.text(Column::Operation).is_some_and(|o| OBJECT_READS.contains(&o))
}

/// `reads_object` as a condition over the columns of a table of events.
pub fn reads_object_sql() -> String {
    format!("operation in ('{}') and resource like '{OBJECT_HEAD}%/%'", OBJECT_READS.join("', '"))
}

#[cfg(test)]
mod tests {
    use event::{Event, event::Cell};

    use super::*;

    const A: &str = "111111111111";

    /// An event of a central log, at so many seconds.
    fn made(at: i64, columns: &[(Column, &str)]) -> Event {
        let mut e = Event::empty();
        e.set(Column::Source, Cell::Text("central".into()));
        e.set(Column::Time, Cell::Int(Time::from_secs(at).0));
        e.set(Column::Seq, Cell::Int(at));
        columns.iter().for_each(|(c, v)| e.set(*c, Cell::Text((*v).into())));
        e
    }

    fn gaps(events: &[Event]) -> Vec<(String, Option<i64>, Option<i64>)> {
        let seconds = |t: Option<Time>| t.map(|t| t.millis() / 1000);
        let of = |g: &GapSpan| (g.of.as_ref().map(Entity::to_string).unwrap_or_default(), seconds(g.from), seconds(g.to));
        Coverage::of(events.iter()).gaps.iter().map(of).collect()
    }

    #[test]
    fn a_gap_lasts_until_the_same_host_or_account_is_heard_again() {
        use Column::{Account, Gap, Host, Region};
        let log = [
            made(10, &[(Host, "db-1"), (Gap, "stopped")]),
            made(11, &[(Host, "web-1")]),
            made(12, &[(Host, "db-1")]),
            made(20, &[(Account, A), (Region, "eu-central-1"), (Gap, "stopped")]),
            made(21, &[(Account, "222222222222"), (Region, "eu-central-1")]),
            made(22, &[(Account, A), (Region, "us-east-1")]),
            made(23, &[(Account, A), (Region, "eu-central-1")]),
            made(30, &[(Host, "db-1"), (Gap, "disabled")]),
            made(31, &[(Host, "web-1")]),
        ];
        let account = format!("account:{A}");
        assert_eq!(gaps(&log), [("host:db-1".into(), Some(10), Some(12)), (account, Some(20), Some(23)), ("host:db-1".into(), Some(30), None)]);
    }

    #[test]
    fn what_was_lost_is_missing_before_the_line_that_counts_it() {
        use Column::{Gap, Host, Operation};
        let log = [
            made(5, &[(Host, "web-1"), (Gap, "lost")]),
            made(10, &[(Host, "db-1")]),
            made(11, &[(Host, "web-1")]),
            made(12, &[(Host, "db-1"), (Gap, "lost")]),
            made(13, &[(Host, "db-1")]),
        ];
        assert_eq!(gaps(&log), [("host:web-1".into(), None, Some(5)), ("host:db-1".into(), Some(10), Some(12))]);
        let killed = [
            made(10, &[(Host, "db-1")]),
            made(20, &[(Host, "db-1"), (Gap, "stopped"), (Operation, "DAEMON_START")]),
            made(30, &[(Host, "db-1"), (Gap, "stopped"), (Operation, "DAEMON_END")]),
            made(40, &[(Host, "db-1"), (Gap, "stopped"), (Operation, "DAEMON_START")]),
        ];
        assert_eq!(gaps(&killed), [("host:db-1".into(), Some(10), Some(20)), ("host:db-1".into(), Some(30), Some(40))]);
    }

    #[test]
    fn only_reads_of_objects_say_that_an_accounts_reads_are_logged() {
        use Column::{Account, Operation, Resource};
        let act = |account, operation, resource| made(1, &[(Account, account), (Operation, operation), (Resource, resource)]);
        let log = [
            act("1", "PutObject", "arn:aws:s3:::b/key"),
            act("2", "GetObject", "arn:aws:s3:::b/key"),
            act("3", "ListObjects", "arn:aws:s3:::b"),
            act("4", "GetObject", "arn:aws:s3:::b"),
            act("5", "HeadObject", "arn:aws:s3:::b/key"),
        ];
        assert_eq!(Coverage::of(log.iter()).object_reads, BTreeSet::from(["2".into(), "5".into()]));
    }
}
