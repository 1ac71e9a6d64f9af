//! One obvious place for everything: what the docs name is there, and what is there is in its list.

use std::{collections::BTreeSet, fs};

use super::{Fault, Tree};

/// Folders at the top that a path in the docs begins with.
const TOP: &[&str] = &["crates", "demo", "docs", "fuzz", "playbooks", "rules", "tools", "xtask", ".ci"];

/// Paths in backticks, in pages and headers, that name a place of the project and have no placeholder.
pub fn named(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for page in &tree.pages {
        for (n, line) in page.text.lines().enumerate() {
            // In backticks is every second part.
            for quoted in line.split('`').skip(1).step_by(2) {
                let Some(top) = quoted.split('/').next().filter(|t| TOP.contains(t) && quoted.contains('/')) else { continue };
                let placeholder = quoted.contains(|c: char| " *<>{}…".contains(c))
                    || quoted.split(['/', '.', '-']).any(|p| p.len() > 1 && p.bytes().all(|b| b.is_ascii_uppercase()));
                if !placeholder && !tree.root.join(quoted).exists() {
                    faults.push(format!("{}:{}: `{quoted}` is not there (under {top}/)", page.path, n + 1));
                }
            }
        }
    }
    faults
}

/// `VpcFlow` as `vpc_flow`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().take_while(char::is_ascii_alphanumeric) {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The list of formats in `crates/formats/src/lib.rs` and the folders under `samples/` name the same.
pub fn samples(tree: &Tree) -> Vec<Fault> {
    let home = "crates/formats";
    let Some(list) = tree.rust.iter().find(|s| s.path == format!("{home}/src/lib.rs")) else { return Vec::new() };
    let folders = fs::read_dir(tree.root.join(home).join("samples")).into_iter().flatten().flatten().filter(|e| e.path().is_dir());
    let there: BTreeSet<String> = folders
        .filter(|e| fs::read_dir(e.path()).is_ok_and(|mut inner| inner.next().is_some()))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    let lower = |w: &&str| w.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
    let entries = list.text.lines().map(str::trim_start).filter(|l| l.starts_with("&[&") || l.starts_with('&')).flat_map(|l| l.split('&'));
    let entries = entries.filter_map(|w| w.trim_start_matches('[').split_once("::")).filter(|(module, _)| lower(module));
    // A module may have several formats; each then has a folder of the type's name.
    let listed: BTreeSet<String> = entries.map(|(module, of)| Some(snake(of)).filter(|n| there.contains(n)).unwrap_or_else(|| module.to_owned())).collect();
    let bare = listed.difference(&there).map(|f| format!("{home}/samples/{f}/: a format without samples"));
    let alone = there.difference(&listed).map(|f| format!("{home}/samples/{f}/: samples without a format in the list"));
    bare.chain(alone).collect()
}
