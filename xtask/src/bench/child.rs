//! Runs a program and says how long it took, how much memory it held at most, and what it printed.

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// How often the peak is read. The kernel's mark only grows, so what is missed is what grew in the last moment before the end.
const POLL: Duration = Duration::from_millis(2);

/// A program that has ended well.
#[derive(Debug)]
pub struct Ended {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Largest resident set in bytes (`VmHWM` of proc_pid_status(5)).
    pub peak_bytes: u64,
    /// Seconds of processor time, user and system, of all threads.
    pub cpu_seconds: f64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs a program to its end; an exit code that is not in `good` is an error.
pub fn run(program: &mut Command, good: &[i32]) -> Result<Ended> {
    let shown = format!("{program:?}");
    let begin = Instant::now();
    let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().with_context(|| format!("start {shown}"))?;
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let id = child.id();
    let (mut peak_bytes, mut cpu_seconds) = (0, 0.0);
    let status = loop {
        peak_bytes = peak(id).unwrap_or(0).max(peak_bytes);
        cpu_seconds = cpu(id).unwrap_or(0.0_f64).max(cpu_seconds);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(POLL);
    };
    let seconds = begin.elapsed().as_secs_f64();
    let (stdout, stderr) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    if !status.code().is_some_and(|c| good.contains(&c)) {
        bail!("{shown}: {status}\n{stderr}");
    }
    Ok(Ended { seconds, peak_bytes, cpu_seconds, stdout, stderr })
}

fn reader(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut s) = stream {
            let _ = s.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let kib = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
    Some(kib * 1024)
}

/// User and system time of all threads, from proc_pid_stat(5): fields 14 and 15, in ticks of 1/100 s on Linux.
pub fn cpu(id: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let after_name = stat.rsplit_once(") ")?.1;
    let ticks: Vec<f64> = after_name.split(' ').skip(11).take(2).filter_map(|t| t.parse().ok()).collect();
    Some(ticks.iter().sum::<f64>() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_and_output_are_the_childs_own() {
        let hundred_mb = "x = bytearray(100_000_000); print('held'); import time; time.sleep(0.1)";
        let ended = run(Command::new("python3").args(["-c", hundred_mb]), &[0]).unwrap();
        assert_eq!(ended.stdout, "held\n");
        assert!((100_000_000..200_000_000).contains(&ended.peak_bytes), "{}", ended.peak_bytes);
        assert!(ended.seconds > 0.1);
        assert!(run(Command::new("sh").args(["-c", "exit 3"]), &[0, 1]).is_err());
    }
}
