//! Who owns it, what we may do, what comes next: the registry, the plan, the case and the brief.
//!
//! Owns: `registry/` (people, systems, vendors, resolution), `plan/` (playbooks, next step, clocks), `case/` (a fold over an
//! append-only record), `report/` (the brief in its shapes),
//! `ready/` (what logs say against what the registry expects).
//! Never reads a disk, a clock or a terminal: texts and values in, values and text out.

pub mod case;
mod init;
pub mod plan;
mod problem;
pub mod ready;
pub mod registry;
pub mod report;
pub mod scope;
pub mod words;
pub mod yaml;

pub use case::{Case, Record};
pub use init::init_files;
pub use plan::{Plan, Step};
pub use problem::Problem;
pub use registry::{Ownership, Registry};
