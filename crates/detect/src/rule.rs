//! A rule as it is run, and the refusal of one that cannot be.

use std::fmt;

use event::Filter;

/// How much a finding matters, as the rule's author sees it (Sigma specification, `level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing, no finding on its own. Also where a rule has no level.
    Informational,
    /// Notable, rarely an incident.
    Low,
    /// Look at it.
    Medium,
    /// Likely an incident.
    High,
    /// Call somebody.
    Critical,
}

impl Level {
    /// Sigma's word.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }

    /// OCSF's `severity_id` and `severity`.
    pub const fn severity(self) -> (u8, &'static str) {
        match self {
            Level::Informational => (1, "Informational"),
            Level::Low => (2, "Low"),
            Level::Medium => (3, "Medium"),
            Level::High => (4, "High"),
            Level::Critical => (5, "Critical"),
        }
    }
}

/// A rule that can be run: every event that its filter is true of is a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id (a UUID by the specification); its title where it has none.
    pub id: String,
    /// What it finds, in a line.
    pub title: String,
    /// Why that matters; empty where the rule does not say.
    pub description: String,
    /// How much it matters.
    pub level: Level,
    /// The file that it came from, as it was named to `compile`.
    pub file: String,
    /// ATT&CK techniques, as `T1078.004`.
    pub techniques: Vec<String>,
    /// ATT&CK tactics, in Sigma's spelling: `initial-access`.
    pub tactics: Vec<String>,
    /// Its log source and its detection as one question.
    pub filter: Filter,
}

/// A rule that is not run, and why. The other rules are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}: {reason}", rule.as_deref().unwrap_or("not a rule"))]
pub struct Refusal {
    /// The file, as it was named to `compile`.
    pub file: String,
    /// The rule's title; none where the file could not be read as far as that.
    pub rule: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// Why a rule is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file or document is not Sigma.
    #[error("does not parse: {0}")]
    Syntax(String),
    /// The file is larger than rules are.
    #[error("{bytes} bytes; a rule has at most {limit}")]
    Size {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A correlation, a filter, or another kind of document.
    #[error("{0} is not supported")]
    Kind(&'static str),
    /// No log source of ours answers it.
    #[error("log source {0} has no format here")]
    LogSource(String),
    /// The field has no column.
    #[error("field `{0}` has no column here")]
    Field(String),
    /// The field has a column, but not for this question.
    #[error("field `{field}` cannot be asked that: {why}")]
    Question {
        /// The field.
        field: String,
        /// What stands against it.
        why: &'static str,
    },
    /// The log source has no text to look for words in.
    #[error("this log source has no message as it was written to look for words in")]
    Keywords,
    /// A modifier that is not understood here.
    #[error("modifier `{modifier}` of `{field}` is not supported")]
    Modifier {
        /// The field.
        field: String,
        /// The modifier.
        modifier: String,
    },
    /// A value that is not understood here.
    #[error("value `{value}` of `{field}`: {why}")]
    Value {
        /// The field.
        field: String,
        /// The value, cut to 80 characters and escaped.
        value: String,
        /// What stands against it.
        why: &'static str,
    },
    /// The condition names what is not there, or asks what is not understood.
    #[error("condition: {0}")]
    Condition(String),
}

impl Reason {
    /// The reason without what differs from rule to rule, to count by.
    pub const fn kind(&self) -> &'static str {
        match self {
            Reason::Syntax(_) => "does not parse",
            Reason::Size { .. } => "too large",
            Reason::Kind(_) => "correlation or filter",
            Reason::LogSource(_) => "log source",
            Reason::Field(_) => "field without column",
            Reason::Question { .. } => "question that the column cannot answer",
            Reason::Keywords => "words in a log without a message",
            Reason::Modifier { .. } => "modifier",
            Reason::Value { .. } => "value",
            Reason::Condition(_) => "condition",
        }
    }
}

/// A found text as a refusal shows it.
pub(crate) fn shown(text: &dyn fmt::Display) -> String {
    text.to_string().chars().take(80).flat_map(char::escape_debug).collect()
}
