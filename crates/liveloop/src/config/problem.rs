//! What is wrong with a configuration, in sentences; all of it at once, so that one run shows all.
//! A problem never holds the value of a secret.

use std::fmt;

use super::Source;

/// One thing that is wrong: where, what, and what to do.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The setting's path, or the name of the variable or file.
    pub(crate) field: String,
    /// Where the value was found, if it was.
    pub(crate) found: Option<String>,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl Problem {
    /// Something about a field or file.
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), found: None, message: message.into() }
    }

    /// Says where the value was found.
    pub(crate) fn found_in(mut self, source: &Source) -> Self {
        self.found = Some(source.to_string());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, found, message } = self;
        match found {
            Some(found) => write!(f, "{field} (from {found}): {message}"),
            None => write!(f, "{field}: {message}"),
        }
    }
}

/// All that is wrong with a configuration; never empty.
#[derive(Debug)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
