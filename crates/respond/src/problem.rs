//! What is wrong in a file of the registry or the plan. A problem is a value: the rest of the file is still used.

use std::fmt;

use serde::Serialize;

use crate::words::{safe, safe_to};

/// One fault in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as it was named to the loader.
    pub file: String,
    /// Line in it, from 1.
    pub line: usize,
    /// What it concerns: `spec.owner of component web`.
    pub subject: String,
    /// What was expected there.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// The right name that is most like what was found.
    pub nearest: Option<String>,
}

impl Problem {
    /// A problem without a nearest name.
    pub fn new(file: &str, line: usize, subject: &str, expected: impl Into<String>, found: impl Into<String>) -> Problem {
        Problem { file: file.into(), line, subject: subject.into(), expected: expected.into(), found: found.into(), nearest: None }
    }

    /// The same with the name that may have been meant.
    pub fn near(mut self, name: Option<&str>) -> Problem {
        self.nearest = name.map(str::to_owned);
        self
    }
}

impl fmt::Display for Problem {
    /// `file:line: subject: expected …, found …; did you mean …?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: expected {}, found {}", safe(&self.file), self.line, safe(&self.subject), safe(&self.expected), safe_to(&self.found, 100))?;
        match &self.nearest {
            Some(n) => write!(f, "; did you mean `{}`?", safe(n)),
            None => Ok(()),
        }
    }
}
