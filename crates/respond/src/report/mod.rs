//! The brief: made from values (`make`), with a stable shape (`brief`), and laid out a file a format: for a terminal (`text`), for a
//! ticket (`markdown`), for a browser, a phone and paper (`html`); `say` has the sentences that they share.
//! Never asks anything: what it says is what it was given.

pub mod brief;
mod happened;
pub(crate) mod html;
pub mod input;
mod label;
mod make;
mod markdown;
mod say;
mod text;
pub mod time;

pub use brief::{Blind, Brief, Evidence, Original, ProcPart, Proof, SessionPart};
pub use html::{BYTES_MAX, html};
pub use input::BriefInput;
pub use make::{EVENTS_MAX, add_evidence, brief, cited, cited_window};
pub use markdown::markdown;
pub use text::{Style, text};
