//! `cargo xtask tidy`: the rules of this house that no compiler checks.
//!
//! Owns: the list of checks, and the tree that they look at. A check is a function from the tree to faults, and one line in `CHECKS`.

mod layers;
mod places;
mod shape;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};

/// What follows `tidy`.
pub const ARGUMENTS: &str = "";

/// A fault: where, and what to do.
pub type Fault = String;

/// A check: the faults that it finds in a tree.
type Check = fn(&Tree) -> Vec<Fault>;

/// The checks, by the rule that each holds.
const CHECKS: &[(&str, Check)] = &[
    ("files begin with what they own", shape::headers),
    ("files have at most 500 lines of code", shape::long_files),
    ("functions have at most 70 lines", shape::long_functions),
    ("nothing is left to do", shape::leftovers),
    ("library code cannot panic", shape::panics),
    ("crates use what the design lets them", layers::dependencies),
    ("every dependency is used, and says why", layers::reasons),
    ("engine and terminal stay in their rooms", layers::rooms),
    ("the core does no input or output", layers::pure),
    ("folders named in the docs exist", places::named),
    ("every format has samples", places::samples),
];

/// A source file.
#[derive(Debug)]
pub struct Source {
    /// Path from the root of the project.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Whether it is test code as a whole.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/benches/")
    }

    /// Its lines before the first test module, with their numbers from 1.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = if self.is_test() { 0 } else { usize::MAX };
        let lines = self.text.lines().take_while(|l| !l.starts_with("#[cfg(test)]"));
        lines.take(end).enumerate().map(|(n, l)| (n + 1, l))
    }
}

/// The project as it lies.
#[derive(Debug)]
pub struct Tree {
    /// Its root.
    pub root: PathBuf,
    /// Rust files under `crates/`, `xtask/` and `fuzz/`, sorted.
    pub rust: Vec<Source>,
    /// The manifests, that of the workspace too.
    pub manifests: Vec<Source>,
    /// Pages for people: Markdown at the top and under `docs/`.
    pub pages: Vec<Source>,
}

impl Tree {
    /// Reads a project.
    pub fn read(root: &Path) -> Result<Tree> {
        let mut tree = Tree { root: root.to_owned(), rust: Vec::new(), manifests: Vec::new(), pages: Vec::new() };
        for folder in ["crates", "xtask", "fuzz", "docs", "."] {
            tree.walk(&root.join(folder), folder != ".")?;
        }
        Ok(tree)
    }

    fn walk(&mut self, folder: &Path, deep: bool) -> Result<()> {
        if !folder.is_dir() {
            return Ok(());
        }
        let mut inner: Vec<PathBuf> =
            fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        inner.sort();
        for path in inner {
            if path.is_dir() {
                if deep && !path.ends_with("target") {
                    self.walk(&path, deep)?;
                }
                continue;
            }
            let list = match path.extension().and_then(|e| e.to_str()) {
                Some("rs") => &mut self.rust,
                Some("toml") if path.ends_with("Cargo.toml") => &mut self.manifests,
                Some("md") => &mut self.pages,
                _ => continue,
            };
            let short = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().trim_start_matches("./").to_owned();
            list.push(Source { path: short, text: fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))? });
        }
        Ok(())
    }
}

/// Runs the command: prints faults by rule; exit code 1 if there are any.
pub fn run(_: &[String]) -> Result<ExitCode> {
    let tree = Tree::read(Path::new("."))?;
    let mut faults = 0;
    for (rule, check) in CHECKS {
        let found = check(&tree);
        faults += found.len();
        if !found.is_empty() {
            println!("{rule}:");
            found.iter().for_each(|f| println!("  {f}"));
        }
    }
    println!("tidy: {} rules, {} Rust files, {faults} faults", CHECKS.len(), tree.rust.len());
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

#[cfg(test)]
mod tests;
