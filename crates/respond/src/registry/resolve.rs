//! Whose a thing is: by exact id, then place (machine, ARN), then range or pattern, then account, then what the logs hint at.

use std::collections::BTreeMap;

use event::{Entity, Kind, Time, Window};

use super::{
    Can, CanDo, Candidate, Capability, Contact, DataHeld, Entry, Hint, HintKind, Known, Own, Ownership, Person, Registry, ServiceModel, VendorPart,
    pattern::{arn_account, exactness, glob, host_of, in_range, role_of_session, short_name},
};
use crate::{
    report::time::local_time,
    words::{alike, safe},
};

/// How well an entry fits: the way first, then how exact it is.
type Fit = (Way, usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Account,
    Range,
    Pattern,
    Inside,
    Name,
    Exact,
}

/// Groups above groups and the like are followed this far.
const PARENTS_MAX: usize = 16;
const NEAREST_MAX: usize = 3;
/// Hints that are shown as candidates.
const CANDIDATES_MAX: usize = 3;
/// Logins from which on a user is taken to be at home there.
const HABIT_LOGINS: u64 = 3;

impl Registry {
    /// Whose `entity` is at a time (now, where none is given: entries with an end in time count as they stand). `hints` is what the logs say.
    pub fn resolve(&self, entity: &Entity, at: Option<Time>, hints: &[Hint]) -> Ownership {
        let mut answer = silent(entity);
        if self.answer(entity, at, &mut answer) {
            return answer;
        }
        let belongs = hints.iter().filter(|h| h.kind == HintKind::BelongsTo);
        for hint in belongs {
            let mut other = silent(entity);
            if self.answer(&hint.who, at, &mut other) {
                let reason = format!("the logs name {} as the {} of it ({})", safe(&hint.who.value), hint.who.kind.name(), safe(&hint.event));
                other.reasons.insert(0, reason);
                return other;
            }
        }
        self.infer(hints, at, &mut answer);
        answer
    }

    fn answer(&self, entity: &Entity, at: Option<Time>, answer: &mut Ownership) -> bool {
        let Some((entry, reason)) = self.best(entity, at) else { return false };
        answer.reasons.push(reason);
        self.fill(entry, at, answer);
        self.add_vendors_with_access(entity, at, answer);
        true
    }

    /// The entry that is, or holds, an entity.
    pub(crate) fn entry_of(&self, entity: &Entity, at: Option<Time>) -> Option<&Entry> {
        self.best(entity, at).map(|(entry, _)| entry)
    }

    fn best(&self, entity: &Entity, at: Option<Time>) -> Option<(&Entry, String)> {
        let spelled = spellings(entity);
        let fits = self
            .entries
            .iter()
            .filter(|e| !e.is("vendor") || matches!(entity.kind, Kind::Account))
            .flat_map(|entry| spelled.iter().filter_map(move |s| fit(entry, s, at).map(|(f, why)| (f, entry, why))));
        let (_, entry, why) = fits.max_by_key(|(f, _, _)| *f).or_else(|| self.vendor_fit(&spelled, at))?;
        Some((entry, format!("{}: {why} ({}:{})", entry.label(), entry.file, entry.line)))
    }

    /// A vendor by its own spellings, or by the way it comes into our systems.
    fn vendor_fit(&self, spelled: &[Spelling], at: Option<Time>) -> Option<(Fit, &Entry, String)> {
        let vendors = self.entries.iter().filter(|e| e.is("vendor"));
        let fits = vendors.flat_map(|entry| {
            let own = spelled.iter().filter_map(move |s| fit(entry, s, at).map(|(f, why)| (f, entry, why)));
            let way = way_in(entry, spelled, at).map(|w| ((Way::Exact, w.len()), entry, format!("access has {}", safe(w))));
            own.chain(way)
        });
        fits.max_by_key(|(f, _, _)| *f)
    }

