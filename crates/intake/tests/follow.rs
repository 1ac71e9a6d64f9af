//! Rows 38 to 42 for logs that are followed: rotation, truncation, lines without an end, files that go away.

use std::{fs, io::Write as _};

use event::Time;
use intake::{Follow, Outcome, StreamReport};

use crate::{Bench, gz, lines};

/// A folder that is followed; each poll is a second after the last.
struct Followed {
    bench: Bench,
    follow: Follow,
    now: Time,
}

impl Followed {
    fn new() -> Followed {
        let bench = Bench::new();
        let follow = Follow::new(vec![bench.dir.path().to_owned()], bench.options.clone());
        // Far from the time at which the files are written, so that no first line is waited for.
        Followed { bench, follow, now: Time(4_000_000_000_000_000) }
    }

    fn poll(&mut self) -> Outcome {
        self.now = self.now.plus(1_000_000);
        let outcome = self.follow.poll(&mut self.bench.known, self.now, &mut self.bench.kept);
        assert!(outcome.reports.iter().all(StreamReport::balanced), "{outcome:?}");
        outcome
    }

    fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut file = fs::File::options().create(true).append(true).open(self.bench.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.bench.path(from), self.bench.path(to)).unwrap();
    }

    /// Numbers of taken, duplicate records and gaps of a poll.
    fn counts(&mut self) -> [usize; 3] {
        let outcome = self.poll();
        let sum = |f: fn(&StreamReport) -> usize| outcome.reports.iter().map(f).sum();
        [sum(|r| r.taken as usize), sum(|r| r.duplicate as usize), sum(|r| r.gaps.len())]
    }

    fn text(&self) -> String {
        String::from_utf8(self.bench.kept.bytes()).unwrap()
    }
}

#[test]
fn what_a_log_gains_is_read_once() {
    let mut f = Followed::new();
    assert_eq!(f.counts(), [0, 0, 0]);
    f.append("a.log", lines(0, 10));
    assert_eq!(f.counts(), [10, 0, 0]);
    assert_eq!(f.counts(), [0, 0, 0]);
    f.append("a.log", lines(10, 15));
    assert_eq!(f.counts(), [5, 0, 0], "only what is new, and nothing of what was read counts as duplicate");
    assert_eq!(f.text(), lines(0, 15));
    let batches = &f.bench.kept.batches;
    assert!(batches.iter().all(|b| b.records.stream == batches[0].records.stream), "one stream");
    assert_eq!(batches.iter().map(|b| (b.records.first_seq, b.records.offset)).collect::<Vec<_>>(), [(0, 0), (10, lines(0, 10).len() as u64)]);
}

#[test]
fn a_follower_that_was_stopped_goes_on_where_it_was() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 10));
    f.poll();
    f.append("a.log", lines(10, 12));
    f.follow = Follow::new(vec![f.bench.dir.path().to_owned()], f.bench.options.clone());
    assert_eq!(f.counts(), [2, 10, 0]);
    f.append("a.log", lines(12, 13));
    assert_eq!(f.counts(), [1, 0, 0]);
    assert_eq!(f.text(), lines(0, 13));
}

#[test]
fn row_38_a_log_that_is_renamed_and_made_anew_loses_nothing() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 10));
    f.poll();
    f.append("a.log", lines(10, 12));
    f.rename("a.log", "a.log.1");
    f.append("a.log", lines(12, 20));
    assert_eq!(f.counts(), [10, 0, 0]);
    // The program that writes still has the old file open.
    f.append("a.log.1", lines(100, 101));
    f.append("a.log", lines(20, 21));
    assert_eq!(f.counts(), [2, 0, 0]);
    f.rename("a.log.1", "a.log.2");
    assert_eq!(f.counts(), [0, 0, 0], "a new name is no new log");
    // Compressed: the same again, under another name.
    fs::write(f.bench.path("a.log.3.gz"), gz(&fs::read(f.bench.path("a.log.2")).unwrap())).unwrap();
    fs::remove_file(f.bench.path("a.log.2")).unwrap();
    assert_eq!(f.counts(), [0, 13, 0]);
    assert_eq!(f.counts(), [0, 0, 0], "and looked at once");
    assert_eq!(f.text(), lines(0, 20) + &lines(100, 101) + &lines(20, 21));
}

#[test]
fn row_38_a_file_that_gets_the_number_of_a_deleted_one_is_another() {
    let mut f = Followed::new();
    for round in 0..20 {
        f.append("a.log", lines(round * 10, round * 10 + 10));
        assert_eq!(f.counts(), [10, 0, 0], "{round}");
        fs::remove_file(f.bench.path("a.log")).unwrap();
        if round % 2 == 0 {
            f.poll();
        }
    }
    assert_eq!(f.text(), lines(0, 200));
}

#[test]
fn row_39_a_log_that_is_copied_and_emptied_is_read_once_and_tells_of_a_gap() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 10));
    f.poll();
    f.append("a.log", lines(10, 12));
    fs::copy(f.bench.path("a.log"), f.bench.path("a.log.1")).unwrap();
    fs::write(f.bench.path("a.log"), lines(50, 53)).unwrap();
    let outcome = f.poll();
    let gaps: Vec<_> = outcome.reports.iter().flat_map(|r| &r.gaps).collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].kind.as_str(), gaps[0].to), ("truncated", Some(f.now)));
    assert!(gaps[0].from.is_some_and(|from| from < f.now));
    assert_eq!(f.text(), lines(0, 12) + &lines(50, 53), "what the copy has is not lost, what is known is not stored again");
}

