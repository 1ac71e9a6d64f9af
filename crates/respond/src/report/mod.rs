//! The brief: made from values (`make`), with a stable shape (`brief`), and laid out for a terminal (`text`).
//! Never asks anything: what it says is what it was given.

pub mod brief;
mod happened;
mod label;
mod lines;
mod make;
mod text;
pub mod time;

pub use brief::{Blind, Brief, BriefInput, Proof};
pub use make::brief;
pub use text::{Style, text};
