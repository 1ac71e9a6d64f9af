//! Links after records were read again. A row of links is of a day and of all sources, and what one source added to it cannot be taken
//! out of it: so all links of the days on which something changed are made again, from all events of these days.

use std::collections::BTreeSet;

use event::{Column, Columns, Event, Fields, Filter, Link, RecordBatch, Time, Window, time::DAY};
use lake::{Lake, Want};
use trace::links::Aggregate;

/// Events that are held at once.
const EVENTS_MAX: u64 = 200_000;

/// The days whose links are others than before, and all links of these days.
pub fn of_changed_days(lake: &Lake, source: &str, run: (u64, u64), old: &[Event], new: &[RecordBatch]) -> anyhow::Result<(BTreeSet<i64>, Vec<Link>)> {
    let (mut before, mut after) = (Aggregate::default(), Aggregate::default());
    old.iter().for_each(|e| before.add(e));
    new.iter().for_each(|b| Columns::of(b).rows().for_each(|row| after.add(&row)));
    let days = differing(&before.take(), &after.take());
    let mut all = Aggregate::default();
    for day in &days {
        let day = Window { since: Some(Time(day.saturating_mul(DAY))), until: Some(Time(day.saturating_add(1).saturating_mul(DAY))) };
        add(lake, day, &mut all, &|e: &Event| {
            let inside = e.int(Column::Seq).is_some_and(|seq| (run.0 as i64..run.1 as i64).contains(&seq));
            !(inside && e.text(Column::Source) == Some(source))
        })?;
    }
    for batch in new {
        for row in Columns::of(batch).rows().filter(|row| days.contains(&row.time().0.div_euclid(DAY))) {
            all.add(&row);
        }
    }
    Ok((days, all.take()))
}

/// Days on which two lists of links differ. Both are in the order of `Aggregate::take`.
fn differing(before: &[Link], after: &[Link]) -> BTreeSet<i64> {
    let text = |l: &Link| format!("{l:?}");
    let set = |links: &[Link]| links.iter().map(|l| (l.first.0.div_euclid(DAY), text(l))).collect::<BTreeSet<_>>();
    set(before).symmetric_difference(&set(after)).map(|(day, _)| *day).collect()
}

/// Adds the events of a window that others stay with; a window of too many is taken in halves.
fn add(lake: &Lake, window: Window, all: &mut Aggregate, stays: &impl Fn(&Event) -> bool) -> anyhow::Result<()> {
    let inside = Filter::During(window);
    if let (Some(since), Some(until)) = (window.since, window.until)
        && until.0 - since.0 > 1
        && lake.count(&inside)? > EVENTS_MAX
    {
        let middle = Some(Time(since.0 + (until.0 - since.0) / 2));
        add(lake, Window { since: window.since, until: middle }, all, stays)?;
        return add(lake, Window { since: middle, until: window.until }, all, stays);
    }
    lake.events(&inside, None, Want::COLUMNS)?.iter().filter(|e| stays(e)).for_each(|e| all.add(e));
    Ok(())
}
