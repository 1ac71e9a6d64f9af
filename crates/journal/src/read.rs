//! Reading batches back.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result, StoredBatch, frame,
    index::{Place, SharedIndex},
    segment,
};

/// Batches in order of their numbers; a hole in the numbers is a batch that is lost or released.
#[derive(Debug)]
pub struct Batches {
    dir: PathBuf,
    index: SharedIndex,
    next: u64,
    open: Option<(u64, File)>,
}

impl Batches {
    pub(crate) fn new(dir: &Path, index: SharedIndex, next: u64) -> Batches {
        Batches { dir: dir.to_owned(), index, next, open: None }
    }

    fn batch(&mut self, place: &Place) -> Result<StoredBatch> {
        let path = segment::path(&self.dir, place.segment);
        let failed = |e| Error::io("reading", &path, e);
        if self.open.as_ref().is_none_or(|(s, _)| *s != place.segment) {
            self.open = Some((place.segment, File::open(&path).map_err(failed)?));
        }
        let mut bytes = vec![0; place.bytes as usize];
        if let Some((_, file)) = &self.open {
            file.read_exact_at(&mut bytes, place.at).map_err(failed)?;
        }
        let whole = frame::decode(&bytes, &place.mark).map(|d| d.batch).filter(|b| b.number == place.number);
        whole.ok_or_else(|| Error::Damaged { number: place.number, path: path.clone(), offset: place.at })
    }
}

impl Iterator for Batches {
    type Item = Result<StoredBatch>;

    fn next(&mut self) -> Option<Result<StoredBatch>> {
        let place = self.index.read(|i| i.at_or_after(self.next))?;
        self.next = place.number + 1;
        Some(self.batch(&place))
    }
}
