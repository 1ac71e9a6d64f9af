//! Logs that nobody here wrote: Stratus Red Team run against an AWS account, as CloudTrail saw it. Skipped where the data are not there.

use std::collections::BTreeSet;

use event::{Entity, Event};
use trace::{Moment, Scope, scope::Answer, timeline};

use crate::logs::{Store, events, root, texts};

#[test]
fn techniques_of_the_attacker_are_on_the_time_line() {
    let dir = root().join("../shared/data/cloud/invictus-aws/CloudTrail");
    if !dir.exists() {
        println!("skipped: {} is not there", dir.display());
        return;
    }
    let started = std::time::Instant::now();
    let store = Store::new(events(&texts(&dir), "2023-07-11T00:00:00Z"));
    println!("{} events, {} links in {:?}", store.events.len(), store.links.len(), started.elapsed());
    for indicator in ["user:arn:aws:iam::123837392027:user/bert-jan"] {
        let started = std::time::Instant::now();
        let answer = store.scope(Scope::new(&[indicator.parse().unwrap()], None));
        println!("scope in {:?}: {} nodes, {} edges, rounds {}", started.elapsed(), answer.nodes.len(), answer.edges.len(), answer.completeness.rounds);
        let own: Vec<Event> = store.events.iter().filter(|e| answer.concerns(*e)).cloned().collect();
        let line = timeline(&own);
        println!("{} events on {} lines; entry {:?}", own.len(), line.len(), answer.entry);
        for n in &answer.nodes {
            println!("{} {:?} {:?} {:?}", n.entity, n.status, n.confidence, n.tied_to.len());
        }
        let ops: BTreeSet<_> = line.iter().map(|m| m.operation.as_str()).collect();

        println!("{:?}", answer.exfiltration);
        for m in line.iter().take(25) {
            println!(
                "{} {} {} x{} {:?} on {} {:?}",
                m.time,
                m.operation,
                m.outcome.as_deref().unwrap_or("-"),
                m.count,
                m.who.as_ref().map(|w| w.to_string()),
                m.on_count,
                m.on.first()
            );
        }
    }
}
