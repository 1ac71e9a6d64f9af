//! The answer in one sentence, how complete it is, and why a section says nothing.

use std::collections::{BTreeMap, BTreeSet};

use event::{Entity, Kind};
use trace::scope::{EntryPoint, How};

use super::headline;
use crate::{
    registry::pattern::{host_of, short_name},
    report::{
        brief::{People, Summary},
        input::BriefInput,
        time::{near_minute, number},
    },
    scope::{Reached, Verdict},
    words::{safe, safe_to},
};

/// The answer.
pub(super) fn summary(input: &BriefInput, people: &People, unseen: usize) -> Summary {
    let held: Vec<&Reached> = input.reached.iter().filter(|r| r.held()).collect();
    let counts = Counts::of(&held);
    let text = match (held.is_empty(), input.reached.iter().any(Reached::exposed)) {
        _ if input.indicators.is_empty() || (input.named == 0 && held.is_empty()) => unknown(input),
        (true, false) => format!(
            "Nothing out of the ordinary is tied to {}, which {} events of {} logs name: no sign of an intruder.",
            names(&input.indicators),
            number(input.named),
            input.books.len()
        ),
        _ => intruder(input, &held, people),
    };
    let whole = unseen == 0 && input.limits.is_empty();
    let completeness = match (whole, input.limits.as_slice()) {
        (true, _) => "Complete as far as these logs go: nothing was cut and no gap is known.".to_owned(),
        (false, []) => format!("Not complete: {} could not be seen, named below.", things(unseen, "thing")),
        (false, limits) => {
            format!("Not complete: the scope ended at its limit on {}, and {} could not be seen.", limits.join(" and "), things(unseen, "thing"))
        }
    };
    Summary { text, whole, completeness, machines: counts.machines, identities: counts.identities, keys: counts.keys }
}

fn unknown(input: &BriefInput) -> String {
    let asked: Vec<String> = input.unknown.iter().map(|(text, _)| format!("`{}`", safe(text))).collect();
    let asked = if asked.is_empty() { names(&input.indicators) } else { asked.join(", ") };
    match input.books.len() {
        0 => format!("No log was looked at, so nothing can be said of {asked}."),
        logs => format!("{asked} is in none of the {logs} logs that were looked at."),
    }
}

fn intruder(input: &BriefInput, held: &[&Reached], people: &People) -> String {
    let entry = input.entries.iter().find(|e| e.how != How::NotSeen);
    let began = entry.map_or_else(|| "How they got in is not seen".to_owned(), |e| began(e, input));
    let hands = headline::hands(input, held);
    let hands =
        if hands.is_empty() { "nothing more is seen in the intruder's hands".to_owned() } else { format!("in the intruder's hands: {}", hands.join("; ")) };
    let left = match input.exfiltration.as_ref().map(|x| x.verdict) {
        Some(Verdict::Seen) => headline::left(input).map_or_else(|| "data was seen leaving".to_owned(), |l| format!("data was seen leaving: {l}")),
        Some(Verdict::NoSign) => "no sign that data left".to_owned(),
        Some(Verdict::CouldNotHaveBeenSeen) => "whether data left could not have been seen".to_owned(),
        None => "whether data left was not examined".to_owned(),
    };
    let of = match (people.at_most, people.data_sets.is_empty()) {
        (Some(n), _) if people.not_counted.is_empty() => format!("; personal data of at most {} people was open", number(n)),
        (Some(n), _) => {
            let (names, verb) = (few(&people.not_counted), if people.not_counted.len() == 1 { "has" } else { "have" });
            format!("; personal data of {} people was open; {names} {verb} no number registered, so it may be more", number(n))
        }
        (None, false) => "; personal data was open, of how many people is not registered".to_owned(),
        (None, true) => String::new(),
    };
    format!("{began}; {hands}; {left}{of}.")
}

/// Names of the registry, a few.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 2;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| safe(n)).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// What the intruder holds, counted.
#[derive(Clone, Copy)]
struct Counts {
    machines: usize,
    identities: usize,
    keys: usize,
}

impl Counts {
    fn of(held: &[&Reached]) -> Counts {
        let count = |kind| held.iter().filter(|r| r.entity.kind == kind).count();
        let machines: BTreeSet<&str> = held.iter().filter_map(|r| machine(&r.entity)).collect();
        Counts { machines: machines.len(), identities: count(Kind::User), keys: count(Kind::Credential) }
    }
}

fn machine(e: &Entity) -> Option<&str> {
    if e.kind == Kind::Host { Some(&e.value) } else { host_of(e).filter(|_| matches!(e.kind, Kind::Session | Kind::User)) }
}

/// The sentence on the way in, in characters.
const BEGAN_MAX: usize = 400;

fn began(e: &EntryPoint, input: &BriefInput) -> String {
    let at = headline::span(input).or_else(|| e.time.map(|t| near_minute(t, input.now))).map(|t| format!("{t}: ")).unwrap_or_default();
    format!("{at}{}", safe_to(&without_path(&e.text), BEGAN_MAX))
}

/// The sentence without the path of a request, which the section on the way in has in full.
fn without_path(text: &str) -> String {
    match text.split_once(" (/").and_then(|(before, rest)| rest.split_once(')').map(|(_, after)| (before, after))) {
        Some((before, after)) => format!("{before}{after}"),
        None => text.to_owned(),
    }
}

fn names(of: &[Entity]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = of.iter().take(SHOWN).map(|e| safe(short_name(&e.value))).collect();
    let more = of.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// `1 thing`, `5 things`.
pub(super) fn things(n: usize, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// Why the sections that say nothing say nothing.
pub(super) fn absent(input: &BriefInput) -> BTreeMap<&'static str, String> {
    let held = input.reached.iter().any(Reached::held);
    let on_host = input.reached.iter().any(|r| r.held() && matches!(r.entity.kind, Kind::Session | Kind::Host));
    let mut out = BTreeMap::new();
    let mut put = |name, empty: bool, why: &str| {
        if empty {
            out.insert(name, why.to_owned());
        }
    };
    let nothing = "nothing is known to be in the intruder's hands";
    put("entry", input.entries.is_empty(), if held { "the logs do not show how it began" } else { nothing });
    put("reach", input.reach.is_empty(), if held { "no way from here to others was seen in these logs; that is no sign that there is none" } else { nothing });
    let sessions = match (held, on_host) {
        (false, _) => nothing,
        (true, false) => "no session of the intruder on a machine is seen",
        (true, true) => "no log tells which processes ran in the intruder's sessions",
    };
    put("sessions", input.sessions.is_empty(), sessions);
    put("exfiltration", !held || input.exfiltration.is_none(), if held { "it was not judged" } else { nothing });
    put("case", input.case.is_none(), "no case was opened: nothing was found to respond to");
    put("proof", input.proof.is_none(), "no signed log: nothing in this brief can be proven later");
    out
}
