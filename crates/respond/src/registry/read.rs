//! One YAML document to one entry. Follows Backstage's descriptor format
//! (<https://backstage.io/docs/features/software-catalog/descriptor-format/>) and muster's kinds in the same envelope.
//! Other programs' keys in `metadata` and `spec` are left alone; muster's own blocks take no unknown key.

use event::{Facet, Window};

use super::{
    Can, Capability, ServiceModel,
    entry::{Contact, ContactRole, Entry, Facts, Known, Override, Own, Reference},
    own,
    pattern::parse_range,
};
use crate::{
    Problem,
    words::nearest,
    yaml::{Data, Fields, Node, truth},
};

/// Kinds that muster reads more of than the envelope.
pub const KINDS: [&str; 12] = ["Group", "User", "Domain", "System", "Component", "Resource", "API", "Location", "Template", "Vendor", "Contract", "DataSet"];

pub(crate) const OWNER: &[&str] = &["group", "user"];
pub(crate) const DATA: &[&str] = &["dataset"];
pub(crate) const VENDOR: &[&str] = &["vendor"];

/// Keys of Backstage's kinds that muster takes no facts from.
const LEFT_ALONE: &[&str] = &[
    "providesApis",
    "consumesApis",
    "dependencyOf",
    "subcomponentOf",
    "definition",
    "target",
    "targets",
    "presence",
    "parameters",
    "steps",
    "output",
    "picture",
    "lifecycle",
];

/// Reads a document; nothing where it has no kind or no name.
pub fn entry(file: &str, node: &Node, problems: &mut Vec<Problem>) -> Option<Entry> {
    let mut top = Fields::new(file, node, "", "the document", problems)?;
    top.must_text("apiVersion", problems);
    let kind = top.must_text("kind", problems);
    let metadata = top.node("metadata");
    let spec = top.node("spec");
    top.finish(&["relations", "status"], false, problems);
    let (kind, kind_line) = kind?;
    let Some(metadata) = metadata else {
        problems.push(Problem::new(file, node.line, &format!("`metadata` of the {}", kind.to_lowercase()), "a mapping with `name`", "nothing"));
        return None;
    };
    let mut entry = Entry { kind, namespace: "default".into(), file: file.into(), line: node.line, ..Entry::default() };
    near_kind(&entry, kind_line, problems);
    read_metadata(file, metadata, &mut entry, problems)?;
    if let Some(fields) = spec.and_then(|s| Fields::new(file, s, "spec.", &entry.label(), problems)) {
        read_spec(fields, &mut entry, problems);
    }
    Some(entry)
}

/// A kind that is a slip of the pen for a known one; any other unknown kind is kept without a word.
fn near_kind(entry: &Entry, line: usize, problems: &mut Vec<Problem>) {
    if KINDS.iter().any(|k| entry.is(k)) {
        return;
    }
    if let Some(near) = nearest(&entry.kind, KINDS) {
        problems.push(Problem::new(&entry.file, line, "`kind` of the document", "a known kind", format!("`{}`", entry.kind)).near(Some(near)));
    }
}

fn read_metadata(file: &str, node: &Node, entry: &mut Entry, problems: &mut Vec<Problem>) -> Option<()> {
    let mut f = Fields::new(file, node, "metadata.", &format!("the {}", entry.kind.to_lowercase()), problems)?;
    let name = f.must_text("name", problems);
    if let Some((namespace, _)) = f.text("namespace", problems) {
        entry.namespace = namespace;
    }
    entry.title = f.text("title", problems).map(|(t, _)| t);
    if let Some(annotations) = f.map("annotations", problems) {
        annotation_facts(&annotations, &mut entry.facts, problems);
    }
    f.finish(&["description", "labels", "tags", "links", "uid", "etag"], true, problems);
    entry.name = name?.0;
    Some(())
}

/// Facts in annotations: what other catalogs already have, and `muster/…` for those who cannot extend `spec`.
fn annotation_facts(f: &Fields<'_>, facts: &mut Facts, problems: &mut Vec<Problem>) {
    for (key, node) in f.entries() {
        let Some(value) = node.scalar() else {
            f.fault(&key.text, node.line, "a text", node.describe(), problems);
            continue;
        };
        let words = || value.split([',', ' ']).filter(|w| !w.is_empty()).map(known).collect::<Vec<_>>();
        match key.text.as_str() {
            "amazonaws.com/arn" => facts.arns.push(known(value)),
            "amazonaws.com/account-id" | "google.com/project-id" => facts.accounts.push(known(value)),
            "muster/hosts" => facts.hosts.extend(words()),
            "muster/addresses" => facts.addresses.extend(words()),
            "muster/patterns" => facts.patterns.extend(words()),
            "muster/service-model" => match ServiceModel::parse(value) {
                Some(m) => facts.service_model = Some(m),
                None => f.fault(&key.text, node.line, "IaaS, PaaS or SaaS", node.describe(), problems),
            },
            "pagerduty.com/service-id" | "pagerduty.com/integration-key" | "opsgenie.com/component-selector" | "opsgenie.com/team" => {
                facts.on_call = Some(format!("{} {value}", key.text.split('.').next().unwrap_or_default()));
            }
            _ => {}
        }
    }
}

