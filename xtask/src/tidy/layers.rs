//! Who may use whom: the table of ARCHITECTURE.md, held against manifests and imports.

use super::{Fault, Source, Tree};

/// Crate, the crates of ours that it may use.
pub const MAY_USE: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("formats", &["event"]),
    ("ledger", &[]),
    ("journal", &["event", "ledger"]),
    ("detect", &["event"]),
    ("trace", &["event"]),
    ("respond", &["event", "trace"]),
    ("intake", &["event", "formats", "journal"]),
    ("lake", &["event", "ledger", "journal"]),
    ("muster", &["event", "formats", "ledger", "journal", "detect", "trace", "respond", "intake", "lake"]),
    ("xtask", &["event", "formats"]),
];

/// What only one crate may name: a beginning of package names, the crate's folder, why.
const ROOMS: &[(&str, &str, &str)] = &[
    ("datafusion", "crates/lake/", "the lake alone knows the query engine"),
    ("deltalake", "crates/lake/", "the lake alone knows the table format"),
    ("parquet", "crates/lake/", "the lake alone knows the files"),
    ("tokio", "crates/lake/", "the lake alone awaits"),
    ("clap", "crates/app/", "the program alone has a command line"),
    ("rusqlite", "crates/app/", "the program alone keeps cases and users"),
    ("anyhow", "crates/app/", "libraries have errors of their own"),
];

/// Folders of crates that take values and return values.
const PURE: &[&str] = &["crates/event/", "crates/formats/", "crates/ledger/", "crates/detect/", "crates/trace/", "crates/respond/"];

/// The names under `[dependencies]` of a manifest (and `[build-dependencies]`); tests may use more.
fn dependencies_of(manifest: &Source) -> Vec<&str> {
    named_under(manifest, &["[dependencies]", "[build-dependencies]"])
}

/// The names under some tables of a manifest.
fn named_under<'a>(manifest: &'a Source, tables: &[&str]) -> Vec<&'a str> {
    let mut within = false;
    let mut names = Vec::new();
    for line in manifest.text.lines() {
        if line.starts_with('[') {
            within = tables.contains(&line.trim());
        } else if let (true, Some(name)) = (within, line.split(['.', '=', ' ']).next().filter(|n| !n.is_empty() && !n.starts_with('#'))) {
            names.push(name);
        }
    }
    names
}

fn package_of(manifest: &Source) -> &str {
    manifest.text.lines().find_map(|l| l.strip_prefix("name = \"")?.strip_suffix('"')).unwrap_or_default()
}

/// Between our crates, only what the table says.
pub fn dependencies(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for manifest in &tree.manifests {
        let package = package_of(manifest);
        let Some((_, may)) = MAY_USE.iter().find(|(c, _)| *c == package) else {
            if manifest.path.starts_with("crates/") {
                faults.push(format!("{}: `{package}` is not in the table of xtask/src/tidy/layers.rs and ARCHITECTURE.md", manifest.path));
            }
            continue;
        };
        let ours = dependencies_of(manifest).into_iter().filter(|d| MAY_USE.iter().any(|(c, _)| c == d));
        faults.extend(ours.filter(|d| !may.contains(d)).map(|d| format!("{}: `{package}` may not use `{d}`", manifest.path)));
    }
    faults
}

/// What the workspace names is used by a crate, and has a line in `docs/dependencies.md`; and the other way round.
pub fn reasons(tree: &Tree) -> Vec<Fault> {
    let (Some(workspace), Some(page)) = (tree.manifests.iter().find(|m| m.path == "Cargo.toml"), tree.pages.iter().find(|p| p.path == "docs/dependencies.md"))
    else {
        return Vec::new();
    };
    let rows = page.text.lines().filter_map(|l| l.strip_prefix("| ")?.split('|').next());
    let told: Vec<&str> = rows.flat_map(|names| names.split(',')).filter_map(|n| n.split_whitespace().next()).filter(|n| *n != "package").collect();
    let named: Vec<&str> = named_under(workspace, &["[workspace.dependencies]"]).into_iter().filter(|d| !MAY_USE.iter().any(|(c, _)| c == d)).collect();
    let used: Vec<&str> = tree.manifests.iter().flat_map(|m| named_under(m, &["[dependencies]", "[build-dependencies]", "[dev-dependencies]"])).collect();
    let idle = named.iter().filter(|d| !used.contains(d)).map(|d| format!("Cargo.toml: `{d}` is used by no crate"));
    let silent = named.iter().filter(|d| !told.contains(d)).map(|d| format!("docs/dependencies.md: `{d}` has no line: why, and what instead"));
    let gone = told.iter().filter(|d| !named.contains(d)).map(|d| format!("docs/dependencies.md: `{d}` is no dependency"));
    idle.chain(silent).chain(gone).collect()
}

/// Packages that one crate alone may name.
pub fn rooms(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (package, room, why) in ROOMS {
        for manifest in tree.manifests.iter().filter(|m| m.path.starts_with("crates/") && !m.path.starts_with(room)) {
            let named = dependencies_of(manifest).into_iter().filter(|d| d.starts_with(package));
            faults.extend(named.map(|d| format!("{}: `{d}`: {why}", manifest.path)));
        }
        let path = format!("{package}::");
        for source in tree.rust.iter().filter(|s| s.path.starts_with("crates/") && !s.path.starts_with(room)) {
            let named = source.code().filter(|(_, l)| l.contains(&path) && !l.trim_start().starts_with("//"));
            faults.extend(named.map(|(n, _)| format!("{}:{n}: `{path}`: {why}", source.path)));
        }
    }
    faults
}

/// The core takes values and returns values: no disk, network, clock, environment, terminal.
pub fn pure(tree: &Tree) -> Vec<Fault> {
    let outside = [
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::env",
        "std::process",
        "std::thread::sleep",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "println!(",
        "eprintln!(",
        "std::io::stdin",
        "std::io::stdout",
    ];
    let core = tree.rust.iter().filter(|s| PURE.iter().any(|p| s.path.starts_with(p)) && s.path.contains("/src/"));
    let lines = core.flat_map(|s| s.code().map(move |(n, l)| (s, n, l))).filter(|(_, _, l)| !l.trim_start().starts_with("//"));
    lines.filter_map(|(s, n, l)| Some(format!("{}:{n}: `{}`: take it as a value instead", s.path, outside.iter().find(|o| l.contains(**o))?))).collect()
}
