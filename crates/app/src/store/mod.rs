//! The store: a folder that one team keeps. Opens it, locks it, and knows where each part lies.
//!
//! ```text
//! muster-store/
//!   store.json      format version, when made
//!   lock            held while a program writes
//!   journal/        what was received and acknowledged (crate journal)
//!   lake/           the tables (crate lake)
//!   ledger/         entries, checkpoint, key (ledger.rs)
//!   state.json      how far the journal is in the lake, and the books (state.rs)
//!   cases.sqlite    cases (cases.rs)
//!   formats/        the team's own formats that records were read with
//! ```

mod cases;
mod file;
mod ledger;
mod state;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use event::Time;
use formats::Format as _;
use serde::{Deserialize, Serialize};

use crate::team_formats;

pub use cases::Cases;
pub use ledger::{BatchKey, LedgerFolder};
pub use state::{Pending, State};

/// How long a writer waits for the lock: longer than a record of a case takes, and not so long that a person wonders.
const LOCK_WAIT: Duration = Duration::from_millis(1_000);
/// The layout that this program reads and writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    created: Time,
}

/// A store that exists, for reading.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its folder.
    pub dir: PathBuf,
    /// The formats that its records are read with: those built in, and those in its folder `formats`.
    pub catalogue: formats::Catalogue,
}

/// Whether a folder is empty, but for the header that a program was killed over.
fn holds_nothing(dir: &Path) -> std::io::Result<bool> {
    let mut names = std::fs::read_dir(dir)?.map(|e| e.map(|e| e.file_name()));
    names.try_fold(true, |so_far, name| Ok(so_far && name? == "store.new"))
}

impl Store {
    /// Opens a store that must be there.
    pub fn open(dir: &Path) -> anyhow::Result<Store> {
        let header = dir.join("store.json");
        if !header.is_file() {
            bail!("no store at {}; make one with `muster ingest PATH --store {0}`, or name another with --store", dir.display());
        }
        let text = std::fs::read_to_string(&header).with_context(|| format!("reading {}", header.display()))?;
        let found: Header = serde_json::from_str(&text).with_context(|| format!("reading {}", header.display()))?;
        if found.version != VERSION {
            bail!(
                "the store at {} has layout {}, this program reads layout {VERSION}; use the program that made it, nothing was written",
                dir.display(),
                found.version
            );
        }
        let catalogue = team_formats::catalogue(&[dir.join("formats")])?;
        Ok(Store { dir: dir.to_owned(), catalogue })
    }

    /// Takes the team's own formats into the store, so that what is read with them can be read again.
    pub fn adopt(&mut self, dirs: &[PathBuf]) -> anyhow::Result<()> {
        let own = self.dir.join("formats");
        for file in dirs.iter().map(|d| team_formats::folder(d)).collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten() {
            let found = file.own.map_err(|faults| anyhow::anyhow!("{}; nothing was taken in", faults.join("\n")))?;
            let path = own.join(format!("{}.toml", found.name()));
            if std::fs::read_to_string(&path).ok().as_deref() != Some(file.text.as_str()) {
                std::fs::create_dir_all(&own).with_context(|| format!("making {}", own.display()))?;
                file::replace(&path, file.text.as_bytes())?;
            }
        }
        self.catalogue = team_formats::catalogue(&[own])?;
        Ok(())
    }

    /// Opens a store, making it if the folder is missing or empty.
    pub fn open_or_make(dir: &Path, now: Time) -> anyhow::Result<Store> {
        if !dir.join("store.json").is_file() {
            let empty = !dir.exists() || holds_nothing(dir).with_context(|| format!("reading {}", dir.display()))?;
            if !empty {
                bail!("{} is neither a store nor empty; nothing was written", dir.display());
            }
            std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
            let header = serde_json::to_vec_pretty(&Header { version: VERSION, created: now })?;
            file::replace(&dir.join("store.json"), &header)?;
        }
        Store::open(dir)
    }

    /// Takes the lock for writing; it is held until the value is dropped. Waits a moment for a program that writes a little only.
    pub fn lock(&self) -> anyhow::Result<File> {
        match self.lock_within(LOCK_WAIT)? {
            Some(lock) => Ok(lock),
            None => bail!("another muster program is writing to {}; wait for it or use another --store; nothing was written", self.dir.display()),
        }
    }

    /// As [`Store::lock`]; nothing if another program still holds it then.
    pub fn lock_within(&self, wait: Duration) -> anyhow::Result<Option<File>> {
        const STEP: Duration = Duration::from_millis(20);
        let path = self.dir.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(|| format!("opening {}", path.display()))?;
        let until = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(STEP),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(e).with_context(|| format!("locking {}", path.display())),
            }
        }
    }

    /// The tables, to be read: nothing is made, moved or mended.
    pub fn lake(&self) -> anyhow::Result<lake::Lake> {
        lake::Lake::open_to_read(&self.dir.join("lake")).with_context(|| format!("opening the tables of {}", self.dir.display()))
    }

    /// The tables, to be written by the holder of the lock.
    pub fn lake_to_write(&self) -> anyhow::Result<lake::Lake> {
        lake::Lake::open(&self.dir.join("lake")).with_context(|| format!("opening the tables of {}", self.dir.display()))
    }

    /// The folder of the journal.
    pub fn journal_dir(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// The file of what intake knows of streams and records that it has seen.
    pub fn known_path(&self) -> PathBuf {
        self.dir.join("known")
    }

    /// A folder for what is only needed while a program that holds the lock runs; empty at first.
    pub fn scratch(&self) -> anyhow::Result<PathBuf> {
        let dir = self.dir.join("scratch");
        match std::fs::remove_dir_all(&dir) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e).with_context(|| format!("emptying {}", dir.display())),
            _ => std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?,
        }
        Ok(dir)
    }

    /// The ledger.
    pub fn ledger(&self) -> anyhow::Result<LedgerFolder> {
        LedgerFolder::open(&self.dir.join("ledger"))
    }

    /// How far the journal is in the lake, and the books.
    pub fn state(&self) -> anyhow::Result<State> {
        State::load(&self.dir.join("state.json"))
    }

    /// Saves the state, durably.
    pub fn save_state(&self, state: &State) -> anyhow::Result<()> {
        file::replace(&self.dir.join("state.json"), &serde_json::to_vec(state)?)
    }

    /// Whether there is a case yet.
    pub fn has_cases(&self) -> bool {
        self.dir.join("cases.sqlite").is_file()
    }

    /// The cases.
    pub fn cases(&self) -> anyhow::Result<Cases> {
        Cases::open(&self.dir.join("cases.sqlite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_was_being_made_when_the_program_was_killed_is_made() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("store.new"), "{\"ver").unwrap();
        assert!(Store::open_or_make(dir.path(), Time(0)).is_ok());
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("holiday.jpg"), "").unwrap();
        assert!(Store::open_or_make(other.path(), Time(0)).is_err(), "a folder of somebody's is no store");
    }
}