    fn fill(&self, entry: &Entry, at: Option<Time>, answer: &mut Ownership) {
        let system = if entry.is("system") { Some(entry) } else { entry.system.as_ref().and_then(|r| self.find(r, entry)) };
        let chain: Vec<&Entry> = std::iter::once(entry).chain(system.filter(|s| !std::ptr::eq(*s, entry))).collect();
        answer.system = system.map(|s| s.name.clone());
        let owner = self.owner_of(&chain, answer);
        answer.owner = owner.map(|o| o.name.clone()).or_else(|| chain.iter().find_map(|e| e.owner.as_ref()).map(|r| r.text.clone()));
        answer.on_call = chain.iter().chain(owner.iter()).find_map(|e| e.facts.on_call.clone());
        answer.contacts =
            chain.iter().map(|e| self.people(e, at)).find(|p| !p.is_empty()).unwrap_or_else(|| owner.map(|o| self.reach(o, at)).unwrap_or_default());
        if answer.contacts.is_empty() {
            answer.reasons.push("the registry has no contact for the owner".into());
        }
        answer.service_model = chain.iter().find_map(|e| e.facts.service_model);
        answer.capabilities = capabilities(&chain, answer.service_model);
        answer.data = self.data(&chain);
        answer.vendors = self.vendors(&chain, &answer.data, at);
    }

