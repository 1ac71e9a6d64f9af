//! `cargo xtask fuzz`: throws damaged logs at the built program, and keeps every input that makes it die, hang or forget its exit codes.
//!
//! Owns: the damage, the runs, the finds under `target/fuzz`. Looks at the program from outside only, as an attacker's log does.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};

/// What follows `fuzz`.
pub const ARGUMENTS: &str = "[SECONDS] [SEED]";

const FOLDER: &str = "target/fuzz";
const SAMPLES: &str = "crates/formats/samples";
/// Damaged files a run: enough that starting the program is little of it.
const FILES_A_RUN: usize = 40;
/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command; exit code 1 if an input was found.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let number = |at: usize| args.get(at).map(|n| n.parse::<u64>().with_context(|| format!("not a number: {n}"))).transpose();
    let seconds = number(0)?.unwrap_or(60);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let seed = number(1)?.unwrap_or(since.as_secs());
    let program = env::current_exe()?.with_file_name("muster");
    if !program.exists() {
        bail!("{} is not there: build it first, in the same profile", program.display());
    }
    let samples = samples(Path::new(SAMPLES))?;
    let mut random = Random(seed | 1);
    let (mut inputs, mut found) = (0, 0);
    let begin = Instant::now();
    while begin.elapsed().as_secs() < seconds {
        let folder = PathBuf::from(FOLDER).join("now");
        let files = write(&folder, &samples, &mut random)?;
        inputs += files.len();
        if fault(&program, &folder)?.is_some() {
            found += keep(&program, &files, seed)?;
        }
    }
    println!("fuzz: {inputs} damaged logs of {} samples in {seconds} s, seed {seed}: {found} found", samples.len());
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Every sample, with its name.
fn samples(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(samples(&path)?);
        } else {
            all.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), fs::read(&path)?));
        }
    }
    all.sort();
    Ok(all)
}

fn write(folder: &Path, samples: &[(String, Vec<u8>)], random: &mut Random) -> Result<Vec<PathBuf>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for n in 0..FILES_A_RUN {
        let (Some((name, bytes)), Some((_, other))) = (random.choose(samples), random.choose(samples)) else { bail!("no sample under {SAMPLES}") };
        let path = folder.join(format!("{n:03}-{name}"));
        fs::write(&path, damaged(bytes, other, random))?;
        files.push(path);
    }
    Ok(files)
}

/// One to eight strokes: a bit, a cut, a copy, a piece of another log, or bytes that parsers stumble over.
fn damaged(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    const STUMBLES: &[&[u8]] = &[
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b"\n\n",
        b"\"",
        b"\\",
        b"\\u",
        b"{",
        b"[[[[[[[[",
        b"]}",
        b"99999999999999999999",
        b"-1",
        b"1e400",
        b"\x1d",
        b"=",
        b"a0=",
        b"\xe2\x80\xa8",
        b"msg=audit(",
        b" from ",
        b"<191>1 ",
        b"[",
        b"\x1b[31m",
    ];
    let mut now = bytes.to_vec();
    for _ in 0..=random.below(8) {
        let (a, b) = (random.below(now.len() + 1), random.below(now.len() + 1));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 4096));
        match random.below(6) {
            0 => now.iter_mut().skip(from).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
            1 => drop(now.drain(from..to)),
            2 => {
                let copy: Vec<u8> = now.iter().skip(from).take(to - from).copied().collect();
                now.splice(to..to, copy);
            }
            3 => now.truncate(to),
            4 => drop(now.splice(from..from, other.iter().skip(random.below(other.len() + 1)).take(4096).copied().collect::<Vec<_>>())),
            _ => {
                let stumble = random.choose(STUMBLES).copied().unwrap_or_default();
                now.splice(from..from, stumble.to_vec());
            }
        }
    }
    now
}

/// What is wrong with how the program ended on a path: nothing, if it said 0 or 1 in time.
fn fault(program: &Path, path: &Path) -> Result<Option<String>> {
    let mut child = Command::new(program)
        .arg("parse")
        .arg(path)
        .arg("--ocsf")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("start muster")?;
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((!matches!(status.code(), Some(0 | 1))).then(|| status.to_string()));
        }
        if begin.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(Some(format!("still at it after {} s", PATIENCE.as_secs())));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Keeps the files that make the program fail by themselves; all of them, if none does.
fn keep(program: &Path, files: &[PathBuf], seed: u64) -> Result<usize> {
    let home = PathBuf::from(FOLDER).join(format!("found-{seed}"));
    fs::create_dir_all(&home)?;
    let mut found = 0;
    for file in files {
        if let Some(why) = fault(program, file)? {
            let kept = home.join(format!("{:05}-{}", fs::read_dir(&home)?.count(), file.file_name().unwrap_or_default().to_string_lossy()));
            fs::copy(file, &kept)?;
            println!("{}: {why}", kept.display());
            found += 1;
        }
    }
    if found == 0 {
        files.iter().try_for_each(|f| fs::copy(f, home.join(f.file_name().unwrap_or_default())).map(drop))?;
        println!("{}: only together", home.display());
        found = 1;
    }
    Ok(found)
}

/// Marsaglia's xorshift64: the same seed gives the same damage.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn choose<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_new_each_time_and_the_same_for_a_seed() {
        let log = b"Mar  2 09:20:41 web-1 sshd[2301]: Accepted publickey for root\n".repeat(4);
        let made = |seed| (0..50).scan(Random(seed), |r, _| Some(damaged(&log, &log, r))).collect::<Vec<_>>();
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(9));
        assert!(made(7).iter().filter(|d| **d != log).count() > 40);
    }

    #[test]
    fn a_program_that_dies_is_told_from_one_that_finds_fault() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("p");
        let told = |script: &str| {
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            fault(&program, folder.path()).unwrap()
        };
        assert_eq!((told("exit 0"), told("exit 1")), (None, None));
        assert!(told("exit 101").is_some() && told("kill -SEGV $$").is_some());
    }
}
