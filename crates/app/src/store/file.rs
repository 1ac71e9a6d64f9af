//! Files that are either the old one or the new one, whatever happens: written beside, synced, renamed, folder synced.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use anyhow::Context as _;

/// Replaces a file's content durably.
pub fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_folder(path)
    };
    write().with_context(|| format!("writing {}", path.display()))
}

/// Makes a file's entry in its folder durable.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes a file that only its owner can read: it is there whole, or not at all.
pub fn create_secret(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let beside = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_folder(path)
    };
    write().with_context(|| format!("writing {}", path.display()))
}
