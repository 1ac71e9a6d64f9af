//! Runs the scope on a store: the scope asks, the lake answers, until nothing is left to ask.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;
use event::{Column, Entity, Event, Fields, Filter, Kind, Link, Window};
use lake::{Lake, SqlLimits, Want};
use respond::Registry;
use serde::Deserialize;
use trace::scope::{
    Answer, Coverage, GapSpan, Neighbours, PLACE_SQL, Scope, SourceRow, Sum, SumRow, absorb, add, connection_sql, cut, finish, host_in, login_sql, place,
    questions, reads_object_sql, sums,
};

/// Gap events looked at, the newest ones left out beyond it; the answer says so.
const GAPS_MAX: usize = 1_000;
/// Rows of hosts, accounts and regions in sources that are looked at; the answer says so where there are more.
const PLACES_MAX: usize = 1_000_000;
/// Rows of one sum; those with most bytes are taken, and the answer says where there are more.
const SUMS_MAX: usize = 500_000;
/// What a question of the program's own may use. Nobody typed it, so it has more than `muster sql` gives, and still an end.
const LIMITS: SqlLimits = SqlLimits { rows: PLACES_MAX, seconds: 3_600, mib: 4_096 };

/// How far it went from these indicators.
pub fn scope(lake: &Lake, registry: &Registry, indicators: &[Entity], window: Window) -> anyhow::Result<Answer> {
    let mut scope = Scope::new(indicators, window.since);
    let mut coverage = places(lake)?;
    if let Some(begin) = coverage.sources.iter().map(|s| s.first).min() {
        scope.know_begin(begin);
    }
    for (address, host) in registry.addresses() {
        scope.know_address(address, host);
    }
    while let Some(question) = questions(&scope) {
        let until = [question.window.until, window.until].into_iter().flatten().min();
        let window = Window { since: question.window.since, until };
        let links = links(lake, &question.entities, window, &mut coverage.cut)?;
        absorb(&mut scope, &links);
    }
    add_gaps(lake, &scope.entities(), &mut coverage)?;
    let mut answer = finish(&scope, &coverage);
    for sum in sums(&scope, &answer) {
        let mut rows = rows(lake, &sum, window)?;
        if rows.len() > SUMS_MAX {
            rows.truncate(SUMS_MAX);
            cut(&mut answer, SUMS_MAX);
        }
        add(&mut answer, &sum, &rows);
    }
    Ok(answer)
}

/// What a sum of the scope comes to.
fn rows(lake: &Lake, sum: &Sum, window: Window) -> anyhow::Result<Vec<SumRow>> {
    let until = Filter::During(Window { since: None, until: window.until });
    let found = lake.sums(&sum.filter.clone().and(until), &sum.by, SUMS_MAX + 1)?;
    let row = |s: lake::Sum| {
        let source = s.by.first().cloned().flatten().unwrap_or_default();
        SumRow { event: format!("{source}#{}", s.first_seq), by: s.by, events: s.events, bytes_out: s.bytes_out, first: s.first, last: s.last }
    };
    Ok(found.into_iter().map(row).collect())
}

/// The links of some entities. Where there are too many, each half is asked for by itself, so that one that all speak with (a proxy, a
/// web server's address) hides no other; it is named.
fn links(lake: &Lake, entities: &[Entity], window: Window, cut: &mut Vec<String>) -> anyhow::Result<Vec<Link>> {
    let mut found = Vec::new();
    let mut open = vec![entities];
    while let Some(some) = open.pop() {
        match lake.links(some, window) {
            Err(lake::Error::TooMany { .. }) if some.len() > 1 => {
                let (left, right) = some.split_at(some.len() / 2);
                open.extend([right, left]);
            }
            Err(e @ lake::Error::TooMany { .. }) => {
                let name = some.first().map(Entity::to_string).unwrap_or_default();
                cut.push(format!("the links of {name} were not looked at: {e}"));
            }
            links => found.extend(links?),
        }
    }
    Ok(found)
}

