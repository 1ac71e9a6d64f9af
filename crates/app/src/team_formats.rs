//! Formats that a team has described itself: found in folders, kept in the store that their logs are taken into.
//!
//! Owns: which files are read. What such a file says is `formats::own`'s to know.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use formats::{Catalogue, Format, own, own::Own};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The most files of a folder.
const FILES_MAX: usize = 500;

/// A file that was read.
pub struct Described {
    /// Where it lies.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The format, or what is wrong with the file, a line each.
    pub own: Result<&'static Own, Vec<String>>,
}

/// Reads one file.
pub fn read(path: &Path) -> anyhow::Result<Described> {
    let bytes = std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len();
    anyhow::ensure!(bytes <= FILE_BYTES_MAX, "{} is larger than {FILE_BYTES_MAX} bytes; a format is a small file", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let own = own::load(&text).map_err(|faults| faults.iter().map(|f| format!("{}:{}: {}", path.display(), f.line, f.message)).collect());
    Ok(Described { path: path.to_owned(), text, own })
}

/// Reads the `.toml` files of a folder, by name. A folder that is not there has none.
pub fn folder(dir: &Path) -> anyhow::Result<Vec<Described>> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(Vec::new()) };
    let mut paths = entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>().with_context(|| format!("reading {}", dir.display()))?;
    paths.retain(|p| p.extension().is_some_and(|e| e == "toml") && p.is_file());
    anyhow::ensure!(paths.len() <= FILES_MAX, "{} has more than {FILES_MAX} formats", dir.display());
    paths.sort();
    paths.iter().map(|p| read(p)).collect()
}

/// The catalogue of some folders. Faults are told on standard error, a line each; the files without one are used.
pub fn catalogue(dirs: &[PathBuf]) -> anyhow::Result<Catalogue> {
    let mut found: Vec<&'static dyn Format> = Vec::new();
    for dir in dirs {
        for file in folder(dir)? {
            match file.own {
                Ok(own) if found.iter().any(|f| f.name() == own.name()) => {}
                Ok(own) => found.push(own),
                Err(faults) => faults.iter().for_each(|f| eprintln!("muster: {}", event::text::harmless(f))),
            }
        }
    }
    Ok(Catalogue::with(found))
}
