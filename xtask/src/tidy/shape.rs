//! The shape of files: headers, lengths, nothing left over, nothing that panics.

use super::{Fault, Source, Tree};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// Exempts a file (anywhere in it) or a function (in the comment above it) from the limits of length; the reason is in the brackets.
const MARKER: &str = "// tidy: table (";

/// Every file begins with `//!`.
pub fn headers(tree: &Tree) -> Vec<Fault> {
    let bare = tree.rust.iter().filter(|s| !s.is_test() && !s.text.starts_with("//!"));
    bare.map(|s| format!("{}: begin it with `//!`: what it owns, what it never does", s.path)).collect()
}

/// Lines of code: not blank, no comment, no tests.
fn lines_of_code(source: &Source) -> usize {
    source.code().filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with("//")).count()
}

/// Files that are too long to be read at once.
pub fn long_files(tree: &Tree) -> Vec<Fault> {
    let long = tree.rust.iter().filter(|s| lines_of_code(s) > FILE_LINES_MAX && !s.text.contains(MARKER));
    long.map(|s| format!("{}: {} lines of code; split it, or say why not: `{MARKER}reason)`", s.path, lines_of_code(s))).collect()
}

/// Functions that are too long.
pub fn long_functions(tree: &Tree) -> Vec<Fault> {
    tree.rust.iter().flat_map(long_functions_in).collect()
}

/// A function begins at a line with `fn NAME(` and ends at the line that closes at its indent; rustfmt sees to that.
fn long_functions_in(source: &Source) -> Vec<Fault> {
    let lines: Vec<&str> = source.text.lines().collect();
    let indent = |l: &str| l.len() - l.trim_start().len();
    let mut faults = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let rest = lines.iter().skip(at);
        let length =
            rest.clone().position(|l| indent(l) == indent(line) && l.trim_end().ends_with('}') && l.trim_start().starts_with('}')).map_or(1, |end| end + 1);
        let ends_at_once = rest.clone().take(1).any(|l| l.trim_end().ends_with(['}', ';']));
        let marked = lines.iter().take(at).rev().take_while(|l| l.trim_start().starts_with(['/', '#'])).any(|l| l.contains(MARKER));
        if length > FUNCTION_LINES_MAX && !ends_at_once && !marked {
            faults.push(format!("{}:{}: `{name}` has {length} lines; a reader should see it whole", source.path, at + 1));
        }
    }
    faults
}

fn function_name(line: &str) -> Option<&str> {
    let words = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern", "\"C\""];
    let mut rest = line.trim_start();
    while let Some((word, after)) = rest.split_once(' ') {
        if word == "fn" {
            return after.split(['(', '<']).next();
        }
        if !words.contains(&word) {
            return None;
        }
        rest = after;
    }
    None
}

/// Marks of work not done. The words are put together here, so that this file has none.
pub fn leftovers(tree: &Tree) -> Vec<Fault> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("unimple", "mented!"), concat!("to", "do!(")];
    let all = tree.rust.iter().chain(&tree.pages).flat_map(|s| s.text.lines().enumerate().map(move |(n, l)| (s, n + 1, l)));
    all.filter_map(|(s, n, l)| Some(format!("{}:{n}: `{}`: do it, or file an issue", s.path, marks.iter().find(|m| l.contains(**m))?))).collect()
}

/// Clippy denies these too; here even where a lint is allowed.
pub fn panics(tree: &Tree) -> Vec<Fault> {
    let calls = [".unwrap()", ".expect(\"", "panic!(", "unreachable!("];
    let library = tree.rust.iter().filter(|s| s.path.starts_with("crates/") && s.path.contains("/src/"));
    let lines = library.flat_map(|s| s.code().map(move |(n, l)| (s, n, l))).filter(|(_, _, l)| !l.trim_start().starts_with("//"));
    lines.filter_map(|(s, n, l)| Some(format!("{}:{n}: `{}`: an error is a value here", s.path, calls.iter().find(|c| l.contains(**c))?))).collect()
}