fn read_spec(mut f: Fields<'_>, entry: &mut Entry, problems: &mut Vec<Problem>) {
    entry.type_name = f.any_text("type", problems);
    entry.owner = reference(&mut f, "owner", OWNER, problems);
    let ours = match entry.kind.to_lowercase().as_str() {
        "component" | "resource" | "api" => {
            entry.system = reference(&mut f, "system", &["system"], problems);
            entry.related = references(&mut f, "dependsOn", &["component", "resource"], problems);
            needs_owner(&f, entry, problems);
            false
        }
        "system" => {
            entry.domain = reference(&mut f, "domain", &["domain"], problems);
            needs_owner(&f, entry, problems);
            false
        }
        "domain" => {
            entry.parent = reference(&mut f, "subdomainOf", &["domain"], problems);
            needs_owner(&f, entry, problems);
            false
        }
        "group" => {
            entry.parent = reference(&mut f, "parent", &["group"], problems);
            entry.related = references(&mut f, "children", &["group"], problems);
            entry.related.extend(references(&mut f, "members", &["user"], problems));
            read_profile(&mut f, entry, problems);
            false
        }
        "user" => {
            entry.related = references(&mut f, "memberOf", &["group"], problems);
            read_profile(&mut f, entry, problems);
            false
        }
        "vendor" => own::vendor(&mut f, entry, problems),
        "contract" => own::contract(&mut f, entry, problems),
        "dataset" => own::data_set(&mut f, entry, problems),
        _ => return,
    };
    if ours {
        read_facts(&mut f, &mut entry.facts, problems);
    } else if let Some(mut block) = f.map("muster", problems) {
        read_facts(&mut block, &mut entry.facts, problems);
        block.finish(&[], false, problems);
    }
    f.finish(if ours { &["description"] } else { LEFT_ALONE }, !ours, problems);
}

fn needs_owner(f: &Fields<'_>, entry: &Entry, problems: &mut Vec<Problem>) {
    if entry.owner.is_none() && !entry.is("domain") {
        f.fault("owner", f.line(), "a group or user", "nothing".into(), problems);
    }
}

fn read_profile(f: &mut Fields<'_>, entry: &mut Entry, problems: &mut Vec<Problem>) {
    let Some(mut profile) = f.map("profile", problems) else { return };
    if let Some((name, _)) = profile.text("displayName", problems) {
        entry.title = Some(name);
    }
    entry.email = profile.text("email", problems).map(|(t, _)| t);
    profile.finish(&["picture"], true, problems);
}

/// Reads the keys of a `muster` block. The caller finishes the mapping.
pub(crate) fn read_facts(f: &mut Fields<'_>, facts: &mut Facts, problems: &mut Vec<Problem>) {
    if let Some((text, line)) = f.text("service_model", problems) {
        let near = nearest(&text, ServiceModel::ALL.map(ServiceModel::name));
        match ServiceModel::parse(&text) {
            Some(m) => facts.service_model = Some(m),
            None => problems.push(Problem::new(f.file(), line, &f.subject("service_model"), "IaaS, PaaS or SaaS", format!("`{text}`")).near(near)),
        }
    }
    read_capabilities(f, facts, problems);
    facts.provider = reference(f, "provider", VENDOR, problems);
    facts.hosts.extend(knowns(f, "hosts", problems).into_iter().map(|k| Known { value: k.value.to_lowercase(), ..k }));
    facts.addresses.extend(addresses(f, "addresses", problems));
    facts.accounts.extend(knowns(f, "accounts", problems));
    facts.arns.extend(knowns(f, "arns", problems));
    facts.identities.extend(knowns(f, "identities", problems));
    facts.patterns.extend(knowns(f, "patterns", problems));
    facts.data = references(f, "data", DATA, problems);
    facts.data_classes = f.texts("data_classes", false, problems).into_iter().map(|(t, _)| t).collect();
    facts.vendors = references(f, "vendors", VENDOR, problems);
    facts.on_call = f.text("on_call", problems).map(|(t, _)| t).or(facts.on_call.take());
    for (text, line) in f.texts("facets", false, problems) {
        match Facet::parse(&text) {
            Some(facet) => facts.facets.push(facet),
            None => f.fault("facets", line, "runtime, cloud, network, system or application", format!("`{text}`"), problems),
        }
    }
    for contact in f.maps("contacts", problems) {
        facts.contacts.extend(read_contact(contact, problems));
    }
}

