//! Whom to call, with a link that a phone can dial, and what may be done there.

use super::{Html, STATEMENTS_MAX, more};
use crate::{
    registry::Person,
    report::{
        brief::{Brief, OwnerPart},
        label::short,
        say,
    },
    words::safe,
};

/// Things of an owner that are listed.
const THINGS_MAX: usize = 40;

/// Owners, the surest and those with most at stake first.
pub(super) fn call(h: &mut Html, brief: &Brief) {
    if brief.owners.is_empty() {
        h.leaf("p", &[], "Nobody: nothing is in scope.");
        return;
    }
    h.el("div", &[("class", "cards")], |h| brief.owners.iter().take(STATEMENTS_MAX).for_each(|o| card(h, o)));
    more(h, brief.owners.len().saturating_sub(STATEMENTS_MAX));
}

fn card(h: &mut Html, o: &OwnerPart) {
    h.el("article", &[("class", "card")], |h| {
        let name = o.owner.as_ref().map_or_else(|| "Owner unknown".to_owned(), |n| safe(n));
        let system = o.system.as_ref().map(|s| format!(", system {}", safe(s))).unwrap_or_default();
        h.leaf("h3", &[], &format!("{name}{system}"));
        if o.inferred {
            h.leaf("p", &[], &format!("Inferred from logs, not registered: {}", o.reasons.last().map(|r| safe(r)).unwrap_or_default()));
        } else if o.owner.is_none() {
            h.leaf("p", &[], &o.reasons.iter().map(|r| safe(r)).collect::<Vec<_>>().join("; "));
        }
        if let Some(on_call) = &o.on_call {
            h.leaf("p", &[], &format!("On call: {}", safe(on_call)));
        }
        h.el("ul", &[("class", "contacts")], |h| o.contacts.iter().for_each(|p| person(h, p)));
        if o.contacts.is_empty() && o.owner.is_some() {
            h.leaf("p", &[], "No contact is registered.");
        }
        theirs(h, o);
        if let Some((can, cannot)) = say::may(o) {
            h.el("details", &[], |h| {
                h.leaf("summary", &[], "what we may do there, and what only the provider can");
                h.leaf("p", &[], &can);
                cannot.iter().for_each(|c| h.leaf("p", &[], c));
            });
        }
    });
}

fn person(h: &mut Html, p: &Person) {
    let (role, _) = say::person(p);
    h.el("li", &[], |h| {
        h.leaf("span", &[("class", "role")], role);
        h.leaf("b", &[], &safe(&p.name));
        h.el("span", &[("class", "way")], |h| {
            h.text(&format!("{} ", safe(&p.channel)));
            match dial(p) {
                Some(link) => h.leaf("a", &[("href", &link)], &safe(&p.value)),
                None => h.text(&safe(&p.value)),
            }
        });
        let there = p.local_time.as_ref().map(|t| format!("{t} {}", p.time_zone.as_deref().map_or_else(|| "there".to_owned(), safe))).unwrap_or_default();
        let reached = p.last_reached.map(|t| format!("reached {}", t.day()));
        let small: Vec<String> = Some(there).filter(|t| !t.is_empty()).into_iter().chain(reached).collect();
        h.leaf("small", &[], &small.join(" · "));
    });
}

/// A link that dials or writes, made of digits, or of letters that an address has, alone.
fn dial(p: &Person) -> Option<String> {
    let digits = |c: &char| c.is_ascii_digit() || *c == '+';
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
    let number: String = p.value.chars().filter(digits).collect();
    match p.channel.to_lowercase().as_str() {
        "phone" | "mobile" | "signal" | "sms" if number.len() >= 3 => Some(format!("tel:{number}")),
        "email" | "mail" if p.value.contains('@') && p.value.chars().all(plain) => Some(format!("mailto:{}", p.value)),
        _ => None,
    }
}

fn theirs(h: &mut Html, o: &OwnerPart) {
    let mut names: Vec<String> = o.entities.iter().map(short).collect();
    names.sort();
    names.dedup();
    let count = names.len();
    names.truncate(THINGS_MAX);
    let more = if count > names.len() { format!(" and {} more", count - names.len()) } else { String::new() };
    h.el("details", &[], |h| {
        h.leaf("summary", &[], &format!("{count} of theirs in scope"));
        h.leaf("p", &[], &format!("{}{more}", names.join(", ")));
    });
}
