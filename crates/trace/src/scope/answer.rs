//! The answer in the shape of `muster scope --json`.

use std::collections::{BTreeMap, HashMap, HashSet};

use event::{Column, Entity, Fields, Filter, Kind, Relation, Time};
use serde::{Deserialize, Serialize};

use super::{
    Affected, Blind, Coverage, EntryPoint, Exfiltration, Level, Reach, Rule, Scope, Status, blind, entry, exfil, forward::Hold, graph::Id, habit::host_in,
    reach,
};

/// One entity of the scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScopeNode {
    /// The entity.
    pub entity: Entity,
    /// Its kind.
    pub kind: String,
    /// What the incident is to it.
    pub status: Status,
    /// What else the incident is to it: data that was read and then deleted is changed, and exposed also.
    pub also: Vec<Status>,
    /// When it was reached.
    pub since: Option<Time>,
    /// How sure that is.
    pub confidence: Level,
    /// The system that it belongs to; the registry knows, trace does not.
    pub system: Option<String>,
    /// Who owns it; likewise.
    pub owner: Option<String>,
    /// Addresses whose acts by it are the intruder's; empty where all are since it was reached, or none by itself.
    pub tied_to: Vec<Entity>,
    /// Ids of the events that lead from the entry to it, in order.
    pub path: Vec<String>,
}

/// One hop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// From which entity.
    pub from: Entity,
    /// To which.
    pub to: Entity,
    /// How.
    pub relation: Relation,
    /// When first.
    pub time: Time,
    /// The event that shows it.
    pub event: String,
    /// Why the hop was taken.
    pub rule: Rule,
    /// How sure it is.
    pub confidence: Level,
}

/// How far the scope looked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Completeness {
    /// Whether no question was left open and no limit was reached.
    pub whole: bool,
    /// Rounds of questions.
    pub rounds: u32,
    /// Entities whose links were asked for.
    pub asked: usize,
    /// Links looked at.
    pub links: usize,
    /// Names of limits that were reached: `rounds`, `nodes`, `links`.
    pub limits: Vec<String>,
    /// Acts before this were taken as habit.
    pub suspected_since: Option<Time>,
}

/// How far it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it started from.
    pub indicators: Vec<Entity>,
    /// Where it began, as far as the logs show; none if nothing out of habit is tied to the indicators.
    pub entry: Vec<Entity>,
    /// How they got in, once for each of `entry`; one that is not seen, with the reason, if there is none.
    pub entries: Vec<EntryPoint>,
    /// The entities, in the order in which they were reached.
    pub nodes: Vec<ScopeNode>,
    /// The hops, in order of time.
    pub edges: Vec<Edge>,
    /// What was seen and changed, counted by what holds it.
    pub affected: Vec<Affected>,
    /// Who or what else could be reached from here, as the logs show; all of level `possible`.
    pub reach: Vec<Reach>,
    /// Whether data went out.
    pub exfiltration: Exfiltration,
    /// What could not be seen.
    pub not_visible: Vec<Blind>,
    /// How far the scope looked.
    pub completeness: Completeness,
}

impl Answer {
    /// A filter that every event of the scope passes, and some others; `acts` tells which.
    pub fn filter(&self) -> Filter {
        let named: Vec<Entity> = self.nodes.iter().filter(|n| acts_by_itself(n)).map(|n| n.entity.clone()).collect();
        let since = self.nodes.iter().filter_map(|n| n.since).min();
        // What a machine refused names neither session nor key of the intruder's.
        let refused = self.edges.iter().filter(|e| e.relation == Relation::Failed).filter_map(|e| e.event.rsplit_once('#'));
        let refused = refused.filter_map(|(source, seq)| Some(Filter::is(Column::Source, source).and(Filter::equals(Column::Seq, seq.parse::<i64>().ok()?))));
        let any = std::iter::once(Filter::touching(&named)).chain(refused).collect();
        Filter::Or(any).and(Filter::During(event::Window { since, until: None }))
    }