    fn owner_of<'a>(&'a self, chain: &[&'a Entry], answer: &mut Ownership) -> Option<&'a Entry> {
        if let Some(person) = chain.first().filter(|e| e.is("user") || e.is("group")) {
            return Some(person);
        }
        let (entry, reference) = chain.iter().find_map(|e| e.owner.as_ref().map(|r| (*e, r)))?;
        answer.reasons.push(format!("owner of {}: {} ({}:{})", entry.label(), safe(&reference.text), entry.file, reference.line));
        self.find(reference, entry)
    }

    /// The contacts of a group or user: its own, else its members' or own mail address, else its parent's.
    pub(crate) fn reach(&self, owner: &Entry, at: Option<Time>) -> Vec<Person> {
        let mut here = Some(owner);
        for _ in 0..PARENTS_MAX {
            let Some(entry) = here else { break };
            let mut people = self.people(entry, at);
            if people.is_empty() {
                people = self.mail(entry, at);
            }
            if !people.is_empty() {
                return people;
            }
            here = entry.parent.as_ref().and_then(|r| self.find(r, entry));
        }
        Vec::new()
    }

    /// The contacts that an entry names itself, valid at the time, in the order of calling.
    pub(crate) fn people(&self, entry: &Entry, at: Option<Time>) -> Vec<Person> {
        let mut valid: Vec<&Contact> = entry.facts.contacts.iter().filter(|c| holds(&c.window, at)).collect();
        valid.sort_by_key(|c| c.role);
        valid.into_iter().map(|c| self.person(c, entry, at)).collect()
    }

    /// How to reach who is written as `user:dana`, `group:x`, or by a bare name that the registry need not know.
    pub(crate) fn call(&self, text: &str) -> Person {
        let known = self.named(text, &["user", "group"]);
        let reached = known.and_then(|e| self.reach_person(e));
        reached.unwrap_or_else(|| Person {
            name: known.map_or_else(|| text.to_owned(), |e| e.title.clone().unwrap_or_else(|| e.name.clone())),
            role: super::ContactRole::Primary,
            channel: "unknown".into(),
            value: "no contact in the registry".into(),
            time_zone: None,
            local_time: None,
            last_reached: None,
        })
    }

    /// A group's first contact; a user's own, or the one that a group has for the user.
    fn reach_person(&self, entry: &Entry) -> Option<Person> {
        if !entry.is("user") {
            return self.reach(entry, None).into_iter().next();
        }
        let named =
            |e: &Entry| e.facts.contacts.iter().find(|c| c.person.as_ref().and_then(|r| self.find(r, e)).is_some_and(|p| std::ptr::eq(p, entry))).cloned();
        let elsewhere = || self.entries.iter().find_map(|e| named(e).map(|c| self.person(&c, e, None)));
        self.people(entry, None).into_iter().next().or_else(elsewhere).or_else(|| self.mail(entry, None).into_iter().next())
    }

    fn person(&self, c: &Contact, entry: &Entry, at: Option<Time>) -> Person {
        let known = c.person.as_ref().map(|r| self.find(r, entry).map_or_else(|| r.text.clone(), |e| e.title.clone().unwrap_or_else(|| e.name.clone())));
        Person {
            name: c.name.clone().or(known).unwrap_or_else(|| entry.title.clone().unwrap_or_else(|| entry.name.clone())),
            role: c.role,
            channel: c.channel.clone(),
            value: c.value.clone(),
            time_zone: c.time_zone.clone(),
            local_time: at.zip(c.time_zone.as_deref()).and_then(|(t, z)| local_time(t, z)),
            last_reached: c.last_reached,
        }
    }

    /// Mail addresses of a stock catalog: the entry's own, else those of its members.
    fn mail(&self, entry: &Entry, at: Option<Time>) -> Vec<Person> {
        let of = |e: &Entry| {
            e.email.as_ref().map(|mail| Person {
                name: e.title.clone().unwrap_or_else(|| e.name.clone()),
                role: super::ContactRole::Primary,
                channel: "email".into(),
                value: mail.clone(),
                time_zone: None,
                local_time: None,
                last_reached: None,
            })
        };
        if let Some(own) = of(entry) {
            return vec![own];
        }
        let named = entry.related.iter().filter_map(|r| self.find(r, entry)).filter(|e| e.is("user"));
        let joined = self.entries.iter().filter(|u| u.is("user") && u.related.iter().any(|r| self.find(r, u).is_some_and(|g| std::ptr::eq(g, entry))));
        let mut members: Vec<&Entry> = Vec::new();
        for user in named.chain(joined) {
            if !members.iter().any(|m| std::ptr::eq(*m, user)) {
                members.push(user);
            }
        }
        members
            .into_iter()
            .flat_map(|u| {
                let own = self.people(u, at);
                if own.is_empty() { of(u).into_iter().collect() } else { own }
            })
            .collect()
    }

    fn data(&self, chain: &[&Entry]) -> Vec<DataHeld> {
        let mut out: Vec<DataHeld> = Vec::new();
        for entry in chain {
            let sets = entry.facts.data.iter().filter_map(|r| self.find(r, entry)).chain(entry.is("dataset").then_some(*entry));
            let held = sets.map(|e| self.data_held(e));
            let classes = entry.facts.data_classes.iter().map(|c| DataHeld {
                name: c.clone(),
                category: None,
                sensitivity: None,
                personal: None,
                people: None,
                owner: None,
            });
            for one in held.chain(classes) {
                if !out.iter().any(|d| d.name == one.name) {
                    out.push(one);
                }
            }
        }
        out
    }

    fn data_held(&self, entry: &Entry) -> DataHeld {
        let owner = entry.owner.as_ref().map(|r| self.find(r, entry).map_or_else(|| r.text.clone(), |o| o.name.clone()));
        let set = match &entry.own {
            Own::DataSet(d) => d.clone(),
            _ => Default::default(),
        };
        DataHeld { name: entry.name.clone(), category: set.category, sensitivity: set.sensitivity, personal: set.personal, people: set.people, owner }
    }

    fn vendors(&self, chain: &[&Entry], data: &[DataHeld], at: Option<Time>) -> Vec<VendorPart> {
        let mut parts: Vec<(String, &Entry)> = Vec::new();
        for entry in chain {
            if entry.is("vendor") {
                parts.push(("is the vendor".into(), entry));
            }
            parts.extend(entry.facts.provider.iter().filter_map(|r| self.find(r, entry)).map(|v| ("provider".into(), v)));
            parts.extend(entry.facts.vendors.iter().filter_map(|r| self.find(r, entry)).map(|v| ("has a part".into(), v)));
        }
        for vendor in self.entries.iter().filter(|e| e.is("vendor")) {
            let Own::Vendor(v) = &vendor.own else { continue };
            let gets = v.shared.iter().filter_map(|s| self.find(&s.data, vendor)).find(|d| data.iter().any(|h| h.name == d.name));
            parts.extend(gets.map(|d| (format!("receives {}", d.name), vendor)));
        }
        let mut out: Vec<VendorPart> = Vec::new();
        for (part, vendor) in parts {
            if !out.iter().any(|p| p.name == vendor.name) {
                out.push(self.vendor_part(vendor, part, at));
            }
        }
        out
    }

    /// A vendor with its part in words.
    pub(crate) fn vendor_part(&self, entry: &Entry, part: String, at: Option<Time>) -> VendorPart {
        let vendor = match &entry.own {
            Own::Vendor(v) => v.clone(),
            _ => Default::default(),
        };
        let linked = vendor.contracts.iter().filter_map(|r| self.find(r, entry));
        let contracts = linked.filter_map(|c| if let Own::Contract(c) = &c.own { Some(c) } else { None });
        let notice = contracts.filter(|c| c.breach_notice_hours.is_some()).min_by_key(|c| c.breach_notice_hours);
        VendorPart {
            name: entry.name.clone(),
            part,
            contacts: self.people(entry, at),
            support: vendor.support,
            our_accounts: vendor.our_accounts,
            limits: vendor.limits,
            alternative: vendor.alternative,
            breach_notice_hours: notice.and_then(|c| c.breach_notice_hours),
            breach_channel: notice.and_then(|c| c.breach_channel.clone()),
            contract: notice.and_then(|c| c.reference.clone()),
            can_do: vendor.can_do,
        }
    }

    fn add_vendors_with_access(&self, entity: &Entity, at: Option<Time>, answer: &mut Ownership) {
        let spelled = spellings(entity);
        for vendor in self.entries.iter().filter(|e| e.is("vendor")) {
            let Some(way) = way_in(vendor, &spelled, at) else { continue };
            answer.reasons.push(format!("{} comes in as {} ({}:{})", vendor.label(), safe(way), vendor.file, vendor.line));
            answer.vendors.retain(|p| p.name != vendor.name);
            answer.vendors.insert(0, self.vendor_part(vendor, "has access".into(), at));
        }
    }

    fn infer(&self, hints: &[Hint], at: Option<Time>, answer: &mut Ownership) {
        let nothing = if self.is_empty() { "no registry: owner unknown; add one with `muster init`" } else { "the registry has nothing that fits" };
        answer.reasons.push(nothing.into());
        answer.nearest = self.alike(&answer.entity.value);
        let hints = people(hints);
        let mut ranked: Vec<&Hint> = hints.iter().collect();
        ranked.sort_by_key(|h| (std::cmp::Reverse(weight(h.kind)), std::cmp::Reverse(h.count)));
        for hint in ranked.iter().take(CANDIDATES_MAX) {
            let mut other = silent(&hint.who);
            let owner = self.answer(&hint.who, at, &mut other).then_some(other.owner).flatten();
            let because = because(hint);
            answer.candidates.push(Candidate { who: hint.who.clone(), owner, because, events: vec![hint.event.clone()] });
        }
        let Some(first) = answer.candidates.iter().zip(&ranked).find(|(_, h)| owns(h)).map(|(c, _)| c) else { return };
        answer.inferred = true;
        answer.owner = Some(first.owner.clone().unwrap_or_else(|| first.who.value.clone()));
        answer.reasons.push(format!("inferred from the logs: {} {} ({})", safe(&first.who.value), first.because, first.events.join(", ")));
        if let Some(owner) = first.owner.as_deref().and_then(|o| self.named(o, super::read::OWNER)) {
            answer.contacts = self.reach(owner, at);
        }
    }

    fn alike(&self, value: &str) -> Vec<String> {
        let facts = self.entries.iter().map(|e| &e.facts);
        let spelled = facts.flat_map(|f| f.hosts.iter().chain(&f.addresses).chain(&f.accounts).chain(&f.arns).chain(&f.identities)).map(|k| k.value.as_str());
        alike(value, spelled.chain(self.names(&[])), NEAREST_MAX).into_iter().map(str::to_owned).collect()
    }
}

/// The role, user or address by which a vendor comes in, if the entity is one of them.
fn way_in<'a>(vendor: &'a Entry, spelled: &[Spelling], at: Option<Time>) -> Option<&'a str> {
    let Own::Vendor(v) = &vendor.own else { return None };
    let valid = v.access.iter().filter(|k| holds(&k.window, at));
    let is = |k: &Known| spelled.iter().any(|s| s.whole && (k.value == s.text || in_range(&k.value, &s.text).is_some()));
    valid.into_iter().find(|k| is(k)).map(|k| k.value.as_str())
}

