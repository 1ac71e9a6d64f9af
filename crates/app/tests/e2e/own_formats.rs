//! Formats of a team's own through the real program: tested, explained, taken into the store, and logs of containers opened.

use super::Muster;

#[test]
fn a_described_log_is_tested_explained_and_taken_in() {
    let m = Muster::new();
    std::fs::create_dir(m.path("formats")).unwrap();
    let example = m.expect(0, &["formats", "new"]);
    std::fs::write(m.path("formats/shop.toml"), &example).unwrap();
    assert!(m.expect(0, &["formats", "test", "formats/shop.toml"]).ends_with("3 tests, 0 failed\n"));
    std::fs::write(m.path("bad.toml"), example.replace("user = \"alice\", src_ip", "user = \"bob\", src_ip")).unwrap();
    let said = m.expect(1, &["formats", "test", "bad.toml"]);
    assert!(said.contains("user: expected `bob`, found `alice`"), "{said}");
    std::fs::write(m.path("wrong.toml"), example.replace("\"user.name\"", "\"user.nam\"")).unwrap();
    assert!(m.expect(1, &["formats", "test", "wrong.toml"]).contains("nearest: `user.name`"));

    std::fs::write(m.path("shop.log"), "2026-03-01 10:00:00 login user=alice from=203.0.113.7 result=denied\n".repeat(2)).unwrap();
    let explained = m.json(0, &["formats", "explain", "shop.log", "--formats", "formats"]);
    assert_eq!((&explained["format"], &explained["likely"][0]["score"]), (&"shop_audit".into(), &98.into()));
    assert_eq!(explained["records"][0]["class"], "Authentication / Logon");
    assert_eq!(m.json(0, &["formats", "explain", "shop.log"])["format"], "text");

    m.json(0, &["ingest", "shop.log", "--formats", "formats"]);
    let rows = m.json(0, &["sql", "select format, \"user\", outcome from events limit 1"]);
    assert_eq!((&rows[0]["format"], &rows[0]["user"], &rows[0]["outcome"]), (&"shop_audit".into(), &"alice".into(), &"failure".into()));
    // The store keeps the description, so that its records can be read without the folder.
    std::fs::remove_dir_all(m.path("formats")).unwrap();
    std::fs::write(m.path("shop2.log"), "2026-03-02 10:00:00 logout user=alice from=203.0.113.7 result=ok\n").unwrap();
    let done = m.json(0, &["ingest", "shop2.log"]);
    assert_eq!(done["sources"][0]["format"], "shop_audit");
}

#[test]
fn the_lines_that_a_container_wrote_are_read_by_their_own_format() {
    let m = Muster::new();
    let line = |text: &str| serde_json::json!({ "log": text, "stream": "stderr", "time": "2026-03-04T10:00:00Z" }).to_string() + "\n";
    let log = line("Mar  4 10:00:00 web-1 sshd[7]: Failed password for ro") + &line("ot from 203.0.113.9 port 2200 ssh2\n") + &line("something else\n");
    std::fs::write(m.path("app-json.log"), log).unwrap();
    let done = m.json(0, &["ingest", "app-json.log"]);
    let book = &done["sources"][0];
    assert_eq!((&book["format"], &book["received"], &book["stored"]), (&"docker".into(), &3.into(), &3.into()));
    let rows = m.json(0, &["sql", "select seq, src_ip, outcome from events order by seq"]);
    assert_eq!((rows.as_array().map(Vec::len), &rows[0]["src_ip"], &rows[0]["outcome"]), (Some(2), &"203.0.113.9".into(), &"failure".into()));
}
