//! Lines of programs that have no file of their own: program, process id and text are kept.

use event::Sink;

use super::line::Line;

/// A Base Event of any line.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) {
    line.base(out, "message");
    line.end(out);
}

/// The same, as a program's reader gives it back.
pub fn plain(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    read(line, out);
    Some(())
}
