//! The vocabulary of muster: what an event, an entity, a source, a book and a question are.
//!
//! Owns: OCSF classes and attributes, the columns of an event, entities and their canonical spelling, times, the books
//! of a source, `Filter` with its in-memory evaluator, the Arrow schema and its builders.
//! Never does input or output, never awaits, never reads the clock.

pub mod batch;
pub mod book;
pub mod column;
pub mod entity;
pub mod event;
pub mod filter;
pub mod link;
pub mod near;
pub mod ocsf;
pub mod query;
pub mod record;
pub mod sink;
pub mod text;
pub mod time;

pub use arrow_array::RecordBatch;
pub use batch::{Batch, Columns, RowView};
pub use book::{Book, Gap};
pub use column::{Column, Fields, Shape};
pub use entity::{Entity, Kind};
pub use event::{Event, EventSink};
pub use filter::{Filter, Pattern, Words};
pub use link::{Link, Relation};
pub use ocsf::{Attr, Class, attr, class};
pub use record::{Piece, PieceKind, Reason, Records, SourceInfo};
pub use sink::{Origin, Sink};
pub use time::{Mark, Time, Window};

/// The five kinds of log that an incident is reconstructed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// What ran: processes, files, kernel.
    Runtime,
    /// What was done through a provider's console or API.
    Cloud,
    /// What spoke to what.
    Network,
    /// What the operating system's own services said.
    System,
    /// What the team's own programs said.
    Application,
}

impl Facet {
    /// All facets, in the order in which a responder reads them.
    pub const ALL: [Facet; 5] = [Facet::Runtime, Facet::Cloud, Facet::Network, Facet::System, Facet::Application];

    /// The facet's name in columns, paths and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Facet::Runtime => "runtime",
            Facet::Cloud => "cloud",
            Facet::Network => "network",
            Facet::System => "system",
            Facet::Application => "application",
        }
    }

    /// Reads a facet's name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Facet> {
        Facet::ALL.into_iter().find(|f| f.name() == name)
    }
}
