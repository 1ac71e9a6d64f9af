//! What the crate promises, over rules and logs as they lie: our own rules against their samples, SigmaHQ's against independent engines,
//! and findings against the OCSF schema.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cases {
    mod oracle;
    mod refused;
    mod samples;
}

use std::path::{Path, PathBuf};

use event::{Event, Time};
use formats::Context;

/// A time near those of the samples.
fn received() -> Time {
    Time::parse("2026-03-02T12:00:00Z").unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file or folder of the shared material, which is not part of the project.
fn shared(path: &str) -> Option<PathBuf> {
    let full = root().join("../shared").join(path);
    if !full.exists() {
        println!("skipped: shared/{path} is not there");
        return None;
    }
    Some(full)
}

fn events(bytes: &[u8], file_name: &str) -> Vec<Event> {
    let context = Context { source: file_name.to_owned(), received: received(), host: None };
    let reading = formats::read(bytes, file_name, &context);
    assert_eq!(reading.rejected, [], "{file_name}");
    reading.events
}
