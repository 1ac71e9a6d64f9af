//! The tree against the vectors of certificate-transparency's `merkle_tree_test.cc` and against RFC 6962's definition.

use ledger::Hash;
use ledger::merkle::{Compact, Tree, cover_root, empty_root, leaf_hash, node_hash, root, verify_consistency, verify_inclusion};
use proptest::prelude::*;

/// Data of the eight leaves.
const LEAVES: [&str; 8] = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
/// Roots of the trees of 1 to 8 of them.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
/// Index, size, path.
const INCLUSIONS: [(u64, u64, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];
/// Old size, new size, path.
const CONSISTENCIES: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 5, &["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
];

pub fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| hex(text).try_into().unwrap()).collect()
}

fn vectors() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&hex(leaf))).collect()
}

/// RFC 6962, 2.1, word by word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(&mth(&leaves[..k]), &mth(&leaves[k..]))
        }
    }
}

fn numbered(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

#[test]
fn roots_are_those_of_the_vectors() {
    assert_eq!(empty_root().to_vec(), hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_eq!(Tree::default().root(), empty_root());
    for (n, want) in (1..).zip(hashes(&ROOTS)) {
        assert_eq!(root(&vectors()[..n]), want, "{n} leaves");
        assert_eq!(vectors().into_iter().collect::<Tree>().root_at(n as u64), Some(want));
    }
}

#[test]
fn inclusion_proofs_are_those_of_the_vectors() {
    let tree: Tree = vectors().into_iter().collect();
    for (index, size, want) in INCLUSIONS {
        let path = tree.inclusion(index, size).unwrap();
        assert_eq!(path, hashes(want), "{index} of {size}");
        assert!(verify_inclusion(&vectors()[index as usize], index, size, &path, &tree.root_at(size).unwrap()));
    }
}

#[test]
fn consistency_proofs_are_those_of_the_vectors() {
    let tree: Tree = vectors().into_iter().collect();
    for (old, new, want) in CONSISTENCIES {
        let path = tree.consistency(old, new).unwrap();
        assert_eq!(path, hashes(want), "{old} to {new}");
        assert!(verify_consistency(old, new, &tree.root_at(old).unwrap(), &tree.root_at(new).unwrap(), &path));
    }
}

#[test]
fn every_small_tree_agrees_with_the_definition() {
    let leaves = numbered(40);
    let tree: Tree = leaves.iter().copied().collect();
    for size in 0..=40 {
        assert_eq!(tree.root_at(size), Some(mth(&leaves[..size as usize])));
        for index in 0..size {
            let path = tree.inclusion(index, size).unwrap();
            assert!(verify_inclusion(&leaves[index as usize], index, size, &path, &tree.root_at(size).unwrap()));
        }
        for old in 0..=size {
            let path = tree.consistency(old, size).unwrap();
            assert!(verify_consistency(old, size, &tree.root_at(old).unwrap(), &tree.root_at(size).unwrap(), &path), "{old} {size}");
        }
    }
    assert_eq!((tree.root_at(41), tree.inclusion(40, 41), tree.inclusion(3, 3)), (None, None, None));
    assert_eq!((tree.consistency(5, 41), tree.consistency(6, 5)), (None, None));
}

#[test]
fn covers_of_huge_trees_cost_no_more_than_their_depth() {
    let leaf = leaf_hash(b"x");
    assert!(cover_root(u64::MAX, &[(u64::MAX - 1, leaf)], &mut std::iter::repeat(leaf)).is_some());
    assert_eq!(cover_root(u64::MAX, &[(u64::MAX - 1, leaf)], &mut std::iter::empty()), None);
    for wrong in [vec![], vec![(3, leaf)], vec![(1, leaf), (1, leaf)], vec![(2, leaf), (1, leaf)]] {
        assert_eq!(cover_root(3, &wrong, &mut std::iter::repeat(leaf)), None);
    }
    assert_eq!(cover_root(0, &[(0, leaf)], &mut std::iter::repeat(leaf)), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn roots_built_one_by_one_are_roots_of_all(n in 0u64..300) {
        let leaves = numbered(n);
        let compact: Compact = leaves.iter().copied().collect();
        prop_assert_eq!((compact.root(), compact.len()), (mth(&leaves), n));
        prop_assert_eq!(leaves.iter().copied().collect::<Tree>().root(), mth(&leaves));
    }

    #[test]
    fn an_inclusion_proof_proves_nothing_else(n in 2u64..200, at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), bit in 0usize..256) {
        let leaves = numbered(n);
        let tree: Tree = leaves.iter().copied().collect();
        let (index, root) = (at.index(n as usize), tree.root());
        let path = tree.inclusion(index as u64, n).unwrap();
        let wrong = other.index(n as usize);
        prop_assert_eq!(verify_inclusion(&leaves[index], wrong as u64, n, &path, &root), wrong == index);
        prop_assert_eq!(verify_inclusion(&leaves[wrong], index as u64, n, &path, &root), wrong == index);
        prop_assert!(!verify_inclusion(&leaves[index], index as u64, n, &path[1..], &root));
        prop_assert!(!verify_inclusion(&leaves[index], index as u64, n, &[&path[..], &[root]].concat(), &root));
        prop_assert!(!verify_inclusion(&leaves[index], n, n, &path, &root));
        let mut altered = path.clone();
        altered[other.index(path.len())][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(&leaves[index], index as u64, n, &altered, &root));
    }

    #[test]
    fn a_consistency_proof_proves_nothing_else(old in 1u64..150, more in 1u64..150, at in any::<prop::sample::Index>(), bit in 0usize..256) {
        let tree: Tree = numbered(old + more).into_iter().collect();
        let (old_root, new_root) = (tree.root_at(old).unwrap(), tree.root());
        let path = tree.consistency(old, old + more).unwrap();
        prop_assert!(verify_consistency(old, old + more, &old_root, &new_root, &path));
        prop_assert!(!verify_consistency(old, old + more, &new_root, &old_root, &path));
        prop_assert!(!verify_consistency(old, old + more, &old_root, &new_root, &path[1..]));
        prop_assert!(!verify_consistency(old, old + more, &old_root, &new_root, &[&path[..], &[old_root]].concat()));
        let mut altered = path.clone();
        altered[at.index(path.len())][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_consistency(old, old + more, &old_root, &new_root, &altered));
    }

    #[test]
    fn a_cover_gives_the_root_for_its_leaves_only(n in 1u64..200, chosen in prop::collection::btree_set(0u64..200, 1..40), other in any::<prop::sample::Index>()) {
        let chosen: Vec<u64> = chosen.into_iter().filter(|&i| i < n).collect();
        prop_assume!(!chosen.is_empty());
        let leaves = numbered(n);
        let tree: Tree = leaves.iter().copied().collect();
        let nodes = tree.cover(&chosen, n).unwrap();
        let with: Vec<(u64, Hash)> = chosen.iter().map(|&i| (i, leaves[i as usize])).collect();
        let mut rest = nodes.iter().copied();
        prop_assert_eq!(cover_root(n, &with, &mut rest), Some(tree.root()));
        prop_assert_eq!(rest.next(), None);
        if chosen.len() == 1 {
            let (mut cover, mut path) = (nodes.clone(), tree.inclusion(chosen[0], n).unwrap());
            cover.sort_unstable();
            path.sort_unstable();
            prop_assert_eq!(cover, path, "one leaf: the nodes of its inclusion proof");
        }
        if !nodes.is_empty() {
            let mut altered = nodes.clone();
            altered[other.index(nodes.len())][0] ^= 1;
            prop_assert_ne!(cover_root(n, &with, &mut altered.into_iter()), Some(tree.root()));
            prop_assert_eq!(cover_root(n, &with, &mut nodes[1..].iter().copied()), None);
        }
    }
}
