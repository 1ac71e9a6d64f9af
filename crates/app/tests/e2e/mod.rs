//! Runs of the real program. Each file is one promise.

mod bad_input;
mod care;
mod case;
mod demo;
mod follow;
mod formats;
mod gaps;
mod kill;
mod own_formats;
mod ready;
mod real;
mod reparse;
mod search;
mod session;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of real logs that nobody here wrote; `None` (and a word about it) where it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = root().join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: ../shared/{path} is not there");
    None
}

/// A store of its own, and the program run on it.
pub struct Muster {
    /// Where the store and other files of the test are.
    pub dir: tempfile::TempDir,
}

impl Muster {
    pub fn new() -> Muster {
        Muster { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program with its store, and no registry or plan of the folder that the test runs in.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.current_dir(self.dir.path()).env("NO_COLOR", "1").env("USER", "tester").args(args);
        for variable in ["MUSTER_STORE", "MUSTER_REGISTRY", "MUSTER_PLAN", "MUSTER_BY", "SUDO_USER"] {
            command.env_remove(variable);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs and expects an exit code; gives standard output.
    pub fn expect(&self, code: i32, args: &[&str]) -> String {
        let out = self.run(args);
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(code), "muster {args:?}\n{stdout}\n{stderr}");
        stdout
    }

    /// Runs with `--json`.
    pub fn json(&self, code: i32, args: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(args);
        let text = self.expect(code, &all);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    /// One number of a SELECT.
    pub fn count(&self, select: &str) -> u64 {
        let rows = self.json(0, &["sql", select]);
        rows[0].as_object().unwrap().values().next().unwrap().as_u64().unwrap()
    }
}
