//! Files to acknowledged records to tables. Two threads: one reads, frames and journals; the other parses and commits.

use std::{
    collections::VecDeque,
    io::IsTerminal as _,
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use event::Book;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{Batch, BoxError, Fault, Follow, Input, Known, Options, Outcome, Progress, Skipped, StreamReport, Taker};
use journal::{Journal, Receipt, StoredBatch};

use super::{
    drain::{Drain, Spent},
    keep::Writer,
};
use crate::{cli::WrongUse, clock, store::Store};

/// Batches that may wait between the two threads.
const WAITING_MAX: usize = 8;
/// Batches that may wait for the disk; the journal syncs those that wait together at once.
const IN_FLIGHT_MAX: usize = 8;
/// Bytes of new records after which what is known is saved, so that the journal can free its segments.
const SAVE_BYTES: u64 = 256 << 20;

/// While logs are followed, what was read is put into the tables so often: each time makes files of its own.
const SHOW_AFTER: Duration = Duration::from_secs(10);

/// What an ingest did.
pub struct Done {
    /// The books of this run by source.
    pub books: Vec<Book>,
    /// What became of each file.
    pub reports: Vec<StreamReport>,
    /// What was not read.
    pub skipped: Vec<Skipped>,
    /// What the journal found on opening, if anything was odd.
    pub found: Vec<String>,
    /// Time spent by stage.
    pub times: Times,
}

/// Time spent by stage, in both threads.
#[derive(Clone, Copy, Default)]
pub struct Times {
    /// Reading, decompressing, framing, finding duplicates.
    pub frame: Duration,
    /// Hashing leaves, writing and syncing the journal.
    pub journal: Duration,
    /// Parsing, columns, tables.
    pub drain: Spent,
    /// From start to end.
    pub all: Duration,
}

impl Done {
    /// Whether something was not read whole.
    pub fn incomplete(&self) -> bool {
        !self.found.is_empty() || self.reports.iter().any(StreamReport::incomplete) || self.skipped.iter().any(|s| s.why.incomplete())
    }

    /// A line for each thing that was not read, or not whole.
    pub fn complaints(&self) -> Vec<String> {
        let faults = self.reports.iter().flat_map(|r| r.faults.iter().map(|f| format!("{}: {:#}", r.path.display(), anyhow::Error::msg(f.to_string()))));
        let skipped = self.skipped.iter().map(|s| format!("{}: {}", s.path.display(), s.why));
        self.found.iter().cloned().chain(faults).chain(skipped).map(|l| crate::show::harmless(&l)).collect()
    }
}

/// Whether a bar shows how far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bar(bool);

impl Bar {
    /// A bar where a person looks on.
    pub fn auto(json: bool) -> Bar {
        Bar(!json && std::io::stderr().is_terminal())
    }
}

/// Options of intake.
pub fn options(source: Option<String>, format: Option<String>, host: Option<String>) -> Options {
    Options { source, format, host, ..Options::default() }
}

/// Fails for a path that is not there, before a store is made for it.
pub fn must_be_there(paths: &[PathBuf]) -> anyhow::Result<()> {
    match paths.iter().find(|p| p.symlink_metadata().is_err()) {
        Some(path) => Err(WrongUse(format!("no file or folder at {}", path.display())).into()),
        None => Ok(()),
    }
}

/// What is read, and for how long.
pub enum Until<'a> {
    /// To the end of what is there.
    End,
    /// On and on, until this is set; a look each so often.
    Stopped(&'a AtomicBool, Duration),
}

/// How a run goes.
pub struct Run<'a> {
    /// Whether a bar shows how far it is.
    pub bar: Bar,
    /// Bytes of logs after which it commits; as the store does if `None`.
    pub commit_bytes: Option<usize>,
    /// For how long.
    pub until: Until<'a>,
}

impl Run<'_> {
    /// Once over what is there.
    pub fn once(bar: Bar) -> Run<'static> {
        Run { bar, commit_bytes: None, until: Until::End }
    }
}

