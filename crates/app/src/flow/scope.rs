//! Runs the scope on a store: the scope asks, the lake answers, until nothing is left to ask.

use std::collections::BTreeMap;

use anyhow::Context as _;
use event::{Column, Entity, Event, Facet, Fields, Filter, Kind, Time, Window};
use lake::{Lake, SqlLimits, Want};
use respond::Registry;
use serde::Deserialize;
use trace::scope::{Answer, Coverage, GapSpan, Scope, SourceSpan, absorb, finish, questions};

/// Gap events looked at, the newest ones left out beyond it.
const GAPS_MAX: usize = 1_000;

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

#[derive(Deserialize)]
struct Span {
    source: String,
    facet: String,
    host: Option<String>,
    account: Option<String>,
    region: Option<String>,
    first: Time,
    last: Time,
    objects: i64,
}

const SPANS: &str = "select source, facet, host, account, region, min(time) as first, max(time) as last, \
    sum(case when operation in ('GetObject','PutObject','HeadObject') and resource like 'arn:aws:s3:::%/%' then 1 else 0 end) as objects \
    from events group by source, facet, host, account, region";

/// What the store's logs cover: which hosts, accounts and regions each source tells of, from when to when, and its gaps.
pub fn coverage(lake: &Lake) -> anyhow::Result<Coverage> {
    let limits = SqlLimits { rows: 1_000_000, ..SqlLimits::default() };
    let rows: Vec<Span> = serde_json::from_value(lake.sql(SPANS, limits)?.json_rows()?).context("reading what the logs cover")?;
    let mut spans: BTreeMap<String, SourceSpan> = BTreeMap::new();
    let mut data_events = false;
    for row in rows {
        let facet = Facet::parse(&row.facet).unwrap_or(Facet::Application);
        let span = spans.entry(row.source.clone()).or_insert_with(|| SourceSpan {
            source: row.source.clone(),
            facet,
            hosts: Vec::new(),
            accounts: Vec::new(),
            regions: Vec::new(),
            first: row.first,
            last: row.last,
        });
        (span.first, span.last) = (span.first.min(row.first), span.last.max(row.last));
        for (list, value) in [(&mut span.hosts, row.host), (&mut span.accounts, row.account), (&mut span.regions, row.region)] {
            list.extend(value.filter(|v| !list.contains(v)));
        }
        data_events |= row.objects > 0;
    }
    let gaps = lake.events(&Filter::Has(Column::Gap), Some(GAPS_MAX), Want::COLUMNS)?;
    let gaps = gaps.iter().map(|e| gap(lake, e)).collect::<anyhow::Result<_>>()?;
    Ok(Coverage { sources: spans.into_values().collect(), gaps, data_events })
}

/// A gap lasts until the source's next event.
fn gap(lake: &Lake, e: &Event) -> anyhow::Result<GapSpan> {
    let source = e.text(Column::Source).unwrap_or_default();
    let account = e.text(Column::Account).map(|a| Entity::new(Kind::Account, a));
    let after = Filter::is(Column::Source, source).and(Filter::During(Window { since: Some(e.time().plus(1)), until: None }));
    let next = lake.events(&after, Some(1), Want::COLUMNS)?;
    Ok(GapSpan {
        source: source.to_owned(),
        kind: e.text(Column::Gap).unwrap_or_default().to_owned(),
        of: account.or_else(|| e.text(Column::Host).map(|h| Entity::new(Kind::Host, h))),
        from: e.time(),
        to: next.first().map(Event::time),
        count: e.int(Column::GapCount),
        event: e.id(),
    })
}
