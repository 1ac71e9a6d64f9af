//! Runs the scope on a store: the scope asks, the lake answers, until nothing is left to ask.

use std::collections::HashMap;

use anyhow::Context as _;
use event::{Column, Entity, Event, Fields, Filter, Window};
use lake::{Lake, SqlLimits, Want};
use respond::Registry;
use serde::Deserialize;
use trace::scope::{Answer, Coverage, GapSpan, Neighbours, PLACE_SQL, Scope, SourceRow, absorb, finish, questions, reads_object_sql};

/// Gap events looked at, the newest ones left out beyond it; the answer says so.
const GAPS_MAX: usize = 1_000;
/// Rows of hosts, accounts and regions in sources that are looked at; the answer says so where there are more.
const PLACES_MAX: usize = 1_000_000;
/// What a question of the program's own may use. Nobody typed it, so it has more than `muster sql` gives, and still an end.
const LIMITS: SqlLimits = SqlLimits { rows: PLACES_MAX, seconds: 3_600, mib: 4_096 };

/// How far it went from these indicators.
pub fn scope(lake: &Lake, registry: &Registry, indicators: &[Entity], window: Window) -> anyhow::Result<Answer> {
    let mut scope = Scope::new(indicators, window.since);
    let coverage = coverage(lake)?;
    if let Some(begin) = coverage.sources.iter().map(|s| s.first).min() {
        scope.know_begin(begin);
    }
    for (address, host) in registry.addresses() {
        scope.know_address(address, host);
    }
    while let Some(question) = questions(&scope) {
        let until = [question.window.until, window.until].into_iter().flatten().min();
        let links = lake.links(&question.entities, Window { since: question.window.since, until })?;
        absorb(&mut scope, &links);
    }
    Ok(finish(&scope, &coverage))
}

/// What the store's logs cover: which hosts, accounts and regions each source tells of, from when to when, and its gaps.
pub fn coverage(lake: &Lake) -> anyhow::Result<Coverage> {
    let reads = reads_object_sql();
    let places = lake.sql(
        &format!(
            "select source, facet, host, account, region, min(time) as first, max(time) as last, \
             sum(case when {reads} then 1 else 0 end) as reads from events group by source, facet, host, account, region"
        ),
        LIMITS,
    )?;
    let rows: Vec<SourceRow> = serde_json::from_value(places.json_rows()?).context("reading what the logs cover")?;
    let mut found = lake.events(&Filter::Has(Column::Gap), Some(GAPS_MAX + 1), Want::COLUMNS)?;
    let more = found.len() > GAPS_MAX;
    found.truncate(GAPS_MAX);
    let mut coverage = Coverage::fold(rows, gaps(lake, &found)?);
    if places.cut() {
        coverage.cut.push(format!("only {PLACES_MAX} hosts, accounts and regions of sources were looked at; logs that seem missing may be there"));
    }
    if let Some(last) = found.last().filter(|_| more) {
        coverage.cut.push(format!("only the first {GAPS_MAX} gaps that logs tell of were looked at, up to {}; later ones are not named", last.time()));
    }
    Ok(coverage)
}

#[derive(Deserialize)]
struct Near {
    source: String,
    seq: i64,
    #[serde(flatten)]
    neighbours: Neighbours,
}

/// The gaps that these events tell of. Their neighbours come from one query: those of the same day from the day's events, others from
/// the first and last event of each day, so that many gaps of one place do not meet all its events.
fn gaps(lake: &Lake, events: &[Event]) -> anyhow::Result<Vec<GapSpan>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let query = format!(
        "with g as (select source, seq, {PLACE_SQL} as place, time, date_trunc('day', time) as on_day \
           from events where gap is not null order by time, source, seq limit {GAPS_MAX}), \
         e as (select source, {PLACE_SQL} as place, time, date_trunc('day', time) as on_day \
           from events where source in (select source from events where gap is not null)), \
         d as (select source, place, on_day, min(time) as first, max(time) as last from e group by source, place, on_day), \
         near as (select g.source, g.seq, max(case when e.time < g.time then e.time end) as before, min(case when e.time > g.time then e.time end) as after \
           from g join e on e.source = g.source and e.place = g.place and e.on_day = g.on_day group by g.source, g.seq), \
         far as (select g.source, g.seq, max(case when d.on_day < g.on_day then d.last end) as before, min(case when d.on_day > g.on_day then d.first end) as after \
           from g join d on d.source = g.source and d.place = g.place group by g.source, g.seq) \
         select far.source, far.seq, coalesce(near.before, far.before) as before, coalesce(near.after, far.after) as after \
           from far left join near on near.source = far.source and near.seq = far.seq"
    );
    let rows: Vec<Near> = serde_json::from_value(lake.sql(&query, LIMITS)?.json_rows()?).context("reading what lies around gaps")?;
    let near: HashMap<(&str, i64), Neighbours> = rows.iter().map(|r| ((r.source.as_str(), r.seq), r.neighbours)).collect();
    let of = |e: &Event| near.get(&(e.text(Column::Source)?, e.int(Column::Seq)?)).copied();
    Ok(events.iter().filter_map(|e| GapSpan::of(e, of(e).unwrap_or_default())).collect())
}
