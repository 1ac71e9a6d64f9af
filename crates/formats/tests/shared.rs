//! The shared corpus beside the checkout, where it is there, and the OCSF checker that lies with it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use event::{Event, Time};
use formats::Context;

/// The folder of shared material; `None`, and a line that says so, where it is not there.
pub fn folder(part: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(part);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
    }
    path.exists().then_some(path)
}

/// The context in which all test logs are read.
pub fn context(source: &str) -> Context {
    Context { source: source.to_owned(), received: Time::parse("2026-03-10T00:00:00Z").unwrap(), host: None }
}

/// All files below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Runs the OCSF checker over events; `None` where it or Python is missing, else its verdict and what it printed.
pub fn ocsf_check(events: &[Event]) -> Option<(bool, String)> {
    let tool = folder("tools/ocsf_check.py")?;
    let child = Command::new("python3").arg(tool).args(["--show", "30", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("skipped: python3 is not there");
        return None;
    };
    let lines: String = events.iter().map(|e| e.to_json_line() + "\n").collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}
