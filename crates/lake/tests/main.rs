//! The lake as a whole: what goes in comes out, once, also after a power cut; questions mean the same in memory and here.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::type_complexity)]

#[path = "cases/crash.rs"]
mod crash;
#[path = "cases/filters.rs"]
mod filters;
#[path = "cases/made.rs"]
mod made;
#[path = "cases/read.rs"]
mod read;
#[path = "cases/replace.rs"]
mod replace;
#[path = "cases/roundtrip.rs"]
mod roundtrip;
#[path = "cases/speed.rs"]
mod speed;
#[path = "cases/sql.rs"]
mod sql;
#[path = "cases/stranger.rs"]
mod stranger;
