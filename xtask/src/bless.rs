//! `cargo xtask bless`: runs the tests with golden files written anew. The diff is the review.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// What follows `bless`.
pub const ARGUMENTS: &str = "[PACKAGE…]";

/// Runs the tests of the packages (of all, if none is named) with snapshots accepted.
pub fn run(packages: &[String]) -> Result<ExitCode> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg("test").arg("--no-fail-fast").env("INSTA_UPDATE", "always").env("INSTA_FORCE_PASS", "1").env("BLESS", "1");
    match packages {
        [] => cargo.arg("--workspace"),
        some => cargo.args(some.iter().flat_map(|p| ["--package", p])),
    };
    let status = cargo.status().context("start cargo")?;
    println!("now read `git diff`: what it shows is what you bless");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
