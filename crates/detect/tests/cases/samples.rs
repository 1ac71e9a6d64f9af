//! Our rules: each is in the list, compiles, finds something in every event of `NAME.match.*` and nothing in `NAME.clean.*`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use detect::{OURS, Rule, compile, finding, ours};
use event::Event;

use crate::{events, root, shared};

fn files() -> BTreeSet<PathBuf> {
    let areas = fs::read_dir(root().join("rules")).unwrap().map(|a| a.unwrap().path()).filter(|a| a.is_dir());
    areas.flat_map(|a| fs::read_dir(a).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>()).collect()
}

/// `NAME` of `NAME.yml`, `NAME.match.json`.
fn stem(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().split('.').next().unwrap().to_owned()
}

fn sample(rule: &str, kind: &str) -> Vec<Event> {
    let rule = root().join(rule);
    let found: Vec<PathBuf> =
        files().into_iter().filter(|f| f.parent() == rule.parent() && stem(f) == stem(&rule) && f.to_string_lossy().contains(&format!(".{kind}."))).collect();
    let [file] = found.as_slice() else { panic!("{}: one {kind} sample expected, found {found:?}", rule.display()) };
    let events = events(&fs::read(file).unwrap(), &file.file_name().unwrap().to_string_lossy());
    assert!(!events.is_empty(), "{}: no event in it", file.display());
    events
}

fn rules() -> Vec<Rule> {
    OURS.iter().flat_map(|(path, text)| compile(text, path)).map(|r| r.unwrap_or_else(|refusal| panic!("{refusal}"))).collect()
}

#[test]
fn the_list_is_the_folder() {
    let listed: BTreeSet<PathBuf> = OURS.iter().map(|(p, _)| fs::canonicalize(root().join(p)).unwrap()).collect();
    let there: BTreeSet<PathBuf> = files().into_iter().filter(|f| f.extension().is_some_and(|e| e == "yml")).map(|f| fs::canonicalize(f).unwrap()).collect();
    assert_eq!(listed, there);
    let rules: BTreeSet<String> = there.iter().map(|r| stem(r)).collect();
    let alone: Vec<PathBuf> = files().into_iter().filter(|f| !rules.contains(&stem(f))).collect();
    assert_eq!(alone, Vec::<PathBuf>::new(), "samples without a rule");
}

#[test]
fn rules_have_ids_of_their_own() {
    assert_eq!(ours(), rules());
    let ids: BTreeSet<String> = rules().into_iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), OURS.len());
}

#[test]
fn each_rule_finds_its_sample_and_leaves_the_clean_one() {
    for rule in rules() {
        for event in sample(&rule.file, "match") {
            assert!(rule.filter.matches(&event), "{} does not find {}", rule.file, event.to_json_line());
        }
        for event in sample(&rule.file, "clean") {
            assert!(!rule.filter.matches(&event), "{} finds {}", rule.file, event.to_json_line());
        }
    }
}

#[test]
fn findings_are_valid_ocsf() {
    let Some(checker) = shared("tools/ocsf_check.py") else { return };
    let lines: Vec<String> = rules().iter().flat_map(|r| sample(&r.file, "match").iter().map(|e| finding(r, e).to_string()).collect::<Vec<_>>()).collect();
    let file = std::env::temp_dir().join(format!("muster-findings-{}.jsonl", std::process::id()));
    fs::write(&file, lines.join("\n")).unwrap();
    let done = Command::new("python3").arg(checker).arg(&file).stdin(Stdio::null()).output().unwrap();
    fs::remove_file(&file).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    print!("{}", String::from_utf8_lossy(&done.stdout));
}
