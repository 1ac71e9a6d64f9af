//! `cargo xtask fuzz`: a coverage-guided fuzzer (libFuzzer) over every framing and every format, from bytes to events.
//!
//! Owns: the build with the fuzzer's instructions, the share of time of each target, the corpora, which go on where they were
//! (`target/fuzz/corpus`), and the finds (`target/fuzz/found`). What must hold for any input is in `fuzz/src/main.rs`.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// What follows `fuzz`.
pub const ARGUMENTS: &str = "[SECONDS] [TARGET…]";

const FOLDER: &str = "target/fuzz";
const SAMPLES: &str = "crates/formats/samples";
/// An input that takes longer is a find (seconds); the fuzzer's instructions make everything several times slower.
const SLOW_S: u32 = 5;
/// A target that holds more is a find (MiB); the fuzzer's own tables included.
const MEMORY_MB: u32 = 512;
/// The longest input that is made, in bytes.
const INPUT_BYTES_MAX: u32 = 64 << 10;
/// What libFuzzer asks of the compiler: counters at each edge, and a table of their places.
const INSTRUCTIONS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 --cfg fuzzing";

/// Runs the command; exit code 1 if an input was found.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let seconds: u64 = args.first().map_or(Ok(60), |n| n.parse().with_context(|| format!("not a number of seconds: {n}")))?;
    let all = targets()?;
    let wanted: Vec<String> = if args.len() > 1 { args.get(1..).unwrap_or_default().to_vec() } else { all.iter().cloned().collect() };
    if let Some(unknown) = wanted.iter().find(|t| !all.contains(*t)) {
        bail!("no target `{unknown}`; there are: {}", all.iter().cloned().collect::<Vec<_>>().join(", "));
    }
    let program = build()?;
    let share = (seconds / wanted.len() as u64).max(1);
    let mut found = 0;
    println!("{:<32} {:>12} {:>8} {:>8} {:>7}", "TARGET", "EXECUTIONS", "CORPUS", "PEAK MB", "FOUND");
    for target in &wanted {
        let told = fuzz(&program, target, share)?;
        println!("{target:<32} {:>12} {:>8} {:>8} {:>7}", told.executions, told.corpus, told.peak_mb, told.found);
        found += told.found;
    }
    println!("fuzz: {} targets, {share} s each: {found} found (what is found lies under {FOLDER}/found)", wanted.len());
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Every format, and every framing by the first format that has it.
fn targets() -> Result<BTreeSet<String>> {
    let mut framings = Vec::new();
    let mut targets = BTreeSet::new();
    for format in formats::all() {
        targets.insert(format.name().to_owned());
        if !framings.contains(&format.framing()) {
            framings.push(format.framing());
            targets.insert(format!("frame-{}", format.name()));
        }
    }
    ensure!(!targets.is_empty(), "no format");
    Ok(targets)
}

fn build() -> Result<PathBuf> {
    let home = PathBuf::from(FOLDER).join("build");
    let triple = triple()?;
    // With a target named, the instructions go to what is fuzzed and not to what builds it.
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &triple, "--target-dir"])
        .arg(&home)
        .env("RUSTFLAGS", INSTRUCTIONS)
        .status()
        .context("start cargo")?;
    ensure!(status.success(), "the fuzzer cannot be built");
    Ok(home.join(triple).join("release/fuzz"))
}

/// The triple of this machine, as the compiler says it.
fn triple() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output().context("start rustc")?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    text.lines().find_map(|l| l.strip_prefix("host: ")).map(str::to_owned).context("rustc does not say its host")
}

/// What a target gave.
struct Told {
    executions: u64,
    corpus: usize,
    peak_mb: u64,
    found: usize,
}

fn fuzz(program: &Path, target: &str, seconds: u64) -> Result<Told> {
    let (corpus, found) = (PathBuf::from(FOLDER).join("corpus").join(target), PathBuf::from(FOLDER).join("found").join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let before = count(&found)?;
    let seeds = Path::new(SAMPLES).join(target.strip_prefix("frame-").unwrap_or(target));
    let mut command = Command::new(program);
    command
        .env("MUSTER_FUZZ", target)
        .arg(&corpus)
        .args(seeds.is_dir().then_some(&seeds))
        .args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={SLOW_S}"),
            format!("-rss_limit_mb={MEMORY_MB}"),
            format!("-malloc_limit_mb={MEMORY_MB}"),
            format!("-max_len={INPUT_BYTES_MAX}"),
            format!("-artifact_prefix={}/", found.display()),
            "-print_final_stats=1".into(),
            "-detect_leaks=0".into(),
        ])
        .stdout(Stdio::null());
    let out = command.output().with_context(|| format!("start {}", program.display()))?;
    let text = String::from_utf8_lossy(&out.stderr);
    let stat = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0);
    let fresh = count(&found)?.saturating_sub(before);
    if !out.status.success() {
        let tail: Vec<&str> = text.lines().filter(|l| l.contains("panicked") || l.contains("ERROR") || l.contains("SUMMARY")).collect();
        eprintln!("{target}: {}", tail.join("\n"));
    }
    Ok(Told {
        executions: stat("stat::number_of_executed_units:"),
        corpus: count(&corpus)?,
        peak_mb: stat("stat::peak_rss_mb:"),
        found: fresh.max(usize::from(!out.status.success())),
    })
}

fn count(folder: &Path) -> Result<usize> {
    Ok(fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_and_every_framing_is_a_target() {
        let targets = targets().unwrap();
        assert!(formats::all().iter().all(|f| targets.contains(f.name())));
        assert!(targets.iter().filter(|t| t.starts_with("frame-")).count() >= 3);
    }
}
