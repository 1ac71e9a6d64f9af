//! Other people's engines read the tables as they lie: PyPI's `deltalake` opens every table and counts as we do.

use std::process::Command;

use event::Filter;
use lake::{Lake, Table};

use crate::made;

const READ: &str = r#"
import json, sys
import deltalake
out = {}
for name in ("events", "links", "quarantine", "envelopes"):
    t = deltalake.DeltaTable(sys.argv[1] + "/" + name)
    rows = t.to_pyarrow_dataset().to_table() if hasattr(t, "to_pyarrow_dataset") else t.to_pyarrow_table()
    out[name] = rows.num_rows
    if name == "events":
        rows = rows.sort_by("time")
        out["types"] = [str(rows.schema.field(c).type) for c in ("time", "user", "records", "raw", "facet")]
        out["first"] = [rows["user"][0].as_py(), rows["facet"][0].as_py(), rows["records"][0].as_py(), rows["raw"][0].as_py()[1].hex(), rows["time"][0].as_py().isoformat()]
print(json.dumps(out))
"#;

#[test]
fn a_stranger_reads_every_table() {
    let python = std::env::var("MUSTER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = |module: &str| Command::new(&python).args(["-c", &format!("import {module}")]).output().is_ok_and(|o| o.status.success());
    if !has("deltalake") || !has("pyarrow") {
        println!("skipped: `{python}` has no deltalake and pyarrow (pip install deltalake pyarrow; MUSTER_TEST_PYTHON names another python)");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(dir.path()).unwrap();
    made::commit(&mut lake, 1).unwrap();
    made::commit(&mut lake, 2).unwrap();
    let out = Command::new(&python).args(["-c", READ, &dir.path().display().to_string()]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let found: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    for table in Table::ALL {
        let ours = lake.sql(&format!("select count(*) n from {}", table.name()), Default::default()).unwrap().json_rows().unwrap()[0]["n"].clone();
        assert_eq!(found[table.name()], ours, "{found}");
    }
    assert_eq!(found["events"], lake.count(&Filter::All).unwrap());
    let hex: String = made::bytes_of("cloudtrail/1", 12).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(found["first"], serde_json::json!(["alice", "cloud", [10, 12], hex, "2026-03-01T10:00:01+00:00"]));
    println!("types as a stranger sees them: {}", found["types"]);
}
