//! Links read back: those that touch entities, one a day.

use std::collections::{HashMap, hash_map::Entry};

use datafusion::logical_expr::{Expr, ident, lit};
use event::{Entity, Link, Relation, Time, Window, time::DAY};
use futures::StreamExt;

use crate::{Error, Lake, Result, Table, filter, query, rows};

/// Links that one answer may have; about 1 GiB of memory.
const LINKS_MAX: usize = 2_000_000;

impl Lake {
    /// The links that have one of these entities at either end or between, and whose days reach into the window.
    /// Links of one day that came in several commits are one. By first time. An address's connections are found by that address, not by
    /// what it connected to.
    ///
    /// Error: `TooMany`, if there are more than 2,000,000.
    pub fn links(&self, touching: &[Entity], window: Window) -> Result<Vec<Link>> {
        self.links_within(touching, window, LINKS_MAX)
    }

    fn links_within(&self, touching: &[Entity], window: Window, limit: usize) -> Result<Vec<Link>> {
        if touching.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<Expr> = touching.iter().map(|e| lit(e.to_string())).collect();
        let is = |c: &str| ident(c).in_list(texts.clone(), false);
        // Who asked something of a machine is found by the one who asked: a web server has as many as it has visitors.
        let asked = ident("relation").eq(lit(Relation::Connected.name())).and(ident("from_entity").like(lit("ip:%")));
        let any = is("from_entity").or(is("via_entity")).or(is("to_entity").and(Expr::Not(Box::new(asked))));
        let since = window.since.map_or(lit(true), |t| ident("last_time").gt_eq(Expr::Literal(filter::time_value(t.0), None)));
        let until = window.until.map_or(lit(true), |t| ident("first_time").lt(Expr::Literal(filter::time_value(t.0), None)));
        let frame = self.frame(Table::Links)?.filter(any.and(since).and(until))?;
        self.ask(async move {
            let mut days = Days { limit, of: HashMap::new() };
            let mut batches = frame.execute_stream().await?;
            while let Some(batch) = batches.next().await {
                rows::read_links(&query::plain(&batch?)?).into_iter().try_for_each(|link| days.add(link))?;
            }
            Ok::<_, Error>(days.into_links())
        })
    }
}

/// What makes links of several commits one: ends, relation, tie and day.
type Key = (Entity, Relation, Entity, Option<Entity>, i64);

/// Links as they come in, one a day. A link's entities live in its key alone, so that memory holds the answer once.
struct Days {
    limit: usize,
    of: HashMap<Key, Seen>,
}

struct Seen {
    first: Time,
    last: Time,
    count: u64,
    event: String,
}

impl Days {
    fn add(&mut self, link: Link) -> Result<()> {
        let Link { from, relation, to, via, first, last, count, event } = link;
        let room = self.of.len() < self.limit;
        match self.of.entry((from, relation, to, via, first.0.div_euclid(DAY))) {
            Entry::Vacant(_) if !room => return Err(Error::TooMany { limit: self.limit }),
            Entry::Vacant(new) => drop(new.insert(Seen { first, last, count, event })),
            Entry::Occupied(have) => {
                let have = have.into_mut();
                have.last = have.last.max(last);
                have.count = have.count.saturating_add(count);
                if (first, &event) < (have.first, &have.event) {
                    (have.first, have.event) = (first, event);
                }
            }
        }
        Ok(())
    }

    fn into_links(self) -> Vec<Link> {
        let link = |((from, relation, to, via, _), Seen { first, last, count, event })| Link { from, relation, to, via, first, last, count, event };
        let mut links: Vec<Link> = self.of.into_iter().map(link).collect();
        links.sort_unstable_by(|a, b| {
            let ends = |l: &Link| (l.from.clone(), l.relation, l.to.clone(), l.via.clone());
            (a.first, &a.event).cmp(&(b.first, &b.event)).then_with(|| ends(a).cmp(&ends(b)))
        });
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(n: i64, session: &str) -> Link {
        let entity = |text: &str| text.parse::<Entity>().unwrap();
        let (first, event) = (Time(n * DAY / 2), format!("s#{n}"));
        Link {
            from: entity("user:a"),
            relation: Relation::Used,
            to: entity("credential:k"),
            via: Some(entity(session)),
            first,
            last: first.plus(1),
            count: 1,
            event,
        }
    }

    #[test]
    fn more_than_the_limit_is_an_error_and_more_of_a_day_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut lake = Lake::open(dir.path()).unwrap();
        // Halves of days 0, 1 and 2, each half in a commit of its own.
        for n in [3, 0, 2, 1, 4, 5] {
            let number = lake.position().unwrap().max() + 1;
            lake.commit(number, "", vec![], vec![link(n, "session:s")], vec![], vec![]).unwrap();
        }
        let ask = |limit| lake.links_within(&["user:a".parse().unwrap()], Window::default(), limit);
        let days: Vec<_> = ask(3).unwrap().into_iter().map(|l| (l.event, l.first, l.last, l.count)).collect();
        let day = |n: i64| (format!("s#{}", n * 2), Time(n * DAY), Time(n * DAY + DAY / 2 + 1), 2);
        assert_eq!(days, [day(0), day(1), day(2)]);
        let error = ask(2).unwrap_err();
        assert_eq!(error.to_string(), "more than 2 links touch these entities; narrow the time window, or ask about fewer entities");
    }
}
