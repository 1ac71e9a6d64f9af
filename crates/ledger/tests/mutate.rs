//! 1,000 mutated bundles, all different, that both verifiers must reject.

use std::collections::{BTreeMap, HashSet};

use ledger::bundle::{Step, verify};

use crate::fixture::{Random, Store};
use crate::mutations::{Bases, KINDS, STRANGER};
use crate::python::judge;

const COUNT: usize = 1_000;
/// Change it to try others.
const SEED: u64 = 20_261_124;

/// Mutated bundles with the name of their kind: every kind in turn, none twice, none like a good one.
fn mutated(bases: &Bases<'_>) -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random(SEED);
    let mut seen: HashSet<Vec<u8>> = [bases.range.clone(), bases.selection.clone()].into();
    let mut out = Vec::new();
    for (name, kind) in KINDS.iter().cycle().take(COUNT * 10) {
        let zip = kind(bases, &mut random);
        if seen.insert(zip.clone()) {
            out.push((*name, zip));
        }
        if out.len() == COUNT {
            break;
        }
    }
    out
}

#[test]
fn both_verifiers_reject_1000_mutated_bundles() {
    let (store, stranger) = (Store::new("muster.example/store-1", 1), Store::new("muster.example/store-1", 2));
    let (range, selection) = (store.write(&store.range()), store.write(&store.selection()));
    let bases = Bases { store: &store, stranger: &stranger, range, selection };
    let all = mutated(&bases);
    assert_eq!(all.len(), COUNT);
    let kinds: BTreeMap<&str, usize> = all.iter().fold(BTreeMap::new(), |mut kinds, (name, _)| {
        *kinds.entry(name).or_default() += 1;
        kinds
    });
    assert_eq!(kinds.len(), KINDS.len(), "every kind is among them: {kinds:?}");

    let key = store.key.verifying_key();
    let mut steps: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (name, zip)) in all.iter().enumerate() {
        let faults = verify(zip, Some(&key)).expect_err(&format!("mutation {at}: {name}"));
        assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.is_unchecked()), "{name}: {faults:?}");
        faults.iter().map(|fault| fault.step.name()).collect::<HashSet<_>>().into_iter().for_each(|step| *steps.entry(step).or_default() += 1);
        assert!(*name == STRANGER || verify(zip, None).is_err(), "mutation {at}, own key: {name}");
    }
    println!("kinds: {kinds:?}\nrejected by step: {steps:?}");
    for step in [Step::Container, Step::Content, Step::Key, Step::Seal, Step::Manifest, Step::Digest, Step::Checkpoint, Step::Items] {
        assert!(steps.contains_key(step.name()), "no mutation reached step {}", step.name());
    }
    for step in [Step::Batch, Step::Log, Step::Range, Step::Books] {
        assert!(steps.contains_key(step.name()), "no mutation reached step {}", step.name());
    }

    let dir = tempfile::tempdir().unwrap();
    let file = |(at, zip): (usize, &Vec<u8>)| {
        let file = dir.path().join(format!("{at:04}.zip"));
        std::fs::write(&file, zip).unwrap();
        file
    };
    let files: Vec<_> = all.iter().map(|(_, zip)| zip).chain([&bases.range, &bases.selection]).enumerate().map(file).collect();
    let (code, said) = judge(&files, Some(&key));
    for ((valid, said), (at, name)) in said.iter().zip(all.iter().map(|(name, _)| name).enumerate()) {
        assert!(!valid, "mutation {at}: {name}: Python says {said}");
    }
    assert!(code == 1 && said[COUNT..].iter().all(|(valid, _)| *valid), "the good ones are good: {:?}", &said[COUNT..]);
}
