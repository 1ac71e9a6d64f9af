//! Comma-separated values (RFC 4180) that do nothing in a spreadsheet.

use event::text::harmless;

/// A row. Text that a spreadsheet would take for a formula gets an apostrophe before it, and what could move a terminal is
/// escaped, so that a line of the file is a row.
pub fn row(cells: &[String]) -> String {
    cells.iter().map(|c| cell(c)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// OWASP, "CSV injection": a cell must not begin with `=`, `+`, `-`, `@`, TAB or CR; LF is kept out as well.
fn cell(text: &str) -> String {
    let number = text.parse::<i64>().is_ok();
    let formula = !number && text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let inert = format!("{}{}", if formula { "'" } else { "" }, harmless(text));
    if inert.contains([',', '"', '\'']) || inert.starts_with(' ') || inert.ends_with(' ') { format!("\"{}\"", inert.replace('"', "\"\"")) } else { inert }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_do_nothing() {
        let cells = ["a", "=1+1", "+x", "-x", "@x", "\t=1", "\r=1", "\n=1", "-5", "a,b", "a\"b", "", " x", "\u{1b}[2J\u{202e}"].map(str::to_owned);
        let expected = concat!(r#"a,"'=1+1","'+x","'-x","'@x","'\u{9}=1","'\u{d}=1","'\u{a}=1",-5,"a,b","a""b",," x",\u{1b}[2J\u{202e}"#, "\r\n");
        assert_eq!(row(&cells), expected);
    }
}