fn read_capabilities(f: &mut Fields<'_>, facts: &mut Facts, problems: &mut Vec<Problem>) {
    let Some(block) = f.map("capabilities", problems) else { return };
    for (key, node) in block.entries() {
        let Some(capability) = Capability::parse(&key.text) else {
            let names = Capability::ALL.map(Capability::name);
            let expected = format!("one of the keys {}", names.join(", "));
            problems.push(Problem::new(block.file(), key.line, &block.subject(&key.text), expected, "an unknown key").near(nearest(&key.text, names)));
            continue;
        };
        let set = match (truth(node), &node.data) {
            (Some(yes), _) => Override { can: if yes { Can::Yes } else { Can::No }, note: None },
            (None, Data::Text(why)) => Override { can: Can::No, note: Some(why.clone()) },
            _ => {
                block.fault(&key.text, node.line, "yes, no, or what to do instead", node.describe(), problems);
                continue;
            }
        };
        facts.capabilities.insert(capability, set);
    }
}

fn read_contact(mut f: Fields<'_>, problems: &mut Vec<Problem>) -> Option<Contact> {
    let role = match f.text("role", problems) {
        None => Some(ContactRole::Primary),
        Some((t, line)) => match t.as_str() {
            "primary" => Some(ContactRole::Primary),
            "deputy" => Some(ContactRole::Deputy),
            "escalation" => Some(ContactRole::Escalation),
            _ => {
                f.fault("role", line, "primary, deputy or escalation", format!("`{t}`"), problems);
                None
            }
        },
    };
    let person = reference(&mut f, "person", &["user", "group"], problems);
    let name = f.text("name", problems).map(|(t, _)| t);
    let channel = f.must_text("channel", problems).map(|(t, _)| t);
    let value = f.any_text("value", problems);
    let time_zone = f.text("time_zone", problems).filter(|(zone, line)| {
        let fine = jiff::tz::TimeZone::get(zone).is_ok();
        if !fine {
            f.fault("time_zone", *line, "an IANA time zone such as Europe/Berlin", format!("`{zone}`"), problems);
        }
        fine
    });
    let last_reached = f.time("last_reached", problems);
    let window = Window { since: f.time("since", problems), until: f.time("until", problems) };
    if value.is_none() {
        f.fault("value", f.line(), "a number, address or link", "nothing".into(), problems);
    }
    f.finish(&[], false, problems);
    Some(Contact { role: role?, person, name, channel: channel?, value: value?, time_zone: time_zone.map(|(t, _)| t), last_reached, window })
}

/// One reference.
pub(crate) fn reference(f: &mut Fields<'_>, key: &'static str, kinds: &'static [&'static str], problems: &mut Vec<Problem>) -> Option<Reference> {
    let subject = f.subject(key);
    f.text(key, problems).map(|(text, line)| Reference { text, kinds, field: subject, line })
}

/// A list of references.
pub(crate) fn references(f: &mut Fields<'_>, key: &'static str, kinds: &'static [&'static str], problems: &mut Vec<Problem>) -> Vec<Reference> {
    let subject = f.subject(key);
    f.texts(key, false, problems).into_iter().map(|(text, line)| Reference { text, kinds, field: subject.clone(), line }).collect()
}

fn known(value: &str) -> Known {
    Known { value: value.to_owned(), window: Window::default() }
}

/// Spellings: a text, or a mapping of `value`, `since`, `until`.
pub(crate) fn knowns(f: &mut Fields<'_>, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Known> {
    let (file, subject) = (f.file(), f.subject(key));
    let mut out = Vec::new();
    for node in f.items(key) {
        if let Some(text) = node.scalar() {
            out.push(known(text));
        } else if let Some(mut item) = Fields::new(file, node, "", &subject, problems) {
            let value = item.any_text("value", problems);
            let window = Window { since: item.time("since", problems), until: item.time("until", problems) };
            item.finish(&[], false, problems);
            out.extend(value.map(|value| Known { value, window }));
        }
    }
    out
}

fn addresses(f: &mut Fields<'_>, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Known> {
    let lines: Vec<usize> = f.items(key).iter().map(|n| n.line).collect();
    let mut out = knowns(f, key, problems);
    let line = |i: usize| lines.get(i).copied().unwrap_or_else(|| f.line());
    for (i, k) in out.iter().enumerate().filter(|(_, k)| parse_range(&k.value).is_none()) {
        f.fault(key, line(i), "an IP address or range such as 10.20.0.0/16", format!("`{}`", k.value), problems);
    }
    out.retain(|k| parse_range(&k.value).is_some());
    out
}

/// Marks an entry as one of muster's own kinds.
pub(crate) fn set_own(entry: &mut Entry, own: Own) -> bool {
    entry.own = own;
    true
}
