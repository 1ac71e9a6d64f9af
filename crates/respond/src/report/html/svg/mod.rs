//! Pictures of the brief as SVG within the page: the time line by facet, the scope as a graph, processes as a tree. Layout is ours and
//! the same for the same brief. Each picture has a title, a description and a wide and a narrow form; nothing in it rests on colour.

mod draw;
mod graph;
mod lanes;
mod tree;

pub(super) use graph::scope;
pub(super) use lanes::time_line;
pub(super) use tree::processes;