    /// Tells the intruder's acts among events.
    pub fn acts(&self) -> Acts<'_> {
        let mut nodes: HashMap<&str, Vec<&ScopeNode>> = HashMap::new();
        for n in self.nodes.iter().filter(|n| acts_by_itself(n)) {
            nodes.entry(&n.entity.value).or_default().push(n);
        }
        Acts { nodes, events: self.edges.iter().map(|e| e.event.as_str()).collect() }
    }
}

/// The intruder's acts, as a scope has them: by a session, key or address that is its, in the time that it had it.
#[derive(Debug)]
pub struct Acts<'a> {
    nodes: HashMap<&'a str, Vec<&'a ScopeNode>>,
    events: HashSet<&'a str>,
}

impl Acts<'_> {
    /// Whether an event is one of them.
    pub fn has(&self, row: &impl Fields) -> bool {
        let by = |value: &str| self.nodes.get(value).into_iter().flatten().any(|n| acted(n, row));
        let named = Column::ALL.iter().filter(|c| c.kind().is_some()).filter_map(|c| row.text(*c)).any(by);
        let process = || Some(format!("{}/{}", row.text(Column::Host)?, row.int(Column::Pid)?));
        named || process().is_some_and(|p| by(&p)) || self.events.contains(row.id().as_str())
    }
}

/// Nodes whose acts are the intruder's, and told by their own id. Users and roles act by keys and sessions.
fn acts_by_itself(n: &ScopeNode) -> bool {
    let own = matches!(n.entity.kind, Kind::Ip | Kind::Credential | Kind::Session | Kind::Process);
    let tied = n.entity.kind == Kind::User && !n.tied_to.is_empty();
    (own || tied) && matches!(n.status, Status::Entry | Status::Origin | Status::Controlled)
}

fn acted(n: &ScopeNode, row: &impl Fields) -> bool {
    let is = |c: Column| row.text(c) == Some(n.entity.value.as_str());
    let tied = n.tied_to.is_empty() || n.tied_to.iter().any(|t| row.text(Column::SrcIp) == Some(t.value.as_str()));
    let by_it = match n.entity.kind {
        Kind::Ip => is(Column::SrcIp) || is(Column::DstIp),
        Kind::Credential => tied && is(Column::Credential) || is(Column::TargetCredential),
        Kind::Session => tied && is(Column::Session) || is(Column::TargetSession),
        Kind::User => tied && is(Column::User),
        Kind::Process => true, // found by its host and pid
        _ => false,
    };
    by_it && n.since.is_none_or(|s| row.time() >= s.plus(-event::time::SECOND))
}

pub(super) fn of(scope: &Scope, coverage: &Coverage) -> Answer {
    let shown = Shown { scope };
    let edges = shown.edges();
    let nodes = shown.nodes();
    let affected = scope.reached.things.told(&scope.graph, |id| shown.stands_for(id));
    let (reach, more) = reach::reach(scope, &nodes);
    let limits: Vec<String> = scope.cut.iter().map(|c| (*c).to_owned()).collect();
    let completeness = Completeness {
        whole: limits.is_empty() && scope.wanted.is_empty(),
        rounds: scope.rounds,
        asked: scope.asked.len(),
        links: scope.graph.len(),
        limits,
        suspected_since: scope.suspected_since(),
    };
    let mut not_visible = blind::spots(&nodes, &completeness, coverage);
    if !scope.suspected_since().is_some_and(|since| scope.compares(since)) {
        not_visible.extend(nodes.iter().filter(|n| n.status == Status::Named && n.since.is_none()).filter_map(|n| blind::no_baseline(&n.entity, scope)));
    }
    if more > 0 {
        not_visible.push(blind::limit(format!("{more} more things could be reached than the {} that are listed", reach.len())));
    }
    Answer {
        indicators: scope.indicators.clone(),
        entry: scope.reached.entries.iter().map(|id| scope.graph.name(*id).clone()).collect(),
        entries: entry::points(scope, &edges),
        exfiltration: exfil::verdict(&nodes, &edges, &affected, coverage),
        affected,
        reach,
        not_visible,
        nodes,
        edges,
        completeness,
    }
}

