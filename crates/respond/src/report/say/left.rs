//! Whether data left; which data, vendors and people are concerned.

use event::Kind;

use super::{Statement, verdict_word};
use crate::{
    report::{
        brief::{Brief, DataPart, VendorHit},
        label::short,
        time::{number, size, sizes},
    },
    scope::{Exfiltration, Verdict},
    words::{safe, safe_to},
};

/// The sentence on people, in characters.
const PEOPLE_MAX: usize = 1_000;

/// The verdict and its reasons, each with its events: what was seen first.
pub(in crate::report) fn left(x: &Exfiltration) -> (Statement, Vec<Statement>) {
    let why = x.reasons.iter().map(|r| Statement::new(safe(&sizes(&r.text))).shown_by(&r.events)).collect();
    let no_sign = x.verdict == Verdict::NoSign;
    let word = if no_sign { format!("{}: the logs that would show it are there", verdict_word(x.verdict)) } else { verdict_word(x.verdict).to_owned() };
    (Statement::new(word).weighing(3), why)
}

/// The people concerned.
pub(in crate::report) fn people(brief: &Brief) -> Statement {
    let events = brief.data.iter().filter(|d| d.held.iter().any(|h| h.personal == Some(true))).flat_map(|d| d.events.last()).cloned().collect::<Vec<_>>();
    Statement::new(format!("people affected: {}", safe_to(&brief.people.text, PEOPLE_MAX))).shown_by(&events).weighing(3)
}

/// Places with personal data one by one, then the others by owner and sort.
pub(in crate::report) fn data(brief: &Brief) -> (Vec<Statement>, Vec<Statement>) {
    let (personal, other): (Vec<&DataPart>, Vec<&DataPart>) = brief.data.iter().partition(|d| d.held.iter().any(|h| h.personal == Some(true)));
    (personal.into_iter().map(|d| data_text(d).weighing(2)).collect(), by_owner(&other).iter().map(|list| data_places(list)).collect())
}

/// Things that the registry says nothing more of, in one list for each owner and sort; the others each by itself.
fn by_owner<'a>(data: &[&'a DataPart]) -> Vec<Vec<&'a DataPart>> {
    let mut out: Vec<Vec<&DataPart>> = Vec::new();
    for d in data {
        let alike = |o: &&mut Vec<&DataPart>| o.first().is_some_and(|f| f.held.is_empty() && f.owner == d.owner && sort(f) == sort(d));
        match out.iter_mut().find(alike).filter(|_| d.held.is_empty()) {
            Some(list) => list.push(d),
            None => out.push(vec![*d]),
        }
    }
    out.sort_by_key(|list| list.first().is_none_or(|d| sort(d) != "secrets"));
    out
}

/// What sort of thing it is, in the plural.
fn sort(d: &DataPart) -> &'static str {
    let value = d.place.value.as_str();
    match d.place.kind {
        Kind::File => "files",
        _ if value.starts_with("arn:aws:s3:::") => "buckets",
        _ if value.contains(":secretsmanager:") || value.contains("/secrets/") => "secrets",
        _ if value.contains(":parameter/") => "parameters",
        _ => "things",
    }
}

/// Several places of one sort and owner.
pub(in crate::report) fn data_places(list: &[&DataPart]) -> Statement {
    const SHOWN: usize = 3;
    let (Some(first), true) = (list.first(), list.len() > 1) else { return list.first().map(|d| data_text(d)).unwrap_or_default() };
    let names: Vec<String> = list.iter().take(SHOWN).map(|d| short(&d.place)).collect();
    let more = list.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let owner = first.owner.as_ref().map_or_else(|| "owner unknown".to_owned(), |o| safe(o));
    let events: Vec<String> = list.iter().filter_map(|d| d.events.last().cloned()).collect();
    let text = format!("exposed {} {} ({owner}): {}{more}; what they hold is not registered", list.len(), sort(first), names.join(", "));
    Statement::new(text).shown_by(&events)
}

fn data_text(d: &DataPart) -> Statement {
    let held: Vec<String> = d.held.iter().map(held).collect();
    let held = if held.is_empty() { "what it holds is not registered".to_owned() } else { held.join("; ") };
    let bytes = d.bytes.map(|b| format!(", {}", size(b))).unwrap_or_default();
    let count = match d.objects {
        Some(1) => format!(" (1 object read{bytes})"),
        Some(n) => format!(" ({} objects read{bytes})", number(n)),
        None if d.count > 1 => format!(" ({} things)", d.count),
        None => String::new(),
    };
    Statement::new(format!("exposed {}{count}: {held}", short(&d.place))).shown_by(&d.events)
}

fn held(h: &crate::registry::DataHeld) -> String {
    let what = h.category.as_ref().map(|c| format!(": {}", safe(c))).unwrap_or_default();
    let people = h.people.map(|n| format!(" of {} people", number(n))).unwrap_or_default();
    let personal = match h.personal {
        Some(true) => format!(", PERSONAL DATA{people}"),
        Some(false) => ", no personal data".to_owned(),
        None => ", personal or not: not registered".to_owned(),
    };
    format!("{}{what}{personal}", safe(&h.name))
}

/// A vendor, its part, and whom to call there.
pub(in crate::report) fn vendor(v: &VendorHit) -> Statement {
    let way = v
        .vendor
        .contacts
        .first()
        .map_or_else(|| "no contact is registered".to_owned(), |p| format!("call {}: {} {}", safe(&p.name), safe(&p.channel), safe(&p.value)));
    let by = v.vendor.breach_channel.as_ref().map(|c| format!(", by {}", safe(c))).unwrap_or_default();
    let contract = v.vendor.contract.as_ref().map(|c| format!(" {}", safe(c))).unwrap_or_default();
    let notice = v.vendor.breach_notice_hours.map(|h| format!("; by contract{contract} it must tell us of a breach within {h} h of learning of it{by}"));
    let notice = notice.unwrap_or_else(|| "; no term for breach notices is registered".to_owned());
    let text = format!("vendor {} {} ({}); {way}{notice}", safe(&v.vendor.name), safe(&v.vendor.part), short(&v.through));
    Statement::new(text).shown_by(&v.events).weighing(4)
}

/// The providers below what is in scope: they can keep what we cannot see.
pub(in crate::report) fn providers(brief: &Brief) -> Vec<Statement> {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    for part in brief.owners.iter().filter_map(|o| o.provider.as_ref()) {
        if seen.contains(&part.name.as_str()) || brief.vendors.iter().any(|v| v.vendor.name == part.name) {
            continue;
        }
        seen.push(&part.name);
        let way = part.contacts.first().map_or_else(|| "no contact is registered".to_owned(), |c| format!("{} {}", safe(&c.channel), safe(&c.value)));
        let can =
            if part.can_do.is_empty() { String::new() } else { format!("; can do: {}", part.can_do.iter().map(|c| safe(c)).collect::<Vec<_>>().join(", ")) };
        out.push(Statement::new(format!("vendor {} (provider): open a case to have logs and disks kept: {way}{can}", safe(&part.name))).weighing(2));
    }
    out
}