/// Takes files and folders into the store.
pub fn ingest(store: &Store, paths: &[PathBuf], mut options: Options, run: &Run<'_>) -> anyhow::Result<Done> {
    let started = Instant::now();
    options.except.push(store.dir.clone());
    options.catalogue = store.catalogue.clone();
    let mut writer = Writer::open(store.clone())?;
    options.scratch = Some(store.scratch()?);
    writer.commit_bytes = run.commit_bytes.unwrap_or(writer.commit_bytes);
    let last = writer.state.position.max(writer.ledger.last_batch());
    let (journal, recovery) = Journal::open_after(&store.journal_dir(), last).context("opening the journal")?;
    let mut drain = writer.catch_up(&journal)?;
    let known = Known::open(&store.known_path(), &journal).context("reading what was seen before")?;
    let (send, receive) = sync_channel(WAITING_MAX);
    let (Outcome { reports, skipped }, mut times) = thread::scope(|scope| {
        let reader = Reader {
            journal: &journal,
            send,
            store,
            options: &options,
            times: Times::default(),
            known,
            progress: ProgressBar::hidden(),
            before: 0,
            in_flight: VecDeque::new(),
            last: 0,
            unsaved: 0,
            all: Outcome::default(),
        };
        let reading = scope.spawn(|| reader.run(paths, run));
        let drained = take_all(&mut writer, &mut drain, &journal, receive);
        let read = reading.join().map_err(|_| anyhow::anyhow!("the reading thread stopped; this is a fault of muster"))?;
        drained.and(read)
    })?;
    drain.end_all()?;
    skipped.iter().for_each(|s| writer.state.missed(s.path.display().to_string(), s.why.to_string()));
    writer.commit(&mut drain, &journal)?;
    writer.release(&journal)?;
    let books = std::mem::take(&mut drain.run).into_values().collect();
    (times.drain, times.all) = (drain.spent, started.elapsed());
    let lost = writer.lake.recovered().iter().filter(|s| s.was_durable).map(|s| format!("the disk lost a commit of the tables that was durable: {s:?}"));
    let damaged = recovery.damaged.iter().filter(|d| d.what != journal::What::Torn);
    let damaged = damaged.map(|d| format!("the journal: {} bytes at {} of {} are damaged ({:?})", d.bytes, d.offset, d.path.display(), d.what));
    let found = lost.chain(damaged).collect();
    Ok(Done { books, reports, skipped, found, times })
}

/// What goes from the reading thread to the other.
enum Message {
    Batch(Box<StoredBatch>),
    /// What became of a file, and whether it has ended.
    Read {
        book: Box<Book>,
        path: String,
        missed: Vec<String>,
        ended: Option<(String, u64)>,
    },
    /// What was read so far is to be seen by those who ask.
    Show,
    /// What is known is saved: the journal may free what is committed.
    Saved,
}

fn take_all(writer: &mut Writer, drain: &mut Drain, journal: &Journal, receive: Receiver<Message>) -> anyhow::Result<()> {
    for message in receive {
        match message {
            Message::Batch(stored) => drain.take(&stored)?,
            Message::Read { book, path, missed, ended } => {
                drain.enter(&book);
                if missed.is_empty() {
                    writer.state.read_whole(&path);
                }
                missed.into_iter().for_each(|why| writer.state.missed(path.clone(), why));
                if let Some((source, stream)) = ended {
                    drain.end_stream(&source, stream)?;
                }
            }
            Message::Show => {
                writer.commit(drain, journal)?;
                writer.release(journal)?;
                writer.seal_cases()?;
            }
            Message::Saved => writer.release(journal)?,
        }
        if drain.ready.bytes >= writer.commit_bytes {
            writer.commit(drain, journal)?;
        }
    }
    Ok(())
}

/// What the books of a file have beside its records in the journal: duplicates, refused records, bytes.
fn rest_of(report: &StreamReport) -> Book {
    // A file that could not be opened as a log has no format; it is in the books under the name that it would have had.
    let mut book = report.source.as_ref().map_or_else(|| Book::new(&report.name, "unread", event::Facet::System), |s| Book::new(&s.name, &s.format, s.facet));
    book.received = report.duplicate + report.refused;
    book.duplicate = report.duplicate;
    book.refused = report.refused;
    book.bytes = report.bytes;
    report.gaps.iter().cloned().for_each(|gap| book.add_gap(gap));
    book
}

fn progress(bar: Bar, inputs: &[Input]) -> ProgressBar {
    if !bar.0 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {bytes}/{total_bytes} {bar:30} {bytes_per_sec} eta {eta}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(inputs.iter().map(|i| i.bytes).sum()).with_style(style)
}

/// The reading thread.
struct Reader<'a> {
    journal: &'a Journal,
    send: SyncSender<Message>,
    store: &'a Store,
    options: &'a Options,
    times: Times,
    known: Known,
    progress: ProgressBar,
    /// Bytes of the files before this one.
    before: u64,
    /// Batches given to the journal and not acknowledged yet, oldest first.
    in_flight: VecDeque<(Batch, Receipt)>,
    /// Number of the last batch acknowledged.
    last: u64,
    /// Bytes journaled since what is known was saved.
    unsaved: u64,
    /// What became of the files so far.
    all: Outcome,
}

