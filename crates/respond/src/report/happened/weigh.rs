//! What a row weighs where room is short: 3 handed over control, showed data leaving or blinded a log; 2 is on the way of the scope;
//! 0 says least.

use std::collections::HashSet;

use event::{Entity, Kind};

use super::login::Folded;
use crate::{plan::stops_log, report::input::BriefInput, scope::Act};

/// What is grave in a scope.
pub(super) struct Weigh<'a> {
    /// Events on the way of the scope.
    way: HashSet<&'a str>,
    /// Events that handed over control, or that show data leaving.
    grave: HashSet<&'a str>,
    /// Addresses of the intruder and users that the intruder made: a command that names one is on the way too.
    names: Vec<&'a str>,
}

impl<'a> Weigh<'a> {
    pub fn new(input: &'a BriefInput) -> Weigh<'a> {
        let way = input.reached.iter().flat_map(|r| &r.path).map(String::as_str).collect();
        let handed = input.reached.iter().filter(|r| r.made || r.held()).filter_map(|r| r.path.last());
        let left = input.exfiltration.iter().flat_map(|x| &x.reasons).flat_map(|r| &r.events);
        let bare = |e: &'a Entity| e.value.split('@').next().unwrap_or_default();
        let names = input.reached.iter().filter(|r| r.held()).filter_map(|r| match r.entity.kind {
            Kind::Ip => Some(r.entity.value.as_str()),
            Kind::User if r.made => Some(bare(&r.entity)),
            _ => None,
        });
        Weigh { way, grave: handed.chain(left).map(String::as_str).collect(), names: names.filter(|n| !n.is_empty()).collect() }
    }

    pub fn on_way(&self, event: &str) -> bool {
        self.way.contains(event)
    }

    pub fn key(&self, f: &Folded<'_>) -> bool {
        f.events().any(|e| self.way.contains(e))
    }

    pub fn weight(&self, f: &Folded<'_>) -> u8 {
        let row = f.row;
        let blinds = row.gap.is_some() || stops_log(&row.operation);
        if f.events().any(|e| self.grave.contains(e)) || (!row.failed() && blinds) {
            return 3;
        }
        let named = row.act == Act::Run && self.names.iter().any(|n| row.text.contains(n));
        if self.key(f) || (!row.failed() && (named || row.act == Act::Switch)) {
            return 2;
        }
        u8::from(!row.failed() && !matches!(row.act, Act::Look | Act::List | Act::Logout | Act::Login | Act::Note))
    }
}
