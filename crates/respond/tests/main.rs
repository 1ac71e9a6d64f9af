//! The crate's behaviour from outside: error texts, ownership, next steps, the brief. Tests of bad input bear the row of the list.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod brief;
mod case;
mod formats;
mod plan;
mod ready;
mod registry;
mod whole;
mod world;

use std::path::{Path, PathBuf};

fn crate_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.yaml` and `.yml` file of a folder, named by its path below `root`, in order.
fn files(root: &Path, folder: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for item in std::fs::read_dir(root.join(folder)).unwrap() {
        let path = item.unwrap().path();
        if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            out.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    out.sort();
    assert!(!out.is_empty(), "no files in {folder}");
    out
}

fn repo() -> PathBuf {
    crate_dir().join("../..")
}

fn lines<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(|i| format!("{i}\n")).collect()
}
