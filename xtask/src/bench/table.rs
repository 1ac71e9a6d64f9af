//! The figures of a bench as a page of Markdown.

use std::fmt::Write;

use super::{Figures, Run};

/// A page: the corpus, the two runs side by side, the stages, the store, the answer.
pub fn markdown(f: &Figures) -> String {
    let mut page = String::from("# Bench\n\nPrinted by `make bench`; best of the runs, the runs of both in turns.\n\n");
    let _ = writeln!(page, "Corpus: `cloud/invictus-aws` (CloudTrail, one record a line): {}.", f.corpus);
    let distinct: Vec<String> = f.corpus.distinct.iter().map(|(what, n)| format!("{n} {what}")).collect();
    let _ = writeln!(page, "Distinct: {}.\n", distinct.join("; "));
    runs(&mut page, f);
    stages(&mut page, f);
    let _ = writeln!(page, "\n| part of the store | MB |\n|---|---:|");
    for (name, bytes) in &f.parts {
        let _ = writeln!(page, "| `{name}` | {:.1} |", mb(*bytes));
    }
    let (seconds, peak) = f.respond;
    let _ = writeln!(page, "\n`muster respond` with the attacking principal on that store: {seconds:.2} s, {:.0} MB at most.", mb(peak));
    page
}

fn runs(page: &mut String, f: &Figures) {
    let _ = writeln!(page, "| | MB/s | wall s (all runs) | CPU s | peak MB | stored MB | stored : read |");
    let _ = writeln!(page, "|---|---:|---:|---:|---:|---:|---:|");
    for r in [&f.muster, &f.duckdb] {
        let all: Vec<String> = r.seconds.iter().map(|s| format!("{s:.2}")).collect();
        let _ = writeln!(
            page,
            "| {} | {:.1} | {} | {:.2} | {:.0} | {:.1} | {:.3} |",
            r.who,
            rate(f, r),
            all.join(", "),
            r.cpu_seconds,
            mb(r.peak_bytes),
            mb(r.stored_bytes),
            r.stored_bytes as f64 / f.corpus.bytes as f64
        );
    }
    let ratio = |ours: f64, theirs: f64| ours / theirs;
    let _ = writeln!(
        page,
        "| ratio | {:.2} | | | {:.2} | {:.2} | |",
        ratio(rate(f, &f.muster), rate(f, &f.duckdb)),
        ratio(mb(f.muster.peak_bytes), mb(f.duckdb.peak_bytes)),
        ratio(mb(f.muster.stored_bytes), mb(f.duckdb.stored_bytes))
    );
}

fn stages(page: &mut String, f: &Figures) {
    if f.stages.is_empty() {
        let _ = writeln!(page, "\nThe ingest told no time by stage.");
        return;
    }
    let _ = writeln!(page, "\n| stage | s | MB/s of that stage alone |\n|---|---:|---:|");
    for (name, seconds) in &f.stages {
        let _ = writeln!(page, "| {name} | {seconds:.3} | {:.0} |", mb(f.corpus.bytes) / seconds.max(1e-9));
    }
}

fn rate(f: &Figures, r: &Run) -> f64 {
    mb(f.corpus.bytes) / r.best()
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
