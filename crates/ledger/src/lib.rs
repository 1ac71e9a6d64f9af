//! The ledger: what makes a record provable.
//!
//! Owns: leaves, the RFC 6962 tree, log entries, signed notes and checkpoints, keys, the evidence bundle and its verifier.
//! Never reads a disk, a clock or a source of randomness: seeds, salts' batch keys and times are passed in; knows no
//! tables, events or cases.
//!
//! The way of a record: [`leaf`] (record to hash) → [`merkle`] (a batch of leaves to one root) → [`entry`] (the root and
//! its header as text) → [`log`] (entries to one root) → [`checkpoint`] (that root, signed) → [`bundle`] (all of it in a file).

pub mod bundle;
pub mod checkpoint;
pub mod entry;
mod error;
pub mod key;
pub mod leaf;
pub mod log;
pub mod merkle;
pub mod note;
mod text;

pub use checkpoint::Checkpoint;
pub use entry::{BatchEntry, Books, CaseEntry, Counts, Entry};
pub use error::{Error, Result};
pub use key::{SigningKey, VerifyingKey};
pub use leaf::Leaf;
pub use log::Log;
pub use merkle::Hash;
pub use note::Note;
pub use text::{decode_hash, encode as base64, hex};
