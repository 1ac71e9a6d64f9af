//! CrowdSec's hub: logs with what its parsers found in them, a fact a line (`parser.assert`).

use std::path::Path;

/// A fact: `results["STAGE"]["PARSER"][AT].Evt.KIND["FIELD"] == "VALUE"`.
pub struct Fact {
    /// `crowdsecurity/pgsql-logs`
    pub parser: String,
    /// Number of the line in the log.
    pub at: usize,
    /// The field's name.
    pub field: String,
    /// Its value.
    pub value: String,
}

/// The facts of a test of the hub.
pub fn facts(test: &Path) -> Vec<Fact> {
    let text = std::fs::read_to_string(test.join("parser.assert")).unwrap();
    text.lines().filter_map(fact).collect()
}

fn fact(line: &str) -> Option<Fact> {
    let (place, value) = line.split_once(" == ")?;
    let mut parts = place.split(['[', ']']).filter(|p| !p.is_empty());
    let mut word = || parts.next().map(|p| p.trim_matches('"').to_owned());
    let (results, _, parser, at, kind, field) = (word()?, word()?, word()?, word()?, word()?, word()?);
    let known = results == "results" && matches!(kind.as_str(), ".Evt.Parsed" | ".Evt.Meta" | ".Evt.Enriched");
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned());
    known.then(|| Some(Fact { parser, at: at.parse().ok()?, field, value })).flatten()
}