impl Reader<'_> {
    fn run(mut self, paths: &[PathBuf], run: &Run<'_>) -> anyhow::Result<(Outcome, Times)> {
        let mut known = std::mem::take(&mut self.known);
        match run.until {
            Until::End => self.read_all(paths, run.bar, &mut known)?,
            Until::Stopped(stop, every) => self.follow(paths, run.bar, (stop, every), &mut known)?,
        }
        known.save(&self.store.known_path()).context("saving what was seen")?;
        self.progress.finish_and_clear();
        Ok((self.all, self.times))
    }

    fn read_all(&mut self, paths: &[PathBuf], bar: Bar, known: &mut Known) -> anyhow::Result<()> {
        let (inputs, skipped) = intake::plan(paths, self.options);
        self.all.skipped = skipped;
        self.progress = progress(bar, &inputs);
        for input in &inputs {
            self.progress.set_message(crate::show::harmless(&input.path.display().to_string()));
            let (started, journal) = (Instant::now(), self.times.journal);
            let options = self.options;
            let outcome = intake::pump(input, known, clock::now(), options, self);
            self.times.frame += started.elapsed().saturating_sub(self.times.journal - journal);
            self.before += input.bytes;
            self.hand_on(outcome, known, true)?;
        }
        Ok(())
    }

    /// Reads on until it is stopped. What was read is acknowledged at once, and seen by those who ask after `SHOW_AFTER`.
    fn follow(&mut self, paths: &[PathBuf], bar: Bar, (stop, every): (&AtomicBool, Duration), known: &mut Known) -> anyhow::Result<()> {
        let mut follow = Follow::new(paths.to_vec(), self.options.clone());
        self.progress = if bar.0 { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let (mut taken, mut shown) = (0, Instant::now());
        while !stop.load(Ordering::Relaxed) {
            let outcome = follow.poll(known, clock::now(), self);
            let new: u64 = outcome.reports.iter().map(|r| r.taken).sum();
            self.hand_on(outcome, known, false)?;
            // Also where nothing came: others may have acted in a case meanwhile, and this program holds the store.
            if shown.elapsed() >= SHOW_AFTER.max(every) {
                shown = Instant::now();
                self.send.send(Message::Show).context("the other thread has stopped")?;
            }
            taken += new;
            self.progress.set_message(format!("following; {taken} records so far (Ctrl-C ends it)"));
            self.progress.tick();
            wait(stop, every);
        }
        Ok(())
    }

    /// Waits until what was read is durable, and tells the other thread what became of the files.
    fn hand_on(&mut self, outcome: Outcome, known: &mut Known, keep: bool) -> anyhow::Result<()> {
        if let Some(fault) = outcome.reports.iter().flat_map(|r| &r.faults).find(|f| matches!(f, Fault::NotTaken(_))) {
            let cause = std::error::Error::source(fault).map(ToString::to_string).unwrap_or_default();
            anyhow::bail!("writing to the journal: {cause}; what was acknowledged before is safe, the rest was refused: run it again");
        }
        // What is known may be saved only once it is durable; if the journal refused a batch, all of it is thrown away.
        self.acknowledge(0).context("writing to the journal; what was acknowledged before is safe, the rest was refused: run it again")?;
        known.confirm(self.last);
        for report in &outcome.reports {
            let path = report.path.display().to_string();
            let missed = report.faults.iter().map(ToString::to_string).collect();
            let ended = report.source.as_ref().zip(report.stream).filter(|_| report.ended).map(|(s, stream)| (s.name.clone(), stream));
            self.send.send(Message::Read { book: Box::new(rest_of(report)), path, missed, ended }).context("the other thread has stopped")?;
        }
        // A log that is followed for months gives a report each second; only what went wrong is kept.
        self.all.reports.extend(outcome.reports.into_iter().filter(|r| keep || r.incomplete()));
        self.all.skipped.extend(outcome.skipped);
        if self.unsaved >= SAVE_BYTES {
            self.unsaved = 0;
            known.save(&self.store.known_path()).context("saving what was seen")?;
            self.send.send(Message::Saved).context("the other thread has stopped")?;
        }
        Ok(())
    }
}

/// Waits so long, or until it is stopped.
fn wait(stop: &AtomicBool, every: Duration) {
    const STEP: Duration = Duration::from_millis(50);
    let end = Instant::now() + every;
    while !stop.load(Ordering::Relaxed) && Instant::now() < end {
        thread::sleep(STEP.min(every));
    }
}

impl Reader<'_> {
    /// Waits until at most so many batches wait for the disk, and hands the acknowledged ones on.
    fn acknowledge(&mut self, waiting: usize) -> anyhow::Result<()> {
        while self.in_flight.len() > waiting
            && let Some((batch, receipt)) = self.in_flight.pop_front()
        {
            let entry = receipt.wait()?;
            self.last = entry.number;
            self.unsaved += batch.records.bytes.len() as u64;
            self.send.send(Message::Batch(Box::new(batch.acknowledged(entry)))).context("the other thread has stopped")?;
        }
        Ok(())
    }
}

impl Taker for Reader<'_> {
    fn key(&mut self) -> Result<[u8; 32], BoxError> {
        Ok(clock::random()?)
    }

    fn take(&mut self, batch: Batch) -> Result<(), BoxError> {
        let started = Instant::now();
        let receipt = self.journal.submit(&batch.records, &batch.note)?;
        self.in_flight.push_back((batch, receipt));
        let acknowledged = self.acknowledge(IN_FLIGHT_MAX);
        self.times.journal += started.elapsed();
        Ok(acknowledged?)
    }

    fn progress(&mut self, progress: Progress<'_>) {
        self.progress.set_position(self.before + progress.read);
    }
}
