//! Events, links and pieces made for the tests.

use arrow_array::RecordBatch;
use event::{Batch, Column, Entity, Facet, Link, Origin, Reason, Relation, Sink, SourceInfo, Time, class, time::DAY};
use lake::{Around, Lake, Quarantined};

/// 2026-03-01T10:00:00Z.
pub const NOON: Time = Time(1_772_359_200_000_000);

pub fn origin(source: &str, facet: Facet) -> Origin {
    Origin { source: source.into(), format: "made".into(), facet, received: NOON, host: None }
}

#[derive(Debug)]
pub struct Made {
    pub time: Time,
    pub seqs: Vec<u64>,
    pub cells: Vec<(Column, String)>,
    pub numbers: Vec<(Column, i64)>,
}

pub fn event(time: Time, seqs: &[u64], cells: &[(Column, &str)]) -> Made {
    Made { time, seqs: seqs.to_vec(), cells: cells.iter().map(|(c, t)| (*c, (*t).to_owned())).collect(), numbers: Vec::new() }
}

pub fn bytes_of(source: &str, seq: u64) -> Vec<u8> {
    let mut bytes = format!("record {seq} of {source} \u{fffd}").into_bytes();
    bytes.extend([0xff, 0x00, b'\r', b'\n']);
    bytes
}

pub fn fill(batch: &mut impl Sink, source: &str, made: &[Made]) {
    for m in made {
        batch.begin(class::API_ACTIVITY, 1, m.time);
        m.cells.iter().for_each(|(c, t)| batch.key(*c, t));
        m.numbers.iter().for_each(|(c, n)| batch.key_int(*c, *n));
        m.seqs.iter().for_each(|&s| batch.record(s, &bytes_of(source, s)));
        batch.end();
    }
}

pub fn batch(source: &str, facet: Facet, made: &[Made]) -> RecordBatch {
    let mut batch = Batch::new(origin(source, facet));
    fill(&mut batch, source, made);
    batch.take().unwrap()
}

pub fn entity(text: &str) -> Entity {
    text.parse().unwrap()
}

pub fn link(from: &str, relation: Relation, to: &str, first: Time, event: &str) -> Link {
    Link { from: entity(from), relation, to: entity(to), via: None, first, last: first.plus(60_000_000), count: 2, event: event.into() }
}

pub fn quarantined(source: &str, seq: u64) -> Quarantined {
    let source = SourceInfo { name: source.into(), format: "made".into(), facet: Facet::Cloud, host: None };
    let raw = bytes_of(&source.name, seq);
    Quarantined { source, seq, received: NOON, offset: 17, reason: Reason::Syntax, detail: "no `{`".into(), parser: "made/1".into(), raw }
}

pub fn around(source: &str, seq: u64) -> Around {
    Around { source: source.into(), seq, received: NOON, offset: 3, raw: bytes_of(source, seq) }
}

/// Commits the pieces of one journal batch of `cloudtrail/1`: an event of two records, one of one, a quarantined record,
/// an envelope, a link; numbers from `number * 10`.
pub fn commit(lake: &mut Lake, number: u64) -> lake::Result<()> {
    let (n, source) = (number * 10, "cloudtrail/1");
    let at = NOON.plus(number as i64 * 1_000_000);
    let events = vec![batch(
        source,
        Facet::Cloud,
        &[
            event(at.plus(1), &[n + 3], &[(Column::User, "bob"), (Column::Operation, "GetObject")]),
            event(at, &[n, n + 2], &[(Column::User, "alice"), (Column::SrcIp, "203.0.113.7")]),
        ],
    )];
    let links = vec![link("user:alice", Relation::Used, "credential:AKIA1", at, &format!("{source}#{n}"))];
    lake.commit(number, &format!("[{n}]"), events, links, vec![quarantined(source, n + 1)], vec![around(source, n + 4)])
}

/// Everything of the source, as (number, bytes).
pub fn pieces(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, Vec<u8>)> {
    numbers.into_iter().flat_map(|p| (p * 10..p * 10 + 5).map(|s| (s, bytes_of("cloudtrail/1", s)))).collect()
}

pub const YEAR: i64 = 365 * DAY;
