//! Where each batch lies. In memory only: it is made anew from the segments at each opening.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::segment::Mark;

/// The place of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) segment: u64,
    pub(crate) mark: Mark,
    pub(crate) at: u64,
    pub(crate) bytes: u32,
}

/// A segment's batches.
#[derive(Debug)]
struct Segment {
    mark: Mark,
    /// Number, offset and length of each frame, ascending.
    frames: Vec<(u64, u64, u32)>,
}

/// All batches that are here.
#[derive(Debug, Default)]
pub(crate) struct Index {
    segments: BTreeMap<u64, Segment>,
    /// Number of the newest batch that was acknowledged.
    pub(crate) last_number: u64,
}

impl Index {
    /// Notes a segment, even one without batches, so that it can be released.
    pub(crate) fn open(&mut self, segment: u64, mark: Mark) {
        self.segments.entry(segment).or_insert(Segment { mark, frames: Vec::new() });
    }

    /// Notes a batch, newer than all before.
    pub(crate) fn push(&mut self, segment: u64, number: u64, at: u64, bytes: u32) {
        if let Some(s) = self.segments.get_mut(&segment) {
            s.frames.push((number, at, bytes));
            self.last_number = self.last_number.max(number);
        }
    }

    /// The batch with this number, or the next one that is here.
    pub(crate) fn at_or_after(&self, number: u64) -> Option<Place> {
        self.segments.iter().find_map(|(segment, s)| {
            let i = s.frames.partition_point(|(n, _, _)| *n < number);
            let &(number, at, bytes) = s.frames.get(i)?;
            Some(Place { number, segment: *segment, mark: s.mark, at, bytes })
        })
    }

    pub(crate) fn first(&self) -> Option<u64> {
        self.at_or_after(0).map(|p| p.number)
    }

    /// Takes out the oldest segment if all its batches are below `number` and it is not the newest segment.
    pub(crate) fn take_below(&mut self, number: u64) -> Option<u64> {
        let more = self.segments.len() > 1;
        let oldest = self.segments.first_entry()?;
        let done = oldest.get().frames.last().is_none_or(|(n, _, _)| *n < number);
        (more && done).then(|| oldest.remove_entry().0)
    }
}

/// The index, shared by the committer and the readers.
#[derive(Clone, Debug)]
pub(crate) struct SharedIndex(Arc<RwLock<Index>>);

impl SharedIndex {
    pub(crate) fn new(index: Index) -> SharedIndex {
        SharedIndex(Arc::new(RwLock::new(index)))
    }

    /// No writer panics half way: each of them does one of the calls above. So a poisoned lock still holds a sound index.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&Index) -> T) -> T {
        f(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn write<T>(&self, f: impl FnOnce(&mut Index) -> T) -> T {
        f(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}
