use std::{fs, path::Path};

use super::{CHECKS, Fault, Tree};

/// A project of its own with one file, and the faults that a rule finds in it.
fn faults(rule: &str, files: &[(&str, &str)]) -> Vec<Fault> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let full = folder.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }
    let (_, check) = CHECKS.iter().find(|(name, _)| *name == rule).unwrap();
    check(&Tree::read(folder.path()).unwrap())
}

fn one(rule: &str, path: &str, text: &str) -> usize {
    faults(rule, &[(path, text)]).len()
}

#[test]
fn each_rule_finds_what_breaks_it_and_leaves_what_keeps_it() {
    let file = "crates/event/src/a.rs";
    let long = format!("//! A.\n{}", "use a;\n".repeat(501));
    assert_eq!(one("files begin with what they own", file, "use a;\n"), 1);
    assert_eq!(one("files begin with what they own", file, "//! A.\n"), 0);
    assert_eq!(one("files have at most 500 lines of code", file, &long), 1);
    assert_eq!(one("files have at most 500 lines of code", file, &format!("{long}// tidy: table (numbers)\n")), 0);
    assert_eq!(one("files have at most 500 lines of code", file, &format!("//! A.\n#[cfg(test)]\n{long}")), 0);
    let function = format!("    pub(crate) const fn f<T>(\n    ) {{\n{}    }}\n", "        a();\n".repeat(70));
    assert_eq!(one("functions have at most 70 lines", file, &function), 1);
    assert_eq!(one("functions have at most 70 lines", file, &format!("    /// F.\n    // tidy: table (cases)\n    #[x]\n{function}")), 0);
    assert_eq!(one("functions have at most 70 lines", file, &function.replacen("        a();\n", "", 5)), 0);
    assert_eq!(one("nothing is left to do", file, concat!("// TO", "DO later\n")), 1);
    assert_eq!(one("library code cannot panic", file, "a.unwrap();\n"), 1);
    assert_eq!(one("library code cannot panic", file, "// a.unwrap()\na.unwrap_or(1);\n#[cfg(test)]\nmod t { fn f() { a.unwrap(); } }\n"), 0);
    assert_eq!(one("library code cannot panic", "crates/event/tests/main.rs", "a.unwrap();\n"), 0);
    assert_eq!(one("the core does no input or output", file, "use std::fs;\n"), 1);
    assert_eq!(one("the core does no input or output", "crates/lake/src/a.rs", "use std::fs;\n"), 0);
}

#[test]
fn layers_are_held() {
    let manifest =
        |name: &str, used: &str| format!("[package]\nname = \"{name}\"\n[dependencies]\n{used}.workspace = true\n[dev-dependencies]\nlake.workspace = true\n");
    let rule = "crates use what the design lets them";
    assert_eq!(one(rule, "crates/trace/Cargo.toml", &manifest("trace", "lake")), 1);
    assert_eq!(one(rule, "crates/trace/Cargo.toml", &manifest("trace", "event")), 0);
    assert_eq!(one(rule, "crates/new/Cargo.toml", &manifest("new", "event")), 1);
    let rule = "engine and terminal stay in their rooms";
    assert_eq!(one(rule, "crates/trace/Cargo.toml", &manifest("trace", "datafusion-common")), 1);
    assert_eq!(one(rule, "crates/lake/Cargo.toml", &manifest("lake", "datafusion")), 0);
    assert_eq!(one(rule, "crates/trace/src/a.rs", "use clap::Parser;\n"), 1);
}

#[test]
fn dependencies_are_used_and_explained() {
    let workspace = "[workspace.dependencies]\na = \"1\"\nb = \"1\"\nc = \"1\"\nevent = { path = \"x\" }\n";
    let page = "| package | used by |\n|---|---|\n| a, b (bundled) | x |\n| d | x |\n";
    let files = [
        ("Cargo.toml", workspace),
        ("crates/event/Cargo.toml", "[dependencies]\na.workspace = true\n[dev-dependencies]\nc.workspace = true\n"),
        ("docs/dependencies.md", page),
    ];
    let expected =
        ["Cargo.toml: `b` is used by no crate", "docs/dependencies.md: `c` has no line: why, and what instead", "docs/dependencies.md: `d` is no dependency"];
    assert_eq!(faults("every dependency is used, and says why", &files), expected);
}

#[test]
fn places_are_there() {
    let rule = "folders named in the docs exist";
    let page = "Look into `crates/event/src/a.rs`, `crates/gone/`, `rules/AREA/NAME.yml`, `docs/decisions/NNN-title.md` and `a/b`.\n";
    let found = faults(rule, &[("README.md", page), ("crates/event/src/a.rs", "")]);
    assert_eq!(found, ["README.md:1: `crates/gone/` is not there (under crates/)"]);
    let rule = "every format has samples";
    let list = "//! F.\npub fn all() -> &'static [&'static dyn Format] {\n    &[&one::One, &one::OneMore, &two::Two]\n}\n";
    let found = faults(
        rule,
        &[
            ("crates/formats/src/lib.rs", list),
            ("crates/formats/samples/one/a.log", ""),
            ("crates/formats/samples/one_more/a.log", ""),
            ("crates/formats/samples/three/a.log", ""),
        ],
    );
    assert_eq!(found, ["crates/formats/samples/two/: a format without samples", "crates/formats/samples/three/: samples without a format in the list"]);
}

#[test]
fn the_table_of_layers_is_the_architecture_page() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md")).unwrap();
    for (name, may) in super::layers::MAY_USE.iter().filter(|(n, _)| *n != "xtask" && *n != "muster") {
        let used = if may.is_empty() { "–".to_owned() } else { may.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ") };
        assert!(page.lines().any(|l| l.starts_with(&format!("| `{name}` |")) && l.contains(&format!("| {used} |"))), "{name}: {used}");
    }
}
