//! A local object store whose writes are on the disk before they can be seen.
//!
//! Delta's log and checkpoints are written through it. `object_store` itself never syncs: after a power cut a commit
//! could be there, empty. Here a file is written under a name that no reader lists, synced, given its name, and its
//! folder is synced, in this order.

use std::{
    fmt,
    fs::File,
    io::Write,
    ops::Range,
    path::{Path as FsPath, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, RenameOptions, Result, UploadPart, local::LocalFileSystem, path::Path,
};
use futures::{FutureExt, stream::BoxStream};

/// The store. Reads go to `LocalFileSystem` as they are.
#[derive(Debug)]
pub(crate) struct Durable {
    inner: LocalFileSystem,
}

impl Durable {
    pub(crate) fn new() -> Durable {
        Durable { inner: LocalFileSystem::new() }
    }
}

impl fmt::Display for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Durable({})", self.inner)
    }
}

fn fault(source: std::io::Error, path: &FsPath) -> Error {
    if source.kind() == std::io::ErrorKind::AlreadyExists {
        return Error::AlreadyExists { path: path.display().to_string(), source: source.into() };
    }
    Error::Generic { store: "durable", source: Box::new(source) }
}

/// Makes a folder's entries durable.
pub(crate) fn sync_dir(dir: &FsPath) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a folder and every missing one above it, and makes their names durable.
pub(crate) fn make_dir(dir: &FsPath) -> std::io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        make_dir(parent)?;
        match std::fs::create_dir(dir) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(e),
            _ => sync_dir(parent)?,
        }
    }
    Ok(())
}

/// A staged file beside `path`. Names with `#` and digits are not listed by `LocalFileSystem`, nor by readers of Delta.
fn stage(path: &FsPath) -> std::io::Result<(File, PathBuf)> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if let Some(dir) = path.parent() {
        make_dir(dir)?;
    }
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let staged = PathBuf::from(format!("{}#{}{n:06}", path.display(), std::process::id()));
    Ok((File::create(&staged)?, staged))
}

/// Syncs a staged file and gives it its name: replaces what is there, or fails if `create` and something is.
fn publish(file: File, staged: &FsPath, path: &FsPath, create: bool) -> std::io::Result<()> {
    let done = file.sync_all().and_then(|()| {
        drop(file);
        if create { std::fs::hard_link(staged, path) } else { std::fs::rename(staged, path) }
    });
    if create || done.is_err() {
        let _ = std::fs::remove_file(staged); // a leftover is not listed and does no harm
    }
    done?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Writes a whole file so that it is durable before it has its name.
fn write_whole<'a>(path: &FsPath, mut parts: impl Iterator<Item = &'a [u8]>, create: bool) -> std::io::Result<()> {
    let (mut file, staged) = stage(path)?;
    if let Err(e) = parts.try_for_each(|part| file.write_all(part)) {
        let _ = std::fs::remove_file(&staged); // gives the room back on a full disk
        return Err(e);
    }
    publish(file, &staged, path, create)
}

/// Replaces a small file so that either the old or the new content is there after a power cut.
pub(crate) fn replace(path: &FsPath, bytes: &[u8]) -> std::io::Result<()> {
    write_whole(path, std::iter::once(bytes), false)
}

#[async_trait]
impl ObjectStore for Durable {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let create = match opts.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => return Err(Error::NotImplemented { operation: "put with PutMode::Update".into(), implementer: self.to_string() }),
        };
        let path = self.inner.path_to_filesystem(location)?;
        write_whole(&path, payload.iter().map(|part| part.as_ref()), create).map_err(|e| fault(e, &path))?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        let (file, staged) = stage(&path).map_err(|e| fault(e, &path))?;
        Ok(Box::new(Upload { file: Arc::new(Mutex::new(Some(file))), staged, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        let to = self.inner.path_to_filesystem(to)?;
        let synced = File::open(&to).and_then(|f| f.sync_all()).and_then(|()| to.parent().map_or(Ok(()), sync_dir));
        synced.map_err(|e| fault(e, &to))
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await?;
        let to = self.inner.path_to_filesystem(to)?;
        to.parent().map_or(Ok(()), sync_dir).map_err(|e| fault(e, &to))
    }
}

/// Parts written one after another to a staged file.
#[derive(Debug)]
struct Upload {
    file: Arc<Mutex<Option<File>>>,
    staged: PathBuf,
    path: PathBuf,
}

impl Upload {
    fn take(&self) -> Result<File> {
        let gone = || Error::Generic { store: "durable", source: "the upload has ended already".into() };
        self.file.lock().ok().and_then(|mut f| f.take()).ok_or_else(gone)
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        // Written here and not in the future, so that parts stand in the order in which they were put.
        let written = self.take().and_then(|mut file| {
            data.iter().try_for_each(|part| file.write_all(part)).map_err(|e| fault(e, &self.path))?;
            if let Ok(mut slot) = self.file.lock() {
                *slot = Some(file);
            }
            Ok(())
        });
        futures::future::ready(written).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        publish(self.take()?, &self.staged, &self.path, false).map_err(|e| fault(e, &self.path))?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        drop(self.take());
        std::fs::remove_file(&self.staged).map_err(|e| fault(e, &self.path))
    }
}