/// What the store's logs cover: which hosts, accounts and regions each source tells of, from when to when.
fn places(lake: &Lake) -> anyhow::Result<Coverage> {
    let (reads, logins, connections) = (reads_object_sql(), login_sql(), connection_sql());
    let places = lake.sql(
        &format!(
            "select source, facet, host, account, region, min(time) as first, max(time) as last, \
             sum(case when {reads} then 1 else 0 end) as reads, \
             sum(case when {logins} then 1 else 0 end) as logins, \
             sum(case when {connections} then 1 else 0 end) as connections from events group by source, facet, host, account, region"
        ),
        LIMITS,
    )?;
    let rows: Vec<SourceRow> = serde_json::from_value(places.json_rows()?).context("reading what the logs cover")?;
    let mut coverage = Coverage::fold(rows, Vec::new());
    if places.cut() {
        coverage.cut.push(format!("only {PLACES_MAX} hosts, accounts and regions of sources were looked at; logs that seem missing may be there"));
    }
    Ok(coverage)
}

/// The gaps that logs tell of, of the hosts and accounts in the scope, and of those that say neither.
fn add_gaps(lake: &Lake, scope: &[Entity], coverage: &mut Coverage) -> anyhow::Result<()> {
    let accounts: BTreeSet<&str> = scope.iter().filter(|e| e.kind == Kind::Account).map(|e| e.value.as_str()).collect();
    let hosts: BTreeSet<&str> = scope.iter().filter_map(host_in).collect();
    let any = |c, values: &BTreeSet<&str>| Filter::Is(c, values.iter().map(|v| (*v).to_owned()).collect());
    let no = |c| Filter::Not(Box::new(Filter::Has(c)));
    let here = Filter::Or(vec![any(Column::Account, &accounts), any(Column::Host, &hosts), no(Column::Account).and(no(Column::Host))]);
    let mut found = lake.events(&Filter::Has(Column::Gap).and(here), Some(GAPS_MAX + 1), Want::COLUMNS)?;
    let more = found.len() > GAPS_MAX;
    found.truncate(GAPS_MAX);
    coverage.add_gaps(gaps(lake, &found)?);
    if let Some(last) = found.last().filter(|_| more) {
        coverage.cut.push(format!("only the first {GAPS_MAX} gaps that logs tell of were looked at, up to {}; later ones are not named", last.time()));
    }
    Ok(())
}

/// Every gap that the store's logs tell of, in order of time; and where there are too many, a sentence that says so.
pub fn all_gaps(lake: &Lake) -> anyhow::Result<(Vec<GapSpan>, Option<String>)> {
    let mut found = lake.events(&Filter::Has(Column::Gap), Some(GAPS_MAX + 1), Want::COLUMNS)?;
    let more = found.len() > GAPS_MAX;
    found.truncate(GAPS_MAX);
    let last = found.last().filter(|_| more).map(Event::time);
    let mut coverage = Coverage::default();
    coverage.add_gaps(gaps(lake, &found)?);
    Ok((coverage.gaps, last.map(|t| format!("only the first {GAPS_MAX} gaps that logs tell of were looked at, up to {t}; later ones are not named"))))
}

#[derive(Deserialize)]
struct Near {
    source: String,
    seq: i64,
    #[serde(flatten)]
    neighbours: Neighbours,
}

/// The gaps that these events tell of. Their neighbours, the events before and after of the same source and place, come from one query.
fn gaps(lake: &Lake, events: &[Event]) -> anyhow::Result<Vec<GapSpan>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let quoted = |values: BTreeSet<&str>| values.into_iter().map(|v| format!("'{}'", v.replace('\'', "''"))).collect::<Vec<_>>().join(", ");
    let sources = quoted(events.iter().filter_map(|e| e.text(Column::Source)).collect());
    let places: BTreeSet<String> = events.iter().map(place).collect();
    let places = quoted(places.iter().map(String::as_str).collect());
    let query = format!(
        "with e as (select source, {PLACE_SQL} as place, time, seq, gap from events where source in ({sources}) and {PLACE_SQL} in ({places})), \
         t as (select source, place, time from e group by source, place, time), \
         w as (select source, place, time, lag(time) over (partition by source, place order by time) as before, \
           lead(time) over (partition by source, place order by time) as after from t) \
         select e.source, e.seq, w.before, w.after from e join w on w.source = e.source and w.place = e.place and w.time = e.time where e.gap is not null"
    );
    let rows: Vec<Near> = serde_json::from_value(lake.sql(&query, LIMITS)?.json_rows()?).context("reading what lies around gaps")?;
    let near: HashMap<(&str, i64), Neighbours> = rows.iter().map(|r| ((r.source.as_str(), r.seq), r.neighbours)).collect();
    let of = |e: &Event| near.get(&(e.text(Column::Source)?, e.int(Column::Seq)?)).copied();
    Ok(events.iter().filter_map(|e| GapSpan::of(e, of(e).unwrap_or_default())).collect())
}
