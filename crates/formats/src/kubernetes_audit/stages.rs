//! Requests whose last stage has not come: at most so many, for at most so long by the log's own times.

use std::collections::{HashMap, VecDeque};

use event::{Time, time::SECOND};

use crate::{
    Reject,
    map::{Doc, Held},
};

use super::say;

/// Requests that are kept open at most.
const OPEN_MAX: usize = 10_000;
/// How long a request is kept open, in microseconds of the log's time. A shell in a container may last for hours; it must show before it ends.
const OPEN_FOR: i64 = 60 * SECOND;
/// Stages of one request: there are four, and more are made up.
const STAGES_MAX: usize = 8;

/// A request whose last stage has not come.
#[derive(Debug)]
pub(super) struct Open {
    /// Its stages so far, in the order in which they came.
    pub records: Vec<Held>,
    /// When the last one was received.
    pub received: Time,
    since: Time,
}

/// What to do with a record.
pub(super) enum Step {
    /// Nothing yet.
    Held,
    /// It is the last of its request; the stages before it.
    Whole(Vec<Held>),
}

/// All open requests.
#[derive(Debug, Default)]
pub(super) struct Stages {
    open: HashMap<String, Open>,
    /// Their ids, the oldest first; ids of requests that are closed may be among them.
    order: VecDeque<String>,
    now: Time,
}

impl Stages {
    /// Takes a record.
    pub fn take(&mut self, doc: &Doc<'_>) -> Result<Step, Reject> {
        if doc.has(say::WRAPPED) {
            return Ok(Step::Whole(Vec::new()));
        }
        let time = say::time(doc)?.time;
        if time.plausible() {
            self.now = time;
        }
        let (id, stage) = (doc.text(say::ID), doc.text(say::STAGE));
        if id.is_empty() || !matches!(&*stage, "RequestReceived" | "ResponseStarted") {
            return Ok(Step::Whole(self.open.remove(&*id).map(|o| o.records).unwrap_or_default()));
        }
        let held = (doc.record.seq, doc.record.bytes.to_owned());
        match self.open.get_mut(&*id) {
            Some(open) if open.records.len() < STAGES_MAX => {
                open.records.push(held);
                open.received = doc.record.received;
            }
            Some(_) => return Ok(Step::Whole(Vec::new())),
            None => {
                self.order.push_back(id.clone().into_owned());
                self.open.insert(id.into_owned(), Open { records: vec![held], received: doc.record.received, since: time });
            }
        }
        Ok(Step::Held)
    }

    /// Takes out a request that was open for too long, or that is one too many.
    pub fn overdue(&mut self) -> Option<Open> {
        while let Some(id) = self.order.front() {
            match self.open.get(id) {
                Some(open) if self.open.len() <= OPEN_MAX && self.now.0.saturating_sub(open.since.0) < OPEN_FOR => return None,
                Some(_) => return self.oldest(),
                None => drop(self.order.pop_front()),
            }
        }
        None
    }

    /// Takes out the oldest.
    pub fn oldest(&mut self) -> Option<Open> {
        while let Some(id) = self.order.pop_front() {
            if let Some(open) = self.open.remove(&id) {
                return Some(open);
            }
        }
        None
    }

    /// Numbers of all records held.
    pub fn pending(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.open.values().flat_map(|o| o.records.iter().map(|(seq, _)| *seq)).collect();
        all.sort_unstable();
        all
    }
}