#[test]
fn row_39_a_log_that_was_emptied_and_has_grown_beyond_is_told_by_its_bytes() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 10));
    f.poll();
    fs::write(f.bench.path("a.log"), lines(500, 600)).unwrap();
    assert_eq!(f.counts(), [100, 0, 1]);
    assert_eq!(f.text(), lines(0, 10) + &lines(500, 600));
}

#[test]
fn row_40_a_line_waits_for_its_end_and_is_a_record_when_none_comes() {
    let mut f = Followed::new();
    let line = lines(0, 1);
    f.append("a.log", lines(7, 8) + &line[..20]);
    assert_eq!(f.counts(), [1, 0, 0]);
    f.append("a.log", &line[20..]);
    assert_eq!(f.counts(), [1, 0, 0]);
    f.append("a.log", &line[..30]);
    assert_eq!(f.counts(), [0, 0, 0]);
    fs::remove_file(f.bench.path("a.log")).unwrap();
    assert_eq!(f.counts(), [1, 0, 0], "the file is gone: what was said is kept");
    assert_eq!(f.text(), lines(7, 8) + &line + &line[..30]);
}

#[test]
fn row_40_a_log_is_not_recognised_by_half_a_line() {
    let mut f = Followed::new();
    f.now = Time(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64 - 1_000_000);
    f.append("auth.log", "Mar");
    assert_eq!(f.counts(), [0, 0, 0]);
    f.append("auth.log", &lines(0, 2)[3..]);
    let outcome = f.poll();
    assert_eq!(outcome.reports[0].source.as_ref().unwrap().format, "syslog");
}

#[test]
fn row_41_a_hole_is_left_out_while_following() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 2));
    f.poll();
    let file = fs::File::options().append(true).open(f.bench.path("a.log")).unwrap();
    file.set_len(32 << 20).unwrap();
    f.append("a.log", "after the hole\n");
    let outcome = f.poll();
    assert!(outcome.reports.iter().map(|r| r.bytes).sum::<u64>() <= (32 << 20) + 100);
    assert!(f.bench.kept.records().iter().any(|r| r.ends_with("after the hole\n")));
}

#[test]
fn row_42_a_log_that_may_not_be_read_is_said_once_and_the_others_go_on() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 2));
    std::os::unix::fs::symlink("/etc/hostname", f.bench.path("link.log")).unwrap();
    let outcome = f.poll();
    assert_eq!((outcome.skipped.len(), outcome.reports.len()), (1, 1));
    f.append("a.log", lines(2, 3));
    let outcome = f.poll();
    assert_eq!((outcome.skipped.len(), outcome.reports[0].taken), (0, 1));
}

#[test]
fn what_is_no_log_is_said_once_however_often_it_changes() {
    let mut f = Followed::new();
    f.append("system.db", b"SQLite format 3\0 and so on");
    assert_eq!(f.poll().reports.len(), 1);
    f.append("system.db", b"more");
    assert!(f.poll().reports.is_empty());
}

#[test]
fn a_compressed_file_is_read_when_it_is_whole() {
    let mut f = Followed::new();
    f.now = Time(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as i64 - 1_000_000);
    let packed = gz(lines(0, 2000).as_bytes());
    f.append("a.log.1.gz", &packed[..packed.len() / 2]);
    assert!(f.poll().reports.is_empty(), "it is being written");
    f.append("a.log.1.gz", &packed[packed.len() / 2..]);
    f.now = Time(4_000_000_000_000_000);
    let outcome = f.poll();
    assert_eq!((outcome.reports[0].taken, outcome.reports[0].incomplete()), (2000, false));
}

#[test]
fn a_heading_alone_does_not_hide_that_a_log_is_known() {
    let mut f = Followed::new();
    f.append("a.log", "\n\n");
    assert_eq!(f.counts(), [0, 0, 0]);
    f.append("a.log", lines(0, 5));
    assert_eq!(f.counts(), [5, 0, 0]);
    f.follow = Follow::new(vec![f.bench.dir.path().to_owned()], f.bench.options.clone());
    assert_eq!(f.counts(), [0, 5, 0], "a follower that starts anew knows it");
}

#[test]
fn a_log_that_is_gone_has_ended() {
    let mut f = Followed::new();
    f.append("a.log", lines(0, 5));
    f.poll();
    fs::remove_file(f.bench.path("a.log")).unwrap();
    let outcome = f.poll();
    assert!(outcome.reports.iter().any(|r| r.ended && r.stream == Some(1)), "{outcome:?}");
}

#[test]
fn row_43_any_order_of_writing_and_looking_gives_each_line_once() {
    use proptest::prelude::*;
    proptest!(ProptestConfig::with_cases(60), |(steps in proptest::collection::vec(0u8..6, 1..40))| {
        let mut f = Followed::new();
        let mut next = 0;
        let mut rotation = 0;
        for step in steps {
            match step {
                0 | 1 => {
                    f.append("a.log", lines(next, next + 3));
                    next += 3;
                }
                2 if f.bench.path("a.log").exists() => {
                    rotation += 1;
                    f.rename("a.log", &format!("a.log-202603{:02}", rotation % 28 + 1));
                }
                3 => f.follow = Follow::new(vec![f.bench.dir.path().to_owned()], f.bench.options.clone()),
                _ => drop(f.poll()),
            }
            if rotation > 25 { break; }
        }
        f.poll();
        let mut got: Vec<String> = f.bench.kept.records();
        let mut want: Vec<String> = lines(0, next).lines().map(|l| format!("{l}\n")).collect();
        got.sort();
        want.sort();
        prop_assert_eq!(got, want);
    });
}
