//! The kinds that are muster's own: Vendor, Contract, DataSet. The tables follow DORA's register of information and
//! GDPR article 30: linked entries, one a vendor, contract and body of data.

use super::{
    entry::{Contract, DataSet, Entry, Own, Reference, Shared, Vendor},
    read::{DATA, VENDOR, knowns, reference, references, set_own},
};
use crate::{Problem, yaml::Fields};

/// Reads the keys of a vendor.
pub(crate) fn vendor(f: &mut Fields<'_>, entry: &mut Entry, problems: &mut Vec<Problem>) -> bool {
    let mut vendor = Vendor { contracts: references(f, "contracts", &["contract"], problems), ..Vendor::default() };
    for shared in f.maps("data_shared", problems) {
        vendor.shared.extend(read_shared(shared, problems));
    }
    vendor.access = knowns(f, "access", problems);
    vendor.our_accounts = f.texts("our_accounts", true, problems).into_iter().map(|(t, _)| t).collect();
    vendor.can_do = f.texts("can_do", false, problems).into_iter().map(|(t, _)| t).collect();
    vendor.limits = f.texts("limits", false, problems).into_iter().map(|(t, _)| t).collect();
    vendor.alternative = f.text("alternative", problems).map(|(t, _)| t);
    vendor.support = f.text("support", problems).map(|(t, _)| t);
    vendor.last_review = f.time("last_review", problems);
    vendor.next_review = f.time("next_review", problems);
    f.any_text("criticality", problems);
    f.any_text("country", problems);
    set_own(entry, Own::Vendor(vendor))
}

fn read_shared(mut f: Fields<'_>, problems: &mut Vec<Problem>) -> Option<Shared> {
    let data = reference(&mut f, "dataset", DATA, problems);
    if data.is_none() {
        f.fault("dataset", f.line(), "a data set of the registry", "nothing".into(), problems);
    }
    let direction = f.text("direction", problems).map(|(t, _)| t);
    let purpose = f.text("purpose", problems).map(|(t, _)| t);
    f.finish(&["legal_basis", "transfer", "retention", "encryption"], false, problems);
    Some(Shared { data: data?, direction, purpose })
}

/// Reads the keys of a contract.
pub(crate) fn contract(f: &mut Fields<'_>, entry: &mut Entry, problems: &mut Vec<Problem>) -> bool {
    let mut contract = Contract {
        vendor: reference(f, "vendor", VENDOR, problems),
        reference: f.any_text("reference", problems),
        starts: f.time("starts", problems),
        ends: f.time("ends", problems),
        ..Contract::default()
    };
    if contract.vendor.is_none() {
        f.fault("vendor", f.line(), "a vendor of the registry", "nothing".into(), problems);
    }
    if let Some(mut notice) = f.map("breach_notice", problems) {
        contract.breach_notice_hours = notice.number("hours", problems);
        contract.breach_channel = notice.text("channel", problems).map(|(t, _)| t);
        notice.text("anchor", problems);
        notice.finish(&[], false, problems);
    }
    if let Some(clauses) = f.map("clauses", problems) {
        for (key, node) in clauses.entries() {
            match node.scalar() {
                Some(text) => drop(contract.clauses.insert(key.text.clone(), text.to_owned())),
                None => clauses.fault(&key.text, node.line, "a text", node.describe(), problems),
            }
        }
    }
    set_own(entry, Own::Contract(contract))
}

/// Reads the keys of a data set.
pub(crate) fn data_set(f: &mut Fields<'_>, entry: &mut Entry, problems: &mut Vec<Problem>) -> bool {
    entry.system = reference(f, "system", &["system"], problems);
    let mut text = |key| f.any_text(key, problems);
    let (category, subjects, sensitivity, volume) = (text("category"), text("subjects"), text("sensitivity"), text("volume"));
    let (people, personal) = (f.number("people", problems), f.flag("personal", problems));
    set_own(entry, Own::DataSet(DataSet { category, subjects, sensitivity, volume, people, personal }))
}

/// References of a vendor or contract, for checking.
pub(crate) fn references_of(own: &Own) -> Vec<&Reference> {
    match own {
        Own::Vendor(v) => v.contracts.iter().chain(v.shared.iter().map(|s| &s.data)).collect(),
        Own::Contract(c) => c.vendor.iter().collect(),
        _ => Vec::new(),
    }
}