/// What is shown of a scope: processes that a session ties are evidence, not nodes.
struct Shown<'a> {
    scope: &'a Scope,
}

impl Shown<'_> {
    fn name(&self, id: Id) -> &Entity {
        self.scope.graph.name(id)
    }

    /// The node itself, or the session that a process belongs to.
    fn stands_for(&self, id: Id) -> Id {
        let mut at = id;
        while self.name(at).kind == Kind::Process && !self.scope.ids.contains(&at) {
            match self.scope.reached.nodes.get(&at).and_then(|n| n.before.as_ref()) {
                Some((before, _)) => at = *before,
                None => break,
            }
        }
        at
    }

    fn path(&self, id: Id) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = id;
        while let Some((before, event)) = self.scope.reached.nodes.get(&at).and_then(|n| n.before.as_ref()) {
            path.push(event.clone());
            at = *before;
            if path.len() > self.scope.reached.nodes.len() {
                break;
            }
        }
        path.reverse();
        path.dedup();
        path
    }

    fn nodes(&self) -> Vec<ScopeNode> {
        let mut status: BTreeMap<Id, Status> = BTreeMap::new();
        for (&id, node) in &self.scope.reached.nodes {
            if self.stands_for(id) == id {
                status.insert(id, node.status);
            }
        }
        // Root on a machine is the machine.
        let roots = status.keys().filter_map(|id| self.name(*id).value.strip_prefix("root@").map(str::to_owned));
        let ruled: Vec<String> = roots.collect();
        for (id, status) in &mut status {
            if self.name(*id).kind == Kind::Host && ruled.contains(&self.name(*id).value) {
                *status = Status::Controlled;
            }
        }
        let mut nodes: Vec<ScopeNode> = status.into_iter().filter_map(|(id, status)| self.node(id, status)).collect();
        for (&id, indicator) in self.scope.ids.iter().zip(&self.scope.indicators) {
            if !self.scope.reached.nodes.contains_key(&id) {
                nodes.push(self.named(indicator));
            }
        }
        nodes.sort_by(|a, b| (a.since, a.status, &a.entity).cmp(&(b.since, b.status, &b.entity)));
        nodes
    }

    fn node(&self, id: Id, status: Status) -> Option<ScopeNode> {
        let node = self.scope.reached.nodes.get(&id)?;
        let entity = self.name(id).clone();
        let kind = entity.kind.name().to_owned();
        let tied_to = match &node.hold {
            Hold::From(ties) => ties.iter().map(|t| self.name(*t).clone()).collect(),
            _ => Vec::new(),
        };
        let also = node.also.iter().copied().filter(|s| *s != status).collect();
        Some(ScopeNode { entity, kind, status, also, since: Some(node.since), confidence: node.level, system: None, owner: None, tied_to, path: self.path(id) })
    }

    fn named(&self, e: &Entity) -> ScopeNode {
        let kind = e.kind.name().to_owned();
        ScopeNode {
            entity: e.clone(),
            kind,
            status: Status::Named,
            also: Vec::new(),
            since: None,
            confidence: Level::Shown,
            system: None,
            owner: None,
            tied_to: Vec::new(),
            path: Vec::new(),
        }
    }

    fn edges(&self) -> Vec<Edge> {
        let mut edges: BTreeMap<(Time, &Entity, Relation, &Entity), Edge> = BTreeMap::new();
        for hop in &self.scope.reached.hops {
            let (from, to) = (self.name(self.stands_for(hop.from)), self.name(self.stands_for(hop.to)));
            if from == to || (to.kind == Kind::Host && host_in(from) == Some(&to.value) && hop.relation != Relation::On) {
                continue;
            }
            let edge = Edge {
                from: from.clone(),
                to: to.clone(),
                relation: hop.relation,
                time: hop.time,
                event: hop.event.clone(),
                rule: hop.rule,
                confidence: hop.level,
            };
            edges.entry((hop.time, from, hop.relation, to)).or_insert(edge);
        }
        edges.into_values().collect()
    }
}
