//! What happened and how far it went: links from events, time line, scope.
//!
//! Owns: the emitter of links and its table, the folding of links into rows a day, the time line, and the scope of an
//! incident with its verdicts and blind spots. Everything is values in and values out: the core asks and never fetches.
//! Never reads a log, a table, a clock or the names of formats.

pub mod links;
pub use links::{Aggregate, links};
pub mod scope;
pub use scope::{Coverage, Question, Scope, absorb, finish, questions};
pub mod session;
pub use session::{Session, sessions};
mod thing;
pub use thing::container;
pub mod timeline;
pub use timeline::{Moment, timeline};
mod tries;
pub use tries::{FOUND_WITHIN_S, without_tries};