fn silent(entity: &Entity) -> Ownership {
    Ownership {
        entity: entity.clone(),
        system: None,
        owner: None,
        contacts: Vec::new(),
        on_call: None,
        service_model: None,
        capabilities: BTreeMap::new(),
        data: Vec::new(),
        vendors: Vec::new(),
        inferred: false,
        candidates: Vec::new(),
        reasons: Vec::new(),
        nearest: Vec::new(),
    }
}

fn weight(kind: HintKind) -> u8 {
    match kind {
        HintKind::BelongsTo => 3,
        HintKind::Created => 2,
        HintKind::LogsIn => 1,
        HintKind::Uses => 0,
    }
}

/// Hints that name somebody, each of them once: a machine, address, session or credential answers no call, nor does a machine's root
/// or a service of the provider.
fn people(hints: &[Hint]) -> Vec<Hint> {
    let mut out: Vec<Hint> = Vec::new();
    let nobody = |who: &Entity| who.kind != Kind::User || who.value.starts_with("root@") || who.value.ends_with(".amazonaws.com");
    for hint in hints.iter().filter(|h| !nobody(&h.who)) {
        match out.iter_mut().find(|o| o.kind == hint.kind && o.who == hint.who) {
            Some(same) => same.count = same.count.saturating_add(hint.count),
            None => out.push(hint.clone()),
        }
    }
    out
}

