//! The brief in each of its formats, as a file.

use super::{Muster, root};

#[test]
fn the_ending_of_the_file_names_the_format_and_every_format_has_the_answer() {
    let m = Muster::new();
    let logs = root().join("demo/logs");
    m.run(&["ingest", logs.to_str().unwrap()]);
    let team = ["--registry".into(), root().join("demo/registry").display().to_string()];
    for (file, begins) in [("b.txt", ""), ("b.md", "# Incident brief"), ("b.html", "<!doctype html>"), ("b.json", "{")] {
        let out = m.run(&["respond", "203.0.113.66", &team[0], &team[1], "--out", file]);
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(out.stdout.is_empty(), "{file}");
        let text = std::fs::read_to_string(m.path(file)).unwrap();
        assert!(text.starts_with(begins), "{file}: {}", &text[..40]);
        // While useradd was at work auditd knew only the number of the new user; two screens have room for that line alone.
        let made = if file == "b.txt" { "user 1012 added" } else { "support2" };
        for said in ["203.0.113.66", "team-platform", "customer-exports", made, "seen leaving"] {
            assert!(file == "b.json" || text.contains(said), "{file} does not say {said}");
        }
        assert!(!text.contains('\u{1b}'), "{file}");
    }
}

#[test]
fn a_page_and_json_have_the_original_lines_of_what_they_name() {
    let m = Muster::new();
    m.run(&["ingest", root().join("demo/logs").to_str().unwrap()]);
    let page = m.expect(0, &["respond", "203.0.113.66", "--format", "html"]);
    let brief = m.json(0, &["respond", "203.0.113.66"]);
    let events = brief["evidence"]["events"].as_array().unwrap();
    assert_eq!(events.len(), brief["evidence"]["named"].as_u64().unwrap() as usize, "the demo is small enough for all");
    let stopped = events.iter().find(|e| e["lines"][0].as_str().unwrap().contains("StopLogging")).expect("the line of the trail that was stopped");
    assert!(stopped["lines"][0].as_str().unwrap().starts_with("{\"eventVersion\""), "the whole record: {stopped}");
    assert!(page.contains("&quot;eventName&quot;:&quot;StopLogging&quot;"), "the page has the line");
    assert!(page.len() < 1_000_000 && !page.contains("<script") && !page.contains("src="));
}
