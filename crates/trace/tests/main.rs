//! Scope equals the truth: on the composed intrusion, renamed and moved in time, with sources taken away, and on logs nobody here wrote.

#![allow(missing_docs)]

mod demo;
mod invictus;
mod links;
mod logs;
mod renamed;