/// Whether a hint is enough to name an owner: who made it, or is there again and again; not who passed by, and not the account
/// that a key is for, which is a name in the log and no person.
fn owns(h: &Hint) -> bool {
    match h.kind {
        HintKind::Created => true,
        HintKind::LogsIn => h.count >= HABIT_LOGINS,
        HintKind::BelongsTo | HintKind::Uses => false,
    }
}

fn because(h: &Hint) -> String {
    let times = if h.count == 1 { "once".into() } else { format!("{} times", h.count) };
    match h.kind {
        HintKind::BelongsTo => format!("holds it by the logs ({times})"),
        HintKind::Created => "created it".into(),
        HintKind::LogsIn => format!("logs in there ({times})"),
        HintKind::Uses => format!("uses it ({times})"),
    }
}

fn holds(window: &Window, at: Option<Time>) -> bool {
    at.map_or(window.until.is_none(), |t| window.contains(t))
}

/// A text that an entity goes by, and whether it is the entity itself or a place that holds it.
struct Spelling {
    text: String,
    kind: Kind,
    whole: bool,
}

fn spellings(entity: &Entity) -> Vec<Spelling> {
    let whole = |text: &str, kind| Spelling { text: text.to_owned(), kind, whole: true };
    let mut out = vec![whole(&entity.value, entity.kind)];
    if let Some(role) = role_of_session(&entity.value) {
        out.push(whole(&role, Kind::User));
    }
    if let Some(host) = host_of(entity) {
        out.push(Spelling { text: host.to_lowercase(), kind: Kind::Host, whole: false });
    }
    if let Some(account) = arn_account(&entity.value) {
        out.push(Spelling { text: account.to_owned(), kind: Kind::Account, whole: false });
    }
    out
}

fn fit(entry: &Entry, s: &Spelling, at: Option<Time>) -> Option<(Fit, String)> {
    let f = &entry.facts;
    let way = |exact: Way| {
        if s.whole {
            exact
        } else if s.kind == Kind::Account {
            Way::Account
        } else {
            Way::Inside
        }
    };
    let now = |list: &'static str, known: &[Known], test: &dyn Fn(&str) -> Option<usize>| {
        let valid = known.iter().filter(|k| holds(&k.window, at));
        valid.filter_map(|k| test(&k.value).map(|n| (n, format!("{list} has {}", safe(&k.value))))).max()
    };
    let same = |v: &str| v.eq_ignore_ascii_case(&s.text).then_some(v.len());
    let exact = |list, known: &[Known]| now(list, known, &same);
    let found = match s.kind {
        Kind::Account => exact("accounts", &f.accounts),
        Kind::Ip => exact("addresses", &f.addresses),
        Kind::Host => exact("hosts", &f.hosts),
        _ => exact("identities", &f.identities).or_else(|| exact("arns", &f.arns)).or_else(|| short_identity(entry, s, at)),
    };
    if let Some((n, why)) = found.or_else(|| exact("arns", &f.arns)) {
        return Some(((way(Way::Exact), n), why));
    }
    let named = !matches!(s.kind, Kind::Ip | Kind::Credential | Kind::Hash | Kind::Account) && entry.name.eq_ignore_ascii_case(&s.text) && nameable(entry);
    if named {
        return Some(((way(Way::Name), 0), "has that name".into()));
    }
    if let Some((n, why)) = now("arns", &f.arns, &|v| inside(v, &s.text)) {
        return Some(((Way::Inside, n), why));
    }
    if let Some((n, why)) = now("patterns", &f.patterns, &|v| glob(v, &s.text).then(|| exactness(v)).or_else(|| in_range(v, &s.text).map(usize::from))) {
        return Some(((way(Way::Pattern).min(Way::Pattern), n), why));
    }
    let (n, why) = now("addresses", &f.addresses, &|v| in_range(v, &s.text).map(usize::from)).filter(|_| s.kind == Kind::Ip)?;
    Some(((Way::Range, n), why))
}

/// An identity given by its bare name (`ci-deploy`) stands for any ARN that ends in it.
fn short_identity(entry: &Entry, s: &Spelling, at: Option<Time>) -> Option<(usize, String)> {
    let short = short_name(&s.text);
    let valid = entry.facts.identities.iter().filter(|k| holds(&k.window, at));
    let one = valid.filter(|_| s.kind == Kind::User).find(|k| k.value == short || short_name(&k.value) == s.text)?;
    Some((one.value.len().min(short.len()), format!("identities has {}", safe(&one.value))))
}

/// Whether an entry's own name may be the name of a thing in a log.
fn nameable(entry: &Entry) -> bool {
    ["component", "resource", "system", "user", "group", "dataset", "vendor", "api"].iter().any(|k| entry.is(k))
}

/// Whether `thing` lies in the resource `holder` by its ARN: a path below it.
fn inside(holder: &str, thing: &str) -> Option<usize> {
    let rest = thing.strip_prefix(holder)?;
    (holder.starts_with("arn:") && rest.starts_with(['/', ':'])).then_some(holder.len())
}

fn capabilities(chain: &[&Entry], model: Option<ServiceModel>) -> BTreeMap<&'static str, CanDo> {
    let one = |c: Capability| {
        if let Some(set) = chain.iter().find_map(|e| e.facts.capabilities.get(&c)) {
            let note = set.note.clone().unwrap_or_else(|| if set.can == Can::Yes { "by the registry".into() } else { "not here, by the registry".into() });
            return CanDo { can: set.can, note };
        }
        match model {
            Some(m) => {
                let (can, note) = c.default_for(m);
                CanDo { can, note: note.into() }
            }
            None => CanDo { can: Can::Unknown, note: "the registry gives no service model".into() },
        }
    };
    Capability::ALL.into_iter().map(|c| (c.name(), one(c))).collect()
}
